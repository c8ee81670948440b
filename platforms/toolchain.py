"""Runs the open tools (Yosys, nextpnr, ecppack) and believes no exit status alone.

Every step checks the exit status, and that each file it should write is there, is newer than the
start of the step and is whole. A step that fails or is interrupted leaves none of its outputs.

The YoWASP tools are WebAssembly: they see ``/tmp`` as a folder of their own. So tools run inside
the work folder and get file names relative to it, never absolute ones.
"""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

__all__ = ["Progress", "ToolError", "find_tool", "run_tool", "work_folder", "write_text"]

Progress = Callable[[str], None]

FREE_BYTES = 1 << 20
"""Below this much free space no output is trusted: some tools do not report a failed write."""

_FIRST_CALL = "Preparing to run"
_ENDINGS = {".json": b"}"}
_ERROR = re.compile(r"\bERROR:|^Error:")


class ToolError(RuntimeError):
    """A tool is missing, or failed; the text is one sentence for the user."""


def find_tool(name: str, *, package: str = "") -> Path:
    """The program `name` beside this Python (the wheels put it there), else on PATH.

    Raises
    ------
    ToolError
        If it is in neither place; `package` is the wheel to install.
    """
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise ToolError(f"{name} is not installed: run \"pip install {package or name}\"")
    return Path(found)


def work_folder(directory: Path) -> Path:
    """Creates `directory` if need be; raises :class:`ToolError` if it cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".probe"
        probe.write_bytes(b"lampyris")
        probe.unlink()
    except OSError as error:
        raise ToolError(f"cannot write into {directory}: {error.strerror}") from None
    return directory


def write_text(path: Path, text: str):
    """Write a small file; raises :class:`ToolError` if that fails, and leaves no part of it."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):         # there may be no folder at all
            partial.unlink(missing_ok=True)
        raise ToolError(f"cannot write {path}: {error.strerror}") from None


def run_tool(tool: str, arguments: Sequence[str], *, step: str, directory: Path, log: str,
             outputs: Sequence[str], package: str = "", progress: Progress | None = None) -> Path:
    """Run one tool to its end and check what it wrote.

    Parameters
    ----------
    tool : str
        Program name, see :func:`find_tool`.
    arguments : sequence of str
        File names in them are relative to `directory`, where the tool runs.
    step : str
        What the tool does, for the messages: "synthesis of top".
    directory : Path
        An existing folder.
    log : str
        File name in `directory` for everything the tool prints.
    outputs : sequence of str
        File names in `directory` that the step must write. Older ones are removed first.
    package : str
        The wheel that holds the tool.
    progress : callable
        Called with one line of text per event worth telling.

    Returns
    -------
    Path
        The log.

    Raises
    ------
    ToolError
        One sentence with tool, step and log file.
    """
    program = find_tool(tool, package=package)
    paths = [directory / name for name in outputs]
    record = directory / log
    note = progress or (lambda line: None)
    note(f"{step} ({tool})")
    try:
        _remove(paths)
        record.write_bytes(b"")
        start = record.stat().st_mtime_ns
        status = _execute([str(program), *arguments], directory, record, note, tool)
        if status:
            why = f"exit status {status}{_reason(record)}"
            raise ToolError(f"{tool} failed in {step} ({why}), see {record}")
        for path in paths:
            if fault := _fault(path, start):
                raise ToolError(
                    f"{tool} ended {step} with status 0, but its output {path.name} {fault}, "
                    f"see {record}")
        if shutil.disk_usage(directory).free < FREE_BYTES:
            raise ToolError(f"the disk that holds {directory} is full after {step} by {tool}, "
                            f"see {record}")
    except OSError as error:
        _remove(paths)
        what = error.strerror or error
        raise ToolError(
            f"{tool} could not run {step} in {directory}: {what}, see {record}") from None
    except BaseException:  # a failed check or Ctrl-C: no output is left to be taken for a good one
        _remove(paths)
        raise
    return record


def _execute(command: list[str], directory: Path, record: Path, note: Progress, tool: str) -> int:
    with record.open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log.write(line)
                if line.startswith(_FIRST_CALL.encode()):
                    note(f"the first call of {tool} compiles it, 20-100 s")
            return process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()


def _fault(path: Path, start: int) -> str | None:
    """What is wrong with an output, as the end of a sentence."""
    if not path.exists():
        return "is missing"
    state = path.stat()
    if state.st_size == 0:
        return "is empty"
    if state.st_mtime_ns < start:
        return "is older than this run"
    if (ending := _ENDINGS.get(path.suffix)) is not None:
        with path.open("rb") as file:
            file.seek(max(0, state.st_size - 16))
            if not file.read().rstrip().endswith(ending):
                return "is cut off"
    return None


def _reason(record: Path) -> str:
    """The tool's own first error line, or the last line it printed."""
    lines = record.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    for line in errors[:1] or lines[-1:]:
        return ": " + line.removeprefix("ERROR:").strip().rstrip(".")
    return ""


def _remove(paths: Sequence[Path]):
    for path in paths:
        path.unlink(missing_ok=True)
