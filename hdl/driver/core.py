"""Scan and guard together: all that decides about light, but for the memories."""

from amaranth import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import drive_layout
from .guard import LaneGuard
from .scan import DriverScan

__all__ = ["DriverCore"]


class DriverCore(wiring.Component):
    """Gives lanes their codes in turn, unless they must be dark. This file only wires.

    The memories are outside, so that a proof need not know them:
    `tests/hdl/driver/test_driver_proof.py` has one lane's entries, and anything for all others.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    step : int, 1..2**bits - 1

    Members
    -------
    shutdown, enable, open, short, limited, mend_open, mend_short : in
    opened, shorted, dark, lit : `lanes` bits, out
        Of :class:`LaneGuard`.
    lane, field : out; setting, peak : `bits` + 2 bits, in
        Of :class:`DriverScan`: what it reads.
    keep : 1 bit, out; new_peak : `bits` + 2 bits, out
        The peak to keep for `lane`.
    o : stream of :func:`drive_layout`
    """

    shutdown: Signal
    enable: Signal
    open: Signal
    short: Signal
    limited: Signal
    mend_open: Signal
    mend_short: Signal
    opened: Signal
    shorted: Signal
    dark: Signal
    lit: Signal
    lane: Signal
    field: Signal
    setting: Signal
    peak: Signal
    keep: Signal
    new_peak: Signal
    o: stream.Interface

    def __init__(self, *, lanes: int, bits: int = 6, step: int = 1):
        self._guard = LaneGuard(lanes=lanes)
        self._scan = DriverScan(lanes=lanes, bits=bits, step=step)
        causes = ("enable", "open", "short", "limited", "mend_open", "mend_short")
        super().__init__({
            "shutdown": In(1), **{name: In(lanes) for name in causes},
            **{name: Out(lanes) for name in ("opened", "shorted", "dark", "lit")},
            "lane": Out(range(lanes)), "field": Out(3),
            "setting": In(bits + 2), "peak": In(bits + 2),
            "keep": Out(1), "new_peak": Out(bits + 2),
            "o": Out(stream.Signature(drive_layout(lanes, bits))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.guard = guard = self._guard
        m.submodules.scan = scan = self._scan
        wiring.connect(m, scan.o, wiring.flipped(self.o))
        for name in ("shutdown", "enable", "open", "short", "limited", "mend_open", "mend_short"):
            m.d.comb += getattr(guard, name).eq(getattr(self, name))
        for name in ("opened", "shorted", "dark", "lit"):
            m.d.comb += getattr(self, name).eq(getattr(guard, name))
        m.d.comb += [
            self.lane.eq(scan.lane), self.field.eq(scan.field),
            scan.setting.eq(self.setting), scan.peak.eq(self.peak),
            self.keep.eq(scan.o.valid & scan.o.ready), self.new_peak.eq(scan.new_peak),
            guard.light.eq((self.keep & scan.light) << scan.lane),
            scan.dark.eq(guard.dark.bit_select(scan.lane, 1)),
            scan.lit.eq(guard.lit.bit_select(scan.lane, 1)),
        ]
        return m
