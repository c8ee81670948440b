"""A small core with the ports of a board core: PRBS7 per lane, two bits per clock."""

import pytest
from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer

from lampyris.platforms.board import BoardCoreSignature


class PatternCore(wiring.Component):
    """Sends PRBS7 on every lane, and checks what comes back by its own history."""

    def __init__(self, lanes: int):
        self._lanes = lanes
        super().__init__(BoardCoreSignature(lanes, bits=2))

    def elaborate(self, platform):
        m = Module()
        wrong = Signal(self._lanes)
        for lane in range(self._lanes):
            sent = Signal(7, init=lane + 1, name=f"sent{lane}")     # bit 0 is the youngest
            seen = Signal(7, name=f"seen{lane}")
            first, second = self.lane.rx[2 * lane], self.lane.rx[2 * lane + 1]
            m.d.bit += [
                sent.eq(Cat(sent[5] ^ sent[4], sent[6] ^ sent[5], sent)),
                self.lane.tx[2 * lane:2 * lane + 2].eq(Cat(sent[6], sent[5])),
                seen.eq(Cat(second, first, seen)),
                wrong[lane].eq((first ^ seen[6] ^ seen[5]) | (second ^ seen[5] ^ seen[4])),
            ]
        m.submodules.cross = FFSynchronizer(wrong, self.errors, o_domain="core")
        m.d.core += [self.locked.eq(~self.errors), self.link_up.eq(self.locked.all())]
        return m


@pytest.fixture
def pattern_core():
    return PatternCore(8)
