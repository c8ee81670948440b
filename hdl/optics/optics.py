"""What goes round the comparators of all lanes: one monitor, for thresholds and for eye scans."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from ..shapes import error_layout
from .eye_monitor import EyeMonitor
from .eye_places import EyePlaces
from .eye_truth import EyeTruth
from .threshold_loop import ThresholdLoop, command_layout, threshold_layout

__all__ = ["Optics", "lane_layout", "scan_layout"]


_TRUTH_CYCLES = 2       # of EyeTruth, beyond its delay


def lane_layout(gear: int, ratio: int) -> data.StructLayout:
    """What it hears of each lane: `phase` and `taken` of its `Sampler`, `mark` of its
    `ReceiveLane`."""
    return data.StructLayout({"phase": range(ratio), "taken": gear, "mark": 1})


def scan_layout(lanes: int, longest: int) -> data.StructLayout:
    """A wish for an eye scan of 2^dwell words per code."""
    return data.StructLayout({"lane": range(lanes), "dwell": range(longest + 1)})


class Optics(wiring.Component):
    """The threshold loop and the eye monitor, which share the monitor comparator.

    A scan waits until the turn of a lane is over; the loop waits until the scan is.

    Parameters
    ----------
    lanes, width, window, least, hysteresis
        Of :class:`ThresholdLoop`.
    settle : int, 8..65536
        Of :class:`Dwell`: 6 words of registers, and the rest for DAC, comparator and switch.
    gear, ratio
        Of the lanes' samplers.
    longest, count_width
        Of :class:`EyeMonitor`.
    truth : :class:`EyeTruth` or None
        Of the same gear and ratio, where there is FEC. Each code takes its delay longer.

    Members
    -------
    i : gear·ratio samples, in; i_valid : 1 bit, in
        Of the monitor. The lanes' samplers pass over the same cycles.
    lanes : array of `lanes` x :func:`lane_layout`, in
    lane : out, 0..lanes-1
        Where the analogue switch is to be.
    code : `width` bits, out
        Of the monitor.
    dac_write, dac_lane, dac_code, dead, movable, roving, hurry, freeze, sweeping, round, command,
    index, state
        Of :class:`ThresholdLoop`.
    turn, begun, over, judged, dark
        `lane`, and the outputs of these names, of :class:`ThresholdLoop`.
    scan : stream of :func:`scan_layout`, in
        Taken when the scan begins.
    scanning : 1 bit, out
    fec_truth : 1 bit, out
        The scan, or the last one, has had the truth from the FEC.
    up, sure : 1 bit, in; errors : :func:`error_layout`, in
        Of :class:`EyeTruth`, if there is one, for the lane `lane`.
    looked, index_code, index_place, count
        Of :class:`EyeMonitor`.

    Latency: 2 cycles more than those of the parts. Cost on an ECP5 of speed grade 6, placed alone,
    with gear 8 and ratio 4: 1315 LUT4, 584 flip-flops, a block RAM and 117 MHz with 8 lanes; 2789
    LUT4, 620 flip-flops, 3 block RAMs and 102 MHz with 140, which is 20 LUT4 per lane. With `truth`
    511 LUT4, 409 flip-flops and 3 block RAMs more, and 111 MHz, with 8 lanes.
    """

    i: Signal
    i_valid: Signal
    lanes: data.View
    lane: Signal
    code: Signal
    dac_write: Signal
    dac_lane: Signal
    dac_code: Signal
    dead: Signal
    movable: Signal
    roving: Signal
    hurry: Signal
    freeze: Signal
    sweeping: Signal
    round: Signal
    turn: Signal
    begun: Signal
    over: Signal
    judged: Signal
    dark: Signal
    command: stream.Interface
    index: Signal
    state: data.View
    scan: stream.Interface
    scanning: Signal
    fec_truth: Signal
    up: Signal
    sure: Signal
    errors: data.View
    looked: Signal
    index_code: Signal
    index_place: Signal
    count: Signal

    def __init__(self, *, lanes: int, gear: int, ratio: int, width: int = 6, settle: int = 64,
                 window: int = 512, least: int = 4, hysteresis: int = 3, longest: int = 20,
                 count_width: int = 16, truth: EyeTruth | None = None):
        check_range("settle", settle, 8, 65536)
        self._truth = truth
        late = truth.delay + _TRUTH_CYCLES if truth else 0
        self._gear, self._ratio, self._lanes, self._longest = gear, ratio, lanes, longest
        self._monitor = EyeMonitor(gear=gear, ratio=ratio, width=width, settle=settle + late,
                                   longest=longest, count_width=count_width)
        self._loop = ThresholdLoop(lanes=lanes, gear=gear, width=width, settle=settle,
                                   window=window, least=least, hysteresis=hysteresis)
        super().__init__({
            "i": In(gear * ratio), "i_valid": In(1),
            "lanes": In(data.ArrayLayout(lane_layout(gear, ratio), lanes)),
            "lane": Out(range(lanes)), "code": Out(width),
            "dac_write": Out(1), "dac_lane": Out(range(lanes)), "dac_code": Out(width),
            "dead": In(lanes), "movable": In(lanes), "roving": In(1), "hurry": In(1),
            "freeze": In(1),
            "sweeping": Out(1), "round": Out(1), "turn": Out(range(lanes)), "begun": Out(1),
            "over": Out(1), "judged": Out(1), "dark": Out(1),
            "command": In(stream.Signature(command_layout(lanes, width))),
            "index": In(range(lanes)), "state": Out(threshold_layout(width)),
            "scan": In(stream.Signature(scan_layout(lanes, longest))), "scanning": Out(1),
            "fec_truth": Out(1),
            **({"up": In(1), "sure": In(1), "errors": In(error_layout(gear))} if truth else {}),
            "looked": Out(self._monitor.looked.shape()), "index_code": In(width),
            "index_place": In(range(ratio)), "count": Out(count_width),
        })

    def elaborate(self, platform):
        m = Module()
        loop, monitor = self._loop, self._monitor
        m.submodules.sampled = places = EyePlaces(gear=self._gear, ratio=self._ratio)
        m.submodules.loop, m.submodules.monitor = loop, monitor

        # The lane that is listened to, and the monitor's samples of the same cycle.
        heard = Signal(lane_layout(self._gear, self._ratio))
        m.d.sync += [heard.eq(self.lanes[self.lane]), places.i.eq(self.i),
                     places.i_valid.eq(self.i_valid)]
        m.d.comb += [
            places.phase.eq(heard.phase), places.taken.eq(heard.taken),
            loop.monitor.eq(places.seen[self._ratio // 2]), loop.own.eq(places.bits),
            loop.valid.eq(places.valid),
        ]
        started = Signal()
        if self._truth is None:
            m.d.comb += [monitor.seen.eq(places.seen), monitor.bits.eq(places.bits),
                         monitor.valid.eq(places.valid),
                         self.fec_truth.eq(0)]      # else the exporter takes it for an input
        else:
            m.submodules.truth = truth = self._truth
            m.d.comb += [
                truth.start.eq(started), truth.busy.eq(monitor.busy), truth.mark.eq(heard.mark),
                truth.up.eq(self.up), truth.sure.eq(self.sure), truth.errors.eq(self.errors),
                self.fec_truth.eq(truth.fec), monitor.seen.eq(truth.shown),
                monitor.bits.eq(truth.sent), monitor.valid.eq(truth.counts),
                *(getattr(truth, name).eq(getattr(places, name))
                  for name in ("seen", "bits", "more", "valid")),
            ]

        wish = Signal(scan_layout(self._lanes, self._longest))
        m.d.comb += [
            loop.hold.eq(self.scan.valid | started | monitor.busy),
            self.scan.ready.eq(loop.idle & ~started & ~monitor.busy),
            self.scanning.eq(started | monitor.busy), monitor.start.eq(started),
            monitor.dwell.eq(wish.dwell),
            self.code.eq(Mux(self.scanning, monitor.code, loop.monitor_code)),
            self.turn.eq(loop.lane),
        ]
        m.d.sync += [started.eq(self.scan.valid & self.scan.ready),
                     self.lane.eq(Mux(self.scanning, wish.lane, loop.lane))]
        with m.If(self.scan.ready):
            m.d.sync += wish.eq(self.scan.payload)

        for part, names in (
                (loop, ("dac_write", "dac_lane", "dac_code", "sweeping", "round", "begun", "over",
                        "judged", "dark", "state")),
                (monitor, ("looked", "count"))):
            m.d.comb += [getattr(self, name).eq(getattr(part, name)) for name in names]
        for part, names in (
                (loop, ("dead", "movable", "roving", "hurry", "freeze", "index")),
                (monitor, ("index_code", "index_place"))):
            m.d.comb += [getattr(part, name).eq(getattr(self, name)) for name in names]
        wiring.connect(m, wiring.flipped(self.command), loop.command)
        return m
