"""Two transceivers in one design, for benches that connect them back to back."""

from collections.abc import Sequence
from pathlib import Path

from .parts import ports_of

__all__ = ["PAIR", "pair_verilog"]

PAIR = "lampyris_pair"
"""Name of the top. Its instances are ``a`` and ``b``, so are the prefixes of its ports."""

_INNER = "lampyris_transceiver"


def pair_verilog(verilog: Sequence[Path], folder: Path) -> Path:
    """Write the top for the transceiver among these files, and return its path."""
    ports = next(ports for path in verilog if (ports := ports_of(path.read_text(), _INNER)))
    heads, instances = [], []
    for end in "ab":
        heads += [f"  {'input' if port.is_input else 'output'} [{port.width - 1}:0] "
                  f"{end}_{port.name}" for port in ports]
        pins = ", ".join(f".{port.name}({end}_{port.name})" for port in ports)
        instances.append(f"  {_INNER} {end} ({pins});")
    path = folder / f"{PAIR}.v"
    path.write_text("\n".join([f"module {PAIR}(", ",\n".join(heads) + ");", *instances,
                               "endmodule", ""]))
    return path
