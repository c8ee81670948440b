"""The register map of a link: what the tops of `managed.py` show and let be set.

A bank per clock domain. Addresses do not depend on the configuration; what it does not have is left
out. Each function is a block; those of drivers and training are in files of their own.
"""

from math import ceil

from .config import LinkConfig
from .control.health import health_window
from .control.link_control import DownReason
from .control.registers.bit_window import BitWindow
from .control.registers.description import Access, Bank, Field, Register, RegisterMap
from .control.registers.events import event_registers
from .control.registers.indexed import IndexedWords
from .control.spares import spares_in_use
from .driver_registers import driver_registers
from .fec.group import CODES
from .training_registers import training_registers

__all__ = ["MAGIC", "VERSION", "host_registers", "link_map", "link_timeout", "rx_registers",
           "tx_registers"]

MAGIC = 0x4C414D50
"""'LAMP', 'L' in the high byte."""

VERSION = (1, 0)
"""Of the map: the first number changes when something moves, the second when something is added."""

_RW, _RO, _COUNTER = Access.READ_WRITE, Access.STATUS, Access.COUNTER
_PRBS = {"traffic": 0, "prbs7": 1, "prbs9": 2, "prbs15": 3, "prbs23": 4, "prbs31": 5}
_CROSSING = 40          # clocks of either side for an access, beside `settle`


def link_map(config: LinkConfig) -> RegisterMap:
    """All registers of a link."""
    return RegisterMap("lampyris_link", f"Registers of the link {config.name}.", (
        Bank("host", "Identification and packets; clock domain host.", host_registers(config)),
        Bank("tx", "Transmitter; clock domain tx.",
             tx_registers(config) + driver_registers(config)),
        Bank("rx", "Receiver; clock domain rx.",
             rx_registers(config) + training_registers(config)),
    ))


def link_timeout(config: LinkConfig) -> int:
    """Host clocks until an access to another domain is given up: a power of two, twice what the
    slowest register needs at the clocks of the configuration."""
    slowest = max(register.settle for bank in (
        tx_registers(config), driver_registers(config), rx_registers(config),
        training_registers(config)) for register in bank)
    needed = _CROSSING + ceil((slowest + _CROSSING) * config.host_clock / config.core_clock_mhz)
    return min(1 << 24, 1 << (2 * needed - 1).bit_length())


def host_registers(config: LinkConfig) -> tuple[Register, ...]:
    """Bank `host`: what the link is, the interrupt, packets."""
    events = [(0, "packet_flagged", "A packet was delivered as damaged."),
              (1, "stray_block", "A block was invalid or in no packet.")]
    if config.flow_control == "drop":
        events.append((2, "packet_dropped", "A packet was dropped whole, as the host stalled."))
    counters = [("packets", "Packets delivered good; wraps."),
                ("flagged_packets", "Packets delivered with tuser; wraps."),
                ("stray_blocks", "Blocks that were invalid or in no packet; wraps.")]
    if config.flow_control == "drop":
        counters.append(("dropped_packets", "Packets dropped whole, as the host stalled; wraps."))
    return (
        *_identification(config),
        Register("scratch", 0x1C, "For tests of the bus.", (
            Field("word", 0, 32, _RW, "Whatever was written."),)),
        Register("interrupts", 0x20, "Which bank asks for the interrupt.", tuple(
            Field(bank, bit, 1, _RO, f"A flag of bank {bank} is set that is not masked.")
            for bit, bank in enumerate(("host", "tx", "rx")))),
        Register("control", 0x40, "Commands.", (
            Field("snapshot", 0, 1, Access.SNAPSHOT, "Copy all counters of this bank."),)),
        *(Register(name, 0x44 + 4 * place, text, (Field("count", 0, 32, _COUNTER, text),))
          for place, (name, text) in enumerate(counters)),
        *event_registers(0x80, events),
    )


