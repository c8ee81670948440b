"""Modules that occur many times, compiled once: the lanes of a large link.

Verilator writes the code of each instance anew: 136 lanes make 150 MB of C++ and 15 minutes of
compiling. Here such a module is Verilated by itself, once, and stands in the design as a shell that
calls it once per clock cycle. The shell is right only if no output depends on an input within a
cycle; that is checked in every cycle of every run.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .results import build_error
from .simulators import digest_of
from .verilator import ToolError, find

__all__ = ["Split", "keep_common", "ports_of", "repeated", "split", "take_common"]

_OFTEN, _OFTEN_WIDE = 2, 5
"""Instances from which on a module is worth a shell; with a port of more than 64 bits, which is
copied word by word: of lanes, but not the few engines of a codec."""

_PORT = re.compile(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);$", re.MULTILINE)


class Split(NamedTuple):
    """A design cut in two: `verilog` to compile as ever, `objects` to link to it."""

    verilog: list[Path]
    objects: list[Path]


class Port(NamedTuple):
    name: str
    width: int
    is_input: bool


def repeated(verilog: Sequence[Path]) -> list[Path]:
    """The files that hold a module of their name which occurs often and has one clock, ``clk``."""
    texts = {path: path.read_text() for path in verilog}
    found = []
    for path in verilog:
        use = re.compile(rf"^  {re.escape(path.stem)} \S+ \($", re.MULTILINE)
        count = sum(len(use.findall(text)) for text in texts.values())
        ports = ports_of(texts[path], path.stem)
        often = _OFTEN_WIDE if any(port.width > 64 for port in ports) else _OFTEN
        if count >= often and any(port.name == "clk" for port in ports):
            found.append(path)
    return found


def split(verilog: Sequence[Path], options: Sequence[str], folder: Path) -> Split:
    """Verilate and compile the repeated modules in `folder`, and write their shells there.

    Parameters
    ----------
    verilog : list of paths
    options : list of str
        For Verilator. Its environment must be set.

    Raises
    ------
    ToolError
        If that fails.
    """
    rest, objects = list(verilog), []
    for path in repeated(verilog):
        name, work = path.stem, folder / path.stem
        work.mkdir(parents=True, exist_ok=True)
        ports = ports_of(path.read_text(), name)
        shell = work / f"{name}_shell.sv"
        shell.write_text(_shell(name, ports))
        (work / "step.cpp").write_text(_calls(name, ports))
        _call(["verilator", "--cc", *options, "--top-module", name, "--prefix", f"V{name}",
               "-Mdir", str(work), str(path), str(work / "step.cpp")], work)
        archive = work / f"V{name}__ALL.a"
        _call(["make", "-j", "2", "-C", str(work), "-f", f"V{name}.mk", archive.name, "step.o"],
              work)
        rest[rest.index(path)] = shell
        objects += [work / "step.o", archive]
    return Split(rest, objects)


def take_common(folder: Path, waves: bool) -> None:
    """Put the objects that all designs have in common into a build folder: Verilator's library, a
    quarter of the work of a small build. make must find them newer than the makefile to come."""
    kept = _common(folder, waves)
    future = time.time() + 3600
    for path in sorted(kept.glob("*.o")) if (kept / "complete").exists() else []:
        os.utime(shutil.copy(path, folder), (future, future))


def keep_common(folder: Path, waves: bool) -> None:
    """Keep those objects for the next build."""
    kept = _common(folder, waves)
    if not (kept / "complete").exists():
        kept.mkdir(exist_ok=True)
        for path in folder.glob("verilate*.o"):
            part = kept / f"{path.name}.{os.getpid()}"
            shutil.copy(path, part)
            part.replace(kept / path.name)
        (kept / "complete").touch()


def _common(folder: Path, waves: bool) -> Path:
    """Their place, by all that they depend on: compiler, its options, Verilator, cocotb, waves."""
    options = [os.environ.get("MAKEFLAGS", ""), str(find()), str(waves)]
    return folder.parent / f"common-{digest_of([], options)}"


def _call(command: list[str], work: Path) -> None:
    with open(work / "build.log", "a") as log:
        if subprocess.run(command, stdout=log, stderr=subprocess.STDOUT).returncode:
            raise ToolError(build_error(work / "build.log", command[0]))


def ports_of(text: str, name: str) -> list[Port]:
    """Ports of a module in the Verilog of Yosys: a declaration per line."""
    start = text.find(f"module {name}(")
    body = text[start:text.find("endmodule", start)] if start >= 0 else ""
    return [Port(port, int(high or 0) + 1, way == "input")
            for way, high, port in _PORT.findall(body)]


def _flow(ports: list[Port]) -> tuple[list[Port], list[Port]]:
    """Inputs but the clock, and outputs."""
    return ([port for port in ports if port.is_input and port.name != "clk"],
            [port for port in ports if not port.is_input])


def _shell(name: str, ports: list[Port]) -> str:
    """Verilog of the shell: ports in one vector each way, the first port in the low bits."""
    inputs, outputs = _flow(ports)
    wide_in, wide_out = (sum(port.width for port in some) for some in (inputs, outputs))
    heads = [f"{'input' if port.is_input else 'output'} [{port.width - 1}:0] {port.name}"
             for port in ports]
    given = ", ".join(port.name for port in reversed(inputs))
    taken = ", ".join(port.name for port in reversed(outputs))
    return f"""module {name}({", ".join(heads)});
  import "DPI-C" function chandle {name}_create(output bit [{wide_out - 1}:0] o);
  import "DPI-C" function void {name}_step(
    input chandle part, input bit [{wide_in - 1}:0] i, output bit [{wide_out - 1}:0] o);
  chandle part;
  bit [{wide_out - 1}:0] shown, next;
  initial part = {name}_create(shown);
  always @(posedge clk) begin
    {name}_step(part, {{{given}}}, next);
    shown <= next;
  end
  assign {{{taken}}} = shown;
