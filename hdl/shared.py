"""Many equal parts, one module in the Verilog.

Amaranth writes a module per instance. A :class:`Repeated` part is, in Amaranth's own simulator, a
component per instance; under the exporter each instance refers to one module that is written once.
"""

from collections.abc import Callable
from types import SimpleNamespace

from amaranth import ClockSignal, Const, DomainRenamer, Instance, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring

__all__ = ["Outline", "Repeated", "clock_ports", "flat_ports"]


def flat_ports(component: wiring.Component) -> dict[str, tuple[Value, bool]]:
    """The ports of a component by flat name: their value, and whether it is an input.

    Constants (the ready of an ``always_ready`` stream) and ports of no bits are left out.
    """
    ports = {}
    for path, member, port in component.signature.flatten(component):
        value = Value.cast(port)
        if len(value) and not isinstance(value, Const):
            ports["_".join(str(part) for part in path)] = (value, member.flow == wiring.In)
    return ports


class Outline:
    """The exporter's Amaranth platform: collects the repeated parts that were met.

    Members
    -------
    modules : dict from module name to component and the names of its domains
        Each to be written once; see :func:`clock_ports`.
    """

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.modules: dict[str, tuple[wiring.Component, tuple[str, ...]]] = {}


def clock_ports(domain: str) -> tuple[str, str]:
    """Names of a domain's clock and reset: ``sync`` has ``clk`` and ``rst``, others a prefix."""
    prefix = "" if domain == "sync" else f"{domain}_"
    return f"{prefix}clk", f"{prefix}rst"


class Repeated:
    """One of many equal parts of a design; or a large part that several tops have in common.

    Parameters
    ----------
    make : callable without arguments
        Makes the component.
    name : str
        Its module name in the export, after the exporter's prefix. Equal names must mean equal
        parts.
    domains : dict
        From each domain of the part to that of the parent.
    """

    def __init__(self, make: Callable[[], wiring.Component], *, name: str, domains: dict[str, str]):
        self._make, self._name, self._domains = make, name, domains

    def add(self, m: Module, platform, label: str, **inputs) -> SimpleNamespace:
        """Add an instance named `label` to `m` with its inputs connected; returns its outputs."""
        if not isinstance(platform, Outline):
            part = self._make()
            m.submodules[label] = DomainRenamer(self._domains)(part)
            for port, value in inputs.items():
                m.d.comb += getattr(part, port).eq(value)
            return SimpleNamespace(**{name: getattr(part, name) for name in part.signature.members})

        name = f"{platform.prefix}_{self._name}"
        if name not in platform.modules:
            platform.modules[name] = (self._make(), tuple(self._domains))
        prototype = platform.modules[name][0]
        ports, outputs = {}, {}
        for port, member in prototype.signature.members.items():
            wire = Signal(member.shape, name=f"{label}_{port}")
            if member.flow == wiring.In:
                m.d.comb += wire.eq(inputs.pop(port))
                ports[f"i_{port}"] = wire
            else:
                outputs[port] = wire
                ports[f"o_{port}"] = wire
        if inputs:
            raise TypeError(f"{self._name} has no inputs {', '.join(inputs)}")
        for inner, outer in self._domains.items():
            clock, reset = clock_ports(inner)
            ports |= {f"i_{clock}": ClockSignal(outer), f"i_{reset}": ResetSignal(outer)}
        m.submodules[label] = Instance(name, **ports)
        return SimpleNamespace(**outputs)
