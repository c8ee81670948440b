"""The erased symbols of each codeword of a group, listed for the key equation."""

from amaranth import Cat, Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..shared import Repeated
from .arithmetic import scale
from .group import Group

__all__ = ["ErasureList"]


class _ErasureStore(wiring.Component):
    """The list of one codeword, twice: one in force, one that is being written.

    Members
    -------
    mark : 1 bit, in; locator : m bits, in
        A symbol is erased, with this locator.
    clear : 1 bit, in
        Begin the list that is written.
    swap : 1 bit, in; bank : 1 bit, in
        What is written comes into force; `bank` is the half of the memory that is in force.
    row : in; enable : 1 bit, in; roots : iterations_per_clock·m bits, out
        A row of the list in force, in the clock after.
    count : out, 0..n-k; overfull : 1 bit, out
        Length of the list in force; there is no room for all, and it means nothing.
    """

    mark: Signal
    locator: Signal
    clear: Signal
    swap: Signal
    bank: Signal
    row: Signal
    enable: Signal
    roots: Signal
    count: Signal
    overfull: Signal

    def __init__(self, group: Group):
        self._group = group
        parity, per_row = group.code.parity, group.iterations_per_clock
        super().__init__({
            "mark": In(1), "locator": In(group.code.m), "clear": In(1), "swap": In(1),
            "bank": In(1), "row": In(range(parity // per_row)), "enable": In(1),
            "roots": Out(per_row * group.code.m), "count": Out(range(parity + 1)),
            "overfull": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        size, per_row = self._group.code.m, self._group.iterations_per_clock
        m.submodules.list = store = Memory(shape=unsigned(per_row * size),
                                           depth=2 << len(self.row), init=[])
        write, read = store.write_port(granularity=size), store.read_port()
        count = Signal.like(self.count)
        overfull = Signal()
        full = Signal()
        place = ceil_log2(per_row)
        m.d.comb += [
            full.eq(count == self._group.code.parity),
            write.addr.eq(Cat((count >> place)[:len(self.row)], ~self.bank)),
            write.data.eq(self.locator.replicate(per_row)),
            write.en.eq(self.mark << count[:place]),
            read.addr.eq(Cat(self.row, self.bank)), read.en.eq(self.enable),
            self.roots.eq(read.data),
        ]
        with m.If(self.clear):
            m.d.sync += [count.eq(0), overfull.eq(0)]
        with m.Elif(self.mark):
            m.d.sync += [count.eq(count + ~full), overfull.eq(full)]
        with m.If(self.swap):
            m.d.sync += [self.count.eq(count), self.overfull.eq(overfull)]
        return m


class ErasureList(wiring.Component):
    """Lists the locators of the erased lanes' symbols, X = alpha^(n-1-s), for each codeword.

    Whenever the erasures differ from those listed last, it goes through the symbols of the group,
    those of all codewords at once, writes new lists and waits until they are taken. What happens to
    the erasures before that is ignored; the last ones are always listed in the end.

    Parameters
    ----------
    group : Group

    Members
    -------
    erasures : L bits, in
        Lanes not to be relied on.
    take : 1 bit, in
        Now new lists, if there are any, may come into force: all outputs change with the next clock
        and only there. Not more often than once in 2 + (n - k) / iterations_per_clock clocks.
    roots : C·iterations_per_clock·m bits, out
        From the second clock after `take`: the locators of iterations 0..n-k-1, so many of them in
        a clock, the earliest lowest, the codewords one after another. Beyond `counts`, anything.
    counts : C x 0..n-k, out
        Number of erased symbols, codeword 0 lowest.
    overfull : C bits, out
        The codeword has more than n - k: its count and roots mean nothing.
    erased : out, 0..L
        Number of erased lanes.

    Latency: n + 2 cycles from `erasures` until there are lists to be taken. While the erasures stay
    as they are nothing moves but `roots`, and these only if any lane is erased.

    Cost: C memories of 2 x (n - k)·m bits, up to 6·L gates and 2·L flip-flops for the mask. For kp4
    on 128 lanes: 2560 bits and, with all the rest, 350 flip-flops.
    """

    erasures: Signal
    take: Signal
    roots: Signal
    counts: Signal
    overfull: Signal
    erased: Signal

    def __init__(self, group: Group):
        self._group = group
        count, code = group.codewords, group.code
        super().__init__({
            "erasures": In(group.lanes), "take": In(1),
            "roots": Out(count * group.iterations_per_clock * code.m),
            "counts": Out(count * len(Signal(range(code.parity + 1)))),
            "overfull": Out(count), "erased": Out(range(group.lanes + 1)),
        })

    def elaborate(self, platform):
        m = Module()
        group, code, count = self._group, self._group.code, self._group.codewords
        rows = code.parity // group.iterations_per_clock
        listed = Signal(group.lanes)
        scan = Signal(group.lanes)          # codeword c's turn at bit c
        place = Signal(range(group.width))
        slot = Signal(range(group.slots))
        locator = Signal(code.m)
        erased = Signal(range(group.lanes + 1))
        mark = Signal(count)
        clear = Signal()
        swap = Signal()
        bank = Signal()
        row = Signal(range(rows))
        reading = Signal()

        following = scan.rotate_right(count)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [
                    place.eq(0), slot.eq(0), erased.eq(0), locator.eq(code.field.power(code.n - 1)),
                ]
                m.d.comb += clear.eq(1)
                with m.If(self.erasures != listed):
                    m.d.sync += [listed.eq(self.erasures), scan.eq(self.erasures)]
                    m.next = "SCAN"
            with m.State("SCAN"):
                m.d.comb += mark.eq(scan[:count])
                m.d.sync += [
                    place.eq(place + 1), scan.eq(following),
                    locator.eq(scale(code.field, code.field.power(-1), locator)),
                ]
                with m.If(slot == 0):
                    m.d.sync += erased.eq(erased + sum(mark))
                with m.If(place == group.width - 1):
                    # In the next slot a codeword is one class of lanes lower.
                    m.d.sync += [
                        place.eq(0), slot.eq(slot + 1),
                        scan.eq(Cat(following.word_select(i, count).rotate_left(1)
                                    for i in range(group.width))),
                    ]
                    with m.If(slot == group.slots - 1):
                        m.next = "LISTED"
            with m.State("LISTED"):         # until the key equation can change to it
                with m.If(self.take):
                    m.d.comb += swap.eq(1)
                    m.d.sync += [bank.eq(~bank), self.erased.eq(erased)]
                    m.next = "IDLE"

        with m.If(self.take):
            m.d.sync += [row.eq(0), reading.eq(1)]
        with m.Elif(row == rows - 1):
            m.d.sync += reading.eq(0)
        with m.Else():
            m.d.sync += row.eq(row + 1)
        store = Repeated(lambda: _ErasureStore(group), name="erasure_store",
                         domains={"sync": "sync"})
        parts = [store.add(m, platform, f"codeword{c}", mark=mark[c], locator=locator, clear=clear,
                           swap=swap, bank=bank, row=row, enable=reading & self.erased.any())
                 for c in range(count)]
        m.d.comb += [
            self.roots.eq(Cat(part.roots for part in parts)),
            self.counts.eq(Cat(part.count for part in parts)),
            self.overfull.eq(Cat(part.overfull for part in parts)),
        ]
        return m
