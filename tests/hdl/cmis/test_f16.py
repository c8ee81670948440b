"""Error rates in F16 against exact fractions."""

import random

import pytest

from lampyris.cmis.f16 import RateToF16, f16_code
from lampyris.sim.reference.cmis import f16_value, rate_code
from lampyris.sim.streams import simulate


def converted(width, pairs):
    dut = RateToF16(width=width)
    codes, longest = [], 0

    async def testbench(ctx):
        nonlocal longest
        for errors, bits in pairs:
            ctx.set(dut.errors, errors)
            ctx.set(dut.bits, bits)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            clocks = 1
            while ctx.get(dut.busy):
                await ctx.tick()
                clocks += 1
            longest = max(longest, clocks)
            codes.append(ctx.get(dut.code))

    simulate(dut, [testbench], cycles=1_000_000)
    return codes, longest


@pytest.mark.parametrize("width", [4, 32])
def test_bit_for_bit(width):
    rng = random.Random(width)
    top = (1 << width) - 1
    pairs = [(0, 0), (0, 1), (1, 0), (1, top), (top, top), (top, 1), (top - 1, top)]
    for _ in range(20):
        bits = rng.getrandbits(rng.randint(1, width)) or 1
        pairs.append((rng.getrandbits(rng.randint(1, width)), bits))
    # Beside every border between two exponents, and where a mantissa is half way.
    pairs += [(round(k * 2047.5) + d, 10**(4 if k == 1 else 5)) for k in (1, 10) for d in (-1, 0, 1)
              if width == 32]
    if width > 4:
        pairs += [(4095, 20_000_000), (4094, 20_000_000), (819, 4000), (1, 2000), (3, 2000)]
    codes, longest = converted(width, pairs)
    assert codes == [rate_code(*pair) for pair in pairs]
    assert longest <= 2 + 19 * (1 + 0.302 * width)


def test_order_and_error():
    """Codes are in the order of the rates, and within 0.25 % of them."""
    rates = sorted((random.Random(1).randint(1, 10**9), 10**9) for _ in range(500))
    codes = [rate_code(*rate) for rate in rates]
    assert codes == sorted(codes)
    assert all(abs(f16_value(code) * bits / errors - 1) <= 0.0025
               for code, (errors, bits) in zip(codes, rates, strict=True))


@pytest.mark.parametrize("value, code", [(0, 0), (1, 0xABE8), (1e-5, 0x83E8), (2.4e-4, 0x90F0)])
def test_codes_of_values(value, code):
    assert f16_code(value) == code
    assert float(f16_value(code)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("value", [-1, 3e10])
def test_no_code(value):
    with pytest.raises(ValueError, match=f"a value in F16 must be 0 to 2.047e10, not {value}"):
        f16_code(value)


def test_bad_width():
    with pytest.raises(ValueError, match="width must be 4 to 48 bits, not 49"):
        RateToF16(width=49)
