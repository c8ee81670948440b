"""The receiver: lanes in, host packets out. This file only wires; read it as the data path."""

from amaranth import Cat, DomainRenamer, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from .array_training import ArrayTraining, training_members
from .config import LinkConfig
from .control.counters import HostCounters
from .control.health import LaneHealth
from .control.lane_order import LaneOrder
from .control.lane_window import LaneWindow
from .control.link_control import DownReason, LinkControl
from .control.report_scale import report_scale
from .control.reports import ReportSender
from .control.spares import SpareManager, spares_in_use
from .framing.block_receiver import BlockReceiver
from .framing.correction import Correction
from .framing.decapsulator import Decapsulator
from .lane.receive_lane import LaneStatus, ReceiveLane
from .lane_summaries import LaneSummaries, summary_members
from .ports import flat_axi_stream, pass_on
from .shared import Repeated
from .stream.axi import AxiOutput
from .stream.crossing import ClockCrossing
from .stream.packet_store import PacketStore
from .stream.resize import resize
from .striping.deskew import DeskewReader
from .striping.sorter import LaneSorter, sorter_latency

__all__ = ["WordReceiver", "receiver_members"]

_FEC_MEMBERS = {
    "lost_lanes": Out(11), "corrected_words": Out(32), "failed_words": Out(32),
    "sick_lanes": Out(11), "suspect_lanes": Out(11), "place_index": In(11),
    "place_errors": Out(32), "place_sick": Out(1), "place_suspect": Out(1)}
_SPARE_MEMBERS = {
    "sparing": In(1), "degraded": Out(1), "near_spare": Out(16), "far_spare": Out(16)}


def receiver_members(config: LinkConfig) -> dict[str, wiring.Member]:
    """The ports of :class:`WordReceiver`."""
    lanes = config.geometry.physical_lanes
    return {
        **flat_axi_stream("m_axis", config.host_bits).members,
        "packets": Out(32), "flagged_packets": Out(32), "dropped_packets": Out(32),
        "stray_blocks": Out(32),
        "data": In(lanes * config.gear * config.sampling), "valid": In(lanes),
        "link_up": Out(1), "down_reason": Out(DownReason), "lane_locked": Out(lanes),
        "lane_dead": In(lanes), **(_FEC_MEMBERS if config.geometry.has_fec else {}),
        **(_SPARE_MEMBERS if spares_in_use(config.geometry) else {}),
        "near_pause": Out(1), "far_pause": Out(1), "lost_blocks": Out(16),
        "rx_message": Out(16), "lane_index": In(11), "lane_status": Out(LaneStatus),
        "rx_prbs": In(3), "clear": In(1), **training_members(config),
        **summary_members(config),
    }


