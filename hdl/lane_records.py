"""A lane's record for the management, from both clocks of a link."""

from math import ceil
from typing import Any

from amaranth import Cat, Const, DomainRenamer, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .cmis.lane_table import lane_record
from .config import LinkConfig
from .control.lane_summary import NONE
from .control.link_control import DownReason
from .lane_drivers import codes_members
from .lane_summaries import error_window, summary_members
from .stream.word_exchange import WordExchange

__all__ = ["COUNT_WIDTH", "LaneRecords", "answer_timeout", "far_members"]

COUNT_WIDTH = 32
_CROSSING = 40          # clocks of either side, for a question and its answer


def answer_timeout(config: LinkConfig) -> int:
    """Clocks of the management until a clock of the link is taken to stand still: a power of two,
    four times what the slowest answer needs, that after a reset."""
    lanes = config.geometry.physical_lanes
    round_ = config.drive_turn * lanes if config.driver != "none" else 0
    slowest = max(2 * lanes + 12, round_) + _CROSSING
    needed = _CROSSING + ceil(slowest * config.cmis_clock_mhz / config.core_clock_mhz)
    return min(1 << 24, 1 << (4 * needed - 1).bit_length())


def far_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports of transmitter and receiver that it asks, as it sees them."""
    members = {**summary_members(config), **codes_members(config)}
    return {name: member.flip() for name, member in members.items() if name != "all_dark"}


class LaneRecords(wiring.Component):
    """Asks transmitter and receiver for what they know of a lane, and gives both as one record.

    Each has a :class:`WordExchange` of its own. Who has not answered in time, as its clock stands
    still or it is in reset, is asked again, without end: the management waits, and its host does
    not notice but for records that become old. The link's windows of errors come along.

    Parameters
    ----------
    config : LinkConfig
        With `cmis`.

    Members
    -------
    lane : out, 8 bits; ask, answer : 1 bit; record : :func:`lane_record`; domain ``cmis``
        As in :class:`LaneTable`, which is at the other end.
    sample : 1 bit, out; errors, bits : 32 bits, out; domain ``cmis``
        A window has ended: for one clock, in which its counts are right.
    reason : :class:`DownReason`, out, domain ``cmis``
    receives, sends : 1 bit, out, domain ``cmis``
        The receiver, the transmitter has answered.
    halted : 1 bit, out, domain ``cmis``
        The transmitter has not.
    summary_lane, summary_ask, summary_done, summary : domain ``rx``
        Of :class:`LaneSummaries`.
    codes_lane, codes_ask, codes_done, codes : domain ``tx``
        Of :class:`LaneDrivers`, with drivers only.

    Latency: that of the slower one, and of :class:`WordExchange`; a clock that stands still is
    noticed after :func:`answer_timeout` clocks. Cost: two exchanges of 8 bits, for about 150 and 2
    codes.
    """

    lane: Signal
    ask: Signal
    answer: Signal
    record: Any
    sample: Signal
    errors: Signal
    bits: Signal
    reason: Signal
    receives: Signal
    sends: Signal
    halted: Signal
    summary_lane: Signal
    summary_ask: Signal
    summary_done: Signal
    summary: Any
    codes_lane: Signal
    codes_ask: Signal
    codes_done: Signal
    codes: Any

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__({
            "lane": In(8), "ask": In(1), "answer": Out(1), "record": Out(lane_record(COUNT_WIDTH)),
            "sample": Out(1), "errors": Out(COUNT_WIDTH), "bits": Out(COUNT_WIDTH),
            "reason": Out(DownReason, init=DownReason.RESET),  # pyright: ignore[reportCallIssue]
            "receives": Out(1), "sends": Out(1), "halted": Out(1),
            **far_members(config),
        })

    def elaborate(self, platform):
        m = Module()
        config, timeout = self._config, answer_timeout(self._config)
        drivers = config.driver != "none"
        m.submodules.rx_exchange = rx = DomainRenamer({"near": "cmis", "far": "rx"})(WordExchange(
            request=8, answer=self.summary.shape(), timeout=timeout))
        m.submodules.tx_exchange = tx = DomainRenamer({"near": "cmis", "far": "tx"})(WordExchange(
            request=8, answer=self.codes.shape() if drivers else 1, timeout=timeout))
        m.d.comb += [
            self.summary_lane.eq(rx.far_o.payload), rx.far_o.ready.eq(1),
            self.summary_ask.eq(rx.far_i.ready), rx.far_i.valid.eq(self.summary_done),
            rx.far_i.payload.eq(self.summary), tx.far_o.ready.eq(1),
        ]
        if drivers:
            m.d.comb += [
                self.codes_lane.eq(tx.far_o.payload), self.codes_ask.eq(tx.far_i.ready),
                tx.far_i.valid.eq(self.codes_done), tx.far_i.payload.eq(self.codes),
            ]
        else:
            m.d.comb += tx.far_i.valid.eq(1)

        # An answer waits for the other one. If one is lost, both are asked again, so that each is
        # known to stand still.
        came, losses = [], []
        over = Signal()
        for name, exchange, answers in (("rx", rx, self.receives), ("tx", tx, self.sends)):
            asked = Signal(name=f"{name}_asked")
            got, lost = Signal(name=f"{name}_got"), Signal(name=f"{name}_lost")
            m.d.comb += [
                exchange.i.valid.eq(self.ask & ~asked), exchange.i.payload.eq(self.lane),
                got.eq(exchange.o.valid & ~exchange.o.payload.expired),
                lost.eq(exchange.o.valid & exchange.o.payload.expired),
                exchange.o.ready.eq(over),
            ]
            with m.If(exchange.i.valid & exchange.i.ready):
                m.d.cmis += asked.eq(1)
            with m.If(exchange.o.valid & exchange.o.ready):
                m.d.cmis += asked.eq(0)
            with m.If(got | lost):
                m.d.cmis += answers.eq(got)
                if name == "tx":
                    m.d.cmis += self.halted.eq(lost)
            came.append(got)
            losses.append(lost)

        summary, number = rx.o.payload.answer, Signal(4)
        m.d.comb += [
            self.answer.eq(Cat(came).all()), over.eq(self.answer | Cat(losses).any()),
            self.errors.eq(summary.total_errors), self.bits.eq(summary.total_bits),
            # A receiver that was reset begins its numbers anew, without a window.
            self.sample.eq(self.answer & (number != summary.number) & (summary.total_bits != 0)),
        ]
        with m.If(self.answer):
            m.d.cmis += [self.reason.eq(summary.reason), number.eq(summary.number)]

        record = self.record
        for name in ("locked", "dead", "spared", "state", "position", "threshold", "phase", "skew",
                     "errors"):
            m.d.comb += getattr(record, name).eq(getattr(summary, name))
        m.d.comb += record.bits.eq(Mux(summary.whole, error_window(config).slot_bits, 0))
        for name in ("bias", "modulation"):
            code = getattr(tx.o.payload.answer, name) if drivers else Const(NONE, 16)
            m.d.comb += getattr(record, name).eq(code)
        return m
