"""A lane's record from a link's two clocks, which may have any rate, stand still, or be reset.

Transmitter and receiver are a few lines that answer with what follows from the lane. The whole
link is in `tests/system/test_cmis.py`.
"""

import pytest
from amaranth import ClockDomain, DomainRenamer, Module, ResetSignal, Signal
from amaranth.sim import Simulator

from lampyris.config import LinkConfig
from lampyris.control.link_control import DownReason
from lampyris.lane_records import LaneRecords, answer_timeout
from lampyris.lane_summaries import error_window

CONFIG = LinkConfig(name="two", lanes=2, spares=0, parity=2, marker_period=256, deskew_ui=64,
                    fibre_m=0, lane_rate_gbps=0.4, driver="parallel", cmis=True, cmis_clock_mhz=25)
PASSIVE = CONFIG.with_settings({"driver": "none", "fec": "none"})
TIMEOUT = answer_timeout(CONFIG)


class Clock:
    """A clock that can stand still."""

    def __init__(self, name: str, half_ns: float):
        self.domain, self.half_ns, self.runs = ClockDomain(name), half_ns, True

    async def run(self, ctx):
        while True:
            await ctx.delay(self.half_ns * 1e-9)
            if self.runs:
                ctx.set(self.domain.clk, 1)
            await ctx.delay(self.half_ns * 1e-9)
            ctx.set(self.domain.clk, 0)


class Bench:
    """Records with far sides that answer, and a management that asks for one after the other.

    Members
    -------
    number, errors, bits : Signal
        Of the receiver's window.
    reset : Signal
        Of the receiver.
    records : list
        Lane and record of each answer.
    samples : list
        Errors and bits.
    """

    def __init__(self, config: LinkConfig, tx_ns: float, rx_ns: float):
        self.dut = dut = LaneRecords(config)
        self.m = m = Module()
        self.tx, self.rx = Clock("tx", tx_ns / 2), Clock("rx", rx_ns / 2)
        m.domains += [self.tx.domain, self.rx.domain]
        m.submodules.dut = DomainRenamer({"cmis": "sync"})(dut)
        self.number, self.errors, self.bits = Signal(4), Signal(32), Signal(32)
        self.reset = Signal()
        self.records, self.samples = [], []
        m.d.comb += ResetSignal("rx").eq(self.reset)
        summary, lane = dut.summary, dut.summary_lane
        m.d.rx += [
            dut.summary_done.eq(dut.summary_ask & ~dut.summary_done),
            summary.locked.eq(1), summary.position.eq(0x100 + lane), summary.threshold.eq(7 + lane),
            summary.errors.eq(1000 + lane), summary.whole.eq(lane != 1), summary.reason.eq(4),
            summary.number.eq(self.number), summary.total_errors.eq(self.errors),
            summary.total_bits.eq(self.bits),
        ]
        if config.driver != "none":
            m.d.tx += [
                dut.codes_done.eq(dut.codes_ask & ~dut.codes_done),
                dut.codes.bias.eq(dut.codes_lane), dut.codes.modulation.eq(10 + dut.codes_lane),
            ]

    async def ask(self, ctx):
        dut, lane = self.dut, 0
        while True:
            ctx.set(dut.lane, lane)
            ctx.set(dut.ask, 1)
            _, _, answer, record, sample, errors, bits = await ctx.tick().sample(
                dut.answer, dut.record, dut.sample, dut.errors, dut.bits)
            if sample:
                self.samples.append((errors, bits))
            if answer:
                self.records.append((lane, record))
                lane = (lane + 1) % 4
                ctx.set(dut.ask, 0)
                await ctx.tick().repeat(lane + 1)

    def run(self, testbench):
        simulator = Simulator(self.m)
        simulator.add_clock(40e-9)
        simulator.add_testbench(testbench)
        for process in (self.ask, self.tx.run, self.rx.run):
            simulator.add_testbench(process, background=True)
        simulator.run()


