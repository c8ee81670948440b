"""LED drivers of all lanes: settings in, codes for one lane at a time out. This file only wires."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..shapes import drive_layout
from .core import DriverCore
from .fields import LaneControl
from .settings import DriverSettings

__all__ = ["DriverControl"]


class DriverControl(wiring.Component):
    """Sets the current of each LED: never above its limit, and none when there must be none.

    settings -> core -> `o` -> an output form (:class:`ParallelOutput`, :class:`ChainSender`)

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    step : int, 1..2**bits - 1
        Most that a lane's peak current may rise from one of its turns to the next.

    Members
    -------
    lane, field, value, write, q, ready
        Of :class:`DriverSettings`: to write and read the settings.
    shutdown : 1 bit, in
        All lanes dark.
    open, short : `lanes` bits, in
        Faults that the drivers report, in step with the clock.
    o : stream of :func:`drive_layout`
        Codes of the lanes in turn, from the last to lane 0.
    dark : `lanes` bits, out
        The lane must be dark from the next clock on.
    lit : `lanes` bits, out
    control : `lanes` x :class:`LaneControl`, out
        `invert` and `pattern` are for the lane's data.
    fault : 1 bit, out
        Some lane has had an open or short that is not cleared.

    Latency: 8 clocks per turn, `lanes` turns a round. From `shutdown`, `open` and `short` to `dark`
    none, from a setting that is written 1 clock. Cost: 8 flip-flops per lane, and two memories;
    `docs/driver.md`, section 6, has it measured.
    """

    lane: Signal
    field: Signal
    value: Signal
    write: Signal
    q: Signal
    ready: Signal
    shutdown: Signal
    open: Signal
    short: Signal
    o: stream.Interface
    dark: Signal
    lit: Signal
    control: data.View
    fault: Signal

    def __init__(self, *, lanes: int, bits: int = 6, step: int = 1):
        self._lanes, self._bits = lanes, bits
        self._core = DriverCore(lanes=lanes, bits=bits, step=step)
        super().__init__({
            "lane": In(range(lanes)), "field": In(3), "value": In(bits + 2), "write": In(1),
            "q": Out(bits + 2), "ready": Out(1),
            "shutdown": In(1), "open": In(lanes), "short": In(lanes),
            "o": Out(stream.Signature(drive_layout(lanes, bits))),
            "dark": Out(lanes), "lit": Out(lanes),
            "control": Out(data.ArrayLayout(LaneControl, lanes)), "fault": Out(1),
        })

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def bits(self) -> int:
        return self._bits

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._lanes, self._bits
        m.submodules.settings = settings = DriverSettings(lanes=lanes, bits=bits)
        m.submodules.core = core = self._core
        m.submodules.peaks = peaks = Memory(shape=unsigned(bits + 2), depth=lanes, init=[])
        keeper, recaller = peaks.write_port(), peaks.read_port()

        wiring.connect(m, core.o, wiring.flipped(self.o))
        for name in ("lane", "field", "value", "write"):
            m.d.comb += getattr(settings, name).eq(getattr(self, name))
        for name in ("limited", "mend_open", "mend_short"):
            m.d.comb += getattr(core, name).eq(getattr(settings, name))
        for name in ("shutdown", "open", "short"):
            m.d.comb += getattr(core, name).eq(getattr(self, name))
        m.d.comb += [
            settings.turn.eq(core.lane), settings.turn_field.eq(core.field),
            core.setting.eq(settings.setting),
            recaller.addr.eq(core.lane), core.peak.eq(recaller.data),
            keeper.addr.eq(core.lane), keeper.data.eq(core.new_peak), keeper.en.eq(core.keep),
            settings.status.lit.eq(core.lit.bit_select(self.lane, 1)),
            settings.status.open.eq(core.opened.bit_select(self.lane, 1)),
            settings.status.short.eq(core.shorted.bit_select(self.lane, 1)),
            self.q.eq(settings.q), self.ready.eq(settings.ready),
            self.dark.eq(core.dark), self.lit.eq(core.lit), self.control.eq(settings.control),
            self.fault.eq((core.opened | core.shorted).any()),
        ]
        for lane in range(lanes):
            m.d.comb += core.enable[lane].eq(settings.control[lane].enable)
        return m
