"""Framer and transmit lanes against the model, bit for bit on every logical lane."""

import random

import numpy as np
import pytest
from amaranth import Elaboratable, Module, Signal
from amaranth.sim import Simulator

from lampyris.framing.framer import Framer
from lampyris.framing.transmit_lane import TransmitLane
from lampyris.geometry import REFRESH_BLOCKS, Geometry
from lampyris.sim.reference import Format, decode_frames, encode_frames, idle_block


class Sender(Elaboratable):
    """A framer and its lanes."""

    def __init__(self, geometry: Geometry, flow_control: bool, sparing: bool = False):
        self.geometry = geometry
        self.framer = Framer(geometry=geometry, flow_control=flow_control, sparing=sparing)
        self.lanes = [TransmitLane(geometry=geometry) for _ in range(geometry.physical_lanes)]
        self.symbols = [Signal(geometry.gear) for _ in self.lanes]

    def elaborate(self, platform):
        m = Module()
        m.submodules.framer = self.framer
        gear = self.geometry.gear
        for number, lane in enumerate(self.lanes):
            m.submodules[f"lane{number}"] = lane
            m.d.comb += [lane.identity.eq(number), lane.slot.eq(self.framer.slot),
                         self.symbols[number].eq(lane.o)]
            if number < self.geometry.lanes:
                m.d.comb += lane.i.eq(self.framer.word[number * gear:(number + 1) * gear])
        return m


def record(sender: Sender, blocks: list[int], words: int, stall: float, wish=lambda word: 0):
    """Symbols of all lanes, [words, lanes], from position 0 on."""
    framer, rng, symbols = sender.framer, random.Random(4), []

    async def feed(ctx):
        for block in blocks:
            while rng.random() < stall:
                await ctx.tick()
            ctx.set(framer.i.payload, block)
            ctx.set(framer.i.valid, 1)
            while True:
                _, _, ready = await ctx.tick().sample(framer.i.ready)
                if ready:
                    break
            ctx.set(framer.i.valid, 0)

    async def watch(ctx):
        ctx.set(framer.seed, 0x3C5A)
        ctx.set(framer.message, 0xBEEF)
        ctx.set(framer.spare, 0x1234)
        await ctx.tick().repeat(5)
        ctx.set(framer.run, 1)
        # One cycle to the framer's word, one more to the lane's symbol.
        await ctx.tick().repeat(2)
        for word in range(words):
            assert ctx.get(framer.position) == (word + 1) % sender.geometry.marker_period
            symbols.append([ctx.get(symbol) for symbol in sender.symbols])
            ctx.set(framer.wish, wish(word))
            await ctx.tick()

    simulator = Simulator(sender)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed, background=True)
    simulator.add_testbench(watch)
    simulator.run()
    return np.array(symbols, dtype=np.uint16)


@pytest.mark.parametrize("lanes,spares,gear", [(8, 1, 8), (3, 0, 10), (16, 2, 4), (1, 0, 8)])
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_frames_are_the_models(lanes, spares, gear, stall):
    period, frames = 128, 3
    geometry = Geometry(lanes=lanes, spares=spares, gear=gear, marker_period=period)
    fmt = Format(lanes, spares, gear, period)
    rng = random.Random(lanes)
    sent = [rng.getrandbits(32 * geometry.granules) for _ in range(frames * period)]
    symbols = record(Sender(geometry, flow_control=False), sent, frames * period, stall)

    decoded = decode_frames(fmt, symbols)
    assert not decoded.parity_errors.any() and not decoded.bad_checks.any()
    assert set(decoded.messages) == {0xBEEF}
    again = encode_frames(fmt, decoded.blocks, decoded.bases[0], message=0xBEEF)
    assert np.array_equal(again, symbols)

    got = [int.from_bytes(block.astype("<u4").tobytes(), "little") for block in decoded.blocks]
    idle = int.from_bytes(idle_block(fmt).astype("<u4").tobytes(), "little")
    passed = [block for block in got if block != idle]
    assert passed == sent[:len(passed)] and len(passed) > len(got) // 3
    assert stall or len(passed) == len(got)


def test_the_wish_is_told_thrice_and_repeated():
    """Three idle blocks in a row when it changes, and one at least every 4096 blocks."""
    geometry = Geometry(lanes=8, spares=0, gear=8, marker_period=256)
    fmt = Format(8, 0, 8, 256)
    words = 256 * 36
    blocks = [0x1234] * words
    symbols = record(Sender(geometry, flow_control=True), blocks, words, 0.0,
                     wish=lambda word: word >= 300)
    seen = decode_frames(fmt, symbols).blocks
    pause = np.all(seen == idle_block(fmt, True), axis=1)
    resume = np.all(seen == idle_block(fmt), axis=1)
    places = np.flatnonzero(pause)
    assert list(places[:3] - places[0]) == [0, 1, 2]
    assert np.all(np.diff(places[2:]) == REFRESH_BLOCKS) and len(places) > 3
    assert resume.sum() == 0


def test_every_other_message_is_for_the_sparing():
    geometry, fmt = Geometry(lanes=8, spares=1, gear=8, marker_period=128), Format(8, 1, 8, 128)
    symbols = record(Sender(geometry, flow_control=False, sparing=True), [], 4 * 128, 0.0)
    decoded = decode_frames(fmt, symbols)
    assert decoded.messages == [0x11234, 0xBEEF] * 2
    assert np.array_equal(encode_frames(fmt, decoded.blocks, decoded.bases[0], decoded.messages),
                          symbols)


def test_the_base_is_drawn_anew():
    geometry = Geometry(lanes=2, spares=0, gear=8, marker_period=128)
    bases = set()
    for wait in (0, 7):
        framer = Framer(geometry=geometry)

        async def bench(ctx, framer=framer, wait=wait):
            await ctx.tick().repeat(3 + wait)
            ctx.set(framer.run, 1)
            await ctx.tick().repeat(2)
            bases.add(ctx.get(framer.slot.base))

        simulator = Simulator(framer)
        simulator.add_clock(1e-6)
        simulator.add_testbench(bench)
        simulator.run()
    assert len(bases) == 2 and 0 not in bases
