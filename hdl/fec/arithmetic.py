"""Arithmetic in GF(2^m) as XOR and AND gates, combinational."""

from collections.abc import Sequence
from functools import reduce
from operator import xor

from amaranth import Cat, Const, Module, Signal, Value

from .galois import Field

__all__ = ["combine", "multiples", "scale"]


def multiples(m: Module, field: Field, name: str, a) -> list[Signal]:
    """alpha^j·a for j = 0..m-1: what products with one and the same `a` have in common.

    They are signals, so that :func:`combine` does not write them once per product.
    """
    signals = [Signal(field.m, name=f"{name}_times{j}") for j in range(field.m)]
    m.d.comb += [signal.eq(scale(field, field.exp[j], a)) for j, signal in enumerate(signals)]
    return signals


def combine(multiples: Sequence[Value], b) -> Value:
    """Product of `b` and the value :func:`multiples` was given: m^2 AND2 and m^2 - m XOR2."""
    return reduce(xor, (multiple & bit.replicate(len(multiples))
                        for multiple, bit in zip(multiples, Value.cast(b), strict=True)))


def scale(field: Field, constant: int, a) -> Value:
    """Product of a value and a constant: XORs only."""
    a = Value.cast(a)
    return Cat(reduce(xor, [bit for place, bit in enumerate(a) if row >> place & 1]
                      or [Const(0, 1)]) for row in field.matrix(constant))
