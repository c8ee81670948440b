"""When a lane counts as locked: two good markers in, four bad ones out."""

from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["MarkerLock"]


class MarkerLock(wiring.Component):
    """The lock of one lane, after IEEE 802.3 clause 119.2.6.3: 2 good to lock, 4 bad to lose.

    Parameters
    ----------
    good_to_lock, bad_to_unlock : int
        Markers in a row, 1..15.

    Members
    -------
    marker : 1 bit, in
        A marker was due and has been judged; while `hunting`, something looked like one.
    good : 1 bit, in
        It was good. Ignored unless `marker`.
    hunting : 1 bit, out
        No marker is known; the next good one may stand anywhere.
    locked : 1 bit, out

    Latency: 1 cycle. `tests/hdl/lane/test_lock.py` proves the two counts by induction.
    """

    marker: Signal
    good: Signal
    hunting: Signal
    locked: Signal

    def __init__(self, *, good_to_lock: int = 2, bad_to_unlock: int = 4):
        for name, value in (("good_to_lock", good_to_lock), ("bad_to_unlock", bad_to_unlock)):
            if not 1 <= value <= 15:
                raise ValueError(f"{name} must be 1 to 15, not {value}")
        self._good_to_lock, self._bad_to_unlock = good_to_lock, bad_to_unlock
        super().__init__({
            "marker": In(1), "good": In(1), "locked": Out(1),
            "hunting": Out(1, init=1),  # pyright: ignore[reportCallIssue]
        })

    def elaborate(self, platform):
        m = Module()
        goods = Signal(range(self._good_to_lock))
        bads = Signal(range(self._bad_to_unlock))
        with m.If(self.marker & self.good):
            m.d.sync += [self.hunting.eq(0), bads.eq(0)]
            with m.If(goods == self._good_to_lock - 1):
                m.d.sync += self.locked.eq(1)
            with m.Else():
                m.d.sync += goods.eq(goods + 1)
        with m.Elif(self.marker & ~self.locked):
            m.d.sync += [self.hunting.eq(1), goods.eq(0)]
        with m.Elif(self.marker & (bads == self._bad_to_unlock - 1)):
            m.d.sync += [self.hunting.eq(1), self.locked.eq(0), goods.eq(0), bads.eq(0)]
        with m.Elif(self.marker):
            m.d.sync += bads.eq(bads + 1)
        return m
