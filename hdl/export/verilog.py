"""Amaranth -> RTLIL -> Verilog, reproducibly."""

import gc
import os
import re
from collections.abc import Iterable
from contextlib import contextmanager
from typing import Any

from amaranth import ClockDomain
from amaranth._toolchain.yosys import find_yosys
from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue]
from amaranth.hdl import Fragment
from amaranth.hdl._nir import Netlist
from amaranth.lib import wiring

from ..config import LinkConfig
from ..shared import Outline, clock_ports, flat_ports

__all__ = ["domains_of", "lean_export", "to_rtlil", "to_verilog", "yosys_version"]


def domains_of(top: str, config: LinkConfig) -> tuple[str, ...]:
    """Clock domains of a top, by name ``tx``, ``rx``, ``transceiver`` or ``managed...``."""
    sides = (top,) if top in ("tx", "rx") else ("tx", "rx")
    bits = tuple(f"{side}_bit" for side in sides) if config.view == "serial" else ()
    managed = ("cmis",) if config.cmis and top.startswith("managed") else ()
    return ("host", *sides, *bits, *managed)


def to_rtlil(component: wiring.Component, name: str, domains: Iterable[str],
             outline: Outline | None = None) -> str:
    """A component as RTLIL, its submodules named ``<name>_<submodule>``.

    Without an `outline` its repeated parts are submodules like any other.
    """
    domains = tuple(domains)
    clocks = [ClockDomain(domain) for domain in domains]
    ports = {}
    for domain, clock in zip(domains, clocks, strict=True):
        clk, rst = clock_ports(domain)
        ports[clk] = (clock.clk, None)  # pyright: ignore[reportAttributeAccessIssue]
        ports[rst] = (clock.rst, None)  # pyright: ignore[reportAttributeAccessIssue]
    ports |= {port: (value, None) for port, (value, _) in flat_ports(component).items()}
    fragment = Fragment.get(component, outline)
    fragment.add_domains(clocks)
    text, _ = rtlil.convert_fragment(fragment, ports, name, emit_src=False)
    return re.sub(rf"\\{name}\.[\w.$]+", lambda match: re.sub("[.$]", "_", match[0]), text)


@contextmanager
def lean_export():
    """Leaves out two steps of Amaranth's export that cost most of its time and tell us nothing.

    - The contents of memories: all of ours are written before they are read, and so begin
      undefined; Amaranth would state a 0 for each bit, megabits for the receive queue.
    - The search for combinational loops, 40 % of the whole: the tests have Yosys search the
      Verilog.

    It has no options for these. The garbage collector finds nothing either, in millions of live
    nets.
    """
    netlist: Any = Netlist              # the stubs do not have the method
    emit, check = rtlil.ModuleEmitter.emit_memory, netlist.check_comb_cycles
    rtlil.ModuleEmitter.emit_memory = lambda self, cell_index, cell: None
    netlist.check_comb_cycles = lambda self: None
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        rtlil.ModuleEmitter.emit_memory, netlist.check_comb_cycles = emit, check
        if collects:
            gc.enable()


def to_verilog(units: dict[str, str], header: str) -> dict[str, str]:
    """RTLIL of the units, by name -> files ``<name>.v``, each with a unit and its submodules."""
    script = [f"read_rtlil <<rtlil\n{text}\nrtlil" for text in units.values()]
    removed = " ".join(f"-remove {name}" for name in (
        "generator", "top", "src", "amaranth.hierarchy", "amaranth.decoding"))
    script += ["proc -nomux -norom", "memory_collect", f"attrmap {removed}",
               f"attrmap -modattr {removed}",
               "write_verilog"]
    text = _yosys().run(["-q", "-"], "\n".join(script), ignore_warnings=True)
    pattern = re.compile(r"^(?:\(\*.*\*\)\n)*module (\S+?)\(.*?^endmodule\n", flags=re.M | re.S)
    files: dict[str, list[str]] = {name: [] for name in units}
    for match in pattern.finditer(text):
        module, body = match[1], match[0]
        # The longest name that fits: lampyris_tx is a prefix of nothing else, but a part may be.
        owner = max((name for name in units if f"{module}_".startswith(f"{name}_")), key=len)
        files[owner].append(body)
    head = f"// {header}\n// SPDX-License-Identifier: Apache-2.0\n\n"
    return {f"{name}.v": head + "\n".join(parts) for name, parts in files.items()}


def yosys_version() -> str:
    """Version of the Yosys that writes the Verilog."""
    return ".".join(str(part) for part in (_yosys().version() or ()))


def _yosys():
    # The one from Amaranth's wheel: output must not depend on the machine's PATH.
    os.environ["AMARANTH_USE_YOSYS"] = "builtin"
    return find_yosys(lambda version: version >= (0, 40))
