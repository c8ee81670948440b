"""Places a block with thousands of ports alone: a wrapper with three pins per clock domain.

All inputs of a domain come from one shift register; all outputs of a domain are registered and
folded into one pin by a tree of XORs, one level per clock. So every path into and out of the block
is a path between registers, and no logic of it can be optimised away or shared with the wrapper:
a pin enables the wrapper's registers, or synthesis would merge them with those of the block that
load the same value (an input register equals its neighbour in the shift register).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

__all__ = ["PinSaver", "Port", "ports_from_manifest"]

_RADIX = 4  # one LUT4 per XOR


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of the block: `clock` is the name of the clock *port* it belongs to.

    A clock port is an input that names itself as its clock.
    """

    name: str
    direction: str
    width: int
    clock: str

    def __post_init__(self):
        if self.direction not in ("input", "output"):
            raise ValueError(f'port {self.name} has direction {self.direction!r}: allowed is '
                             '"input" or "output"')
        if self.width < 0:
            raise ValueError(f"port {self.name} has width {self.width}: it cannot be negative")

    @property
    def is_clock(self) -> bool:
        return self.name == self.clock


class PinSaver:
    """The wrapper of one module.

    Parameters
    ----------
    module : str
        The block. The wrapper's module is called ``{module}_alone``.
    ports : iterable of Port

    Raises
    ------
    ValueError
        If a port belongs to a clock that is not among the ports, or a clock is not one input bit.
    """

    def __init__(self, module: str, ports: Iterable[Port]):
        self.module = module
        self.ports = tuple(port for port in ports if port.width)
        self.clocks = tuple(port.name for port in self.ports if port.is_clock)
        for port in self.ports:
            if port.is_clock and (port.direction != "input" or port.width != 1):
                raise ValueError(f"clock port {port.name} of {module} must be one input bit")
            if port.clock not in self.clocks:
                raise ValueError(f'port {port.name} of {module} belongs to "{port.clock}", which '
                                 f"is not one of its clocks ({', '.join(self.clocks) or 'none'})")

    @property
    def top(self) -> str:
        return f"{self.module}_alone"

    def bits(self, clock: str, direction: str) -> int:
        return sum(port.width for port in self._of(clock, direction))

    @property
    def flip_flops(self) -> int:
        """Flip-flops of the wrapper itself: to be subtracted from what the tools count."""
        return sum(self.bits(clock, "input") + sum(self._levels(clock)) for clock in self.clocks)

    @property
    def luts(self) -> int:
        """LUT4 of the wrapper itself: one per XOR of two or more bits."""
        total = 0
        for clock in self.clocks:
            for level in self._levels(clock)[:-1]:
                total += level // _RADIX + (level % _RADIX > 1)
        return total

    def verilog(self) -> str:
        """The wrapper; read it together with the block's own Verilog."""
        pins, body, connections = [], [], []
        for clock in self.clocks:
            pins += [f"input {clock}", f"input {clock}__enable"]
            connections.append(f".{clock}({clock})")
            body += self._inputs(clock, pins, connections)
            body += self._outputs(clock, pins, connections)
        body.append(f"  {self.module} block (\n    " + ",\n    ".join(connections) + "\n  );")
        head = f"module {self.top} (\n  " + ",\n  ".join(pins) + "\n);"
        return "\n".join([head, *body, "endmodule", ""])

    def _of(self, clock: str, direction: str) -> list[Port]:
        return [port for port in self.ports
                if port.clock == clock and port.direction == direction and not port.is_clock]

    def _levels(self, clock: str) -> list[int]:
        """Registers per level of the output tree, the capture of the outputs first."""
        levels = [self.bits(clock, "output")]
        while levels[-1] > 1:
            levels.append(ceil(levels[-1] / _RADIX))
        return levels

    def _inputs(self, clock: str, pins: list[str], connections: list[str]) -> list[str]:
        width = self.bits(clock, "input")
        if not width:
            return []
        pin, chain = f"{clock}__in", f"{clock}__chain"
        pins.append(f"input {pin}")
        low = 0
        for port in self._of(clock, "input"):
            connections.append(f".{port.name}({chain}[{low + port.width - 1}:{low}])")
            low += port.width
        shifted = f"{{{chain}[{width - 2}:0], {pin}}}" if width > 1 else pin
        return [f"  reg [{width - 1}:0] {chain};",
                f"  always @(posedge {clock}) if ({clock}__enable) {chain} <= {shifted};"]

    def _outputs(self, clock: str, pins: list[str], connections: list[str]) -> list[str]:
        levels = self._levels(clock)
        if not levels[0]:
            return []
        pin, raw = f"{clock}__out", f"{clock}__raw"
        pins.append(f"output {pin}")
        low = 0
        for port in self._of(clock, "output"):
            connections.append(f".{port.name}({raw}[{low + port.width - 1}:{low}])")
            low += port.width
        lines = [f"  wire [{levels[0] - 1}:0] {raw};"]
        source, wide = raw, 0
        for depth, width in enumerate(levels):
            name = f"{clock}__fold{depth}"
            lines += [f"  reg [{width - 1}:0] {name};",
                      f"  always @(posedge {clock}) if ({clock}__enable) begin"]
            if depth == 0:
                lines.append(f"    {name} <= {source};")
            else:
                lines += [f"    {name}[{i}] <= ^{source}[{min(i * _RADIX + _RADIX, wide) - 1}:"
                          f"{i * _RADIX}];" for i in range(width)]
            lines.append("  end")
            source, wide = name, width
        return [*lines, f"  assign {pin} = {source};"]


def ports_from_manifest(manifest: dict, module: str) -> list[Port]:
    """The ports of `module` in the ``manifest.json`` of ``lampyris generate``.

    The manifest names clock *domains*; the clock port of a domain is the port of that domain with
    the role ``clock``.
    """
    entries = manifest["modules"][module]["ports"]
    clock_of = {entry["clock"]: entry["name"] for entry in entries if entry["role"] == "clock"}
    ports = []
    for entry in entries:
        if entry["clock"] not in clock_of:
            raise ValueError(f"port {entry['name']} of {module} is in the clock domain "
                             f'"{entry["clock"]}", which has no clock port')
        ports.append(Port(name=entry["name"], direction=entry["direction"], width=entry["width"],
                          clock=clock_of[entry["clock"]]))
    return ports
