"""The optical path as digital lanes: skew, permutation, inversion, bit errors and dead lanes.

One call per clock moves one symbol of every lane, so a bench needs one read and one write of the
simulator per clock. A call takes about 7 us for 136 lanes of 8 bits (13 us for 10 bits),
whatever the skew.
"""

from collections.abc import Mapping, Sequence

import numpy as np

__all__ = ["DEAD_WAYS", "SerialChannel", "WordChannel"]

DEAD_WAYS = ("stuck0", "stuck1", "random")
"""How a dead lane behaves: constant after the inversion, or noise."""

_ERRORS_DRAWN = 4096


class WordChannel:
    """Lanes between the word views of a transmitter and a receiver.

    All lists have one entry per *output* lane, as the receiver counts them. In order of effect:
    permutation, skew, inversion, bit errors, dead lanes. Before the first call the lanes were 0.

    Parameters
    ----------
    lanes : int
        Physical lanes, N.
    gear : int, 1..16
        Bits per lane and call.
    skew_ui : list of int, 0..`longest_ui`
        Delay of each lane, bits.
    permutation : list of int
        Output lane p carries input lane ``permutation[p]``.
    invert : list of bool
    ber : float, 0..1
        Probability that a bit is flipped, independently.
    seed : int
        Of the errors and the random dead lanes.
    dead : mapping of lane to ``"stuck0"``, ``"stuck1"`` or ``"random"``
    longest_ui : int
        Largest skew that can be set, bits.

    Members
    -------
    errors : int
        Bits flipped so far (on lanes that were not dead).
    """

    def __init__(self, lanes: int, gear: int, *, skew_ui: Sequence[int] | None = None,
                 permutation: Sequence[int] | None = None, invert: Sequence[bool] | None = None,
                 ber: float = 0.0, seed: int = 1, dead: Mapping[int, str] | None = None,
                 longest_ui: int = 2048):
        if lanes < 1:
            raise ValueError(f"lanes = {lanes} must be at least 1")
        if not 1 <= gear <= 16:
            raise ValueError(f"gear = {gear} is out of range: allowed is 1 to 16")
        order = list(range(lanes)) if permutation is None else [int(p) for p in permutation]
        if sorted(order) != list(range(lanes)):
            raise ValueError(f"permutation must hold each of 0..{lanes - 1} once")
        for name, values in (("skew_ui", skew_ui), ("invert", invert)):
            if values is not None and len(values) != lanes:
                raise ValueError(f"{name} has {len(values)} entries for {lanes} lanes")
        self.lanes, self.gear, self.longest_ui, self.errors = lanes, gear, longest_ui, 0
        self._random = np.random.default_rng(seed)
        self._ones = (1 << gear) - 1
        # Row t of the ring holds, per input lane, symbol t above symbol t-1: any delay by a part
        # of a symbol is a shift of one entry.
        self._rows = longest_ui // gear + 1
        self._ring = np.zeros((self._rows, lanes), np.uint32)
        self._flat = self._ring.reshape(-1)
        self._last = np.zeros(lanes, np.uint32)
        self._row = -1
        self._order = np.array(order, np.intp)
        self._back = self._order.copy()
        self._shift = np.full(lanes, gear, np.uint32)
        self._skew = [0] * lanes
        for lane, skew in enumerate(skew_ui or []):
            self.set_skew(lane, int(skew))
        flips = np.zeros(lanes, bool) if invert is None else np.array(invert, bool)
        self._invert = np.where(flips, self._ones, 0).astype(np.uint32)
        self._flips = np.zeros(lanes, np.uint32)
        self._noise: dict[int, float] = {}
        self._powers = 1 << np.arange(gear)
        self._dead: dict[int, str] = {}
        for lane, how in (dead or {}).items():
            self.kill(lane, how)
        self._bytes = (lanes * gear + 7) // 8
        self._wide = np.zeros((lanes, 32), np.uint8)
        self.ber = ber

    # Settings that may change while traffic runs -------------------------------------------------

    @property
    def skew_ui(self) -> list[int]:
        """Delay of each output lane, bits."""
        return list(self._skew)

    def set_skew(self, lane: int, ui: int) -> None:
        """Change the delay of an output lane at once: a longer delay repeats bits the receiver has
        had already, a shorter one leaves bits out, as a jump of a sampling phase does."""
        self._check_lane(lane)
        if not 0 <= ui <= self.longest_ui:
            raise ValueError(
                f"a skew of {ui} UI is out of range: allowed is 0 to {self.longest_ui} UI")
        whole, part = divmod(ui, self.gear)
        self._skew[lane] = ui
        self._back[lane] = self._order[lane] - whole * self.lanes
        self._shift[lane] = self.gear - part

    def source(self, lane: int) -> int:
        """The input lane that an output lane carries."""
        self._check_lane(lane)
        return int(self._order[lane])

    def carrier(self, source: int) -> int:
        """The output lane that carries an input lane; raises ValueError if none does."""
        return self._order.tolist().index(source)

    def set_source(self, lane: int, source: int) -> None:
        """Let an output lane carry another input lane, even one that another carries, too."""
        self._check_lane(lane)
        self._check_lane(source)
        self._order[lane] = source
        self.set_skew(lane, self._skew[lane])

    def set_noise(self, lane: int, ber: float) -> None:
        """Let an output lane have bit errors of its own; 0 ends that. They do not count in
        `errors`."""
        self._check_lane(lane)
        if not 0 <= ber <= 1:
            raise ValueError(f"ber = {ber} is out of range: allowed is 0 to 1")
        self._noise.pop(lane, None)
        if ber:
            self._noise[lane] = ber

    def invert(self, lane: int) -> None:
        """Turn the polarity of an output lane over."""
        self._check_lane(lane)
        self._invert[lane] ^= self._ones

    def flip(self, lane: int) -> None:
        """Invert bit 0 of the next symbol of an output lane; it does not count in `errors`."""
        self._check_lane(lane)
        self._flips[lane] ^= 1

    @property
    def ber(self) -> float:
        """Probability of a bit error."""
        return self._ber

    @ber.setter
    def ber(self, value: float) -> None:
        if not 0 <= value <= 1:
            raise ValueError(f"ber = {value} is out of range: allowed is 0 to 1")
        self._ber = value
        self._bit = 0  # bits sent since the errors were last drawn from scratch
        self._places = np.zeros(0, np.int64)
        self._next = self._draw(0) if value else None

    @property
    def dead(self) -> dict[int, str]:
        """Output lanes that are dead now, and how."""
        return dict(self._dead)

    def kill(self, lane: int, how: str = "stuck0") -> None:
        """Let an output lane go dark (``"stuck0"``), saturate (``"stuck1"``) or drown in noise."""
        self._check_lane(lane)
        if how not in DEAD_WAYS:
            raise ValueError(f"a lane cannot be {how!r}: allowed are {', '.join(DEAD_WAYS)}")
        self._dead[lane] = how

    def revive(self, lane: int) -> None:
        """Bring an output lane back; its bits are those it would have had."""
        self._check_lane(lane)
        self._dead.pop(lane, None)

    def _check_lane(self, lane: int) -> None:
        if not 0 <= lane < self.lanes:
            raise ValueError(f"lane {lane} does not exist: allowed is 0 to {self.lanes - 1}")

    # The data path -------------------------------------------------------------------------------

    def step(self, word: int) -> int:
        """Send one symbol of each lane and receive one.

        Parameters
        ----------
        word : int
            Symbol of input lane p at bits [p*gear : (p+1)*gear], bit 0 first on the line.

        Returns
        -------
        int
            The same for the output lanes.
        """
        symbols = self._split(word)
        self._row = row = (self._row + 1) % self._rows
        entry = self._ring[row]
        np.left_shift(symbols, self.gear, out=entry)
        entry |= self._last
        self._last = symbols
        out = self._flat.take(self._back + row * self.lanes, mode="wrap")
        out >>= self._shift
        out &= self._ones
        out ^= self._invert
        if self._next is not None:
            self._flip(out)
        if self._flips.any():
            out ^= self._flips
            self._flips[:] = 0
        for lane, ber in self._noise.items():
            out[lane] ^= (self._random.random(self.gear) < ber) @ self._powers
        for lane, how in self._dead.items():
            out[lane] = (self._random.integers(self._ones + 1) if how == "random"
                         else self._ones if how == "stuck1" else 0)
        return self._join(out)

    def _split(self, word: int) -> np.ndarray:
        raw = np.frombuffer(word.to_bytes(self._bytes, "little"), np.uint8)
        if self.gear == 8:
            return raw.astype(np.uint32)
        bits = np.unpackbits(raw, count=self.lanes * self.gear, bitorder="little")
        if self.gear == 1:
            return bits.astype(np.uint32)
        self._wide[:, :self.gear] = bits.reshape(self.lanes, self.gear)
        return np.packbits(self._wide, bitorder="little").view("<u4")

    def _join(self, symbols: np.ndarray) -> int:
        if self.gear == 8:
            raw = symbols.astype(np.uint8)
        elif self.gear == 1:
            raw = np.packbits(symbols.astype(np.uint8), bitorder="little")
        else:
            bits = np.unpackbits(symbols.astype("<u4").view(np.uint8), bitorder="little")
            raw = np.packbits(bits.reshape(self.lanes, 32)[:, :self.gear], bitorder="little")
        return int.from_bytes(raw.tobytes(), "little")

    def _draw(self, start: int) -> int:
        """Places of the next bit errors, counted in bits: the gaps of a Bernoulli process are
        geometric, so a call without an error costs one comparison."""
        gaps = self._random.geometric(self._ber, _ERRORS_DRAWN)
        self._places = start - 1 + np.cumsum(gaps)
        return int(self._places[0])

    def _flip(self, out: np.ndarray) -> None:
        start, end = self._bit, self._bit + self.lanes * self.gear
        self._bit = end
        while self._next is not None and self._next < end:
            count = int(np.searchsorted(self._places, end))
            lane, bit = np.divmod(self._places[:count] - start, self.gear)
            if self._dead:
                alive = ~np.isin(lane, list(self._dead))
                lane, bit = lane[alive], bit[alive]
            np.bitwise_xor.at(out, lane, (1 << bit).astype(np.uint32))
            self.errors += len(lane)
            last, self._places = int(self._places[count - 1]), self._places[count:]
            self._next = int(self._places[0]) if len(self._places) else self._draw(last + 1)


class SerialChannel(WordChannel):
    """Lanes between serial views: one bit per lane and call, lane p at bit p of the word."""

    def __init__(self, lanes: int, **settings):
        super().__init__(lanes, 1, **settings)
