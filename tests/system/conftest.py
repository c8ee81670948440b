"""Systems: the exported Verilog of a configuration, built once and run as often as needed."""

import hashlib
import importlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from lampyris.config import LinkConfig, preset
from lampyris.sim.rtl import runner
from lampyris.sim.rtl.pair import PAIR, pair_verilog
from lampyris.sim.rtl.surroundings import locked

ROOT = Path(__file__).parents[2]
BUILDS = ROOT / "build" / "system"
BENCHES = "lampyris.sim.rtl.benches"


@dataclass(frozen=True)
class System:
    """A configuration and its simulator."""

    config: LinkConfig
    simulator: runner.Simulator

    def run(self, bench: str, work: Path, seed: int = 1, **parameters) -> dict:
        """Run a bench and return its results; raises BenchFailure if it finds a fault."""
        given = {**runner.link_parameters(self.config), "seed": seed, **parameters}
        assert runner.run(self.simulator, f"{BENCHES}.{bench}", test_dir=work, seed=seed,
                          parameters=given) >= 1
        return json.loads((work / "result.json").read_text())


@pytest.fixture(scope="session")
def system():
    """Makes a System from a preset and settings; sources and simulators are kept in `build/`."""
    def make(base: str, top: str = "lampyris_transceiver", **settings) -> System:
        config = preset(base).with_settings(settings)
        verilog = _verilog(config, top)
        folder = verilog[0].parent
        with locked(folder / "lock"):
            if top == PAIR:
                verilog = [*verilog, pair_verilog(verilog, folder)]
        return System(config, runner.build(verilog, top, BUILDS))
    return make


def _verilog(config: LinkConfig, top: str) -> list[Path]:
    """The exported Verilog, from `build/` if neither the configuration nor `hdl` has changed."""
    name = top.removeprefix("lampyris_")
    managed = {"tops": (name,)} if name.startswith("managed") else {}
    digest = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode())
    for path in sorted((ROOT / "hdl").rglob("*.py")):
        digest.update(path.read_bytes())
    kind = f"-{name}" if managed else ""
    folder = BUILDS / f"{config.name}{kind}-{digest.hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        if not (folder / "written").exists():
            export = importlib.import_module("lampyris.export")
            runner.write_verilog(export.generate(config, lambda text: None, **managed), folder)
            (folder / "written").touch()
    return sorted(path for path in folder.glob("*.v") if path.stem != PAIR)
