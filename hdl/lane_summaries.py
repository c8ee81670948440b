"""What a receiver has for a management that asks for the state of a lane. This file only wires."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .control.error_windows import ErrorWindows, Window
from .control.health import health_window, look_layout
from .control.lane_summary import LaneSummary, summary_layout
from .control.spares import spares_in_use
from .control.wrong_bits import MOST_WRONG, WrongBits
from .ports import pass_on

__all__ = ["LaneSummaries", "error_window", "summary_members"]

_PASSED = ("reason", "given_up", "dark", "movable", "shunned", "served", "dac_write", "dac_lane",
           "dac_code", "turn", "seen", "following", "address")


def error_window(config: LinkConfig) -> Window:
    """How long errors are counted (docs/cmis.md, section 8): with a code, which knows all, wrong
    symbols by place; else wrong parity bits by lane."""
    geometry = config.geometry
    lanes = geometry.physical_lanes
    clocks = health_window(lanes) if geometry.has_fec else lanes
    return Window.of(slots=lanes, clocks=clocks, gear=geometry.gear, frame=geometry.marker_period,
                     markers=geometry.marker_symbols,
                     most=clocks if geometry.has_fec else MOST_WRONG)


def summary_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports that it gives to the receiver; none without a management."""
    if not config.cmis:
        return {}
    errors = error_window(config).errors
    return {"summary_lane": In(8), "summary_ask": In(1), "summary_done": Out(1),
            "summary": Out(summary_layout(errors)), "all_dark": Out(1)}


class LaneSummaries(wiring.Component):
    """Summaries of the lanes, with errors in windows, for a management in another clock.

    Parameters
    ----------
    config : LinkConfig
        With `cmis`.

    Members
    -------
    summary_lane, summary_ask, summary_done, summary, all_dark
        `lane`, `ask`, `done`, `summary` and `all_dark` of :class:`LaneSummary`.
    reason, given_up, dark, movable, shunned, served, dac_write, dac_lane, dac_code, turn, seen,
    following, address : in
        Of :class:`LaneSummary`.
    look : :func:`look_layout`, in
        Of :class:`LaneHealth`, with a code.
    wrong : array of `lanes` x 0..max(8, gear), in; pattern : 1 bit, in
        Without one: wrong bits of each lane in this clock; a test pattern is looked for.
    """

    summary_lane: Signal
    summary_ask: Signal
    summary_done: Signal
    summary: data.View
    all_dark: Signal
    reason: Signal
    given_up: Signal
    dark: Signal
    movable: Signal
    shunned: Signal
    served: data.View
    dac_write: Signal
    dac_lane: Signal
    dac_code: Signal
    turn: Signal
    seen: data.View
    following: data.View
    address: Signal
    look: data.View
    wrong: data.View
    pattern: Signal

    def __init__(self, config: LinkConfig):
        geometry = config.geometry
        lanes = geometry.physical_lanes
        self._window = window = error_window(config)
        self._windows = ErrorWindows(window)
        self._summary = LaneSummary(
            lanes=lanes, depth=config.deskew_depth, width=config.threshold_bits,
            code_lanes=geometry.code_lanes, spares=spares_in_use(geometry),
            errors=window.errors, by_place=geometry.has_fec,
            sampled=config.sampling > 1)
        self._counter = None
        most = max(8, geometry.gear)
        if not geometry.has_fec:
            self._counter = WrongBits(lanes=lanes, most=most)
        members = self._summary.signature.members
        super().__init__({
            **summary_members(config), **{name: members[name] for name in _PASSED
                                         if name in members},
            **({"look": In(look_layout(lanes, health_window(lanes)))} if geometry.has_fec else
               {"wrong": In(data.ArrayLayout(range(most + 1), lanes)), "pattern": In(1)}),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.windows = windows = self._windows
        m.submodules.summary = summary = self._summary
        pass_on(m, self, summary, [name for name in _PASSED if name in self.signature.members])
        m.d.comb += [
            summary.lane.eq(self.summary_lane), summary.ask.eq(self.summary_ask),
            self.summary_done.eq(summary.done), self.summary.eq(summary.summary),
            self.all_dark.eq(summary.all_dark), windows.index.eq(summary.index),
            *(getattr(summary, name).eq(getattr(windows, name)) for name in (
                "errors", "whole", "number", "total_errors", "total_bits")),
        ]
        if self._counter is None:
            look = self.look
            m.d.comb += [windows.look.eq(look.valid), windows.slot.eq(look.place),
                         windows.counts.eq(look.counts), windows.wrong.eq(look.wrong)]
            return m
        m.submodules.counter = counter = self._counter
        most = self._window.most
        m.d.comb += [
            counter.i.eq(self.wrong), counter.turn.eq(self.turn), windows.look.eq(1),
            windows.slot.eq(self.turn),
            windows.wrong.eq(Mux(counter.wrong > most, most, counter.wrong)),
            windows.counts.eq(self.seen.locked & ~self.pattern),
        ]
        return m
