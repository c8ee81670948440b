import random

import pytest

from lampyris.lane.prbs import PrbsChecker, PrbsGenerator
from lampyris.sim.streams import simulate

GEARS = [4, 8, 10, 16]

# Written down from ITU-T O.150, not taken from the code under test.
POLYNOMIALS = {1: (7, 6), 2: (9, 5), 3: (15, 14), 4: (23, 18), 5: (31, 28)}


def sequence(code, seed, count):
    """The `count` bits that follow a register of which bit 0 is the youngest."""
    a, b = POLYNOMIALS[code]
    bits = [seed >> age & 1 for age in reversed(range(a))]
    for _ in range(count):
        bits.append(bits[-a] ^ bits[-b])
    return bits[a:]


def words_of(bits, gear):
    return [sum(bit << place for place, bit in enumerate(bits[start:start + gear]))
            for start in range(0, len(bits) - gear + 1, gear)]


def random_seed(rng, code):
    return rng.getrandbits(31) | 1 << rng.randrange(POLYNOMIALS[code][0])


# Generator ----------------------------------------------------------------------------------------

async def start(ctx, dut, code, seed):
    """Load a seed; the next cycle's `o` is the first symbol."""
    ctx.set(dut.select, code)
    ctx.set(dut.seed, seed)
    ctx.set(dut.load, 1)
    await ctx.tick()
    ctx.set(dut.load, 0)
    for _ in range(2):
        assert ctx.get(dut.o) == 0
        await ctx.tick()


async def take(ctx, dut, count):
    words = []
    for _ in range(count):
        words.append(ctx.get(dut.o))
        await ctx.tick()
    return words


@pytest.mark.parametrize("code", POLYNOMIALS)
@pytest.mark.parametrize("gear", [*GEARS, 5, 7, 13])
def test_generator(gear, code):
    dut = PrbsGenerator(gear=gear)
    rng = random.Random(gear * 8 + code)

    async def testbench(ctx):
        for _ in range(3):
            seed = random_seed(rng, code)
            await start(ctx, dut, code, seed)
            assert await take(ctx, dut, 60) == words_of(sequence(code, seed, 60 * gear), gear)

    simulate(dut, [testbench])


@pytest.mark.parametrize("code", [1, 2])
def test_generator_period(code):
    """The sequence is of maximal length: all of it but the zero state."""
    dut = PrbsGenerator(gear=8)
    period = 2 ** POLYNOMIALS[code][0] - 1

    async def testbench(ctx):
        await start(ctx, dut, code, 1)
        words = await take(ctx, dut, 2 * period)
        assert words[:period] == words[period:]
        assert sum(word.bit_count() for word in words[:period]) == 8 * (period + 1) // 2

    simulate(dut, [testbench])


@pytest.mark.parametrize("code", POLYNOMIALS)
@pytest.mark.parametrize("gear", [4, 16])
def test_generator_zero_seed(gear, code):
    """A seed of which the order sees only zeros counts as 1."""
    dut = PrbsGenerator(gear=gear)
    order = POLYNOMIALS[code][0]
    expected = words_of(sequence(code, 1, 40 * gear), gear)

    async def testbench(ctx):
        for seed in {0, 0x7FFFFFFF >> order << order}:
            await start(ctx, dut, code, seed)
            assert await take(ctx, dut, 40) == expected

    simulate(dut, [testbench])


def test_generator_change_of_order():
    """A change of order goes on from the register, even where the shorter order sees zeros."""
    dut = PrbsGenerator(gear=8)
    zeros = ones = 0

    async def testbench(ctx):
        nonlocal zeros, ones
        for count in range(0, 90):
            await start(ctx, dut, 3, 1)
            await take(ctx, dut, count)
            ctx.set(dut.select, 1)
            last = ctx.get(dut.o)           # the youngest 8 bits of the register
            state = int(f"{last:08b}"[::-1], 2) & 0x7F
            await ctx.tick().repeat(3)
            zeros += state == 0
            ones += state != 0
            assert await take(ctx, dut, 20) == words_of(sequence(1, state or 1, 160), 8)

    simulate(dut, [testbench])
    assert zeros and ones


@pytest.mark.parametrize("off", [0, 6, 7])
def test_generator_off_holds(off):
    dut = PrbsGenerator(gear=10)
    rng = random.Random(6)
    expected = words_of(sequence(4, 0x12345, 4000), 10)
    sent = []

    async def testbench(ctx):
        await start(ctx, dut, 4, 0x12345)
        for _ in range(20):
            sent.extend(await take(ctx, dut, rng.randint(0, 5)))
            ctx.set(dut.select, off)
            sent.append(ctx.get(dut.o))
            for _ in range(rng.randint(1, 4)):
                await ctx.tick()
                assert ctx.get(dut.o) == 0
            ctx.set(dut.select, 4)
            for _ in range(2):
                await ctx.tick()
                assert ctx.get(dut.o) == 0
            await ctx.tick()

    simulate(dut, [testbench])
    assert sent == expected[:len(sent)]


# Checker ------------------------------------------------------------------------------------------

def expected_errors(code, bits, gear):
    """Mismatches per word, from the received bits alone (zeros before them)."""
    a, b = POLYNOMIALS[code]
    line = [0] * 31 + bits
    wrong = [line[n] ^ line[n - a] ^ line[n - b] for n in range(31, len(line))]
    counts = []
    for start_bit in range(0, len(bits) - gear + 1, gear):
        dead = not any(line[start_bit:start_bit + 31 + gear])
        counts.append(gear if dead else sum(wrong[start_bit:start_bit + gear]))
    return counts


