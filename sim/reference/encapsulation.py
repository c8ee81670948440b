"""Packets to blocks in the canonical packing, and blocks to packets by the receiver's rules."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from .control import (
    Control,
    Packet,
    bytes_to_granules,
    control_granule,
    packet_check,
    parse_control,
)
from .format import KEY, PAUSE, RESUME, Format, Kind

__all__ = ["Decoder", "decode_blocks", "encode_packets", "is_control"]


def is_control(blocks: np.ndarray) -> np.ndarray:
    """Which blocks [n, S] are control blocks: bool [n]."""
    return blocks[:, 0] >> 16 == KEY


def encode_packets(fmt: Format, packets: Sequence[Packet],
                   available: Callable[[int], bool] | None = None) -> np.ndarray:
    """Pack packets without idle blocks between them.

    With r granules of the packet left, the steps of the page come down to: `end` if r <= S-2,
    `start` if nothing was sent, `cont` if r = S-1 or the key is in the way, else a data block.

    Parameters
    ----------
    packets : sequence of Packet
        Each of one byte or more.
    available : callable
        ``available(i)`` tells whether the first row of packet i+1 is at hand when the end of packet
        i is packed. By default it always is.

    Returns
    -------
    uint32 [n, S]
    """
    S = fmt.S
    rows: list[np.ndarray] = []
    taken = 0           # granules of the current packet that went into the block before
    for index, packet in enumerate(packets):
        if not packet.data:
            raise ValueError(f"packet {index} is empty: a packet has one byte or more")
        granules = bytes_to_granules(packet.data)
        at, taken = taken, 0
        whole = at == 0 and len(granules) <= S - 2
        if at == 0 and not whole:
            rows.append(_block(S, control_granule(Kind.START), granules[:S - 1]))
            at = S - 1
        while len(granules) - at > S - 2:
            at += _middle(S, granules[at:], rows)
        last = granules[at:]
        pos = 2 + len(last)
        follow = None
        if pos < S and index + 1 < len(packets) and (available is None or available(index)):
            follow = bytes_to_granules(packets[index + 1].data[:4 * S])
            if len(follow) < S - pos:
                follow = None
        kind = Kind.WHOLE if whole else Kind.END
        if follow is not None:
            kind = Kind.WHOLE_START if whole else Kind.END_START
            follow = follow[:S - pos]
            taken = S - pos
        control = control_granule(kind, pos, -len(packet.data) % 4)
        check = np.array([packet_check(fmt, granules, control, packet.error)], np.uint32)
        tail = [last] if follow is None else [last, follow]
        rows.append(_block(S, control, np.concatenate([check, *tail])))
    return np.concatenate(rows) if rows else np.zeros((0, S), np.uint32)


def _block(S: int, control: int, rest: np.ndarray) -> np.ndarray:
    block = np.zeros((1, S), np.uint32)
    block[0, 0] = control
    block[0, 1:1 + len(rest)] = rest
    return block


def _middle(S: int, granules: np.ndarray, rows: list[np.ndarray]) -> int:
    """Append as many data blocks as go without the key in the way, or one `cont`; granules used."""
    full = granules[:len(granules) // S * S].reshape(-1, S)
    hits = np.flatnonzero(is_control(full)) if len(full) else np.zeros(0, np.intp)
    count = int(hits[0]) if len(hits) else len(full)
    if count == 0:
        rows.append(_block(S, control_granule(Kind.CONT), granules[:S - 1]))
        return S - 1
    rows.append(full[:count])
    return count * S


class Decoder:
    """The receiver's half: feed it blocks, take `packets`.

    Members
    -------
    packets : list of Packet
        Finished packets; `error` marks the flagged ones.
    orphans : int
        Data, `cont`, `end` and `end_start` blocks outside a packet.
    invalid : int
        Invalid control granules.
    aborted : int
        Packets in progress that ended without a check.
    bad_checks : int
        Packets whose check differed, those that the sender marked among them.
    flow : list of bool
        The statements of the idle blocks in order: ``True`` for "pause", ``False`` for "may send".
    """

    def __init__(self, fmt: Format):
        self.fmt = fmt
        self.packets: list[Packet] = []
        self.orphans = self.invalid = self.aborted = self.bad_checks = 0
        self.flow: list[bool] = []
        self._parts: list[np.ndarray] | None = None     # granules so far, None outside a packet
        self._bad = self._tainted = False   # this block is bad; one of the packet in progress was

    @property
    def in_packet(self) -> bool:
        return self._parts is not None

    def feed(self, blocks: np.ndarray, bad: np.ndarray | None = None) -> None:
        """Take blocks, uint32 [n, S]; `bad`, bool [n], marks those the FEC could not correct."""
        if bad is not None and bad.any():
            for block, self._bad in zip(blocks, bad, strict=True):
                self._tainted |= self._bad
                self.feed(block[None])
            self._bad = False
            return
        at = 0
        for index in np.flatnonzero(is_control(blocks)):
            self._data(blocks[at:index])
            self._control(blocks[index])
            at = index + 1
        self._data(blocks[at:])

    def lose_link(self) -> None:
        """The link went down: a packet in progress ends here, flagged."""
        if self._parts is not None:
            self.packets.append(Packet(np.concatenate(self._parts).astype("<u4").tobytes(), True))
            self.aborted += 1
        self._parts = None

    def _data(self, blocks: np.ndarray) -> None:
        if self._parts is None:
            self.orphans += len(blocks)
        else:
            self._parts.append(blocks.reshape(-1))

    def _control(self, block: np.ndarray) -> None:
        control = parse_control(self.fmt, int(block[0]))
        if control is None:
            self.invalid += 1
            self.lose_link()
        elif control.kind == Kind.IDLE:
            if control.pos in (PAUSE, RESUME) and not self._bad:
                self.flow.append(control.pos == PAUSE)
        elif control.kind == Kind.CONT:
            if self._parts is None:
                self.orphans += 1
            else:
                self._parts.append(block[1:])
        elif control.kind == Kind.START:
            self.lose_link()
            self._begin(block[1:])
        else:
            self._end(control, block)

    def _end(self, control: Control, block: np.ndarray) -> None:
        tail = block[2:control.pos]
        if control.kind in (Kind.WHOLE, Kind.WHOLE_START):
            self.lose_link()
            self._begin(block[:0])
        orphan = self._parts is None
        granules = np.concatenate([*(self._parts or []), tail])
        if orphan:
            self.orphans += 1
        elif packet_check(self.fmt, granules, int(block[0])) != int(block[1]):
            self.bad_checks += 1
            orphan = True
        if len(granules):
            data = granules.astype("<u4").tobytes()[:4 * len(granules) - control.pad]
            self.packets.append(Packet(data, bool(orphan or self._tainted)))
        self._parts = None
        if control.kind in (Kind.END_START, Kind.WHOLE_START):
            self._begin(block[control.pos:])

    def _begin(self, granules: np.ndarray) -> None:
        self._parts, self._tainted = [granules], self._bad


def decode_blocks(fmt: Format, blocks: np.ndarray | Iterable[np.ndarray]) -> list[Packet]:
    """Packets of a whole block sequence [n, S]; a packet left open at its end is not reported."""
    decoder = Decoder(fmt)
    decoder.feed(np.asarray(blocks, np.uint32).reshape(-1, fmt.S))
    return decoder.packets
