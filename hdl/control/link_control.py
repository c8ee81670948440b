"""The receiver's way from dark to traffic, and back when too many lanes are lost."""

from amaranth import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry

__all__ = ["DownReason", "LinkControl"]


class DownReason(enum.Enum, shape=3):
    """Why the link is down."""
    NONE = 0            # it is up
    RESET = 1           # it has not been up since the reset
    LANE = 2            # more lanes lost their lock than the code can do without
    IDENTITY = 3        # two lanes claim the same number, or one is out of range
    SKEW = 4            # the lanes are further apart than the deskew buffers hold


_ALIGN_FRAMES = 3


class LinkControl(wiring.Component):
    """Waits for the lanes, starts the deskew, and takes the link down if too few lanes are left.

    It waits for all lanes that are not known to be dead. If some do not come for as long as locking
    takes, it makes do without them: without as many as the code bears, and any spares.

    Parameters
    ----------
    geometry : Geometry
    settling : int
        Cycles until what leaves the decoder is as a new order of the lanes has it.

    Members
    -------
    locked, joined, dead : N bits, in
        Of the lanes: locked; in step with the others; known to be dead.
    hope : 1 bit, in
        Stay down for the moment: lanes are about to get better.
    crowded : 1 bit, in
        The deskew cannot wait any longer.
    done : 1 bit, in; lost : in, 0..code_lanes; doubled : 1 bit, in
        Of :class:`LaneOrder`.
    run, start : 1 bit, out
        To the deskew.
    up : 1 bit, out
    reason : :class:`DownReason`, out

    Time from the last lane's lock to `up`: one frame, and three rounds of :class:`LaneOrder`; gear
    + 3 frames more if a lane is missing.
    """

    locked: Signal
    joined: Signal
    dead: Signal
    hope: Signal
    crowded: Signal
    done: Signal
    lost: Signal
    doubled: Signal
    run: Signal
    start: Signal
    up: Signal
    reason: Signal

    def __init__(self, *, geometry: Geometry, settling: int):
        self._geometry, self._settling = geometry, settling
        lanes = geometry.physical_lanes
        super().__init__({
            "locked": In(lanes), "joined": In(lanes), "dead": In(lanes), "hope": In(1),
            "crowded": In(1),
            "done": In(1), "lost": In(range(geometry.code_lanes + 1)), "doubled": In(1),
            "run": Out(1), "start": Out(1), "up": Out(1),
            "reason": Out(DownReason, init=DownReason.RESET),  # pyright: ignore[reportCallIssue]
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        frame, expendable = geometry.marker_period, geometry.expendable
        patience = geometry.lock_words

        # One register between the lanes and the decisions: these are wide reductions.
        all_locked, all_joined, enough = Signal(), Signal(), Signal()
        m.d.sync += [
            all_locked.eq((self.locked | self.dead).all()),
            all_joined.eq((self.joined | ~self.locked).all()),
        ]
        m.d.comb += enough.eq(self.lost <= expendable)

        timer = Signal(range(max(patience, self._settling) + 1), init=patience)
        seen = Signal()                 # a round has ended in this state
        trouble = Mux(self.doubled, DownReason.IDENTITY,
                      Mux(all_joined, DownReason.LANE, DownReason.SKEW))
        with m.If(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.FSM():
            with m.State("LOCK"):
                # Waits for the lanes to find their markers; once there are enough, not for ever.
                with m.If(self.done & (self.hope | ~enough)):
                    m.d.sync += timer.eq(patience)
                    with m.If(all_locked & self.doubled):
                        m.d.sync += self.reason.eq(DownReason.IDENTITY)
                with m.Elif(self.done & (all_locked | (timer == 0))):
                    m.d.sync += timer.eq(_ALIGN_FRAMES * frame)
                    m.next = "ALIGN"
            with m.State("ALIGN"):
                # Waits for place 0 on every lane; those that come too early come again.
                m.d.comb += self.run.eq(1)
                m.d.sync += seen.eq(0)
                with m.If(all_joined):
                    m.next = "ORDER"
                with m.Elif(timer == 0):
                    if expendable:
                        m.d.sync += timer.eq(_ALIGN_FRAMES * frame)
                        m.next = "MAKE_DO"
                    else:
                        self._give_up(m, DownReason.SKEW, timer, patience)
            with m.State("MAKE_DO"):
                # Waits for the first lane that cannot wait for the last ones any longer.
                m.d.comb += self.run.eq(1)
                m.d.sync += seen.eq(0)
                with m.If(self.crowded):
                    m.next = "ORDER"
                with m.Elif(timer == 0):
                    self._give_up(m, DownReason.SKEW, timer, patience)
            with m.State("ORDER"):
                # Waits for the order of the lanes that have joined: a round from its begin.
                m.d.comb += [self.run.eq(1), self.start.eq(1)]
                with m.If(self.done):
                    m.d.sync += seen.eq(1)
                    with m.If(seen & enough):
                        m.d.sync += timer.eq(self._settling)
                        m.next = "SETTLE"
                    with m.Elif(seen):
                        self._give_up(m, trouble, timer, patience)
            with m.State("SETTLE"):
                # Waits for words in the right order to leave the decoder, and for its erasures.
                m.d.comb += [self.run.eq(1), self.start.eq(1)]
                with m.If(timer == 0):
                    m.d.sync += self.reason.eq(DownReason.NONE)
                    m.next = "UP"
            with m.State("UP"):
                # Waits for trouble.
                m.d.comb += [self.run.eq(1), self.start.eq(1), self.up.eq(1)]
                with m.If(self.done & ~enough):
                    self._give_up(m, trouble, timer, patience)
        return m

    def _give_up(self, m: Module, reason, timer: Signal, patience: int):
        """Begin again, and say why."""
        m.d.sync += [self.reason.eq(reason), timer.eq(patience)]
        m.next = "LOCK"
