"""The levels of a lane, from the share of ones at different thresholds."""

from amaranth import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..lane.counting import count_ones
from .dwell import Dwell

__all__ = ["LevelFinder"]

_QUICK = 8              # a quick search has windows so many times shorter


class LevelFinder(wiring.Component):
    """Finds the codes of a comparator at which 3/4 and 1/4 of the samples are 1.

    These are the levels of 0 and 1 if half of the bits are 1 (`docs/lane.md`, section 4): no lock
    is needed, and no data are known. Each level is searched for bit by bit from the highest,
    2·width looks in all; a sweep would be 2^width of them. The two last looks, on both sides of the
    level, also tell in which half of the step it lies.

    Parameters
    ----------
    gear : int, 4..16
        Samples per word.
    width : int, 3..12
        Bits of the code.
    settle : int
        Of :class:`Dwell`.
    window : int, 16..65536
        Words of a look. With n samples the crossing is off by 2.2 / sqrt(n) standard deviations of
        the lane's noise (one sigma): 0.03 with 4096 samples, 0.1 with the 512 of a quick search.
    least : int, 1..2^width - 1
        The least difference of the levels in codes that is not dark.

    Members
    -------
    start : 1 bit, in
        Begin, whatever has been going on.
    quick : 1 bit, in
        Windows of an eighth; held from the cycle after the start to the end.
    i : `gear` samples, in; i_valid : 1 bit, in
    code : `width` bits, out
    moved : 1 bit, out
        The code is a new one.
    done : 1 bit, out
        The search is over; what follows holds until the next start.
    low, high : `width` bits, out
        The highest codes found with enough ones.
    middle : `width` + 2 bits, out
        The mean of the levels in quarter codes.
    dark, beyond : 1 bit, out

    Latency: 2·width·(settle + window + 2) words from the start to `done`, and 3 cycles: 6939
    with the defaults, 1563 if quick. Cost, gear 8: 209 LUT4, 97 flip-flops.
    """

    start: Signal
    quick: Signal
    i: Signal
    i_valid: Signal
    code: Signal
    moved: Signal
    done: Signal
    low: Signal
    high: Signal
    middle: Signal
    dark: Signal
    beyond: Signal

    def __init__(self, *, gear: int, width: int = 6, settle: int = 64, window: int = 512,
                 least: int = 4):
        check_range("gear", gear, 4, 16)
        check_range("width", width, 3, 12)
        check_range("window", window, 16, 65536)
        check_range("least", least, 1, (1 << width) - 1)
        self._gear, self._width, self._window, self._least = gear, width, window, least
        self._dwell = Dwell(settle=settle, longest=window)
        super().__init__({
            "start": In(1), "quick": In(1), "i": In(gear), "i_valid": In(1),
            "code": Out(width), "moved": Out(1), "done": Out(1), "low": Out(width),
            "high": Out(width), "middle": Out(width + 2), "dark": Out(1), "beyond": Out(1),
        })

    @property
    def width(self) -> int:
        return self._width

    def elaborate(self, platform):
        m = Module()
        width, top = self._width, 1 << self._width - 1
        m.submodules.dwell = dwell = self._dwell

        # Ones of a look, and how many there must be for the bit to stay.
        look = Signal()
        arrived = Signal(range(self._gear + 1))
        ones = Signal(range(self._window * self._gear + 1))
        upper = Signal()                    # it is the level of 1 that is looked for
        enough = Signal.like(ones)
        full, eighth = (words * self._gear for words in (self._window, self._window // _QUICK))
        m.d.comb += [
            dwell.words.eq(Mux(self.quick, self._window // _QUICK, self._window)),
            dwell.valid.eq(self.i_valid), dwell.start.eq(look),
            enough.eq(Mux(upper, Mux(self.quick, _part(eighth, 1), _part(full, 1)),
                          Mux(self.quick, _part(eighth, 3), _part(full, 3)))),
        ]
        with m.If(self.i_valid):
            m.d.sync += [arrived.eq(Mux(dwell.counting, count_ones(list(self.i)), 0)),
                         ones.eq(ones + arrived)]

        # The search: `sure` has the bits that are known, `bit` the one that is tried.
        sure, bit = Signal(width), Signal(width)
        found = Signal(width)
        excess = Signal(signed(len(ones) + 1))
        kept, dropped = Signal.like(ones), Signal.like(ones)    # its distance at the last such look
        over = Signal(2)                    # the level of 0, of 1 has just been found
        halves = Signal(2)                  # they lie in the upper half of the step
        m.d.comb += [self.code.eq(sure | bit), excess.eq(ones - enough),
                     found.eq(Mux(excess >= 0, self.code, sure))]
        over_before = Signal()
        m.d.sync += [self.moved.eq(0), over.eq(0), over_before.eq(over[1]),
                     self.done.eq(over_before)]
        with m.If(dwell.ended):
            m.d.comb += look.eq(~(upper & bit[0]))
            m.d.sync += [sure.eq(found), bit.eq(bit >> 1), self.moved.eq(look), ones.eq(0)]
            with m.If(excess >= 0):
                m.d.sync += kept.eq(excess)
            with m.Else():
                m.d.sync += dropped.eq(-excess)
            with m.If(bit[0] & ~upper):
                m.d.sync += [self.low.eq(found), over[0].eq(1), upper.eq(1), sure.eq(0),
                             bit.eq(top)]
            with m.If(bit[0] & upper):
                m.d.sync += [self.high.eq(found), over[1].eq(1)]
        with m.If(over.any()):
            m.d.sync += [kept.eq(0), dropped.eq(0)]
            for half, now in zip(halves, over, strict=True):
                with m.If(now):
                    m.d.sync += half.eq(kept > dropped)
        with m.If(self.start):
            m.d.comb += look.eq(1)
            m.d.sync += [sure.eq(0), bit.eq(top), upper.eq(0), self.moved.eq(1), over.eq(0),
                         over_before.eq(0), self.done.eq(0), ones.eq(0), arrived.eq(0),
                         kept.eq(0), dropped.eq(0)]

        m.d.sync += [
            self.middle.eq(((self.low + self.high) << 1) + 1 + halves[0] + halves[1]),
            self.dark.eq(self.high < self.low + self._least),
            self.beyond.eq((self.low == 0) | self.high.all()),
        ]
        return m


def _part(samples: int, quarters: int) -> int:
    """Quarters of the samples, rounded up."""
    return -(-samples * quarters // 4)
