"""Test patterns of one lane (`docs/link-format.md`, section 7): generator and checker."""

from math import ceil

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from ..checks import check_gear
from .counting import count_ones

__all__ = ["PrbsChecker", "PrbsGenerator"]

_TAPS = {1: (7, 6), 2: (9, 5), 3: (15, 14), 4: (23, 18), 5: (31, 28)}
"""Select code -> (a, b) of s[n] = s[n-a] ^ s[n-b]."""

_LENGTH = 31
"""Bits of history the longest order needs."""


class PrbsGenerator(wiring.Component):
    """Sends one of the five sequences, `gear` bits per cycle.

    The register holds the last 31 bits of the sequence; PRBSa uses the youngest a of them. Should
    these be all 0 (such a seed, or a change to a shorter order), the youngest is made 1 before the
    first bit is sent, so the sequence never stands still.

    Parameters
    ----------
    gear : int, 4..16
        Bits per symbol.

    Members
    -------
    select : In(3)
        0 off, 1..5 PRBS7, 9, 15, 23, 31; 6 and 7 are off, too.
    seed : In(31)
        Register to start from, the youngest bit in bit 0.
    load : In(1)
        Take the seed. The sequence starts after the last cycle of `load`.
    o : Out(gear)
        Symbol, bit 0 first on the line; 0 while off. When off the register holds; back at the same
        order, the sequence goes on where it stopped.

    Latency: 3 cycles from `load` or a change of `select` to the first symbol, in between `o` is 0;
    1 cycle from `select` = 0 to `o` = 0. Cost: 36 registers; 131 LUT4 with gear 8 on ECP5.
    """

    select: Signal
    seed: Signal
    load: Signal
    o: Signal

    def __init__(self, *, gear: int):
        check_gear(gear)
        self._gear = gear
        super().__init__({
            "select": In(3),
            "seed": In(_LENGTH),
            "load": In(1),
            "o": Out(gear),
        })

    @property
    def gear(self) -> int:
        return self._gear

    def elaborate(self, platform):
        m = Module()
        gear = self._gear
        q = Signal(_LENGTH)                 # q[0] is the youngest bit
        active = Signal()                   # q[:gear] is a symbol to send
        before = Signal.like(self.select)
        checked = Signal()                  # q is not 0 in the order `before`

        zero = Signal()
        symbol = Signal(gear)
        with m.Switch(before):
            for code, (a, b) in _TAPS.items():
                with m.Case(code):
                    m.d.comb += [
                        zero.eq(q[:a] == 0),
                        symbol.eq(_next_bits(q, a, b, gear)),
                    ]

        running = Signal()
        m.d.comb += running.eq((before >= 1) & (before <= len(_TAPS)))
        m.d.sync += [
            before.eq(self.select),
            checked.eq(~self.load & (before == self.select)),
            active.eq(0),
        ]
        with m.If(self.load):
            m.d.sync += q.eq(self.seed)
        with m.Elif(~checked):
            m.d.sync += q[0].eq(q[0] | zero)
        with m.Elif(running & (before == self.select)):
            m.d.sync += [
                q.eq(Cat(reversed(symbol), q)),
                active.eq(1),
            ]
        m.d.comb += self.o.eq(Cat(reversed(q[:gear])) & active.replicate(gear))
        return m


class PrbsChecker(wiring.Component):
    """Counts the bits that do not follow from those received before them.

    Self-synchronising: each bit is compared with what the recurrence makes of earlier *received*
    bits. So one wrong bit on the line counts 3 times: when it arrives and as either tap. A lane
    that is inverted or stuck at 1 counts as wrong throughout. One stuck at 0 obeys every
    recurrence, so a word of zeros after 31 zeros (no sequence has so many) counts as wrong, too.

    Parameters
    ----------
    gear : int, 4..16
        Bits per symbol.

    Members
    -------
    i : In(gear)
        Symbol, bit 0 first on the line. Any word boundary will do.
    valid : In(1)
    select : In(3)
        As in :class:`PrbsGenerator`.
    errors : Out(range(gear + 1))
        Mismatching bits of one word; 0 without a word or while off.
    aligned : Out(1)
        `errors` means something: 31 bits or more were received between the last change of `select`
        and this word. Count `errors` only then; they are not held back otherwise. 0 while off.

    Latency: 2 cycles, of `aligned` too. Cost: 31 registers of history, gear + 14 others at most;
    133 LUT4 with gear 8 on ECP5.
    """

    i: Signal
    valid: Signal
    select: Signal
    errors: Signal
    aligned: Signal

    def __init__(self, *, gear: int):
        check_gear(gear)
        self._gear = gear
        super().__init__({
            "i": In(gear),
            "valid": In(1),
            "select": In(3),
            "errors": Out(bits_for(gear)),
            "aligned": Out(1),
        })

    @property
    def gear(self) -> int:
        return self._gear

    def elaborate(self, platform):
        m = Module()
        gear = self._gear
        history = Signal(_LENGTH)           # history[0] is the youngest bit
        before = Signal.like(self.select)
        words = ceil(_LENGTH / gear)
        missing = Signal(range(words + 1), init=words)      # words until the history is all new

        # Step 1: compare.
        predicted = Signal(gear)
        running = Signal()
        taps = Cat(reversed(self.i), history)               # taps[gear - 1 - j] is bit j
        with m.Switch(self.select):
            for code, (a, b) in _TAPS.items():
                with m.Case(code):
                    m.d.comb += [
                        running.eq(1),
                        predicted.eq(Cat(taps[gear - 1 - bit + a] ^ taps[gear - 1 - bit + b]
                                         for bit in range(gear))),
                    ]
        wrong = Signal(gear)
        dead = Signal()
        ready = Signal()
        changed = Signal()
        m.d.comb += changed.eq(before != self.select)
        m.d.sync += [
            before.eq(self.select),
            wrong.eq(0),
            dead.eq(0),
            ready.eq(running & ~changed & (missing == 0)),
        ]
        with m.If(self.valid & running):
            m.d.sync += [
                history.eq(taps),
                wrong.eq(self.i ^ predicted),
                dead.eq(taps == 0),
            ]
        with m.If(changed):
            m.d.sync += missing.eq(words - self.valid)
        with m.Elif(self.valid & (missing != 0)):
            m.d.sync += missing.eq(missing - 1)

        # Step 2: count.
        m.d.sync += [
            self.errors.eq(count_ones(list(wrong | dead.replicate(gear)))),
            self.aligned.eq(ready),
        ]
        return m


def _next_bits(q: Value, a: int, b: int, count: int) -> Value:
    """The bits that follow state `q`, each as the XOR of bits of `q` alone."""
    terms: list[set[int]] = []
    for place in range(count):
        terms.append(set())
        for tap in (a, b):
            terms[place] ^= terms[place - tap] if tap <= place else {tap - 1 - place}
    return Cat(Cat(q[index] for index in sorted(term)).xor() for term in terms)
