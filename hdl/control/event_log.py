"""The last events of a link, with their times."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .link_control import DownReason
from .training import LinkState

__all__ = ["Event", "EventKind", "EventLog"]


class EventKind(enum.Enum, shape=3):
    """What has happened, and what `argument` means."""
    NONE = 0            # not so many events yet
    STATE = 1           # the link's state is new: `LinkState`
    DOWN = 2            # traffic has ended: `DownReason`
    LOCKED = 3          # number of the lane
    UNLOCKED = 4        # number of the lane


Event = data.StructLayout({
    "time": 48,                 # core clocks since reset, when it was seen
    "kind": EventKind,
    "argument": 11,
})
"""One event."""


class EventLog(wiring.Component):
    """Keeps the last `depth` events, in the order in which they were seen.

    Lanes are looked at in turn, by :class:`LaneWindow`: what a lane does is seen within `lanes`
    cycles, or later if much happens at once; what is undone before that is not seen.

    Parameters
    ----------
    lanes : int, 1..2048
    depth : int, 2..1024, a power of two

    Members
    -------
    state : :class:`LinkState`, in; up : 1 bit, in; reason : :class:`DownReason`, in
    turn : in, 0..lanes-1; locked : 1 bit, in
        A lane, and whether it is locked.
    index : in, 0..depth-1; event : :class:`Event`, out
        The event before the last `index` ones, 2 cycles later; all 0 if there is none.
    count : 16 bits, out
        Events so far; wraps.

    Cost: a memory of `depth` x 62 bits, one of `lanes` bits, and 70 flip-flops.
    """

    state: Signal
    up: Signal
    reason: Signal
    turn: Signal
    locked: Signal
    index: Signal
    event: data.View
    count: Signal

    def __init__(self, *, lanes: int, depth: int = 64):
        check_range("lanes", lanes, 1, 2048)
        check_range("depth", depth, 2, 1024)
        if depth & (depth - 1):
            raise ValueError(f"depth must be a power of two, not {depth}")
        self._lanes, self._depth = lanes, depth
        super().__init__({
            "state": In(LinkState), "up": In(1), "reason": In(DownReason),
            "turn": In(range(lanes)), "locked": In(1),
            "index": In(range(depth)), "event": Out(Event), "count": Out(16),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=Event, depth=self._depth, init=[])
        write, read = memory.write_port(), memory.read_port()
        now = Signal(48)
        place = Signal(range(self._depth))
        event = Signal(Event)
        m.d.sync += now.eq(now + 1)
        m.d.comb += [
            event.time.eq(now), write.addr.eq(place), write.data.eq(event),
            write.en.eq(event.kind.as_value() != EventKind.NONE.value),
        ]
        kept = Signal(range(self._depth + 1))
        there = Signal(2)                   # the event that is asked for has been written
        m.d.sync += [read.addr.eq(place - 1 - self.index), there.eq(Cat(self.index < kept, there))]
        with m.If(there[1]):
            m.d.comb += self.event.eq(read.data)
        with m.If(write.en):
            m.d.sync += [place.eq(place + 1), self.count.eq(self.count + 1),
                         kept.eq(kept + (kept != self._depth))]

        # What was said last; whatever differs from it is an event, and waits for its turn.
        state = Signal(LinkState)
        up, fallen = Signal(), Signal()
        lanes = Signal(self._lanes)
        m.d.sync += up.eq(self.up)
        with m.If(up & ~self.up):
            m.d.sync += fallen.eq(1)
        with m.If(fallen):
            m.d.comb += [event.kind.eq(EventKind.DOWN), event.argument.eq(self.reason)]
            m.d.sync += fallen.eq(0)
        with m.Elif(state != self.state):
            m.d.comb += [event.kind.eq(EventKind.STATE), event.argument.eq(self.state)]
            m.d.sync += state.eq(self.state)
        with m.Elif(lanes.bit_select(self.turn, 1) != self.locked):
            m.d.comb += [
                event.kind.eq(EventKind.UNLOCKED), event.argument.eq(self.turn)]
            with m.If(self.locked):
                m.d.comb += event.kind.eq(EventKind.LOCKED)
            m.d.sync += lanes.bit_select(self.turn, 1).eq(self.locked)
        return m
