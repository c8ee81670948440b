import pytest

from lampyris.fec.syndromes import WordSyndromes
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

CODES = [(6, 2, 4, 0), (12, 8, 8, 0), (20, 16, 8, 0x187), (14, 10, 10, 0)]


def values(word, count, m, polynomial):
    """A word's values at alpha^0, alpha^1, ..., by Horner's rule."""
    field = ReferenceField(m, polynomial)
    totals = [0] * count
    for symbol in word:
        totals = [int(field.mul(total, field.power(j))) ^ int(symbol)
                  for j, total in enumerate(totals)]
    return totals


def check(n, k, m, polynomial, levels, words, number, rng):
    """Give a word per cycle, every other one damaged; syndromes and `clean` come together."""
    dut = WordSyndromes(n=n, k=k, m=m, polynomial=polynomial, levels=levels)
    latency = dut.latency
    for index, word in enumerate(words):
        for _ in range(index % 2 * rng.randint(1, 5)):
            word[rng.randrange(n)] ^= 1 << rng.randrange(m)
    results = []

    async def testbench(ctx):
        for word in [*words, *words[:latency]]:
            ctx.set(dut.i, number(word, m))
            await ctx.delay(1e-9)
            results.append((ctx.get(dut.o), ctx.get(dut.clean)))
            await ctx.tick()

    simulate(dut, [testbench])
    expected = [number(values(word, n - k, m, polynomial), m) for word in words]
    assert results[latency:] == [(value, value == 0) for value in expected]
    assert len(words) // 2 <= expected.count(0) < len(words)
    return dut


@pytest.mark.parametrize("levels, latency", [(13, {1}), (5, {1, 2}), (2, {2, 3, 4, 5})])
@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_small_codes(n, k, m, polynomial, levels, latency, codewords, number, rng):
    dut = check(n, k, m, polynomial, levels, codewords(n, k, m, polynomial, 40), number, rng)
    assert dut.latency in latency
    assert (dut.latency - 1) * levels < dut.network.depth <= dut.latency * levels


@pytest.mark.parametrize("levels, latency", [(13, 1), (7, 2)])
def test_128_lanes(levels, latency, codewords, number, rng):
    dut = check(136, 128, 8, 0, levels, codewords(136, 128, 8, 0, 24), number, rng)
    assert dut.latency == latency


def test_every_bit_counts_for_clean(product):
    """Words whose syndromes are 0 but for one bit, each of them in turn, are not clean."""
    dut = WordSyndromes(n=12, k=8, m=8)
    rows = dut.code.syndrome_rows()
    pairs = [(product(rows, 1 << bit), 1 << bit) for bit in range(64, 96)]
    for bit in range(32):               # Gauss and Jordan: a word for each bit of the syndromes
        pivot = next(place for place in range(bit, 32) if pairs[place][0] >> bit & 1)
        pairs[bit], pairs[pivot] = pairs[pivot], pairs[bit]
        pairs = [(value ^ pairs[bit][0], word ^ pairs[bit][1])
                 if place != bit and value >> bit & 1 else (value, word)
                 for place, (value, word) in enumerate(pairs)]

    async def testbench(ctx):
        for bit, (_, word) in enumerate([*pairs, (0, 0)]):
            ctx.set(dut.i, word)
            await ctx.tick().repeat(dut.latency)
            assert ctx.get(dut.o) == (1 << bit if word else 0)
            assert ctx.get(dut.clean) == (word == 0)

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^levels must be 1 or more, not 0$"):
        WordSyndromes(n=12, k=8, m=8, levels=0)
    with pytest.raises(ValueError, match=r"^n - k = 3 parity symbols are not allowed: it must be "
                                         r"an even number$"):
        WordSyndromes(n=12, k=9, m=8)
