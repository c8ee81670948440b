"""The LED drivers of a transmitter: light-up, control, and the form of output. Only wiring."""

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .control.reports import LEVEL_BITS
from .driver.chain import ChainSender
from .driver.compensated import CompensatedDriver
from .driver.control import DriverControl
from .driver.factor import FACTOR_BITS
from .driver.fields import CompensationControl, LaneControl
from .driver.last_codes import LastCodes, last_codes_layout
from .driver.light_up import LightUp
from .driver.parallel import ParallelOutput
from .driver.sigma_delta import SigmaDeltaOutput
from .shapes import codes_layout, report_layout
from .stream.held_word import HeldWord

__all__ = ["SHOW_CLOCKS", "LaneDrivers", "codes_members", "driver_members"]

SHOW_CLOCKS = 32
"""From a change of `drive_lane` or `drive_field` to what is there, with compensation."""

_SENSOR_BITS, _INDEX_BITS = 12, 4
_LOOK = 16          # clocks from one look at a setting to the next, with compensation


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
    loops = {
        "light_compensation": In(CompensationControl), "drive_nominal": Out(bits + 2),
        "drive_factor": Out(FACTOR_BITS), "drive_alarm": Out(lanes),
        "drive_sensor": In(_SENSOR_BITS),
        "entry_index": In(range((1 << _INDEX_BITS) + 1)), "entry": In(FACTOR_BITS),
        "entry_write": In(1), "report_upper": In(LEVEL_BITS), "report_lower": In(LEVEL_BITS)}
    return {
        "light": In(1), "light_codes": In(codes_layout(bits)), "light_limit": In(bits + 2),
        "drive_lane": In(11), "drive_field": In(3), "drive_value": In(bits + 2),
        "drive_write": In(1), "drive_q": Out(bits + 2), "drive_ready": Out(1),
        "drive_lit": Out(lanes), "drive_fault": Out(1), **form,
        **(loops if config.compensation else {}),
        **codes_members(config),
    }


