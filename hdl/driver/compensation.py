"""Bias and modulation of all lanes over temperature and age: one lane at a time, without end."""

from amaranth import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..shapes import report_layout
from .factor import FACTOR_BITS, FRACTION
from .fields import CompensationControl, Field, check_bits, check_lanes
from .scaler import CodeScaler

__all__ = ["Compensation"]

_FIELDS = 8     # per lane in the memory, so that an address is a lane and a field
_READ = 2       # clocks from an address to what is there
_BACK = 3       # bits


class Compensation(wiring.Component):
    """Writes the codes of bias and modulation to :class:`DriverControl`, from nominal ones.

    It goes round the lanes. A visit reads the lane's settings, makes the codes and writes them; a
    report is a visit out of turn, which may change the lane's modulation by a code first
    (docs/driver.md, sections 7 and 8). Limit, ramp and darkness are none of its business: whatever
    it writes, :class:`DriverControl` keeps to them.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    width : int, 1..32
        Of the errors of a report.
    patience : int, 1..256
        Windows with few errors until a code is taken away.

    Members
    -------
    lane, field, value, write : in
        Setting to write.
    read : 1 bit, in
        `q` and `nominal` of `lane` and `field` are wanted, two clocks later.
    nominal : `bits` + 2 bits, out
        The setting as it was written, two clocks later; 0 for `control` and `status`.
    ready : 1 bit, out
        0 after a reset, for 8·lanes clocks; writes are ignored.
    to_lane, to_field, to_value, to_write : out
        To :class:`DriverControl`, one clock later: it does much with them in a clock. What is
        written here goes first; with `read`, they show `lane` and `field`.
    factor : 12 bits, in
        Of :class:`TemperatureFactor`.
    upper, lower : `width` bits, in
        Errors from which a lane gets more current, and below which it may get less. Constant.
    report : stream of :func:`report_layout`, in
        Of lanes that exist.
    round : 1 bit, out
        One clock: the last lane's visit is over.
    alarm : `lanes` bits, out
        The lane has too many errors, and no more current.

    Latency: a visit is 4·bits + 23 clocks, and one more for each of the last two in which there is
    `read` or `write`. A report is taken when the visit that goes on is over. Cost: a flip-flop per
    lane, a memory of 8·lanes x (bits + 2) bits and one of lanes x (bits + 5 and 7 more than
    `patience` has) bits; `docs/driver.md`, section 10, has it measured.
    """

    lane: Signal
    field: Signal
    value: Signal
    write: Signal
    read: Signal
    nominal: Signal
    ready: Signal
    to_lane: Signal
    to_field: Signal
    to_value: Signal
    to_write: Signal
    factor: Signal
    upper: Signal
    lower: Signal
    report: stream.Interface
    round: Signal
    alarm: Signal

    def __init__(self, *, lanes: int, bits: int = 6, width: int = 4, patience: int = 16):
        check_lanes(lanes)
        check_bits(bits)
        check_range("width", width, 1, 32, " bits")
        check_range("patience", patience, 1, 256, " windows")
        self._lanes, self._bits, self._width, self._patience = lanes, bits, width, patience
        super().__init__({
            "lane": In(range(lanes)), "field": In(3), "value": In(bits + 2), "write": In(1),
            "read": In(1), "nominal": Out(bits + 2), "ready": Out(1),
            "to_lane": Out(range(lanes)), "to_field": Out(3), "to_value": Out(bits + 2),
            "to_write": Out(1), "factor": In(FACTOR_BITS), "upper": In(width), "lower": In(width),
            "report": In(stream.Signature(report_layout(lanes, width))),
            "round": Out(1), "alarm": Out(lanes),
        })

    @property
    def visit(self) -> int:
        """Clocks of a visit that nobody disturbs."""
        return 4 * self._bits + 23

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._lanes, self._bits
        top = (1 << bits) - 1
        shape = data.StructLayout({
            "change": signed(bits + 1), "clean": range(self._patience << (1 << _BACK) - 1),
            "back": _BACK, "tried": 1})
        m.submodules.settings = settings = Memory(
            shape=unsigned(bits + 2), depth=_FIELDS * lanes, init=[])
        m.submodules.states = states = Memory(shape=shape, depth=lanes, init=[])
        m.submodules.scaler = scaler = CodeScaler(bits=bits)
        writer, reader, scanner = (settings.write_port(), settings.read_port(),
                                   settings.read_port())
        keeper, recaller = states.write_port(), states.read_port()

        # The memories have no reset, so a sweep clears them, in the clocks that the drivers need
        # for theirs.
        sweep = Signal(range(_FIELDS * lanes))
        with m.If(~self.ready):
            m.d.sync += sweep.eq(sweep + 1)
            with m.If(sweep == _FIELDS * lanes - 1):
                m.d.sync += self.ready.eq(1)

        # Settings that are written: into the memory, and all but two to the drivers.
        kept, own = Signal(), Signal()
        m.d.comb += [
            kept.eq(self.write & self.ready & (self.lane < lanes)
                    & (self.field != Field.CONTROL) & (self.field != Field.STATUS)),
            own.eq((self.field == Field.BIAS) | (self.field == Field.MODULATION)),
            writer.addr.eq(Mux(self.ready, Cat(self.field, self.lane), sweep)),
            writer.data.eq(Mux(self.ready, Mux(own, self.value[:bits], self.value), 0)),
            writer.en.eq(kept | ~self.ready),
            reader.addr.eq(writer.addr),
        ]
        m.d.sync += self.nominal.eq(reader.data)
        visited = Signal(range(lanes))
        code = Signal(Field)
        offers = Signal()                   # a code waits to be written
        with m.If(self.write | self.read | ~offers):
            m.d.sync += [self.to_lane.eq(self.lane), self.to_field.eq(self.field),
                         self.to_value.eq(self.value), self.to_write.eq(self.write & ~own)]
        with m.Else():
            m.d.sync += [
                self.to_lane.eq(visited), self.to_field.eq(code), self.to_write.eq(1),
                self.to_value.eq(Mux(code == Field.BIAS, scaler.used_bias,
                                     scaler.used_modulation)),
            ]

        # What a visit reads.
        turn = Signal(range(lanes))
        last = Signal()
        reported = Signal()
        errors = Signal(self._width)
        place = Signal(range(_FIELDS + _READ))
        setting = Signal(bits + 2)
        bias, modulation, rise = (Signal(bits, name=name) for name in
                                  ("bias", "modulation", "rise"))
        limit = Signal(bits + 2)
        control = Signal(CompensationControl)
        state = Signal(shape)
        m.d.comb += [scanner.addr.eq(Cat(place[:3], visited)), recaller.addr.eq(visited),
                     last.eq(turn == lanes - 1)]
        m.d.sync += [setting.eq(scanner.data), state.eq(recaller.data)]

        # What becomes of the lane.
        bad, good, enough = Signal(), Signal(), Signal()
        judged, lowers, stays = Signal(), Signal(), Signal()
        wanted = Signal(signed(bits + 2))
        aged = Signal(bits)
        new = Signal(bits + 1)
        peak = Signal(bits + 2)
        after = keeper.data
        m.d.comb += [
            scaler.bias.eq(bias), scaler.modulation.eq(modulation), scaler.aged.eq(new),
            scaler.factor.eq(Mux(control.temperature, self.factor, 1 << FRACTION)),
            keeper.addr.eq(Mux(self.ready, visited, sweep[3:])), keeper.en.eq(~self.ready),
            after.change.eq(Mux(stays, state.change, new - modulation)),
            after.clean.eq(Mux(good & ~lowers, state.clean + 1, 0)),
            after.back.eq(state.back), after.tried.eq((state.tried | lowers) & ~bad),
        ]
        with m.If(bad & state.tried):
            m.d.comb += after.back.eq(state.back + ~state.back.all())
        with m.Elif(lowers & state.tried):
            m.d.comb += after.back.eq(0)
        with m.If(~self.ready | ~control.ageing):
            m.d.comb += after.eq(0)

        with m.FSM():
            with m.State("NEXT"):           # waits for the sweep only
                m.d.comb += self.report.ready.eq(self.ready)
                m.d.sync += [place.eq(0), reported.eq(self.report.valid),
                             errors.eq(self.report.payload.errors)]
                with m.If(self.ready):
                    m.d.sync += visited.eq(
                        Mux(self.report.valid, self.report.payload.lane, turn))
                    m.next = "READ"
            with m.State("READ"):
                m.d.sync += place.eq(place + 1)
                for field, signal in ((Field.BIAS, bias), (Field.MODULATION, modulation),
                                      (Field.RISE, rise), (Field.LIMIT, limit),
                                      (Field.COMPENSATION, control)):
                    with m.If(place == field.value + _READ):
                        m.d.sync += signal.eq(setting)
                with m.If(place == _FIELDS + _READ - 1):
                    m.next = "COMPARE"
            with m.State("COMPARE"):
                m.d.sync += [
                    bad.eq(errors >= self.upper), good.eq(errors < self.lower),
                    enough.eq(state.clean + 1 == self._patience << state.back),
                    wanted.eq(modulation + state.change),
                    judged.eq(reported & control.ageing & (modulation != 0)),
                ]
                m.next = "CHANGE"
            with m.State("CHANGE"):
                m.d.sync += [
                    aged.eq(Mux(~control.ageing, modulation,
                                Mux(wanted < 1, 1, Mux(wanted > top, top, wanted)))),
                    lowers.eq(judged & good & enough),
                ]
                m.next = "STEP"
            with m.State("STEP"):
                m.d.sync += new.eq(aged + (judged & bad) - (lowers & (aged != 1)))
                m.next = "START"
            with m.State("START"):
                m.d.comb += scaler.start.eq(1)
                m.next = "SCALE"
            with m.State("SCALE"):
                m.d.sync += peak.eq(scaler.used_bias + scaler.used_modulation + rise)
                with m.If(scaler.done):
                    m.next = "FIT"
            with m.State("FIT"):
                m.d.sync += stays.eq(judged & bad & (new[bits] | scaler.cut | (peak > limit)))
                m.d.sync += code.eq(Field.BIAS)
                m.next = "KEEP"
            with m.State("KEEP"):
                m.d.comb += keeper.en.eq(judged | ~control.ageing)
                with m.If(judged | ~control.ageing):
                    m.d.sync += self.alarm.bit_select(visited, 1).eq(stays)
                m.next = "WRITE"
                with m.If(stays):
                    m.next = "LEAVE"
            with m.State("WRITE"):          # waits while somebody else writes or reads
                m.d.comb += offers.eq(1)
                with m.If(~self.write & ~self.read):
                    m.d.sync += code.eq(Field.MODULATION)
                    with m.If(code == Field.MODULATION):
                        m.next = "LEAVE"
            with m.State("LEAVE"):
                with m.If(~reported):
                    m.d.comb += self.round.eq(last)
                    m.d.sync += turn.eq(Mux(last, 0, turn + 1))
                m.next = "NEXT"
        return m
