"""AXI4-Lite to register accesses."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ...checks import check_range
from .access import answer_stream, request_stream

__all__ = ["AXI_LITE", "AxiLite", "axi_lite_members"]

AXI_LITE = "s_axil"
"""Name of the bus in the ports of a top."""

def axi_lite_members(address_bits: int) -> dict[str, wiring.Member]:
    """AXI4-Lite with 32 bits of data, as the registers see it. There is no `awprot` and `arprot`:
    every access has the same rights."""
    return {
        "awaddr": In(address_bits), "awvalid": In(1), "awready": Out(1),
        "wdata": In(32), "wstrb": In(4), "wvalid": In(1), "wready": Out(1),
        "bresp": Out(2), "bvalid": Out(1), "bready": In(1),
        "araddr": In(address_bits), "arvalid": In(1), "arready": Out(1),
        "rdata": Out(32), "rresp": Out(2), "rvalid": Out(1), "rready": In(1),
    }


class AxiLite(wiring.Component):
    """Makes an access of each AXI4-Lite transfer, one at a time.

    Address and data of a write may come in any order. If a read and a write wait, they take turns.
    A response that is not taken keeps back only the transfers of its own kind.

    Parameters
    ----------
    address_bits : int, 3..32

    Members
    -------
    awaddr, awvalid, ... rready
        Of :func:`axi_lite_members`. All outputs are registers but `awready`, `wready` and
        `arready`, which are inverted registers. `bresp` and `rresp` are 0 (OKAY) or 2 (SLVERR).
    o : stream of :func:`request_layout`, i : stream of :func:`answer_layout`

    Latency: 1 clock to the request, 1 from the answer to the response. On an ECP5 (speed
    grade 6), with 14 bits of address: 43 LUT4, 104 flip-flops, 257 MHz.
    """

    awaddr: Signal
    awvalid: Signal
    awready: Signal
    wdata: Signal
    wstrb: Signal
    wvalid: Signal
    wready: Signal
    bresp: Signal
    bvalid: Signal
    bready: Signal
    araddr: Signal
    arvalid: Signal
    arready: Signal
    rdata: Signal
    rresp: Signal
    rvalid: Signal
    rready: Signal
    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, address_bits: int):
        check_range("address_bits", address_bits, 3, 32)
        self._address_bits = address_bits
        super().__init__({**axi_lite_members(address_bits), "o": Out(request_stream(address_bits)),
                          "i": In(answer_stream())})

    def elaborate(self, platform):
        m = Module()
        write_address, read_address = Signal.like(self.awaddr), Signal.like(self.araddr)
        data, strobe = Signal(32), Signal(4)
        has_address, has_data, has_read = Signal(), Signal(), Signal()
        m.d.comb += [self.awready.eq(~has_address), self.wready.eq(~has_data),
                     self.arready.eq(~has_read)]
        with m.If(self.awvalid & ~has_address):
            m.d.sync += [write_address.eq(self.awaddr), has_address.eq(1)]
        with m.If(self.wvalid & ~has_data):
            m.d.sync += [data.eq(self.wdata), strobe.eq(self.wstrb), has_data.eq(1)]
        with m.If(self.arvalid & ~has_read):
            m.d.sync += [read_address.eq(self.araddr), has_read.eq(1)]

        # A request that is offered stays as it is: `writing` is chosen while none is. They take
        # turns by themselves, as in the clock after an access its registers are empty.
        offered, asked, writing = Signal(), Signal(), Signal()
        can_write, can_read = Signal(), Signal()
        m.d.comb += [
            can_write.eq(has_address & has_data & ~self.bvalid),
            can_read.eq(has_read & ~self.rvalid),
            self.o.valid.eq(offered), self.o.payload.write.eq(writing),
            self.o.payload.data.eq(data), self.o.payload.strobe.eq(strobe),
            self.i.ready.eq(asked),
        ]
        with m.If(writing):
            m.d.comb += self.o.payload.address.eq(write_address)
        with m.Else():
            m.d.comb += self.o.payload.address.eq(read_address)

        with m.If(~offered & ~asked & (can_write | can_read)):
            m.d.sync += [offered.eq(1), writing.eq(can_write)]
        with m.If(offered & self.o.ready):
            m.d.sync += [offered.eq(0), asked.eq(1)]

        with m.If(self.bready):
            m.d.sync += self.bvalid.eq(0)
        with m.If(self.rready):
            m.d.sync += self.rvalid.eq(0)
        with m.If(asked & self.i.valid):
            response = Cat(Const(0, 1), self.i.payload.error)
            m.d.sync += asked.eq(0)
            with m.If(writing):
                m.d.sync += [self.bvalid.eq(1), self.bresp.eq(response),
                             has_address.eq(0), has_data.eq(0)]
            with m.Else():
                m.d.sync += [self.rvalid.eq(1), self.rresp.eq(response),
                             self.rdata.eq(self.i.payload.data), has_read.eq(0)]
        return m
