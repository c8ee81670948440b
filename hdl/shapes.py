"""Payload shapes of the streams, in one place."""

from amaranth import unsigned
from amaranth.lib import data

__all__ = ["beat_layout", "codes_layout", "drive_layout", "error_layout", "report_layout"]


def beat_layout(width: int) -> data.StructLayout:
    """One beat of a packet, `width` bits wide (a multiple of 32).

    A packet is one or more beats; only the last may be partly filled, from byte 0 upwards. `empty`
    counts the unused bytes, 0..width/8-1, and `error` marks the packet as bad; both are valid in
    the last beat only. Unused bytes of `data` have no meaning unless a block says so.
    """
    return data.StructLayout({
        "data": unsigned(width),
        "last": unsigned(1),
        "empty": range(width // 8),
        "error": unsigned(1),
    })


def codes_layout(bits: int) -> data.StructLayout:
    """The four codes of a lane's LED driver, of `bits` bits each (docs/driver.md, section 1)."""
    return data.StructLayout(
        {name: unsigned(bits) for name in ("bias", "modulation", "rise", "fall")})


def drive_layout(lanes: int, bits: int) -> data.StructLayout:
    """Codes for one of `lanes` lanes."""
    return data.StructLayout({"lane": range(lanes), "codes": codes_layout(bits)})


def error_layout(gear: int) -> data.StructLayout:
    """What the decoder says of one lane's symbols, those of the payload in order.

    There is one if `valid`; `first` is that of a frame. `error` is what was to be added to it, if
    `known`.
    """
    return data.StructLayout({"valid": 1, "first": 1, "known": 1, "error": unsigned(gear)})


def report_layout(lanes: int, width: int) -> data.StructLayout:
    """What the far receiver says of one of `lanes` lanes: its errors in a window, or a level of
    them (docs/driver.md, section 8)."""
    return data.StructLayout({"lane": range(lanes), "errors": unsigned(width)})
