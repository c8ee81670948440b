"""Ports at the edge of the design: AXI4-Stream by flat names, and ports that are passed on."""

from collections.abc import Iterable
from typing import Any

from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["flat_axi_stream", "pass_on"]


def flat_axi_stream(name: str, width: int) -> wiring.Signature:
    """AXI4-Stream as its source sees it: ``<name>_tdata`` (`width` bits), ``<name>_tkeep``, ...

    ``tuser`` is 1 bit and marks the packet as bad; it counts with ``tlast``.
    """
    return wiring.Signature({
        f"{name}_tdata": Out(width), f"{name}_tkeep": Out(width // 8), f"{name}_tlast": Out(1),
        f"{name}_tuser": Out(1), f"{name}_tvalid": Out(1), f"{name}_tready": In(1),
    })


def pass_on(m: Module, outer: Any, inner: Any, names: Iterable[str], prefix: str = ""):
    """Connect ports of a part with those that it gives to the component around it, where their
    names begin with `prefix`."""
    for name in names:
        port, own = getattr(inner, name), getattr(outer, f"{prefix}{name}")
        m.d.comb += port.eq(own) if inner.signature.members[name].flow == In else own.eq(port)
