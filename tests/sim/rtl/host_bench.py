"""cocotb benches for `axis_register.v`: the AXI4-Stream hosts, and cocotbext-axi as it comes."""

import random
import time

import cocotb
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

from lampyris.sim.rtl.bench import reset, start_clock, watchdog
from lampyris.sim.rtl.hosts import HostSink, HostSource, pauses
from lampyris.sim.rtl.packets import Packet, Scoreboard, random_packets


async def begin(dut):
    start_clock(dut.host_clk, 1000)
    cocotb.start_soon(watchdog(50_000, 1000))
    await reset(dut, ("host", "absent"), cycles=3)


@cocotb.test()
async def stalled_packets_arrive(dut):
    rng = random.Random(1)
    source = HostSource(dut, dut.host_clk, dut.host_rst, stalls=pauses(rng, 0.4), rng=rng)
    sink = HostSink(dut, dut.host_clk, dut.host_rst, stalls=pauses(random.Random(2), 0.4))
    await begin(dut)
    sent = random_packets(rng, 150, 1, 3000, marked=0.2)
    board = Scoreboard(sent)
    for packet in sent:
        source.send(packet)
    while not board.complete:
        packet = await sink.receive()
        board.receive(packet.data, packet.error)
    assert board.finish()["delivered"] == 150
    assert source.idle and sink.waiting == 0


@cocotb.test()
async def speed(dut):
    source = HostSource(dut, dut.host_clk, dut.host_rst)
    sink = HostSink(dut, dut.host_clk, dut.host_rst)
    await begin(dut)
    packets = [Packet(random.randbytes(1500)) for _ in range(300)]
    start, start_ps = time.process_time(), get_sim_time("ps")
    for packet in packets:
        source.send(packet)
    for packet in packets:
        got = await sink.receive()
        assert (got.data, got.error) == packet
    cycles = (get_sim_time("ps") - start_ps) / 1000
    rate = cycles / (time.process_time() - start)
    print(f"hosts: {cycles:.0f} cycles, {rate:.0f} cycles/s")
    assert cycles < 3620, "12 beats per packet and no gap"
    assert rate > 1500, f"{rate:.0f} cycles/s"


SIZES = (1, 127, 128, 129, 1500)


@cocotb.test()
async def library_reads_what_we_send(dut):
    """Our packing of bytes to beats against that of cocotbext-axi."""
    source = HostSource(dut, dut.host_clk, dut.host_rst)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.host_clk, dut.host_rst)
    await begin(dut)
    for size in SIZES:
        data = random.randbytes(size)
        source.send(Packet(data, True))
        frame = await sink.recv(compact=False)
        keep = frame.tkeep
        assert bytes(byte for byte, kept in zip(frame.tdata, keep, strict=True) if kept) == data
        assert frame.tuser[-1] == 1


@cocotb.test()
async def we_read_what_the_library_sends(dut):
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.host_clk, dut.host_rst)
    sink = HostSink(dut, dut.host_clk, dut.host_rst)
    await begin(dut)
    for size in SIZES:
        data = random.randbytes(size)
        source.send_nowait(data)
        got = await sink.receive()
        assert (got.data, got.error) == (data, False)
