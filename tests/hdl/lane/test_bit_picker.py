"""The bit picker, proven: whatever steps it is told, it takes each bit once and only once."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Array, Assert, Assume, Cat, ClockDomain, Module, Mux, Signal

from lampyris.lane.bit_picker import BitPicker

GEAR = 4


def harness(dut: BitPicker, ratio: int) -> str:
    """The picker beside a pointer that walks over the samples: where the next bit is due.

    The pointer knows nothing of words and phases. It starts at sample 0 and goes `ratio` samples
    per bit, and a step moves it by one, when the word is there that the picker steps with.
    """
    m = Module()
    m.domains.sync = clock = ClockDomain(reset_less=True)
    m.submodules.dut = dut
    size = GEAR * ratio
    # Samples relative to the word's first, so from -1 (the last of the word before) on.
    due = Signal(range(-2, size + ratio + 2))
    due_now = Signal.like(due)
    step = Signal(range(-1, 2))
    old, was_due, started = Signal(size + 1), Signal.like(due), Signal()
    m.d.comb += due_now.eq(due + step)
    taken = sum(due_now + bit * ratio < size for bit in range(GEAR + 1))
    m.d.sync += [
        started.eq(1),
        step.eq(Mux(dut.later, 1, Mux(dut.earlier, -1, 0))),
        due.eq(due_now + taken * ratio - size),
        old.eq(Cat(old[-1], dut.i)), was_due.eq(due_now),
    ]
    m.d.comb += [
        Assume(~(dut.later & dut.earlier)),
        Assert((due_now >= -1) & (due_now <= ratio)),
        Assert(due_now - Mux(due_now < 0, -ratio, Mux(due_now == ratio, ratio, 0)) == dut.phase),
    ]
    count = sum(was_due + bit * ratio < size for bit in range(GEAR + 1))
    with m.If(started):
        m.d.comb += Assert(dut.more == count - (GEAR - 1))
        for bit in range(GEAR + 1):
            sample = Array(old)[(was_due + bit * ratio + 1)[:len(was_due) + 1].as_unsigned()]
            with m.If(bit < count):
                m.d.comb += Assert(Array(dut.o)[GEAR + 1 - count + bit] == sample)
    ports = {"clk": (clock.clk, None), "i": (dut.i, None), "later": (dut.later, None),
             "earlier": (dut.earlier, None)}
    return rtlil.convert(m, name="proof", ports=ports, emit_src=False)


@pytest.mark.parametrize("mode", [("-t", "8"), ("-i", "-t", "3")], ids=["base", "step"])
@pytest.mark.parametrize("ratio", [3, 4, 8])
def test_every_bit_is_taken_once(prove, ratio, mode):
    output = prove(harness(BitPicker(gear=GEAR, ratio=ratio), ratio), *mode)
    assert "STATUS: PASSED" in output.upper(), output
