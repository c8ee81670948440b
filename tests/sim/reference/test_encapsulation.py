"""Canonical packing and the receiver's rules."""

import numpy as np
import pytest

from lampyris.sim.reference import (
    Decoder,
    Format,
    Kind,
    Packet,
    control_granule,
    decode_blocks,
    encode_packets,
    idle_block,
    packet_check,
)
from lampyris.sim.reference.control import bytes_to_granules
from lampyris.sim.reference.encapsulation import is_control

# S = 2, 14, 2, 3, 4, 2, 32
FORMATS = [Format(1, 0, 8), Format(3, 1, 10), Format(8, 0, 8), Format(12, 0, 8), Format(16, 0, 8),
           Format(16, 2, 4), Format(128, 8, 8)]
every_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda f: f"{f.L}+{f.spares}x{f.g}")


def step_machine(fmt, packets, available):
    """The four steps of the page to the letter, with rows; blocks as lists of granules."""
    S, blocks = fmt.S, []

    def rows_of(index):
        granules = bytes_to_granules(packets[index].data).tolist()
        return [granules[i:i + S] for i in range(0, len(granules), S)]

    def control(kind, pos, index, rest):
        granule = control_granule(kind, pos, -len(packets[index].data) % 4 if pos else 0)
        if pos:
            rest = [packet_check(fmt, bytes_to_granules(packets[index].data), granule,
                                 packets[index].error), *rest]
        blocks.append([granule, *rest] + [0] * (S - 1 - len(rest)))

    def key(granule):
        return granule >> 16 == 0xB1E5

    sent, waiting, rows, index = False, [], rows_of(0), 0
    waiting = rows.pop(0)
    while True:
        h = len(waiting)
        if not rows and h <= S - 2:                                                 # 1
            kind = Kind.END if sent else Kind.WHOLE
            room, following = S - 2 - h, None
            if index + 1 < len(packets) and available(index):
                following = rows_of(index + 1)
            if following is not None and room > 0 and len(following[0]) >= room:
                control(kind + 1, 2 + h, index, waiting + following[0][:room])
                waiting, rows, sent, index = following[0][room:], following[1:], True, index + 1
            else:
                control(kind, 2 + h, index, waiting)
                index += 1
                if index == len(packets):
                    return blocks
                sent, rows = False, rows_of(index)
                waiting = rows.pop(0)
        elif not sent:                                                              # 2
            control(Kind.START, 0, index, waiting[:S - 1])
            waiting, sent = waiting[S - 1:], True
        elif h >= S or (not rows and h > S - 2):                                    # 3
            if h == S - 1 or key(waiting[0]):
                control(Kind.CONT, 0, index, waiting[:S - 1])
                waiting = waiting[S - 1:]
            else:
                blocks.append(waiting[:S])
                waiting = waiting[S:]
        else:                                                                       # 4
            waiting = waiting + rows.pop(0)


def some_packets(make_packets, fmt, count=60, errors=0.0):
    return make_packets(count, 4 * (3 * fmt.S + 2), errors)


@every_format
def test_packing_follows_the_steps(fmt, make_packets):
    packets = some_packets(make_packets, fmt, 150, 0.1)
    assert encode_packets(fmt, packets).tolist() == step_machine(fmt, packets, lambda index: True)

    def late(index):
        return index % 3 != 1

    blocks = encode_packets(fmt, packets, available=late)
    assert blocks.tolist() == step_machine(fmt, packets, late)
    if fmt.S > 3:
        assert len(blocks) >= len(encode_packets(fmt, packets))
        assert blocks.tolist() != encode_packets(fmt, packets).tolist()


@every_format
def test_round_trip(fmt, make_packets):
    packets = some_packets(make_packets, fmt, 200, 0.1)
    decoder = Decoder(fmt)
    decoder.feed(encode_packets(fmt, packets))
    assert decoder.packets == packets
    assert decoder.bad_checks == sum(packet.error for packet in packets) > 0
    assert (decoder.orphans, decoder.invalid, decoder.aborted) == (0, 0, 0)
    assert not decoder.in_packet


