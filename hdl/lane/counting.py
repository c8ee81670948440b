"""How many bits of a word are 1."""

from collections.abc import Sequence

from amaranth import Value

__all__ = ["count_ones"]


def count_ones(bits: Sequence[Value]) -> Value:
    """Number of ones, by a balanced tree."""
    if len(bits) == 1:
        return bits[0]
    half = len(bits) // 2
    return count_ones(bits[:half]) + count_ones(bits[half:])
