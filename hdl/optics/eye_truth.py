"""The bits that were sent, beside what a lane and the monitor made of them."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..lane.oversampling import check_oversampling
from ..shapes import error_layout
from .error_store import ErrorStore
from .frame_finder import FrameFinder

__all__ = ["EyeTruth"]

_REFILL = 3             # words until the errors of two symbols in a row are there again
_GAIN = 3               # cycles that a word which counts makes up for


class EyeTruth(wiring.Component):
    """Delays the words of a scan until the decoder has judged them, and corrects the lane's bits.

    What was wrong with a lane's symbols comes as they are in its frame, and the words of an eye
    scan are as its sampler takes them (`docs/lane.md`, section 5). So :class:`FrameFinder` says
    where a frame begins in the words, and from there on words and symbols are counted. An error is
    brought to the words, and not the words to the symbols: it is `gear` bits, they are 1 + `ratio`
    times as many.

    Parameters
    ----------
    gear : int, 4..16
    ratio : int, 3, 4 or 8
    delay : int, 16..65536
        Cycles from a word to the errors of its symbols, and of the first one of its frame, at most.
    period, markers, syncs : int
        Symbols per frame, of its marker, and of the sync in that. A frame must be longer than
        `delay` + 64.
    tolerance : int, 0..4
        Wrong bits allowed in a sync.
    patience : int
        Cycles without a word that counts until it is given up; a word that counts makes up for 3 of
        them. So the scan ends, however few words count.

    Members
    -------
    start : 1 bit, in
        A scan begins, and for 8 cycles `mark` is not listened to: the lane may be another one.
    busy : 1 bit, in
        From the cycle after `start` on: the scan is under way. Without, `fec` stays as it is.
    up, sure : 1 bit, in
        The link is up; `errors` are those of the lane that is listened to. With `sure` = 0 they are
        not known.
    seen, bits, more, valid
        Of :class:`EyePlaces`.
    mark : 1 bit, in
        Of the lane.
    errors : :func:`error_layout`, in
        Of the lane's symbols.
    shown : array of `ratio` x `gear` bits, out; sent : `gear` bits, out; counts : 1 bit, out
        There is a word, with the monitor's samples and the truth.
    fec : 1 bit, out
        The scan has had FEC truth so far. With 0, all words count, with the lane's own bits.

    Latency: `delay` words and 2 cycles. Cost with gear 8, ratio 4 and a delay of 116, placed alone:
    632 LUT4, 402 flip-flops, 3 block RAMs, 101 MHz; nothing of it grows with the lanes.
    """

    start: Signal
    busy: Signal
    up: Signal
    sure: Signal
    seen: data.View
    bits: Signal
    more: Signal
    valid: Signal
    mark: Signal
    errors: data.View
    shown: data.View
    sent: Signal
    counts: Signal
    fec: Signal

    def __init__(self, *, gear: int, ratio: int, delay: int, period: int, markers: int, syncs: int,
                 tolerance: int, patience: int):
        check_oversampling(gear, ratio)
        check_range("delay", delay, 16, 65536)
        if period <= delay + 64:
            raise ValueError(f"period must be more than {delay + 64}, delay + 64, not {period}")
        check_range("patience", patience, period, 1 << 24)
        self._gear, self._ratio, self._delay, self._patience = gear, ratio, delay, patience
        self._finder = FrameFinder(gear=gear, delay=delay, syncs=syncs, tolerance=tolerance)
        self._store = ErrorStore(gear=gear, depth=delay + 16, period=period, markers=markers)
        places = data.ArrayLayout(gear, ratio)
        super().__init__({
            "start": In(1), "busy": In(1), "up": In(1), "sure": In(1),
            "seen": In(places), "bits": In(gear), "more": In(2), "valid": In(1), "mark": In(1),
            "errors": In(error_layout(gear)),
            "shown": Out(places), "sent": Out(gear), "counts": Out(1), "fec": Out(1),
        })

    @property
    def gear(self) -> int:
        return self._gear

    @property
    def delay(self) -> int:
        return self._delay

    def elaborate(self, platform):
        m = Module()
        gear = self._gear
        m.submodules.finder, m.submodules.store = finder, store = self._finder, self._store
        word = self._wait(m)
        whole = Signal()
        m.d.comb += whole.eq(word.more == 1)

        # The alignment: `word` begins at bit `off` of the symbol of number `index`.
        index, off = Signal(store.index_bits), Signal(range(gear))
        aligned, confirmed, dated = Signal(), Signal(), Signal()
        ready = Signal(range(_REFILL + 1))  # so many words in a row were whole, and aligned
        target, same, missed = Signal(store.index_bits), Signal(), Signal()
        m.d.comb += [
            target.eq(store.frame + finder.place),
            same.eq(aligned & (index == target) & (off == finder.off)),
            missed.eq(finder.found & dated & confirmed & ~same),
        ]
        with m.If(self.valid):
            m.d.sync += [index.eq(index + 1),
                         ready.eq(Mux(whole, Mux(ready == _REFILL, _REFILL, ready + 1), 0))]
            with m.If(word.more[1]):
                m.d.sync += off.eq(off + 1)
                with m.If(off == gear - 1):
                    m.d.sync += [off.eq(0), index.eq(index + 2)]
            with m.Elif(~word.more[0]):
                m.d.sync += off.eq(off - 1)
                with m.If(off == 0):
                    m.d.sync += [off.eq(gear - 1), index.eq(index)]
        with m.If(finder.found & dated):
            m.d.sync += [aligned.eq(1), confirmed.eq(same)]
            with m.If(~same):
                m.d.sync += [index.eq(target + self.valid), off.eq(finder.off), ready.eq(0)]
        holding = Signal(8)                 # cycles in which the lane may still be the one before
        m.d.sync += holding.eq(Cat(self.start, holding))
        mark = self.mark & ~(self.start | holding.any())
        with m.If(mark):                    # the frame's errors are to come after this
            m.d.sync += dated.eq(0)
        with m.Elif(self.errors.valid & self.errors.first):
            m.d.sync += dated.eq(1)
        with m.If(self.start):
            m.d.sync += [aligned.eq(0), confirmed.eq(0)]
        m.d.comb += [
            finder.clear.eq(self.start), finder.mark.eq(mark), finder.valid.eq(self.valid),
            finder.bits.eq(word.bits), finder.whole.eq(whole),
            store.i.eq(self.errors), store.i.known.eq(self.errors.known & self.sure),
            store.index.eq(index + 3), store.enable.eq(self.valid),
        ]

        # The errors of the symbol in which the word begins, and of the next one.
        error, known = Signal(gear), Signal()
        counts = Signal()
        with m.If(self.valid):
            m.d.sync += [error.eq(store.error), known.eq(store.known)]
        m.d.comb += counts.eq(self.valid & whole & (ready == _REFILL) & confirmed & known
                              & store.known)
        wrong = Cat(error, store.error).bit_select(off, gear)
        m.d.sync += [
            self.shown.eq(word.seen), self.sent.eq(word.bits ^ Mux(self.fec, wrong, 0)),
            self.counts.eq(~self.start & Mux(self.fec, counts, self.valid)),
        ]
        self._judge(m, missed)
        return m

    def _wait(self, m: Module) -> data.View:
        """The word of `delay` words ago."""
        gear, ratio, depth = self._gear, self._ratio, self._delay
        shape = data.StructLayout({"seen": data.ArrayLayout(gear, ratio), "bits": gear, "more": 2})
        m.submodules.line = line = Memory(shape=shape, depth=depth, init=[])
        write, read = line.write_port(), line.read_port()
        place, following = Signal(range(depth)), Signal(range(depth))
        word = Signal(shape)
        m.d.comb += [
            following.eq(Mux(place == depth - 1, 0, place + 1)),
            write.addr.eq(place), write.en.eq(self.valid), write.data.seen.eq(self.seen),
            write.data.bits.eq(self.bits), write.data.more.eq(self.more),
            read.addr.eq(following), read.en.eq(self.valid),
        ]
        with m.If(self.valid):
            m.d.sync += [place.eq(following), word.eq(read.data)]
        return word

    def _judge(self, m: Module, missed: Signal):
        """How long the truth is that of the FEC."""
        left = Signal(range(self._patience))
        some = Signal()                     # a word has counted
        with m.If(self.start):
            m.d.sync += [self.fec.eq(self.up), some.eq(0), left.eq(self._patience - 1)]
        with m.Elif(~self.busy):
            pass
        with m.Elif(~self.up | (left == 0) | (some & (missed | ~self.sure))):
            m.d.sync += self.fec.eq(0)
        with m.Elif(self.counts):
            m.d.sync += some.eq(1)
            with m.If(left < self._patience - _GAIN):
                m.d.sync += left.eq(left + _GAIN)
        with m.Else():
            m.d.sync += left.eq(left - 1)
