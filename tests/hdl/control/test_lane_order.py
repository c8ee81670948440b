"""Places for all lanes, whatever they say they are."""

import random

import pytest

from lampyris.control.lane_order import LaneOrder
from lampyris.sim.streams import simulate

LATENCY = 3         # of the sorter's stand-in


def expected(lanes, code_lanes, states):
    """(place by lane, places present, lost, doubled) for states (live, identity)."""
    places, doubled = {}, False
    for lane, (live, identity) in enumerate(states):
        if live and identity < lanes and identity not in places.values():
            places[lane] = identity
        elif live:
            doubled = True
    missing = [place for place in range(lanes) if place not in places.values()]
    for lane in range(lanes):
        if lane not in places:
            places[lane] = next(place for place in range(lanes) if place not in places.values())
    present = sum(1 << place for place in range(lanes) if place not in missing)
    lost = sum(place < code_lanes for place in missing)
    return [places[lane] for lane in range(lanes)], present, lost, doubled


def random_states(rng, lanes):
    """A permutation with some lanes dead, and sometimes identities that are wrong or double."""
    order = rng.sample(range(lanes), lanes)
    dead = rng.choice((0, 0, 0.2, 1))
    wrong = rng.choice((0, 0, 0.3))
    return [(rng.random() >= dead,
             rng.choice((rng.randrange(lanes), rng.randrange(2048))) if rng.random() < wrong
             else identity) for identity in order]


@pytest.mark.parametrize("lanes, code_lanes", [(1, 1), (2, 1), (3, 3), (8, 6), (13, 12), (16, 16)])
def test_every_lane_gets_a_place(lanes, code_lanes):
    dut, rng = LaneOrder(lanes=lanes, code_lanes=code_lanes), random.Random(lanes)
    now = {"states": random_states(rng, lanes), "bits": [], "places": None, "sorts": 0}
    limit = 3 * lanes + 4 + (lanes - 1).bit_length() + 1 + LATENCY + 3 + lanes

    async def lane_window(ctx):
        turn = 0
        while True:
            live, identity = now["states"][turn]
            ctx.set(dut.turn, turn)
            ctx.set(dut.live, live)
            ctx.set(dut.identity, identity)
            await ctx.tick()
            turn = (turn + 1) % lanes

    async def sorter(ctx):
        """Collects the numbers, bit by bit, and commits them some cycles later."""
        strobes = [0] * LATENCY
        while True:
            ctx.set(dut.commit_out, strobes[0])
            _, _, tags, tag, first, commit = await ctx.tick().sample(
                dut.tags, dut.tag, dut.first, dut.commit)
            if tag:
                now["bits"] = ([] if first else now["bits"]) + [tags]
            if commit:
                now["places"] = [sum((bits >> lane & 1) << place for place, bits in
                                     enumerate(reversed(now["bits"]))) for lane in range(lanes)]
                now["sorts"] += 1
            strobes = [*strobes[1:], commit]

    async def round_of(ctx):
        for cycle in range(limit):
            _, _, done = await ctx.tick().sample(dut.done)
            if done:
                return cycle
        raise AssertionError(f"no round ended within {limit} cycles")

    async def testbench(ctx):
        for _ in range(40):
            now["states"] = random_states(rng, lanes)
            await round_of(ctx)             # begun with the states before, perhaps
            await round_of(ctx)
            places, present, lost, doubled = expected(lanes, code_lanes, now["states"])
            assert now["places"] == places
            assert ctx.get(dut.present) == present
            assert ctx.get(dut.lost) == lost
            assert ctx.get(dut.doubled) == doubled
            sorts = now["sorts"]
            await round_of(ctx)
            assert now["sorts"] == sorts, "the same order was sorted again"

    simulate(dut, [testbench], background=[lane_window, sorter], cycles=40 * 4 * limit)


@pytest.mark.parametrize("code_lanes", [0, 9])
def test_bad_parameters(code_lanes):
    with pytest.raises(ValueError, match=rf"^code_lanes must be 1 to 8, not {code_lanes}$"):
        LaneOrder(lanes=8, code_lanes=code_lanes)
