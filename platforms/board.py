"""What the build needs to know of a board, and what a board asks of the core it carries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from amaranth import Module, Signal
from amaranth.build import Platform
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.config import LinkConfig

from .lane_io import LaneIOSignature
from .pll import PllPlan

__all__ = ["Board", "BoardCore", "BoardCoreSignature", "Design"]


class BoardCoreSignature(wiring.Signature):
    """A core that a board can carry, with the domains ``bit`` and ``core`` (bit clock / gear).

    Members
    -------
    lane : Out(LaneIOSignature)
        In the domain ``bit``; all else is in ``core``.
    pattern : In(3)
        Test pattern, link-format section 7; 0 for traffic.
    clear : In(1)
        Clears the error counts.
    link_up : Out(1)
    locked : Out(lanes)
        Lanes that are aligned, or follow the test pattern if one is on.
    errors : Out(lanes)
        1 for a clock when wrong bits were found on the lane.
    packets : Out(32)
        Test packets received without error; wraps.
    bad_packet : Out(1)
        1 for a clock when a packet arrived otherwise than it was sent.
    """

    def __init__(self, lanes: int, *, bits: int = 1):
        self.lanes = lanes
        self.bits = bits
        super().__init__({
            "lane": Out(LaneIOSignature(lanes, bits=bits)),
            "pattern": In(3),
            "clear": In(1),
            "link_up": Out(1),
            "locked": Out(lanes),
            "errors": Out(lanes),
            "packets": Out(32),
            "bad_packet": Out(1),
        })


class Design(Protocol):
    """Anything that Amaranth elaborates."""

    def elaborate(self, platform: Any) -> Module: ...


class BoardCore(Design, Protocol):
    """A component with :class:`BoardCoreSignature`."""

    lane: Any
    pattern: Signal
    clear: Signal
    link_up: Signal
    locked: Signal
    errors: Signal
    packets: Signal
    bad_packet: Signal


@dataclass(frozen=True, kw_only=True)
class Board:
    """One board.

    Members
    -------
    name : str
        As on the command line.
    title : str
    programmer : str
        Its name in openFPGALoader.
    device, package, speed
        As nextpnr names them.
    config : LinkConfig
        The link it carries.
    plan : PllPlan
        Its clocks, the bit clock first.
    domains : tuple of str
        Domain of each output of the plan.
    platform : callable
        A new Amaranth platform, with the lanes among its resources.
    top : callable
        Core (with :class:`BoardCoreSignature`) -> top-level design.
    core : callable
        Config -> the core it carries by default.
    """

    name: str
    title: str
    programmer: str
    device: str
    package: str
    speed: int
    config: LinkConfig
    plan: PllPlan
    domains: tuple[str, ...]
    platform: Callable[[], Platform]
    top: Callable[[BoardCore], Design]
    core: Callable[[LinkConfig], BoardCore]
