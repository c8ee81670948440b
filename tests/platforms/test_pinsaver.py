"""The wrapper on a toy: its text, its own cost, and that nothing of the block is lost."""

import pytest

from lampyris.platforms.ecp5 import place, synthesise
from lampyris.platforms.pinsaver import PinSaver, Port, ports_from_manifest

TOY = """
module toy(input clk, input fast, input [20:0] a, input b, output [18:0] y, output z);
  reg [20:0] held, delayed; reg [18:0] sum; reg flag;
  assign y = delayed[20:2] ^ sum; assign z = flag;
  always @(posedge clk) begin held <= a; delayed <= held; sum <= y & {19{held[0] ^ held[1]}}; end
  always @(posedge fast) flag <= b;
endmodule
"""


def _port(name, direction, width, clock):
    return Port(name=name, direction=direction, width=width, clock=clock)


PORTS = [_port("clk", "input", 1, "clk"), _port("fast", "input", 1, "fast"),
         _port("a", "input", 21, "clk"), _port("b", "input", 1, "fast"),
         _port("y", "output", 19, "clk"), _port("z", "output", 1, "fast")]


def test_text():
    text = PinSaver("toy", PORTS).verilog()
    assert ("module toy_alone (\n  input clk,\n  input clk__enable,\n  input clk__in,\n"
            "  output clk__out,") in text
    assert ".a(clk__chain[20:0])" in text
    assert ".y(clk__raw[18:0])" in text
    assert "clk__fold1[4] <= ^clk__fold0[18:16];" in text


def test_own_cost():
    saver = PinSaver("toy", PORTS)
    # clk: 21 in, 19 -> 5 -> 2 -> 1 out; fast: 1 in, 1 out. XORs: 5 of 4 or 3 bits, 1 + (1 bit), 1.
    assert saver.flip_flops == 21 + 19 + 5 + 2 + 1 + 1 + 1
    assert saver.luts == 5 + 1 + 1


def test_placed_cost_is_the_block_and_the_wrapper(tmp_path):
    """Real tools: what is left after subtraction is what the toy has, in LUTs and flip-flops."""
    saver = PinSaver("toy", PORTS)
    (tmp_path / "toy.v").write_text(TOY)
    (tmp_path / "wrapper.v").write_text(saver.verilog())
    work = tmp_path / "work"
    synthesise([tmp_path / "toy.v", tmp_path / "wrapper.v"], saver.top, directory=work)
    report = place(saver.top, directory=work, clocks={"clk": 100, "fast": 150})
    # held, delayed (2 bits of it lead nowhere), sum, flag; two LUT4 per bit of sum.
    assert report.used("ff") - saver.flip_flops == 21 + 19 + 19 + 1
    assert 38 <= report.used("lut") - saver.luts <= 39
    assert report.used("io") == 8
    assert {clock.name: round(clock.need) for clock in report.clocks} == {"clk": 100, "fast": 150}


@pytest.mark.parametrize(("ports", "sentence"), [
    ([_port("a", "input", 1, "clk")],
     'port a of toy belongs to "clk", which is not one of its clocks (none)'),
    ([_port("clk", "input", 2, "clk")], "clock port clk of toy must be one input bit"),
    ([_port("clk", "output", 1, "clk")], "clock port clk of toy must be one input bit"),
])
def test_wrong_ports(ports, sentence):
    with pytest.raises(ValueError) as caught:
        PinSaver("toy", ports)
    assert str(caught.value) == sentence


def test_wrong_direction():
    with pytest.raises(ValueError, match=r"^port a has direction 'inout': allowed is"):
        _port("a", "inout", 1, "clk")


def test_ports_of_a_manifest():
    entries = [{"name": "core_clk", "direction": "input", "width": 1, "clock": "core",
                "role": "clock"},
               {"name": "data", "direction": "output", "width": 8, "clock": "core",
                "role": "lane"}]
    manifest = {"modules": {"toy": {"ports": entries}}}
    assert ports_from_manifest(manifest, "toy") == [
        _port("core_clk", "input", 1, "core_clk"), _port("data", "output", 8, "core_clk")]
    entries[1]["clock"] = "other"
    with pytest.raises(ValueError, match=r'^port data of toy is in the clock domain "other", '):
        ports_from_manifest(manifest, "toy")
