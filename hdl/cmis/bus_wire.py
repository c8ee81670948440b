"""One wire of an I2C bus, as logic of this clock sees it."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["BusWire"]


class BusWire(wiring.Component):
    """Two flip-flops, and a filter that swallows pulses of less than `spikes` clocks.

    Parameters
    ----------
    spikes : int, 1..1024
        Clocks for which the wire must have its new level.

    Members
    -------
    i : 1 bit, in, of any clock
    o : 1 bit, out
        1 after reset, as an idle bus.
    rise, fall : 1 bit, out
        In the first clock in which `o` has its new level.

    Latency: 2 + `spikes` clocks, and up to one for the phase. Cost: 5 flip-flops and a counter.
    """

    i: Signal
    o: Signal
    rise: Signal
    fall: Signal

    def __init__(self, *, spikes: int):
        check_range("spikes", spikes, 1, 1024, " clocks")
        self._spikes = spikes
        super().__init__({
            "i": In(1), "o": Out(1, init=1),  # pyright: ignore[reportCallIssue]
            "rise": Out(1), "fall": Out(1)})

    def elaborate(self, platform):
        m = Module()
        now = Signal(init=1)
        count = Signal(range(self._spikes))
        # This clock and the bus know nothing of each other; a metastable first flip-flop has a
        # whole clock to settle, and whatever it settles to is a level of the wire.
        m.submodules.synchronizer = FFSynchronizer(self.i, now, init=1)
        m.d.sync += [self.rise.eq(0), self.fall.eq(0)]
        with m.If(now == self.o):
            m.d.sync += count.eq(0)
        with m.Elif(count == self._spikes - 1):
            m.d.sync += [count.eq(0), self.o.eq(now), self.rise.eq(now), self.fall.eq(~now)]
        with m.Else():
            m.d.sync += count.eq(count + 1)
        return m
