"""A word to another clock domain, and one back for it."""

from amaranth import Module, Signal
from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["WordExchange"]


class WordExchange(wiring.Component):
    """Carries one request at a time to domain `far`, and its answer back to domain `near`; gives up
    after a time, and bears that either clock stands still or either side is reset.

    Only levels cross through two flip-flops, `ask` and `done`: four phases, each waits for the
    other. The words hold still meanwhile: the request from when `ask` rises until `done` has, the
    answer from when `done` rises until `ask` has fallen. Constraint: the words must arrive within
    two periods of the clock that takes them, e.g. ``set_max_delay -datapath_only`` of one.

    `ask` and `done` are not reset, so that a reset of one side alone cannot break the four phases:
    an answer is always that of the request before it. A reset of `near` makes it forget what it
    waits for; one of `far` makes it begin the request anew that it has not answered. `valid`, which
    is reset, says whether there is a request behind `ask` at all: without initial values, the bits
    come up as they like, and agree after one empty exchange.

    An exchange that is given up goes on. It may still be done, when the far clock comes back; its
    answer is dropped, and only then is the next request sent. One that comes earlier waits, and is
    given up in its turn.

    Parameters
    ----------
    request, answer : shape-like
    timeout : int, 16..2**24
        Clocks of `near` after which an answer with `expired` is given instead.

    Members
    -------
    i : stream of `request`, o : stream of struct `answer`, `expired`; domain ``near``
        The payload of `i` has to hold still while it waits, as with every stream.
    far_o : stream of `request`, far_i : stream of `answer`; domain ``far``
        An answer is taken only after its request was.

    Latency: 1 clock of near and 4 of far to the request, 1 of far and 3 of near from the answer;
    then, before the next request, 3 of far and 3 of near. With 49 bits and 33 on an ECP5 (speed
    grade 6): 58 LUT4, 140 flip-flops, 216 MHz.
    """

    i: stream.Interface
    o: stream.Interface
    far_o: stream.Interface
    far_i: stream.Interface

    def __init__(self, *, request: ShapeLike, answer: ShapeLike, timeout: int):
        check_range("timeout", timeout, 16, 1 << 24, " clocks")
        self._request, self._answer, self._timeout = request, answer, timeout
        super().__init__({
            "i": In(stream.Signature(request)),
            "o": Out(stream.Signature(data.StructLayout({"answer": answer, "expired": 1}))),
            "far_o": Out(stream.Signature(request)), "far_i": In(stream.Signature(answer)),
        })

    @property
    def timeout(self) -> int:
        return self._timeout

    def elaborate(self, platform):
        m = Module()
        ask, done = Signal(reset_less=True), Signal(reset_less=True)
        valid = Signal()
        request = Signal(self._request, reset_less=True)
        answer = Signal(self._answer, reset_less=True)
        self._near(m, ask, done, valid, request, answer)
        self._far(m, ask, done, valid, request, answer)
        return m

    def _near(self, m: Module, ask, done, valid, request, answer):
        answered = Signal()
        m.submodules.done_crossing = FFSynchronizer(done, answered, o_domain="near")
        waiting = Signal()          # for the answer to what was sent last
        shown = Signal()            # an answer is at `o`
        left = Signal(range(self._timeout), init=self._timeout - 1)
        late, free = Signal(), Signal()
        m.d.comb += [
            late.eq(left == 0),
            free.eq(~waiting & ~shown),
            # Taken when it is sent, or given up unsent.
            self.i.ready.eq(free & ((~ask & ~answered) | late)),
            self.o.valid.eq(shown),
        ]
        with m.If(~waiting & ~self.i.valid | shown):
            m.d.near += left.eq(self._timeout - 1)
        with m.Elif(~late):
            m.d.near += left.eq(left - 1)

        with m.If(shown & self.o.ready):
            m.d.near += shown.eq(0)
        with m.If(waiting & (late | (ask & answered))):
            m.d.near += [waiting.eq(0), shown.eq(1), self.o.payload.answer.eq(answer),
                         self.o.payload.expired.eq(~(ask & answered))]
        with m.If(ask & answered):
            m.d.near += ask.eq(0)
        with m.If(free & self.i.valid):
            with m.If(~ask & ~answered):
                m.d.near += [request.eq(self.i.payload), ask.eq(1), valid.eq(1), waiting.eq(1)]
            with m.Elif(late):
                m.d.near += [shown.eq(1), self.o.payload.expired.eq(1)]

    def _far(self, m: Module, ask, done, valid, request, answer):
        asked, meant, before = Signal(), Signal(), Signal()
        m.submodules.ask_crossing = FFSynchronizer(ask, asked, o_domain="far")
        m.submodules.valid_crossing = FFSynchronizer(valid, meant, o_domain="far")
        offered, taken = Signal(), Signal()
        m.d.far += before.eq(asked)
        m.d.comb += [self.far_o.valid.eq(offered), self.far_o.payload.eq(request),
                     self.far_i.ready.eq(taken)]
        # `before`: `meant` may be a clock later than `asked`.
        with m.If(asked & before & ~done & ~offered & ~taken):
            with m.If(meant):
                m.d.far += offered.eq(1)
            with m.Else():
                m.d.far += done.eq(1)
        with m.If(offered & self.far_o.ready):
            m.d.far += [offered.eq(0), taken.eq(1)]
        with m.If(taken & self.far_i.valid):
            m.d.far += [taken.eq(0), answer.eq(self.far_i.payload), done.eq(1)]
        with m.If(~asked & done):
            m.d.far += done.eq(0)
