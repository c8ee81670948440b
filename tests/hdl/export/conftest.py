"""Exports made by the command in a process of its own, once per session and link."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Export:
    """A folder that `lampyris generate` wrote."""

    folder: Path

    @cached_property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    @cached_property
    def manifest(self) -> dict:
        return json.loads(self.files["manifest.json"])

    @property
    def tops(self) -> list[str]:
        return list(self.manifest["modules"])

    @property
    def verilog(self) -> list[Path]:
        """The files of the list, in its order."""
        return [self.folder / name for name in self.files["lampyris.f"].decode().split()]


Generate = Callable[..., Export]


def run_generate(folder: Path, options: str, hash_seed: int) -> None:
    command = [sys.executable, "-m", "lampyris.cli", "generate", "--quiet", "-o", str(folder),
               *options.split()]
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL,
                   env={**os.environ, "PYTHONHASHSEED": str(hash_seed)})


@pytest.fixture(scope="session")
def generated(tmp_path_factory) -> Generate:
    """Generates with some options of the command, unless another test or worker has."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def generate(options: str, hash_seed: int = 1) -> Export:
        name = "".join(c if c.isalnum() else "-" for c in options)
        folder = root / f"export{name}-{hash_seed}"
        with (root / f"{folder.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "manifest.json").exists():
                run_generate(folder, options, hash_seed)
        return Export(folder)

    return generate
