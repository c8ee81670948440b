"""The decoder of group codes: a received word in, a corrected word out, every clock."""

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..shared import Repeated
from .erasure_list import ErasureList
from .group import Group
from .group_equation import GroupKeyEquation
from .group_search import GroupSearch
from .group_syndromes import GroupSyndromes

__all__ = ["GroupDecoder"]


class GroupDecoder(wiring.Component):
    """Corrects errors and erased lanes in groups, at the full rate with errors in every codeword.

    If there is a codeword that differs from what was received in v symbols that are not erased, and
    in any of the e erased ones, with 2v + e <= n - k, then it is delivered; there is only one.
    Otherwise the codeword has failed and its symbols are delivered as they are; with more erased
    symbols than n - k it has failed unless what was received is a codeword.

    The received words wait in a ring memory, what is to be added to them in another, until the
    whole group has been judged. With clean groups nothing else moves but the syndromes, counters
    and the output.

    Parameters
    ----------
    group : Group
    watched : bool
        With `place` and `error`.

    Members
    -------
    i : L·m bits, in
        Received word, bit b of lane l at l·m + b.
    valid : 1 bit, in
        It is there. Groups may have gaps anywhere.
    start : 1 bit, in
        With `valid`: it is slot 0 of a group. A group that is not at its end is dropped; words
        after the end of a group without `start` are ignored.
    first : 1 bit, in
        A mark, taken with `start`.
    erasures : L bits, in
        Lanes not to be relied on, the same for many groups; see :class:`ErasureList`.
    o : L·m bits, out; o_valid : 1 bit, out
        The message words of a group in consecutive clocks.
    o_start, o_first : 1 bit, out
        With the first of them, and the group's mark with it.
    slot_valid : 1 bit, out
        This is a slot of a group: after the message words, one of parity and pad.
    corrected : L bits, out
        Symbols of the slot that were changed, none without `slot_valid`.
    failed : 1 bit, out
        With `slot_valid`: some codeword of the group has failed. The same in all of its slots.
    erased : out, 0..L; overfull : 1 bit, out
        Number of lanes erased, and some codeword has more than n - k erased symbols; in force for
        the group that is in the key equation.
    place : in, 0..L-1; error : m bits, out
        A lane to look at, and what was added to its symbol of the slot. Cost: m multiplexers of
        L:1.

    Latency: :attr:`latency` cycles from the last word of a group to its first output, 39 for kp4 on
    128 lanes: 1 for the syndromes, 16 for the key equation, 21 until all slots are searched, 1 to
    correct. A group without gaps takes T - 1 more from slot 0 to slot 0, and an encoder 1: 56.

    Cost: that of the parts, memories of :attr:`depth` words and of T words, and L·m flip-flops,
    XOR2 and AND2 for the output. For kp4 on 128 lanes this is 320 k XOR2, 130 k other gates, 11 k
    multiplexers, 17 k flip-flops and 90 kbit.
    """

    i: Signal
    valid: Signal
    start: Signal
    first: Signal
    erasures: Signal
    o: Signal
    o_valid: Signal
    o_start: Signal
    o_first: Signal
    slot_valid: Signal
    corrected: Signal
    failed: Signal
    erased: Signal
    overfull: Signal
    place: Signal
    error: Signal

    def __init__(self, group: Group, *, watched: bool = False):
        self._group, self._watched = group, watched
        self._syndromes = GroupSyndromes(group)
        self._list = ErasureList(group)
        self._search = GroupSearch(group)
        self._iterating = 1 + group.code.parity // group.iterations_per_clock
        size = group.lanes * group.code.m
        super().__init__({
            "i": In(size), "valid": In(1), "start": In(1), "first": In(1),
            "erasures": In(group.lanes),
            "o": Out(size), "o_valid": Out(1), "o_start": Out(1), "o_first": Out(1),
            "slot_valid": Out(1), "corrected": Out(group.lanes), "failed": Out(1),
            "erased": Out(range(group.lanes + 1)), "overfull": Out(1),
            **({"place": In(range(group.lanes)), "error": Out(group.code.m)} if watched else {}),
        })

    @property
    def latency(self) -> int:
        """Cycles from the last word of a group to its first output."""
        return self._wait + 2

    @property
    def depth(self) -> int:
        """Words in the ring memory: those of a group and of what may come while it waits."""
        group = self._group
        whole, rest = divmod(self._wait, group.slots)
        return (1 + whole) * group.message_slots + min(rest, group.message_slots)

    @property
    def _wait(self) -> int:
        """Cycles from the last word of a group until the first is read."""
        return self._syndromes.latency + self._iterating + self._search.verdict_latency - 1

    def elaborate(self, platform):
        m = Module()
        group, search = self._group, self._search
        # Names that no port of another part has: the exporter numbers those that clash.
        m.submodules.former = former = self._syndromes
        m.submodules.search = search
        m.d.comb += [former.i.eq(self.i), former.valid.eq(self.valid), former.start.eq(self.start)]
        self._solve(m, platform)

        # A group is read when its last slot has been searched: the verdict comes a clock later,
        # with the first of what is read.
        slot = Signal(range(group.slots))           # of the next to be read
        read, message = Signal(), Signal()
        m.d.comb += [
            read.eq(slot.any() | search.valid & (search.slot == group.slots - 1)),
            message.eq(read & (slot < group.message_slots)),
        ]
        with m.If(read):
            m.d.sync += slot.eq(Mux(slot == group.slots - 1, 0, slot + 1))
        word = self._words(m, message)
        errors = self._errors(m, read, slot)
        present, deliver = Signal(), Signal()
        m.d.sync += [present.eq(read), deliver.eq(message)]

        correct = Signal(group.codewords)           # by class of lanes
        following = Signal(group.codewords)
        m.d.comb += correct.eq(Mux(search.done, search.correct, following))
        m.d.sync += following.eq(correct.rotate_right(1))
        changes = Signal(len(self.o))
        m.d.comb += changes.eq(errors & Cat(bit.replicate(group.code.m)
                                            for bit in correct.replicate(group.width)))
        m.d.sync += [
            self.slot_valid.eq(present), self.o_valid.eq(deliver), self.o_start.eq(search.done),
            self.o_first.eq(search.done & word[-1]),
            self.corrected.eq(Cat(present & changes.word_select(lane, group.code.m).any()
                                  for lane in range(group.lanes))),
        ]
        if self._watched:
            m.d.sync += self.error.eq(changes.word_select(self.place, group.code.m))
        with m.If(deliver):
            m.d.sync += self.o.eq(word[:-1] ^ changes)
        with m.If(search.done):
            m.d.sync += self.failed.eq(search.failed.any())
        return m

    def _solve(self, m: Module, platform):
        """A key equation for each codeword, between the syndromes and the search."""
        group, code, former, search = self._group, self._group.code, self._syndromes, self._search
        m.submodules.eraser = erased = self._list
        m.d.comb += [
            erased.erasures.eq(self.erasures), erased.take.eq(former.last),
            self.erased.eq(erased.erased), self.overfull.eq(erased.overfull.any()),
        ]
        left = Signal(range(self._iterating + 1))
        with m.If(former.done):
            m.d.sync += left.eq(self._iterating)
        with m.Elif(left.any()):
            m.d.sync += left.eq(left - 1)
        per_clock = group.iterations_per_clock
        equation = Repeated(
            lambda: GroupKeyEquation(n=code.n, k=code.k, m=code.m, polynomial=code.polynomial,
                                     iterations_per_clock=per_clock),
            name="key_equation", domains={"sync": "sync"})
        count = group.codewords
        parts = [equation.add(
            m, platform, f"equation{c}", start=former.done,
            syndromes=former.o.word_select(c, code.parity * code.m), dirty=former.dirty[c],
            count=erased.counts.word_select(c, len(erased.counts) // count),
            overfull=erased.overfull[c], roots=erased.roots.word_select(c, per_clock * code.m))
            for c in range(count)]
        m.d.comb += [
            search.start.eq(left == 1),
            search.locator.eq(Cat(part.locator for part in parts)),
            search.evaluator.eq(Cat(part.evaluator for part in parts)),
            search.length.eq(Cat(part.length for part in parts)),
            search.near.eq(Cat(part.near for part in parts)),
            search.dirty.eq(Cat(part.dirty_out for part in parts)),
        ]

    def _words(self, m: Module, read: Signal) -> Value:
        """The message words with the groups' marks, one `read` after the other, a clock later."""
        former = self._syndromes
        m.submodules.words = words = Memory(shape=unsigned(len(self.i) + 1), depth=self.depth,
                                            init=[])
        write, fetch = words.write_port(), words.read_port()

        def following(place: Signal) -> Value:
            return Mux(place == self.depth - 1, 0, place + 1)

        begin = Signal(range(self.depth))           # of the group that comes in, or of the next
        place = Signal(range(self.depth))
        oldest = Signal(range(self.depth))
        m.d.comb += [
            write.addr.eq(Mux(self.start, begin, place)), write.data.eq(Cat(self.i, self.first)),
            write.en.eq(former.taken & (former.slot < self._group.message_slots)),
            fetch.addr.eq(oldest), fetch.en.eq(read),
        ]
        with m.If(write.en):
            m.d.sync += place.eq(following(write.addr))
        with m.If(former.last):                     # always a slot of parity
            m.d.sync += begin.eq(place)
        with m.If(read):
            m.d.sync += oldest.eq(following(oldest))
        return fetch.data

    def _errors(self, m: Module, read: Signal, slot: Signal) -> Value:
        """What the search has found for a slot, a clock after `read`; nothing new if all codewords
        were clean.

        The next group overwrites a slot in the clock after it was read, at the earliest.
        """
        search = self._search
        m.submodules.errors = errors = Memory(shape=unsigned(len(self.o)),
                                              depth=self._group.slots, init=[])
        write, fetch = errors.write_port(), errors.read_port()
        dirty = Signal(search.latency)              # the last is that of the group at its slot 0
        writes, written = Signal(), Signal()
        reads, held = Signal(), Signal()
        m.d.comb += [
            writes.eq(Mux(search.slot == 0, dirty[-1], written)),
            reads.eq(Mux(slot == 0, written, held)),
            write.addr.eq(search.slot), write.data.eq(search.errors),
            write.en.eq(search.valid & writes),
            fetch.addr.eq(slot), fetch.en.eq(read & reads),
        ]
        m.d.sync += dirty.eq(Cat(search.dirty.any(), dirty))
        with m.If(search.valid):
            m.d.sync += written.eq(writes)
        with m.If(read):
            m.d.sync += held.eq(reads)
        return fetch.data
