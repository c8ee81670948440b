import pytest

from lampyris.fec.search import RootSearch
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

CODES = [(3, 1, 4, 0, 3), (15, 7, 4, 0, 3), (12, 8, 8, 0, 3), (20, 16, 8, 0x187, 3),
         (14, 10, 10, 0, 3), (31, 23, 5, 0, 4), (20, 12, 9, 0, 5), (136, 128, 8, 0, 3)]


@pytest.fixture
def new_search(searches):
    """Function (field, n, parity) -> inputs of a search, and what it must find."""
    return lambda *code: searches(*code, fewest=1, near=0.8, dirty=0.8)


def put(ctx, dut, search, number, m):
    ctx.set(dut.locator, number(search.locator, m))
    ctx.set(dut.evaluator, number(search.evaluator, m))
    for port in ("length", "near", "dirty"):
        ctx.set(getattr(dut, port), int(getattr(search, port)))


@pytest.mark.parametrize("n, k, m, polynomial, latency", CODES)
def test_errors(n, k, m, polynomial, latency, new_search, number):
    """Other polynomials in each cycle."""
    dut = RootSearch(n=n, k=k, m=m, polynomial=polynomial)
    assert dut.latency == latency
    field = ReferenceField(m, polynomial)
    searches = [new_search(field, n, n - k) for _ in range(150 if n < 100 else 40)]
    results = []

    async def testbench(ctx):
        for search in [*searches, *searches[:latency]]:
            put(ctx, dut, search, number, m)
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
def test_symbols_without_errors_are_quiet(n, k, m, new_search, registers, number):
    """All their registers are 0 but those of the polynomials' values."""
    dut, signals = registers(RootSearch(n=n, k=k, m=m))
    vectors = [signal for signal in signals
               if len(signal) == n and not signal.name.endswith("_held")]
    assert len(vectors) >= 1 + 2 * m
    field = ReferenceField(m, 0)

    async def testbench(ctx):
        for _ in range(40):
            search = new_search(field, n, n - k)
            put(ctx, dut, search, number, m)
            ctx.set(dut.dirty, 1)
            await ctx.tick().repeat(dut.latency)
            roots = number(search.roots, 1)
            values = [ctx.get(vector) for vector in vectors]
            assert roots in values and all(value & ~roots == 0 for value in values)

    simulate(dut, [testbench])


@pytest.mark.parametrize("n, k, m", [(20, 12, 8), (31, 23, 5)])
def test_nothing_moves_unless_dirty(n, k, m, new_search, registers, number):
    dut, signals = registers(RootSearch(n=n, k=k, m=m))
    field = ReferenceField(m, 0)
    states = []

    async def testbench(ctx):
        for cycle in range(60):
            put(ctx, dut, new_search(field, n, n - k), number, m)
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
