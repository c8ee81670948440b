"""The digital channel against a bit-by-bit model that anyone can read."""

import random
import time

import numpy as np
import pytest

from lampyris.sim.channel.digital import SerialChannel, WordChannel


class Scalar:
    """Lists of bits, one per lane; the definition in the docstring of `WordChannel`, literally."""

    def __init__(self, lanes, gear, skew, permutation, invert):
        self.gear, self.skew, self.permutation, self.invert = gear, skew, permutation, invert
        self.sent = [[] for _ in range(lanes)]

    def step(self, word):
        for lane, line in enumerate(self.sent):
            line += [word >> (lane * self.gear + bit) & 1 for bit in range(self.gear)]
        result, now = 0, len(self.sent[0]) - self.gear
        for lane, source in enumerate(self.permutation):
            for bit in range(self.gear):
                place = now + bit - self.skew[lane]
                value = self.sent[source][place] if place >= 0 else 0
                result |= (value ^ self.invert[lane]) << (lane * self.gear + bit)
        return result


def settings(rng, lanes, longest):
    return ([rng.choice((0, longest, rng.randint(0, longest))) for _ in range(lanes)],
            rng.sample(range(lanes), lanes), [rng.random() < 0.5 for _ in range(lanes)])


@pytest.mark.parametrize("lanes,gear,longest", [
    (136, 8, 256), (1, 8, 9), (17, 10, 300), (5, 4, 64), (3, 16, 1024), (7, 13, 40), (2, 1, 0)])
