from typing import NamedTuple

import numpy as np
import pytest

from lampyris.fec.group_decoder import GroupDecoder
from lampyris.fec.group_encoder import GroupEncoder
from lampyris.sim.streams import simulate


class Given(NamedTuple):
    """The inputs of a clock; `erasures` of None leave them as they are."""

    word: int
    valid: int = 0
    start: int = 0
    first: int = 0
    erasures: int | None = None


class Slot(NamedTuple):
    """The outputs of a clock with `slot_valid`."""

    start: int
    first: int
    failed: bool
    corrected: int
    word: int | None        # None without `o_valid`


class Traffic:
    """Groups for a decoder, and the slots that it must deliver, by clock.

    Parameters
    ----------
    code
        From the fixture `group_words`.
    latency : int
        Of the decoder.
    """

    def __init__(self, code, latency, number):
        self.code, self.latency, self.number, self.rng = code, latency, number, code.rng
        self.given, self.slots = [], {}
        self.erased = {-code.n: np.zeros(code.lanes, bool)}     # by the clock when it was given
        self.failed = []                # of each group

    def wait(self, clocks):
        """No words, but anything in their place."""
        for _ in range(clocks):
            self.given.append(Given(self.rng.getrandbits(self.code.lanes * self.code.m), 0,
                                    self.rng.getrandbits(1), self.rng.getrandbits(1)))

    def words(self, words, gaps, start=True):
        """Words [count, lanes], of which the first may begin a group."""
        for index, word in enumerate(words):
            while self.rng.random() < gaps:
                self.wait(1)
            begin = start and index == 0
            self.given.append(Given(self.number(word, self.code.m), 1, begin,
                                    self.rng.getrandbits(1)))

    def erase(self, lanes):
        """Other erased lanes: for the groups that end n + 1 clocks later."""
        erased = np.isin(np.arange(self.code.lanes), lanes)
        self.erased[len(self.given)] = erased
        self.given.append(Given(0, erasures=self.number(erased, 1)))

    def group(self, errors, gaps=0.0):
        """Another group: `errors(room)` is the number of wrong symbols in a codeword, or None for
        no damage at all in it; `room` is how many there may be beside the erased ones."""
        code, rng = self.code, self.rng
        sent = code.codewords(code.random())
        # A list is taken with the last slot; with gaps that may be later, but not in these tests.
        end = len(self.given) + code.slots - 1
        given = max(clock for clock in self.erased if clock + code.n + 1 <= end)
        erased = code.codewords(np.tile(self.erased[given], (code.slots, 1)))
        received = sent.copy()
        for word, gone in zip(received, erased, strict=True):
            count = errors(max(0, code.n - code.k - int(gone.sum())) // 2)
            if count is not None:
                word[gone] = [rng.getrandbits(code.m) for _ in range(gone.sum())]
                sound = np.flatnonzero(~gone).tolist()
                for symbol in rng.sample(sound, min(count, len(sound))):
                    word[symbol] ^= rng.randrange(1, 1 << code.m)
        decoded = code.code.decode(received, erased)
        # A codeword passes even if more of it is erased than could be corrected.
        failed = bool((decoded.failed & (received != sent).any(axis=1)).any())
        self.words(code.words(received), gaps)
        begin = len(self.given) - 1 + self.latency
        first = self.given[-1 - self._clocks_since_start()].first
        changed = code.words(decoded.locations)
        for slot, word in enumerate(code.words(decoded.words)):
            self.slots[begin + slot] = Slot(
                slot == 0, slot == 0 and first, failed, self.number(changed[slot], 1),
                self.number(word, code.m) if slot < code.message_slots else None)
        self.failed.append(failed)

    def _clocks_since_start(self):
        return next(back for back, given in enumerate(reversed(self.given))
                    if given.valid and given.start)

    def check(self, dut):
        """Simulate, and compare every clock."""
        seen = {}
        self.wait(self.latency + self.code.slots + 2)

        async def testbench(ctx):
            for clock, given in enumerate(self.given):
                for port in ("valid", "start", "first"):
                    ctx.set(getattr(dut, port), getattr(given, port))
                ctx.set(dut.i, given.word)
                if given.erasures is not None:
                    ctx.set(dut.erasures, given.erasures)
                await ctx.delay(1e-9)
                if ctx.get(dut.slot_valid):
                    seen[clock] = Slot(
                        ctx.get(dut.o_start), ctx.get(dut.o_first), bool(ctx.get(dut.failed)),
                        ctx.get(dut.corrected), ctx.get(dut.o) if ctx.get(dut.o_valid) else None)
                else:
                    assert not ctx.get(dut.corrected) | ctx.get(dut.o_valid) | ctx.get(dut.o_start)
                await ctx.tick()

        simulate(dut, [testbench], cycles=len(self.given) + 10)
        assert seen == self.slots


def lanes_of(rng, code, count):
    return rng.sample(range(code.lanes), min(count, code.lanes))


@pytest.mark.parametrize("n, k, m, lanes, latency", [
    (15, 13, 4, 5, 11), (15, 11, 4, 6, 14), (14, 10, 4, 8, 18), (14, 8, 4, 6, 17),
    (20, 16, 5, 8, 15), (60, 52, 6, 5, 27)])
def test_groups(n, k, m, lanes, latency, group_words, number, rng):
    """All numbers of errors up to two too many, with erased lanes up to one too many; at once after
    each other, with gaps, after unfinished groups, and with words between that belong to none."""
    code = group_words(n, k, m, lanes)
    dut = GroupDecoder(code.group)
    assert dut.latency == latency
    traffic = Traffic(code, latency, number)

    def errors(room):
        return rng.choice((None, 0, rng.randint(0, room), room, rng.randint(0, room + 2)))

    for count in (0, 0, *range(1, code.group.lanes_known + 2)):
        traffic.erase(lanes_of(rng, code, count))
        traffic.wait(n)
        for turn in range(16):
            gaps = 0.4 * (turn // 4 == 1)
            if turn // 4 == 2:
                traffic.words(code.random()[:rng.randrange(1, code.slots)], gaps)
            traffic.group(errors, gaps)
            traffic.words(code.random()[:rng.choice((0, 0, 0, 0, 1, 2))], gaps, start=False)
    traffic.check(dut)
    assert 0.1 < np.mean(traffic.failed) < 0.9


@pytest.mark.parametrize("n, k, m, lanes, latency", [
    (15, 13, 4, 5, 11), (14, 10, 4, 8, 18), (28, 22, 5, 8, 18), (45, 35, 6, 6, 32),
    (12, 8, 4, 14, 17)])
def test_errors_in_every_codeword(n, k, m, lanes, latency, group_words, number, rng):
    """As many as can be corrected, and as many lanes erased as can always be, without a pause."""
    code = group_words(n, k, m, lanes)
    dut = GroupDecoder(code.group)
    assert dut.latency == latency
    traffic = Traffic(code, latency, number)
    for count in (0, code.group.lanes_known, max(0, code.group.lanes_known - 1)):
        traffic.erase(lanes_of(rng, code, count))
        traffic.wait(n)
        for _ in range(8):
            traffic.group(lambda room: room)
    traffic.check(dut)
    assert not any(traffic.failed) and len(traffic.slots) == 24 * code.slots


def test_erasures_change(group_words, number, rng):
    """Between two groups, while they come without a pause: each has one set or the other."""
    code = group_words(14, 10, 4, 8)
    dut = GroupDecoder(code.group)
    traffic = Traffic(code, dut.latency, number)
    for _ in range(15):
        traffic.erase(lanes_of(rng, code, rng.randint(0, 3)))
        for _ in range(rng.randint(4, 7)):
            traffic.group(lambda room: rng.randint(0, room + 1))
    traffic.check(dut)
    assert 0.1 < np.mean(traffic.failed) < 0.9


@pytest.mark.parametrize("lanes, erased, overfull", [((), 0, 0), ((2,), 1, 0), ((0, 4, 5), 3, 1)])
def test_number_of_erased_lanes(lanes, erased, overfull, group_words, number, rng):
    """They have 1 or 2 symbols in a codeword that can do with 4 erased ones."""
    code = group_words(14, 10, 4, 8)
    dut = GroupDecoder(code.group)

    async def testbench(ctx):
        ctx.set(dut.erasures, sum(1 << lane for lane in lanes))
        await ctx.tick().repeat(14 + 2)
        for slot in range(code.slots):
            assert (ctx.get(dut.erased), ctx.get(dut.overfull)) == (0, 0)
            ctx.set(dut.valid, 1)
            ctx.set(dut.start, slot == 0)
            await ctx.tick()
        assert (ctx.get(dut.erased), ctx.get(dut.overfull)) == (erased, overfull)

    simulate(dut, [testbench])


@pytest.mark.parametrize("part", ["equation1", "search"])
def test_nothing_moves_while_groups_are_clean(part, registers, group_words, number):
    """In the parts that work for bad groups, but for what counts."""
    code = group_words(14, 10, 4, 8)
    dut, signals = registers(GroupDecoder(code.group), part)
    traffic = Traffic(code, dut.latency, number)
    for errors in (1, 2, 1, *[None] * 12):
        traffic.group(lambda room: errors)      # noqa: B023
    states = []

    async def testbench(ctx):
        for given in traffic.given:
            for port in ("valid", "start"):
                ctx.set(getattr(dut, port), getattr(given, port))
            ctx.set(dut.i, given.word)
            await ctx.tick()
            states.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])

    def moving(states):
        return [signal.name for signal, *values in zip(signals, *states, strict=True)
                if len(set(values)) > 1]

    assert len(moving(states)) > 15
    counters = ("slot", "valid", "last", "done")
    assert all(name.startswith(counters) for name in moving(states[3 * code.slots + dut.latency:]))


@pytest.mark.full
def test_kp4(group_words, number, rng):
    """On 128 lanes: clean, with 15 errors in every codeword, with one too many in one of them, and
    with 6 lanes erased and 1 error more."""
    code = group_words(544, 514, 10, 128)
    dut = GroupDecoder(code.group)
    assert dut.latency == 39
    # From slot 0 to slot 0, with the encoder:
    assert GroupEncoder(code.group).latency + code.slots - 1 + dut.latency == 56
    traffic = Traffic(code, dut.latency, number)
    traffic.group(lambda room: None)
    traffic.group(lambda room: room)
    numbers = iter([3, 16, 0, 15])
    traffic.group(lambda room: next(numbers))
    traffic.erase(lanes_of(rng, code, 6))
    traffic.wait(544)
    traffic.group(lambda room: room)
    traffic.check(dut)
    assert traffic.failed == [False, False, True, False]
