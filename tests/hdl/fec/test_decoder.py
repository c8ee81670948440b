from itertools import combinations, pairwise, product

import numpy as np
import pytest

from lampyris.fec.decoder import WordDecoder
from lampyris.sim.reference.reed_solomon import ReedSolomon
from lampyris.sim.streams import simulate

CODES = [(6, 2, 4, 0, 10), (12, 8, 8, 0, 10), (20, 16, 8, 0x187, 10), (14, 10, 10, 0, 10),
         (15, 1, 4, 0, 20), (31, 25, 5, 0, 13), (20, 14, 9, 0, 14)]


def damage(rng, word, erased, errors, m):
    """Anything in the erased symbols, and so many errors in others."""
    for symbol in np.flatnonzero(erased):
        word[symbol] = rng.getrandbits(m)
    sound = np.flatnonzero(~erased).tolist()
    for symbol in rng.sample(sound, min(errors, len(sound))):
        word[symbol] ^= rng.randrange(1, 1 << m)


def damaged(rng, code, erased, count):
    """Codewords with every number of errors up to two too many, a tenth with none, some random."""
    messages = np.array([[rng.getrandbits(code.m) for _ in range(code.k)] for _ in range(count)])
    words = code.encode(messages.astype(np.uint16))
    limit = max(0, code.parity - int(erased.sum())) // 2
    for word in words:
        kind = rng.random()
        if kind < 0.1:
            damage(rng, word, np.zeros(code.n, bool), 0, code.m)
        elif kind < 0.9:
            damage(rng, word, erased, rng.randint(0, limit + 2), code.m)
        else:
            damage(rng, word, erased, code.n, code.m)
    return words


def some_erased(rng, code, count):
    erased = np.zeros(code.n, bool)
    erased[rng.sample(range(code.n), count)] = True
    return erased


async def decode(ctx, dut, words, m, number, erasures=None):
    """Give a word per cycle; returns (o, failed, corrected) of each, `latency` cycles later.

    `erasures` are set together with words, {index of the word: mask}.
    """
    results = []
    for index in range(len(words) + dut.latency):
        ctx.set(dut.i, number(words[index], m) if index < len(words) else 0)
        if erasures and index in erasures:
            ctx.set(dut.erasures, number(erasures[index], 1))
        await ctx.delay(1e-9)
        results.append((ctx.get(dut.o), ctx.get(dut.failed), ctx.get(dut.corrected)))
        await ctx.tick()
    return results[dut.latency:]


async def settle(ctx, dut, erased, number):
    """New erasures, and the time until they are in force."""
    ctx.set(dut.erasures, number(erased, 1))
    ctx.set(dut.i, 0)
    await ctx.tick().repeat(len(erased) + 2)


def expected(code, words, erased, number):
    """What the reference makes of words, as :func:`decode` returns it."""
    decoded = code.decode(words, erased)
    return [(number(word[:code.k], code.m), failed, number(changed, 1)) for word, failed, changed
            in zip(decoded.words, decoded.failed, decoded.locations, strict=True)]


