"""The control granule: what a control block says (`docs/link-format.md`, section 2)."""

from amaranth import Cat, Const, Value
from amaranth.lib import data, enum

__all__ = ["FLOW_PAUSE", "FLOW_RESUME", "KEY", "Info", "Kind", "control_granule", "matches_key"]

KEY = 0xB1E5
"""Upper half of every control granule."""

FLOW_PAUSE = 0x3FF
FLOW_RESUME = 0x000


class Kind(enum.Enum, shape=3):
    """What follows in the block."""
    IDLE = 0
    CONT = 1
    START = 2
    END = 3
    END_START = 4
    WHOLE = 5
    WHOLE_START = 6
    INVALID = 7


Info = data.StructLayout({"kind": Kind, "pos": 10, "pad": 2, "parity": 1})
"""Bits 0..15 of a control granule."""


def control_granule(kind, pos, pad) -> Value:
    """The 32 bits of a control granule; `kind` 3, `pos` 10 and `pad` 2 bits."""
    fields = Cat(Value.cast(kind), Value.cast(pos), Value.cast(pad))
    if len(fields) != 15:
        raise ValueError(f"a control granule has 15 bits of fields, not {len(fields)}")
    return Cat(fields, fields.xor(), Const(KEY, 16))


def matches_key(granule) -> Value:
    """Whether a block that begins with this granule is a control block."""
    return granule[16:32] == KEY
