"""The training of lanes against the model, clock by clock, and what must hold whatever happens."""

import random

import numpy as np
import pytest

from lampyris.control.training import LinkState, LinkTraining
from lampyris.sim.reference.training import Training
from lampyris.sim.streams import simulate

LANES, WARM_UP, PATIENCE = 5, 9, 40


class Array:
    """Lanes with light, locks and a threshold loop that goes round them."""

    def __init__(self, rng: random.Random, lucky: bool):
        self.rng, self.held = rng, 0 if lucky else 0.1
        self.light = np.array([rng.random() < 0.7 for _ in range(LANES)])
        self.locked = np.zeros(LANES, bool)
        self.dead = np.zeros(LANES, bool)
        self.good = np.full(LANES, lucky)   # the threshold is right
        self.roving, self.turn, self.left = True, 0, 0
        self.up = self.running = False

    def clock(self, movable: np.ndarray, hope: bool) -> dict:
        """What happens in this clock, by name of the inputs."""
        rng = self.rng
        if rng.random() < 0.004:
            lane = rng.randrange(LANES)
            self.light[lane] = not self.light[lane]
        if rng.random() < 0.002:
            self.dead[rng.randrange(LANES)] ^= True
        if rng.random() < 0.003:
            self.good[rng.randrange(LANES)] = False
        if rng.random() < 0.001:
            self.roving = not self.roving
        self.locked = self.light & self.good & ~self.dead & (
            self.locked | np.array([rng.random() < 0.1 for _ in range(LANES)]))
        self.running = bool(self.locked.sum() >= 2)
        self.up = bool(self.locked.sum() >= 3) and (self.up or not hope)
        events = {"turn": self.turn}
        if self.left == 0:
            events["begun"] = True
            self.left = rng.randint(2, 12)
            self.swept = bool(movable[self.turn]) and not self.dead[self.turn]
        elif self.left == 1:
            events |= {"over": True, "judged": self.swept or self.roving,
                       "dark": not self.light[self.turn]}
            if self.swept and self.light[self.turn]:
                self.good[self.turn] = True
            self.turn, self.left = (self.turn + 1) % LANES, -1
        self.left = max(0, self.left - 1)
        if rng.random() < 0.004:
            events["retrain"] = rng.randrange(LANES)
        events["hold"] = rng.random() < self.held
        return events


def number(flags) -> int:
    return sum(1 << int(lane) for lane in np.flatnonzero(flags))


def play(seed: int, clocks: int, look, lucky: bool = False):
    """Run both, and call ``look(array, events, movable, state)`` after each clock."""
    dut = LinkTraining(lanes=LANES, warm_up=WARM_UP, patience=PATIENCE)
    model, array = Training(LANES, WARM_UP, PATIENCE), Array(random.Random(seed), lucky)
    hope = False

    async def testbench(ctx):
        nonlocal hope
        for _ in range(clocks):
            events = array.clock(model.movable, hope)
            retrain = events.get("retrain", -1)
            for name in ("locked", "dead"):
                ctx.set(getattr(dut, name), number(getattr(array, name)))
            for name in ("running", "up", "roving"):
                ctx.set(getattr(dut, name), getattr(array, name))
            for name in ("begun", "over", "judged", "dark", "hold"):
                ctx.set(getattr(dut, name), bool(events.get(name)))
            ctx.set(dut.turn, events["turn"])
            ctx.set(dut.retrain, retrain >= 0)
            ctx.set(dut.retrain_lane, max(retrain, 0))
            assert LinkState(ctx.get(dut.state)).value == model.state(array.running, array.up)
            await ctx.tick()
            model.clock(array.locked, array.dead, roving=array.roving, up=array.up, **events)
            seen = [ctx.get(getattr(dut, name))
                    for name in ("movable", "absent", "hope", "calibrating")]
            hope = model.hope(array.up, events["hold"])
            assert seen == [number(model.movable), number(model.absent), hope, model.busy or hope]
            look(array, events, model.movable, ctx.get(dut.state))

    simulate(dut, [testbench], cycles=clocks + 10)


@pytest.mark.parametrize("seed", range(2))
def test_against_the_model(seed):
    states = set()
    play(seed, 2500, lambda array, events, movable, state: states.add(state))
    assert states == set(LinkState)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_no_traffic_before_each_lane_with_light_was_calibrated(seed):
    """Though some lock with the threshold that they have by chance."""
    first: list[bool] = []
    swept: set[int] = set()

    def look(array, events, movable, state):
        if events.get("over") and array.swept:
            swept.add(events["turn"])
        if array.up and not first:
            first.append(all(lane in swept for lane in np.flatnonzero(array.locked)))

    play(seed, 600, look, lucky=True)
    assert first == [True]


def test_a_locked_lane_is_left_alone():
    """Once the link has been up, unless it was asked for, from the clock after its lock on."""
    asked, swept, been = set(), set(), [False]

    def look(array, events, movable, state):
        been[0] |= array.up
        if not been[0]:
            return
        if "retrain" in events:
            asked.clear()
            asked.add(events["retrain"])
        wrong = {int(lane) for lane in np.flatnonzero(movable & array.locked)}
        assert wrong <= asked, f"lanes {wrong} are locked and movable"
        swept.update(wrong)

    play(7, 2500, look)
    assert swept                            # some were asked for while they were locked


def test_lost_lanes_come_back():
    """Whatever has light, and is not dead, is locked in the end."""
    waited = np.zeros(LANES, int)
    longest = 0

    def look(array, events, movable, state):
        nonlocal longest
        waited[:] = np.where(array.light & ~array.locked & ~array.dead, waited + 1, 0)
        longest = max(longest, int(waited.max()))

    play(8, 3500, look)
    # A round, PATIENCE, a calibration begun before it, its own one, and `hold` in between.
    assert PATIENCE < longest < 8 * (PATIENCE + 13 * LANES)
