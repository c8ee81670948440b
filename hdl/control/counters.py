"""What the host side counts."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["HostCounters"]

_COUNTED = {"packet": "packets", "flagged": "flagged_packets", "dropped": "dropped_packets",
            "stray": "stray_blocks"}


class HostCounters(wiring.Component):
    """Four counters of 32 bits that wrap.

    Members
    -------
    packet, flagged, dropped, stray : 1 bit, in
        One event per cycle each.
    packets, flagged_packets, dropped_packets, stray_blocks : 32 bits, out
    """

    packet: Signal
    flagged: Signal
    dropped: Signal
    stray: Signal
    packets: Signal
    flagged_packets: Signal
    dropped_packets: Signal
    stray_blocks: Signal

    def __init__(self):
        super().__init__({**{event: In(1) for event in _COUNTED},
                          **{counter: Out(32) for counter in _COUNTED.values()}})

    def elaborate(self, platform):
        m = Module()
        for event, counter in _COUNTED.items():
            total = getattr(self, counter)
            with m.If(getattr(self, event)):
                m.d.sync += total.eq(total + 1)
        return m
