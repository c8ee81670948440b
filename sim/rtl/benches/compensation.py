"""Bench `compensation`: the LEDs' currents follow temperature and age, with traffic.

All codes go up and down with an entry of the temperature table and the sensor's code. Then two
lanes lose light, until both make errors: the far end reports them, and one gets more current until
it makes few; the other is at its limit, so its alarm is raised. No packet may be lost.
"""

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from ..analogue import AnalogueArray
from ..bench import parameters, read, watchdog
from ..link import Falls, Link, report
from ..traffic import Traffic
from .registers import Registers
from .training import DEFAULTS as TRAINING
from .training import Training

DEFAULTS = {
    **TRAINING,
    "spread_db": 0.0, "noise_ua": 0.14,
    "swing": 7.0,           # of the two lanes, from a 0 to a 1, over the noise: Q is half of it
    "windows": 16,          # in which the one must have current enough
}

_ONE, _HOT = 1024, 1280     # factors
_FRAMES = 6                 # of an entry of the sparing and a report
_BIAS, _MODULATION, _RISE, _LIMIT = 1, 2, 3, 5      # settings of a driver
_STEPS = 10                 # of ageing
_MIDDLE = 2048              # the sensor's code at entry 8


class Currents:
    """The codes that go to the LEDs, and what the registers say of them."""

    def __init__(self, dut, run: Training):
        self.dut, self.run, self.regs = dut, run, run.regs
        self.lanes = run.link.lanes.count
        self.bits = len(dut.drive_codes) // self.lanes // 4

    def modulation(self) -> list[int]:
        word, mask = read(self.dut.drive_codes), (1 << self.bits) - 1
        return [word >> (4 * lane + 1) * self.bits & mask for lane in range(self.lanes)]

    async def entry(self, index: int, factor: int) -> None:
        await self.regs.put("tx", "temperature_entry", factor | index << 16 | 1 << 31)

    async def becomes(self, modulation: int) -> None:
        async def reached():
            return self.modulation() == [modulation] * self.lanes

        await self.run.until(reached, 400 * self.lanes, f"not all lanes have code {modulation}")

    async def temperature(self, modulation: int) -> None:
        """There and back, by the table and by the sensor."""
        hot = (modulation * _HOT + 512) // 1024
        for index in (8, 9):
            await self.entry(index, _HOT)
        await self.becomes(hot)
        assert await self.regs.get("tx", "temperature", "factor") == _HOT
        lane = self.lanes // 2
        await self.regs.put("tx", "drive_index", lane | _MODULATION << 16)
        assert await self.regs.get("tx", "drive_setting", "value") == hot
        assert await self.regs.get("tx", "drive_nominal", "value") == modulation
        self.dut.drive_sensor.value = _MIDDLE + 512         # where the entries are still 1
        await self.becomes(modulation)
        assert await self.regs.get("tx", "temperature", "factor") == _ONE

    async def setting(self, lane: int, field: int) -> int:
        await self.regs.put("tx", "drive_index", lane | field << 16)
        return await self.regs.get("tx", "drive_setting", "value")

    async def limit(self, lane: int) -> None:
        """No more current than now."""
        peak = sum([await self.setting(lane, field) for field in (_BIAS, _MODULATION, _RISE)])
        await self.regs.put("tx", "drive_index", lane | _LIMIT << 16)
        await self.regs.put("tx", "drive_setting", peak)

    async def alarms(self) -> int:
        word = 0
        for first in range(0, self.lanes, 32):
            await self.regs.put("tx", "drive_index", first)
            word |= await self.regs.get("tx", "drive_alarms", "bits") << first
        return word


async def age(link: Link, array: AnalogueArray, lanes: list[int], swing: float) -> None:
    """Take light away until the swing is so many times the noise, in steps that thresholds can
    follow: each lane has its turn in one of them."""
    shares = swing * array.array.noise_ua / (array.one - array.zero)[lanes]
    for _ in range(_STEPS):
        np.asarray(array.array.coupling)[lanes] *= shares ** (1 / _STEPS)
        await link.cycles(800 * link.lanes.count)


@cocotb.test()
async def compensation(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    regs = Registers(link, p)
    run, rng = Training(link, regs), link.rng
    currents = Currents(dut, run)
    window = _FRAMES * p["frame"] * link.lanes.count
    limit = p["windows"] * window
    cocotb.start_soon(watchdog(4 * limit + 4_000_000, link.core_ps))
    dut.monitor_valid.value, dut.drive_open.value, dut.drive_short.value = 1, 0, 0
    dut.drive_sensor.value = _MIDDLE
    await link.begin()
    array = AnalogueArray(dut, link)
    cocotb.start_soon(array.carry())
    await run.light(loops=3)
    await RisingEdge(dut.link_up)
    link.falls = Falls(dut.link_up)
    traffic = Traffic(link)

    async def settled():
        return not await regs.get("rx", "training", "calibrating")

    await run.until(settled, 30 * (p["gear"] + 3) * p["frame"], "calibration goes on")
    await run.whole()
    await currents.temperature(p["modulation"])

    # Two lanes of the code, which a spare's LED is not.
    order = [lane for lane in range(link.lanes.count) if link.channel.source(lane) < p["lanes"]]
    weak, poor = rng.sample(order, 2)
    led, poor_led = link.channel.source(weak), link.channel.source(poor)
    await currents.limit(poor_led)
    await currents.becomes(p["modulation"])     # a new limit makes a LED dark, and it ramps up
    await run.whole()
    await regs.put("tx", "events", 2)
    await regs.put("tx", "events_mask", 2)
    before = currents.modulation()
    await regs.put("rx", "control", 1 << 1 | 1 << 8)        # clear, and keep the sparing on
    await age(link, array, [weak, poor], p["swing"])
    start, highest = get_sim_time("ps"), 0
    while get_sim_time("ps") < start + limit * link.core_ps:
        await link.cycles(window // 4)
        highest = max(highest, currents.modulation()[led])
    after = currents.modulation()
    await regs.put("rx", "control", 1 | 1 << 8)
    corrected = await regs.get("rx", "corrected_words", "count")
    assert corrected, "the two lanes made no errors"
    assert highest >= before[led] + 3, f"LED {led}: {before[led]} to {highest}"
    assert after[poor_led] == before[poor_led]
    others = [lane for lane in range(link.lanes.count) if lane != led]
    assert all(after[lane] <= before[lane] for lane in others), (before, after)
    alarms = await currents.alarms()
    assert alarms == 1 << poor_led, f"alarms {alarms:b}, LED {poor_led} is at its limit"
    assert await regs.get("tx", "events", "drive_alarm") and read(dut.irq)

    while len(traffic.board.sent) < p["packets_at_least"]:
        await link.cycles(64)
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    report({"before": before[led], "highest": highest, "after": after[led],
            "corrected_words": corrected, **traffic.board.finish()})
