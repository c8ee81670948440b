"""The one description of a link: a frozen, validated configuration and the numbers derived from it.

Everything else in Lampyris takes plain numbers; only the tops, the command line and the manifest
know a whole :class:`LinkConfig`.
"""

import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from math import ceil
from pathlib import Path

from .fec.group import CODES, Group, named_group, nearest_groups
from .geometry import REFRESH_BLOCKS, REPORT_SPARES, Geometry
from .lane.oversampling import RATIOS

__all__ = ["PRESETS", "ConfigError", "LinkConfig", "load", "preset"]


class ConfigError(ValueError):
    """A configuration value that cannot be used; the text is one sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class LinkConfig:
    """Parameters of one Micro-LED link, both directions alike.

    Members
    -------
    name : str
        Goes into the manifest and the headers of generated files: at most 64 letters, digits, '-',
        '_' and '.', the first a letter or digit.
    lanes : int, 1..1024
        Data lanes (LEDs that carry payload).
    spares : int, 0..64
        Physical lanes beside the data and parity lanes.
    gear : int, 4..16
        Bits per symbol: one symbol per lane and core clock.
    lane_rate_gbps : float, 0.001..64
        NRZ line rate of one lane, Gb/s. Core clock = lane rate / gear.
    fec : ``"word"``, ``"kp4"``, ``"kr4"``, ``"ll"``, ``"rs255"`` or ``"none"``
        Forward error correction across the lanes. With ``"word"`` each word is a Reed-Solomon
        codeword, its parity on lanes of its own; this needs a gear of 12 at most, and ``lanes +
        parity < 2**gear``. The others are those of :data:`lampyris.fec.group.CODES`, over groups of
        words: their gear is 10, of ``"rs255"`` 8.
    parity : int, 2..64, even
        Parity lanes with ``fec = "word"``: half as many lanes may fail unknown, all of them known.
        Else it has no effect.
    codeword : int, 0..1023
        Symbols of a codeword over groups of words, for a shortened code; 0 for the whole one. Else
        it has no effect.
    sampling : int, 1, 3, 4 or 8
        Samples per bit of a received lane, from a comparator whose clock has any phase; only in the
        word view. With 1 the deserializer in front of the receiver has found the bits.
    threshold_bits : int, 0 or 3..10
        Bits of the codes of the comparators' threshold DACs, which the receiver then sets; 0 if it
        has none to set. Needs a `sampling` above 1.
    driver : ``"none"``, ``"parallel"``, ``"sigma_delta"`` or ``"chain"``
        How the transmitter gives the LED drivers their codes: on buses, as a bit for each code, or
        through a serial chain.
    driver_bits : int, 3..12
        Bits of each of these codes. Without a driver it has no effect, and so has the next one.
    driver_step : int, 1..4095
        Most that the peak current of an LED may rise per turn of its lane; below 2**driver_bits.
    compensation : bool
        The currents of the LEDs follow temperature and age: a table over a sensor's code, and the
        errors that the far receiver reports. Needs a driver, and FEC with 1 to 16 spares.
    deskew_ui : int, 0..1024
        Largest difference in arrival between two lanes that is compensated, in unit intervals.
    marker_period : int, 128..1048576
        Words per frame, i.e. from marker to marker; a multiple of the deskew buffer's depth.
    marker_tolerance : int, 0..4
        Wrong bits allowed in the sync of a marker.
    scrambler : ``"lfsr31"`` or ``"none"``
    host_width : int
        Width of the AXI4-Stream data, bits; 0 stands for the width of a block. Else a multiple of
        32 which divides the width of a block or is a multiple of it, by at most 64.
    host_clock_mhz : float, 0 or 0.001..10000
        Clock of the host streams, MHz; 0 stands for 1.1 times the rate of blocks without parity
        slots, which carries 1500-byte packets without a gap (a packet's last beat is seldom full).
    view : ``"word"`` or ``"serial"``
        Lane interface: `gear` bits per core clock, or one NRZ bit per bit clock.
    ddr : bool
        In the serial view, two bits per cycle of a bit clock at half the rate; needs an even gear.
    flow_control : ``"pause"`` or ``"drop"``
        What happens when the receiving host stalls: the far transmitter is paused in-band, or
        (one-way link) whole packets are dropped and counted.
    fibre_m : float, 0..10000
        Length of the fibre, m, for the size of the receive buffer (5 ns/m).
    packet_buffer : int, 2048..1048576
        Bytes of packet store in the receiver with ``flow_control = "drop"``: the longest packet.
    test_patterns : bool
        PRBS generators and checkers in every lane.
    cmis : bool
        Management by I2C, as CMIS says, in the tops with registers; for 2 to 256 physical lanes.
    cmis_clock_mhz : float, 25..1000
        Its clock, MHz, which runs always. Without `cmis` it has no effect.
    """

    name: str = "custom"
    lanes: int = 128
    spares: int = 4
    gear: int = 8
    lane_rate_gbps: float = 4.0
    fec: str = "word"
    parity: int = 8
    codeword: int = 0
    sampling: int = 1
    threshold_bits: int = 0
    driver: str = "none"
    driver_bits: int = 6
    driver_step: int = 4
    compensation: bool = False
    deskew_ui: int = 256
    marker_period: int = 12288
    marker_tolerance: int = 2
    scrambler: str = "lfsr31"
    host_width: int = 0
    host_clock_mhz: float = 0.0
    view: str = "word"
    ddr: bool = False
    flow_control: str = "pause"
    fibre_m: float = 50.0
    packet_buffer: int = 65536
    test_patterns: bool = True
    cmis: bool = False
    cmis_clock_mhz: float = 50.0

    def __post_init__(self):
        for field in fields(self):
            value = _checked(field.name, getattr(self, field.name), field.type)
            object.__setattr__(self, field.name, value)
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"name = {_shown(self.name)} must be 1 to 64 letters, digits, '-', "
                              f"'_' and '.' only, and begin with a letter or digit")
        if self.fec == "word":
            self._check_word_code()
        elif self.fec != "none":
            self._check_group_code()
        self._check_host()
        if self.marker_period % self.deskew_depth:
            raise ConfigError(
                f"marker_period = {self.marker_period} must be a multiple of {self.deskew_depth}, "
                f"the deskew depth in words for deskew_ui = {self.deskew_ui} and "
                f"gear = {self.gear}")
        if self.marker_period < 4 * self.deskew_depth:
            raise ConfigError(
                f"marker_period = {self.marker_period} is too short: at least "
                f"{4 * self.deskew_depth} (4 deskew depths) for deskew_ui = {self.deskew_ui} "
                f"and gear = {self.gear}")
        payload = self.geometry.message_words
        if payload < 8 * self.geometry.words_per_block:
            raise ConfigError(
                f"marker_period = {self.marker_period} leaves {payload} payload words: at least "
                f"{8 * self.geometry.words_per_block} (8 blocks) are needed")
        if self.sampling != 1 and self.view != "word":
            raise ConfigError(f'sampling = {self.sampling} needs view = "word": the serial view '
                              f"has one sample per bit")
        if self.threshold_bits and self.sampling == 1:
            raise ConfigError(f"threshold_bits = {self.threshold_bits} needs a sampling of 3, 4 or "
                              f"8: with sampling = 1 the receiver sees no comparators")
        if 0 < self.threshold_bits < 3:
            raise ConfigError(f"threshold_bits = {self.threshold_bits} is out of range: allowed is "
                              f"0 (no DACs) or 3 to 10 bits")
        if self.driver_step >= 1 << self.driver_bits:
            raise ConfigError(f"driver_step = {self.driver_step} is out of range: allowed is 1 to "
                              f"{(1 << self.driver_bits) - 1} with driver_bits = "
                              f"{self.driver_bits}")
        if self.driver != "none" and self.geometry.physical_lanes < 2:
            raise ConfigError(f'driver = "{self.driver}" needs 2 lanes or more, and there is 1')
        if self.compensation:
            self._check_compensation()
        if self.cmis and not 2 <= self.geometry.physical_lanes <= 256:
            raise ConfigError(f"cmis = true needs 2 to 256 physical lanes, and there are "
                              f"{self.geometry.physical_lanes}")
        if self.ddr and self.view != "serial":
            raise ConfigError('ddr = true needs view = "serial": the word view has no bit clock')
        if self.ddr and self.gear % 2:
            raise ConfigError(f"ddr = true needs an even gear, and gear = {self.gear} is odd")

        size = self.receive_depth * self.geometry.granules * 4
        if size > _RECEIVE_LIMIT:
            raise ConfigError(
                f"fibre_m = {self.fibre_m} at this rate needs a receive queue of {size >> 20} MiB: "
                f"at most {_RECEIVE_LIMIT >> 20} MiB is allowed")

    def _check_word_code(self):
        if self.parity % 2:
            raise ConfigError(f"parity = {self.parity} is odd: allowed is an even number, 2 to 64")
        if self.gear > 12:
            raise ConfigError(
                f'gear = {self.gear} is too wide for fec = "word": allowed is 4 to 12')
        longest = (1 << self.gear) - 1
        symbols = self.lanes + self.parity
        if symbols > longest:
            room = (f"lanes of {longest - self.parity} or less" if longest > self.parity
                    else "less parity")
            raise ConfigError(
                f"lanes = {self.lanes} and parity = {self.parity} make words of {symbols} symbols: "
                f'fec = "word" allows {longest} at gear = {self.gear}, so take {room}, or a gear '
                f"of {symbols.bit_length()} or more")

    def _check_group_code(self):
        n, k, gear = CODES[self.fec]
        shortest = n - k + 1
        if self.gear != gear:
            raise ConfigError(f'gear = {self.gear} does not fit fec = "{self.fec}", whose symbols '
                              f"have {gear} bits: allowed is {gear}")
        if self.codeword and not shortest <= self.codeword <= n:
            raise ConfigError(f'codeword = {self.codeword} is out of range: fec = "{self.fec}" '
                              f"allows 0 (= {n}) or {shortest} to {n} symbols")
        try:
            named_group(self.fec, self.lanes, self.codeword)
        except ValueError as error:
            raise ConfigError(f'{error}; nearest to fec = "{self.fec}", lanes = {self.lanes} are '
                              f"{nearest_groups(self.fec, self.lanes, self.codeword)}") from None

    def _check_compensation(self):
        if self.driver == "none":
            raise ConfigError('compensation = true needs a driver, and driver = "none"')
        if not self.geometry.expendable or not 1 <= self.spares <= REPORT_SPARES:
            raise ConfigError(
                f"compensation = true needs FEC and 1 to {REPORT_SPARES} spares, as its reports "
                f'share their words: here are fec = "{self.fec}", spares = {self.spares}')

    def _check_host(self):
        if 0 < self.host_clock_mhz < 0.001:
            raise ConfigError(f"host_clock_mhz = {self.host_clock_mhz} is out of range: allowed is "
                              f"0 (automatic) or 0.001 to 10000 MHz")
        block = self.geometry.granules * 32
        width = self.host_width
        if width == 0:
            return
        whole = width > 0 and width % 32 == 0 and (block % width == 0 or width % block == 0)
        if not whole or max(block, width) > 64 * min(block, width):
            raise ConfigError(
                f"host_width = {_shown(width)} does not fit a block of {block} bits: allowed is 0 "
                f"(= {block}) or a multiple of 32 that divides {block} or is a multiple of it, "
                f"by 64 at most")

    # Derived numbers ------------------------------------------------------------------------------

    @property
    def geometry(self) -> Geometry:
        """Words, blocks, granules and markers as `docs/link-format.md` defines them."""
        return Geometry(lanes=self.lanes, spares=self.spares, gear=self.gear,
                        marker_period=self.marker_period, parity=self.parity_lanes,
                        group=self.group)

    @property
    def parity_lanes(self) -> int:
        """Parity lanes that the link has: only with ``fec = "word"``."""
        return self.parity if self.fec == "word" else 0

    @property
    def group(self) -> Group | None:
        """How the codewords lie over words, with a code that does."""
        if self.fec in CODES:
            return named_group(self.fec, self.lanes, self.codeword)
        return None

    @property
    def core_clock_mhz(self) -> float:
        return self.lane_rate_gbps * 1000 / self.gear

    @property
    def bit_clock_mhz(self) -> float:
        """Clock of the serializers, MHz: the lane rate, or half of it with DDR."""
        return self.lane_rate_gbps * 1000 / (2 if self.ddr else 1)

    @property
    def host_bits(self) -> int:
        """Width of ``tdata``."""
        return self.host_width or self.geometry.granules * 32

    @property
    def host_clock(self) -> float:
        """Host clock, MHz, with the default filled in."""
        if self.host_clock_mhz:
            return self.host_clock_mhz
        return 1.1 * self.core_clock_mhz / self.geometry.words_per_block

    @property
    def deskew_slack(self) -> int:
        """Words of each deskew buffer that do not count for skew: a drift of one symbol either way,
        and the 5 that the common read pointer trails. With a code that bears the loss of a lane 10
        more: the others go on arriving until a lane that has stopped is left out."""
        return 17 if self.geometry.expendable else 7

    @property
    def deskew_depth(self) -> int:
        """Words in each lane's deskew buffer: a power of two that holds the skew and the slack."""
        return 1 << max(
            3, (ceil(self.deskew_ui / self.gear) + self.deskew_slack - 1).bit_length())

    @property
    def drive_turn(self) -> int:
        """Core clocks of a lane's turn at the drivers (docs/driver.md, sections 4 and 5)."""
        return 16 * self.driver_bits + 1 if self.driver == "chain" else 8

    @property
    def warm_up_words(self) -> int:
        """Words until LEDs like the own ones have reached any current that they may have: a turn
        per lane and step (docs/driver.md, section 4), after two rounds of compensation."""
        if self.driver == "none":
            return 1
        lanes = self.geometry.physical_lanes
        steps = ceil((1 << self.driver_bits + 2) / self.driver_step)
        visits = 2 * lanes * (4 * self.driver_bits + 32) if self.compensation else 0
        return self.drive_turn * lanes * (steps + 2) + visits

    @property
    def round_trip_blocks(self) -> int:
        """Blocks that may still arrive after the receiver asked for a pause: the fibre both ways at
        5 ns/m, the deskew buffers, a marker either way and 64 words of pipeline at each end, 96
        with FEC, and 2 groups."""
        fibre = 2 * self.fibre_m * 5e-3 * self.core_clock_mhz
        pipeline = 96 if self.geometry.has_fec else 64
        if self.group:
            pipeline += 2 * self.group.slots
        pipes = 2 * (pipeline + self.deskew_depth + self.geometry.marker_symbols)
        return ceil((fibre + pipes) / self.geometry.words_per_block) + 16

    @property
    def receive_depth(self) -> int:
        """Blocks in the receive queue, a power of two: 1.5 round trips with flow control, so that
        the host has work while the far end wakes up."""
        if self.flow_control == "drop":
            return 32
        return 1 << (self.round_trip_blocks * 3 // 2 - 1).bit_length()

    @property
    def payload_share(self) -> float:
        """Share of the raw rate of the data lanes left for blocks, without markers and filler."""
        geometry = self.geometry
        used = geometry.blocks_per_frame * geometry.granules * 32
        refresh = 1 - 1 / REFRESH_BLOCKS if self.flow_control == "pause" else 1.0
        return refresh * used / (geometry.word_bits * self.marker_period)

    @property
    def net_rate_gbps(self) -> float:
        """Payload of back-to-back 1500-byte packets, Gb/s, if the host clock keeps up."""
        return self.lanes * self.lane_rate_gbps * self.payload_share * self.packet_share(1500)

    def packet_share(self, size: int) -> float:
        """Share of the block bits that is packet bytes, for back-to-back packets of `size` bytes:
        two granules of overhead each, and at most one packet end per block."""
        granules = ceil(size / 4) + (2 if self.geometry.granules > 2 else 3)
        return size * 8 / (32 * max(granules, self.geometry.granules))

    def to_dict(self) -> dict:
        return asdict(self)

    def with_settings(self, settings: dict) -> "LinkConfig":
        """A copy with some members changed.

        Raises
        ------
        ConfigError
            On an unknown key or a value out of range.
        """
        known = [field.name for field in fields(self)]
        for key in settings:
            if key not in known:
                raise ConfigError(f"{_shown(key)} is not a setting: known are {', '.join(known)}")
        return replace(self, **settings)


_RANGES: dict[str, tuple[float, float, str]] = {
    "lanes": (1, 1024, ""),
    "spares": (0, 64, ""),
    "parity": (2, 64, ""),
    "codeword": (0, 1023, " symbols (0 = the whole code)"),
    "gear": (4, 16, " bits per symbol"),
    "threshold_bits": (0, 10, " bits (0 = no DACs)"),
    "driver_bits": (3, 12, " bits"),
    "driver_step": (1, 4095, ""),
    "lane_rate_gbps": (0.001, 64, " Gb/s"),
    "deskew_ui": (0, 1024, " UI"),
    "marker_period": (128, 1 << 20, " words"),
    "marker_tolerance": (0, 4, " bits"),
    "host_clock_mhz": (0, 10000, " MHz (0 = automatic)"),
    "fibre_m": (0, 10000, " m"),
    "packet_buffer": (2048, 1 << 20, " bytes"),
    "cmis_clock_mhz": (25, 1000, " MHz"),
}

_CHOICES = {
    "fec": ("word", *CODES, "none"),
    "sampling": (1, *RATIOS),
    "driver": ("none", "parallel", "sigma_delta", "chain"),
    "scrambler": ("lfsr31", "none"),
    "view": ("word", "serial"),
    "flow_control": ("pause", "drop"),
}


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_RECEIVE_LIMIT = 16 << 20
"""Bytes; the default preset reaches it at 10 km. Yosys reads a character per bit of memory."""

_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}


def _checked(name: str, value, kind):
    """The value of one member if its type and range are right; for the kind float, as a float."""
    if name in _CHOICES:
        if type(value) is not kind or value not in _CHOICES[name]:
            allowed = ", ".join(_shown(choice) for choice in _CHOICES[name])
            raise ConfigError(f"{name} = {_shown(value)} is unknown: allowed is {allowed}")
        return value
    low, high, unit = _RANGES.get(name, (0, 0, ""))
    good = isinstance(value, (int, float) if kind is float else kind)
    if not good or value != value or (kind is not bool and isinstance(value, bool)):
        allowed = f", {low} to {high}{unit}" if name in _RANGES else ""
        raise ConfigError(f"{name} = {_shown(value)} must be {_KINDS[kind]}{allowed}")
    if name in _RANGES and not low <= value <= high:
        raise ConfigError(
            f"{name} = {_shown(value)} is out of range: allowed is {low} to {high}{unit}")
    # 4 and 4.0, 0.0 and -0.0 are equal, and so must be the manifests.
    return value + 0.0 if kind is float else value


def _shown(value) -> str:
    """A value as TOML has it, on one line and never long."""
    plain = isinstance(value, str | bool)
    try:
        text = json.dumps(value, ensure_ascii=False) if plain else repr(value)
    except (ValueError, RecursionError):  # an int of over 4300 digits, a list 1000 deep
        return f"<{type(value).__name__}>"
    return text if len(text) <= 60 else f"{text[:56]} ..."


PRESETS: dict[str, LinkConfig] = {config.name: config for config in (
    LinkConfig(name="uled128"),
    LinkConfig(name="uled128-g10", gear=10),
    LinkConfig(name="uled128-kp4", gear=10, fec="kp4", marker_period=24576),
    LinkConfig(name="uled128-optics", sampling=4, threshold_bits=6, driver="parallel",
               driver_bits=8, driver_step=16, compensation=True),
    LinkConfig(name="uled16", lanes=16, spares=2, fec="none", marker_period=4096),
    LinkConfig(name="uled8", lanes=8, spares=0, fec="none", lane_rate_gbps=0.8, view="serial",
               deskew_ui=64, marker_period=4096, fibre_m=10.0),
)}
"""Named configurations: four at the full 128 lanes and two for FPGA boards."""


_FILE_LIMIT = 1 << 20


def load(path: Path) -> LinkConfig:
    """Read a TOML file: an optional ``preset`` to start from, then settings by name.

    Raises
    ------
    ConfigError
        If the file cannot be read, is no TOML, or holds a bad setting.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_FILE_LIMIT + 1)
        if len(content) > _FILE_LIMIT:
            raise ConfigError(
                f"cannot read the configuration {path}: it is over {_FILE_LIMIT >> 10} KiB")
        settings = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"cannot read the configuration {path}: it is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"{path} is not valid TOML: a number is too long or a list too deep") from None
    base = preset(settings.pop("preset")) if "preset" in settings else LinkConfig()
    # The file names the link unless the settings do; what a name cannot hold becomes '-'.
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("-._")[:64]
    return base.with_settings({"name": stem or base.name} | settings)


def preset(name: str) -> LinkConfig:
    """The preset of that name; raises :class:`ConfigError` naming those that exist."""
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(f"preset {_shown(name)} is unknown: available are {', '.join(PRESETS)}")
    return PRESETS[name]
