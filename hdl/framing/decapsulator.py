"""Blocks -> host packets (`docs/link-format.md`, section 2): the inverse of the encapsulator."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import beat_layout
from .control import Info, Kind, matches_key
from .crc32 import RowCrc
from .rotate import granules_of, rotate_granules

__all__ = ["Decapsulator", "received_block"]


def received_block(granules: int) -> data.StructLayout:
    """A block as it leaves the receive queue; `gap` says that blocks are missing before it, `bad`
    that the FEC could not correct it."""
    return data.StructLayout(
        {"block": unsigned(32 * granules), "gap": unsigned(1), "bad": unsigned(1)})


class Decapsulator(wiring.Component):
    """Cuts blocks into the packets they hold, checks each and flags the bad ones.

    Mirror image of :class:`Encapsulator`: a *planner* reads the control granules and keeps count, a
    *mover* with one barrel rotator assembles rows, and the rows go through the CRC. A block that
    ends one packet and begins another takes two cycles, as does a packet end that spills into a row
    of its own. Every packet that began is ended: with ``error`` if its check fails, if a part of it
    was in a bad block, or if its rest never came.

    Parameters
    ----------
    granules : int
        Granules per block and per row, S >= 2.

    Members
    -------
    i : stream of :func:`received_block`
    o : stream of :func:`beat_layout` (32·S bits)
        A row per beat; unused bytes are 0.
    stray : 1 bit
        Pulses for each block that is invalid or belongs to no packet.

    Latency: 6 cycles from the block to the row it completes. A full row leaves when the packet is
    known to go on or to end there, i.e. with the block after it.
    """

    i: stream.Interface
    o: stream.Interface
    stray: Signal

    def __init__(self, *, granules: int):
        if granules < 2:
            raise ValueError(f"granules must be 2 or more, not {granules}")
        self._granules = granules
        super().__init__({
            "i": In(stream.Signature(received_block(granules))),
            "o": Out(stream.Signature(beat_layout(32 * granules))),
            "stray": Out(1),
        })

    @property
    def granules(self) -> int:
        return self._granules

    def elaborate(self, platform):
        m = Module()
        size = self._granules
        count = range(size + 1)
        advance = Signal()

        # Parse: one register stage.
        block = Signal(32 * size, reset_less=True)
        block_valid = Signal()
        gap = Signal()
        bad = Signal(reset_less=True)
        is_control = Signal(reset_less=True)
        is_legal = Signal(reset_less=True)
        info = Signal(Info, reset_less=True)
        closes = Signal(reset_less=True)        # kinds 3..6
        alone = Signal(reset_less=True)         # whole, whole_start
        chains = Signal(reset_less=True)        # end_start, whole_start
        done = Signal()                         # the parsed block is finished with

        first = granules_of(self.i.payload.block)[0]
        seen = Info(first[:16])
        whole = (seen.kind == Kind.WHOLE) | (seen.kind == Kind.WHOLE_START)
        start = (seen.kind == Kind.END_START) | (seen.kind == Kind.WHOLE_START)
        close = whole | (seen.kind == Kind.END) | start
        in_range = (seen.pos >= Mux(whole, 3, 2)) & (seen.pos <= Mux(start, size - 1, size))
        with m.If(done):
            m.d.sync += [block_valid.eq(0), gap.eq(0)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                block.eq(self.i.payload.block), block_valid.eq(1), gap.eq(self.i.payload.gap),
                bad.eq(self.i.payload.bad), is_control.eq(matches_key(first)), info.eq(seen),
                is_legal.eq(~first[:16].xor() & (seen.kind != Kind.INVALID) & (in_range | ~close)),
                closes.eq(close), alone.eq(whole), chains.eq(start),
            ]
        m.d.comb += self.i.ready.eq(~block_valid | done)

        # Planner. `held` granules of the packet in progress wait in the mover.
        step_layout = data.StructLayout({
            "emit": unsigned(1), "last": unsigned(1), "bad": unsigned(1), "cut": unsigned(1),
            "held": count, "total": count, "turn": range(size), "spilled": unsigned(1),
            "info": unsigned(16),
        })
        inside = Signal()                   # a packet is in progress
        second = Signal()                   # the packet that begins in this block is next
        flush = Signal()                    # the rest of an ended packet fills one more row
        tainted = Signal()                  # a part of the packet in progress was in a bad block
        flush_bad = Signal()                # of the packet that `flush` ends
        held = Signal(count)
        step = Signal(step_layout, reset_less=True)
        step_valid = Signal()

        plan = Signal(step_layout)
        plan_valid = Signal()
        append = Signal()
        begin = Signal()
        offset = Signal(count)
        length = Signal(count)
        ends = Signal()
        base = Signal(count)
        total = Signal(range(2 * size + 1))
        stray = Signal()
        with m.If(flush):
            m.d.comb += [plan_valid.eq(1), plan.emit.eq(1), plan.last.eq(1),
                         plan.spilled.eq(1), plan.bad.eq(flush_bad),
                         plan.held.eq(held), plan.total.eq(held)]
            with m.If(second):
                # The row is all in the mover: the rotator is free for the packet that begins.
                m.d.comb += [begin.eq(1), offset.eq(info.pos), length.eq(size - info.pos),
                             done.eq(1)]
        with m.Elif(inside & (gap | (block_valid & is_control & ~second & (
                ~is_legal | alone | (info.kind == Kind.START))))):
            # The rest of the packet in progress never came: end it here, flagged, and look again.
            m.d.comb += [plan_valid.eq(1), plan.emit.eq(1), plan.last.eq(1), plan.bad.eq(1),
                         plan.cut.eq(1), plan.held.eq(held), plan.total.eq(held)]
        with m.Elif(block_valid):
            with m.If(~is_control):
                m.d.comb += [append.eq(inside), stray.eq(~inside), length.eq(size), done.eq(1)]
            with m.Elif(~is_legal):
                m.d.comb += [stray.eq(1), done.eq(1)]
            with m.Elif(second):
                m.d.comb += [append.eq(1), begin.eq(1), offset.eq(info.pos),
                             length.eq(size - info.pos), done.eq(1)]
            with m.Elif(closes):
                m.d.comb += [append.eq(inside | (info.pos > 2)), begin.eq(~inside),
                             stray.eq(~inside & ~alone), ends.eq(1), offset.eq(2),
                             length.eq(info.pos - 2), done.eq(~chains)]
            with m.Else():
                m.d.comb += [
                    append.eq((info.kind == Kind.START) | ((info.kind == Kind.CONT) & inside)),
                    begin.eq(info.kind == Kind.START), stray.eq((info.kind == Kind.CONT) & ~inside),
                    offset.eq(1), length.eq(size - 1), done.eq(1)]
        taint = bad | (tainted & ~begin)
        m.d.comb += [base.eq(Mux(begin, 0, held)), total.eq(base + length)]
        with m.If(append):
            m.d.comb += [
                plan_valid.eq(1),
                plan.emit.eq(ends | (total > size)),
                plan.last.eq(ends & (total <= size)),
                plan.bad.eq((begin & ends & ~alone) | taint),
                plan.held.eq(base),
                plan.total.eq(Mux(total > size, size, total)),
            ]
        m.d.comb += [
            plan.info.eq(info),
            plan.turn.eq(Mux(base - offset == size, 0,
                             Mux(base >= offset, base - offset, base + size - offset))),
        ]

        with m.If(~advance):
            m.d.comb += [done.eq(0), stray.eq(0)]
        with m.Else():
            m.d.sync += step_valid.eq(plan_valid)
            with m.If(plan_valid):
                m.d.sync += step.eq(plan)
            with m.If(block_valid & bad):   # also one that looks idle
                m.d.sync += tainted.eq(1)
            with m.If(flush):
                m.d.sync += [flush.eq(0), inside.eq(second), second.eq(0), held.eq(length),
                             tainted.eq(bad)]
            with m.Elif(append):
                m.d.sync += [
                    inside.eq(~(ends & (total <= size))),
                    flush.eq(ends & (total > size)),
                    held.eq(Mux(total > size, total - size, total)),
                    tainted.eq(taint), flush_bad.eq(taint),
                ]
            with m.Elif(plan_valid):
                m.d.sync += [inside.eq(0), gap.eq(0)]
            with m.If(block_valid & ~flush):
                m.d.sync += second.eq(is_control & is_legal & closes & chains & ~second
                                      & ~(inside & (gap | alone)))
        m.d.sync += self.stray.eq(stray)
        return self._move(m, step, step_valid, advance, block)

    def _move(self, m, step, step_valid, advance, block):
        """The mover, `hold` with the granules in hand from place 0 on; then CRC and check."""
        size = self._granules
        tag = data.StructLayout({"count": range(size + 1), "pad": unsigned(2), "bad": unsigned(1),
                                 "expected": unsigned(32)})
        m.submodules.crc = crc = RowCrc(width=32 * size, tag=tag)

        moving = Signal(32 * size, reset_less=True)
        hold = Signal(32 * size, reset_less=True)
        pad = Signal(2, reset_less=True)
        expected = Signal(32, reset_less=True)
        here = granules_of(moving)
        turned_row = rotate_granules(m, moving, step.turn, "turned")
        turned = granules_of(turned_row)
        joined = [Mux(place < step.held, granule, turned[place])
                  for place, granule in enumerate(granules_of(hold))]
        row = crc.i
        # A row that an ended packet spilled into belongs to the control granule of the step before.
        now_pad = Mux(step.spilled, pad, step.info[13:15])
        now_expected = Mux(step.spilled, expected, here[1] ^ step.info)
        m.d.comb += advance.eq(~row.valid | row.ready)
        with m.If(advance):
            m.d.sync += [row.valid.eq(step_valid & step.emit), moving.eq(block)]
            with m.If(step_valid):
                m.d.sync += [
                    hold.eq(Mux(step.emit, turned_row, Cat(joined))),
                    pad.eq(now_pad),
                    expected.eq(now_expected),
                    row.payload.row.eq(Cat(Mux(place < step.total, granule, 0)
                                           for place, granule in enumerate(joined))),
                    row.payload.last.eq(step.last),
                    row.payload.tag.count.eq(step.total),
                    row.payload.tag.pad.eq(Mux(step.cut, 0, now_pad)),
                    row.payload.tag.bad.eq(step.bad),
                    row.payload.tag.expected.eq(now_expected),
                ]

        done = crc.o.payload
        m.d.comb += [
            self.o.valid.eq(crc.o.valid),
            crc.o.ready.eq(self.o.ready),
            self.o.payload.data.eq(done.row),
            self.o.payload.last.eq(done.last),
            self.o.payload.empty.eq(
                Cat(done.tag.pad, (size - done.tag.count)[:len(done.tag.count)])),
            self.o.payload.error.eq(done.tag.bad | (done.crc != done.tag.expected)),
        ]
        return m
