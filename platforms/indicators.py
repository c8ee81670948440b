"""What a board shows on its eight LEDs."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Indicators"]


class Indicators(wiring.Component):
    """Link state and error counts for a row of eight LEDs, in the core's clock domain (``sync``).

    ===== ==========================================================================================
    LED   lit
    ===== ==========================================================================================
    0     link up
    1     all lanes locked (with a test pattern on: all lanes follow the pattern)
    2     an error was seen since the last clear
    3     blinks: the clock runs
    4..7  errors since the last clear, 15 standing for 15 or more; with `by_lane` instead the lanes
          that had one, LED 4 + k for lanes k, k + 4, ...
    ===== ==========================================================================================

    Parameters
    ----------
    lanes : int
    heartbeat_bits : int
        LED 3 is on for 2**(heartbeat_bits - 1) clocks and off as long.

    Members
    -------
    link_up : In(1)
    locked, errors : In(lanes); bad_packet : In(1)
        `errors` and `bad_packet` count one per clock and bit.
    clear, by_lane : In(1)
    leds : Out(8)

    Latency: 1 clock.
    """

    link_up: Signal
    locked: Signal
    errors: Signal
    bad_packet: Signal
    clear: Signal
    by_lane: Signal
    leds: Signal

    def __init__(self, lanes: int, *, heartbeat_bits: int = 24):
        if not isinstance(lanes, int) or lanes < 1:
            raise ValueError(f"lanes = {lanes!r} must be a whole number of 1 or more")
        if not isinstance(heartbeat_bits, int) or heartbeat_bits < 1:
            raise ValueError(f"heartbeat_bits = {heartbeat_bits!r} must be 1 or more")
        self._lanes = lanes
        self._heartbeat_bits = heartbeat_bits
        super().__init__({
            "link_up": In(1),
            "locked": In(lanes),
            "errors": In(lanes),
            "bad_packet": In(1),
            "clear": In(1),
            "by_lane": In(1),
            "leds": Out(8),
        })

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def heartbeat_bits(self) -> int:
        return self._heartbeat_bits

    def elaborate(self, platform):
        m = Module()
        beat = Signal(self._heartbeat_bits)
        count = Signal(4)
        bad = Signal(self._lanes)
        any_bad = Signal()
        total = Signal(range(17 + self._lanes))

        m.d.sync += beat.eq(beat + 1)
        m.d.comb += total.eq(count + self.bad_packet
                             + sum((self.errors[i] for i in range(self._lanes)), 0))
        with m.If(self.clear):
            m.d.sync += [count.eq(0), bad.eq(0), any_bad.eq(0)]
        with m.Else():
            m.d.sync += [count.eq(Mux(total > 15, 15, total)), bad.eq(bad | self.errors),
                         any_bad.eq(any_bad | self.errors.any() | self.bad_packet)]

        quarters = Cat(bad[k::4].any() if k < self._lanes else 0 for k in range(4))
        m.d.sync += self.leds.eq(Cat(self.link_up, self.locked.all(), any_bad, beat[-1],
                                     Mux(self.by_lane, quarters, count)))
        return m
