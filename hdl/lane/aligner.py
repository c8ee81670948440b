"""Symbol boundaries: shift a lane's bits by less than a symbol."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SymbolAligner"]


class SymbolAligner(wiring.Component):
    """Delivers symbols that begin `slip` bits into those of the deserializer.

    Parameters
    ----------
    gear : int
        Bits per symbol.

    Members
    -------
    i, o : `gear` bits
    i_valid, o_valid : 1 bit
    slip : in, 0..gear-1
        The output's first bit is bit `slip` of an input symbol.

    Latency: 2 cycles (input register, shifter). Cost: 3·gear flip-flops, gear x (gear:1)
    multiplexers.
    """

    i: Signal
    i_valid: Signal
    slip: Signal
    o: Signal
    o_valid: Signal

    def __init__(self, *, gear: int):
        if gear < 2:
            raise ValueError(f"gear must be 2 or more, not {gear}")
        self._gear = gear
        super().__init__({
            "i": In(gear), "i_valid": In(1), "slip": In(range(gear)),
            "o": Out(gear), "o_valid": Out(1),
        })

    @property
    def gear(self) -> int:
        return self._gear

    def elaborate(self, platform):
        m = Module()
        gear = self._gear
        current = Signal(gear, reset_less=True)
        previous = Signal(gear, reset_less=True)
        valid = Signal()
        m.d.sync += [valid.eq(self.i_valid), self.o_valid.eq(valid)]
        with m.If(self.i_valid):
            m.d.sync += [current.eq(self.i), previous.eq(current)]
        with m.If(valid):
            m.d.sync += self.o.eq(Cat(previous, current)[:2 * gear - 1].bit_select(self.slip, gear))
        return m
