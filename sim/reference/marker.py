"""Lane markers (section 5)."""

from dataclasses import dataclass

import numpy as np

from .format import SYNC, Format
from .lanes import bits_to_symbols, int_to_bits, symbols_to_bits

__all__ = ["BODY_BITS", "Body", "build_markers", "crc12", "fold", "parse_body", "parse_markers",
           "sync_bits"]

BODY_BITS = 64
_FIELDS = {"identity": (0, 11), "sparing": (11, 12), "base": (12, 28), "message": (28, 44),
           "parity": (44, 52), "check": (52, 64)}


@dataclass(frozen=True)
class Body:
    """Fields of marker bodies, arrays of the lanes' shape; bit 16 of `message` says that it is for
    the sparing, and `good` is whether the check holds."""

    identity: np.ndarray
    base: np.ndarray
    message: np.ndarray
    parity: np.ndarray
    good: np.ndarray


def sync_bits(fmt: Format) -> np.ndarray:
    """Sync of a marker, uint8 [Ms·g]."""
    return int_to_bits(SYNC, fmt.Ms * fmt.g)


def crc12(bits: np.ndarray) -> np.ndarray:
    """CRC-12 register after bits [..., n] in order of travel: uint16 [...]."""
    register = np.full(bits.shape[:-1], 0xFFF, np.uint16)
    for index in range(bits.shape[-1]):
        feedback = register >> 11 ^ bits[..., index]
        register = (register << 1 & 0xFFF) ^ feedback * np.uint16(0x80F)
    return register.astype(np.uint16)


def fold(symbols: np.ndarray) -> np.ndarray:
    """Symbols of up to 16 bits folded to 8: bit i is the XOR of bits i and i+8."""
    return (symbols ^ symbols >> 8) & 0xFF


def build_markers(fmt: Format, base: int, message: int = 0,
                  parity: np.ndarray | int = 0) -> np.ndarray:
    """Markers of all lanes of one frame.

    Parameters
    ----------
    base : int
        16 bits.
    message : int
        17 bits: bit 16 says that it is for the sparing.
    parity : int or array [N]
        Folded payload parity of the frame before, 8 bits.

    Returns
    -------
    uint16 [M, N]
        Symbols in order of travel.
    """
    bits = np.zeros((fmt.N, fmt.M * fmt.g), np.uint8)
    start = fmt.Ms * fmt.g
    bits[:, :start] = sync_bits(fmt)
    body = bits[:, start:start + BODY_BITS]
    values = {"identity": np.arange(fmt.N), "sparing": message >> 16, "base": base,
              "message": message & 0xFFFF, "parity": parity}
    for name, value in values.items():
        low, high = _FIELDS[name]
        body[:, low:high] = np.broadcast_to(np.asarray(value), fmt.N)[:, None] \
            >> np.arange(high - low) & 1
    # The register's highest bit travels first.
    body[:, 52:64] = crc12(body[:, :52])[:, None] >> np.arange(11, -1, -1) & 1
    return bits_to_symbols(bits.reshape(fmt.N, fmt.M, fmt.g)).T


def parse_body(bits: np.ndarray) -> Body:
    """Fields of bodies, bits [..., 64 or more]; the padding counts for the check."""
    fields = {name: _join(bits[..., low:high]) for name, (low, high) in _FIELDS.items()}
    check = _join(bits[..., 52:64][..., ::-1])
    del fields["check"]
    fields["message"] |= fields.pop("sparing") << 16
    padding = bits[..., BODY_BITS:].any(axis=-1)
    return Body(**fields, good=(check == crc12(bits[..., :52])) & ~padding)


def parse_markers(fmt: Format, symbols: np.ndarray) -> Body:
    """Fields of the markers in symbols [M, lanes]; the sync is not looked at."""
    bits = symbols_to_bits(symbols[fmt.Ms:].T, fmt.g).reshape(symbols.shape[1], -1)
    return parse_body(bits)


def _join(bits: np.ndarray) -> np.ndarray:
    return bits_to_symbols(bits).astype(np.int64)
