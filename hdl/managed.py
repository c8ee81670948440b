"""The tops with registers: a transceiver whose controls and status are behind a bus.

Wiring only: each function below joins a bank of `link_registers.py` with the transceiver's ports.
To add registers, append them to the map and a :class:`RegisterBlock` here to those of its bank.
"""

from typing import Any

from amaranth import DomainRenamer, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from .cmis.identity import Identity
from .cmis_link import PINS, CmisLink
from .config import LinkConfig
from .control.registers.axi_lite import AXI_LITE, AxiLite, axi_lite_members
from .control.registers.bit_window import BitWindow
from .control.registers.blocks import RegisterBlock, connect
from .control.registers.events import loss, rise, step
from .control.registers.fabric import RegisterFabric
from .control.registers.indexed import IndexedWords
from .control.registers.wishbone import WISHBONE, Wishbone, wishbone_members
from .control.spares import spares_in_use
from .driver_registers import driver_block
from .link_registers import host_registers, link_map, link_timeout, rx_registers, tx_registers
from .ports import pass_on
from .training_registers import training_block
from .transceiver import Transceiver

__all__ = ["BUSES", "Managed"]

BUSES = {"axi_lite": (AXI_LITE, axi_lite_members, AxiLite),
         "wishbone": (WISHBONE, wishbone_members, Wishbone)}

_SHOWN = ("s_axis_", "m_axis_", "lane_tx_data", "lane_rx_data", "lane_rx_valid", "monitor_", "dac_",
          "drive_codes", "drive_open", "drive_short", "drive_lit", "drive_sclk", "drive_sdata",
          "drive_latch", "drive_blank", "drive_sback", "drive_sensor")


class Managed(wiring.Component):
    """Modules ``lampyris_managed`` (AXI4-Lite) and ``lampyris_managed_wb`` (Wishbone).

    The streams, lanes, and what goes to drivers and comparators are those of :class:`Transceiver`;
    all else is in registers
    (docs/register_map.md).

    Parameters
    ----------
    config : LinkConfig
    bus : ``"axi_lite"`` or ``"wishbone"``
    identity : Identity
        With `cmis`: that of :class:`CmisLink`.

    Members
    -------
    s_axil_* or wb_* : in, domain ``host``
        Of :func:`axi_lite_members` or :func:`wishbone_members`.
    irq : 1 bit, out, domain ``host``
        A level: some flag is set that its mask lets through.
    link_up : 1 bit, out, domain ``rx``
    cmis_*
        With `cmis`: the pins of :class:`CmisLink`.
    cmis_light : 1 bit, out, domain ``tx``
        With `cmis`, but without drivers: LEDs may have light, as CMIS says.
    """

    irq: Signal
    link_up: Signal
    cmis_light: Signal

    def __init__(self, config: LinkConfig, *, bus: str = "axi_lite",
                 identity: Identity | None = None):
        if bus not in BUSES:
            raise ValueError(f"bus must be one of {', '.join(BUSES)}, not {bus!r}")
        self._config, self._bus = config, bus
        self._map = link_map(config)
        self._link: Any = Transceiver(config)  # its members depend on the configuration
        self._cmis = CmisLink(config, identity=identity) if config.cmis else None
        prefix, members, _ = BUSES[bus]
        shown = {name: member for name, member in self._link.signature.members.items()
                 if name.startswith(_SHOWN)}
        super().__init__({
            **shown, "irq": Out(1), "link_up": Out(1), **_cmis_members(config),
            **{f"{prefix}_{name}": member
               for name, member in members(self._map.address_bits).items()}})

    def elaborate(self, platform):
        m = Module()
        config, link = self._config, self._link
        m.submodules.link = link
        pass_on(m, self, link, [name for name in link.signature.members
                                if name in self.signature.members])

        prefix, members, front_end = BUSES[self._bus]
        in_host = DomainRenamer("host")
        bus = front_end(address_bits=self._map.address_bits)
        fabric = RegisterFabric(self._map, domains=("host", "tx", "rx"),
                                timeout=link_timeout(config))
        m.submodules.bus = in_host(bus)
        m.submodules.registers = DomainRenamer({"sync": "host"})(fabric)
        wiring.connect(m, bus.o, fabric.i)
        wiring.connect(m, fabric.o, bus.i)
        pass_on(m, self, bus, members(self._map.address_bits), f"{prefix}_")
        m.d.comb += self.irq.eq(fabric.interrupt)

        connect(m, fabric.banks["host"], [_host_block(m, config, link, fabric)])
        tx, rx = fabric.banks["tx"], fabric.banks["rx"]
        cmis = self._cmis
        if cmis:
            m.submodules.cmis = cmis
            pass_on(m, self, cmis, PINS, "cmis_")
            _connect_cmis(m, config, link, cmis)
            if config.driver == "none":
                m.d.comb += self.cmis_light.eq(cmis.light)
        connect(m, tx, [_tx_block(m, config, link, tx, cmis),
                        driver_block(m, config, link, tx, cmis)])
        connect(m, rx, [_rx_block(m, config, link, rx), training_block(m, config, link, rx)])
        return m


def _host_block(m: Module, config: LinkConfig, link: Any,
                fabric: RegisterFabric) -> RegisterBlock:
    counters = {"packets": link.packets, "flagged_packets": link.flagged_packets,
                "stray_blocks": link.stray_blocks}
    events = {"packet_flagged": link.flagged_packets, "stray_block": link.stray_blocks}
    if config.flow_control == "drop":
        counters["dropped_packets"] = link.dropped_packets
        events["packet_dropped"] = link.dropped_packets
    return RegisterBlock(host_registers(config), {
        **{f"interrupts_{name}": fabric.interrupts[place]
           for place, name in enumerate(fabric.banks)},
        **{f"{name}_count": value for name, value in counters.items()},
        **{f"events_{name}": step(m, "host", name, value) for name, value in events.items()},
    })


