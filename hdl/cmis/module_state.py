"""The state of the module: low power, on the way up, ready, on the way down, fault."""

from amaranth import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ModuleState", "ModuleStateMachine"]


class ModuleState(enum.Enum, shape=3):
    """CMIS's encoding."""

    LOW_POWER = 1       # until high power is allowed
    POWER_UP = 2        # until `powered`
    READY = 3           # until low power is asked for
    POWER_DOWN = 4      # until the data path is down and `powered` is gone
    FAULT = 5           # until a reset


class ModuleStateMachine(wiring.Component):
    """CMIS's module state machine. Management works in every state.


    Members
    -------
    low_power : 1 bit, in
        LowPwrRequestSW, or the pin if it is allowed to count.
    fault : 1 bit, in
        A cause for the fault state, from which only a reset leads.
    powered : 1 bit, in
        What `power` asks for has been done.
    path_down : 1 bit, in
        The data path is deactivated.
    power : 1 bit, out
        High power is wanted.
    ready : 1 bit, out
        The data path may be there.
    state : ModuleState, out
    reached : 1 bit, out
        One clock: a state that lasts has been entered: low power, ready or fault.

    Latency: 1 clock. Cost: a few LUTs.
    """

    low_power: Signal
    fault: Signal
    powered: Signal
    path_down: Signal
    power: Signal
    ready: Signal
    state: Signal
    reached: Signal

    def __init__(self):
        super().__init__({
            "low_power": In(1), "fault": In(1), "powered": In(1), "path_down": In(1),
            "power": Out(1), "ready": Out(1), "state": Out(3), "reached": Out(1)})

    def elaborate(self, platform):
        m = Module()
        state = Signal(ModuleState, init=ModuleState.LOW_POWER)
        before = Signal(ModuleState, init=ModuleState.LOW_POWER)
        m.d.comb += [
            self.state.eq(state), self.ready.eq(state == ModuleState.READY),
            self.power.eq((state == ModuleState.POWER_UP) | (state == ModuleState.READY)
                          | ((state == ModuleState.POWER_DOWN) & ~self.path_down)),
            self.reached.eq((state != before) & ((state == ModuleState.LOW_POWER)
                            | (state == ModuleState.READY) | (state == ModuleState.FAULT))),
        ]
        m.d.sync += before.eq(state)
        with m.Switch(state):
            with m.Case(ModuleState.LOW_POWER):
                m.d.sync += state.eq(Mux(self.low_power, state, ModuleState.POWER_UP))
            with m.Case(ModuleState.POWER_UP):
                with m.If(self.low_power):
                    m.d.sync += state.eq(ModuleState.POWER_DOWN)
                with m.Elif(self.powered):
                    m.d.sync += state.eq(ModuleState.READY)
            with m.Case(ModuleState.READY):
                m.d.sync += state.eq(Mux(self.low_power, ModuleState.POWER_DOWN, state))
            with m.Case(ModuleState.POWER_DOWN):
                with m.If(~self.low_power):
                    m.d.sync += state.eq(ModuleState.POWER_UP)
                with m.Elif(self.path_down & ~self.powered):
                    m.d.sync += state.eq(ModuleState.LOW_POWER)
        with m.If(self.fault):
            m.d.sync += state.eq(ModuleState.FAULT)
        return m