def tx_registers(config: LinkConfig) -> tuple[Register, ...]:
    """Bank `tx`."""
    identity = config.geometry.identity_bits
    return (
        Register("control", 0x00, "What is sent.", (
            Field("loopback", 0, 1, _RW, "The receiver listens to this transmitter."),
            *_prbs(config, 4, "Sent on all lanes instead of traffic."))),
        Register("seed", 0x04, "Scramblers.", (
            Field("entropy", 0, 16, _RW, "Entropy for the seed base, may be constant.", 0x5EED),)),
        Register("message", 0x08, "Back-channel.", (
            Field("word", 0, 16, _RW, "Sent in the markers."),)),
        Register("lane_index", 0x10, "Which logical lane the lane window shows.", (
            Field("lane", 0, 11, _RW, "Logical lane."),), settle=IndexedWords.latency + 1),
        Register("lane_map", 0x14, "Lane map, at lane_index.", (
            Field("physical", 0, identity, Access.WINDOW,
                  "Physical lane that the logical lane leaves on; after a reset its own number."),),
                 settle=IndexedWords.latency + 1),
    )


def rx_registers(config: LinkConfig) -> tuple[Register, ...]:
    """Bank `rx`."""
    sparing = spares_in_use(config.geometry) > 0
    reasons = {reason.name.lower(): reason.value for reason in DownReason}
    return (
        Register("status", 0x00, "The link.", (
            Field("link_up", 0, 1, _RO, "Lanes enough are locked, sorted and aligned."),
            Field("down_reason", 4, 3, _RO, "Why the link is down.", values=reasons))),
        Register("control", 0x04, "Commands and settings.", (
            Field("snapshot", 0, 1, Access.SNAPSHOT, "Copy all counters of this bank."),
            Field("clear", 1, 1, Access.PULSE, "Zero the receiver's own counters."),
            *((Field("sparing", 8, 1, _RW, "Lanes that are lost move to spares."),)
              if sparing else ()),
            *_prbs(config, 12, "Expected on all lanes, and its errors counted."))),
        Register("message", 0x08, "Back-channel.", (
            Field("word", 0, 16, _RO, "Last received in the markers."),)),
        Register("lost_blocks", 0x0C, "Receive queue.", (
            Field("count", 0, 16, _COUNTER, "Blocks that found the queue full; saturates."),)),
        *_lane_window(config),
        *(_fec(config) if config.geometry.has_fec else ()),
        *event_registers(0x80, [
            (0, "link_up", "The link came up."), (1, "link_down", "The link went down."),
            (2, "lane_lost", "A physical lane lost its lock."),
            (3, "lost_block", "A block found the receive queue full."),
            *([(4, "failed_word", "The FEC could not correct a word."),
               (5, "lane_sick", "A lane became sick, and none was.")]
              if config.geometry.has_fec else []),
            *([(6, "degraded", "A lane was lost and there was no spare for it.")]
              if sparing else [])]),
    )


def _identification(config: LinkConfig) -> tuple[Register, ...]:
    def constant(name: str, low: int, width: int, value: int, text: str, values=None) -> Field:
        return Field(name, low, width, Access.CONSTANT, text, int(value), values or {})

    codes = {name: place for place, name in enumerate(("none", "word", *CODES))}
    return (
        Register("magic", 0x00, "Says that this is a Lampyris link.", (
            constant("word", 0, 32, MAGIC, "The letters LAMP, L in the high byte."),)),
        Register("version", 0x04, "Version of this map.", (
            constant("minor", 0, 8, VERSION[1], "Higher when something was added."),
            constant("major", 8, 8, VERSION[0], "Higher when something moved."))),
        Register("lanes", 0x08, "Numbers of lanes; their sum is that of the physical lanes.", (
            constant("data", 0, 11, config.lanes, "Data lanes."),
            constant("spares", 16, 7, config.spares, "Spares."),
            constant("parity", 24, 7, config.parity_lanes, "Parity lanes."))),
        Register("format", 0x0C, "How the lanes are used.", (
            constant("gear", 0, 5, config.gear, "Bits per symbol."),
            constant("sampling", 8, 4, config.sampling, "Samples per bit."),
            constant("fec", 16, 3, codes[config.fec], "Code.", codes),
            constant("serial", 20, 1, config.view == "serial", "The lanes are in serial view."),
            constant("ddr", 21, 1, config.ddr, "Two bits per bit clock."),
            constant("drop", 22, 1, config.flow_control == "drop",
                     "No flow control: packets are dropped if the host stalls."),
            constant("scrambler", 23, 1, config.scrambler != "none", "The lanes are scrambled."),
            constant("test_patterns", 24, 1, config.test_patterns, "There are test patterns."))),
        Register("frame", 0x10, "Markers.", (
            constant("words", 0, 21, config.marker_period, "Words from marker to marker."),)),
        Register("lane_rate", 0x14, "Rate of a lane.", (
            constant("kbps", 0, 27, round(config.lane_rate_gbps * 1e6), "Kilobits per second."),)),
        Register("timeout", 0x18, "How long an access to the banks tx and rx may take.", (
            constant("clocks", 0, 25, link_timeout(config), "Clocks of domain host."),)),
    )


