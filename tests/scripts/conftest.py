"""The command in this process, in a folder of its own, with a small stand-in for the exporter."""

import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lampyris.cli import main


@dataclass
class Result:
    status: int
    out: str
    err: str


@dataclass
class Exporter:
    """Stands for `lampyris.export`: remembers its calls and returns `files`."""

    calls: list = field(default_factory=list)
    files: dict = field(default_factory=lambda: {
        "lampyris_tx.v": "module lampyris_tx; endmodule\n",
        "lampyris_rx.v": b"module lampyris_rx; endmodule\n",
        "manifest.json": '{"generator": "lampyris", "files": {"lampyris_tx.v": {}, '
                         '"lampyris_rx.v": {}}}\n',
    })
    error: BaseException | None = None

    def generate(self, config, progress, tops=None):
        self.calls.append((config, tops))
        progress("elaborating")
        if self.error:
            raise self.error
        return self.files


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The current folder, empty."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def lampyris(capsys):
    """Runs the command in this process; an error it does not expect fails the test."""
    def run(*argv) -> Result:
        status = main([str(word) for word in argv])
        out, err = capsys.readouterr()
        return Result(status, out, err)
    return run


@pytest.fixture
def exporter(monkeypatch) -> Exporter:
    exporter = Exporter()
    module = types.ModuleType("lampyris.export")
    monkeypatch.setattr(module, "generate", exporter.generate, raising=False)
    monkeypatch.setitem(sys.modules, "lampyris.export", module)
    return exporter


@pytest.fixture
def tree():
    """Everything below a folder: relative path -> content."""
    def read(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"/"
                for path in sorted(folder.rglob("*"))}
    return read
