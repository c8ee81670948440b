"""FEC across the lanes, end to end: lanes that die cost nothing."""

import pytest

from lampyris.sim.rtl.pair import PAIR

TWELVE = {"lanes": 8, "parity": 4, "spares": 2, "fec": "word", "marker_period": 256,
          "deskew_ui": 64, "fibre_m": 0}
"""Eight lanes of payload and four of parity; locks within a few thousand cycles."""


@pytest.fixture(scope="module")
def twelve(system):
    return system("uled16", name="twelve", **TWELVE)


def test_bit_exact(twelve, tmp_path):
    """What the RTL sends, parity lanes too, is what the model sends; each decodes the other's."""
    result = twelve.run("exact", tmp_path, packets=40, high=400, stall_sink=0)
    assert result["delivered"] == 40


def test_loop(twelve, tmp_path):
    result = twelve.run("loop", tmp_path, packets=200, high=400, seed=9)
    assert result["delivered"] == 200


def test_shots(twelve, tmp_path):
    """Two lanes die in one clock, then a third: nothing is lost."""
    result = twelve.run("shots", tmp_path, rounds=4, high=600)
    assert result["kills"] >= 12 and result["corrected_words"] > 1000
    assert result["delivered"] == result["sent"] > 500


@pytest.fixture(scope="module")
def grouped(system):
    """Twelve lanes of which each has up to 4 symbols in a codeword: 2 may die unknown, 4 known."""
    return system("uled16", name="grouped", lanes=12, spares=2, fec="rs255", codeword=44,
                  marker_period=256, deskew_ui=64, fibre_m=0)


@pytest.mark.full
def test_shots_at_a_group_code(grouped, tmp_path):
    result = grouped.run("shots", tmp_path, rounds=4, high=600)
    assert result["kills"] >= 12 and result["corrected_words"] > 1000
    assert result["delivered"] == result["sent"] > 300


@pytest.mark.full
def test_sparing_with_a_group_code(grouped, tmp_path):
    result = grouped.run("sparing", tmp_path, high=600)
    assert result["kills"] == 4
    assert result["delivered"] == result["sent"] > 200


@pytest.fixture(scope="module")
def full(system):
    """All 140 lanes of `uled128`, with short frames so that lanes are lost and found quickly."""
    return system("uled128", name="shots", marker_period=256)


def test_bit_exact_at_128_lanes(full, tmp_path):
    result = full.run("exact", tmp_path, packets=60, stall_sink=0)
    assert (result["lanes"], result["delivered"]) == (140, 60)


def test_bit_errors_at_128_lanes(full, tmp_path):
    """Random stalls, lane map, permutation, polarity, skew: each packet arrives bit-exact."""
    result = full.run("loop", tmp_path, seed=128, packets=300, ber=2e-6)
    assert result["bit_errors"] > 10
    assert (result["delivered"], result["flagged"], result["missing"]) == (300, 0, 0)


@pytest.mark.parametrize("rounds,kills,packets", [
    (3, 20, 150), pytest.param(9, 60, 500, marks=pytest.mark.full)])
def test_kills_at_128_lanes(full, tmp_path, rounds, kills, packets):
    """Four lanes in one clock, then two, then one, again and again, 60 kills in 9 rounds: nothing
    is lost or flagged."""
    result = full.run("shots", tmp_path, rounds=rounds)
    assert result["kills"] >= kills
    assert result["delivered"] == result["sent"] > packets


@pytest.mark.parametrize("named", [False, pytest.param(True, marks=pytest.mark.full)])
def test_eight_known_dead_lanes(full, tmp_path, named):
    """Dead from the beginning; the link comes up without them, and traffic loses nothing."""
    result = full.run("shots", tmp_path, rounds=1, known=8, named=named)
    assert result["known"] == 8 and result["corrected_words"] > 1000
    assert result["delivered"] == result["sent"] > 20


def test_sparing(twelve, tmp_path):
    """Two lanes die, one after the other, and are replaced; the third stays erased."""
    result = twelve.run("sparing", tmp_path, high=600)
    assert result["kills"] == 4
    assert result["delivered"] == result["sent"] > 200


@pytest.mark.full
def test_sparing_at_128_lanes(full, tmp_path):
    """Two at once, until the four spares are used up; then seven more, one by one, stay erased:
    eleven are dead, and nothing is lost. An eighth would cost two symbols until it is known."""
    result = full.run("sparing", tmp_path, at_once=2, erased=7)
    assert result["kills"] == 12 and result["spares"] == 4
    assert result["delivered"] == result["sent"] > 200


@pytest.fixture(scope="module")
def kp4(system):
    """The 128 lanes of `uled128-kp4`, with short frames."""
    return system("uled128-kp4", name="kp4-shots", marker_period=256)


@pytest.mark.full
def test_60_kills_with_kp4(kp4, tmp_path):
    """Three lanes in one clock, then one, then one, again and again: nothing is lost or flagged."""
    result = kp4.run("shots", tmp_path, rounds=12)
    assert result["kills"] >= 60
    assert result["delivered"] == result["sent"] > 500


@pytest.mark.full
@pytest.mark.parametrize("named", [False, True])
def test_six_known_dead_lanes_with_kp4(kp4, tmp_path, named):
    result = kp4.run("shots", tmp_path, rounds=1, known=6, named=named)
    assert result["known"] == 6 and result["corrected_words"] > 1000
    assert result["delivered"] == result["sent"] > 20


@pytest.mark.full
def test_kp4_is_the_models(kp4, tmp_path):
    result = kp4.run("exact", tmp_path, packets=60, stall_sink=0)
    assert result["delivered"] == 60


def test_one_kill_too_many(twelve, tmp_path):
    """Three at once: no packet is wrong, some are missing or flagged until the lanes are erased."""
    result = twelve.run("overkill", tmp_path, high=600)
    assert result["kills"] == 3 and result["failed_words"] > 100
    assert result["flagged"] >= 1 and result["after"] == 60


def test_dying(twelve, tmp_path):
    """Noisy lanes are counted, erased within two windows, and replaced for good."""
    result = twelve.run("dying", tmp_path, high=600)
    assert result["flips"] > 1000 and result["bad"] == 3
    assert result["delivered"] == result["sent"] > 200


@pytest.mark.full
def test_dying_at_128_lanes(full, tmp_path):
    """Two at once, until the four spares are used up; then two more, which stay erased."""
    result = full.run("dying", tmp_path, at_once=2, erased=2)
    assert result["flips"] > 1000 and result["bad"] == 6
    assert result["delivered"] == result["sent"] > 200


@pytest.mark.full
def test_one_kill_too_many_at_128_lanes(full, tmp_path):
    """Five at once: more than eight parity symbols can correct."""
    result = full.run("overkill", tmp_path)
    assert result["kills"] == 5 and result["failed_words"] > 100
    assert result["flagged"] >= 1 and result["after"] == 60


def test_kills_placed(twelve, tmp_path):
    """In a marker's sync and body, in packets, at frame ends, in each frame of a swap."""
    result = twelve.run("placed", tmp_path, high=600)
    assert result["kills"] == 24 and result["corrected_words"] > 1000
    assert result["delivered"] == result["sent"] > 200


@pytest.mark.full
def test_crossfire(system, tmp_path):
    """Lanes die in both directions at once, and the ends do not hear each other for a while."""
    pair = system("uled16", top=PAIR, **TWELVE, name="twelve")
    result = pair.run("crossfire", tmp_path, high=600)
    for name in "ab":
        assert result[f"delivered_from_{name}"] == result[f"sent_from_{name}"] > 50
