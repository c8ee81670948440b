"""Control granules and the check."""

import zlib

import numpy as np
import pytest

from lampyris.sim.reference import Format, Kind, control_granule, idle_block, packet_check
from lampyris.sim.reference.control import bytes_to_granules, parse_control


@pytest.mark.parametrize("fields, granule", [
    # By hand: kind + 8·pos + 0x2000·pad, bit 15 for an even number of ones.
    ((Kind.IDLE, 0), 0xB1E50000),
    ((Kind.IDLE, 0x3FF), 0xB1E51FF8),
    ((Kind.CONT,), 0xB1E58001),
    ((Kind.START,), 0xB1E58002),
    ((Kind.END, 2), 0xB1E58013),
    ((Kind.END, 2, 3), 0xB1E5E013),
    ((Kind.END_START, 5, 1), 0xB1E5202C),
    ((Kind.WHOLE, 3), 0xB1E5001D),
    ((Kind.WHOLE_START, 31, 2), 0xB1E540FE),
])
def test_golden_granules(fields, granule):
    assert control_granule(*fields) == granule


def test_idle_blocks():
    fmt = Format(12)
    assert idle_block(fmt).tolist() == [0xB1E50000, 0, 0]
    assert idle_block(fmt, True).tolist() == [0xB1E51FF8, 0, 0]
    assert idle_block(fmt, 1).tolist() == [0xB1E58008, 0, 0]


def test_parse_inverts():
    fmt = Format(128)
    for kind, low, high in [(0, 0, 1023), (1, 0, 0), (2, 0, 0), (3, 2, 32), (4, 2, 31), (5, 3, 32),
                            (6, 3, 31)]:
        for pos in range(low, high + 1):
            for pad in range(4):
                control = parse_control(fmt, control_granule(kind, pos, pad))
                assert control is not None
                assert (control.kind, control.pos, control.pad) == (kind, pos, pad)


@pytest.mark.parametrize("kind, pos", [(3, 0), (3, 1), (3, 33), (4, 1), (4, 32), (5, 2), (5, 33),
                                       (6, 2), (6, 32), (7, 3)])
def test_invalid_fields(kind, pos):
    assert parse_control(Format(128), control_granule(kind, pos)) is None


def test_parity():
    fmt = Format(128)
    for bit in range(16):
        assert parse_control(fmt, control_granule(Kind.END, 20, 1) ^ 1 << bit) is None


def bit_serial_crc32(data):
    register = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            feedback = (register ^ byte >> bit) & 1
            register = register >> 1 ^ (0xEDB88320 if feedback else 0)
    return register ^ 0xFFFFFFFF


def test_check_is_zlib_over_padded_rows(rng):
    fmt = Format(12)    # rows of 12 bytes
    for size in (1, 4, 11, 12, 13, 24, 25):
        data = rng.bytes(size)
        padded = data + bytes(-size % 12)
        control = control_granule(Kind.END, 3, 2)
        check = packet_check(fmt, bytes_to_granules(data), control)
        assert check == zlib.crc32(padded) ^ control & 0xFFFF
        assert check == bit_serial_crc32(padded) ^ control & 0xFFFF
        assert packet_check(fmt, bytes_to_granules(data), control, error=True) == check ^ 0xFFFFFFFF


def test_byte_order():
    assert np.array_equal(bytes_to_granules(b"\x01\x02\x03\x04\x05"), [0x04030201, 5])
