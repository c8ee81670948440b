"""cocotb bench of the lane sorter at full size: see test_sorter.py."""

import random

import cocotb
from cocotb.triggers import RisingEdge, Timer

LANES, TAGS, LATENCY = 136, 8, 6


def permutations(rng):
    """1,000 random ones, every rotation and its mirror, swaps of neighbours and of blocks."""
    order = list(range(LANES))
    for _ in range(1000):
        yield rng.sample(order, LANES)
    for shift in range(LANES):
        yield order[shift:] + order[:shift]
        yield (order[shift:] + order[:shift])[::-1]
    for lane in range(LANES - 1):
        swapped = list(order)
        swapped[lane], swapped[lane + 1] = swapped[lane + 1], swapped[lane]
        yield swapped
    for distance in (2, 17, 68):
        swapped = list(order)
        for lane in range(0, LANES - distance, 2 * distance):
            block = swapped[lane:lane + distance]
            swapped[lane:lane + distance] = swapped[lane + distance:lane + 2 * distance]
            swapped[lane + distance:lane + 2 * distance] = block
        yield swapped


async def cycle(dut):
    await RisingEdge(dut.clk)
    await Timer(100, "ps")


@cocotb.test()
async def every_order(dut):
    async def clock():
        while True:
            dut.clk.value = 0
            await Timer(500, "ps")
            dut.clk.value = 1
            await Timer(500, "ps")

    rng = random.Random(7)
    for port in (dut.rst, dut.tag, dut.first, dut.commit, dut.tags, dut.i):
        port.value = 0
    cocotb.start_soon(clock())
    old, count = None, 0
    for numbers in permutations(rng):
        words = [bytes(rng.randrange(256) for _ in range(LANES)) for _ in range(2)]
        dut.i.value = int.from_bytes(words[0], "little")
        for bit in reversed(range(TAGS)):
            dut.tags.value = sum((number >> bit & 1) << lane for lane, number in enumerate(numbers))
            dut.tag.value, dut.first.value = 1, bit == TAGS - 1
            await cycle(dut)
        dut.tag.value = dut.first.value = 0
        for _ in range(LATENCY):
            await cycle(dut)
        if old is not None:         # sorting must not have disturbed the data of the old order
            assert int(dut.o.value) == packed(words[0], old), f"order {count}: disturbed"
        dut.commit.value = 1
        await cycle(dut)
        dut.commit.value = 0
        dut.i.value = int.from_bytes(words[1], "little")
        for _ in range(LATENCY):
            await cycle(dut)
        assert int(dut.o.value) == packed(words[1], numbers), f"order {count}: wrong"
        old, count = numbers, count + 1
    assert count == 1000 + 2 * LANES + LANES - 1 + 3


def packed(word: bytes, numbers: list[int]) -> int:
    places = bytearray(LANES)
    for byte, number in zip(word, numbers, strict=True):
        places[number] = byte
    return int.from_bytes(places, "little")
