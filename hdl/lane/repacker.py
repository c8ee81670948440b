"""Whole symbols from words that are now and then a bit too short or too long."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_gear

__all__ = ["Repacker"]


class Repacker(wiring.Component):
    """Collects `gear` - 1 to `gear` + 1 bits per cycle to symbols of `gear` bits.

    Bits that do not fill a symbol wait. When they are short of one, a cycle brings no symbol; when
    two symbols are complete at once, the second waits for a cycle without one. So 2·gear - 1 bits
    can be in store, and after a cycle without a symbol there is room for `gear` bits more than
    `gear` per cycle. A source that is faster than that on average must lose symbols: the clock has
    to be at least as fast as the source.

    Parameters
    ----------
    gear : int, 4..16
        Bits per symbol.

    Members
    -------
    i : `gear` + 1 bits, in
        The last gear - 1 + `more` of them count, oldest first.
    more : 0..2, in
    o : `gear` bits, out; o_valid : 1 bit, out
    lost : 1 bit, out
        A symbol has been left out, as a second one waited already.

    Latency: 1 cycle, 2 while a symbol waits. Cost with gear 8: 155 LUT4, most of
    them for the shift by 0 to gear - 1 bits, and 29 flip-flops.
    `tests/hdl/lane/test_repacker.py` proves that bits are neither lost nor doubled nor put in
    another order, unless `lost` says so.
    """

    i: Signal
    more: Signal
    o: Signal
    o_valid: Signal
    lost: Signal

    def __init__(self, *, gear: int):
        check_gear(gear)
        self._gear = gear
        self.rest = Signal(gear - 1)        # bits short of a symbol; 0 beyond them
        self.fill = Signal(range(gear))     # how many they are
        self.waiting = Signal(gear)
        self.waits = Signal()
        super().__init__({
            "i": In(gear + 1), "more": In(2), "o": Out(gear), "o_valid": Out(1), "lost": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        gear = self._gear
        new = Signal(gear + 1)
        ends = Signal(range(gear + 2))      # where the new bits end, from gear - 1 on
        bits = Signal(2 * gear)
        m.d.comb += [
            new.eq(Mux(self.more[1], self.i, Mux(self.more[0], self.i[1:], self.i[2:]))),
            ends.eq(self.fill + self.more),
            bits.eq((new << self.fill) | self.rest),
        ]
        one, two = ends != 0, ends == gear + 1
        m.d.sync += [
            self.fill.eq(Mux(one, Mux(two, 0, ends - 1), gear - 1)),
            self.rest.eq(Mux(one, Mux(two, 0, bits[gear:]), bits)),
            self.o.eq(Mux(self.waits, self.waiting, bits)),
            self.o_valid.eq(self.waits | one),
            self.waits.eq(Mux(self.waits, one, two)),
            self.waiting.eq(Mux(self.waits, bits, bits[gear:])),
            self.lost.eq(self.waits & two),
        ]
        return m
