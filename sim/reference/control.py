"""Packets, control granules and the packet check: section 2 of the format, without the packing."""

import zlib
from dataclasses import dataclass

import numpy as np

from .format import KEY, PAUSE, RESUME, Format, Kind

__all__ = ["Control", "Packet", "bytes_to_granules", "control_granule", "idle_block",
           "packet_check", "parse_control"]


@dataclass(frozen=True)
class Packet:
    """One packet: its bytes, and whether it is marked as bad (by the host, or by the receiver)."""

    data: bytes
    error: bool = False


@dataclass(frozen=True)
class Control:
    """The fields of a valid control granule."""

    kind: Kind
    pos: int
    pad: int


def control_granule(kind: int, pos: int = 0, pad: int = 0) -> int:
    """The 32 bits of a control granule."""
    info = kind | pos << 3 | pad << 13
    return info | (info.bit_count() & 1) << 15 | KEY << 16


def parse_control(fmt: Format, granule: int) -> Control | None:
    """Fields of a granule that holds the key, or ``None`` if it is invalid.

    Invalid is bad parity, kind 7, or a `pos` out of range for a kind that has one. Fields without a
    meaning are not looked at.
    """
    kind, pos, pad = granule & 7, granule >> 3 & 0x3FF, granule >> 13 & 3
    if kind == 7 or (granule & 0xFFFF).bit_count() & 1:
        return None
    if kind >= Kind.END:
        low = 3 if kind in (Kind.WHOLE, Kind.WHOLE_START) else 2
        high = fmt.S - 1 if kind in (Kind.END_START, Kind.WHOLE_START) else fmt.S
        if not low <= pos <= high:
            return None
    return Control(Kind(kind), pos, pad)


def idle_block(fmt: Format, pause: bool | int = False) -> np.ndarray:
    """An idle block, uint32 [S]. `pause` is the wish, or the value of the flow field itself."""
    flow = (PAUSE if pause else RESUME) if isinstance(pause, bool) else pause
    block = np.zeros(fmt.S, np.uint32)
    block[0] = control_granule(Kind.IDLE, flow)
    return block


def bytes_to_granules(data: bytes) -> np.ndarray:
    """Granules of a packet, uint32 [ceil(len/4)], the last one zero-padded."""
    return np.frombuffer(data + bytes(-len(data) % 4), "<u4").astype(np.uint32)


def packet_check(fmt: Format, granules: np.ndarray, control: int, error: bool = False) -> int:
    """Check of a packet.

    Parameters
    ----------
    granules : uint32 [n]
        All of the packet, padding bytes included (the receiver takes them as they came).
    control : int
        The control granule that carries the check; its bits [0:16] enter.
    error : bool
        Marked by the host: inverts the check.
    """
    rows = max(1, -(-len(granules) // fmt.S))
    data = granules.astype("<u4").tobytes() + bytes(4 * (rows * fmt.S - len(granules)))
    return zlib.crc32(data) ^ (control & 0xFFFF) ^ (0xFFFFFFFF if error else 0)
