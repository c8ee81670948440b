"""Bias and modulation to use, from the nominal ones, one lane at a time."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .factor import FACTOR_BITS, FRACTION
from .fields import check_bits

__all__ = ["CodeScaler"]


class CodeScaler(wiring.Component):
    """Scales the modulation by a factor, and the bias in proportion (docs/driver.md, section 7).

    One adder multiplies bit by bit, one subtractor divides bit by bit.

    Parameters
    ----------
    bits : int, 3..12
        Per code.

    Members
    -------
    start : 1 bit, in
        The inputs must hold still from here to `done`.
    bias, modulation : `bits` bits, in
        Nominal.
    aged : `bits` bits, in
        The modulation that is to be scaled; 0 if `modulation` is.
    factor : 12 bits, in
        10 of them behind the point.
    done : 1 bit, out
        One clock. What follows holds until the next start.
    used_bias, used_modulation : `bits` bits, out
    cut : 1 bit, out
        One of them would have had more bits, and is all ones instead.

    Latency: 4·bits + 3 clocks from `start` to `done`, fewer if `modulation` is 0. Cost on an ECP5
    with 6 bits: 171 LUT4, 69 flip-flops.
    """

    start: Signal
    bias: Signal
    modulation: Signal
    aged: Signal
    factor: Signal
    done: Signal
    used_bias: Signal
    used_modulation: Signal
    cut: Signal

    def __init__(self, *, bits: int = 6):
        check_bits(bits)
        self._bits = bits
        super().__init__({
            "start": In(1), "bias": In(bits), "modulation": In(bits), "aged": In(bits),
            "factor": In(FACTOR_BITS), "done": Out(1), "used_bias": Out(bits),
            "used_modulation": Out(bits), "cut": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        bits = self._bits
        top = (1 << bits) - 1
        alone = Signal()                    # without a modulation, the bias itself is scaled
        m.d.comb += alone.eq(self.modulation == 0)

        # total + addend * weight, bit by bit from the lowest.
        total = Signal(bits + FACTOR_BITS + 1)
        addend = Signal(bits + FACTOR_BITS)
        weight = Signal(bits)
        left = Signal(range(2 * bits + 1))
        product = Signal(bits + FACTOR_BITS + 1 - FRACTION)
        m.d.comb += product.eq(total >> FRACTION)

        # total / modulation, bit by bit from the highest; the quotient comes in below. The dividend
        # is below 2^2bits: (2^bits - 1)^2 and half of a modulation.
        remainder = Signal(bits)
        trial = Signal(bits + 1)
        fits = Signal()
        m.d.comb += [trial.eq(Cat(total[2 * bits - 1], remainder)),
                     fits.eq(trial >= self.modulation)]

        with m.FSM():
            with m.State("IDLE"):           # waits for the start
                m.d.comb += self.done.eq(0)
                with m.If(self.start):
                    m.d.sync += [
                        total.eq(1 << FRACTION - 1), addend.eq(self.factor), left.eq(bits - 1),
                        weight.eq(Mux(alone, self.bias, self.aged)), self.cut.eq(0),
                    ]
                    m.next = "SCALE"
            with m.State("SCALE"):
                self._multiply(m, total, addend, weight, left)
                with m.If(left == 0):
                    m.next = "SCALED"
            with m.State("SCALED"):
                over = product > top
                used = Mux(over, top, product)
                m.d.sync += [
                    self.used_modulation.eq(Mux(alone, 0, used)), self.cut.eq(over),
                    total.eq(self.modulation >> 1), addend.eq(self.bias), weight.eq(used),
                    left.eq(bits - 1), remainder.eq(0),
                ]
                m.next = "PROPORTION"
                with m.If(alone):
                    m.d.sync += self.used_bias.eq(used)
                    m.next = "DONE"
            with m.State("PROPORTION"):
                self._multiply(m, total, addend, weight, left)
                with m.If(left == 0):
                    m.d.sync += left.eq(2 * bits - 1)
                    m.next = "DIVIDE"
            with m.State("DIVIDE"):
                m.d.sync += [
                    total.eq(Cat(fits, total[:2 * bits - 1])), left.eq(left - 1),
                    remainder.eq(Mux(fits, trial - self.modulation, trial)),
                ]
                with m.If(left == 0):
                    m.next = "DIVIDED"
            with m.State("DIVIDED"):
                over = total[:2 * bits] > top
                m.d.sync += [self.used_bias.eq(Mux(over, top, total)), self.cut.eq(self.cut | over)]
                m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"
        return m

    def _multiply(self, m: Module, total, addend, weight, left):
        with m.If(weight[0]):
            m.d.sync += total.eq(total + addend)
        m.d.sync += [addend.eq(addend << 1), weight.eq(weight >> 1), left.eq(left - 1)]
