"""What a register map is: plain data, of which hardware, pages and headers are made."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from ...checks import check_range

__all__ = ["BANK_BYTES", "Access", "Bank", "Field", "Register", "RegisterMap"]

BANK_BYTES = 0x1000
"""Addresses of one bank."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Access(Enum):
    """What a field does when it is read or written."""

    READ_WRITE = "rw"
    """Kept in the bank, and shown to the design."""
    STATUS = "ro"
    """Shown by the design."""
    CONSTANT = "constant"
    """Always the reset value."""
    COUNTER = "counter"
    """Shown by the design, and read as it was at the last write to the bank's snapshot field."""
    SNAPSHOT = "snapshot"
    """A 1 that is written copies all counters of the bank in the same clock. Reads 0."""
    FLAG = "w1c"
    """Set by the design, and cleared by a 1 that is written; if both, it stays set."""
    PULSE = "pulse"
    """A 1 that is written is shown to the design for one clock. Reads 0."""
    WINDOW = "window"
    """Read and written, but kept by the design, e.g. at a place that another field names."""

    @property
    def writable(self) -> bool:
        return self not in (Access.STATUS, Access.CONSTANT, Access.COUNTER)

    @property
    def stored(self) -> bool:
        """Whether the bank keeps what is written."""
        return self in (Access.READ_WRITE, Access.FLAG)


@dataclass(frozen=True)
class Field:
    """Some bits of a register.

    Parameters
    ----------
    name : str
        Lower case, unique in the register.
    low, width : int
        Bits `low` to `low` + `width` - 1.
    access : Access
    text : str
        One sentence.
    reset : int
        What it reads after a reset, where the bank knows.
    values : mapping
        Names of values, if they have any.
    """

    name: str
    low: int
    width: int
    access: Access
    text: str
    reset: int = 0
    values: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self):
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a field cannot be called {self.name!r}")
        check_range(f"bit of field {self.name}", self.low, 0, 31)
        check_range(f"width of field {self.name}", self.width, 1, 32 - self.low, " bits")
        check_range(f"reset of field {self.name}", self.reset, 0, (1 << self.width) - 1)
        if self.reset and self.access not in (Access.READ_WRITE, Access.CONSTANT):
            raise ValueError(f"field {self.name} has a reset value, and is not kept in the bank")
        if self.access is Access.SNAPSHOT and self.width != 1:
            raise ValueError(f"field {self.name} takes snapshots, so it has 1 bit")
        for name, value in self.values.items():
            check_range(f"value {name} of field {self.name}", value, 0, (1 << self.width) - 1)

    @property
    def mask(self) -> int:
        """Its bits in the register."""
        return (1 << self.width) - 1 << self.low


@dataclass(frozen=True)
class Register:
    """32 bits at one address.

    Parameters
    ----------
    name : str
        Lower case, unique in the bank.
    address : int
        In the bank, bytes, a multiple of 4.
    text : str
        One sentence.
    fields : sequence of Field
        The other bits read 0, and writes do not change them.
    mask_of : str
        Name of the register of flags that this one masks: a flag asks for an interrupt while its
        field here, at the same bits, is 1.
    settle : int
        Clocks that what follows from a write takes; the write is answered after them.
    """

    name: str
    address: int
    text: str
    fields: tuple[Field, ...]
    mask_of: str = ""
    settle: int = 0

    def __post_init__(self):
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a register cannot be called {self.name!r}")
        check_range(f"address of register {self.name}", self.address, 0, BANK_BYTES - 4)
        if self.address % 4:
            raise ValueError(f"address of register {self.name} must be a multiple of 4, not "
                             f"{self.address}")
        check_range(f"settle of register {self.name}", self.settle, 0, 65535, " clocks")
        taken = 0
        for entry in self.fields:
            if taken & entry.mask:
                raise ValueError(f"register {self.name} has bits with two fields: {entry.name}")
            taken |= entry.mask
        _check_unique(f"register {self.name}", (entry.name for entry in self.fields))

    def __getitem__(self, name: str) -> Field:
        return next(entry for entry in self.fields if entry.name == name)

    @property
    def reset(self) -> int:
        """Value after a reset, as far as the bank knows it."""
        return sum(entry.reset << entry.low for entry in self.fields)

    def mask(self, *access: Access) -> int:
        """Bits of the fields with one of these kinds of access."""
        return sum(entry.mask for entry in self.fields if entry.access in access)


@dataclass(frozen=True)
class Bank:
    """The registers of one clock domain.

    Parameters
    ----------
    name : str
    text : str
        One sentence.
    registers : sequence of Register
    """

    name: str
    text: str
    registers: tuple[Register, ...]

    def __post_init__(self):
        _check_unique(f"bank {self.name}", (register.name for register in self.registers))
        addresses = [register.address for register in self.registers]
        for register in self.registers:
            if addresses.count(register.address) > 1:
                raise ValueError(f"bank {self.name} has two registers at {register.address:#x}")
            if register.mask_of:
                self._check_mask(register)
        _check_unique(f"bank {self.name}", (
            f"{register.name}_{entry.name}" for register, entry in self.fields()))
        kinds = [entry.access for _, entry in self.fields()]
        if kinds.count(Access.SNAPSHOT) != (Access.COUNTER in kinds):
            raise ValueError(f"bank {self.name} must have one snapshot field if it has counters, "
                             "and none if not")

    def _check_mask(self, register: Register):
        flags = [other for other in self.registers if other.name == register.mask_of]
        wanted = flags[0].mask(Access.FLAG) if flags else 0
        if not wanted or register.mask(Access.READ_WRITE) != wanted:
            raise ValueError(f"register {register.name} must have the bits of the flags in "
                             f"{register.mask_of}, read and written")

    def __getitem__(self, name: str) -> Register:
        return next(register for register in self.registers if register.name == name)

    def fields(self) -> Iterable[tuple[Register, Field]]:
        """All fields, each with its register."""
        return ((register, entry) for register in self.registers for entry in register.fields)


@dataclass(frozen=True)
class RegisterMap:
    """Banks side by side: bank number b has the addresses from b · `BANK_BYTES` on.

    Parameters
    ----------
    name, text : str
    banks : sequence of Bank
    """

    name: str
    text: str
    banks: tuple[Bank, ...]

    def __post_init__(self):
        check_range("number of banks", len(self.banks), 1, 16)
        _check_unique(f"map {self.name}", (bank.name for bank in self.banks))

    @property
    def address_bits(self) -> int:
        """Of a byte address."""
        return (BANK_BYTES * len(self.banks) - 1).bit_length()

    def __getitem__(self, name: str) -> Bank:
        return next(bank for bank in self.banks if bank.name == name)

    def address(self, bank: str, register: str) -> int:
        """Byte address of a register."""
        number = [entry.name for entry in self.banks].index(bank)
        return BANK_BYTES * number + self[bank][register].address

    def plain(self) -> dict:
        """The map as numbers and strings, for JSON and for models that do not know this module."""
        return {
            "name": self.name, "text": self.text,
            "size": BANK_BYTES * len(self.banks),
            "registers": [{
                "bank": bank.name, "name": register.name, "text": register.text,
                "address": self.address(bank.name, register.name), "mask_of": register.mask_of,
                "fields": [{
                    "name": entry.name, "low": entry.low, "width": entry.width,
                    "access": entry.access.value, "text": entry.text, "reset": entry.reset,
                    "values": dict(entry.values)} for entry in register.fields],
            } for bank in self.banks for register in bank.registers],
        }


def _check_unique(where: str, names: Iterable[str]):
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{where} has two of the name {name}")
        seen.add(name)
