"""Requests and answers across two clocks, whatever their ratio, when one stops, and over resets."""

import random

import pytest
from amaranth import ClockDomain, Module, ResetSignal, Signal
from amaranth.sim import Simulator

from lampyris.stream.word_exchange import WordExchange

TIMEOUT = 64


class Bench:
    """An exchange whose far side answers each request with a word made of it, after a while.

    Members
    -------
    done : list of int
        Requests that the far side has taken, in order.
    """

    def __init__(self, near_ns: float, far_ns: float, seed: int = 1):
        self.rng = random.Random(seed)
        self.dut = WordExchange(request=24, answer=16, timeout=TIMEOUT)
        self.m = Module()
        self.near, self.far = ClockDomain("near"), ClockDomain("far")
        self.m.domains += [self.near, self.far]
        self.m.submodules.dut = self.dut
        self.resets = {name: Signal(name=f"{name}_reset") for name in ("near", "far")}
        for name, signal in self.resets.items():
            self.m.d.comb += ResetSignal(name).eq(signal)
        self.near_ns, self.far_ns = near_ns, far_ns
        self.runs, self.stops = True, 0
        self.busy = 3
        self.done: list[int] = []

    async def far_clock(self, ctx):
        while True:
            await ctx.delay(self.far_ns * 0.5e-9)
            if self.runs:
                ctx.set(self.far.clk, 1)
            await ctx.delay(self.far_ns * 0.5e-9)
            ctx.set(self.far.clk, 0)

    async def server(self, ctx):
        """Answers; a reset makes it forget."""
        dut, rng = self.dut, random.Random(5)
        left, request = -1, 0
        while True:
            ready = left < 0 and rng.random() < 0.6
            ctx.set(dut.far_o.ready, ready)
            ctx.set(dut.far_i.valid, left == 0)
            ctx.set(dut.far_i.payload, answer(request))
            _, reset, offered, payload, taken = await ctx.tick("far").sample(
                dut.far_o.valid, dut.far_o.payload, dut.far_i.ready)
            if reset:
                left = -1
            elif ready and offered:
                self.done.append(payload)
                left, request = rng.randint(1, self.busy), payload
            elif left > 0:
                left -= 1
            elif left == 0 and taken:
                left = -1

    async def ask(self, ctx, request: int):
        """The answer and whether it expired; asserts that it comes in time."""
        dut, rng = self.dut, self.rng
        ctx.set(dut.i.payload, request)
        ctx.set(dut.i.valid, 1)
        clocks = 0
        ready = False
        while not ready:
            _, _, ready = await ctx.tick("near").sample(dut.i.ready)
            clocks += 1
        ctx.set(dut.i.valid, 0)
        while not ctx.get(dut.o.valid):
            await ctx.tick("near")
            clocks += 1
        assert clocks <= TIMEOUT + 2, "no end"
        for _ in range(rng.choice((0, 0, 2))):
            await ctx.tick("near")
        payload = ctx.get(dut.o.payload)
        ctx.set(dut.o.ready, 1)
        await ctx.tick("near")
        ctx.set(dut.o.ready, 0)
        return payload.answer, payload.expired

    def run(self, testbench):
        simulator = Simulator(self.m)
        simulator.add_clock(self.near_ns * 1e-9, domain="near")
        simulator.add_testbench(testbench)
        for background in (self.far_clock, self.server):
            simulator.add_testbench(background, background=True)
        simulator.run()


def answer(request: int) -> int:
    return (request * 40503 >> 3) & 0xFFFF


@pytest.mark.parametrize("far_ns", [3.0, 10.0, 31.0])
def test_every_request_is_answered_once(far_ns):
    bench = Bench(10.0, far_ns)

    async def run(ctx):
        for _ in range(60):
            request = bench.rng.getrandbits(24)
            assert await bench.ask(ctx, request) == (answer(request), 0)
            assert bench.done.pop() == request and not bench.done
            for _ in range(bench.rng.choice((0, 0, 0, 20))):
                await ctx.tick("near")

    bench.run(run)


