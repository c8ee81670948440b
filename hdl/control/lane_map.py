"""Which physical lane each logical lane leaves on: feeds the lane map to the transmit sorter."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry

__all__ = ["LaneMapShifter"]


class LaneMapShifter(wiring.Component):
    """Shows the sorter the lane map, once before the first frame and again at the end of each.

    Parameters
    ----------
    geometry : Geometry

    Members
    -------
    lane_map : N entries of ``identity_bits``, in
        Physical lane of each logical lane, a permutation of 0..N-1. Keep it stable during the last
        ``identity_bits`` + 2 words of a frame.
    position : in
        Position of the framer's word; the lanes' symbols are one cycle behind.
    ready : 1 bit, out
        The first frame may begin.
    tags : N bits, out; tag, first, commit : 1 bit, out
        To the sorter, in step with the lanes' symbols.
    """

    lane_map: Signal
    position: Signal
    ready: Signal
    tags: Signal
    tag: Signal
    first: Signal
    commit: Signal

    def __init__(self, *, geometry: Geometry):
        self._geometry = geometry
        lanes, bits = geometry.physical_lanes, geometry.identity_bits
        super().__init__({
            "lane_map": In(lanes * bits), "position": In(range(geometry.marker_period)),
            "ready": Out(1), "tags": Out(lanes), "tag": Out(1), "first": Out(1), "commit": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._geometry.physical_lanes, self._geometry.identity_bits
        period = self._geometry.marker_period

        # `left` counts down the bits still to show; the map is shown most significant bit first.
        left = Signal(range(bits + 1), init=bits)
        entries = [Signal(bits, name=f"entry{lane}") for lane in range(lanes)]
        m.d.comb += Cat(entries).eq(self.lane_map)
        columns = Cat(entry[bit] for bit in range(bits) for entry in entries)
        show = Signal(range(bits))
        m.d.comb += show.eq(left - 1)
        m.d.sync += [self.tag.eq(left != 0), self.first.eq(left == bits),
                     self.commit.eq(self.position == period - 1),
                     self.tags.eq(data.View(data.ArrayLayout(lanes, bits), columns)[show])]
        with m.If(left != 0):
            m.d.sync += left.eq(left - 1)
        with m.Elif(self.position == period - 2 - bits):
            m.d.sync += left.eq(bits)
        with m.If(left == 0):
            m.d.sync += self.ready.eq(1)
        return m
