"""Configuration: presets, derived numbers against literals, and the way through TOML.

Wrong values, with their sentences, are in `tests/scripts/test_bad_input.py`.
"""

import json
from dataclasses import FrozenInstanceError, fields

import pytest

from lampyris.config import PRESETS, ConfigError, LinkConfig, load, preset
from lampyris.geometry import Geometry

# name: lanes, word bits, words per block, granules, marker, blocks per frame, core MHz, bit MHz,
# host bits, host MHz, deskew depth, round trip, receive depth
DERIVED = {
    "uled128": (140, 1024, 1, 32, 12, 12276, 500, 4000, 1024, 550, 64, 610, 1024),
    "uled128-g10": (140, 1280, 1, 40, 11, 12277, 400, 4000, 1280, 440, 64, 558, 1024),
    "uled128-kp4": (132, 1280, 1, 40, 11, 16 * 1445, 400, 4000, 1280, 440, 64, 626, 1024),
    "uled128-optics": (140, 1024, 1, 32, 12, 12276, 500, 4000, 1024, 550, 64, 610, 1024),
    "uled16": (18, 128, 1, 4, 12, 4084, 500, 4000, 128, 550, 64, 546, 1024),
    "uled8": (8, 64, 1, 2, 12, 4084, 100, 800, 64, 110, 16, 210, 512),
}


def test_every_preset_is_here():
    assert DERIVED.keys() == PRESETS.keys()


@pytest.mark.parametrize("name", PRESETS)
def test_derived(name):
    config = preset(name)
    assert config.name == name
    geometry = config.geometry
    assert (
        geometry.physical_lanes, geometry.word_bits, geometry.words_per_block, geometry.granules,
        geometry.marker_symbols, geometry.blocks_per_frame, config.core_clock_mhz,
        config.bit_clock_mhz, config.host_bits, pytest.approx(config.host_clock),
        config.deskew_depth, config.round_trip_blocks, config.receive_depth,
    ) == DERIVED[name]


@pytest.mark.parametrize("gear, sync, body", [
    (4, 8, 16), (5, 7, 13), (7, 5, 10), (8, 4, 8), (10, 4, 7), (15, 3, 5), (16, 2, 4)])
def test_marker_symbols(gear, sync, body):
    geometry = Geometry(lanes=1, spares=0, gear=gear, marker_period=4096)
    assert (geometry.sync_symbols, geometry.body_symbols) == (sync, body)


@pytest.mark.parametrize("lanes, gear, words, granules", [
    (128, 8, 1, 32),
    (8, 8, 1, 2),
    (1, 4, 16, 2),     # 64 bits
    (1, 5, 32, 5),     # 160 bits, the first multiple of 32
    (5, 7, 11, 12),    # 385 bits, 1 of filler
    (100, 10, 4, 125),  # 4000 bits; 1000 leaves 8, 2000 leaves 16, 3000 leaves 24
    (1024, 16, 1, 512),
])
def test_blocks(lanes, gear, words, granules):
    geometry = Geometry(lanes=lanes, spares=0, gear=gear, marker_period=4096)
    assert (geometry.words_per_block, geometry.granules) == (words, granules)


def test_blocks_fit_their_format():
    """2 granules or more, filler under 0.5 %, and every position fits the 10 bits of `pos`."""
    for lanes in range(1, 1025):
        for gear in range(4, 17):
            geometry = Geometry(lanes=lanes, spares=0, gear=gear, marker_period=4096)
            filler = geometry.block_bits - 32 * geometry.granules
            assert 2 <= geometry.granules < 0x3FF
            assert 0 <= filler < 32 and filler * 200 < geometry.block_bits


@pytest.mark.parametrize("gear, skew, depth, with_fec", [
    (8, 256, 64, 64), (8, 0, 8, 32), (8, 8, 8, 32), (8, 9, 16, 32), (8, 376, 64, 64),
    (8, 377, 64, 128), (10, 1024, 128, 128)])
def test_deskew_depth(gear, skew, depth, with_fec):
    assert LinkConfig(gear=gear, deskew_ui=skew, fec="none").deskew_depth == depth
    assert LinkConfig(gear=gear, deskew_ui=skew).deskew_depth == with_fec


def test_parity_lanes():
    config = preset("uled128")
    assert (config.parity_lanes, config.geometry.code_lanes) == (8, 136)
    plain = config.with_settings({"fec": "none"})
    assert (plain.parity_lanes, plain.geometry.code_lanes) == (0, 128)
    assert LinkConfig(lanes=247).geometry.code_lanes == 255
    assert LinkConfig(lanes=1015, gear=10, parity=8).geometry.code_lanes == 1023


