import numpy as np

from lampyris.sim.reference.driver import Drivers, allowed, frame_bits, sigma_delta

SETTINGS = {1: 20, 2: 30, 3: 9, 4: 25, 5: 100}


def test_allowed():
    """The peak is what is wanted, or the room; bias goes first; the current is never negative."""
    rng = np.random.default_rng(1)
    for _ in range(500):
        wanted, room = rng.integers(64, size=4), int(rng.integers(256))
        bias, modulation, rise, fall = codes = allowed(wanted, room)
        assert bias + modulation + rise == min(room, wanted[:3].sum())
        assert (codes <= wanted).all() and fall == min(bias, wanted[3])
        assert (bias == wanted[0] or modulation == 0) and (modulation == wanted[1] or rise == 0)


def test_a_turn_per_lane_and_round():
    drivers = Drivers(lanes=2, bits=6, step=10)
    ends = []
    for _ in range(16):
        drivers.clock()
    for lane in range(2):
        for field, value in {**SETTINGS, 0: 1}.items():
            drivers.clock(lane=lane, field=field, value=value, write=True)
    for clock in range(28, 200):
        drivers.clock()
        if drivers.ended:
            ends.append((clock, drivers.ended[0], int(drivers.ended[1][:3].sum())))
    assert [end[0] for end in ends] == list(range(31, 200, 8))
    assert [end[1] for end in ends] == [lane % 2 for lane in range(len(ends))]
    assert [peak for _, lane, peak in ends if lane == 1][:7] == [10, 20, 30, 40, 50, 59, 59]
    assert drivers.codes.tolist() == [[20, 30, 9, 20]] * 2
    drivers.clock(shutdown=True)
    assert not drivers.codes.any() and not drivers.lit.any()


def test_sigma_delta():
    assert sigma_delta(np.full(8, 3), 3).tolist() == [0, 0, 1, 0, 0, 1, 0, 1]
    assert not sigma_delta(np.zeros(20, int), 6).any()


def test_frame_bits():
    """The last lane first, its fall first, high bits first."""
    bits = frame_bits(np.array([[1, 2, 3, 4], [5, 6, 7, 0]]), 3)
    assert "".join(map(str, bits)) == "000" "111" "110" "101" + "100" "011" "010" "001"
