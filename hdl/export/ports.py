"""What each port of a top is for: the manifest's table of ports."""

from amaranth import Shape
from amaranth.lib import wiring

from ..control.registers.axi_lite import AXI_LITE
from ..control.registers.wishbone import WISHBONE
from ..shared import clock_ports, flat_ports

__all__ = ["describe"]

# Name -> domain ("core" stands for the side's own: tx or rx), role, meaning.
_NOTES = {
    "s_axis_tdata": ("host", "axi-stream", "packet bytes to send, byte 0 in the low bits"),
    "s_axis_tkeep": ("host", "axi-stream", "valid bytes of the last beat, contiguous from byte 0"),
    "s_axis_tlast": ("host", "axi-stream", "last beat of a packet"),
    "s_axis_tuser": ("host", "axi-stream", "with tlast: the packet is bad, deliver it flagged"),
    "s_axis_tvalid": ("host", "axi-stream", "a beat is offered"),
    "s_axis_tready": ("host", "axi-stream", "the beat is taken"),
    "m_axis_tdata": ("host", "axi-stream", "received packet bytes, byte 0 in the low bits"),
    "m_axis_tkeep": ("host", "axi-stream", "valid bytes; all but in the last beat"),
    "m_axis_tlast": ("host", "axi-stream", "last beat of a packet"),
    "m_axis_tuser": ("host", "axi-stream", "with tlast: the packet is damaged or was sent as bad"),
    "m_axis_tvalid": ("host", "axi-stream", "a beat is offered"),
    "m_axis_tready": ("host", "axi-stream", "the beat is taken"),
    "lane_tx_data": ("tx-line", "lane", "what the LEDs send, lane 0 in the low bits, bit 0 first"),
    "lane_rx_data": ("rx-line", "lane", "what the photodetectors saw, lane 0 in the low bits"),
    "lane_rx_valid": ("rx-line", "lane", "a bit per lane: it has a symbol in this cycle"),
    "lane_map": ("tx", "control", "physical lane of each logical lane, a permutation"),
    "seed": ("tx", "control", "entropy for the scramblers' seed base, may be constant"),
    "tx_message": ("tx", "control", "back-channel word to send in the markers"),
    "tx_prbs": ("tx", "control", "0 traffic, 1..5 PRBS7, 9, 15, 23, 31 on all lanes"),
    "far_pause": ("core", "flow", "the far end asks for silence"),
    "near_pause": ("core", "flow", "the receive queue fills: ask the far end for silence"),
    "link_up": ("rx", "status", "lanes enough are locked, sorted and aligned: traffic passes"),
    "down_reason": ("rx", "status", "0 none, 1 reset, 2 lane lost, 3 identities, 4 skew"),
    "lane_locked": ("rx", "status", "a bit per physical lane: its markers are found"),
    "sparing": ("rx", "control", "1: lanes that are lost move to spares"),
    "degraded": ("rx", "status", "a lane is lost and there is no spare for it"),
    "near_spare": ("core", "flow", "what to tell the far end's sparing; any clock domain"),
    "far_spare": ("core", "flow", "what the far end's sparing said; any clock domain"),
    "lane_dead": ("rx", "control", "a bit per physical lane: it is known to be dead"),
    "lost_lanes": ("rx", "status", "code lanes that are erased now"),
    "corrected_words": ("rx", "status", "words that the FEC corrected; wraps"),
    "failed_words": ("rx", "status", "words that the FEC could not correct; wraps"),
    "sick_lanes": ("rx", "status", "lanes that are alive and have too many errors to be used"),
    "suspect_lanes": ("rx", "status", "lanes with more errors than a good one has"),
    "place_index": ("rx", "control", "logical lane to show in place_errors and its bits"),
    "place_errors": ("rx", "status", "wrong symbols of the logical lane; saturates"),
    "place_sick": ("rx", "status", "it has too many errors to be used, or is not known yet"),
    "place_suspect": ("rx", "status", "it has more errors than a good one"),
    "lost_blocks": ("rx", "status", "blocks that found the receive queue full; saturates"),
    "rx_message": ("rx", "status", "back-channel word last received"),
    "lane_index": ("rx", "control", "physical lane to show in lane_status"),
    "lane_status": ("rx", "status", "locked 0, joined 1, inverted 2, identity 13:3, sparing "
                                    "14, message valid 15, message 31:16, bad markers 39:32, "
                                    "errors 55:40, phase 58:56, quiet 59, level 60, lost symbols "
                                    "68:61"),
    "monitor_data": ("rx-line", "lane", "samples of the monitor comparator, oldest first"),
    "monitor_valid": ("rx-line", "lane", "there are samples in this cycle"),
    "monitor_lane": ("rx", "analogue", "lane whose photodiode the monitor is to see"),
    "monitor_code": ("rx", "analogue", "threshold of the monitor"),
    "dac_write": ("rx", "analogue", "the threshold DAC of dac_lane takes dac_code"),
    "dac_lane": ("rx", "analogue", "lane whose threshold is set"),
    "dac_code": ("rx", "analogue", "its threshold"),
    "roving": ("rx", "control", "1: there is a monitor comparator; static"),
    "freeze": ("rx", "control", "1: the threshold loop moves no code"),
    "training_hold": ("rx", "control", "1: no lane is calibrated by itself"),
    "retrain": ("rx", "control", "calibrate lane_index once, even if it is locked"),
    "threshold_write": ("rx", "control", "set the threshold of lane_index, or give it back"),
    "threshold_manual": ("rx", "control", "with threshold_write: 1 by hand, 0 back to the loop"),
    "threshold_code": ("rx", "control", "with threshold_write: the code"),
    "threshold_state": ("rx", "status", "of lane_index, W the width of a code: code, known, "
                                        "manual, offset (W+3 bits), low, high, dark, beyond"),
    "scan_start": ("rx", "control", "scan the eye of lane_index"),
    "scan_dwell": ("rx", "control", "with scan_start: words per code, a power of two"),
    "scanning": ("rx", "status", "an eye scan is under way"),
    "fec_truth": ("rx", "status", "that scan, or the last one, has the FEC for truth"),
    "scan_code": ("rx", "control", "threshold to show in scan_count"),
    "scan_place": ("rx", "control", "place in the bit to show in scan_count"),
    "scan_count": ("rx", "status", "wrong samples there, by the lane's bits or the FEC; saturates"),
    "link_state": ("rx", "status", "0 warm-up, 1 calibrate, 2 dark, 3 lock, 4 align, 5 traffic"),
    "calibrating": ("rx", "status", "some lane is to be calibrated"),
    "event_index": ("rx", "control", "event to show, 0 the last"),
    "event": ("rx", "status", "time 47:0, kind 50:48 (1 state, 2 down, 3 locked, 4 unlocked), "
                              "argument 61:51"),
    "events": ("rx", "status", "events so far; wraps"),
    "light": ("tx", "control", "1: the LEDs may have light; 0: all dark"),
    "light_codes": ("tx", "control", "first codes of all lanes: bias, modulation, rise, fall"),
    "light_limit": ("tx", "control", "first limit of all lanes' peak currents"),
    "drive_lane": ("tx", "control", "lane whose driver setting is read or written"),
    "drive_field": ("tx", "control", "0 control, 1 bias, 2 modulation, 3 rise, 4 fall, 5 limit, "
                                     "6 status, 7 compensation"),
    "drive_value": ("tx", "control", "with drive_write: the setting"),
    "drive_write": ("tx", "control", "write the setting"),
    "drive_q": ("tx", "status", "the setting, a cycle later; with compensation 32"),
    "drive_ready": ("tx", "status", "all lanes have their first settings"),
    "drive_lit": ("tx", "status", "a bit per lane: its LED has current"),
    "drive_fault": ("tx", "status", "some LED is open or short"),
    "drive_codes": ("tx", "analogue", "lane 0 in the low bits: bias, modulation, rise, fall"),
    "drive_open": ("tx", "analogue", "a bit per lane: its LED is open; any clock domain"),
    "drive_short": ("tx", "analogue", "a bit per lane: its LED is short; any clock domain"),
    "drive_sclk": ("tx", "analogue", "chain: clock of the stages"),
    "drive_sdata": ("tx", "analogue", "chain: data to the first stage"),
    "drive_latch": ("tx", "analogue", "chain: all stages take over their codes"),
    "drive_blank": ("tx", "analogue", "chain: all lanes dark, at once"),
    "drive_sback": ("tx", "analogue", "chain: data of the last stage"),
    "drive_sensor": ("tx", "analogue", "code of the temperature sensor; any clock domain"),
    "light_compensation": ("tx", "control", "first loops of all lanes: 1 temperature, 2 ageing"),
    "drive_nominal": ("tx", "status", "the setting as it was written"),
    "drive_factor": ("tx", "status", "of all currents for the temperature, in 1/1024"),
    "drive_alarm": ("tx", "status", "a bit per lane: too many errors, and no more current"),
    "entry_index": ("tx", "control", "entry of the temperature table"),
    "entry": ("tx", "control", "with entry_write: the factor, in 1/1024"),
    "entry_write": ("tx", "control", "write the entry"),
    "report_upper": ("tx", "control", "level of errors from which a lane gets more current"),
    "report_lower": ("tx", "control", "level of errors below which it gets less, after a while"),
    "rx_prbs": ("rx", "control", "test pattern to check on all lanes, coded as tx_prbs"),
    "clear": ("rx", "control", "zero the counters of domain rx"),
    "packets": ("host", "status", "packets delivered good; wraps"),
    "flagged_packets": ("host", "status", "packets delivered with tuser; wraps"),
    "dropped_packets": ("host", "status", "packets dropped whole as the host stalled; wraps"),
    "stray_blocks": ("host", "status", "blocks that were invalid or in no packet; wraps"),
    "loopback": ("rx", "control", "receive the own transmitter's words; static"),
    "summary_lane": ("rx", "control", "lane to sum up; holds while summary_ask is 1"),
    "summary_ask": ("rx", "control", "a summary of summary_lane is wanted, until summary_done"),
    "summary_done": ("rx", "status", "summary is that of summary_lane, in this cycle"),
    "summary": ("rx", "status", "of summary_lane, and of the link: summary_layout in "
                                "control/lane_summary.py"),
    "all_dark": ("rx", "status", "no lane has light"),
    "codes_lane": ("tx", "control", "lane whose driver codes are wanted; holds while codes_ask "
                                    "is 1"),
    "codes_ask": ("tx", "control", "its codes are wanted, until codes_done"),
    "codes_done": ("tx", "status", "codes are those of codes_lane, in this cycle"),
    "codes": ("tx", "status", "bias and modulation"),
    "cmis_scl": ("cmis", "cmis", "I2C clock, as it is on the bus; any clock domain"),
    "cmis_sda": ("cmis", "cmis", "I2C data, as it is on the bus; any clock domain"),
    "cmis_scl_low": ("cmis", "cmis", "1: pull the I2C clock low"),
    "cmis_sda_low": ("cmis", "cmis", "1: pull the I2C data low"),
    "cmis_interrupt_low": ("cmis", "cmis", "1: pull IntL low"),
    "cmis_low_power": ("cmis", "cmis", "LPMode; any clock domain"),
    "cmis_temperature": ("cmis", "cmis", "of the module, 1/256 degree Celsius, signed"),
    "cmis_supply": ("cmis", "cmis", "of the module, 100 uV"),
    "cmis_fault": ("cmis", "cmis", "a cause other than 0: to ModuleFault; any clock domain"),
    "cmis_power": ("cmis", "cmis", "the module is to leave low power"),
    "cmis_powered": ("cmis", "cmis", "it has; any clock domain"),
    "cmis_light": ("tx", "cmis", "the LEDs may have light"),
    "irq": ("host", "status", "a flag is set that is not masked; a level"),
    **{f"{AXI_LITE}_{name}": ("host", "axi-lite", meaning) for name, meaning in {
        "awaddr": "address to write, bytes", "awvalid": "it is offered",
        "awready": "it is taken", "wdata": "data to write", "wstrb": "which bytes of it",
        "wvalid": "they are offered", "wready": "they are taken",
        "bresp": "0 written, 2 error", "bvalid": "it is offered", "bready": "it is taken",
        "araddr": "address to read, bytes", "arvalid": "it is offered",
        "arready": "it is taken", "rdata": "data read", "rresp": "0 read, 2 error",
        "rvalid": "they are offered", "rready": "they are taken"}.items()},
    **{f"{WISHBONE}_{name}": ("host", "wishbone", meaning) for name, meaning in {
        "cyc": "a cycle is in progress", "stb": "a transfer is asked for",
        "we": "it is a write", "adr": "address in words of 4 bytes", "sel": "which bytes to write",
        "dat_w": "data to write", "dat_r": "data read, with ack",
        "ack": "the transfer is done", "err": "it is done, with an error"}.items()},
}


def describe(component: wiring.Component, domains: tuple[str, ...]) -> list[dict]:
    """The ports of a top for the manifest: name, direction, width, clock domain, role, meaning."""
    entries = []
    for domain in domains:
        clock, reset = clock_ports(domain)
        entries += [
            _entry(clock, "input", 1, domain, "clock", f"clock of domain {domain}"),
            _entry(reset, "input", 1, domain, "reset",
                   f"synchronous reset of domain {domain}, high"),
        ]
    side = "tx" if "tx" in domains else "rx"
    lines = {f"{name}-line": f"{name}_bit" if f"{name}_bit" in domains else name
             for name in ("tx", "rx")}
    for name, (value, is_input) in flat_ports(component).items():
        domain, role, meaning = _NOTES[name]
        domain = side if domain == "core" else lines.get(domain, domain)
        entries.append(_entry(name, "input" if is_input else "output",
                              Shape.cast(value.shape()).width, domain, role, meaning))
    return entries


def _entry(name, direction, width, clock, role, meaning) -> dict:
    return {"name": name, "direction": direction, "width": width, "clock": clock, "role": role,
            "meaning": meaning}
