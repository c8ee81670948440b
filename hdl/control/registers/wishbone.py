"""Wishbone B4 (classic) to register accesses."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ...checks import check_range
from .access import answer_stream, request_stream

__all__ = ["WISHBONE", "Wishbone", "wishbone_members"]

WISHBONE = "wb"
"""Name of the bus in the ports of a top."""


def wishbone_members(address_bits: int) -> dict[str, wiring.Member]:
    """Wishbone with 32 bits of data and granularity 8, as the registers see it. `adr` counts words
    of 4 bytes, as the standard has it: its bit 0 is bit 2 of the byte address."""
    return {
        "cyc": In(1), "stb": In(1), "we": In(1), "adr": In(address_bits - 2), "sel": In(4),
        "dat_w": In(32), "dat_r": Out(32), "ack": Out(1), "err": Out(1),
    }


class Wishbone(wiring.Component):
    """Makes an access of each classic cycle, ended by `ack` or `err` for one clock.

    A master that ends its cycle early is not answered; the access is done all the same, and the
    next cycle waits for it.

    Parameters
    ----------
    address_bits : int, 3..32
        Of a byte address.

    Members
    -------
    cyc, stb, ... err
        Of :func:`wishbone_members`. All outputs are registers; `dat_r` counts with `ack` only.
    o : stream of :func:`request_layout`, i : stream of :func:`answer_layout`

    Latency: 1 clock to the request, 1 from the answer to `ack`; one clock between cycles. Cost: 75
    flip-flops and one per bit of the address.
    """

    cyc: Signal
    stb: Signal
    we: Signal
    adr: Signal
    sel: Signal
    dat_w: Signal
    dat_r: Signal
    ack: Signal
    err: Signal
    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, address_bits: int):
        check_range("address_bits", address_bits, 3, 32)
        super().__init__({**wishbone_members(address_bits), "o": Out(request_stream(address_bits)),
                          "i": In(answer_stream())})

    def elaborate(self, platform):
        m = Module()
        offered, asked = Signal(), Signal()
        wanted = Signal()           # the master has not given up
        m.d.comb += [self.o.valid.eq(offered), self.i.ready.eq(asked)]
        m.d.sync += [self.ack.eq(0), self.err.eq(0)]
        # In the clock of `ack` the strobe is still that of the cycle that ends.
        with m.If(self.cyc & self.stb & ~offered & ~asked & ~self.ack & ~self.err):
            m.d.sync += [
                offered.eq(1), wanted.eq(1),
                self.o.payload.eq(Cat(Const(0, 2), self.adr, self.we, self.dat_w, self.sel)),
            ]
        with m.Elif(~(self.cyc & self.stb)):
            m.d.sync += wanted.eq(0)
        with m.If(offered & self.o.ready):
            m.d.sync += [offered.eq(0), asked.eq(1)]
        with m.If(asked & self.i.valid):
            told = wanted & self.cyc & self.stb
            m.d.sync += [
                asked.eq(0), self.dat_r.eq(self.i.payload.data),
                self.ack.eq(told & ~self.i.payload.error), self.err.eq(told & self.i.payload.error),
            ]
        return m
