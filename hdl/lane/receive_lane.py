"""One physical lane on its way in: sample, align, lock, undo polarity and scrambling, buffer."""

from amaranth import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..framing.marker import fold_parity
from ..framing.scrambler import KeyStream
from ..geometry import Geometry
from ..striping.deskew import DeskewBuffer
from .aligner import SymbolAligner
from .marker_reader import MarkerReader
from .prbs import PrbsChecker
from .sampler import Sampler

__all__ = ["LaneStatus", "ReceiveLane"]


LaneStatus = data.StructLayout({
    "locked": 1,
    "joined": 1,                # takes part in the deskew
    "inverted": 1,
    "identity": 11,
    "sparing": 1,               # `message` is for the sparing
    "message_valid": 1,         # the last marker's check held
    "message": 16,              # its back-channel word
    "bad_markers": 8,           # saturates; since `clear`
    "errors": 16,               # saturates; wrong parity bits, or with a PRBS its wrong bits
    # Of the sampler; 0 without one.
    "phase": 3,                 # sample of each bit that is taken
    "quiet": 1,                 # no edges: no light or a stuck output
    "level": 1,                 # the last sample
    "lost_symbols": 8,          # saturates; since `clear`: the receive clock is too slow
})
"""What one lane reports."""


class ReceiveLane(wiring.Component):
    """The receiver of one physical lane, up to the deskew buffer. It knows nothing of other lanes.

    Parameters
    ----------
    geometry : Geometry
    tolerance : int
        Wrong bits allowed in a sync.
    depth : int
        Of the deskew buffer, in symbols.
    sampling : int, 1, 3, 4 or 8
        Samples per bit; with 1 there is no :class:`Sampler`.
    scrambler, test_patterns : bool

    Members
    -------
    i : `gear`·`sampling` bits, in; i_valid : 1 bit, in
    dead : 1 bit, in
        Known to be dead: it never counts as locked, from the next cycle on.
    run, open, drop, address, o, ready, tight, following
        Of :class:`DeskewBuffer`; `o` is descrambled.
    prbs : 3 bits, in
        Test pattern to check, 0 for none.
    clear : 1 bit, in
        Zero the counters.
    status : :class:`LaneStatus`, out
    wrong : out, 0..max(8, gear)
        What is added to `errors` of `status` in this cycle.
    taken : `gear` bits, out; mark : 1 bit, out
        If there is a :class:`Sampler`: its `taken`; and the first symbol of a frame left it 5
        cycles ago.

    Latency: 6 cycles from the deserializer's symbol to the write into the buffer, and those of the
    sampler.
    """

    i: Signal
    i_valid: Signal
    dead: Signal
    run: Signal
    open: Signal
    drop: Signal
    address: Signal
    o: Signal
    ready: Signal
    tight: Signal
    following: Signal
    prbs: Signal
    clear: Signal
    status: data.View
    wrong: Signal
    taken: Signal
    mark: Signal

    def __init__(self, *, geometry: Geometry, tolerance: int, depth: int, sampling: int = 1,
                 scrambler: bool = True, test_patterns: bool = True):
        self._geometry, self._tolerance, self._depth = geometry, tolerance, depth
        self._sampling = sampling
        self._scrambler, self._test_patterns = scrambler, test_patterns
        super().__init__({
            "i": In(geometry.gear * sampling), "i_valid": In(1),
            "dead": In(1),
            "run": In(1), "open": In(1), "drop": In(1), "address": In(range(depth)),
            "o": Out(geometry.gear), "ready": Out(1), "tight": Out(1),
            "following": Out(range(depth)), "wrong": Out(range(max(9, geometry.gear + 1))),
            "prbs": In(3), "clear": In(1), "status": Out(LaneStatus),
            **({"taken": Out(geometry.gear), "mark": Out(1)} if sampling > 1 else {}),
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        last_marker = geometry.marker_symbols - 1

        m.submodules.aligner = aligner = SymbolAligner(gear=geometry.gear)
        m.submodules.reader = reader = MarkerReader(geometry=geometry, tolerance=self._tolerance)
        m.submodules.descrambler = key = KeyStream(gear=geometry.gear, enable=self._scrambler)
        m.submodules.buffer = buffer = DeskewBuffer(width=geometry.gear, depth=self._depth,
                                                    places=geometry.marker_period)
        dead = Signal()         # a register, so that no output depends on an input within a cycle
        m.d.sync += dead.eq(self.dead)
        locked = reader.locked & ~dead
        symbol, symbol_valid = self._sample(m)
        m.d.comb += [
            aligner.i.eq(symbol), aligner.i_valid.eq(symbol_valid), aligner.slip.eq(reader.slip),
            reader.i.eq(aligner.o), reader.i_valid.eq(aligner.o_valid),
            key.identity.eq(reader.identity), key.base.eq(reader.base),
            key.load.eq(reader.o_valid & (reader.position == last_marker)),
            key.advance.eq(reader.o_valid & (reader.position > last_marker)),
            buffer.locked.eq(locked), buffer.run.eq(self.run), buffer.open.eq(self.open),
            buffer.drop.eq(self.drop), buffer.address.eq(self.address),
            self.o.eq(buffer.o), self.ready.eq(buffer.ready), self.tight.eq(buffer.tight),
            self.following.eq(buffer.following),
        ]
        m.d.sync += [
            buffer.i.eq(reader.o ^ key.key), buffer.i_valid.eq(reader.o_valid),
            buffer.position.eq(reader.position),
        ]

        if self._sampling > 1:
            m.d.comb += self.mark.eq(locked & buffer.i_valid & (buffer.position == 0))

        parity = Signal(8)
        with m.If(reader.o_valid):
            with m.If(reader.position == last_marker):
                m.d.sync += parity.eq(0)
            with m.Elif(reader.position > last_marker):
                m.d.sync += parity.eq(parity ^ fold_parity(reader.o))

        wrong = self.wrong
        m.d.sync += wrong.eq(0)
        with m.If(locked & reader.judged & reader.parity_valid):
            m.d.sync += wrong.eq(sum(parity ^ reader.parity))
        if self._test_patterns:
            m.submodules.checker = checker = PrbsChecker(gear=geometry.gear)
            m.d.comb += [checker.i.eq(symbol), checker.valid.eq(symbol_valid),
                         checker.select.eq(self.prbs)]
            with m.If(self.prbs != 0):
                m.d.sync += wrong.eq(Mux(checker.aligned, checker.errors, 0))

        status = self.status
        m.d.comb += [
            status.locked.eq(locked), status.joined.eq(buffer.joined),
            status.inverted.eq(reader.inverted),
            status.identity.eq(reader.identity), status.message.eq(reader.message),
            status.sparing.eq(reader.sparing), status.message_valid.eq(reader.message_valid),
        ]
        total = Signal(17)
        m.d.comb += total.eq(status.errors + wrong)
        m.d.sync += status.errors.eq(total[:16] | total[16].replicate(16))
        with m.If(reader.judged & ~reader.good & (status.bad_markers != 0xFF)):
            m.d.sync += status.bad_markers.eq(status.bad_markers + 1)
        with m.If(self.clear):
            m.d.sync += [status.errors.eq(0), status.bad_markers.eq(0)]
        return m

    def _sample(self, m: Module) -> tuple[Signal, Signal]:
        """The lane's symbols, and whether there is one."""
        if self._sampling == 1:
            return self.i, self.i_valid
        status = self.status
        m.submodules.sampler = sampler = Sampler(gear=self._geometry.gear, ratio=self._sampling)
        m.d.comb += [
            sampler.i.eq(self.i), sampler.i_valid.eq(self.i_valid),
            self.taken.eq(sampler.taken),
            status.phase.eq(sampler.phase), status.quiet.eq(sampler.quiet),
            status.level.eq(sampler.level),
        ]
        with m.If(self.clear):
            m.d.sync += status.lost_symbols.eq(0)
        with m.Elif(sampler.lost & ~status.lost_symbols.all()):
            m.d.sync += status.lost_symbols.eq(status.lost_symbols + 1)
        return sampler.o, sampler.o_valid
