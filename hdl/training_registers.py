"""Registers of thresholds, eye scans, training and log, in bank `rx`, and their signals."""

from typing import Any

from amaranth import Module

from .config import LinkConfig
from .control.event_log import EventKind
from .control.registers.blocks import RegisterBlock
from .control.registers.description import Access, Field, Register
from .control.training import LinkState

__all__ = ["training_block", "training_registers"]

_RW, _RO = Access.READ_WRITE, Access.STATUS


def training_registers(config: LinkConfig) -> tuple[Register, ...]:
    """None without threshold DACs."""
    width = config.threshold_bits
    if not width:
        return ()
    return (
        Register("training", 0x100, "The way from dark to traffic.", (
            Field("state", 0, 3, _RO, "Where the link is.", values=_names(LinkState)),
            Field("calibrating", 4, 1, _RO, "Some lane is to be calibrated."),
            Field("scanning", 5, 1, _RO, "An eye scan is under way."),
            Field("fec_truth", 6, 1, _RO, "It, or the last one, has the FEC for truth."))),
        Register("training_control", 0x104, "What is done by itself.", (
            Field("roving", 0, 1, _RW, "There is a monitor comparator.", 1),
            Field("freeze", 1, 1, _RW, "Move no threshold."),
            Field("hold", 2, 1, _RW, "Calibrate no lane."),
            Field("retrain", 8, 1, Access.PULSE, "Calibrate the lane at lane_index, once."))),
        Register("threshold", 0x108, "Threshold of the lane at lane_index.", (
            Field("code", 0, width, Access.WINDOW, "Code of the DAC."),
            Field("manual", 15, 1, Access.WINDOW, "Set by hand; 0: it is the loop's."))),
        Register("threshold_levels", 0x10C, "Levels of the lane at lane_index, as last seen.", (
            Field("known", 0, 1, _RO, "The threshold was found, and not only assumed."),
            Field("dark", 1, 1, _RO, "There were no levels."),
            Field("beyond", 2, 1, _RO, "A level is beyond the DAC."),
            Field("low", 8, width, _RO, "Code at the level of a 0."),
            Field("high", 20, width, _RO, "Code at the level of a 1."))),
        Register("threshold_offset", 0x110, "Lane's comparator minus monitor, at lane_index.", (
            Field("quarters", 0, width + 3, _RO, "Quarter codes, two's complement."),)),
        Register("scan", 0x120, "Eye scan of the lane at lane_index.", (
            Field("start", 0, 1, Access.PULSE, "Begin, when the loop has time."),
            Field("dwell", 8, 5, _RW, "2^dwell words per code, at most 20."))),
        Register("scan_index", 0x124, "What scan_count shows.", (
            Field("code", 0, width, _RW, "Threshold of the monitor."),
            Field("place", 16, (config.sampling - 1).bit_length(), _RW, "Place in the bit.")),
                 settle=2),
        Register("scan_count", 0x128, "Count of the last eye scan, at scan_index.", (
            Field("wrong", 0, 16, _RO, "Samples that differ from the truth; saturates."),)),
        Register("log_index", 0x130, "Which event the log shows.", (
            Field("back", 0, 6, _RW, "Events since; 0 is the last one."),), settle=4),
        Register("log_event", 0x134, "Event at log_index; another one if log_count has changed.", (
            Field("kind", 0, 3, _RO, "What has happened.", values=_names(EventKind)),
            Field("argument", 16, 11, _RO, "State, reason or lane."))),
        Register("log_time_low", 0x138, "Time of the event at log_index.", (
            Field("clocks", 0, 32, _RO, "Core clocks since the reset."),)),
        Register("log_time_high", 0x13C, "Time of the event at log_index.", (
            Field("clocks", 0, 16, _RO, "Bits 32 and up."),)),
        Register("log_count", 0x140, "Events so far.", (
            Field("events", 0, 16, _RO, "Wraps."),)),
    )


def training_block(m: Module, config: LinkConfig, link: Any, bank: Any) -> RegisterBlock:
    """Empty without threshold DACs."""
    if not config.threshold_bits:
        return RegisterBlock(())
    m.d.comb += link.threshold_write.eq(bank.threshold_code_write | bank.threshold_manual_write)
    state, event = link.threshold_state, link.event
    return RegisterBlock(training_registers(config), {
        "training_state": link.link_state, "training_calibrating": link.calibrating,
        "training_scanning": link.scanning, "training_fec_truth": link.fec_truth,
        "training_control_roving": link.roving,
        "training_control_freeze": link.freeze, "training_control_hold": link.training_hold,
        "training_control_retrain": link.retrain,
        "threshold_code": state.code, "threshold_code_value": link.threshold_code,
        "threshold_manual": state.manual, "threshold_manual_value": link.threshold_manual,
        **{f"threshold_levels_{name}": getattr(state, name)
           for name in ("known", "dark", "beyond", "low", "high")},
        "threshold_offset_quarters": state.offset,
        "scan_start": link.scan_start, "scan_dwell": link.scan_dwell,
        "scan_index_code": link.scan_code, "scan_index_place": link.scan_place,
        "scan_count_wrong": link.scan_count,
        "log_index_back": link.event_index, "log_event_kind": event.kind,
        "log_event_argument": event.argument, "log_time_low_clocks": event.time[:32],
        "log_time_high_clocks": event.time[32:], "log_count_events": link.events,
    })


def _names(kind) -> dict[str, int]:
    return {value.name.lower(): value.value for value in kind}
