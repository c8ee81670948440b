import os
import subprocess
import sys

import pytest
from amaranth import Cat, Module, Signal
from amaranth.hdl import Fragment
from amaranth.hdl._ast import Concat, Operator
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.fec.code import Code
from lampyris.fec.linear import cheapest, network_values, share
from lampyris.sim.streams import simulate

SHAPES = [(1, 1), (1, 40), (3, 5), (16, 30), (70, 24), (24, 200), (200, 24)]


def matrix(rng, rows, inputs, density=0.5):
    """Random, with rows of nothing, of one input, of all, and twice the same."""
    masks = [sum((rng.random() < density) << place for place in range(inputs))
             for _ in range(rows)]
    if rows >= 16:
        masks[1], masks[3], masks[5], masks[7] = 0, 1 << inputs - 1, (1 << inputs) - 1, masks[6]
    return masks


@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("rows, inputs", SHAPES)
def test_matrix(rows, inputs, density, rng, masks):
    """The network adds up what the matrix says, and its figures are true."""
    wanted = matrix(rng, rows, inputs, density)
    network = share(wanted, inputs)
    assert masks(network) == wanted
    assert network.gates == len(network.pairs) <= network.naive_gates
    assert network.naive_gates == sum(max(0, row.bit_count() - 1) for row in wanted)
    assert network.depth == max(max(0, row.bit_count() - 1).bit_length() for row in wanted)


@pytest.mark.parametrize("limit", [0, 6, 7, 30])
def test_limit(limit, rng, masks):
    """A tree of a row of 33 to 64 ones is at least 6 deep; the fewer levels, the more gates."""
    wanted = [row | (1 << 33) - 1 for row in matrix(rng, 40, 64)]
    network, tight = share(wanted, 64, limit=limit), share(wanted, 64, limit=6)
    assert masks(network) == wanted
    assert network.depth <= max(limit, 6)
    assert network.gates <= tight.gates


def test_sums_are_shared():
    """b+c, (b+c)+a, (b+c)+d, ((b+c)+a)+d: 4 gates, not 8. In 2 levels, a+d must be one more."""
    rows = [0b0110, 0b0111, 0b1110, 0b1111]
    network = share(rows, 4, limit=3)
    assert (network.gates, network.naive_gates, network.depth) == (4, 8, 3)
    network = share(rows, 4, limit=2)
    assert (network.gates, network.naive_gates, network.depth) == (5, 8, 2)


def test_levels_of_the_front():
    """The tree of a row takes what comes late at last, and the front's gates count per bit."""
    front = share([0b11111111, 0b0001], 8)
    network = share([0b1111], 4, front=front, width=2)
    assert (front.gates, front.depth) == (7, 3)
    assert (network.gates, network.depth) == (2 * 7 + 3, 3 + 2)
    network = share([0b1011], 4, front=front, width=2)
    assert network.depth == 3 + 2
    assert share([0b1101], 4, front=front, width=2).depth == 4
    assert share([0b1100], 4, front=front, width=2).depth == 1      # without the late ones


@pytest.mark.parametrize("code", [Code(6, 2, 4), Code(12, 8, 8), Code(20, 16, 8), Code(45, 37, 8),
                                  Code(14, 10, 10)], ids=str)
