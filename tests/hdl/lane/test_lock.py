"""The lock of a lane, proven: on after 2 good markers, off after 4 bad ones, and never sooner."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Assert, Assume, ClockDomain, Module, Mux, Signal

from lampyris.lane.lock import MarkerLock

SENTENCE = r"good_to_lock must be 1 to 15, not 0"


def harness(dut: MarkerLock, claim: int = 2, *, only_markers: bool = False) -> str:
    """The lock beside an independent count of the markers in a row, and what is claimed of both."""
    m = Module()
    m.domains.sync = clock = ClockDomain(reset_less=True)
    m.submodules.dut = dut
    goods = Signal(range(3))        # good markers in a row, 2 for more
    bads = Signal(range(5))         # bad ones, 4 for more
    was_locked, was_marker, started = Signal(), Signal(), Signal()
    m.d.sync += [was_locked.eq(dut.locked), was_marker.eq(dut.marker), started.eq(1)]
    with m.If(dut.marker):
        m.d.sync += [
            goods.eq(Mux(dut.good, Mux(goods == 2, 2, goods + 1), 0)),
            bads.eq(Mux(dut.good, 0, Mux(bads == 4, 4, bads + 1))),
        ]
    locks, unlocks = ~was_locked & dut.locked, was_locked & ~dut.locked
    with m.If(started):
        m.d.comb += [
            Assert(~locks | (goods >= claim)),
            Assert(~unlocks | (bads == 4)),
            Assert((goods != 2) | dut.locked),
            Assert((bads != 4) | ~dut.locked),
            Assert(was_marker | (was_locked == dut.locked)),
            Assert(~(dut.locked & dut.hunting)),
        ]
    if only_markers:
        m.d.comb += Assume(dut.marker)
    ports = {"clk": (clock.clk, None), "marker": (dut.marker, None), "good": (dut.good, None)}
    return rtlil.convert(m, name="proof", ports=ports, emit_src=False)


def test_two_good_lock_and_four_bad_unlock_within_25_cycles(prove):
    output = prove(harness(MarkerLock()), "-t", "25")
    assert "STATUS: PASSED" in output.upper(), output


def test_two_good_lock_and_four_bad_unlock_for_ever(prove):
    """Induction over markers in a row; it needs to know nothing of the inside."""
    output = prove(harness(MarkerLock(), only_markers=True), "-i", "-t", "12")
    assert "STATUS: PASSED" in output.upper(), output


# What ties the counters of the lock to the harness's own; it makes the claims inductive.
INVARIANT = """always
assert (bvule [goods] #b10)
assert (bvule [bads] #b100)
assert (= [dut.goods] (or [dut.locked] (distinct [goods] #b00)))
assert (= [dut.bads] (ite [dut.locked] ((_ extract 1 0) [bads]) #b00))
assert (= [dut.hunting] (not (or [dut.locked] (distinct [goods] #b00))))
"""


@pytest.mark.parametrize("mode", [("-t", "6"), ("-i", "-t", "2")], ids=["base", "step"])
def test_for_ever_with_any_time_between_the_markers(prove, tmp_path, mode):
    """Induction over cycles: markers may come when they like."""
    (tmp_path / "invariant.smtc").write_text(INVARIANT)
    output = prove(harness(MarkerLock()), "--smtc", "invariant.smtc", *mode)
    assert "STATUS: PASSED" in output.upper(), output


@pytest.mark.parametrize("wrong", [{"good_to_lock": 1}, {"bad_to_unlock": 3}])
def test_the_proof_sees_another_lock(prove, wrong):
    output = prove(harness(MarkerLock(**wrong)), "-t", "25")
    assert "FAILED" in output.upper(), output


def test_a_wrong_parameter_is_named():
    with pytest.raises(ValueError, match=SENTENCE):
        MarkerLock(good_to_lock=0)
