"""The alignment marker of a lane (`docs/link-format.md`, section 5)."""

from functools import reduce
from operator import xor

from amaranth import Cat, Const, Value
from amaranth.hdl import ValueLike
from amaranth.lib import data

from ..geometry import Geometry

__all__ = ["CHECK_POLYNOMIAL", "Body", "body_check", "check_step", "fold_parity", "sync_symbols"]

SYNC = 0xE92E66B5141F
CHECK_POLYNOMIAL = 0x80F
_CHECK_INIT = 0xFFF
_CHECKED_BITS = 52


Body = data.StructLayout({
    "identity": 11, "sparing": 1, "base": 16, "message": 16, "parity": 8, "check": 12})
"""The 64 bits after the sync, in order of travel."""


def sync_symbols(geometry: Geometry) -> list[int]:
    """The sync, a symbol at a time."""
    mask = (1 << geometry.gear) - 1
    return [SYNC >> index * geometry.gear & mask for index in range(geometry.sync_symbols)]


def _bit_step(register: int, bit: int) -> int:
    feedback = bit ^ register >> 11
    return (register << 1 & 0xFFF) ^ (CHECK_POLYNOMIAL if feedback else 0)


def _run(register: int, bits: list[int]) -> int:
    return reduce(_bit_step, bits, register)


def _reverse(register: int) -> int:
    return int(f"{register:012b}"[::-1], 2)


def body_check(field: str | None, value: ValueLike = 0) -> Value:
    """What one field of a body adds to its 12-bit check, or for `field` None the constant part.

    The check is linear: the parts of identity, base, message and parity XOR to the whole, so what
    all lanes have in common is computed once for the array.
    """
    if field is None:
        return Const(_reverse(_run(_CHECK_INIT, [0] * _CHECKED_BITS)), 12)
    value = Value.cast(value)
    member = Body[field]
    if len(value) != member.width:
        raise ValueError(f"{field} has {member.width} bits, not {len(value)}")
    columns = []
    for bit in range(member.width):
        unit = [0] * _CHECKED_BITS
        unit[member.offset + bit] = 1
        columns.append(_reverse(_run(0, unit)))
    return Cat(reduce(xor, (value[bit] for bit, column in enumerate(columns) if column >> row & 1),
                      Const(0, 1)) for row in range(12))


def check_step(register, symbol) -> Value:
    """The check register (bit 11 oldest) after one more symbol; 0 after a whole good body."""
    register, symbol = Value.cast(register), Value.cast(symbol)
    bits = list(register)
    for bit in symbol:
        feedback = bit ^ bits[11]
        bits = [feedback if CHECK_POLYNOMIAL >> i & 1 and i == 0 else
                bits[i - 1] ^ feedback if CHECK_POLYNOMIAL >> i & 1 else bits[i - 1]
                for i in range(12)]
    return Cat(bits)


def fold_parity(symbol) -> Value:
    """A symbol folded to the 8 bits of the parity field."""
    symbol = Value.cast(symbol)
    folded = [symbol[start:start + 8] for start in range(0, len(symbol), 8)]
    return reduce(xor, folded, Const(0, 8))[:8]
