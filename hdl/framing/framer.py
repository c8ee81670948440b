"""Blocks -> frames of words: where each word goes, and idle blocks to fill the gaps."""

from amaranth import Cat, Const, Module, Mux, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import REFRESH_BLOCKS, Geometry
from .control import FLOW_PAUSE, FLOW_RESUME, Kind, control_granule
from .group_slots import GroupSlots
from .marker import body_check
from .scrambler import step_base
from .transmit_lane import slot_layout

__all__ = ["Framer"]

_REPEATS = 3                    # idle blocks in a row when the wish changes


class Framer(wiring.Component):
    """Keeps the frame: markers at its head, then blocks, cut into words of a symbol per data lane.

    Parameters
    ----------
    geometry : Geometry
    flow_control : bool
        Send idle blocks for the sake of the flow field; without, they only fill gaps.
    sparing : bool
        Every other frame carries `spare` in place of the message.

    Members
    -------
    run : 1 bit, in
        While 0 the frame waits before position 0, and the seed base is drawn anew.
    seed : 16 bits, in
        Entropy for the seed base, may be constant.
    message : 16 bits, in
        Back-channel word; each frame carries the value it had at the frame's start.
    spare : 16 bits, in
        Back-channel word of the sparing.
    pause : 1 bit, in
        Send no blocks but idle ones.
    wish : 1 bit, in
        Ask the far end to pause.
    i : stream of 32·S bits
        Blocks, never idle ones.
    word : W bits, out
    slot : :func:`slot_layout`, out
    position : out
        Position in the frame of `word`; P-1 while waiting.
    start : 1 bit, out
        With a group code: `word` is the first of a group. Parity slots are left free, `word` means
        nothing there.

    Latency: 1 cycle. Throughput: a word per cycle, without end.
    """

    run: Signal
    seed: Signal
    message: Signal
    spare: Signal
    pause: Signal
    wish: Signal
    i: stream.Interface
    word: Signal
    slot: data.View
    position: Signal
    start: Signal

    def __init__(self, *, geometry: Geometry, flow_control: bool = True, sparing: bool = False):
        self._geometry = geometry
        self._flow_control, self._sparing = flow_control, sparing
        super().__init__({
            "run": In(1), "seed": In(16), "message": In(16), "spare": In(16),
            "pause": In(1), "wish": In(1),
            "i": In(stream.Signature(unsigned(32 * geometry.granules))),
            "word": Out(geometry.word_bits), "start": Out(1),
            # In the cycle after a reset no lane may count a payload symbol.
            "slot": Out(
                slot_layout(geometry), init={"marker": 1}),  # pyright: ignore[reportCallIssue]
            "position": Out(
                range(geometry.marker_period),
                init=geometry.marker_period - 1),  # pyright: ignore[reportCallIssue]
        })

    @property
    def geometry(self) -> Geometry:
        return self._geometry

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        period, markers = geometry.marker_period, geometry.marker_symbols
        words = geometry.words_per_block

        # Position of the word that is made up now; the registers below hold it one cycle later.
        position = Signal(range(period))
        in_marker = Signal(init=1)
        with m.If(~self.run):
            m.d.sync += [position.eq(0), in_marker.eq(1), self.position.eq(period - 1)]
        with m.Else():
            m.d.sync += [position.eq(position + 1), self.position.eq(position)]
            with m.If(position == markers - 1):
                m.d.sync += in_marker.eq(0)
            with m.If(position == period - 1):
                m.d.sync += [position.eq(0), in_marker.eq(1)]

        # Not reset, so that two link-ups seldom begin with the same base.
        noise = Signal(16, init=0x1D0F, reset_less=True)
        base = Signal(16, init=1, reset_less=True)
        drawn = noise ^ self.seed
        m.d.sync += noise.eq(step_base(noise))
        slot = self.slot
        with m.If(~self.run):
            m.d.sync += base.eq(Mux(drawn == 0, 1, drawn))
        with m.Elif(position == period - 1):
            m.d.sync += base.eq(step_base(base))
        m.d.sync += [
            slot.marker.eq(in_marker), slot.base.eq(base),
            slot.index.eq(Mux(in_marker, position[:len(slot.index)], 0))]
        with m.If(self.run & (position == 0)):
            m.d.sync += slot.message.eq(self.message)
            if self._sparing:
                with m.If(~slot.sparing):
                    m.d.sync += slot.message.eq(self.spare)
                m.d.sync += slot.sparing.eq(~slot.sparing)
        # The message is taken at position 0 and its check is due in the last symbols of the marker.
        m.d.comb += slot.check.eq(body_check(None) ^ body_check("base", slot.base)
                                  ^ body_check("message", slot.message)
                                  ^ body_check("sparing", slot.sparing))

        # Blocks: `rest` counts the words still to come of the block begun.
        blocks_left = Signal(range(geometry.blocks_per_frame + 1))
        rest = Signal(range(max(words, 2)))
        at_block = Signal()
        in_message = self._in_message(m, in_marker)
        m.d.comb += at_block.eq(in_message & (rest == 0) & (blocks_left != 0))
        with m.If(in_marker):
            m.d.sync += blocks_left.eq(geometry.blocks_per_frame)
        with m.Elif(at_block):
            m.d.sync += blocks_left.eq(blocks_left - 1)
        idle_due = self._idle_due(m, at_block)
        idle = control_granule(
            Kind.IDLE, Mux(self.wish, Const(FLOW_PAUSE, 10), FLOW_RESUME), Const(0, 2))
        sends = Signal()
        block = Signal(geometry.block_bits)
        m.d.comb += [
            sends.eq(self.i.valid & ~self.pause & ~idle_due),
            self.i.ready.eq(at_block & ~self.pause & ~idle_due),
            block.eq(Mux(sends, self.i.payload, idle)),
        ]
        if words == 1:
            m.d.sync += self.word.eq(Mux(at_block, block, 0))
        else:
            later = Signal(geometry.block_bits - geometry.word_bits, reset_less=True)
            with m.If(in_message):
                m.d.sync += Cat(self.word, later).eq(Mux(at_block, block, later))
            with m.Else():
                m.d.sync += self.word.eq(0)
            with m.If(at_block):
                m.d.sync += rest.eq(words - 1)
            with m.Elif(in_message & (rest != 0)):
                m.d.sync += rest.eq(rest - 1)
            with m.If(~self.run):
                m.d.sync += rest.eq(0)
        return m

    def _in_message(self, m, in_marker):
        """The word that is made up now is a message word."""
        if self._geometry.group is None:
            return self.run & ~in_marker
        m.submodules.slots = slots = GroupSlots(geometry=self._geometry)
        m.d.comb += [slots.step.eq(1), slots.marker.eq(~self.run | in_marker)]
        m.d.sync += self.start.eq(slots.start)
        return slots.message

    def _idle_due(self, m, at_block):
        """An idle block is owed: the wish changed, or has not been repeated for long."""
        if not self._flow_control:
            return Const(0, 1)
        told = Signal()
        repeats = Signal(range(_REPEATS))
        since = Signal(range(REFRESH_BLOCKS))
        due = Signal()
        m.d.comb += due.eq((told != self.wish) | (repeats != 0) | (since == REFRESH_BLOCKS - 1))
        with m.If(at_block):
            with m.If(due | ~self.i.valid | self.pause):
                m.d.sync += [told.eq(self.wish), since.eq(0)]
                with m.If(told != self.wish):
                    m.d.sync += repeats.eq(_REPEATS - 1)
                with m.Elif(repeats != 0):
                    m.d.sync += repeats.eq(repeats - 1)
            with m.Else():
                m.d.sync += since.eq(since + 1)
        return due
