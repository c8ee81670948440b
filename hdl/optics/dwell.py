"""How long to look at one code of a comparator: words that pass, words that count."""

from amaranth import Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["Dwell"]


class Dwell(wiring.Component):
    """After each start, lets `settle` words pass, then `words` count, and ends two words later.

    The two words are for the counter behind: one for its register of the ones of a word, one for
    its sum.

    Parameters
    ----------
    settle : int, 1..65536
        Words until the DAC and the comparator have settled, with all registers on the way.
    longest : int
        Most of `words`.

    Members
    -------
    start : 1 bit, in
        The next word is the first to pass, whatever has been before.
    valid : 1 bit, in
        There is a word. Between words all stands still, but for `start`.
    words : 1..longest, in
        Held from the start to the end.
    counting : 1 bit, out
        The word counts.
    ended : 1 bit, out
        With the last word, settle + words + 2 after the start. It may be wired to `start`.

    Cost: a counter.
    """

    start: Signal
    valid: Signal
    words: Signal
    counting: Signal
    ended: Signal

    def __init__(self, *, settle: int, longest: int):
        check_range("settle", settle, 1, 65536)
        self._settle, self._longest = settle, longest
        super().__init__({
            "start": In(1), "valid": In(1), "words": In(range(longest + 1)),
            "counting": Out(1), "ended": Out(1),
        })

    def elaborate(self, platform):
        m, run = Module(), Module()
        left = Signal(range(max(self._settle, self._longest)), init=self._settle - 1)
        with run.FSM():
            with run.State("SETTLE"):
                with run.If(self.valid):
                    run.d.sync += left.eq(left - 1)
                    with run.If(left == 0):
                        run.d.sync += left.eq(self.words - 1)
                        run.next = "COUNT"
            with run.State("COUNT"):
                run.d.comb += self.counting.eq(1)
                with run.If(self.valid):
                    run.d.sync += left.eq(left - 1)
                    with run.If(left == 0):
                        run.next = "REGISTER"
            with run.State("REGISTER"):     # waits for the counter's first register
                with run.If(self.valid):
                    run.next = "SUM"
            with run.State("SUM"):          # waits for its second
                run.d.comb += self.ended.eq(self.valid)
                with run.If(self.valid):
                    run.next = "REST"
            with run.State("REST"):         # waits for a start
                pass
        m.submodules.run = ResetInserter(self.start)(run)
        return m
