"""How far the last symbols of a lane are from the sync of a marker."""

from amaranth import Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..framing.marker import sync_symbols
from ..geometry import Geometry

__all__ = ["SyncMeter"]


class SyncMeter(wiring.Component):
    """Counts the bits in which the last Ms symbols differ from the sync.

    Systolic: each symbol is compared with every symbol of the sync, and the counts travel on from
    one to the next, so no history of bits is kept.

    Parameters
    ----------
    geometry : Geometry
    tolerance : int
        Wrong bits allowed.

    Members
    -------
    i : `gear` bits, in; valid : 1 bit, in
    upright : 1 bit, out
        The symbols up to the last valid one are the sync, with `tolerance` wrong bits at most.
    inverted : 1 bit, out
        They are the inverted sync.

    Latency: 1 cycle.
    """

    i: Signal
    valid: Signal
    upright: Signal
    inverted: Signal

    def __init__(self, *, geometry: Geometry, tolerance: int):
        if not 0 <= tolerance < geometry.sync_symbols * geometry.gear // 4:
            highest = geometry.sync_symbols * geometry.gear // 4 - 1
            raise ValueError(f"tolerance must be 0 to {highest}, not {tolerance}")
        self._geometry, self._tolerance = geometry, tolerance
        super().__init__({
            "i": In(geometry.gear), "valid": In(1), "upright": Out(1), "inverted": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bits = self._geometry.sync_symbols * self._geometry.gear
        distance = Const(0, 1)
        for index, symbol in enumerate(sync_symbols(self._geometry)):
            wrong = self.i ^ symbol
            # After a reset half of the bits not yet seen count as wrong: neither sync is near.
            reached = Signal(range((index + 1) * self._geometry.gear + 1), name=f"distance{index}",
                             init=(index + 1) * self._geometry.gear // 2)
            with m.If(self.valid):
                m.d.sync += reached.eq(distance + sum(wrong))
            distance = reached
        m.d.comb += [
            self.upright.eq(distance <= self._tolerance),
            self.inverted.eq(distance >= bits - self._tolerance),
        ]
        return m
