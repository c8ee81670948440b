"""An I2C target with a memory of 256 bytes behind it, as CMIS asks for."""

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .bus_wire import BusWire

__all__ = ["ADDRESS", "FASTEST_HZ", "SLOWEST_CLOCK_HZ", "ByteAccess", "I2cTarget", "spike_clocks"]

ADDRESS = 0x50
"""A0h and A1h on the wire."""

FASTEST_HZ = 1_000_000
SLOWEST_CLOCK_HZ = 25_000_000
_SPIKE_S = 50e-9
_SETUP_S = 100e-9       # of SDA before SCL rises, in fast mode


def spike_clocks(clock_hz: int) -> int:
    """Clocks that a level must last so that any spike of up to 50 ns is swallowed.

    One more than the edges of the clock that such a spike can cover.
    """
    return int(_SPIKE_S * clock_hz) + 2


ByteAccess = wiring.Signature({
    "address": Out(8), "fetch": Out(1), "data": In(8), "ready": In(1), "taken": Out(1),
    "write": Out(1), "value": Out(8), "busy": Out(1),
})
"""From a target to its memory.

- ``fetch``: one clock; the byte at ``address`` is wanted. ``data`` counts while ``ready`` is 1,
  which must be 0 in the clock after ``fetch`` if the byte is not there yet, and then stay.
- ``taken``: one clock, all 8 bits of it have gone out; ``data`` must still be there. A byte that
  has been fetched but is not taken has not been read.
- ``write``: one clock; ``value`` is for ``address``.
- ``busy``: 1 from a start with our address to the next start or stop.
"""


class State(enum.Enum):
    IDLE = 0            # until a start
    ADDRESS = 1         # 8 bits: whom the controller wants, and what for
    RECEIVE = 2         # 8 bits for us
    ACKNOWLEDGE = 3     # our 0, until the ninth clock is over
    LATE = 4            # the byte to send, SCL being held low
    SETTLE = 5          # its first bit, to be on the wire for long enough
    SEND = 6            # 8 bits from us
    ACKNOWLEDGED = 7    # does the controller want one more?
    AGAIN = 8           # the end of that ninth clock


