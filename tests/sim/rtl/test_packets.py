"""The scoreboard: what it lets pass and each thing it must not."""

import random

import pytest

from lampyris.sim.rtl.packets import Packet, Scoreboard, random_packets

SENT = [Packet(b"zero"), Packet(b"one"), Packet(b"two", True), Packet(b"three"), Packet(b"four")]


def judge(received, **settings):
    board = Scoreboard(SENT, **settings)
    for data, error in received:
        board.receive(data, error)
    return board.finish()


def test_all_delivered():
    assert judge(SENT) == {"sent": 5, "delivered": 5, "flagged": 0, "missing": 0}


def test_flagged_and_missing():
    """`one` flagged but whole, `three` so broken that nobody knows it."""
    received = [SENT[0], (b"one", True), SENT[2], (b"thr", True), SENT[4]]
    expected = {"sent": 5, "delivered": 3, "flagged": 2, "missing": 1}
    assert judge(received, allow_flagged=True) == expected


def test_two_melted_into_one():
    assert judge([SENT[0], (b"?", True), *SENT[3:]], allow_flagged=True)["missing"] == 2


def test_stray_blocks():
    board = Scoreboard(SENT, allow_flagged=True)
    for data, error in SENT[1:]:
        board.receive(data, error)
    assert board.finish(strays=1)["missing"] == 1


def test_missing_without_a_trace():
    assert judge([SENT[1], SENT[3]], allow_missing=True)["missing"] == 3
    assert judge([], allow_missing=True)["missing"] == 5


@pytest.mark.parametrize("received,settings,sentence", [
    ([(b"zerO", False)], {}, "not sent or is out of order; next was number 0 of 4 bytes"),
    ([SENT[1], SENT[0]], {"allow_missing": True}, "not sent or is out of order"),
    ([SENT[0], SENT[0]], {"allow_flagged": True, "allow_missing": True}, "out of order"),
    ([*SENT, SENT[4]], {}, "out of order; next was none"),
    ([*SENT[:2], (b"two", False)], {"allow_flagged": True}, "not sent or is out of order"),
    ([SENT[0], (b"one", True)], {}, "packet 1 of 3 bytes is flagged"),
    ([SENT[1]], {}, "1 packets are missing before number 1"),
    (SENT[:4], {}, "1 of 5 packets are missing (1 at the end, 1 without a trace), 0 arr"),
    ([*SENT[:3], SENT[4]], {"allow_flagged": True}, "1 of 5 packets are missing (0 at the end"),
    ([SENT[0], (b"?", True), SENT[4]], {"allow_flagged": True}, "3 of 5 packets are missing"),
    ([SENT[0], (b"?", True), SENT[1], SENT[3], (b"?", True), SENT[4]], {"allow_flagged": True},
     "1 of 5 packets are missing (0 at the end, 1 without a trace), 2 arrived flagged"),
    ([SENT[0], (b"?", True)], {"allow_flagged": True}, "4 of 5 packets are missing (4 at the end"),
])
def test_faults(received, settings, sentence):
    with pytest.raises(AssertionError) as caught:
        judge(received, **settings)
    assert sentence in str(caught.value)


def test_random_packets():
    packets = random_packets(random.Random(1), 2000, 1, 9216, marked=0.1)
    assert packets == random_packets(random.Random(1), 2000, 1, 9216, marked=0.1)
    sizes = sorted(len(packet.data) for packet in packets)
    assert 1 <= sizes[0] <= 2 and 9000 < sizes[-1] <= 9216 and sizes[300] < 100
    assert 150 < sum(packet.error for packet in packets) < 250
    assert 150 < sum(packet.data[2:4] == b"\xE5\xB1" for packet in packets) < 350
    assert {len(packet.data) for packet in random_packets(random.Random(1), 50, 64, 64)} == {64}
