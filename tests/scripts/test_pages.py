"""The pages say what is: the table of presets, links between pages, names of tests."""

import re
from pathlib import Path

import pytest

from lampyris.cli import cmis_pages, registers, waterfall
from lampyris.cli.figures import figures
from lampyris.config import PRESETS, preset
from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.fec.performance import raw_error_rate
from lampyris.sim.reference.cmis import rate_code

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRESETS)
def test_row_of_the_table(name):
    config = preset(name)
    value = {key: number for rows in figures(config).values() for key, _, number, _ in rows}
    assert " | ".join([
        f"| `{name}`", f"{config.lanes} + {config.parity_lanes} + {config.spares}",
        f"{config.gear}",
        f"{config.lane_rate_gbps:g} Gb/s", f"{value['core_clock_mhz']:g} MHz", config.view,
        f"{value['host_bits']} bits, {value['host_clock_mhz']:g} MHz",
        f"{value['net_rate_gbps']:.1f} Gb/s", f"{value['efficiency_percent']:.1f} %",
        f"{value['deskew_covered_ui']} UI |"]) in README.splitlines()


def test_no_other_preset():
    assert re.findall(r"^\| `(uled[\w-]*)` \|", README, re.M) == list(PRESETS)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md",
                                  *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert [link for link in links
            if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()] == []


def test_verification_page_names_tests_that_are_there():
    text = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)`(?: \(`(test_\w+)`)?", text)
    assert len(named) > 30
    assert [(path, test) for path, test in named if not (ROOT / path).exists()
            or f"def {test or 'test'}" not in (ROOT / path).read_text(encoding="utf-8")] == []


def test_register_map_is_what_the_command_writes():
    text = (ROOT / "docs" / "register_map.md").read_text(encoding="utf-8")
    assert text == registers.page(preset("uled128-optics"))


def test_threshold_of_the_word_code():
    text = (ROOT / "docs" / "fec.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if "RS(136,128)" in line)
    ber = f"{raw_error_rate(136, 4, 8, 1e-15):.1e}".replace("e-0", "e-")
    assert f" | {ber} | " in row


def test_waterfall_page_has_every_point():
    text = (ROOT / "docs" / "waterfall.md").read_text(encoding="utf-8")
    rows = [(name, ber) for name, row in waterfall.RATES.items() for ber in row]
    rows += waterfall.ERASURES
    assert [(name, value) for name, value in rows
            if not re.search(rf"^\| `{name}` \| {value:.3g} \| \d", text, re.M)] == []


@pytest.mark.parametrize("code, shown", [
    (Code(544, 514, 10), ""), (Code(528, 514, 10), ""), (Code(272, 258, 10), ""),
    (Code(240, 224, 8), "8.3e-5; ")])
def test_row_of_a_group_code(code, shown):
    group, text = Group(code, 128), (ROOT / "docs" / "fec.md").read_text(encoding="utf-8")
    ber = f"{raw_error_rate(code.n, code.t, code.m, 1e-15):.1e}".replace("e-0", "e-")
    row = next(line for line in text.splitlines() if f"RS({code.n},{code.k})" in line)
    assert row.endswith(f" | {shown}{ber} | {group.message_slots} of {group.slots} | {group.slots} "
                        f"| {group.lanes_known}, {group.lanes_silent} |")


def test_bytes_of_the_management_memory(tmp_path):
    path = tmp_path / "page.md"
    assert cmis_pages.main(["-o", str(path)]) == 0
    assert path.read_text() == (ROOT / "docs" / "cmis_pages.md").read_text(encoding="utf-8")


def test_examples_of_f16():
    text = (ROOT / "docs" / "cmis.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) / (\d+) \| (\w{4})h \| (\d+) \| (\d+) \|$", text, re.M)
    assert len(rows) == 6
    for errors, bits, code, exponent, mantissa in rows:
        assert int(code, 16) == int(exponent) << 11 | int(mantissa) == rate_code(
            int(errors), int(bits))
