"""Pins and their twin: the same bits, the same latency."""

import random

import pytest
from amaranth import Cat, ClockDomain, Module, Signal
from amaranth.lib import data, io, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from lampyris.platforms.lane_io import DdrLaneIO, LaneIOSignature, LoopbackLaneIO, PlainLaneIO
from lampyris.platforms.ulx3s import BOARD

LANES = 3


def _run(dut, *, pins=(), cycles=60, looped=False):
    """Drive random words; returns what was sent and what came back, cycle by cycle."""
    m = Module()
    for name in ("tx_bit", "rx_bit"):
        m.domains += ClockDomain(name)
    m.submodules.dut = dut
    if pins:
        m.d.comb += pins[1].i.eq(pins[0].o)
    sent, received = [], []
    random.seed(1)

    async def bench(ctx):
        ctx.set(dut.loop, looped)
        for _ in range(cycles):
            word = random.getrandbits(len(dut.lane.tx))
            ctx.set(dut.lane.tx, word)
            sent.append(word)
            received.append(ctx.get(dut.lane.rx))
            await ctx.tick("rx_bit")

    simulator = Simulator(m)
    simulator.add_clock(5e-9, domain="tx_bit")
    simulator.add_clock(5e-9, domain="rx_bit")
    simulator.add_testbench(bench)
    simulator.run()
    return sent, received


def _pins():
    return (io.SimulationPort(io.Direction.Output, LANES, name="tx"),
            io.SimulationPort(io.Direction.Input, LANES, name="rx"))


def test_plain_pins_take_three_cycles():
    pins = _pins()
    sent, received = _run(PlainLaneIO(*pins), pins=pins)
    assert received[3:] == sent[:-3]


def test_twin_is_as_late_as_the_pins():
    sent, received = _run(LoopbackLaneIO(LANES))
    assert received[3:] == sent[:-3]


def test_loop_inside_the_chip_ignores_the_pins():
    sent, received = _run(PlainLaneIO(*_pins()), looped=True)
    assert received[4:] == sent[1:-3]  # the first cycles are those of the switch's synchroniser
    assert _run(PlainLaneIO(*_pins()))[1] == [0] * 60  # switch off, and the pins are quiet


@pytest.mark.parametrize("bits", [1, 2])
def test_skew_and_inversion(bits):
    skew = (0, 3, 8)
    sent, received = _run(LoopbackLaneIO(LANES, bits=bits, skew=skew, inverted=0b100), cycles=80)
    for lane in range(LANES):
        line = [word >> lane * bits + bit & 1 for word in sent for bit in range(bits)]
        seen = [word >> lane * bits + bit & 1 for word in received for bit in range(bits)]
        delay = 3 * bits + skew[lane]
        assert seen[delay:] == [bit ^ (lane == 2) for bit in line[:-delay]]


def test_ddr_pins_elaborate_for_the_chip():
    """DDR registers do not simulate: only that the platform accepts them, on the lanes' pins."""
    platform = BOARD.platform()
    tx_port, rx_port = (platform.request(name, 0, dir="-") for name in ("lane_tx", "lane_rx"))
    dut = DdrLaneIO(tx_port, rx_port, tx_domain="sync", rx_domain="sync")
    assert dut.lane.tx.shape().width == 16
    m = Module()
    m.submodules.dut = dut
    m.d.sync += dut.lane.tx.eq(~dut.lane.rx)
    text = platform.prepare(m, name="ddr", emit_src=False).files["ddr.il"]
    assert str(text).count("cell \\ODDRX1F") == 8
    assert str(text).count("cell \\IDDRX1F") == 8


def test_order_of_ddr_bits(monkeypatch):
    """With DDR buffers that keep element 0 first, as those of `amaranth.lib.io` do."""
    wire = Signal(2 * LANES)

    class Buffer(wiring.Component):
        def __init__(self, direction, port, *, i_domain="rx_bit", o_domain="tx_bit"):
            self.sends = direction is io.Direction.Output
            pair = data.ArrayLayout(LANES, 2)
            super().__init__({"o": In(pair)} if self.sends else {"i": Out(pair)})

        def elaborate(self, platform):
            m = Module()
            if self.sends:
                m.d.tx_bit += wire.eq(Cat(self.o[0], self.o[1]))
            else:
                m.d.rx_bit += Cat(self.i[0], self.i[1]).eq(wire)
            return m

    monkeypatch.setattr(io, "DDRBuffer", Buffer)
    sent, received = _run(DdrLaneIO(*_pins()))
    assert received[3:] == sent[:-3]
    sent, received = _run(DdrLaneIO(*_pins()), looped=True)
    assert received[4:] == sent[1:-3]


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: LaneIOSignature(0), "lanes = 0 must be a whole number of 1 or more"),
    (lambda: LaneIOSignature(8, bits=4),
     "bits = 4 per lane and clock is unknown: allowed is 1 or 2"),
    (lambda: LoopbackLaneIO(2, skew=(1,)), "skew = (1,) must be 2 delays of 0 or more bits"),
    (lambda: LoopbackLaneIO(2, inverted=4), "inverted = 4 must be a mask of 2 lanes"),
    (lambda: PlainLaneIO(_pins()[0], io.SimulationPort(io.Direction.Input, 2)),
     "3 transmit pins do not match 2 receive pins"),
])
def test_wrong_parameters(call, sentence):
    with pytest.raises(ValueError) as caught:
        call()
    assert str(caught.value) == sentence
