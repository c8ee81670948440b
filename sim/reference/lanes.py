"""Bits, symbols, words and blocks (section 1), and the way from logical to physical lanes."""

from collections.abc import Sequence

import numpy as np

from .format import Format

__all__ = ["bits_to_symbols", "blocks_to_symbols", "from_lane_bits", "int_to_bits", "permute",
           "symbols_to_bits", "symbols_to_blocks", "symbols_to_words", "to_lane_bits",
           "words_to_symbols"]


def bits_to_symbols(bits: np.ndarray, axis: int = -1) -> np.ndarray:
    """Join the bits along an axis (16 at most), bit 0 first: uint16, one axis less."""
    bits = np.moveaxis(bits, axis, 0)
    symbols = np.zeros(bits.shape[1:], np.uint16)
    for index, plane in enumerate(bits):
        symbols |= plane.astype(np.uint16) << np.uint16(index)
    return symbols


def symbols_to_bits(symbols: np.ndarray, g: int) -> np.ndarray:
    """Split symbols [...] into bits, uint8 [..., g], bit 0 first."""
    bits = np.empty((*symbols.shape, g), np.uint8)
    for index in range(g):
        bits[..., index] = symbols >> index & 1
    return bits


def int_to_bits(value: int, count: int) -> np.ndarray:
    """Bits of a number, uint8 [count], bit 0 first."""
    return np.array([value >> index & 1 for index in range(count)], np.uint8)


def blocks_to_symbols(fmt: Format, blocks: np.ndarray) -> np.ndarray:
    """Blocks uint32 [n, S] as symbols of the data lanes, uint16 [n·m, L]; the filler is 0."""
    bits = np.zeros((len(blocks), fmt.m * fmt.W), np.uint8)
    granules = np.ascontiguousarray(blocks, "<u4").view(np.uint8)
    bits[:, :32 * fmt.S] = np.unpackbits(granules, axis=1, bitorder="little")
    return bits_to_symbols(bits.reshape(len(blocks) * fmt.m, fmt.L, fmt.g))


def symbols_to_blocks(fmt: Format, symbols: np.ndarray) -> np.ndarray:
    """Inverse of :func:`blocks_to_symbols`; the filler is ignored."""
    bits = symbols_to_bits(symbols, fmt.g).reshape(-1, fmt.m * fmt.W)[:, :32 * fmt.S]
    packed = np.packbits(np.ascontiguousarray(bits), axis=1, bitorder="little")
    return packed.view("<u4").astype(np.uint32)


def symbols_to_words(fmt: Format, symbols: np.ndarray) -> list[int]:
    """Symbols [words, lanes] as one integer per word: lane l at bits [l·g : (l+1)·g]."""
    bits = symbols_to_bits(symbols, fmt.g).reshape(len(symbols), -1)
    packed = np.packbits(bits, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def words_to_symbols(fmt: Format, words: Sequence[int], lanes: int) -> np.ndarray:
    """Inverse of :func:`symbols_to_words` for that many lanes, uint16 [words, lanes]."""
    size = -(-lanes * fmt.g // 8)
    packed = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8)
    bits = np.unpackbits(packed.reshape(-1, size), axis=1, bitorder="little")[:, :lanes * fmt.g]
    return bits_to_symbols(bits.reshape(len(bits), lanes, fmt.g))


def to_lane_bits(fmt: Format, symbols: np.ndarray) -> np.ndarray:
    """Symbols [words, lanes] as one bit stream per lane: uint8 [lanes, words·g]."""
    return symbols_to_bits(symbols.T, fmt.g).reshape(symbols.shape[1], -1)


def from_lane_bits(fmt: Format, bits: np.ndarray) -> np.ndarray:
    """Inverse of :func:`to_lane_bits`, uint16 [words, lanes]; a broken last symbol is dropped."""
    words = bits.shape[1] // fmt.g
    return bits_to_symbols(bits[:, :words * fmt.g].reshape(len(bits), words, fmt.g)).T


def permute(symbols: np.ndarray, lane_map: Sequence[int]) -> np.ndarray:
    """Logical lanes [words, N] to physical ones: logical lane l leaves on ``lane_map[l]``."""
    if sorted(lane_map) != list(range(symbols.shape[1])):
        raise ValueError(f"lane_map must be a permutation of 0..{symbols.shape[1] - 1}")
    physical = np.empty_like(symbols)
    physical[:, list(lane_map)] = symbols
    return physical
