"""The sampler against the model, bit for bit, and what it must bear without an error."""

import numpy as np
import pytest

from lampyris.lane.glitch_filter import GlitchFilter
from lampyris.lane.phase_tracker import PhaseTracker
from lampyris.lane.sampler import Sampler
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.channel.recovery import recover_random
from lampyris.sim.reference.sampler import recover
from lampyris.sim.streams import simulate

WORDS = 1500


def random_bits(count, seed=3):
    return np.random.default_rng(seed).integers(0, 2, count, np.uint8)


def play(dut, samples, gaps=()):
    """The outputs of every cycle: symbols, valid, lost, phase, quiet, level.

    Before the words whose numbers are in `gaps` there is a cycle without samples.
    """
    size = dut.gear * dut.ratio
    rows = []

    async def testbench(ctx):
        for start in range(0, len(samples) - size + 1, size):
            word = int.from_bytes(np.packbits(samples[start:start + size], bitorder="little"),
                                  "little")
            for valid in (0, 1) if start // size in gaps else (1,):
                ctx.set(dut.i_valid, valid)
                ctx.set(dut.i, word if valid else 0)
                await ctx.tick()
                rows.append([ctx.get(port) for port in
                             (dut.o, dut.o_valid, dut.lost, dut.phase, dut.quiet, dut.level)])

    simulate(dut, [testbench])
    return np.array(rows)


@pytest.mark.parametrize("gear, ratio, ppm, sinus, noise", [
    (8, 4, -300, 0, 0.3), (8, 4, 700, 0, 0.3), (8, 3, -900, 1.0, 0.2), (8, 8, -300, 3.0, 0.3),
    (4, 4, 5000, 0, 0), (10, 3, 800, 0, 0.4), (16, 8, 1000, 0, 0.2), (7, 4, 0, 4.0, 0.1),
])
def test_bit_exact(gear, ratio, ppm, sinus, noise):
    """Noise, jitter and drift that the recovery cannot bear, too: RTL and model agree on errors."""
    lane = OpticalLane(ratio=ratio, phase_ui=0.1, ppm=ppm, jitter_ui=0.1 + noise, sinus_ui=sinus,
                       sinus_period_ui=4000, distortion_ui=0.1, rise_ui=0.3, noise=noise)
    bits = random_bits(gear * 600)
    bits[2000:2100] = 1
    samples = lane.samples(bits)
    dut = Sampler(gear=gear, ratio=ratio, patience=4)
    rows, model = play(dut, samples), recover(samples, gear, ratio, patience=4)
    late = 3 if ratio >= 4 else 2           # a word's symbol is there after so many ticks
    symbols, valid, lost, phase = rows[late - 1:, :4].T
    count = len(valid)
    assert len(set(model.phases)) > 1
    assert np.array_equal(phase[1:len(model.phases) - 2], model.phases[3:][:count - 1])
    assert np.array_equal(valid, model.valid[:count])
    assert np.array_equal(symbols[valid == 1], model.symbols[:count][valid == 1])
    assert np.array_equal(lost, model.lost[:count])
    assert lost.any() == (ppm >= 5000)


@pytest.mark.parametrize("ppm", [-900, -600, -300, 0, 300])
@pytest.mark.parametrize("ratio, jitter", [(3, 0.25), (4, 0.25), (8, 0.25)])
def test_jitter_and_drift_cost_no_bit(ratio, jitter, ppm):
    for phase in np.arange(16) / 16:
        lane = OpticalLane(ratio=ratio, phase_ui=phase, ppm=ppm, jitter_ui=jitter)
        wrong, model = recover_random(lane, gear=8, words=WORDS)
        assert wrong == 0
        assert not (ppm <= 0 and model.lost[300:].any())


@pytest.mark.parametrize("ratio", [3, 4, 8])
def test_wander_within_the_store_loses_no_symbol(ratio):
    """A forwarded clock whose phase goes back and forth by up to `gear` bits."""
    lane = OpticalLane(ratio=ratio, sinus_ui=7.0, sinus_period_ui=12000, jitter_ui=0.1)
    wrong, model = recover_random(lane, gear=8, words=6000)
    assert wrong == 0 and (~model.valid).any() and not model.lost.any()


