"""Bench `dying`: lanes have more and more errors, and keep their lock or lose it.

First single bits are flipped on some lanes, a spare too: each counter must show exactly what its
lane got. Then lanes become noisy or die, one shot after the other. Each must be erased within two
windows of the health monitor, and a spare must take its place: for good, though the LED that it had
may keep its lock. The lanes after the last spare stay erased, and recover with their LEDs. Every
packet must arrive unflagged, no word may be lost, and the link must not go down.
"""

import cocotb

from ..bench import parameters, pump_channel, read, watchdog
from ..link import LINK, Link, lock_cycles, report
from ..traffic import Traffic, until
from .sparing import patience

DEFAULTS = {
    **LINK, "low": 16,
    "flip_cycles": 6000,   # with single errors
    "at_once": 1,          # lanes that become bad in one clock
    "erased": 1,           # lanes after the last spare
    "background": 1e-5,    # bit error rate of all lanes while some are bad
}

_WAYS = (0.02, "stuck0", 0.5, 0.05, 0.02, "stuck1", 0.2)
"""How lanes become bad, in turn: a bit error rate, or a way to die. The first and the last to be
replaced keep their lock."""

_RATES = (0.2, 0.01, 0.05)
"""Symbols to flip a bit of, two lanes of the code and a spare: the first becomes sick."""

_WINDOW = 256
_DECODER = 64
"""Cycles, more than a symbol takes from the channel through the decoder."""

_SYNC = 0x1F
"""The first symbol of all markers, its low 8 bits."""


