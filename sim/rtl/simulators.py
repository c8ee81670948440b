"""The simulators' options, their environment, and the name of a build."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from . import verilator
from .verilator import ToolError

__all__ = ["FAST", "arguments_for", "cocotb_runner", "digest_of", "environment", "waves_file"]

_VERILATOR_OPTIONS = (
    "-O3", "--x-assign", "fast", "--x-initial", "fast", "--threads", "1", "-Wno-fatal", "-Wno-lint",
    "-Wno-style", "--output-split", "20000", "--output-split-cfuncs", "1000", "--noassert",
)
"""The compiler's time grows faster than a function: with functions of up to 20,000 statements it
needs 448 s of processor time for the 128-lane transceiver, with up to 1,000 it needs 181 s, and the
simulator is no slower."""
_PRIVATE = ("--no-public-flat-rw", "--public-depth", "1")
"""Only the ports of the top are visible to the bench: without these, cocotb's runner makes every
signal visible and Verilator can optimise next to nothing."""

FAST = "-Os"
"""Measured on 2 MB of Verilog, compile time on one core and bench speed with one read and one write
of the whole bus per cycle: -O0 60 s, 2,100 cycles/s; -O1 74 s, 17,600; -O2 83 s, 17,300; -Os 83 s,
23,000."""


def arguments_for(simulator: str, waves: bool, public: bool, options: Sequence[str]) -> list[str]:
    """Options of the simulator's compiler."""
    if simulator == "verilator":
        tracing = ["--trace-fst" if verilator.has_fst() else "--trace-vcd"] if waves else []
        return [*_VERILATOR_OPTIONS, *([] if public else _PRIVATE), *tracing, *options]
    return ["-g2012", *options]


def waves_file(simulator: str, top: str, arguments: Sequence[str]) -> str:
    """Name of the waveforms that a simulator built with these arguments writes."""
    if simulator == "icarus":
        return f"{top}.fst"  # written next to the simulator, whatever the working folder
    return "dump.fst" if "--trace-fst" in arguments else "dump.vcd"


def environment(simulator: str, optimise: str | None) -> dict[str, str]:
    """Variables for the simulator; also the check that it is there (`optimise` None: to run)."""
    if simulator == "verilator":
        if optimise is None:
            return {}
        verilator.require_compiler()
        return verilator.environment(optimise)
    if simulator != "icarus":
        raise ValueError(f'simulator = "{simulator}" is unknown: allowed are "verilator", "icarus"')
    if shutil.which("iverilog") is None:
        raise ToolError("Icarus Verilog is not installed: `iverilog` was not found on PATH")
    return {}


def cocotb_runner(simulator: str):
    """cocotb's runner; raises :class:`ToolError` if cocotb is not installed."""
    try:
        from cocotb_tools.runner import get_runner
    except ImportError:
        raise ToolError(
            "cocotb is not installed: run `pip install 'lampyris[simulation]'`") from None
    return get_runner(simulator)


def digest_of(verilog: Iterable[Path], options: Sequence[str]) -> str:
    """Hash of all that a built simulator depends on."""
    digest = hashlib.sha256()
    for package in ("verilator", "cocotb"):
        with contextlib.suppress(PackageNotFoundError):
            digest.update(f"{package} {version(package)}\n".encode())
    digest.update(json.dumps(options).encode())
    for path in verilog:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