@pytest.mark.parametrize("far_ns", [5.3, 23.0])
def test_clock_that_stops(far_ns):
    """It stops anywhere. Each answer is that of its request, or says that the time is over."""
    bench = Bench(10.0, far_ns)
    expired = answered = 0

    async def run(ctx):
        nonlocal expired, answered
        for _ in range(60):
            bench.runs = bench.rng.random() < 0.7
            request = bench.rng.getrandbits(24)
            got, late = await bench.ask(ctx, request)
            if late:
                expired += 1
            else:
                answered += 1
                assert got == answer(request)
                assert bench.done[-1] == request
        assert len(bench.done) == len(set(bench.done)), "a request was done twice"
        bench.runs = True
        await bench.ask(ctx, 0)
        await bench.ask(ctx, 0)
        assert await bench.ask(ctx, 77) == (answer(77), 0)

    bench.run(run)
    assert expired > 10 and answered > 10


@pytest.mark.parametrize("far_ns", [6.1, 23.0])
@pytest.mark.parametrize("side", ["near", "far"])
def test_reset_of_one_side(side, far_ns):
    """At any time, and however short: the next answers are those of their requests."""
    bench = Bench(10.0, far_ns)
    bench.busy = round(100 / far_ns)
    rounds = 0

    async def run(ctx):
        nonlocal rounds
        for _ in range(15):
            request = bench.rng.getrandbits(24)
            ctx.set(bench.dut.i.payload, request)
            ctx.set(bench.dut.i.valid, 1)
            for _ in range(bench.rng.randint(1, 20)):
                _, _, ready = await ctx.tick("near").sample(bench.dut.i.ready)
                if ready:
                    ctx.set(bench.dut.i.valid, 0)
            ctx.set(bench.dut.i.valid, 0)
            ctx.set(bench.resets[side], 1)
            for _ in range(bench.rng.randint(1, 4)):
                await ctx.tick(side)
            ctx.set(bench.resets[side], 0)
            await ctx.tick(side)
            if ctx.get(bench.dut.o.valid) or side == "far":
                # The near side still waits: let it come to its end.
                ctx.set(bench.dut.o.ready, 1)
                await ctx.tick("near").repeat(TIMEOUT + 2)
                ctx.set(bench.dut.o.ready, 0)
            for _ in range(2):
                request = bench.rng.getrandbits(24)
                assert await bench.ask(ctx, request) == (answer(request), 0)
                rounds += 1

    bench.run(run)
    assert rounds == 30


def test_domain_in_reset():
    """It does not answer, and the time ends."""
    bench = Bench(10.0, 7.0)

    async def run(ctx):
        ctx.set(bench.resets["far"], 1)
        assert (await bench.ask(ctx, 1))[1]
        assert (await bench.ask(ctx, 2))[1]
        ctx.set(bench.resets["far"], 0)
        await ctx.tick("near").repeat(30)
        assert await bench.ask(ctx, 3) == (answer(3), 0)
        assert bench.done == [1, 3]

    bench.run(run)


def test_bits_that_come_up_as_they_like():
    """Without initial values there may be an `ask` without a request: nothing is done for it."""
    for ask, done in ((0, 1), (1, 0), (1, 1)):
        bench = Bench(10.0, 7.0)
        near_init(bench.dut, ask, done)

        async def run(ctx, bench=bench):
            await ctx.tick("near").repeat(30)
            assert bench.done == []
            assert await bench.ask(ctx, 9) == (answer(9), 0)

        bench.run(run)


def near_init(dut, ask: int, done: int):
    """Let the two bits begin with other values."""
    near, far = dut._near, dut._far

    def changed(method):
        def call(m, ask_signal, done_signal, *rest):
            ask_signal._init, done_signal._init = ask, done
            method(m, ask_signal, done_signal, *rest)
        return call

    dut._near, dut._far = changed(near), changed(far)


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^timeout must be 16 to 16777216 clocks, not 3$"):
        WordExchange(request=4, answer=4, timeout=3)