def test_same_bits_as_the_scalar_model(lanes, gear, longest):
    rng = random.Random(lanes * 1000 + gear)
    skew, permutation, invert = settings(rng, lanes, longest)
    model = Scalar(lanes, gear, skew, permutation, invert)
    channel = WordChannel(lanes, gear, skew_ui=skew, permutation=permutation, invert=invert,
                          longest_ui=longest)
    for step in range(2 * longest // gear + 40):  # the ring goes round
        word = rng.getrandbits(lanes * gear)
        assert channel.step(word) == model.step(word), f"step {step}"


def test_serial_view_is_one_bit_per_lane():
    rng = random.Random(2)
    skew, permutation, invert = settings(rng, 9, 100)
    model = Scalar(9, 1, skew, permutation, invert)
    channel = SerialChannel(9, skew_ui=skew, permutation=permutation, invert=invert,
                            longest_ui=100)
    for _ in range(500):
        bits = rng.getrandbits(9)
        assert channel.step(bits) == model.step(bits)


def test_skew_changes_at_once():
    rng = random.Random(3)
    model = Scalar(4, 8, [10, 20, 30, 40], range(4), [False] * 4)
    channel = WordChannel(4, 8, skew_ui=model.skew)
    for step in range(400):
        if step % 7 == 0:
            lane, ui = rng.randrange(4), rng.randint(0, 100)
            model.skew[lane] = ui
            channel.set_skew(lane, ui)
        word = rng.getrandbits(32)
        assert channel.step(word) == model.step(word)
    assert channel.skew_ui == model.skew


@pytest.mark.parametrize("ber", [1e-5, 1e-3, 0.05, 0.7, 1.0])
def test_error_rate(ber):
    channel = WordChannel(136, 8, ber=ber, seed=4)
    steps = 200_000 if ber < 1e-4 else 3_000
    counts = np.zeros(136 * 8, int)
    for _ in range(steps):
        word = channel.step(0)
        if word:
            raw = np.frombuffer(word.to_bytes(136, "little"), np.uint8)
            counts += np.unpackbits(raw, bitorder="little")
    bits = steps * 136 * 8
    assert channel.errors == counts.sum()
    sigma = (bits * ber * (1 - ber)) ** 0.5
    assert abs(counts.sum() - bits * ber) <= 4 * sigma
    each = (steps * ber * (1 - ber)) ** 0.5
    assert abs(counts - steps * ber).max() <= 6 * each + 5, "errors are not evenly spread"


def test_gaps_between_errors_do_not_depend_on_the_step():
    """The chance of an error just after an error is the same as anywhere."""
    channel = WordChannel(8, 8, ber=0.25, seed=5)
    bits = np.concatenate([
        np.unpackbits(np.frombuffer(channel.step(0).to_bytes(8, "little"), np.uint8),
                      bitorder="little") for _ in range(5000)])
    after = bits[1:][bits[:-1] == 1]
    assert abs(after.mean() - 0.25) < 0.01


def test_ber_changes_at_run_time():
    channel = WordChannel(16, 8, seed=6)
    for ber in (0.0, 0.5, 0.0):
        before, channel.ber = channel.errors, ber
        for _ in range(100):
            channel.step(0)
        assert (channel.errors > before) == (ber > 0)


def test_kill_and_revive():
    rng = random.Random(7)
    model = Scalar(6, 8, [3] * 6, range(6), [True, False] * 3)
    channel = WordChannel(6, 8, skew_ui=model.skew, invert=model.invert, seed=7,
                          dead={0: "stuck0"})
    channel.kill(1, "stuck1")
    channel.kill(5, "random")
    seen = set()
    for step in range(300):
        word = rng.getrandbits(48)
        good, got = model.step(word).to_bytes(6, "little"), channel.step(word).to_bytes(6, "little")
        if step < 100:
            assert got[:5] == bytes([0, 0xFF]) + good[2:5]
            seen.add(got[5])
        else:
            assert got == good
        if step == 99:
            assert channel.dead == {0: "stuck0", 1: "stuck1", 5: "random"}
            for lane in (0, 1, 5):
                channel.revive(lane)
    assert len(seen) > 50


def test_errors_on_dead_lanes_do_not_count():
    channel = WordChannel(2, 8, ber=1.0, dead={0: "stuck0"})
    assert channel.step(0) == 0xFF00
    assert channel.errors == 8


def test_same_seed_same_errors():
    def errors(seed):
        channel = WordChannel(4, 8, ber=0.01, seed=seed)
        return [channel.step(0) for _ in range(500)]

    assert errors(1) == errors(1) != errors(2)


@pytest.mark.parametrize("make,sentence", [
    (lambda: WordChannel(0, 8), "lanes = 0 must be at least 1"),
    (lambda: WordChannel(4, 17), "gear = 17 is out of range: allowed is 1 to 16"),
    (lambda: WordChannel(3, 8, permutation=[0, 1, 1]), "permutation must hold each of 0..2 once"),
    (lambda: WordChannel(3, 8, skew_ui=[1]), "skew_ui has 1 entries for 3 lanes"),
    (lambda: WordChannel(1, 8, skew_ui=[4000]),
     "a skew of 4000 UI is out of range: allowed is 0 to 2048 UI"),
    (lambda: WordChannel(1, 8, ber=1.5), "ber = 1.5 is out of range: allowed is 0 to 1"),
    (lambda: WordChannel(2, 8, dead={2: "stuck0"}), "lane 2 does not exist: allowed is 0 to 1"),
    (lambda: WordChannel(2, 8).kill(0, "dim"),
     "a lane cannot be 'dim': allowed are stuck0, stuck1, random"),
])
def test_bad_settings(make, sentence):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == sentence


def test_fast_enough_for_a_bench():
    """Target 40 us for 136 lanes of 8 bits; the bound leaves room for a busy machine."""
    channel = WordChannel(136, 8, skew_ui=range(136), permutation=range(135, -1, -1), ber=1e-6)
    word = random.Random(8).getrandbits(1088)
    best = min(_seconds(channel, word, 500) for _ in range(10))
    assert best < 100e-6, f"{best * 1e6:.0f} us per step"


def _seconds(channel, word, steps):
    start = time.perf_counter()
    for _ in range(steps):
        channel.step(word)
    return (time.perf_counter() - start) / steps
