"""Wrong options and settings: one sentence, status 2, nothing written."""

import re

import pytest

PRESETS = "uled128, uled128-g10, uled128-kp4, uled128-optics, uled16, uled8"

ARGUMENTS = [
    ("", r"the following arguments are required: VERB \(see lampyris --help\)"),
    ("sing", r"argument VERB: invalid choice: 'sing' .*"),
    ("info --colour", r"unrecognized arguments: --colour .*"),
    ("info --js", r"unrecognized arguments: --js .*"),
    ("generate extra", r"unrecognized arguments: extra .*"),
    ("generate --preset", r"argument --preset: expected one argument .*"),
    ("generate --preset uled9", rf'preset "uled9" is unknown: available are {PRESETS}'),
    ("generate --preset ULED8", rf'preset "ULED8" is unknown: available are {PRESETS}'),
    ("generate --preset uled8 --config a.toml",
     r"argument --config: not allowed with argument --preset .*"),
    ("generate --config none.toml",
     r"cannot read the configuration none.toml: No such file or directory"),
    ("generate --config .", r"cannot read the configuration .: Is a directory"),
    ("generate --config /dev/zero",
     r"cannot read the configuration /dev/zero: it is over 1024 KiB"),
    ("generate --top middle", r"argument --top: invalid choice: 'middle' .*"),
    ("generate -o", r"argument -o/--output: expected one argument .*"),
    ("generate -o=", r"argument -o/--output: the name of the folder is empty .*"),
    ("generate --set lanes", r'--set lanes: "key=value" is expected'),
    ("generate --set =3", r'--set =3: "key=value" is expected'),
    ("generate --set lanes=", r"--set lanes=: what follows the = is no TOML value"),
    ("generate --set lanes=[", r"--set lanes=\[: what follows the = is no TOML value"),
    ("generate --set lanes='8", r"--set lanes='8: what follows the = is no TOML value"),
    ("generate --set lane=8", r'"lane" is not a setting: known are name, lanes, .*'),
    ("generate --set lanes=many", r'lanes = "many" must be a whole number, 1 to 1024'),
    ("generate --set lanes=true", r"lanes = true must be a whole number, 1 to 1024"),
    ("generate --set lanes=8.5", r"lanes = 8.5 must be a whole number, 1 to 1024"),
    ("generate --set lanes=0", r"lanes = 0 is out of range: allowed is 1 to 1024"),
    ("generate --set lanes=1025", r"lanes = 1025 is out of range: allowed is 1 to 1024"),
    (f"generate --set lanes={'9' * 70}",
     r"lanes = 9{56} ... is out of range: allowed is 1 to 1024"),
    (f"generate --set lanes=0x{'f' * 5000}",
     r"lanes = <int> is out of range: allowed is 1 to 1024"),
    ("generate --set spares=-1", r"spares = -1 is out of range: allowed is 0 to 64"),
    ("generate --set gear=3", r"gear = 3 is out of range: allowed is 4 to 16 bits per symbol"),
    ("generate --set lane_rate_gbps=inf",
     r"lane_rate_gbps = inf is out of range: allowed is 0.001 to 64 Gb/s"),
    ("generate --set lane_rate_gbps=nan",
     r"lane_rate_gbps = nan must be a number, 0.001 to 64 Gb/s"),
    ("generate --set lane_rate_gbps=fast",
     r'lane_rate_gbps = "fast" must be a number, 0.001 to 64 Gb/s'),
    ("generate --set fec=rs", r'fec = "rs" is unknown: allowed is "word", "kp4", "kr4", "ll", '
     r'"rs255", "none"'),
    ("generate --set fec=kp4", r'gear = 8 does not fit fec = "kp4", whose symbols have 10 bits: '
     r"allowed is 10"),
    ("generate --preset uled128-kp4 --set codeword=30", r"codeword = 30 is out of range: "
     r'fec = "kp4" allows 0 \(= 544\) or 31 to 544 symbols'),
    ("generate --preset uled128-kp4 --set lanes=136", r"codewords of 544 symbols on 136 lanes make "
     r"groups of 4 words and 1 codewords: allowed are 17 to 255 words and up to 64 codewords; "
     r'nearest to fec = "kp4", lanes = 136 are codeword = 540 or lanes = 132 or lanes = 140'),
    ("generate --preset uled128-kp4 --set codeword=543", r"codewords of 543 symbols on "
     r"128 lanes make groups of 543 words and 128 codewords: allowed are 17 to 255 words and up to "
     r'64 codewords; nearest to fec = "kp4", lanes = 128 are codeword = 540 or lanes = 129 or '
     r"lanes = 126"),
    ("generate --preset uled128-kp4 --set marker_period=128", r"marker_period = 128 is too short: "
     r"at least 256 \(4 deskew depths\) for deskew_ui = 256 and gear = 10"),
    ("generate --set parity=7", r"parity = 7 is odd: allowed is an even number, 2 to 64"),
    ("generate --set parity=0", r"parity = 0 is out of range: allowed is 2 to 64"),
    ("generate --set gear=13", r'gear = 13 is too wide for fec = "word": allowed is 4 to 12'),
    ("generate --set lanes=250", r"lanes = 250 and parity = 8 make words of 258 symbols: "
     r'fec = "word" allows 255 at gear = 8, so take lanes of 247 or less, or a gear of 9 or more'),
    ("generate --set gear=4 --set parity=16", r"lanes = 128 and parity = 16 make words of 144 "
     r'symbols: fec = "word" allows 15 at gear = 4, so take less parity, or a gear of 8 or more'),
    ("generate --set scrambler=lfsr",
     r'scrambler = "lfsr" is unknown: allowed is "lfsr31", "none"'),
    ("generate --set view=pin", r'view = "pin" is unknown: allowed is "word", "serial"'),
    ("generate --set flow_control=stop",
     r'flow_control = "stop" is unknown: allowed is "pause", "drop"'),
    ("generate --set deskew_ui=1025",
     r"deskew_ui = 1025 is out of range: allowed is 0 to 1024 UI"),
    ("generate --set marker_tolerance=5",
     r"marker_tolerance = 5 is out of range: allowed is 0 to 4 bits"),
    ("generate --set marker_period=100",
     r"marker_period = 100 is out of range: allowed is 128 to 1048576 words"),
    ("generate --set marker_period=12289",
     r"marker_period = 12289 must be a multiple of 64, the deskew depth in words for "
     r"deskew_ui = 256 and gear = 8"),
    ("generate --set marker_period=128",
     r"marker_period = 128 is too short: at least 256 \(4 deskew depths\) for deskew_ui = 256 "
     r"and gear = 8"),
    ("generate --set lanes=1 --set gear=5 --set marker_period=128 --set deskew_ui=8",
     r"marker_period = 128 leaves 108 payload words: at least 256 \(8 blocks\) are needed"),
    ("generate --set host_width=-32",
     r"host_width = -32 does not fit a block of 1024 bits: allowed is 0 \(= 1024\) or .*"),
    ("generate --set host_width=96",
     r"host_width = 96 does not fit a block of 1024 bits: allowed is 0 \(= 1024\) or a multiple "
     r"of 32 that divides 1024 or is a multiple of it, by 64 at most"),
    ("generate --set host_clock_mhz=-1",
     r"host_clock_mhz = -1 is out of range: allowed is 0 to 10000 MHz \(0 = automatic\)"),
    ("generate --set host_clock_mhz=1e-9",
     r"host_clock_mhz = 1e-09 is out of range: allowed is 0 \(automatic\) or 0.001 to 10000 MHz"),
    ("generate --set sampling=2", r"sampling = 2 is unknown: allowed is 1, 3, 4, 8"),
    ("generate --set sampling=true", r"sampling = true is unknown: allowed is 1, 3, 4, 8"),
    ("generate --preset uled8 --set sampling=4",
     r'sampling = 4 needs view = "word": the serial view has one sample per bit'),
    ("generate --set ddr=true",
     r'ddr = true needs view = "serial": the word view has no bit clock'),
    ("generate --set ddr=1", r"ddr = 1 must be true or false"),
    ("generate --set ddr=yes", r'ddr = "yes" must be true or false'),
    ("generate --preset uled8 --set ddr=true --set gear=5 --set marker_period=16384",
     r"ddr = true needs an even gear, and gear = 5 is odd"),
    ("generate --set fibre_m=-5", r"fibre_m = -5 is out of range: allowed is 0 to 10000 m"),
    ("generate --set fibre_m=10000 --set lane_rate_gbps=64",
     r"fibre_m = 10000.0 at this rate needs a receive queue of 256 MiB: at most 16 MiB is "
     r"allowed"),
    ("generate --set packet_buffer=1500",
     r"packet_buffer = 1500 is out of range: allowed is 2048 to 1048576 bytes"),
    ("generate --set name=..", r'name = ".." must be 1 to 64 letters, digits, .*'),
    ("generate --set name=a/b", r'name = "a/b" must be 1 to 64 letters, digits, .*'),
    ("generate --set name=\u00e9", r'name = "\u00e9" must be 1 to 64 letters, digits, .*'),
    ("generate --set name=", r'name = "" must be 1 to 64 letters, digits, .*'),
    ("simulate --packets 0",
     r"argument --packets: '0' must be a whole number, 1 to 10000000 .*"),
    ("simulate --packets few",
     r"argument --packets: 'few' must be a whole number, 1 to 10000000 .*"),
    ("simulate --seed -1", r"argument --seed: '-1' must be a whole number, 0 to 2147483647 .*"),
    ("simulate --set gear=99", r"gear = 99 is out of range: allowed is 4 to 16 bits per symbol"),
    ("build", r"the following arguments are required: --board .*"),
    ("build --board arty", r"board 'arty' is unknown: available are ulx3s"),
    ("flash --board", r"argument --board: expected one argument .*"),
    ("flash --board arty --dry-run", r"board 'arty' is unknown: available are ulx3s"),
]