@pytest.mark.parametrize("tx_ns, rx_ns", [(20, 20.1), (11, 170), (450, 17)])
def test_records(tx_ns, rx_ns):
    """Both answers are in a record, at any ratio of the clocks; each window is one sample."""
    bench = Bench(CONFIG, tx_ns, rx_ns)

    async def testbench(ctx):
        windows = [(1, 500), (2, 70), (5, 0), (5, 900), (0, 30), (1, 8)]
        for number, errors in windows:
            ctx.set(bench.errors, errors)
            ctx.set(bench.bits, 10_000 if number else 0)    # a receiver that was reset has none
            ctx.set(bench.number, number)
            await ctx.tick().repeat(250)

    bench.run(testbench)
    assert bench.samples == [(errors, 10_000) for errors in (500, 70, 0, 8)]
    assert len(bench.records) >= 12
    for index, (lane, record) in enumerate(bench.records):
        assert lane == index % 4
        assert (record.position, record.threshold, record.errors) == (
            0x100 + lane, 7 + lane, 1000 + lane)
        assert (record.bias, record.modulation, record.locked) == (lane, 10 + lane, 1)
        assert record.bits == (error_window(CONFIG).slot_bits if lane != 1 else 0)
    assert error_window(CONFIG).slot_bits == 64 * 256 * 8 * 244 // 256


def test_clocks_that_stand_still():
    """There are no records, it is said who is to blame, and then it goes on where it was."""
    bench = Bench(CONFIG, 20, 20)
    dut = bench.dut

    async def stopped(ctx, receives, sends):
        await ctx.tick().repeat(TIMEOUT + 100)
        count = len(bench.records)
        await ctx.tick().repeat(TIMEOUT // 2)
        assert len(bench.records) == count
        assert (ctx.get(dut.receives), ctx.get(dut.sends), ctx.get(dut.halted)) == (
            receives, sends, not sends)

    async def going(ctx):
        await ctx.tick().repeat(60)
        count = len(bench.records)
        await ctx.tick().repeat(200)
        assert len(bench.records) > count + 4
        assert ctx.get(dut.receives) and ctx.get(dut.sends) and not ctx.get(dut.halted)

    async def testbench(ctx):
        assert not ctx.get(dut.receives) and not ctx.get(dut.sends) and not ctx.get(dut.halted)
        await going(ctx)
        for clock in (bench.rx, bench.tx):
            clock.runs = False
            await stopped(ctx, clock is bench.tx, clock is bench.rx)
            clock.runs = True
            await going(ctx)
        ctx.set(bench.reset, 1)                 # a receiver in reset does not answer, either
        await stopped(ctx, False, True)
        ctx.set(bench.reset, 0)
        await going(ctx)
        assert ctx.get(dut.reason) == DownReason.SKEW

    bench.run(testbench)
    assert [lane for lane, _ in bench.records] == [
        index % 4 for index in range(len(bench.records))]
    assert all(record.position == 0x100 + lane and record.bias == lane
               for lane, record in bench.records)


@pytest.mark.parametrize("first", ["tx", "rx"])
def test_one_clock_after_the_other(first):
    """The second one that stands still is noticed as well, though the first is never answered."""
    bench = Bench(CONFIG, 20, 20)
    dut = bench.dut

    async def testbench(ctx):
        await ctx.tick().repeat(300)
        assert ctx.get(dut.receives) and ctx.get(dut.sends)
        for clock in ((bench.tx, bench.rx) if first == "tx" else (bench.rx, bench.tx)):
            clock.runs = False
            await ctx.tick().repeat(3 * TIMEOUT)
        assert not ctx.get(dut.receives) and not ctx.get(dut.sends) and ctx.get(dut.halted)

    bench.run(testbench)


def test_without_drivers():
    """No codes; the transmitter's clock is watched all the same."""
    bench = Bench(PASSIVE, 20, 20)

    async def testbench(ctx):
        await ctx.tick().repeat(400)
        assert ctx.get(bench.dut.sends)
        bench.tx.runs = False
        await ctx.tick().repeat(answer_timeout(PASSIVE) + 100)
        assert ctx.get(bench.dut.halted) and ctx.get(bench.dut.receives)

    bench.run(testbench)
    assert bench.records and {(record.bias, record.modulation) for _, record in bench.records} == {
        (0xFFFF, 0xFFFF)}


def test_bad_config():
    with pytest.raises(ValueError, match=r"^cmis = true needs 2 to 256 physical lanes, and there "
                                         r"are 1$"):
        LinkConfig(lanes=1, spares=0, fec="none", cmis=True)
    with pytest.raises(ValueError, match=r"^cmis_clock_mhz = 24 is out of range: allowed is 25 "
                                         r"to 1000 MHz$"):
        LinkConfig(cmis_clock_mhz=24)
