"""Descriptions that make no sense are refused, and so are signals without a field."""

import pytest
from amaranth import Module, Signal

from lampyris.config import PRESETS
from lampyris.control.registers.bank import RegisterBank
from lampyris.control.registers.blocks import RegisterBlock, connect
from lampyris.control.registers.description import Access, Bank, Field, Register, RegisterMap
from lampyris.control.registers.fabric import RegisterFabric
from lampyris.link_registers import link_map, link_timeout
from lampyris.managed import Managed

RW, FLAG = Access.READ_WRITE, Access.FLAG


def bit(name="a", low=0, width=1, access=RW, **more) -> Field:
    return Field(name, low, width, access, "A.", **more)


def register(name="r", address=0, *fields: Field, **more) -> Register:
    return Register(name, address, "R.", fields or (bit(),), **more)


@pytest.mark.parametrize("make, sentence", [
    (lambda: bit("A"), "a field cannot be called 'A'"),
    (lambda: bit(low=30, width=3), "width of field a must be 1 to 2 bits, not 3"),
    (lambda: bit(width=2, reset=4), "reset of field a must be 0 to 3, not 4"),
    (lambda: bit(access=FLAG, reset=1), "field a has a reset value, and is not kept in the bank"),
    (lambda: bit(width=2, access=Access.SNAPSHOT), "field a takes snapshots, so it has 1 bit"),
    (lambda: bit(values={"x": 2}), "value x of field a must be 0 to 1, not 2"),
    (lambda: register("r", 6), "address of register r must be a multiple of 4, not 6"),
    (lambda: register("r", 4096), "address of register r must be 0 to 4092, not 4096"),
    (lambda: register("r", 0, bit("a", 0, 3), bit("b", 2)),
     "register r has bits with two fields: b"),
    (lambda: register("r", 0, bit("a", 0), bit("a", 2)), "register r has two of the name a"),
    (lambda: Bank("b", "B.", (register("r"), register("s"))), "bank b has two registers at 0x0"),
    (lambda: Bank("b", "B.", (register("r", 0, bit(access=Access.COUNTER)),)),
     "bank b must have one snapshot field if it has counters, and none if not"),
    (lambda: Bank("b", "B.", (register("r", 0, bit(access=FLAG)),
                              register("s", 4, bit(low=1), mask_of="r"))),
     "register s must have the bits of the flags in r, read and written"),
    (lambda: RegisterMap("m", "M.", ()), "number of banks must be 1 to 16, not 0"),
    (lambda: RegisterFabric(RegisterMap("m", "M.", (Bank("b", "B.", ()),)), domains=(),
                            timeout=64), "1 banks need as many domains, not 0"),
    (lambda: Managed(PRESETS["uled8"], bus="apb"),
     "bus must be one of axi_lite, wishbone, not 'apb'"),
])
def test_what_makes_no_sense(make, sentence):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == sentence


def test_signals_and_fields_belong_together():
    bank = RegisterBank(Bank("b", "B.", (register("r", 0, bit("a", access=Access.STATUS),
                                                  bit("b", 1)),)))
    with pytest.raises(ValueError, match=r"^field r_a of bank b has no signal to show$"):
        connect(Module(), bank, [RegisterBlock((), {})])
    with pytest.raises(ValueError, match=r"^bank b has no field for the signal r_c$"):
        connect(Module(), bank, [RegisterBlock((), {"r_a": Signal(), "r_c": Signal()})])
    connect(Module(), bank, [RegisterBlock((), {"r_a": Signal()})])


@pytest.mark.parametrize("name", PRESETS)
def test_time_out_is_longer_than_any_access(name):
    """In host clocks: the slowest register, and 40 clocks of either side."""
    config = PRESETS[name]
    slowest = max(entry.settle for bank in link_map(config).banks for entry in bank.registers)
    ratio = config.host_clock / config.core_clock_mhz
    assert 2 * (40 + (slowest + 40) * ratio) <= link_timeout(config) <= 4 * (
        41 + (slowest + 40) * ratio)
