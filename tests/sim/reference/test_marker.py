"""Markers: fields, CRC-12, sync."""

import numpy as np
import pytest

from lampyris.sim.reference import Format
from lampyris.sim.reference.format import SYNC
from lampyris.sim.reference.marker import build_markers, crc12, fold, parse_body, parse_markers


def divided_crc12(bits):
    """Remainder of the message polynomial (first bit highest), preset by inverting 12 bits."""
    value = int("".join(map(str, bits)), 2) << 12
    value ^= 0xFFF << len(bits)
    while value.bit_length() > 12:
        value ^= 0x180F << value.bit_length() - 13
    return value


def marker_value(fmt, symbols, lane):
    return sum(int(s) << fmt.g * i for i, s in enumerate(symbols[:, lane]))


def test_crc12_against_division(rng):
    bits = rng.integers(0, 2, (50, 52), np.uint8)
    assert crc12(bits).tolist() == [divided_crc12(row.tolist()) for row in bits]
    # Check value of "123456789", MSB first, from the division: preset 0xFFF, no final XOR.
    text = np.unpackbits(np.frombuffer(b"123456789", np.uint8))
    assert crc12(text) == divided_crc12(text.tolist())


def test_golden_body():
    """Lane 5, base 0xACE1, message 0xBEEF, parity 0x5A; the check by division."""
    value = 5 | 0xACE1 << 12 | 0xBEEF << 28 | 0x5A << 44
    check = divided_crc12([value >> i & 1 for i in range(52)])
    assert check == 0x5E0
    value |= sum((check >> 11 - i & 1) << 52 + i for i in range(12))
    assert value == 0x7A5ABEEFACE1005
    fmt = Format(16, 0, 8)
    marker = build_markers(fmt, 0xACE1, 0xBEEF, 0x5A)
    assert marker.shape == (12, 16)
    assert marker[:4, 5].tolist() == [0x1F, 0x14, 0xB5, 0x66]
    assert marker[4:, 5].tolist() == list(value.to_bytes(8, "little"))


@pytest.mark.parametrize("gear", range(4, 17))
def test_layout(gear, rng):
    fmt = Format(6, 2, gear)
    parity = rng.integers(0, 256, 8)
    symbols = build_markers(fmt, 0x1234, 0xF00F, parity)
    assert symbols.shape == (fmt.M, 8) and symbols.max() < 1 << gear
    for lane in range(8):
        value = marker_value(fmt, symbols, lane)
        assert value & (1 << fmt.Ms * gear) - 1 == SYNC & (1 << fmt.Ms * gear) - 1
        body = value >> fmt.Ms * gear
        assert body >> 64 == 0
        assert body & 0xFFF == lane
        assert body >> 12 & 0xFFFF == 0x1234 and body >> 28 & 0xFFFF == 0xF00F
        assert body >> 44 & 0xFF == parity[lane]
    parsed = parse_markers(fmt, symbols)
    assert parsed.good.all()
    assert parsed.identity.tolist() == list(range(8))
    assert set(parsed.base) == {0x1234} and set(parsed.message) == {0xF00F}
    assert parsed.parity.tolist() == parity.tolist()


def test_up_to_three_flips_are_seen(rng):
    """The polynomial has distance 4 at 64 bits: every 1 and 2 flips, and random 3."""
    fmt = Format(4, 0, 8)
    value = marker_value(fmt, build_markers(fmt, 0xACE1)[4:], 3)
    body = np.array([value >> i & 1 for i in range(64)], np.uint8)
    assert parse_body(body).good
    flips = np.eye(64, dtype=np.uint8)
    pairs = flips[:, None] ^ flips[None] ^ body
    good = parse_body(pairs).good
    assert good.sum() == 64 and good.diagonal().all()
    assert not parse_body(flips ^ body).good.any()
    triples = np.array([flips[rng.choice(64, 3, replace=False)].sum(axis=0) for _ in range(5000)])
    assert not parse_body(triples.astype(np.uint8) ^ body).good.any()


def test_padding_counts_for_the_check():
    fmt = Format(4, 0, 10)
    symbols = build_markers(fmt, 0xACE1)
    assert fmt.Mb * fmt.g == 70 and parse_markers(fmt, symbols).good.all()
    symbols[-1, 2] ^= 0x200             # the last bit of the marker
    assert parse_markers(fmt, symbols).good.tolist() == [True, True, False, True]


def test_fold():
    assert fold(np.array([0xA55A, 0x0301, 0xF], np.uint16)).tolist() == [0xFF, 0x02, 0xF]
