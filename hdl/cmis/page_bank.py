"""The registers behind the bytes: from a description of fields to logic."""

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .field import LOWER, Access, Field, byte_map
from .i2c_target import ByteAccess

__all__ = ["PageBank"]

_LAST_BANKED = 0x2F     # pages 10h to 2Fh have banks


class PageBank(wiring.Component):
    """Lower memory and pages, as fields say; and room for pages that lie in a memory outside.

    A read takes bytes in pairs, at an even address and the next: the second of a pair is as old as
    the first if both are read in one transfer, so a number of 16 bits is always whole. Reading
    clears those flags that were read as 1, once all 8 bits of the byte have gone out; a flag whose
    cause is still there is 1 again. A byte without a field reads as 0. Writes to what cannot be
    written change nothing.

    The page changes when PageSelect is written, to one of bank BankSelect. A page that is not
    there, or not in that bank, becomes 00h. Pages 10h to 2Fh have bank 0 only; the bank does not
    matter for others. Lower memory is the same in all.

    Parameters
    ----------
    fields : sequence of Field
        With BankSelect and PageSelect.
    outside : range
        Pages that are in the memory outside.

    Members
    -------
    memory : :class:`ByteAccess`, in
        Ready 4 clocks after a fetch. A write takes effect 3 clocks later.
    status : struct of the fields that the host reads, in
    control : struct of the fields that it writes, out
    trigger : struct of the self-clearing fields, out
        1 for one clock where the host has written a 1.
    raised : struct of the flags, in
        Causes.
    flags : struct of the flags, out
    interrupt : 1 bit, out
        Some flag is 1 and its mask is 0. 2 clocks late.
    word : 14 bits, out; pair : 16 bits, in
        The memory outside: its page less the first, and byte pair; even byte in the high half. 2
        clocks later.

    Cost: a flip-flop for each bit that can be written and each flag; a multiplexer of 64 pairs per
    page.
    """

    memory: Any
    status: Any
    control: Any
    trigger: Any
    raised: Any
    flags: Any
    interrupt: Signal
    word: Signal
    pair: Signal

    def __init__(self, fields: Sequence[Field], *, outside: range = range(0)):
        self._fields, self._outside = fields, outside
        self._map = byte_map(fields)
        names = [field.name for field in fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have the same name")
        super().__init__({
            "memory": In(ByteAccess), "status": In(self._layout(Access.STATUS)),
            "control": Out(  # pyright: ignore[reportCallIssue]
                self._layout(Access.CONTROL), init={  # pyright: ignore[reportCallIssue]
                    field.name: field.value for field in fields
                    if field.access is Access.CONTROL}),
            "trigger": Out(self._layout(Access.TRIGGER)),
            "raised": In(self._layout(Access.FLAG)), "flags": Out(self._layout(Access.FLAG)),
            "interrupt": Out(1), "word": Out(14), "pair": In(16),
        })

    def _layout(self, access: Access) -> data.StructLayout:
        return data.StructLayout({field.name: field.width for field in self._fields
                                  if field.access is access})

    def elaborate(self, platform):
        m = Module()
        memory, control = self.memory, self.control
        pages = sorted({page for page, _ in self._map if page != LOWER})
        page = Value.cast(control["PageSelect"])
        bank = Signal(8)                    # that PageSelect has been written with
        upper = memory.address[7]

        self._read(m, pages, page, upper)

        # Writes, and the flags' clearing: where, in two steps, as there is time.
        address, given = Signal(8), Signal(8)
        writing, taking = Signal(2), Signal(2)
        m.d.sync += [writing.eq(Cat(memory.write, writing)), taking.eq(Cat(memory.taken, taking)),
                     Value.cast(self.trigger).eq(0)]
        with m.If(memory.write | memory.taken):
            m.d.sync += [address.eq(memory.address),
                         given.eq(Mux(memory.write, memory.value, memory.data))]
        hits: dict[tuple[str, int], Signal] = {}

        def hit(name: str, number: int, condition: Value) -> Signal:
            if (name, number) not in hits:
                hits[name, number] = signal = Signal(name=f"{name}_{number & 0xFF:02x}")
                m.d.sync += signal.eq(condition)
            return hits[name, number]

        def here(where: int, byte: int) -> Value:
            mine = ~address[7] if where == LOWER else page == where
            return hit("at_page", where, mine) & hit("at_byte", byte, address == byte)

        for field in self._fields:
            for byte, first, end in field.places():
                bits = slice(field.low, field.low + end - first)
                if field.access in (Access.CONTROL, Access.TRIGGER):
                    target = control if field.access is Access.CONTROL else self.trigger
                    with m.If(writing[1] & here(field.page, byte)):
                        m.d.sync += Value.cast(target[field.name])[first:end].eq(given[bits])
                elif field.access is Access.FLAG:
                    flag = Value.cast(self.flags[field.name])[first:end]
                    cause = Value.cast(self.raised[field.name])[first:end]
                    clear = Mux(taking[1] & here(field.page, byte), given[bits], 0)
                    m.d.sync += flag.eq(flag & ~clear | cause)

        # One clock after it has been written, the page is checked.
        with m.If(writing[1] & here(LOWER, 127)):
            m.d.sync += bank.eq(control["BankSelect"])
        there = Signal()
        with m.Switch(page):
            for number in pages:
                with m.Case(number):
                    banked = 0x10 <= number <= _LAST_BANKED
                    m.d.comb += there.eq((bank == 0) if banked else 1)
            if len(self._outside):
                with m.Case(*self._outside):
                    m.d.comb += there.eq(1)
        with m.If(~there & ~writing[1]):
            m.d.sync += page.eq(0)

        waiting = [Value.cast(self.flags[field.name]) & ~Value.cast(control[field.mask])
                   for field in self._fields if field.access is Access.FLAG and field.mask]
        pending = Signal(len(waiting))
        m.d.sync += [pending.eq(Cat(bits.any() for bits in waiting)),
                     self.interrupt.eq(pending.any())]
        return m

    def _byte(self, page: int, byte: int) -> Value:
        """What the host reads there."""
        bits: list[Value] = [Const(0, 1)] * 8
        for low, first, end, field in self._map.get((page, byte), []):
            if field.access is Access.FIXED:
                source: Value = Const(field.value, field.width)
            elif field.access is Access.TRIGGER:
                source = Const(0, field.width)
            else:
                source = Value.cast({
                    Access.STATUS: self.status, Access.CONTROL: self.control,
                    Access.FLAG: self.flags}[field.access][field.name])
            for index in range(first, end):
                bits[low + index - first] = source[index]
        return Cat(bits)

    def _read(self, m: Module, pages: list[int], page: Value, upper: Value):
        memory = self.memory
        step = Signal(3)                    # clocks since a fetch; 3 and 4: the pair is there
        pair = Signal(16)
        low = Signal(8)                     # second byte of the last pair
        low_counts = Signal()
        m.d.comb += [
            memory.ready.eq((step == 0) & ~memory.fetch),
            self.word.eq(Cat(memory.address[1:7], page - (self._outside.start or 0))),
        ]
        with m.If(memory.fetch):
            m.d.sync += step.eq(1)
        with m.Elif(step != 0):
            m.d.sync += step.eq(Mux(step == 3, 0, step + 1))

        # First every page by itself, then one of them.
        outputs = {}
        for where in [LOWER, *pages]:
            name = "lower" if where == LOWER else f"page_{where:02x}"
            outputs[where] = output = Signal(16, name=name)
            base = 0 if where == LOWER else 128
            with m.Switch(memory.address[1:7]):
                for even in range(0, 128, 2):
                    if any((where, base + even + odd) in self._map for odd in (0, 1)):
                        with m.Case(even // 2):
                            m.d.sync += output.eq(Cat(self._byte(where, base + even + 1),
                                                      self._byte(where, base + even)))
                with m.Default():
                    m.d.sync += output.eq(0)
        with m.If(~upper):
            m.d.sync += pair.eq(outputs[LOWER])
        with m.Else():
            with m.Switch(page):
                for where in pages:
                    with m.Case(where):
                        m.d.sync += pair.eq(outputs[where])
                with m.Default():
                    m.d.sync += pair.eq(self.pair)
        with m.If(step == 3):
            m.d.sync += low_counts.eq(~memory.address[0])
            with m.If(memory.address[0]):
                m.d.sync += memory.data.eq(Mux(low_counts, low, pair[:8]))
            with m.Else():
                m.d.sync += [memory.data.eq(pair[8:]), low.eq(pair[:8])]
        with m.If(~memory.busy | memory.write):
            m.d.sync += low_counts.eq(0)
