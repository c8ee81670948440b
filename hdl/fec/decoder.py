"""The decoder: a received word of a Reed-Solomon code in, its message out, every clock."""

from functools import reduce
from operator import or_

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .code import Code
from .encoder import LEVELS
from .key_equation import KeyEquation
from .locator import ErasureLocator
from .search import RootSearch
from .syndromes import WordSyndromes

__all__ = ["WordDecoder"]


class WordDecoder(wiring.Component):
    """Corrects errors and erasures, at the full rate with errors in every word.

    If there is a codeword that differs from the received word in v symbols that are not erased, and
    in any of the e erased ones, with 2v + e <= n - k, then it is delivered; there is only one.
    Otherwise the word has failed and is delivered as it is.

    The received words wait in a ring memory. As long as they are codewords nothing else moves but
    the syndromes and the outputs.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.
    levels : int
        See :class:`WordSyndromes`.
    iterations_per_stage : int
        See :class:`KeyEquation`.
    watched : bool
        With `place` and `error`.

    Members
    -------
    i : n·m bits, in
        Received word, bit b of symbol s at s·m + b. Give 0, a codeword, when there is none.
    erasures : n bits, in
        Symbols not to be relied on, the same in many words. A change takes effect between two
        words, and n + 2 cycles later at the latest unless it follows another one that closely; see
        :class:`ErasureLocator`.
    o : k·m bits, out
        Message, in the same order.
    failed : 1 bit, out
        There is no codeword near enough; with more than n - k erasures, the word itself is none.
    corrected : n bits, out
        Symbols that were changed, parity too.
    erased : out, 0..n-k; overfull : 1 bit, out
        Number of erasures in force; they are more than n - k, and `erased` means nothing.
    place : in, 0..n-1; error : m bits, out
        A symbol to look at, and what was added to it in the word of `corrected`, if that has not
        failed. Cost: m multiplexers of n:1, 1052 LUT4 for n = 136 and m = 8.

    Latency: :attr:`latency` cycles from `i` to `o`, `failed` and `corrected`, 14 for RS(136, 128)
    over GF(2^8): 1 for the syndromes, 9 for the key equation, 3 for the search, 1 to correct.

    Cost: that of the parts, a memory of k·m bits x (latency - 1), k·m + n flip-flops for the
    outputs and as many XOR2 and AND2. For RS(136, 128) over GF(2^8) this is 97 k gates, 8800
    flip-flops and 13 kbit.
    """

    i: Signal
    erasures: Signal
    o: Signal
    failed: Signal
    corrected: Signal
    erased: Signal
    overfull: Signal
    place: Signal
    error: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0, levels: int = LEVELS,
                 iterations_per_stage: int = 1, watched: bool = False):
        self._code = Code(n, k, m, polynomial)
        code = {"n": n, "k": k, "m": m, "polynomial": polynomial}
        self._syndromes = WordSyndromes(**code, levels=levels)
        self._erased = ErasureLocator(**code)
        self._equation = KeyEquation(**code, iterations_per_stage=iterations_per_stage)
        self._search = RootSearch(**code)
        self._watched = watched
        super().__init__({
            "i": In(n * m), "erasures": In(n), "o": Out(k * m), "failed": Out(1),
            "corrected": Out(n), "erased": Out(range(n - k + 1)), "overfull": Out(1),
            **({"place": In(range(n)), "error": Out(m)} if watched else {}),
        })

    @property
    def latency(self) -> int:
        """Cycles from `i` to `o`."""
        return self._syndromes.latency + self._equation.latency + self._search.latency + 1

    def elaborate(self, platform):
        m = Module()
        code = self._code
        # Names that no port of another part has: the exporter numbers those that clash.
        m.submodules.former = syndromes = self._syndromes
        m.submodules.eraser = erased = self._erased
        m.submodules.equation = equation = self._equation
        m.submodules.search = search = self._search
        m.d.comb += [
            syndromes.i.eq(self.i),
            erased.erasures.eq(self.erasures), self.erased.eq(erased.count),
            self.overfull.eq(erased.overfull),
            equation.syndromes.eq(syndromes.o), equation.dirty.eq(~syndromes.clean),
            equation.gamma.eq(erased.gamma), equation.count.eq(erased.count),
            equation.overfull.eq(erased.overfull),
            search.locator.eq(equation.locator), search.evaluator.eq(equation.evaluator),
            search.length.eq(equation.length), search.near.eq(equation.near),
            search.dirty.eq(equation.dirty_out),
        ]

        # A word is read depth - 1 cycles after it was written, from the place to be written next.
        depth = self.latency - 1
        m.submodules.words = words = Memory(shape=unsigned(len(self.o)), depth=depth, init=[])
        write, read = words.write_port(), words.read_port()
        place = Signal(range(depth))
        following = Signal(range(depth))
        m.d.comb += [
            following.eq(Mux(place == depth - 1, 0, place + 1)),
            write.addr.eq(place), write.en.eq(1), write.data.eq(self.i),
            read.addr.eq(following),
        ]
        m.d.sync += place.eq(following)

        errors = [Signal(code.n, name=f"errors{b}") for b in range(code.m)]
        message = Signal(len(self.o), reset_less=True)
        m.d.comb += [plane.eq(search.errors[b] & search.correct.replicate(code.n))
                     for b, plane in enumerate(errors)]
        m.d.comb += self.o.eq(message)
        m.d.sync += [
            message.eq(read.data ^ Cat(plane[s] for s in range(code.k) for plane in errors)),
            self.corrected.eq(reduce(or_, errors)),
            self.failed.eq(search.failed),
        ]
        if self._watched:
            m.d.sync += self.error.eq(Cat(plane.bit_select(self.place, 1) for plane in errors))
        return m
