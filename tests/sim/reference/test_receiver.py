"""From skewed, inverted, shuffled, noisy lanes to packets."""

import numpy as np
import pytest

from lampyris.sim.reference import (
    Format,
    encode_frames,
    encode_packets,
    lock_lane,
    permute,
    receive,
    to_lane_bits,
)
from lampyris.sim.reference.lfsr import next_base
from lampyris.sim.reference.marker import build_markers
from lampyris.sim.reference.receiver import sync_distance


def send(fmt, packets, frames=4, base=0x5A5A):
    """Bits of the logical lanes, the packets beginning in the second frame."""
    first = np.zeros((fmt.blocks_per_frame, fmt.S), np.uint32)
    first[:, 0] = 0xB1E50000
    blocks = np.concatenate([first, encode_packets(fmt, packets)])
    assert len(blocks) <= (frames - 1) * fmt.blocks_per_frame
    return encode_frames(fmt, blocks, base, words=frames * fmt.P)


def channel(fmt, symbols, rng, skew=256, errors=0.0, cut=0):
    """Permutation, inversion, late lanes with noise in front, bit errors, a cut at the start."""
    lane_map = rng.permutation(fmt.N)
    inverted = rng.integers(0, 2, fmt.N, np.uint8)
    delays = rng.integers(0, skew + 1, fmt.N)
    delays[rng.integers(fmt.N)], delays[rng.integers(fmt.N)] = 0, skew
    received = []
    for p, bits in enumerate(to_lane_bits(fmt, permute(symbols, lane_map.tolist()))):
        bits = bits ^ inverted[p] ^ (rng.random(len(bits)) < errors)
        received.append(np.concatenate([rng.integers(0, 2, delays[p], np.uint8), bits])[cut:])
    return received, lane_map, inverted, delays


@pytest.mark.parametrize("fmt", [
    Format(1, 0, 8, 512), Format(3, 1, 10, 512), Format(8, 0, 8, 256), Format(16, 2, 4, 512),
    Format(128, 8, 8, 512)], ids=lambda f: f"{f.L}+{f.spares}x{f.g}")
def test_shuffled_lanes(fmt, rng, make_packets):
    for _ in range(3):
        packets = make_packets(20, 4 * fmt.S)
        received, lane_map, inverted, delays = channel(fmt, send(fmt, packets), rng)
        out, info = receive(fmt, received)
        assert out == packets
        assert info.lane_map == lane_map.tolist()
        assert info.starts == [delays[p] for p in lane_map]
        assert [lock.inverted for lock in info.locks] == inverted.astype(bool).tolist()
        assert not info.frames.parity_errors.any() and not info.frames.bad_checks.any()


def test_recording_begins_amid_the_markers(rng, make_packets):
    """Some lanes have lost their first marker: the frames must still be matched."""
    fmt = Format(8, 2, 8, 256)
    packets = make_packets(60, 40)
    for cut in (1, 50, 128, 200, 255):
        received, lane_map, _, delays = channel(fmt, send(fmt, packets), rng, cut=cut)
        out, info = receive(fmt, received)
        assert out == packets
        assert info.starts == [delays[p] - cut + fmt.frame_bits for p in lane_map]
        assert len({lock.offset > 1000 for lock in info.locks}) == 2


def test_bit_errors(rng, make_packets):
    """At an error rate of 1e-4 most packets survive, and those not flagged are the sent ones."""
    fmt = Format(16, 2, 4, 2048)
    packets = make_packets(300, 60)
    received, lane_map, _, _ = channel(fmt, send(fmt, packets), rng, errors=1e-4)
    out, info = receive(fmt, received)
    assert info.lane_map == lane_map.tolist()
    good = [packet for packet in out if not packet.error]
    sent = iter(packets)
    assert all(packet in sent for packet in good)
    assert 250 < len(good) < 300
    assert 0 < info.frames.parity_errors.sum() < 2 * 18


