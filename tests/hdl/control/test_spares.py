"""Both halves of the sparing: what the receiver asks for, and what the transmitter makes of it."""

import random
from itertools import groupby, pairwise

import pytest

from lampyris.control.lane_map import LaneMapShifter
from lampyris.control.spares import SpareManager, SpareTable, spares_in_use
from lampyris.geometry import Geometry
from lampyris.sim.streams import simulate

GEOMETRY = Geometry(lanes=4, parity=2, spares=3, gear=8, marker_period=64)
CODE, ALL, FRAME = 6, 9, 16     # places of the code, all places, cycles per frame


class Far:
    """A transmitter and its LEDs, as the manager sees them: LED l is at home on logical lane l."""

    def __init__(self):
        self.served = [0] * GEOMETRY.spares
        self.dead: set[int] = set()
        self.deaf = False

    def live(self) -> int:
        leds = list(range(ALL))
        for spare, lane in enumerate(self.served):
            if lane:
                leds[lane - 1], leds[CODE + spare] = leds[CODE + spare], leds[lane - 1]
        return sum(1 << place for place, led in enumerate(leds) if led not in self.dead)


def run(script, patience=12):
    """Run ``script(far, frames, read)``: `frames` waits; `read` is a port of the manager."""
    dut, far = SpareManager(geometry=GEOMETRY, patience=patience), Far()

    async def testbench(ctx):
        async def frames(count):
            for cycle in range(count * FRAME):
                word = ctx.get(dut.word)
                if not far.deaf:
                    far.served[word.spare] = word.served
                live = far.live()
                ctx.set(dut.live, live)
                ctx.set(dut.lost, CODE - (live & (1 << CODE) - 1).bit_count())
                ctx.set(dut.frame, cycle % FRAME == 0)
                await ctx.tick()

        def read(name):
            return ctx.get(getattr(dut, name))

        ctx.set(dut.enable, 1)
        ctx.set(dut.up, 1)
        ctx.set(dut.live, (1 << ALL) - 1)
        await script(far, frames, read, lambda name, value: ctx.set(getattr(dut, name), value))

    simulate(dut, [testbench], cycles=100_000)


def test_spares_serve_until_there_are_none():
    async def script(far, frames, read, write):
        await frames(20)
        assert far.served == [0, 0, 0]
        for count, led in enumerate((2, 5, 0), start=1):
            far.dead.add(led)
            await frames(12)
            assert sum(map(bool, far.served)) == count and far.served[count - 1] == led + 1
            assert read("lost") == 0 and not read("degraded")
        far.dead.add(1)
        await frames(12)
        assert read("lost") == 1 and read("degraded")
        assert far.served == [3, 6, 1]

    run(script)


def test_a_spare_that_fails_is_burnt():
    async def script(far, frames, read, write):
        far.dead.add(3)
        await frames(12)
        assert far.served == [4, 0, 0]
        far.dead.add(CODE)              # the LED of the spare that serves lane 3
        await frames(40)
        assert far.served == [0, 4, 0] and read("lost") == 0
        far.dead.discard(CODE)          # it is not trusted again
        far.dead.add(4)
        await frames(40)
        assert far.served == [0, 4, 5] and read("lost") == 0

    run(script)


def test_spares_that_nobody_heard_of_get_another_chance():
    async def script(far, frames, read, write):
        far.deaf = True
        far.dead.add(3)
        await frames(60)                # by now all three have been burnt
        assert far.served == [0, 0, 0] and read("lost") == 1
        far.deaf = False
        await frames(40)
        assert 4 in far.served and read("lost") == 0 and not read("degraded")

    run(script)


def test_a_dead_spare_is_not_asked():
    async def script(far, frames, read, write):
        far.dead |= {CODE, CODE + 1}
        await frames(4)
        far.dead.add(1)
        await frames(12)
        assert far.served == [0, 0, 2] and read("lost") == 0

    run(script)


def test_a_lane_that_has_recovered_gives_its_spare_back():
    async def script(far, frames, read, write):
        far.dead |= {0, 1, 2}
        await frames(20)
        assert sorted(far.served) == [1, 2, 3]
        far.dead.discard(1)             # nobody needs a spare yet
        await frames(40)
        assert sorted(far.served) == [1, 2, 3]
        far.dead.add(5)
        await frames(40)
        assert sorted(far.served) == [1, 3, 6] and read("lost") == 0 and not read("degraded")

    run(script)


def test_a_lane_is_moving_until_it_must_have_moved():
    """Also one that comes back by itself, or is given back; never more than the code allows."""
    hold = 3 * GEOMETRY.spares + 9

    async def script(far, frames, read, write):
        for led in (0, 1, 2):
            far.dead.add(led)
            await frames(1)
            assert read("moving") >> led & 1
            await frames(hold + 2)
            assert read("moving") == 0
        far.dead = {5}                  # all but one have recovered; a spare is released for it
        await frames(2)
        released = read("moving") & ~(1 << 5)
        assert released.bit_count() == 1 and released < 8
        await frames(2 * hold)
        assert read("moving") == 0 and read("lost") == 0
        far.dead |= {1, 3, 4}           # more than the code can do without anyway
        await frames(1)
        assert read("moving") == 0

    run(script, patience=2 * hold)