FILES = [
    (b"lanes = ", r"link.toml is not valid TOML: .*"),
    (b"lanes = 8\nlanes = 8\n", r"link.toml is not valid TOML: .*"),
    (b"name = '\xff'", r"cannot read the configuration link.toml: it is not UTF-8 text"),
    (b"lanes = " + b"9" * 5000,
     r"link.toml is not valid TOML: a number is too long or a list too deep"),
    (b"lanes = " + b"[" * 100_000, r"link.toml is not valid TOML: .*"),
    (b"preset = 'uled9'", rf'preset "uled9" is unknown: available are {PRESETS}'),
    (b"preset = 8", rf"preset 8 is unknown: available are {PRESETS}"),
    (b"preset = ['uled8']", rf"preset \['uled8'\] is unknown: available are {PRESETS}"),
    (b"[link]\nlanes = 8\n", r'"link" is not a setting: known are name, lanes, .*'),
    (b'"a\\nb" = 8\n', r'"a\\nb" is not a setting: known are name, lanes, .*'),
    (b"lanes = 8.0\n", r"lanes = 8.0 must be a whole number, 1 to 1024"),
    (b"lanes = '8'\n", r'lanes = "8" must be a whole number, 1 to 1024'),
    (b"lanes = [8]\n", r"lanes = \[8\] must be a whole number, 1 to 1024"),
    (b"fibre_m = 2024-01-01\n", r"fibre_m = datetime.date\(.*\) must be a number, 0 to 10000 m"),
    (b"name = 128\n", r"name = 128 must be a string"),
    (b"view = {a = 1}\n", r"view = \{'a': 1\} is unknown: allowed is \"word\", \"serial\""),
    (b"preset = 'uled8'\ndeskew_ui = 1024\nmarker_period = 256\n",
     r"marker_period = 256 is too short: at least 1024 .*"),
]


def check(result, sentence: str):
    assert result.status == 2
    assert re.fullmatch(f"lampyris: error: {sentence}\n", result.err), result.err
    assert result.out == ""


@pytest.mark.parametrize("line, sentence", ARGUMENTS, ids=[line[:60] for line, _ in ARGUMENTS])
def test_arguments(line, sentence, lampyris, exporter, folder, tree):
    check(lampyris(*line.split()), sentence)
    assert not exporter.calls
    assert tree(folder) == {}


@pytest.mark.parametrize("content, sentence", FILES, ids=[str(line[:30]) for line, _ in FILES])
def test_file(content, sentence, lampyris, exporter, folder, tree):
    (folder / "link.toml").write_bytes(content)
    check(lampyris("generate", "--config", "link.toml"), sentence)
    assert not exporter.calls
    assert tree(folder) == {"link.toml": content}


def test_file_names_stay_on_one_line(lampyris):
    check(lampyris("info", "--config", "a\nb\x1b[31m"),
          r"cannot read the configuration a\\nb\\x1b\[31m: No such file or directory")
