"""Which lanes must be dark."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .fields import check_lanes

__all__ = ["LaneGuard"]


class LaneGuard(wiring.Component):
    """Holds lanes dark, and remembers for each whether it has been lit since.

    Parameters
    ----------
    lanes : int, 2..2048

    Members
    -------
    shutdown : 1 bit, in
    enable, open, short, limited : `lanes` bits, in
        A lane without `enable`, or with one of the others, is dark in this clock.
    mend_open, mend_short : `lanes` bits, in
        Forget the open or short.
    light : `lanes` bits, in
        Its turn ends, and it has not been dark during the turn until one clock before.
    opened, shorted : `lanes` bits, out
        An open or short has been seen; the lane is dark.
    dark : `lanes` bits, out
        The lane must be dark from the next clock on.
    lit : `lanes` bits, out

    Latency: none from a cause to `dark`. Cost: per lane 3 flip-flops and 16 gates,
    7 LUT4 on an ECP5.
    """

    shutdown: Signal
    enable: Signal
    open: Signal
    short: Signal
    limited: Signal
    mend_open: Signal
    mend_short: Signal
    light: Signal
    opened: Signal
    shorted: Signal
    dark: Signal
    lit: Signal

    def __init__(self, *, lanes: int):
        check_lanes(lanes)
        self._lanes = lanes
        inputs = ("enable", "open", "short", "limited", "mend_open", "mend_short", "light")
        super().__init__({
            "shutdown": In(1), **{name: In(lanes) for name in inputs},
            **{name: Out(lanes) for name in ("opened", "shorted", "dark", "lit")},
        })

    def elaborate(self, platform):
        m = Module()
        faulty = self.open | self.short | self.opened | self.shorted
        m.d.comb += self.dark.eq(
            self.shutdown.replicate(self._lanes) | ~self.enable | faulty | self.limited)
        m.d.sync += [
            self.opened.eq(self.open | (self.opened & ~self.mend_open)),
            self.shorted.eq(self.short | (self.shorted & ~self.mend_short)),
            self.lit.eq((self.lit | self.light) & ~self.dark),
        ]
        return m
