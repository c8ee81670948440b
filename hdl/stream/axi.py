"""AXI4-Stream names at the edge of the design, beat streams inside."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import beat_layout
from .resize import Skid, check_width

__all__ = ["AxiInput", "AxiOutput"]


class AxiInput(wiring.Component):
    """AXI4-Stream sink to beat stream.

    `tkeep` counts in the last beat of a packet only, where it must be contiguous from byte 0; other
    beats are full whatever it says. In a last beat `tkeep[0]` is taken as 1, so an empty last beat
    counts as one byte. With a gap in `tkeep` the number of bytes is undefined.

    Parameters
    ----------
    width : int
        Bits of `tdata`, a multiple of 32.

    Members
    -------
    tdata : In(width)
    tkeep : In(width / 8)
    tlast : In(1)
    tuser : In(1)
        The packet is bad; counts in the last beat only.
    tvalid : In(1)
    tready : Out(1)
        A register.
    o : stream of :func:`beat_layout` (width)
        Registers. Unused bytes are 0, as the encapsulation needs them; `empty` and `error` are 0 in
        all but the last beat.

    Latency: 1 cycle. Throughput: a beat per cycle. Cost: two registers per bit.
    """

    tdata: Signal
    tkeep: Signal
    tlast: Signal
    tuser: Signal
    tvalid: Signal
    tready: Signal
    o: stream.Interface

    def __init__(self, *, width: int):
        check_width("width", width)
        self._width = width
        super().__init__({
            "tdata": In(width),
            "tkeep": In(width // 8),
            "tlast": In(1),
            "tuser": In(1),
            "tvalid": In(1),
            "tready": Out(1),
            "o": Out(stream.Signature(beat_layout(width))),
        })

    @property
    def width(self) -> int:
        return self._width

    def elaborate(self, platform):
        m = Module()
        size = self._width // 8
        m.submodules.skid = skid = Skid(shape=data.StructLayout({
            "data": self._width, "keep": size, "last": 1, "error": 1,
        }))
        m.d.comb += [
            skid.i.payload.data.eq(self.tdata),
            skid.i.payload.keep.eq(self.tkeep),
            skid.i.payload.last.eq(self.tlast),
            skid.i.payload.error.eq(self.tuser),
            skid.i.valid.eq(self.tvalid),
            self.tready.eq(skid.i.ready),
        ]

        taken = skid.o.payload
        keep = Signal(size)
        m.d.comb += keep.eq(Mux(taken.last, taken.keep | 1, (1 << size) - 1))
        # The unused bytes counted from the top are a thermometer: bit j of their number is the
        # parity of every 2^j-th of its marks.
        unused = [~keep[size - 1 - place] for place in range(size)]
        empty = [Cat(unused[(1 << bit) - 1::1 << bit]).xor()
                 for bit in range((size - 1).bit_length())]

        shown = Signal()
        beat = Signal(beat_layout(self._width), reset_less=True)
        m.d.comb += [
            skid.o.ready.eq(~shown | self.o.ready),
            self.o.valid.eq(shown),
            self.o.payload.eq(beat),
        ]
        with m.If(skid.o.ready):
            m.d.sync += [
                shown.eq(skid.o.valid),
                beat.data.eq(taken.data & _mask(keep)),
                beat.last.eq(taken.last),
                beat.empty.eq(Cat(empty)),
                beat.error.eq(taken.last & taken.error),
            ]
        return m


class AxiOutput(wiring.Component):
    """Beat stream to AXI4-Stream source.

    Parameters
    ----------
    width : int
        Bits of `tdata`, a multiple of 32.

    Members
    -------
    i : stream of :func:`beat_layout` (width)
        `ready` is a register.
    tdata : Out(width)
        Unused bytes are 0.
    tkeep : Out(width / 8)
        Contiguous from byte 0; all ones in all but the last beat.
    tlast : Out(1)
    tuser : Out(1)
        The packet is bad; 0 in all but the last beat.
    tvalid : Out(1)
    tready : In(1)

    All outputs are registers. Latency: 1 cycle. Throughput: a beat per cycle. Cost: two registers
    per bit.
    """

    i: stream.Interface
    tdata: Signal
    tkeep: Signal
    tlast: Signal
    tuser: Signal
    tvalid: Signal
    tready: Signal

    def __init__(self, *, width: int):
        check_width("width", width)
        self._width = width
        super().__init__({
            "i": In(stream.Signature(beat_layout(width))),
            "tdata": Out(width),
            "tkeep": Out(width // 8),
            "tlast": Out(1),
            "tuser": Out(1),
            "tvalid": Out(1),
            "tready": In(1),
        })

    @property
    def width(self) -> int:
        return self._width

    def elaborate(self, platform):
        m = Module()
        size = self._width // 8
        m.submodules.skid = skid = Skid(shape=beat_layout(self._width))
        wiring.connect(m, wiring.flipped(self.i), skid.i)

        taken = skid.o.payload
        keep = Signal(size)
        m.d.comb += [
            keep.eq(Cat(~taken.last | (taken.empty < size - place) for place in range(size))),
            skid.o.ready.eq(~self.tvalid | self.tready),
        ]
        with m.If(skid.o.ready):
            m.d.sync += [
                self.tvalid.eq(skid.o.valid),
                self.tdata.eq(taken.data & _mask(keep)),
                self.tkeep.eq(keep),
                self.tlast.eq(taken.last),
                self.tuser.eq(taken.last & taken.error),
            ]
        return m


def _mask(keep):
    """A byte of ones for each one in `keep`."""
    return Cat(mark.replicate(8) for mark in keep)
