"""The state of the data path: all host lanes and all LEDs together."""

from amaranth import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["DataPathState", "DataPathStateMachine"]


class DataPathState(enum.Enum, shape=4):
    """CMIS's encoding."""

    DEACTIVATED = 1     # until the module is ready and the host does not deinitialize it
    INIT = 2            # until `prepared`
    DEINIT = 3          # until `prepared` is gone
    ACTIVATED = 4       # until something is to be undone
    TURN_ON = 5         # until `lit`
    TURN_OFF = 6        # until `lit` is gone
    INITIALIZED = 7     # until there is to be light, or no data path


class DataPathStateMachine(wiring.Component):
    """CMIS's data path state machine. It is that of sending: a link that is down leaves it be.

    Members
    -------
    allowed : 1 bit, in
        The module is ready, and the host has not deinitialized the path.
    disabled : 1 bit, in
        The host wants no light.
    prepare, light : 1 bit, out
        What is wanted: a transmitter that is ready to send, and the LEDs' light.
    prepared, lit : 1 bit, in
        That it is so.
    state : 4 bits, out
        As :class:`DataPathState`.
    reached : 1 bit, out
        One clock: a state that lasts has been entered.
    down : 1 bit, out
        Deactivated.

    Latency: 1 clock. Cost: a few LUTs.
    """

    allowed: Signal
    disabled: Signal
    prepare: Signal
    light: Signal
    prepared: Signal
    lit: Signal
    state: Signal
    reached: Signal
    down: Signal

    def __init__(self):
        super().__init__({
            "allowed": In(1), "disabled": In(1), "prepare": Out(1), "light": Out(1),
            "prepared": In(1), "lit": In(1),
            "state": Out(4), "reached": Out(1), "down": Out(1)})

    def elaborate(self, platform):
        m = Module()
        states = DataPathState
        state = Signal(states, init=states.DEACTIVATED)
        before = Signal(states, init=states.DEACTIVATED)
        want_light = Signal()
        m.d.comb += [
            want_light.eq(self.allowed & ~self.disabled),
            self.state.eq(state), self.down.eq(state == states.DEACTIVATED),
            self.light.eq((state == states.TURN_ON) | (state == states.ACTIVATED)),
            self.prepare.eq((state != states.DEACTIVATED) & (state != states.DEINIT)),
            self.reached.eq((state != before) & ((state == states.DEACTIVATED)
                            | (state == states.INITIALIZED) | (state == states.ACTIVATED))),
        ]
        m.d.sync += before.eq(state)
        with m.Switch(state):
            with m.Case(states.DEACTIVATED):
                m.d.sync += state.eq(Mux(self.allowed, states.INIT, state))
            with m.Case(states.INIT):
                with m.If(~self.allowed):
                    m.d.sync += state.eq(states.DEINIT)
                with m.Elif(self.prepared):
                    m.d.sync += state.eq(states.INITIALIZED)
            with m.Case(states.INITIALIZED):
                with m.If(~self.allowed):
                    m.d.sync += state.eq(states.DEINIT)
                with m.Elif(want_light):
                    m.d.sync += state.eq(states.TURN_ON)
            with m.Case(states.TURN_ON):
                with m.If(~want_light):
                    m.d.sync += state.eq(states.TURN_OFF)
                with m.Elif(self.lit):
                    m.d.sync += state.eq(states.ACTIVATED)
            with m.Case(states.ACTIVATED):
                m.d.sync += state.eq(Mux(want_light, state, states.TURN_OFF))
            with m.Case(states.TURN_OFF):
                m.d.sync += state.eq(Mux(self.lit, state, states.INITIALIZED))
            with m.Case(states.DEINIT):
                m.d.sync += state.eq(Mux(self.prepared, state, states.DEACTIVATED))
        return m
