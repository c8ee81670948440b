"""Syndromes of the codewords of a group, a word per clock."""

from functools import cache

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..shared import Repeated
from .code import Code
from .encoder import LEVELS
from .evaluate import step_network
from .group import Group
from .linear import Network, cheapest, network_values

__all__ = ["GroupSyndromes"]


@cache
def _values(code: Code, width: int) -> Network:
    """The values of a polynomial of `width` coefficients at the roots of the generator."""
    # The last symbols of a longer word; of a plane, one bit per symbol.
    longer = Code(code.parity + width, width, code.m, code.polynomial)
    rows = [row >> code.parity * code.m for row in longer.syndrome_rows()]
    planes, rest = longer.syndrome_factors()
    planes = [row >> code.parity for row in planes]
    return cheapest(rows, width * code.m, (planes, rest), code.m, LEVELS - 1)


class _SyndromeEngine(wiring.Component):
    """Takes one slot's p symbols of a codeword to its values, by Horner's rule.

    Members
    -------
    i : p·m bits, in
        The symbols of a class of lanes.
    enable, first : 1 bit, in
        Take them; they are a codeword's first.
    before : R·m bits, in; after : R·m bits, out
        S_0 first; `after` from a register.
    """

    i: Signal
    enable: Signal
    first: Signal
    before: Signal
    after: Signal

    def __init__(self, code: Code, width: int):
        self._networks = (_values(code, width), step_network(code.field, width, code.parity))
        state = code.parity * code.m
        super().__init__({
            "i": In(width * code.m), "enable": In(1), "first": In(1), "before": In(state),
            "after": Out(state),
        })

    def elaborate(self, platform):
        m = Module()
        values, advance = self._networks
        before = self.before & ~self.first.replicate(len(self.before))
        with m.If(self.enable):
            m.d.sync += self.after.eq(Cat(network_values(m, values, self.i, "xor"))
                                      ^ Cat(network_values(m, advance, before, "old")))
        return m


class GroupSyndromes(wiring.Component):
    """Evaluates the codewords of received groups at the roots of the code's generator.

    An engine is tied to each class of lanes, l mod C. The codewords go from class to class, slot by
    slot, and so do their syndromes, from engine to engine.

    Parameters
    ----------
    group : Group

    Members
    -------
    i : L·m bits, in
        Received word, bit b of lane l at l·m + b.
    valid : 1 bit, in
        It is there. Groups may have gaps anywhere.
    start : 1 bit, in
        With `valid`: it is slot 0 of a group. A group that is not at its end is dropped.
    taken : 1 bit, out; slot : out, 0..T-1
        In the same clock, combinational: there is a word and it belongs to a group, as this slot.
        Words that come after a group without `start` belong to none.
    last : 1 bit, out
        In the same clock: this word completes a group.
    done : 1 bit, out
        A word has completed a group in the clock before.
    o : C·(n - k)·m bits, out; dirty : C bits, out
        While `done`: bit b of the value of codeword c at alpha^j at (c·(n - k) + j)·m + b, and
        which codewords have any that is not 0; an OR after the register.

    Latency: :attr:`latency` cycles from the last word to `done`, 1.

    Cost: for each codeword :attr:`gates`, and with R = n - k, R·m XOR2, AND2 and flip-flops with
    enable. Most of all for kp4 on 128 lanes: 12.0 k XOR2 for each of the 4; that is 37.5 per bit
    of a word; kr4 21, ll 21, rs255 with n = 248 on 8 lanes 26. A path has :attr:`depth` levels of
    them, 12, 10, 10 and 7.
    """

    i: Signal
    valid: Signal
    start: Signal
    taken: Signal
    slot: Signal
    last: Signal
    done: Signal
    o: Signal
    dirty: Signal

    def __init__(self, group: Group):
        self._group = group
        size = group.code.m
        super().__init__({
            "i": In(group.lanes * size), "valid": In(1), "start": In(1),
            "taken": Out(1), "slot": Out(range(group.slots)), "last": Out(1), "done": Out(1),
            "o": Out(group.codewords * group.code.parity * size), "dirty": Out(group.codewords),
        })

    @property
    def _networks(self) -> tuple[Network, Network]:
        code, width = self._group.code, self._group.width
        return _values(code, width), step_network(code.field, width, code.parity)

    @property
    def network(self) -> Network:
        """The gates from a slot's symbols of a codeword to their values."""
        return self._networks[0]

    @property
    def gates(self) -> int:
        """XOR2 from a slot's symbols, and from the values before, to the values of a codeword."""
        adders = self._group.code.parity * self._group.code.m
        return sum(network.gates for network in self._networks) + adders

    @property
    def depth(self) -> int:
        """How many of them follow one another at most."""
        return 1 + max(network.depth for network in self._networks)

    @property
    def latency(self) -> int:
        """Cycles from the last word of a group to `done`."""
        return 1

    def elaborate(self, platform):
        m = Module()
        group, code = self._group, self._group.code
        slot = Signal(range(group.slots))           # of the next word, 0 if that belongs to none
        m.d.comb += [
            self.slot.eq(Mux(self.start, 0, slot)),
            self.taken.eq(self.valid & (self.start | slot.any())),
            self.last.eq(self.taken & (self.slot == group.slots - 1)),
        ]
        m.d.sync += self.done.eq(self.last)
        with m.If(self.taken):
            m.d.sync += slot.eq(Mux(self.last, 0, self.slot + 1))

        count = group.codewords
        engine = Repeated(lambda: _SyndromeEngine(code, group.width), name="syndrome_engine",
                          domains={"sync": "sync"})
        symbols = [Signal(code.m, name=f"symbol{lane}") for lane in range(group.lanes)]
        values = [Signal(code.parity * code.m, name=f"values{q}") for q in range(count)]
        m.d.comb += Cat(symbols).eq(self.i)
        for q in range(count):
            part = engine.add(m, platform, f"class{q}", i=Cat(symbols[q::count]),
                              enable=self.taken, first=self.start, before=values[(q + 1) % count])
            m.d.comb += values[q].eq(part.after)
        # At the last slot codeword c is in the class c - (T-1).
        ordered = [values[(c + 1 - group.slots) % count] for c in range(count)]
        m.d.comb += [self.o.eq(Cat(ordered)), self.dirty.eq(Cat(value.any() for value in ordered))]
        return m
