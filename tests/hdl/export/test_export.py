"""What `lampyris generate` writes: reproducible, without copies, and as the manifest says."""

import hashlib
import re
from collections import Counter
from itertools import permutations

import pytest

PRESETS = ["uled8", "uled16", "uled128"]
TWICE = ["uled8", "uled16", pytest.param("uled128", marks=pytest.mark.full)]
REPEATED = {
    "lampyris_transmit_lane": "lampyris_transmit_core",
    "lampyris_output_lane": "lampyris_transmit_core",
    "lampyris_receive_lane": "lampyris_receive_core",
}
"""Part -> the module that has one per physical lane."""

MODULE = re.compile(r"^module (\S+?)\((.*?)\);\n(.*?)^endmodule$", re.M | re.S)
INSTANCE = re.compile(r"^  (lampyris_\w+) (\S+) +\($", re.M)
DECLARATION = re.compile(r"^  (input|output) (?:\[(\d+):0\] )?(\w+);$", re.M)


@pytest.fixture(params=PRESETS)
def export(request, generated):
    return generated(f"--preset {request.param}")


def modules(export) -> list[tuple[str, str, str]]:
    """Name, port list and body of every module in every file."""
    return [match.groups() for path in export.verilog
            for match in MODULE.finditer(path.read_text())]


@pytest.mark.parametrize("preset", TWICE)
def test_same_bytes_with_another_hash_seed(generated, preset):
    export, again = (generated(f"--preset {preset}", hash_seed=seed) for seed in (1, 2))
    assert list(again.files) == list(export.files)
    assert [name for name in export.files if again.files[name] != export.files[name]] == []


def test_nothing_of_this_machine_in_the_files(export):
    text = b"".join(export.files.values()).decode()
    for trace in ("/home", "/tmp", "/root", "site-packages", ".py", str(export.folder)):
        assert trace not in text


def test_every_module_is_written_once_and_used(export):
    found = modules(export)
    names = [name for name, _, _ in found]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    used = Counter(name for _, _, body in found for name, _ in INSTANCE.findall(body))
    assert used.keys() | set(export.tops) == set(names)


def test_modules_have_names_for_people(export):
    """A number at the end is Amaranth's way out if a submodule and a signal have the same name."""
    names = [name for name, _, _ in modules(export)]
    assert [name for name in names if re.search(r"_\d+$", name)] == []
    labels = [label for _, _, body in modules(export) for _, label in INSTANCE.findall(body)]
    assert [label for label in labels if "$" in label] == []


def test_lanes_are_instances_of_one_module(export):
    lanes = export.manifest["frame"]["physical_lanes"]
    found = {name: body for name, _, body in modules(export)}
    for part, parent in REPEATED.items():
        instances = {name: [label for module, label in INSTANCE.findall(body) if module == part]
                     for name, body in found.items()}
        assert {name: len(labels) for name, labels in instances.items() if labels} == {
            parent: lanes}
        assert len(set(instances[parent])) == lanes
    # Nothing else comes in that number, whatever its name: no copy per lane. The decoder's key
    # equation has a stage per parity symbol, each of another size.
    digits = Counter(re.sub(r"\d+", "0", name) for name in found if "_equation_stage" not in name)
    assert max(digits.values()) < min(lanes, 8)


def test_a_part_has_a_file_of_its_own(export):
    for path in export.verilog:
        names = [match[1] for match in MODULE.finditer(path.read_text())]
        assert names[-1] == path.stem or path.stem in names
        assert all(name == path.stem or name.startswith(f"{path.stem}_") for name in names)


def test_manifest_has_the_ports_of_the_verilog(export):
    found = {name: (ports, body) for name, ports, body in modules(export)}
    assert export.tops == ["lampyris_tx", "lampyris_rx", "lampyris_transceiver"]
    for top in export.tops:
        listed, body = found[top]
        header = {name: (direction, int(high or 0) + 1)
                  for direction, high, name in DECLARATION.findall(body)}
        assert sorted(header) == sorted(re.findall(r"\w+", listed))
        ports = export.manifest["modules"][top]["ports"]
        assert len({port["name"] for port in ports}) == len(ports)
        assert {port["name"]: (port["direction"], port["width"]) for port in ports} == header
        clocks = {port["clock"] for port in ports if port["role"] == "clock"}
        for port in ports:
            assert port["clock"] in clocks, port
            assert port["meaning"] and "\n" not in port["meaning"], port


def test_widths_follow_from_the_configuration(export):
    frame, derived = export.manifest["frame"], export.manifest["derived"]
    config = export.manifest["config"]
    lanes = frame["physical_lanes"]
    per_lane = config["gear"] if config["view"] == "word" else 2 if config["ddr"] else 1
    parity = config["parity"] if config["fec"] == "word" else 0
    assert lanes == config["lanes"] + parity + config["spares"]
    assert frame["word_bits"] == config["lanes"] * config["gear"]
    widths = {port["name"]: port["width"]
              for port in export.manifest["modules"]["lampyris_transceiver"]["ports"]}
    assert widths["lane_tx_data"] == widths["lane_rx_data"] == lanes * per_lane
    assert widths["lane_locked"] == lanes
    for stream in ("s_axis", "m_axis"):
        assert widths[f"{stream}_tdata"] == derived["host_bits"]
        assert widths[f"{stream}_tkeep"] == derived["host_bits"] // 8


def test_manifest_has_every_file_and_its_hash(export):
    listed = export.manifest["files"]
    assert listed.keys() == export.files.keys() - {"manifest.json"}
    for name, entry in listed.items():
        content = export.files[name]
        assert entry == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_file_list_has_every_verilog_file(export):
    assert [path.name for path in export.verilog] == [
        name for name in export.files if name.endswith(".v")]


def test_constraints_name_every_clock_crossing_and_port(export):
    core = 1000 / export.manifest["derived"]["core_clock_mhz"]
    bit = 1000 / export.manifest["derived"]["bit_clock_mhz"]
    host = 1000 / export.manifest["derived"]["host_clock_mhz"]
    periods = {"host": host, "tx": core, "rx": core, "tx_bit": bit, "rx_bit": bit}
    for top in export.tops:
        lines = export.files[f"{top}.sdc"].decode().splitlines()
        ports = export.manifest["modules"][top]["ports"]
        clocks = [port["name"].removesuffix("_clk") for port in ports if port["role"] == "clock"]
        for clock in clocks:
            assert f"create_clock -name {clock} -period {periods[clock]:.4f} " \
                   f"[get_ports {clock}_clk]" in lines
        for source, target in permutations(clocks, 2):
            limit = min(periods[source], periods[target])
            assert f"set_max_delay {limit:.4f} -from [get_clocks {source}] " \
                   f"-to [get_clocks {target}]" in lines
        named = Counter(name for line in lines for name in re.findall(r"\[get_ports (\w+)", line))
        assert named == {port["name"]: 1 for port in ports if port["role"] != "reset"}


def test_one_top_alone(generated):
    """It has the same modules as among the three, and no more than it needs."""
    every, one = generated("--preset uled8"), generated("--preset uled8 --top rx")
    assert one.tops == ["lampyris_rx"]
    assert one.manifest["modules"]["lampyris_rx"] == every.manifest["modules"]["lampyris_rx"]
    assert {path.name for path in one.verilog} < {path.name for path in every.verilog}
    used = {name for _, _, body in modules(one) for name, _ in INSTANCE.findall(body)}
    assert used | {"lampyris_rx"} == {name for name, _, _ in modules(one)}
    ports = {name: ports for name, ports, _ in modules(every)}
    assert all(ports[name] == listed for name, listed, _ in modules(one))
