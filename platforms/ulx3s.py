"""ULX3S with an LFE5U-85F: eight lanes each way on header J2.

===== ============== ============ ============== ============
lane  transmit (gp)  FPGA pin     receive (gn)   FPGA pin
===== ============== ============ ============== ============
0     J2 5+  GP14    U18          J2 5-  GN14    U17
1     J2 7+  GP15    N17          J2 7-  GN15    P16
2     J2 9+  GP16    N16          J2 9-  GN16    M17
3     J2 11+ GP17    L16          J2 11- GN17    L17
4     J2 13+ GP18    H18          J2 13- GN18    H17
5     J2 15+ GP19    F17          J2 15- GN19    G18
6     J2 17+ GP20    D18          J2 17- GN20    E17
7     J2 23+ GP21    C18          J2 23- GN21    D17
===== ============== ============ ============== ============

All are pins of the chip's right side, which has the fast I/O registers. Transmit and receive of a
lane face each other across the header, so eight jumper caps loop the lanes outside the chip.
GP14..17 and GN14..17 also reach the inputs of the board's ADC, which do not drive.

Switch 0 loops the lanes inside the chip, switch 1 sends PRBS31, switch 3 shows errors by lane;
button FIRE 1 clears the error count. For the LEDs see :class:`~.indicators.Indicators`.
"""

from amaranth import ClockDomain, Elaboratable, Module, Mux, Signal
from amaranth.build import Attrs, Pins, Resource
from amaranth.hdl import DomainRenamer
from amaranth.lib import io, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth_boards.ulx3s import ULX3S_85F_Platform

from lampyris.config import PRESETS, LinkConfig

from .board import Board, BoardCore
from .indicators import Indicators
from .lane_io import DdrLaneIO, PlainLaneIO
from .pll import Ecp5Pll, PllPlan

__all__ = ["BOARD", "CONFIG", "Ulx3sTop"]

CONFIG = PRESETS["uled8"].with_settings({"lane_rate_gbps": 0.2, "ddr": True})
"""200 Mb/s through the DDR registers of the pads: a bit clock of 100 MHz, a core of 25 MHz. With
plain registers the serializer would have to run at 200 MHz, and does not at speed grade 6."""

PLAN = PllPlan.of(25, CONFIG.bit_clock_mhz, CONFIG.core_clock_mhz, speed=6)
DOMAINS = ("bit", "core")
PRBS31 = 5

_PAIRS = range(14, 22)
_OUT = Attrs(IO_TYPE="LVCMOS33", DRIVE="8", SLEWRATE="FAST")
_IN = Attrs(IO_TYPE="LVCMOS33", PULLMODE="DOWN")  # an open input is quiet

RESOURCES = [
    Resource("lane_tx", 0,
             Pins(" ".join(f"{n}+" for n in _PAIRS), dir="o", conn=("gpio", 0)), _OUT),
    Resource("lane_rx", 0,
             Pins(" ".join(f"{n}-" for n in _PAIRS), dir="i", conn=("gpio", 0)), _IN),
]


class Ulx3sTop(Elaboratable):
    """Clocks, pins and indicators around a core.

    Parameters
    ----------
    core : BoardCore
        For 8 lanes of 2 bits per clock.
    """

    def __init__(self, core: BoardCore):
        self._core = core

    def elaborate(self, platform):
        m = Module()
        lanes = CONFIG.geometry.physical_lanes
        for name in DOMAINS:
            m.domains += ClockDomain(name)
        m.submodules.clocks = clocks = Ecp5Pll(PLAN, domains=DOMAINS)
        variant = DdrLaneIO if CONFIG.ddr else PlainLaneIO
        m.submodules.lane_io = lane_io = variant(
            platform.request("lane_tx", 0, dir="-"), platform.request("lane_rx", 0, dir="-"),
            tx_domain="bit", rx_domain="bit")
        m.submodules.core = core = self._core
        m.submodules.indicators = indicators = DomainRenamer("core")(Indicators(lanes))

        def pin(name: str, number: int, direction: str) -> io.Buffer:
            buffer = io.Buffer(io.Direction(direction), platform.request(name, number, dir="-"))
            m.submodules[f"{name}{number}_pin"] = buffer
            return buffer

        m.d.comb += clocks.clock.eq(pin("clk25", 0, "i").i)

        by_lane, pattern, clear = Signal(), Signal(), Signal()
        # Switches and buttons: slow, each on its own, so a bounce only repeats the choice.
        for name, number, target in (("switch", 1, pattern), ("switch", 3, by_lane),
                                     ("button_fire", 0, clear)):
            m.submodules[f"{name}{number}_sync"] = FFSynchronizer(pin(name, number, "i").i, target,
                                                                  o_domain="core")
        m.d.comb += lane_io.loop.eq(pin("switch", 0, "i").i)  # synchronised there

        wiring.connect(m, core.lane, lane_io.lane)
        m.d.comb += [
            core.pattern.eq(Mux(pattern, PRBS31, 0)),
            core.clear.eq(clear),
            indicators.link_up.eq(core.link_up),
            indicators.locked.eq(core.locked),
            indicators.errors.eq(core.errors),
            indicators.bad_packet.eq(core.bad_packet),
            indicators.clear.eq(clear),
            indicators.by_lane.eq(by_lane),
        ]
        for number in range(8):
            m.d.comb += pin("led", number, "o").o.eq(indicators.leds[number])
        return m


def _platform() -> ULX3S_85F_Platform:
    platform = ULX3S_85F_Platform()
    platform.add_resources(RESOURCES)
    return platform


def _core(config: LinkConfig) -> BoardCore:
    from .link_core import LinkCore  # the link itself is large: import it only to build it
    return LinkCore(config)


BOARD = Board(name="ulx3s", title="Radiona ULX3S, LFE5U-85F", programmer="ulx3s", device="85k",
              package="CABGA381", speed=6, config=CONFIG, plan=PLAN, domains=DOMAINS,
              platform=_platform, top=Ulx3sTop, core=_core)