endmodule
"""


def _members(ports: list[Port]) -> list[tuple[str, int, int]]:
    """Numbers of Verilator's class: what they are called, their first bit in the vector, their
    width. A port of more than 64 bits is an array with 32 in each."""
    members, at = [], 0
    for port in ports:
        if port.width <= 64:
            members.append((port.name, at, port.width))
        else:
            members += [(f"{port.name}[{low // 32}]", at + low, min(32, port.width - low))
                        for low in range(0, port.width, 32)]
        at += port.width
    return members


def _calls(name: str, ports: list[Port]) -> str:
    """C++ of the shell's two functions."""
    inputs, outputs = _flow(ports)
    words = -(-sum(port.width for port in outputs) // 32)
    put = [f"        this->{member} = bits(vector, {at}, {width});"
           for member, at, width in _members(inputs)]
    get = [f"        set(vector, {at}, {width}, this->{member});"
           for member, at, width in _members(outputs)]
    line = "\n"
    return f"""#include "V{name}.h"
#include <svdpi.h>
#include <cstring>

namespace {{
QData bits(const svBitVecVal* v, int at, int width) {{
    const int low = at & 31;
    QData value = v[at / 32] >> low;
    for (int have = 32 - low; have < width; have += 32)
        value |= static_cast<QData>(v[(at + have) / 32]) << have;
    return width == 64 ? value : value & ((QData{{1}} << width) - 1);
}}

void set(svBitVecVal* v, int at, int width, QData value) {{
    const int low = at & 31;
    v[at / 32] |= static_cast<svBitVecVal>(value << low);
    for (int have = 32 - low; have < width; have += 32)
        v[(at + have) / 32] |= static_cast<svBitVecVal>(value >> have);
}}

struct Part final : V{name} {{
    svBitVecVal shown[{words}];
    Part() : V{name}{{"{name}"}} {{}}
    void take(const svBitVecVal* vector) {{
{line.join(put)}
    }}
    void show(svBitVecVal* vector) {{
        std::memset(vector, 0, sizeof shown);
{line.join(get)}
    }}
}};
}}

extern "C" void* {name}_create(svBitVecVal* o) {{
    Part* const part = new Part;
    part->clk = 0;
    part->eval();
    part->show(part->shown);
    std::memcpy(o, part->shown, sizeof part->shown);
    return part;
}}

extern "C" void {name}_step(void* handle, const svBitVecVal* i, svBitVecVal* o) {{
    Part* const part = static_cast<Part*>(handle);
    part->take(i);
    part->clk = 0;
    part->eval();
    part->show(o);
    if (std::memcmp(o, part->shown, sizeof part->shown))
        vl_fatal(__FILE__, __LINE__, "{name}", "an output depends on an input within a cycle");
    part->clk = 1;
    part->eval();
    part->show(part->shown);
    std::memcpy(o, part->shown, sizeof part->shown);
}}
"""