@pytest.fixture
def lane(rng, make_packets):
    """A format, three frames of its lane 2, and where the markers are."""
    fmt = Format(4, 1, 9, 512)
    bits = to_lane_bits(fmt, send(fmt, make_packets(20, 40)))[2]
    bits = np.concatenate([rng.integers(0, 2, 77, np.uint8), bits])
    return fmt, bits, [77 + k * fmt.frame_bits for k in range(4)]


def found(fmt, bits, tolerance=2):
    lock = lock_lane(fmt, bits, tolerance)
    return lock and (lock.offset, lock.inverted, lock.identity)


@pytest.mark.parametrize("inverted", [False, True])
def test_lock(lane, inverted):
    fmt, bits, at = lane
    bits ^= inverted
    assert found(fmt, bits) == (at[0], inverted, 2)
    assert found(fmt, bits[78:]) == (at[1] - 78, inverted, 2)
    assert found(fmt, bits, 0) == (at[0], inverted, 2)


def test_lock_tolerance(lane):
    fmt, bits, at = lane
    bits[[at[0], at[0] + 35]] ^= 1
    assert found(fmt, bits) == (at[0], False, 2)
    assert found(fmt, bits, 1) == (at[1], False, 2)
    bits[at[0] + 9] ^= 1
    assert found(fmt, bits) == (at[1], False, 2)
    assert found(fmt, bits, 3) == (at[0], False, 2)


def test_lock_needs_two_in_a_row(lane):
    fmt, bits, at = lane
    body = fmt.Ms * fmt.g
    bits[at[1] + body + 63] ^= 1        # check of the second
    assert found(fmt, bits) == (at[2], False, 2)
    bits[at[3] + body] ^= 1             # identity of the fourth
    assert found(fmt, bits) is None


def test_lock_needs_same_polarity_identity_base_distance(lane):
    fmt, bits, at = lane
    flipped = bits.copy()
    flipped[at[1] - 20:at[2] - 20] ^= 1
    assert found(fmt, flipped) == (at[2], False, 2)
    other = bits.copy()
    follows = next_base(0x5A5A)         # the base of the second frame
    foreign = to_lane_bits(fmt, build_markers(fmt, follows))[1]
    other[at[1]:at[1] + len(foreign)] = foreign
    assert found(fmt, other) == (at[2], False, 2)
    foreign = to_lane_bits(fmt, build_markers(fmt, 0x1234))[2]
    other[at[1]:at[1] + len(foreign)] = foreign
    assert found(fmt, other) == (at[2], False, 2)
    slipped = np.delete(bits, at[0] + 500)
    assert found(fmt, slipped) == (at[1] - 1, False, 2)


def test_no_lock(rng):
    fmt = Format(4, 1, 9, 512)
    assert found(fmt, rng.integers(0, 2, 100000, np.uint8)) is None
    assert found(fmt, np.zeros(20000, np.uint8)) is None
    assert found(fmt, np.zeros(10, np.uint8)) is None


def test_sync_distance(lane):
    fmt, bits, at = lane
    distance = sync_distance(fmt, bits)
    assert len(distance) == len(bits) - 35
    for offset in (0, 5, at[0] - 1, at[0]):
        wrong = sum(int(bits[offset + i]) != 0xE92E66B5141F >> i & 1 for i in range(36))
        assert distance[offset] == wrong


def test_missing_lanes(rng, make_packets):
    """A dead spare does no harm; a dead or doubled data lane is named."""
    fmt = Format(8, 2, 8, 256)
    packets = make_packets(60, 40)
    received, lane_map, _, _ = channel(fmt, send(fmt, packets), rng)
    received[lane_map[9]][:] = 0
    out, info = receive(fmt, received)
    assert out == packets and info.lane_map[9] == -1 and info.starts[9] == -1
    assert info.locks[lane_map[9]] is None
    doubled = [*received]
    doubled[lane_map[9]] = received[lane_map[4]]
    with pytest.raises(ValueError, match="both say they are logical lane 4"):
        receive(fmt, doubled)
    received[lane_map[3]][:] = 1
    with pytest.raises(ValueError, match=r"lanes \[3\] did not lock"):
        receive(fmt, received)
