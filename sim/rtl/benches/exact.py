"""Benches `exact`: the lanes bit for bit against the reference model, both ways.

``sent``: what the RTL sends is decoded by the model to the packets of the host, and what the model
makes of the same blocks is, on every lane and in every word, what the RTL sent.
``received``: what the model sends, permuted, inverted and skewed, comes out of the RTL as packets.
"""

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge

from ...reference import (
    Format,
    Kind,
    Packet,
    decode_frames,
    encode_frames,
    encode_packets,
    idle_block,
)
from ...reference.encapsulation import Decoder, is_control
from ...reference.lanes import bits_to_symbols, permute, symbols_to_words, words_to_symbols
from ...reference.marker import sync_bits
from ..bench import parameters, pump_channel, read, watchdog
from ..link import LINK, Link, collect, lock_cycles, report
from ..packets import Scoreboard, random_packets

DEFAULTS = {
    **LINK,
    "frames": 0,           # to compare, 0: thrice what the packets need
    "idle_frames": 0,      # for the receiver to come up, 0: enough for any bit offset
}


def model_format(p) -> Format:
    """The model's parameters of the link."""
    return Format(p["lanes"], p["spares"], p["gear"], p["frame"], p["scrambler"],
                  p["parity"], tuple(p["group_code"]) or None)