@every_format
def test_every_size(fmt, rng):
    for size in range(1, 4 * (2 * fmt.S + 3)):
        packets = [Packet(rng.bytes(size)), Packet(rng.bytes(1)), Packet(rng.bytes(size))]
        assert decode_blocks(fmt, encode_packets(fmt, packets)) == packets


@every_format
def test_packets_full_of_the_key(fmt):
    packets = [Packet(b"\x34\x12\xe5\xb1" * n) for n in range(1, 5 * fmt.S)]
    blocks = encode_packets(fmt, packets)
    assert is_control(blocks).all()         # no data block could be told from a control block
    assert blocks.tolist() == step_machine(fmt, packets, lambda index: True)
    assert decode_blocks(fmt, blocks) == packets


@every_format
def test_key_now_and_then(fmt, rng):
    """Data and `cont` blocks mixed, with runs between."""
    for _ in range(20):
        granules = rng.integers(0, 1 << 32, 12 * fmt.S, np.uint32)
        granules[rng.random(len(granules)) < 0.3] = 0xB1E50005
        packets = [Packet(granules.astype("<u4").tobytes()), Packet(b"next")]
        blocks = encode_packets(fmt, packets)
        assert blocks.tolist() == step_machine(fmt, packets, lambda index: True)
        assert decode_blocks(fmt, blocks) == packets


def test_idle_anywhere(rng, make_packets):
    fmt = Format(12)
    packets = some_packets(make_packets, fmt)
    blocks = encode_packets(fmt, packets)
    spots = np.sort(rng.integers(0, len(blocks) + 1, 50))
    flow = [0x3FF, 0, 0x155] * 20
    decoder = Decoder(fmt)
    decoder.feed(np.insert(blocks, spots, [idle_block(fmt, flow[i]) for i in range(50)], axis=0))
    assert decoder.packets == packets
    assert decoder.flow == [value == 0x3FF for value in flow[:50] if value != 0x155]


def test_golden_blocks():
    """By hand, for S = 2: "12345678" has the CRC-32 0x9AE0DAAF; info bits of its end are 0x8013."""
    blocks = encode_packets(Format(1, 0, 8), [Packet(b"12345678")])
    assert blocks.tolist() == [[0xB1E58002, 0x34333231], [0xB1E58001, 0x38373635],
                               [0xB1E58013, 0x9AE0DAAF ^ 0x8013]]
    # S = 4: "12345678" as a whole packet of one row of 16 bytes; the next packet has too little.
    blocks = encode_packets(Format(16, 0, 8), [Packet(b"12345678"), Packet(b"a")])
    info = 5 | 4 << 3           # three ones, so bit 15 is set
    assert blocks[0].tolist()[::2] == [0xB1E50000 | info | 0x8000, 0x34333231]
    assert blocks[1].tolist() == [0xB1E5601D, blocks[1, 1], 0x61, 0]


def test_empty_packet_is_refused():
    with pytest.raises(ValueError, match="packet 1 is empty"):
        encode_packets(Format(8), [Packet(b"1"), Packet(b"")])


@pytest.mark.parametrize("fmt", FORMATS[:6], ids=lambda f: f"{f.L}+{f.spares}x{f.g}")
def test_single_bit_flips(fmt, make_packets):
    """No flip changes a packet silently: those not flagged are the sent ones, in order, and at most
    two are lost."""
    packets = make_packets(8, 4 * (2 * fmt.S + 2))
    blocks = encode_packets(fmt, packets)
    harmless = 0
    for row, granule in np.ndindex(*blocks.shape):
        for bit in range(32):
            flipped = blocks.copy()
            flipped[row, granule] ^= np.uint32(1 << bit)
            good = [packet.data for packet in decode_blocks(fmt, flipped) if not packet.error]
            sent = iter(packet.data for packet in packets)
            assert all(data in sent for data in good), (row, granule, bit)
            assert len(good) >= len(packets) - 2
            harmless += len(good) == len(packets)
    # Only the ignored rest of an `end` or `whole` may be hit without harm.
    ignored = sum(32 * (fmt.S - (int(block[0]) >> 3 & 0x3FF)) for block in blocks
                  if block[0] >> 16 == 0xB1E5 and block[0] & 7 in (Kind.END, Kind.WHOLE))
    assert harmless == ignored


