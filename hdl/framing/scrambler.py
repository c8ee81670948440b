"""Additive scrambling, one key stream per lane (`docs/link-format.md`, section 4)."""

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["KeyStream", "seed_state", "step_base"]

_DEGREE = 31
_TAP = 28                       # x^31 + x^28 + 1
_GOLDEN = 0x9E3779B1            # odd, 2^32 over the golden ratio: rows of a dense mixing matrix


def seed_state(identity, base) -> Value:
    """The register of a lane at the start of a frame's payload; `identity` 11 bits, `base` 16 bits.

    A fixed matrix of 30 dense rows, so that lanes whose numbers differ in one bit start far apart;
    about 13 XOR inputs per bit. The oldest bit is 1, so the register is never 0.
    """
    inputs = Cat(Value.cast(identity), Value.cast(base))
    if len(inputs) != 27:
        raise ValueError(f"identity and base have 27 bits, not {len(inputs)}")
    rows = [((2 * i + 1) * _GOLDEN % (1 << 32)) >> 5 for i in range(_DEGREE - 1)]
    return Cat(*((inputs & row).xor() for row in rows), Const(1, 1))


def step_base(base) -> Value:
    """The seed base of the next frame: a Galois register of 16 bits, period 65535."""
    return (base >> 1) ^ (base[0].replicate(16) & 0xB400)


class KeyStream(wiring.Component):
    """The key of one lane, a symbol at a time. The same block scrambles and descrambles.

    Parameters
    ----------
    gear : int
        Bits per symbol, 1..28.
    enable : bool
        False for ``scrambler = "none"``: the key is 0 and there is no register.

    Members
    -------
    load : 1 bit, in
        Take the seed of `identity` (11 bits) and `base` (16 bits); the next symbol's key is the
        first.
    advance : 1 bit, in
        The key is used up; move on to the next.
    key : `gear` bits, out
        Combinational from the register: one XOR2 per bit.

    Cost: 31 flip-flops, `gear` XOR2 and the seed matrix (about 200 XOR2, quiet but once a frame).
    """

    load: Signal
    identity: Signal
    base: Signal
    advance: Signal
    key: Signal

    def __init__(self, *, gear: int, enable: bool = True):
        if not 1 <= gear <= _TAP:
            raise ValueError(f"gear must be 1 to {_TAP}, not {gear}")
        self._gear = gear
        self._enable = enable
        super().__init__({
            "load": In(1), "identity": In(11), "base": In(16), "advance": In(1), "key": Out(gear),
        })

    @property
    def gear(self) -> int:
        return self._gear

    def elaborate(self, platform):
        m = Module()
        if not self._enable:
            return m
        state = Signal(_DEGREE, init=1, reset_less=True)
        key = [state[_TAP - 1 - k] ^ state[_DEGREE - 1 - k] for k in range(self._gear)]
        m.d.comb += self.key.eq(Cat(key))
        with m.If(self.load):
            m.d.sync += state.eq(seed_state(self.identity, self.base))
        with m.Elif(self.advance):
            m.d.sync += state.eq(Cat(*reversed(key), state[:_DEGREE - self._gear]))
        return m
