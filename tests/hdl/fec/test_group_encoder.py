import pytest

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.fec.group_encoder import GroupEncoder
from lampyris.sim.streams import simulate


@pytest.mark.parametrize("n, k, m, lanes", [
    (15, 13, 4, 5), (15, 11, 4, 6), (14, 10, 4, 8), (14, 8, 4, 6), (20, 16, 5, 8), (28, 22, 5, 8),
    (60, 52, 6, 5), (15, 11, 4, 7), (30, 26, 5, 6), (12, 8, 4, 14)])
def test_groups(n, k, m, lanes, group_words, number, rng):
    """Groups at once after each other or with other words between, which pass; what comes in the
    place of the parity does not matter, nor a start in a group."""
    code = group_words(n, k, m, lanes)
    dut = GroupEncoder(code.group)
    assert dut.latency == 1
    given, expected = [], []            # (word, start)
    for _ in range(12):
        for _ in range(rng.choice((0, 0, 1, 3))):
            word = rng.getrandbits(lanes * m)
            given.append((word, 0))
            expected.append(word)
        for slot, word in enumerate(code.random()):
            word = number(word, m)
            expected.append(word)
            given.append((word if slot < code.message_slots else rng.getrandbits(lanes * m),
                          slot == 0 or rng.random() < 0.2))
    results = []

    async def testbench(ctx):
        for word, start in [*given, (0, 0)]:
            ctx.set(dut.i, word)
            ctx.set(dut.start, start)
            await ctx.delay(1e-9)
            results.append(ctx.get(dut.o))
            await ctx.tick()

    simulate(dut, [testbench])
    assert results[1:] == expected


@pytest.mark.parametrize("n, k, m, lanes, gates", [
    (544, 514, 10, 128, 47), (528, 514, 10, 128, 25), (272, 258, 10, 128, 25),
    (248, 232, 8, 8, 24)])
def test_cost(n, k, m, lanes, gates):
    """XOR2 of the networks per bit of a word; a clock must do for them and three gates more."""
    group = Group(Code(n, k, m), lanes)
    network = GroupEncoder(group).network
    assert network.gates * group.codewords <= gates * lanes * m
    assert network.depth <= 10
