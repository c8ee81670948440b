"""The wheel, in an environment outside the checkout, holds everything and writes the same bytes."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDERS = {"hdl": "lampyris", "sim": "lampyris/sim", "platforms": "lampyris/platforms",
           "scripts": "lampyris/cli"}
ALSO = ("pyproject.toml", "README.md", "LICENSE")


def pip(*argv: str, python: str = sys.executable):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet",
               "--python", python, *argv, "--no-deps", "--no-index"]
    subprocess.run(command, check=True, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy: setuptools would leave its files in the checkout, and take old ones."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ALSO:
        shutil.copy(ROOT / name, copy)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(out), str(copy))
    return next(out.glob("lampyris-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Folder with the programs of an environment that has the wheel and sees our dependencies.

    The `.pth` file makes our packages visible without installing them anew, which would need the
    network; our own editable install is not followed, as `.pth` files are not read recursively.
    """
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip("install", str(wheel), python=str(python))
    packages = next((folder / "lib").glob("python*/site-packages"))
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin"


def run(folder: Path, *argv: str | Path) -> str:
    """Outside the checkout, with no variable that could lead back to it."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run([str(word) for word in argv], cwd=folder, env=variables, check=True,
                          capture_output=True, text=True, timeout=300).stdout


def test_every_module_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {f"{package}/{path.relative_to(ROOT / name)}"
                for name, package in FOLDERS.items()
                for path in (ROOT / name).rglob("*") if path.suffix in (".py", ".vlt")}
    assert expected - names == set()
    assert {name for name in names if ".dist-info/" not in name} - expected == set()


def test_the_wheel_is_what_runs(installed, tmp_path):
    code = "import lampyris.config, lampyris.cli; print(lampyris.config.__file__)"
    place = run(tmp_path, installed / "python", "-c", code).strip()
    assert place.startswith(str(installed.parent))


def test_same_bytes_as_the_checkout(installed, generated, tmp_path):
    run(tmp_path, installed / "lampyris", "generate", "--preset", "uled8", "--quiet", "-o", "out")
    ours = generated("--preset uled8").files
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert theirs.keys() == ours.keys()
    assert [name for name in ours if theirs[name] != ours[name]] == []
