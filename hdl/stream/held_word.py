"""A word that changes seldom, carried into another clock domain."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["HeldWord"]


class HeldWord(wiring.Component):
    """Takes over a word when its bits agree with themselves in two cycles in a row.

    Each bit goes through two flip-flops of its own. When the word changes, its bits may arrive a
    cycle apart; then two cycles differ, and the old value stays until they no longer do. The word
    must hold still for four cycles of `sync` or more between changes; the crossing needs no
    constraint but that its paths differ by less than a cycle.

    Parameters
    ----------
    width : int

    Members
    -------
    i : `width` bits, in, of any domain
    o : `width` bits, out

    Latency: 4 cycles. Cost: 4·width flip-flops.
    """

    i: Signal
    o: Signal

    def __init__(self, *, width: int):
        if width < 1:
            raise ValueError(f"width must be 1 or more, not {width}")
        self._width = width
        super().__init__({"i": In(width), "o": Out(width)})

    def elaborate(self, platform):
        m = Module()
        seen = Signal(self._width)
        before = Signal(self._width)
        m.submodules.synchronizer = FFSynchronizer(self.i, seen)
        m.d.sync += before.eq(seen)
        with m.If(seen == before):
            m.d.sync += self.o.eq(seen)
        return m
