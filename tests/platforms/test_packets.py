"""The test packets: what is sent is accepted, what is changed is not."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.sim import Simulator

from lampyris.platforms.packets import PacketCheck, PacketSource

WIDTH = 64


def _stream(cycles=400):
    """The source's beats under random stalls: (data, last)."""
    dut, beats = PacketSource(WIDTH), []

    async def bench(ctx):
        random.seed(2)
        for _ in range(cycles):
            ready = random.random() < 0.6
            ctx.set(dut.o.tready, ready)
            assert ctx.get(dut.o.tvalid)
            if ready:
                beats.append((ctx.get(dut.o.tdata), ctx.get(dut.o.tlast)))
            await ctx.tick()

    _simulate(dut, bench)
    return beats


def _count_bad(beats):
    """Wrong beats the checker sees; a beat is (data, last) or (data, last, user)."""
    dut = PacketCheck(WIDTH)
    bad = []

    async def bench(ctx):
        for data, last, *user in beats:
            for name, value in (("tdata", data), ("tlast", last), ("tuser", int(*user)),
                                ("tkeep", 0xFF), ("tvalid", 1)):
                ctx.set(getattr(dut.i, name), value)
            await ctx.tick()
            bad.append(ctx.get(dut.bad))
            ctx.set(dut.i.tvalid, 0)
            await ctx.tick()
            assert not ctx.get(dut.bad)

    _simulate(dut, bench)
    return sum(bad)


def _simulate(dut, bench):
    m = Module()
    m.submodules.dut = dut
    m.d.sync += Signal(name="keeps_the_clock").eq(1)
    simulator = Simulator(m)
    simulator.add_clock(40e-9)
    simulator.add_testbench(bench)
    simulator.run()


def test_source_counts_and_ends_packets_after_16_beats():
    beats = _stream()
    assert len(beats) > 200
    for number, (data, last) in enumerate(beats):
        assert data == number | (~number & 0xFFFF_FFFF) << 32
        assert last == (number % 16 == 15)


@pytest.mark.parametrize(("change", "least"), [
    (lambda beats: beats, 0),
    (lambda beats: beats[:32] + beats[64:], 0),                                  # whole packets
    (lambda beats: beats[:20] + beats[21:], 1),                                  # a beat lost
    (lambda beats: [*beats[:20], beats[20], *beats[20:]], 1),                    # a beat twice
    (lambda beats: [*beats[:20], *beats[36:]], 1),                               # two halves
    (lambda beats: [*beats[:20], (beats[20][0] ^ 1 << 40, 0), *beats[21:]], 1),  # a bit
    (lambda beats: [*beats[:31], (beats[31][0], 1, 1), *beats[32:]], 1),         # flagged
    (lambda beats: [*beats[:20], (beats[20][0], 1), *beats[21:]], 1),            # cut in two
    (lambda beats: [*beats[:31], (beats[31][0], 0), *beats[32:]], 1),            # joined
])
def test_check(change, least):
    found = _count_bad(change(_stream(200)[:96]))
    assert found >= least if least else found == 0
