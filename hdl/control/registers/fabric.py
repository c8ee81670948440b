"""All banks of a map behind one port, each in its clock domain."""

from collections.abc import Sequence

from amaranth import Cat, DomainRenamer, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ...stream.word_exchange import WordExchange
from .access import answer_layout, answer_stream, request_layout, request_stream
from .bank import RegisterBank
from .description import BANK_BYTES, RegisterMap

__all__ = ["RegisterFabric"]

_BANK_BITS = (BANK_BYTES - 1).bit_length()


class RegisterFabric(wiring.Component):
    """Takes each access to the bank that its address names, and brings the answer back.

    There is one access at a time. One to an address without a register is answered with an error,
    and so is one to a domain that does not answer within `timeout`, because its clock stands still
    or it is in reset; whether that one is done later is not known (:class:`WordExchange`).

    Parameters
    ----------
    registers : RegisterMap
    domains : sequence of str
        Clock domain of each bank; those in ``sync`` need no crossing.
    timeout : int
        Clocks of ``sync``.

    Members
    -------
    i : stream of :func:`request_layout`, o : stream of :func:`answer_layout`
    interrupt : 1 bit, out
        A level: a bank asks for it. Two flip-flops after the banks of other domains.
    interrupts : a bit per bank, out
        Which ones.

    Attributes
    ----------
    banks : dict of str to :class:`RegisterBank`
        To be connected by who owns the signals, each in its domain.

    Latency: 8 clocks for a bank in ``sync``; for another 6, and those of the crossing and the bank.
    Cost: 85 flip-flops, and a :class:`WordExchange` of 86 bits per crossing.
    """

    i: stream.Interface
    o: stream.Interface
    interrupt: Signal
    interrupts: Signal

    def __init__(self, registers: RegisterMap, *, domains: Sequence[str], timeout: int):
        if len(domains) != len(registers.banks):
            raise ValueError(f"{len(registers.banks)} banks need as many domains, not "
                             f"{len(domains)}")
        self._map, self._domains, self._timeout = registers, tuple(domains), timeout
        self.banks = {bank.name: RegisterBank(bank) for bank in registers.banks}
        super().__init__({
            "i": In(request_stream(registers.address_bits)), "o": Out(answer_stream()),
            "interrupt": Out(1), "interrupts": Out(len(registers.banks)),
        })

    @property
    def registers(self) -> RegisterMap:
        return self._map

    @property
    def timeout(self) -> int:
        return self._timeout

    def elaborate(self, platform):
        m = Module()
        count = len(self._map.banks)
        request = Signal(request_layout(self._map.address_bits))
        number = Signal(range(max(2, count)))
        busy, begin = Signal(), Signal()
        offered, asked = Signal(count), Signal(count)
        taken, answered, failed = Signal(count), Signal(count), Signal(count)
        data = Signal(32)
        nowhere = Signal()
        m.d.comb += [self.i.ready.eq(~busy), number.eq(request.address[_BANK_BITS:])]
        m.d.sync += begin.eq(self.i.valid & ~busy)
        with m.If(self.i.valid & ~busy):
            m.d.sync += [request.eq(self.i.payload), busy.eq(1)]
        # Addresses of a number that no bank has.
        m.d.comb += nowhere.eq(begin & (number >= count))

        parts = []
        for index, (name, bank) in enumerate(self.banks.items()):
            domain = self._domains[index]
            i, o, expired = self._reach(m, name, bank, domain)
            m.d.comb += [
                i.valid.eq(offered[index]), o.ready.eq(asked[index]),
                i.payload.eq(Cat(request.address[:_BANK_BITS], request.write, request.data,
                                 request.strobe)),
                taken[index].eq(i.ready),
                answered[index].eq(asked[index] & o.valid),
            ]
            answer = o.payload if expired is None else o.payload.answer
            lost = 0 if expired is None else expired
            m.d.comb += failed[index].eq(answer.error | lost)
            parts.append(Mux(asked[index] & ~failed[index], answer.data, 0))
            with m.If(begin & (number == index)):
                m.d.sync += offered[index].eq(1)
            with m.If(offered[index] & taken[index]):
                m.d.sync += [offered[index].eq(0), asked[index].eq(1)]
            with m.If(answered[index]):
                m.d.sync += asked[index].eq(0)
            if domain == "sync":
                m.d.comb += self.interrupts[index].eq(bank.interrupt)
            else:
                m.submodules[f"{name}_interrupt"] = FFSynchronizer(
                    bank.interrupt, self.interrupts[index])
        for part in parts:
            data = data | part

        m.d.sync += self.interrupt.eq(self.interrupts.any())
        with m.If(answered.any() | nowhere):
            m.d.sync += [self.o.valid.eq(1), self.o.payload.data.eq(data),
                         self.o.payload.error.eq(nowhere | (answered & failed).any())]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [self.o.valid.eq(0), busy.eq(0)]
        return m

    def _reach(self, m: Module, name: str, bank: RegisterBank, domain: str):
        """Add a bank, and a crossing to it; returns its streams and whether an answer expired."""
        m.submodules[f"{name}_bank"] = DomainRenamer(domain)(bank)
        if domain == "sync":
            return bank.i, bank.o, None
        exchange = WordExchange(request=request_layout(_BANK_BITS), answer=answer_layout(),
                                timeout=self._timeout)
        m.submodules[f"{name}_exchange"] = DomainRenamer({"near": "sync", "far": domain})(
            exchange)
        wiring.connect(m, exchange.far_o, bank.i)
        wiring.connect(m, bank.o, exchange.far_i)
        return exchange.i, exchange.o, exchange.o.payload.expired
