"""Which physical lane each logical lane leaves on: feeds the lane map to the transmit sorter."""

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry
from .spares import spares_in_use

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
    served : array of 11 bits, one per spare, in
        Of :class:`SpareTable`: a spare changes places with the lane that it serves.
    position : in
        Position of the framer's word; the lanes' symbols are one cycle behind.
    ready : 1 bit, out
        The first frame may begin.
    tags : N bits, out; tag, first, commit : 1 bit, out
        To the sorter, in step with the lanes' symbols.
    """

    lane_map: Signal
    served: data.View
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
            "lane_map": In(lanes * bits),
            "served": In(data.ArrayLayout(11, spares_in_use(geometry))),
            "position": In(range(geometry.marker_period)),
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
        column = Signal(lanes)
        m.d.comb += show.eq(left - 1)
        m.d.sync += [self.tag.eq(left != 0), self.first.eq(left == bits),
                     self.commit.eq(self.position == period - 1),
                     self.tags.eq(self._exchanged(m, column, left == 0))]
        m.d.comb += column.eq(data.View(data.ArrayLayout(lanes, bits), columns)[show])
        with m.If(left != 0):
            m.d.sync += left.eq(left - 1)
        with m.Elif(self.position == period - 2 - bits):
            m.d.sync += left.eq(bits)
        with m.If(left == 0):
            m.d.sync += self.ready.eq(1)
        return m

    def _exchanged(self, m: Module, column: Signal, idle) -> Value:
        """One bit of all entries, with those of spares and the lanes that they serve exchanged.

        One exchange after the other, so that the result is a permutation whatever the table says.
        """
        code_lanes, bits = self._geometry.code_lanes, list(column)
        for spare in range(spares_in_use(self._geometry)):
            served = Signal(code_lanes, name=f"served_by{spare}")
            with m.If(idle):            # a map is shown as a whole
                m.d.sync += served.eq(Cat(self.served[spare] == lane + 1
                                          for lane in range(code_lanes)))
            lanes, own = Cat(bits[:code_lanes]), bits[code_lanes + spare]
            exchanged = Signal(code_lanes, name=f"exchanged{spare}")
            given = Signal(name=f"given{spare}")
            m.d.comb += [exchanged.eq((lanes & ~served) | (served & own.replicate(code_lanes))),
                         given.eq(Mux(served.any(), (lanes & served).any(), own))]
            bits[:code_lanes], bits[code_lanes + spare] = list(exchanged), given
        return Cat(bits)
