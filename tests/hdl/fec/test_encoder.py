import pytest

from lampyris.fec.encoder import WordEncoder
from lampyris.sim.streams import simulate

CODES = [(6, 2, 4, 0), (12, 8, 8, 0), (20, 16, 8, 0x187), (14, 10, 10, 0)]


def check(dut, latency, words, k, m, number):
    """Give a message per cycle and expect the words, each `latency` cycles later."""
    assert dut.latency == latency
    results = []

    async def testbench(ctx):
        for word in [*words, *words[:latency]]:
            ctx.set(dut.i, number(word[:k], m))
            await ctx.delay(1e-9)
            results.append(ctx.get(dut.o))
            await ctx.tick()

    simulate(dut, [testbench])
    assert results[latency:] == [number(word, m) for word in words]


@pytest.mark.parametrize("levels, latency", [(13, {1}), (5, {1, 2}), (2, {2, 3, 4})])
@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_small_codes(n, k, m, polynomial, levels, latency, codewords, number):
    """The reference's words, with as many registers as the levels allow."""
    dut = WordEncoder(n=n, k=k, m=m, polynomial=polynomial, levels=levels)
    assert dut.latency in latency
    assert (dut.latency - 1) * levels < dut.network.depth <= dut.latency * levels
    words = codewords(n, k, m, polynomial, 40)
    check(dut, dut.latency, words, k, m, number)


@pytest.mark.parametrize("levels, latency", [(13, 1), (7, 2)])
def test_128_lanes(levels, latency, codewords, number):
    dut = WordEncoder(n=136, k=128, m=8, levels=levels)
    assert dut.network.gates <= 10 * 1024
    check(dut, latency, codewords(136, 128, 8, 0, 25), 128, 8, number)


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^levels must be 1 or more, not 0$"):
        WordEncoder(n=12, k=8, m=8, levels=0)
    with pytest.raises(ValueError, match=r"^n = 300 symbols are out of range: allowed is 3 to 255 "
                                         r"with m = 8$"):
        WordEncoder(n=300, k=8, m=8)
