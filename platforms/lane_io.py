"""Lane I/O: serial bits of every lane to and from the pins, behind one signature.

============== ============ ======================== ====================================
block          bits / clock pins                     latency, core to pin + pin to core
============== ============ ======================== ====================================
PlainLaneIO    1            register in the pad      1 + 2 cycles of the bit clock
DdrLaneIO      2            DDR register in the pad  those of `io.DDRBuffer`, + 1
LoopbackLaneIO any          none: a wire per lane    1 + 2, plus the skew given: for simulation
============== ============ ======================== ====================================

Each has a switch that loops the lanes back inside the chip.
"""

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import io, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["DdrLaneIO", "LaneIOSignature", "LoopbackLaneIO", "PlainLaneIO"]


class LaneIOSignature(wiring.Signature):
    """The lanes as the link core sees them, one bit clock domain per direction.

    Parameters
    ----------
    lanes : int
    bits : int
        Bits per lane and cycle of the bit clock: 1, or 2 with DDR.

    Members
    -------
    tx, rx : Out, In(lanes * bits)
        Lane l has bits [l * bits : (l + 1) * bits], the lowest first on the line.
    """

    def __init__(self, lanes: int, *, bits: int = 1):
        if not isinstance(lanes, int) or lanes < 1:
            raise ValueError(f"lanes = {lanes!r} must be a whole number of 1 or more")
        if bits not in (1, 2):
            raise ValueError(f"bits = {bits!r} per lane and clock is unknown: allowed is 1 or 2")
        self.lanes = lanes
        self.bits = bits
        super().__init__({"tx": Out(lanes * bits), "rx": In(lanes * bits)})


class _LaneIO(wiring.Component):
    """What all variants share.

    Members
    -------
    lane : In(LaneIOSignature)
    loop : In(1)
        Receive what is sent, not the pins. May change at any time.
    """

    lane: Any  # of LaneIOSignature
    loop: Signal

    def __init__(self, lanes: int, *, bits: int, tx_domain: str, rx_domain: str):
        self._lanes = lanes
        self._bits = bits
        self._tx_domain = tx_domain
        self._rx_domain = rx_domain
        super().__init__({"lane": In(LaneIOSignature(lanes, bits=bits)), "loop": In(1)})

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def bits(self) -> int:
        return self._bits

    def _receive(self, m: Module, outside: Signal):
        """Choose between the pins and the loop."""
        loop = Signal()
        sent = Signal(self._lanes * self._bits)
        looped = Signal(self._lanes * self._bits)
        m.submodules.loop_sync = FFSynchronizer(self.loop, loop, o_domain=self._rx_domain)
        # A crossing if the two bit clocks differ. It is then what a cable would be: every lane is
        # captured on its own, early or late, and the receiver aligns each lane anyway.
        m.d[self._tx_domain] += sent.eq(self.lane.tx)
        m.d[self._rx_domain] += looped.eq(sent)
        m.d[self._rx_domain] += self.lane.rx.eq(Mux(loop, looped, outside))


class PlainLaneIO(_LaneIO):
    """One register per pin, one bit per clock.

    Parameters
    ----------
    tx_port, rx_port : PortLike
        Lane l is bit l.
    tx_domain, rx_domain : str
        Bit clock domains.
    """

    def __init__(self, tx_port: io.PortLike, rx_port: io.PortLike, *, tx_domain: str = "tx_bit",
                 rx_domain: str = "rx_bit"):
        self._ports = _same_lanes(tx_port, rx_port)
        super().__init__(len(tx_port), bits=1, tx_domain=tx_domain, rx_domain=rx_domain)

    def elaborate(self, platform):
        m = Module()
        tx_port, rx_port = self._ports
        tx_pins = io.FFBuffer(io.Direction.Output, tx_port, o_domain=self._tx_domain)
        rx_pins = io.FFBuffer(io.Direction.Input, rx_port, i_domain=self._rx_domain)
        m.submodules.tx_pins, m.submodules.rx_pins = tx_pins, rx_pins
        m.d.comb += tx_pins.o.eq(self.lane.tx)
        self._receive(m, rx_pins.i)
        return m


class DdrLaneIO(_LaneIO):
    """Two bits per clock through the DDR registers of the pads; as :class:`PlainLaneIO` else."""

    def __init__(self, tx_port: io.PortLike, rx_port: io.PortLike, *, tx_domain: str = "tx_bit",
                 rx_domain: str = "rx_bit"):
        self._ports = _same_lanes(tx_port, rx_port)
        super().__init__(len(tx_port), bits=2, tx_domain=tx_domain, rx_domain=rx_domain)

    def elaborate(self, platform):
        m = Module()
        tx_port, rx_port = self._ports
        tx_pins: Any = io.DDRBuffer(io.Direction.Output, tx_port, o_domain=self._tx_domain)
        rx_pins: Any = io.DDRBuffer(io.Direction.Input, rx_port, i_domain=self._rx_domain)
        m.submodules.tx_pins, m.submodules.rx_pins = tx_pins, rx_pins
        received = Signal(2 * self._lanes)
        for phase in range(2):  # element 0 of a DDR buffer is the earlier bit
            for lane in range(self._lanes):
                m.d.comb += [tx_pins.o[phase][lane].eq(self.lane.tx[2 * lane + phase]),
                             received[2 * lane + phase].eq(rx_pins.i[phase][lane])]
        self._receive(m, received)
        return m


class LoopbackLaneIO(_LaneIO):
    """The behavioural twin: wires from transmit to receive, without pins, for simulation.

    Parameters
    ----------
    lanes, bits : int
    skew : sequence of int
        Extra bits of delay per lane; empty for none.
    inverted : int
        Mask of the lanes that arrive inverted.
    """

    def __init__(self, lanes: int, *, bits: int = 1, skew: Sequence[int] = (), inverted: int = 0,
                 tx_domain: str = "tx_bit", rx_domain: str = "rx_bit"):
        if skew and (len(skew) != lanes or min(skew) < 0):
            raise ValueError(f"skew = {skew!r} must be {lanes} delays of 0 or more bits")
        if not 0 <= inverted < 1 << lanes:
            raise ValueError(f"inverted = {inverted!r} must be a mask of {lanes} lanes")
        self._skew = tuple(skew) or (0,) * lanes
        self._inverted = inverted
        super().__init__(lanes, bits=bits, tx_domain=tx_domain, rx_domain=rx_domain)

    def elaborate(self, platform):
        m = Module()
        bits = self._bits
        arrived = Signal(self._lanes * bits)
        for lane, skew in enumerate(self._skew):
            # The oldest bit is the lowest: new bits enter on top, and leave `skew` bits later.
            line = Signal(skew + bits, name=f"line{lane}")
            here = slice(lane * bits, (lane + 1) * bits)
            sent = ~self.lane.tx[here] if self._inverted >> lane & 1 else self.lane.tx[here]
            m.d[self._tx_domain] += line.eq(Cat(line[bits:], sent))
            m.d[self._rx_domain] += arrived[here].eq(line[:bits])
        self._receive(m, arrived)
        return m


def _same_lanes(tx_port: io.PortLike, rx_port: io.PortLike) -> tuple[io.PortLike, io.PortLike]:
    if len(tx_port) != len(rx_port):
        raise ValueError(f"{len(tx_port)} transmit pins do not match {len(rx_port)} receive pins")
    return tx_port, rx_port
