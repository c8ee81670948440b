"""AXI4-Stream hosts for benches: cocotbext-axi, made fast enough for 1024 bits.

cocotbext-axi looks at each byte of a beat on its own, with an access to the simulator each: 620
cycles/s through a register of 1024 bits. Here it sees a beat as one wide "byte" of data and keep
together: the handshake, the pauses and the resets stay its own, at 18,000 cycles/s.
"""

import logging
import random
import warnings
from collections.abc import Iterator
from typing import Any

from cocotb.utils import get_time_from_sim_steps
from cocotbext.axi import AxiStreamBus, AxiStreamFrame, AxiStreamSink, AxiStreamSource

from .bench import read
from .packets import Packet, Received

__all__ = ["HostSink", "HostSource", "pauses"]

logging.getLogger("cocotb").setLevel(logging.WARNING)  # cocotbext-axi logs every frame whole
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"cocotbext\.")


def pauses(rng: random.Random, share: float, longest: int = 200) -> Iterator[bool] | None:
    """Stalls for a source or sink, one flag per cycle for ever: runs of 1..`longest` cycles, short
    ones more often, paused for about `share` (0..0.95) of the time. None if `share` is 0."""
    return _pauses(rng, min(share, 0.95), longest) if share > 0 else None


def _pauses(rng: random.Random, share: float, longest: int) -> Iterator[bool]:
    while True:
        length = max(1, round(longest ** rng.random()))
        for _ in range(length):
            yield True
        for _ in range(max(1, round(length * (1 - share) / share))):
            yield False


class _Beat:
    """tdata and tkeep of a bus as one signal, tdata in the low bits, for cocotbext-axi."""

    class _Value(int):
        width = 0

        def __len__(self) -> int:
            return self.width

    def __init__(self, data, keep):
        self._data, self._keep = data, keep
        self._bits = len(data)
        self._mask = (1 << self._bits) - 1
        self._type = type("Value", (self._Value,), {"width": len(self)})

    def __len__(self) -> int:
        return self._bits + len(self._keep)

    @property
    def value(self) -> int:
        return self._type(read(self._keep) << self._bits | read(self._data))

    @value.setter
    def value(self, value: int) -> None:
        self._data.value = value & self._mask
        self._keep.value = value >> self._bits

    def setimmediatevalue(self, value) -> None:
        """cocotbext-axi's initial X: a two-state simulator has none."""
        del value


def _wide_bus(dut, prefix: str):
    bus: Any = AxiStreamBus.from_prefix(dut, prefix)
    bits = len(bus.tdata)
    bus.tdata = _Beat(bus.tdata, bus.tkeep)
    del bus.tkeep
    return bus, bits, len(bus.tdata)


class HostSource:
    """An AXI4-Stream host that sends packets.

    Parameters
    ----------
    dut : handle
    clock, rst : handle
    prefix : str
        Of the ports: ``<prefix>_tdata`` and so on.
    stalls : iterator of bool
        From :func:`pauses`; None never stalls.
    rng : random.Random
        For tuser of all beats but the last, where it has no meaning.
    """

    def __init__(self, dut, clock, rst, prefix: str = "s_axis",
                 stalls: Iterator[bool] | None = None, rng: random.Random | None = None):
        bus, self.bits, wide = _wide_bus(dut, prefix)
        self._axis: Any = AxiStreamSource(bus, clock, rst, byte_size=wide)
        self._rng = rng or random.Random(0)
        if stalls is not None:
            self._axis.set_pause_generator(stalls)

    @property
    def idle(self) -> bool:
        """Whether everything has been accepted."""
        return self._axis.idle()

    @property
    def waiting(self) -> int:
        """Packets that have not begun to be sent."""
        return self._axis.count()

    def send(self, packet: Packet) -> None:
        """Queue a packet."""
        step = self.bits // 8
        beats = []
        for place in range(0, len(packet.data), step):
            part = packet.data[place:place + step]
            keep = (1 << len(part)) - 1
            beats.append(keep << self.bits | int.from_bytes(part, "little"))
        user = [self._rng.getrandbits(1) for _ in beats[1:]] + [int(packet.error)]
        frame: Any = AxiStreamFrame  # its type comment knows bytes only
        self._axis.send_nowait(frame(beats, tuser=user))


class HostSink:
    """An AXI4-Stream host that receives packets; parameters as those of :class:`HostSource`."""

    def __init__(self, dut, clock, rst, prefix: str = "m_axis",
                 stalls: Iterator[bool] | None = None):
        bus, self.bits, wide = _wide_bus(dut, prefix)
        self._axis: Any = AxiStreamSink(bus, clock, rst, byte_size=wide)
        self._full = (1 << self.bits // 8) - 1
        if stalls is not None:
            self._axis.set_pause_generator(stalls)

    @property
    def waiting(self) -> int:
        """Packets that have arrived and were not fetched."""
        return self._axis.count()

    @property
    def stalled(self) -> bool:
        """Whether it takes nothing; may be set where there is no generator of stalls."""
        return self._axis.pause

    @stalled.setter
    def stalled(self, value: bool) -> None:
        self._axis.pause = value

    async def receive(self) -> Received:
        """The next packet; raises AssertionError where tkeep has a hole or a beat is empty."""
        frame = await self._axis.recv(compact=False)
        mask, data = (1 << self.bits) - 1, bytearray()
        for place, beat in enumerate(frame.tdata):
            keep = beat >> self.bits
            last = place == len(frame.tdata) - 1
            assert keep and keep & (keep + 1) == 0 and (last or keep == self._full), (
                f"tkeep = {keep:#x} in beat {place} of {len(frame.tdata)}")
            data += (beat & mask).to_bytes(self.bits // 8, "little")[:keep.bit_length()]
        time_ps = get_time_from_sim_steps(frame.sim_time_end, "ps")
        return Received(bytes(data), bool(frame.tuser[-1]), time_ps)
