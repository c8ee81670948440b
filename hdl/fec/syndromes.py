"""Syndromes of a Reed-Solomon word per clock."""

from functools import cache

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .code import Code
from .encoder import LEVELS
from .linear import Network, cheapest, network_values

__all__ = ["WordSyndromes"]


@cache
def _network(code: Code, levels: int) -> Network:
    return cheapest(code.syndrome_rows(), code.n * code.m, code.syndrome_factors(), code.m, levels)


class WordSyndromes(wiring.Component):
    """Evaluates the received word of each clock at the roots of the code's generator.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.
    levels : int
        XOR2 gates that may follow one another between two registers.

    Members
    -------
    i : n·m bits, in
        Received word, bit b of symbol s at s·m + b.
    o : (n - k)·m bits, out
        Syndromes, from a register: bit b of the word's value at alpha^j at j·m + b.
    clean : 1 bit, out
        The word is a codeword, all of `o` is 0; a NOR of `o` after the register.

    Latency: :attr:`latency` cycles, 1 for all codes up to RS(136, 128) over GF(2^8) with `levels`
    of 10 or more. Throughput: a word per cycle.

    Cost: :attr:`network`'s gates. For RS(136, 128) over GF(2^8) these are 7592 XOR2, 7.4 per
    message bit (9525 if `levels` is 11): fewer than an encoder's and the 64 x 64 matrix from the
    difference of the parities to the syndromes (644). Flip-flops: (n - k)·m in the last register,
    and what the network holds in each before it.
    """

    i: Signal
    o: Signal
    clean: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0, levels: int = LEVELS):
        if levels < 1:
            raise ValueError(f"levels must be 1 or more, not {levels}")
        self._code, self._levels = Code(n, k, m, polynomial), levels
        super().__init__({"i": In(n * m), "o": Out((n - k) * m), "clean": Out(1)})

    @property
    def code(self) -> Code:
        return self._code

    @property
    def network(self) -> Network:
        """The gates from the word to the syndromes."""
        return _network(self._code, self._levels)

    @property
    def latency(self) -> int:
        """Cycles from `i` to `o` and `clean`."""
        return self.network.registers(self._levels)

    def elaborate(self, platform):
        m = Module()
        syndromes = Signal(len(self.o), reset_less=True)
        m.d.sync += syndromes.eq(Cat(network_values(m, self.network, self.i, "xor",
                                                    stages=self.latency - 1)))
        m.d.comb += [self.o.eq(syndromes), self.clean.eq(~syndromes.any())]
        return m
