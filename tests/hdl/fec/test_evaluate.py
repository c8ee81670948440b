import os
import subprocess
import sys

import numpy as np
import pytest
from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from lampyris.fec.divide import PlaneDivider
from lampyris.fec.evaluate import Evaluation
from lampyris.fec.galois import Field
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate


class Values(wiring.Component):
    """The values as elements, symbol 0 first."""

    i: data.View
    o: data.View

    def __init__(self, field, places, powers, basis):
        self._size, self._powers = field.m, powers
        self.evaluation = Evaluation(field, places, powers, basis)
        super().__init__({"i": In(data.ArrayLayout(field.m, len(powers))),
                          "o": Out(data.ArrayLayout(len(places), field.m))})

    def elaborate(self, platform):
        m = Module()
        coefficients = [Signal(self._size, name=f"f{power}") for power in self._powers]
        m.d.comb += [f.eq(self.i[place]) for place, f in enumerate(coefficients)]
        planes = self.evaluation.planes(m, coefficients, "value")
        m.d.comb += [self.o[b].eq(plane) for b, plane in enumerate(planes)]
        return m


@pytest.mark.parametrize("start, step", [(0, 2), (1, 2), (0, 1)])
@pytest.mark.parametrize("count, lowest, degree, m, polynomial", [
    (3, 0, 2, 4, 0), (15, 0, 10, 4, 0), (12, 0, 4, 8, 0), (20, 0, 4, 8, 0x187), (14, 0, 4, 10, 0),
    (31, 0, 8, 5, 0), (60, 0, 12, 6, 0), (1, 14, 2, 4, 0), (6, 40, 12, 6, 0)])
def test_values(count, lowest, degree, m, polynomial, start, step, rng):
    """In the basis of the divider, by way of one matrix or two, at the places of a word or of a
    part of it."""
    field, places = ReferenceField(m, polynomial), range(lowest + count - 1, lowest - 1, -1)
    powers = tuple(range(start, degree + 1, step))
    basis = PlaneDivider(m=m, polynomial=polynomial, count=1).basis
    dut = Values(Field(m, polynomial), places, powers, basis)
    points = field.power(-np.array(places)[:, None] * np.array(powers))

    async def testbench(ctx):
        for _ in range(20):
            coefficients = [rng.getrandbits(m) for _ in powers]
            ctx.set(dut.i, coefficients)
            await ctx.delay(1e-9)
            values = np.zeros(count, np.uint16)
            for b, element in enumerate(basis):
                plane = ctx.get(dut.o[b])
                values ^= np.array([element * (plane >> s & 1) for s in range(count)], np.uint16)
            assert (values == field.dot(points, np.array(coefficients))).all()

    simulate(dut, [testbench])


@pytest.mark.parametrize("powers, gates, in_two_steps", [
    (range(0, 9, 2), 3414, True), (range(1, 9, 2), 4703, False), (range(8), 6996, True)])
def test_cost_of_128_lanes(powers, gates, in_two_steps):
    """The docstring names the counts; with 4 more levels for the test, it fits a clock of 13."""
    basis = PlaneDivider(m=8, count=136).basis
    evaluation = Evaluation(Field(8), range(135, -1, -1), tuple(powers), basis)
    assert evaluation.gates <= gates and evaluation.depth <= 9
    assert evaluation.in_two_steps == in_two_steps


def test_reproducible():
    """The hash seed changes nothing."""
    program = ("from amaranth.back import rtlil; from lampyris.fec.search import RootSearch;"
               "print(rtlil.convert(RootSearch(n=20, k=16, m=8), emit_src=False))")
    texts = {subprocess.run([sys.executable, "-c", program], check=True, capture_output=True,
                            env={**os.environ, "PYTHONHASHSEED": seed}).stdout
             for seed in ("1", "2", "3")}
    assert len(texts) == 1 and b"divider" in texts.pop()
