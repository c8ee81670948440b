import random

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.framing.scrambler import KeyStream, seed_state, step_base
from lampyris.sim.reference import Format
from lampyris.sim.reference.lfsr import next_base, seed_states
from lampyris.sim.reference.scrambler import keystream
from lampyris.sim.streams import simulate


class Seed(wiring.Component):
    """The two functions, as a block."""
    identity: In(11)
    base: In(16)
    state: Out(31)
    following: Out(16)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.state.eq(seed_state(self.identity, self.base)),
                     self.following.eq(step_base(self.base))]
        return m


def test_seed_and_base():
    dut, rng = Seed(), random.Random(1)

    async def testbench(ctx):
        for _ in range(400):
            identity, base = rng.getrandbits(11), rng.randint(1, 0xFFFF)
            ctx.set(dut.identity, identity)
            ctx.set(dut.base, base)
            await ctx.delay(1e-9)
            bits = seed_states(base, np.array([identity]))[:, 0]
            assert ctx.get(dut.state) == sum(int(bit) << i for i, bit in enumerate(bits))
            assert ctx.get(dut.following) == next_base(base)

    simulate(dut, [testbench], cycles=1000)


def test_base_period():
    """All 65,535 bases but 0 come in turn."""
    base, seen = 1, 0
    while True:
        base, seen = next_base(base), seen + 1
        if base == 1:
            break
    assert seen == 0xFFFF


@pytest.mark.parametrize("gear", [4, 5, 8, 10, 16])
def test_key(gear):
    """Against the model, with pauses; a new seed takes effect whenever it is loaded."""
    dut, rng = KeyStream(gear=gear), random.Random(gear)
    fmt = Format(lanes=16, gear=gear)

    async def testbench(ctx):
        for length in (1, 40, 7, 100):
            identity, base = rng.getrandbits(11), rng.randint(1, 0xFFFF)
            ctx.set(dut.identity, identity)
            ctx.set(dut.base, base)
            ctx.set(dut.load, 1)
            ctx.set(dut.advance, rng.getrandbits(1))
            await ctx.tick()
            ctx.set(dut.load, 0)
            ctx.set(dut.identity, rng.getrandbits(11))
            ctx.set(dut.base, rng.getrandbits(16))
            for wanted in keystream(fmt, base, np.array([identity]), length)[:, 0].tolist():
                ctx.set(dut.advance, 0)
                while rng.random() < 0.3:
                    await ctx.tick()
                assert ctx.get(dut.key) == wanted
                ctx.set(dut.advance, 1)
                await ctx.tick()

    simulate(dut, [testbench])


def test_no_scrambler():
    dut = KeyStream(gear=8, enable=False)

    async def testbench(ctx):
        ctx.set(dut.load, 1)
        ctx.set(dut.base, 0x1234)
        ctx.set(dut.advance, 1)
        for _ in range(5):
            await ctx.tick()
            assert ctx.get(dut.key) == 0

    simulate(dut, [testbench])


@pytest.mark.parametrize("gear", [0, 29])
def test_bad_parameters(gear):
    with pytest.raises(ValueError, match=rf"^gear must be 1 to 28, not {gear}$"):
        KeyStream(gear=gear)


def test_bad_seed():
    with pytest.raises(ValueError, match=r"^identity and base have 27 bits, not 26$"):
        seed_state(Signal(10), Signal(16))
