"""A window on the status of one lane at a time, instead of a bus for each."""

from amaranth import Cat, Module, Mux, Signal
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
    message, spare : 16 bits, out
        The back-channel words for the user and for the sparing, last seen on two locked lanes in a
        row whose markers were without error: a wrong one passes the check of one marker in 4096.
    turn : out, 0..lanes-1; seen : :class:`LaneStatus`, out
        The lane whose turn it is, and its status one cycle ago.

    Cost: one `lanes`:1 multiplexer of 56 bits; this is why a lane is not shown at once.
    """

    i: data.View
    index: Signal
    status: data.View
    message: Signal
    spare: Signal
    turn: Signal
    seen: data.View

    def __init__(self, *, lanes: int):
        self._lanes = lanes
        super().__init__({
            "i": In(data.ArrayLayout(LaneStatus, lanes)), "index": In(11),
            "status": Out(LaneStatus), "message": Out(16),
            "spare": Out(16), "turn": Out(range(lanes)), "seen": Out(LaneStatus),
        })

    def elaborate(self, platform):
        m = Module()
        following = Signal(range(self._lanes))
        m.d.sync += [
            following.eq(Mux(following == self._lanes - 1, 0, following + 1)),
            self.seen.eq(self.i[following]), self.turn.eq(following),
        ]
        with m.If(self.turn == self.index):
            m.d.sync += self.status.eq(self.seen)
        heard = Cat(self.seen.message, self.seen.sparing)
        before = Signal(17)
        with m.If(self.seen.locked & self.seen.message_valid):
            m.d.sync += before.eq(heard)
            with m.If(heard == before):
                with m.If(self.seen.sparing):
                    m.d.sync += self.spare.eq(self.seen.message)
                with m.Else():
                    m.d.sync += self.message.eq(self.seen.message)
        return m
