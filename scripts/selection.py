"""Which link: the options shared by the verbs that take a configuration."""

import argparse
import tomllib
from dataclasses import fields
from pathlib import Path

from lampyris.config import PRESETS, LinkConfig, load, preset

from .errors import UserError

__all__ = ["add_selection", "selected"]

DEFAULT = "uled128"

_TEXT = {field.name for field in fields(LinkConfig) if field.type is str}


def add_selection(parser: argparse.ArgumentParser):
    """Add `--preset`, `--config` and `--set`."""
    group = parser.add_argument_group("the link")
    source = group.add_mutually_exclusive_group()
    source.add_argument("--preset", metavar="NAME", default=DEFAULT,
                        help=f"one of {', '.join(PRESETS)} (default {DEFAULT})")
    source.add_argument("--config", metavar="FILE.toml", type=Path,
                        help="settings from a file, on top of the preset it names, if any")
    group.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], dest="settings",
                       help="change one setting, e.g. --set lanes=64; may be repeated")


def selected(args: argparse.Namespace) -> LinkConfig:
    """The configuration the options describe.

    Raises
    ------
    UserError, ConfigError
        With one sentence about the option or setting that cannot be used.
    """
    base = preset(args.preset) if args.config is None else load(args.config)
    return base.with_settings(dict(_setting(text) for text in args.settings))


def _setting(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not key:
        raise UserError(f'--set {text}: "key=value" is expected')
    quoted = value[:1] in ("'", '"')
    if key in _TEXT and not quoted:
        return key, value
    try:
        parsed = tomllib.loads(f"value = {value}")
        if parsed.keys() == {"value"}:
            return key, parsed["value"]
    except (ValueError, RecursionError):  # not TOML, or [[[[[... too deep
        pass
    if value and all(c.isalnum() or c in "-_+." for c in value):
        # A bare word is a string: the setting's own check says what it should have been.
        return key, value
    raise UserError(f"--set {text}: what follows the = is no TOML value")
