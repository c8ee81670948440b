import numpy as np
import pytest

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.fec.group_search import GroupSearch
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

# With C = 1, 2, 3, 4 and more, p = 1..6; an odd m has another divider.
GROUPS = [(15, 13, 4, 5, 4), (15, 11, 4, 6, 4), (14, 10, 4, 8, 4), (20, 16, 6, 8, 4),
          (20, 16, 5, 8, 5), (28, 22, 5, 8, 5), (60, 52, 6, 5, 4), (60, 50, 6, 18, 4),
          (12, 8, 6, 3, 4), (13, 9, 4, 3, 4), (12, 10, 9, 8, 6), (9, 7, 11, 6, 7)]


@pytest.fixture
def new_word(searches):
    """Function (field, n, parity) -> inputs of a search for one codeword, and what it must find."""
    return lambda *code: searches(*code, fewest=0, near=0.9, dirty=0.7)


class Layout:
    """Section 8 of the link format: which symbol of which codeword a lane has in a slot."""

    def __init__(self, n, lanes):
        width = np.gcd(n, lanes)
        self.slots, self.count = n // width, lanes // width
        slot, lane = np.indices((self.slots, lanes))
        self.codeword = (lane + slot) % self.count
        self.symbol = slot * width + lane // self.count


def packed(values, width):
    return sum(int(value) << width * place for place, value in enumerate(values))


def give(ctx, dut, words, m, rng):
    """The inputs of a clock: those of a group at `start`, or anything."""
    ctx.set(dut.start, words is not None)
    if words is None:
        for port in (dut.locator, dut.evaluator, dut.length, dut.near, dut.dirty):
            ctx.set(port, rng.getrandbits(len(port)))
        return
    ctx.set(dut.locator, packed([x for word in words for x in word.locator], m))
    ctx.set(dut.evaluator, packed([x for word in words for x in word.evaluator], m))
    ctx.set(dut.length, packed([word.length for word in words], len(dut.length) // len(words)))
    ctx.set(dut.near, packed([word.near for word in words], 1))
    ctx.set(dut.dirty, packed([word.dirty for word in words], 1))


@pytest.mark.parametrize("n, k, m, lanes, latency", GROUPS)
def test_groups(n, k, m, lanes, latency, rng, new_word):
    """Groups at once after each other and with pauses, some of them without a dirty codeword."""
    dut, layout = GroupSearch(Group(Code(n, k, m), lanes)), Layout(n, lanes)
    assert dut.latency == latency and dut.verdict_latency == latency + layout.slots
    field = ReferenceField(m, 0)
    given, slots, verdicts = [], {}, {}         # by clock
    kinds = set()
    for _ in range(30):
        words = [new_word(field, n, n - k) for _ in range(layout.count)]
        if rng.random() < 0.2:
            for word in words:
                word.dirty = word.correct = word.failed = False
        kinds.update((bool(word.correct), bool(word.failed)) for word in words)
        errors = np.array([word.errors for word in words])[layout.codeword, layout.symbol]
        correct = np.array([word.correct for word in words])[layout.codeword]
        now = len(given)
        for slot in range(layout.slots):
            slots[now + latency + slot] = slot, errors[slot], correct[slot]
        verdicts[now + dut.verdict_latency] = tuple(
            packed(flags, 1) for flags in zip(*((word.correct, word.failed) for word in words),
                                              strict=True))
        given.append(words)
        given += [None] * (layout.slots - 1 + rng.choice((0, 0, 0, 1, layout.slots + 9)))
    given += [None] * (dut.verdict_latency + 1)

    async def testbench(ctx):
        for now, words in enumerate(given):
            give(ctx, dut, words, m, rng)
            await ctx.delay(1e-9)
            assert ctx.get(dut.valid) == (now in slots)
            if now in slots:
                slot, errors, correct = slots[now]
                assert ctx.get(dut.slot) == slot
                found = ctx.get(dut.errors)
                assert all(found >> lane * m & field.order == errors[lane]
                           for lane in np.flatnonzero(correct).tolist())
            assert ctx.get(dut.done) == (now in verdicts)
            assert (ctx.get(dut.correct), ctx.get(dut.failed)) == verdicts.get(now, (0, 0))
            await ctx.tick()

    simulate(dut, [testbench])
    assert kinds == {(False, False), (False, True), (True, False)}


@pytest.mark.parametrize("n, k, m, lanes", [(20, 16, 6, 8), (14, 10, 5, 8)])
def test_nothing_moves_unless_dirty(n, k, m, lanes, rng, new_word, registers):
    """But the numbers of the slots: all that is wider."""
    dut, layout = GroupSearch(Group(Code(n, k, m), lanes)), Layout(n, lanes)
    numbering = len(dut.slot)
    dut, signals = registers(dut)
    field = ReferenceField(m, 0)
    states, after = [], []

    async def testbench(ctx):
        for turn in range(12):
            words = [new_word(field, n, n - k) for _ in range(layout.count)]
            for word in words:
                word.dirty = turn < 6
            for slot in range(layout.slots):
                give(ctx, dut, None if slot else words, m, rng)
                await ctx.tick()
            states.append([ctx.get(signal) for signal in signals if len(signal) > numbering])

        # A dirty group once more: after it, all is quiet without another start.
        for slot in range(3 * layout.slots + 10):
            for word in words:
                word.dirty = True
            give(ctx, dut, None if slot else words, m, rng)
            await ctx.tick()
            after.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])
    assert after[0] != after[1]
    assert all(state == after[-1] for state in after[layout.slots + 9:])
    assert len(states[0]) > 16 and states[4] != states[5]
    # The last dirty group goes on for a while when the first clean one has begun.
    assert all(state == states[-1] for state in states[8:])
