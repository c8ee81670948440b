"""Bench `training`: from reset to traffic without a hand, over comparators that know nothing.

The LEDs' light differs, as do the comparators' offsets, the phases, skews, polarities and the order
of the lanes; some lanes never get light. The time to traffic is measured; no packet may be lost
from then on, neither while the eye of a lane is scanned, nor while a lane is calibrated by hand,
nor when the threshold of one jumps and it has to be found again.
"""

import cocotb
from cocotb.triggers import ClockCycles
from cocotb.utils import get_sim_time

from ...reference.training import CALIBRATING
from ..analogue import ANALOGUE, AnalogueArray
from ..bench import parameters, read, watchdog
from ..link import LINK, Falls, Link, lock_cycles, report
from ..traffic import Traffic

DEFAULTS = {
    **LINK, **ANALOGUE,
    "dark": 1,              # lanes that never get light
    "limit_ms": 2.0,        # of link time, to traffic
    "scan_dwell": 4,        # words per code of the eye scan, a power of two
    "packets_at_least": 100,
}


async def pulse(dut, name: str) -> None:
    getattr(dut, name).value = 1
    await ClockCycles(dut.rx_clk, 1)
    getattr(dut, name).value = 0


async def wait_for(link: Link, condition, clocks: int, sentence: str) -> int:
    """Wait until a condition holds; returns the clocks it took, to 16."""
    for waited in range(0, clocks, 16):
        if condition():
            return waited
        await link.cycles(16)
    raise AssertionError(f"{sentence} within {clocks} core clocks; link_state "
                         f"{read(link.dut.link_state)}, locked {read(link.dut.lane_locked):x}")


def still_inputs(dut, p) -> None:
    for name in ("freeze", "training_hold", "retrain", "threshold_write", "threshold_manual",
                 "threshold_code", "scan_start", "scan_dwell", "scan_code", "scan_place",
                 "event_index", "monitor_data", "drive_write", "drive_lane", "drive_field",
                 "drive_value", "drive_open", "drive_short", "light"):
        getattr(dut, name).value = 0
    width = len(dut.drive_value) - 2
    dut.light_codes.value = sum(p[name] << place * width for place, name in enumerate(
        ("bias", "modulation", "rise", "fall")))
    dut.light_limit.value = p["limit"]
    dut.roving.value = dut.monitor_valid.value = 1


async def scanned(link: Link, lane: int) -> None:
    """Scan the eye of a lane, and look whether it is one."""
    dut, p = link.dut, link.p
    dut.lane_index.value = lane
    dut.scan_dwell.value = p["scan_dwell"]
    await pulse(dut, "scan_start")
    # The turns of the loop may be long, and so is the scan.
    codes = 1 << len(dut.scan_code)
    await wait_for(link, lambda: read(dut.scanning), 40_000, "the scan did not begin")
    await wait_for(link, lambda: not read(dut.scanning), codes * (100 + (2 << p["scan_dwell"])),
                   "the scan did not end")
    middle, counts = p["sampling"] // 2, []
    for code in range(codes):
        dut.scan_code.value, dut.scan_place.value = code, middle
        await ClockCycles(dut.rx_clk, 3)
        counts.append(read(dut.scan_count))
    bits = p["gear"] << p["scan_dwell"]
    assert 0 in counts, f"the eye of lane {lane} is closed: {counts}"
    assert max(counts) > bits / 4, f"the eye of lane {lane} has no wall: {counts}"


@cocotb.test()
async def training(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    lanes, rng = link.lanes.count, link.rng
    cocotb.start_soon(watchdog(round(6e6 * max(p["limit_ms"], 1)), link.core_ps))
    still_inputs(dut, p)
    await link.begin()
    # Not more lanes of the code than it bears, so that the link comes up before the spares move.
    dark = rng.sample(range(lanes), p["dark"])
    array = AnalogueArray(dut, link, dark)
    cocotb.start_soon(array.carry())
    start = get_sim_time("ps")
    dut.light.value, dut.sparing.value = 1, 1

    limit = round(p["limit_ms"] * 1e9 / link.core_ps)
    await wait_for(link, lambda: read(dut.link_up), limit, "no traffic")
    up_ms = (get_sim_time("ps") - start) / 1e9
    link.falls = Falls(dut.link_up)
    traffic = Traffic(link)
    patience = (p["gear"] + 3) * p["frame"]

    lit = [lane for lane in range(lanes) if lane not in dark]
    await wait_for(link, lambda: not read(dut.calibrating), 20 * patience, "calibration goes on")
    locked = read(dut.lane_locked)
    assert locked == sum(1 << lane for lane in lit), f"{locked:x} are locked, {dark} are dark"

    await scanned(link, rng.choice(lit))

    # By hand: the lane is swept, loses its lock, and finds it again.
    moved = min(lit, key=lambda lane: array.one[lane] - array.zero[lane])
    asked = rng.choice([lane for lane in lit if lane != moved])
    dut.lane_index.value = asked
    await pulse(dut, "retrain")
    await wait_for(link, lambda: not read(dut.lane_locked) >> asked & 1, 1_000_000,
                   f"lane {asked} was not swept")
    # Meanwhile all others stay.
    await wait_for(link, lambda: read(dut.lane_locked) == locked, 1_000_000,
                   f"lane {asked} did not come back")

    # A threshold that jumps: the lane is lost, calibrated again, and comes back.
    array.disturb(moved, 0.75)
    await wait_for(link, lambda: read(dut.lane_locked) == locked & ~(1 << moved), 1_000_000,
                   f"lane {moved} bore the jump")
    await wait_for(link, lambda: read(dut.lane_locked) == locked, 2_000_000,
                   f"lane {moved} did not come back")
    await link.cycles(2 * lock_cycles(p))
    await wait_for(link, lambda: len(traffic.board.sent) >= p["packets_at_least"], 1_000_000,
                   "too few packets")
    assert read(dut.link_state) == 5 != CALIBRATING
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    report({"up_ms": round(up_ms, 4), "corrected_words": read(dut.corrected_words),
            "events": read(dut.events), **traffic.board.finish()})
