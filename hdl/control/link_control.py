"""The receiver's way from dark to traffic, and back when a lane is lost."""

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["DownReason", "LinkControl"]


class DownReason(enum.Enum, shape=3):
    """Why the link is down."""
    NONE = 0            # it is up
    RESET = 1           # it has not been up since the reset
    LANE = 2            # a lane lost its lock
    IDENTITY = 3        # two lanes claim the same number, or one is out of range
    SKEW = 4            # the lanes are further apart than the deskew buffers hold


class LinkControl(wiring.Component):
    """Waits for all lanes, sorts them, starts the deskew; takes the link down when a lane fails.

    Parameters
    ----------
    lanes : int
        Physical lanes.
    identity_bits : int
        Bits of their numbers.

    Members
    -------
    locked, armed, overrun : `lanes` bits, in
        Of the lanes.
    reading : 1 bit, in
        The deskew delivers words.
    run : 1 bit, out
        To the deskew.
    tag_bit : 4 bits, out
        Which bit of their numbers the lanes show next.
    tag, first, commit : 1 bit, out
        To the sorter, with the lanes' tags.
    sorted_tags : `lanes` bits, in; tag_out, first_out, commit_out : 1 bit, in
        From the sorter, to see that the numbers are 0, 1, 2, ...
    up : 1 bit, out
    reason : :class:`DownReason`, out

    Time from the last lane's lock to `up`: the bits of a number, twice the sorter's latency and at
    most one frame.
    """

    locked: Signal
    armed: Signal
    overrun: Signal
    reading: Signal
    run: Signal
    tag_bit: Signal
    tag: Signal
    first: Signal
    commit: Signal
    sorted_tags: Signal
    tag_out: Signal
    first_out: Signal
    commit_out: Signal
    up: Signal
    reason: Signal

    def __init__(self, *, lanes: int, identity_bits: int):
        self._lanes, self._identity_bits = lanes, identity_bits
        super().__init__({
            "locked": In(lanes), "armed": In(lanes), "overrun": In(lanes), "reading": In(1),
            "run": Out(1), "tag_bit": Out(4), "tag": Out(1), "first": Out(1), "commit": Out(1),
            "sorted_tags": In(lanes), "tag_out": In(1), "first_out": In(1), "commit_out": In(1),
            "up": Out(1),
            "reason": Out(DownReason, init=DownReason.RESET),  # pyright: ignore[reportCallIssue]
        })

    def elaborate(self, platform):
        m = Module()
        top_bit = self._identity_bits - 1

        # One register between the lanes and the decisions: these are wide reductions.
        all_locked, all_armed, any_overrun = Signal(), Signal(), Signal()
        m.d.sync += [all_locked.eq(self.locked.all()), all_armed.eq(self.armed.all()),
                     any_overrun.eq(self.overrun.any())]

        # The numbers in their new order, against 0, 1, 2, ...
        out_bit = Signal(4)
        expected = Signal(self._lanes)
        wrong = Signal()
        numbers = data.View(data.ArrayLayout(self._lanes, self._identity_bits), Const(sum(
            (lane >> bit & 1) << (bit * self._lanes + lane)
            for lane in range(self._lanes) for bit in range(self._identity_bits)),
            self._lanes * self._identity_bits))
        bit_now = Signal(4)
        m.d.comb += [bit_now.eq(Mux(self.first_out, top_bit, out_bit)),
                     expected.eq(numbers[bit_now])]
        with m.If(self.tag_out):
            m.d.sync += [
                out_bit.eq(bit_now - 1),
                wrong.eq((wrong & ~self.first_out) | (self.sorted_tags != expected)),
            ]

        strobes = Signal(3)
        m.d.sync += Cat(self.tag, self.first, self.commit).eq(strobes)
        with m.FSM():
            with m.State("LOCK"):
                # Waits for every lane to find its markers.
                m.d.sync += self.tag_bit.eq(top_bit)
                with m.If(all_locked):
                    m.next = "SORT"
            with m.State("SORT"):
                # Waits for the last bit of the numbers to enter the sorter.
                m.d.comb += strobes.eq(Cat(Const(1, 1), self.tag_bit == top_bit, Const(0, 1)))
                m.d.sync += self.tag_bit.eq(self.tag_bit - 1)
                with m.If(self.tag_bit == 0):
                    m.next = "COMMIT"
            with m.State("COMMIT"):
                m.d.comb += strobes.eq(Const(0b100, 3))
                m.next = "CHECK"
            with m.State("CHECK"):
                # Waits for the numbers to come out of the sorter.
                with m.If(self.commit_out):
                    m.next = "ALIGN"
                    with m.If(wrong):
                        m.d.sync += self.reason.eq(DownReason.IDENTITY)
                        m.next = "LOCK"
            with m.State("ALIGN"):
                # Waits for place 0 on every lane, and for the deskew to start.
                m.d.comb += self.run.eq(1)
                with m.If(self.reading & all_armed):
                    m.d.sync += self.reason.eq(DownReason.NONE)
                    m.next = "UP"
                with m.If(any_overrun):
                    m.d.sync += self.reason.eq(DownReason.SKEW)
                    m.next = "LOCK"
            with m.State("UP"):
                # Waits for trouble.
                m.d.comb += [self.run.eq(1), self.up.eq(1)]
                with m.If(any_overrun):
                    m.d.sync += self.reason.eq(DownReason.SKEW)
                    m.next = "LOCK"
                with m.If(~all_locked):
                    m.d.sync += self.reason.eq(DownReason.LANE)
                    m.next = "LOCK"
        return m
