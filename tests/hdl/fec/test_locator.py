import pytest

from lampyris.fec.galois import Field
from lampyris.fec.locator import ErasureLocator
from lampyris.sim.streams import simulate

CODES = [(6, 2, 4, 0), (12, 8, 8, 0), (20, 16, 8, 0x187), (14, 10, 10, 0), (15, 1, 4, 0),
         (136, 128, 8, 0)]


def outputs(mask, n, k, m, polynomial, number):
    """What belongs to a mask: (mask, gamma, count, overfull), without gamma and count if too many.
    """
    field, gamma, count = Field(m, polynomial), [1], mask.bit_count()
    if count > n - k:
        return mask, None, None, 1
    for symbol in range(n):
        if mask >> symbol & 1:
            gamma = field.product(gamma, [1, field.power(n - 1 - symbol)])
    return mask, number(gamma, m), count, 0


async def observe(ctx, dut):
    """The outputs after the next clock, so that they can be compared with :func:`outputs`."""
    await ctx.tick()
    mask, overfull = ctx.get(dut.mask), ctx.get(dut.overfull)
    if overfull:
        return mask, None, None, 1
    return mask, ctx.get(dut.gamma), ctx.get(dut.count), 0


def masks_of(rng, n, parity):
    """None, one and all, as many as there may be and one more, and random numbers."""
    return [sum(1 << symbol for symbol in rng.sample(range(n), count)) for count in (
        1, parity, parity + 1, 0, n, parity, 1, *(rng.randint(0, parity + 1) for _ in range(6)))]


@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_locators(n, k, m, polynomial, rng, number):
    """Each set is in force n + 2 cycles after it was given, and until then the last one."""
    dut = ErasureLocator(n=n, k=k, m=m, polynomial=polynomial)

    async def testbench(ctx):
        last = 0
        assert await observe(ctx, dut) == outputs(0, n, k, m, polynomial, number)
        for mask in masks_of(rng, n, n - k):
            ctx.set(dut.erasures, mask)
            before = outputs(last, n, k, m, polynomial, number)
            for _ in range(n + 1):
                assert await observe(ctx, dut) == before
            after = outputs(mask, n, k, m, polynomial, number)
            for _ in range(rng.randint(1, 5)):
                assert await observe(ctx, dut) == after
            last = mask

    simulate(dut, [testbench])


def test_changes_while_busy(rng, number):
    """The outputs always belong together, and in the end to the erasures that stay."""
    code = (20, 14, 8, 0)
    dut = ErasureLocator(n=20, k=14, m=8)
    seen = set()

    async def testbench(ctx):
        for _ in range(30):
            for _ in range(rng.randint(1, 12)):
                mask = sum(1 << symbol for symbol in rng.sample(range(20), rng.randint(0, 7)))
                ctx.set(dut.erasures, mask)
                for _ in range(rng.randint(1, 15)):
                    state = await observe(ctx, dut)
                    seen.add(state[0])
                    assert state == outputs(state[0], *code, number)
            for _ in range(2 * 22):
                state = await observe(ctx, dut)
            assert state == outputs(mask, *code, number)

    simulate(dut, [testbench])
    assert len(seen) > 60


def test_still_unless_erasures_change(rng, registers):
    dut, signals = registers(ErasureLocator(n=20, k=14, m=8))

    async def testbench(ctx):
        ctx.set(dut.erasures, rng.getrandbits(20))
        await ctx.tick().repeat(20 + 4)
        still = [ctx.get(signal) for signal in signals]
        assert still[:] and ctx.get(dut.mask)
        for _ in range(50):
            await ctx.tick()
            assert [ctx.get(signal) for signal in signals] == still

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^n - k = 3 parity symbols are not allowed: it must be "
                                         r"an even number$"):
        ErasureLocator(n=12, k=9, m=8)
