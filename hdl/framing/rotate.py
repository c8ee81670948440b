"""Moving granules inside a row: the one barrel rotator both codec halves are built from."""

from amaranth import Module, Mux, Signal, Value

__all__ = ["granules_of", "rotate_granules"]


def granules_of(row) -> list[Value]:
    """The 32-bit granules of a row, granule 0 first."""
    row = Value.cast(row)
    return [row[start:start + 32] for start in range(0, len(row), 32)]


def rotate_granules(m: Module, row: Value, amount, name: str) -> Value:
    """Move granule i to place (i + amount) mod S, for 0 <= amount < S.

    A logarithmic shifter: ceil(log2 S) levels of 2:1 multiplexers, so 5 per bit at 32 granules.
    """
    amount = Value.cast(amount)
    for level in range((len(row) // 32 - 1).bit_length()):
        turned = Signal(len(row), name=f"{name}{level}")
        m.d.comb += turned.eq(Mux(amount[level], row.rotate_left(32 << level), row))
        row = turned
    return row
