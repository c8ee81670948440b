"""From raw bit streams of the physical lanes to packets: lock, polarity, deskew, order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .control import Packet
from .encapsulation import Decoder
from .format import Format
from .frames import DecodedFrames, decode_frames
from .lanes import from_lane_bits
from .lfsr import next_base
from .marker import parse_body, sync_bits

__all__ = ["LaneLock", "Received", "lock_lane", "receive"]


@dataclass(frozen=True)
class LaneLock:
    """Bit offset of the first of two good markers of a lane, its polarity, its logical lane."""

    offset: int
    inverted: bool
    identity: int


@dataclass(frozen=True)
class Received:
    """What :func:`receive` learned on the way.

    Members
    -------
    locks : list of LaneLock or None
        By physical lane.
    lane_map : list of int
        Physical lane of each logical lane, -1 for one that did not lock.
    starts : list of int
        Bit offset of the first decoded frame, by logical lane (-1 as above): their differences
        are the skew.
    frames : DecodedFrames
    decoder : Decoder
        With the counters of the encapsulation.
    """

    locks: list[LaneLock | None]
    lane_map: list[int]
    starts: list[int]
    frames: DecodedFrames
    decoder: Decoder


def sync_distance(fmt: Format, bits: np.ndarray) -> np.ndarray:
    """Wrong sync bits at every bit offset: uint8 [len - Ms·g + 1]."""
    sync = sync_bits(fmt)
    count = max(0, len(bits) - len(sync) + 1)
    distance = np.zeros(count, np.uint8)
    for index, bit in enumerate(sync):
        distance += bits[index:index + count] ^ bit
    return distance


def lock_lane(fmt: Format, bits: np.ndarray, tolerance: int = 2) -> LaneLock | None:
    """Find the first two good markers exactly one frame apart: same polarity and identity, and the
    base of the second follows that of the first.

    Parameters
    ----------
    bits : uint8 [n]
        Raw bits of one lane, from anywhere in the stream.
    tolerance : int
        Wrong bits allowed in a sync.
    """
    bits = np.asarray(bits, np.uint8)
    length, whole = fmt.Ms * fmt.g, fmt.M * fmt.g
    distance = sync_distance(fmt, bits)[:max(0, len(bits) - whole + 1)]
    found: dict[tuple[int, bool], tuple[int, int]] = {}     # identity and next base
    near = (distance <= tolerance) | (distance >= length - tolerance)
    for offset in np.flatnonzero(near).tolist():
        inverted = bool(distance[offset] > tolerance)
        body = parse_body(bits[offset + length:offset + whole] ^ int(inverted))
        identity, base = int(body.identity), int(body.base)
        if not body.good or identity >= fmt.N:
            continue
        if found.get((offset - fmt.frame_bits, inverted)) == (identity, base):
            return LaneLock(offset - fmt.frame_bits, inverted, identity)
        found[offset, inverted] = identity, next_base(base)
    return None


def receive(fmt: Format, lane_bits: np.ndarray | Sequence[np.ndarray],
            tolerance: int = 2) -> tuple[list[Packet], Received]:
    """Decode a whole recording.

    Parameters
    ----------
    lane_bits : N arrays of uint8
        Raw bits of the physical lanes; bit 0 of each was received at the same time. Skew may be up
        to half a frame.

    Raises
    ------
    ValueError
        If more data and parity lanes do not lock than the code can do without, or two lanes have
        one identity.
    """
    locks = [lock_lane(fmt, bits, tolerance) for bits in lane_bits]
    lane_map = _sort(fmt, locks)
    starts = _align(fmt, [locks[p] if p >= 0 else None for p in lane_map])
    used = [(p, start) for p, start in zip(lane_map, starts, strict=True) if p >= 0]
    length = min(len(lane_bits[p]) - start for p, start in used)
    streams = np.zeros((fmt.N, length), np.uint8)
    for logical, (p, start) in enumerate(zip(lane_map, starts, strict=True)):
        lock = locks[p] if p >= 0 else None
        if lock is not None:
            streams[logical] = np.asarray(lane_bits[p])[start:start + length] ^ int(lock.inverted)
    erasures = np.array(lane_map[:fmt.code_lanes]) < 0
    frames = decode_frames(fmt, from_lane_bits(fmt, streams), erasures)
    decoder = Decoder(fmt)
    decoder.feed(frames.blocks, frames.bad)
    return decoder.packets, Received(locks, lane_map, starts, frames, decoder)


def _sort(fmt: Format, locks: list[LaneLock | None]) -> list[int]:
    """Physical lane of each logical lane, -1 for one that did not lock."""
    lane_map = [-1] * fmt.N
    for p, lock in enumerate(locks):
        if lock is None:
            continue
        if lane_map[lock.identity] >= 0:
            raise ValueError(f"physical lanes {lane_map[lock.identity]} and {p} both say they are "
                             f"logical lane {lock.identity}")
        lane_map[lock.identity] = p
    missing = [lane for lane in range(fmt.code_lanes) if lane_map[lane] < 0]
    if len(missing) > fmt.expendable:
        raise ValueError(f"lanes {missing} did not lock")
    return lane_map


def _align(fmt: Format, locks: list[LaneLock | None]) -> list[int]:
    """Bit offset of one common frame on each logical lane: the first one that all have locked."""
    period = fmt.frame_bits
    first = next(lock.offset for lock in locks if lock is not None)
    skews = [None if lock is None else (lock.offset - first + period // 2) % period - period // 2
             for lock in locks]
    frame = max((lock.offset - first - skew) // period
                for lock, skew in zip(locks, skews, strict=True)
                if lock is not None and skew is not None)
    return [-1 if skew is None else first + skew + frame * period for skew in skews]
