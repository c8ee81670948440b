"""`python -m lampyris.cli.registers`: what others make of it agrees with the description."""

import importlib
import re

import pytest
from systemrdl.compiler import RDLCompiler

from lampyris.cli import registers
from lampyris.config import PRESETS, preset
from lampyris.control.registers.description import BANK_BYTES
from lampyris.control.registers.systemrdl import system_rdl
from lampyris.link_registers import link_map


@pytest.mark.parametrize("name", PRESETS)
def test_system_rdl_compiles_to_the_same_map(name, tmp_path):
    description = link_map(preset(name))
    path = tmp_path / "map.rdl"
    path.write_text(system_rdl(description))
    compiler = RDLCompiler()
    compiler.compile_file(str(path))
    found = {}
    for bank in compiler.elaborate().top.children():
        for register in bank.registers():
            for field in register.fields():
                found[bank.inst_name, register.inst_name, field.inst_name] = (
                    register.absolute_address, field.low, field.width,
                    field.is_sw_readable, field.is_sw_writable, field.get_property("reset"))
    wanted = {}
    for bank in description.banks:
        for register, entry in bank.fields():
            access = entry.access.value
            known = access in ("rw", "constant", "w1c", "pulse", "snapshot")
            reset = entry.reset if known else None
            wanted[bank.name, register.name, entry.name] = (
                description.address(bank.name, register.name), entry.low, entry.width,
                access not in ("pulse", "snapshot"), entry.access.writable, reset)
    assert found == wanted


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """All files of `uled8`."""
    folder = tmp_path_factory.mktemp("registers") / "out"
    assert registers.main(["--preset", "uled8", "-o", str(folder)]) == 0
    return folder


def test_files(out):
    assert (out / "html" / "index.html").exists()
    header = (out / "lampyris_link.h").read_text()
    assert re.search(r"LAMPYRIS_LINK__HOST__MAGIC__WORD_reset 0x4c414d50$", header, re.M)
    page = (out / "register_map.md").read_text()
    description = link_map(preset("uled8"))
    for number, bank in enumerate(description.banks):
        for register in bank.registers:
            assert f"### {register.name} register" in page
            assert f"- Absolute Address: {number * BANK_BYTES + register.address:#X}".replace(
                "0X", "0x") in page


def test_python_layer(out, monkeypatch):
    """The classes that peakrdl-python writes, on a dictionary for a bus."""
    monkeypatch.syspath_prepend(str(out / "python"))
    memory = {0x0: 0x4C414D50, 0x8: 8, 0x2000: 0x41}
    callbacks = importlib.import_module("lampyris_link.lib").NormalCallbackSet(
        read_callback=lambda addr, width, accesswidth: memory.get(addr, 0),
        write_callback=lambda addr, width, accesswidth, data: memory.update({addr: data}))
    model = importlib.import_module("lampyris_link.reg_model.lampyris_link")
    link = model.lampyris_link_cls(callbacks=callbacks)
    assert link.host.magic.word.read() == 0x4C414D50
    assert link.host.lanes.data.read() == 8
    assert link.rx.status.down_reason.read().name == "SKEW"
    link.tx.message.word.write(0xBEEF)
    assert memory[0x1008] == 0xBEEF


def test_same_map_in_every_configuration():
    """What two links both have is at the same place."""
    places = {}
    for config in PRESETS.values():
        for bank in link_map(config).banks:
            for register, entry in bank.fields():
                place = (register.address, entry.low)
                assert places.setdefault((bank.name, register.name, entry.name), place) == place
    assert len(places) > 60


@pytest.mark.parametrize("argv, sentence", [
    (["--preset", "uled9"], 'preset "uled9" is unknown: available are'),
    (["--set", "gear=99"], "gear = 99 is out of range: allowed is 4 to 16 bits per symbol"),
])
def test_bad_input(argv, sentence, capsys):
    assert registers.main(argv) == 2
    assert f"lampyris: error: {sentence}" in capsys.readouterr().err