async def check(ctx, dut, words, rng=None):
    """Feed words, with random gaps if `rng`; (errors, aligned) of each, 2 cycles later."""
    results = []
    given = []                          # was a word given, newest last
    words = list(words)
    while words or any(given[-2:]):
        valid = bool(words) and (rng is None or rng.random() < 0.7)
        ctx.set(dut.valid, valid)
        ctx.set(dut.i, words[0] if valid else (rng.getrandbits(4) if rng else 0))
        if valid:
            words.pop(0)
        given.append(valid)
        await ctx.tick()
        if len(given) >= 2:
            if given[-2]:
                results.append((ctx.get(dut.errors), ctx.get(dut.aligned)))
            else:
                assert ctx.get(dut.errors) == 0
    ctx.set(dut.valid, 0)
    return results


@pytest.mark.parametrize("code", POLYNOMIALS)
@pytest.mark.parametrize("gear", GEARS)
def test_checker(gear, code):
    """Clean, then with scattered errors, at every phase of the word boundary that matters."""
    dut = PrbsChecker(gear=gear)
    rng = random.Random(gear * 8 + code)
    align = -(-31 // gear)

    async def testbench(ctx):
        ctx.set(dut.select, code)
        for phase in (0, 1, gear // 2 + 1):
            ctx.set(dut.select, 0)
            await ctx.tick()
            ctx.set(dut.select, code)
            bits = sequence(code, random_seed(rng, code), 120 * gear)[phase:]
            words = words_of(bits, gear)
            results = await check(ctx, dut, words, rng)
            assert [aligned for _, aligned in results] == [
                int(number >= align) for number in range(len(words))]
            assert not any(errors for errors, aligned in results if aligned)
        flipped = [bit ^ (rng.random() < 0.05) for bit in bits]
        results = await check(ctx, dut, words_of(flipped, gear), rng)
        expected = expected_errors(code, flipped, gear)
        assert all(aligned for _, aligned in results)
        assert [errors for errors, _ in results[align:]] == expected[align:]
        assert sum(expected[align:]) > 20

    simulate(dut, [testbench])


@pytest.mark.parametrize("code", POLYNOMIALS)
@pytest.mark.parametrize("gear", GEARS)
def test_checker_counts_each_error_three_times(gear, code):
    dut = PrbsChecker(gear=gear)
    bits = sequence(code, 0x2A5F31C9, 320)
    for place in (200, 240):                # further apart than any order is long
        bits[place] ^= 1

    async def testbench(ctx):
        ctx.set(dut.select, code)
        results = await check(ctx, dut, words_of(bits, gear))
        assert sum(errors for errors, aligned in results if aligned) == 6

    simulate(dut, [testbench])


@pytest.mark.parametrize("gear", GEARS)
@pytest.mark.parametrize("code", POLYNOMIALS)
def test_checker_faulty_lanes(gear, code):
    """Stuck at 0, stuck at 1 and inverted lanes count full words; a lane that dies does so soon."""
    dut = PrbsChecker(gear=gear)
    bits = sequence(code, 0x55AA1234, 40 * gear)
    settle = -(-31 // gear)
    dying = bits + [0] * 12 * gear

    async def testbench(ctx):
        ctx.set(dut.select, code)
        for line in ([0] * 20 * gear, [1] * 20 * gear, [1 - bit for bit in bits]):
            results = await check(ctx, dut, words_of(line, gear))
            assert [errors for errors, _ in results[settle:]] == [gear] * (len(results) - settle)
        results = await check(ctx, dut, words_of(dying, gear))
        expected = expected_errors(code, dying, gear)
        assert [errors for errors, _ in results[settle:]] == expected[settle:]
        assert expected[-12 + settle] == gear

    simulate(dut, [testbench])


def test_checker_longest_run():
    """The 30 zeros of PRBS31 and what is around them are no error."""
    dut = PrbsChecker(gear=16)
    bits = sequence(5, 1 << 30, 3200)         # the register is 30 zeros and the oldest bit 1
    line = [0] * 30 + bits

    async def testbench(ctx):
        ctx.set(dut.select, 5)
        for phase in range(16):
            results = await check(ctx, dut, words_of([1] * phase + line, 16))
            assert not any(errors for errors, _ in results[5:])

    simulate(dut, [testbench])


def test_checker_off_and_change():
    dut = PrbsChecker(gear=8)
    rng = random.Random(12)
    words = words_of(sequence(2, 0x155, 80), 8)

    async def testbench(ctx):
        ctx.set(dut.select, 1)
        await check(ctx, dut, [rng.getrandbits(8) for _ in range(20)])
        for off in (0, 6, 7):
            ctx.set(dut.select, off)
            assert set(await check(ctx, dut, [rng.getrandbits(8) for _ in range(20)])) == {(0, 0)}
        for code in (2, 1, 2):
            ctx.set(dut.select, code)
            results = await check(ctx, dut, words)
            assert [aligned for _, aligned in results] == [0] * 4 + [1] * 6
            assert any(errors for errors, _ in results[4:]) == (code == 1)

    simulate(dut, [testbench])


def test_errors_width():
    assert len(PrbsChecker(gear=8).errors) == 4
    assert len(PrbsChecker(gear=16).errors) == 5


@pytest.mark.parametrize("block", [PrbsChecker, PrbsGenerator])
def test_bad_parameters(block):
    for gear in (3, 17):
        with pytest.raises(ValueError) as info:
            block(gear=gear)
        assert str(info.value) == f"gear must be 4 to 16 bits per symbol, not {gear}"
    with pytest.raises(TypeError) as info:
        block(gear=8.0)
    assert str(info.value) == "gear must be a whole number, not 8.0"
    assert block(gear=12).gear == 12
