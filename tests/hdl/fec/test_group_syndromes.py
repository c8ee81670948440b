import numpy as np
import pytest

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.fec.group_syndromes import GroupSyndromes
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate


def values(codeword, parity, m):
    """A codeword's values at alpha^0, alpha^1, ..., the last symbol that of x^0."""
    field, n = ReferenceField(m), len(codeword)
    powers = field.power(np.arange(parity)[:, None] * np.arange(n - 1, -1, -1))
    return field.dot(powers, codeword[None])


@pytest.mark.parametrize("n, k, m, lanes", [
    (15, 13, 4, 5), (15, 11, 4, 6), (14, 10, 4, 8), (14, 8, 4, 6), (20, 16, 5, 8), (28, 22, 5, 8),
    (60, 52, 6, 5), (15, 11, 4, 7), (30, 26, 5, 6), (12, 8, 4, 14)])
def test_groups(n, k, m, lanes, group_words, number, rng):
    """Groups with gaps, at once after each other or with other words between, some unfinished."""
    code = group_words(n, k, m, lanes)
    dut = GroupSyndromes(code.group)
    assert dut.latency == 1
    given, expected = [], {}            # (word, valid, start, slot or None); clock of `done` -> o
    gaps = 0.0

    def give(word, start, slot):
        while rng.random() < gaps:
            given.append((rng.getrandbits(lanes * m), 0, rng.getrandbits(1), None))
        given.append((word, 1, start, slot))

    dirty = set()
    for turn in range(24):
        gaps = 0.4 * (turn // 4 % 2)
        for _ in range(rng.choice((0, 0, 0, 1, 3)) if turn % 4 != 2 else 0):
            give(rng.getrandbits(lanes * m), 0, None)
        words = code.random()
        if turn % 3:
            for _ in range(rng.randint(1, 4)):
                words[rng.randrange(code.slots), rng.randrange(lanes)] ^= rng.getrandbits(m)
        if turn % 4 == 1:               # whatever follows it begins a group
            words = words[:rng.randrange(1, code.slots)]
        for slot, word in enumerate(words):
            give(number(word, m), slot == 0, slot)
        if len(words) == code.slots:
            syndromes = [number(values(codeword, n - k, m), m)
                         for codeword in code.codewords(words)]
            expected[len(given)] = (number(syndromes, (n - k) * m),
                                    number([value != 0 for value in syndromes], 1))
            dirty.add(any(syndromes))
    results = {}

    async def testbench(ctx):
        for clock, (word, valid, start, slot) in enumerate([*given, (0, 0, 0, None)]):
            ctx.set(dut.i, word)
            ctx.set(dut.valid, valid)
            ctx.set(dut.start, start)
            await ctx.delay(1e-9)
            if ctx.get(dut.done):
                results[clock] = ctx.get(dut.o), ctx.get(dut.dirty)
            assert ctx.get(dut.taken) == (slot is not None)
            assert slot is None or ctx.get(dut.slot) == slot
            assert ctx.get(dut.last) == (clock + 1 in expected)
            await ctx.tick()

    simulate(dut, [testbench])
    assert results == expected and dirty == {False, True}


@pytest.mark.parametrize("n, k, m, lanes, gates", [
    (544, 514, 10, 128, 38), (528, 514, 10, 128, 21), (272, 258, 10, 128, 21),
    (248, 232, 8, 8, 26)])
def test_cost(n, k, m, lanes, gates):
    """XOR2 per bit of a word; a clock must do for them."""
    group = Group(Code(n, k, m), lanes)
    dut = GroupSyndromes(group)
    assert dut.gates * group.codewords <= gates * lanes * m
    assert dut.depth <= 13