class I2cTarget(wiring.Component):
    """Reads and writes of bytes at an address that goes up by itself, in each half for itself.

    A write transfer is the device address, the byte address, and the bytes: after byte 127 comes
    byte 0, after byte 255 byte 128. A read transfer begins where the last one, read or write, left
    off; for a random read a write with no bytes goes ahead. All writes are acknowledged: what may
    be written is for the memory to say. A byte is fetched when the controller has acknowledged the
    one before, and so has the high half of a clock to come; if that is not enough, SCL is
    stretched. After `patience` clocks the controller gets FFh, which is not `taken`.

    A start or stop at any time ends the transfer: a byte that is not complete has not happened.
    Nothing but the bus has to move for it to get on, and SDA is let go when 9 clocks have come.

    Parameters
    ----------
    clock_hz : int, from 25 MHz
        Frequency of `sync`. The bus may have any from 0 to 1 MHz (fast mode plus).
    address : int, 8..119
        Of 7 bits.
    stretch : bool
        Whether SCL may be stretched. If not, a byte that is late is FFh at once.
    patience : int, 1..2^24
        Clocks.

    Members
    -------
    scl, sda : 1 bit, in, of any clock
    scl_low, sda_low : 1 bit, out
        Pull the wire low; else leave it alone. Registers, and so without glitches.
    memory : :class:`ByteAccess`, out

    Latency: SDA changes :func:`spike_clocks` + 3 clocks after SCL falls, or one more: that is 240
    to 280 ns at 25 MHz, and 110 ns at 100 MHz, where fast mode plus allows 450 ns.
    """

    scl: Signal
    sda: Signal
    scl_low: Signal
    sda_low: Signal
    memory: Any

    def __init__(self, *, clock_hz: int, address: int = ADDRESS, stretch: bool = True,
                 patience: int = 1 << 16):
        check_range("clock_hz", clock_hz, SLOWEST_CLOCK_HZ, 10**10, " Hz")
        check_range("address", address, 8, 119)
        check_range("patience", patience, 1, 1 << 24, " clocks")
        self._clock_hz, self._address, self._stretch = clock_hz, address, stretch
        self._patience = patience
        super().__init__({
            "scl": In(1), "sda": In(1), "scl_low": Out(1), "sda_low": Out(1),
            "memory": Out(ByteAccess),
        })

    def elaborate(self, platform):
        m = Module()
        spikes = spike_clocks(self._clock_hz)
        m.submodules.scl_wire = scl = BusWire(spikes=spikes)
        m.submodules.sda_wire = sda = BusWire(spikes=spikes)
        m.d.comb += [scl.i.eq(self.scl), sda.i.eq(self.sda)]
        # Both wires are equally late, so what is seen of SDA is as old as what is seen of SCL.
        begin, end = Signal(), Signal()
        m.d.comb += [begin.eq(sda.fall & scl.o & ~scl.rise), end.eq(sda.rise & scl.o & ~scl.rise)]

        memory = self.memory
        shift = Signal(8)
        count = Signal(range(9))        # bits of the byte
        reading = Signal()              # direction of the transfer
        addressed = Signal()            # the byte address has come
        setup = int(_SETUP_S * self._clock_hz) + 1
        wait = Signal(range(max(self._patience, setup) + 1))
        whole = Signal()                # the byte that goes out is the memory's
        following = Signal(8)
        m.d.comb += following.eq(Cat((memory.address[:7] + 1)[:7], memory.address[7]))
        m.d.sync += [memory.fetch.eq(0), memory.taken.eq(0), memory.write.eq(0)]
        with m.If(memory.write | memory.taken):
            m.d.sync += memory.address.eq(following)

        def send(data, ours):
            m.d.sync += [shift.eq(data << 1), self.sda_low.eq(~data[7]), whole.eq(ours)]

        state = Signal(State)
        with m.Switch(state):
            with m.Case(State.ADDRESS):
                self._receive(m, scl, sda, shift, count)
                with m.If(scl.fall & (count == 8)):
                    m.d.sync += state.eq(State.IDLE)
                    with m.If(shift[1:] == self._address):
                        m.d.sync += [self.sda_low.eq(1), memory.busy.eq(1), reading.eq(shift[0]),
                                     memory.fetch.eq(shift[0]), state.eq(State.ACKNOWLEDGE)]
            with m.Case(State.RECEIVE):
                self._receive(m, scl, sda, shift, count)
                with m.If(scl.fall & (count == 8)):
                    m.d.sync += [self.sda_low.eq(1), addressed.eq(1), state.eq(State.ACKNOWLEDGE)]
                    with m.If(addressed):
                        m.d.sync += [memory.value.eq(shift), memory.write.eq(1)]
                    with m.Else():
                        m.d.sync += memory.address.eq(shift)
            with m.Case(State.ACKNOWLEDGE):
                m.d.sync += [count.eq(0), wait.eq(0)]
                with m.If(scl.fall & reading):
                    self._answer(m, state, send)
                with m.Elif(scl.fall):
                    m.d.sync += [self.sda_low.eq(0), state.eq(State.RECEIVE)]
            with m.Case(State.LATE):
                m.d.sync += wait.eq(wait + 1)
                with m.If(memory.ready | (wait == self._patience)):
                    send(Mux(memory.ready, memory.data, 0xFF), memory.ready)
                    m.d.sync += [wait.eq(0), state.eq(State.SETTLE)]
            with m.Case(State.SETTLE):
                m.d.sync += wait.eq(wait + 1)
                with m.If(wait == setup):
                    m.d.sync += [self.scl_low.eq(0), state.eq(State.SEND)]
            with m.Case(State.SEND):
                with m.If(scl.fall):
                    m.d.sync += [count.eq(count + 1), shift.eq(shift << 1),
                                 self.sda_low.eq(~shift[7])]
                    with m.If(count == 7):
                        m.d.sync += [self.sda_low.eq(0), memory.taken.eq(whole),
                                     state.eq(State.ACKNOWLEDGED)]
            with m.Case(State.ACKNOWLEDGED):
                m.d.sync += [count.eq(0), wait.eq(0)]
                with m.If(scl.rise):
                    m.d.sync += [memory.fetch.eq(~sda.o),
                                 state.eq(Mux(sda.o, State.IDLE, State.AGAIN))]
            with m.Case(State.AGAIN):
                with m.If(scl.fall):
                    self._answer(m, state, send)

        with m.If(begin | end):
            m.d.sync += [
                state.eq(Mux(begin, State.ADDRESS, State.IDLE)), count.eq(0), addressed.eq(0),
                self.sda_low.eq(0), self.scl_low.eq(0), memory.busy.eq(0), memory.fetch.eq(0),
            ]
        return m

    def _receive(self, m: Module, scl, sda, shift: Signal, count: Signal):
        with m.If(scl.rise):
            m.d.sync += [shift.eq(Cat(sda.o, shift)), count.eq(count + 1)]

    def _answer(self, m: Module, state, send):
        """SCL has fallen: the first bit of the byte, if it is there."""
        with m.If(self.memory.ready):
            send(self.memory.data, 1)
            m.d.sync += state.eq(State.SEND)
        with m.Elif(self._stretch):
            m.d.sync += [self.sda_low.eq(0), self.scl_low.eq(1), state.eq(State.LATE)]
        with m.Else():
            send(Const(0xFF, 8), 0)
            m.d.sync += state.eq(State.SEND)
