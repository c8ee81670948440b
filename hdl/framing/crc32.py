"""CRC-32 of a packet, a whole row of granules per clock."""

from functools import reduce
from operator import xor

from amaranth import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RowCrc"]

_POLYNOMIAL = 0xEDB88320        # 0x04C11DB7 reflected, IEEE 802.3 clause 3.2.9
_GROUP = 128                    # bits XORed in the first pipeline stage


def _shift(state: int, bits: int) -> int:
    """The register after `bits` zero bits."""
    for _ in range(bits):
        state = (state >> 1) ^ (_POLYNOMIAL if state & 1 else 0)
    return state


def _columns(width: int) -> list[int]:
    """For each bit of a row, in order of travel: what it adds to the register after the row."""
    columns = [_shift(1, 1)]
    for _ in range(width - 1):
        columns.append(_shift(columns[-1], 1))
    return columns[::-1]


def _times(columns: list[int], bits) -> Value:
    """The product of a 32-row binary matrix, given by columns, with a vector of bits."""
    rows = [sum((column >> row & 1) << place for place, column in enumerate(columns))
            for row in range(32)]
    return Cat((bits & row).xor() for row in rows)


class RowCrc(wiring.Component):
    """Computes the CRC-32 over the rows of each packet and hands it on beside the last row.

    The row contribution is a feed-forward XOR tree in two pipeline stages; only the 32-bit register
    is a loop (32 XORs of about 16 inputs).

    Parameters
    ----------
    width : int
        Bits per row, a multiple of 32. Unused bytes of a last row must be 0.
    tag : ShapeLike
        Whatever else travels with a row.

    Members
    -------
    i : stream of ``{"row": width, "last": 1, "tag": tag}``
    o : stream of ``{"row": width, "last": 1, "tag": tag, "crc": 32}``
        ``crc`` is valid in the last row of a packet.

    Latency: 3 cycles. Throughput: one row per cycle. When the output stalls, all stages stand
    still.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, *, width: int, tag):
        if width % 32 or width <= 0:
            raise ValueError(f"width must be a positive multiple of 32, not {width}")
        self._width = width
        self._tag = tag
        super().__init__({
            "i": In(stream.Signature(data.StructLayout(
                {"row": unsigned(width), "last": unsigned(1), "tag": tag}))),
            "o": Out(stream.Signature(data.StructLayout(
                {"row": unsigned(width), "last": unsigned(1), "tag": tag, "crc": unsigned(32)}))),
        })

    @property
    def width(self) -> int:
        return self._width

    def elaborate(self, platform):
        m = Module()
        width = self._width
        columns = _columns(width)

        advance = Signal()
        m.d.comb += [advance.eq(~self.o.valid | self.o.ready), self.i.ready.eq(advance)]

        stages = [self.i.payload]
        valids = [self.i.valid]
        for index in range(3):
            payload = Signal(self.i.payload.shape(), name=f"stage{index}", reset_less=True)
            valid = Signal(name=f"valid{index}")
            with m.If(advance):
                m.d.sync += [payload.eq(stages[-1]), valid.eq(valids[-1])]
            stages.append(payload)
            valids.append(valid)

        partials = Signal(data.ArrayLayout(32, -(-width // _GROUP)), reset_less=True)
        contribution = Signal(32, reset_less=True)
        state = Signal(32, init=0xFFFFFFFF)
        following = Signal(32)
        result = Signal(32, reset_less=True)
        carry = [_shift(1 << bit, width) for bit in range(32)]
        m.d.comb += following.eq(_times(carry, state) ^ contribution)
        sums = []
        for start in range(0, width, _GROUP):
            end = min(start + _GROUP, width)
            bits = Signal(end - start, name=f"bits{start}")
            m.d.comb += bits.eq(self.i.payload.row[start:end])
            sums.append(_times(columns[start:end], bits))
        with m.If(advance):
            m.d.sync += partials.eq(Cat(sums))
            m.d.sync += contribution.eq(reduce(xor, [partials[i] for i in range(len(partials))]))
            with m.If(valids[2]):
                m.d.sync += state.eq(Mux(stages[2].last, 0xFFFFFFFF, following))
                m.d.sync += result.eq(~following)

        m.d.comb += [
            self.o.valid.eq(valids[3]),
            self.o.payload.row.eq(stages[3].row),
            self.o.payload.last.eq(stages[3].last),
            self.o.payload.tag.eq(stages[3].tag),
            self.o.payload.crc.eq(result),
        ]
        return m
