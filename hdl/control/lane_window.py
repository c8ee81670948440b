"""A window on the status of one lane at a time, instead of a bus for each."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..lane.receive_lane import LaneStatus

__all__ = ["LaneWindow"]


class LaneWindow(wiring.Component):
    """Looks at the lanes in turn; shows the one asked for, and picks up the back-channel word.

    Parameters
    ----------
    lanes : int

    Members
    -------
    i : array of `lanes` x :class:`LaneStatus`, in
    index : 11 bits, in
        Lane to show.
    status : :class:`LaneStatus`, out
        Its status, renewed every `lanes` cycles.
    message : 16 bits, out
        The back-channel word last seen on a locked lane whose marker was without error.

    Cost: one `lanes`:1 multiplexer of 54 bits; this is why a lane is not shown at once.
    """

    i: data.View
    index: Signal
    status: data.View
    message: Signal

    def __init__(self, *, lanes: int):
        self._lanes = lanes
        super().__init__({
            "i": In(data.ArrayLayout(LaneStatus, lanes)), "index": In(11),
            "status": Out(LaneStatus), "message": Out(16),
        })

    def elaborate(self, platform):
        m = Module()
        turn = Signal(range(self._lanes))
        seen_turn = Signal(range(self._lanes))
        seen = Signal(LaneStatus)
        m.d.sync += [
            turn.eq(Mux(turn == self._lanes - 1, 0, turn + 1)),
            seen.eq(self.i[turn]), seen_turn.eq(turn),
        ]
        with m.If(seen_turn == self.index):
            m.d.sync += self.status.eq(seen)
        with m.If(seen.locked & seen.message_valid):
            m.d.sync += self.message.eq(seen.message)
        return m
