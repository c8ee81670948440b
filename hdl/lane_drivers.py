"""The LED drivers of a transmitter: light-up, control, and the form of output. Only wiring."""

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .driver.chain import ChainSender
from .driver.control import DriverControl
from .driver.fields import LaneControl
from .driver.light_up import LightUp
from .driver.parallel import ParallelOutput
from .driver.sigma_delta import SigmaDeltaOutput
from .shapes import codes_layout

__all__ = ["LaneDrivers", "driver_members"]


def driver_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports that it gives to the transmitter; none without drivers."""
    if config.driver == "none":
        return {}
    bits, lanes = config.driver_bits, config.geometry.physical_lanes
    faults = {"drive_open": In(lanes), "drive_short": In(lanes)}
    codes = data.ArrayLayout(codes_layout(1 if config.driver == "sigma_delta" else bits), lanes)
    form = {"drive_codes": Out(codes), **faults}
    if config.driver == "chain":
        form = {"drive_sclk": Out(1), "drive_sdata": Out(1), "drive_latch": Out(1),
                "drive_blank": Out(1), "drive_sback": In(1)}
    return {
        "light": In(1), "light_codes": In(codes_layout(bits)), "light_limit": In(bits + 2),
        "drive_lane": In(11), "drive_field": In(3), "drive_value": In(bits + 2),
        "drive_write": In(1), "drive_q": Out(bits + 2), "drive_ready": Out(1),
        "drive_lit": Out(lanes), "drive_fault": Out(1), **form,
    }


class LaneDrivers(wiring.Component):
    """Sets the LEDs' currents, as `docs/driver.md` says.

    Parameters
    ----------
    config : LinkConfig
        With a `driver`.

    Members
    -------
    light : 1 bit, in
        All lanes may have light; when it is 1 for the first time, all get `light_codes` and
        `light_limit`, and are enabled. While 0 all are dark.
    light_codes : :func:`codes_layout`, in; light_limit : in
        Hold still until `drive_ready`.
    drive_lane, drive_field, drive_value, drive_write, drive_q
        `lane`, `field`, `value`, `write` and `q` of :class:`DriverControl`.
    drive_ready : 1 bit, out
        All lanes have their first settings.
    drive_lit : N bits, out; drive_fault : 1 bit, out
        `lit` and `fault` of :class:`DriverControl`.
    drive_codes : out; drive_open, drive_short : N bits, in, of any domain
        With `driver` = ``"parallel"`` and ``"sigma_delta"``: the codes, or a bit for each; the
        drivers' faults.
    drive_sclk, drive_sdata, drive_latch, drive_blank, drive_sback : 1 bit
        With `driver` = ``"chain"``: those of :class:`ChainSender`.
    control : N x :class:`LaneControl`, out
        For the lanes' data.
    """

    light: Signal
    light_codes: data.View
    light_limit: Signal
    drive_lane: Signal
    drive_field: Signal
    drive_value: Signal
    drive_write: Signal
    drive_q: Signal
    drive_ready: Signal
    drive_lit: Signal
    drive_fault: Signal
    drive_codes: data.View
    drive_open: Signal
    drive_short: Signal
    drive_sclk: Signal
    drive_sdata: Signal
    drive_latch: Signal
    drive_blank: Signal
    drive_sback: Signal
    control: data.View

    def __init__(self, config: LinkConfig):
        self._config = config
        self._lanes = config.geometry.physical_lanes
        super().__init__({**driver_members(config),
                          "control": Out(data.ArrayLayout(LaneControl, self._lanes))})

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._lanes, self._config.driver_bits
        m.submodules.light_up = light_up = LightUp(lanes=lanes, bits=bits)
        m.submodules.drivers = drivers = DriverControl(lanes=lanes, bits=bits,
                                                       step=self._config.driver_step)
        # A lane that does not exist is not written; modulo 2^k it could be another one.
        m.d.comb += [
            light_up.start.eq(self.light), light_up.codes.eq(self.light_codes),
            light_up.limit.eq(self.light_limit), light_up.lane.eq(self.drive_lane),
            light_up.field.eq(self.drive_field), light_up.value.eq(self.drive_value),
            light_up.write.eq(self.drive_write & (self.drive_lane < lanes)),
            light_up.ready.eq(drivers.ready), self.drive_ready.eq(light_up.done),
            *(getattr(drivers, name).eq(getattr(light_up, f"o_{name}"))
              for name in ("lane", "field", "value", "write")),
            self.drive_q.eq(drivers.q), self.drive_lit.eq(drivers.lit),
            self.drive_fault.eq(drivers.fault), self.control.eq(drivers.control),
        ]
        if self._config.driver == "chain":
            self._chain(m, drivers)
        else:
            self._buses(m, drivers)
        return m

    def _buses(self, m: Module, drivers: DriverControl):
        lanes, bits = self._lanes, self._config.driver_bits
        m.submodules.output = output = ParallelOutput(lanes=lanes, bits=bits)
        m.submodules.open_crossing = FFSynchronizer(self.drive_open, drivers.open)
        m.submodules.short_crossing = FFSynchronizer(self.drive_short, drivers.short)
        wiring.connect(m, drivers.o, output.i)
        m.d.comb += [drivers.shutdown.eq(~self.light), output.dark.eq(drivers.dark)]
        if self._config.driver == "sigma_delta":
            m.submodules.modulators = modulators = SigmaDeltaOutput(lanes=lanes, bits=bits)
            m.d.comb += [modulators.codes.eq(output.codes), self.drive_codes.eq(modulators.o)]
        else:
            m.d.comb += self.drive_codes.eq(output.codes)

    def _chain(self, m: Module, drivers: DriverControl):
        m.submodules.output = output = ChainSender(lanes=self._lanes, bits=self._config.driver_bits,
                                                   half=2)
        wiring.connect(m, drivers.o, output.i)
        m.d.comb += [
            output.shutdown.eq(~self.light), drivers.shutdown.eq(output.hold),
            drivers.open.eq(output.open), drivers.short.eq(output.short),
            output.sback.eq(self.drive_sback),
            *(getattr(self, f"drive_{name}").eq(getattr(output, name))
              for name in ("sclk", "sdata", "latch", "blank")),
        ]
