"""Changing the width of a packet beat stream by an integer ratio; the buffer that cuts `ready`."""

from amaranth import Module, Mux, Signal
from amaranth.hdl import ShapeLike
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..shapes import beat_layout

__all__ = ["Narrow", "Skid", "Widen", "check_width", "resize"]


def check_width(name: str, width: int):
    """Check the width of a beat.

    Raises
    ------
    TypeError, ValueError
        Unless `width` is a multiple of 32, 32 or more; the text names it as `name`.
    """
    if not isinstance(width, int) or isinstance(width, bool):
        raise TypeError(f"{name} must be a whole number of bits, not {width!r}")
    if width < 32 or width % 32:
        raise ValueError(f"{name} must be a positive multiple of 32 bits, not {width}")


def _check_ratio(wide: int, narrow: int):
    check_width("wide", wide)
    check_width("narrow", narrow)
    if wide % narrow:
        raise ValueError(f"wide must be a multiple of narrow, {narrow} bits, not {wide}")


class Skid(wiring.Component):
    """Makes the `ready` of a stream a register, at full throughput and without delay.

    The payload passes straight through; when the sink does not take it, it waits here, and only
    then does `i.ready` fall.

    Parameters
    ----------
    shape : shape-like
        Shape of the payload.

    Members
    -------
    i : stream of `shape`
    o : stream of `shape`

    Latency: 0 cycles forward (`i.payload` and `i.valid` reach `o` through one multiplexer), 1 cycle
    backward. Cost: one register per payload bit and one more.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, shape: ShapeLike):
        self._shape = shape
        super().__init__({
            "i": In(stream.Signature(shape)),
            "o": Out(stream.Signature(shape)),
        })

    @property
    def shape(self) -> ShapeLike:
        return self._shape

    def elaborate(self, platform):
        m = Module()
        full = Signal()
        saved = Signal(self._shape, reset_less=True)
        m.d.comb += [
            self.i.ready.eq(~full),
            self.o.valid.eq(self.i.valid | full),
            self.o.payload.eq(Mux(full, saved, self.i.payload)),
        ]
        m.d.sync += full.eq(self.o.valid & ~self.o.ready)
        # Not gated by o.ready, which would then have to reach every bit.
        with m.If(~full):
            m.d.sync += saved.eq(self.i.payload)
        return m


class Narrow(wiring.Component):
    """Cuts each beat into narrower ones, low bits first.

    A packet's last beat is cut into as many beats as it has bytes for, so no beat at `o` is empty.

    Parameters
    ----------
    wide : int
        Bits per beat at `i`, a multiple of 32 and of `narrow`.
    narrow : int
        Bits per beat at `o`, a multiple of 32. Equal widths are a plain connection.

    Members
    -------
    i : stream of :func:`beat_layout` (wide)
    o : stream of :func:`beat_layout` (narrow)
        Unused bytes are those of `i`: 0 if they were 0 there.

    Latency: 1 cycle from a beat to its first part; 0 with equal widths. Throughput: a beat at `o`
    per cycle, without a gap between beats or packets. `i.ready` depends on registers only (not with
    equal widths). Cost: wide + narrow bits of payload registers.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, wide: int, narrow: int):
        _check_ratio(wide, narrow)
        self._wide = wide
        self._narrow = narrow
        super().__init__({
            "i": In(stream.Signature(beat_layout(wide))),
            "o": Out(stream.Signature(beat_layout(narrow))),
        })

    @property
    def wide(self) -> int:
        return self._wide

    @property
    def narrow(self) -> int:
        return self._narrow

    def elaborate(self, platform):
        m = Module()
        ratio = self._wide // self._narrow
        if ratio == 1:
            wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
            return m

        m.submodules.skid = skid = Skid(shape=beat_layout(self._narrow))
        wiring.connect(m, skid.o, wiring.flipped(self.o))
        part = skid.i

        step = self._narrow // 8
        before = (ratio - 1) * step
        held = Signal()
        rest = Signal(self._wide, reset_less=True)
        last = Signal(reset_less=True)
        error = Signal(reset_less=True)
        # Unused bytes of the part at hand if it were the final one: negative while it is not.
        unused = Signal(range(-before, step), reset_less=True)
        final = Signal()
        m.d.comb += [
            final.eq(~unused[-1]),
            part.valid.eq(held),
            part.payload.data.eq(rest[:self._narrow]),
            part.payload.last.eq(last & final),
            part.payload.empty.eq(unused),
            part.payload.error.eq(error),
            self.i.ready.eq(~held | (part.ready & final)),
        ]
        with m.If(self.i.ready):
            beat = self.i.payload
            m.d.sync += [
                held.eq(self.i.valid),
                rest.eq(beat.data),
                last.eq(beat.last),
                error.eq(beat.error),
                unused.eq(Mux(beat.last, beat.empty, 0) - before),
            ]
        with m.Elif(part.ready):
            m.d.sync += [
                rest.eq(rest >> self._narrow),
                unused.eq(unused + step),
            ]
        return m


