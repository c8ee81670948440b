"""Which link the options describe."""

import argparse

import pytest

from lampyris.cli.selection import add_selection, selected
from lampyris.config import LinkConfig, preset


def select(*argv: str) -> LinkConfig:
    parser = argparse.ArgumentParser()
    add_selection(parser)
    return selected(parser.parse_args(argv))


def test_default():
    assert select() == preset("uled128")


def test_file_over_preset_and_set_over_file(folder):
    (folder / "my link.toml").write_text("preset = 'uled16'\nlanes = 4\ngear = 10\n")
    config = select("--config", "my link.toml", "--set", "lanes=6")
    expected = {"name": "my-link", "lanes": 6, "gear": 10}
    assert config == preset("uled16").with_settings(expected)


def test_settings_are_checked_together():
    """Neither of these is valid without the other."""
    config = select("--preset", "uled8", "--set", "deskew_ui=1024", "--set", "gear=4",
                    "--set", "marker_period=2048")
    assert config.deskew_depth == 512


@pytest.mark.parametrize("text, key, value", [
    ("lanes=64", "lanes", 64),
    (" lanes = 64 ", "lanes", 64),
    ("lanes=0x40", "lanes", 64),
    ("lanes=1_00", "lanes", 100),
    ("lane_rate_gbps=3.3203125", "lane_rate_gbps", 3.3203125),
    ("lane_rate_gbps=1e0", "lane_rate_gbps", 1.0),
    ("test_patterns=false", "test_patterns", False),
    ("scrambler=none", "scrambler", "none"),
    ("scrambler='none'", "scrambler", "none"),
    ('scrambler="none"', "scrambler", "none"),
    ("name=128", "name", "128"),
    ("name=true", "name", "true"),
    ("name=2024-01-01", "name", "2024-01-01"),
])
def test_values(text, key, value):
    assert getattr(select("--set", text), key) == value


def test_last_of_two_wins():
    assert select("--set", "lanes=4", "--set", "lanes=8").lanes == 8
