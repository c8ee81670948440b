"""The clocks are driven edge by edge, in an order given by exact times.

So edges that coincide can be tried in either order, as a metastable flip-flop would resolve them,
and clocks can jitter, start late and jump.
"""

import random
from fractions import Fraction

import pytest
from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

from lampyris.lane.serializer import Deserializer, Serializer

LANES = 2
CASES = [(gear, ddr) for gear in range(4, 17) for ddr in (False, True) if not (ddr and gear % 2)]
CLOCKS = pytest.mark.parametrize("gear, ddr", CASES)
PHASES = [Fraction(0), Fraction(3, 8), Fraction(5, 3), Fraction(99, 100)]


def edges(period, phase, stop, *, jitter=Fraction(0), rng=None, gaps=()):
    """Times of the edges of a clock, in bit clock periods; none in the intervals `gaps`."""
    times = []
    count = 0
    while (time := phase + count * period) < stop:
        if not any(start <= time < end for start, end in gaps):
            shift = jitter * rng.choice((-1, 0, 1)) if rng else 0
            times.append(time + shift)
        count += 1
    return times


def play(blocks, core, core_edge, bit, bit_edge, *, bit_first, connect=None):
    """Run both clocks; `core_edge` and `bit_edge` are called (ctx, time) just before each edge."""
    top = Module()
    domains = {}
    for name in ("core", "bit"):
        domains[name] = ClockDomain(name, reset_less=True)
        top.domains += domains[name]
    for index, block in enumerate(blocks):
        top.submodules[f"block{index}"] = block
    if connect is not None:
        top.d.comb += connect
    events = [(time, not bit_first, domains["bit"].clk, bit_edge) for time in bit]
    events += [(time, bit_first, domains["core"].clk, core_edge) for time in core]
    events.sort(key=lambda event: event[:2])

    async def testbench(ctx):
        for time, _, clock, callback in events:
            callback(ctx, time)
            ctx.set(clock, 1)
            ctx.set(clock, 0)

    simulator = Simulator(top)
    simulator.add_testbench(testbench)
    simulator.run()


def symbol_bits(word, lane, gear):
    return [word >> lane * gear + place & 1 for place in range(gear)]


# Serializer ---------------------------------------------------------------------------------------

class Sending:
    """Feeds random words to a serializer and keeps the bits of each lane with their times."""

    def __init__(self, gear, ddr, core, bit, *, bit_first, seed=0):
        dut = Serializer(lanes=LANES, gear=gear, ddr=ddr, core_domain="core", bit_domain="bit")
        rng = random.Random(seed)
        self.gear = gear
        self.per_cycle = 2 if ddr else 1
        self.words = []                     # (time, word)
        self.bits = [[] for _ in range(LANES)]
        self.times = []                     # of the edge after which a bit is there
        last = None

        def core_edge(ctx, time):
            word = rng.getrandbits(LANES * gear)
            self.words.append((time, word))
            ctx.set(dut.i, word)

        def bit_edge(ctx, time):
            nonlocal last
            value = ctx.get(dut.o)
            for lane in range(LANES):
                for place in range(self.per_cycle):
                    self.bits[lane].append(value >> lane * self.per_cycle + place & 1)
            self.times += [last] * self.per_cycle
            last = time

        play([dut], core, core_edge, bit, bit_edge, bit_first=bit_first)

    def find(self, index):
        """Place in the bits where word `index` and the 4 after it are, or None."""
        words = [word for _, word in self.words[index:index + 5]]
        patterns = [[bit for word in words for bit in symbol_bits(word, lane, self.gear)]
                    for lane in range(LANES)]
        for place in range(len(self.times)):
            if all(bits[place:place + 5 * self.gear] == pattern
                   for bits, pattern in zip(self.bits, patterns, strict=True)):
                return place
        return None

    def check_from(self, index, margin=6):
        """All words from `index` on arrive, one after the other; the latency of the first."""
        place = begin = self.find(index)
        assert begin is not None, f"word {index} did not arrive"
        for time, word in self.words[index:-margin]:
            for lane in range(LANES):
                assert self.bits[lane][place:place + self.gear] == symbol_bits(
                    word, lane, self.gear), f"the word of time {time}"
            place += self.gear
        return self.times[begin] - self.words[index][0]


