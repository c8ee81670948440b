"""What each lane's LED gets: one lane after the other, ramped and within its limit."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..shapes import drive_layout
from .fields import Field, check_bits, check_lanes

__all__ = ["DriverScan"]


class DriverScan(wiring.Component):
    """Gives the lanes their turns: reads a lane's settings and makes codes that it may have.

    A budget of current, the room, goes from the bias to the modulation to the rise; each takes
    what it is set to, or what is left. The room is the limit, or `step` more than the lane had. A
    lane that had to be dark in its turn gets codes of 0, however short that was: what it had
    before does not count, and what has been read may be old.

    One lane at a time, so there is one subtractor for all, and memories for what a lane has.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    step : int, 1..2**bits - 1
        Most that a peak may rise from one turn to the next.

    Members
    -------
    lane : out; field : out
        Setting that is wanted.
    setting : `bits` + 2 bits, in
        It, two clocks later.
    peak : `bits` + 2 bits, in
        Kept for `lane`, two clocks later at most.
    dark, lit : 1 bit, in
        Of `lane`, from :class:`LaneGuard`.
    o : stream of :func:`drive_layout`
    light : 1 bit, out
        With `o`: the lane is to be lit.
    new_peak : `bits` + 2 bits, out
        With `o`: the peak to keep.

    Latency: a turn is 8 clocks, and one more for each in which `o` must wait. `docs/driver.md`,
    section 4, says what counts in which. Cost, whatever the lanes: 144 LUT4 and 46 flip-flops on an
    ECP5 with 6 bits. `tests/hdl/driver/test_driver_proof.py` proves that a lane is never above its
    limit.
    """

    lane: Signal
    field: Signal
    setting: Signal
    peak: Signal
    dark: Signal
    lit: Signal
    o: stream.Interface
    light: Signal
    new_peak: Signal

    def __init__(self, *, lanes: int, bits: int = 6, step: int = 1):
        check_lanes(lanes)
        check_bits(bits)
        check_range("step", step, 1, (1 << bits) - 1)
        self._lanes, self._bits, self._step = lanes, bits, step
        super().__init__({
            "lane": Out(range(lanes), init=lanes - 1),  # pyright: ignore[reportCallIssue]
            "field": Out(3),
            "setting": In(bits + 2), "peak": In(bits + 2), "dark": In(1), "lit": In(1),
            "o": Out(stream.Signature(drive_layout(lanes, bits))),
            "light": Out(1), "new_peak": Out(bits + 2),
        })

    def elaborate(self, platform):
        m = Module()
        bits = self._bits
        clock = Signal(3)                   # of the turn; waits in the last
        was_lit = Signal()
        was_dark = Signal()
        spoilt = Signal()                   # dark in this turn, before the last clock
        room = Signal(bits + 2)
        codes = Signal(4 * bits)            # comes in from the top: the bias ends up lowest
        bias = codes[2 * bits:3 * bits]     # in clock 5

        ceiling = Signal(bits + 3)
        left = Signal(signed(bits + 3))
        taken = Signal(bits)
        m.d.comb += [
            self.field.eq(Mux(clock == 0, Field.LIMIT, clock)),     # the codes are fields 1 to 4
            ceiling.eq(Mux(was_lit, self.peak, 0) + self._step),
            left.eq(room - self.setting),
            taken.eq(Mux(left < 0, room, self.setting)),
            self.light.eq(~(spoilt | was_dark)),
            self.o.valid.eq(clock == 7),
            self.o.payload.lane.eq(self.lane),
            self.o.payload.codes.eq(Mux(self.light, codes, 0)),
        ]
        m.d.sync += [
            was_dark.eq(self.dark), spoilt.eq(spoilt | was_dark), clock.eq(clock + 1),
        ]
        with m.Switch(clock):
            with m.Case(0):
                m.d.sync += [was_lit.eq(self.lit), spoilt.eq(0), self.new_peak.eq(0)]
            with m.Case(2):
                m.d.sync += room.eq(Mux(ceiling < self.setting, ceiling, self.setting))
            with m.Case(3, 4, 5):
                m.d.sync += room.eq(Mux(left < 0, 0, left))
                with m.If(clock == 5):
                    m.d.sync += room.eq(bias)       # bounds the fall
            with m.Case(7):
                m.d.sync += clock.eq(7)
                with m.If(self.o.ready):
                    m.d.sync += [
                        clock.eq(0),
                        self.lane.eq(Mux(self.lane == 0, self._lanes - 1, self.lane - 1)),
                    ]
        with m.If((clock >= 3) & (clock < 7)):
            m.d.sync += codes.eq(Cat(codes[bits:], taken))
        with m.If((clock >= 4) & (clock < 7)):
            # What was taken a clock ago, so that no sum follows a difference.
            m.d.sync += self.new_peak.eq(self.new_peak + codes[-bits:])
        return m
