"""Helpers for testbenches: packets and beats, senders and receivers that stall, and a watchdog."""

import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from amaranth import ClockDomain, Module
from amaranth.sim import Simulator

__all__ = [
    "Beat",
    "Packet",
    "StreamError",
    "collect",
    "collect_axi",
    "from_beats",
    "random_packets",
    "receive",
    "send",
    "send_axi",
    "simulate",
    "to_beats",
    "watchdog",
]


class StreamError(AssertionError):
    """A stream broke its rules: a payload changed while waiting, or a packet is malformed."""


class Beat(NamedTuple):
    """Value of :func:`lampyris.shapes.beat_layout`."""

    data: int
    last: int = 0
    empty: int = 0
    error: int = 0


class Packet(NamedTuple):
    data: bytes
    error: bool = False


# Packets and beats --------------------------------------------------------------------------------

def random_packets(rng: random.Random, count: int, longest: int,
                   errors: float = 0.2) -> list[Packet]:
    """Packets of 1..`longest` random bytes, every other one short, a share of them bad."""
    packets = []
    for index in range(count):
        size = rng.randint(1, longest if index % 2 else min(longest, 8))
        packets.append(Packet(rng.randbytes(size), rng.random() < errors))
    return packets


def to_beats(packets: Iterable[Packet], width: int, rng: random.Random | None = None) -> list[Beat]:
    """Cut packets into beats of `width` bits.

    With `rng`, everything without a meaning (unused bytes, `empty` and `error` before the last
    beat) is random; without, it is 0.
    """
    size = width // 8
    beats = []
    for packet in packets:
        if not packet.data:
            raise ValueError("a packet has at least one byte")
        for start in range(0, len(packet.data), size):
            chunk = packet.data[start:start + size]
            last = start + size >= len(packet.data)
            empty = size - len(chunk)
            error = int(packet.error) if last else 0
            if rng is not None:
                chunk += rng.randbytes(empty)
                if not last:
                    empty, error = rng.randrange(size), rng.randrange(2)
            beats.append(Beat(int.from_bytes(chunk, "little"), int(last), empty, error))
    return beats


def from_beats(beats: Iterable[Beat], width: int) -> list[Packet]:
    """Join beats of `width` bits to packets; :class:`StreamError` if they end inside one."""
    size = width // 8
    packets = []
    content = b""
    inside = False
    for beat in beats:
        content += beat.data.to_bytes(size, "little")
        inside = not beat.last
        if beat.last:
            if not 0 <= beat.empty < size:
                raise StreamError(f"empty is {beat.empty} in a beat of {size} bytes")
            packets.append(Packet(content[:len(content) - beat.empty], bool(beat.error)))
            content = b""
    if inside:
        raise StreamError(f"the beats end inside a packet, after {len(content)} bytes")
    return packets


# Streams ------------------------------------------------------------------------------------------

async def send(ctx, stream, beats: Iterable[Any], rng: random.Random | None = None,
               stall: float = 0.0, *, domain: str = "sync", between: Callable | None = None):
    """Send payloads, each after a random pause; returns in the cycle after the last was taken.

    Parameters
    ----------
    beats : iterable
        :class:`Beat`, or whatever ``ctx.set`` takes for the payload.
    rng, stall
        Before each payload, and then once more every cycle, pause with probability `stall`.
    between : callable
        Called without arguments for each cycle with a payload waiting or a pause.
    """
    for beat in beats:
        while rng is not None and rng.random() < stall:
            if between is not None:
                between()
            await ctx.tick(domain)
        ctx.set(stream.payload, beat._asdict() if isinstance(beat, Beat) else beat)
        ctx.set(stream.valid, 1)
        ready = False
        while not ready:
            if between is not None:
                between()
            _, _, ready = await ctx.tick(domain).sample(stream.ready)
        ctx.set(stream.valid, 0)


async def collect(ctx, stream, beats: list, rng: random.Random | None = None, stall: float = 0.0,
                  *, domain: str = "sync", count: int | None = None):
    """Append what a stream delivers to `beats`, not ready with probability `stall` in each cycle.

    Runs for ever, as a background testbench, or until `beats` has `count` entries. Struct payloads
    with the fields of :class:`Beat` are stored as such, everything else as it is sampled.

    Raises
    ------
    StreamError
        If a payload that waits is withdrawn or changes.
    """
    waiting = None
    while count is None or len(beats) < count:
        ready = rng is None or rng.random() >= stall
        if not stream.signature.always_ready:
            ctx.set(stream.ready, ready)
        else:
            ready = True
        _, _, valid, payload = await ctx.tick(domain).sample(stream.valid, stream.payload)
        if valid:
            payload = _plain(payload)
        if waiting is not None and not (valid and payload == waiting):
            raise StreamError(f"{waiting} was withdrawn before it was taken")
        waiting = payload if valid and not ready else None
        if valid and ready:
            beats.append(payload)
    if not stream.signature.always_ready:
        ctx.set(stream.ready, 0)


