"""The key equation of errors and erasures, with one iteration or two per clock."""

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .code import Code
from .iteration import Iteration

__all__ = ["GroupKeyEquation"]


@dataclass(frozen=True)
class _State:
    """What the iterations work on: of R = n - k of them, r are done."""

    locator: list[Value]            # Lambda, the coefficient of x^0 first
    product: list[Value]            # S(x)·Lambda(x) mod x^R, the coefficient of x^r first, cyclic
    old: list[Value]                # B
    old_product: list[Value]        # S(x)·B(x), as `product`
    gamma: Value                    # the discrepancy that belongs to B
    k: Value                        # r + e - 2·L, for a locator of length L; 0 before r = e
    erasures: Value                 # iterations left that are erasures
    fresh: Value                    # r <= e: B and its product are still Lambda and `product`
    last: Value                     # bit i: coefficient R-1 is `product`[i]; 0 when all is done

    def values(self) -> list[Value]:
        """All of them in a row."""
        return [value for part in vars(self).values()
                for value in (part if isinstance(part, list) else [part])]


class GroupKeyEquation(wiring.Component):
    """Finds the locator of errors and erasures and their evaluator, one word after the other.

    It is the algorithm of :class:`KeyEquation`, with one array of multipliers. The products go
    round in a ring, so that the discrepancy of each iteration is in the same place, and are back
    where they were after n - k iterations. An erased symbol takes an iteration, too, which
    multiplies Lambda by 1 + X·x: the discrepancy is replaced by X, and B by Lambda. So the number
    of iterations does not depend on that of the erasures.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.
    iterations_per_clock : int
        1 or 2.

    Members
    -------
    start : 1 bit, in
        Take `syndromes`, `dirty`, `count` and `overfull`.
    syndromes : (n - k)·m bits, in
        S_0 first.
    dirty : 1 bit, in
        They are not all 0. Otherwise the registers take what they have at the start, and rest.
    count : in, 0..n-k; overfull : 1 bit, in
        Number of erased symbols; they are more than n - k.
    roots : iterations_per_clock·m bits, in
        In the clocks after `start`, the locators X of the erased symbols, alpha^(n-1-s) of symbol
        s, each once: so many in each clock, the first lowest. Beyond `count`, anything.
    locator, evaluator, length, near, dirty_out : out
        See :class:`KeyEquation`. They stay until the next `start`.

    Latency: :attr:`latency` cycles from `start` to the outputs, 1 + (n - k) / iterations_per_clock.
    The next `start` may come with the outputs.

    With 2 iterations per clock a path has twice as many gates as with one: over GF(2^10) some 10
    XOR2, AND2 and multiplexers for each.

    Cost for RS(544, 514) with 2 iterations per clock: 242 products, with all else 23.1 k XOR2,
    24.7 k AND2 and OR2, 2.7 k multiplexers and 1260 flip-flops. For RS(248, 232) over GF(2^8) with
    one: 65 products, 4.0 k, 4.4 k, 0.7 k and 560.
    """

    start: Signal
    syndromes: Signal
    dirty: Signal
    count: Signal
    overfull: Signal
    roots: Signal
    locator: Signal
    evaluator: Signal
    length: Signal
    near: Signal
    dirty_out: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0,
                 iterations_per_clock: int = 1):
        self._code = Code(n, k, m, polynomial)
        if iterations_per_clock not in (1, 2):
            raise ValueError(f"iterations_per_clock must be 1 or 2, not {iterations_per_clock}")
        self._per_clock = iterations_per_clock
        parity = self._code.parity
        super().__init__({
            "start": In(1), "syndromes": In(parity * m), "dirty": In(1),
            "count": In(range(parity + 1)), "overfull": In(1),
            "roots": In(iterations_per_clock * m),
            "locator": Out((parity + 1) * m), "evaluator": Out(parity * m),
            "length": Out(range(parity + 1)), "near": Out(1), "dirty_out": Out(1),
        })

    @property
    def latency(self) -> int:
        """Cycles from `start` to the outputs."""
        return 1 + self._code.parity // self._per_clock

    def elaborate(self, platform):
        m = Module()
        parity = self._code.parity
        state = following = self._signals("")
        for i in range(self._per_clock):
            root = self.roots.word_select(i, self._code.m)
            following = self._iterate(m, i, following, root)
            if i < self._per_clock - 1:
                between = self._signals(f"_after{i}")
                m.d.comb += self._assign(between, following)
                following = between

        count, overfull = Signal.like(self.count), Signal()
        with m.If(self.start):
            # Only `last` depends on `dirty`, which comes late: clean words, with the same zeros
            # each, make no iteration.
            m.d.sync += [
                self.dirty_out.eq(self.dirty), count.eq(self.count), overfull.eq(self.overfull),
                Cat(state.locator).eq(1), Cat(state.product).eq(self.syndromes),
                state.gamma.eq(1), state.k.eq(0), state.erasures.eq(self.count),
                state.fresh.eq(1), state.last.eq(self.dirty << parity - 1),
            ]
        with m.Elif(state.last.any()):
            m.d.sync += self._assign(state, following)
        m.d.comb += [
            self.locator.eq(Cat(state.locator)), self.evaluator.eq(Cat(state.product)),
            self.length.eq((parity + count - state.k) >> 1),
            self.near.eq((state.k >= 0) & ~overfull),
        ]
        return m

    def _iterate(self, m: Module, i: int, s: _State, root: Value) -> _State:
        """Iteration number i of a clock, which makes the first of `product` 0 if it can."""
        gap = Signal(self._code.m, name=f"gap{i}")
        active = Signal(name=f"active{i}")
        m.d.comb += [active.eq(s.erasures == 0), gap.eq(Mux(active, s.product[0], root))]
        iteration = Iteration(m, self._code.field, f"{i}", gamma=s.gamma, gap=gap, k=s.k,
                              active=active)

        # Nothing depends on the highest coefficient of B's product: it must not come round.
        old = [Mux(s.fresh, a, b) for a, b in zip(s.locator[:-1], s.old, strict=True)]
        old_product = [Mux(s.fresh, a, b) & ~last.replicate(len(gap)) for a, b, last in zip(
            s.product, s.old_product, s.last, strict=True)]
        locator, old = iteration.advance(s.locator, [Const(0, len(gap)), *old])
        product, old_product = iteration.advance(s.product, [old_product[-1], *old_product[:-1]])
        return _State(
            locator, [*product[1:], product[0]], old[:-1], [*old_product[1:], old_product[0]],
            iteration.next_gamma, iteration.next_k, Mux(active, 0, s.erasures - 1), ~active,
            s.last >> 1)

    # Signals --------------------------------------------------------------------------------------

    def _signals(self, suffix: str) -> _State:
        parity = self._code.parity

        def elements(name: str, count: int) -> list[Value]:
            return [Signal(self._code.m, name=f"{name}{i}{suffix}", reset_less=True)
                    for i in range(count)]

        return _State(
            elements("lambda", parity + 1), elements("product", parity),
            elements("old_lambda", parity), elements("old_product", parity),
            Signal(self._code.m, name=f"gamma{suffix}", reset_less=True),
            Signal(range(-parity, parity + 1), name=f"k{suffix}", reset_less=True),
            Signal(range(parity + 1), name=f"erasures{suffix}", reset_less=True),
            Signal(name=f"fresh{suffix}", reset_less=True),
            Signal(parity, name=f"last{suffix}"))

    @staticmethod
    def _assign(signals: _State, state: _State) -> list:
        return [signal.eq(value)
                for signal, value in zip(signals.values(), state.values(), strict=True)]
