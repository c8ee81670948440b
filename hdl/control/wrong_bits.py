"""Wrong bits of each lane since it was looked at last, for links without a code that knows them."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["MOST_WRONG", "WrongBits"]

MOST_WRONG = 63


class WrongBits(wiring.Component):
    """A small counter for each lane, which begins anew when its lane's turn comes.

    :class:`LaneStatus` counts too, but only up to a limit, and from zero when somebody clears it.

    Parameters
    ----------
    lanes : int, 2..1024
    most : int, 1..63
        Wrong bits of a lane in a clock.

    Members
    -------
    i : array of `lanes` x 0..`most`, in
        Wrong bits in this clock.
    turn : in, 0..lanes-1
    wrong : 6 bits, out
        Of the lane whose turn it is, since its last turn; 63: that or more.

    Latency: none from `turn`. Cost: 6 flip-flops, an adder and a multiplexer of 6 bits per lane.
    """

    i: data.View
    turn: Signal
    wrong: Signal

    def __init__(self, *, lanes: int, most: int):
        check_range("lanes", lanes, 2, 1024)
        check_range("most", most, 1, MOST_WRONG)
        self._lanes = lanes
        super().__init__({"i": In(data.ArrayLayout(range(most + 1), lanes)),
                          "turn": In(range(lanes)), "wrong": Out(range(MOST_WRONG + 1))})

    def elaborate(self, platform):
        m = Module()
        counters = [Signal(range(MOST_WRONG + 1), name=f"counter{lane}")
                    for lane in range(self._lanes)]
        for lane, counter in enumerate(counters):
            total = Signal(range(2 * MOST_WRONG + 1), name=f"total{lane}")
            m.d.comb += total.eq(Mux(self.turn == lane, 0, counter) + self.i[lane])
            m.d.sync += counter.eq(Mux(total > MOST_WRONG, MOST_WRONG, total))
        array = data.ArrayLayout(range(MOST_WRONG + 1), self._lanes)
        m.d.comb += self.wrong.eq(data.View(array, Cat(counters))[self.turn])
        return m