def test_cheapest(code, masks):
    """The product of the factors is the matrix, and taken only where it is cheaper."""
    for rows, inputs, factors in ((code.parity_rows(), code.k * code.m, code.parity_factors()),
                                  (code.syndrome_rows(), code.n * code.m,
                                   code.syndrome_factors())):
        direct = share(rows, inputs, limit=13)
        network = cheapest(rows, inputs, factors, code.m, 13)
        assert masks(network) == rows
        assert network.gates <= direct.gates and network.naive_gates == direct.naive_gates
        assert network.depth <= 13 and network.registers(13) == 1
        # No more register stages than the least depth needs.
        network = cheapest(rows, inputs, factors, code.m, 3)
        assert masks(network) == rows
        assert network.registers(3) == -(-share(rows, inputs).depth // 3)


def test_cost_of_128_lanes(masks):
    """10 XOR2 per payload bit are the goal, 13 levels the limit; the docstrings name the counts."""
    code = Code(136, 128, 8)
    rows = code.parity_rows()
    network = cheapest(rows, 1024, code.parity_factors(), 8, 13)
    assert masks(network) == rows
    assert network.gates <= 8585 < 10 * 1024 and network.depth <= 13
    assert network.naive_gates > 31 * 1024
    rows = code.syndrome_rows()
    network = cheapest(rows, 1088, code.syndrome_factors(), 8, 13)
    assert masks(network) == rows
    assert network.gates <= 7592 and network.depth <= 13


def test_reproducible():
    """The hash seed changes nothing."""
    program = ("from lampyris.fec.code import Code; from lampyris.fec.linear import cheapest;"
               "code = Code(45, 37, 8);"
               "print(cheapest(code.parity_rows(), 296, code.parity_factors(), 8, 13),"
               "      cheapest(code.syndrome_rows(), 360, code.syndrome_factors(), 8, 13))")
    texts = {subprocess.run([sys.executable, "-c", program], check=True, capture_output=True,
                            env={**os.environ, "PYTHONHASHSEED": seed}).stdout
             for seed in ("1", "2", "3")}
    assert len(texts) == 1 and b"Network" in texts.pop()


class Sums(wiring.Component):
    """A network between two ports."""

    i: Signal
    o: Signal

    def __init__(self, network, bits, stages):
        self._network, self._stages = network, stages
        super().__init__({"i": In(bits), "o": Out(len(network.outputs))})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(Cat(network_values(m, self._network, self.i, "sum",
                                                 stages=self._stages)))
        return m


def passes(network, bits, rows, stages, rng, product):
    """A word per cycle, and each result `stages` cycles after its word."""
    dut = Sums(network, bits, stages)
    words = [rng.getrandbits(bits) for _ in range(40)]
    words[:bits] = [1 << place for place in range(bits)][:20]
    results = []

    async def testbench(ctx):
        for word in words + [0] * stages:
            ctx.set(dut.i, word)
            await ctx.delay(1e-9)
            results.append(ctx.get(dut.o))
            await ctx.tick()

    simulate(dut, [testbench])
    assert results[stages:] == [product(rows, word) for word in words]


@pytest.mark.parametrize("stages", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("rows, inputs", [(1, 1), (16, 30), (70, 24)])
def test_rtl(rows, inputs, stages, rng, product):
    wanted = matrix(rng, rows, inputs)
    passes(share(wanted, inputs), inputs, wanted, stages, rng, product)


@pytest.mark.parametrize("stages", [0, 1, 2, 4])
def test_rtl_with_a_front(stages, rng, product, masks):
    """Nothing, an input as it is, and sums, from both networks; also results of the front alone."""
    front = share([0, 0b1, *matrix(rng, 6, 20)], 20)
    rest = share([0b11, 1 << 8, *matrix(rng, 16, 24)], 24, front=front, width=3)
    assert rest.front is front and None in front.outputs
    passes(rest, 60, masks(rest), stages, rng, product)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_stages_are_even(stages, rng):
    """Between two registers are the levels' fair share of gates, and no more."""
    network = share(matrix(rng, 16, 60), 60)
    assert network.depth == 6
    statements = Fragment.get(Sums(network, 60, stages), None).statements
    sums = {id(statement.lhs): statement.rhs for statement in statements["comb"]}

    def depth(value):
        if isinstance(value, Operator):
            return 1 + max(map(depth, value.operands))
        return depth(sums[id(value)]) if id(value) in sums else 0

    ends = [part for statement in statements["comb"] if isinstance(statement.rhs, Concat)
            for part in statement.rhs.parts]
    ends += [statement.rhs for statement in statements["sync"]]
    assert max(map(depth, ends)) == -(-6 // (stages + 1))