def codes_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """Those of them through which a management asks; none without both."""
    if not config.cmis or config.driver == "none":
        return {}
    return {"codes_lane": In(8), "codes_ask": In(1), "codes_done": Out(1),
            "codes": Out(last_codes_layout(config.driver_bits))}


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
        `lane`, `field`, `value`, `write` and `q` of :class:`DriverControl`. With `compensation`,
        `drive_q` is looked at every 16 clocks, and valid 32 clocks after `drive_lane` and
        `drive_field` have changed; later while there are writes.
    drive_ready : 1 bit, out
        All lanes have their first settings.
    drive_lit : N bits, out; drive_fault : 1 bit, out
        `lit` and `fault` of :class:`DriverControl`.
    drive_codes : out; drive_open, drive_short : N bits, in, of any domain
        With `driver` = ``"parallel"`` and ``"sigma_delta"``: the codes, or a bit for each; the
        drivers' faults.
    drive_sclk, drive_sdata, drive_latch, drive_blank, drive_sback : 1 bit
        With `driver` = ``"chain"``: those of :class:`ChainSender`.
    light_compensation, drive_nominal, drive_factor, drive_alarm, entry_index, entry, entry_write,
    report_upper, report_lower
        With `compensation`: what :class:`LightUp` writes to all lanes, and `nominal`, `factor`,
        `alarm`, `index`, `entry`, `entry_write`, `upper` and `lower` of :class:`CompensatedDriver`;
        `drive_nominal` is renewed with `drive_q`.
    drive_sensor : 12 bits, in, of any domain
        With `compensation`: code of the temperature sensor. Holds still for four clocks or more.
    report : stream of :func:`report_layout`, in
        With `compensation`: what the far receiver says of a physical lane.
    codes_lane : 8 bits, in; codes_ask : 1 bit, in; codes_done : 1 bit, out; codes : out
        With `cmis` only: `lane`, `ask`, `done` and `o` of :class:`LastCodes`.
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
    light_compensation: data.View
    drive_nominal: Signal
    drive_factor: Signal
    drive_alarm: Signal
    drive_sensor: Signal
    entry_index: Signal
    entry: Signal
    entry_write: Signal
    report_upper: Signal
    report_lower: Signal
    report: stream.Interface
    codes_lane: Signal
    codes_ask: Signal
    codes_done: Signal
    codes: data.View
    control: data.View

    def __init__(self, config: LinkConfig):
        self._config = config
        self._lanes = config.geometry.physical_lanes
        report = stream.Signature(report_layout(self._lanes, LEVEL_BITS))
        super().__init__({**driver_members(config),
                          **({"report": In(report)} if config.compensation else {}),
                          "control": Out(data.ArrayLayout(LaneControl, self._lanes))})

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._lanes, self._config.driver_bits
        compensated = self._config.compensation
        m.submodules.light_up = light_up = LightUp(lanes=lanes, bits=bits, compensated=compensated)
        sizes = {"lanes": lanes, "bits": bits, "step": self._config.driver_step}
        drivers: Any = CompensatedDriver(**sizes, width=LEVEL_BITS, sensor_bits=_SENSOR_BITS,
                                         index_bits=_INDEX_BITS) if compensated else (
            DriverControl(**sizes))
        m.submodules.drivers = drivers
        # A lane that does not exist is not written; modulo 2^k it could be another one.
        m.d.comb += [
            light_up.start.eq(self.light), light_up.codes.eq(self.light_codes),
            light_up.limit.eq(self.light_limit), light_up.lane.eq(self.drive_lane),
            light_up.field.eq(self.drive_field), light_up.value.eq(self.drive_value),
            light_up.write.eq(self.drive_write & (self.drive_lane < lanes)),
            light_up.ready.eq(drivers.ready), self.drive_ready.eq(light_up.done),
            *(getattr(drivers, name).eq(getattr(light_up, f"o_{name}"))
              for name in ("lane", "field", "value", "write")),
            self.drive_lit.eq(drivers.lit),
            self.drive_fault.eq(drivers.fault), self.control.eq(drivers.control),
        ]
        if compensated:
            self._compensate(m, light_up, drivers)
        else:
            m.d.comb += self.drive_q.eq(drivers.q)
        if self._config.driver == "chain":
            self._chain(m, drivers)
        else:
            self._buses(m, drivers)
        if self._config.cmis:
            m.submodules.last = last = LastCodes(lanes=lanes, bits=bits)
            m.d.comb += [
                last.taken.eq(drivers.o.valid & drivers.o.ready),
                last.codes_lane.eq(drivers.o.payload.lane),
                last.codes.eq(drivers.o.payload.codes), last.lane.eq(self.codes_lane),
                last.ask.eq(self.codes_ask), self.codes_done.eq(last.done), self.codes.eq(last.o),
            ]
        return m

    def _compensate(self, m: Module, light_up: LightUp, drivers: CompensatedDriver):
        m.submodules.sensor_crossing = sensor = HeldWord(width=_SENSOR_BITS)
        wiring.connect(m, wiring.flipped(self.report), drivers.report)
        m.d.comb += [
            light_up.compensation.eq(self.light_compensation), self.drive_alarm.eq(drivers.alarm),
            self.drive_factor.eq(drivers.factor),
            sensor.i.eq(self.drive_sensor), drivers.sensor.eq(sensor.o),
            drivers.index.eq(self.entry_index), drivers.entry.eq(self.entry),
            drivers.entry_write.eq(self.entry_write), drivers.upper.eq(self.report_upper),
            drivers.lower.eq(self.report_lower),
        ]
        # A look at a setting holds the loops up, so there is one only now and then.
        clocks = Signal(range(_LOOK))
        looked = Signal(2)
        m.d.comb += drivers.read.eq((clocks == _LOOK - 1) & ~light_up.o_write)
        m.d.sync += looked.eq(looked << 1 | drivers.read)
        with m.If(clocks != _LOOK - 1):
            m.d.sync += clocks.eq(clocks + 1)
        with m.Elif(drivers.read):
            m.d.sync += clocks.eq(0)
        with m.If(looked[1]):
            m.d.sync += [self.drive_q.eq(drivers.q), self.drive_nominal.eq(drivers.nominal)]

    def _buses(self, m: Module, drivers: Any):
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

    def _chain(self, m: Module, drivers: Any):
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