async def receive(ctx, stream, count: int, rng: random.Random | None = None, stall: float = 0.0,
                  *, domain: str = "sync") -> list:
    """The next `count` payloads of a stream; see :func:`collect`."""
    beats: list = []
    await collect(ctx, stream, beats, rng, stall, domain=domain, count=count)
    return beats


def _plain(payload):
    try:
        return Beat(payload.data, payload.last, payload.empty, payload.error)
    except AttributeError:
        return payload


# AXI4-Stream --------------------------------------------------------------------------------------

async def send_axi(ctx, port, beats: Iterable[Beat], rng: random.Random | None = None,
                   stall: float = 0.0, *, domain: str = "sync"):
    """Send beats through naked AXI4-Stream signals (`port.tdata` ...), as :func:`send`.

    With `rng`, `tkeep` is random in all but the last beat of a packet.
    """
    size = len(port.tkeep)
    for beat in beats:
        while rng is not None and rng.random() < stall:
            await ctx.tick(domain)
        keep = (1 << (size - beat.empty)) - 1
        if not beat.last:
            keep = (1 << size) - 1 if rng is None else rng.getrandbits(size)
        ctx.set(port.tdata, beat.data)
        ctx.set(port.tkeep, keep)
        ctx.set(port.tlast, beat.last)
        ctx.set(port.tuser, beat.error)
        ctx.set(port.tvalid, 1)
        ready = False
        while not ready:
            _, _, ready = await ctx.tick(domain).sample(port.tready)
        ctx.set(port.tvalid, 0)


async def collect_axi(ctx, port, beats: list, rng: random.Random | None = None, stall: float = 0.0,
                      *, domain: str = "sync", count: int | None = None):
    """Append what naked AXI4-Stream signals deliver to `beats`, as :func:`collect`.

    Raises
    ------
    StreamError
        Also on a `tkeep` with a gap, or not all ones before the last beat.
    """
    size = len(port.tkeep)
    waiting = None
    while count is None or len(beats) < count:
        ready = rng is None or rng.random() >= stall
        ctx.set(port.tready, ready)
        _, _, valid, *fields = await ctx.tick(domain).sample(
            port.tvalid, port.tdata, port.tkeep, port.tlast, port.tuser)
        if waiting is not None and not (valid and fields == waiting):
            raise StreamError(f"{waiting} was withdrawn before it was taken")
        waiting = fields if valid and not ready else None
        if valid and ready:
            content, keep, last, error = fields
            used = keep.bit_length()
            if keep != (1 << used) - 1 or used == 0 or (not last and used != size):
                raise StreamError(f"tkeep is {keep:#x} in a beat with tlast = {last}")
            beats.append(Beat(content, last, size - used, error))
    ctx.set(port.tready, 0)


# Runs ---------------------------------------------------------------------------------------------

def watchdog(cycles: int, domain: str = "sync") -> Callable:
    """A background testbench that ends a run with TimeoutError after so many cycles."""
    async def testbench(ctx):
        left = cycles
        while left:
            await ctx.tick(domain)
            left -= 1
        raise TimeoutError(f"the testbench did not end within {cycles} cycles of {domain}")
    return testbench


def simulate(dut, testbenches: Sequence[Callable], *, background: Sequence[Callable] = (),
             clocks: dict[str, float | tuple[float, float]] | None = None, cycles: int = 20_000,
             vcd: str | None = None):
    """Run testbenches to their end under a watchdog.

    Parameters
    ----------
    clocks : dict
        Domain -> period, or (period, time of the first edge), in seconds; by default `sync` alone.
        The watchdog counts cycles of the first.
    vcd : str
        Where to leave a waveform, if wanted.
    """
    clocks = clocks or {"sync": 1e-8}
    top = Module()
    top.submodules.dut = dut
    for domain in clocks:               # also for a block that has no register in one of them
        top.domains += ClockDomain(domain)
    simulator = Simulator(top)
    for domain, clock in clocks.items():
        period, phase = clock if isinstance(clock, tuple) else (clock, None)
        simulator.add_clock(period, phase=phase, domain=domain)
    for testbench in testbenches:
        simulator.add_testbench(testbench)
    for testbench in (*background, watchdog(cycles, next(iter(clocks)))):
        simulator.add_testbench(testbench, background=True)
    if vcd is None:
        simulator.run()
    else:
        with simulator.write_vcd(vcd):
            simulator.run()
