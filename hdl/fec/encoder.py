"""Reed-Solomon encoder that takes a whole message per clock."""

from functools import cache

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .code import Code
from .linear import Network, cheapest, network_values

__all__ = ["LEVELS", "WordEncoder"]

LEVELS = 13
"""XOR2 gates between two registers by default: 500 MHz leave 150 ps for each. The codes of 8 to 16
lanes need no more than 8 to 10 anyway, or 5 levels of 4-input LUTs."""


@cache
def _network(code: Code, levels: int) -> Network:
    return cheapest(code.parity_rows(), code.k * code.m, code.parity_factors(), code.m, levels)


class WordEncoder(wiring.Component):
    """Appends the parity to the message of each clock.

    Nothing but XOR gates and pipeline registers: all symbols of a word are present at once, so the
    parity is a binary matrix times the message. See :mod:`.linear` for how few gates it takes.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.
    levels : int
        XOR2 gates that may follow one another between two registers.

    Members
    -------
    i : k·m bits, in
        Message, bit b of symbol s at s·m + b.
    o : n·m bits, out
        Codeword in the same order, from a register: the message, then the parity.

    Latency: :attr:`latency` cycles, 1 for all codes up to RS(136, 128) over GF(2^8) with `levels`
    of 10 or more. Throughput: a word per cycle.

    Cost: :attr:`network`'s gates. For RS(136, 128) over GF(2^8) these are 8585 XOR2, 8.4 per
    message bit (8041 or 7.9 if `levels` is 15, 9995 or 9.8 if it is 10); a parity bit of its own
    from every message bit would be 32 per message bit. Flip-flops: n·m in the last register, and
    k·m plus what the network holds in each before it.
    """

    i: Signal
    o: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0, levels: int = LEVELS):
        if levels < 1:
            raise ValueError(f"levels must be 1 or more, not {levels}")
        self._code, self._levels = Code(n, k, m, polynomial), levels
        super().__init__({"i": In(k * m), "o": Out(n * m)})

    @property
    def code(self) -> Code:
        return self._code

    @property
    def network(self) -> Network:
        """The gates from the message to the parity."""
        return _network(self._code, self._levels)

    @property
    def latency(self) -> int:
        """Cycles from `i` to `o`."""
        return self.network.registers(self._levels)

    def elaborate(self, platform):
        m = Module()
        stages = self.latency - 1
        parity = network_values(m, self.network, self.i, "xor", stages=stages)
        message = self.i
        for stage in range(stages):
            held = Signal(len(self.i), name=f"message{stage}", reset_less=True)
            m.d.sync += held.eq(message)
            message = held
        word = Signal(len(self.o), reset_less=True)
        m.d.sync += word.eq(Cat(message, parity))
        m.d.comb += self.o.eq(word)
        return m
