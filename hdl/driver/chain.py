"""Codes of all lanes over five wires: a sender, and the stage of each lane."""

from amaranth import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..shapes import codes_layout, drive_layout
from .fields import check_bits, check_lanes

__all__ = ["ChainSender", "ChainStage"]


class ChainSender(wiring.Component):
    """Sends the codes of all lanes through a chain of :class:`ChainStage`, without end.

    All lanes take over their codes at once, at the end of a frame. Because that is late for a
    shutdown, there is one wire that makes all of them dark. It is taken back only when every
    stage has codes that were made after its cause.

    Parameters
    ----------
    lanes : int, 2..2048
    bits : int, 3..12
        Per code.
    half : int, 1..256
        Clocks for which `sclk` is low, and then high.

    Members
    -------
    i : stream of :func:`drive_layout`, in
        In the order of :class:`DriverScan`, from the last lane to lane 0.
    shutdown : 1 bit, in
        All lanes dark.
    hold : 1 bit, out
        `shutdown`, or no frame has begun since: to `shutdown` of :class:`DriverControl`, so that no
        step of a ramp passes unseen.
    sclk, sdata, latch, blank : 1 bit, out
        To the stages; all are registers, and so without glitches.
    sback : 1 bit, in
        From stage `lanes` - 1. Must have settled 2·half clocks after `sclk` has risen.
    open, short : `lanes` bits, out
        To :class:`DriverControl`: one clock when a stage has said so.

    Latency: a frame is lanes·(8·bits·half + 1) + 2·half clocks. `docs/driver.md`, section 5, says
    after how many of them a lane is dark. Cost on an ECP5 with 6 bits: 44 flip-flops; 128 LUT4 for
    8 lanes, 286 for 128. `tests/hdl/driver/test_blank_proof.py` proves what is said of `blank`.
    """

    i: stream.Interface
    shutdown: Signal
    hold: Signal
    sclk: Signal
    sdata: Signal
    latch: Signal
    blank: Signal
    sback: Signal
    open: Signal
    short: Signal

    def __init__(self, *, lanes: int, bits: int = 6, half: int = 1):
        check_lanes(lanes)
        check_bits(bits)
        check_range("half", half, 1, 256, " clocks")
        self._lanes, self._bits, self._half = lanes, bits, half
        super().__init__({
            "i": In(stream.Signature(drive_layout(lanes, bits))), "shutdown": In(1), "hold": Out(1),
            "sclk": Out(1), "sdata": Out(1), "latch": Out(1),
            "blank": Out(1, init=1),  # pyright: ignore[reportCallIssue]
            "sback": In(1), "open": Out(lanes), "short": Out(lanes),
        })

    @property
    def frame(self) -> int:
        """Clocks per frame."""
        return self._lanes * (8 * self._bits * self._half + 1) + 2 * self._half

    def elaborate(self, platform):
        m = Module()
        size = 4 * self._bits
        word = Signal(size)
        left = Signal(range(size + 1))      # bits of the word that have not been sent
        lane = Signal(range(self._lanes))
        wait = Signal(range(self._half))
        whole = Signal()                    # a frame has begun, and no shutdown since
        primed = Signal()                   # the stages have told something that can be known
        edge = Signal()                     # `sclk` changes
        told_open = Signal()
        told_short = Signal()

        m.d.comb += [
            self.i.ready.eq((left == 0) & ~self.latch),
            self.sdata.eq(word[-1]),
            self.hold.eq(self.shutdown | ~whole),
            edge.eq(~self.i.ready & (wait == self._half - 1)),
        ]
        with m.If(~self.i.ready):
            m.d.sync += wait.eq(wait + 1)
        with m.If(edge):
            m.d.sync += [wait.eq(0), self.sclk.eq(~self.sclk)]

        with m.If(self.i.ready & self.i.valid):
            m.d.sync += [
                word.eq(self.i.payload.codes), left.eq(size), lane.eq(self.i.payload.lane)]
            with m.If(self.i.payload.lane == self._lanes - 1):
                m.d.sync += whole.eq(1)
        # What a stage gives out as its lane's first two bits come to the first stage.
        told = edge & ~self.sclk & primed & self.sback
        m.d.sync += [told_open.eq(told & (left == size)), told_short.eq(told & (left == size - 1))]
        m.d.comb += [self.open.eq(told_open << lane), self.short.eq(told_short << lane)]
        with m.If(edge & self.sclk & self.latch):
            m.d.sync += [self.latch.eq(0), primed.eq(1)]
            with m.If(whole):
                m.d.sync += self.blank.eq(0)
        with m.Elif(edge & self.sclk):
            m.d.sync += [
                word.eq(word << 1), left.eq(left - 1),
                self.latch.eq((left == 1) & (lane == 0)),
            ]
        with m.If(self.shutdown):
            m.d.sync += [whole.eq(0), self.blank.eq(1)]
        return m


class ChainStage(wiring.Component):
    """One lane's part of the chain, on the die with the drivers. Its clock is `sclk`.

    Parameters
    ----------
    bits : int, 3..12
        Per code.

    Members
    -------
    i, o : 1 bit
        From the stage before (`sdata`), to the next (`sback`).
    latch : 1 bit, in
        Instead of a shift: take over the codes, and pick up the faults.
    blank : 1 bit, in, of any clock
        Dark, at once.
    open, short : 1 bit, in, of any clock
        From the driver; told if it is 1 with `latch`.
    codes : :func:`codes_layout`, out

    Cost: 8·bits flip-flops, 4·bits AND2 and 2 multiplexers.
    """

    i: Signal
    o: Signal
    latch: Signal
    blank: Signal
    open: Signal
    short: Signal
    codes: data.View

    def __init__(self, *, bits: int = 6):
        check_bits(bits)
        self._bits = bits
        super().__init__({
            "i": In(1), "o": Out(1), "latch": In(1), "blank": In(1), "open": In(1), "short": In(1),
            "codes": Out(codes_layout(bits)),
        })

    def elaborate(self, platform):
        m = Module()
        size = 4 * self._bits
        shifter = Signal(size)
        held = Signal(size)
        with m.If(self.latch):
            m.d.sync += [held.eq(shifter), shifter[-1].eq(self.open), shifter[-2].eq(self.short)]
        with m.Else():
            m.d.sync += shifter.eq(Cat(self.i, shifter))
        m.d.comb += [
            self.o.eq(shifter[-1]),
            self.codes.eq(held & ~self.blank.replicate(size)),
        ]
        return m
