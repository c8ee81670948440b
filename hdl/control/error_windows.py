"""Errors of each lane, and of all together, in windows of time."""

from typing import NamedTuple

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["ErrorWindows", "Window"]

_FRAMES = 64
_MOST_BITS = 1 << 31


class Window(NamedTuple):
    """How long errors are counted: a number of rounds of a scan of slots.

    Members
    -------
    slots : int, 2..1024
        Lanes, or places.
    rounds : int, 1..2^24
        Of the scan, per window.
    bits : int
        That a look covers.
    most : int
        Errors that a look may have.
    """

    slots: int
    rounds: int
    bits: int
    most: int

    @classmethod
    def of(cls, *, slots: int, clocks: int, gear: int, frame: int, markers: int,
           most: int) -> "Window":
        """A window of 64 frames, or of fewer if all slots would see more than 2^31 bits in these.

        Parameters
        ----------
        clocks : int
            Per round.
        gear : int
            Bits per clock.
        frame, markers : int
            Clocks per frame, and those of them in which nothing is found wrong.
        """
        bits = max(1, clocks * gear * (frame - markers) // frame)
        rounds = max(1, min(-(-_FRAMES * frame // clocks), _MOST_BITS // (slots * bits)))
        return cls(slots, rounds, bits, min(most, bits))

    @property
    def errors(self) -> range:
        """Shape of a slot's errors in a window."""
        return range(self.rounds * self.most + 1)

    @property
    def slot_bits(self) -> int:
        """Bits of a slot in a window."""
        return self.rounds * self.bits


class ErrorWindows(wiring.Component):
    """Adds up what a scan of slots (lanes, or places) finds, and keeps the sums of the last window.

    A window is a number of rounds of the scan. A slot that did not count in each of its looks has
    no result; the total has whatever counted.

    Parameters
    ----------
    window : Window

    Members
    -------
    look : 1 bit, in; slot : in, 0..slots-1; counts : 1 bit, in; wrong : in, 0..`most`
        This slot is looked at, and has had so many errors since its last look, if it counts. A
        round ends with the last slot, and has each slot once.
    index : in, 0..slots-1; errors : out; whole : 1 bit, out
        Errors of a slot in the last window, and whether it counted all the time; a clock later.
    number : 4 bits, out; total_errors, total_bits : 32 bits, out
        Of all slots in the last window, whose number it is. They hold for a window.

    Latency: a window's sums are there 2 clocks after its last look. Cost: a memory of two sums and
    two bits per slot, and three adders.
    """

    look: Signal
    slot: Signal
    counts: Signal
    wrong: Signal
    index: Signal
    errors: Signal
    whole: Signal
    number: Signal
    total_errors: Signal
    total_bits: Signal

    def __init__(self, window: Window):
        slots, rounds, bits, most = window
        check_range("slots", slots, 2, 1024)
        check_range("rounds", rounds, 1, 1 << 24)
        check_range("bits", bits, 1, (1 << 32) // (slots * rounds))
        check_range("most", most, 1, bits)
        self._slots, self._rounds, self._bits = slots, rounds, bits
        self._sum = window.errors
        super().__init__({
            "look": In(1), "slot": In(range(slots)), "counts": In(1), "wrong": In(range(most + 1)),
            "index": In(range(slots)), "errors": Out(self._sum), "whole": Out(1),
            "number": Out(4), "total_errors": Out(32), "total_bits": Out(32),
        })

    def elaborate(self, platform):
        m = Module()
        layout = data.StructLayout({"sum": self._sum, "gap": 1, "errors": self._sum, "whole": 1})
        m.submodules.memory = memory = Memory(shape=layout, depth=self._slots, init=[])
        read, shown, write = memory.read_port(), memory.read_port(), memory.write_port()

        look, counts = Signal(), Signal()
        slot, wrong = Signal.like(self.slot), Signal.like(self.wrong)
        found = Signal.like(self.wrong)
        turn = Signal(range(self._rounds))
        first, last, ends = Signal(), Signal(), Signal()
        known = Signal()                # the memory's results are those of a window
        old, new = read.data, write.data
        m.d.sync += [look.eq(self.look), slot.eq(self.slot), counts.eq(self.counts),
                     wrong.eq(self.wrong)]
        m.d.comb += [
            read.addr.eq(self.slot), write.addr.eq(slot), write.en.eq(look),
            first.eq(turn == 0), last.eq(turn == self._rounds - 1),
            ends.eq(look & (slot == self._slots - 1)), found.eq(Mux(counts, wrong, 0)),
            # So the memory's contents need not be known before.
            new.sum.eq(Mux(first, 0, old.sum) + found), new.gap.eq((~first & old.gap) | ~counts),
            new.errors.eq(Mux(last, new.sum, old.errors)),
            new.whole.eq(Mux(last, ~new.gap, old.whole)),
            shown.addr.eq(self.index), self.errors.eq(shown.data.errors),
            self.whole.eq(shown.data.whole & known),
        ]

        errors, bits = Signal(32), Signal(32)       # of this window, with this look
        errors_before, bits_before = Signal(32), Signal(32)
        m.d.comb += [errors.eq(errors_before + found),
                     bits.eq(bits_before + Mux(counts, self._bits, 0))]
        with m.If(look):
            m.d.sync += [errors_before.eq(errors), bits_before.eq(bits)]
        with m.If(ends):
            m.d.sync += turn.eq(turn + 1)
            with m.If(last):
                m.d.sync += [
                    turn.eq(0), known.eq(1), errors_before.eq(0), bits_before.eq(0),
                    self.number.eq(self.number + 1), self.total_errors.eq(errors),
                    self.total_bits.eq(bits),
                ]
        return m
