"""Bench `overkill`: one lane more than the code can correct dies in one clock.

Until the receiver has found out, words are beyond correction: the packet in progress is flagged,
those whose control blocks cannot be read are missing, and none is delivered wrong. From then on the
lanes are erased and all is well again, without a hand and without the link having gone down.
"""

import cocotb

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, collect, lock_cycles, report
from ..packets import Scoreboard, random_packets
from ..traffic import Traffic
from .shots import WAYS

DEFAULTS = {**LINK, "low": 16, "after": 60}

_FOUND_OUT = 5
"""Frames in which the lanes must be erased, and 8 cycles per lane for the decoder to know."""


@cocotb.test()
async def overkill(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    rng, count = link.rng, p["expendable"] // 2 + 1
    await link.up()
    cocotb.start_soon(watchdog(10 * lock_cycles(p), link.core_ps))
    lanes = [link.channel.carrier(link.lane_map[logical])
             for logical in range(p["lanes"] + p["parity"])]
    traffic = Traffic(link, allow_flagged=True, allow_missing=True)
    board = traffic.board
    await link.cycles(2000)
    assert board.delivered and not board.flagged
    for lane in rng.sample(lanes, count):
        link.channel.kill(lane, rng.choice(WAYS[:3]))
    await link.cycles(_FOUND_OUT * p["frame"] + 8 * link.lanes.count)
    erased, failed = read(dut.lost_lanes), read(dut.failed_words)
    assert erased == count, f"after {_FOUND_OUT} frames {erased} of {count} lanes are erased"
    assert failed and board.flagged, "more died than can be corrected, and nothing happened"
    await traffic.end()

    after = random_packets(rng, p["after"], p["low"], p["high"])
    for packet in after:
        link.source.send(packet)
    strict = Scoreboard(after)
    await collect(link.source, link.sink, strict, 4000, link.core_ps)
    strict.finish()
    assert read(dut.failed_words) == failed, "words failed with the lanes erased"
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    report({"kills": count, "failed_words": failed, **board.finish(), "after": len(after)})
