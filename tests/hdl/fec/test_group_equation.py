import numpy as np
import pytest

from lampyris.fec.group_equation import GroupKeyEquation
from lampyris.sim.reference.errata import shortest_recurrence
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

CODES = [(3, 1, 4, 0), (6, 2, 4, 0), (15, 9, 4, 0), (31, 19, 5, 0), (60, 50, 6, 0),
         (20, 16, 8, 0x187)]


class Word:
    """Syndromes of up to two more errors than can be corrected, and what must be found."""

    def __init__(self, rng, field, n, parity):
        self.rng, self.field, self.n, self.parity = rng, field, n, parity
        self.count = rng.choice((0, 0, rng.randint(0, parity), parity))
        errors = min(rng.randint(0, (parity - self.count) // 2 + 2), n - self.count)
        self.symbols = rng.sample(range(n), self.count + errors)
        values = np.array([rng.randint(0, field.order) for _ in range(self.count)]
                          + [rng.randint(1, field.order) for _ in range(errors)], np.uint16)
        places = n - 1 - np.array(self.symbols, int)
        self.syndromes = field.dot(values, field.power(np.arange(parity)[:, None] * places))
        # The errors alone: the modified syndromes from number e on have their recurrence.
        modified = field.product(self.product_over(self.count), self.syndromes, parity)
        _, lengths = shortest_recurrence(field, modified[None, self.count:])
        self.length = self.count + int(lengths[0])
        self.near = 2 * self.length <= parity + self.count
        self.correctable = 2 * errors + self.count <= parity
        self.overfull = rng.random() < 0.1
        self.dirty = rng.random() < 0.8

    def product_over(self, count):
        """The product of 1 + X·x over the first symbols."""
        product = np.ones(1, np.uint16)
        for symbol in self.symbols[:count]:
            factor = np.array([1, self.field.power(self.n - 1 - symbol)], np.uint16)
            product = self.field.product(factor, product, len(product) + 1)
        return product

    def roots(self, per_clock):
        """What `roots` is in the clocks after `start`, anything beyond the erased symbols."""
        elements = [int(self.field.power(self.n - 1 - symbol))
                    for symbol in self.symbols[:self.count]]
        elements += [self.rng.randint(0, self.field.order) for _ in range(self.parity - self.count)]
        return [elements[i:i + per_clock] for i in range(0, self.parity, per_clock)]

    def check(self, locator, evaluator, length, near):
        field = self.field
        assert near == (self.near and not self.overfull)
        assert length == self.length
        assert (evaluator == field.product(locator, self.syndromes, self.parity)).all()
        if self.near:
            assert locator[0] and not evaluator[length:].any()
        if self.correctable:
            expected = self.product_over(len(self.symbols))
            expected = np.pad(expected, (0, self.parity + 1 - len(expected)))
            assert self.near
            assert (field.mul(locator, field.inv(locator[0])) == expected).all()


async def solve(ctx, dut, word, number, per_clock):
    """One word through the key equation, as a decoder drives it; returns dirty and what it finds.

    Between `start` and the end the inputs but `roots` are anything; the next `start` may come in
    the clock in which the outputs are there.
    """
    rng, m = word.rng, word.field.m
    ctx.set(dut.start, 1)
    ctx.set(dut.syndromes, number(word.syndromes, m))
    ctx.set(dut.dirty, word.dirty)
    ctx.set(dut.count, word.count)
    ctx.set(dut.overfull, word.overfull)
    ctx.set(dut.roots, rng.getrandbits(per_clock * m))
    await ctx.tick()
    ctx.set(dut.start, 0)
    for port in (dut.syndromes, dut.dirty, dut.count, dut.overfull):
        ctx.set(port, rng.getrandbits(len(port)))
    clocks = 1
    for roots in word.roots(per_clock):
        ctx.set(dut.roots, number(roots, m))
        await ctx.tick()
        clocks += 1
    assert clocks == dut.latency

    def elements(port):
        return np.array([ctx.get(port) >> m * place & word.field.order
                         for place in range(len(port) // m)], np.uint16)

    return (ctx.get(dut.dirty_out), elements(dut.locator), elements(dut.evaluator),
            ctx.get(dut.length), ctx.get(dut.near))


def check(n, k, m, polynomial, per_clock, words, rng, number):
    dut = GroupKeyEquation(n=n, k=k, m=m, polynomial=polynomial, iterations_per_clock=per_clock)
    field, parity = ReferenceField(m, polynomial), n - k
    assert dut.latency == 1 + parity // per_clock
    corrected = 0

    async def testbench(ctx):
        nonlocal corrected
        for _ in range(words):
            word = Word(rng, field, n, parity)
            dirty, *found = await solve(ctx, dut, word, number, per_clock)
            assert dirty == word.dirty
            if dirty:
                word.check(*found)
                corrected += word.correctable
            # The outputs stay.
            for _ in range(rng.choice((0, 0, 1, 5))):
                ctx.set(dut.roots, rng.getrandbits(per_clock * m))
                await ctx.tick()
                if dirty:
                    assert ctx.get(dut.dirty_out) and ctx.get(dut.length) == found[2]
                    assert ctx.get(dut.locator) == number(found[0], m)
                    assert ctx.get(dut.evaluator) == number(found[1], m)

    simulate(dut, [testbench])
    assert corrected >= words // 5


@pytest.mark.parametrize("per_clock", [1, 2])
@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_locators(n, k, m, polynomial, per_clock, rng, number):
    """Words at once after each other and with pauses; erasures change with every one."""
    check(n, k, m, polynomial, per_clock, 60, rng, number)


def test_kp4(rng, number):
    check(544, 514, 10, 0, 2, 6, rng, number)


@pytest.mark.parametrize("per_clock", [1, 2])
def test_clean_words_move_nothing(per_clock, rng, registers, number):
    """The first after a dirty one brings the registers to rest, in one clock."""
    dut, signals = registers(GroupKeyEquation(n=20, k=14, m=8, iterations_per_clock=per_clock))
    states = []

    def look(ctx):
        states.append([ctx.get(signal) for signal in signals])

    async def testbench(ctx):
        for _ in range(10):
            word = Word(rng, ReferenceField(8, 0), 20, 6)
            word.dirty = True
            await solve(ctx, dut, word, number, per_clock)
            look(ctx)
        for port, value in ((dut.syndromes, 0), (dut.dirty, 0), (dut.count, 2), (dut.overfull, 0)):
            ctx.set(port, value)
        for clock in range(5 * dut.latency):
            ctx.set(dut.start, clock % dut.latency == 0)
            ctx.set(dut.roots, rng.getrandbits(per_clock * 8))
            await ctx.tick()
            look(ctx)

    simulate(dut, [testbench])
    assert len(signals) > 24 and states[8] != states[9] != states[10]
    assert states[10:] == [states[10]] * (5 * dut.latency)
