"""The sparing, proven: every state of both halves that losses, delays and lanes can lead to.

See `docs/verification.md`, "Sparing", for what is claimed and what is assumed.
"""

import numpy as np
import pytest
from amaranth import Cat, Module, Mux, ResetInserter, Signal

from lampyris.control.spares import SpareManager, SpareTable, spare_word
from lampyris.geometry import Geometry
from lampyris.sim.reachability import Gates, States

GEOMETRY = Geometry(lanes=1, parity=2, spares=1, gear=8, marker_period=64)
CODE, ALL, SPARES = GEOMETRY.code_lanes, GEOMETRY.physical_lanes, GEOMETRY.spares
ROUNDS = 4              # of the manager in half a frame, in which its inputs hold still
EXPOSED = 6             # frames: the old LED loses its lock, and light travels there and back
SETTLE = 8              # frames until a lane that has moved is lost, and found where it is now
PATIENCE = 16           # of the manager; what is claimed needs no more


class World:
    """Both halves, the back channel, and what the receiver sees of the lanes.

    Inputs hold for half a frame: `frame` in the first cycle of a whole one; `live`, the places that
    seem alive; `hear`, the word that the transmitter hears, of the last frame, the one or two
    before, or 3 for none; `restart`, of the receiver's half and the transmitter's. With `frozen`
    the LEDs in `alive` live and the others are dead, and `live` is what seems so of places that
    have not settled.
    """

    def __init__(self, patience: int = PATIENCE, exposed: int = EXPOSED):
        self.design = m = Module()
        self.ports: dict[str, Signal] = {}
        for name, width in (("frame", 1), ("live", ALL), ("hear", 2), ("restart", 2),
                            ("frozen", 1), ("alive", ALL)):
            self.ports[name] = Signal(width, name=name)
        frame, live, hear = (self.ports[name] for name in ("frame", "live", "hear"))
        restart, frozen = self.ports["restart"], self.ports["frozen"]
        for name in ("betrayed", "late", "good"):
            self.ports[name] = Signal(name=name)
        manager = SpareManager(geometry=GEOMETRY, patience=patience)
        table = SpareTable(geometry=GEOMETRY)
        m.submodules.manager = ResetInserter(restart[0])(manager)
        m.submodules.table = ResetInserter(restart[1])(table)

        # The back channel.
        heard = Signal(spare_word)
        words = [manager.word, *(Signal(spare_word, name=f"word{age}") for age in (1, 2))]
        known = [Signal(name=f"known{age}") for age in range(3)]    # it has been heard
        missed = Signal(2)              # words in a row that nobody can hear any more
        overtaken = Signal()            # by a younger one
        m.d.comb += table.word.eq(heard)
        with m.If(frame):
            m.d.sync += [words[1].eq(words[0]), words[2].eq(words[1])]
            for age, word in enumerate(words):
                with m.If(hear == age):
                    m.d.sync += heard.eq(word)
            m.d.sync += overtaken.eq((hear == 2) & known[1])
            now = [was | (hear == age) for age, was in enumerate((0, *known[1:]))]
            m.d.sync += [known[1].eq(now[0]), known[2].eq(now[1]),
                         missed.eq(Mux(now[2], 0, Mux(missed == 3, 3, missed + 1)))]
        m.d.comb += self.ports["late"].eq((missed == 3) | overtaken)

        # Which LED is where.
        leds = list(self.ports["alive"])
        for spare in range(SPARES):
            own = leds[CODE + spare]
            for place in range(CODE):
                swap = Signal()
                m.d.comb += swap.eq(table.served[spare] == place + 1)
                leds[place], leds[CODE + spare] = (
                    Mux(swap, own, leds[place]), Mux(swap, leds[place], leds[CODE + spare]))
        before = [Signal(11, name=f"table{spare}") for spare in range(SPARES)]
        moved = [Signal(name=f"moved{place}") for place in range(ALL)]
        for spare, entry in enumerate(before):
            m.d.sync += entry.eq(table.served[spare])
            with m.If(entry != table.served[spare]):
                m.d.comb += moved[CODE + spare].eq(1)
                for place in range(CODE):
                    with m.If((entry == place + 1) | (table.served[spare] == place + 1)):
                        m.d.comb += moved[place].eq(1)

        # A place that has moved is `open` until its old LED is not believed any more and, with
        # `frozen`, its new one is found; until then none that has moved since is closed.
        opened = [Signal(name=f"open{place}") for place in range(ALL)]
        left = Signal(range(max(exposed, SETTLE) + 1))
        with m.If(frame & (left != 0)):
            m.d.sync += left.eq(left - 1)
        with m.If(frame & (left == 1)):
            m.d.sync += [flag.eq(0) for flag in opened]
        with m.If(Cat(moved).any()):
            m.d.sync += left.eq(Mux(frozen, SETTLE, exposed))
        for flag, moves in zip(opened, moved, strict=True):
            with m.If(moves):
                m.d.sync += flag.eq(1)

        seen = Signal(ALL)
        lost = Signal(range(CODE + 1))
        m.d.comb += [
            seen.eq(Mux(frozen, Cat(Mux(flag, free, led) for flag, free, led
                                    in zip(opened, live, leds, strict=True)), live)),
            lost.eq(sum(~seen[place] for place in range(CODE))),
            manager.enable.eq(1), manager.up.eq(lost <= GEOMETRY.parity), manager.frame.eq(frame),
            manager.live.eq(seen), manager.lost.eq(lost),
        ]
        erased = sum((~seen[place] | opened[place]) for place in range(CODE))
        alive = self.ports["alive"]
        dead, waits = Signal(range(ALL + 1)), Signal()
        spare = Signal(range(ALL + 1))
        m.d.comb += [
            self.ports["betrayed"].eq((Cat(opened[:CODE]) & seen[:CODE]
                                       & ~manager.moving).any() & (erased <= GEOMETRY.parity)),
            dead.eq(sum(~alive[place] for place in range(CODE))),
            spare.eq(sum(alive[place] for place in range(CODE, ALL))),
            # While the code cannot do without one lane more, none gives its spare back.
            waits.eq((lost == GEOMETRY.parity) & table.served[0].any()),
            self.ports["good"].eq(
                (left == 0) & ((lost == Mux(dead > spare, dead - spare, 0)) | waits)),
        ]


