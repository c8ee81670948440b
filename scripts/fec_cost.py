"""`python -m lampyris.cli.fec_cost`: gates and LUTs of the codecs (docs/fec_cost.md)."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lampyris.export.verilog import to_rtlil
from lampyris.platforms.gates import Gates, count_gates, total
from lampyris.platforms.toolchain import ToolError, work_folder, write_text

from .area import CLOCK_MHZ, SPEED, Row, fast_enough, measure_block, say
from .codecs import CODECS, Codec, Shared

__all__ = ["main", "page"]


def page(counted: Mapping[tuple[str, str], tuple[Gates, float]],
         networks: Mapping[tuple[str, str], Shared], rows: Mapping[tuple[str, str], Row]) -> str:
    """The three tables; their keys are codec and part."""
    lines = [
        "# Cost of the FEC",
        "",
        "Written by `python -m lampyris.cli.fec_cost`; do not edit.",
        "",
        "## Gates",
        "",
        "Yosys flattens a block, removes what is constant, unused or there twice, and maps it to "
        "gates of one bit. It does not restructure the logic. XOR2 counts XNOR2 too; other gates "
        "are AND2, OR2, 2:1 multiplexers and inverters, each as one; a flip-flop is one whatever "
        "its enable and reset; memories are not in the cells. The depth is the longest path in "
        "gates, inverters too, between two registers, memories or ports.",
        "",
        "| codec | block | XOR2 | other gates | flip-flops | memory bits | cells per payload bit | "
        "depth |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| {codec} | {part} | {gates.xor} | {gates.other} | {gates.flip_flops} | "
              f"{gates.memory_bits} | {gates.cells / payload:.1f} | {gates.depth} |"
              for (codec, part), (gates, payload) in counted.items()]
    lines += [
        "",
        "## What sharing saves",
        "",
        "XOR2 gates of the matrices: if every bit of the result had its own, and as they are "
        "built (`hdl/fec/linear.py`).",
        "",
        "| codec | matrix | XOR2, each its own | XOR2, shared | saved | depth |",
        "|---|---|---:|---:|---:|---:|",
    ]
    lines += [f"| {codec} | {part} | {network.naive_gates} | {network.gates} | "
              f"{100 - 100 * network.gates / network.naive_gates:.0f} % | {network.depth} |"
              for (codec, part), network in networks.items()]
    lines += [
        "",
        "## On an ECP5",
        "",
        f"Placed alone on an LFE5U-85F, speed grade {SPEED}, by Yosys and nextpnr. The shift "
        "registers and XOR trees that stand in for the pins are subtracted. LUT counts every "
        "LUT4: logic, carry, and 4 per LUT RAM. LUT per Gb/s is that of the payload at "
        f"{CLOCK_MHZ:g} MHz, not at Fmax.",
        "",
        "| codec | block | LUT | FF | BRAM | LUT RAM 16x4 | Fmax, MHz | LUT per Gb/s |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| {codec} | {part} | {row.lut} | {row.ff} | {row.bram} | {row.lutram} | "
              f"{row.fmax:.0f} | {row.lut_per_gbps:.0f} |" for (codec, part), row in rows.items()]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Count, place and tabulate; 1 if a placed block misses 100 MHz, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.fec_cost", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/fec_cost.md"))
    parser.add_argument("-d", "--directory", type=Path, default=Path("build/fec_cost"),
                        help="work folder")
    args = parser.parse_args(argv)
    counted, networks, rows = {}, {}, {}
    try:
        for codec in CODECS:
            for part, make in codec.parts.items():
                module = _module(codec, part)
                component, directory = make(), args.directory / module
                say(f"elaborating {module}")
                text = to_rtlil(component, module, ("sync",))
                if codec.placed:
                    rows[codec.name, part] = measure_block(
                        module, component, text, gbps=codec.payload * CLOCK_MHZ / 1000,
                        directory=directory, progress=say)
                else:
                    gates = count_gates(text, module, directory=directory, progress=say)
                    counted[codec.name, part] = gates, codec.payload
            for title, parts in codec.sums.items():
                terms = [(counted[codec.name, part][0], count) for part, count in parts.items()]
                counted[codec.name, title] = total(terms), codec.payload
            networks |= {(codec.name, part): make() for part, make in codec.networks.items()}
        text = page(counted, networks, rows)
        work_folder(args.output.parent)
        write_text(args.output, text)
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    print(text)
    return fast_enough({f"the {part} of {codec}": row for (codec, part), row in rows.items()},
                       CLOCK_MHZ)


def _module(codec: Codec, part: str) -> str:
    """A name of letters, digits and underscores."""
    words = "".join(c if c.isalnum() else " " for c in f"{codec.name} {part}").split()
    return "_".join(words)


if __name__ == "__main__":
    sys.exit(main())
