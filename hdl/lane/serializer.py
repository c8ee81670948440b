"""Between symbols in the core clock and bits in the bit clock, for a group of lanes at once."""

from amaranth import Array, Cat, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from ..checks import check_gear, check_whole

__all__ = ["Deserializer", "Serializer"]


def _check(lanes: int, gear: int, ddr: bool, **domains: str):
    for name, value in (("lanes", lanes), ("gear", gear)):
        check_whole(name, value)
    if not isinstance(ddr, bool):
        raise TypeError(f"ddr must be True or False, not {ddr!r}")
    if lanes < 1:
        raise ValueError(f"lanes must be 1 or more, not {lanes}")
    check_gear(gear)
    if ddr and gear % 2:
        raise ValueError(f"gear must be even with ddr, not {gear}")
    for name, value in domains.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be the name of a clock domain, not {value!r}")
        if not value or value == "comb":
            raise ValueError(f"{name} must be the name of a clock domain, not {value!r}")
    if len(set(domains.values())) < len(domains):
        raise ValueError(f"{' and '.join(domains)} must differ, not both be {value!r}")


class Serializer(wiring.Component):
    """Sends a symbol per lane and core cycle, one bit (with `ddr` two) per bit clock cycle.

    The words pass through a ring of 4: written in the core domain, read in the bit domain once per
    symbol, by one pointer pair for all lanes. The bit clock must be exactly gear (with `ddr`
    gear/2) times the core clock, from the same PLL; the phase between them does not matter.

    Parameters
    ----------
    lanes : int
        Lanes in the group.
    gear : int, 4..16
        Bits per symbol.
    ddr : bool
        Two bits per bit clock cycle, for a DDR output cell; needs an even gear.
    core_domain, bit_domain : str

    Members
    -------
    i : In(lanes * gear), core domain
        Symbol of lane p in bits [p*gear : (p+1)*gear], bit 0 first on the line.
    o : Out(lanes, with `ddr` 2 * lanes), bit domain
        Registers. Bit p is lane p; with `ddr`, lane p sends bit 2p, then bit 2p + 1. 0 for the
        first symbol time after reset.

    Latency: from the core edge that takes `i` to the bit edge after which its bit 0 is on `o`,
    1 symbol + 2 bit cycles to 2 symbols + 2 bit cycles, constant as long as both clocks run. If the
    core clock starts after the bit clock, or its phase jumps, 1 symbol less may result. What comes
    out before the first word is undefined, and within 4 symbols of such a jump words are lost or
    repeated.

    Cost: 5 * lanes * gear registers and about 10 + gear for control.

    Crossing, and why it is safe. (W is a symbol time, T a bit clock period.)

    - `pointer` -> `sync`: Gray code through two flip-flops, a step per core cycle. Constraint:
      ``set_max_delay -datapath_only T``, so that its bits stay together.
    - `ring0` to `ring3` -> `shift`: the distance between the pointers is looked at with each
      symbol. The pointer seen is 2 T old, so the row read was written at least 2 T and (as
      distances other than 1 and 2 are corrected at once) at most 2 W + 2 T <= 3 W ago; it is
      overwritten after 4 W. Constraint: ``set_max_delay -datapath_only`` of 2 T.
    - Inside the bit domain, `read` -> `shift` has a whole symbol: a multicycle path of gear cycles
      (with `ddr` gear/2).
    """

    i: Signal
    o: Signal

    def __init__(self, *, lanes: int, gear: int, ddr: bool = False, core_domain: str = "tx",
                 bit_domain: str = "tx_bit"):
        _check(lanes, gear, ddr, core_domain=core_domain, bit_domain=bit_domain)
        self._lanes = lanes
        self._gear = gear
        self._ddr = ddr
        self._core_domain = core_domain
        self._bit_domain = bit_domain
        super().__init__({
            "i": In(lanes * gear),
            "o": Out(2 * lanes if ddr else lanes),
        })

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def gear(self) -> int:
        return self._gear

    @property
    def ddr(self) -> bool:
        return self._ddr

    @property
    def core_domain(self) -> str:
        return self._core_domain

    @property
    def bit_domain(self) -> str:
        return self._bit_domain

    def elaborate(self, platform):
        m = Module()
        core, bit = m.d[self._core_domain], m.d[self._bit_domain]
        per_cycle = 2 if self._ddr else 1

        # Core domain: write every word. The ring holds words with bit 0 of all lanes first.
        write = Signal(2)
        pointer = Signal(2)                 # `write` in Gray code
        ring = [Signal(self._lanes * self._gear, name=f"ring{row}", reset_less=True)
                for row in range(4)]
        core += [
            write.eq(write + 1),
            pointer.eq(_to_gray((write + 1)[:len(write)])),
        ]
        for row, word in enumerate(ring):
            with m.If(write == row):
                core += word.eq(_transpose(self.i, self._lanes, self._gear))

        # Bit domain: the time to take the next word comes every `gear` bits.
        seen_gray = Signal(2)
        m.submodules.sync = FFSynchronizer(pointer, seen_gray, o_domain=self._bit_domain)
        phase = Signal(self._gear // per_cycle)             # one-hot, and finds back to it
        read = Signal(2)
        started = Signal()
        shift = Signal(self._lanes * self._gear)
        distance = Signal(2)
        m.d.comb += distance.eq(_from_gray(seen_gray) - read)
        bit += phase.eq(Cat(~phase[:-1].any(), phase))
        with m.If(phase[-1]):
            bit += [
                shift.eq(Array(ring)[read]),
                started.eq(1),
            ]
            with m.If(started & ((distance == 1) | (distance == 2))):
                bit += read.eq(read + 1)
            with m.Else():                  # makes the next distance 2
                bit += read.eq(_from_gray(seen_gray) - 1)
        with m.Else():
            bit += shift.eq(shift >> per_cycle * self._lanes)
        m.d.comb += self.o.eq(_transpose(shift[:len(self.o)], per_cycle, self._lanes))
        return m


class Deserializer(wiring.Component):
    """Collects bits to symbols, and brings a word of one symbol per lane to the core clock.

    The words pass through a ring of 8, written in the bit domain once per symbol and read in the
    core domain, by one pointer pair for all lanes. The core clock must not be slower than the
    symbol rate; its phase does not matter, and if it is faster, some core cycles bring no word.
    Where words begin is arbitrary, but equal on all lanes and constant.

    Parameters
    ----------
    lanes : int
        Lanes in the group.
    gear : int, 4..16
        Bits per symbol.
    ddr : bool
        Two bits per bit clock cycle, from a DDR input cell; needs an even gear.
    core_domain, bit_domain : str

    Members
    -------
    i : In(lanes, with `ddr` 2 * lanes), bit domain
        Bit p is lane p; with `ddr`, lane p brings bit 2p, then bit 2p + 1.
    o : Out(lanes * gear), core domain
        Register. Symbol of lane p in bits [p*gear : (p+1)*gear], bit 0 was first on the line.
    valid : Out(1), core domain
        `o` is a new word.

    Latency: from the bit edge that takes the last bit of a symbol to the core edge after which `o`
    shows it, 1 bit cycle + 2 to 3 core cycles; up to 3 symbols more if the bit clock ran before the
    core clock, until core cycles without a word have made up for it.

    Cost: 10 * lanes * gear registers and about 16 + gear for control.

    Crossing, and why it is safe. (W is a symbol time, C a core clock period, C <= W.)

    - `pointer` -> `sync`: Gray code through two flip-flops, a step per symbol. Constraint:
      ``set_max_delay -datapath_only C``, so that its bits stay together.
    - `ring0` to `ring7` -> `o`: the pointer seen is 2 C old, so the row read was written at least
      2 C ago. At a distance of 1 to 4 it was written at most 2 C + 4 W <= 6 W ago, and it is
      overwritten after 8 W; a larger distance (a core clock that is too slow or was off) is
      corrected at once, at the cost of the words between. Constraint:
      ``set_max_delay -datapath_only`` of 2 C.
    """

    i: Signal
    o: Signal
    valid: Signal

    def __init__(self, *, lanes: int, gear: int, ddr: bool = False, core_domain: str = "rx",
                 bit_domain: str = "rx_bit"):
        _check(lanes, gear, ddr, core_domain=core_domain, bit_domain=bit_domain)
        self._lanes = lanes
        self._gear = gear
        self._ddr = ddr
        self._core_domain = core_domain
        self._bit_domain = bit_domain
        super().__init__({
            "i": In(2 * lanes if ddr else lanes),
            "o": Out(lanes * gear),
            "valid": Out(1),
        })

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def gear(self) -> int:
        return self._gear

    @property
    def ddr(self) -> bool:
        return self._ddr

    @property
    def core_domain(self) -> str:
        return self._core_domain

    @property
    def bit_domain(self) -> str:
        return self._bit_domain

    def elaborate(self, platform):
        m = Module()
        core, bit = m.d[self._core_domain], m.d[self._bit_domain]
        per_cycle = 2 if self._ddr else 1

        # Bit domain: shift, with bit 0 of all lanes first, and write a word every `gear` bits.
        shift = Signal(self._lanes * self._gear, reset_less=True)
        phase = Signal(self._gear // per_cycle)             # one-hot, and finds back to it
        write = Signal(3)
        pointer = Signal(3)                 # `write` in Gray code
        ring = [Signal(self._lanes * self._gear, name=f"ring{row}", reset_less=True)
                for row in range(8)]
        bit += [
            shift.eq(Cat(shift, _transpose(self.i, self._lanes, per_cycle))[len(self.i):]),
            phase.eq(Cat(~phase[:-1].any(), phase)),
        ]
        with m.If(phase[-1]):
            bit += [
                write.eq(write + 1),
                pointer.eq(_to_gray((write + 1)[:len(write)])),
            ]
            for row, word in enumerate(ring):
                with m.If(write == row):
                    bit += word.eq(shift)

        # Core domain: read as long as there are words.
        seen_gray = Signal(3)
        m.submodules.sync = FFSynchronizer(pointer, seen_gray, o_domain=self._core_domain)
        seen = Signal(3)
        read = Signal(3)
        distance = Signal(3)
        m.d.comb += [
            seen.eq(_from_gray(seen_gray)),
            distance.eq(seen - read),
        ]
        core += self.valid.eq(0)
        with m.If(distance > 4):
            core += read.eq(seen)
        with m.Elif(distance != 0):
            core += [
                read.eq(read + 1),
                self.valid.eq(1),
                self.o.eq(_transpose(Array(ring)[read], self._gear, self._lanes)),
            ]
        return m


def _transpose(bits: Value, rows: int, columns: int) -> Value:
    """Bit [row][column] of a matrix (rows in order, column 0 first) goes to [column][row]."""
    return Cat(bits[row * columns + column] for column in range(columns) for row in range(rows))


def _to_gray(value: Value) -> Value:
    return value ^ (value >> 1)


def _from_gray(value: Value) -> Value:
    return Cat(value[place:].xor() for place in range(len(value)))
