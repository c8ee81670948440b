"""Where a word is in the groups of a frame."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry

__all__ = ["GroupSlots"]


class GroupSlots(wiring.Component):
    """Counts the slots and the groups between two markers, word by word.

    Parameters
    ----------
    geometry : Geometry
        With a group code.

    Members
    -------
    step : 1 bit, in
        There is a word.
    marker : 1 bit, in
        It belongs to a marker, or is none of a frame.
    start, inside, message : 1 bit, out
        Of the word, in the same cycle: it is the first of a group; it is in a group; it is a
        message word.
    first : 1 bit, out
        With `start`: the group is the first of its frame.
    """

    step: Signal
    marker: Signal
    start: Signal
    inside: Signal
    message: Signal
    first: Signal

    def __init__(self, *, geometry: Geometry):
        if geometry.group is None:
            raise ValueError("there is no group code in this geometry")
        self._group, self._groups = geometry.group, geometry.groups_per_frame
        super().__init__({
            "step": In(1), "marker": In(1),
            "start": Out(1), "inside": Out(1), "message": Out(1), "first": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        group = self._group
        slot = Signal(range(group.slots))
        left = Signal(range(self._groups + 1))
        # Flags in registers: what the word after this one will be.
        at_start, in_message = Signal(init=1), Signal(init=1)
        with m.If(self.step):
            m.d.sync += [slot.eq(slot + 1), at_start.eq(0)]
            with m.If(slot == group.message_slots - 1):
                m.d.sync += in_message.eq(0)
            with m.If(slot == group.slots - 1):
                m.d.sync += [slot.eq(0), at_start.eq(1), in_message.eq(1), left.eq(left - 1)]
            with m.If(self.marker):
                m.d.sync += [slot.eq(0), at_start.eq(1), in_message.eq(1),
                             left.eq(self._groups)]
        m.d.comb += [
            self.inside.eq(self.step & ~self.marker & (left != 0)),
            self.start.eq(self.inside & at_start),
            self.message.eq(self.inside & in_message),
            self.first.eq(left == self._groups),
        ]
        return m
