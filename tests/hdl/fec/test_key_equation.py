import numpy as np
import pytest

from lampyris.fec.key_equation import KeyEquation
from lampyris.sim.reference.errata import shortest_recurrence
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

CODES = [(6, 2, 4, 0), (12, 8, 8, 0), (20, 16, 8, 0x187), (14, 10, 10, 0), (9, 7, 4, 0),
         (31, 19, 5, 0), (136, 128, 8, 0)]


def locator_of(field, n, symbols, terms):
    """The product of 1 + X·x over some symbols."""
    product = np.ones(1, np.uint16)
    for symbol in symbols:
        factor = np.array([1, field.power(n - 1 - symbol)], np.uint16)
        product = field.product(factor, product, len(product) + 1)
    return np.pad(product, (0, terms - len(product)))


class Word:
    """Syndromes of up to two more errors than can be corrected, and what is known of them."""

    def __init__(self, rng, field, n, parity):
        erasures = rng.choice((0, 0, rng.randint(0, parity), parity))
        errors = min(rng.randint(0, (parity - erasures) // 2 + 2), n - erasures)
        symbols = rng.sample(range(n), erasures + errors)
        self.count = erasures
        self.gamma = locator_of(field, n, symbols[:erasures], parity + 1)
        self.locator = locator_of(field, n, symbols, n + 1)
        values = np.array([rng.randint(0, field.order) for _ in range(erasures)]
                          + [rng.randint(1, field.order) for _ in range(errors)], np.uint16)
        places = n - 1 - np.array(symbols, int)
        self.syndromes = field.dot(values, field.power(np.arange(parity)[:, None] * places))
        # The errors alone: the modified syndromes from number e on have their recurrence.
        modified = field.product(self.gamma, self.syndromes, parity)[erasures:]
        self.length = erasures + int(shortest_recurrence(field, modified[None])[1][0])
        self.near = 2 * self.length <= parity + erasures
        self.correctable = 2 * errors + erasures <= parity
        self.overfull = rng.random() < 0.1
        self.dirty = rng.random() < 0.8


def check(n, k, m, polynomial, per_stage, cycles, rng, number):
    dut = KeyEquation(n=n, k=k, m=m, polynomial=polynomial, iterations_per_stage=per_stage)
    field, parity = ReferenceField(m, polynomial), n - k
    assert dut.latency == 1 + -(-parity // per_stage)
    words = [Word(rng, field, n, parity) for _ in range(cycles)]
    results = []

    async def testbench(ctx):
        for word in [*words, *words[:dut.latency]]:
            ctx.set(dut.syndromes, number(word.syndromes, m))
            ctx.set(dut.gamma, number(word.gamma, m))
            ctx.set(dut.count, word.count)
            ctx.set(dut.overfull, word.overfull)
            ctx.set(dut.dirty, word.dirty)
            await ctx.delay(1e-9)
            results.append([ctx.get(port) for port in (
                dut.dirty_out, dut.near, dut.length, dut.locator, dut.evaluator)])
            await ctx.tick()

    def elements(value, count):
        return np.array([value >> m * place & field.order for place in range(count)], np.uint16)

    simulate(dut, [testbench])
    corrected = 0
    for word, (dirty, near, length, locator, evaluator) in zip(words, results[dut.latency:],
                                                               strict=True):
        assert dirty == word.dirty
        if not dirty:
            continue
        assert near == (word.near and not word.overfull)
        assert length == word.length
        locator, evaluator = elements(locator, parity + 1), elements(evaluator, parity)
        assert (evaluator == field.product(locator, word.syndromes, parity)).all()
        if word.near:
            assert locator[0] and not evaluator[length:].any()
        if word.correctable:
            assert word.near and word.length <= parity
            assert (field.mul(locator, field.inv(locator[0])) == word.locator[:parity + 1]).all()
            corrected += 1
    assert corrected > cycles // 4


@pytest.mark.parametrize("per_stage", [1, 2])
@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_locators(n, k, m, polynomial, per_stage, rng, number):
    """A word per cycle; erasures, their number and `overfull` change with every one."""
    check(n, k, m, polynomial, per_stage, 100, rng, number)


@pytest.mark.parametrize("per_stage", [3, 4])
def test_other_stages(per_stage, rng, number):
    """Iterations that do not fill the last stage, and all in one."""
    check(12, 8, 8, 0, per_stage, 100, rng, number)


def test_nothing_moves_unless_dirty(rng, registers):
    dut, signals = registers(KeyEquation(n=20, k=14, m=8))
    states = []

    async def testbench(ctx):
        for cycle in range(40):
            ctx.set(dut.syndromes, rng.getrandbits(48))
            ctx.set(dut.gamma, rng.getrandbits(48) << 8 | 1)
            ctx.set(dut.count, rng.randint(0, 6))
            ctx.set(dut.dirty, cycle < 20)
            await ctx.tick()
            states.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])
    assert len(signals) > 100 and states[18] != states[19]
    assert all(state == states[-1] for state in states[20 + dut.latency:])


@pytest.mark.parametrize("per_stage", [0, 5])
def test_bad_parameters(per_stage):
    with pytest.raises(ValueError, match=rf"^iterations_per_stage must be 1 to n - k = 4, not "
                                         rf"{per_stage}$"):
        KeyEquation(n=12, k=8, m=8, iterations_per_stage=per_stage)
