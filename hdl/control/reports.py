"""Reports about the lanes over the back-channel: the receiver counts errors, the far transmitter
hears of them (docs/link-format.md, section 9)."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..shapes import report_layout

__all__ = ["LEVEL_BITS", "ReportReader", "ReportSender", "report_word"]

LEVEL_BITS = 4
"""Of the errors in a report."""

report_word = data.StructLayout({"lane": 11, "level": LEVEL_BITS, "report": 1})
"""One report; `report` is 1, and 0 in an entry of the sparing."""


def _check_lanes(lanes: int):
    check_range("lanes", lanes, 2, 2048)


class ReportSender(wiring.Component):
    """The receiver's half: makes reports of the lanes in turn from running totals of their errors.

    The totals are those of :class:`LaneHealth`: it shows the lane that is asked for, and renews it
    once in a window. The difference to the lane's last turn is what is reported, so nothing is
    counted here, and what is counted while a report waits is in the next one. A lane makes no
    report of a turn in which it is not live, or was not at the last one, or whose total is full or
    has gone back (it was cleared): then it is not known how many there were. Words that could not
    be corrected count as an error of every lane, as nobody knows whose errors they had.

    Parameters
    ----------
    lanes : int, 2..2048
    wait : int, 2..65536
        Clocks from a new `index` until `errors` is that lane's, and new: the window of
        :class:`LaneHealth`, and 4.
    shift : int, 0..24
        Errors per unit of a level, as a power of two.

    Members
    -------
    up : 1 bit, in
        While 0 no report is made, and what was is forgotten.
    index : 11 bits, out
        The lane whose errors are wanted.
    live : 1 bit, in; errors : 32 bits, in
        Of that lane; a total that saturates.
    failed : 32 bits, in
        Words that could not be corrected; a total.
    o : stream of :attr:`report_word`, out
        Taken when it has been said for as long as one must be. All windows are as long as it takes
        all lanes to be reported, so it should be taken at even times.

    Latency: `wait` + 6 to `wait` + 12 clocks, by the level, from when a report is taken to the
    next, if that lane makes one. Cost on an ECP5 of speed grade 6, placed alone, with 140 lanes:
    260 LUT4, 196 flip-flops, a block RAM; 134 MHz.
    """

    up: Signal
    index: Signal
    live: Signal
    errors: Signal
    failed: Signal
    o: stream.Interface

    def __init__(self, *, lanes: int, wait: int = 260, shift: int = 0):
        _check_lanes(lanes)
        check_range("wait", wait, 2, 65536, " clocks")
        check_range("shift", shift, 0, 24, " bits")
        self._lanes, self._wait, self._shift = lanes, wait, shift
        super().__init__({
            "up": In(1), "index": Out(11), "live": In(1), "errors": In(32), "failed": In(32),
            "o": Out(stream.Signature(report_word)),
        })

    def elaborate(self, platform):
        m = Module()
        # What a lane's total was at its last turn, if it was live then.
        shape = data.StructLayout({"total": 32, "known": 1})
        m.submodules.memory = memory = Memory(shape=shape, depth=self._lanes, init=[])
        reader, writer = memory.read_port(), memory.write_port()
        learning = Signal(init=1)       # the memory has nothing of this lane
        spoilt = Signal()               # `up` was 0 in this turn
        waited = Signal(range(self._wait))
        before = Signal(shape)
        total, full = Signal(32), Signal()
        less, known = Signal(), Signal()
        units = Signal(32)
        halved = Signal(range(7))       # times that the units have been halved
        m.d.comb += [
            reader.addr.eq(self.index), writer.addr.eq(self.index),
            writer.data.total.eq(total), writer.data.known.eq(self.live & ~full),
            self.o.payload.lane.eq(self.index), self.o.payload.report.eq(1),
        ]
        difference = Signal(33)
        with m.FSM():
            with m.State("WAIT"):       # waits until the lane's total is there
                m.d.sync += [waited.eq(waited + 1), before.eq(reader.data)]
                with m.If(waited == self._wait - 1):
                    m.next = "SUM"
            with m.State("SUM"):
                m.d.sync += [total.eq(self.errors + self.failed), full.eq(self.errors.all())]
                m.next = "COMPARE"
            with m.State("COMPARE"):
                m.d.comb += [difference.eq(total - before.total), writer.en.eq(1)]
                m.d.sync += [
                    units.eq(difference[:32] >> self._shift), less.eq(difference[32]),
                    known.eq(before.known & self.live & ~full & ~learning), halved.eq(0),
                ]
                m.next = "CHECK"
            with m.State("CHECK"):
                m.next = "LEVEL"
                with m.If(~known | less | spoilt):
                    m.next = "LEAVE"
            with m.State("LEVEL"):      # the highest two bits, and how many are behind them
                many = units > 3
                with m.If(many & (halved != 6)):
                    m.d.sync += [units.eq(units >> 1), halved.eq(halved + 1)]
                with m.Else():
                    m.d.sync += self.o.payload.level.eq(
                        Mux(many, 15, (halved << 1) + units[:2]))
                    m.next = "TELL"
            with m.State("TELL"):       # waits until it has been said
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.next = "LEAVE"
            with m.State("LEAVE"):
                m.d.sync += [waited.eq(0), self.index.eq(self.index + 1), spoilt.eq(0)]
                with m.If(self.index == self._lanes - 1):
                    m.d.sync += [self.index.eq(0), learning.eq(0)]
                with m.If(spoilt):
                    m.d.sync += [self.index.eq(0), learning.eq(1)]
                m.next = "WAIT"
        with m.If(~self.up):
            m.d.sync += spoilt.eq(1)
        return m


class ReportReader(wiring.Component):
    """The transmitter's half: hears reports among the words of the sparing.

    A word is held for some frames, so it is a report only when it is another than the last one.

    Parameters
    ----------
    lanes : int, 2..2048

    Members
    -------
    word : :attr:`report_word`, in
        As heard from the far receiver, in step with the clock.
    o : stream of :func:`report_layout`, out
        `errors` is a level. Reports of lanes that do not exist are ignored.

    Latency: 1 clock. Cost with 140 lanes: 39 LUT4, 17 flip-flops.
    """

    word: data.View
    o: stream.Interface

    def __init__(self, *, lanes: int):
        _check_lanes(lanes)
        self._lanes = lanes
        super().__init__({
            "word": In(report_word),
            "o": Out(stream.Signature(report_layout(lanes, LEVEL_BITS))),
        })

    def elaborate(self, platform):
        m = Module()
        last = Signal(report_word)
        m.d.comb += [self.o.payload.lane.eq(last.lane), self.o.payload.errors.eq(last.level)]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.word.report & (self.word.lane < self._lanes)
                  & (self.word.as_value() != last.as_value()) & (~self.o.valid | self.o.ready)):
            m.d.sync += [last.eq(self.word), self.o.valid.eq(1)]
        return m
