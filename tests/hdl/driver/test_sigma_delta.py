import numpy as np
import pytest

from lampyris.driver.sigma_delta import SigmaDelta, SigmaDeltaOutput
from lampyris.sim.reference.driver import sigma_delta
from lampyris.sim.streams import simulate


def play(dut, port, inputs, output):
    seen = []

    async def testbench(ctx):
        for value in inputs:
            ctx.set(port, int(value))
            await ctx.tick()
            seen.append(ctx.get(output))

    simulate(dut, [testbench])
    return np.array(seen)


@pytest.mark.parametrize("bits", [3, 6, 12])
def test_bit_exact(bits):
    dut, rng = SigmaDelta(bits=bits), np.random.default_rng(bits)
    codes = np.repeat(rng.integers(1 << bits, size=60), rng.integers(1, 40, 60))
    assert np.array_equal(play(dut, dut.i, codes, dut.o), sigma_delta(codes, bits))


@pytest.mark.parametrize("code", range(16))
def test_exact_density(code):
    """Any 16 clocks have `code` ones, from any state; a code of 0 has none from the first."""
    dut, rng = SigmaDelta(bits=4), np.random.default_rng(code)
    ones = play(dut, dut.i, [*rng.integers(16, size=code + 1), *64 * [code], *20 * [0]], dut.o)
    steady = ones[code + 1:code + 65]
    assert set(np.convolve(steady, np.ones(16, int), "valid")) == {code}
    assert not ones[code + 65:].any()


def test_each_code_has_its_own():
    dut = SigmaDeltaOutput(lanes=2, bits=3)
    codes = [1, 3, 5, 7, 0, 2, 4, 6]        # lane 0, lane 1
    word = sum(code << 3 * place for place, code in enumerate(codes))
    seen = play(dut, dut.codes.as_value(), 8 * [word], dut.o.as_value())
    assert [int((seen >> place & 1).sum()) for place in range(8)] == codes
