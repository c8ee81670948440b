import random

import pytest

from lampyris.sim.streams import (
    Packet,
    collect,
    from_beats,
    random_packets,
    receive,
    send,
    simulate,
    to_beats,
)
from lampyris.stream.packet_store import PacketStore


def packet_of(beats, width, tag=0):
    """A packet of so many whole beats."""
    return Packet(bytes((tag + place) % 256 for place in range(beats * width // 8)))


class Bench:
    """Sends packets, notes which were dropped, and knows for most of them whether they had to be.

    Seen from outside, one thing is unknown: how many of the beats on their way to `o` (0 to 2) are
    in registers and so take no row. A packet must stay if all its beats find a row even with none
    there, and must go if one finds none even with two.
    """

    def __init__(self, dut, packets, rng, stall_in, stall_out):
        self.dut = dut
        self.packets = packets
        self.rng = rng
        self.stall_in = stall_in
        self.stall_out = stall_out
        self.received = []
        self.dropped = []
        self.must_go = set()
        self.may_go = set()

    async def sender(self, ctx):
        await send(ctx, self.dut.i, to_beats(self.packets, self.dut.width, self.rng), self.rng,
                   self.stall_in)
        await ctx.tick().repeat(20 * self.dut.rows + 20)

    async def receiver(self, ctx):
        await collect(ctx, self.dut.o, self.received, self.rng, self.stall_out)

    async def watcher(self, ctx):
        dut = self.dut
        waiting = place = number = last_number = 0
        ended = None                    # beats of the packet that ended in the cycle before
        while True:
            _, _, dropped, put, last, valid, ready = await ctx.tick().sample(
                dut.dropped, dut.i.valid, dut.i.payload.last, dut.o.valid, dut.o.ready)
            if dropped:
                self.dropped.append(last_number)
            if ended is not None:
                waiting += 0 if last_number in self.dropped else ended
                ended = None
            if put:
                last_number = number
                if waiting + place >= dut.rows:
                    self.may_go.add(number)
                if waiting + place - 2 >= dut.rows or place >= dut.rows:
                    self.must_go.add(number)
                place += 1
                if last:
                    ended, place, number = place, 0, number + 1
            waiting -= valid and ready

    def run(self):
        simulate(self.dut, [self.sender], background=[self.receiver, self.watcher])
        kept = [packet for number, packet in enumerate(self.packets)
                if number not in self.dropped]
        assert from_beats(self.received, self.dut.width) == kept
        assert sorted(set(self.dropped)) == self.dropped, "one pulse per packet"
        assert self.must_go <= set(self.dropped) <= self.may_go


@pytest.mark.parametrize("width, capacity", [(32, 64), (32, 61), (96, 200), (1024, 1000)])
@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.3, 0.0), (0.0, 0.5), (0.2, 0.8), (0.7, 0.7)],
                         ids=str)
def test_random(width, capacity, stalls):
    rng = random.Random(f"{width} {capacity} {stalls}")
    dut = PacketStore(width=width, capacity_bytes=capacity)
    packets = random_packets(rng, 80, int(dut.rows * width // 8 * 1.4))
    bench = Bench(dut, packets, rng, *stalls)
    bench.run()
    assert 0 < len(bench.must_go) <= len(bench.may_go) < len(packets)


@pytest.mark.parametrize("width, capacity, rows", [
    (32, 4, 2), (32, 8, 2), (32, 9, 4), (32, 64, 16), (32, 65, 32), (1024, 65536, 512),
    (1280, 65536, 512), (1024, 1, 2),
])
def test_rows(width, capacity, rows):
    dut = PacketStore(width=width, capacity_bytes=capacity)
    assert dut.rows == rows
    assert (dut.width, dut.capacity_bytes) == (width, capacity)


def test_longest_packet():
    """`rows` beats fit at every place of the ring, one more never does, whoever reads."""
    dut = PacketStore(width=32, capacity_bytes=32)
    drops = []

    async def testbench(ctx):
        for number in range(20):
            good = packet_of(dut.rows, 32, number)
            await send(ctx, dut.i, to_beats([good], 32))
            assert await receive(ctx, dut.o, dut.rows) == to_beats([good], 32)
            drop = packet_of(dut.rows + 1 + number % 3, 32)
            await send(ctx, dut.i, to_beats([drop], 32))
            await send(ctx, dut.i, to_beats([packet_of(1 + number % 3, 32)], 32))
            await receive(ctx, dut.o, 1 + number % 3)
        await ctx.tick().repeat(3)

    async def watcher(ctx):
        while True:
            _, _, dropped = await ctx.tick().sample(dut.dropped)
            drops.append(dropped)

    simulate(dut, [testbench], background=[watcher])
    assert sum(drops) == 20


def test_stalled_capacity():
    """With `o` stalled, `rows` + 2 single beats stay and the rest goes; then all comes out."""
    dut = PacketStore(width=32, capacity_bytes=32)
    packets = [packet_of(1, 32, 4 * number) for number in range(dut.rows + 7)]
    drops = []

    async def testbench(ctx):
        for packet in packets:
            await send(ctx, dut.i, to_beats([packet], 32))
        await ctx.tick().repeat(2)
        assert sum(drops) == 5
        assert await receive(ctx, dut.o, dut.rows + 2) == to_beats(packets[:dut.rows + 2], 32)
        assert not ctx.get(dut.o.valid)

    async def watcher(ctx):
        while True:
            _, _, dropped = await ctx.tick().sample(dut.dropped)
            drops.append(dropped)

    simulate(dut, [testbench], background=[watcher])


def test_latency_and_throughput():
    dut = PacketStore(width=32, capacity_bytes=256)
    packets = [packet_of(5, 32), packet_of(1, 32, 50), packet_of(9, 32, 90), packet_of(1, 32)]
    valid = []
    beats = to_beats(packets, 32)

    async def sender(ctx):
        await send(ctx, dut.i, beats)
        await ctx.tick().repeat(20)

    async def watcher(ctx):
        ctx.set(dut.o.ready, 1)
        while True:
            _, _, now = await ctx.tick().sample(dut.o.valid)
            valid.append(now)

    simulate(dut, [sender], background=[watcher])
    # Packets end in cycles 4, 5, 14 and 15: 3 cycles to the first beat, then no gap.
    first = [7, *range(8, 13), 17, *range(18, 27)]
    assert [cycle for cycle, now in enumerate(valid) if now] == sorted(set(first))


@pytest.mark.parametrize("settings, error, text", [
    ({"width": 48, "capacity_bytes": 64}, ValueError,
     "width must be a positive multiple of 32 bits, not 48"),
    ({"width": "64", "capacity_bytes": 64}, TypeError,
     "width must be a whole number of bits, not '64'"),
    ({"width": 64, "capacity_bytes": 0}, ValueError, "capacity_bytes must be 1 or more, not 0"),
    ({"width": 64, "capacity_bytes": 1.5}, TypeError,
     "capacity_bytes must be a whole number, not 1.5"),
])
def test_bad_parameters(settings, error, text):
    with pytest.raises(error) as info:
        PacketStore(**settings)
    assert str(info.value) == text
