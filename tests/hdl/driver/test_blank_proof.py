"""The wire that makes a chain dark, proven: taken back only after a whole frame without a cause."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Assert, Assume, ClockDomain, Module, Mux, Signal

from lampyris.driver.chain import ChainSender

LANES, BITS = 3, 3


def harness(*, forgetful: bool = False) -> str:
    """The sender beside a count of the words that one frame has since the last cause.

    If `forgetful`, the count goes on over a shutdown, and claims the sender to do so, too.
    """
    m = Module()
    m.domains.sync = clock = ClockDomain()
    m.submodules.sender = sender = ChainSender(lanes=LANES, bits=BITS, half=2)
    handed_over = Signal()
    due = Signal(range(LANES), init=LANES - 1)      # the lane that is next
    words = Signal(range(LANES + 1))                # of this frame; 0 if it is not whole
    cause = Signal()
    caused = Signal(reset_less=True)
    was_blank = Signal(init=1, reset_less=True)
    may_clear = Signal(reset_less=True)
    m.d.comb += [
        handed_over.eq(sender.i.valid & sender.i.ready),
        cause.eq(clock.rst | sender.shutdown),
        Assume(sender.i.payload.lane == due),
    ]
    m.d.sync += [
        caused.eq(cause), was_blank.eq(sender.blank),
        may_clear.eq(sender.latch & sender.sclk & (words == LANES)),
    ]
    with m.If(handed_over):
        m.d.sync += due.eq(Mux(due == 0, LANES - 1, due - 1))
        with m.If(due == LANES - 1):
            m.d.sync += words.eq(1)
        with m.Elif(words != 0):
            m.d.sync += words.eq(words + 1)
    if not forgetful:
        with m.If(sender.shutdown):
            m.d.sync += words.eq(0)
    m.d.comb += [
        Assert(~caused | sender.blank),
        Assert(~was_blank | sender.blank | may_clear),
        Assert(sender.hold == (sender.shutdown | (words == 0))),
    ]
    ports = {"clk": (clock.clk, None), "rst": (clock.rst, None),
             "shutdown": (sender.shutdown, None), "valid": (sender.i.valid, None),
             "payload": (sender.i.payload.as_value(), None), "sback": (sender.sback, None)}
    return rtlil.convert(m, name="proof", ports=ports, emit_src=False)


# Where the sender is in the frame.
INVARIANT = """always
assert (bvule [due] #b10)
assert (=> (distinct [words] #b00) (= [words] (bvsub #b11 [sender.lane])))
assert (=> (distinct [words] #b00 #b11) (= [due] (bvsub [sender.lane] #b01)))
assert (=> (= [words] #b11) (= [due] #b10))
assert (=> [sender.latch] (= [sender.lane] #b00))
assert (=> [caused] [sender.blank])
assert (= [sender.whole] (distinct [words] #b00))
"""


@pytest.mark.parametrize("mode", [("-t", "6"), ("-i", "-t", "2")], ids=["base", "step"])
def test_dark_until_a_whole_frame_is_there(prove, tmp_path, mode):
    (tmp_path / "invariant.smtc").write_text(INVARIANT)
    output = prove(harness(), "--smtc", "invariant.smtc", *mode)
    assert "STATUS: PASSED" in output.upper(), output


def test_the_proof_sees_another_count(prove):
    output = prove(harness(forgetful=True), "-t", "12")
    assert "FAILED" in output.upper(), output
