"""Finding a lane's markers, and reading them."""

from amaranth import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..framing.marker import Body, check_step
from ..framing.scrambler import step_base
from ..geometry import Geometry
from .lock import MarkerLock
from .sync import SyncMeter

__all__ = ["MarkerReader"]


class MarkerReader(wiring.Component):
    """Locks to the markers of one lane and tells for each symbol where in its frame it stands.

    Hunting: for each of the `gear` bit positions in turn it waits one frame for a sync, upright or
    inverted; a marker whose check holds gives identity, base and polarity. From then on markers are
    expected a frame apart, and identity and base run on by themselves: a marker hit by a bit error
    costs nothing.

    Parameters
    ----------
    geometry : Geometry
    tolerance : int
        Wrong bits allowed in a sync.

    Members
    -------
    i : `gear` bits, in; i_valid : 1 bit, in
        Symbols as aligned by `slip`.
    slip : out
        Bit position tried; for :class:`SymbolAligner`.
    o : `gear` bits, out; o_valid : 1 bit, out
        The symbols, with the lane's polarity undone.
    position : out
        Place of `o` in its frame.
    locked, inverted : 1 bit, out
    identity : 11 bits, out
    base : 16 bits, out
        Seed base of the frame that `o` belongs to, from its last marker symbol on.
    message : 16 bits, out; sparing : 1 bit, out; message_valid : 1 bit, out
        Back-channel word of the last marker, and whether it is for the sparing; valid from its end
        to the next marker if its check held.
    judged, good : 1 bit, out
        A marker was due; it was good. Not while hunting.
    parity : 8 bits, out
        With `judged`: the parity field received.
    parity_valid : 1 bit, out
        With `judged`: its check held.

    Latency: 2 cycles. Time to lock: at most gear + 2 frames.
    """

    i: Signal
    i_valid: Signal
    slip: Signal
    o: Signal
    o_valid: Signal
    position: Signal
    locked: Signal
    inverted: Signal
    identity: Signal
    base: Signal
    message: Signal
    sparing: Signal
    message_valid: Signal
    judged: Signal
    good: Signal
    parity: Signal
    parity_valid: Signal

    def __init__(self, *, geometry: Geometry, tolerance: int):
        self._geometry, self._tolerance = geometry, tolerance
        gear = geometry.gear
        super().__init__({
            "i": In(gear), "i_valid": In(1), "slip": Out(range(gear)),
            "o": Out(gear), "o_valid": Out(1), "position": Out(range(geometry.marker_period)),
            "locked": Out(1), "inverted": Out(1), "identity": Out(11), "base": Out(16),
            "message": Out(16), "sparing": Out(1), "message_valid": Out(1),
            "judged": Out(1), "good": Out(1), "parity": Out(8), "parity_valid": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        gear, period, markers = geometry.gear, geometry.marker_period, geometry.marker_symbols
        syncs = geometry.sync_symbols

        m.submodules.meter = meter = SyncMeter(geometry=geometry, tolerance=self._tolerance)
        m.submodules.lock = lock = MarkerLock()
        symbol = Signal(gear, reset_less=True)
        valid = Signal()
        m.d.comb += [meter.i.eq(self.i), meter.valid.eq(self.i_valid), self.locked.eq(lock.locked)]
        m.d.sync += valid.eq(self.i_valid)
        with m.If(self.i_valid):
            m.d.sync += symbol.eq(self.i)

        # Place of `symbol`. While hunting without a candidate: for how long one has been sought.
        place = Signal(range(period + markers))
        candidate = Signal()            # a sync was seen while hunting; its body is being read
        seeks = Signal()
        m.d.comb += seeks.eq(lock.hunting & ~candidate)
        sync_good = Signal()            # the sync of the marker that is being read
        found = Signal()
        m.d.comb += found.eq(seeks & valid & (meter.upright | meter.inverted))
        with m.If(valid):
            with m.If(found):
                m.d.sync += [place.eq(syncs), candidate.eq(1), self.inverted.eq(meter.inverted),
                             sync_good.eq(1)]
            with m.Elif(seeks & (place == period + markers - 1)):
                m.d.sync += [place.eq(0),
                             self.slip.eq(Mux(self.slip == gear - 1, 0, self.slip + 1))]
            with m.Elif(~seeks & (place == period - 1)):
                m.d.sync += place.eq(0)
            with m.Else():
                m.d.sync += place.eq(place + 1)
            with m.If(~seeks & (place == syncs - 1)):
                m.d.sync += sync_good.eq(Mux(self.inverted, meter.inverted, meter.upright))
        return self._read(m, lock, symbol, valid, place, candidate, seeks, sync_good)

    def _read(self, m, lock, symbol, valid, place, candidate, seeks, sync_good):
        """The body: take its fields while hunting, compare them later."""
        geometry = self._geometry
        gear, syncs, markers = geometry.gear, geometry.sync_symbols, geometry.marker_symbols
        plain = Signal(gear)
        check = Signal(12)
        differs = Signal()              # identity or base are not what was expected
        base = Signal(16)               # expected or taken in this frame's marker
        takes = candidate & lock.hunting
        m.d.comb += plain.eq(symbol ^ self.inverted.replicate(gear))

        registers = {"identity": self.identity, "base": base, "message": self.message,
                     "sparing": self.sparing, "parity": self.parity}
        with m.If(valid & ~seeks):
            with m.If(place == syncs):
                m.d.sync += [check.eq(check_step(Const(0xFFF, 12), plain)), differs.eq(0),
                             self.message_valid.eq(0)]
            with m.Else():
                m.d.sync += check.eq(check_step(check, plain))
            with m.Switch(place):
                for index in range(geometry.body_symbols):
                    first = index * gear
                    with m.Case(syncs + index):
                        for name, register in registers.items():
                            start, end = Body[name].offset, Body[name].offset + Body[name].width
                            low, high = max(first, start), min(first + gear, end)
                            if low >= high:
                                continue
                            received = plain[low - first:high - first]
                            kept = register[low - start:high - start]
                            if name in ("message", "sparing", "parity"):
                                m.d.sync += kept.eq(received)
                            else:
                                with m.If(takes):
                                    m.d.sync += kept.eq(received)
                                with m.Elif(kept != received):
                                    m.d.sync += differs.eq(1)
            with m.If(place == markers):
                # One symbol after the body; the next frame's base is expected from here on.
                m.d.sync += base.eq(step_base(base))

        # The check is known one cycle after the last body symbol: judge then, whatever comes next.
        ended = Signal()
        holds = Signal()
        good = Signal()
        m.d.sync += ended.eq(valid & ~seeks & (place == markers - 1))
        m.d.comb += [
            holds.eq(check == 0),
            # A locked lane needs only its sync; to lock, the body must tell the same twice.
            good.eq(sync_good & Mux(lock.locked, ~(holds & differs), holds & ~(differs & ~takes))),
            lock.marker.eq(ended),
            lock.good.eq(good),
        ]
        with m.If(ended):
            m.d.sync += [candidate.eq(0), self.message_valid.eq(holds)]
        m.d.comb += [
            self.judged.eq(ended & ~takes), self.good.eq(good), self.parity_valid.eq(holds)]

        m.d.sync += [self.o_valid.eq(valid & ~seeks)]
        with m.If(valid):
            m.d.sync += [self.o.eq(plain), self.position.eq(place)]
        m.d.comb += self.base.eq(base)
        return m