class Flipper:
    """Flips single bits of payload symbols on some lanes, and counts them. A channel for the pump.

    Members
    -------
    rates : dict from lane to probability
    counts : dict from lane to int
    """

    def __init__(self, link: Link):
        self._channel, self._rng = link.channel, link.rng
        self._gear, self._frame = link.lanes.gear, link.p["frame"]
        self._ones = sum(1 << self._gear * lane for lane in range(link.lanes.count))
        self._marker = -(-32 // self._gear) - (-64 // self._gear)
        self._position = -1             # of the transmitter's word in its frame; not known yet
        self.rates: dict[int, float] = {}
        self.counts: dict[int, int] = {}

    def step(self, word: int) -> int:
        # All lanes send the same; for some cycles, before the transmitter begins.
        if word & 0xFF == _SYNC and word == (word & (1 << self._gear) - 1) * self._ones:
            self._position = 0
        elif self._position >= 0:
            self._position = (self._position + 1) % self._frame
        for lane, rate in self.rates.items():
            # Bit 0 of what the lane shows is of this word or the one before.
            word_shown = self._position - self._channel.skew_ui[lane] // self._gear
            if word_shown % self._frame > self._marker and self._rng.random() < rate:
                self._channel.flip(lane)
                self.counts[lane] = self.counts.get(lane, 0) + 1
        return self._channel.step(word)


@cocotb.test()
async def dying(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    rng, channel, spares = link.rng, link.channel, p["spares"]
    flipper, lanes = Flipper(link), link.lanes
    await link.up(pump_channel(lanes.clock, lanes.output, lanes.input, flipper, lanes.valid))
    cocotb.start_soon(watchdog(
        8 * (spares + p["erased"] + 2) * patience(p) + 20 * lock_cycles(p), link.core_ps))
    traffic = Traffic(link)
    leds = [channel.carrier(link.lane_map[logical]) for logical in range(lanes.count)]
    code = leds[:p["lanes"] + p["parity"]]
    await count_flips(link, flipper, leds, len(code))

    channel.ber = p["background"]
    dut.sparing.value = 1
    bad: list[int] = []
    slowest = 0
    while len(bad) < spares + p["erased"]:
        await link.cycles(rng.randint(1, 2 * p["frame"]))
        stay = max(len(bad) - spares, 0)
        room = spares - len(bad) if len(bad) < spares else p["erased"]
        shot = rng.sample(sorted(set(code) - set(bad)), min(p["at_once"], room))
        for led in shot:
            spoil(channel, led, _WAYS[len(bad) % len(_WAYS)])
            bad.append(led)
        slowest = max(slowest, await erased(link, stay + len(shot)))
        await steady(link, max(len(bad) - spares, 0))
    for spare in range(spares):
        await show(link, len(code) + spare)
        assert read(dut.place_sick), f"spare {spare} has a bad LED, and is not sick"

    # The LEDs come back: those of erased lanes by themselves.
    for led in bad:
        channel.set_noise(led, 0)
        channel.revive(led)
    await until(link, lambda: not read(dut.lost_lanes), "the LEDs are well, and not their lanes")
    await until(link, lambda: not read(dut.sick_lanes), "the LEDs are well, and one is sick")
    await until(link, lambda: not read(dut.degraded), "nothing is missing, and still degraded")
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    assert not read(dut.failed_words), f"{read(dut.failed_words)} words were not corrected"
    report({"flips": sum(flipper.counts.values()), "bad": len(bad),
            "longest_until_erased_clocks": slowest,
            "corrected_words": read(dut.corrected_words), **traffic.board.finish()})


async def count_flips(link: Link, flipper: Flipper, leds: list[int], code_lanes: int) -> None:
    """Flip bits, and compare all counters; the first lane is erased for its errors."""
    dut, rng = link.dut, link.rng
    hit = [*rng.sample(leds[:code_lanes], 2), rng.choice(leds[code_lanes:])]
    await link.cycles(2 * _WINDOW + _DECODER)       # the first window is not counted
    flipper.rates = dict(zip(hit, _RATES, strict=True))
    await link.cycles(link.p["flip_cycles"])
    assert read(dut.lost_lanes) == 1, "one lane has too many errors, and is not erased"
    flipper.rates = {}
    await link.cycles(2 * _WINDOW + _DECODER)
    assert read(dut.suspect_lanes) == len(hit), "lanes have many errors, and are not suspect"
    for place, led in enumerate(leds):
        await show(link, place)
        found, made = read(dut.place_errors), flipper.counts.get(led, 0)
        assert found == made, f"logical lane {place} had {made} errors, and shows {found}"
    dut.clear.value = 1
    await link.cycles(2)
    dut.clear.value = 0
    await show(link, leds.index(hit[0]))
    assert not read(dut.place_errors), "clear has left errors"
    await until(link, lambda: not read(dut.lost_lanes), "the errors have ended, not the erasure")


async def show(link: Link, place: int) -> None:
    """Look at one logical lane."""
    link.dut.place_index.value = place
    await link.cycles(_WINDOW + 4)


def spoil(channel, led: int, way) -> None:
    """Let one lane have many errors."""
    if isinstance(way, str):
        channel.kill(led, way)
    else:
        channel.set_noise(led, way)


async def erased(link: Link, count: int) -> int:
    """Wait until so many lanes are erased; returns the clocks, which are two windows, those of the
    decoder and two runs of its locator at most."""
    limit = 2 * _WINDOW + _DECODER + 2 * link.lanes.count
    for clocks in range(limit):
        if read(link.dut.lost_lanes) == count:
            return clocks
        await link.cycles(1)
    raise AssertionError(f"{read(link.dut.lost_lanes)} of {count} lanes are erased {limit} clocks "
                         "after they became bad")


async def steady(link: Link, count: int) -> None:
    """Wait until so many lanes are erased, and look for as long again whether it stays so."""
    dut = link.dut
    await until(link, lambda: read(dut.lost_lanes) == count, f"not {count} lanes are erased")
    for _ in range(patience(link.p) // 16):
        await link.cycles(16)
        now = read(dut.lost_lanes)
        assert now == count, f"{now} lanes are erased, not {count}"
    assert read(dut.degraded) == bool(count), "the link is wrong about being degraded"
