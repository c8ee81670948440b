"""One engine that finds the thresholds of all lanes, and keeps them there while traffic runs."""

from amaranth import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .level_finder import LevelFinder

__all__ = ["ThresholdLoop", "command_layout", "threshold_layout"]


def threshold_layout(width: int) -> data.StructLayout:
    """What the engine keeps of a lane."""
    return data.StructLayout({
        "code": width,
        "known": 1,             # the code has been found, not only assumed
        "manual": 1,            # it was set by hand, and stays
        "offset": signed(width + 3),    # own comparator minus monitor, quarter codes
        # As last looked at, by the comparator that did it.
        "low": width, "high": width, "dark": 1, "beyond": 1,
    })


def command_layout(lanes: int, width: int) -> data.StructLayout:
    """With `manual` the lane gets `code` and keeps it; without, it is the engine's again."""
    return data.StructLayout({"lane": range(lanes), "manual": 1, "code": width})


class ThresholdLoop(wiring.Component):
    """Goes round the lanes, finds the levels of each, and moves its threshold to their mean.

    The rules are those of `docs/lane.md`, section 4. A lane that may be moved is swept itself; of a
    lane in traffic the monitor finds the levels. As one comparator's code is not another's, a lane
    that is swept is looked at by the monitor, too, and the difference is kept.

    Parameters
    ----------
    lanes : int, 1..2048
    gear, width, settle, window, least
        Of :class:`LevelFinder`.
    hysteresis : int, 3..64
        Quarter codes between threshold and mean that are worth a step of a code. With 3 a lane
        that has stepped is a quarter code or less away from where it wants to be.

    Members
    -------
    monitor, own : `gear` bits, in; valid : 1 bit, in
        Samples of `lane` in the middle of its bits, by the monitor and by its own comparator:
        place ratio // 2 of `seen`, and `bits`, of :class:`EyePlaces`. A lane whose words do not
        come holds up the others until it is told `dead`.
    lane : out, 0..lanes-1
        The one that these must be of; the analogue switch follows it, too.
    monitor_code : `width` bits, out
    dac_write : 1 bit, out; dac_lane : out; dac_code : `width` bits, out
        The working comparator of a lane gets a code.
    dead : `lanes` bits, in
        Pass over.
    movable : `lanes` bits, in
        Nobody relies on the lane, or waits for its lock.
    roving : 1 bit, in
        There is a monitor.
    hurry : 1 bit, in
        Pass over lanes that would only be looked at.
    freeze : 1 bit, in
        Move no working code.
    hold : 1 bit, in; idle : 1 bit, out
        Stop after the turn of this lane; the monitor is free for an :class:`EyeMonitor`.
    sweeping : 1 bit, out
        The working comparator of `lane` is being swept.
    round : 1 bit, out
        The last lane's turn is over.
    begun, over : 1 bit, out
        The turn of `lane` begins; it is over. Between the two `dead`, `movable`, `roving` and
        `freeze` are heeded as they are.
    judged, dark : 1 bit, out
        With `over`: the lane's levels were looked for, and there were none.
    command : stream of :func:`command_layout`, in
        Taken between the turns of two lanes.
    index : in, 0..lanes-1; state : :func:`threshold_layout`, out
        What is known of a lane, a cycle later.

    Latency: a turn is a search of :class:`LevelFinder` and 8 cycles, two searches and 12 cycles if
    the lane is swept and there is a monitor, 4 cycles if it is passed over. With the defaults and
    140 lanes a round in traffic is 972,580 cycles or 1.9 ms at 500 MHz; the first one, with both
    comparators, 439,320 or 0.9 ms.

    Cost on an ECP5 of speed grade 6, placed alone, with gear 8: 751 LUT4 (64 of them as LUT RAM),
    261 flip-flops and 136 MHz with 8 lanes; 976 LUT4, 287 flip-flops, 2 block RAMs and 106 MHz with
    140.
    """

    monitor: Signal
    own: Signal
    valid: Signal
    lane: Signal
    monitor_code: Signal
    dac_write: Signal
    dac_lane: Signal
    dac_code: Signal
    dead: Signal
    movable: Signal
    roving: Signal
    hurry: Signal
    freeze: Signal
    hold: Signal
    idle: Signal
    sweeping: Signal
    round: Signal
    begun: Signal
    over: Signal
    judged: Signal
    dark: Signal
    command: stream.Interface
    index: Signal
    state: data.View

    def __init__(self, *, lanes: int, gear: int, width: int = 6, settle: int = 64,
                 window: int = 512, least: int = 4, hysteresis: int = 3):
        check_range("lanes", lanes, 1, 2048)
        check_range("hysteresis", hysteresis, 3, 64)
        self._lanes, self._width, self._hysteresis = lanes, width, hysteresis
        self._finder = LevelFinder(gear=gear, width=width, settle=settle, window=window,
                                   least=least)
        super().__init__({
            "monitor": In(gear), "own": In(gear), "valid": In(1), "lane": Out(range(lanes)),
            "monitor_code": Out(width), "dac_write": Out(1), "dac_lane": Out(range(lanes)),
            "dac_code": Out(width), "dead": In(lanes), "movable": In(lanes), "roving": In(1),
            "hurry": In(1), "freeze": In(1), "hold": In(1), "idle": Out(1),
            "sweeping": Out(1), "round": Out(1),
            "begun": Out(1), "over": Out(1), "judged": Out(1), "dark": Out(1),
            "command": In(stream.Signature(command_layout(lanes, width))),
            "index": In(range(lanes)), "state": Out(threshold_layout(width)),
        })

    def elaborate(self, platform):
        m = Module()
        layout = threshold_layout(self._width)
        m.submodules.finder = finder = self._finder
        m.submodules.memory = memory = Memory(shape=layout, depth=self._lanes, init=[])
        shown, read, write = memory.read_port(), memory.read_port(), memory.write_port()
        old = Signal(layout)                # of `lane`, as its turn began, or as it was swept
        quick = Signal()
        m.d.comb += [
            shown.addr.eq(self.index), self.state.eq(shown.data), self.monitor_code.eq(finder.code),
            finder.i.eq(Mux(self.sweeping, self.own, self.monitor)), finder.i_valid.eq(self.valid),
            finder.quick.eq(quick), write.addr.eq(self.lane), write.data.eq(old),
            read.addr.eq(self.lane),
        ]

        dead, allowed, movable, sweepable, last = (Signal() for _ in range(5))
        m.d.sync += [               # the lane is there two cycles before they are needed
            dead.eq(self.dead.bit_select(self.lane, 1)),
            allowed.eq(self.movable.bit_select(self.lane, 1)),
        ]
        m.d.comb += [
            movable.eq(allowed & ~self.freeze),
            sweepable.eq(movable & ~old.manual), last.eq(self.lane == self._lanes - 1),
        ]
        m.d.sync += [self.dac_write.eq(0), self.dac_lane.eq(self.lane), self.round.eq(0)]

        def set_code(code):
            m.d.sync += [self.dac_write.eq(1), self.dac_code.eq(code)]

        def keep_levels():
            m.d.comb += [write.en.eq(1), write.data.low.eq(finder.low),
                         write.data.high.eq(finder.high), write.data.dark.eq(finder.dark),
                         write.data.beyond.eq(finder.beyond)]

        wanted = self._judge(m, old)
        done = Signal(3)                    # the levels are there, and `wanted` has followed
        m.d.sync += done.eq(Cat(finder.done, done))
        command = Signal.like(self.command.payload)
        pair = Signal()                     # the monitor looks at what has just been swept
        swept = Signal.like(finder.middle)  # middle of that
        with m.FSM():
            with m.State("WIPE"):           # waits until all lanes have the code to begin with
                middle = 1 << self._width - 1
                m.d.comb += [write.en.eq(1), write.data.eq(layout.const({"code": middle}))]
                set_code(middle)
                m.d.sync += self.lane.eq(Mux(last, 0, self.lane + 1))
                with m.If(last):
                    m.next = "BETWEEN"
            with m.State("BETWEEN"):        # waits while it is held
                m.d.comb += [self.command.ready.eq(1), self.idle.eq(self.hold)]
                with m.If(self.command.valid):
                    m.d.comb += read.addr.eq(self.command.payload.lane)
                    m.d.sync += command.eq(self.command.payload)
                    m.next = "COMMAND"
                with m.Elif(~self.hold):
                    m.next = "READ"
            with m.State("COMMAND"):
                m.d.comb += [write.addr.eq(command.lane), write.en.eq(1), write.data.eq(read.data),
                             write.data.manual.eq(command.manual)]
                with m.If(command.manual):
                    m.d.comb += write.data.code.eq(command.code)
                    set_code(command.code)
                    m.d.sync += self.dac_lane.eq(command.lane)
                m.next = "BETWEEN"
            with m.State("READ"):
                m.d.sync += old.eq(read.data)
                m.next = "BEGIN"
            with m.State("BEGIN"):
                m.d.comb += self.begun.eq(1)
                m.d.sync += [quick.eq(~old.known), pair.eq(0), self.judged.eq(0)]
                m.next = "NEXT"
                with m.If(~dead & (sweepable | (self.roving & ~self.hurry))):
                    m.d.comb += finder.start.eq(1)
                    m.d.sync += self.sweeping.eq(sweepable)
                    m.next = "LOOK"
            with m.State("LOOK"):           # waits for the levels
                with m.If(self.sweeping & finder.moved):
                    set_code(finder.code)
                with m.If(dead | (self.sweeping & ~movable)):
                    m.d.sync += self.dac_write.eq(0)
                    m.next = "LEAVE"
                with m.Elif(done[2]):
                    m.next = "LEAVE"
                    keep_levels()
                    with m.If(~pair):
                        m.d.sync += [self.judged.eq(1), self.dark.eq(finder.dark)]
                    with m.If(self.sweeping & ~finder.dark):
                        m.d.comb += [write.data.code.eq(wanted), write.data.known.eq(1)]
                        m.d.sync += [old.eq(write.data), swept.eq(finder.middle)]
                        with m.If(self.roving):
                            m.next = "PAIR"
                    with m.Elif(pair & ~finder.dark):
                        m.d.comb += write.data.offset.eq(swept - finder.middle)
                    with m.Elif(~self.sweeping & ~pair & ~finder.dark & ~old.manual & ~self.freeze):
                        m.d.comb += [write.data.code.eq(wanted), write.data.known.eq(1)]
                        with m.If(wanted != old.code):
                            set_code(wanted)
            with m.State("PAIR"):
                set_code(old.code)
                m.d.comb += finder.start.eq(1)
                m.d.sync += [self.sweeping.eq(0), pair.eq(1)]
                m.next = "LOOK"
            with m.State("LEAVE"):
                with m.If(self.sweeping):   # a sweep ends with the code found, or that of before
                    set_code(old.code)
                m.d.sync += self.sweeping.eq(0)
                m.next = "NEXT"
            with m.State("NEXT"):
                m.d.comb += self.over.eq(1)
                m.d.sync += [self.lane.eq(Mux(last, 0, self.lane + 1)), self.round.eq(last)]
                m.next = "BETWEEN"
        return m

    def _judge(self, m: Module, old) -> Signal:
        """The code that the levels ask for, 3 cycles after they are there: a step, or at once."""
        finder, top = self._finder, (1 << self._width) - 1
        target = Signal(signed(self._width + 4))        # quarter codes
        away = Signal(signed(self._width + 5))
        wanted = Signal(self._width)
        m.d.sync += [target.eq(finder.middle + old.offset), away.eq(target - (old.code << 2)),
                     wanted.eq(old.code)]
        with m.If(self.sweeping | ~old.known):
            # It is never above the DAC: unless the lane is dark, one level at least is below `top`.
            m.d.sync += wanted.eq((finder.middle + 2) >> 2)
        with m.Elif((away >= self._hysteresis) & (old.code != top)):
            m.d.sync += wanted.eq(old.code + 1)
        with m.Elif((away <= -self._hysteresis) & (old.code != 0)):
            m.d.sync += wanted.eq(old.code - 1)
        return wanted
