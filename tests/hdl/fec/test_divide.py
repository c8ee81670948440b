import pytest

from lampyris.fec.divide import PlaneDivider
from lampyris.fec.galois import coordinates
from lampyris.sim.reference.galois import Field as ReferenceField
from lampyris.sim.streams import simulate

LATENCY = {4: 2, 5: 3, 6: 2, 7: 4, 8: 2, 9: 4, 10: 2, 11: 5, 12: 2}


def planes(elements, basis):
    """Bit planes of the elements' coordinates."""
    masks = coordinates(basis)
    return [sum((masks[element] >> b & 1) << place for place, element in enumerate(elements))
            for b in range(len(basis))]


@pytest.mark.parametrize("m, polynomial", [*((m, 0) for m in LATENCY), (4, 0x19), (8, 0x187)])
def test_quotients(m, polynomial, rng):
    """Every divisor of the small fields, 0 too, with other dividends in each cycle."""
    field = ReferenceField(m, polynomial)
    count = min(1 << m, 300)
    dut = PlaneDivider(m=m, polynomial=polynomial, count=count)
    assert dut.latency == LATENCY[m]
    expected, results = [], []

    async def testbench(ctx):
        ctx.set(dut.valid, 1)
        for _ in range(10 + dut.latency):
            divisors = rng.sample(range(1 << m), count)
            dividends = [rng.getrandbits(m) for _ in range(count)]
            dividends[0] = divisors[-1] = 0
            quotients = [int(field.mul(a, field.inv(b))) if b else 0
                         for a, b in zip(dividends, divisors, strict=True)]
            expected.append(planes(quotients, [1 << b for b in range(m)]))
            ctx.set(dut.dividend, planes(dividends, dut.basis))
            ctx.set(dut.divisor, planes(divisors, dut.basis))
            await ctx.tick()
            results.append([ctx.get(dut.o[b]) for b in range(m)])

    simulate(dut, [testbench])
    assert results[dut.latency - 1:] == expected[:10 + 1]


@pytest.mark.parametrize("m", LATENCY)
def test_nothing_moves_unless_valid(m, rng, registers):
    dut = PlaneDivider(m=m, count=9)
    dut, signals = registers(dut)
    assert len(signals) >= 2 * m
    states = []

    async def testbench(ctx):
        for cycle in range(60):
            for port in (dut.dividend, dut.divisor):
                ctx.set(port, [rng.getrandbits(9) for _ in range(m)])
            ctx.set(dut.valid, cycle < 20)
            await ctx.tick()
            states.append([ctx.get(signal) for signal in signals])

    simulate(dut, [testbench])
    assert states[18] != states[19]
    assert all(state == states[-1] for state in states[20 + LATENCY[m]:])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^count must be 1 or more, not 0$"):
        PlaneDivider(m=8, count=0)
    with pytest.raises(ValueError, match=r"^symbol bits m = 3 are out of range"):
        PlaneDivider(m=3, count=1)