@cocotb.test()
async def sent(dut):
    """The RTL's lanes against the model."""
    p = parameters(DEFAULTS)
    fmt = model_format(p)
    link = Link(dut, p)
    packets = random_packets(link.rng, p["packets"], p["low"], p["high"], p["marked"])
    words: list[int] = []
    granules = sum(len(packet.data) // 4 + fmt.S for packet in packets)
    frames = p["frames"] or 3 + 3 * granules // (fmt.blocks_per_frame * fmt.S)
    total = (frames + 1) * fmt.P
    cocotb.start_soon(watchdog(2 * total + 4096, link.core_ps))
    recording = cocotb.start_soon(record(dut.tx_clk, dut.lane_tx_data, words, total))
    await link.begin()
    cocotb.start_soon(speak(dut, link))
    cocotb.start_soon(send_slowly(link, packets, total))
    await recording

    symbols = words_to_symbols(fmt, words, fmt.N)[:, link.lane_map]     # by logical lane
    start = first_word(fmt, symbols)
    symbols = symbols[start:start + frames * fmt.P]
    assert len(symbols) == frames * fmt.P, f"the first marker came late, at word {start}"
    decoded = decode_frames(fmt, symbols)
    decoder = Decoder(fmt)
    decoder.feed(decoded.blocks)
    assert not decoded.parity_errors.any() and not decoded.bad_checks.any(), (
        "the model finds wrong parities or checks in the markers")
    assert not decoder.orphans and not decoder.invalid and not decoder.aborted
    expected = [Packet(packet.data, packet.error) for packet in packets]
    assert decoder.packets == expected, (
        f"the model decodes {len(decoder.packets)} packets, not the {len(expected)} sent")
    assert len(set(decoded.messages)) > 1, "the message did not change"

    again = encode_frames(fmt, decoded.blocks, decoded.bases[0], decoded.messages, len(symbols))
    wrong = np.argwhere(again != symbols)
    assert not len(wrong), (
        f"{len(wrong)} symbols differ from the model, first word {wrong[0][0] % fmt.P} of frame "
        f"{wrong[0][0] // fmt.P} on logical lane {wrong[0][1]}")
    check_packing(fmt, decoded.blocks, expected)
    idle = int(is_idle(decoded.blocks).sum())
    report({"words": len(symbols), "lanes": fmt.N, "packets": len(packets),
            "blocks": len(decoded.blocks), "idle_blocks": idle})


@cocotb.test()
async def received(dut):
    """The model's lanes into the RTL."""
    p = parameters(DEFAULTS)
    fmt = model_format(p)
    link = Link(dut, p)
    packets = random_packets(link.rng, p["packets"], p["low"], p["high"], p["marked"])
    words = model_words(fmt, p, link, packets)
    cocotb.start_soon(watchdog(len(words) + 8 * p["skew"] + 4096, link.core_ps))
    await link.begin()
    cocotb.start_soon(pump_channel(dut.tx_clk, Words(words), dut.lane_rx_data, link.channel,
                                   dut.lane_rx_valid))
    board = Scoreboard(packets)
    await collect(link.source, link.sink, board, len(words) + 4096, link.core_ps)
    totals = board.finish()
    assert read(dut.link_up)
    report({"words": len(words), "lanes": fmt.N, **totals})


class Words:
    """A list in the place of a bus: each look at it takes the next word, at the end the first."""

    def __init__(self, words: list[int]):
        self._words, self._next = words, 0

    @property
    def value(self) -> int:
        word = self._words[self._next]
        self._next = (self._next + 1) % len(self._words)
        return word


async def record(clock, signal, words: list[int], count: int) -> None:
    """What `signal` shows at each edge of `clock`."""
    edge = RisingEdge(clock)
    while len(words) < count:
        await edge
        words.append(read(signal))


async def speak(dut, link: Link) -> None:
    """Another message now and then."""
    edge = RisingEdge(dut.tx_clk)
    while True:
        dut.tx_message.value = link.rng.getrandbits(16)
        for _ in range(link.p["frame"] // 3):
            await edge


async def send_slowly(link: Link, packets, total: int) -> None:
    """Packets in groups, so that idle blocks of all sorts of lengths stand between them."""
    place = 0
    while place < len(packets):
        group = link.rng.choice((1, 2, 5, 20))
        for packet in packets[place:place + group]:
            link.source.send(packet)
        place += group
        await link.cycles(link.rng.randint(1, max(1, total * group // len(packets) // 2)))


def first_word(fmt: Format, symbols: np.ndarray) -> int:
    """The first word whose markers begin, on all lanes at once."""
    sync = bits_to_symbols(sync_bits(fmt).reshape(fmt.Ms, fmt.g))
    matches = (symbols[:len(symbols) - fmt.Ms] == sync[0]).all(axis=1)
    for place in np.flatnonzero(matches):
        if (symbols[place:place + fmt.Ms] == sync[:, None]).all():
            return int(place)
    raise AssertionError("there is no word with a marker on all lanes")


def is_idle(blocks: np.ndarray) -> np.ndarray:
    """Which blocks are idle."""
    return is_control(blocks) & (blocks[:, 0] & 7 == Kind.IDLE)


def check_packing(fmt: Format, blocks: np.ndarray, packets) -> None:
    """The blocks but the idle ones are the model's canonical packing, with the next packet at hand
    exactly where the RTL has begun it in the same block."""
    busy = blocks[~is_idle(blocks)]
    kinds = busy[is_control(busy), 0] & 7
    ends = kinds[(kinds >= Kind.END)]
    joined = (ends == Kind.END_START) | (ends == Kind.WHOLE_START)
    model = encode_packets(fmt, packets, lambda index: bool(joined[index]))
    assert np.array_equal(busy, model), "the packing of the blocks is not canonical"


def model_words(fmt: Format, p, link: Link, packets) -> list[int]:
    """The model's lanes: idle frames for the receiver to lock, then the packets among idle
    blocks."""
    blocks = encode_packets(fmt, [Packet(*packet) for packet in packets],
                            lambda index: link.rng.random() < 0.7)
    gaps = np.array([link.rng.choice((0, 0, 0, 1, 2, 9)) for _ in range(len(blocks))])
    places = np.cumsum(gaps) + np.arange(len(blocks))
    quiet = (p["idle_frames"] or -(-lock_cycles(p) // fmt.P)) * fmt.blocks_per_frame
    spread = np.tile(idle_block(fmt), (quiet + int(places[-1]) + 2, 1))
    spread[quiet + places] = blocks
    frames = -(-len(spread) // fmt.blocks_per_frame) + 1
    symbols = encode_frames(fmt, spread, link.rng.randrange(1, 1 << 16),
                            [link.rng.getrandbits(16) for _ in range(frames)], frames * fmt.P)
    return symbols_to_words(fmt, permute(symbols, link.lane_map))
