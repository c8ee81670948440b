"""A code as one bit, for a pin with an RC filter."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import codes_layout
from .fields import check_bits, check_lanes

__all__ = ["SigmaDelta", "SigmaDeltaOutput"]


class SigmaDelta(wiring.Component):
    """First-order modulator: 1 in `i` of 2**bits clocks, spread evenly.

    Parameters
    ----------
    bits : int, 3..12

    Members
    -------
    i : `bits` bits, in
    o : 1 bit, out
        The carry of a sum that goes on for ever. In any 2**bits clocks in a row with the same code
        it is 1 exactly `i` times; with a code of 0 it is 0 at once.

    Latency: 1 clock.
    """

    i: Signal
    o: Signal

    def __init__(self, *, bits: int = 6):
        check_bits(bits)
        self._bits = bits
        super().__init__({"i": In(bits), "o": Out(1)})

    def elaborate(self, platform):
        m = Module()
        rest = Signal(self._bits)
        m.d.sync += Cat(rest, self.o).eq(rest + self.i)
        return m


class SigmaDeltaOutput(wiring.Component):
    """A modulator for each code of each lane, for FPGA boards: behind :class:`ParallelOutput`.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.

    Members
    -------
    codes : array of `lanes` x :func:`codes_layout` (bits), in
    o : array of `lanes` x :func:`codes_layout` (1), out

    Latency: 1 clock. Cost: 4·(bits + 1) flip-flops and 4 adders per lane, 47 LUT4 on an ECP5 with 6
    bits. An array of many lanes has no pins for that, so it is not shared by lanes in turn.
    """

    codes: data.View
    o: data.View

    def __init__(self, *, lanes: int, bits: int = 6):
        check_lanes(lanes)
        check_bits(bits)
        self._lanes, self._bits = lanes, bits
        super().__init__({
            "codes": In(data.ArrayLayout(codes_layout(bits), lanes)),
            "o": Out(data.ArrayLayout(codes_layout(1), lanes)),
        })

    def elaborate(self, platform):
        m = Module()
        for lane in range(self._lanes):
            for name, _ in codes_layout(self._bits):
                modulator = SigmaDelta(bits=self._bits)
                m.submodules[f"{name}{lane}"] = modulator
                m.d.comb += [
                    modulator.i.eq(self.codes[lane][name]), self.o[lane][name].eq(modulator.o)]
        return m
