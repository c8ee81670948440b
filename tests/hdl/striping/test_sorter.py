"""The lane sorter: any permutation, set by the lanes' numbers, without disturbing traffic."""

import itertools
from pathlib import Path

import pytest
from amaranth.sim import Simulator

from lampyris.export.verilog import lean_export, to_rtlil, to_verilog
from lampyris.shared import Outline
from lampyris.sim.rtl import runner
from lampyris.striping.sorter import LaneSorter, exchange_passes, sorter_latency

HERE = Path(__file__).parent


@pytest.mark.parametrize("lanes", range(1, 13))
def test_the_passes_sort_all_zeros_and_ones(lanes):
    """By the 0-1 principle (Knuth, TAOCP vol. 3, 5.3.4, theorem Z) they sort anything then."""
    for bits in range(1 << lanes):
        values = [bits >> lane & 1 for lane in range(lanes)]
        for pairs in exchange_passes(lanes):
            assert len({lane for pair in pairs for lane in pair}) == 2 * len(pairs)
            for low, high in pairs:
                values[low], values[high] = sorted((values[low], values[high]))
        assert values == sorted(values)


@pytest.mark.parametrize("lanes", [2, 3, 4, 5])
def test_every_permutation(lanes):
    dut = LaneSorter(lanes=lanes, width=4)
    bits = max(1, (lanes - 1).bit_length())
    tried = 0

    async def bench(ctx):
        nonlocal tried
        for numbers in itertools.permutations(range(lanes)):
            for lane, number in enumerate(numbers):
                ctx.set(dut.i[lane], number + 1)
            for bit in reversed(range(bits)):
                ctx.set(dut.tags, sum((n >> bit & 1) << lane for lane, n in enumerate(numbers)))
                ctx.set(dut.tag, 1)
                ctx.set(dut.first, bit == bits - 1)
                await ctx.tick()
            ctx.set(dut.tag, 0)
            ctx.set(dut.commit, 1)
            await ctx.tick()
            ctx.set(dut.commit, 0)
            await ctx.tick().repeat(dut.latency)
            assert [ctx.get(dut.o[place]) for place in range(lanes)] == list(range(1, lanes + 1))
            tried += 1

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert tried > 1


@pytest.mark.full
def test_orders_of_136_lanes(tmp_path):
    """1,000 random permutations, all rotations, mirrors and swaps, on the exported Verilog."""
    sorter = LaneSorter(lanes=136, width=8)
    assert sorter.latency == sorter_latency(136) == 6
    with lean_export():
        units = {"sorter": to_rtlil(sorter, "sorter", ("sync",), Outline("sorter"))}
    source = tmp_path / "sorter.v"
    source.write_text(to_verilog(units, "lane sorter")["sorter.v"])
    built = runner.build([source], "sorter", tmp_path)
    assert runner.run(built, "sorter_bench", folder=HERE) == 1


@pytest.mark.parametrize("wrong,sentence", [
    ({"lanes": 0, "width": 8}, "lanes must be 1 or more, not 0"),
    ({"lanes": 4, "width": 8, "passes_per_stage": 0}, "passes_per_stage must be 1 or more, not 0"),
])
def test_a_wrong_parameter_is_named(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        LaneSorter(**wrong)