class Widen(wiring.Component):
    """Joins beats to wider ones, the first in the low bits.

    A wide beat is complete when it is full or the packet ends.

    Parameters
    ----------
    narrow : int
        Bits per beat at `i`, a multiple of 32.
    wide : int
        Bits per beat at `o`, a multiple of 32 and of `narrow`. Equal widths are a plain connection.

    Members
    -------
    i : stream of :func:`beat_layout` (narrow)
    o : stream of :func:`beat_layout` (wide)
        Registers. Of the unused bytes, those in the same narrow beat as the packet's last byte are
        those of `i` (0 if they were 0 there); the others have no meaning.

    Latency: 1 cycle from the last part to the beat; 0 with equal widths. Throughput: a beat at `i`
    per cycle, without a gap between beats or packets. `i.ready` is a register (not with equal
    widths). Cost: wide + narrow bits of payload registers.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, narrow: int, wide: int):
        _check_ratio(wide, narrow)
        self._narrow = narrow
        self._wide = wide
        super().__init__({
            "i": In(stream.Signature(beat_layout(narrow))),
            "o": Out(stream.Signature(beat_layout(wide))),
        })

    @property
    def narrow(self) -> int:
        return self._narrow

    @property
    def wide(self) -> int:
        return self._wide

    def elaborate(self, platform):
        m = Module()
        ratio = self._wide // self._narrow
        if ratio == 1:
            wiring.connect(m, wiring.flipped(self.i), wiring.flipped(self.o))
            return m

        m.submodules.skid = skid = Skid(shape=beat_layout(self._narrow))
        wiring.connect(m, wiring.flipped(self.i), skid.i)
        part = skid.o

        step = self._narrow // 8
        after = (ratio - 1) * step
        slot = Signal(ratio, init=1)                        # where the next part goes, one-hot
        missing = Signal(range(after + 1), init=after)      # bytes of the slots behind it
        full = Signal()
        beat = Signal(beat_layout(self._wide), reset_less=True)
        complete = Signal()
        m.d.comb += [
            self.o.valid.eq(full),
            self.o.payload.eq(beat),
            part.ready.eq(~full | self.o.ready),
            complete.eq(part.payload.last | slot[-1]),
        ]
        with m.If(part.ready):
            m.d.sync += full.eq(part.valid & complete)
        with m.If(part.ready & part.valid):
            m.d.sync += [
                beat.last.eq(part.payload.last),
                beat.empty.eq(missing + part.payload.empty),
                beat.error.eq(part.payload.error),
                slot.eq(Mux(complete, 1, slot << 1)),
                missing.eq(Mux(complete, after, missing - step)),
            ]
            for place in range(ratio):
                with m.If(slot[place]):
                    m.d.sync += beat.data.word_select(place, self._narrow).eq(part.payload.data)
        return m


def resize(source: int, target: int) -> "Narrow | Widen":
    """The converter from beats of `source` bits to beats of `target` bits."""
    if source > target:
        return Narrow(wide=source, narrow=target)
    return Widen(narrow=source, wide=target)
