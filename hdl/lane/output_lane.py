"""The last stage of a physical lane: traffic or a test pattern, and its polarity."""

from amaranth import Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..framing.scrambler import seed_state
from .prbs import PrbsGenerator

__all__ = ["OutputLane"]

_PRBS_BASE = 0xACE1             # docs/link-format.md, section 7


class OutputLane(wiring.Component):
    """Output register of one physical lane, with its PRBS generator.

    Parameters
    ----------
    gear : int
    test_patterns : bool

    Members
    -------
    lane : 11 bits, in
        Number of the lane, constant; gives each lane its own place in the sequence.
    prbs : 3 bits, in
        0 for traffic, or a pattern of :class:`PrbsGenerator`.
    invert : 1 bit, in
        Send the complement.
    i, o : `gear` bits

    Latency: 1 cycle.
    """

    lane: Signal
    prbs: Signal
    invert: Signal
    i: Signal
    o: Signal

    def __init__(self, *, gear: int, test_patterns: bool = True):
        self._gear, self._test_patterns = gear, test_patterns
        super().__init__({"lane": In(11), "prbs": In(3), "invert": In(1), "i": In(gear),
                          "o": Out(gear)})

    def elaborate(self, platform):
        m = Module()
        flip = self.invert.replicate(self._gear)
        m.d.sync += self.o.eq(self.i ^ flip)
        if self._test_patterns:
            m.submodules.generator = generator = PrbsGenerator(gear=self._gear)
            before = Signal(3)
            m.d.sync += before.eq(self.prbs)
            m.d.comb += [
                generator.select.eq(self.prbs),
                generator.load.eq(self.prbs != before),
                generator.seed.eq(seed_state(self.lane, Const(_PRBS_BASE, 16))),
            ]
            with m.If(self.prbs != 0):
                m.d.sync += self.o.eq(generator.o ^ flip)
        return m