class WordReceiver(wiring.Component):
    """One symbol per physical lane and core clock to the host stream.

    lanes (sample, align, lock, descramble, buffer) -> deskew -> sorter -> correction -> blocks ->
    receive queue (core clock to host clock) -> decapsulator [-> packet store] -> host

    Parameters
    ----------
    config : LinkConfig

    Members
    -------
    m_axis_* : AXI4-Stream, out, domain ``host``
    packets, flagged_packets, dropped_packets, stray_blocks : 32 bits each, out, domain ``host``
        Packets delivered good; delivered with ``tuser``; dropped whole because the host stalled
        (only with ``flow_control = "drop"``); blocks that fit nowhere. They wrap.
    data : N·gear·sampling bits, in; valid : N bits, in
        Of each lane the symbol, or the samples that :class:`Sampler` takes.
    link_up : 1 bit, out; down_reason : :class:`DownReason`, out
    lane_locked : N bits, out
    lane_dead : N bits, in
        Lanes known to be dead, e.g. from the factory: the link does not wait for them.
    lost_lanes : 11 bits, out; corrected_words, failed_words : 32 bits, out
        With FEC only: code lanes that are erased now; words that were corrected, and that could not
        be. The counts wrap.
    sick_lanes, suspect_lanes : 11 bits, out; place_index : 11 bits, in; place_errors : 32 bits,
    place_sick, place_suspect : 1 bit, out
        With FEC only: `index`, `errors` and the outputs of the same names of :class:`LaneHealth`,
        whose places are the logical lanes.
    sparing, degraded : 1 bit; near_spare, far_spare : 16 bits
        With FEC and spares only: `enable`, `degraded` and `word` of :class:`SpareManager`, and what
        the far end's said. The words hold still for a frame at least.
    near_pause : 1 bit, out
        The receive queue is filling: ask the far end to pause.
    far_pause : 1 bit, out
        The far end asks us to pause.
    lost_blocks : 16 bits, out
        Blocks that found the receive queue full; saturates.
    rx_message : 16 bits, out
        Back-channel word of the far transmitter.
    lane_index : 11 bits, in; lane_status : :class:`LaneStatus`, out
        Window on one physical lane.
    rx_prbs : 3 bits, in; clear : 1 bit, in
        Test pattern to check on all lanes; zero the lanes' counters and `lost_blocks`.
    monitor_data and so on
        With threshold DACs only: those of :func:`training_members`, of :class:`ArrayTraining`.
    summary_lane and so on
        With `cmis` only: those of :func:`summary_members`, of :class:`LaneSummaries`.
    All but the first two lines are in domain ``rx``.
    """

    m_axis_tready: Signal
    packets: Signal
    flagged_packets: Signal
    dropped_packets: Signal
    stray_blocks: Signal
    data: Signal
    valid: Signal
    link_up: Signal
    down_reason: Signal
    lane_locked: Signal
    lane_dead: Signal
    lost_lanes: Signal
    corrected_words: Signal
    failed_words: Signal
    sick_lanes: Signal
    suspect_lanes: Signal
    place_index: Signal
    place_errors: Signal
    place_sick: Signal
    place_suspect: Signal
    sparing: Signal
    degraded: Signal
    near_spare: Signal
    far_spare: Signal
    near_pause: Signal
    far_pause: Signal
    lost_blocks: Signal
    rx_message: Signal
    lane_index: Signal
    lane_status: View
    rx_prbs: Signal
    clear: Signal

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__(receiver_members(config))

    def elaborate(self, platform):
        m = Module()
        config, geometry = self._config, self._config.geometry
        lanes, gear, depth = geometry.physical_lanes, geometry.gear, config.deskew_depth
        in_rx, in_host = DomainRenamer("rx"), DomainRenamer("host")

        # Core clock: each physical lane by itself.
        absent = Signal(lanes)
        correction = Correction(geometry=geometry, delay=sorter_latency(lanes),
                                watched=config.threshold_bits > 0)
        control = LinkControl(geometry=geometry, settling=correction.settling)
        order = LaneOrder(lanes=lanes, code_lanes=geometry.code_lanes)
        reader = DeskewReader(lanes=lanes, depth=depth, places=geometry.marker_period,
                              drops=geometry.expendable > 0)
        window = LaneWindow(lanes=lanes)
        m.submodules.control = in_rx(control)
        m.submodules.order = in_rx(order)
        m.submodules.deskew = in_rx(reader)
        m.submodules.window = in_rx(window)
        receivers = Repeated(lambda: ReceiveLane(
            geometry=geometry, tolerance=config.marker_tolerance, depth=depth,
            sampling=config.sampling, scrambler=config.scrambler != "none",
            test_patterns=config.test_patterns),
            name="receive_lane", domains={"sync": "rx"})
        inputs = [Signal(gear * config.sampling, name=f"input{lane}") for lane in range(lanes)]
        m.d.comb += Cat(inputs).eq(self.data)
        parts = [receivers.add(
            m, platform, f"lane{lane}", i=inputs[lane], i_valid=self.valid[lane],
            dead=self.lane_dead[lane], run=control.run, open=reader.open, drop=reader.drop,
            address=reader.address, prbs=self.rx_prbs, clear=self.clear) for lane in range(lanes)]
        m.d.comb += [
            control.locked.eq(Cat(part.status.locked for part in parts)),
            control.joined.eq(Cat(part.status.joined for part in parts)),
            control.dead.eq(self.lane_dead | absent),
            reader.ready.eq(Cat(part.ready for part in parts)),
            reader.tight.eq(Cat(part.tight for part in parts)),
            window.i.eq(Cat(part.status for part in parts)),
            self.lane_locked.eq(control.locked),
        ]

        # Core clock: all lanes together.
        sorter = Repeated(lambda: LaneSorter(lanes=lanes, width=gear), name="lane_sorter",
                          domains={"sync": "rx"})
        ordered = sorter.add(
            m, platform, "sorter", i=Cat(part.o for part in parts), tags=order.tags, tag=order.tag,
            first=order.first, commit=order.commit)
        blocks = BlockReceiver(geometry=geometry)
        m.submodules.correction = in_rx(correction)
        m.submodules.blocks = in_rx(blocks)
        m.d.comb += [
            correction.valid.eq(reader.valid), correction.position.eq(reader.position),
            correction.word.eq(ordered.o.as_value()),
            blocks.word.eq(correction.o), blocks.take.eq(correction.take),
            blocks.last.eq(correction.last), blocks.bad.eq(correction.bad),
        ]
        summaries = self._summarize(m, parts, absent, control=control, order=order,
                                    reader=reader, window=window)
        if config.threshold_bits:
            self._train_lanes(m, parts, absent, control=control, order=order, window=window,
                              correction=correction, summaries=summaries)
        if geometry.has_fec:
            self._watch_lanes(m, control=control, order=order, reader=reader, window=window,
                              correction=correction, summaries=summaries)
        m.d.comb += [
            control.crowded.eq(reader.crowded), control.done.eq(order.done),
            control.lost.eq(order.lost), control.doubled.eq(order.doubled),
            reader.run.eq(control.run), reader.start.eq(control.start),
            order.turn.eq(window.turn), order.identity.eq(window.seen.identity),
            order.live.eq(Mux(control.run, window.seen.joined, window.seen.locked)),
            order.commit_out.eq(ordered.commit_out),
            blocks.up.eq(control.up),
            window.index.eq(self.lane_index), self.lane_status.eq(window.status),
            self.rx_message.eq(window.message), self.link_up.eq(control.up),
            self.down_reason.eq(control.reason), self.far_pause.eq(blocks.pause),
        ]
        with m.If(blocks.lost & ~self.lost_blocks.all()):
            m.d.rx += self.lost_blocks.eq(self.lost_blocks + 1)
        with m.If(self.clear):
            m.d.rx += self.lost_blocks.eq(0)

        # Core clock to host clock.
        queue = ClockCrossing(width=32 * geometry.granules + 2, depth=config.receive_depth,
                              write_domain="rx", read_domain="host")
        m.submodules.queue = queue
        m.d.comb += [queue.i.payload.eq(blocks.o.payload), queue.i.valid.eq(blocks.o.valid),
                     blocks.o.ready.eq(queue.i.ready)]
        if config.flow_control == "pause":
            # Ask for silence while what may be under way just fits; go on at half of that fill.
            brim = config.receive_depth - config.round_trip_blocks
            with m.If(queue.level >= brim):
                m.d.rx += self.near_pause.eq(1)
            with m.Elif(queue.level <= brim // 2):
                m.d.rx += self.near_pause.eq(0)
        else:
            m.d.comb += self.near_pause.eq(0)   # else the exporter takes it for an input

        # Host clock.
        decapsulator = Decapsulator(granules=geometry.granules)
        counters = HostCounters()
        axi = AxiOutput(width=config.host_bits)
        m.submodules.decapsulator = in_host(decapsulator)
        m.submodules.counters = in_host(counters)
        m.submodules.axi = in_host(axi)
        m.d.comb += [decapsulator.i.payload.eq(queue.o.payload),
                     decapsulator.i.valid.eq(queue.o.valid),
                     queue.o.ready.eq(decapsulator.i.ready), counters.stray.eq(decapsulator.stray)]
        beats = decapsulator.o
        if config.flow_control == "drop":
            store = PacketStore(width=32 * geometry.granules, capacity_bytes=config.packet_buffer)
            m.submodules.store = in_host(store)
            wiring.connect(m, beats, store.i)
            m.d.comb += counters.dropped.eq(store.dropped)
            beats = store.o
        if config.host_bits != 32 * geometry.granules:
            resizer = resize(32 * geometry.granules, config.host_bits)
            m.submodules.resizer = in_host(resizer)
            wiring.connect(m, beats, resizer.i)
            beats = resizer.o
        wiring.connect(m, beats, axi.i)
        for name in ("tdata", "tkeep", "tlast", "tuser", "tvalid"):
            m.d.comb += getattr(self, f"m_axis_{name}").eq(getattr(axi, name))
        ends = axi.tvalid & axi.tready & axi.tlast
        m.d.comb += [
            axi.tready.eq(self.m_axis_tready),
            counters.packet.eq(ends & ~axi.tuser), counters.flagged.eq(ends & axi.tuser),
            self.packets.eq(counters.packets), self.flagged_packets.eq(counters.flagged_packets),
            self.dropped_packets.eq(counters.dropped_packets),
            self.stray_blocks.eq(counters.stray_blocks),
        ]
        return m

    def _watch_lanes(self, m: Module, *, control: LinkControl, order: LaneOrder,
                     reader: DeskewReader, window: LaneWindow, correction: Correction,
                     summaries: LaneSummaries | None):
        """With FEC: which lanes are erased, and which are replaced by a spare."""
        geometry, in_rx = self._config.geometry, DomainRenamer("rx")
        moving = Signal(geometry.code_lanes)
        health = LaneHealth(places=geometry.physical_lanes, code_places=geometry.code_lanes,
                            limit=geometry.expendable)
        m.submodules.health = in_rx(health)
        if spares_in_use(geometry):
            spares = SpareManager(geometry=geometry, reports=self._config.compensation)
            m.submodules.spares = in_rx(spares)
            m.d.comb += [
                spares.enable.eq(self.sparing), spares.up.eq(control.up),
                spares.frame.eq(reader.valid & (reader.position == 0)),
                spares.live.eq(order.present), spares.sick.eq(health.sick),
                spares.lost.eq(health.count), spares.identity.eq(order.identity),
                order.served.eq(spares.served), order.leave.eq(spares.leave),
                self.near_spare.eq(spares.word), self.degraded.eq(spares.degraded),
                self.far_spare.eq(window.spare), moving.eq(spares.moving),
            ]
            if self._config.compensation:
                self._report(m, control=control, health=health, spares=spares)
            if summaries:
                m.d.comb += summaries.served.eq(spares.table)
        if summaries:
            m.d.comb += summaries.look.eq(health.look)
        m.d.comb += [
            correction.erasures.eq(health.erased | health.sick[:geometry.code_lanes]),
            self.lost_lanes.eq(Mux(correction.overfull, order.lost, correction.erased)),
            health.wrong.eq(correction.wrong), health.live.eq(order.present),
            health.up.eq(control.up),
            health.erased.eq(~order.present[:geometry.code_lanes] | moving),
            health.clear.eq(self.clear), health.index.eq(self.place_index),
            self.place_errors.eq(health.errors),
            *(getattr(self, name).eq(getattr(health, name)) for name in (
                "sick_lanes", "suspect_lanes", "place_sick", "place_suspect")),
        ]
        for event, counter in ((correction.corrected, self.corrected_words),
                               (correction.failed, self.failed_words)):
            with m.If(self.clear):
                m.d.rx += counter.eq(0)
            with m.Elif(event & control.up):
                m.d.rx += counter.eq(counter + 1)

    def _report(self, m: Module, *, control: LinkControl, health: LaneHealth,
                spares: SpareManager):
        """With compensation: the far transmitter hears what errors its lanes make."""
        geometry = self._config.geometry
        reports = ReportSender(lanes=geometry.physical_lanes, wait=health.window + 4,
                               shift=report_scale(geometry).shift)
        m.submodules.error_reports = DomainRenamer("rx")(reports)
        wiring.connect(m, reports.o, spares.report)
        m.d.comb += [
            reports.up.eq(control.up), health.report_index.eq(reports.index),
            reports.live.eq(health.report_live), reports.errors.eq(health.report_errors),
            reports.failed.eq(self.failed_words),
        ]

    def _train_lanes(self, m: Module, parts: list, absent: Signal, *, control: LinkControl,
                     order: LaneOrder, window: LaneWindow, correction: Correction,
                     summaries: LaneSummaries | None):
        """With threshold DACs: what sets them, and watches the lanes' eyes."""
        training = ArrayTraining(self._config, error_delay=correction.error_delay)
        m.submodules.training = DomainRenamer("rx")(training)
        for lane, part in enumerate(parts):
            m.d.comb += [training.i[lane].phase.eq(part.status.phase),
                         training.i[lane].taken.eq(part.taken),
                         training.i[lane].mark.eq(part.mark)]
        m.d.comb += [
            training.locked.eq(control.locked), training.dead.eq(self.lane_dead),
            training.running.eq(control.run), training.up.eq(control.up),
            training.reason.eq(control.reason), training.turn.eq(window.turn),
            training.turn_locked.eq(window.seen.locked), training.lane_index.eq(self.lane_index),
            absent.eq(training.absent), control.hope.eq(training.hope),
        ]
        if training.watches:
            m.d.comb += [
                # A lane that is not believed still names a place that another one has by now.
                training.turn_joined.eq(window.seen.joined
                                        & ~order.shunned.bit_select(window.turn, 1)),
                training.turn_identity.eq(window.seen.identity),
                training.present.eq(order.present),
                correction.place.eq(training.place), training.errors.eq(correction.errors),
            ]
        pass_on(m, self, training, training_members(self._config))
        if summaries:
            m.d.comb += [summaries.movable.eq(training.movable),
                         *(getattr(summaries, name).eq(getattr(training, name))
                           for name in ("dac_write", "dac_lane", "dac_code"))]

    def _summarize(self, m: Module, parts: list, absent: Signal, *, control: LinkControl,
                   order: LaneOrder, reader: DeskewReader, window: LaneWindow):
        """With a management: what it is told of the lanes."""
        if not self._config.cmis:
            return None
        summaries = LaneSummaries(self._config)
        m.submodules.summaries = DomainRenamer("rx")(summaries)
        pass_on(m, self, summaries, summary_members(self._config))
        m.d.comb += [
            summaries.turn.eq(window.turn), summaries.seen.eq(window.seen),
            summaries.following.eq(Cat(part.following for part in parts)),
            summaries.address.eq(reader.address), summaries.given_up.eq(self.lane_dead),
            summaries.dark.eq(absent), summaries.shunned.eq(order.shunned),
            summaries.reason.eq(control.reason),
        ]
        if not self._config.geometry.has_fec:
            m.d.comb += [summaries.wrong.eq(Cat(part.wrong for part in parts)),
                         summaries.pattern.eq(self.rx_prbs != 0)]
        return summaries
