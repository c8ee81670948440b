"""A lane's current, proven: never above its limit, and none where there must be none."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Array, Assert, Assume, ClockDomain, Module, Mux, Signal

from lampyris.driver.core import DriverCore
from lampyris.driver.fields import Field
from lampyris.driver.parallel import ParallelOutput

LANES, STEP = 3, 2


def harness(bits: int, *, step: int = STEP, told: bool = True) -> str:
    """Core and output around what the memories hold for one lane, any one.

    The memories themselves are left out: what is read of the watched lane's limit and peak is what
    was written last, all else that is read is anything. After a reset, the limit is anything from
    clock to clock for any time, in which no lane is enabled: the memory is being cleared.

    Without `told`, the core does not hear of a write to the limit.
    """
    m = Module()
    m.domains.sync = clock = ClockDomain()
    m.submodules.core = core = DriverCore(lanes=LANES, bits=bits, step=step)
    m.submodules.output = output = ParallelOutput(lanes=LANES, bits=bits)
    inputs = {name: Signal(width, name=name) for name, width in (
        ("enable", LANES), ("open", LANES), ("short", LANES), ("mend_open", LANES),
        ("mend_short", LANES), ("limited", LANES), ("shutdown", 1), ("stall", 1),
        ("new_limit", bits + 2), ("anything", bits + 2), ("any_peak", bits + 2), ("settle", 1),
        ("watched", range(LANES)))}
    watched = inputs["watched"]

    # Memories, for the watched lane.
    settled = Signal()
    mine = Signal(reset_less=True)          # the watched lane's turn, a clock ago
    asked = Signal(reset_less=True)         # it was the limit that was wanted
    limit = Signal(bits + 2, reset_less=True)
    read_limit = Signal(bits + 2, reset_less=True)
    kept = Signal(bits + 2, reset_less=True)
    read_kept = Signal(bits + 2, reset_less=True)
    limiting = Array(inputs["limited"])[watched]
    with m.If(limiting | ~settled):
        m.d.sync += limit.eq(inputs["new_limit"])
    with m.If(core.keep & (core.lane == watched)):
        m.d.sync += kept.eq(core.new_peak)
    m.d.sync += [
        settled.eq(settled | inputs["settle"]),
        mine.eq(core.lane == watched), asked.eq(core.field == Field.LIMIT),
        read_limit.eq(limit), read_kept.eq(kept),
        core.setting.eq(Mux(mine & asked, read_limit, inputs["anything"])),
    ]
    m.d.comb += [
        core.peak.eq(Mux(mine, read_kept, inputs["any_peak"])),
        Assume(settled | (inputs["enable"] == 0)),
    ]

    for name in ("shutdown", "enable", "open", "short", "mend_open", "mend_short"):
        m.d.comb += getattr(core, name).eq(inputs[name])
    m.d.comb += [
        core.limited.eq(inputs["limited"] if told else 0),
        core.o.ready.eq(~inputs["stall"]),
        output.i.payload.eq(core.o.payload), output.i.valid.eq(core.keep),
        output.dark.eq(core.dark),
    ]

    # What is claimed of the watched lane.
    started = Signal(reset_less=True)
    was_watched = Signal(range(LANES), reset_less=True)
    codes = Signal(output.codes[0].shape())
    peak_now = Signal(bits + 2)
    old_peak = Signal(bits + 2, reset_less=True)
    none = Signal()
    is_lit = Signal()
    cause = Signal()
    caused = Signal(reset_less=True)
    opened = Signal()
    shorted = Signal()
    m.d.comb += [
        Assume(watched < LANES), Assume(~started | (watched == was_watched)),
        codes.eq(Array(output.codes)[watched]),
        none.eq(codes.as_value() == 0),
        peak_now.eq(codes.bias + codes.modulation + codes.rise),
        is_lit.eq(Array(core.lit)[watched]),
        cause.eq(clock.rst | inputs["shutdown"] | limiting
                 | ~Array(inputs["enable"])[watched]
                 | Array(inputs["open"])[watched] | Array(inputs["short"])[watched]),
    ]
    m.d.sync += [
        started.eq(1), was_watched.eq(watched), old_peak.eq(peak_now), caused.eq(cause),
        opened.eq(Array(inputs["open"])[watched]
                  | (opened & ~Array(inputs["mend_open"])[watched])),
        shorted.eq(Array(inputs["short"])[watched]
                   | (shorted & ~Array(inputs["mend_short"])[watched])),
    ]
    m.d.comb += [
        Assert(peak_now <= limit),
        Assert(codes.fall <= codes.bias),
        Assert(~started | (peak_now <= old_peak + STEP)),
        Assert(is_lit | none),
    ]
    # What is handed over, to any output form.
    given = core.o.payload.codes
    with m.If(core.o.valid & (core.lane == watched)):
        m.d.comb += [
            Assert(given.bias + given.modulation + given.rise <= limit),
            Assert(given.bias + given.modulation + given.rise <= peak_now + STEP),
            Assert(given.fall <= given.bias),
        ]
    with m.If((started & caused) | opened | shorted):
        m.d.comb += Assert(none & ~is_lit)
    ports = {"clk": (clock.clk, None), "rst": (clock.rst, None),
             **{name: (port, None) for name, port in inputs.items()}}
    return rtlil.convert(m, name="proof", ports=ports, emit_src=False)


def clock_is(*clocks: int) -> str:
    return f"(or {' '.join(f'(= [core.scan.clock] #b{clock:03b})' for clock in clocks)})"


# The watched lane's turn, in which it has not been dark.
CALM = ("(and (= [core.scan.lane] [watched]) (distinct [core.scan.clock] #b000) "
        "(not [core.scan.spoilt]) (not [core.scan.was_dark]))")


def invariant(bits: int) -> str:
    """What makes the claims inductive: how the bookkeeping belongs together.

    In the clocks of a turn, these are the scan's room, peak, and codes, which move down by a place
    as each comes in.
    """
    zero = f"(_ bv0 {bits + 2})"
    code = [f"((_ zero_extend 2) ((_ extract {bits * place + bits - 1} {bits * place}) "
            "[core.scan.codes]))" for place in range(4)]
    # In clocks 4 to 6, the last one is not in the peak yet.
    given = f"(bvadd [core.scan.new_peak] (ite {clock_is(4, 5, 6)} {code[3]} {zero}))"
    total = f"(bvadd {given} [core.scan.room])"

    def within(current: str) -> str:
        return (f"(bvule {current} [limit]) (bvule ((_ zero_extend 1) {current}) "
                f"(bvadd (_ bv{STEP} {bits + 3}) "
                f"((_ zero_extend 1) (ite [is_lit] [peak_now] {zero}))))")

    claims = [
        "(bvule [core.scan.lane] #b10)",
        "(=> [started] (= [watched] [was_watched]))",
        *(f"(= [{fault}] (distinct #b000 (bvand [core.guard.{fault}] "
          "(bvshl #b001 (concat #b0 [watched])))))" for fault in ("opened", "shorted")),
        "(=> [is_lit] (= [kept] [peak_now]))",
        "(=> (distinct [core.scan.clock] #b000) (= [mine] (= [core.scan.lane] [watched])))",
        f"(=> {clock_is(1)} [asked])",
        "(=> (and (= [core.scan.lane] [watched]) (distinct [core.scan.clock] #b000) "
        f"(not {CALM})) (not [is_lit]))",
        f"(=> (and {CALM} {clock_is(1)}) (= [read_limit] [limit]))",
        f"(=> (and {CALM} {clock_is(2)}) (= [core.setting] [limit]))",
        f"(=> (and {CALM} {clock_is(1, 2)}) (and (= [core.scan.was_lit] [is_lit]) "
        "(=> [is_lit] (= [read_kept] [peak_now]))))",
        f"(=> {clock_is(3, 4, 5)} (bvuge (bvadd {given} [core.scan.room]) [core.scan.room]))",
        f"(=> (and {CALM} {clock_is(3, 4, 5)}) (and {within(total)}))",
        f"(=> (and {CALM} {clock_is(6, 7)}) (and {within(given)}))",
        f"(=> {clock_is(1, 2, 3, 4)} (= [core.scan.new_peak] {zero}))",
        f"(=> {clock_is(5)} (= [core.scan.new_peak] {code[2]}))",
        f"(=> {clock_is(6)} (= [core.scan.new_peak] (bvadd {code[1]} {code[2]})))",
        f"(=> {clock_is(6)} (= [core.scan.room] {code[1]}))",
        f"(=> {clock_is(7)} (= [core.scan.new_peak] (bvadd {code[0]} {code[1]} {code[2]})))",
        f"(=> {clock_is(7)} (bvule {code[3]} {code[0]}))",
    ]
    return "always\n" + "".join(f"assert {claim}\n" for claim in claims)


@pytest.mark.parametrize("mode", [("-t", "6"), ("-i", "-t", "2")], ids=["base", "step"])
@pytest.mark.parametrize("bits", [3, 6])
def test_never_above_the_limit_nor_lit_in_the_dark(prove, tmp_path, bits, mode):
    """Induction over clocks, for any settings, faults, shutdowns, resets and waits at any time."""
    (tmp_path / "invariant.smtc").write_text(invariant(bits))
    output = prove(harness(bits), "--smtc", "invariant.smtc", *mode)
    assert "STATUS: PASSED" in output.upper(), output


@pytest.mark.parametrize("wrong", [{"told": False}, {"step": STEP + 1}])
def test_the_proof_sees_another_driver(prove, wrong):
    output = prove(harness(3, **wrong), "-t", "20")
    assert "FAILED" in output.upper(), output
