"""Registers together with the signals that they show and drive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amaranth import Module, Value

from .bank import RegisterBank
from .description import Register

__all__ = ["RegisterBlock", "connect"]


@dataclass(frozen=True)
class RegisterBlock:
    """Some registers of a bank, and what they are in the design.

    Parameters
    ----------
    registers : sequence of Register
    signals : mapping
        From ``<register>_<field>`` to the signal that the field shows, or drives; of a field that
        is a window also from ``<register>_<field>_value`` and ``..._write``. All are in the bank's
        clock domain. What a field drives may be left out.
    """

    registers: Sequence[Register]
    signals: Mapping[str, Value] = field(default_factory=dict)


def connect(m: Module, bank: RegisterBank, blocks: Sequence[RegisterBlock]):
    """Connect the fields of a bank with their signals.

    Raises
    ------
    ValueError
        If a field has no signal to show, or a signal no field.
    """
    members = bank.signature.members
    ports = {name for name in members if name not in ("i", "o", "interrupt")}
    signals = {name: signal for block in blocks for name, signal in block.signals.items()}
    unknown = sorted(signals.keys() - ports)
    if unknown:
        raise ValueError(f"bank {bank.bank.name} has no field for the signal {unknown[0]}")
    missing = sorted(name for name in ports - signals.keys() if members[name].flow.name == "In")
    if missing:
        raise ValueError(f"field {missing[0]} of bank {bank.bank.name} has no signal to show")
    for name, signal in signals.items():
        port = getattr(bank, name)
        m.d.comb += port.eq(signal) if members[name].flow.name == "In" else signal.eq(port)
