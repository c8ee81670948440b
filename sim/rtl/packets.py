"""Random packets and the scoreboard that judges what came out; no simulator needed."""

import random
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Packet", "Received", "Scoreboard", "random_packets"]


class Packet(NamedTuple):
    """A packet as the host gave it; `error` is its tuser."""

    data: bytes
    error: bool = False


class Received(NamedTuple):
    """A packet as it came out; `time_ps` is the simulated time of its last beat."""

    data: bytes
    error: bool
    time_ps: float


def random_packets(rng: random.Random, count: int, low: int = 1, high: int = 9216,
                   marked: float = 0.0) -> list[Packet]:
    """Packets of `low`..`high` bytes, half of them uniform in size and half in its logarithm.

    One in eight is full of granules that look like the key of a control block, one in sixteen is
    all zeros or ones. A share of `marked` has the host's error flag.
    """
    packets = []
    for _ in range(count):
        size = rng.randint(low, high)
        if rng.random() < 0.5:
            size = min(high, max(low, round(low * (high / low) ** rng.random())))
        sort = rng.randrange(16)
        if sort < 2:
            data = b"".join(rng.randbytes(2) + b"\xE5\xB1" for _ in range(-(-size // 4)))[:size]
        elif sort == 2:
            data = bytes([rng.choice((0, 255))]) * size
        else:
            data = rng.randbytes(size)
        packets.append(Packet(data, rng.random() < marked))
    return packets


class Scoreboard:
    """Checks that the packets received without a flag are those sent, bit-exact and in order.

    Parameters
    ----------
    sent : list of Packet
        In order; may grow while the bench runs.
    allow_flagged : bool
        Packets may arrive flagged although the host did not mark them. Where one that cannot be
        recognised arrived, packets may be missing: two each at most, as a bit error can melt two
        packets into one.
    allow_missing : bool
        Packets may be lost without a trace, as in a link that goes down.

    Members
    -------
    delivered : int
        Packets that arrived as they were sent, host-marked ones included.
    marked : int
        Those of them that the host had marked.
    flagged : int
        Packets that arrived flagged and were not marked by the host.
    missing : int
        Packets passed over so far: a later one has arrived.
    silent : int
        Those of them with no flagged packet in their place.
    """

    def __init__(self, sent: Sequence[Packet], *, allow_flagged: bool = False,
                 allow_missing: bool = False):
        self.sent, self.allow_flagged, self.allow_missing = sent, allow_flagged, allow_missing
        self.delivered = self.marked = self.flagged = self.missing = 0
        self.silent = 0
        # Flagged packets that are none of the sent: their origin is missing.
        self._unknown = self._unknown_here = 0
        self._next = 0

    @property
    def complete(self) -> bool:
        """Whether the last packet has arrived: nothing more can."""
        return self._next == len(self.sent)

    def receive(self, data: bytes, error: bool) -> None:
        """Check one packet; raises AssertionError with a sentence if it is wrong."""
        if self._next < len(self.sent) and self.sent[self._next] == (data, error):
            self.delivered += 1
            self.marked += error
            self._next += 1
            self._unknown_here = 0
            return
        number = self.delivered + self.flagged
        if error:
            assert self.allow_flagged, (
                f"packet {number} of {len(data)} bytes is flagged; next was {self._expected()}")
            self.flagged += 1
            if self._next < len(self.sent) and self.sent[self._next].data == data:
                self._next += 1
            else:
                self._unknown += 1
                self._unknown_here += 1
            return
        place = next((place for place in range(self._next, len(self.sent))
                      if self.sent[place] == (data, False)), None)
        assert place is not None, (
            f"packet {number} of {len(data)} bytes, not flagged, was not sent or is out of order; "
            f"next was {self._expected()}")
        self.missing += place - self._next
        assert self.allow_flagged or self.allow_missing, (
            f"{place - self._next} packets are missing before number {place}")
        self.delivered += 1
        self._pass(place - self._next)
        self._next = place + 1

    def _pass(self, count: int) -> None:
        if not self._unknown_here:
            self.silent += count
        self._unknown_here = 0

    def finish(self, strays: int = 0) -> dict[str, int]:
        """Check the totals at the end and return them; raises AssertionError with a sentence.

        `strays` blocks were counted by the receiver as in no packet: each may have been one.
        """
        tail = len(self.sent) - self._next
        missing = self.missing + tail
        self._pass(tail)
        allowed = 2 * self._unknown + strays if self.allow_flagged else 0
        good = missing <= allowed and self.silent <= strays
        assert self.allow_missing or good, (
            f"{missing} of {len(self.sent)} packets are missing ({tail} at the end, {self.silent} "
            f"without a trace), {self.flagged} arrived flagged, and {strays} blocks were astray")
        return {"sent": len(self.sent), "delivered": self.delivered, "flagged": self.flagged,
                "missing": missing}

    def _expected(self) -> str:
        if self.complete:
            return "none"
        packet = self.sent[self._next]
        return f"number {self._next} of {len(packet.data)} bytes"
