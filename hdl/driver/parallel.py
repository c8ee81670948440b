"""Codes of all lanes on buses of their own."""

from amaranth import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import codes_layout, drive_layout
from .fields import check_bits, check_lanes

__all__ = ["ParallelOutput"]


class ParallelOutput(wiring.Component):
    """A register per lane for its four codes, which follow the lane's turns.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.

    Members
    -------
    i : stream of :func:`drive_layout`, in, always ready
    dark : `lanes` bits, in
        Of :class:`LaneGuard`: the lane's codes become 0.
    codes : array of `lanes` x :func:`codes_layout`, out

    Latency: 1 clock, from `dark` as well. Cost: 4·bits flip-flops per lane.
    """

    i: stream.Interface
    dark: Signal
    codes: data.View

    def __init__(self, *, lanes: int, bits: int = 6):
        check_lanes(lanes)
        check_bits(bits)
        self._lanes = lanes
        super().__init__({
            "i": In(stream.Signature(drive_layout(lanes, bits), always_ready=True)),
            "dark": In(lanes), "codes": Out(data.ArrayLayout(codes_layout(bits), lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        for lane in range(self._lanes):
            with m.If(self.dark[lane]):
                m.d.sync += self.codes[lane].eq(0)
            with m.Elif(self.i.valid & (self.i.payload.lane == lane)):
                m.d.sync += self.codes[lane].eq(self.i.payload.codes)
        return m
