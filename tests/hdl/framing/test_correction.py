"""From words as they leave the sorter to corrected blocks, with each kind of code."""

import random

import numpy as np
import pytest

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.framing.correction import Correction
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format, decode_frames, encode_frames
from lampyris.sim.reference.lanes import symbols_to_words
from lampyris.sim.streams import simulate

# One word per block and more, with words that are left over at the end of the frame.
LINKS = {
    "none": Format(4, 1, 8, 65, scrambler=False),
    "word": Format(4, 2, 8, 65, scrambler=False, parity=4),
    "group": Format(8, 1, 8, 128, scrambler=False, group_code=(20, 16)),
    "blocks": Format(6, 2, 5, 167, scrambler=False, group_code=(28, 22)),
}
DELAY = 3


def geometry_of(fmt):
    group = Group(Code(*fmt.group_code, fmt.g), fmt.L) if fmt.group else None
    return Geometry(lanes=fmt.L, spares=fmt.spares, gear=fmt.g, marker_period=fmt.P,
                    parity=fmt.parity, group=group)


@pytest.mark.parametrize("link", LINKS)
def test_blocks(link):
    """Blocks, which are bad, and the wrong symbols of each lane, as the model has them."""
    fmt, rng = LINKS[link], random.Random(link)
    dut = Correction(geometry=geometry_of(fmt), delay=DELAY)
    blocks = np.array([[rng.getrandbits(32) for _ in range(fmt.S)]
                       for _ in range(3 * fmt.blocks_per_frame)], np.uint32)
    symbols = encode_frames(fmt, blocks, 1, words=3 * fmt.P)
    erased = np.zeros(fmt.code_lanes, bool)
    if link != "none":
        erased[1] = fmt.expendable > 0
        for word in rng.sample(range(len(symbols)), len(symbols) // (4 if fmt.m == 1 else 25)):
            if word % fmt.P >= fmt.M:
                for lane in rng.sample(range(fmt.N), rng.choice((1, 1, 1, 2, 3))):
                    symbols[word, lane] ^= rng.randrange(1, 1 << fmt.g)
        symbols[:, 1] ^= erased[1] * np.array(
            [rng.getrandbits(fmt.g) * (word % fmt.P >= fmt.M) for word in range(len(symbols))],
            np.uint16)
    decoded = decode_frames(fmt, symbols, erased)
    words = symbols_to_words(fmt, symbols)
    found, bad, wrong, spoilt, parts = [], [], np.zeros(fmt.N, int), [], []
    pulses = {"failed": 0, "corrected": 0}

    async def testbench(ctx):
        ctx.set(dut.erasures, sum(int(e) << lane for lane, e in enumerate(erased)))
        await ctx.tick().repeat(8 * dut.settling)
        given = [None] * DELAY
        for word in [*range(len(words)), *[None] * (2 * dut.settling)]:
            while rng.random() < 0.1:
                await step(ctx, given, None)
            await step(ctx, given, word)

    async def step(ctx, given, word):
        ctx.set(dut.valid, word is not None)
        ctx.set(dut.position, rng.randrange(fmt.P) if word is None else word % fmt.P)
        given.append(word)
        late = given.pop(0)
        ctx.set(dut.word, rng.getrandbits(fmt.N * fmt.g) if late is None else words[late])
        await ctx.delay(1e-9)
        if ctx.get(dut.take):
            parts.append(ctx.get(dut.o))
            spoilt.append(ctx.get(dut.bad))
            if ctx.get(dut.last):
                found.append(sum(part << place * fmt.W for place, part in enumerate(parts)))
                bad.append(any(spoilt))
                parts.clear()
                spoilt.clear()
        for name in pulses:
            pulses[name] += ctx.get(getattr(dut, name))
        wrong[:] += [ctx.get(dut.wrong) >> lane & 1 for lane in range(fmt.N)]
        await ctx.tick()

    simulate(dut, [testbench])
    expected = [int.from_bytes(block.astype("<u4").tobytes(), "little") for block in decoded.blocks]
    assert [block & (1 << 32 * fmt.S) - 1 for block in found] == expected and not parts
    assert bad == decoded.bad.tolist()
    assert wrong[:fmt.code_lanes].tolist() == decoded.corrected[:fmt.code_lanes].tolist()
    coded = np.arange(len(symbols)) % fmt.P - fmt.M
    if fmt.group:
        coded[coded >= (fmt.P - fmt.M) // fmt.group.T * fmt.group.T] = -1
    if link != "none":
        payload, spares = np.split(symbols[coded >= 0], [fmt.code_lanes], axis=1)
        assert wrong[fmt.code_lanes:].tolist() == np.count_nonzero(spares, axis=0).tolist()
        if fmt.group:
            _, failed, changed = fmt.group.decode(payload, erased)
        else:
            result = fmt.code.decode(payload, erased)
            failed, changed = result.failed, result.locations
        assert pulses == {"failed": failed.sum(), "corrected": changed.any(axis=1).sum()}
        assert 0 < sum(bad) < len(bad) and wrong[-1] and wrong.sum() > 9


@pytest.mark.parametrize("link, place", [
    ("word", 1), ("blocks", 1),
    *(pytest.param(link, place, marks=pytest.mark.full)
      for link, place in (("word", 2), ("word", 7), ("word", 9), ("group", 3), ("blocks", 6)))])
def test_errors_of_a_place(link, place):
    """Those of one lane's symbols in order: lane, erased lane, parity, and spare."""
    fmt, rng = LINKS[link], random.Random(link)
    dut = Correction(geometry=geometry_of(fmt), delay=DELAY, watched=True)
    blocks = np.array([[rng.getrandbits(32) for _ in range(fmt.S)]
                       for _ in range(3 * fmt.blocks_per_frame)], np.uint32)
    sent = encode_frames(fmt, blocks, 1, words=3 * fmt.P)
    got, position = sent.copy(), np.arange(len(sent)) % fmt.P
    erased = np.zeros(fmt.code_lanes, bool)
    erased[1] = True
    for word in rng.sample(range(len(sent)), len(sent) // (2 if fmt.m == 1 else 10)):
        if position[word] >= fmt.M:
            for lane in {place, *rng.sample(range(fmt.N), rng.choice((0, 0, 1, 2)))}:
                got[word, lane] ^= rng.randrange(1, 1 << fmt.g)
    words, found = symbols_to_words(fmt, got), []

    async def testbench(ctx):
        ctx.set(dut.place, place)
        ctx.set(dut.erasures, 2)
        await ctx.tick().repeat(8 * dut.settling)
        given = [None] * DELAY
        for word in [*range(len(words)), *[None] * (2 * dut.settling)]:
            gap = [None] * (rng.random() < 0.1)
            for now in [*gap, word]:
                ctx.set(dut.valid, now is not None)
                ctx.set(dut.position, rng.randrange(fmt.P) if now is None else int(position[now]))
                given.append(now)
                late = given.pop(0)
                ctx.set(dut.word, 0 if late is None else words[late])
                await ctx.delay(1e-9)
                if ctx.get(dut.errors.valid):
                    found.append((ctx.get(dut.errors.first), ctx.get(dut.errors.known),
                                  ctx.get(dut.errors.error)))
                await ctx.tick()

    simulate(dut, [testbench])
    coded = position >= fmt.M
    if fmt.group:
        coded &= position - fmt.M < (fmt.P - fmt.M) // fmt.group.T * fmt.group.T
    payload = got[coded][:, :fmt.code_lanes]
    if fmt.group:
        decoded, failed, _ = fmt.group.decode(payload, erased)
    else:
        result = fmt.code.decode(payload, erased)
        decoded, failed = result.words, result.failed
    assert fmt.group or (decoded == sent[coded][:, :fmt.code_lanes])[~failed].all()
    if place < fmt.code_lanes:
        errors = (decoded ^ payload)[:, place]
    else:
        errors, failed = got[coded, place], np.full(len(failed), fmt.group is not None)
    expected = [(at == fmt.M, not bad, error) for at, bad, error in zip(
        position[coded], failed, errors, strict=True)]
    assert [(first, known, error * known) for first, known, error in found] == [
        (first, known, error * known) for first, known, error in expected]
    assert any(known and error for _, known, error in expected) or place >= fmt.code_lanes
    assert place >= fmt.code_lanes or any(failed)
