"""What software sees of a register map (docs/registers.md), from its plain description.

The description comes as ``RegisterMap.plain()`` gives it; the hardware is not known here.
"""

from collections.abc import Mapping

__all__ = ["RegisterModel"]

_READ_ZERO = ("pulse", "snapshot")


class RegisterModel:
    """Registers after a reset, to be read and written.

    Parameters
    ----------
    plain : mapping

    Members
    -------
    inputs : dict from (bank, register, field) to int
        What the design shows to a field; a field that is not there is 0.
    pulses : list of (bank, register, field, bits)
        What was told to the design by writes, in order.
    """

    def __init__(self, plain: Mapping):
        self._size = plain["size"]
        self._registers = {entry["address"]: entry for entry in plain["registers"]}
        self.inputs: dict[tuple[str, str, str], int] = {}
        self.pulses: list[tuple[str, str, str, int]] = []
        self._kept: dict[tuple[str, str, str], int] = {}
        self.reset()

    @property
    def addresses(self) -> list[int]:
        """Of all registers."""
        return sorted(self._registers)

    def reset(self, bank: str | None = None) -> None:
        """Reset one bank, or all."""
        for register in self._registers.values():
            if bank in (None, register["bank"]):
                for field in register["fields"]:
                    self._kept[self._key(register, field)] = field["reset"]

    def event(self, bank: str, register: str, field: str, bits: int) -> None:
        """The design sets some bits of a flag."""
        self._kept[bank, register, field] |= bits

    def read(self, address: int) -> tuple[int, bool]:
        """Data, and whether it is an error."""
        register = self._registers.get(address & ~3)
        if register is None:
            return 0, True
        return sum(self._value(register, field) << field["low"]
                   for field in register["fields"]), False

    def write(self, address: int, data: int, strobe: int = 15) -> bool:
        """Write the bytes that `strobe` names; returns whether it is an error."""
        register = self._registers.get(address & ~3)
        if register is None:
            return True
        mask = sum(0xFF << 8 * byte for byte in range(4) if strobe >> byte & 1)
        for field in register["fields"]:
            limit = (1 << field["width"]) - 1
            chosen = mask >> field["low"] & limit
            if chosen:
                self._write(register, field, data >> field["low"] & limit, chosen)
        return False

    def interrupt(self, bank: str) -> bool:
        """Whether a bank asks for one."""
        words = {entry["name"]: self.read(address)[0]
                 for address, entry in self._registers.items() if entry["bank"] == bank}
        return any(words[entry["name"]] & words[entry["mask_of"]]
                   for entry in self._registers.values()
                   if entry["bank"] == bank and entry["mask_of"])

    def _write(self, register: Mapping, field: Mapping, new: int, chosen: int) -> None:
        key = self._key(register, field)
        match field["access"]:
            case "rw":
                self._kept[key] = self._kept[key] & ~chosen | new & chosen
            case "w1c":
                self._kept[key] &= ~(new & chosen)
            case "window":
                old = self.inputs.get(key, 0)
                self.inputs[key] = old & ~chosen | new & chosen
            case "pulse":
                if new & chosen:
                    self.pulses.append((*key, new & chosen))
            case "snapshot":
                if new & chosen:
                    self._snapshot(register["bank"])

    def _snapshot(self, bank: str) -> None:
        for register in self._registers.values():
            for field in register["fields"]:
                if register["bank"] == bank and field["access"] == "counter":
                    key = self._key(register, field)
                    self._kept[key] = self.inputs.get(key, 0)

    def _value(self, register: Mapping, field: Mapping) -> int:
        if field["access"] in _READ_ZERO:
            return 0
        if field["access"] in ("ro", "window"):
            return self.inputs.get(self._key(register, field), 0)
        return self._kept[self._key(register, field)]

    @staticmethod
    def _key(register: Mapping, field: Mapping) -> tuple[str, str, str]:
        return register["bank"], register["name"], field["name"]
