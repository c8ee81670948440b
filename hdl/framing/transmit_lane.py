"""One logical lane on its way out: scramble, and put the marker in its place."""

from amaranth import Cat, Const, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry
from .marker import body_check, fold_parity, sync_symbols
from .scrambler import KeyStream

__all__ = ["TransmitLane", "slot_layout"]


def slot_layout(geometry: Geometry) -> data.StructLayout:
    """What all lanes are told about the symbol they send now."""
    return data.StructLayout({
        "marker": unsigned(1),                      # it belongs to the marker
        "index": range(geometry.marker_symbols),    # which symbol of the marker
        "base": unsigned(16),                       # of this frame
        "message": unsigned(16),
        "sparing": unsigned(1),                     # the message is for the far sparing
        "check": unsigned(12),                      # the lanes' common part of the body check
    })


class TransmitLane(wiring.Component):
    """Scrambles the payload of one logical lane and inserts its markers.

    Parameters
    ----------
    geometry : Geometry
    scrambler : bool

    Members
    -------
    identity : 11 bits, in
        Number of the lane, constant.
    i : `gear` bits, in
        Payload symbol, every cycle in which ``slot.marker`` is 0.
    slot : :func:`slot_layout`, in
    o : `gear` bits, out

    Latency: 1 cycle. Cost: 31 + 8 + gear flip-flops.
    """

    identity: Signal
    i: Signal
    slot: data.View
    o: Signal

    def __init__(self, *, geometry: Geometry, scrambler: bool = True):
        self._geometry = geometry
        self._scrambler = scrambler
        super().__init__({
            "identity": In(11),
            "i": In(geometry.gear),
            "slot": In(slot_layout(geometry)),
            "o": Out(geometry.gear),
        })

    @property
    def geometry(self) -> Geometry:
        return self._geometry

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        gear, slot = geometry.gear, self.slot

        m.submodules.scrambler = key = KeyStream(gear=gear, enable=self._scrambler)
        m.d.comb += [
            key.identity.eq(self.identity),
            key.base.eq(slot.base),
            key.load.eq(slot.marker & (slot.index == geometry.marker_symbols - 1)),
            key.advance.eq(~slot.marker),
        ]

        parity = Signal(8)
        check = slot.check ^ body_check("identity", self.identity) ^ body_check("parity", parity)
        # A signal: each slice of an expression would be written with the whole check in it.
        body = Signal(geometry.body_symbols * gear)
        m.d.comb += body.eq(Cat(self.identity, slot.sparing, slot.base, slot.message, parity,
                              check))
        symbols = [Const(symbol, gear) for symbol in sync_symbols(geometry)]
        symbols += [body[start:start + gear] for start in range(0, len(body), gear)]
        marker = Signal(gear)
        choices = data.View(data.ArrayLayout(gear, len(symbols)), Cat(symbols))
        m.d.comb += marker.eq(choices[slot.index])

        payload = self.i ^ key.key
        with m.If(slot.marker):
            m.d.sync += self.o.eq(marker)
            with m.If(slot.index == geometry.marker_symbols - 1):
                m.d.sync += parity.eq(0)
        with m.Else():
            m.d.sync += [self.o.eq(payload), parity.eq(parity ^ fold_parity(payload))]
        return m
