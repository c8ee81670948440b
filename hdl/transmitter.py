"""The transmitter: host packets in, lanes out. This file only wires; read it as the data path."""

from typing import Any

from amaranth import Cat, Const, DomainRenamer, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .control.lane_map import LaneMapShifter
from .control.report_route import ReportRoute
from .control.reports import LEVEL_BITS, ReportReader
from .control.spares import SpareTable, spares_in_use
from .fec.encoder import WordEncoder
from .fec.group_encoder import GroupEncoder
from .framing.encapsulator import Encapsulator
from .framing.framer import Framer
from .framing.slot_delay import SlotDelay
from .framing.transmit_lane import TransmitLane
from .lane.output_lane import OutputLane
from .lane_drivers import LaneDrivers, driver_members
from .ports import flat_axi_stream, pass_on
from .shared import Repeated
from .stream.axi import AxiInput
from .stream.crossing import ClockCrossing
from .stream.held_word import HeldWord
from .stream.resize import resize
from .striping.sorter import LaneSorter

__all__ = ["WordTransmitter", "transmitter_members"]

_QUEUE_BLOCKS = 16


def transmitter_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports of :class:`WordTransmitter`."""
    geometry = config.geometry
    lanes = geometry.physical_lanes
    return {
        **flat_axi_stream("s_axis", config.host_bits).flip().members,
        "data": Out(lanes * config.gear),
        "lane_map": In(lanes * geometry.identity_bits),
        "seed": In(16), "tx_message": In(16), "far_pause": In(1), "near_pause": In(1),
        "tx_prbs": In(3),
        **({"near_spare": In(16), "far_spare": In(16)} if spares_in_use(geometry) else {}),
        **driver_members(config),
    }


class WordTransmitter(wiring.Component):
    """Host stream to one symbol per physical lane and core clock.

    host -> encapsulator -> queue (host clock to core clock) -> framer [-> FEC] -> lanes (scramble,
    marker) -> lane map -> test pattern -> out

    Parameters
    ----------
    config : LinkConfig

    Members
    -------
    s_axis_* : AXI4-Stream, in, domain ``host``
    data : N·gear bits, out
    lane_map : N entries of ``identity_bits``, in
        Physical lane of each logical lane; takes effect at the next frame.
    seed, tx_message, far_pause, near_pause : in
        ``seed``, ``message``, ``pause`` and ``wish`` of :class:`Framer`.
    near_spare, far_spare : 16 bits, in, of any domain
        With FEC and spares only: what to tell the far sparing, and what that said. 0 for neither.
    tx_prbs : 3 bits, in
        Test pattern instead of traffic on all lanes, 0 for none.
    light and so on
        With LED drivers only: those of :func:`driver_members`, of :class:`LaneDrivers`.
    All but the stream and the spare words are in domain ``tx``.

    Latency from the host's beat to the symbols: 8 host cycles, 1 + 3 in the queue, then 3 core
    cycles and those of the FEC encoder and the lane map.
    """

    s_axis_tready: Signal
    data: Signal
    lane_map: Signal
    seed: Signal
    tx_message: Signal
    far_pause: Signal
    near_pause: Signal
    near_spare: Signal
    far_spare: Signal
    tx_prbs: Signal

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__(transmitter_members(config))

    def elaborate(self, platform):
        m = Module()
        config, geometry = self._config, self._config.geometry
        lanes, gear = geometry.physical_lanes, geometry.gear
        row_bits = 32 * geometry.granules
        in_host, in_tx = DomainRenamer("host"), DomainRenamer("tx")

        # Host clock.
        axi = AxiInput(width=config.host_bits)
        encapsulator = Encapsulator(granules=geometry.granules)
        m.submodules.axi = in_host(axi)
        m.submodules.encapsulator = in_host(encapsulator)
        for name in ("tdata", "tkeep", "tlast", "tuser", "tvalid"):
            m.d.comb += getattr(axi, name).eq(getattr(self, f"s_axis_{name}"))
        m.d.comb += self.s_axis_tready.eq(axi.tready)
        rows = axi.o
        if config.host_bits != row_bits:
            resizer = resize(config.host_bits, row_bits)
            m.submodules.resizer = in_host(resizer)
            wiring.connect(m, axi.o, resizer.i)
            rows = resizer.o
        wiring.connect(m, rows, encapsulator.i)

        m.submodules.queue = queue = ClockCrossing(
            width=row_bits, depth=_QUEUE_BLOCKS, write_domain="host", read_domain="tx")
        wiring.connect(m, encapsulator.o, queue.i)

        # Core clock.
        drivers = self._drivers(m)
        sparing = spares_in_use(geometry) > 0
        framer = Framer(geometry=geometry, flow_control=config.flow_control == "pause",
                        sparing=sparing)
        mapper = LaneMapShifter(geometry=geometry)
        m.submodules.framer = in_tx(framer)
        m.submodules.mapper = in_tx(mapper)
        wiring.connect(m, queue.o, framer.i)
        m.d.comb += [
            framer.seed.eq(self.seed), framer.message.eq(self.tx_message),
            framer.pause.eq(self.far_pause), framer.wish.eq(self.near_pause),
            framer.run.eq(mapper.ready), mapper.lane_map.eq(self.lane_map),
        ]
        if sparing:
            near, far = HeldWord(width=16), HeldWord(width=16)
            table = SpareTable(geometry=geometry)
            m.submodules.near_spare_crossing = in_tx(near)
            m.submodules.far_spare_crossing = in_tx(far)
            m.submodules.spares = in_tx(table)
            m.d.comb += [near.i.eq(self.near_spare), far.i.eq(self.far_spare),
                         framer.spare.eq(near.o), table.word.eq(far.o),
                         mapper.served.eq(table.served)]
            if config.compensation:
                self._hear_reports(m, far.o, table, drivers)
        word, slot, position = framer.word, framer.slot, framer.position
        if geometry.has_fec:
            if geometry.group:
                encoder = GroupEncoder(geometry.group)
                m.d.comb += encoder.start.eq(framer.start)
            else:
                encoder = WordEncoder(n=geometry.code_lanes, k=geometry.lanes, m=gear)
            slots = SlotDelay(geometry=geometry, cycles=encoder.latency)
            m.submodules.encoder = in_tx(encoder)
            m.submodules.slots = in_tx(slots)
            m.d.comb += [encoder.i.eq(word), slots.i.eq(slot), slots.position.eq(position)]
            word, slot, position = encoder.o, slots.o, slots.position_out
        m.d.comb += mapper.position.eq(position)
        senders = Repeated(
            lambda: TransmitLane(geometry=geometry, scrambler=config.scrambler != "none"),
            name="transmit_lane", domains={"sync": "tx"})
        outputs = Repeated(lambda: OutputLane(gear=gear, test_patterns=config.test_patterns),
                           name="output_lane", domains={"sync": "tx"})
        symbols = [Signal(gear, name=f"symbol{lane}") for lane in range(lanes)]
        mapped = [Signal(gear, name=f"mapped{lane}") for lane in range(lanes)]
        sent = [senders.add(m, platform, f"lane{lane}", identity=lane, slot=slot,
                            i=symbols[lane]).o for lane in range(lanes)]
        sorter = Repeated(lambda: LaneSorter(lanes=lanes, width=gear), name="lane_sorter",
                          domains={"sync": "tx"})
        ordered = sorter.add(m, platform, "sorter", i=Cat(sent), tags=mapper.tags, tag=mapper.tag,
                             first=mapper.first, commit=mapper.commit)
        m.d.comb += [Cat(symbols).eq(word), Cat(mapped).eq(ordered.o.as_value())]
        patterns, inverted = self._controls(drivers)
        m.d.comb += self.data.eq(Cat(
            outputs.add(m, platform, f"output{lane}", lane=lane, prbs=patterns[lane],
                        invert=inverted[lane], i=mapped[lane]).o for lane in range(lanes)))
        return m

    def _drivers(self, m: Module) -> Any:
        """The LED drivers, or None."""
        if self._config.driver == "none":
            return None
        drivers = LaneDrivers(self._config)
        m.submodules.drivers = DomainRenamer("tx")(drivers)
        pass_on(m, self, drivers, driver_members(self._config))
        return drivers

    def _hear_reports(self, m: Module, word: Signal, table: SpareTable, drivers: LaneDrivers):
        """From the words of the far sparing to the driver of the LED that is meant."""
        geometry, in_tx = self._config.geometry, DomainRenamer("tx")
        reader = ReportReader(lanes=geometry.physical_lanes)
        route = ReportRoute(geometry=geometry, width=LEVEL_BITS)
        m.submodules.reports = in_tx(reader)
        m.submodules.report_route = in_tx(route)
        wiring.connect(m, reader.o, route.i)
        wiring.connect(m, route.o, drivers.report)
        m.d.comb += [reader.word.eq(word), route.served.eq(table.served),
                     route.lane_map.eq(self.lane_map)]

    def _controls(self, drivers: Any) -> tuple[list, list]:
        """The test pattern and the polarity of each lane; drivers have a say in it."""
        lanes = range(self._config.geometry.physical_lanes)
        if drivers is None:
            return [self.tx_prbs for _ in lanes], [Const(0) for _ in lanes]
        controls = [drivers.control[lane] for lane in lanes]
        return ([Mux(control.pattern != 0, control.pattern, self.tx_prbs) for control in controls],
                [control.invert for control in controls])
