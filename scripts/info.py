"""`lampyris info`: a configuration and the numbers that follow from it."""

import argparse
import json

from .figures import figures
from .selection import add_selection, selected

__all__ = ["add", "run"]


def add(subparsers):
    parser = subparsers.add_parser(
        "info", help="show a configuration and the numbers that follow from it",
        description="Show a configuration and the numbers that follow from it.")
    add_selection(parser)
    parser.add_argument("--json", action="store_true", help="for scripts: one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = selected(args)
    sections = figures(config)
    if args.json:
        derived = {key: _rounded(value)
                   for rows in sections.values() for key, _, value, _ in rows}
        print(json.dumps({"config": config.to_dict(), "derived": derived}, indent=2))
        return 0
    settings = [(key, _text(value), "") for key, value in config.to_dict().items()]
    tables = {"settings": settings} | {
        title: [(label, _text(value), unit) for _, label, value, unit in rows]
        for title, rows in sections.items()}
    print("\n".join(_lines(tables)))
    return 0


def _lines(tables: dict[str, list[tuple[str, str, str]]]) -> list[str]:
    rows = [row for table in tables.values() for row in table]
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = []
    for title, table in tables.items():
        lines += ["", title] if lines else [title]
        for label, value, unit in table:
            lines.append(f"  {label:{wide[0]}}  {value:>{wide[1]}} {unit}".rstrip())
    return lines


def _rounded(value: float | int) -> float | int:
    """Without the noise of the last binary digits (440.00000000000006)."""
    return round(value, 9) if isinstance(value, float) else value


def _text(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}" if value < 1e6 else f"{value:.0f}"
    return str(value)
