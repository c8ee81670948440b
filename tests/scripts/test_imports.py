"""Who may import whom. Ruff cannot say it: in `hdl/`, it takes `from .x import` for `hdl.x`."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {"hdl": "lampyris", "sim": "lampyris.sim", "platforms": "lampyris.platforms",
           "scripts": "lampyris.cli"}
FORBIDDEN = {
    "hdl": ("lampyris.sim", "lampyris.platforms", "lampyris.cli"),
    "sim/reference": ("lampyris.config", "lampyris.geometry", "lampyris.shapes", "amaranth"),
    "sim": ("lampyris.cli",),
    "platforms": ("lampyris.cli",),
}


def imported(path: Path) -> list[str]:
    """Absolute import names in a file."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return names


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_no_second_copy(folder):
    """The folders are imported by the names of `pyproject.toml`, never by their own."""
    wrong = [(str(path), name) for path in (ROOT / folder).rglob("*.py")
             for name in imported(path) if name.partition(".")[0] in FOLDERS]
    assert wrong == []


@pytest.mark.parametrize("folder, names", FORBIDDEN.items(), ids=FORBIDDEN)
def test_layers(folder, names):
    wrong = [(str(path), name) for path in (ROOT / folder).rglob("*.py")
             for name in imported(path)
             if any(name == taboo or name.startswith(f"{taboo}.") for taboo in names)]
    assert wrong == []
