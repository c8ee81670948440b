"""The codes that each lane's driver was given last, for who asks now and then."""

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..shapes import codes_layout
from .fields import check_bits, check_lanes

__all__ = ["LastCodes", "last_codes_layout"]


def last_codes_layout(bits: int) -> data.StructLayout:
    """What is kept of a lane's codes, of `bits` bits each."""
    return data.StructLayout({"bias": bits, "modulation": bits})


class LastCodes(wiring.Component):
    """Writes down what goes from a driver control to its output form.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.

    Members
    -------
    taken : 1 bit, in; codes_lane : in, 0..lanes-1; codes : :func:`codes_layout`, in
        A lane gets these codes in this clock. The last one in each round is lane 0.
    lane : in, 0..lanes-1; ask : 1 bit, in
        The codes of this lane are wanted, until `done`.
    done : 1 bit, out; o : :func:`last_codes_layout`, out
        For one clock; in it `o` is right.

    Latency: 2 clocks; after a reset, when each lane has got its codes. Cost: a memory of 2·`bits`
    bits per lane.
    """

    taken: Signal
    codes_lane: Signal
    codes: data.View
    lane: Signal
    ask: Signal
    done: Signal
    o: Any

    def __init__(self, *, lanes: int, bits: int):
        check_lanes(lanes)
        check_bits(bits)
        self._lanes = lanes
        self._kept = last_codes_layout(bits)
        super().__init__({
            "taken": In(1), "codes_lane": In(range(lanes)), "codes": In(codes_layout(bits)),
            "lane": In(range(lanes)), "ask": In(1), "done": Out(1), "o": Out(self._kept),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=self._kept, depth=self._lanes, init=[])
        read, write = memory.read_port(), memory.write_port()
        settled, looked = Signal(), Signal()
        m.d.comb += [
            write.addr.eq(self.codes_lane), write.en.eq(self.taken),
            write.data.bias.eq(self.codes.bias), write.data.modulation.eq(self.codes.modulation),
            read.addr.eq(self.lane), self.o.eq(read.data), self.done.eq(looked & self.ask),
        ]
        with m.If(self.taken & (self.codes_lane == 0)):
            m.d.sync += settled.eq(1)
        m.d.sync += looked.eq(self.ask & settled & ~looked)
        return m
