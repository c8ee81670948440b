"""Registers of the LED drivers, in bank `tx`, and their signals."""

from typing import Any

from amaranth import Module

from .config import LinkConfig
from .control.registers.blocks import RegisterBlock
from .control.registers.description import Access, Field, Register

__all__ = ["driver_block", "driver_registers"]

_RW, _RO = Access.READ_WRITE, Access.STATUS
_SETTING = {"control": 0, "bias": 1, "modulation": 2, "rise": 3, "fall": 4, "limit": 5,
            "status": 6}


def driver_registers(config: LinkConfig) -> tuple[Register, ...]:
    """None without drivers."""
    if config.driver == "none":
        return ()
    bits = config.driver_bits
    return (
        Register("light", 0x100, "The LEDs.", (
            Field("on", 0, 1, _RW, "They may have light; 0: all are dark."),
            Field("ready", 8, 1, _RO, "All lanes have their first settings."),
            Field("fault", 9, 1, _RO, "Some LED is open or short, or was."))),
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
            Field("field", 16, 3, _RW, "Setting of its driver.", values=_SETTING)), settle=2),
        Register("drive_setting", 0x114, "Setting of a driver, at drive_index.", (
            Field("value", 0, bits + 2, Access.WINDOW,
                  "As docs/driver.md has it, section 2."),), settle=2),
    )


def driver_block(m: Module, config: LinkConfig, link: Any, bank: Any) -> RegisterBlock:
    """Empty without drivers."""
    if config.driver == "none":
        return RegisterBlock(())
    m.d.comb += [link.drive_lane.eq(bank.drive_index_lane),
                 link.drive_field.eq(bank.drive_index_field)]
    codes = link.light_codes
    return RegisterBlock(driver_registers(config), {
        "light_on": link.light, "light_ready": link.drive_ready, "light_fault": link.drive_fault,
        "light_codes_bias": codes.bias, "light_codes_modulation": codes.modulation,
        "light_edges_rise": codes.rise, "light_edges_fall": codes.fall,
        "light_limit_peak": link.light_limit,
        "drive_setting_value": link.drive_q, "drive_setting_value_value": link.drive_value,
        "drive_setting_value_write": link.drive_write,
    })
