"""The factor of all currents, from a temperature sensor and a table."""

from amaranth import Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["FACTOR_BITS", "FRACTION", "TemperatureFactor"]

FACTOR_BITS, FRACTION = 12, 10
"""Bits of a factor, and how many of them are behind the point."""


class TemperatureFactor(wiring.Component):
    """Looks the sensor's code up in a table, with straight lines between the entries.

    It goes round without end: takes over the sensor's code if that has moved enough, reads the two
    entries beside it, and multiplies both bit by bit into one sum. There is time, so there is no
    multiplier.

    Parameters
    ----------
    sensor_bits : int, 4..16
    index_bits : int, 1..8, less than `sensor_bits`
        The table has 2^index_bits + 1 entries.
    quiet : int, 1..256
        Codes that the sensor must move by.

    Members
    -------
    sensor : `sensor_bits` bits, in
        In step with the clock.
    index, entry, write : in
        To write an entry of the table.
    factor : 12 bits, out
        10 of them behind the point. 1 after a reset, and then as the table says, which is 1
        until it is written.
    ready : 1 bit, out
        0 after a reset, for 2^index_bits + 1 clocks in which all entries become 1; writes are
        ignored.

    Latency: 2·(sensor_bits - index_bits) + 10 clocks from one factor to the next, 26 by default,
    and so twice that at most from a sensor's code to its factor. Cost by default on an ECP5: see
    `docs/driver.md`, section 10.
    """

    sensor: Signal
    index: Signal
    entry: Signal
    write: Signal
    factor: Signal
    ready: Signal

    def __init__(self, *, sensor_bits: int = 12, index_bits: int = 4, quiet: int = 4):
        check_range("sensor_bits", sensor_bits, 4, 16)
        check_range("index_bits", index_bits, 1, min(8, sensor_bits - 1))
        check_range("quiet", quiet, 1, 256)
        self._sensor_bits, self._index_bits, self._quiet = sensor_bits, index_bits, quiet
        self._entries = (1 << index_bits) + 1
        super().__init__({
            "sensor": In(sensor_bits), "index": In(range(self._entries)), "entry": In(FACTOR_BITS),
            "write": In(1),
            "factor": Out(FACTOR_BITS, init=1 << FRACTION),  # pyright: ignore[reportCallIssue]
            "ready": Out(1),
        })

    @property
    def period(self) -> int:
        """Clocks from one factor to the next."""
        return 2 * (self._sensor_bits - self._index_bits) + 10

    def elaborate(self, platform):
        m = Module()
        entries, fine = self._entries, self._sensor_bits - self._index_bits
        m.submodules.table = table = Memory(
            shape=unsigned(FACTOR_BITS), depth=entries, init=[])
        writer, reader = table.write_port(), table.read_port()

        # The memory has no reset, so a sweep makes its entries 1.
        sweep = Signal(range(entries))
        with m.If(~self.ready):
            m.d.sync += sweep.eq(sweep + 1)
            with m.If(sweep == entries - 1):
                m.d.sync += self.ready.eq(1)
        m.d.comb += [
            writer.addr.eq(Mux(self.ready, self.index, sweep)),
            writer.data.eq(Mux(self.ready, self.entry, 1 << FRACTION)),
            writer.en.eq(~self.ready | (self.write & (self.index < entries))),
        ]

        used = Signal(self._sensor_bits)
        away = Signal(signed(self._sensor_bits + 1))
        m.d.comb += away.eq(self.sensor - used)
        rest, place = used[:fine], used[fine:]
        high = Signal()                                 # the second entry of the two
        total = Signal(FACTOR_BITS + fine + 1)
        addend = Signal(FACTOR_BITS + fine)             # goes up bit by bit
        weight = Signal(fine + 1)                       # comes down
        left = Signal(range(fine + 1))
        m.d.comb += reader.addr.eq(place + high)
        with m.FSM():
            with m.State("SENSOR"):
                with m.If((away >= self._quiet) | (away <= -self._quiet)):
                    m.d.sync += used.eq(self.sensor)
                m.d.sync += [high.eq(0), total.eq(1 << fine - 1)]
                m.next = "ADDRESS"
            with m.State("ADDRESS"):
                m.next = "ENTRY"
            with m.State("ENTRY"):
                m.d.sync += [addend.eq(reader.data), left.eq(fine),
                             weight.eq(Mux(high, rest, (1 << fine) - rest))]
                m.next = "MULTIPLY"
            with m.State("MULTIPLY"):
                with m.If(weight[0]):
                    m.d.sync += total.eq(total + addend)
                m.d.sync += [addend.eq(addend << 1), weight.eq(weight >> 1), left.eq(left - 1)]
                with m.If(left == 0):
                    m.d.sync += high.eq(1)
                    m.next = "ADDRESS"
                    with m.If(high):
                        m.next = "DONE"
            with m.State("DONE"):
                m.d.sync += self.factor.eq(total >> fine)
                m.next = "SENSOR"
        return m
