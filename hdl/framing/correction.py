"""Words of all code lanes -> message words, corrected, and where they are in their blocks."""

from itertools import pairwise

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..fec.decoder import WordDecoder
from ..fec.group_decoder import GroupDecoder
from ..geometry import Geometry
from ..shapes import error_layout
from .group_slots import GroupSlots
from .word_gate import WordGate

__all__ = ["Correction"]

_MARGIN = 64
"""Cycles, more than from the deskew to the input of the decoder and from its output to the host."""


class Correction(wiring.Component):
    """Takes markers and filler away and corrects the rest with whichever code there is.

    Parameters
    ----------
    geometry : Geometry
    delay : int
        Cycles that `word` comes after `valid` and `position`.
    watched : bool
        With a code: there are `place` and `errors`.

    Members
    -------
    valid : 1 bit, in; position : in
        A word leaves the deskew; its place in the frame.
    word : N·gear bits, in
        The same word in the order of the logical lanes.
    erasures : `code_lanes` bits, in
        Lanes not to be relied on.
    o : W bits, out; take, last, bad : 1 bit, out
        As `word`, `take`, `last` and `bad` of :class:`BlockReceiver`.
    wrong : N bits, out
        Lanes whose symbol was wrong: what the code changed, and spares that are not 0.
    corrected, failed : 1 bit, out
        Pulse for a word of the code that was changed; that could not be.
    erased : out, 0..code_lanes; overfull : 1 bit, out
        As in the decoder.
    place : in, 0..N-1; errors : :func:`error_layout`, out
        A logical lane to look at, and what was wrong with its symbols. With a symbol per word a
        spare is known, too: it should have been 0.

    Latency from `word` to `o`: that of the decoder, see :class:`WordDecoder`; with a group code,
    the words of a group come together after its last one, see :class:`GroupDecoder`. None without.
    """

    valid: Signal
    position: Signal
    word: Signal
    erasures: Signal
    o: Signal
    take: Signal
    last: Signal
    bad: Signal
    wrong: Signal
    corrected: Signal
    failed: Signal
    erased: Signal
    overfull: Signal
    place: Signal
    errors: data.View

    def __init__(self, *, geometry: Geometry, delay: int, watched: bool = False):
        self._geometry, self._delay = geometry, delay
        lanes = geometry.physical_lanes
        self._watched = watched = watched and geometry.has_fec
        self._words = self._groups = None
        if geometry.group:
            self._groups = GroupDecoder(geometry.group, watched=watched)
        elif geometry.parity:
            self._words = WordDecoder(n=geometry.code_lanes, k=geometry.lanes, m=geometry.gear,
                                      watched=watched)
        super().__init__({
            "valid": In(1), "position": In(range(geometry.marker_period)),
            "word": In(lanes * geometry.gear), "erasures": In(geometry.code_lanes),
            "o": Out(geometry.word_bits), "take": Out(1), "last": Out(1), "bad": Out(1),
            "wrong": Out(lanes), "corrected": Out(1), "failed": Out(1),
            "erased": Out(range(geometry.code_lanes + 1)), "overfull": Out(1),
            **({"place": In(range(lanes)), "errors": Out(error_layout(geometry.gear))}
               if watched else {}),
        })

    @property
    def settling(self) -> int:
        """Cycles after which all outputs show an order of the lanes that is in force, and the
        erasures that go with it."""
        cycles = _MARGIN + self._delay
        if self._words:
            cycles += self._words.latency + 2 * (self._geometry.code_lanes + 2)
        if self._groups and self._geometry.group:
            group = self._geometry.group        # two lists of erasures, each for a whole group
            cycles += self._groups.latency + 2 * (group.code.n + 2 + group.slots)
        return cycles

    @property
    def error_delay(self) -> int:
        """Cycles from `valid` of a word to its `errors`, at most, if all words come in a row."""
        delay = self._delay
        if self._words:
            delay += self._words.latency
        if self._groups and self._geometry.group:
            delay += self._groups.latency + self._geometry.group.slots
        return delay

    def elaborate(self, platform):
        m = Module()
        if self._groups:
            self._correct_groups(m, self._groups)
        elif self._words:
            self._correct_words(m, self._words)
        else:
            gate = self._gate(m, self._delay, self._delay)
            m.d.comb += self.o.eq(self.word)
            m.d.comb += [self.take.eq(gate.take), self.last.eq(gate.last)]
        return m

    def _gate(self, m: Module, delay: int, payload_delay: int) -> WordGate:
        m.submodules.gate = gate = WordGate(geometry=self._geometry, delay=delay,
                                            payload_delay=payload_delay)
        m.d.comb += [gate.valid.eq(self.valid), gate.position.eq(self.position)]
        return gate

    def _correct_words(self, m: Module, decoder: WordDecoder):
        m.submodules.decoder = decoder
        gate = self._gate(m, self._delay + decoder.latency, self._delay)
        m.d.comb += [
            # Markers are outside the code: to the decoder they are words without an error.
            decoder.i.eq(Mux(gate.payload, self.word[:len(decoder.i)], 0)),
            decoder.erasures.eq(self.erasures),
            self.o.eq(decoder.o), self.take.eq(gate.take), self.last.eq(gate.last),
            self.bad.eq(decoder.failed), self.corrected.eq(decoder.corrected.any()),
            self.failed.eq(decoder.failed), self.erased.eq(decoder.erased),
            self.overfull.eq(decoder.overfull),
            self.wrong.eq(Cat(decoder.corrected, self._wrong_spares(m, gate.payload))),
        ]
        if self._watched:
            self._watch_words(m, decoder, gate.payload)

    def _watch_words(self, m: Module, decoder: WordDecoder, payload: Signal):
        geometry = self._geometry
        begins = Signal(self._delay)        # the first of the payload comes, with `word`
        m.d.sync += begins.eq(Cat(self.valid & (self.position == geometry.marker_symbols), begins))
        now = Signal(2 + (geometry.gear if geometry.spares else 0))
        spare = Signal()
        m.d.comb += [Cat(now[:2]).eq(Cat(payload, begins[-1])),
                     decoder.place.eq(self.place), spare.eq(self.place >= geometry.code_lanes)]
        for place in range(geometry.code_lanes, geometry.physical_lanes):
            with m.If(self.place == place):
                m.d.comb += now[2:].eq(self.word.word_select(place, geometry.gear))
        waiting = [now]
        for age in range(decoder.latency):
            waiting.append(Signal.like(now, name=f"waiting{age}"))
        m.d.sync += [new.eq(old) for old, new in pairwise(waiting)]
        m.d.comb += [
            Cat(self.errors.valid, self.errors.first).eq(waiting[-1][:2]),
            self.errors.known.eq(spare | ~decoder.failed),
            self.errors.error.eq(Mux(spare, waiting[-1][2:], decoder.error)),
        ]

    def _correct_groups(self, m: Module, decoder: GroupDecoder):
        geometry = self._geometry
        m.submodules.decoder = decoder
        m.submodules.slots = slots = GroupSlots(geometry=geometry)
        now = Cat(slots.inside, slots.start, slots.first)
        coming = Signal(len(now) * self._delay)
        m.d.comb += [slots.step.eq(self.valid),
                     slots.marker.eq(self.position < geometry.marker_symbols)]
        m.d.sync += coming.eq(Cat(now, coming))
        m.d.comb += [
            Cat(decoder.valid, decoder.start, decoder.first).eq(coming[-len(now):]),
            decoder.i.eq(self.word), decoder.erasures.eq(self.erasures),
            self.o.eq(decoder.o), self.bad.eq(decoder.failed),
            self.corrected.eq(decoder.corrected.any()),
            self.failed.eq(decoder.slot_valid & decoder.failed),
            self.erased.eq(decoder.erased), self.overfull.eq(decoder.overfull),
            self.wrong.eq(Cat(decoder.corrected, self._wrong_spares(m, decoder.valid))),
        ]
        if self._watched:
            spare = self.place >= geometry.code_lanes
            m.d.comb += [
                decoder.place.eq(self.place), self.errors.valid.eq(decoder.slot_valid),
                self.errors.first.eq(decoder.o_start & decoder.o_first),
                self.errors.known.eq(~spare & ~decoder.failed),
                self.errors.error.eq(decoder.error),
            ]
        if geometry.words_per_block == 1:
            m.d.comb += [self.take.eq(decoder.o_valid), self.last.eq(1)]
            return
        # The groups of a frame come out in order: count its words into blocks, leave the rest.
        count = Signal(range(geometry.words_per_block))
        left = Signal(range(geometry.blocks_per_frame + 1))
        begins = decoder.o_start & decoder.o_first
        place = Mux(begins, 0, count)
        m.d.comb += [
            self.take.eq(decoder.o_valid & (begins | (left != 0))),
            self.last.eq(place == geometry.words_per_block - 1),
        ]
        with m.If(self.take):
            m.d.sync += [count.eq(place + 1),
                         left.eq(Mux(begins, geometry.blocks_per_frame, left))]
            with m.If(self.last):
                m.d.sync += [count.eq(0), left.eq(left - 1)]

    def _wrong_spares(self, m: Module, payload):
        """Spares that are not 0 where there is payload, from a register."""
        geometry = self._geometry
        wrong = Signal(geometry.spares)
        m.d.sync += wrong.eq(Cat(
            payload & self.word.word_select(place, geometry.gear).any()
            for place in range(geometry.code_lanes, geometry.physical_lanes)))
        return wrong
