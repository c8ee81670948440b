"""What a receiver with threshold DACs has beside its data path. This file only wires."""

from amaranth import Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .control.event_log import Event, EventLog
from .control.link_control import DownReason
from .control.training import LinkState, LinkTraining
from .optics.eye_truth import EyeTruth
from .optics.optics import Optics, lane_layout
from .optics.scanned_place import ScannedPlace
from .optics.threshold_loop import threshold_layout
from .shapes import error_layout

__all__ = ["ArrayTraining", "training_members"]

_LONGEST = 20       # of an eye scan, a power of two of words per code
_PIPELINE = 20      # cycles from a word's samples to the deskew and from there, with some to spare


def training_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports that it gives to the receiver; none without threshold DACs."""
    if not config.threshold_bits:
        return {}
    width, ratio = config.threshold_bits, config.sampling
    return {
        "monitor_data": In(config.gear * ratio), "monitor_valid": In(1),
        "monitor_lane": Out(11), "monitor_code": Out(width),
        "dac_write": Out(1), "dac_lane": Out(11), "dac_code": Out(width),
        "roving": In(1), "freeze": In(1), "training_hold": In(1), "retrain": In(1),
        "threshold_write": In(1), "threshold_manual": In(1), "threshold_code": In(width),
        "threshold_state": Out(threshold_layout(width)),
        "scan_start": In(1), "scan_dwell": In(range(_LONGEST + 1)), "scanning": Out(1),
        "fec_truth": Out(1),
        "scan_code": In(width), "scan_place": In(range(ratio)), "scan_count": Out(16),
        "link_state": Out(LinkState), "calibrating": Out(1),
        "event_index": In(6), "event": Out(Event), "events": Out(16),
    }


class ArrayTraining(wiring.Component):
    """Thresholds, eye scans, training and the log of an array of lanes.

    Parameters
    ----------
    config : LinkConfig
        With `threshold_bits`.
    error_delay : int
        Of :class:`Correction`; 0 without FEC.

    Members
    -------
    i : array of N x :func:`lane_layout`, in
        Of the lanes.
    locked, dead : N bits, in; running, up : 1 bit, in; reason : :class:`DownReason`, in
    turn : in, 0..N-1; turn_locked : 1 bit, in
        `turn` of :class:`LaneWindow`, and whether that lane is locked.
    turn_joined : 1 bit, in; turn_identity : 11 bits, in; present : N bits, in
        With :attr:`watches` only: of :class:`ScannedPlace`.
    place : out, 0..N-1; errors : :func:`error_layout`, in
        With :attr:`watches` only: the logical lane that is scanned, and `errors` of
        :class:`Correction` there.
    lane_index : 11 bits, in
        Lane that is meant by `retrain`, `threshold_*` and `scan_start`.
    absent, movable : N bits, out; hope : 1 bit, out
        Of :class:`LinkTraining`.
    monitor_data, monitor_valid, monitor_lane, monitor_code
        `i`, `i_valid`, `lane` and `code` of :class:`Optics`.
    dac_write, dac_lane, dac_code, roving, freeze, scanning, fec_truth
        Of :class:`Optics`.
    training_hold, retrain, calibrating
        `hold`, `retrain` and `calibrating` of :class:`LinkTraining`.
    threshold_write : 1 bit, in
        The threshold of the lane becomes `threshold_code` and stays, or with `threshold_manual` = 0
        it is the loop's again; within a turn of the loop. A second wish before that takes the
        place of the first.
    threshold_state : :func:`threshold_layout`, out
        Of the lane.
    scan_start : 1 bit, in
        Scan the eye of the lane, 2^`scan_dwell` words per code; within a turn of the loop, as well.
    scan_code, scan_place, scan_count
        `index_code`, `index_place` and `count` of :class:`Optics`.
    link_state : :class:`LinkState`, out
    event_index, event, events
        `index`, `event` and `count` of :class:`EventLog`.
    """

    i: data.View
    locked: Signal
    dead: Signal
    running: Signal
    up: Signal
    reason: Signal
    turn: Signal
    turn_locked: Signal
    turn_joined: Signal
    turn_identity: Signal
    present: Signal
    place: Signal
    errors: data.View
    lane_index: Signal
    absent: Signal
    movable: Signal
    hope: Signal
    monitor_data: Signal
    monitor_valid: Signal
    monitor_lane: Signal
    monitor_code: Signal
    roving: Signal
    freeze: Signal
    training_hold: Signal
    retrain: Signal
    threshold_write: Signal
    threshold_manual: Signal
    threshold_code: Signal
    threshold_state: data.View
    fec_truth: Signal
    scan_start: Signal
    scan_dwell: Signal
    scan_code: Signal
    scan_place: Signal
    scan_count: Signal
    link_state: Signal
    calibrating: Signal
    event_index: Signal
    event: data.View
    events: Signal

    def __init__(self, config: LinkConfig, *, error_delay: int = 0):
        self._config = config
        geometry, lanes = config.geometry, config.geometry.physical_lanes
        delay = config.deskew_depth + error_delay + geometry.marker_symbols + _PIPELINE
        self._truth = None
        if geometry.has_fec and geometry.marker_period > delay + 64:
            self._truth = EyeTruth(
                gear=config.gear, ratio=config.sampling, delay=delay, period=geometry.marker_period,
                markers=geometry.marker_symbols, syncs=geometry.sync_symbols,
                tolerance=config.marker_tolerance,
                patience=8 * geometry.marker_period + 64 * lanes)
        super().__init__({
            "i": In(data.ArrayLayout(lane_layout(config.gear, config.sampling), lanes)),
            "locked": In(lanes), "dead": In(lanes), "running": In(1), "up": In(1),
            "reason": In(DownReason), "turn": In(range(lanes)), "turn_locked": In(1),
            "lane_index": In(11), "absent": Out(lanes), "movable": Out(lanes), "hope": Out(1),
            **({"turn_joined": In(1), "turn_identity": In(11), "present": In(lanes),
                "place": Out(range(lanes)), "errors": In(error_layout(config.gear))}
               if self.watches else {}),
            **training_members(config),
        })

    @property
    def watches(self) -> bool:
        """Eye scans may have the truth from the FEC: there is one, and the frames are not too
        short."""
        return self._truth is not None

    def elaborate(self, platform):
        m = Module()
        config, geometry = self._config, self._config.geometry
        lanes = geometry.physical_lanes
        m.submodules.optics = optics = Optics(
            lanes=lanes, gear=config.gear, ratio=config.sampling, width=config.threshold_bits,
            longest=_LONGEST, truth=self._truth)
        m.submodules.training = training = LinkTraining(
            lanes=lanes, warm_up=config.warm_up_words,
            patience=geometry.lock_words)
        m.submodules.log = log = EventLog(lanes=lanes)
        m.d.comb += [
            optics.i.eq(self.monitor_data), optics.i_valid.eq(self.monitor_valid),
            optics.lanes.eq(self.i), self.monitor_lane.eq(optics.lane),
            self.monitor_code.eq(optics.code),
            optics.hurry.eq(training.calibrating), optics.dead.eq(self.dead),
            optics.movable.eq(training.movable), self.movable.eq(training.movable),
            optics.index.eq(self.lane_index), self.threshold_state.eq(optics.state),
            optics.index_code.eq(self.scan_code), optics.index_place.eq(self.scan_place),
            self.scan_count.eq(optics.count),
            training.hold.eq(self.training_hold), training.retrain.eq(self.retrain),
            training.retrain_lane.eq(self.lane_index), self.absent.eq(training.absent),
            self.hope.eq(training.hope),
            self.calibrating.eq(training.calibrating), self.link_state.eq(training.state),
            log.state.eq(training.state), log.up.eq(self.up), log.reason.eq(self.reason),
            log.turn.eq(self.turn), log.locked.eq(self.turn_locked),
            log.index.eq(self.event_index), self.event.eq(log.event), self.events.eq(log.count),
        ]
        for name in ("dac_write", "dac_lane", "dac_code", "scanning", "fec_truth"):
            m.d.comb += getattr(self, name).eq(getattr(optics, name))
        for name in ("roving", "freeze"):
            m.d.comb += getattr(optics, name).eq(getattr(self, name))
        for name in ("locked", "dead", "running", "up", "roving"):
            m.d.comb += getattr(training, name).eq(getattr(self, name))
        for name in ("turn", "begun", "over", "judged", "dark"):
            m.d.comb += getattr(training, name).eq(getattr(optics, name))

        if self.watches:
            m.submodules.scanned = scanned = ScannedPlace(lanes=lanes)
            m.d.comb += [
                scanned.lane.eq(optics.lane), scanned.turn.eq(self.turn),
                scanned.joined.eq(self.turn_joined), scanned.identity.eq(self.turn_identity),
                scanned.present.eq(self.present), self.place.eq(scanned.place),
                optics.up.eq(self.up), optics.sure.eq(scanned.sure), optics.errors.eq(self.errors),
            ]

        # Wishes wait until the loop has time for them.
        for wish, start, values in (
                (optics.command, self.threshold_write,
                 {"lane": self.lane_index, "manual": self.threshold_manual,
                  "code": self.threshold_code}),
                (optics.scan, self.scan_start,
                 {"lane": self.lane_index, "dwell": self.scan_dwell})):
            with m.If(start):
                m.d.sync += [wish.valid.eq(1),
                             *(wish.payload[name].eq(value) for name, value in values.items())]
            with m.Elif(wish.ready):
                m.d.sync += wish.valid.eq(0)
        return m
