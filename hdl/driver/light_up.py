"""The first settings of all lanes' drivers: the way from dark to light without a hand."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import codes_layout
from .fields import CompensationControl, Field, check_bits, check_lanes

__all__ = ["LightUp"]

# The enable is the last one, so that a lane's ramp begins with all of them.
_ORDER = (Field.LIMIT, Field.BIAS, Field.MODULATION, Field.RISE, Field.FALL, Field.CONTROL)


class LightUp(wiring.Component):
    """Writes the same settings to all lanes, once after a reset, and enables them.

    It is in front of the write port of :class:`DriverSettings`. Whoever else writes goes first.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    compensated : bool
        There is a :class:`Compensation` behind it, and each lane's `compensation` is set, too.

    Members
    -------
    start : 1 bit, in
        Begin; once begun, it goes to the end.
    codes : :func:`codes_layout`, in; limit : `bits` + 2 bits, in
        What all lanes get.
    compensation : :attr:`CompensationControl`, in
        The same; only if it is `compensated`.
    lane, field, value, write : in
        Setting that somebody else writes, or reads.
    o_lane, o_field, o_value, o_write : out; ready : 1 bit, in
        To and from the settings.
    done : 1 bit, out

    Latency: from `start` to `done` 6·lanes clocks, 7·lanes if `compensated`, and one more for each
    write of somebody else; it passes no register on the way through.
    """

    start: Signal
    codes: data.View
    limit: Signal
    compensation: data.View
    lane: Signal
    field: Signal
    value: Signal
    write: Signal
    o_lane: Signal
    o_field: Signal
    o_value: Signal
    o_write: Signal
    ready: Signal
    done: Signal

    def __init__(self, *, lanes: int, bits: int = 6, compensated: bool = False):
        check_lanes(lanes)
        check_bits(bits)
        self._lanes, self._compensated = lanes, compensated
        setting = {"lane": range(lanes), "field": 3, "value": bits + 2, "write": 1}
        super().__init__({
            "start": In(1), "codes": In(codes_layout(bits)), "limit": In(bits + 2),
            **{name: In(shape) for name, shape in setting.items()},
            **{f"o_{name}": Out(shape) for name, shape in setting.items()},
            "ready": In(1), "done": Out(1),
            **({"compensation": In(CompensationControl)} if compensated else {}),
        })

    def elaborate(self, platform):
        m = Module()
        order = (Field.COMPENSATION, *_ORDER) if self._compensated else _ORDER
        step = Signal(range(len(order)))
        busy, turn = Signal(), Signal()
        lane = Signal(range(self._lanes))
        field, value = Signal(3), Signal.like(self.value)
        values = {Field.LIMIT: self.limit, Field.BIAS: self.codes.bias,
                  Field.MODULATION: self.codes.modulation, Field.RISE: self.codes.rise,
                  Field.FALL: self.codes.fall, Field.CONTROL: 1}
        if self._compensated:
            values[Field.COMPENSATION] = self.compensation
        with m.Switch(step):
            for number, name in enumerate(order):
                with m.Case(number):
                    m.d.comb += [field.eq(name), value.eq(values[name])]

        with m.If(self.start & self.ready & ~self.done):
            m.d.sync += busy.eq(1)
        m.d.comb += turn.eq(busy & ~self.write)
        with m.If(turn):
            m.d.sync += step.eq(step + 1)
            with m.If(step == len(order) - 1):
                m.d.sync += [step.eq(0), lane.eq(lane + 1)]
                with m.If(lane == self._lanes - 1):
                    m.d.sync += [busy.eq(0), self.done.eq(1)]
        m.d.comb += [
            self.o_lane.eq(Mux(turn, lane, self.lane)),
            self.o_field.eq(Mux(turn, field, self.field)),
            self.o_value.eq(Mux(turn, value, self.value)), self.o_write.eq(turn | self.write),
        ]
        return m
