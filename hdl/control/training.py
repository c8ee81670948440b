"""When which comparators are calibrated: a link's way from darkness to lanes that can lock."""

from amaranth import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["LinkState", "LinkTraining"]


class LinkState(enum.Enum, shape=3):
    """Where a link is (docs/training.md, section 1)."""
    WARM_UP = 0         # the far LEDs are not at their full current yet
    CALIBRATE = 1       # thresholds are being found
    DARK = 2            # no lane is locked
    LOCK = 3            # some lanes are locked
    ALIGN = 4           # the lanes are brought in step and sorted
    TRAFFIC = 5


class LinkTraining(wiring.Component):
    """Has the thresholds of lanes found that do not lock, and never touches the others.

    The rules are those of `docs/training.md`, section 2.

    Parameters
    ----------
    lanes : int, 1..2048
    warm_up : int, 1..2**24
        Cycles from reset to the first calibration.
    patience : int, 1..2**24
        Cycles that a lane gets to lock, before it is calibrated again.

    Members
    -------
    locked, dead : `lanes` bits, in
        Of the lanes: locked; known to be dead.
    running, up : 1 bit, in
        `run` and `up` of :class:`LinkControl`.
    roving : 1 bit, in
        There is a monitor, which sees when a dark lane gets light.
    turn : in, 0..lanes-1; begun, over, judged, dark : 1 bit, in
        Of :class:`ThresholdLoop`.
    hold : 1 bit, in
        Begin no calibration.
    retrain : 1 bit, in; retrain_lane : in, 0..lanes-1
        Calibrate this lane at its next turn, even if it is locked.
    movable : `lanes` bits, out
        To :class:`ThresholdLoop`.
    absent : `lanes` bits, out
        The lane was found dark, and is not locked.
    state : :class:`LinkState`, out
    hope : 1 bit, out
        Some lane that may have light was never calibrated: the link must not come up before.
    calibrating : 1 bit, out
        Some lane is to be calibrated, or there is hope.

    Latency: `hope` and `calibrating` are a cycle behind the lanes. Cost: 3 flip-flops per lane,
    the multiplexer of one of them, and four reductions over all lanes.
    """

    locked: Signal
    dead: Signal
    running: Signal
    up: Signal
    roving: Signal
    turn: Signal
    begun: Signal
    over: Signal
    judged: Signal
    dark: Signal
    hold: Signal
    retrain: Signal
    retrain_lane: Signal
    movable: Signal
    absent: Signal
    state: Signal
    hope: Signal
    calibrating: Signal

    def __init__(self, *, lanes: int, warm_up: int, patience: int):
        check_range("lanes", lanes, 1, 2048)
        check_range("warm_up", warm_up, 1, 1 << 24, " cycles")
        check_range("patience", patience, 1, 1 << 24, " cycles")
        self._lanes, self._warm_up, self._patience = lanes, warm_up, patience
        super().__init__({
            "locked": In(lanes), "dead": In(lanes), "running": In(1), "up": In(1),
            "roving": In(1), "turn": In(range(lanes)), "begun": In(1), "over": In(1),
            "judged": In(1), "dark": In(1), "hold": In(1), "retrain": In(1),
            "retrain_lane": In(range(lanes)), "movable": Out(lanes), "absent": Out(lanes),
            "state": Out(LinkState), "hope": Out(1),
            "calibrating": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        due = Signal(self._lanes)           # to be calibrated at the next turn
        known = Signal(self._lanes)         # was calibrated once
        asked = Signal()                    # by hand, and so even if it is locked
        asked_lane = Signal.like(self.retrain_lane)
        mine, mine_asked = Signal(), Signal()       # so it was when this turn began
        missing, some, busy, raw = (Signal() for _ in range(4))
        begin = Signal()
        seen = self.absent & self.roving.replicate(self._lanes)
        m.d.comb += [
            self.movable.eq(due | (asked << asked_lane)),
            self.hope.eq(raw & ~self.up & ~self.hold), self.calibrating.eq(busy | self.hope),
        ]
        m.d.sync += [
            missing.eq(~(self.locked | self.dead | seen).all()), some.eq(self.locked.any()),
            busy.eq(due.any() | asked), raw.eq(~(known | self.dead | self.absent).all()),
        ]

        with m.If(self.begun):
            m.d.sync += [mine.eq(due.bit_select(self.turn, 1)),
                         mine_asked.eq(asked & (asked_lane == self.turn))]
        with m.If(self.over & mine_asked):
            m.d.sync += asked.eq(0)
        with m.If(self.retrain):
            m.d.sync += [asked.eq(1), asked_lane.eq(self.retrain_lane)]
        for lane in range(self._lanes):
            locked, dead = self.locked[lane], self.dead[lane]
            ended = self.over & (self.turn == lane)
            with m.If(dead | (locked & (known[lane] | self.up))):
                m.d.sync += due[lane].eq(0)
            with m.Elif(begin):
                m.d.sync += due[lane].eq(1)
            with m.Elif(ended & mine):
                m.d.sync += due[lane].eq(0)
            with m.If(locked | dead):
                m.d.sync += self.absent[lane].eq(0)
            with m.Elif(ended & self.judged):
                m.d.sync += self.absent[lane].eq(self.dark)
            with m.If(ended & (mine | mine_asked) & ~(self.judged & self.dark)):
                m.d.sync += known[lane].eq(1)

        timer = Signal(range(max(self._warm_up, self._patience) + 1), init=self._warm_up)
        waiting = Mux(self.running, LinkState.ALIGN, Mux(some, LinkState.LOCK, LinkState.DARK))
        with m.If(timer != 0):
            m.d.sync += timer.eq(timer - 1)

        def calibrate():
            m.d.comb += begin.eq(1)
            m.d.sync += timer.eq(2)         # until `busy` has followed
            m.next = "CALIBRATE"

        with m.FSM():
            with m.State("WARM_UP"):        # waits for the LEDs
                m.d.comb += self.state.eq(LinkState.WARM_UP)
                with m.If((timer == 0) & ~self.hold):
                    calibrate()
            with m.State("CALIBRATE"):      # waits for the turn of each lane that is due
                m.d.comb += self.state.eq(LinkState.CALIBRATE)
                with m.If((timer == 0) & ~busy):
                    m.d.sync += timer.eq(self._patience)
                    m.next = "ACQUIRE"
            with m.State("ACQUIRE"):        # waits for their locks
                m.d.comb += self.state.eq(waiting)
                with m.If(self.hope):
                    calibrate()
                with m.Elif(~missing):
                    m.next = "WATCH"
                with m.Elif((timer == 0) & ~self.hold):
                    calibrate()
            with m.State("WATCH"):          # waits for a lane that has light, and no lock
                m.d.comb += self.state.eq(waiting)
                with m.If(self.hope):
                    calibrate()
                with m.Elif(missing):
                    m.d.sync += timer.eq(self._patience)
                    m.next = "ACQUIRE"
        with m.If(self.up):
            m.d.comb += self.state.eq(LinkState.TRAFFIC)
        return m
