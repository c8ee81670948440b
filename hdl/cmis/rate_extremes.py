"""The error rate of the link as CMIS observes it: now, the least and the most."""

from amaranth import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .f16 import RateToF16

__all__ = ["RateExtremes"]


class RateExtremes(wiring.Component):
    """Turns counts of errors into rates, and keeps the extremes; with a freeze for reading.

    A freeze keeps what is shown, and at the same time begins new extremes behind it, so no window
    is lost between two freezes.

    Parameters
    ----------
    width : int, 4..48
        Of the counts.

    Members
    -------
    sample : 1 bit, in; errors, bits : `width` bits, in
        The errors among so many bits of all lanes, of the last window. Ignored while one is being
        converted (1 + 19·(1 + 0.302·`width`) clocks at most).
    freeze : 1 bit, in
    now, least, most : 16 bits, out
        In F16. `least` and `most` are `now` for the first window.

    Cost: a :class:`RateToF16` and 6 registers of 16 bits.
    """

    sample: Signal
    errors: Signal
    bits: Signal
    freeze: Signal
    now: Signal
    least: Signal
    most: Signal

    def __init__(self, *, width: int):
        self._converter = RateToF16(width=width)
        super().__init__({
            "sample": In(1), "errors": In(width), "bits": In(width), "freeze": In(1),
            "now": Out(16), "least": Out(16), "most": Out(16)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.converter = converter = self._converter
        now, least, most = Signal(16), Signal(16), Signal(16)
        first = Signal(init=1)              # no window since the extremes began
        was_busy, was_frozen = Signal(), Signal()
        m.d.comb += [converter.start.eq(self.sample), converter.errors.eq(self.errors),
                     converter.bits.eq(self.bits)]
        m.d.sync += [was_busy.eq(converter.busy), was_frozen.eq(self.freeze)]
        code = converter.code
        begin = first | (self.freeze & ~was_frozen)
        m.d.sync += first.eq(begin)
        with m.If(was_busy & ~converter.busy):
            # Codes are in the order of the rates.
            m.d.sync += [
                now.eq(code), first.eq(0),
                least.eq(Mux(begin | (code < least), code, least)),
                most.eq(Mux(begin | (code > most), code, most)),
            ]
        # In the first clock of a freeze too: these windows are not in the new extremes.
        with m.If(~was_frozen):
            m.d.sync += [self.now.eq(now), self.least.eq(least), self.most.eq(most)]
        return m
