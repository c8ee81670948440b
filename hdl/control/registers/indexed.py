"""A setting for each lane, all shown at once, and read and written one at a time."""

from collections.abc import Sequence

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ...checks import check_range
from .bank import joined

__all__ = ["IndexedWords"]

_GROUP = 16


class IndexedWords(wiring.Component):
    """Words in flip-flops, of which an index register shows one to a :class:`RegisterBank`.

    Parameters
    ----------
    width : int
        Bits per word.
    init : sequence of int
        The words after a reset; 2048 at most.

    Members
    -------
    index : 11 bits, in
        A word that is not there reads 0, and cannot be written.
    value : `width` bits, in; write : 1 bit, in
        The new word at `index`, and when to take it.
    q : `width` bits, out
        The word at `index`.
    o : len(init)·`width` bits, out
        All words, the first in the low bits.

    Latency: 1 clock from `write` to `o`, 3 to `q`; 3 from `index` to `q`, and 1 until `write` may
    follow. 140 words of 8 bits on an ECP5 (speed grade 6): 1094 LUT4, 1340 flip-flops, 181 MHz.
    """

    index: Signal
    value: Signal
    write: Signal
    q: Signal
    o: Signal

    latency = 3

    def __init__(self, *, width: int, init: Sequence[int]):
        check_range("width", width, 1, 32, " bits")
        check_range("number of words", len(init), 1, 2048)
        self._width, self._init = width, tuple(init)
        super().__init__({
            "index": In(11), "value": In(width), "write": In(1), "q": Out(width),
            "o": Out(width * len(init))})

    def elaborate(self, platform):
        m = Module()
        count = len(self._init)
        here = Signal(count)
        m.d.sync += here.eq(Cat(self.index == place for place in range(count)))
        words = [Signal(self._width, name=f"word{place}", init=value)
                 for place, value in enumerate(self._init)]
        m.d.comb += self.o.eq(Cat(words))
        for place, word in enumerate(words):
            with m.If(here[place] & self.write):
                m.d.sync += word.eq(self.value)
        partial = []
        for start in range(0, count, _GROUP):
            part = Signal(self._width, name=f"part{start // _GROUP}")
            group = words[start:start + _GROUP]
            shown = [word & here[start + place].replicate(self._width)
                     for place, word in enumerate(group)]
            m.d.sync += part.eq(joined(shown))
            partial.append(part)
        m.d.sync += self.q.eq(joined(partial))
        return m
