"""Test packets made and checked on the chip, so that a board proves its link without a computer."""

from typing import Any

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["PacketCheck", "PacketSource", "axi_stream"]

_BEATS = 16  # a power of two


def axi_stream(width: int) -> wiring.Signature:
    """AXI4-Stream as its source sees it."""
    return wiring.Signature({
        "tdata": Out(width), "tkeep": Out(width // 8), "tlast": Out(1), "tuser": Out(1),
        "tvalid": Out(1), "tready": In(1),
    })


def _beat(number: Signal, width: int):
    """A beat's content: its number, with every second word inverted."""
    return Cat(~number if word % 2 else number for word in range(width // 32))


class PacketSource(wiring.Component):
    """Sends packets of 16 full beats without end, in the domain ``sync``.

    Parameters
    ----------
    width : int
        Of the data, bits; a multiple of 32.

    Members
    -------
    o : Out, AXI4-Stream
        Beat n carries n in each 32 bits, every second one inverted.
    """

    o: Any

    def __init__(self, width: int):
        self._width = width
        super().__init__({"o": Out(axi_stream(width))})

    def elaborate(self, platform):
        m = Module()
        number = Signal(32)
        m.d.comb += [
            self.o.tdata.eq(_beat(number, self._width)), self.o.tkeep.eq(~0), self.o.tvalid.eq(1),
            self.o.tlast.eq(number % _BEATS == _BEATS - 1),
        ]
        with m.If(self.o.tready):
            m.d.sync += number.eq(number + 1)
        return m


class PacketCheck(wiring.Component):
    """Takes the packets of :class:`PacketSource` and tells when one is not as it was sent.

    Whole packets may be missing: the link was down.

    Members
    -------
    i : In, AXI4-Stream
    bad : Out(1)
        A beat of the clock before was flagged, out of order, changed, or at the wrong place.
    """

    i: Any
    bad: Signal

    def __init__(self, width: int):
        self._width = width
        super().__init__({"i": In(axi_stream(width)), "bad": Out(1)})

    def elaborate(self, platform):
        m = Module()
        first = Signal(init=1)
        number = self.i.tdata[:32]
        expected = Signal(32)
        place = Signal(range(_BEATS))
        wrong = Signal()
        m.d.comb += [
            self.i.tready.eq(1),
            wrong.eq((~first & (number != expected)) | (number % _BEATS != place)
                     | (self.i.tdata != _beat(number, self._width))
                     | (self.i.tlast != (place == _BEATS - 1)) | ~self.i.tkeep.all()
                     | (self.i.tlast & self.i.tuser)),
        ]
        m.d.sync += self.bad.eq(self.i.tvalid & wrong)
        with m.If(self.i.tvalid):
            m.d.sync += [expected.eq(number + 1), place.eq(place + 1), first.eq(0)]
            with m.If(self.i.tlast):
                m.d.sync += [place.eq(0), first.eq(1)]
        return m
