"""Output folders that are complete or untouched, whatever happens while they are written."""

import errno
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import UserError
from .signals import interrupts_held

__all__ = ["staged", "write"]

MANIFEST = "manifest.json"


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A temporary folder whose files move to `directory` when the block ends without an error.

    On an error, or Ctrl-C, nothing of it remains and `directory` is as it was. Files that others
    put there stay; those of an earlier generation that are not written again are removed.

    The temporary folder stands beside a new `directory`, which then appears in one step, and inside
    an existing one, which may be a mount point. There, each file is replaced in one step.

    Raises
    ------
    UserError
        If the folder cannot be written, the disk is full, or its manifest is someone else's.
    """
    target = Path(os.path.realpath(directory))
    parents: list[Path] = []
    temporary = None
    try:
        try:
            with interrupts_held():
                _refuse(directory, target)
                parents = _make_parents(target)
                temporary = _temporary(target)
                temporary.mkdir()
        except OSError as error:
            raise UserError(f"cannot write {directory}: {error.strerror}") from None
        with _blamed(directory, target, temporary):
            yield temporary
            names = _names(temporary)
            for path in [*(temporary / name for name in names), temporary]:
                _sync(path)
            with interrupts_held():
                if temporary.parent == target:
                    _replace(temporary, target, names)
                else:
                    os.rename(temporary, target)
                _sync(target.parent)
    finally:
        with interrupts_held():
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
            _remove_empty(parents)


def write(path: Path, content: str | bytes):
    """Write one file of a staged folder; an error names it, even if the disk fills up half-way."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


# Before the block --------------------------------------------------------------------------------


def _refuse(directory: Path, target: Path):
    """Raise if `target` cannot be a folder, or holds a manifest that is not of this program."""
    nearest = next(path for path in [target, *target.parents] if path.exists())
    if not nearest.is_dir():
        raise UserError(f"cannot write {directory}: {nearest} is a file, not a folder")
    if (target / MANIFEST).exists() and _earlier(target) is None:
        raise UserError(
            f"{directory / MANIFEST} was not written by lampyris: choose another folder")


def _earlier(target: Path) -> set[str] | None:
    """Names of the files that an earlier generation left in `target`; None if there was none."""
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, RecursionError, FileNotFoundError):
        return None
    if not isinstance(manifest, dict) or manifest.get("generator") != "lampyris":
        return None
    files = manifest.get("files")
    return set(files) if isinstance(files, dict) else set()


def _make_parents(target: Path) -> list[Path]:
    """Create the folders above `target`; those that did not exist, the innermost first."""
    missing = [path for path in target.parents if not path.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        _remove_empty(missing)
        raise
    return missing


def _temporary(target: Path) -> Path:
    token = f"lampyris-{secrets.token_hex(4)}"
    return target / f".{token}" if target.is_dir() else target.with_name(f".{target.name}.{token}")


# After the block ---------------------------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    """Files in the folder, as relative paths; the manifest is the last, so that it never promises
    what is not there."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return sorted(names, key=lambda name: (name == MANIFEST, name))


def _sync(path: Path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems know no fsync of a folder, and then nothing more can be done.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        os.close(handle)


def _replace(temporary: Path, target: Path, names: list[str]):
    """Move the files into a folder that exists and remove outdated ones; all of it or nothing."""
    outdated = (_earlier(target) or set()) - set(names) - {MANIFEST}
    undo: list[tuple[Path, Path]] = []
    try:
        for number, name in enumerate(names):
            path, backup = target / name, temporary / f"{number}.old"
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                _link(path, backup)
            undo.append((path, backup))
            os.replace(temporary / name, path)
    except OSError:
        for path, backup in reversed(undo):
            if backup.exists():
                os.replace(backup, path)
            else:
                path.unlink(missing_ok=True)
        raise
    for name in outdated:
        path = target / name
        # A manifest that was tampered with must not reach outside its folder.
        if path.is_file() and Path(os.path.realpath(path.parent)).is_relative_to(target):
            path.unlink()


def _link(path: Path, backup: Path):
    try:
        os.link(path, backup, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(path, backup, follow_symlinks=False)


# On an error -------------------------------------------------------------------------------------

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


@contextmanager
def _blamed(directory: Path, target: Path, temporary: Path) -> Iterator[None]:
    """Turn an `OSError` about these folders into a sentence with the path that the user knows."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.filename is None and error.errno in _DISK:
            raise UserError(f"cannot write {directory}: {reason}") from None
        if isinstance(error.filename, str):
            for folder in (temporary, target):
                if Path(error.filename).is_relative_to(folder):
                    path = directory / Path(error.filename).relative_to(folder)
                    raise UserError(f"cannot write {path}: {reason}") from None
        raise  # about something elsewhere


def _remove_empty(folders: list[Path]):
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # it is not there, or someone else has put something in
            return
