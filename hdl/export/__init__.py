"""Writing a link as Verilog: modules, constraints, file list and manifest."""

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version

from ..config import LinkConfig
from ..managed import Managed
from ..shared import Outline
from ..transceiver import Receiver, Transceiver, Transmitter
from .constraints import constraints
from .ports import describe
from .verilog import domains_of, lean_export, to_rtlil, to_verilog, yosys_version

__all__ = ["MANAGED", "TOPS", "generate"]

TOPS = {"tx": Transmitter, "rx": Receiver, "transceiver": Transceiver}

MANAGED = {"managed": Managed, "managed_wb": partial(Managed, bus="wishbone")}
"""Tops with registers, written only when asked for."""


def generate(config: LinkConfig, progress: Callable[[str], None] = lambda text: None,
             tops: Iterable[str] = tuple(TOPS)) -> dict[str, str]:
    """All files of a link.

    Parameters
    ----------
    config : LinkConfig
    progress : callable
        Is given a line of text before each long step.
    tops : iterable of names in `TOPS` and `MANAGED`

    Returns
    -------
    dict from file name to text
        ``lampyris_<top>.v`` and ``.sdc`` for each top, ``lampyris_<part>.v`` for each part that
        tops have in common or that occurs many times, ``lampyris.f`` and ``manifest.json``. The
        same for the same configuration and versions, to the byte.
    """
    with lean_export():
        units, ports = _elaborate(config, progress, tops)
    progress("writing Verilog")
    files = to_verilog(units, f"{config.name}, Lampyris {version('lampyris')}")
    files["lampyris.f"] = "".join(f"{name}\n" for name in sorted(files))
    for name in ports:
        files[f"{name}.sdc"] = constraints(name, [port for port in ports[name]], config)
    files["manifest.json"] = _manifest(config, ports, files)
    return files


def _elaborate(config: LinkConfig, progress, tops) -> tuple[dict[str, str], dict[str, list[dict]]]:
    """RTLIL of each unit, and the ports of each top, by module name."""
    outline = Outline("lampyris")
    units, ports = {}, {}
    for top in tops:
        name = f"lampyris_{top}"
        progress(f"elaborating {name}")
        component = {**TOPS, **MANAGED}[top](config)
        domains = domains_of(top, config)
        ports[name] = describe(component, domains)
        units[name] = to_rtlil(component, name, domains, outline)
    # Parts may contain further parts.
    done = set()
    while outline.modules.keys() - done:
        name = min(outline.modules.keys() - done)
        progress(f"elaborating {name}")
        component, domains = outline.modules[name]
        units[name] = to_rtlil(component, name, domains, outline)
        done.add(name)
    return units, ports


def _manifest(config: LinkConfig, ports: dict, files: dict[str, str]) -> str:
    geometry = config.geometry
    content = {
        "generator": "lampyris",
        "version": version("lampyris"),
        "tools": {"amaranth": version("amaranth"), "yosys": yosys_version()},
        "config": config.to_dict(),
        "derived": {
            "core_clock_mhz": config.core_clock_mhz,
            "bit_clock_mhz": config.bit_clock_mhz,
            "host_clock_mhz": config.host_clock,
            "host_bits": config.host_bits,
            "raw_rate_gbps": config.lanes * config.lane_rate_gbps,
            "net_rate_gbps": round(config.net_rate_gbps, 6),
            "deskew_depth_words": config.deskew_depth,
            "receive_queue_blocks": config.receive_depth,
            "round_trip_blocks": config.round_trip_blocks,
        },
        "frame": {
            "physical_lanes": geometry.physical_lanes,
            "word_bits": geometry.word_bits,
            "words_per_block": geometry.words_per_block,
            "granules_per_block": geometry.granules,
            "words": geometry.marker_period,
            "marker_words": geometry.marker_symbols,
            "sync_words": geometry.sync_symbols,
            "blocks": geometry.blocks_per_frame,
        },
        "modules": {name: {"ports": entries} for name, entries in ports.items()},
        "files": {name: {"bytes": len(text.encode()),
                         "sha256": hashlib.sha256(text.encode()).hexdigest()}
                  for name, text in sorted(files.items())},
    }
    return json.dumps(content, indent=1) + "\n"
