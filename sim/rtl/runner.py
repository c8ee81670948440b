"""Building and running cocotb benches on Verilog, with the built simulator kept for the next run.

:func:`build` and :func:`run` wrap cocotb's runner; :func:`simulate` is the whole of
``lampyris simulate``: configuration in, exit status out.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import parts, verilator
from .pair import PAIR, pair_verilog
from .results import BenchFailure, build_error, judge
from .simulators import (
    FAST,
    arguments_for,
    cocotb_runner,
    digest_of,
    environment,
    waves_file,
)
from .surroundings import locked, quiet, variables
from .verilator import ToolError

__all__ = ["BENCH_VARIABLE", "TOPS", "BenchFailure", "Simulator", "build", "link_parameters", "run",
           "simulate", "write_verilog"]

BENCH_VARIABLE = "LAMPYRIS_BENCH"
"""Environment variable with a bench's parameters as a JSON object."""


TOPS = {"duplex": PAIR}
"""The top of a bench, if not the transceiver."""


@dataclass(frozen=True)
class Simulator:
    """A built simulator, ready to run any number of benches.

    Members
    -------
    folder : Path
        Build folder, named after the hash of sources and options.
    top : str
    kind : ``"verilator"`` or ``"icarus"``
    waves : str or None
        File name of the waveforms it can record: ``dump.fst``, or ``dump.vcd`` where the headers
        of lz4 or zlib are missing.
    build_seconds : float
        Time the build took; 0 if it was found ready.
    """

    folder: Path
    top: str
    kind: str
    waves: str | None
    build_seconds: float


def build(verilog: Sequence[Path], top: str, build_dir: Path, *, simulator: str = "verilator",
          waves: bool = False, public: bool = False, optimise: str = FAST,
          options: Sequence[str] = (), progress: Callable[[str], None] = lambda text: None,
          ) -> Simulator:
    """Compile Verilog to a simulator under `build_dir`, unless the same was built there before.

    Parameters
    ----------
    verilog : list of paths
    top : str
        Name of the top module.
    build_dir : Path
        Each build has its own folder in it, named after a hash; two processes may ask at once.
    simulator : ``"verilator"`` or ``"icarus"``
    waves : bool
        Build with waveform support (slower).
    public : bool
        Make signals inside the design visible to the bench (much slower under Verilator).
    optimise : str
        Option of the C++ compiler.
    options : list of str
        More options of the simulator's compiler.

    Raises
    ------
    ToolError
        If the simulator is missing or rejects the Verilog.
    """
    arguments = arguments_for(simulator, waves, public, options)
    file = waves_file(simulator, top, arguments) if waves else None
    # Waveforms and signals inside need all lanes in one piece.
    splits = simulator == "verilator" and not waves and not public
    digest = digest_of([*verilog, Path(parts.__file__)],
                       [simulator, top, str(waves), optimise, *arguments])
    folder = Path(build_dir).resolve() / f"{top}-{simulator}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "built"
    with locked(folder / "lock"):
        if stamp.exists():
            return Simulator(folder, top, simulator, file, 0.0)
        added = environment(simulator, optimise)
        size = sum(path.stat().st_size for path in verilog) / 1e6
        progress(f"compiling {size:.1f} MB of Verilog for {simulator}")
        start = time.monotonic()
        with variables(added), quiet():
            runner = cocotb_runner(simulator)
            sources = list(verilog)
            if splits:
                sources, objects = parts.split(verilog, arguments, folder / "parts")
                arguments += [str(path) for path in objects]
            if simulator == "verilator":
                parts.take_common(folder, waves)
            try:
                runner.build(sources=sources, hdl_toplevel=top, build_args=arguments,
                             build_dir=folder, timescale=("1ps", "1fs"), waves=waves,
                             log_file=folder / "build.log")
            except (RuntimeError, SystemExit):
                raise ToolError(build_error(folder / "build.log", simulator)) from None
            if simulator == "verilator":
                parts.keep_common(folder, waves)
        seconds = time.monotonic() - start
        stamp.write_text(f"{seconds:.1f}\n")
    progress(f"compiled in {seconds:.0f} s")
    return Simulator(folder, top, simulator, file, seconds)


