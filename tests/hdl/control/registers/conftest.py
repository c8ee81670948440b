"""A small map with a field of every kind."""

import pytest

from lampyris.control.registers.description import Access, Bank, Field, Register, RegisterMap


def small_bank(name: str = "core") -> Bank:
    rw, ro, counter = Access.READ_WRITE, Access.STATUS, Access.COUNTER
    return Bank(name, "All kinds of fields.", (
        Register("id", 0x0, "Constant.", (
            Field("magic", 0, 24, Access.CONSTANT, "Magic.", 0x4C414D),
            Field("kind", 28, 2, Access.CONSTANT, "Kind.", 2))),
        Register("setup", 0x4, "Settings.", (
            Field("low", 0, 3, rw, "Low.", 5), Field("middle", 6, 12, rw, "Middle.", 0x9A5),
            Field("high", 31, 1, rw, "High.", 1))),
        Register("wide", 0x8, "A whole word.", (Field("word", 0, 32, rw, "Word.", 0x12345678),)),
        Register("state", 0x10, "Status.", (
            Field("a", 0, 1, ro, "A."), Field("b", 5, 20, ro, "B."))),
        Register("control", 0x20, "Commands.", (
            Field("snapshot", 0, 1, Access.SNAPSHOT, "Snapshot."),
            Field("go", 7, 4, Access.PULSE, "Go."))),
        Register("count_low", 0x24, "Low half.", (Field("value", 0, 32, counter, "Low."),)),
        Register("count_high", 0x28, "High half.", (Field("value", 0, 16, counter, "High."),)),
        Register("events", 0x40, "Flags.", (
            Field("one", 0, 1, Access.FLAG, "One."), Field("many", 6, 5, Access.FLAG, "Many."))),
        Register("events_mask", 0x44, "Mask.", (
            Field("one", 0, 1, rw, "One."), Field("many", 6, 5, rw, "Many.")), mask_of="events"),
        Register("index", 0x48, "Index.", (Field("place", 0, 3, rw, "Place."),), settle=5),
        Register("window", 0x4C, "Window.", (Field("entry", 3, 11, Access.WINDOW, "Entry."),)),
        Register("last", 0xFFC, "The last address.", (Field("bit", 17, 1, rw, "Bit."),)),
    ))


@pytest.fixture
def bank() -> Bank:
    return small_bank()


@pytest.fixture(scope="session")
def small_map() -> RegisterMap:
    return RegisterMap("small", "A small map.", (
        small_bank("host"), small_bank("tx"), small_bank("rx")))
