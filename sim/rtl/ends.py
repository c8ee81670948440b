"""Two transceivers back to back, with a fibre each way, for benches of the pair."""

import random

import cocotb
from cocotb.triggers import Timer

from ..channel.digital import WordChannel
from .bench import pump_channel, reset, start_clock
from .frames import FrameWatch
from .hosts import HostSink, HostSource
from .link import Falls, Lanes, drive_settings, hosts, link_up, lock_cycles

__all__ = ["End", "Ends"]


class End:
    """One of two transceivers: its ports without their prefix, and what a link's traffic needs.

    Members
    -------
    channel : WordChannel; watch : FrameWatch
        The fibre to the other end.
    lane_map : list of int
    rng : random.Random
        For what the bench sends to this end; the bench sets it.
    source, sink : HostSource, HostSink
        Of the traffic that this end receives: the other's source, its own sink.
    falls : Falls
        Of its link, after :meth:`Ends.up`.
    """

    channel: WordChannel
    watch: FrameWatch
    lane_map: list[int]
    rng: random.Random
    source: HostSource
    sink: HostSink
    falls: Falls

    def __init__(self, dut, prefix: str, p):
        self._dut, self._prefix, self.p, self.dut = dut, prefix, p, self

    def __getattr__(self, name: str):
        return getattr(self._dut, self._prefix + name)

    async def cycles(self, count: float) -> None:
        """Wait that many core clocks."""
        await Timer(round(1e9 * count / self.p["core_mhz"]), unit="fs")


class Ends:
    """Two transceivers, ``a`` and ``b``, with clocks that differ by `ppm`; each receives at the
    other's rate. The fibres are `fibre_m` long; `a` and `b` change settings of their hosts."""

    def __init__(self, dut, p, rng: random.Random, fibre_m: float, a: dict, b: dict):
        self._p, core = p, 1e6 / p["core_mhz"]
        self.core_ps = core
        self.a, self.b = self.both = End(dut, "a_", p), End(dut, "b_", p)
        self.pairs = ((self.a, self.b), (self.b, self.a))
        for (end, other), ppm in zip(self.pairs, (p["ppm"] / 2, -p["ppm"] / 2), strict=True):
            start_clock(end.tx_clk, core, phase_ps=1 + rng.random() * core, ppm=ppm)
            start_clock(other.rx_clk, core, phase_ps=1 + rng.random() * core, ppm=ppm)
            start_clock(end.host_clk, 1e6 / p["host_mhz"], phase_ps=1 + rng.random() * core,
                        ppm=rng.uniform(-100, 100))
        self._delay_ui = round(fibre_m * 5000 / core * p["gear"])
        for end in self.both:
            lanes = Lanes(end, p)
            end.lane_map = drive_settings(end, p, lanes.count, rng)
            end.channel = lanes.channel(p, rng, self._delay_ui)
            end.watch = FrameWatch(end.channel)
        for (end, other), name, settings in zip(self.pairs, "ab", (a, b), strict=True):
            other.source, end.sink = hosts(dut, end, {**p, **settings}, rng, f"{name}_")

    async def up(self) -> None:
        """Reset both, connect the lanes, and wait for both links."""
        for each in [cocotb.start_soon(reset(end)) for end in self.both]:
            await each
        for end, other in self.pairs:
            cocotb.start_soon(pump_channel(end.tx_clk, end.lane_tx_data, other.lane_rx_data,
                                           end.watch, other.lane_rx_valid))
        for end in self.both:
            await link_up(end, lock_cycles(self._p) + self._delay_ui // self._p["gear"],
                          self.core_ps)
            end.falls = Falls(end.link_up)
