"""`python -m lampyris.cli.area`: cost of the 8-lane cores on an ECP5, as a table (docs/area.md)."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amaranth.lib import wiring

from lampyris.config import LinkConfig, preset
from lampyris.platforms.ecp5 import Report, place, synthesise
from lampyris.platforms.pinsaver import PinSaver, Port, ports_from_manifest
from lampyris.platforms.toolchain import Progress, ToolError, work_folder, write_text
from lampyris.shared import clock_ports, flat_ports

__all__ = ["Row", "fast_enough", "main", "measure", "measure_block", "say", "table"]

SPEED = 6
CLOCK_MHZ = 100.0
MODULES = ("lampyris_tx", "lampyris_rx")

OTHERS = """\
| verilog-ethernet 10G PCS, transmit | 948 | | | | 157 | 95 | speed grade 8 |
| verilog-ethernet 10G PCS, receive | 888 | | | | 186 | 74 | speed grade 8 |
| Essenceia 40G PCS, 4-lane deskew alone | 15463 | | | | 111 | 544 | speed grade 8, of registers |
| Essenceia 40G PCS, marker lock, per lane | 139 | | | | 157 | | speed grade 8 |
"""


@dataclass(frozen=True)
class Row:
    """Cost of one block, without the wrapper that was needed to place it alone."""

    name: str
    lut: int
    ff: int
    bram: int
    lutram: int
    fmax: float
    gbps: float

    @property
    def lut_per_gbps(self) -> float:
        return self.lut / self.gbps


def measure(name: str, sources: Sequence[Path], ports: Iterable[Port], clocks: Mapping[str, float],
            *, rated: str, gbps: float, directory: Path, progress: Progress | None = None) -> Row:
    """Place one module alone.

    Parameters
    ----------
    name : str
        The module.
    sources : sequence of Path
        Its Verilog.
    clocks : mapping of str to float
        Constraint of each clock port, MHz.
    rated : str
        The clock port whose Fmax stands in the table.
    gbps : float
        What the module carries with these clocks.
    """
    saver = PinSaver(name, ports)
    wrapper = work_folder(directory) / f"{saver.top}.v"
    write_text(wrapper, saver.verilog())
    synthesise([*sources, wrapper], saver.top, directory=directory, progress=progress)
    # An experiment: the table shows what a clock reaches, enough or not.
    report: Report = place(saver.top, directory=directory, speed=SPEED, clocks=clocks,
                           must_meet=False, progress=progress)
    return Row(name, report.used("lut") - saver.luts, report.used("ff") - saver.flip_flops,
               report.used("bram"), report.used("lutram"), report.clock(rated).achieved, gbps)


def measure_block(name: str, component: wiring.Component, rtlil: str, *, gbps: float,
                  directory: Path, progress: Progress | None = None) -> Row:
    """Place a component of domain `sync` alone, for a clock of :data:`CLOCK_MHZ`; `rtlil` has it
    as module `name`."""
    source = work_folder(directory) / f"{name}.il"
    write_text(source, rtlil)
    clock, reset = clock_ports("sync")
    ports = [Port(name=port, direction="input", width=1, clock=clock) for port in (clock, reset)]
    ports += [Port(name=port, direction="input" if is_input else "output", width=len(value),
                   clock=clock) for port, (value, is_input) in flat_ports(component).items()]
    return measure(name, [source], ports, {clock: CLOCK_MHZ}, rated=clock, gbps=gbps,
                   directory=directory, progress=progress)


def table(rows: Sequence[Row], config: LinkConfig) -> str:
    """The page: our rows, and those of others for the same job."""
    lines = [
        "# Area",
        "",
        "Written by `python -m lampyris.cli.area`; do not edit.",
        "",
        f"Preset `{config.name}` in the word view, {config.lanes} lanes x {config.gear} bits, "
        f"placed alone on an LFE5U-85F, speed grade {SPEED}, by Yosys and nextpnr. The shift "
        "registers and XOR trees that stand in for its pins are subtracted. LUT counts every LUT4: "
        "logic, carry, and 4 per LUT RAM (whose write port blocks 2 more, not counted).",
        "",
        f"LUT per Gb/s is at the constraint of {CLOCK_MHZ:g} MHz for the core clock, not at Fmax: "
        f"{config.lanes} x {config.gear} bits x {CLOCK_MHZ:g} MHz = {rows[0].gbps:g} Gb/s.",
        "",
        "| block | LUT | FF | BRAM | LUT RAM 16x4 | Fmax, MHz | LUT per Gb/s | note |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += [f"| `{row.name}` | {row.lut} | {row.ff} | {row.bram} | {row.lutram} | "
              f"{row.fmax:.0f} | {row.lut_per_gbps:.0f} | |" for row in rows]
    return "\n".join(lines) + "\n" + OTHERS


def main(argv: Sequence[str] | None = None) -> int:
    """Generate, place and tabulate; 1 if a block misses 100 MHz, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.area", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/area.md"))
    parser.add_argument("-d", "--directory", type=Path, default=Path("build/area"),
                        help="work folder")
    args = parser.parse_args(argv)
    config = preset("uled8").with_settings(
        {"view": "word", "lane_rate_gbps": CLOCK_MHZ * preset("uled8").gear / 1000})
    try:
        rows = _measure_all(config, args.directory, say)
        page = table(rows, config)
        write_text(args.output, page)
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    print(page)
    return fast_enough({row.name: row for row in rows}, CLOCK_MHZ)


def _measure_all(config: LinkConfig, directory: Path, progress: Progress) -> list[Row]:
    from lampyris.export import generate  # heavy, and not needed for --help

    files = generate(config, progress)
    work_folder(directory)
    manifest = json.loads(files["manifest.json"])
    sources = []
    for name, text in files.items():
        if name.endswith(".v"):
            write_text(directory / name, text)
            sources.append(directory / name)
    gbps = config.lanes * config.lane_rate_gbps
    rows = []
    for module in MODULES:
        ports = ports_from_manifest(manifest, module)
        clocks = {port.name: config.host_clock if "host" in port.name else CLOCK_MHZ
                  for port in ports if port.is_clock}
        rated = next(name for name in clocks if "host" not in name)
        rows.append(measure(module, sources, ports, clocks, rated=rated, gbps=gbps,
                            directory=directory / module, progress=progress))
    return rows


def fast_enough(rows: Mapping[str, Row], clock_mhz: float) -> int:
    """Exit status: 1 if a block misses the clock, and a line to stderr for each that does."""
    slow = {name: row.fmax for name, row in rows.items() if row.fmax < clock_mhz}
    for name, fmax in slow.items():
        print(f"lampyris: error: {name} reaches {fmax:.1f} MHz, not {clock_mhz:g} MHz",
              file=sys.stderr)
    return 1 if slow else 0


def say(line: str):
    """A line of progress, to stderr."""
    print(f"{line} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
