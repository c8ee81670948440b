"""Blocks to frames of lane symbols and back (sections 3 to 5), on logical lanes in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .control import idle_block
from .format import Format
from .lanes import blocks_to_symbols, symbols_to_blocks
from .lfsr import next_base
from .marker import build_markers, fold, parse_markers
from .scrambler import keystream

__all__ = ["DecodedFrames", "decode_frames", "encode_frames"]


@dataclass(frozen=True)
class DecodedFrames:
    """What :func:`decode_frames` found.

    Members
    -------
    blocks : uint32 [n, S]
        All whole blocks, idle ones among them.
    parity_errors : int [N]
        Frames of each lane whose payload disagrees with the parity in the marker after it.
    bad_checks : int [N]
        Markers of each lane with a wrong check, another identity, or a base that does not follow.
    corrected : int [N]
        Symbols of each lane that the FEC changed.
    bad : bool [n]
        Blocks with a word that the FEC could not correct; its symbols are as they came.
    bases, messages : list of int
        Seed base and message of each frame, as the first lane with a good marker has them;
        the flywheel's base and a message of -1 if none has.
    """

    blocks: np.ndarray
    parity_errors: np.ndarray
    bad_checks: np.ndarray
    corrected: np.ndarray
    bad: np.ndarray
    bases: list[int]
    messages: list[int]


def encode_frames(fmt: Format, blocks: np.ndarray, first_base: int,
                  message: int | Sequence[int] = 0, words: int | None = None) -> np.ndarray:
    """Symbols from link-up on, beginning at position 0.

    Parameters
    ----------
    blocks : uint32 [n, S]
        Sent in order; idle blocks ("may send") follow when they run out.
    first_base : int
        Seed base of the first frame, 1..0xFFFF.
    message : int or sequence
        Back-channel word, for all frames or one per frame (the last one is repeated).
    words : int
        Words to make; by default the fewest whole frames (one at least) that hold all blocks.
        Blocks for which there is no room are left out.

    Returns
    -------
    uint16 [words, N]
    """
    if not 1 <= first_base <= 0xFFFF:
        raise ValueError(f"first_base = {first_base} is out of range: allowed is 1 to 65535")
    if words is None:
        words = fmt.P * max(1, -(-len(blocks) // fmt.blocks_per_frame))
    messages = [message] if isinstance(message, int) else list(message)
    base, parity = first_base, np.zeros(fmt.N, np.uint16)
    out = np.empty((words, fmt.N), np.uint16)
    for frame, at in enumerate(range(0, words, fmt.P)):
        marker = build_markers(fmt, base, messages[min(frame, len(messages) - 1)], parity)
        length = min(fmt.P, words - at)
        out[at:at + length][:fmt.M] = marker[:length]
        if length > fmt.M:
            first = frame * fmt.blocks_per_frame
            payload = _payload(fmt, blocks[first:first + fmt.blocks_per_frame], length - fmt.M)
            payload ^= keystream(fmt, base, np.arange(fmt.N), length - fmt.M)
            out[at + fmt.M:at + length] = payload
            parity = fold(np.bitwise_xor.reduce(payload, axis=0))
        base = next_base(base)
    return out


def _payload(fmt: Format, blocks: np.ndarray, words: int) -> np.ndarray:
    """Unscrambled payload of one frame, or its first words: uint16 [words, N]."""
    # Up to the end of the block and of the group that the last word is in.
    T = fmt.group.T if fmt.group else 1
    length = min(fmt.P - fmt.M, words + fmt.m * T)
    places = fmt.message_words(length)
    count = min(len(places) // fmt.m, fmt.blocks_per_frame)
    payload = np.zeros((length, fmt.N), np.uint16)
    padded = np.tile(idle_block(fmt), (count, 1))
    padded[:len(blocks)] = blocks[:count]
    payload[places[:count * fmt.m], :fmt.L] = blocks_to_symbols(fmt, padded)
    if fmt.group:
        coded = length // T * T
        payload[:coded, :fmt.L] = fmt.group.encode(payload[places, :fmt.L])
    elif fmt.parity:
        payload[:, :fmt.code_lanes] = fmt.code.encode(payload[:, :fmt.L])
    return payload[:words]


def decode_frames(fmt: Format, symbols: np.ndarray,
                  erasures: np.ndarray | None = None) -> DecodedFrames:
    """Blocks of aligned logical lanes whose first word is at position 0.

    Each lane descrambles with the base of its first marker and those that follow from it. If the
    check of the first marker fails, the lane takes the base of another one.

    Parameters
    ----------
    symbols : uint16 [words, N]
        Any number of words; a block that is not complete is left out.
    erasures : bool [L + K]
        Lanes of the code known to be dead.

    Raises
    ------
    ValueError
        If no lane has a good marker in the first frame.
    """
    ids = np.arange(fmt.N)
    own = np.zeros(fmt.N, np.int64)             # base of each lane, 0 while not known
    parity = None                               # of the frame before
    parity_errors, bad_checks = np.zeros(fmt.N, int), np.zeros(fmt.N, int)
    corrected, failed = np.zeros(fmt.N, int), [np.zeros(0, bool)]
    blocks, bases, messages = [np.zeros((0, fmt.S), np.uint32)], [], []
    for at in range(0, len(symbols) - fmt.M + 1, fmt.P):
        body = parse_markers(fmt, symbols[at:at + fmt.M])
        own = np.array([next_base(int(base)) for base in own])
        good = body.good & (body.identity == ids) & ((own == 0) | (own == body.base))
        own = np.where(good, body.base, own)
        if not own.any():
            raise ValueError("no lane has a marker with a good check in the first frame")
        lane = int(np.argmax(good)) if good.any() else int(np.argmax(own != 0))
        bases.append(int(own[lane]))
        messages.append(int(body.message[lane]) if good.any() else -1)
        own = np.where(own == 0, own[lane], own)
        bad_checks += ~good
        if parity is not None:
            parity_errors += good & (body.parity != parity)
        payload = symbols[at + fmt.M:at + fmt.P]
        parity = fold(np.bitwise_xor.reduce(payload, axis=0))
        clear = payload ^ keystream(fmt, own, ids, len(payload))
        words, wrong, changed = _decode_words(fmt, clear[:, :fmt.code_lanes], erasures)
        corrected[:fmt.code_lanes] += changed
        places = fmt.message_words(len(payload))
        places = places[:len(places) // fmt.m * fmt.m]
        failed.append(wrong[places])
        blocks.append(symbols_to_blocks(fmt, words[places, :fmt.L]))
    bad = np.any(np.concatenate(failed).reshape(-1, fmt.m), axis=1)
    return DecodedFrames(np.concatenate(blocks), parity_errors, bad_checks, corrected, bad, bases,
                         messages)


def _decode_words(fmt: Format, words: np.ndarray, erasures: np.ndarray | None
                  ) -> tuple[np.ndarray, np.ndarray, np.ndarray | int]:
    """Code lanes [words, L + K] corrected; which words failed; symbols changed per lane."""
    failed, changed = np.zeros(len(words), bool), 0
    if fmt.group:
        words, coded = words.copy(), len(words) // fmt.group.T * fmt.group.T
        words[:coded], failed[:coded], locations = fmt.group.decode(words[:coded], erasures)
        changed = locations.sum(axis=0)
    elif fmt.parity:
        result = fmt.code.decode(words, erasures)
        words, failed, changed = result.words, result.failed, result.locations.sum(axis=0)
    return words, failed, changed
