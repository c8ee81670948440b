"""`staged`: a folder is complete or untouched."""

import errno
import os
import re
import signal
from pathlib import Path

import pytest

from lampyris.cli.errors import UserError
from lampyris.cli.output import staged, write

MANIFEST = '{"generator": "lampyris", "files": {"a.v": {}, "b.v": {}}}'
OLD = {"a.v": b"old a", "b.v": b"old b", "manifest.json": MANIFEST.encode(), "notes.txt": b"mine"}


@pytest.fixture
def old(folder) -> Path:
    """A folder with an earlier generation and a file of the user's."""
    target = folder / "out"
    target.mkdir()
    for name, content in OLD.items():
        (target / name).write_bytes(content)
    return target


def fill(directory: Path, **files: str):
    with staged(directory) as temporary:
        for name, content in files.items():
            write(temporary / f"{name}.v", content)
        write(temporary / "manifest.json", MANIFEST)


def test_new_folder(folder, tree):
    fill(Path("build/out"), a="1", b="2")
    assert tree(folder) == {"build": b"/", "build/out": b"/", "build/out/a.v": b"1",
                            "build/out/b.v": b"2", "build/out/manifest.json": MANIFEST.encode()}


def test_permissions_follow_the_umask(folder):
    before = os.umask(0o027)
    try:
        fill(folder / "out", a="1")
    finally:
        os.umask(before)
    assert (folder / "out").stat().st_mode & 0o777 == 0o750
    assert (folder / "out" / "a.v").stat().st_mode & 0o777 == 0o640


def test_outdated_files_go_and_foreign_ones_stay(old, folder, tree):
    fill(old, a="new a", c="new c")
    assert tree(folder / "out") == {"a.v": b"new a", "c.v": b"new c", "notes.txt": b"mine",
                                    "manifest.json": MANIFEST.encode()}


def test_folder_behind_a_link(old, folder, tree):
    (folder / "link").symlink_to("out")
    fill(folder / "link", a="new a")
    assert (folder / "link").is_symlink()
    assert tree(old)["a.v"] == b"new a"


def test_manifest_reaches_no_further_than_its_folder(old, folder):
    (folder / "precious").write_text("x")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("x")
    (old / "sub").symlink_to(elsewhere)
    names = f'"../precious": 0, "{folder}/precious": 0, "sub/precious": 0, "sub": 0, "": 0'
    (old / "manifest.json").write_text(f'{{"generator": "lampyris", "files": {{{names}}}}}')
    fill(old, a="new")
    assert (folder / "precious").exists() and (elsewhere / "precious").exists()


@pytest.mark.parametrize("manifest", ["{}", "[]", "{", '{"generator": "npm"}', "[" * 100_000])
def test_manifest_of_someone_else(manifest, folder, tree):
    (folder / "manifest.json").write_text(manifest)
    before = tree(folder)
    with pytest.raises(UserError, match=r"manifest.json was not written by lampyris: choose"):
        fill(folder, a="1")
    assert tree(folder) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit, MemoryError])
@pytest.mark.parametrize("name", ["out", "new", "new/deep/er"])
def test_error_inside(error, name, old, folder, tree):
    before = tree(folder)
    with pytest.raises(error), staged(folder / name) as temporary:
        write(temporary / "a.v", "half")
        raise error
    assert tree(folder) == before


@pytest.mark.parametrize("name", ["out", "new", "new/deep/er"])
def test_full_disk(name, old, folder, tree, monkeypatch):
    def full(path, content):
        path.open("wb").write(content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    before = tree(folder)
    monkeypatch.setattr(Path, "write_bytes", full)
    sentence = f"^cannot write {name}/a.v: No space left on device$"
    with pytest.raises(UserError, match=sentence):
        fill(Path(name), a="content")
    assert tree(folder) == before


def test_full_disk_found_by_fsync(old, tree, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match=r"^cannot write out/a.v: No space left on device$"):
        fill(Path("out"), a="content")
    assert tree(old) == OLD


def test_full_disk_somewhere_unknown(folder, tree):
    sentence = "^cannot write new: No space left on device$"
    with pytest.raises(UserError, match=sentence), staged(Path("new")):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert tree(folder) == {}


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("linked", [True, False], ids=["links", "copies"])
def test_error_while_moving_is_undone(number, linked, old, tree, monkeypatch):
    """The rename fails for the n-th of four files, on file systems with and without hard links."""
    replace, done = os.replace, []

    def fails(source, target):
        done.append(target)
        if len(done) == number:
            raise OSError(errno.EPERM, "Operation not permitted", str(source), None, str(target))
        replace(source, target)

    def unlinkable(*args, **keywords):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "replace", fails)
    if not linked:
        monkeypatch.setattr(os, "link", unlinkable)
    with pytest.raises(UserError, match=r"^cannot write out/.*: Operation not permitted$"):
        fill(Path("out"), a="new a", b="new b", c="new c")
    assert len(done) >= number
    assert tree(old) == OLD


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_while_moving_waits(number, old, tree, monkeypatch):
    """The signal comes after the first of the files has moved: all of them move, then it counts."""
    replace, done = os.replace, []

    def interrupted(source, target):
        replace(source, target)
        done.append(target)
        if len(done) == 1:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fill(Path("out"), a="new a", b="new b")
    assert tree(old) == OLD | {"a.v": b"new a", "b.v": b"new b"}


def test_manifest_moves_last(old, monkeypatch):
    """It must not promise, not even for a moment, what is not there."""
    replace, done = os.replace, []

    def noted(source, target):
        replace(source, target)
        done.append(target.name)

    monkeypatch.setattr(os, "replace", noted)
    fill(old, z="new", a="new")
    assert done == ["a.v", "z.v", "manifest.json"]


def test_file_in_the_place_of_a_folder(old, folder, tree):
    before = tree(folder)
    for name in ("out/notes.txt", "out/notes.txt/deep/er"):
        sentence = f"^cannot write {name}: .*/out/notes.txt is a file, not a folder$"
        with pytest.raises(UserError, match=sentence):
            fill(Path(name), a="1")
    assert tree(folder) == before


def test_folder_in_the_place_of_a_file(old, tree):
    (old / "c.v").mkdir()
    before = tree(old)
    with pytest.raises(UserError, match=r"^cannot write out/c.v: is a folder$"):
        fill(Path("out"), a="new", c="new")
    assert tree(old) == before


@pytest.mark.parametrize("name", ["/proc/lampyris", "/proc/lampyris/deep", "/sys", "x" * 300])
def test_unwritable(name, folder, tree):
    with pytest.raises(UserError, match=f"^cannot write {re.escape(name)}: [A-Z][-a-z ]+$"):
        fill(Path(name), a="1")
    assert tree(folder) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", ["out", "out/new"])
def test_unwritable_by_permission(name, old, tree):
    old.chmod(0o500)
    try:
        with pytest.raises(UserError, match=f"^cannot write {name}: Permission denied$"):
            fill(Path(name), a="1")
        assert tree(old) == OLD
    finally:
        old.chmod(0o700)


def test_error_about_something_else_passes(folder):
    with pytest.raises(FileNotFoundError, match="yosys"), staged(folder / "out"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "yosys")
    with pytest.raises(BrokenPipeError), staged(folder / "out"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
