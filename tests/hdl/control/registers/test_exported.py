"""The exported Verilog of a small map, through AXI4-Lite and Wishbone, by masters of others."""

from pathlib import Path

import pytest
from amaranth import DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.control.registers.axi_lite import AxiLite, axi_lite_members
from lampyris.control.registers.bank import port_name
from lampyris.control.registers.description import Access, RegisterMap
from lampyris.control.registers.fabric import RegisterFabric
from lampyris.control.registers.wishbone import Wishbone, wishbone_members
from lampyris.export.verilog import to_rtlil, to_verilog
from lampyris.sim.rtl import runner

DOMAINS = ("host", "tx", "rx")
BUILDS = Path(__file__).parents[4] / "build" / "system"


def constant(bank: str, name: str, width: int) -> int:
    """What the design shows to a field."""
    return hash_of(f"{bank}.{name}") & (1 << width) - 1


def hash_of(text: str) -> int:
    value = 0
    for letter in text:
        value = (value * 31 + ord(letter)) & 0xFFFFFFFF
    return value


class Both(wiring.Component):
    """The map behind each of the buses."""

    def __init__(self, registers: RegisterMap):
        self._map = registers
        bits = registers.address_bits
        super().__init__({
            **{f"axil_{name}": port for name, port in axi_lite_members(bits).items()},
            **{f"wb_{name}": port for name, port in wishbone_members(bits).items()},
            "axil_interrupt": Out(1), "wb_interrupt": Out(1)})

    def elaborate(self, platform):
        m = Module()
        bits = self._map.address_bits
        for prefix, bus, members in (("axil", AxiLite(address_bits=bits), axi_lite_members(bits)),
                                     ("wb", Wishbone(address_bits=bits), wishbone_members(bits))):
            fabric = RegisterFabric(self._map, domains=DOMAINS, timeout=512)
            m.submodules[f"{prefix}_bus"] = DomainRenamer("host")(bus)
            m.submodules[f"{prefix}_fabric"] = DomainRenamer({"sync": "host"})(fabric)
            wiring.connect(m, bus.o, fabric.i)
            wiring.connect(m, fabric.o, bus.i)
            for name, member in members.items():
                inner, outer = getattr(bus, name), getattr(self, f"{prefix}_{name}")
                m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)
            m.d.comb += getattr(self, f"{prefix}_interrupt").eq(fabric.interrupt)
            for name, bank in fabric.banks.items():
                self._feed(m, f"{prefix}_{name}", name, bank)
        return m

    def _feed(self, m: Module, label: str, domain: str, bank):
        for register, entry in bank.bank.fields():
            name = port_name(register, entry)
            if entry.access in (Access.STATUS, Access.COUNTER):
                m.d.comb += getattr(bank, name).eq(constant(domain, name, entry.width))
            elif entry.access is Access.WINDOW:
                kept = Signal(entry.width, name=f"{label}_{name}")
                m.d.comb += getattr(bank, name).eq(kept)
                with m.If(getattr(bank, f"{name}_write")):
                    m.d[domain] += kept.eq(getattr(bank, f"{name}_value"))
            elif entry.access is Access.FLAG:
                # A pulse sets the flags that have its bits.
                m.d.comb += getattr(bank, name).eq(bank.control_go[:entry.width])


@pytest.fixture(scope="module")
def built(tmp_path_factory, small_map):
    folder = tmp_path_factory.mktemp("small")
    units = {"small_registers": to_rtlil(Both(small_map), "small_registers", DOMAINS)}
    files = runner.write_verilog(to_verilog(units, "small map"), folder)
    # Among the systems, with which it shares Verilator's own objects.
    return runner.build(files, "small_registers", BUILDS)


def test_exported(built, small_map, tmp_path):
    inputs = [(bank.name, register.name, entry.name,
               constant(bank.name, port_name(register, entry), entry.width))
              for bank in small_map.banks for register, entry in bank.fields()
              if entry.access in (Access.STATUS, Access.COUNTER)]
    assert runner.run(built, "small_bench", folder=Path(__file__).parent, test_dir=tmp_path,
                      parameters={"map": small_map.plain(), "inputs": inputs, "seed": 1,
                                  "accesses": 1000}) == 2
