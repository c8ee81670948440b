"""Lane health against a model that looks at whole windows of what it was shown."""

import random

import pytest

from lampyris.control.health import LaneHealth, health_window
from lampyris.sim.streams import simulate

WINDOW, EPOCH = 64, 64


class Model:
    """The states of all places, by their looks; `history` has the wrong masks cycle by cycle."""

    def __init__(self, places, code_places, limit):
        self.places, self.code_places, self.limit = places, code_places, limit
        self.history = []
        self.total, self.recent = [0] * places, [0] * places
        self.sick, self.suspect = [False] * places, [False] * places
        self.quiet, self.fresh = [0] * places, [False] * places
        self.counted = [False] * places

    def clear(self):
        """Begin anew with the next cycle; who is sick stays so."""
        self.history = []
        for state in (self.total, self.recent, self.suspect, self.quiet, self.fresh, self.counted):
            state[:] = [type(state[0])()] * self.places

    def look(self, place, now, epoch, live, erased, up):
        """Cycle `now` since the last clear is the place's turn."""
        window = self.history[max(0, now - WINDOW):now]
        found = sum(mask >> place & 1 for mask in window)
        first = now < WINDOW
        new = self.fresh[place]
        self.fresh[place] = not (up and live)
        counted = up and live and not new
        self.total[place] += found * counted
        self.recent[place] += found * counted
        if self.recent[place] >= 16:
            self.suspect[place] = True
        if epoch % EPOCH == EPOCH - 1:
            if self.recent[place] < 4:
                self.suspect[place] = False
            self.recent[place] = 0
        self.quiet[place] = self.quiet[place] + 1 if counted and found <= WINDOW // 64 else 0
        wanted = up and (not live or (counted and found >= WINDOW // 16)
                         or (self.sick[place] and self.quiet[place] < 4))
        if place < self.code_places:
            used = sum(self.counted)
            if used > self.limit or not (
                    self.sick[place] or erased or (not first and used < self.limit)):
                wanted = False
            self.counted[place] = bool(erased or wanted)
        self.sick[place] = wanted


@pytest.mark.parametrize("places, code_places, limit, seed", [
    (5, 5, 2, 1), (9, 6, 2, 2), (9, 6, 6, 3), (64, 60, 3, 4), (1, 1, 1, 5)])
def test_every_look(places, code_places, limit, seed):
    """Rates, lanes, erasures and clears at random."""
    dut = LaneHealth(places=places, code_places=code_places, limit=limit, window=WINDOW)
    rng, model = random.Random(seed), Model(places, code_places, limit)
    rates = [0.0] * places
    seen = {"sick": 0, "full": 0, "suspect": 0}

    async def testbench(ctx):
        live, erased, up, now, epoch = (1 << places) - 1, 0, True, 0, 0
        index, report = 0, 0
        for cycle in range(9000):
            if cycle % 97 == 0:
                rates[rng.randrange(places)] = rng.choice((0, 0, 0.002, 0.02, 0.08, 0.5, 1))
            if cycle % 301 == 0:
                live = (1 << places) - 1 & ~(1 << rng.randrange(2 * places))
                erased = rng.choice((0, rng.getrandbits(code_places) & rng.getrandbits(
                    code_places))) | ~live & (1 << code_places) - 1
                up = rng.random() < 0.9
            if cycle % 211 == 0:
                index, report = rng.randrange(places), rng.randrange(places)
            clear = cycle % 3000 == 2900
            wrong = sum((rng.random() < rate) << place for place, rate in enumerate(rates))
            for name, value in (("wrong", wrong), ("live", live), ("erased", erased), ("up", up),
                                ("clear", clear), ("index", index), ("report_index", report)):
                ctx.set(getattr(dut, name), int(value))
            # The place whose turn it was one cycle ago is judged now.
            turn = (now - 1) % WINDOW
            if now and turn < places:
                model.look(turn, now - 1, epoch, live >> turn & 1, erased >> turn & 1, up)
                shown = (model.total[turn], model.sick[turn], model.suspect[turn])
            model.history.append(wrong)
            now += 1
            epoch += turn == WINDOW - 1 and now > 1
            if clear:
                model.clear()
                now = 0
            await ctx.tick()
            assert ctx.get(dut.sick) == sum(
                sick << place for place, sick in enumerate(model.sick)), f"cycle {cycle}"
            assert ctx.get(dut.count) == sum(model.counted), f"cycle {cycle}"
            if now > 1 and turn < places and turn == index:
                assert (ctx.get(dut.errors), ctx.get(dut.place_sick),
                        ctx.get(dut.place_suspect)) == shown, f"cycle {cycle}"
            if now > 1 and turn < places and turn == report:
                assert (ctx.get(dut.report_errors), ctx.get(dut.report_live)) == (
                    shown[0], not model.fresh[turn]), f"cycle {cycle}"
            seen["sick"] += any(model.sick)
            seen["full"] += sum(model.counted) >= limit
            seen["suspect"] += any(model.suspect)

    simulate(dut, [testbench])
    assert all(count > 500 for count in seen.values()), seen


def run(script, **settings):
    """Run ``script(dut, cycles, write, read)`` with all places live; `cycles` waits."""
    dut = LaneHealth(**{"places": 8, "code_places": 6, "limit": 2, "window": WINDOW, **settings})

    async def testbench(ctx):
        async def cycles(count):
            for _ in range(count):
                await ctx.tick()

        ctx.set(dut.live, (1 << len(dut.live)) - 1)
        ctx.set(dut.up, 1)
        await cycles(2 * dut.window)
        await script(dut, cycles, lambda name, value: ctx.set(getattr(dut, name), value),
                     lambda name: ctx.get(getattr(dut, name)))

    simulate(dut, [testbench], cycles=60_000)


@pytest.mark.parametrize("start", range(0, WINDOW, 7))
def test_two_windows_and_two_cycles(start):
    """From the first wrong symbol, at the lowest rate that counts: every 16th."""
    async def script(dut, cycles, write, read):
        await cycles(start)
        for cycle in range(2 * WINDOW + 2):
            write("wrong", (cycle % 16 == 0) << 3)
            await cycles(1)
        assert read("sick") == 1 << 3

    run(script)


def test_every_symbol_is_counted():
    """Wrong in every cycle for some windows; and a clear forgets it to the cycle."""
    async def script(dut, cycles, write, read):
        for index, length in ((7, 5 * WINDOW), (0, 3 * WINDOW + 17), (5, 1)):
            write("index", index)
            write("wrong", 1 << index)
            await cycles(length)
            write("wrong", 0)
            await cycles(2 * WINDOW)
            assert read("errors") == length
            write("wrong", 1 << index)
            write("clear", 1)
            await cycles(1)
            write("clear", 0)
            await cycles(9)
            write("wrong", 0)
            await cycles(2 * WINDOW)
            assert read("errors") == 9

    run(script)


def test_four_quiet_windows():
    """A sick place is well after four quiet windows in a row, so is one that comes back."""
    async def script(dut, cycles, write, read):
        for _ in range(2):
            write("wrong", 1 << 7 | 2)
            await cycles(2 * WINDOW)
            write("wrong", 0)
            assert read("sick") == 1 << 7 | 2
            await cycles(4 * WINDOW)
            assert read("sick") == 1 << 7 | 2 and read("sick_lanes") == 2
            await cycles(WINDOW + 2)
            assert read("sick") == 0 and read("count") == 0
            write("live", 0xFF ^ 1)
            write("erased", 1)
            write("wrong", 1)                   # nobody's symbols
            await cycles(2 * WINDOW)
            assert read("sick") == 1 and read("sick_lanes") == 0
            write("live", 0xFF)
            write("erased", 0)
            await cycles(WINDOW // 2)           # of which some are still under way
            write("wrong", 0)
            await cycles(4 * WINDOW - WINDOW // 2)
            assert read("sick") == 1
            await cycles(2 * WINDOW + 2)
            assert read("sick") == 0
            write("index", 0)
            await cycles(WINDOW)
            assert read("errors") == 0

    run(script)


def test_no_more_than_the_code_can_bear():
    """Two of the code at most, whatever the spares are; and others come first."""
    async def script(dut, cycles, write, read):
        write("wrong", 0xFF)
        for _ in range(6 * WINDOW):
            await cycles(1)
            assert read("count") == (read("sick") & 0x3F).bit_count() <= 2
        assert read("sick") >> 6 == 3 and read("count") == 2
        write("erased", 0x20)
        await cycles(2 * WINDOW + 2)
        assert ((read("sick") | 0x20) & 0x3F).bit_count() == 2
        write("erased", 0x38)                   # the link will not live long
        await cycles(3 * WINDOW)
        assert read("sick") & 0x3F == 0 and read("count") == 3

    run(script)


def test_bad_parameters():
    assert [health_window(places) for places in (1, 140, 256, 257, 524)] == [
        256, 256, 256, 512, 1024]
    for settings, sentence in (
            ({"code_places": 9}, "code_places must be 1 to 8, not 9"),
            ({"limit": 7}, "limit must be 0 to 6, not 7"),
            ({"window": 96}, "window must be a power of two of 64 or more, not 96"),
            ({"window": 32}, "window must be a power of two of 64 or more, not 32")):
        with pytest.raises(ValueError, match=f"^{sentence}$"):
            LaneHealth(**{"places": 8, "code_places": 6, "limit": 2, **settings})
