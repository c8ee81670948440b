"""Counts the gates of a block, in no technology: a cost that does not depend on a chip."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .ecp5 import YOSYS
from .toolchain import Progress, ToolError, run_tool, work_folder, write_text

__all__ = ["Gates", "count_gates", "read_gates", "total"]

_SCRIPT = """\
read_rtlil {top}.il
hierarchy -top {top}
proc
flatten
opt -full
memory -nomap
opt_clean
techmap
opt
clean -purge
tee -o {top}.ltp.txt ltp -noff * t:$mem_v2 %d
memory_unpack
tee -o {top}.stat.json stat -json
"""

_XOR = ("$_XOR_", "$_XNOR_")
_MEMORY = ("$memrd", "$memwr", "$meminit")
_DEPTH = re.compile(r"^Longest topological path in (?P<top>\S+) \(length=(?P<depth>\d+)\):", re.M)


@dataclass(frozen=True)
class Gates:
    """What a block consists of.

    Members
    -------
    xor : int
        XOR2 and XNOR2.
    other : int
        AND2, OR2 and the like, 2:1 multiplexers and inverters.
    flip_flops : int
        With or without enable and reset.
    memory_bits : int
        Bits of memories, which are no cells here.
    depth : int
        Gates that follow one another at most, inverters too, between registers, memories and ports.
    """

    xor: int
    other: int
    flip_flops: int
    memory_bits: int
    depth: int

    @property
    def gates(self) -> int:
        return self.xor + self.other

    @property
    def cells(self) -> int:
        """Gates and flip-flops."""
        return self.gates + self.flip_flops


def total(parts: Iterable[tuple[Gates, int]]) -> Gates:
    """So many of each, side by side or one behind a register of the other."""
    parts = list(parts)
    return Gates(
        *(sum(getattr(gates, name) * count for gates, count in parts)
          for name in ("xor", "other", "flip_flops", "memory_bits")),
        depth=max(gates.depth for gates, _ in parts))


def count_gates(rtlil: str, top: str, *, directory: Path, progress: Progress | None = None
                ) -> Gates:
    """Break a design in RTLIL down to gates of one bit and two inputs, and count them.

    Yosys flattens it, removes what is constant, unused or there twice, and maps words to bits. It
    does not restructure the logic (no ABC), so that what the generator shares, and nothing else, is
    what is counted.
    """
    work_folder(directory)
    write_text(directory / f"{top}.il", rtlil)
    write_text(directory / f"{top}.ys", _SCRIPT.format(top=top))
    outputs = [f"{top}.ltp.txt", f"{top}.stat.json"]
    run_tool(YOSYS[0], [f"{top}.ys"], step=f"gate count of {top}", directory=directory,
             log=f"{top}.gates.log", outputs=outputs, package=YOSYS[1], progress=progress)
    return read_gates(directory / outputs[1], directory / outputs[0])


def read_gates(statistics: Path, path: Path) -> Gates:
    """Read the output of Yosys' ``stat -json`` and ``ltp``.

    Raises
    ------
    ToolError
        If they are not that, or hold a cell that is no gate, flip-flop or memory.
    """
    try:
        design = json.loads(statistics.read_text(encoding="utf-8"))["design"]
        cells: Mapping[str, int] = design["num_cells_by_type"]
        bits = int(design["num_memory_bits"])
        depth = _DEPTH.search(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{statistics} is not a statistics file of Yosys ({error!r})") from None
    xor = other = flip_flops = 0
    for kind, count in cells.items():
        if kind in _XOR:
            xor += count
        elif "DFF" in kind:
            flip_flops += count
        elif kind.startswith("$_"):
            other += count
        elif not kind.startswith(_MEMORY):
            raise ToolError(f"{statistics} counts cells of the kind {kind}, which is no gate")
    if depth is None:
        raise ToolError(f"{path} names no longest path")
    return Gates(xor, other, flip_flops, bits, int(depth["depth"]))
