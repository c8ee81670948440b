"""Host packets -> blocks (`docs/link-format.md`, section 2)."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import beat_layout
from .control import Kind, control_granule, matches_key
from .crc32 import RowCrc
from .rotate import granules_of, rotate_granules

__all__ = ["Encapsulator"]


class Encapsulator(wiring.Component):
    """Packs the packets of a beat stream without gaps into blocks, with a check after each.

    Three parts in a row: the rows are cleared beyond their end and go through the CRC; the
    *planner* keeps count of the granules in hand and decides what each block holds; the *mover*
    does it, with one barrel rotator. The planner sees counts only, so the 32-granule wide data
    never steers a loop.

    Parameters
    ----------
    granules : int
        Granules per block and per row, S >= 2.

    Members
    -------
    i : stream of :func:`beat_layout` (32·S bits)
        A row per beat. Unused bytes within the last granule must be 0.
    o : stream of 32·S bits
        Blocks. No idle blocks: when there is nothing to send, there is no block.

    Latency: 6 cycles from the row that allows a block to the block. Throughput: a row per cycle in
    or a block per cycle out, whichever is more: ceil(granules/S) cycles for back-to-back packets.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, granules: int):
        if granules < 2:
            raise ValueError(f"granules must be 2 or more, not {granules}")
        self._granules = granules
        super().__init__({
            "i": In(stream.Signature(beat_layout(32 * granules))),
            "o": Out(stream.Signature(unsigned(32 * granules))),
        })

    @property
    def granules(self) -> int:
        return self._granules

    def elaborate(self, platform):
        m = Module()
        size = self._granules
        count = range(size + 1)

        # Rows: clear what lies beyond the end, count granules, compute the check.
        tag = data.StructLayout({"count": count, "pad": unsigned(2), "error": unsigned(1)})
        m.submodules.crc = crc = RowCrc(width=32 * size, tag=tag)
        beat = self.i.payload
        used = Signal(count)
        m.d.comb += [
            used.eq(Mux(beat.last, size - (beat.empty >> 2), size)),
            crc.i.valid.eq(self.i.valid),
            self.i.ready.eq(crc.i.ready),
            crc.i.payload.row.eq(Cat(Mux(place < used, granule, 0) for place, granule
                                     in enumerate(granules_of(beat.data)))),
            crc.i.payload.last.eq(beat.last),
            crc.i.payload.tag.count.eq(used),
            crc.i.payload.tag.pad.eq(beat.empty[:2]),
            crc.i.payload.tag.error.eq(beat.error),
        ]

        # Planner. `held` granules of the packet in progress wait in the mover.
        step_layout = data.StructLayout({
            "emit": unsigned(1),            # a block leaves
            "use": unsigned(1),             # the next row joins
            "before": range(3),             # granules in front: control and check
            "held": count,
            "turn": range(size),            # rotation of the next row
            "control": unsigned(32),
            "check": unsigned(32),
        })
        row = crc.o.payload
        advance = Signal()
        open_ = Signal()                    # a packet is in progress
        sent = Signal()                     # part of it has left
        complete = Signal()                 # its last granule is in hand
        held = Signal(count)
        keyed = Signal()                    # the first held granule looks like a control granule
        keyed_tail = Signal()               # so does the last one of the last row taken
        pad = Signal(2)
        check = Signal(32)
        step = Signal(step_layout, reset_less=True)
        step_valid = Signal()

        plan = Signal(step_layout)
        plan_valid = Signal()
        take = Signal()                     # the next row is consumed
        total = Signal(range(2 * size + 1))
        kind = Signal(Kind)
        row_keyed = Signal(size)
        joins_start = Signal()
        after = Signal(range(2 * size + 2))
        pos = Signal(10)
        m.d.comb += [
            row_keyed.eq(Cat(matches_key(granule) for granule in granules_of(row.row))),
            total.eq(held + row.tag.count),
            joins_start.eq(crc.o.valid & (total >= size - 2) & (held != size - 2)),
            plan.held.eq(held),
            take.eq(plan.use & crc.o.valid & advance),
            crc.o.ready.eq(plan.use & advance),
        ]
        m.d.comb += after.eq(held)
        with m.If(~open_):
            # Waits for the first row of a packet.
            m.d.comb += [plan.use.eq(1), after.eq(row.tag.count), plan_valid.eq(crc.o.valid)]
        with m.Elif(complete & (held <= size - 2)):
            # 1: close the packet, and begin the next if it fills the block.
            m.d.comb += [
                plan_valid.eq(1), plan.emit.eq(1), plan.before.eq(2), plan.use.eq(joins_start),
                kind.eq(Mux(sent, Mux(joins_start, Kind.END_START, Kind.END),
                            Mux(joins_start, Kind.WHOLE_START, Kind.WHOLE))),
                pos.eq(held + 2),
                after.eq(Mux(joins_start, total + 2 - size, 0)),
            ]
        with m.Elif(~sent):
            # 2: begin the packet.
            m.d.comb += [plan_valid.eq(1), plan.emit.eq(1), plan.before.eq(1), kind.eq(Kind.START),
                         after.eq(held - (size - 1))]
        with m.Elif(complete | (held == size)):
            # 3: a full block from the mover alone.
            m.d.comb += [plan_valid.eq(1), plan.emit.eq(1), kind.eq(Kind.CONT)]
            with m.If((held == size) & ~keyed):
                m.d.comb += [plan.before.eq(0), after.eq(0)]
            with m.Else():
                m.d.comb += [plan.before.eq(1), after.eq(held - (size - 1))]
        with m.Else():
            # 4: waits for the next row of the packet.
            m.d.comb += [plan.use.eq(1), plan_valid.eq(crc.o.valid), plan.emit.eq(total >= size),
                         kind.eq(Kind.CONT), after.eq(total)]
            with m.If(plan.emit):
                m.d.comb += [
                    plan.before.eq(Mux(held == 0, row_keyed[0], keyed)),
                    after.eq(total - size + plan.before),
                ]

        front = Signal(range(size + 2))
        closing = plan.before == 2
        info = Cat(kind.as_value(), Mux(closing, pos, 0), Mux(closing, pad, 0))
        m.d.comb += [
            front.eq(Mux(plan.emit, plan.before, 0) + held),
            plan.turn.eq(Mux(front >= size, front - size, front)),
            plan.control.eq(control_granule(kind, Mux(closing, pos, 0), Mux(closing, pad, 0))),
            plan.check.eq(check ^ Cat(info, info.xor())),
        ]
        with m.If(advance):
            m.d.sync += step_valid.eq(plan_valid)
            with m.If(plan_valid):
                m.d.sync += [step.eq(plan), held.eq(after)]
                with m.If(plan.emit):
                    m.d.sync += sent.eq(1)
                with m.If(take):
                    m.d.sync += [
                        open_.eq(1),
                        complete.eq(row.last),
                        # The first granule to stay is number S - turn of the row (0 if none moved).
                        keyed.eq(Cat(row_keyed[0], row_keyed[:0:-1]).bit_select(plan.turn, 1)),
                        keyed_tail.eq(row_keyed[size - 1]),
                        pad.eq(row.tag.pad),
                        check.eq(row.crc ^ row.tag.error.replicate(32)),
                    ]
                    with m.If(~open_):
                        m.d.sync += sent.eq(0)
                    with m.If(~plan.emit & open_):
                        m.d.sync += keyed.eq(keyed)     # the granules in front stay where they are
                with m.Else():
                    m.d.sync += keyed.eq(keyed_tail)
                    with m.If(closing):
                        m.d.sync += open_.eq(0)

        # Mover: `hold` has the granules in hand from place 0 on.
        next_row = Signal(32 * size, reset_less=True)
        hold = Signal(32 * size, reset_less=True)
        held_granules = granules_of(hold)
        turned_row = rotate_granules(m, next_row, step.turn, "turned")
        turned = granules_of(turned_row)
        in_front = [step.control, step.check]
        block, joined = [], []
        for place in range(size):
            shifted = [held_granules[place - before] if place >= before else in_front[place]
                       for before in range(3)]
            own = Mux(step.before == 2, shifted[2], Mux(step.before == 1, shifted[1], shifted[0]))
            other = Mux(step.use, turned[place], 0)
            block.append(Mux(place < step.held + step.before, own, other))
            joined.append(Mux(place < step.held, held_granules[place], turned[place]))
        m.d.comb += advance.eq(~self.o.valid | self.o.ready)
        with m.If(advance):
            m.d.sync += [self.o.valid.eq(step_valid & step.emit), next_row.eq(row.row)]
            with m.If(step_valid):
                with m.If(step.emit):
                    m.d.sync += [self.o.payload.eq(Cat(block)),
                                 hold.eq(Mux(step.use, turned_row, held_granules[-1]))]
                with m.Else():
                    m.d.sync += hold.eq(Cat(joined))
        return m


