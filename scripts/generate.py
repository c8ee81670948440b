"""`lampyris generate`: the Verilog of a link, with constraints and a manifest."""

import argparse
from pathlib import Path

from lampyris.config import LinkConfig

from .options import add_output, add_quiet
from .output import staged, write
from .progress import Progress
from .selection import add_selection, selected

__all__ = ["add", "run"]

TOPS = ("tx", "rx", "transceiver")
MANAGED = ("managed", "managed_wb")


def add(subparsers):
    parser = subparsers.add_parser(
        "generate", help="write Verilog, constraints and a manifest",
        description="Write the Verilog of a link, its constraints and a manifest.")
    add_selection(parser)
    add_output(parser, "build/NAME, by the name of the link")
    parser.add_argument("--top", choices=[*TOPS, "all", *MANAGED], default="all",
                        help="which design (default all = tx, rx and transceiver; the managed ones "
                             "have registers behind AXI4-Lite or Wishbone)")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = selected(args)
    directory = args.output or Path("build", config.name)
    with Progress(quiet=args.quiet) as progress:
        # The folder first: one that cannot be written shall not cost the time to generate.
        with staged(directory) as temporary:
            files = _generate(config, args.top, progress)
            progress(f"writing {directory}")
            for name, content in files.items():
                write(temporary / name, content)
    print("\n".join(_summary(config, directory, files)))
    return 0


def _generate(config: LinkConfig, top: str, progress: Progress) -> dict[str, bytes]:
    # Imported late: Amaranth takes longer to load than the other verbs take to run.
    from lampyris.export import generate

    files = generate(config, progress, **({} if top == "all" else {"tops": (top,)}))
    return {name: content.encode() if isinstance(content, str) else content
            for name, content in files.items()}


def _summary(config: LinkConfig, directory: Path, files: dict[str, bytes]) -> list[str]:
    wide = max(map(len, files))
    size = sum(map(len, files.values()))
    return [
        f"{directory}: {len(files)} files, {size} bytes",
        *(f"  {name:{wide}} {len(content):9}" for name, content in sorted(files.items())),
        f"net rate {config.net_rate_gbps:.2f} Gb/s of 1500-byte packets, "
        f"core clock {config.core_clock_mhz:g} MHz",
    ]