def check(dut, code, rng, number, rounds, count):
    """Words with each number of erasures; those that can and cannot be corrected are many."""
    failures = []

    async def testbench(ctx):
        for turn in range(rounds):
            erased = some_erased(rng, code, turn * code.parity // max(1, rounds - 1))
            words = damaged(rng, code, erased, count)
            await settle(ctx, dut, erased, number)
            results = await decode(ctx, dut, words, code.m, number)
            assert results == expected(code, words, erased, number)
            failures.extend(failed for _, failed, _ in results)

    simulate(dut, [testbench], cycles=10 ** 6)
    assert len(failures) // 10 < sum(failures) < len(failures) * 9 // 10


@pytest.mark.parametrize("n, k, m, polynomial, latency", CODES)
def test_small_codes(n, k, m, polynomial, latency, rng, number):
    dut = WordDecoder(n=n, k=k, m=m, polynomial=polynomial)
    assert dut.latency == latency
    check(dut, ReedSolomon(n, k, m, polynomial), rng, number, min(n - k, 6) + 1, 30)


@pytest.mark.parametrize("levels, per_stage, latency", [(13, 2, 8), (3, 4, 9), (13, 3, 8)])
def test_other_pipelines(levels, per_stage, latency, rng, number):
    dut = WordDecoder(n=20, k=16, m=8, levels=levels, iterations_per_stage=per_stage)
    assert dut.latency == latency
    check(dut, ReedSolomon(20, 16, 8), rng, number, 5, 40)


def test_128_lanes(rng, number):
    dut = WordDecoder(n=136, k=128, m=8)
    assert dut.latency == 14
    check(dut, ReedSolomon(136, 128, 8), rng, number, 3, 30)


@pytest.mark.full
@pytest.mark.parametrize("per_stage, latency", [(1, 14), (2, 10)])
def test_128_lanes_for_long(per_stage, latency, rng, number):
    dut = WordDecoder(n=136, k=128, m=8, iterations_per_stage=per_stage)
    assert dut.latency == latency
    check(dut, ReedSolomon(136, 128, 8), rng, number, 9, 250)


# The rule itself, without the reference -----------------------------------------------------------

class Nearest:
    """RS(6, 2) over GF(16): all its codewords, and for a word the one within the bound."""

    def __init__(self):
        messages = np.array(list(product(range(16), repeat=2)), dtype=np.uint16)
        self.codewords = ReedSolomon(6, 2, 4).encode(messages)

    def expected(self, words, erased, number):
        """As :func:`expected`."""
        results = []
        for word in words:
            errors = (self.codewords != word)[:, ~erased].sum(axis=1)
            near = np.flatnonzero(2 * errors + erased.sum() <= 4)
            assert len(near) <= 1
            best = self.codewords[near[0]] if len(near) else word
            results.append((number(best[:2], 4), len(near) == 0, number(best != word, 1)))
        return results


def test_nearest_codeword(rng, number):
    """Every set of up to 4 erasures, with words of all kinds."""
    dut, code, nearest = WordDecoder(n=6, k=2, m=4), ReedSolomon(6, 2, 4), Nearest()

    async def testbench(ctx):
        for count in range(5):
            for symbols in combinations(range(6), count):
                erased = np.isin(np.arange(6), symbols)
                words = damaged(rng, code, erased, 40)
                await settle(ctx, dut, erased, number)
                results = await decode(ctx, dut, words, 4, number)
                assert results == nearest.expected(words, erased, number)

    simulate(dut, [testbench])


@pytest.mark.full
def test_every_word(number):
    """Every word that has 0 as its message, and so every syndrome."""
    dut, nearest = WordDecoder(n=6, k=2, m=4), Nearest()
    words = np.array([(0, 0, *parity) for parity in product(range(16), repeat=4)], dtype=np.uint16)

    async def testbench(ctx):
        for symbols in ((), (1,), (0, 5)):
            erased = np.isin(np.arange(6), symbols)
            await settle(ctx, dut, erased, number)
            results = await decode(ctx, dut, words, 4, number)
            assert results == nearest.expected(words, erased, number)

    simulate(dut, [testbench], cycles=10 ** 6)


# Erasures that change, and nothing to do ----------------------------------------------------------

def test_erasures_change_between_words(rng, number):
    """With words in all cycles, each is decoded with the old set or the new one, never a mixture:
    the new one has got to the key equation n + 2 cycles after it was given, the word in one."""
    code, dut = ReedSolomon(12, 6, 8), WordDecoder(n=12, k=6, m=8)
    sets = [some_erased(rng, code, count) for count in (0, 4, 1, 6, 2, 0, 5, 3, 6, 4)]
    steps = list(zip([sets[0], *sets], sets, strict=False))
    pause = 30
    words = np.concatenate([damaged(rng, code, rng.choice(step), 1)
                            for step in steps for _ in range(pause)])
    results = []

    async def testbench(ctx):
        erasures = {index * pause: erased for index, erased in enumerate(sets)}
        results.extend(await decode(ctx, dut, words, 8, number, erasures))

    simulate(dut, [testbench])
    switches = set(range(pause))
    for index, (old, new) in enumerate(steps):
        part = slice(index * pause, (index + 1) * pause)
        before = expected(code, words[part], old, number)
        after = expected(code, words[part], new, number)
        switches &= {switch for switch in switches
                     if results[part] == before[:switch] + after[switch:]}
    assert switches == {12 + 2 - 1}


def test_too_many_erasures(rng, number):
    """Codewords pass, everything else fails and stays as it is; then normal work goes on."""
    code, dut = ReedSolomon(15, 13, 4), WordDecoder(n=15, k=13, m=4)

    async def testbench(ctx):
        for count in (3, 1, 3, 3, 15, 2, 3, 0, 4, 3):
            erased = some_erased(rng, code, count)
            words = damaged(rng, code, some_erased(rng, code, 1), 30)
            await settle(ctx, dut, erased, number)
            assert ctx.get(dut.overfull) == (count > 2)
            results = await decode(ctx, dut, words, 4, number)
            if count <= 2:
                assert ctx.get(dut.erased) == count
                assert results == expected(code, words, erased, number)
                continue
            clean = (code.encode(words[:, :13]) == words).all(axis=1)
            assert results == [(number(word[:13], 4), not codeword, 0)
                               for word, codeword in zip(words, clean, strict=True)]
            assert 0 < clean.sum() < len(words)

    simulate(dut, [testbench])


@pytest.mark.parametrize("part", ["equation", "search"])
def test_nothing_moves_while_words_are_clean(part, rng, registers, number, codewords):
    """A bad word between good ones moves each register of key equation and search only once."""
    dut, signals = registers(WordDecoder(n=20, k=16, m=8), part)
    signals = [signal for signal in signals if not signal.name.startswith(("judgement", "valid"))
               and "dirty" not in signal.name]
    words = codewords(20, 16, 8, 0, 61)
    damage(rng, words[20], np.zeros(20, bool), 2, 8)
    states = []

    async def testbench(ctx):
        for word in words:
            ctx.set(dut.i, number(word, 8))
            await ctx.tick()
            states.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])
    moves = [sum(a != b for a, b in pairwise(values))
             for values in zip(*states, strict=True)]
    assert set(moves) == {0, 1} and sum(moves) > 20
    assert states[19] == states[0]


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^k = 12 message symbols are out of range: allowed is 1 "
                                         r"to 10 with n = 12$"):
        WordDecoder(n=12, k=12, m=8)
    with pytest.raises(ValueError, match=r"^levels must be 1 or more, not 0$"):
        WordDecoder(n=12, k=8, m=8, levels=0)
    with pytest.raises(ValueError, match=r"^iterations_per_stage must be 1 to n - k = 4, not 5$"):
        WordDecoder(n=12, k=8, m=8, iterations_per_stage=5)