def run(built: Simulator, module: str, *, folder: Path | None = None, test_dir: Path | None = None,
        env: Mapping[str, str] | None = None, parameters: Mapping[str, object] | None = None,
        seed: int = 1, waves: bool = False, testcase: str | None = None, log: Path | None = None,
        plusargs: Sequence[str] = ()) -> int:
    """Run the benches of a Python module and return how many passed.

    Parameters
    ----------
    built : Simulator
    module : str
        Import name of a cocotb bench.
    folder : Path
        Where `module` lies, if it is not installed.
    test_dir : Path
        Working folder of the simulator, for results and waveforms; default is `runs/<module>` in
        the build folder.
    env : mapping
        More environment variables.
    parameters : mapping
        Sent as JSON in ``LAMPYRIS_BENCH``.
    seed : int
        Seed of cocotb and of the bench's `random`.
    waves : bool
        Record `built.waves` in `test_dir` (Icarus: in the build folder); `built` needs
        ``waves=True``.
    testcase : str
        Run this bench of the module only.
    log : Path
        File for what the bench prints; by default it goes to standard output.
    plusargs : list of str
        ``+NAME=VALUE`` for ``$value$plusargs``.

    Raises
    ------
    BenchFailure
        If a bench failed, none ran, or the simulator left no result.
    """
    if waves and not built.waves:
        raise ValueError("waves = True needs a simulator that was built with waves = True")
    work = Path(test_dir).resolve() if test_dir else built.folder / "runs" / module
    work.mkdir(parents=True, exist_ok=True)
    results = work / "results.xml"
    results.unlink(missing_ok=True)
    added = {"COCOTB_LOG_LEVEL": "WARNING", "GPI_LOG_LEVEL": "WARNING",
             **environment(built.kind, None), **(env or {})}
    if parameters is not None:
        added[BENCH_VARIABLE] = json.dumps(dict(parameters))
    # Under pytest cocotb's runner would take other paths and end the process by itself.
    with variables({**added, "PYTEST_CURRENT_TEST": None, "WAVES": None, "GUI": None}), quiet():
        runner = cocotb_runner(built.kind)
        arguments = ["--trace-file", str(work / str(built.waves))] if waves else []
        # An Icarus that was built with waves would write them in every run.
        mute = ["-none"] if built.kind == "icarus" and built.waves and not waves else []
        status = 0
        try:
            if folder:
                sys.path.insert(0, str(folder))  # cocotb's runner hands its own sys.path on
            runner.test(test_module=module, hdl_toplevel=built.top, hdl_toplevel_lang="verilog",
                        build_dir=built.folder, test_dir=work, results_xml=str(results), seed=seed,
                        waves=waves, testcase=testcase, log_file=log,
                        test_args=arguments if built.kind == "verilator" else [],
                        plusargs=[*mute, *plusargs])
        except (RuntimeError, SystemExit):
            status = 1
        finally:
            if folder:
                sys.path.remove(str(folder))
    return judge(results, module, status)


def simulate(config, bench: str, packets: int, seed: int, waves: bool, build_dir: Path,
             progress: Callable[[str], None] = print, *, simulator: str = "verilator",
             **parameters: object) -> int:
    """Generate the Verilog of a configuration, build it and run a bench: the CLI's work.

    Parameters
    ----------
    config : LinkConfig
    bench : str
        A module in `lampyris.sim.rtl.benches`, such as ``"loop"``.
    packets : int
        Packets to send.
    waves : bool
        Write waveforms and say where.
    parameters
        Further parameters of the bench.

    Returns
    -------
    int
        0 if the bench passed, 1 if not (with a sentence to `progress`).

    Raises
    ------
    ToolError
        If the simulator is missing or rejects the Verilog.
    """
    export = importlib.import_module("lampyris.export")  # needs Amaranth, which benches do not

    if simulator == "verilator":
        verilator.require_compiler()  # before the work, not after it
    sources = write_verilog(export.generate(config, progress), Path(build_dir) / "verilog")
    top = TOPS.get(bench, "lampyris_transceiver")
    if top == PAIR:
        sources.append(pair_verilog(sources, Path(build_dir)))
    built = build(sources, top, Path(build_dir), simulator=simulator, waves=waves,
                  progress=progress)
    work = built.folder / "runs" / bench
    module = f"{__package__}.benches.{bench}"
    progress(f"running {bench} with {packets} packets, seed {seed}")
    start = time.monotonic()
    try:
        run(built, module, test_dir=work, seed=seed, waves=waves,
            parameters={**link_parameters(config), **parameters, "packets": packets, "seed": seed})
    except BenchFailure as failure:
        progress(str(failure))
        return 1
    finally:
        if built.waves:
            where = work if simulator == "verilator" else built.folder
            progress(f"waveforms in {where / built.waves}")
    progress(f"passed in {time.monotonic() - start:.0f} s")
    return 0


def link_parameters(config) -> dict[str, object]:
    """What a bench needs to know of a configuration, as plain numbers."""
    geometry = config.geometry
    return {
        "name": config.name, "lanes": config.lanes, "physical": geometry.physical_lanes,
        "gear": config.gear, "sampling": config.sampling,
        "frame": config.marker_period, "skew": config.deskew_ui,
        "block_words": geometry.words_per_block, "core_mhz": config.core_clock_mhz,
        "bit_mhz": config.bit_clock_mhz, "host_mhz": config.host_clock,
        "drops": config.flow_control == "drop", "spares": config.spares, "parity": geometry.parity,
        "group_code": [geometry.group.code.n, geometry.group.code.k] if geometry.group else [],
        "expendable": geometry.expendable,
        "scrambler": config.scrambler != "none",
        "depth": config.deskew_depth, "fibre_m": config.fibre_m,
    }


def write_verilog(files: Mapping[str, str | bytes], folder: Path) -> list[Path]:
    """Write the Verilog among `files`, if changed, and return its paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        if name.endswith((".v", ".sv")):
            path = folder / Path(name).name
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            paths.append(path)
    return paths