class TestReceiverRules:
    """One case per sentence of the page, S = 4."""

    fmt = Format(16, 0, 8)

    def block(self, kind, pos=0, pad=0, rest=()):
        return [control_granule(kind, pos, pad), *rest] + [0] * (3 - len(rest))

    def decode(self, *blocks):
        decoder = Decoder(self.fmt)
        decoder.feed(np.array(blocks, np.uint32))
        counts = decoder.orphans, decoder.invalid, decoder.aborted, decoder.bad_checks
        return decoder, [(p.data.hex(), p.error) for p in decoder.packets], counts

    def test_data_outside(self):
        _, packets, counts = self.decode([1, 2, 3, 4], self.block(Kind.CONT, rest=[1, 2, 3]))
        assert (packets, counts) == ([], (2, 0, 0, 0))

    def test_end_outside(self):
        assert self.decode(self.block(Kind.END, 2))[1:] == ([], (1, 0, 0, 0))
        end = self.block(Kind.END, 3, 1, rest=[9, 0x33221100])
        assert self.decode(end)[1:] == ([("001122", True)], (1, 0, 0, 0))

    def test_end_start_outside_keeps_what_begins(self):
        sent = encode_packets(self.fmt, [Packet(b"0123456789abcdef"), Packet(b"0123456789ab")])
        assert [int(block[0]) & 7 for block in sent] == [Kind.START, Kind.END_START, Kind.END]
        _, packets, counts = self.decode(*sent[1:])
        assert packets == [(b"cdef".hex(), True), (b"0123456789ab".hex(), False)]
        assert counts == (1, 0, 0, 0)

    @pytest.mark.parametrize("kind", [Kind.START, Kind.WHOLE, Kind.WHOLE_START])
    def test_begin_inside(self, kind):
        begin = encode_packets(self.fmt, {
            Kind.START: [Packet(bytes(range(16)))], Kind.WHOLE: [Packet(b"x")],
            Kind.WHOLE_START: [Packet(b"xyz"), Packet(bytes(range(16)))]}[kind])
        assert begin[0, 0] & 7 == kind
        _, packets, counts = self.decode(self.block(Kind.START, rest=[1, 2, 3]), *begin)
        assert packets[0] == ("010000000200000003000000", True)
        assert [error for _, error in packets[1:]] == [False] * (len(packets) - 1) != []
        assert counts == (0, 0, 1, 0)

    @pytest.mark.parametrize("granule", [
        control_granule(7), control_granule(Kind.IDLE) ^ 1 << 9, control_granule(Kind.END_START, 4),
        control_granule(Kind.START) ^ 0x8000])
    def test_invalid(self, granule):
        bad = [granule, 1, 2, 3]
        assert self.decode(bad)[1:] == ([], (0, 1, 0, 0))
        decoder, packets, counts = self.decode(self.block(Kind.START, rest=[1, 2, 3]), bad)
        assert packets == [("010000000200000003000000", True)]
        assert counts == (0, 1, 1, 0) and not decoder.in_packet

    def test_link_loss(self):
        decoder, _, _ = self.decode(self.block(Kind.START, rest=[1, 2, 3]), [4, 5, 6, 7])
        decoder.lose_link()
        decoder.lose_link()
        assert [(len(p.data), p.error) for p in decoder.packets] == [(28, True)]
        assert decoder.aborted == 1

    def test_length_is_covered(self):
        """A change of pad or of zeros at the end is seen although the padded rows are the same."""
        blocks = encode_packets(self.fmt, [Packet(bytes(7))])
        assert decode_blocks(self.fmt, blocks) == [Packet(bytes(7))]
        for pos, pad in [(4, 0), (4, 2), (3, 1)]:
            blocks[0, 0] = control_granule(Kind.WHOLE, pos, pad)
            assert decode_blocks(self.fmt, blocks) == [Packet(bytes(4 * (pos - 2) - pad), True)]
