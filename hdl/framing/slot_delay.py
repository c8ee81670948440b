"""Keeps the lanes' slots in step with words that take a way of some cycles."""

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry
from .transmit_lane import slot_layout

__all__ = ["SlotDelay"]


class SlotDelay(wiring.Component):
    """Delays slot and position of the framer while the FEC encoder works on the word.

    Parameters
    ----------
    geometry : Geometry
    cycles : int, 1 or more

    Members
    -------
    i, o : :func:`slot_layout`
    position, position_out : 0..P-1

    Latency: `cycles`.
    """

    i: data.View
    o: data.View
    position: Signal
    position_out: Signal

    def __init__(self, *, geometry: Geometry, cycles: int):
        if cycles < 1:
            raise ValueError(f"cycles must be 1 or more, not {cycles}")
        self._geometry, self._cycles = geometry, cycles
        super().__init__({
            "i": In(slot_layout(geometry)), "o": Out(slot_layout(geometry)),
            "position": In(range(geometry.marker_period)),
            "position_out": Out(range(geometry.marker_period)),
        })

    def elaborate(self, platform):
        m = Module()
        slot, position = self.i, self.position
        for stage in range(self._cycles):
            # As after a reset of the framer: no lane may count a payload symbol yet.
            held = Signal(slot_layout(self._geometry), name=f"slot{stage}",
                          init={"marker": 1})  # pyright: ignore[reportArgumentType]
            held_position = Signal.like(position, name=f"position{stage}",
                                        init=self._geometry.marker_period - 1)
            m.d.sync += [held.eq(slot), held_position.eq(position)]
            slot, position = held, held_position
        m.d.comb += [self.o.eq(slot), self.position_out.eq(position)]
        return m
