import numpy as np
import pytest

from lampyris.fec.erasure_list import ErasureList
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate


def outputs(code, mask):
    """What belongs to a mask: (lanes, the locators of each codeword's erased symbols)."""
    field = ReferenceField(code.m)
    erased = np.array([mask >> lane & 1 for lane in range(code.lanes)], bool)
    symbols = code.codewords(np.tile(erased, (code.slots, 1)))
    return mask.bit_count(), [{int(field.power(code.n - 1 - s)) for s in np.flatnonzero(codeword)}
                              for codeword in symbols]


async def observe(ctx, dut, code):
    """Take what there is, and the lists that the key equation then sees."""
    group, parity = code.group, code.n - code.k
    ctx.set(dut.take, 1)
    await ctx.tick()
    ctx.set(dut.take, 0)
    width = len(dut.counts) // group.codewords
    counts = [ctx.get(dut.counts) >> c * width & (1 << width) - 1 for c in range(group.codewords)]
    overfull, lanes = ctx.get(dut.overfull), ctx.get(dut.erased)
    lists = [[] for _ in counts]
    per_clock = group.iterations_per_clock
    for _ in range(-(-parity // per_clock)):
        await ctx.tick()
        roots = ctx.get(dut.roots)
        for c in range(group.codewords):
            for i in range(per_clock):
                lists[c].append(roots >> (c * per_clock + i) * code.m & (1 << code.m) - 1)
    await ctx.tick()
    return lanes, [(roots[:count], bool(overfull >> c & 1))
                   for c, (roots, count) in enumerate(zip(lists, counts, strict=True))]


def fits(seen, code, mask):
    """What was observed is what belongs to a mask, each list in any order."""
    lanes, codewords = outputs(code, mask)
    parity = code.n - code.k
    return seen[0] == lanes and all(
        overfull if len(expected) > parity
        else not overfull and set(roots) == expected and len(roots) == len(expected)
        for (roots, overfull), expected in zip(seen[1], codewords, strict=True))


CODES = [(15, 13, 4, 5), (15, 11, 4, 6), (14, 10, 4, 8), (14, 8, 4, 6), (20, 16, 5, 8),
         (28, 22, 5, 8), (60, 52, 6, 5), (15, 11, 4, 7), (30, 26, 5, 6), (12, 8, 4, 14)]


@pytest.mark.parametrize("n, k, m, lanes", CODES)
def test_lists(n, k, m, lanes, group_words, rng):
    """Every lane, then sets of all sizes; each is listed n + 2 cycles after it was given, and until
    then the last one is in force however often it is read."""
    code = group_words(n, k, m, lanes)
    dut = ErasureList(code.group)
    masks = [*(1 << lane for lane in range(lanes)), 0, (1 << lanes) - 1,
             *(sum(1 << lane for lane in rng.sample(range(lanes), rng.randint(1, lanes)))
               for _ in range(12))]

    async def testbench(ctx):
        assert fits(await observe(ctx, dut, code), code, 0)
        last = 0
        for turn, mask in enumerate(masks):
            ctx.set(dut.erasures, mask)
            await ctx.tick().repeat(n + turn % 2)
            assert fits(await observe(ctx, dut, code), code, mask if turn % 2 else last)
            for _ in range(2):
                assert fits(await observe(ctx, dut, code), code, mask)
            last = mask

    simulate(dut, [testbench])


def test_changes_while_busy(group_words, rng):
    """What is in force belongs together, and is in the end that of the lanes that stay."""
    code = group_words(14, 10, 4, 8)
    dut = ErasureList(code.group)
    seen = set()

    async def testbench(ctx):
        recent = [0]
        for _ in range(60):
            for _ in range(rng.randint(1, 4)):
                recent.append(rng.getrandbits(8) & rng.getrandbits(8))
                ctx.set(dut.erasures, recent[-1])
                await ctx.tick().repeat(rng.randint(1, 9))
            lists = await observe(ctx, dut, code)
            matching = [mask for mask in recent[-12:] if fits(lists, code, mask)]
            assert matching
            seen.update(matching)
        for _ in range(2):
            await ctx.tick().repeat(14 + 2)
            lists = await observe(ctx, dut, code)
        assert fits(lists, code, recent[-1])

    simulate(dut, [testbench])
    assert len(seen) > 8


def test_still_without_erasures(group_words, registers, rng):
    """Nothing moves but the count of the rows, even though the lists are taken."""
    dut, signals = registers(ErasureList(group_words(14, 10, 4, 8).group))
    still = []

    async def testbench(ctx):
        for mask in (0b1010, 0b110, 0):
            ctx.set(dut.erasures, mask)
            await ctx.tick().repeat(20)
            ctx.set(dut.take, 1)
            await ctx.tick()
            ctx.set(dut.take, 0)
            await ctx.tick().repeat(5)
        for _ in range(40):
            await ctx.tick().repeat(3)
            ctx.set(dut.take, rng.getrandbits(1))
            still.append([ctx.get(signal) for signal in signals
                          if signal.name not in ("row", "reading")] + [ctx.get(dut.roots)])

    simulate(dut, [testbench])
    assert len(signals) > 10 and all(state == still[0] for state in still)
