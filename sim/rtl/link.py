"""A transceiver under test: its lanes, clocks, settings, hosts and channel, for every bench."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, First, RisingEdge, Timer

from ..channel.digital import WordChannel
from .bench import Progress, pump_channel, read, reset, start_clock
from .hosts import HostSink, HostSource, pauses
from .packets import Scoreboard
from .sampled import SampledLanes

__all__ = ["LINK", "Falls", "Lanes", "Link", "check_counters", "collect", "drive_settings",
           "hosts", "link_up", "lock_cycles", "rates", "report", "say"]

LINK = {
    # The link; `simulate` fills these in from the configuration.
    "physical": 0,         # lanes, 0: as wide as the ports say
    "lanes": 0,            # data lanes, for the raw rate
    "parity": 0,           # lanes, beside data lanes and spares
    "group_code": [],      # n and k
    "expendable": 0,       # lanes of the code that may be missing
    "spares": 0,
    "gear": 8,
    "sampling": 1,         # samples per bit at the receiver
    "frame": 4096,         # words from marker to marker
    "skew": 256,           # largest skew between lanes, UI
    "depth": 64,           # of the deskew, words
    "fibre_m": 0.0,
    "scrambler": True,
    "core_mhz": 500.0,
    "bit_mhz": 4000.0,
    "host_mhz": 550.0,
    "drops": False,        # flow_control = "drop": a stalling sink loses packets
    # The run.
    "packets": 100,
    "seed": 1,
    "low": 1, "high": 9216,          # bytes per packet
    "marked": 0.02,                  # share of packets with tuser
    "ber": 0.0,
    "jitter_ui": 0.25,               # of each edge by itself, peak to peak; if sampled
    "wander_ui": 2.0,                # of each lane against the receive clock, peak to peak
    "wander_cycles": 20_000,         # core clocks for once to and fro
    "stall_source": 0.3, "stall_sink": 0.3,   # share of the time
    "stall_longest": 200,            # host clocks
    "permute": True, "invert": True,
    "skew_step": 1,                  # skews are multiples of this, UI
    "host_ppm": 0.0,                 # of the host clock against the lanes
    "rx_ppm": 0.0,                   # of the receive clock, if the lanes' symbols come as valid
    "phase": 0.3,                    # of the receive clock, periods
    "loopback": False,               # inside the chip
}
"""Parameters of every bench, and their defaults."""

_POLL = 16
"""Core clocks between looks at a sink."""


class Lanes:
    """The lanes of a design, in whichever view it has.

    Members
    -------
    count : int
        Physical lanes.
    output, input, valid, clock, rx_clock : handles
        `clock` is that of `output`, `rx_clock` that of `input`.
    gear : int
        Bits per lane and cycle of `clock`.
    calls_per_core : float
        Cycles of `clock` per core clock.
    """

    def __init__(self, dut, p):
        serial = hasattr(dut, "tx_bit_clk")
        self.output = dut.lane_tx_data
        self.input = dut.lane_rx_data
        self.valid = None if serial else dut.lane_rx_valid
        self.clock = dut.tx_bit_clk if serial else dut.tx_clk
        self.rx_clock = dut.rx_bit_clk if serial else dut.rx_clk
        self.calls_per_core = p["bit_mhz"] / p["core_mhz"] if serial else 1
        self.count = p["physical"] or len(dut.lane_rx_data if serial else dut.lane_rx_valid)
        self.gear = len(self.output) // self.count

    def channel(self, p, rng: random.Random, delay_ui: int = 0) -> WordChannel:
        """A channel with random permutation, inversions and skews; both ends of the range occur."""
        count, longest, step = self.count, p["skew"], p["skew_step"]
        skew = [0, longest, *(rng.randint(0, longest) for _ in range(count))][:count]
        rng.shuffle(skew)
        return WordChannel(
            count, self.gear, longest_ui=delay_ui + max(longest, 2048),
            skew_ui=[delay_ui + ui // step * step for ui in skew],
            permutation=rng.sample(range(count), count) if p["permute"] else None,
            invert=[rng.random() < 0.5 for _ in range(count)] if p["invert"] else None,
            ber=p["ber"], seed=p["seed"])


class Link:
    """One transceiver whose transmit lanes come back through a channel to its receiver.

    Members
    -------
    lanes : Lanes
    channel : WordChannel
    lane_map : list of int
    source, sink : HostSource, HostSink
    core_ps : float
        Period of the core clock.
    rng : random.Random
        For what the bench sends.
    falls : Falls
        Of the link, after :meth:`up`.
    """

    def __init__(self, dut, p):
        self.dut, self.p, self.rng = dut, p, random.Random(p["seed"])
        rng = self.rng
        self.lanes = Lanes(dut, p)
        self.channel = self.lanes.channel(p, rng)
        self.lane_map = drive_settings(dut, p, self.lanes.count, rng)
        self.core_ps = start_clocks(dut, p)
        # The streams of random numbers are separate: one more packet does not move every stall.
        self.source, self.sink = hosts(dut, dut, p, rng)

    async def begin(self) -> None:
        """Reset, with all lanes dark."""
        self.lanes.input.value = 0
        if self.lanes.valid is not None:
            self.lanes.valid.value = 0
        await reset(self.dut, ("host", "tx", "rx", "tx_bit", "rx_bit"))

    async def up(self, carry=None, patient: bool = False) -> None:
        """Reset, connect the lanes (by default through `channel`) and wait for the link; if
        `patient`, as long as it takes without all lanes."""
        lanes = self.lanes
        await self.begin()
        if carry is None and self.p["sampling"] > 1:
            carry = SampledLanes(lanes, self.channel, self.core_ps, self.p, self.rng).carry()
        cocotb.start_soon(carry or pump_channel(
            lanes.clock, lanes.output, lanes.input, self.channel, lanes.valid))
        await link_up(self.dut, (1 + patient) * lock_cycles(self.p), self.core_ps)
        self.falls = Falls(self.dut.link_up)

    async def cycles(self, count: float) -> None:
        """Wait that many core clocks."""
        await Timer(round(1000 * count * self.core_ps), unit="fs")


def hosts(dut, end, p, rng: random.Random, prefix: str = "") -> tuple[HostSource, HostSink]:
    """Hosts that stall at random; `end` has the clock, `dut` the ports with `prefix`."""
    source = HostSource(dut, end.host_clk, end.host_rst, f"{prefix}s_axis",
                        rng=random.Random(rng.random()), stalls=pauses(
                            random.Random(rng.random()), p["stall_source"], p["stall_longest"]))
    sink = HostSink(dut, end.host_clk, end.host_rst, f"{prefix}m_axis", stalls=pauses(
        random.Random(rng.random()), p["stall_sink"], p["stall_longest"]))
    return source, sink


def drive_settings(dut, p, count: int, rng: random.Random) -> list[int]:
    """Drive the static inputs the design has; returns the lane map."""
    order = rng.sample(range(count), count) if p["permute"] else list(range(count))
    if hasattr(dut, "lane_map"):
        bits = len(dut.lane_map) // count
        dut.lane_map.value = sum(lane << (place * bits) for place, lane in enumerate(order))
    values = {"seed": rng.randrange(1, 1 << 16), "loopback": int(p["loopback"])}
    values |= dict.fromkeys(("tx_prbs", "rx_prbs", "tx_message", "clear", "lane_index",
                             "lane_dead", "sparing", "place_index"), 0)
    for name, value in values.items():
        if hasattr(dut, name):
            getattr(dut, name).value = value
    return order


def start_clocks(dut, p) -> float:
    """Start all clocks and return the core clock's period, ps.

    The receive clocks have the frequency of the transmit clocks, as if recovered from the lanes,
    and another phase; the host clock has its own.
    """
    serial = hasattr(dut, "tx_bit_clk")
    ratio = round(p["bit_mhz"] / p["core_mhz"], 6) if serial else 1
    bit_ps = round(1e9 / p["core_mhz"] / ratio) / 1000  # whole fs, so that the clocks stay in step
    core_ps = bit_ps * ratio
    for side, phase, ppm in (("tx", 0.0, 0.0), ("rx", p["phase"], p["rx_ppm"])):
        start = 1 + phase * bit_ps
        start_clock(getattr(dut, f"{side}_clk"), core_ps, phase_ps=start, ppm=ppm)
        if serial:
            start_clock(getattr(dut, f"{side}_bit_clk"), bit_ps, phase_ps=start, ppm=ppm)
    start_clock(dut.host_clk, 1e6 / p["host_mhz"], phase_ps=137, ppm=p["host_ppm"])
    return core_ps


def lock_cycles(p) -> int:
    """Core clocks within which a link is up: the worst case of the docs, and a frame to align."""
    return (p["gear"] + 4) * p["frame"] + 4 * p["skew"] + 2000


async def link_up(dut, cycles: int, period_ps: float) -> None:
    """Wait for the link, or fail with the reason it gives."""
    if not read(dut.link_up):
        await First(RisingEdge(dut.link_up), Timer(round(cycles * period_ps), unit="ps"))
    reason = read(dut.down_reason) if hasattr(dut, "down_reason") else "unknown"
    assert read(dut.link_up), f"the link is not up after {cycles} core clocks: reason {reason}"


class Falls:
    """Counts falling edges of a signal."""

    def __init__(self, signal):
        self.count = 0
        cocotb.start_soon(self._run(FallingEdge(signal)))

    async def _run(self, edge):
        while True:
            await edge
            self.count += 1


async def collect(source: HostSource, sink: HostSink, board: Scoreboard, quiet: int,
                  period_ps: float) -> list[float]:
    """Give packets to the scoreboard until all are there, or nothing came for `quiet` core clocks
    after the source became idle. Returns their times of arrival, ps."""
    progress = Progress(len(board.sent), period_ps)
    times: list[float] = []
    waited = 0
    while not board.complete and not (source.idle and waited > quiet):
        if not sink.waiting:
            await Timer(round(_POLL * period_ps), unit="ps")
            waited += _POLL
            continue
        packet = await sink.receive()
        board.receive(packet.data, packet.error)
        times.append(packet.time_ps)
        progress.show(len(times))
        waited = 0
    return times


async def check_counters(end, totals: dict[str, int], marked: int) -> None:
    """The design's own counters against what the bench saw, in a run without bit errors."""
    if not hasattr(end, "stray_blocks"):
        return
    await ClockCycles(end.host_clk, 8)
    counts = {name: read(getattr(end, name)) for name in (
        "packets", "flagged_packets", "dropped_packets", "stray_blocks", "lost_blocks")}
    counts["packets"] += counts["flagged_packets"]
    expected = {"packets": totals["delivered"], "flagged_packets": marked,
                "dropped_packets": totals["missing"], "stray_blocks": 0, "lost_blocks": 0}
    assert counts == expected, f"the counters are {counts}, and the bench saw {expected}"


def rates(p, sent, start_ps: float, times: list[float], core_ps: float) -> dict[str, float]:
    """Core clocks until the end of the first packet, and the payload rate from then to the last."""
    if len(times) < 2 or len(times) != len(sent) or not p["lanes"]:
        return {}
    bits = 8 * sum(len(packet.data) for packet in sent[1:])
    gbps = 1000 * bits / (times[-1] - times[0])
    raw = p["lanes"] * p["gear"] * p["core_mhz"] / 1000
    return {"first_packet_clocks": round((times[0] - start_ps) / core_ps, 1),
            "payload_gbps": round(gbps, 3), "share_of_raw": round(gbps / raw, 5)}


def report(totals: Mapping[str, float]) -> None:
    """Write ``result.json`` to the simulator's working folder, and one line."""
    Path("result.json").write_text(json.dumps(totals, indent=1) + "\n")
    say(", ".join(f"{key} {value}" for key, value in totals.items()))


def say(text: str) -> None:
    """Print a line at once: what a long run has reached."""
    print("  " + text, flush=True)
