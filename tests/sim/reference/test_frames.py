"""Frames, bit by bit against a scalar transmitter, and back."""

import time
from dataclasses import replace

import numpy as np
import pytest

from lampyris.sim.reference import (
    Decoder,
    Format,
    decode_frames,
    encode_frames,
    encode_packets,
    idle_block,
)
from lampyris.sim.reference.lanes import blocks_to_symbols
from lampyris.sim.reference.lfsr import next_base

FORMATS = [Format(1, 0, 8, 256), Format(3, 1, 10, 256), Format(8, 0, 8, 128),
           Format(16, 2, 4, 128), Format(5, 1, 13, 512), Format(2, 3, 16, 128)]
CODED = [Format(8, 1, 8, 256, parity=4), Format(16, 1, 10, 512, group_code=(544, 514)),
         Format(6, 1, 4, 128, group_code=(12, 8)), Format(4, 0, 4, 301, group_code=(12, 6))]
every_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda f: f"{f.L}+{f.spares}x{f.g}")


def scalar_frames(fmt, blocks, base, message, frames):
    """Lane bits by the letter of sections 1 to 5, one integer bit at a time: [N][bits]."""
    lanes, g = fmt.lanes + fmt.spares, fmt.gear
    sync, body = -(-32 // g) * g, -(-64 // g) * g
    streams = [[] for _ in range(lanes)]
    parity = [0] * lanes
    blocks = [sum(int(granule) << 32 * i for i, granule in enumerate(block)) for block in blocks]
    for _ in range(frames):
        words = fmt.marker_period - (sync + body) // g
        payload = []                        # integers of W bits
        for _ in range(words // fmt.m):
            block = blocks.pop(0) if blocks else 0xB1E50000
            payload += [block >> fmt.W * i & (1 << fmt.W) - 1 for i in range(fmt.m)]
        payload += [0] * (words - len(payload))
        for lane in range(lanes):
            value = lane | base << 12 | message << 28 | parity[lane] << 44
            remainder = int(f"{value:052b}"[::-1], 2) << 12 ^ 0xFFF << 52
            while remainder.bit_length() > 12:
                remainder ^= 0x180F << remainder.bit_length() - 13
            value |= int(f"{remainder:012b}"[::-1], 2) << 52
            marker = 0xE92E66B5141F & (1 << sync) - 1 | value << sync
            streams[lane] += [marker >> i & 1 for i in range(sync + body)]
            v, q = lane | base << 11, []
            for i in range(30):
                q.append(bin(v & (2 * i + 1) * 0x9E3779B1 % 2**32 >> 5).count("1") % 2)
            q.append(1)
            parity[lane] = 0
            for word in payload:
                for bit in range(g):
                    q = [q[27] ^ q[30], *q[:30]]
                    out = q[0] if fmt.scrambler else 0
                    if lane < fmt.lanes:
                        out ^= word >> lane * g + bit & 1
                    streams[lane].append(out)
                    parity[lane] ^= out << bit % 8
        base = base >> 1 ^ (0xB400 if base & 1 else 0)
    return streams


@pytest.mark.parametrize("scrambler", [True, False])
@every_format
def test_against_scalar_transmitter(fmt, scrambler, rng):
    fmt = Format(fmt.lanes, fmt.spares, fmt.gear, fmt.marker_period, scrambler)
    count = 2 * fmt.blocks_per_frame + 3
    blocks = rng.integers(0, 1 << 32, (count, fmt.S), np.uint32)
    symbols = encode_frames(fmt, blocks, 0xBEEF, 0x1234)
    assert symbols.shape == (3 * fmt.P, fmt.N)
    streams = scalar_frames(fmt, blocks, 0xBEEF, 0x1234, 3)
    for lane in range(fmt.N):
        values = [sum(bit << i for i, bit in enumerate(streams[lane][k:k + fmt.g]))
                  for k in range(0, len(streams[lane]), fmt.g)]
        assert symbols[:, lane].tolist() == values


@pytest.mark.parametrize("fmt", [*FORMATS, *CODED, Format(128, 8, 8, 1024)],
                         ids=lambda f: f"{f.L}+{f.spares}x{f.g}{f.group_code or ''}")
def test_round_trip(fmt, make_packets):
    packets = make_packets(80, 100 + 4 * fmt.S, 0.1)
    blocks = encode_packets(fmt, packets)
    symbols = encode_frames(fmt, blocks, 0x0001, [7, 8, 9])
    decoded = decode_frames(fmt, symbols)
    assert np.array_equal(decoded.blocks[:len(blocks)], blocks)
    assert (decoded.blocks[len(blocks):] == idle_block(fmt)).all()
    assert not decoded.parity_errors.any() and not decoded.bad_checks.any()
    frames = len(symbols) // fmt.P
    bases = [1]
    while len(bases) < frames:
        bases.append(next_base(bases[-1]))
    assert decoded.bases == bases
    assert decoded.messages == [min(7 + k, 9) for k in range(frames)]
    decoder = Decoder(fmt)
    decoder.feed(decoded.blocks)
    assert decoder.packets == packets


@every_format
def test_word_count(fmt, rng):
    """Any number of words is the start of the same stream; whole blocks of it come back."""
    blocks = rng.integers(0, 1 << 32, (2 * fmt.blocks_per_frame, fmt.S), np.uint32)
    symbols = encode_frames(fmt, blocks, 3)
    for words in (0, 1, fmt.M, fmt.M + 1, fmt.M + fmt.m, fmt.P - 1, fmt.P + 3, 2 * fmt.P - fmt.m):
        part = encode_frames(fmt, blocks, 3, words=words)
        assert np.array_equal(part, symbols[:words])
        whole = sum(min(max(0, words - at - fmt.M), fmt.P - fmt.M) // fmt.m for at in (0, fmt.P))
        if words >= fmt.M:
            assert np.array_equal(decode_frames(fmt, part).blocks, blocks[:whole])


@pytest.mark.parametrize("fmt", CODED[1:], ids=lambda f: f"{f.L}x{f.g}{f.group_code}")
def test_groups_in_a_frame(fmt, rng):
    """Blocks lie in message words in order; what comes after the last whole group is 0."""
    fmt = replace(fmt, scrambler=False)
    T, Tm = fmt.group.T, fmt.group.Tm
    groups = (fmt.P - fmt.M) // T
    assert fmt.blocks_per_frame == groups * Tm // fmt.m
    blocks = rng.integers(0, 1 << 32, (2 * fmt.blocks_per_frame, fmt.S), np.uint32)
    symbols = encode_frames(fmt, blocks, 3)
    sent = blocks_to_symbols(fmt, blocks).reshape(2, -1, fmt.L)
    for frame in range(2):
        payload = symbols[frame * fmt.P + fmt.M:(frame + 1) * fmt.P, :fmt.L]
        messages = payload[:groups * T].reshape(groups, T, fmt.L)[:, :Tm].reshape(-1, fmt.L)
        assert np.array_equal(messages[:sent.shape[1]], sent[frame])
        assert not messages[sent.shape[1]:].any() and not payload[groups * T:].any()
    for words in (fmt.M + 1, fmt.M + T - 1, fmt.M + T + Tm, fmt.P - 1, fmt.P + fmt.M + T):
        part = encode_frames(fmt, blocks, 3, words=words)
        assert np.array_equal(part, symbols[:words])


def test_errors_in_groups(make_packets):
    """Corrected where the code can; where not, the blocks of that group alone are bad."""
    fmt = Format(16, 1, 10, 512, group_code=(544, 514))
    blocks = encode_packets(fmt, make_packets(80, 300, 0.0))
    symbols = encode_frames(fmt, blocks, 5)
    symbols[fmt.M + 3, :15] ^= 1
    symbols[fmt.M + fmt.group.T, :16] ^= 1
    decoded = decode_frames(fmt, symbols)
    assert decoded.corrected.tolist() == [1] * 15 + [0, 0]
    Tm = fmt.group.Tm
    assert fmt.m == 1 and decoded.bad.tolist() == [
        Tm <= place < 2 * Tm for place in range(len(decoded.bad))]
    assert np.array_equal(decoded.blocks[:Tm], blocks[:Tm])


def test_no_blocks():
    fmt = FORMATS[0]
    decoded = decode_frames(fmt, encode_frames(fmt, np.zeros((0, fmt.S), np.uint32), 5))
    assert (decoded.blocks == idle_block(fmt)).all() and len(decoded.blocks) == fmt.blocks_per_frame


def test_parity_finds_the_lane(rng):
    fmt = Format(4, 2, 11, 128)
    symbols = encode_frames(fmt, np.zeros((0, fmt.S), np.uint32), 5, words=4 * fmt.P)
    symbols[fmt.M, 3] ^= 1 << 10            # frame 0, first payload symbol
    symbols[2 * fmt.P - 1, 5] ^= 1          # frame 1, last one, a spare
    symbols[2 * fmt.P + 40, 1] ^= 0x101     # folds onto itself: not seen
    symbols[3 * fmt.P + 40, 0] ^= 1         # no marker follows
    decoded = decode_frames(fmt, symbols)
    assert decoded.parity_errors.tolist() == [0, 0, 0, 1, 0, 1]


def test_flywheel(make_packets):
    """A lane whose markers are unreadable, even the first, keeps its key stream."""
    fmt = Format(8, 1, 8, 256)
    blocks = encode_packets(fmt, make_packets(100, 60))
    symbols = encode_frames(fmt, blocks, 0x8001, 3, words=5 * fmt.P)
    symbols[fmt.Ms + 1, 2] ^= 0x10
    for frame in (1, 2, 4):
        symbols[frame * fmt.P + fmt.Ms + 2, [2, 7]] ^= 0xFF
    symbols[3 * fmt.P:3 * fmt.P + fmt.M] = 0        # all lanes at once
    decoded = decode_frames(fmt, symbols)
    clean = decode_frames(fmt, encode_frames(fmt, blocks, 0x8001, words=5 * fmt.P))
    assert np.array_equal(decoded.blocks, clean.blocks)
    assert decoded.bases == clean.bases
    assert decoded.bad_checks.tolist() == [1, 1, 5, 1, 1, 1, 1, 4, 1]
    assert decoded.messages == [3, 3, 3, -1, 3]
    assert not decoded.parity_errors.any()


@pytest.mark.parametrize("lane, base", [(3, 5), (2, 6)])
def test_foreign_marker(lane, base):
    """Another identity, or a base that does not follow: not used although the check holds."""
    fmt = Format(4, 0, 8, 256)
    symbols = encode_frames(fmt, np.zeros((0, fmt.S), np.uint32), 5, words=3 * fmt.P)
    other = encode_frames(fmt, np.zeros((0, fmt.S), np.uint32), base, words=3 * fmt.P)
    symbols[fmt.P:fmt.P + fmt.M, 2] = other[fmt.P:fmt.P + fmt.M, lane]
    decoded = decode_frames(fmt, symbols)
    assert decoded.bad_checks.tolist() == [0, 0, 1, 0]
    assert (decoded.blocks == idle_block(fmt)).all()


def test_no_marker():
    fmt = FORMATS[0]
    with pytest.raises(ValueError, match="no lane has a marker"):
        decode_frames(fmt, np.zeros((fmt.P, fmt.N), np.uint16))


@pytest.mark.parametrize("base", [0, 0x10000])
def test_bad_base(base):
    with pytest.raises(ValueError, match=f"first_base = {base} "):
        encode_frames(FORMATS[0], np.zeros((0, 2), np.uint32), base)


def test_speed(rng):
    fmt = Format(128, 8, 8)
    blocks = rng.integers(0, 1 << 32, (fmt.blocks_per_frame, fmt.S), np.uint32)
    start = time.perf_counter()
    encode_frames(fmt, blocks, 1)
    assert time.perf_counter() - start < 2
