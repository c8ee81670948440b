"""The encoder of group codes: a word of message or parity per clock."""

from functools import cache

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..shared import Repeated
from .code import Code
from .encoder import LEVELS
from .group import Group
from .linear import Network, network_values, share

__all__ = ["GroupEncoder"]


@cache
def _network(code: Code, width: int) -> Network:
    """The remainder of x^(n-k) times `width` symbols."""
    short = Code(width + code.parity, width, code.m, code.polynomial)
    return share(short.parity_rows(), width * code.m, limit=LEVELS - 3)


class _ParityEngine(wiring.Component):
    """Takes one slot's p symbols of a codeword to the remainder of those before them.

    The remainder P of x^R times a message, R = n - k, becomes P·x^p + x^R·A: the first symbols of P
    meet those of A, and go through the matrix together; the others, if p < R, move up. In a slot of
    parity they are sent, and only the others stay, so that after the last P is 0 again.

    Members
    -------
    i, o : p·m bits, in and out
        The symbols of a class of lanes; `o` from a register.
    message, parity : 1 bit, in
        What the slot carries; neither in a word outside the groups.
    before : R·m bits, in; after : R·m bits, out
        The remainder, the coefficient of x^(R-1) first; `after` from a register.
    """

    i: Signal
    message: Signal
    parity: Signal
    before: Signal
    after: Signal
    o: Signal

    def __init__(self, code: Code, width: int):
        self._code, self._network = code, _network(code, width)
        size, state = width * code.m, code.parity * code.m
        super().__init__({
            "i": In(size), "message": In(1), "parity": In(1), "before": In(state),
            "after": Out(state), "o": Out(size),
        })

    def elaborate(self, platform):
        m = Module()
        size, state = len(self.i), len(self.before)
        first = Signal(size)
        m.d.comb += first.eq(self.before[:size])
        remainder = Cat(network_values(m, self._network, self.i ^ first, "xor"))
        m.d.sync += [
            self.after.eq(remainder & self.message.replicate(state) ^ self.before[size:]),
            self.o.eq(self.i & ~self.parity.replicate(size) | first & self.parity.replicate(size)),
        ]
        return m


class GroupEncoder(wiring.Component):
    """Replaces the words after the message words of a group by the parity of its codewords.

    An engine is tied to each class of lanes, l mod C. The codewords go from class to class, slot by
    slot, and so do the remainders, from engine to engine: no symbol is ever steered.

    Parameters
    ----------
    group : Group

    Members
    -------
    i : L·m bits, in
        Word, bit b of lane l at l·m + b; without meaning in the slots of parity and pad.
    start : 1 bit, in
        The word is slot 0 of a group: the next words are its others, one per clock. Ignored within
        a group; another may follow at once.
    o : L·m bits, out
        The word, or parity and pad, from a register. Words outside the groups pass as they are.

    Latency: :attr:`latency` cycles, 1.

    Cost: for each codeword the gates of :attr:`network`, and with p symbols in a slot about
    min(p, n-k)·m XOR2 and (2·p + n-k)·m AND2 and OR2; (p + n-k)·m flip-flops. Most of all for kp4
    on 128 lanes: 14.99 k XOR2 for each of the 4, 47 per bit of a word; kr4 25, ll 25, rs255 with
    n = 248 on 8 lanes 23. The network is 9 levels deep then, the path from register to register 11.
    """

    i: Signal
    start: Signal
    o: Signal

    def __init__(self, group: Group):
        self._group = group
        size = group.lanes * group.code.m
        super().__init__({"i": In(size), "start": In(1), "o": Out(size)})

    @property
    def network(self) -> Network:
        """The gates from the p symbols of a slot to their remainder."""
        return _network(self._group.code, self._group.width)

    @property
    def latency(self) -> int:
        """Cycles from `i` to `o`."""
        return 1

    def elaborate(self, platform):
        m = Module()
        group, size = self._group, self._group.code.m
        slot = Signal(range(group.slots))           # 0 outside the groups, too
        parity = Signal()
        message = Signal()
        m.d.comb += [
            parity.eq(slot >= group.message_slots),
            message.eq((self.start | slot.any()) & ~parity),
        ]
        with m.If(slot == group.slots - 1):
            m.d.sync += slot.eq(0)
        with m.Elif(self.start | slot.any()):
            m.d.sync += slot.eq(slot + 1)

        count = group.codewords
        engine = Repeated(lambda: _ParityEngine(group.code, group.width), name="parity_engine",
                          domains={"sync": "sync"})
        symbols = [Signal(size, name=f"symbol{lane}") for lane in range(group.lanes)]
        remainders = [Signal(group.code.parity * size, name=f"remainder{q}") for q in range(count)]
        m.d.comb += Cat(symbols).eq(self.i)
        results = list(symbols)
        for q in range(count):
            part = engine.add(m, platform, f"class{q}", i=Cat(symbols[q::count]), message=message,
                              parity=parity, before=remainders[(q + 1) % count])
            m.d.comb += remainders[q].eq(part.after)
            results[q::count] = [part.o.word_select(place, size) for place in range(group.width)]
        m.d.comb += self.o.eq(Cat(results))
        return m
