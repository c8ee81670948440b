"""Sparing: the receiver decides which spare serves which lane, the far transmitter does it.

The receiver keeps a table, for each spare the lane it shall serve, and says its entries in turn,
for ever. The transmitter does what it last heard. So nothing is lost for good when a word is, there
are no acknowledgements, and after a restart of either end the tables agree once each entry has been
heard. The lanes tell by their markers who they are, so the order at the receiver follows what the
transmitter does, not what was agreed.
"""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import REPORT_SPARES, Geometry
from .reports import report_word

__all__ = ["WORD_FRAMES", "SpareManager", "SpareTable", "spare_word", "spares_in_use"]

WORD_FRAMES = 3
"""Frames in which a word is said: a far frame that has it begins for sure."""

_MOST = 31
_MOVE = 9       # frames to say it, to swap two lanes, and for the old LED to lose its lock

spare_word = data.StructLayout({"served": 11, "spare": 5})
"""One entry: `served` is the number of the lane plus 1, or 0 for none. The word 0 is an entry that
says nothing new to a transmitter that has just begun."""


def spares_in_use(geometry: Geometry) -> int:
    """Spares that the protocol can name; none without a code that bridges the change."""
    return min(geometry.spares, _MOST) if geometry.expendable else 0


class SpareManager(wiring.Component):
    """The receiver's half: finds a spare for each lane of the code that is missing.

    A lane that is missing or sick is erased, so moving it does no harm. It goes to a spare that is
    seen alive and not sick. If it is not back after `patience` frames the spare has failed as well:
    it is burnt, and the next one is tried. When no spare is free, one whose own place is well again
    is released: the lane that it served goes back to its old LED, which has recovered. This is
    tried only while the code can do without one more lane. As the old LED carries the spare's
    symbols until then, one that is locked, but sick, does not get its lane back. If there is none
    either, burnt spares that have gone home and are seen alive get another chance: perhaps the far
    transmitter had not heard of them. Both are done at most once in `patience` frames.

    A lane that is asked to move is `moving`, to be erased even if it is alive, until the far
    transmitter must have moved it and its old LED has lost its lock: a lane that has come back by
    itself, or is released, is not moved under the decoder's eyes.

    A sick LED may keep the lock that it had for long after its lane has left it, as most of its
    markers do not pass their check. So the manager tells :class:`LaneOrder` not to believe it.

    Parameters
    ----------
    geometry : Geometry
    patience : int
        Frames that a lane may take to come back; 0 for 3 frames for each spare to hear of it, and
        32 to lose its old lock and find the new one.
    reports : bool
        There is a report after each entry of the table; then both take twice as long to say.

    Members
    -------
    enable : 1 bit, in
        While 0 no spare serves any lane, and none is burnt.
    up : 1 bit, in
        The link is up. While it is not, nothing is decided: it is not known what is missing.
    frame : 1 bit, in
        Pulses once a frame.
    live : N bits, in
        Places whose lane takes part.
    sick : N bits, in
        Places whose symbols are not to be relied on all the same.
    lost : in, 0..code_lanes
        Places of the code that are erased.
    identity : 11 bits, in; served, leave : 1 bit, out
        A lane's identity: has it been given to a spare; and is the LED that had it still there, so
        that who says to be this lane is the sick one? In the same cycle.
    moving : `code_lanes` bits, out
        Places whose lane may be moved soon.
    report : stream of :attr:`report_word`, in
        Only with `reports`. Said for three frames after an entry, and then taken.
    word : :attr:`spare_word`, out
        What to tell the far transmitter: each entry for three frames, and with `reports` a report
        after it for as long.
    degraded : 1 bit, out
        A lane is missing or sick, and there is no spare for it.
    table : array of 11 bits, one per spare, out
        The lane that it shall serve, plus 1, or 0.

    Cost: a few flip-flops per spare; one place is looked at per cycle.
    """

    enable: Signal
    up: Signal
    frame: Signal
    live: Signal
    sick: Signal
    lost: Signal
    identity: Signal
    served: Signal
    leave: Signal
    moving: Signal
    report: stream.Interface
    word: data.View
    degraded: Signal
    table: data.View

    def __init__(self, *, geometry: Geometry, patience: int = 0, reports: bool = False):
        if patience < 0:
            raise ValueError(f"patience must be 0 or more, not {patience}")
        if reports and spares_in_use(geometry) > REPORT_SPARES:
            raise ValueError(f"reports allow {REPORT_SPARES} spares at most, not "
                             f"{spares_in_use(geometry)}")
        self._geometry, self._reports = geometry, reports
        # Frames until all entries have been said.
        self._round = WORD_FRAMES * spares_in_use(geometry) * (2 if reports else 1)
        self._patience = patience or self._round + 32
        super().__init__({
            "enable": In(1), "up": In(1), "frame": In(1), "live": In(geometry.physical_lanes),
            "sick": In(geometry.physical_lanes), "lost": In(range(geometry.code_lanes + 1)),
            "identity": In(11), "served": Out(1), "leave": Out(1),
            "moving": Out(geometry.code_lanes), "word": Out(spare_word), "degraded": Out(1),
            **({"report": In(stream.Signature(report_word))} if reports else {}),
            "table": Out(data.ArrayLayout(11, spares_in_use(geometry))),
        })

    def elaborate(self, platform):
        m = Module()
        geometry, count = self._geometry, spares_in_use(self._geometry)
        code_lanes = geometry.code_lanes

        served = [Signal(11, name=f"served{spare}") for spare in range(count)]  # lane + 1, or 0
        leaving = Signal(count)         # the lane that it serves has not left its old LED yet
        burnt = Signal(count)
        timers = [Signal(range(self._patience + 1), name=f"timer{spare}") for spare in range(count)]
        calm = Signal(range(self._patience + 1))        # frames until a spare may be released
        # The lane + 1 that it served last, and frames in which that and the next may be moved.
        hold = self._round + _MOVE
        given = [Signal(11, name=f"given{spare}") for spare in range(count)]
        holds = [Signal(range(hold + 1), name=f"hold{spare}") for spare in range(count)]
        held = Cat(left.any() for left in holds)    # its own place is not yet where it belongs
        own = (self.live & ~self.sick)[code_lanes:code_lanes + count]
        free = Signal(count)
        back = Signal(count)            # it serves a lane whose own LED has recovered
        m.d.comb += [
            free.eq(Cat(~lane.any() for lane in served) & ~burnt & own),
            back.eq(Cat(lane.any() for lane in served) & own),
        ]

        # The place looked at: missing, and served by one of the spares?
        place = Signal(range(code_lanes))
        number = Signal(11)
        there, missing = Signal(), Signal()
        serving = Signal(count)
        m.d.comb += [
            number.eq(place + 1), there.eq(self.live.bit_select(place, 1)),
            missing.eq(self.up & (~there | self.sick.bit_select(place, 1))),
            serving.eq(Cat(lane == number for lane in served)),
        ]
        claimed = Cat(lane == self.identity + 1 for lane in served)
        m.d.comb += self.table.eq(Cat(served))
        m.d.comb += [self.served.eq(claimed.any()), self.leave.eq((claimed & leaving).any())]
        m.d.sync += leaving.eq(leaving & ~Mux(self.up & there, 0, serving))
        m.d.sync += place.eq(place + 1)
        wanting = Signal()              # some lane of this round has no spare to go to
        with m.If(place == code_lanes - 1):
            m.d.sync += [place.eq(0), wanting.eq(0), self.degraded.eq(wanting)]

        for timer in (*timers, *holds, calm):
            with m.If(self.frame & (timer != 0)):
                m.d.sync += timer.eq(timer - 1)
        for spare, lane in enumerate(served):
            before = Signal(11, name=f"before{spare}")
            m.d.sync += before.eq(lane)
            with m.If(lane != before):
                m.d.sync += holds[spare].eq(hold)
                with m.If(before.any()):
                    m.d.sync += given[spare].eq(before)
        # A place is erased while it may be moved, unless with those that are missing it would be
        # more of them than the code can do without.
        moves = Signal()
        erased = Signal(range(code_lanes + 1))      # of this round
        bearable = Signal(init=1)
        m.d.comb += moves.eq((held & (serving | Cat(last == number for last in given))).any())
        m.d.sync += [self.moving.bit_select(place, 1).eq(moves & bearable),
                     erased.eq(erased + (moves | missing))]
        with m.If(place == code_lanes - 1):
            m.d.sync += [erased.eq(0),
                         bearable.eq(erased + (moves | missing) <= geometry.expendable)]
        with m.If(missing & serving.any()):
            for spare in range(count):
                with m.If(serving[spare] & (timers[spare] == 0)):
                    m.d.sync += [served[spare].eq(0), burnt[spare].eq(1)]
        with m.Elif(missing & free.any()):
            self._take_first(m, free, served, timers, number)
            m.d.sync += leaving.eq(Mux(there, leaving | free & ~(free - 1), leaving))
        with m.Elif(missing):
            m.d.sync += wanting.eq(1)
            with m.If(back.any() & (self.lost < geometry.expendable) & (calm == 0)):
                m.d.sync += calm.eq(self._patience)
                self._take_first(m, back, served, timers, Const(0, 11))
            with m.Elif((burnt & own & ~held).any() & (calm == 0)):
                m.d.sync += [calm.eq(self._patience), burnt.eq(0)]
        for spare in range(count):
            # It is back: should it be lost again, it has all the time again.
            with m.If((serving[spare] & ~missing) | ~self.up):
                m.d.sync += timers[spare].eq(self._patience)
        with m.If(~self.enable):
            m.d.sync += [burnt.eq(0), self.degraded.eq(0), *(lane.eq(0) for lane in served)]

        self._tell(m, served)
        return m

    def _take_first(self, m: Module, choice: Signal, served: list, timers: list, number):
        """Let the first spare in `choice` serve a lane (or none)."""
        earlier = Const(0, 1)
        for spare, (lane, timer) in enumerate(zip(served, timers, strict=True)):
            with m.If(choice[spare] & ~earlier):
                m.d.sync += [lane.eq(number), timer.eq(self._patience)]
            earlier |= choice[spare]

    def _tell(self, m: Module, served: list):
        """The entries in turn, and after each a report if there is one."""
        count = len(served)
        turn = Signal(range(max(count, 2)))
        held = Signal(range(WORD_FRAMES))
        reporting = Signal()
        with m.If(self.frame):
            m.d.sync += held.eq(held + 1)
            with m.If(held == WORD_FRAMES - 1):
                m.d.sync += [held.eq(0), turn.eq(Mux(turn == count - 1, 0, turn + 1))]
                if self._reports:
                    m.d.comb += self.report.ready.eq(reporting)
                    m.d.sync += reporting.eq(self.report.valid & ~reporting)
                    with m.If(self.report.valid & ~reporting):
                        m.d.sync += turn.eq(turn)
            # Only here, so that it holds still for the other clock.
            entries = data.View(data.ArrayLayout(11, count), Cat(served))
            m.d.sync += [self.word.spare.eq(turn), self.word.served.eq(entries[turn])]
            if self._reports:
                with m.If(reporting):
                    m.d.sync += self.word.eq(self.report.payload)


class SpareTable(wiring.Component):
    """The transmitter's half: which logical lanes change places with spares.

    Parameters
    ----------
    geometry : Geometry

    Members
    -------
    word : :attr:`spare_word`, in
        As heard from the far receiver. An entry of a spare or lane that does not exist is ignored.
    served : array of 11 bits, one per spare, out
        The table: number of the lane plus 1, or 0.
    """

    word: data.View
    served: data.View

    def __init__(self, *, geometry: Geometry):
        self._geometry = geometry
        super().__init__({
            "word": In(spare_word),
            "served": Out(data.ArrayLayout(11, spares_in_use(geometry)))})

    def elaborate(self, platform):
        m = Module()
        for spare in range(spares_in_use(self._geometry)):
            with m.If((self.word.spare == spare)
                      & (self.word.served <= self._geometry.code_lanes)):
                m.d.sync += self.served[spare].eq(self.word.served)
        return m
