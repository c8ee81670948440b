"""What a module says of itself, and the limits of its monitors."""

from dataclasses import dataclass
from datetime import date

from ..checks import check_range

__all__ = ["Identity", "Limits"]


@dataclass(frozen=True)
class Limits:
    """Thresholds of a monitor. A value beyond one, not at it, raises its flag."""

    high_alarm: int
    low_alarm: int
    high_warning: int
    low_warning: int

    def __post_init__(self):
        order = (self.low_alarm, self.low_warning, self.high_warning, self.high_alarm)
        if list(order) != sorted(order):
            raise ValueError(f"limits must go up from low alarm, low warning and high warning to "
                             f"high alarm, not {order}")


@dataclass(frozen=True)
class Identity:
    """Fixed bytes of the standard pages.

    Members
    -------
    vendor, part, serial : str
        Up to 16 characters each.
    revision : str
        Up to 2.
    made : str
        YYMMDD, and up to 2 characters for the lot.
    oui, identifier, connector, media_type, technology, host_interface, media_interface : int
        Codes of IEEE, SFF-8024 and CMIS. By default the interfaces are undefined: there is no code
        for such a link.
    power_quarters : int
        The largest power, in 0.25 W; its class follows.
    firmware, hardware : pair of int
        Major and minor.
    temperature : Limits
        In 1/256 degree.
    supply : Limits
        In 100 uV.
    rate : Limits
        Error rates of the link, in F16 codes.
    durations : int, 0..13
        CMIS code of the longest time that the module takes in each of its states.
    """

    vendor: str = "LAMPYRIS"
    part: str = "ULED-128"
    serial: str = "0"
    revision: str = "A"
    made: str = "260101"
    oui: int = 0
    identifier: int = 0x1E
    connector: int = 0x23
    media_type: int = 0
    technology: int = 8
    host_interface: int = 0
    media_interface: int = 0
    power_quarters: int = 6
    firmware: tuple[int, int] = (0, 1)
    hardware: tuple[int, int] = (1, 0)
    temperature: Limits = Limits(85 * 256, -40 * 256, 80 * 256, -35 * 256)
    supply: Limits = Limits(36300, 29700, 34650, 31350)
    rate: Limits = Limits(0x8BE8, 0, 0x83E8, 0)
    durations: int = 6

    def __post_init__(self):
        for name, longest in (("vendor", 16), ("part", 16), ("serial", 16), ("revision", 2),
                              ("made", 8)):
            value = getattr(self, name)
            if not value.isascii() or not value.isprintable() or len(value) > longest:
                raise ValueError(f"{name} must be up to {longest} ASCII characters, not {value!r}")
        try:
            date.fromisoformat(f"20{self.made[:2]}-{self.made[2:4]}-{self.made[4:6]}")
        except ValueError:
            raise ValueError(f"made must begin with a date as YYMMDD, not {self.made!r}") from None
        check_range("oui", self.oui, 0, 0xFFFFFF)
        for name in ("identifier", "connector", "media_type", "technology", "host_interface",
                     "media_interface", "power_quarters"):
            check_range(name, getattr(self, name), 0, 255)
        check_range("durations", self.durations, 0, 13)
        for name, least, most in (("temperature", -32768, 32767), ("supply", 0, 65535),
                                  ("rate", 0, 65535)):
            limits = getattr(self, name)
            check_range(f"the limits of {name}", limits.low_alarm, least, most)
            check_range(f"the limits of {name}", limits.high_alarm, least, most)
        for name in ("firmware", "hardware"):
            for number in getattr(self, name):
                check_range(name, number, 0, 255)

    @property
    def power_class(self) -> int:
        """Bits 7 to 5 of the power byte: 1.5, 3.5, 7, 8, 10, 12, 14 W, and more."""
        return sum(self.power_quarters > watts * 4 for watts in (1.5, 3.5, 7, 8, 10, 12, 14))
