"""The arithmetic and the limits of the frequency plan."""

from fractions import Fraction

import pytest

from lampyris.platforms.pll import Ecp5Pll, PlanError, PllPlan


@pytest.mark.parametrize("wanted", [(200, 25), (150, 18.75), (100, 12.5), (62.5, 12.5), (200,)])
def test_plan_makes_what_was_asked_for(wanted):
    plan = PllPlan.of(25, *wanted)
    # The chain of the data sheet, by hand.
    vco = Fraction(25) / plan.input_div * plan.feedback_div * plan.output_divs[0]
    assert 400 <= vco <= 800
    assert 10 <= Fraction(25) / plan.input_div <= 400
    assert [float(vco / div) for div in plan.output_divs] == pytest.approx(list(wanted))


def test_board_plan():
    plan = PllPlan.of(25, 200, 25)
    assert (plan.input_div, plan.feedback_div, plan.output_divs) == (1, 8, (3, 24))
    assert plan.vco_mhz == 600
    assert plan.outputs_mhz == (200, 25)


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: PllPlan.of(25, 300),
     "a clock of 300 MHz is too fast: the clock network of speed grade 6 carries 257 MHz"),
    (lambda: PllPlan.of(25, 200, 27.5), "the PLL cannot make 200, 27.5 MHz from 25 MHz exactly"),
    (lambda: PllPlan.of(25, 201.7), "the PLL cannot make 201.7 MHz from 25 MHz exactly"),
    (lambda: _plan(input_mhz=Fraction(5)),
     "PLL input of 5 MHz is out of range: allowed is 8 to 400 MHz"),
    (lambda: _plan(input_div=5),
     "PLL phase detector of 5 MHz is out of range: allowed is 10 to 400 MHz"),
    (lambda: _plan(output_divs=(1, 24)),
     "PLL VCO of 200 MHz is out of range: allowed is 400 to 800 MHz"),
    (lambda: _plan(output_divs=(5,)),
     "PLL VCO of 1000 MHz is out of range: allowed is 400 to 800 MHz"),
    (lambda: _plan(output_divs=(3, 1)),
     "PLL output of 600 MHz is out of range: allowed is 3.125 to 400 MHz"),
    (lambda: _plan(feedback_div=129), "PLL divider 129 is out of range: allowed is 1 to 128"),
    (lambda: _plan(output_divs=(3, 0)), "PLL divider 0 is out of range: allowed is 1 to 128"),
    (lambda: _plan(output_divs=()), "a PLL has 1 to 4 outputs, not 0"),
])
def test_limits(call, sentence):
    with pytest.raises(PlanError) as caught:
        call()
    assert str(caught.value) == sentence


def test_domains_must_match():
    with pytest.raises(ValueError, match=r"^1 domains do not match the 2 outputs of the plan$"):
        Ecp5Pll(PllPlan.of(25, 200, 25), domains=("bit",))


def _plan(**changes):
    good = {"input_mhz": Fraction(25), "input_div": 1, "feedback_div": 8, "output_divs": (3, 24)}
    return PllPlan(**(good | changes))
