"""A word across two clocks: every value arrives, and nothing that was never sent."""

import random

import pytest
from amaranth import ClockDomain, Module, Signal
from amaranth.sim import Simulator

from lampyris.stream.held_word import HeldWord


@pytest.mark.parametrize("phase", [0.4, 1.0, 2.6])
def test_words_whose_bits_change_one_after_the_other(phase):
    """The bits of a word arrive up to half a cycle apart, at any phase of the receiving clock."""
    dut, rng = HeldWord(width=16), random.Random(3)
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.dut = dut
    word = Signal(16)
    m.d.comb += dut.i.eq(word)
    sent, got = [0], [0]

    async def sender(ctx):
        for _ in range(200):
            new = rng.getrandbits(16)
            mask = rng.getrandbits(16)
            ctx.set(word, (sent[-1] & ~mask) | (new & mask))
            await ctx.delay(rng.random() * 0.5e-9)
            ctx.set(word, new)
            sent.append(new)
            await ctx.delay(rng.uniform(6, 9) * 1e-9)

    async def receiver(ctx):
        while True:
            await ctx.tick()
            if ctx.get(dut.o) != got[-1]:
                got.append(ctx.get(dut.o))

    simulator = Simulator(m)
    simulator.add_clock(1e-9, phase=phase * 1e-10)
    simulator.add_testbench(sender)
    simulator.add_testbench(receiver, background=True)
    simulator.run()
    assert got == [new for new, before in zip(sent, [None, *sent], strict=False) if new != before]


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^width must be 1 or more, not 0$"):
        HeldWord(width=0)
