"""The area table, on a toy that is placed for real."""

import pytest
from amaranth import ClockDomain, Module, Signal
from amaranth.back import verilog

from lampyris.cli.area import Row, measure, table
from lampyris.config import preset
from lampyris.platforms.pinsaver import Port


def _toy() -> str:
    """A pipeline of 12 registers with an adder each, converted by Amaranth."""
    m = Module()
    m.domains.core = domain = ClockDomain(reset_less=True)
    i = Signal(12)
    o = Signal(12)
    value = i
    for stage in range(12):
        register = Signal(12, name=f"stage{stage}")
        m.d.core += register.eq(value + (value << 3))
        value = register
    m.d.comb += o.eq(value)
    return verilog.convert(m, name="toy", ports=[domain.clk, i, o], emit_src=False)


def test_measure(tmp_path):
    (tmp_path / "toy.v").write_text(_toy())
    ports = [Port(name="core_clk", direction="input", width=1, clock="core_clk"),
             Port(name="i", direction="input", width=12, clock="core_clk"),
             Port(name="o", direction="output", width=12, clock="core_clk")]
    row = measure("toy", [tmp_path / "toy.v"], ports, {"core_clk": 100.0}, rated="core_clk",
                  gbps=1.2, directory=tmp_path / "work")
    assert row.ff == 12 * 12
    assert 12 * 9 <= row.lut <= 12 * 16
    assert 100 < row.fmax <= 257
    assert row.lut_per_gbps == pytest.approx(row.lut / 1.2)


def test_table():
    rows = [Row("lampyris_tx", 640, 900, 0, 12, 123.4, 6.4),
            Row("lampyris_rx", 1280, 1800, 2, 24, 110.0, 6.4)]
    text = table(rows, preset("uled8"))
    assert "| `lampyris_tx` | 640 | 900 | 0 | 12 | 123 | 100 | |" in text
    assert "| `lampyris_rx` | 1280 | 1800 | 2 | 24 | 110 | 200 | |" in text
    assert "8 x 8 bits x 100 MHz = 6.4 Gb/s" in text
    assert "| Essenceia 40G PCS, 4-lane deskew alone | 15463 |" in text
    header = next(line for line in text.splitlines() if line.startswith("| block"))
    assert {line.count("|") for line in text.splitlines() if line.startswith("|")} == {
        header.count("|")}
