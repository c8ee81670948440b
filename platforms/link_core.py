"""The link as a board carries it: transceiver, test packets, and a look at every lane in turn."""

from typing import Any

from amaranth import Cat, Const, DomainRenamer, Module, Mux, Signal
from amaranth.lib import memory, wiring

from lampyris.config import LinkConfig
from lampyris.transceiver import Transceiver

from .board import BoardCoreSignature
from .packets import PacketCheck, PacketSource

__all__ = ["LinkCore"]

_DOMAINS = {"tx": "core", "rx": "core", "host": "core", "tx_bit": "bit", "rx_bit": "bit"}
"""One oscillator drives all of a board; the queues between the link's domains do no harm."""


class LinkCore(wiring.Component):
    """A :class:`Transceiver` that talks to itself or to its like, with :class:`BoardCoreSignature`.

    Parameters
    ----------
    config : LinkConfig
        In the serial view.

    Members
    -------
    Those of :class:`BoardCoreSignature`. A lane's `errors` bit stands for one clock if its count of
    errors has grown since the last look at it, 2 x lanes + 4 clocks x lanes ago.
    """

    lane: Any
    pattern: Signal
    clear: Signal
    link_up: Signal
    locked: Signal
    errors: Signal
    packets: Signal
    bad_packet: Signal

    def __init__(self, config: LinkConfig):
        if config.view != "serial":
            raise ValueError(f'a board needs a link with view = "serial", not "{config.view}"')
        self._config = config
        super().__init__(BoardCoreSignature(config.geometry.physical_lanes,
                                            bits=2 if config.ddr else 1))

    @property
    def config(self) -> LinkConfig:
        return self._config

    def elaborate(self, platform):
        m = Module()
        config, geometry = self._config, self._config.geometry
        lanes, in_core = geometry.physical_lanes, DomainRenamer("core")
        link: Any = Transceiver(config)
        source, check = PacketSource(config.host_bits), PacketCheck(config.host_bits)
        m.submodules.link = DomainRenamer(_DOMAINS)(link)
        m.submodules.source = in_core(source)
        m.submodules.check = in_core(check)
        for name in ("tdata", "tkeep", "tlast", "tuser", "tvalid"):
            m.d.comb += [getattr(link, f"s_axis_{name}").eq(getattr(source.o, name)),
                         getattr(check.i, name).eq(getattr(link, f"m_axis_{name}"))]
        m.d.comb += [source.o.tready.eq(link.s_axis_tready), link.m_axis_tready.eq(check.i.tready)]

        # The seed base of the first frame: wherever a free-running register is at that moment.
        seed = Signal(16, init=1)
        m.d.core += seed.eq((seed >> 1) ^ Mux(seed[0], 0xB400, 0))
        m.d.comb += [
            self.lane.tx.eq(link.lane_tx_data), link.lane_rx_data.eq(self.lane.rx),
            link.seed.eq(seed), link.tx_prbs.eq(self.pattern), link.rx_prbs.eq(self.pattern),
            link.lane_map.eq(Cat(Const(lane, geometry.identity_bits) for lane in range(lanes))),
            self.link_up.eq(link.link_up), self.packets.eq(link.packets),
            self.bad_packet.eq(check.bad),
        ]
        self._watch(m, link, lanes)
        return m

    def _watch(self, m: Module, link: Any, lanes: int):
        """Look at the lanes in turn; after a clear or a new pattern, forget for two rounds."""
        dwell = 2 * lanes + 4  # the window shows a new lane after `lanes` + 2 clocks at most
        wait = Signal(range(dwell))
        lane = Signal(range(lanes))
        before = Signal.like(self.pattern)
        forget = Signal(range(2 * lanes + 1))
        following = Signal(lanes)
        m.submodules.counts = counts = memory.Memory(shape=16, depth=lanes, init=[])
        seen = counts.read_port(domain="comb")
        keep = counts.write_port(domain="core")
        found = link.lane_status.errors
        grown = Signal()
        m.d.comb += [
            link.lane_index.eq(lane), link.clear.eq(forget != 0),
            seen.addr.eq(lane), keep.addr.eq(lane),
            keep.data.eq(found),
            grown.eq((found != seen.data) | found.all()),  # at its highest, a count stays
        ]
        m.d.core += [before.eq(self.pattern), self.errors.eq(0), wait.eq(wait + 1),
                     self.locked.eq(Mux(self.pattern != 0, following, link.lane_locked))]
        with m.If(wait == dwell - 1):
            m.d.comb += keep.en.eq(1)
            m.d.core += [wait.eq(0), lane.eq(Mux(lane == lanes - 1, 0, lane + 1))]
            with m.If(forget != 0):
                m.d.core += forget.eq(forget - 1)
            with m.Else():
                m.d.core += [self.errors.bit_select(lane, 1).eq(grown),
                             following.bit_select(lane, 1).eq(~grown)]
        with m.If(self.clear | (before != self.pattern)):
            m.d.core += [forget.eq(2 * lanes), following.eq(0)]