def _lane_window(config: LinkConfig) -> tuple[Register, ...]:
    lanes = config.geometry.physical_lanes
    bits = (("locked", 0, 1, "Its markers are found."),
            ("joined", 1, 1, "In step with the others."),
            ("inverted", 2, 1, "Its polarity is inverted."),
            ("sparing", 3, 1, "The message is for the sparing."),
            ("message_valid", 4, 1, "The check of the last marker held."),
            ("identity", 16, 11, "Number in its markers."))
    counters = [("errors", 0, 16, "Wrong parity bits, or bits of a test pattern; saturates."),
                ("bad_markers", 16, 8, "Markers that were not as expected; saturates.")]
    if config.sampling > 1:
        bits += (("quiet", 5, 1, "No edges: no light, or a stuck output."),
                 ("level", 6, 1, "The last sample."),
                 ("phase", 8, 3, "Sample of each bit that is taken."))
        counters.append(("lost_symbols", 24, 8,
                         "Symbols lost as the receive clock is too slow; saturates."))
    # The window goes round all lanes; what it shows has to be of this one.
    settle = lanes + 4 + max(IndexedWords.latency, BitWindow.latency)
    return (
        Register("lane_index", 0x10, "Which physical lane the lane window shows.", (
            Field("lane", 0, 11, _RW, "Physical lane."),), settle=settle),
        Register("lane_status", 0x14, "State of the lane at lane_index.", tuple(
            Field(name, low, width, _RO, text) for name, low, width, text in bits)),
        Register("lane_message", 0x18, "Back-channel of the lane at lane_index.", (
            Field("word", 0, 16, _RO, "In its last marker."),)),
        Register("lane_errors", 0x1C, "Counters of the lane at lane_index.", tuple(
            Field(name, low, width, _COUNTER, text) for name, low, width, text in counters)),
        Register("lane_control", 0x20, "Settings of the lane at lane_index.", (
            Field("dead", 0, 1, Access.WINDOW,
                  "The lane is known to be dead: the link does not wait for it."),),
                 settle=IndexedWords.latency + 1),
        Register("lane_locked", 0x24, "The 32 lanes that lane_index is among.", (
            Field("bits", 0, 32, _RO, "Bit b: lane 32·(lane_index // 32) + b is locked."),)),
    )


def _fec(config: LinkConfig) -> tuple[Register, ...]:
    geometry = config.geometry
    return (
        Register("fec_status", 0x40, "Lanes that the code makes up for.", (
            Field("lost_lanes", 0, 11, _RO, "Code lanes that are erased now."),
            *((Field("degraded", 16, 1, _RO, "A lane is lost and there is no spare for it."),)
              if spares_in_use(geometry) else ()))),
        Register("lane_health", 0x44, "Lanes with many errors.", (
            Field("sick", 0, 11, _RO, "Lanes that are alive and not fit to be used."),
            Field("suspect", 16, 11, _RO, "Lanes with more errors than a good one has."))),
        *(Register(name, address, text, (Field("count", 0, 32, _COUNTER, text),))
          for name, address, text in (
              ("corrected_words", 0x48, "Words that the FEC corrected; wraps."),
              ("failed_words", 0x4C, "Words that the FEC could not correct; wraps."))),
        Register("place_index", 0x60, "Which logical lane the place window shows.", (
            Field("place", 0, 11, _RW, "Logical lane."),),
                 settle=health_window(geometry.physical_lanes) + 8),
        Register("place_status", 0x64, "Health of the logical lane at place_index.", (
            Field("sick", 0, 1, _RO, "Not fit to be used, or not known yet."),
            Field("suspect", 1, 1, _RO, "More errors than a good one has."))),
        Register("place_errors", 0x68, "Errors of the logical lane at place_index.", (
            Field("count", 0, 32, _COUNTER, "Wrong symbols; saturates."),)),
    )


def _prbs(config: LinkConfig, low: int, text: str) -> tuple[Field, ...]:
    if not config.test_patterns:
        return ()
    return (Field("prbs", low, 3, _RW, text, values=_PRBS),)
