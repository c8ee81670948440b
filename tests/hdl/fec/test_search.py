import numpy as np
import pytest

from lampyris.fec.search import RootSearch
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

CODES = [(3, 1, 4, 0, 3), (15, 7, 4, 0, 3), (12, 8, 8, 0, 3), (20, 16, 8, 0x187, 3),
         (14, 10, 10, 0, 3), (31, 23, 5, 0, 4), (20, 12, 9, 0, 5), (136, 128, 8, 0, 3)]


class Search:
    """Inputs of a search, and what it must find."""

    def __init__(self, rng, field, n, parity):
        # Mostly a product over different symbols, sometimes over places that no symbol has, with
        # a double root, of too low a degree, or anything.
        places = rng.sample(range(n), rng.randint(1, min(n, parity)))
        if rng.random() < 0.2:
            places[0] = rng.choice((rng.randrange(field.order), places[-1]))
        locator = np.array([rng.randint(1, field.order)], np.uint16)
        for place in places:
            factor = np.array([1, field.power(place)], np.uint16)
            locator = field.product(factor, locator, len(locator) + 1)
        self.locator = np.pad(locator, (0, parity + 1 - len(locator)))
        if rng.random() < 0.1:
            self.locator = np.array([rng.randint(0, field.order) for _ in self.locator], np.uint16)
            self.locator[0] |= 1
        self.evaluator = np.array([rng.randint(0, field.order) for _ in range(parity)], np.uint16)
        self.length = len(places) if rng.random() < 0.9 else rng.randint(0, parity)
        self.near, self.dirty = rng.random() < 0.8, rng.random() < 0.8

        inverses = field.power(-np.arange(n - 1, -1, -1)[:, None] * np.arange(parity + 1))
        odd = field.dot(self.locator[1::2], inverses[:, 1::2])
        self.roots = field.dot(self.locator, inverses) == 0
        self.errors = np.zeros(n, np.uint16)
        divided = self.roots & (odd != 0)
        self.errors[divided] = field.mul(field.dot(self.evaluator, inverses[divided, :-1]),
                                         field.inv(odd[divided]))
        self.correct = self.dirty and self.near and self.roots.sum() == self.length
        self.failed = self.dirty and not self.correct

    def set(self, ctx, dut, number, m):
        ctx.set(dut.locator, number(self.locator, m))
        ctx.set(dut.evaluator, number(self.evaluator, m))
        for port in ("length", "near", "dirty"):
            ctx.set(getattr(dut, port), int(getattr(self, port)))


@pytest.mark.parametrize("n, k, m, polynomial, latency", CODES)
def test_errors(n, k, m, polynomial, latency, rng, number):
    """Other polynomials in each cycle."""
    dut = RootSearch(n=n, k=k, m=m, polynomial=polynomial)
    assert dut.latency == latency
    field = ReferenceField(m, polynomial)
    searches = [Search(rng, field, n, n - k) for _ in range(150 if n < 100 else 40)]
    results = []

    async def testbench(ctx):
        for search in [*searches, *searches[:latency]]:
            search.set(ctx, dut, number, m)
            await ctx.delay(1e-9)
            planes = [ctx.get(dut.errors[b]) for b in range(m)]
            results.append((ctx.get(dut.correct), ctx.get(dut.failed), planes))
            await ctx.tick()

    simulate(dut, [testbench])
    for search, (correct, failed, planes) in zip(searches, results[latency:], strict=True):
        assert (correct, failed) == (search.correct, search.failed)
        if search.dirty:
            assert planes == [number(search.errors >> b & 1, 1) for b in range(m)]
    assert {(search.correct, search.failed) for search in searches} == {(0, 0), (0, 1), (1, 0)}


@pytest.mark.parametrize("n, k, m", [(20, 12, 8), (31, 23, 5)])
def test_symbols_without_errors_are_quiet(n, k, m, rng, registers, number):
    """All their registers are 0 but those of the polynomials' values."""
    dut, signals = registers(RootSearch(n=n, k=k, m=m))
    vectors = [signal for signal in signals
               if len(signal) == n and not signal.name.endswith("_held")]
    assert len(vectors) >= 1 + 2 * m
    field = ReferenceField(m, 0)

    async def testbench(ctx):
        for _ in range(40):
            search = Search(rng, field, n, n - k)
            search.set(ctx, dut, number, m)
            ctx.set(dut.dirty, 1)
            await ctx.tick().repeat(dut.latency)
            roots = number(search.roots, 1)
            values = [ctx.get(vector) for vector in vectors]
            assert roots in values and all(value & ~roots == 0 for value in values)

    simulate(dut, [testbench])


@pytest.mark.parametrize("n, k, m", [(20, 12, 8), (31, 23, 5)])
def test_nothing_moves_unless_dirty(n, k, m, rng, registers, number):
    dut, signals = registers(RootSearch(n=n, k=k, m=m))
    field = ReferenceField(m, 0)
    states = []

    async def testbench(ctx):
        for cycle in range(60):
            Search(rng, field, n, n - k).set(ctx, dut, number, m)
            ctx.set(dut.dirty, cycle < 30)
            await ctx.tick()
            states.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])
    assert states[28] != states[29]
    assert all(state == states[-1] for state in states[30 + dut.latency:])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^n = 300 symbols are out of range: allowed is 3 to 255 "
                                         r"with m = 8$"):
        RootSearch(n=300, k=8, m=8)