def test_nothing_is_decided_while_the_link_is_down():
    async def script(far, frames, read, write):
        write("up", 0)
        far.dead |= {0, 1, 2, 3, 4, 5}
        await frames(40)
        assert far.served == [0, 0, 0] and not read("degraded")
        far.dead -= {0, 1, 2, 3, 4}
        await frames(4)
        write("up", 1)
        await frames(12)
        assert sum(map(bool, far.served)) == 1 and read("lost") == 0
        write("enable", 0)
        await frames(12)
        assert far.served == [0, 0, 0]

    run(script)


def test_words_hold_for_three_frames_and_come_in_turn():
    async def script(far, frames, read, write):
        seen = []
        for _ in range(30):
            await frames(1)
            seen.append(read("word").spare)
        turns = [(spare + seen[0]) % 3 for spare in range(12) for _ in range(3)]
        assert any(seen == turns[shift:shift + 30] for shift in range(3))

    run(script)


def test_a_report_after_each_entry():
    """Three frames each; without a report there is only the next entry."""
    dut = SpareManager(geometry=GEOMETRY, reports=True)
    words, said = [], []

    async def testbench(ctx):
        ctx.set(dut.enable, 1)
        ctx.set(dut.up, 1)
        ctx.set(dut.live, (1 << ALL) - 1)
        for frame in range(80):
            if len(said) < 6 or frame > 60:
                ctx.set(dut.report.valid, 1)
                ctx.set(dut.report.payload.as_value(), 1 << 15 | len(said))
            for cycle in range(FRAME):
                ctx.set(dut.frame, cycle == 0)
                taken = ctx.get(dut.report.valid) and ctx.get(dut.report.ready)
                await ctx.tick()
                if taken:
                    said.append(len(said))
                    ctx.set(dut.report.valid, 0)
            words.append(ctx.get(dut.word.as_value()))

    simulate(dut, [testbench])
    runs = [(word, len(list(same))) for word, same in groupby(words)][1:-1]
    assert {length for _, length in runs} == {3}
    kinds = "".join("r" if word >> 15 else "e" for word, _ in runs)
    assert kinds.startswith("rererererere" + "eee") and "rere" in kinds[15:]
    entries = [word >> 11 for word, _ in runs if not word >> 15]
    assert all((after - before) % 3 == 1 for before, after in pairwise(entries))
    reports = [word & 0x7FFF for word, _ in runs if word >> 15]
    assert reports == list(range(len(reports))) and 0 <= len(said) - len(reports) <= 1


def test_the_table_ignores_what_does_not_exist():
    dut, rng = SpareTable(geometry=GEOMETRY), random.Random(1)
    table = [0, 0, 0]

    async def testbench(ctx):
        for _ in range(400):
            spare, lane = rng.choice((rng.randrange(5), 31)), rng.choice((rng.randrange(9), 2047))
            ctx.set(dut.word, {"served": lane, "spare": spare})
            await ctx.tick()
            if spare < 3 and lane <= CODE:
                table[spare] = lane
            assert [ctx.get(dut.served[i]) for i in range(3)] == table

    simulate(dut, [testbench])


@pytest.mark.parametrize("seed", range(4))
def test_the_lane_map_is_always_a_permutation(seed):
    """Whatever the table says, two spares for one lane too; as the format says, one by one."""
    dut, rng = LaneMapShifter(geometry=GEOMETRY), random.Random(seed)
    order = rng.sample(range(ALL), ALL)

    async def testbench(ctx):
        ctx.set(dut.lane_map, sum(led << 4 * lane for lane, led in enumerate(order)))
        served = [0, 0, 0]
        for _ in range(20):
            bits = []
            for position in range(64):
                if position == 50:
                    served = [rng.choice((0, rng.randint(1, CODE))) for _ in range(3)]
                for spare, lane in enumerate(served):
                    # A table that changes while the map is being shown must not tear it.
                    ctx.set(dut.served[spare], rng.randint(0, CODE) if position > 60 else lane)
                ctx.set(dut.position, position)
                await ctx.tick()
                if position > 8 and ctx.get(dut.tag):
                    bits = ([] if ctx.get(dut.first) else bits) + [ctx.get(dut.tags)]
            shown = [sum((column >> lane & 1) << 3 - place for place, column in enumerate(bits))
                     for lane in range(ALL)]
            expected = list(order)
            for spare, lane in enumerate(served):
                if lane:
                    a, b = lane - 1, CODE + spare
                    expected[a], expected[b] = expected[b], expected[a]
            assert shown == expected and sorted(shown) == list(range(ALL))

    simulate(dut, [testbench])


def test_spares_in_use():
    assert spares_in_use(GEOMETRY) == 3
    plain = Geometry(lanes=4, spares=3, gear=8, marker_period=64)
    assert spares_in_use(plain) == 0
    many = Geometry(lanes=4, parity=2, spares=64, gear=8, marker_period=64)
    assert spares_in_use(many) == 31
    with pytest.raises(ValueError, match=r"^reports allow 16 spares at most, not 31$"):
        SpareManager(geometry=many, reports=True)
    with pytest.raises(ValueError, match=r"^patience must be 0 or more, not -1$"):
        SpareManager(geometry=GEOMETRY, patience=-1)
