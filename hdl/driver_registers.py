"""Registers of the LED drivers, in bank `tx`, and their signals."""

from typing import Any

from amaranth import DomainRenamer, Module, Signal

from .config import LinkConfig
from .control.registers.bit_window import BitWindow
from .control.registers.blocks import RegisterBlock
from .control.registers.description import Access, Field, Register
from .control.registers.events import event_registers, loss, rise
from .control.report_scale import report_scale
from .control.reports import LEVEL_BITS
from .lane_drivers import SHOW_CLOCKS

__all__ = ["driver_block", "driver_registers"]

_RW, _RO = Access.READ_WRITE, Access.STATUS
_SETTING = {"control": 0, "bias": 1, "modulation": 2, "rise": 3, "fall": 4, "limit": 5,
            "status": 6}
_LOOPS = {"none": 0, "temperature": 1, "ageing": 2, "both": 3}


def driver_registers(config: LinkConfig) -> tuple[Register, ...]:
    """None without drivers."""
    if config.driver == "none":
        return ()
    bits = config.driver_bits
    settle = SHOW_CLOCKS if config.compensation else 2
    settings = {**_SETTING, "compensation": 7} if config.compensation else _SETTING
    return (
        Register("light", 0x100, "The LEDs.", (
            Field("on", 0, 1, _RW, "They may have light; 0: all are dark."),
            *((Field("compensation", 4, 2, _RW, "First one of all lanes.", values=_LOOPS),)
              if config.compensation else ()),
            Field("ready", 8, 1, _RO, "All lanes have their first settings."),
            Field("fault", 9, 1, _RO, "Some LED is open or short, or was."),
            *((Field("wanted", 10, 1, _RO, "The management asks for light, too; 0: all are dark."),)
              if config.cmis else ()))),
        Register("light_codes", 0x104, "First codes of all lanes; to be written before light.on.", (
            Field("bias", 0, bits, _RW, "Current of a 0."),
            Field("modulation", 16, bits, _RW, "What a 1 has on top."))),
        Register("light_edges", 0x108, "First pre-emphasis of all lanes.", (
            Field("rise", 0, bits, _RW, "What a 1 after a 0 has on top."),
            Field("fall", 16, bits, _RW, "What a 0 after a 1 has less."))),
        Register("light_limit", 0x10C, "First limit of all lanes.", (
            Field("peak", 0, bits + 2, _RW, "Largest current; above 0, or there is no light."),)),
        Register("drive_index", 0x110, "Which setting drive_setting is.", (
            Field("lane", 0, 11, _RW, "Physical lane."),
            Field("field", 16, 3, _RW, "Setting of its driver.", values=settings)), settle=settle),
        Register("drive_setting", 0x114, "Setting of a driver, at drive_index.", (
            Field("value", 0, bits + 2, Access.WINDOW,
                  "As docs/driver.md has it, section 2."),), settle=settle),
        *event_registers(0x80, [
            (0, "drive_fault", "Some LED is open or short."),
            *([(1, "drive_alarm", "A LED makes too many errors, and gets no more current.")]
              if config.compensation else [])]),
        *(_compensation(config) if config.compensation else ()),
    )


def _compensation(config: LinkConfig) -> tuple[Register, ...]:
    scale, bits = report_scale(config.geometry), config.driver_bits
    return (
        Register("drive_nominal", 0x118, "Setting of a driver as it was written, at drive_index.", (
            Field("value", 0, bits + 2, _RO, "Before temperature and age; control and status: 0."),
        )),
        Register("drive_alarms", 0x11C, "The 32 lanes that drive_index.lane is among.", (
            Field("bits", 0, 32, _RO, "Bit b: lane 32·(lane // 32) + b makes too many errors, and "
                                      "gets no more current."),)),
        Register("report_levels", 0x120, "What the errors that are reported of a lane lead to.", (
            Field("upper", 0, LEVEL_BITS, _RW, "Level from which it gets more current.",
                  scale.upper),
            Field("lower", 8, LEVEL_BITS, _RW, "Level below which it gets less, after a while.",
                  scale.lower),
            Field("shift", 16, 5, Access.CONSTANT, "A unit of a level is 2^shift wrong symbols.",
                  scale.shift))),
        Register("temperature", 0x124, "Temperature.", (
            Field("factor", 0, 12, _RO, "Of all currents, in 1/1024."),)),
        Register("temperature_entry", 0x128, "Table of the factor over the sensor's code.", (
            Field("factor", 0, 12, _RW, "New entry, in 1/1024.", 1024),
            Field("index", 16, 5, _RW, "Which entry: 0 to 16, at the sensor's code 256·index."),
            Field("write", 31, 1, Access.PULSE, "Write it."))),
    )


def driver_block(m: Module, config: LinkConfig, link: Any, bank: Any,
                 management: Any = None) -> RegisterBlock:
    """Empty without drivers. A `management` (:class:`CmisLink`) has a say in the light."""
    if config.driver == "none":
        return RegisterBlock(())
    m.d.comb += [link.drive_lane.eq(bank.drive_index_lane),
                 link.drive_field.eq(bank.drive_index_field)]
    codes = link.light_codes
    signals = _compensation_signals(m, config, link, bank) if config.compensation else {}
    on, wanted = link.light, {}
    if management:
        on, wanted = Signal(name="light_on"), {"light_wanted": management.light}
        m.d.comb += link.light.eq(on & management.light)
    return RegisterBlock(driver_registers(config), {
        "light_on": on, **wanted, "light_ready": link.drive_ready, "light_fault": link.drive_fault,
        "light_codes_bias": codes.bias, "light_codes_modulation": codes.modulation,
        "light_edges_rise": codes.rise, "light_edges_fall": codes.fall,
        "light_limit_peak": link.light_limit,
        "drive_setting_value": link.drive_q, "drive_setting_value_value": link.drive_value,
        "drive_setting_value_write": link.drive_write,
        "events_drive_fault": rise(m, "tx", "drive_fault", link.drive_fault), **signals,
    })


def _compensation_signals(m: Module, config: LinkConfig, link: Any, bank: Any) -> dict[str, Any]:
    alarms = BitWindow(count=config.geometry.physical_lanes)
    m.submodules.drive_alarms = DomainRenamer("tx")(alarms)
    m.d.comb += [alarms.i.eq(link.drive_alarm), alarms.index.eq(bank.drive_index_lane)]
    return {
        "light_compensation": link.light_compensation.as_value(),
        "drive_nominal_value": link.drive_nominal, "drive_alarms_bits": alarms.o,
        "report_levels_upper": link.report_upper, "report_levels_lower": link.report_lower,
        "temperature_factor": link.drive_factor, "temperature_entry_factor": link.entry,
        "temperature_entry_index": link.entry_index, "temperature_entry_write": link.entry_write,
        "events_drive_alarm": loss(m, "tx", "drive_calm", ~link.drive_alarm),
    }
