"""Roots and magnitudes in groups: the symbols of a slot per clock, in all codewords."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..shared import Repeated
from .divide import division_latency
from .group import Group
from .roots import RootFinder, total

__all__ = ["GroupSearch", "SearchEngine"]

_COUNTING = 3
"""Cycles from what an engine takes to its number of roots."""


def _search_latency(group: Group) -> int:
    """1 to take the coefficients, 1 for the values, and the division."""
    return 2 + division_latency(group.code.m)


class SearchEngine(wiring.Component):
    """Searches one class of lanes, slot by slot, for the codeword that has its symbols there.

    The coefficients are multiplied by powers of alpha from slot to slot, so that the places of
    every slot are those of the first. As each slot brings another codeword, they come from the
    neighbour.

    Parameters
    ----------
    group : Group

    Members
    -------
    load : 1 bit, in
        Take `first` for slot 0, otherwise `neighbour`.
    first, neighbour : (2·(n - k) + 1)·m bits, in
        Coefficients of the locator, then of the evaluator, that of x^0 first: from the key
        equation; from another engine's `state`.
    dirty : 1 bit, in
        There is something to take. Otherwise no register changes.
    state : (2·(n - k) + 1)·m bits, out
        The coefficients for the next slot.
    errors : p·m bits, out
        Bit b of what is to be added to the class's lane j at j·m + b.
    roots : out, 0..n-k
        Wrong symbols of the slot.

    Latency from the inputs: 1 cycle to `state`, :data:`_COUNTING` to `roots`, :attr:`latency` to
    `errors`.
    """

    load: Signal
    first: Signal
    neighbour: Signal
    dirty: Signal
    state: Signal
    errors: Signal
    roots: Signal

    def __init__(self, group: Group):
        self._group = group
        code, width = group.code, group.width
        self._finder = RootFinder(m=code.m, polynomial=code.polynomial, parity=code.parity,
                                  places=range(code.n - 1, code.n - 1 - width, -1))
        size = (2 * code.parity + 1) * code.m
        super().__init__({
            "load": In(1), "first": In(size), "neighbour": In(size), "dirty": In(1),
            "state": Out(size), "errors": Out(width * code.m), "roots": Out(range(code.parity + 1)),
        })

    @property
    def latency(self) -> int:
        """Cycles from the inputs to `errors`."""
        return _search_latency(self._group)

    def elaborate(self, platform):
        m = Module()
        code, width = self._group.code, self._group.width
        m.submodules.finder = finder = self._finder
        held = Signal(len(self.first), reset_less=True)
        busy = [Signal(name=f"busy{i}") for i in range(2)]
        m.d.sync += Cat(busy).eq(Cat(self.dirty, busy[0]))
        with m.If(self.dirty):
            m.d.sync += held.eq(Mux(self.load, self.first, self.neighbour))
        coefficients = [held.word_select(i, code.m) for i in range(2 * code.parity + 1)]
        powers = [*range(code.parity + 1), *range(code.parity)]
        m.d.comb += [
            self.state.eq(Cat(code.field.scale(code.field.power(power * width), coefficient)
                              for power, coefficient in zip(powers, coefficients, strict=True))),
            Cat(finder.locator, finder.evaluator).eq(held), finder.dirty.eq(busy[0]),
            self.errors.eq(Cat(finder.errors[b][j] for j in range(width) for b in range(code.m))),
        ]
        # A clock's depth of additions; never more roots than the degree.
        with m.If(busy[1]):
            m.d.sync += self.roots.eq(total(list(finder.wrong), len(self.roots)))
        with m.Else():
            m.d.sync += self.roots.eq(0)
        return m


class GroupSearch(wiring.Component):
    """Evaluates locators and evaluators at the places of each slot in turn, and counts the roots.

    There is an engine for each class of lanes, all equal. In slot t class q has the symbols of
    codeword q + t modulo C: what the engines hold goes round, the lanes stay.

    Parameters
    ----------
    group : Group

    Members
    -------
    start : 1 bit, in
        Take a group. The next one comes T cycles later at the earliest.
    locator, evaluator, length, near, dirty : C times the width of :class:`GroupKeyEquation`'s, in
        Of codeword c at c times that width.
    errors : L·m bits, out
        Bit b of what is to be added to lane l at l·m + b, if the lane's codeword is `correct`.
    valid : 1 bit, out; slot : out, 0..T-1
        There are errors, and of which slot: 0 to T - 1 in consecutive clocks.
    correct, failed : C bits, out
        In the clock after that of slot T - 1: of a `dirty` codeword, the locator has `length` roots
        and is `near`, or not.

    Latency: :attr:`latency` cycles from `start` to slot 0, 4 with an even m. Throughput: a slot per
    cycle, groups without a gap.
    """

    start: Signal
    locator: Signal
    evaluator: Signal
    length: Signal
    near: Signal
    dirty: Signal
    errors: Signal
    valid: Signal
    slot: Signal
    correct: Signal
    failed: Signal

    def __init__(self, group: Group):
        self._group = group
        code, count = group.code, group.codewords
        self._length = (code.parity).bit_length()
        super().__init__({
            "start": In(1), "locator": In(count * (code.parity + 1) * code.m),
            "evaluator": In(count * code.parity * code.m), "length": In(count * self._length),
            "near": In(count), "dirty": In(count),
            "errors": Out(group.lanes * code.m), "valid": Out(1), "slot": Out(range(group.slots)),
            "correct": Out(count), "failed": Out(count),
        })

    @property
    def latency(self) -> int:
        """Cycles from `start` to the errors of slot 0."""
        return _search_latency(self._group)

    def elaborate(self, platform):
        m = Module()
        group, code, count = self._group, self._group.code, self._group.codewords
        # Slot whose coefficients the engines take now.
        slot = Signal(range(group.slots))
        going = Signal()
        steps = Signal()
        m.d.comb += steps.eq(self.start | going)
        with m.If(self.start):
            m.d.sync += [slot.eq(1), going.eq(1)]
        with m.Elif(going):
            m.d.sync += slot.eq(slot + 1)
            with m.If(slot == group.slots - 1):
                m.d.sync += [slot.eq(0), going.eq(0)]
        now = Cat(Mux(self.start, 0, slot), steps)
        for stage in range(self.latency):
            held = Signal(len(now), name=f"slot{stage}")
            m.d.sync += held.eq(now)
            now = held
        m.d.comb += Cat(self.slot, self.valid).eq(now)

        # What an engine takes: whether it is dirty goes round with it.
        dirty = Signal(count)               # of the engines' classes
        takes = Signal(count)
        m.d.comb += takes.eq(Mux(self.start, self.dirty, dirty.rotate_right(1))
                             & steps.replicate(count))
        with m.If(steps):
            m.d.sync += dirty.eq(takes)
        engine = Repeated(lambda: SearchEngine(group), name="search_engine",
                          domains={"sync": "sync"})
        states = [Signal((2 * code.parity + 1) * code.m, name=f"state{q}") for q in range(count)]
        parts = [engine.add(
            m, platform, f"engine{q}", load=self.start, dirty=takes[q],
            first=Cat(self.locator.word_select(q, (code.parity + 1) * code.m),
                      self.evaluator.word_select(q, code.parity * code.m)),
            neighbour=states[(q + 1) % count]) for q in range(count)]
        m.d.comb += [state.eq(part.state) for state, part in zip(states, parts, strict=True)]
        m.d.comb += self.errors.eq(Cat(
            parts[lane % count].errors.word_select(lane // count, code.m)
            for lane in range(group.lanes)))
        self._judge(m, parts)
        return m

    def _judge(self, m: Module, parts: list):
        """Sum up the roots as the codewords go round, and compare."""
        group, count, width = self._group, self._group.codewords, self._length
        expected = [Cat(self.length.word_select(c, width), self.near[c], self.dirty[c])
                    for c in range(count)]
        # As the slots pass by: taken at the start, needed until after the last slot.
        starts = [self.start]
        for i in range(_COUNTING):
            following = Signal(name=f"start{i}")
            m.d.sync += following.eq(starts[-1])
            starts.append(following)
        asked = [Signal(width + 2, name=f"asked{c}", reset_less=True) for c in range(count)]
        wanted = [Signal(width + 2, name=f"wanted{c}", reset_less=True) for c in range(count)]
        found = [Signal(width, name=f"found{q}", reset_less=True) for q in range(count)]
        with m.If(self.start):
            m.d.sync += [a.eq(e) for a, e in zip(asked, expected, strict=True)]
        with m.If(starts[-1]):
            m.d.sync += [w.eq(a) for w, a in zip(wanted, asked, strict=True)]
        m.d.sync += [own.eq(Mux(starts[-1], 0, found[(q + 1) % count]) + parts[q].roots)
                     for q, own in enumerate(found)]
        right = Signal(count)
        for c in range(count):
            q = (c - (group.slots - 1)) % count     # where it is in the last slot
            m.d.comb += right[c].eq(Cat(found[q], 1) == wanted[c][:width + 1])
        dirty = Cat(w[-1] for w in wanted)
        judgement = Cat(dirty & right, dirty & ~right)
        for i in range(self.latency - _COUNTING):
            held = Signal(2 * count, name=f"judgement{i}")
            m.d.sync += held.eq(judgement)
            judgement = held
        m.d.comb += Cat(self.correct, self.failed).eq(judgement)