@CLOCKS
@pytest.mark.parametrize("bit_first", [False, True])
def test_serializer_phases(gear, ddr, bit_first):
    """At any phase every word arrives from the first ones on, within the promised time."""
    symbol = gear // 2 if ddr else gear
    for phase in PHASES:
        stop = 24 * symbol
        run = Sending(gear, ddr, edges(symbol, phase, stop), edges(1, Fraction(0), stop),
                      bit_first=bit_first)
        latency = run.check_from(2)
        assert symbol + 2 <= latency <= 2 * symbol + 2


@CLOCKS
def test_serializer_starts_dark(gear, ddr):
    symbol = gear // 2 if ddr else gear
    run = Sending(gear, ddr, edges(symbol, Fraction(1, 2), 8 * symbol),
                  edges(1, Fraction(0), 8 * symbol), bit_first=True)
    assert not any(any(bits[:gear]) for bits in run.bits)


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
def test_serializer_jitter(gear, ddr):
    """Edges that cross each other back and forth cost words at the start at most."""
    symbol = gear // 2 if ddr else gear
    for seed in range(6):
        rng = random.Random(seed)
        stop = 60 * symbol
        core = edges(symbol, Fraction(seed % symbol), stop, jitter=Fraction(1, 50), rng=rng)
        run = Sending(gear, ddr, core, edges(1, Fraction(0), stop), bit_first=True)
        latency = run.check_from(10)
        assert symbol + 2 - Fraction(1, 20) <= latency <= 2 * symbol + 2 + Fraction(1, 20)


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
def test_serializer_recovers(gear, ddr):
    """Whatever happened to the clocks, 5 symbols later all is well, and safe again."""
    symbol = gear // 2 if ddr else gear
    for pause in range(1, 30, 2):
        length = Fraction(pause, 3) * symbol
        stop = 30 * symbol + length
        begin = 10 * symbol
        core = edges(symbol, Fraction(1, 7), begin) + edges(symbol, begin + length, stop)
        again = next(index for index, time in enumerate(core) if time >= begin)
        run = Sending(gear, ddr, core, edges(1, Fraction(0), stop), bit_first=True)
        latency = run.check_from(again + 5)
        assert 2 <= latency <= 2 * symbol + 2

        core = edges(symbol, Fraction(1, 7), stop)
        bit = edges(1, Fraction(0), begin) + edges(1, begin + length, stop)
        again = next(index for index, time in enumerate(core) if time >= begin + length)
        run = Sending(gear, ddr, core, bit, bit_first=True)
        latency = run.check_from(again + 5)
        assert 2 <= latency <= 2 * symbol + 2


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
def test_serializer_late_clocks(gear, ddr):
    """Either clock may start late."""
    symbol = gear // 2 if ddr else gear
    for late in range(1, 20, 2):
        delay = Fraction(late, 3) * symbol
        stop = delay + 20 * symbol
        run = Sending(gear, ddr, edges(symbol, delay, stop), edges(1, Fraction(0), stop),
                      bit_first=True)
        assert 2 <= run.check_from(5) <= 2 * symbol + 2
        run = Sending(gear, ddr, edges(symbol, Fraction(1, 7), stop), edges(1, delay, stop),
                      bit_first=True)
        latency = run.check_from(late // 3 + 4)
        assert symbol + 2 <= latency <= 2 * symbol + 2


# Deserializer -------------------------------------------------------------------------------------

class Receiving:
    """Feeds random bits to a deserializer and keeps the words with their times."""

    def __init__(self, gear, ddr, core, bit, *, bit_first, seed=0):
        dut = Deserializer(lanes=LANES, gear=gear, ddr=ddr, core_domain="core", bit_domain="bit")
        rng = random.Random(seed)
        self.gear = gear
        self.per_cycle = 2 if ddr else 1
        self.bits = [[] for _ in range(LANES)]
        self.times = []
        self.words = []                     # (time of the edge after which it is there, word)
        last = None

        def core_edge(ctx, time):
            nonlocal last
            if ctx.get(dut.valid):
                self.words.append((last, ctx.get(dut.o)))
            last = time

        def bit_edge(ctx, time):
            value = 0
            for lane in range(LANES):
                for place in range(self.per_cycle):
                    bit = rng.randrange(2)
                    self.bits[lane].append(bit)
                    value |= bit << lane * self.per_cycle + place
            self.times += [time] * self.per_cycle
            ctx.set(dut.i, value)

        play([dut], core, core_edge, bit, bit_edge, bit_first=bit_first)

    def matches(self, place, word):
        return all(self.bits[lane][place:place + self.gear] == symbol_bits(word, lane, self.gear)
                   for lane in range(LANES))

    def check(self, first, last=None):
        """Words `first` up to `last` follow each other without a gap; their latencies."""
        words = self.words[first:last]
        assert len(words) >= 8
        for begin in range(len(self.times) - self.gear * len(words) + 1):
            if all(self.matches(begin + index * self.gear, word)
                   for index, (_, word) in enumerate(words)):
                ends = self.times[begin + self.gear - 1::self.gear]
                return [time - end for (time, _), end in zip(words, ends, strict=False)]
        raise AssertionError("the words are nowhere in the bits")


@CLOCKS
@pytest.mark.parametrize("bit_first", [False, True])
def test_deserializer_phases(gear, ddr, bit_first):
    """Core clock at the symbol rate, any phase: a word per core cycle."""
    symbol = gear // 2 if ddr else gear
    for phase in PHASES:
        stop = 24 * symbol
        run = Receiving(gear, ddr, edges(symbol, phase, stop), edges(1, Fraction(0), stop),
                        bit_first=bit_first)
        latencies = run.check(1)            # the first word is from before the first bit
        assert len(set(latencies)) == 1
        assert 1 + 2 * symbol <= latencies[0] <= 1 + 3 * symbol
        assert len(run.words) >= 24 - 5


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
@pytest.mark.parametrize("ratio", [Fraction(99, 100), Fraction(19, 20), Fraction(3, 5)], ids=str)
def test_deserializer_faster_core(gear, ddr, ratio):
    """A faster core clock sees gaps, and every word."""
    symbol = gear // 2 if ddr else gear
    period = symbol * ratio
    stop = 120 * symbol
    run = Receiving(gear, ddr, edges(period, Fraction(1, 3), stop), edges(1, Fraction(0), stop),
                    bit_first=False)
    latencies = run.check(1)
    assert 1 + 2 * period <= min(latencies)
    assert max(latencies) <= 1 + 3 * period
    assert len(run.words) >= 120 - 5


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
def test_deserializer_jitter(gear, ddr):
    symbol = gear // 2 if ddr else gear
    for seed in range(6):
        rng = random.Random(seed)
        stop = 60 * symbol
        core = edges(symbol, Fraction(seed % symbol), stop, jitter=Fraction(1, 50), rng=rng)
        run = Receiving(gear, ddr, core, edges(1, Fraction(0), stop), bit_first=True)
        latencies = run.check(1)
        assert max(latencies) <= 1 + 3 * symbol + Fraction(1, 20)
        assert len(run.words) >= 60 - 5


@pytest.mark.parametrize("gear, ddr", [(4, True), (4, False), (10, True), (16, False), (7, False)])
def test_deserializer_recovers(gear, ddr):
    """A core clock that was off loses words, then reads safely behind the writer again."""
    symbol = gear // 2 if ddr else gear
    for pause in range(1, 40, 2):
        length = Fraction(pause, 3) * symbol
        begin = 10 * symbol
        stop = begin + length + 25 * symbol
        core = edges(symbol, Fraction(1, 7), begin) + edges(symbol, begin + length, stop)
        run = Receiving(gear, ddr, core, edges(1, Fraction(0), stop), bit_first=True)
        before = sum(time <= begin for time, _ in run.words)
        latencies = run.check(before + 5)
        assert 1 + 2 * symbol <= latencies[0] <= 1 + 6 * symbol
        assert len(run.words) - before >= 20


# Both ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("gear, ddr", [(4, True), (8, False), (8, True), (10, False), (13, False)])
def test_pair(gear, ddr):
    """What goes in comes out, on all lanes in step; the word boundary may have moved."""
    symbol = gear // 2 if ddr else gear
    for phase in PHASES:
        options = {"lanes": LANES, "gear": gear, "ddr": ddr, "core_domain": "core",
                   "bit_domain": "bit"}
        sender, receiver = Serializer(**options), Deserializer(**options)
        rng = random.Random(gear)
        sent, received = [], []

        def core_edge(ctx, time, sender=sender, receiver=receiver, rng=rng, sent=sent,
                      received=received):
            word = rng.getrandbits(LANES * gear)
            ctx.set(sender.i, word)
            sent.append(word)
            if ctx.get(receiver.valid):
                received.append(ctx.get(receiver.o))

        stop = 60 * symbol
        play([sender, receiver], edges(symbol, phase, stop), core_edge,
             edges(1, Fraction(0), stop), lambda ctx, time: None, bit_first=False,
             connect=[receiver.i.eq(sender.o)])
        shifts = set()
        for lane in range(LANES):
            line_in = [bit for word in sent for bit in symbol_bits(word, lane, gear)]
            line_out = [bit for word in received[10:50] for bit in symbol_bits(word, lane, gear)]
            shifts.add(next((shift for shift in range(len(line_in) - len(line_out) + 1)
                             if line_in[shift:shift + len(line_out)] == line_out), None))
        assert len(line_out) >= 40 * gear
        assert len(shifts) == 1
        assert None not in shifts


# Parameters ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("block", [Serializer, Deserializer])
@pytest.mark.parametrize("settings, error, text", [
    ({"lanes": 0, "gear": 8}, ValueError, "lanes must be 1 or more, not 0"),
    ({"lanes": 8, "gear": 3}, ValueError, "gear must be 4 to 16 bits per symbol, not 3"),
    ({"lanes": 8, "gear": 17}, ValueError, "gear must be 4 to 16 bits per symbol, not 17"),
    ({"lanes": 8, "gear": 5, "ddr": True}, ValueError, "gear must be even with ddr, not 5"),
    ({"lanes": "8", "gear": 8}, TypeError, "lanes must be a whole number, not '8'"),
    ({"lanes": 8, "gear": 8.0}, TypeError, "gear must be a whole number, not 8.0"),
    ({"lanes": 8, "gear": 8, "ddr": 1}, TypeError, "ddr must be True or False, not 1"),
    ({"lanes": 8, "gear": 8, "core_domain": None}, TypeError,
     "core_domain must be the name of a clock domain, not None"),
    ({"lanes": 8, "gear": 8, "bit_domain": "comb"}, ValueError,
     "bit_domain must be the name of a clock domain, not 'comb'"),
    ({"lanes": 8, "gear": 8, "core_domain": "a", "bit_domain": "a"}, ValueError,
     "core_domain and bit_domain must differ, not both be 'a'"),
])
def test_bad_parameters(block, settings, error, text):
    with pytest.raises(error) as info:
        block(**settings)
    assert str(info.value) == text


@pytest.mark.parametrize("block, domains", [(Serializer, ("tx", "tx_bit")),
                                            (Deserializer, ("rx", "rx_bit"))])
def test_properties(block, domains):
    dut = block(lanes=5, gear=6, ddr=True)
    assert (dut.lanes, dut.gear, dut.ddr) == (5, 6, True)
    assert (dut.core_domain, dut.bit_domain) == domains
    slow, fast = (dut.i, dut.o) if block is Serializer else (dut.o, dut.i)
    assert (len(slow), len(fast)) == (30, 10)
