"""Which LED a report is about: from the logical lane that it names to the physical one."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry
from ..shapes import report_layout
from .spares import spares_in_use

__all__ = ["ReportRoute"]


class ReportRoute(wiring.Component):
    """Undoes the spares' changes of places, one after the other, and looks the lane map up.

    :class:`LaneMapShifter` makes the changes in the order of the spares, so a place is followed
    back from the last one to the first. A report that was made before its lane has moved goes to
    the new LED: one window is judged by an old LED's errors, which is worth a code at most.

    Parameters
    ----------
    geometry : Geometry
        With spares in use.
    width : int
        Of a report's errors, bits.

    Members
    -------
    lane_map, served
        Of :class:`LaneMapShifter`.
    i, o : streams of :func:`report_layout`
        With a logical lane, and with a physical one.

    Latency: 3 clocks and one for each spare; then the next report is taken. Cost: a multiplexer of
    the lane map, about `identity_bits`·N/2 LUT4.
    """

    lane_map: Signal
    served: data.View
    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, geometry: Geometry, width: int):
        if not spares_in_use(geometry):
            raise ValueError("reports need spares that are in use, and there are none")
        self._geometry = geometry
        lanes = geometry.physical_lanes
        reports = stream.Signature(report_layout(lanes, width))
        super().__init__({
            "lane_map": In(lanes * geometry.identity_bits),
            "served": In(data.ArrayLayout(11, spares_in_use(geometry))),
            "i": In(reports), "o": Out(reports),
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        place = Signal(range(geometry.physical_lanes))
        spare = Signal(range(max(2, len(self.served))))
        entries = data.View(
            data.ArrayLayout(geometry.identity_bits, geometry.physical_lanes), self.lane_map)
        number = Signal(11)             # of the lane that the spare serves, plus 1
        home = Signal.like(place)       # the spare's own place
        m.d.comb += [number.eq(self.served[spare]), home.eq(geometry.code_lanes + spare)]
        with m.FSM():
            with m.State("TAKE"):       # waits for a report
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += [place.eq(self.i.payload.lane), spare.eq(len(self.served) - 1),
                             self.o.payload.errors.eq(self.i.payload.errors)]
                with m.If(self.i.valid):
                    m.next = "FOLLOW"
            with m.State("FOLLOW"):
                with m.If(number != 0):
                    with m.If(place == home):
                        m.d.sync += place.eq(number - 1)
                    with m.Elif(place + 1 == number):
                        m.d.sync += place.eq(home)
                m.d.sync += spare.eq(Mux(spare == 0, spare, spare - 1))
                with m.If(spare == 0):
                    m.next = "LOOK"
            with m.State("LOOK"):
                m.d.sync += self.o.payload.lane.eq(entries[place])
                m.next = "GIVE"
            with m.State("GIVE"):       # waits until it is taken
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.next = "TAKE"
        return m
