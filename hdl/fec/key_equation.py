"""The key equation of errors and erasures: Berlekamp and Massey's iterations, unrolled."""

from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import xor

from amaranth import Cat, Const, Module, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .arithmetic import combine, multiples
from .code import Code
from .iteration import Iteration

__all__ = ["KeyEquation"]


@dataclass(frozen=True)
class _State:
    """What the iterations work on: polynomials as lists of coefficients, the lowest first.

    After r iterations the two locators differ in their coefficients 0..r at most, and `old` has
    only those. `old_product` lacks the highest, on which nothing depends.
    """

    locator: list                   # Lambda
    product: list                   # S(x)·Lambda(x) mod x^(n-k)
    old: list                       # B
    old_product: list               # S(x)·B(x)
    gamma: Value                    # the discrepancy that belongs to B
    k: Value                        # r + e - 2·L, for a locator of length L
    count: Value                    # e
    overfull: Value


class KeyEquation(wiring.Component):
    """Finds the locator of errors and erasures and their evaluator, for a word per clock.

    The reformulated inversionless Berlekamp-Massey algorithm (Sarwate and Shanbhag, "High-speed
    architectures for Reed-Solomon decoders", 2001): each iteration finds its discrepancy d ready
    in the product of syndromes and locator, and makes gamma·Lambda - d·x·B of the locators and of
    the products alike. Here the product keeps its low coefficients and so ends as the evaluator:
    a seventh more multipliers than with one more product at the end, but a clock less, in which
    a word would be stored. With e erasures (Blahut, "Theory and practice of error control codes",
    1983) the first e iterations do nothing, and Lambda and B begin as the erasures' locator.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.
    iterations_per_stage : int
        Iterations between two registers. With m = 8, each is a path of 9 XOR2 and AND2.

    Members
    -------
    syndromes : (n - k)·m bits, in
        S_0 first.
    dirty : 1 bit, in
        They are not all 0. Otherwise all registers but those of `dirty` keep their values.
    gamma, count, overfull : in
        From :class:`ErasureLocator`, taken together with the syndromes.
    locator : (n - k + 1)·m bits, out; evaluator : (n - k)·m bits, out
        Coefficients, that of x^0 first, both with the same factor.
    length : out, 0..n-k
        How many roots the locator must have.
    near : 1 bit, out
        The length is that of v errors and e erasures with 2v + e <= n - k. With an `overfull` set
        of erasures it never is.
    dirty_out : 1 bit, out
        The outputs belong to a word that is `dirty`; otherwise they mean nothing.

    If the locator is `near` and has `length` different roots among the places of the symbols, then
    there is a codeword within the bound, and the other way round: a recurrence of that length gives
    all syndromes, and is the shortest. So many roots also rule out that the highest coefficients
    are 0, and a pattern of errors that leads out of the word.

    Latency: :attr:`latency` cycles, 9 for 8 parity symbols with an iteration per stage.

    Cost for 8 parity symbols over GF(2^8): 228 products, with all else 13.9 k XOR2, 14.6 k other
    gates and 2010 flip-flops, with two iterations per stage 1030.
    """

    syndromes: Signal
    dirty: Signal
    gamma: Signal
    count: Signal
    overfull: Signal
    locator: Signal
    evaluator: Signal
    length: Signal
    near: Signal
    dirty_out: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0,
                 iterations_per_stage: int = 1):
        self._code = Code(n, k, m, polynomial)
        parity = self._code.parity
        if not 1 <= iterations_per_stage <= parity:
            raise ValueError(f"iterations_per_stage must be 1 to n - k = {parity}, not "
                             f"{iterations_per_stage}")
        self._per_stage = iterations_per_stage
        super().__init__({
            "syndromes": In(parity * m), "dirty": In(1),
            "gamma": In((parity + 1) * m), "count": In(range(parity + 1)), "overfull": In(1),
            "locator": Out((parity + 1) * m), "evaluator": Out(parity * m),
            "length": Out(range(parity + 1)), "near": Out(1), "dirty_out": Out(1),
        })

    @property
    def latency(self) -> int:
        """Cycles from `syndromes` to the outputs."""
        return 1 + -(-self._code.parity // self._per_stage)

    def elaborate(self, platform):
        m = Module()
        parity = self._code.parity
        m.submodules.start = stage = Module()
        dirty, state = self._registers(stage, "start", self.dirty, self._start(stage))
        state = replace(state, old=state.locator[:1], old_product=state.product[:-1])
        for r in range(parity):
            if r % self._per_stage == 0:
                m.submodules[f"stage{r // self._per_stage}"] = stage = Module()
            state = self._iterate(stage, r, state)
            if (r + 1) % self._per_stage == 0 or r == parity - 1:
                dirty, state = self._registers(stage, f"after{r}", dirty, state)
            else:
                state = self._signals(stage, "comb", f"after{r}", state)
        m.d.comb += [
            self.locator.eq(Cat(state.locator)), self.evaluator.eq(Cat(state.product)),
            self.length.eq((parity + state.count - state.k) >> 1),
            self.near.eq((state.k >= 0) & ~state.overfull), self.dirty_out.eq(dirty),
        ]
        return m

    def _start(self, m: Module) -> _State:
        """The erasures' locator, and the syndromes times this."""
        field, size, parity = self._code.field, self._code.m, self._code.parity
        syndromes = [Signal(size, name=f"syndrome{i}") for i in range(parity)]
        gammas = [Signal(size, name=f"gamma{i}") for i in range(parity + 1)]
        m.d.comb += [Cat(syndromes).eq(self.syndromes), Cat(gammas).eq(self.gamma)]
        # Multiples of the erasures' locator, not of the syndromes: these are quiet.
        by_gamma = {i: multiples(m, field, f"gamma{i}", gammas[i]) for i in range(1, parity)}
        product = [reduce(xor, [combine(by_gamma[power - i], syndromes[i])
                                for i in range(power)], syndromes[power])
                   for power in range(parity)]
        return _State([Const(1, size), *gammas[1:]], product, [], [], Const(1, size),
                      Const(0, Shape.cast(range(-parity, parity + 1))), self.count, self.overfull)

    def _iterate(self, m: Module, r: int, s: _State) -> _State:
        """Iteration number r, which makes coefficient r of the product 0 if the length allows."""
        parity = self._code.parity
        gap = Signal(self._code.m, name=f"gap{r}")
        active = Signal(name=f"active{r}")
        m.d.comb += [
            active.eq(s.count <= r),
            gap.eq(s.product[r] & active.replicate(len(gap))),
        ]
        iteration = Iteration(m, self._code.field, f"{r}", gamma=s.gamma, gap=gap, k=s.k,
                              active=active)

        def advance(new: list, old: list) -> tuple[list, list]:
            """The next of two polynomials, and of what it is corrected with."""
            shifted = [Const(0, len(gap)), *old]
            following, old = iteration.advance(new[:len(shifted)], shifted[:len(new)])
            return [*following, *new[len(following):]], old

        locator, old = advance(s.locator, s.old)
        product, old_product = advance(s.product, s.old_product)
        gamma = iteration.next_gamma
        if r == parity - 1:                     # nothing is left to correct
            old, old_product, gamma = [], [], Const(1, len(gap))
        return replace(s, locator=locator, product=product, old=old,
                       old_product=old_product[:parity - 1], gamma=gamma, k=iteration.next_k)

    # Signals --------------------------------------------------------------------------------------

    def _registers(self, m: Module, name: str, dirty: Value, state: _State
                   ) -> tuple[Value, _State]:
        dirty_next = Signal(name=f"{name}_dirty")
        m.d.sync += dirty_next.eq(dirty)
        with m.If(dirty):
            return dirty_next, self._signals(m, "sync", name, state)

    def _signals(self, m: Module, domain: str, name: str, state: _State) -> _State:
        """A state in signals of their own, all but constants."""
        def keep(value, label: str):
            if isinstance(value, list):
                return [keep(part, f"{label}{i}") for i, part in enumerate(value)]
            if isinstance(value, Const):
                return value
            signal = Signal.like(value, name=f"{name}_{label}", reset_less=True)
            m.d[domain] += signal.eq(value)
            return signal

        return _State(**{part.name: keep(getattr(state, part.name), part.name)
                         for part in fields(state)})
