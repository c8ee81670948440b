"""How a page is described: fields at bytes. RTL, checksums and the tables of docs/ come from it."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

__all__ = ["LOWER", "Access", "Field", "byte_map", "checksum", "fixed", "text"]

LOWER = -1
"""As a page: bytes 0 to 127, which are there whatever the page."""


class Access(Enum):
    """What the host may do with a field; the value is what the tables say."""

    FIXED = "RO, fixed"
    STATUS = "RO"
    CONTROL = "RW"
    FLAG = "RO, COR"            # clear on read: what was read as 1 is cleared by the reading
    TRIGGER = "WO, SC"          # self-clearing: reads as 0


class Field(NamedTuple):
    """Bits of a byte, or whole bytes.

    Members
    -------
    name : str
        As in CMIS, if it is there.
    page : int
        0..255, or :data:`LOWER`.
    byte : int
        0..127 in lower memory, else 128..255; of the most significant byte.
    access : Access
    text : str
    size : int
        Bytes; if 2 or more, the field has all their bits.
    high, low : int
        Its bits in a byte.
    value : int
        Of a fixed field, or after reset.
    mask : str
        Of a flag: the name of the control that keeps it from the interrupt.
    bitmap : bool
        The first byte has the lowest bits: one bit per lane, not a number.
    """

    name: str
    page: int
    byte: int
    access: Access
    text: str
    size: int = 1
    high: int = 7
    low: int = 0
    value: int = 0
    mask: str = ""
    bitmap: bool = False

    @property
    def width(self) -> int:
        return 8 * self.size if self.size > 1 else self.high - self.low + 1

    def places(self) -> list[tuple[int, int, int]]:
        """Of each of its bytes: which, and from and up to which bit of the field is there."""
        if self.size == 1:
            return [(self.byte, 0, self.width)]
        order = range(self.size) if self.bitmap else reversed(range(self.size))
        return [(self.byte + at, 8 * part, 8 * part + 8) for at, part in enumerate(order)]


def fixed(name: str, page: int, byte: int, value: int, text: str, *, size: int = 1, high: int = 7,
          low: int = 0) -> Field:
    return Field(name, page, byte, Access.FIXED, text, size=size, high=high, low=low, value=value)


def text(name: str, page: int, byte: int, size: int, content: str, what: str) -> Field:
    """ASCII, filled up with spaces."""
    return fixed(name, page, byte, int.from_bytes(content.ljust(size).encode("ascii"), "big"),
                 what, size=size)


def byte_map(fields: Iterable[Field]) -> dict[tuple[int, int], list[tuple[int, int, int, Field]]]:
    """(page, byte) -> parts of fields: lowest bit in the byte, first and end bit of the field.

    Raises
    ------
    ValueError
        If two fields have the same bit, or one is out of its page.
    """
    found: dict[tuple[int, int], list[tuple[int, int, int, Field]]] = {}
    used: dict[tuple[int, int], int] = {}
    for field in fields:
        for byte, first, end in field.places():
            place = (field.page, byte)
            mine = ((1 << end - first) - 1) << field.low
            if used.get(place, 0) & mine or mine > 0xFF or (byte >= 128) == (field.page == LOWER):
                raise ValueError(f"{field.name} cannot be in byte {byte} of its page")
            used[place] = used.get(place, 0) | mine
            found.setdefault(place, []).append((field.low, first, end, field))
    return found


def checksum(fields: Sequence[Field], page: int, first: int, last: int) -> int:
    """Low 8 bits of the sum of the bytes from `first` to `last`, which must all be fixed."""
    total = 0
    for (where, byte), parts in byte_map(fields).items():
        if where == page and first <= byte <= last:
            for low, begin, end, field in parts:
                if field.access is not Access.FIXED:
                    raise ValueError(f"{field.name} is not fixed: no checksum can contain it")
                total += (field.value >> begin & (1 << end - begin) - 1) << low
    return total & 0xFF
