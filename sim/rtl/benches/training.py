"""Bench `training`: from reset to traffic without a hand, over comparators that know nothing.

The LEDs' light differs, as do the comparators' offsets, the phases, skews, polarities and the order
of the lanes; some lanes never get light. The time to traffic is measured; no packet may be lost
from then on, neither while settings are made, nor while the eye of a lane is scanned, nor while a
lane is calibrated by hand, nor when the threshold of one jumps and it has to be found again. All is
told and asked through the registers.
"""

import cocotb
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time

from ..analogue import ANALOGUE, AnalogueArray
from ..bench import parameters, read, watchdog
from ..link import LINK, Falls, Link, lock_cycles, report, say
from ..traffic import Traffic
from .registers import Registers

DEFAULTS = {
    **LINK, **ANALOGUE,
    "registers": {},
    "dark": 1,              # lanes that never get light
    "limit_ms": 2.0,        # of link time, to traffic
    "scan_dwell": 4,        # words per code of the eye scan, a power of two
    "packets_at_least": 100,
}

_TRAFFIC, _STATE, _UNLOCKED = 5, 1, 4       # docs/training.md and the log's kinds
_MODULATION = 2                             # a driver's setting


class Training:
    """A link in training, by its registers."""

    def __init__(self, link: Link, regs: Registers):
        self.link, self.regs, self.p = link, regs, link.p

    async def until(self, condition, clocks: int, sentence: str) -> None:
        """Wait until an awaitable condition holds."""
        end = get_sim_time("ps") + clocks * self.link.core_ps
        while not await condition():
            if get_sim_time("ps") > end:
                state = await self.regs.get("rx", "training", "state")
                raise AssertionError(f"{sentence} within {clocks} core clocks; state {state}, "
                                     f"locked {await self.locked():x}")
            await self.link.cycles(64)

    async def lane(self, lane: int) -> None:
        await self.regs.put("rx", "lane_index", lane)

    async def locked(self) -> int:
        """A bit per lane."""
        word = 0
        for first in range(0, self.link.lanes.count, 32):
            await self.lane(first)
            word |= await self.regs.get("rx", "lane_locked", "bits") << first
        return word

    async def light(self, loops: int = 0) -> None:
        """Sparing on, and all LEDs lit with the parameters' codes and the compensation's `loops`.
        """
        regs, p = self.regs, self.p
        await regs.put("rx", "control", 1 << 8)
        await regs.put("tx", "light_codes", p["bias"] | p["modulation"] << 16)
        await regs.put("tx", "light_edges", p["rise"] | p["fall"] << 16)
        await regs.put("tx", "light_limit", p["limit"])
        await regs.put("tx", "light", 1 | loops << 4)

    async def settings(self, lane: int) -> None:
        """Read and write a driver and a threshold."""
        regs, p = self.regs, self.p
        await regs.put("tx", "drive_index", lane | _MODULATION << 16)
        compensated = ("tx", "drive_nominal") in regs.by_name
        written = "drive_nominal" if compensated else "drive_setting"
        assert await regs.get("tx", written, "value") == p["modulation"]
        await regs.put("tx", "drive_setting", p["modulation"] + 1)
        assert await regs.get("tx", written, "value") == p["modulation"] + 1
        bits = len(self.link.dut.drive_codes) // self.link.lanes.count // 4

        async def brighter():
            code = read(self.link.dut.drive_codes) >> (4 * lane + 1) * bits
            return code & ((1 << bits) - 1) == p["modulation"] + 1

        turns = 32 + 128 * compensated
        await self.until(brighter, turns * self.link.lanes.count, "the driver did not follow")

        await self.lane(lane)
        code = await regs.get("rx", "threshold", "code")
        assert await regs.get("rx", "threshold_levels", "known")
        await regs.put("rx", "threshold", code | 1 << 15)

        async def manual():
            return await regs.get("rx", "threshold", "manual")

        async def back():
            return not await manual()

        await self.until(manual, 20_000, "the threshold did not become manual")
        assert await regs.get("rx", "threshold", "code") == code
        await regs.put("rx", "threshold", 0)
        await self.until(back, 20_000, "the threshold was not given back")
        assert abs(await regs.get("rx", "threshold", "code") - code) <= 1

    async def scan(self, lane: int) -> None:
        """Scan the eye of a lane, and look whether it is one."""
        regs, p = self.regs, self.p
        codes = 1 << len(self.link.dut.dac_code)
        await self.lane(lane)
        await regs.put("rx", "scan", 1 | p["scan_dwell"] << 8)

        async def begun():
            return await regs.get("rx", "training", "scanning")

        async def ended():
            return not await begun()

        await self.until(begun, 20_000, "the scan did not begin")
        await self.until(ended, codes * (300 + (2 << p["scan_dwell"])) + 12 * p["frame"],
                         "the scan did not end")
        assert await regs.get("rx", "training", "fec_truth"), (
            f"the scan of lane {lane} has not had the FEC for truth")
        counts = []
        for code in range(codes):
            await regs.put("rx", "scan_index", code | p["sampling"] // 2 << 16)
            counts.append(await regs.get("rx", "scan_count", "wrong"))
        assert 0 in counts, f"the eye of lane {lane} is closed: {counts}"
        assert max(counts) > p["gear"] << p["scan_dwell"] >> 2, (
            f"the eye of lane {lane} has no wall: {counts}")

    async def retrain(self, lane: int) -> None:
        """By hand: the lane is swept, loses its lock, and finds it again; the others stay."""
        locked = await self.locked()
        await self.lane(lane)
        await self.regs.put("rx", "training_control", 1 | 1 << 8)
        await self.lost_and_found(locked, lane)

    async def lost_and_found(self, locked: int, lane: int) -> None:
        async def lost():
            return await self.locked() == locked & ~(1 << lane)

        async def found():
            return await self.locked() == locked

        await self.until(lost, 400_000, f"lane {lane} was not lost")
        await self.until(found, 4 * lock_cycles(self.p) + 100_000, f"lane {lane} is not back")
        await self.whole()

    async def whole(self) -> None:
        """No lane of the code is erased, so that it can bear the next loss."""
        async def all_there():
            return not await self.regs.get("rx", "fec_status", "lost_lanes")

        await self.until(all_there, 100 * self.p["frame"], "a lane stays erased")

    async def log(self) -> list[tuple[int, int, int]]:
        """Time, kind and argument of all that is kept, the oldest first."""
        regs, events, count = self.regs, [], -1
        while count != (now := await regs.get("rx", "log_count", "events")):
            events, count = [], now         # what has come since has moved all others
            for back in range(min(64, count)):
                await regs.put("rx", "log_index", back)
                events.insert(0, (
                    await regs.get("rx", "log_time_low", "clocks"),
                    await regs.get("rx", "log_event", "kind"),
                    await regs.get("rx", "log_event", "argument")))
        return events


@cocotb.test()
async def training(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    regs = Registers(link, p)
    run = Training(link, regs)
    lanes, rng = link.lanes.count, link.rng
    limit = round(p["limit_ms"] * 1e9 / link.core_ps)
    cocotb.start_soon(watchdog(3 * limit + 2_000_000, link.core_ps))
    dut.monitor_valid.value, dut.drive_open.value, dut.drive_short.value = 1, 0, 0
    await link.begin()
    dark = rng.sample(range(lanes), p["dark"])
    array = AnalogueArray(dut, link, dark)
    cocotb.start_soon(array.carry())
    start = get_sim_time("ps")
    await run.light()
    cocotb.start_soon(_bound(dut, limit * link.core_ps))
    await RisingEdge(dut.link_up)
    up_ms = (get_sim_time("ps") - start) / 1e9
    say(f"traffic {up_ms:.4f} ms after the light was asked for")
    link.falls = Falls(dut.link_up)
    traffic = Traffic(link)

    async def settled():
        return not await regs.get("rx", "training", "calibrating")

    await run.until(settled, 30 * (p["gear"] + 3) * p["frame"], "calibration goes on")
    lit = [lane for lane in range(lanes) if lane not in dark]
    locked = await run.locked()
    assert locked == sum(1 << lane for lane in lit), f"{locked:x} are locked, {dark} are dark"
    assert await regs.get("rx", "training", "state") == _TRAFFIC

    moved = min(lit, key=lambda lane: array.one[lane] - array.zero[lane])
    asked, scanned, set_by_hand = rng.sample([lane for lane in lit if lane != moved], 3)
    await run.whole()
    await run.settings(set_by_hand)
    say(f"lane {set_by_hand} set by hand and given back")
    await run.scan(scanned)
    say(f"lane {scanned} scanned")
    await run.retrain(asked)
    say(f"lane {asked} calibrated by hand")
    array.disturb(moved, 0.75)
    await run.lost_and_found(locked, moved)
    say(f"lane {moved} found again after its threshold jumped")

    events = await run.log()
    assert [time for time, *_ in events] == sorted({time for time, *_ in events})
    kinds = [event[1:] for event in events]
    assert kinds.index((_UNLOCKED, asked)) < kinds.index((_UNLOCKED, moved))
    if len(events) < 64:
        assert (_STATE, _TRAFFIC) in kinds

    while len(traffic.board.sent) < p["packets_at_least"]:
        await link.cycles(64)
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    await regs.put("rx", "control", 1 | 1 << 8)
    report({"up_ms": round(up_ms, 4), "events": await regs.get("rx", "log_count", "events"),
            "corrected_words": await regs.get("rx", "corrected_words", "count"),
            **traffic.board.finish()})


async def _bound(dut, limit_ps: float) -> None:
    await Timer(round(limit_ps), unit="ps")
    assert read(dut.link_up), "no traffic in time"
