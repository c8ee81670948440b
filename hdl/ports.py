"""AXI4-Stream at the edge of the design."""

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["flat_axi_stream"]


def flat_axi_stream(name: str, width: int) -> wiring.Signature:
    """AXI4-Stream as its source sees it: ``<name>_tdata`` (`width` bits), ``<name>_tkeep``, ...

    ``tuser`` is 1 bit and marks the packet as bad; it counts with ``tlast``.
    """
    return wiring.Signature({
        f"{name}_tdata": Out(width), f"{name}_tkeep": Out(width // 8), f"{name}_tlast": Out(1),
        f"{name}_tuser": Out(1), f"{name}_tvalid": Out(1), f"{name}_tready": In(1),
    })
