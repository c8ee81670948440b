"""A bit per lane, read 32 lanes at a time."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...checks import check_range
from .bank import joined

__all__ = ["BitWindow"]


class BitWindow(wiring.Component):
    """Shows the 32 bits of a vector that one of them is among.

    Parameters
    ----------
    count : int, 1..2048

    Members
    -------
    i : `count` bits, in
    index : 11 bits, in
    o : 32 bits, out
        Bit b is bit 32·(index // 32) + b of `i`; 0 where there is none.

    Latency: 1 clock from `i`, 2 from `index`. Cost: `count` LUT4, 32 flip-flops.
    """

    i: Signal
    index: Signal
    o: Signal

    latency = 2

    def __init__(self, *, count: int):
        check_range("count", count, 1, 2048, " bits")
        self._count = count
        super().__init__({"i": In(count), "index": In(11), "o": Out(32)})

    def elaborate(self, platform):
        m = Module()
        starts = range(0, self._count, 32)
        here = Signal(len(starts))
        m.d.sync += here.eq(Cat(self.index[5:] == place for place in range(len(starts))))
        m.d.sync += self.o.eq(joined([self.i[start:start + 32] & here[place].replicate(32)
                                      for place, start in enumerate(starts)]))
        return m