def _cmis_members(config: LinkConfig) -> dict[str, wiring.Member]:
    if not config.cmis:
        return {}
    light = {"cmis_light": Out(1)} if config.driver == "none" else {}
    return {**{f"cmis_{name}": member for name, member in PINS.items()}, **light}


def _connect_cmis(m: Module, config: LinkConfig, link: Any, cmis: CmisLink):
    m.d.rx += [cmis.link_up.eq(link.link_up), cmis.all_dark.eq(link.all_dark)]
    names = [(name, "summary") for name in ("lane", "ask", "done")]
    m.d.comb += cmis.summary.eq(link.summary)
    if config.driver == "none":
        m.d.comb += cmis.lit.eq(cmis.light)
    else:
        m.d.tx += [cmis.lit.eq(link.drive_ready & link.drive_lit.any()),
                   cmis.fault_tx.eq(link.drive_fault)]
        m.d.comb += cmis.codes.eq(link.codes)
        names += [(name, "codes") for name in ("lane", "ask", "done")]
    for name, group in names:
        theirs, ours = getattr(link, f"{group}_{name}"), getattr(cmis, f"{group}_{name}")
        m.d.comb += ours.eq(theirs) if name == "done" else theirs.eq(ours)


def _tx_block(m: Module, config: LinkConfig, link: Any, bank,
              cmis: CmisLink | None) -> RegisterBlock:
    geometry = config.geometry
    loopback = link.loopback
    if cmis:        # Either may ask for it; from a register, as it goes to another clock.
        loopback = Signal(name="control_loopback")
        looped = Signal(name="looped")
        m.d.tx += looped.eq(loopback | cmis.loopback)
        m.d.comb += link.loopback.eq(looped)
    lanes = IndexedWords(width=geometry.identity_bits, init=range(geometry.physical_lanes))
    m.submodules.lane_map = DomainRenamer("tx")(lanes)
    m.d.comb += [lanes.index.eq(bank.lane_index_lane), link.lane_map.eq(lanes.o)]
    return RegisterBlock(tx_registers(config), {
        # From the clock of the transmitter: the receiver has synchronizers for it.
        "control_loopback": loopback,
        **({"control_prbs": link.tx_prbs} if config.test_patterns else {}),
        "seed_entropy": link.seed, "message_word": link.tx_message,
        "lane_map_physical": lanes.q, "lane_map_physical_value": lanes.value,
        "lane_map_physical_write": lanes.write,
    })


def _rx_block(m: Module, config: LinkConfig, link: Any, bank) -> RegisterBlock:
    lanes = config.geometry.physical_lanes
    dead = IndexedWords(width=1, init=[0] * lanes)
    locked = BitWindow(count=lanes)
    m.submodules.lane_dead = DomainRenamer("rx")(dead)
    m.submodules.lane_locked = DomainRenamer("rx")(locked)
    m.d.comb += [
        dead.index.eq(bank.lane_index_lane), link.lane_dead.eq(dead.o),
        locked.index.eq(bank.lane_index_lane), locked.i.eq(link.lane_locked),
        link.lane_index.eq(bank.lane_index_lane), link.clear.eq(bank.control_clear),
    ]
    status = link.lane_status
    sampled = ("quiet", "level", "phase") if config.sampling > 1 else ()
    counted = ("errors", "bad_markers", *(["lost_symbols"] if config.sampling > 1 else []))
    return RegisterBlock(rx_registers(config), {
        "status_link_up": link.link_up, "status_down_reason": link.down_reason,
        **({"control_prbs": link.rx_prbs} if config.test_patterns else {}),
        "message_word": link.rx_message, "lost_blocks_count": link.lost_blocks,
        **{f"lane_status_{name}": getattr(status, name) for name in (
            "locked", "joined", "inverted", "sparing", "message_valid", "identity", *sampled)},
        "lane_message_word": status.message,
        **{f"lane_errors_{name}": getattr(status, name) for name in counted},
        "lane_control_dead": dead.q, "lane_control_dead_value": dead.value,
        "lane_control_dead_write": dead.write, "lane_locked_bits": locked.o,
        "events_link_up": rise(m, "rx", "link_up", link.link_up),
        "events_link_down": rise(m, "rx", "link_down", ~link.link_up),
        "events_lane_lost": loss(m, "rx", "lanes", link.lane_locked),
        "events_lost_block": step(m, "rx", "lost_block", link.lost_blocks, bank.control_clear),
        **(_fec_signals(m, link, bank) if config.geometry.has_fec else {}),
        **(_spare_signals(m, link) if spares_in_use(config.geometry) else {}),
    })


def _fec_signals(m: Module, link: Any, bank) -> dict[str, Value]:
    m.d.comb += link.place_index.eq(bank.place_index_place)
    return {
        "fec_status_lost_lanes": link.lost_lanes,
        "lane_health_sick": link.sick_lanes, "lane_health_suspect": link.suspect_lanes,
        "corrected_words_count": link.corrected_words, "failed_words_count": link.failed_words,
        "place_status_sick": link.place_sick, "place_status_suspect": link.place_suspect,
        "place_errors_count": link.place_errors,
        "events_failed_word": step(m, "rx", "failed_word", link.failed_words, bank.control_clear),
        "events_lane_sick": rise(m, "rx", "lane_sick", link.sick_lanes.any()),
    }


def _spare_signals(m: Module, link: Any) -> dict[str, Value]:
    return {"control_sparing": link.sparing, "fec_status_degraded": link.degraded,
            "events_degraded": rise(m, "rx", "degraded", link.degraded)}
