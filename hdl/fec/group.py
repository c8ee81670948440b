"""Groups of words that hold whole codewords: how a code of any length lies over the lanes."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, gcd

from .code import Code

__all__ = ["CODES", "Group", "named_group", "nearest_groups"]

CODES = {"kp4": (544, 514, 10), "kr4": (528, 514, 10), "ll": (272, 258, 10), "rs255": (255, 239, 8)}
"""n, k and bits per symbol: IEEE 802.3 clauses 119 and 91, half of the latter as in the 25/50G
Ethernet Consortium's low latency FEC, and the code of ITU-T G.709 with the generator of ours."""

_MOST_SLOTS = 255
_MOST_CODEWORDS = 64


@dataclass(frozen=True)
class Group:
    """T words, one symbol per lane each, that are C codewords: the fewest words that can be.

    Symbol s of a codeword is the coefficient of x^(n-1-s). The symbol of lane l in slot (word) t is
    symbol t·p + l // C of codeword (l + t) mod C. So every slot takes p symbols to each codeword,
    and a lane spreads over all of them.

    Parameters
    ----------
    code : Code
    lanes : int
        L, all of them data lanes.

    Members
    -------
    width : int
        p, symbols of a codeword in a slot: the greatest that divides n and L.
    slots : int
        T = n / p.
    codewords : int
        C = L / p.
    message_slots : int
        The slots that carry the message, whole words; parity and then `pad` symbols of 0 per
        codeword follow.
    pad : int
        r, symbols of 0 at the end of each codeword.
    iterations_per_clock : int
        What the key equation must do in a clock to be ready for the next group: 1 or 2.
    symbols_per_lane : int
        The most that one lane has in one codeword.
    lanes_known, lanes_silent : int
        Dead lanes that can always be corrected, if they are known and if not.

    Raises
    ------
    ValueError
        With one sentence, if there is no such group, or none that can be decoded at full rate.
    """

    code: Code
    lanes: int

    def __post_init__(self):
        if self.lanes < 1:
            raise ValueError(f"lanes = {self.lanes} are out of range: allowed is 1 or more")
        need = ceil(self.code.parity / 2) + 2
        if not need <= self.slots <= _MOST_SLOTS or self.codewords > _MOST_CODEWORDS:
            raise ValueError(
                f"codewords of {self.code.n} symbols on {self.lanes} lanes make groups of "
                f"{self.slots} words and {self.codewords} codewords: allowed are {need} to "
                f"{_MOST_SLOTS} words and up to {_MOST_CODEWORDS} codewords")
        if not self.message_slots:
            raise ValueError(f"k = {self.code.k} message symbols do not fill a word: at least "
                             f"{self.width} are needed on {self.lanes} lanes")

    @cached_property
    def width(self) -> int:
        return gcd(self.code.n, self.lanes)

    @property
    def slots(self) -> int:
        return self.code.n // self.width

    @property
    def codewords(self) -> int:
        return self.lanes // self.width

    @property
    def message_slots(self) -> int:
        return self.code.k // self.width

    @property
    def pad(self) -> int:
        return self.code.k % self.width

    @property
    def iterations_per_clock(self) -> int:
        return 1 if self.code.parity + 2 <= self.slots else 2

    @property
    def symbols_per_lane(self) -> int:
        return ceil(self.slots / self.codewords)

    @property
    def lanes_known(self) -> int:
        return self.code.parity // self.symbols_per_lane

    @property
    def lanes_silent(self) -> int:
        return self.code.t // self.symbols_per_lane


def named_group(name: str, lanes: int, codeword: int = 0) -> Group:
    """The group of a code of :data:`CODES` on so many lanes, shortened to `codeword` symbols if
    that is not 0. Raises ValueError as :class:`Group` and :class:`Code` do."""
    n, k, m = CODES[name]
    length = codeword or n
    return Group(Code(length, length - (n - k), m), lanes)


def nearest_groups(name: str, lanes: int, codeword: int = 0) -> str:
    """What has a group, in words: the longest shorter codeword on so many lanes, and the nearest
    numbers of lanes with that codeword."""
    n, k, _ = CODES[name]

    def possible(count: int, length: int) -> bool:
        try:
            named_group(name, count, length)
        except ValueError:
            return False
        return True

    lengths = [f"codeword = {length}" for length in range(codeword or n, n - k, -1)
               if possible(lanes, length)]
    counts = [f"lanes = {count}" for distance in range(1, 1024)
              for count in (lanes - distance, lanes + distance)
              if 1 <= count <= 1024 and possible(count, codeword)]
    return " or ".join([*lengths[:1], *counts[:2]]) or "none"
