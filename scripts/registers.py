"""`python -m lampyris.cli.registers`: a link's registers as SystemRDL, pages, C header, Python.

All comes from the one description (`hdl/link_registers.py`): it is written as SystemRDL, and the
PeakRDL tools (extra `registers`) make the rest of that. The page of the preset that has most of
them, `--preset uled128-optics`, is docs/register_map.md.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lampyris.config import ConfigError, LinkConfig
from lampyris.control.registers.systemrdl import system_rdl
from lampyris.link_registers import link_map

from .errors import UserError, one_line
from .output import staged, write
from .selection import add_selection, selected

__all__ = ["main", "page", "registers_files"]

_NAME = "lampyris_link"


def page(config: LinkConfig) -> str:
    """The Markdown page of a link's registers."""
    from peakrdl_markdown import MarkdownExporter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{_NAME}.md")
        MarkdownExporter().export(_compiled(config, Path(folder)), str(path), depth=0)
        text = path.read_text(encoding="utf-8")
    head = ["# Register map", "",
            "Written by `python -m lampyris.cli.registers`; do not edit. "
            "[registers.md](registers.md) says how the registers work.", "",
            f"Link `{config.name}`.", ""]
    return "\n".join(head) + _tidy(text)


def registers_files(config: LinkConfig, folder: Path):
    """Write all files of a link's registers into a folder."""
    from peakrdl_cheader.exporter import CHeaderExporter
    from peakrdl_html import HTMLExporter
    from peakrdl_python.exporter import PythonExporter
    from peakrdl_python.systemrdl_node_hashes import NodeHashingMethod

    top = _compiled(config, folder)
    CHeaderExporter().export(top, str(folder / f"{_NAME}.h"))
    HTMLExporter().export(top, str(folder / "html"))
    PythonExporter().export(top, str(folder / "python"), skip_test_case_generation=True,
                            hashing_method=NodeHashingMethod.SHA256)
    write(folder / "register_map.md", page(config))


def _compiled(config: LinkConfig, folder: Path):
    """The map as the SystemRDL compiler has it; its text is in ``lampyris_link.rdl``."""
    from systemrdl.compiler import RDLCompiler

    source = folder / f"{_NAME}.rdl"
    write(source, system_rdl(link_map(config)))
    compiler = RDLCompiler()
    compiler.compile_file(str(source))
    return compiler.elaborate().top


def _tidy(text: str) -> str:
    """PeakRDL's page below our headline: without its own, and as Markdown alone."""
    text = re.sub(r"</?p>", "", text[text.index("\n## "):])
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip() + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files; 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.registers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_selection(parser)
    parser.add_argument("-o", "--output", metavar="DIR", type=Path,
                        help="folder to write (default build/registers)")
    parser.add_argument("--page", metavar="FILE", type=Path,
                        help="write the Markdown page alone, to a file")
    args = parser.parse_args(argv)
    try:
        config = selected(args)
        if args.page:
            write(args.page, page(config))
            return 0
        folder = args.output or Path("build", "registers")
        with staged(folder) as temporary:
            registers_files(config, temporary)
    except ModuleNotFoundError as error:
        print(f"lampyris: error: {error.name} is missing: install the extra `registers`",
              file=sys.stderr)
        return 2
    except (UserError, ConfigError, OSError) as error:
        print(f"lampyris: error: {one_line(str(error))}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
