"""All that a receiver knows of one lane, for a management that asks for it now and then."""

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..lane.receive_lane import LaneStatus
from .link_control import DownReason

__all__ = ["NONE", "LaneState", "LaneSummary", "summary_layout"]

NONE = 0xFFFF
"""As a position or code: there is none."""


class LaneState(enum.Enum, shape=3):
    """Where a lane is: the last of these that holds (docs/cmis.md, section 8)."""

    SEARCHING = 1       # for its markers
    LOCKED = 2
    JOINED = 3          # in step with the others
    DARK = 4            # its levels were looked for, and there are none
    CALIBRATING = 5     # its threshold is being found, or is to be
    GIVEN_UP = 6        # by hand


def summary_layout(errors: Any) -> data.StructLayout:
    """Of a lane, and after it of the link; `errors` is the shape of a lane's errors."""
    return data.StructLayout({
        "locked": 1, "dead": 1, "spared": 1, "state": LaneState, "position": 16, "threshold": 16,
        "phase": 3, "skew": 8, "errors": errors,
        "whole": 1,                     # `errors` are of a whole window
        "reason": DownReason, "number": 4, "total_errors": 32, "total_bits": 32,
    })


class LaneSummary(wiring.Component):
    """Puts together the summary of one lane when it is asked for, and never disturbs anybody.

    It reads what passes by: the status of the lanes in turn, and the codes on their way to the
    DACs. A lane that is not locked is known by the number that it had last.

    Parameters
    ----------
    lanes : int, 2..256
    depth : int
        Of the deskew buffers.
    width : int
        Bits of a threshold; 0 if there are none.
    code_lanes, spares : int
        Places of the code, and spares that may serve them.
    errors : shape
        Of a lane's errors.
    by_place : bool
        Errors are known by place and not by lane.
    sampled : bool
        The lanes' samplers see edges.

    Members
    -------
    lane : 8 bits, in; ask : 1 bit, in
        The summary of this lane is wanted, until `done`.
    done : 1 bit, out; summary : :func:`summary_layout`, out
        For one clock; in it `summary` is right.
    turn : in, 0..lanes-1; seen : :class:`LaneStatus`, in
        Of :class:`LaneWindow`.
    following : array of `lanes` x 0..depth-1, in; address : in, 0..depth-1
        Of the deskew buffers: where each writes next, and where all are read.
    given_up, dark, movable, shunned : `lanes` bits, in
        Known to be dead; found dark; to be calibrated; not believed (:class:`LaneOrder`).
    served : array of `spares` x 11 bits, in
        `table` of :class:`SpareManager`.
    dac_write, dac_lane, dac_code : in
        Of :class:`ThresholdLoop`, if there are thresholds.
    index : out; errors, whole : in
        Of :class:`ErrorWindows`.
    reason, number, total_errors, total_bits : in
        As in the summary.
    all_dark : 1 bit, out
        In the last round of `turn` each lane was found dark, or had no edges; where nobody sees
        edges: no lane was locked.

    Latency: `lanes` + 5 clocks at most; after a reset 2·`lanes` + 12. Cost: a multiplexer of the
    depth's bits and 4 more over all lanes, a memory of a place per lane and one of a code.
    """

    lane: Signal
    ask: Signal
    done: Signal
    summary: Any
    turn: Signal
    seen: data.View
    following: data.View
    address: Signal
    given_up: Signal
    dark: Signal
    movable: Signal
    shunned: Signal
    served: data.View
    dac_write: Signal
    dac_lane: Signal
    dac_code: Signal
    index: Signal
    errors: Signal
    whole: Signal
    reason: Signal
    number: Signal
    total_errors: Signal
    total_bits: Signal
    all_dark: Signal

    def __init__(self, *, lanes: int, depth: int, width: int, code_lanes: int, spares: int,
                 errors: Any, by_place: bool, sampled: bool):
        check_range("lanes", lanes, 2, 256)
        check_range("code_lanes", code_lanes, 1, lanes)
        self._lanes, self._width, self._code_lanes = lanes, width, code_lanes
        self._spares, self._by_place, self._sampled = spares, by_place, sampled
        super().__init__({
            "lane": In(8), "ask": In(1), "done": Out(1), "summary": Out(summary_layout(errors)),
            "turn": In(range(lanes)), "seen": In(LaneStatus),
            "following": In(data.ArrayLayout(range(depth), lanes)), "address": In(range(depth)),
            "given_up": In(lanes), "dark": In(lanes), "movable": In(lanes), "shunned": In(lanes),
            **({"served": In(data.ArrayLayout(11, spares))} if spares else {}),
            **({"dac_write": In(1), "dac_lane": In(range(lanes)), "dac_code": In(width)}
               if width else {}),
            "index": Out(range(lanes)), "errors": In(errors), "whole": In(1),
            "reason": In(DownReason), "number": In(4), "total_errors": In(32),
            "total_bits": In(32), "all_dark": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, summary = self._lanes, self.summary
        here = Signal(range(lanes))
        threshold, settled = self._thresholds(m, here)
        skew = self._skew(m)
        m.submodules.homes = homes = Memory(
            shape=data.StructLayout({"place": range(lanes), "known": 1}), depth=lanes, init=[])
        home, keep = homes.read_port(), homes.write_port()

        kept = Signal(LaneStatus)
        late = Signal.like(skew)
        given_up, dark, movable, shunned = (Signal() for _ in range(4))
        place = Signal(11)                  # that it has, or had last
        placed, valid = Signal(), Signal()
        sweep = Signal(range(lanes))
        m.d.comb += [here.eq(self.lane), home.addr.eq(here), keep.addr.eq(here),
                     keep.data.place.eq(place), keep.data.known.eq(1)]

        with m.FSM():
            with m.State("WIPE"):           # waits until no lane has a place
                m.d.comb += [keep.addr.eq(sweep), keep.en.eq(1), keep.data.eq(0)]
                m.d.sync += sweep.eq(sweep + 1)
                with m.If(sweep == lanes - 1):
                    m.next = "IDLE"
            with m.State("IDLE"):           # waits until it is asked, and for the lane's turn
                m.d.sync += [
                    kept.eq(self.seen), late.eq(skew),
                    *(own.eq(bits.bit_select(here, 1)) for own, bits in (
                        (given_up, self.given_up), (dark, self.dark), (movable, self.movable),
                        (shunned, self.shunned))),
                ]
                with m.If(self.ask & (self.turn == here) & settled):
                    m.next = "PLACE"
            with m.State("PLACE"):
                m.d.sync += [
                    place.eq(Mux(kept.locked, kept.identity, home.data.place)),
                    placed.eq(kept.locked & (kept.identity < lanes) & ~shunned),
                    valid.eq(Mux(kept.locked, kept.identity < lanes, home.data.known)),
                ]
                m.next = "LOOK"
            with m.State("LOOK"):           # at the errors
                m.d.comb += keep.en.eq(valid)
                m.next = "TELL"
            with m.State("TELL"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"

        absent = given_up | (dark & ~kept.locked)
        m.d.comb += [
            self.index.eq(place if self._by_place else here),
            summary.locked.eq(kept.locked), summary.dead.eq(absent),
            summary.position.eq(Mux(placed, place, NONE)), summary.threshold.eq(threshold),
            summary.spared.eq(valid & self._spared(place)), summary.phase.eq(kept.phase),
            summary.skew.eq(Mux(kept.joined, late, 255)),
            summary.errors.eq(Mux(summary.whole, self.errors, 0)),
            summary.whole.eq(self.whole & (placed if self._by_place else kept.locked)),
            summary.reason.eq(self.reason), summary.number.eq(self.number),
            summary.total_errors.eq(self.total_errors), summary.total_bits.eq(self.total_bits),
        ]
        state = summary.state
        with m.If(given_up):
            m.d.comb += state.eq(LaneState.GIVEN_UP)
        with m.Elif(movable):
            m.d.comb += state.eq(LaneState.CALIBRATING)
        with m.Elif(absent):
            m.d.comb += state.eq(LaneState.DARK)
        with m.Elif(kept.joined):
            m.d.comb += state.eq(LaneState.JOINED)
        with m.Elif(kept.locked):
            m.d.comb += state.eq(LaneState.LOCKED)
        with m.Else():
            m.d.comb += state.eq(LaneState.SEARCHING)
        return m

    def _thresholds(self, m: Module, here: Signal):
        """The lane's code, and whether each lane has had one."""
        if not self._width:
            return Const(NONE, 16), Const(1)
        m.submodules.codes = codes = Memory(shape=self._width, depth=self._lanes, init=[])
        read, write = codes.read_port(), codes.write_port()
        settled = Signal()
        m.d.comb += [read.addr.eq(here), write.addr.eq(self.dac_lane), write.en.eq(self.dac_write),
                     write.data.eq(self.dac_code)]
        # After a reset all lanes get a code, the last one last.
        with m.If(self.dac_write & (self.dac_lane == self._lanes - 1)):
            m.d.sync += settled.eq(1)
        return read.data, settled

    def _skew(self, m: Module) -> Signal:
        """Symbols that the lane of `turn` has fewer in its buffer than the fullest of the last
        round; and, by the way, whether all lanes are dark."""
        last = Signal()
        write, read = Signal.like(self.address), Signal.like(self.address)
        fill, fullest, most = (Signal.like(self.address) for _ in range(3))
        skew = Signal.like(self.address)
        lit = Signal()                      # some lane of this round
        quiet = self.seen.quiet if self._sampled else ~self.seen.locked
        shines = ~(quiet | self.given_up.bit_select(self.turn, 1)
                   | self.dark.bit_select(self.turn, 1))
        m.d.comb += [
            last.eq(self.turn == self._lanes - 1), fill.eq(write - read),
            skew.eq(Mux(fill > fullest, 0, fullest - fill)),
        ]
        following = Signal.like(self.turn)  # the lane of the next clock, as `seen` is a clock old
        m.d.comb += following.eq(Mux(last, 0, self.turn + 1))
        m.d.sync += [write.eq(self.following[following]), read.eq(self.address)]
        top = Mux(self.seen.joined & (fill > most), fill, most)
        m.d.sync += [most.eq(Mux(last, 0, top)), lit.eq(~last & (lit | shines))]
        with m.If(last):
            m.d.sync += [fullest.eq(top), self.all_dark.eq(~(lit | shines))]
        return skew

    def _spared(self, place: Signal):
        """A spare serves this place, or this place is that of a spare that serves another."""
        if not self._spares:
            return Const(0)
        served = [self.served[spare] for spare in range(self._spares)]
        return Cat(
            *((entry == place + 1) for entry in served),
            *((place == self._code_lanes + spare) & entry.any()
              for spare, entry in enumerate(served))).any()
