"""Where the frames of a lane begin in its bits as they were taken, word by word."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..framing.marker import SYNC
from ..lane.counting import count_ones
from ..lane.oversampling import check_oversampling

__all__ = ["FrameFinder"]

_MARK_CYCLES = 5
"""In these, the last of them that of `mark`, come the word that the lane's repacker has last heard
of as it delivers the first symbol of a frame, and all after it."""


class FrameFinder(wiring.Component):
    """Looks for the sync in the bits around the place at which a lane says that a frame begins.

    When the lane's repacker delivers a symbol, up to 2·gear - 1 bits behind it are in store, and
    the aligner takes the symbol up to gear bits earlier: so the frame begins in the three words
    before the last one that the repacker has heard of, and at which of their bits, the sync shows.
    The bits come here `delay` words later, as only then is it known what was wrong with them.

    Parameters
    ----------
    gear : int, 4..16
        Bits per word and symbol.
    delay : int, 16..65536
        Words from where `mark` and `valid` are to `bits`.
    syncs : int
        Symbols of the sync.
    tolerance : int, 0..4
        Wrong bits allowed in it.

    Members
    -------
    clear : 1 bit, in
        Forget all.
    mark : 1 bit, in
        Of the lane: of the words of this cycle and the four before, the first is that last word. If
        there was none, it is to come.
    valid : 1 bit, in
        A word comes; `bits` are those of the word `delay` words before it from the next cycle on,
        and until the next word.
    bits : `gear` bits, in; whole : 1 bit, in
        That word, and whether it is `gear` bits that follow each other.
    found : 1 bit, out
        A frame has been found, in a cycle with or without `valid`: `bits` begin with bit `off` of
        its symbol of number `place`. It is told once per `mark`, or not at all.
    off : out, 0..gear-1; place : out
        The first symbol of the frame has the number 0.

    Latency: `delay` words from `mark`, and up to 3·gear + 2 cycles.
    """

    clear: Signal
    mark: Signal
    valid: Signal
    bits: Signal
    whole: Signal
    found: Signal
    off: Signal
    place: Signal

    def __init__(self, *, gear: int, delay: int, syncs: int, tolerance: int):
        check_oversampling(gear, 4)
        check_range("delay", delay, 16, 65536)
        check_range("tolerance", tolerance, 0, 4)
        self._gear, self._delay, self._syncs, self._tolerance = gear, delay, syncs, tolerance
        super().__init__({
            "clear": In(1), "mark": In(1), "valid": In(1), "bits": In(gear), "whole": In(1),
            "found": Out(1), "off": Out(range(gear)), "place": Out(self.place_bits),
        })

    @property
    def place_bits(self) -> int:
        """Bits of a place: those of the view, and the words that come while it is searched."""
        return (3 + self._syncs + 3 * self._gear + 2).bit_length()

    def elaborate(self, platform):
        m = Module()
        gear, words = self._gear, 3 + self._syncs
        size = gear * self._syncs

        # How many words have come, from the repacker's on.
        before = Signal(_MARK_CYCLES - 1)
        since = Signal(range(_MARK_CYCLES + 1))
        m.d.sync += before.eq(Cat(self.valid, before))
        m.d.comb += since.eq(count_ones([self.valid, *before]))

        # The words that may hold the sync; `bits` are the next one.
        view = Signal(gear * words)
        clean = Signal(range(words + 1))    # so many words in a row, up to that one, were whole
        left = Signal(range(self._delay + self._syncs + 2))
        search, primed = Signal(), Signal()
        differ = Signal(range(size + 1))
        hit, last = Signal(), Signal()
        m.d.comb += [
            last.eq(self.off == 0),
            hit.eq((differ <= self._tolerance) | (differ >= size - self._tolerance)),
            self.found.eq(search & primed & hit & (self.whole | ~self.valid) & ~self.mark),
        ]
        steps = Signal(range(3 * gear + 1))
        with m.If(self.valid):
            m.d.sync += [clean.eq(Mux(self.whole, Mux(clean == words, words, clean + 1), 0))]
        with m.If(self.valid & ~search):
            m.d.sync += view.eq(Cat(view[gear:], self.bits))
        with m.If(left.any() & self.valid):
            m.d.sync += left.eq(left - 1)
            with m.If((left == 1) & self.whole & (clean >= words - 1)):
                m.d.sync += [search.eq(1), primed.eq(0), steps.eq(0), self.off.eq(0),
                             self.place.eq(words)]
        with m.If(search):
            # `off` and `place` are those for the bits that `differ` has judged, a cycle ago.
            m.d.sync += [view.eq(view[1:]), primed.eq(1), steps.eq(steps + 1),
                         differ.eq(count_ones(list(view[:size] ^ (SYNC & ((1 << size) - 1)))))]
            step = primed & last
            m.d.sync += self.place.eq(self.place + self.valid - step)
            with m.If(primed):
                m.d.sync += self.off.eq(Mux(last, gear - 1, self.off - 1))
            with m.If(self.found | (steps == 3 * gear) | (self.valid & ~self.whole)):
                m.d.sync += search.eq(0)
        with m.If(self.mark):
            m.d.sync += [left.eq(self._delay + self._syncs + 1 - since), search.eq(0)]
        with m.If(self.clear):
            m.d.sync += [left.eq(0), search.eq(0)]
        return m
