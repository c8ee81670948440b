"""Management by CMIS in a top: :class:`CmisManagement`, and its ways to a link's two clocks.

docs/cmis.md, section 8, has the rules. This file only wires.
"""

from typing import Any

from amaranth import DomainRenamer, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .cmis.identity import Identity
from .cmis.management import CmisManagement
from .config import LinkConfig
from .control.link_control import DownReason
from .lane_records import COUNT_WIDTH, LaneRecords, far_members
from .ports import pass_on
from .stream.held_word import HeldWord

__all__ = ["PINS", "CmisLink"]

PINS = {
    "scl": In(1), "sda": In(1), "scl_low": Out(1), "sda_low": Out(1), "interrupt_low": Out(1),
    "low_power": In(1), "temperature": In(16), "supply": In(16), "fault": In(8),
    "power": Out(1), "powered": In(1),
}
"""What the top gives to the outside, with the prefix ``cmis_``."""


class CmisLink(wiring.Component):
    """Presents a link as a module with CMIS, in the domains ``cmis``, ``tx`` and ``rx``.

    Parameters
    ----------
    config : LinkConfig
        With `cmis`.
    identity : Identity
        By default that of :class:`Identity`, with the name of the configuration as the part.

    Members
    -------
    scl, sda, scl_low, sda_low, interrupt_low : 1 bit
        The bus and IntL: pull low, or leave alone.
    low_power : 1 bit, in, of any domain
        The pin LPMode.
    temperature, supply : 16 bits, in, domain ``cmis``
        In 1/256 degree, signed; in 100 uV.
    fault : 8 bits, in, of any domain
        Anything but 0 leads to ModuleFault; to hold still for four clocks of ``cmis``.
    power : 1 bit, out, domain ``cmis``; powered : 1 bit, in, of any domain
        The module is to leave low power; it has. One may be the other.
    light, loopback : 1 bit, out, domain ``tx``
        What CMIS wants of the transmitter.
    lit, fault_tx : 1 bit, in, domain ``tx``
        Some LED has light (without drivers: `light`); some LED's driver has failed.
    codes_lane, codes_ask, codes_done, codes : domain ``tx``
        Of :class:`LaneDrivers`, with drivers only.
    summary_lane, summary_ask, summary_done, summary, all_dark : domain ``rx``
        Of :class:`LaneSummaries`.
    link_up : 1 bit, in, domain ``rx``

    Latency: 2 or 3 clocks for each level. Cost: those of :class:`CmisManagement` and
    :class:`LaneRecords`.
    """

    low_power: Signal
    temperature: Signal
    supply: Signal
    fault: Signal
    power: Signal
    powered: Signal
    light: Signal
    loopback: Signal
    lit: Signal
    fault_tx: Signal
    codes_lane: Signal
    codes_ask: Signal
    codes_done: Signal
    codes: Any
    link_up: Signal
    all_dark: Signal
    summary_lane: Signal
    summary_ask: Signal
    summary_done: Signal
    summary: Any

    def __init__(self, config: LinkConfig, *, identity: Identity | None = None):
        self._config = config
        geometry = config.geometry
        self._management = CmisManagement(
            clock_hz=int(config.cmis_clock_mhz * 1e6), lanes=geometry.physical_lanes,
            data_lanes=config.lanes, spares=config.spares, symbol_bits=config.gear,
            identity=identity or Identity(part=config.name[:16].upper()), width=COUNT_WIDTH)
        super().__init__({
            **PINS, "light": Out(1), "loopback": Out(1), "lit": In(1), "fault_tx": In(1),
            "link_up": In(1), "all_dark": In(1), **far_members(config),
        })

    def elaborate(self, platform):
        m = Module()
        management = self._management
        m.submodules.management = DomainRenamer("cmis")(management)
        for name in ("scl", "sda", "temperature", "supply"):
            m.d.comb += getattr(management, name).eq(getattr(self, name))
        for name in ("scl_low", "sda_low", "interrupt_low", "power"):
            m.d.comb += getattr(self, name).eq(getattr(management, name))
        m.d.comb += management.low_power_pin.eq(self.low_power)
        m.submodules.fault_crossing = cause = DomainRenamer("cmis")(HeldWord(width=8))
        m.d.comb += [cause.i.eq(self.fault), management.fault_cause.eq(cause.o)]

        m.submodules.records = records = LaneRecords(self._config)
        pass_on(m, self, records, far_members(self._config))
        m.d.comb += [
            records.lane.eq(management.lane), records.ask.eq(management.ask),
            management.down_reason.eq(Mux(records.receives, records.reason, DownReason.RESET)),
            *(getattr(management, name).eq(getattr(records, name))
              for name in ("answer", "record", "sample", "errors", "bits")),
        ]

        # Levels, two flip-flops each, from registers: what is decoded may have glitches.
        up, failed = Signal(), Signal()
        light, loopback = Signal(), Signal()
        m.d.cmis += [light.eq(management.light), loopback.eq(management.loopback)]
        for name, level, synchronized, domain in (
                ("power", self.powered, management.powered, "cmis"),
                ("up", self.link_up, up, "cmis"), ("dark", self.all_dark, management.dark, "cmis"),
                ("lit", self.lit, management.lit, "cmis"),
                ("failure", self.fault_tx, failed, "cmis"),
                ("light", light, self.light, "tx"), ("loopback", loopback, self.loopback, "tx")):
            m.submodules[f"{name}_crossing"] = FFSynchronizer(level, synchronized, o_domain=domain)
        # What comes from a clock that stands still does not count.
        m.d.comb += [
            management.link_up.eq(up & records.receives),
            management.tx_fault.eq(failed | records.halted),
            management.prepared.eq(management.prepare & records.sends),
        ]
        return m
