"""Lane health: which lanes are dying though they have their lock, from what the FEC corrects."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["LaneHealth", "health_window", "look_layout"]

_LEAST_WINDOW = 256
_WINDOWS = 64           # per epoch
_CALM = 4               # quiet windows in a row until a lane is trusted again
_SUSPECT, _CLEARED = 16, 4      # wrong symbols per epoch


def health_window(places: int) -> int:
    """Cycles per window, a power of two: each place is looked at once in it. In less than 256
    chance would decide."""
    return max(_LEAST_WINDOW, 1 << (places - 1).bit_length())


def look_layout(places: int, window: int) -> data.StructLayout:
    """What was found of a place in a window, and whether it counts."""
    return data.StructLayout({"valid": 1, "place": range(places), "counts": 1,
                              "wrong": range(window + 1)})


class LaneHealth(wiring.Component):
    """Counts the wrong symbols of each place and says which places are not to be relied on.

    Each place has a small counter; a scan looks at one place per cycle, takes what was counted
    since its last look (a *window*), judges that, and adds it to the place's word in a memory. So
    there is one judge and one wide adder for all places.

    A place becomes sick with window/16 wrong symbols in a window, and is well again after four
    windows in a row with at most window/64. A sick place is to be erased, and its lane replaced. On
    average an erasure costs one parity symbol and an error two; so what counts is not the rate at
    which a lane alone would pay (1/2), but that one which is wrong in one symbol of 16 dies. At a
    bit error rate of 1e-4 on all lanes, the most that the code bears, chance makes a window of 256
    that bad with probability 1e-25 (with window/32 it would be 1e-10, once a minute at 128 lanes).

    A place that is not `live` is taken for sick, too: whoever comes back has to show four quiet
    windows. So a lane that flaps stays erased, and an LED that has been replaced because of its
    errors, and carries the spare's symbols now, does not count as alive until these are right.

    A place is `suspect` from 16 wrong symbols in an *epoch* of 64 windows (a symbol error rate of
    1e-3, or more in a shorter time) until an epoch has fewer than 4.

    Parameters
    ----------
    places : int
        All places, those of the code first.
    code_places : int
    limit : int
        Places of the code that may be erased at once; no further one becomes sick then.
    window : int
        Cycles, a power of two from 64 on and from `places`; 0 for :func:`health_window`.

    Members
    -------
    wrong : `places` bits, in
        Places whose symbol was wrong in this cycle.
    live : `places` bits, in
        Places that have a lane. What the others show is not counted, nor the first window of one
        that is new.
    erased : `code_places` bits, in
        Places that are erased whatever this block says.
    up : 1 bit, in
        While 0 nothing is counted, and no place is sick.
    clear : 1 bit, in
        Zero the totals and `errors`. Within a window; until then no place becomes sick.
    sick : `places` bits, out
    count : out, 0..code_places
        Places of the code that are `erased` or `sick`, each as it was last looked at.
    sick_lanes, suspect_lanes : 11 bits, out
        Places that are live and sick, and suspect, as of the last whole window.
    index : 11 bits, in; errors : 32 bits, out; place_sick, place_suspect : 1 bit, out
        Place to show; its wrong symbols since `clear`, saturating, and its state. Renewed when it
        is looked at.
    report_index : 11 bits, in; report_errors : 32 bits, report_live : 1 bit, out
        Another place to show: its `errors`, and whether it is live; not until it is looked at
        after `clear`. Renewed likewise.
    look : :func:`look_layout`, out
        A place is looked at in this cycle, and what is found.

    Latency: a place that becomes wrong is `sick` after two windows and 2 cycles at the latest, if
    it has window/16 wrong symbols per window. With more than `limit` places `erased` and `sick`,
    sick ones are given up within two windows.

    While no symbol is wrong only the scan's address moves. Cost: 2384 LUT4, 762 carry cells and
    1615 flip-flops with 140 places on ECP5, and a memory of 42 bits per place.
    """

    wrong: Signal
    live: Signal
    erased: Signal
    up: Signal
    clear: Signal
    sick: Signal
    count: Signal
    sick_lanes: Signal
    suspect_lanes: Signal
    index: Signal
    errors: Signal
    place_sick: Signal
    place_suspect: Signal
    report_index: Signal
    report_errors: Signal
    report_live: Signal
    look: data.View

    def __init__(self, *, places: int, code_places: int, limit: int, window: int = 0):
        if not 1 <= code_places <= places:
            raise ValueError(f"code_places must be 1 to {places}, not {code_places}")
        if not 0 <= limit <= code_places:
            raise ValueError(f"limit must be 0 to {code_places}, not {limit}")
        window = window or health_window(places)
        if window < max(64, places) or window & window - 1:
            raise ValueError(f"window must be a power of two of {max(64, places)} or more, "
                             f"not {window}")
        self._places, self._code_places, self._limit = places, code_places, limit
        self._window = window
        super().__init__({
            "wrong": In(places), "live": In(places), "erased": In(code_places), "up": In(1),
            "clear": In(1), "sick": Out(places), "count": Out(range(code_places + 1)),
            "sick_lanes": Out(11), "suspect_lanes": Out(11), "index": In(11),
            "errors": Out(32), "place_sick": Out(1), "place_suspect": Out(1),
            "report_index": In(11), "report_errors": Out(32), "report_live": Out(1),
            "look": Out(look_layout(places, window)),
        })

    @property
    def window(self) -> int:
        return self._window

    def elaborate(self, platform):
        m = Module()
        places, window = self._places, self._window

        # The scan: a window has `window` turns, those from `places` on without a place.
        turn = Signal(range(window))
        epoch = Signal(range(_WINDOWS))
        wiping = Signal(init=1)         # this round takes the memory's words for 0
        m.d.sync += turn.eq(turn + 1)
        with m.If(turn == window - 1):
            m.d.sync += [wiping.eq(0), epoch.eq(epoch + 1)]
        place = Signal(range(window))   # that is judged: the one of the turn before
        judging, wipe, final = Signal(), Signal(init=1), Signal()
        m.d.sync += [place.eq(turn), judging.eq(turn < places), wipe.eq(wiping),
                     final.eq(epoch == _WINDOWS - 1)]

        counters = [Signal(range(window + 1), name=f"counter{number}") for number in range(places)]
        for number, counter in enumerate(counters):
            with m.If(turn == number):
                m.d.sync += counter.eq(self.wrong[number])
            with m.Elif(self.wrong[number]):
                m.d.sync += counter.eq(counter + 1)
        found = Signal(range(window + 1))
        m.d.sync += found.eq(data.View(
            data.ArrayLayout(range(window + 1), places), Cat(counters))[turn])
        with m.If(self.clear):
            m.d.sync += [turn.eq(0), wiping.eq(1), place.eq(0), judging.eq(0),
                         *(counter.eq(0) for counter in counters)]
        self._judge(m, turn, place, judging, wipe, final, found)
        return m

    def _judge(self, m: Module, turn, place, judging, wipe, final, found):
        """What the scan has found of one place, in one cycle."""
        places, code_places, window = self._places, self._code_places, self._window
        shape = data.StructLayout({
            "total": 32, "recent": range(_SUSPECT + 1), "suspect": 1, "quiet": range(_CALM),
            "fresh": 1,         # it had no lane when it was last looked at
            "counted": 1,       # in `count`
        })
        m.submodules.memory = memory = Memory(shape=shape, depth=places, init=[])
        read, write = memory.read_port(), memory.write_port()
        old, new = Signal(shape), write.data
        here, sick, other, in_code = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [
            read.addr.eq(turn), write.addr.eq(place),
            write.en.eq(judging & (wipe | (new != old))),
            old.eq(Mux(wipe, 0, read.data)), in_code.eq(place < code_places),
            here.eq(self.up & self.live.bit_select(place, 1)),
            sick.eq(self.sick.bit_select(place, 1)),
            other.eq(in_code & self.erased.bit_select(place, 1)),
        ]

        # Counting.
        counts = Signal()
        total, recent = Signal(33), Signal(range(_SUSPECT + window + 1))
        m.d.comb += [
            counts.eq(here & ~old.fresh), new.fresh.eq(~here),
            self.look.valid.eq(judging), self.look.place.eq(place), self.look.counts.eq(counts),
            self.look.wrong.eq(found), total.eq(old.total + Mux(counts, found, 0)),
            new.total.eq(total[:32] | total[32].replicate(32)),
            recent.eq(old.recent + Mux(counts, found, 0)),
            new.recent.eq(Mux(final, 0, Mux(recent > _SUSPECT, _SUSPECT, recent))),
            new.suspect.eq((recent >= _SUSPECT) | (old.suspect & ~(final & (recent < _CLEARED)))),
        ]

        # Judging.
        quiet, wanted, bearable = Signal(), Signal(), Signal()
        becomes = Signal()
        m.d.comb += [
            quiet.eq(counts & (found <= window // 64)),
            new.quiet.eq(Mux(quiet, Mux(old.quiet == _CALM - 1, old.quiet, old.quiet + 1), 0)),
            wanted.eq(self.up & (~here | (counts & (found >= window // 16)) | (
                sick & ~(quiet & (old.quiet == _CALM - 1))))),
            # A new one only if there is room, which is known after a round; and if other places
            # have taken the room, one goes with each look until they fit.
            bearable.eq(~in_code | (self.count <= self._limit) & (
                sick | other | (~wipe & (self.count < self._limit)))),
            becomes.eq(wanted & bearable), new.counted.eq(in_code & (other | becomes)),
        ]
        sicks, suspects = Signal(11), Signal(11)        # of this round, with this place
        sicks_before, suspects_before = Signal(11), Signal(11)
        m.d.comb += [sicks.eq(sicks_before + (judging & becomes & here)),
                     suspects.eq(suspects_before + (judging & new.suspect))]
        m.d.sync += [sicks_before.eq(sicks), suspects_before.eq(suspects)]
        with m.If(judging):
            m.d.sync += [
                self.sick.eq(self.sick & ~(Const(1, places) << place)
                             | (becomes << place)[:places]),
                self.count.eq(self.count + new.counted - old.counted),
            ]
            with m.If(place == self.index):
                m.d.sync += [self.errors.eq(new.total), self.place_sick.eq(becomes),
                             self.place_suspect.eq(new.suspect)]
            with m.If(place == self.report_index):
                m.d.sync += [self.report_errors.eq(new.total), self.report_live.eq(here)]
        with m.If(place == window - 1):
            m.d.sync += [self.sick_lanes.eq(sicks), self.suspect_lanes.eq(suspects)]
        with m.If((place == window - 1) | self.clear):
            m.d.sync += [sicks_before.eq(0), suspects_before.eq(0)]
        with m.If(self.clear):
            m.d.sync += [self.count.eq(0), self.errors.eq(0), self.report_live.eq(0)]
