"""`python -m lampyris.cli.cmis_pages`: the bytes of the management memory (docs/cmis_pages.md)."""

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from lampyris.cmis.field import LOWER, Access, Field
from lampyris.cmis.identity import Identity
from lampyris.cmis.standard import standard_fields
from lampyris.cmis.vendor import LANE_PAGE, lane_fields, lane_pages, vendor_fields
from lampyris.platforms.toolchain import ToolError, write_text

__all__ = ["main", "page"]

_LANES = {"lanes": 136, "data_lanes": 128, "spares": 0, "symbol_bits": 8}
_HEAD = ["| byte | bits | name | access | value | meaning |", "|---:|---|---|---|---|---|"]


def page() -> str:
    """The page as text, with the default identity and 136 lanes."""
    fields = [*standard_fields(Identity()), *vendor_fields(**_LANES)]
    lines = [
        "# Bytes of the management memory",
        "",
        "Written by `python -m lampyris.cli.cmis_pages`; do not edit. [cmis.md](cmis.md) explains "
        "what is here.",
        "",
        f"With the default identity and {_LANES['lanes']} lanes. Value: of a fixed field, or after "
        "a reset. Access: RO read only; RW read and write; COR cleared by reading; WO, SC written, "
        "self-clearing. Numbers have their most significant byte first, bitmaps their lowest "
        "lanes. A byte or bit that is not here reads as 0, and cannot be written.",
    ]
    for where, group in groupby(fields, key=lambda field: field.page):
        lines += ["", "## Lower memory" if where == LOWER else f"## Page {where:02X}h", "", *_HEAD,
                  *map(_row, group)]
    last = lane_pages(_LANES["lanes"])[-1]
    lines += ["", f"## Pages {LANE_PAGE:02X}h to {last:02X}h", "",
              f"The record of lane 0; that of lane l is on page {LANE_PAGE:02X}h + l / 8, "
              "16 (l mod 8) bytes further on.", "", *_HEAD, *map(_row, lane_fields(0))]
    return "\n".join(lines) + "\n"


def _row(field: Field) -> str:
    last = field.byte + field.size - 1
    place = f"{field.byte}" if field.size == 1 else f"{field.byte}-{last}"
    bits = "" if field.width >= 8 else (
        f"{field.low}" if field.high == field.low else f"{field.high}-{field.low}")
    return (f"| {place} | {bits} | {field.name} | {field.access.value} | {_value(field)} | "
            f"{field.text} |")


def _value(field: Field) -> str:
    if field.access not in (Access.FIXED, Access.CONTROL):
        return ""
    if field.access is Access.FIXED and "ASCII" in field.text:
        content = field.value.to_bytes(field.size, "big").decode("ascii").rstrip()
        return f"\"{content}\""
    digits = -(-field.width // 4)
    return f"{field.value:0{digits}X}h" if field.value and field.width > 4 else f"{field.value}"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the page; 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.cmis_pages", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/cmis_pages.md"))
    args = parser.parse_args(argv)
    try:
        write_text(args.output, page())
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
