"""The settings of all lanes' drivers, written and read one at a time."""

from amaranth import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .fields import DriverStatus, Field, LaneControl, check_bits, check_lanes

__all__ = ["DriverSettings"]

_FIELDS = 8     # per lane in the memory, so that an address is a lane and a field


class DriverSettings(wiring.Component):
    """Holds the settings: codes and limits in a memory, which is enough for one lane at a time.

    The memory has two ports, one for who writes and reads settings, one for the scan. Only what
    all lanes need at once (:class:`LaneControl`) is in registers as well.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code; a limit has two more.

    Members
    -------
    lane, field, value, write : in
        Setting to write; `lane` and `field` are also the setting to read.
    q : `bits` + 2 bits, out
        The setting, as it was one clock before.
    ready : 1 bit, out
        0 after a reset, for 8·lanes clocks in which all settings become 0; writes are ignored.
    turn, turn_field : in; setting : `bits` + 2 bits, out
        The scan's lane and field, and the setting two clocks later.
    status : :class:`DriverStatus`, in
        Of `lane`.
    control : `lanes` x :class:`LaneControl`, out
    limited, mend_open, mend_short : `lanes` bits, out
        In this clock the lane's limit is written, its open or short is cleared.

    Latency: 1 clock, 2 for the scan. Cost: a memory of 8·lanes x (bits + 2) bits, 5 flip-flops per
    lane, and on an ECP5 5 LUT4 per lane; 128 lanes take two block RAMs, one for each that reads.
    """

    lane: Signal
    field: Signal
    value: Signal
    write: Signal
    q: Signal
    ready: Signal
    turn: Signal
    turn_field: Signal
    setting: Signal
    status: data.View
    control: data.View
    limited: Signal
    mend_open: Signal
    mend_short: Signal

    def __init__(self, *, lanes: int, bits: int = 6):
        check_lanes(lanes)
        check_bits(bits)
        self._lanes, self._bits = lanes, bits
        super().__init__({
            "lane": In(range(lanes)), "field": In(3), "value": In(bits + 2), "write": In(1),
            "q": Out(bits + 2), "ready": Out(1),
            "turn": In(range(lanes)), "turn_field": In(3), "setting": Out(bits + 2),
            "status": In(DriverStatus), "control": Out(data.ArrayLayout(LaneControl, lanes)),
            "limited": Out(lanes), "mend_open": Out(lanes), "mend_short": Out(lanes),
        })

    def elaborate(self, platform):
        m = Module()
        lanes, bits = self._lanes, self._bits
        m.submodules.memory = memory = Memory(
            shape=unsigned(bits + 2), depth=_FIELDS * lanes, init=[])
        writer, reader, scanner = memory.write_port(), memory.read_port(), memory.read_port()

        # The memory has no reset, so a sweep clears it.
        sweep = Signal(range(_FIELDS * lanes))
        with m.If(~self.ready):
            m.d.sync += sweep.eq(sweep + 1)
            with m.If(sweep == _FIELDS * lanes - 1):
                m.d.sync += self.ready.eq(1)

        taken = Signal()
        mask = Signal(bits + 2)
        m.d.comb += taken.eq(self.write & self.ready & (self.lane < lanes))
        with m.Switch(self.field):
            with m.Case(Field.CONTROL):
                m.d.comb += mask.eq((1 << LaneControl.size) - 1)
            with m.Case(Field.BIAS, Field.MODULATION, Field.RISE, Field.FALL):
                m.d.comb += mask.eq((1 << bits) - 1)
            with m.Case(Field.LIMIT):
                m.d.comb += mask.eq(-1)
        m.d.comb += [
            writer.addr.eq(Mux(self.ready, Cat(self.field, self.lane), sweep)),
            writer.data.eq(Mux(self.ready, self.value & mask, 0)),
            writer.en.eq(taken | ~self.ready),
            # The same address as that of the writer: one port of a block RAM does for both.
            reader.addr.eq(writer.addr),
            scanner.addr.eq(Cat(self.turn_field, self.turn)),
        ]
        m.d.sync += self.setting.eq(scanner.data)       # block RAM is slow at its output
        status = Signal(DriverStatus.size)
        m.d.sync += status.eq(Mux(self.field == Field.STATUS, self.status.as_value(), 0))
        m.d.comb += self.q.eq(reader.data | status)      # the memory has 0 there

        mended = data.View(DriverStatus, self.value[:DriverStatus.size])
        for lane in range(lanes):
            here = taken & (self.lane == lane)
            with m.If(here & (self.field == Field.CONTROL)):
                m.d.sync += self.control[lane].eq(self.value)
            m.d.comb += [
                self.limited[lane].eq(here & (self.field == Field.LIMIT)),
                self.mend_open[lane].eq(here & (self.field == Field.STATUS) & mended.open),
                self.mend_short[lane].eq(here & (self.field == Field.STATUS) & mended.short),
            ]
        return m
