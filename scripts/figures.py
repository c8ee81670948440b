"""The numbers that follow from a configuration, for people and, as JSON, for scripts."""

from lampyris.config import LinkConfig
from lampyris.fec.performance import raw_error_rate

__all__ = ["Figure", "figures"]

Figure = tuple[str, str, float | int, str]
"""Key in the JSON, what it is in words, value, unit."""


def figures(config: LinkConfig) -> dict[str, list[Figure]]:
    """Derived numbers by section, in the order to show them."""
    return {
        "clocks": _clocks(config),
        "words": _words(config),
        "frame": _frame(config),
        "rate": _rate(config),
        **({"fec": _fec(config)} if config.geometry.has_fec else {}),
        "receiver": _receiver(config),
    }


def _clocks(config: LinkConfig) -> list[Figure]:
    return [
        ("core_clock_mhz", "core clock", config.core_clock_mhz, "MHz"),
        ("bit_clock_mhz", "bit clock", config.bit_clock_mhz, "MHz"),
        ("host_clock_mhz", "host clock", config.host_clock, "MHz"),
        ("host_bits", "host width", config.host_bits, "bits"),
    ]


def _words(config: LinkConfig) -> list[Figure]:
    geometry = config.geometry
    return [
        ("physical_lanes", "physical lanes", geometry.physical_lanes, ""),
        ("word_bits", "word", geometry.word_bits, "bits"),
        ("words_per_block", "block", geometry.words_per_block, "word(s)"),
        ("granules_per_block", "granules per block", geometry.granules, "32 bits each"),
        ("filler_bits", "filler per block", geometry.block_bits - 32 * geometry.granules, "bits"),
    ]


def _frame(config: LinkConfig) -> list[Figure]:
    geometry = config.geometry
    period = geometry.marker_period
    used = geometry.blocks_per_frame * geometry.words_per_block
    if geometry.group:
        used += geometry.groups_per_frame * (geometry.group.slots - geometry.group.message_slots)
    idle = period - geometry.marker_symbols - used
    share = geometry.marker_symbols / period
    return [
        ("frame_words", "frame", period, "words"),
        ("frame_us", "frame lasts", period / config.core_clock_mhz, "us"),
        ("marker_symbols", "marker", geometry.marker_symbols, "symbols per lane"),
        ("marker_overhead_percent", "marker overhead", 100 * share, "%"),
        ("blocks_per_frame", "blocks per frame", geometry.blocks_per_frame, ""),
        ("filler_words", "filler per frame", idle, "words"),
    ]


def _rate(config: LinkConfig) -> list[Figure]:
    raw = config.lanes * config.lane_rate_gbps
    net = config.net_rate_gbps
    lost = 1 - config.packet_share(1500)
    return [
        ("raw_rate_gbps", "raw rate of the data lanes", raw, "Gb/s"),
        ("encapsulation_overhead_percent", "encapsulation overhead", 100 * lost,
         "% of 1500-byte packets"),
        ("net_rate_gbps", "net rate", net, "Gb/s of 1500-byte packets"),
        ("efficiency_percent", "net of raw", 100 * net / raw, "%"),
    ]


def _fec(config: LinkConfig) -> list[Figure]:
    geometry, group = config.geometry, config.geometry.group
    n, parity, lies = geometry.code_lanes, geometry.parity, "a word"
    silent, words = parity // 2, []
    if group:
        n, parity, lies = group.code.n, group.code.parity, "over the words of a group"
        silent = group.lanes_silent
        words = [("group_words", "group", group.slots, "words"),
                 ("group_message_words", "of them for blocks", group.message_slots, "words"),
                 ("group_codewords", "codewords in a group", group.codewords, "")]
    return [
        ("code_symbols", "codeword", n, f"symbols of {config.gear} bits, {lies}"),
        ("parity_symbols", "parity symbols", parity, ""),
        *words,
        ("dead_lanes_unknown", "dead lanes, unknown", silent, "at once cost nothing"),
        ("dead_lanes_known", "dead lanes, known", geometry.expendable, "cost nothing"),
        ("raw_ber_for_1e_15", "raw bit error rate", raw_error_rate(
            n, parity // 2, config.gear, 1e-15), "makes 1e-15 behind the FEC"),
    ]


def _receiver(config: LinkConfig) -> list[Figure]:
    geometry = config.geometry
    # A bit slip costs a frame; when the symbols are aligned, two good markers lock the lane.
    lock = (config.gear + 2) * config.marker_period
    covered = (config.deskew_depth - config.deskew_slack) * config.gear
    queue = config.receive_depth * geometry.granules * 4
    trip = config.round_trip_blocks
    store = [("packet_buffer_bytes", "packet store", config.packet_buffer, "bytes")]
    return [
        ("lock_words", "lock, at worst", lock, "words"),
        ("lock_us", "lock, at worst", lock / config.core_clock_mhz, "us"),
        ("deskew_depth_words", "deskew depth", config.deskew_depth, "words per lane"),
        ("deskew_covered_ui", "deskew covers", covered, f"UI ({config.deskew_ui} asked for)"),
        ("round_trip_blocks", "round trip", trip, "blocks"),
        ("round_trip_us", "round trip", trip * geometry.words_per_block / config.core_clock_mhz,
         "us"),
        ("receive_queue_bytes", "receive queue", queue, "bytes"),
        *(store if config.flow_control == "drop" else []),
    ]
