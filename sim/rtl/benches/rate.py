"""Bench `rate`: payload rate of back-to-back 1500-byte packets, and the latency of a single beat.

The hosts never stall and the lanes have no skew. Rate: from the end of the first packet to the end
of the last, over two frames at least. Latency: packets of one beat at random times on an idle link,
from the edge at which the first beat is taken to the edge at which it is delivered.
"""

import cocotb
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, collect, rates, report
from ..packets import Packet, Scoreboard

DEFAULTS = {**LINK, "size": 1500, "frames": 2.2, "single": 64, "singles": 40}
QUIET = {"stall_source": 0, "stall_sink": 0, "skew": 0}


@cocotb.test()
async def rate(dut):
    p = {**parameters(DEFAULTS), **QUIET}
    link = Link(dut, p)
    await link.up()
    block = 8 * p["size"] / (p["lanes"] * p["gear"])
    count = round(p["frames"] * p["frame"] / block)
    sent = [Packet(link.rng.randbytes(p["size"])) for _ in range(count)]
    cocotb.start_soon(watchdog(round(3 * p["frames"] * p["frame"]) + 100_000, link.core_ps))
    start_ps = get_sim_time("ps")
    for packet in sent:
        link.source.send(packet)
    board = Scoreboard(sent)
    times = await collect(link.source, link.sink, board, p["frame"], link.core_ps)
    totals = {**board.finish(), **rates(p, sent, start_ps, times, link.core_ps),
              "cycles": round((times[-1] - times[0]) / link.core_ps)}

    clocks = [await latency(dut, link) for _ in range(p["singles"])]
    assert read(dut.link_up) and link.falls.count == 0
    report({**totals, "latency_min": round(min(clocks), 1), "latency_max": round(max(clocks), 1),
            "latency_mean": round(sum(clocks) / len(clocks), 1)})


async def latency(dut, link: Link) -> float:
    """Core clocks that a packet of one beat takes from host to host."""
    await link.cycles(100 + link.rng.random() * 50)
    taken = cocotb.start_soon(moment(dut, "s_axis"))
    given = cocotb.start_soon(moment(dut, "m_axis"))
    packet = Packet(link.rng.randbytes(link.p["single"]))
    link.source.send(packet)
    arrived = await link.sink.receive()
    assert (arrived.data, arrived.error) == packet
    return (await given - await taken) / link.core_ps


async def moment(dut, prefix: str) -> float:
    """Time of the next edge at which a beat passes, ps."""
    valid, ready = getattr(dut, f"{prefix}_tvalid"), getattr(dut, f"{prefix}_tready")
    edge = RisingEdge(dut.host_clk)
    while True:
        await edge
        if read(valid) and read(ready):
            return get_sim_time("ps")