def test_a_sender_that_is_too_fast_is_reported():
    _, model = recover_random(OpticalLane(ratio=4, ppm=1500), gear=8, words=3000)
    assert model.lost.any()


@pytest.mark.parametrize("ratio", [4, 8])
def test_lone_samples_are_filtered(ratio):
    """One wrong sample in every third bit, wherever it lies in the bit."""
    gear, bits = 8, random_bits(8 * 600)
    samples = OpticalLane(ratio=ratio, phase_ui=1 / 64).samples(bits)
    for place in range(1, ratio - 1):
        spoilt = samples.copy()
        spoilt[place::3 * ratio] ^= 1
        clean, model = (recover(x, gear, ratio).bits for x in (samples, spoilt))
        assert np.array_equal(clean[800:], model[800:])


@pytest.mark.parametrize("level", [0, 1])
def test_quiet(level):
    """No edge for 50 bits is 7 words of 8; the phase rests, and one edge ends it."""
    bits = random_bits(8 * 100)
    bits[400:640] = level
    bits[399], bits[640] = 1 - level, 1 - level
    dut = Sampler(gear=8, ratio=4, quiet_ui=50)
    rows = play(dut, OpticalLane(ratio=4, phase_ui=0).samples(bits))
    quiet = np.flatnonzero(rows[:, 4])
    # Word 50 has the last edge, word 80 the next; an edge is seen 3 cycles later.
    assert np.array_equal(quiet, np.arange(52 + 7, 82))
    assert (rows[quiet[:-3], 5] == level).all() and len(set(rows[quiet, 3])) == 1


def test_cycles_without_samples_are_passed_over():
    """The same symbols, and no more of them; a symbol that is lost is told once."""
    lane = OpticalLane(ratio=4, ppm=3000, jitter_ui=0.2)
    samples = lane.samples(random_bits(8 * 1500))
    samples[12000:12800] = 1
    gaps = {word for word in range(1450) if word % 3 == 1 or word % 7 == 2}
    whole, spread = (play(Sampler(gear=8, ratio=4), samples, gaps) for gaps in ((), gaps))
    for rows in (whole, spread):
        assert rows[:, 2].sum() > 1 and rows[:, 4].any()
    assert np.array_equal(*(rows[rows[:, 1] == 1, 0][:1200] for rows in (whole, spread)))
    assert whole[:, 2].sum() == spread[:, 2].sum()
    cycles = [index + extra for extra, index in enumerate(sorted(gaps))]   # those without samples
    for column in (3, 4, 5):
        assert np.array_equal(np.delete(spread[:, column], cycles), whole[:, column])


@pytest.mark.parametrize("block, settings, error, text", [
    (Sampler, {"gear": 8, "ratio": 2}, ValueError,
     "ratio must be 3, 4 or 8 samples per bit, not 2"),
    (Sampler, {"gear": 17, "ratio": 4}, ValueError,
     "gear must be 4 to 16 bits per symbol, not 17"),
    (Sampler, {"gear": 8, "ratio": "4"}, TypeError, "ratio must be a whole number, not '4'"),
    (Sampler, {"gear": 8, "ratio": 4, "quiet_ui": 7}, ValueError,
     "quiet_ui must be 8 to 65536, not 7"),
    (Sampler, {"gear": 8, "ratio": 4, "quiet_ui": 1.5}, TypeError,
     "quiet_ui must be a whole number, not 1.5"),
    (PhaseTracker, {"gear": 8, "ratio": 4, "patience": 1}, ValueError,
     "patience must be 2 to 64 votes, not 1"),
    (PhaseTracker, {"gear": 8, "ratio": 4, "patience": None}, TypeError,
     "patience must be a whole number, not None"),
    (GlitchFilter, {"gear": 8, "ratio": 3}, ValueError,
     "ratio must be 4 or 8 for a glitch filter, not 3"),
])
def test_bad_parameters(block, settings, error, text):
    with pytest.raises(error) as info:
        block(**settings)
    assert str(info.value) == text
