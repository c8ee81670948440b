"""The state machines: from every state with every input to the state that CMIS's figures say."""

from itertools import product

import pytest

from lampyris.cmis.data_path import DataPathStateMachine
from lampyris.cmis.module_state import ModuleStateMachine
from lampyris.sim.reference.cmis import DATA_PATH_STATES, MODULE_STATES
from lampyris.sim.streams import simulate

MODULE = {name: code for code, name in MODULE_STATES.items()}
PATH = {name: code for code, name in DATA_PATH_STATES.items()}


def next_module(state, low_power, fault, powered, path_down):
    if fault or state == "ModuleFault":
        return "ModuleFault"
    if state == "ModulePwrDn" and low_power:
        return "ModuleLowPwr" if path_down and not powered else state
    if low_power:
        return {"ModuleLowPwr": state}.get(state, "ModulePwrDn")
    return {"ModulePwrUp": "ModuleReady" if powered else state,
            "ModuleReady": state}.get(state, "ModulePwrUp")


def next_path(state, allowed, disabled, prepared, lit):
    light = allowed and not disabled
    return {
        "DPDeactivated": "DPInit" if allowed else state,
        "DPInit": ("DPInitialized" if prepared else state) if allowed else "DPDeinit",
        "DPInitialized": ("DPTxTurnOn" if light else state) if allowed else "DPDeinit",
        "DPTxTurnOn": ("DPActivated" if lit else state) if light else "DPTxTurnOff",
        "DPActivated": state if light else "DPTxTurnOff",
        "DPTxTurnOff": state if lit else "DPInitialized",
        "DPDeinit": state if prepared else "DPDeactivated",
    }[state]


@pytest.mark.parametrize("make, codes, follow, inputs, settled", [
    (ModuleStateMachine, MODULE, next_module, ("low_power", "fault", "powered", "path_down"),
     {"ModuleLowPwr", "ModuleReady", "ModuleFault"}),
    (DataPathStateMachine, PATH, next_path, ("allowed", "disabled", "prepared", "lit"),
     {"DPDeactivated", "DPInitialized", "DPActivated"}),
])
def test_all_transitions(make, codes, follow, inputs, settled):
    """Walks until every input has been given in every state that can be reached."""
    names = {code: name for code, name in zip(codes.values(), codes, strict=True)}
    dut = make()
    edges = {}
    # No way leads out of a fault: it has a test of its own.
    choices = [choice for choice in product((0, 1), repeat=len(inputs))
               if not ("fault" in inputs and choice[inputs.index("fault")])]

    def todo(state):
        return [choice for choice in choices if (state, choice) not in edges]

    def step_towards(state):
        """The first input of a way to a state that is not done."""
        if todo(state):
            return todo(state)[0]
        ways = {state: ()}
        queue = [state]
        for here in queue:
            for choice in choices:
                there = follow(here, *choice)
                if there not in ways:
                    ways[there] = (*ways[here], choice)
                    queue.append(there)
                    if todo(there):
                        return ways[there][0]
        return None

    async def testbench(ctx):
        state = names[ctx.get(dut.state)]
        changed = False
        while (choice := step_towards(state)) is not None:
            for name, value in zip(inputs, choice, strict=True):
                ctx.set(getattr(dut, name), value)
            assert ctx.get(dut.reached) == (changed and state in settled)
            await ctx.tick()
            after = names[ctx.get(dut.state)]
            assert after == follow(state, *choice), (state, choice)
            edges[state, choice] = after
            state, changed = after, after != state

    simulate(dut, [testbench])
    assert len(edges) == len(choices) * len(set(codes) - {"ModuleFault"})


@pytest.mark.parametrize("way", [
    [], [(0, 0, 0, 0)], [(0, 0, 1, 0)] * 2, [(0, 0, 1, 0)] * 2 + [(1, 0, 1, 0)]])
def test_fault(way):
    """From each state, at once; and it stays."""
    dut = ModuleStateMachine()

    async def testbench(ctx):
        for inputs in [*way, (0, 1, 1, 0), *product((0, 1), repeat=4)]:
            for name, value in zip(("low_power", "fault", "powered", "path_down"), inputs,
                                   strict=True):
                ctx.set(getattr(dut, name), value)
            await ctx.tick()
            states.append(ctx.get(dut.state))
        assert ctx.get(dut.power) == ctx.get(dut.ready) == 0

    states = []
    simulate(dut, [testbench])
    before = [MODULE["ModuleLowPwr"], *states][len(way)]
    assert before == 1 + len(way)
    assert set(states[len(way):]) == {MODULE["ModuleFault"]}


def test_no_light_outside_its_states():
    for state, (prepare, light) in {
            "DPDeactivated": (0, 0), "DPInit": (1, 0), "DPInitialized": (1, 0),
            "DPTxTurnOn": (1, 1), "DPActivated": (1, 1), "DPTxTurnOff": (1, 0),
            "DPDeinit": (0, 0)}.items():
        dut = DataPathStateMachine()
        ways = {
            "DPDeactivated": [], "DPInit": [(1, 1, 0, 0)],
            "DPInitialized": [(1, 1, 0, 0), (1, 1, 1, 0)],
            "DPTxTurnOn": [(1, 0, 1, 0)] * 3, "DPActivated": [(1, 0, 1, 1)] * 4,
            "DPTxTurnOff": [(1, 0, 1, 1)] * 4 + [(1, 1, 1, 1)],
            "DPDeinit": [(1, 1, 0, 0), (0, 0, 1, 0)]}

        async def testbench(ctx, dut=dut, state=state, ways=ways, wish=(prepare, light)):
            for inputs in ways[state]:
                for name, value in zip(("allowed", "disabled", "prepared", "lit"), inputs,
                                       strict=True):
                    ctx.set(getattr(dut, name), value)
                await ctx.tick()
            assert ctx.get(dut.state) == PATH[state]
            assert (ctx.get(dut.prepare), ctx.get(dut.light)) == wish

        simulate(dut, [testbench])
