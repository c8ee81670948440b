"""The repacker, proven: symbols are the bits that came in, each once and in their order."""

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Array, Assert, Assume, Cat, ClockDomain, Module, Signal

from lampyris.lane.repacker import Repacker

TURN = 64       # more than can be in store, so that a bit's number modulo this is enough


def harness(dut: Repacker, gear: int) -> str:
    """One bit out of `TURN` is watched, any one; the proof does not know which."""
    m = Module()
    m.domains.sync = clock = ClockDomain(reset_less=True)
    m.submodules.dut = dut
    watched = Signal(range(TURN))
    was_watched, started = Signal(range(TURN)), Signal()
    came, went = Signal(range(TURN)), Signal(range(TURN))       # bits so far
    value = Signal()
    count = gear - 1 + dut.more
    place = (watched - came)[:6]
    m.d.comb += Assume(dut.more <= 2)
    m.d.comb += Assume(~started | (watched == was_watched))
    m.d.sync += [started.eq(1), was_watched.eq(watched), came.eq(came + count)]
    with m.If(place < count):
        m.d.sync += value.eq(Array(dut.i)[gear + 1 - count + place])

    # What is under way: the symbol at the output, the one that waits, the rest.
    symbol, waiting = dut.o_valid * gear, dut.waits * gear
    stored = symbol + waiting + dut.fill
    rest = Signal(2 * gear)
    bits = Signal(3 * gear)
    with m.If(dut.waits):
        m.d.comb += rest.eq(Cat(dut.waiting, dut.rest))
    with m.Else():
        m.d.comb += rest.eq(dut.rest)
    with m.If(dut.o_valid):
        m.d.comb += bits.eq(Cat(dut.o, rest))
        m.d.sync += went.eq(went + gear)
    with m.Else():
        m.d.comb += bits.eq(rest)
    seat = (watched - went)[:6]
    m.d.comb += [
        Assert((dut.fill < gear) & (dut.rest >> dut.fill == 0)),
        Assert(~dut.waits | dut.o_valid),
    ]
    lost = Signal()
    m.d.sync += lost.eq(lost | dut.lost)
    with m.If(~(lost | dut.lost)):
        m.d.comb += Assert((went + stored)[:6] == came)
        with m.If(seat < stored):
            m.d.comb += Assert(Array(bits)[seat] == value)
    waited = Signal()
    m.d.sync += waited.eq(dut.waits)
    m.d.comb += Assert(~dut.lost | waited)      # only when there was no room
    ports = {"clk": (clock.clk, None), "i": (dut.i, None), "more": (dut.more, None),
             "watched": (watched, None)}
    return rtlil.convert(m, name="proof", ports=ports, emit_src=False)


@pytest.mark.parametrize("mode", [("-t", "6"), ("-i", "-t", "2")], ids=["base", "step"])
@pytest.mark.parametrize("gear", [4, 5])
def test_bits_are_neither_lost_nor_doubled(prove, gear, mode):
    output = prove(harness(Repacker(gear=gear), gear), *mode)
    assert "STATUS: PASSED" in output.upper(), output


@pytest.mark.parametrize("gear, error, text", [
    (3, ValueError, "gear must be 4 to 16 bits per symbol, not 3"),
    (8.0, TypeError, "gear must be a whole number, not 8.0"),
])
def test_bad_parameters(gear, error, text):
    with pytest.raises(error) as info:
        Repacker(gear=gear)
    assert str(info.value) == text
