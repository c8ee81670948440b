"""What the decoder has said of the last symbols of a lane, until their bits are looked at."""

from amaranth import Cat, Module, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_gear, check_range
from ..shapes import error_layout

__all__ = ["ErrorStore"]

_TAG = 2                # bits of a symbol's number beyond the address


class ErrorStore(wiring.Component):
    """A ring of the errors of symbols, which are numbered without end, markers too.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    depth : int, 16..65536
        Symbols that are kept at least.
    period, markers : int
        Symbols per frame, and how many of them are marker.

    Members
    -------
    i : :func:`error_layout`, in
    index : :attr:`index_bits`, in; enable : 1 bit, in
        Read the symbol of that number, modulo 2^:attr:`index_bits`.
    error : `gear` bits, out; known : 1 bit, out
        That of the `enable` before the last, and whether there is such a one; from registers.
    frame : :attr:`index_bits`, out
        Number of the first symbol, of the marker, of the last frame of which there was one.

    Latency: a symbol can be read in the second cycle after it came. A number that is not written,
    as of a marker, is not known, unless 4 times the ring was written without its address.
    """

    i: data.View
    index: Signal
    enable: Signal
    error: Signal
    known: Signal
    frame: Signal

    def __init__(self, *, gear: int, depth: int, period: int, markers: int):
        check_gear(gear)
        check_range("depth", depth, 16, 65536)
        self._gear, self._period, self._markers = gear, period, markers
        self._address_bits = (depth - 1).bit_length()
        bits = self.index_bits
        super().__init__({
            "i": In(error_layout(gear)), "index": In(bits), "enable": In(1),
            "error": Out(gear), "known": Out(1), "frame": Out(bits),
        })

    @property
    def index_bits(self) -> int:
        return self._address_bits + _TAG

    def elaborate(self, platform):
        m = Module()
        bits, address = self.index_bits, self._address_bits
        m.submodules.ring = ring = Memory(
            shape=unsigned(self._gear + 1 + _TAG), depth=1 << address, init=[])
        write, read = ring.write_port(), ring.read_port()
        following, coming = Signal(bits), Signal(bits, init=self._markers)
        here, tag = Signal(bits), Signal(_TAG)
        item = Signal.like(self.i)
        m.d.sync += item.eq(self.i)
        with m.If(self.i.valid):
            m.d.sync += [here.eq(following), following.eq(following + 1)]
            with m.If(self.i.first):
                m.d.sync += [here.eq(coming), following.eq(coming + 1),
                             coming.eq(coming + self._period),
                             self.frame.eq(coming - self._markers)]
        m.d.comb += [
            write.addr.eq(here[:address]), write.en.eq(item.valid),
            write.data.eq(Cat(item.error, item.known, here[address:])),
            read.addr.eq(self.index[:address]), read.en.eq(self.enable),
        ]
        with m.If(self.enable):
            m.d.sync += [
                tag.eq(self.index[address:]), self.error.eq(read.data[:self._gear]),
                self.known.eq(read.data[self._gear] & (read.data[self._gear + 1:] == tag)),
            ]
        return m
