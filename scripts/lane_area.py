"""`python -m lampyris.cli.lane_area`: what a lane's physical layer costs (docs/lane_area.md)."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amaranth.lib import wiring

from lampyris.config import preset
from lampyris.control.training import LinkTraining
from lampyris.export.verilog import to_rtlil
from lampyris.lane.receive_lane import ReceiveLane
from lampyris.lane.sampler import Sampler
from lampyris.lane_drivers import LaneDrivers
from lampyris.optics.eye_truth import EyeTruth
from lampyris.optics.optics import Optics
from lampyris.platforms.gates import Gates, count_gates
from lampyris.platforms.toolchain import ToolError, work_folder, write_text

from .area import CLOCK_MHZ, SPEED, Row, fast_enough, measure_block, say

__all__ = ["BLOCKS", "Block", "main", "page"]

_LANES = 8
_CONFIG = preset("uled8").with_settings({"view": "word"})


@dataclass(frozen=True)
class Block:
    """A block that is counted and placed.

    Members
    -------
    name : str
        In the table.
    make : callable
    lanes : int
        That it serves.
    """

    name: str
    make: Callable[[], wiring.Component]
    lanes: int


def _lock() -> ReceiveLane:
    return ReceiveLane(geometry=_CONFIG.geometry, tolerance=_CONFIG.marker_tolerance,
                       depth=_CONFIG.deskew_depth)


def _drivers(form: str) -> LaneDrivers:
    return LaneDrivers(_CONFIG.with_settings({"driver": form}))


def _optics(**settings) -> Optics:
    return Optics(lanes=_LANES, gear=_CONFIG.gear, ratio=4, **settings)


def _truth() -> EyeTruth:
    """Of the delay of `uled128-optics`."""
    geometry = _CONFIG.geometry
    return EyeTruth(gear=_CONFIG.gear, ratio=4, delay=116, period=geometry.marker_period,
                    markers=geometry.marker_symbols, syncs=geometry.sync_symbols,
                    tolerance=_CONFIG.marker_tolerance,
                    patience=8 * geometry.marker_period + 64 * _LANES)


BLOCKS = (
    *(Block(f"sampler, {ratio} samples per bit",
            lambda ratio=ratio: Sampler(gear=_CONFIG.gear, ratio=ratio), 1) for ratio in (3, 4, 8)),
    Block("lock, descrambler, deskew buffer, PRBS checker", _lock, 1),
    Block("driver, parallel", lambda: _drivers("parallel"), _LANES),
    Block("driver, sigma-delta", lambda: _drivers("sigma_delta"), _LANES),
    Block("driver, serial chain", lambda: _drivers("chain"), _LANES),
    Block("thresholds and eye monitor, 4 samples per bit", _optics, _LANES),
    Block("the same with FEC truth", lambda: _optics(truth=_truth()), _LANES),
    Block("training", lambda: LinkTraining(
        lanes=_LANES, warm_up=1000, patience=(_CONFIG.gear + 3) * _CONFIG.marker_period), _LANES),
)


def page(gates: Mapping[str, Gates], rows: Mapping[str, Row], blocks: Sequence[Block]) -> str:
    """The table; the keys are the blocks' names."""
    lines = [
        "# Area per lane",
        "",
        "Written by `python -m lampyris.cli.lane_area`; do not edit.",
        "",
        f"Gear {_CONFIG.gear}. A block that serves several lanes is made for {_LANES}, and its "
        "cost divided by that; what does not grow with the lanes is in it, so with more lanes it "
        "is less per lane. Cells are those of Yosys before technology mapping: gates of two "
        "inputs, multiplexers, inverters and flip-flops, without the bits of memories. LUT, FF and "
        f"Fmax are those of nextpnr, placed alone on an LFE5U-85F, speed grade {SPEED}; LUT counts "
        "every LUT4: logic, carry, and 4 per LUT RAM.",
        "",
        "| block | lanes | cells per lane | LUT per lane | FF per lane | BRAM | Fmax, MHz |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for block in blocks:
        row, lanes = rows[block.name], block.lanes
        lines.append(f"| {block.name} | {lanes} | {gates[block.name].cells / lanes:.0f} | "
                     f"{row.lut / lanes:.0f} | {row.ff / lanes:.0f} | {row.bram} | "
                     f"{row.fmax:.0f} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Count, place and tabulate; 1 if a block misses 100 MHz, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.lane_area", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/lane_area.md"))
    parser.add_argument("-d", "--directory", type=Path, default=Path("build/lane_area"),
                        help="work folder")
    args = parser.parse_args(argv)
    gates, rows = {}, {}
    try:
        for number, block in enumerate(BLOCKS):
            module, component = f"block{number}", block.make()
            directory = args.directory / module
            say(f"elaborating {block.name}")
            text = to_rtlil(component, module, ("sync",))
            gates[block.name] = count_gates(text, module, directory=directory, progress=say)
            rows[block.name] = measure_block(
                module, component, text, directory=directory, progress=say,
                gbps=block.lanes * _CONFIG.gear * CLOCK_MHZ / 1000)
        text = page(gates, rows, BLOCKS)
        work_folder(args.output.parent)
        write_text(args.output, text)
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    print(text)
    return fast_enough(rows, CLOCK_MHZ)


if __name__ == "__main__":
    sys.exit(main())
