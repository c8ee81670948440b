"""What the host sees of each lane: looked at in turn, kept in a memory."""

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .f16 import RateToF16
from .vendor import MOST_LANES

__all__ = ["LaneTable", "lane_record"]


def lane_record(width: int) -> data.StructLayout:
    """What the link says of a lane; `width` bits per count.

    `errors` are those among `bits` bits, since the record was asked for last or over any other
    window. The rest is as in docs/cmis.md, section 5.
    """
    return data.StructLayout({
        "locked": 1, "dead": 1, "spared": 1, "state": 8, "position": 16, "bias": 16,
        "modulation": 16, "threshold": 16, "phase": 8, "skew": 8, "errors": width, "bits": width})


class LaneTable(wiring.Component):
    """Asks for the record of one lane after the other, without end, and keeps it for the host.

    So the host's reads need nothing of the link, and the link may take its time. A lane whose
    record does not come is waited for.

    Parameters
    ----------
    lanes : int, 1..256
    width : int, 4..48
        Of the counts.

    Members
    -------
    lane : out, 0..lanes-1; ask : 1 bit, out
        The record of this lane is wanted, until `answer`.
    answer : 1 bit, in; record : :func:`lane_record`, in
        In the same clock, while `ask` is 1.
    limit : 16 bits, in
        In F16.
    locked, dead, spared : `lanes` bits, out
    lock_lost, died, rate_high : `lanes` bits, out
        One clock: as the flags of page B2h.
    locked_lanes, dead_lanes : out, 0..lanes
    scans : 16 bits, out
        Rounds.
    word : 11 bits, in; pair : 16 bits, out
        Bytes of the records, as 8 pairs per lane; 2 clocks later.

    Latency: a lane takes 12 clocks, those for its record, and those of :class:`RateToF16`; with 136
    lanes and counts of 32 bits a round is up to 30,000 clocks, which is 0.3 ms at 100 MHz. Cost: a
    block RAM, and 8 flip-flops per lane.
    """

    lane: Signal
    ask: Signal
    answer: Signal
    record: Any
    limit: Signal
    locked: Signal
    dead: Signal
    spared: Signal
    lock_lost: Signal
    died: Signal
    rate_high: Signal
    locked_lanes: Signal
    dead_lanes: Signal
    scans: Signal
    word: Signal
    pair: Signal

    def __init__(self, *, lanes: int, width: int):
        check_range("lanes", lanes, 1, MOST_LANES)
        self._lanes = lanes
        self._converter = RateToF16(width=width)
        super().__init__({
            "lane": Out(range(lanes)), "ask": Out(1), "answer": In(1),
            "record": In(lane_record(width)), "limit": In(16),
            "locked": Out(lanes), "dead": Out(lanes), "spared": Out(lanes),
            "lock_lost": Out(lanes), "died": Out(lanes), "rate_high": Out(lanes),
            "locked_lanes": Out(range(lanes + 1)), "dead_lanes": Out(range(lanes + 1)),
            "scans": Out(16), "word": In(11), "pair": Out(16),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, record = self._lanes, self.record
        m.submodules.converter = converter = self._converter
        m.submodules.memory = memory = Memory(shape=16, depth=8 * lanes, init=[])
        writer, reader = memory.write_port(), memory.read_port()

        kept = Signal.like(record)
        place = Signal(3)
        over = Signal(lanes)                # error rate above the limit, of each lane
        seen = Signal(lanes)                # its record is in the memory
        count_locked = Signal(range(lanes + 1))
        count_dead = Signal(range(lanes + 1))
        shown = Signal()                    # the pair that is read is of a lane that was seen
        m.d.comb += [
            converter.errors.eq(kept.errors), converter.bits.eq(kept.bits),
            writer.addr.eq(Cat(place, self.lane)), reader.addr.eq(self.word),
        ]
        errors = Mux(kept.errors > 0xFFFF, 0xFFFF, kept.errors)
        head = Cat(kept.state, kept.locked, kept.dead, kept.spared, Const(0, 4), Const(1, 1))
        words = [head, kept.position, kept.bias, kept.modulation, kept.threshold,
                 Cat(kept.skew, kept.phase), converter.code, errors]
        with m.Switch(place):
            for index, value in enumerate(words):
                with m.Case(index):
                    m.d.comb += writer.data.eq(value)

        # The memory's contents begin undefined.
        m.d.sync += [shown.eq(seen.bit_select((self.word >> 3)[:len(self.lane) or 1], 1)
                              & (self.word < 8 * lanes)),
                     self.pair.eq(Mux(shown, reader.data, 0))]

        now = Const(1, lanes) << self.lane
        at = self.lane
        m.d.sync += [self.lock_lost.eq(0), self.died.eq(0), self.rate_high.eq(0)]
        with m.FSM():
            with m.State("ASK"):            # for the record
                m.d.comb += self.ask.eq(1)
                with m.If(self.answer):
                    m.d.sync += kept.eq(record)
                    m.next = "START"
            with m.State("START"):          # of the conversion
                m.d.comb += converter.start.eq(1)
                m.d.sync += place.eq(0)
                m.next = "CONVERT"
            with m.State("CONVERT"):        # until the rate is there
                with m.If(~converter.busy):
                    m.next = "STORE"
            with m.State("STORE"):          # 8 pairs
                m.d.comb += writer.en.eq(1)
                m.d.sync += place.eq(place + 1)
                with m.If(place == 7):
                    m.next = "JUDGE"
            with m.State("JUDGE"):          # what has changed
                high = converter.code > self.limit
                m.d.sync += [
                    seen.eq(seen | now),
                    self.locked.bit_select(at, 1).eq(kept.locked),
                    self.dead.bit_select(at, 1).eq(kept.dead),
                    self.spared.bit_select(at, 1).eq(kept.spared),
                    over.bit_select(at, 1).eq(high),
                    self.lock_lost.eq(Mux(kept.locked, 0, self.locked & now)),
                    self.died.eq(Mux(kept.dead, ~self.dead & now, 0)),
                    self.rate_high.eq(Mux(high, ~over & now, 0)),
                    count_locked.eq(count_locked + kept.locked),
                    count_dead.eq(count_dead + kept.dead), self.lane.eq(self.lane + 1),
                ]
                with m.If(self.lane == lanes - 1):
                    m.d.sync += [
                        self.lane.eq(0), count_locked.eq(0), count_dead.eq(0),
                        self.locked_lanes.eq(count_locked + kept.locked),
                        self.dead_lanes.eq(count_dead + kept.dead), self.scans.eq(self.scans + 1),
                    ]
                m.next = "ASK"
        return m
