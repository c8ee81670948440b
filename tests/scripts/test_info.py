"""`lampyris info`: the numbers, and how they are shown."""

import json

import pytest

from lampyris.config import PRESETS


@pytest.fixture
def derived(lampyris):
    def run(*argv) -> dict:
        result = lampyris("info", "--json", *argv)
        assert (result.status, result.err) == (0, "")
        return json.loads(result.out)["derived"]
    return run


def test_default_by_hand(derived):
    """4 Gb/s / 8; 12288 words at 500 MHz; 12 = 4 + 8 symbols; 375 of 377 granules; 64-17 words."""
    assert derived() == {
        "core_clock_mhz": 500, "bit_clock_mhz": 4000, "host_clock_mhz": 550, "host_bits": 1024,
        "physical_lanes": 140, "word_bits": 1024, "words_per_block": 1, "granules_per_block": 32,
        "filler_bits": 0,
        "frame_words": 12288, "frame_us": 24.576, "marker_symbols": 12,
        "marker_overhead_percent": 0.09765625, "blocks_per_frame": 12276, "filler_words": 0,
        "raw_rate_gbps": 512,
        "encapsulation_overhead_percent": pytest.approx(200 / 377),
        "net_rate_gbps": pytest.approx(512 * (12276 / 12288) * (4095 / 4096) * (375 / 377)),
        "efficiency_percent": pytest.approx(
            100 * (12276 / 12288) * (4095 / 4096) * (375 / 377)),
        "code_symbols": 136, "parity_symbols": 8, "dead_lanes_unknown": 4, "dead_lanes_known": 8,
        "raw_ber_for_1e_15": pytest.approx(7.14e-6, rel=1e-3),
        "lock_words": 122880, "lock_us": 245.76,
        "deskew_depth_words": 64, "deskew_covered_ui": 376,
        "round_trip_blocks": 610, "round_trip_us": 1.22, "receive_queue_bytes": 131072,
    }


def test_no_fec(derived):
    """Without FEC there are no parity lanes, and no figures of a code."""
    numbers = derived("--set", "fec=none")
    assert "code_symbols" not in numbers
    assert numbers["physical_lanes"] == 132
    assert numbers["deskew_covered_ui"] == 8 * (64 - 7)


def test_filler(derived):
    """5 lanes of 7 bits: 3 words are 105 bits, 9 over 96, too many; 11 are 385, 1 over 384."""
    numbers = derived("--preset", "uled8", "--set", "lanes=5", "--set", "gear=7")
    assert numbers["words_per_block"] == 11
    assert numbers["granules_per_block"] == 12
    assert numbers["filler_bits"] == 1
    assert numbers["marker_symbols"] == 5 + 10
    assert numbers["blocks_per_frame"] == 371
    assert numbers["filler_words"] == 0


def test_packet_store_only_where_it_is(derived):
    assert "packet_buffer_bytes" not in derived()
    numbers = derived("--set", "flow_control=drop", "--set", "packet_buffer=4096")
    assert numbers["packet_buffer_bytes"] == 4096
    assert numbers["receive_queue_bytes"] == 32 * 128


def test_table(lampyris):
    lines = lampyris("info", "--preset", "uled128-g10").out.splitlines()
    assert lines[0] == "settings"
    assert "  name                        uled128-g10" in lines
    assert "  core clock                          400 MHz" in lines
    assert "  host clock                          440 MHz" in lines
    assert "  net rate                        508.704 Gb/s of 1500-byte packets" in lines
    assert "  ddr                               false" in lines
    assert all(len(line) <= 100 and line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", PRESETS)
def test_configuration_comes_back(name, lampyris):
    config = json.loads(lampyris("info", "--json", "--preset", name).out)["config"]
    assert config == PRESETS[name].to_dict()


def test_version_and_help(lampyris):
    assert lampyris("--version").out == "lampyris 0.1.0\n"
    for verb in ("info", "generate", "simulate", "build", "flash"):
        result = lampyris(verb, "--help")
        assert result.status == 0 and result.out.startswith(f"usage: lampyris {verb} ")