@pytest.mark.parametrize("fec, lanes, gear, codeword, slots, codewords, message, known, silent", [
    ("kp4", 128, 10, 0, 17, 4, 16, 6, 3),
    ("kr4", 128, 10, 0, 33, 8, 32, 2, 1),
    ("ll", 128, 10, 0, 17, 8, 16, 4, 2),
    ("rs255", 128, 8, 240, 15, 8, 14, 8, 4),
    ("rs255", 8, 8, 248, 31, 1, 29, 0, 0),
    ("kp4", 16, 10, 0, 34, 1, 32, 0, 0),
])
def test_groups(fec, lanes, gear, codeword, slots, codewords, message, known, silent):
    config = LinkConfig(fec=fec, lanes=lanes, gear=gear, codeword=codeword)
    group = config.geometry.group
    assert (group.slots, group.codewords, group.message_slots) == (slots, codewords, message)
    assert (group.lanes_known, group.lanes_silent) == (known, silent)
    assert config.geometry.expendable == known and config.parity_lanes == 0
    groups = (config.marker_period - config.geometry.marker_symbols) // slots
    assert config.geometry.message_words == groups * message


def test_enough_payload():
    """What the packets get of the data lanes' raw rate: 98.5 % with `word`, 93.5 % with `kp4`."""
    for name, least in (("uled128", 0.985), ("uled128-kp4", 0.935)):
        config = preset(name)
        assert config.net_rate_gbps >= least * config.lanes * config.lane_rate_gbps


def test_rates():
    config = preset("uled128")
    assert config.packet_share(1500) == 375 / 377
    assert config.packet_share(1) == 8 / 1024  # one packet end per block
    assert config.payload_share == pytest.approx(4095 / 4096 * 12276 / 12288)
    assert config.net_rate_gbps == pytest.approx(508.6623, abs=1e-4)
    one_way = config.with_settings({"flow_control": "drop"})
    assert one_way.payload_share == 12276 / 12288
    assert one_way.receive_depth == 32


def test_round_trip_by_hand():
    """50 m both ways: 250 cycles at 500 MHz; twice 96 + 64 + 12 words; 16 blocks of margin."""
    assert preset("uled128").round_trip_blocks == 250 + 344 + 16
    far = preset("uled128").with_settings({"fibre_m": 10000})
    assert far.round_trip_blocks == 50000 + 344 + 16
    plain = preset("uled128").with_settings({"fec": "none"})
    assert plain.round_trip_blocks == 250 + 280 + 16
    assert far.receive_depth == 131072


def test_double_rate_halves_the_bit_clock():
    settings = {"view": "serial", "ddr": True}
    assert preset("uled8").with_settings(settings).bit_clock_mhz == 400


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_frozen_and_hashable(config):
    assert len({config, LinkConfig(**config.to_dict())}) == 1
    for field in fields(config):
        with pytest.raises(FrozenInstanceError):
            setattr(config, field.name, getattr(config, field.name))


def test_equal_configurations_look_equal():
    """Whole and negative-zero numbers become floats, so that the manifests have equal bytes."""
    one = LinkConfig(lane_rate_gbps=4, fibre_m=50, host_clock_mhz=-0.0)
    assert json.dumps(one.to_dict()) == json.dumps(LinkConfig().to_dict())


@pytest.mark.parametrize("config", [
    *PRESETS.values(),
    LinkConfig(name="odd-1", lanes=5, gear=7, ddr=False, lane_rate_gbps=3.3203125, spares=3,
               flow_control="drop", scrambler="none", test_patterns=False, fibre_m=0.1),
], ids=lambda config: config.name)
def test_through_toml(config, tmp_path):
    # The JSON of a string, number or boolean is its TOML.
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in config.to_dict().items()]
    path = tmp_path / "other.toml"
    path.write_text("".join(lines))
    assert load(path) == config
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(path) == config


@pytest.mark.parametrize("file, name", [
    ("link.toml", "link"), ("my link (2).toml", "my-link-2-"), (".hidden.toml", "hidden"),
    ("\u2603.toml", "uled8"), (f"{'x' * 100}.toml", "x" * 64)])
def test_file_gives_the_name(file, name, tmp_path):
    path = tmp_path / file
    path.write_text("preset = 'uled8'\n")
    assert load(path) == preset("uled8").with_settings({"name": name})


def test_error_is_a_value_error():
    with pytest.raises(ValueError, match=r"^lanes = 0 is out of range: allowed is 1 to 1024$"):
        LinkConfig(lanes=0)
    with pytest.raises(ConfigError, match=r"^lanes = true must be a whole number, 1 to 1024$"):
        LinkConfig(lanes=True)
