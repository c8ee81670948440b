"""ECP5 PLL: a frequency plan checked before elaboration, and the clock domains it drives."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from amaranth import ClockSignal, Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import ResetSynchronizer
from amaranth.lib.wiring import In

from .ecp5 import CLOCK_LIMIT_MHZ

__all__ = ["Ecp5Pll", "PlanError", "PllPlan"]

INPUT_MHZ = (8, 400)
PFD_MHZ = (10, 400)
VCO_MHZ = (400, 800)
OUTPUT_MHZ = (3.125, 400)
DIVIDERS = (1, 128)


class PlanError(ValueError):
    """A frequency that the PLL cannot make; the text is one sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class PllPlan:
    """Dividers of an ``EHXPLLL`` with its first output as feedback.

    Phase detector = input / `input_div`; first output = phase detector x `feedback_div`;
    VCO = first output x `output_divs[0]`; output n = VCO / `output_divs[n]`. All outputs rise
    together with the input.

    Members
    -------
    input_mhz : Fraction
    input_div, feedback_div : int, 1..128
    output_divs : tuple of 1 to 4 int, 1..128

    Raises
    ------
    PlanError
        If a frequency or divider leaves the range of the data sheet (FPGA-DS-02012, sysCLOCK PLL).
    """

    input_mhz: Fraction
    input_div: int
    feedback_div: int
    output_divs: tuple[int, ...]

    def __post_init__(self):
        if not 1 <= len(self.output_divs) <= 4:
            raise PlanError(f"a PLL has 1 to 4 outputs, not {len(self.output_divs)}")
        for divider in (self.input_div, self.feedback_div, *self.output_divs):
            if not DIVIDERS[0] <= divider <= DIVIDERS[1]:
                raise PlanError(f"PLL divider {divider} is out of range: allowed is 1 to 128")
        _within("input", self.input_mhz, INPUT_MHZ)
        _within("phase detector", self.pfd_mhz, PFD_MHZ)
        _within("VCO", self.vco_mhz, VCO_MHZ)
        for output in self.outputs_mhz:
            _within("output", output, OUTPUT_MHZ)

    @property
    def pfd_mhz(self) -> Fraction:
        return Fraction(self.input_mhz) / self.input_div

    @property
    def vco_mhz(self) -> Fraction:
        return self.pfd_mhz * self.feedback_div * self.output_divs[0]

    @property
    def outputs_mhz(self) -> tuple[Fraction, ...]:
        return tuple(self.vco_mhz / divider for divider in self.output_divs)

    @classmethod
    def of(cls, input_mhz: float, *outputs_mhz: float, speed: int = 6) -> "PllPlan":
        """The plan that makes exactly these outputs, with the fastest phase detector (least
        jitter), then the VCO nearest to the middle of its range.

        Raises
        ------
        PlanError
            If there is none, or an output is too fast for the clock network of that speed grade.
        """
        source = Fraction(input_mhz).limit_denominator(10**6)
        wanted = [Fraction(output).limit_denominator(10**6) for output in outputs_mhz]
        for output in wanted:
            if output > CLOCK_LIMIT_MHZ[speed]:
                raise PlanError(f"a clock of {float(output):g} MHz is too fast: the clock network "
                                f"of speed grade {speed} carries {CLOCK_LIMIT_MHZ[speed]:g} MHz")
        for input_div in range(DIVIDERS[0], DIVIDERS[1] + 1):
            feedback = wanted[0] * input_div / source
            if feedback.denominator != 1:
                continue
            for output_div in sorted(range(DIVIDERS[0], DIVIDERS[1] + 1),
                                     key=lambda div: abs(wanted[0] * div - sum(VCO_MHZ) // 2)):
                vco = wanted[0] * output_div
                divs = [vco / output for output in wanted]
                if any(div.denominator != 1 for div in divs):
                    continue
                try:
                    return cls(input_mhz=source, input_div=input_div, feedback_div=int(feedback),
                               output_divs=tuple(int(div) for div in divs))
                except PlanError:
                    continue
        names = ", ".join(f"{output:g}" for output in outputs_mhz)
        raise PlanError(f"the PLL cannot make {names} MHz from {input_mhz:g} MHz exactly")


def _within(what: str, value: Fraction, limits: tuple[float, float]):
    if not limits[0] <= value <= limits[1]:
        raise PlanError(f"PLL {what} of {float(value):g} MHz is out of range: allowed is "
                        f"{limits[0]:g} to {limits[1]:g} MHz")


class Ecp5Pll(wiring.Component):
    """Drives clock and reset of a board's clock domains; reset until the PLL has locked.

    Parameters
    ----------
    plan : PllPlan
    domains : tuple of str
        The clock domain of each output; the parent defines them.

    Members
    -------
    clock : In(1)
        The oscillator.

    Attributes
    ----------
    clocks : mapping of str to Signal
        The output nets by domain.
    """

    clock: Signal

    def __init__(self, plan: PllPlan, *, domains: tuple[str, ...]):
        if len(domains) != len(plan.output_divs):
            raise ValueError(f"{len(domains)} domains do not match the {len(plan.output_divs)} "
                             "outputs of the plan")
        self._plan = plan
        self._domains = domains
        self.clocks: Mapping[str, Signal] = {name: Signal(name=f"{name}_clk") for name in domains}
        super().__init__({"clock": In(1)})

    @property
    def plan(self) -> PllPlan:
        return self._plan

    @property
    def domains(self) -> tuple[str, ...]:
        return self._domains

    def elaborate(self, platform):
        m = Module()
        locked = Signal()
        plan = self._plan
        ports: dict = {}
        for output, divider, name in zip(("CLKOP", "CLKOS", "CLKOS2", "CLKOS3"), plan.output_divs,
                                         self._domains, strict=False):
            ports |= {f"p_{output}_ENABLE": "ENABLED", f"p_{output}_DIV": divider,
                      # A phase of DIV - 1 counts aligns the rising edges of all outputs.
                      f"p_{output}_CPHASE": divider - 1, f"p_{output}_FPHASE": 0,
                      f"o_{output}": self.clocks[name]}
        m.submodules.pll = Instance(
            "EHXPLLL",
            # Loop filter values from the vendor's tool, the same for all VCO settings in use.
            a_ICP_CURRENT="12", a_LPF_RESISTOR="8", a_MFG_ENABLE_FILTEROPAMP="1",
            a_MFG_GMCREF_SEL="2",
            p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED", p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED", p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB",
            p_OUTDIVIDER_MUXC="DIVC", p_OUTDIVIDER_MUXD="DIVD",
            p_CLKI_DIV=plan.input_div, p_CLKFB_DIV=plan.feedback_div, p_FEEDBK_PATH="CLKOP",
            i_CLKI=self.clock, i_CLKFB=self.clocks[self._domains[0]],
            i_RST=Const(0), i_STDBY=Const(0), i_PHASESEL0=Const(0), i_PHASESEL1=Const(0),
            i_PHASEDIR=Const(1), i_PHASESTEP=Const(1), i_PHASELOADREG=Const(1),
            i_PLLWAKESYNC=Const(0), i_ENCLKOP=Const(0), o_LOCK=locked, **ports)
        for name in self._domains:
            m.d.comb += ClockSignal(name).eq(self.clocks[name])
            # Asynchronous assertion, synchronous release: safe as long as LOCK has no glitches.
            m.submodules[f"reset_{name}"] = ResetSynchronizer(~locked, domain=name)
        return m