class Search:
    """Walks through the states of a :class:`World`, half a frame at a time."""

    def __init__(self, folder, **world: int):
        world_ = World(**world)
        self.gates = Gates(world_.design, world_.ports, folder)
        # Written anew before they count.
        self.mask = np.uint64(self.gates.mask("manager.moving", "manager.bearable"))
        # They watch, and have no effect unless the LEDs are frozen.
        self.watch = np.uint64(self.gates.mask(
            "known1", "known2", "missed", "overtaken", "left",
            *(f"open{place}" for place in range(ALL))))
        self.reset = np.array([self.gates.reset], np.uint64) & self.mask

    def half(self, states, first: bool, **inputs: int):
        """Half a frame; `first` with its beginning. Returns states before the mask, and outputs."""
        held = {"frame": 0, "live": 0, "hear": 3, "restart": 0, "frozen": 0, "alive": 0, **inputs}
        rest = [{**held, "restart": 0}] * (ROUNDS * CODE - 1)
        return self.gates.run(states, [{**held, "frame": int(first)}, *rest])

    def reach(self, fair: bool) -> np.ndarray:
        """All states at the ends of frames, lanes and words coming as they like. `fair` words keep
        to what is assumed, and nothing is restarted; then no place must be betrayed."""
        sets = States(), States()
        front = sets[0].add([self.reset])
        mask = self.mask if fair else self.mask & self.watch
        words = [(hear, 0) for hear in range(4)]
        restarts = [] if fair else [(3, 1), (3, 2), (3, 3)]
        while len(front):
            for first in (True, False):
                found = [np.zeros(0, np.uint64)]
                for live in range(1 << ALL if len(front) else 0):
                    for hear, restart in words + restarts if first else [(3, 0)]:
                        after, out = self.half(front, first, live=live, hear=hear, restart=restart)
                        if fair:
                            kept = out["late"] == 0
                            bearable = self.gates.value(after, "manager.bearable") != 0
                            assert not (kept & bearable & (out["betrayed"] != 0)).any(), (
                                f"a place is betrayed, with {live:0{ALL}b} alive")
                            after = after[kept]
                        found.append(np.unique(after & mask))
                front = sets[first].add(found)
        return sets[0].all

    def frozen(self, states, alive: int, longest: int, each: bool) -> int:
        """Frames until all of these states have come to what is good, if nothing more happens to
        the LEDs in `alive` and the others, and words are heard as assumed. Until lanes that move
        have settled they seem alive or dead, all alike or, with `each`, each as it likes."""
        gates = self.gates
        opened = {f"open{place}": 1 for place in range(ALL)}
        front = np.unique(gates.put(states, left=SETTLE, missed=0, **opened))
        for frame in range(longest):
            found = [np.zeros(0, np.uint64)]
            moving = front[gates.value(front, "left") != 0]
            for live in range(1 << ALL) if each else (0, (1 << ALL) - 1):
                # What seems so matters only of places that have not settled.
                part = moving if live else front
                for hear in range(4 if len(part) else 0):
                    after, out = self.half(part, True, live=live, hear=hear, frozen=1, alive=alive)
                    kept = (out["late"] == 0) & (out["good"] == 0)
                    found.append(np.unique(after[kept] & self.mask))
            front = np.unique(np.concatenate(found))
            if not len(front):
                return frame + 1
        raise AssertionError(f"{len(front)} states are not good after {longest} frames")


@pytest.fixture(scope="module")
def search(tmp_path_factory):
    return Search(tmp_path_factory.mktemp("sparing"))


def test_no_place_is_betrayed(search):
    """A lane that moves is erased, whatever the lanes do, if words keep to what is assumed."""
    assert len(search.reach(fair=True)) > 10_000


def test_the_proof_sees_light_that_takes_longer(tmp_path):
    """The time for which a place is erased is just enough."""
    with pytest.raises(AssertionError, match="betrayed"):
        Search(tmp_path, exposed=EXPOSED + 1).reach(fair=True)


@pytest.fixture(scope="module")
def lost(search):
    """What losses without end, and restarts of either half at any time, can lead to, too."""
    return search.reach(fair=False)


LIVING = [0b1111, 0b1110, 0b1101, 0b1011, 0b1100, 0b1010, 0b1001, 0b0110, 0b0111]


@pytest.mark.full
@pytest.mark.parametrize("alive", LIVING)
@pytest.mark.parametrize("each", [False, True])
def test_every_lane_that_can_be_served_is_served(search, lost, alive, each):
    """From any of these states, when the lanes hold still and words are heard again."""
    search.frozen(lost, alive, 2 * PATIENCE + 40, each)
