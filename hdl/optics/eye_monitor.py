"""Eye scan of a lane while its traffic runs: errors over threshold and phase."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..lane.counting import count_ones
from ..lane.oversampling import check_oversampling
from .dwell import Dwell

__all__ = ["EyeMonitor"]


class EyeMonitor(wiring.Component):
    """Counts, for each code of the monitor, how often it differs from the lane at each place.

    `bits` are the truth: the lane's own decisions or what the FEC says (`docs/lane.md`, section 5).
    All places are counted at once, the codes one after the other.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    ratio : int, 3, 4 or 8
        Samples per bit.
    width : int, 3..12
        Bits of the monitor's code.
    settle : int, ratio..65536
        Of :class:`Dwell`. Meanwhile the counts of the code before go to the table.
    longest : int, 4..32
        Most of `dwell`.
    count_width : int, 8..32
        Bits of a count, which stays at its highest value.

    Members
    -------
    start : 1 bit, in
        Begin, whatever has been going on.
    dwell : 0..longest, in
        2^dwell words are looked at per code; held during the scan.
    seen, bits, valid
        Of :class:`EyePlaces`.
    code : `width` bits, out
        Of the monitor.
    busy : 1 bit, out
    looked : out
        Bits looked at per code and place: gear·2^dwell.
    index_code : `width` bits, in; index_place : 0..ratio-1, in; count : `count_width` bits, out
        An entry of the table, a cycle later; that of the last scan until the new one has come to
        it.

    Latency: `busy` for 2^width·(settle + 2^dwell + 2) words and `ratio` cycles: 135,300 cycles with
    the defaults and a dwell of 11 (16,384 bits per point), 0.27 ms at 500 MHz.

    Cost on an ECP5 of speed grade 6, placed alone, with gear 8: 371, 438 and 712 LUT4, 138, 158 and
    240 flip-flops at ratio 3, 4 and 8, a block RAM, 123 MHz or more.
    """

    start: Signal
    dwell: Signal
    seen: data.View
    bits: Signal
    valid: Signal
    code: Signal
    busy: Signal
    looked: Signal
    index_code: Signal
    index_place: Signal
    count: Signal

    def __init__(self, *, gear: int, ratio: int, width: int = 6, settle: int = 64,
                 longest: int = 20, count_width: int = 16):
        check_oversampling(gear, ratio)
        check_range("width", width, 3, 12)
        check_range("settle", settle, ratio, 65536)
        check_range("longest", longest, 4, 32)
        check_range("count_width", count_width, 8, 32)
        self._gear, self._ratio, self._width, self._settle = gear, ratio, width, settle
        self._longest, self._count_width = longest, count_width
        super().__init__({
            "start": In(1), "dwell": In(range(longest + 1)),
            "seen": In(data.ArrayLayout(gear, ratio)), "bits": In(gear), "valid": In(1),
            "code": Out(width), "busy": Out(1), "looked": Out(range((gear << longest) + 1)),
            "index_code": In(width), "index_place": In(range(ratio)), "count": Out(count_width),
        })

    def elaborate(self, platform):
        m = Module()
        gear, ratio, width = self._gear, self._ratio, self._width
        m.submodules.dwell = dwell = Dwell(settle=self._settle, longest=1 << self._longest)
        m.submodules.table = table = Memory(
            shape=self._count_width, depth=1 << width + (ratio - 1).bit_length(), init=[])
        read, write = table.read_port(), table.write_port()
        m.d.comb += [
            dwell.words.eq(Const(1) << self.dwell), self.looked.eq(gear << self.dwell),
            dwell.valid.eq(self.valid), dwell.start.eq(self.start),
            read.addr.eq(Cat(self.index_place, self.index_code)), self.count.eq(read.data),
        ]

        counts = [Signal(self._count_width, name=f"count{place}") for place in range(ratio)]
        news = [Signal(range(gear + 1), name=f"new{place}") for place in range(ratio)]
        for place, (count, arrived) in enumerate(zip(counts, news, strict=True)):
            wrong = self.seen[place] ^ self.bits
            total = Signal(self._count_width + 1)
            m.d.comb += total.eq(count + arrived)
            with m.If(self.valid):
                m.d.sync += [
                    arrived.eq(Mux(dwell.counting, count_ones(list(wrong)), 0)),
                    count.eq(total[:-1] | total[-1].replicate(self._count_width)),
                ]

        # The counts of a code are written one by one while the next code settles, and leave 0.
        row, place, writing = Signal(width), Signal(range(ratio)), Signal()
        m.d.comb += [write.addr.eq(Cat(place, row)), write.data.eq(counts[0]),
                     write.en.eq(writing)]
        scanning = Signal()
        m.d.comb += self.busy.eq(scanning | writing)
        with m.If(writing):
            m.d.sync += [count.eq(following) for count, following in
                         zip(counts, [*counts[1:], Const(0)], strict=True)]
            m.d.sync += [place.eq(place + 1), writing.eq(place != ratio - 1)]
        with m.If(scanning & dwell.ended):
            m.d.comb += dwell.start.eq(1)
            m.d.sync += [row.eq(self.code), place.eq(0), writing.eq(1),
                         self.code.eq(self.code + 1), scanning.eq(~self.code.all())]
        with m.If(self.start):
            m.d.sync += [self.code.eq(0), scanning.eq(1), writing.eq(0),
                         *(signal.eq(0) for signal in counts + news)]
        return m
