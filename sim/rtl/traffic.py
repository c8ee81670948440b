"""Packets without end through a link, while a bench does something to its lanes."""

import cocotb

from .bench import read
from .ends import End
from .link import Link, lock_cycles
from .packets import Packet, Scoreboard, random_packets

__all__ = ["Traffic", "until"]


class Traffic:
    """Sends random packets from now on, and judges all that arrive.

    Parameters
    ----------
    link : Link or End
    allowed
        What the :class:`Scoreboard` forgives.

    Members
    -------
    board : Scoreboard
    """

    def __init__(self, link: Link | End, **allowed: bool):
        self._link = link
        self._sent: list[Packet] = []
        self.board = Scoreboard(self._sent, **allowed)
        self._feeder = cocotb.start_soon(self._feed())
        self._judge = cocotb.start_soon(self._deliver())

    async def end(self) -> None:
        """Send no more, and wait until nothing is under way."""
        self._feeder.cancel()
        await until(self._link, lambda: self._link.source.idle, "the source did not become idle")
        await self._link.cycles(4000)
        self._judge.cancel()

    async def _feed(self) -> None:
        link = self._link
        while True:
            if link.source.idle:
                for packet in random_packets(link.rng, 4, link.p["low"], link.p["high"]):
                    self._sent.append(packet)
                    link.source.send(packet)
            await link.cycles(16)

    async def _deliver(self) -> None:
        while True:
            while self._link.sink.waiting:
                packet = await self._link.sink.receive()
                self.board.receive(packet.data, packet.error)
            await self._link.cycles(16)


async def until(link: Link | End, condition, sentence: str) -> None:
    """Wait for a condition, for the time of a few locks at most."""
    for _ in range(3 * lock_cycles(link.p)):
        if condition():
            return
        await link.cycles(1)
    raise AssertionError(f"{sentence}: down_reason {read(link.dut.down_reason)}")
