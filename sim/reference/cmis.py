"""A host's reading of the management memory: bytes to values, from CMIS 5.2 and docs/cmis.md.

It shares no table with the RTL: addresses and codes are written down again, from the standard.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

__all__ = ["DATA_PATH_STATES", "MODULE_STATES", "Lane", "Read", "decode_lane", "decode_map",
           "decode_module", "decode_vdm", "f16_value", "page_sum", "rate_code"]

Read = Callable[[int, int, int], bytes]
"""``read(page, byte, count)``; bytes below 128 are in lower memory whatever the page."""

MODULE_STATES = {1: "ModuleLowPwr", 2: "ModulePwrUp", 3: "ModuleReady", 4: "ModulePwrDn",
                 5: "ModuleFault"}
DATA_PATH_STATES = {1: "DPDeactivated", 2: "DPInit", 3: "DPDeinit", 4: "DPActivated",
                    5: "DPTxTurnOn", 6: "DPTxTurnOff", 7: "DPInitialized"}


def f16_value(code: int) -> Fraction:
    """m·10^(s-24), exactly."""
    return Fraction(code & 0x7FF) * Fraction(10) ** ((code >> 11) - 24)


def rate_code(errors: int, bits: int) -> int:
    """F16 of errors / bits with the longest mantissa, by search over all exponents."""
    if not errors or not bits:
        return 0
    rate = min(Fraction(errors, bits), Fraction(1))
    for exponent in range(32):
        mantissa = (rate * Fraction(10) ** (24 - exponent) + Fraction(1, 2)).__floor__()
        if mantissa < 2048:
            return exponent * 2048 + mantissa
    raise AssertionError("no rate is as large")


def page_sum(content: bytes) -> int:
    return sum(content) % 256


def _text(content: bytes) -> str:
    return content.decode("ascii").rstrip()


def _number(content: bytes, signed: bool = False) -> int:
    return int.from_bytes(content, "big", signed=signed)


def decode_module(read: Read) -> dict[str, Any]:
    """Identity, state, monitors and flags. The flags are read last, and so cleared."""
    lower, admin = read(0, 0, 128), read(0, 128, 128)
    advert, limits = read(1, 128, 128), read(2, 128, 128)
    lanes = read(0x11, 128, 6)
    later = read(0x11, 202, 12)
    flags = read(0x11, 134, 20)
    states = [lanes[index // 2] >> 4 * (index % 2) & 15 for index in range(8)]
    configs = [later[index // 2] >> 4 * (index % 2) & 15 for index in range(8)]
    return {
        "identifier": lower[0], "revision": divmod(lower[1], 16), "paged": not lower[2] >> 7,
        "state": MODULE_STATES.get(lower[3] >> 1 & 7), "interrupt": not lower[3] & 1,
        "temperature": _number(lower[14:16], True) / 256, "supply": _number(lower[16:18]) / 1e4,
        "module_flags": lower[8:14], "fault_cause": lower[41], "media_type": lower[85],
        "host_lanes": lower[88] >> 4, "firmware": (lower[39], lower[40]),
        "vendor": _text(admin[1:17]), "oui": admin[17:20], "part": _text(admin[20:36]),
        "revision_text": _text(admin[36:38]), "serial": _text(admin[38:54]),
        "date": _text(admin[54:62]), "power_class": (admin[72] >> 5) + 1,
        "power": admin[73] / 4, "connector": admin[75], "technology": admin[84],
        "checksums": (page_sum(admin[:94]) == admin[94], page_sum(advert[2:127]) == advert[127],
                      page_sum(limits[:127]) == limits[127]),
        "hardware": (advert[2], advert[3]), "vdm": bool(advert[14] & 0x40),
        "temperature_limits": [_number(limits[at:at + 2], True) / 256 for at in (0, 2, 4, 6)],
        "supply_limits": [_number(limits[at:at + 2]) / 1e4 for at in (8, 10, 12, 14)],
        "data_path": [DATA_PATH_STATES.get(state) for state in states],
        "output_rx": lanes[4], "output_tx": lanes[5], "config_status": configs,
        "path_changed": flags[0], "failure": flags[1], "los": flags[13], "lol": flags[14],
        "output_changed": flags[19],
    }


_OBSERVABLES = {9: "minimum", 11: "maximum", 15: "current"}


def decode_vdm(read: Read) -> dict[str, tuple[Fraction, list[Fraction], int]]:
    """Each observable of the media side's error rate: value, its 4 thresholds, its 4 flags."""
    found = {}
    descriptors, flags = read(0x20, 128, 128), read(0x2C, 128, 32)
    for index in range(64):
        where, kind = descriptors[2 * index:2 * index + 2]
        if kind in _OBSERVABLES:
            value = _number(read(0x24, 128 + 2 * index, 2))
            limits = read(0x28, 128 + 8 * (where >> 4), 8)
            found[_OBSERVABLES[kind]] = (
                f16_value(value), [f16_value(_number(limits[at:at + 2])) for at in (0, 2, 4, 6)],
                flags[index // 2] >> 4 * (index % 2) & 15)
    return found


def decode_map(read: Read) -> Mapping[str, Any]:
    """What page B0h says of the vendor pages, and their bitmaps; the flags are cleared."""
    head = read(0xB0, 128, 26)
    lanes = _number(head[6:8])

    def lane_map(page: int, part: int) -> list[bool]:
        content = read(page, 128 + 32 * part, (lanes + 7) // 8)
        return [bool(content[lane // 8] >> lane % 8 & 1) for lane in range(lanes)]

    return {
        "identifier": head[:4], "version": head[4], "record": head[5], "lanes": lanes,
        "data_lanes": _number(head[8:10]), "spares": _number(head[10:12]), "symbol": head[12],
        "page": head[13], "link": head[14], "reason": head[15],
        "locked_lanes": _number(head[16:18]), "dead_lanes": _number(head[18:20]),
        "rate": _number(head[20:22]), "scans": _number(head[22:24]), "limit": _number(head[24:26]),
        "locked": lane_map(0xB1, 0), "dead": lane_map(0xB1, 1), "spared": lane_map(0xB1, 2),
        "lock_lost": lane_map(0xB2, 0), "died": lane_map(0xB2, 1), "rate_high": lane_map(0xB2, 2),
    }


class Lane(NamedTuple):
    valid: bool
    locked: bool
    dead: bool
    spared: bool
    state: int
    position: int
    bias: int
    modulation: int
    threshold: int
    phase: int
    skew: int
    rate: int
    errors: int


def decode_lane(read: Read, lane: int) -> Lane:
    record = read(0xC0 + lane // 8, 128 + 16 * (lane % 8), 16)
    status = record[0]
    position, bias, modulation, threshold = (
        _number(record[at:at + 2]) for at in (2, 4, 6, 8))
    return Lane(bool(status & 128), bool(status & 1), bool(status & 2), bool(status & 4), record[1],
                position, bias, modulation, threshold, record[10], record[11],
                _number(record[12:14]), _number(record[14:16]))
