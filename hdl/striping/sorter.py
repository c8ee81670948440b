"""Any permutation of the lanes: a network that sorts them by number and keeps the order found."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LaneSorter", "exchange_passes", "sorter_latency"]

PASSES_PER_STAGE = 6


def exchange_passes(lanes: int) -> list[list[tuple[int, int]]]:
    """Batcher's merge exchange for any number of lanes (Knuth, TAOCP vol. 3, algorithm 5.2.2M).

    Returns passes of disjoint pairs (low, high); t(t+1)/2 passes for t = ceil(log2(lanes)).
    """
    bits = (lanes - 1).bit_length()
    passes = []
    p = 1 << bits >> 1
    while p:
        q, r, d = 1 << bits >> 1, 0, p
        while True:
            passes.append([(i, i + d) for i in range(lanes - d) if i & p == r])
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1
    return passes


def _stages(lanes: int, passes_per_stage: int) -> list[list[list[tuple[int, int]]]]:
    """The passes between the pipeline registers, spread evenly."""
    passes = exchange_passes(lanes)
    count = max(1, -(-len(passes) // passes_per_stage))
    size = max(1, -(-len(passes) // count))
    return [passes[start:start + size] for start in range(0, len(passes), size)] or [[]]


def sorter_latency(lanes: int, passes_per_stage: int = PASSES_PER_STAGE) -> int:
    """Cycles through a :class:`LaneSorter`."""
    return len(_stages(lanes, passes_per_stage))


class LaneSorter(wiring.Component):
    """Brings every lane to the place that its number says, for any permutation.

    A network of 2x2 switches. While the numbers pass, most significant bit first, each switch
    compares its two and sends the smaller one up; the numbers have wires of their own, so sorting
    disturbs no data. On `commit` the data go the way that the last numbers went.

    At 136 lanes merge exchange has 36 passes and 12.1 switches per lane, a Benes network 15 and
    6.4. But it needs no routing algorithm, no memory for one and no processor: the numbers set the
    switches themselves, in as many cycles as they have bits, while traffic runs, and the new order
    takes effect between two words.

    Parameters
    ----------
    lanes : int
    width : int
        Bits per lane.
    passes_per_stage : int
        Switches in a row between two pipeline registers.

    Members
    -------
    i, o : array of `lanes` x `width` bits
        Lane data; the lane whose number is k leaves at ``o[k]`` if the numbers are 0..lanes-1.
    tags : `lanes` bits, in
        The lanes' numbers, a bit per cycle, most significant first, while `tag` is 1.
    tag, first : 1 bit, in
        A bit of the numbers is on `tags`; it is the most significant.
    commit : 1 bit, in
        The last word of the old order is on `i`.
    commit_out : 1 bit, out
        `commit`, `latency` cycles later: the last word of the old order is on `o`.

    Latency: :attr:`latency` cycles. Numbers that occur twice still give a permutation. Cost per
    switch: 2·width + 2 multiplexers of 2:1, 3 flip-flops.
    """

    i: data.View
    o: data.View
    tags: Signal
    tag: Signal
    first: Signal
    commit: Signal
    commit_out: Signal

    def __init__(self, *, lanes: int, width: int, passes_per_stage: int = PASSES_PER_STAGE):
        if lanes < 1:
            raise ValueError(f"lanes must be 1 or more, not {lanes}")
        if passes_per_stage < 1:
            raise ValueError(f"passes_per_stage must be 1 or more, not {passes_per_stage}")
        self._lanes, self._width = lanes, width
        self._stages = _stages(lanes, passes_per_stage)
        super().__init__({
            "i": In(data.ArrayLayout(width, lanes)), "o": Out(data.ArrayLayout(width, lanes)),
            "tags": In(lanes), "tag": In(1), "first": In(1), "commit": In(1),
            "commit_out": Out(1),
        })

    @property
    def lanes(self) -> int:
        return self._lanes

    @property
    def latency(self) -> int:
        """Cycles from `i` to `o`."""
        return len(self._stages)

    @property
    def switches(self) -> int:
        return sum(len(pairs) for stage in self._stages for pairs in stage)

    def elaborate(self, platform):
        # Single signals per lane: a slice of a wide one costs the exporter its whole width.
        m = Module()
        count = range(self._lanes)
        lanes = [Signal(self._width, name=f"lane{lane}") for lane in count]
        tags = [Signal(name=f"tag{lane}") for lane in count]
        m.d.comb += [Cat(lanes).eq(self.i), Cat(tags).eq(self.tags)]
        strobes = Cat(self.tag, self.first, self.commit)
        for index, stage in enumerate(self._stages):
            for number, pairs in enumerate(stage):
                self._exchange(m, f"stage{index}_pass{number}", pairs, lanes, tags, strobes)
            held = [Signal(self._width, name=f"stage{index}_{lane}", reset_less=True)
                    for lane in count]
            held_tags = [Signal(name=f"stage{index}_tag{lane}", reset_less=True) for lane in count]
            held_strobes = Signal(3, name=f"stage{index}_strobes")
            m.d.sync += [Cat(held).eq(Cat(lanes)), Cat(held_tags).eq(Cat(tags)),
                         held_strobes.eq(strobes)]
            lanes, tags, strobes = held, held_tags, held_strobes
        m.d.comb += [self.o.eq(Cat(lanes)), self.commit_out.eq(strobes[2])]
        return m

    def _exchange(self, m, name, pairs, lanes, tags, strobes):
        """One pass: a row of switches, a bit of each vector per switch. Changes `lanes`, `tags`."""
        def vector(part):
            return Signal(len(pairs), name=f"{name}_{part}", reset_less=True)

        def bits(part, lane_of):
            return [Signal(name=f"{name}_{part}{pair[lane_of]}", reset_less=True) for pair in pairs]

        crossed = vector("crossed")         # the way of the data
        crossing = vector("crossing")       # the way of the numbers, once decided
        decided = vector("decided")
        cross, known = vector("cross"), vector("known")
        tag, first, commit = strobes
        low_tags, high_tags = (Cat(tags[pair[end]] for pair in pairs) for end in (0, 1))
        new_low, new_high = bits("tag", 0), bits("tag", 1)
        m.d.comb += [
            known.eq(decided & ~first.replicate(len(pairs))),
            cross.eq((known & crossing) | (~known & low_tags & ~high_tags)),
            Cat(new_low).eq((low_tags & ~cross) | (high_tags & cross)),
            Cat(new_high).eq((high_tags & ~cross) | (low_tags & cross)),
        ]
        with m.If(tag):
            m.d.sync += [crossing.eq(cross), decided.eq(known | (low_tags ^ high_tags))]
        with m.If(commit):
            m.d.sync += crossed.eq(crossing)

        crosses = bits("cross", 0)
        m.d.comb += Cat(crosses).eq(crossed)
        for place, (i, j) in enumerate(pairs):
            low = Signal(self._width, name=f"{name}_{i}")
            high = Signal(self._width, name=f"{name}_{j}")
            m.d.comb += [low.eq(Mux(crosses[place], lanes[j], lanes[i])),
                         high.eq(Mux(crosses[place], lanes[i], lanes[j]))]
            lanes[i], lanes[j] = low, high
            tags[i], tags[j] = new_low[place], new_high[place]
