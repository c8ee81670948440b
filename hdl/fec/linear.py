"""Binary matrices as networks of XOR2 gates: few, because sums are shared, and shallow."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import chain

from amaranth import Cat, Const, Module, Signal, Value

from .sharing import Sharing

__all__ = ["Network", "cheapest", "network_values", "share"]


@dataclass(frozen=True)
class Network:
    """XOR2 gates that compute a binary matrix.

    Members
    -------
    inputs : int
        Nodes 0..inputs-1 are the inputs.
    pairs : tuple
        The gates in topological order, each a pair of nodes; gate g is node ``inputs + g``.
    outputs : tuple
        For each row its node, or None if it is 0.
    front, width : Network or None, int
        A network before this one, whose nodes have `width` bits each: bit b of its output f is the
        input f·width + b of this one.
    gates, depth : int
        XOR2 gates, and how many follow one another at most; both with the front.
    naive_gates : int
        XOR2 gates if every row had its own.
    """

    inputs: int
    pairs: tuple[tuple[int, int], ...]
    outputs: tuple[int | None, ...]
    naive_gates: int
    front: "Network | None" = None
    width: int = 1

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """For each node, the gates that follow one another up to it."""
        levels = list(_arrivals(self.front, self.width, self.inputs))
        for a, b in self.pairs:
            levels.append(max(levels[a], levels[b]) + 1)
        return tuple(levels)

    @cached_property
    def depth(self) -> int:
        return max((self.levels[node] for node in self.outputs if node is not None), default=0)

    @property
    def gates(self) -> int:
        return len(self.pairs) + (self.front.gates * self.width if self.front else 0)

    def registers(self, levels: int) -> int:
        """Pipeline registers, one at the outputs among them, for paths of `levels` gates."""
        return max(1, -(-self.depth // levels))


def _arrivals(front: Network | None, width: int, inputs: int) -> list[int]:
    """The levels of a network's inputs."""
    if front is None:
        return [0] * inputs
    return [0 if node is None else front.levels[node]
            for node in front.outputs for _ in range(width)]


# Sharing ------------------------------------------------------------------------------------------

def share(rows: Sequence[int], inputs: int, *, limit: int = 0, front: Network | None = None,
          width: int = 1) -> Network:
    """A network for a matrix, with common sums computed once.

    Greedy (C. Paar, "Optimized arithmetic for Reed-Solomon encoders", 1997): again and again the
    two nodes that occur together in most rows become a gate; of equals the shallowest. At last each
    row is a tree of what is left of it. The result depends on the arguments alone.

    Parameters
    ----------
    rows : sequence of int
        For each output, the mask of its inputs.
    limit : int
        Greatest depth; the least depth possible if that is more.
    front, width
        See :class:`Network`.
    """
    sharing = Sharing(rows, _arrivals(front, width, inputs), limit)
    pairs = []
    while pair := sharing.best():
        sharing.add(*pair)
        pairs.append(pair)
    levels = sharing.levels()
    outputs = []
    for nodes in sharing.rows():
        heap = [(levels[node], node) for node in nodes]
        heapify(heap)
        while len(heap) > 1:
            a, b = heappop(heap)[1], heappop(heap)[1]
            heappush(heap, (max(levels[a], levels[b]) + 1, len(levels)))
            levels.append(max(levels[a], levels[b]) + 1)
            pairs.append((a, b))
        outputs.append(heap[0][1] if heap else None)
    naive = sum(row.bit_count() - 1 for row in rows if row)
    return Network(inputs, tuple(pairs), tuple(outputs), naive, front, width)


def cheapest(rows: Sequence[int], inputs: int, factors: tuple[list[int], list[int]] | None,
             width: int, levels: int) -> Network:
    """The network with the fewest gates for a matrix that may be given as a product, too.

    Parameters
    ----------
    rows, inputs
        The matrix.
    factors : (planes, rest) or None
        The same matrix in two steps, as from :meth:`Code.parity_factors`: the rows of `planes`
        over symbols of `width` bits, and those of `rest` over the bits of the results.
    levels : int
        Gates that may follow one another between two registers. The network has no more than that
        times the least number of register stages.
    """
    best = share(rows, inputs, limit=levels)
    limit = levels * best.registers(levels)
    if factors is None:
        return best
    planes, rest = factors
    front = share(planes, inputs // width)
    while True:
        network = share(rest, len(planes) * width, limit=limit, front=front, width=width)
        if network.depth > limit:
            return best
        if network.gates < best.gates:
            best = replace(network, naive_gates=best.naive_gates)
        deeper = share(planes, inputs // width, limit=front.depth + 1)
        if deeper.depth == front.depth:
            return best
        front = deeper


# RTL ----------------------------------------------------------------------------------------------

def network_values(m: Module, network: Network, word, prefix: str, *,
                   stages: int = 0) -> list[Value]:
    """Build a network in a module; returns the outputs, of one bit each.

    Parameters
    ----------
    word : ValueLike
        The input bits, of the front if there is one.
    prefix : str
        What the names of the signals begin with.
    stages : int
        Pipeline registers of domain `sync`, spread evenly over the levels: they hold whatever is
        used later. The outputs come so many cycles after `word`.
    """
    def stage_of(level: int) -> int:
        return (level - 1) * (stages + 1) // network.depth if level else 0

    # Single signals: a slice of a wide one costs the exporter its whole width.
    count = len(Value.cast(word)) // network.width
    inputs = [Signal(network.width, name=f"{prefix}_in{place}") for place in range(count)]
    m.d.comb += Cat(inputs).eq(word)
    outputs = _build(m, network, [_Node(m, signal, 0, signal.name) for signal in inputs], prefix,
                     stage_of)
    return [node.at(stages) if node else Const(0, 1) for node in outputs]


class _Node:
    """A value in the clock cycle in which it is computed, and delayed for the stages after it."""

    def __init__(self, m: Module, value: Value, stage: int, name: str):
        self._m, self._values, self._first, self._name = m, [value], stage, name

    def at(self, stage: int) -> Value:
        while self._first + len(self._values) <= stage:
            held = Signal(len(self._values[-1]), name=f"{self._name}_held{len(self._values)}",
                          reset_less=True)
            self._m.d.sync += held.eq(self._values[-1])
            self._values.append(held)
        return self._values[stage - self._first]

    def bit(self, index: int) -> "_Node":
        return _Node(self._m, self._values[0][index], self._first, f"{self._name}_bit{index}")


def _build(m: Module, network: Network, nodes: list[_Node], prefix: str,
           stage_of: Callable[[int], int]) -> list[_Node | None]:
    """The outputs of a network over `nodes`, each in the stage that its level is in."""
    if network.front:
        front = _build(m, network.front, nodes, f"{prefix}_plane", stage_of)
        zero = _Node(m, Const(0, network.width), 0, f"{prefix}_zero")
        nodes = [(node or zero).bit(index) for node in front for index in range(network.width)]
    uses = Counter(chain(*network.pairs))
    named = {*network.outputs, *(node for node, count in uses.items() if count > 1)}
    nodes = list(nodes)
    for gate, (a, b) in enumerate(network.pairs):
        number = network.inputs + gate
        stage = stage_of(network.levels[number])
        value, name = nodes[a].at(stage) ^ nodes[b].at(stage), f"{prefix}{gate}"
        if number in named:             # the exporter's time goes by signals: no name for the rest
            signal = Signal(len(value), name=name)
            m.d.comb += signal.eq(value)
            value = signal
        nodes.append(_Node(m, value, stage, name))
    return [None if node is None else nodes[node] for node in network.outputs]
