"""Bench `registers`: a link with registers, through whichever bus it has.

The description of the map comes as a parameter, and :class:`RegisterModel` says what each access
must give. First all fields with the lanes dark: reset values, everything that can be written, then
random accesses and a reset. Then what the fields do: loopback, lane map, window, messages, test
patterns, flags and interrupt. Then a domain in reset. Last random accesses with traffic: nothing
may be lost, and each answer must be what the model says, as far as it knows. With `loopback` the
traffic stays in the chip, which is faster.
"""

import random
from collections.abc import Callable

import cocotb
from cocotb.triggers import ClockCycles

from lampyris.sim.reference.registers import RegisterModel

from ..bench import parameters, pump_channel, read, reset, watchdog
from ..link import LINK, Falls, Link, link_up, lock_cycles, report
from ..register_hosts import register_host
from ..traffic import Traffic

DEFAULTS = {**LINK, "accesses": 2000, "dark_accesses": 300, "registers": {}, "spares_used": False}

_KNOWN = ("rw", "constant", "w1c", "pulse", "snapshot")
_STRANGE = (0x0FF0, 0x1FFC, 0x2FF8, 0x3000, 0x3FFC)
"""Addresses without a register; the last two are of a bank that is not there."""

_STROBES = (1, 2, 3, 4, 6, 7, 8, 12, 14, *(15,) * 9)


class Registers:
    """The registers by name, the model beside them, and the settings of each lane."""

    def __init__(self, link: Link, p):
        self.link, self.dut = link, link.dut
        self.host = register_host(link.dut)
        self.plain = p["registers"]
        self.by_name = {(entry["bank"], entry["name"]): entry
                        for entry in self.plain["registers"]}
        self.by_address = {entry["address"]: entry for entry in self.plain["registers"]}
        self.model = RegisterModel(self.plain)
        self.lanes = link.lanes.count
        self.count = 0
        self.forget()

    def forget(self):
        """After a reset."""
        self.model.reset()
        self.lane_map = list(range(self.lanes))
        self.dead = [0] * self.lanes

    def field(self, bank: str, register: str, name: str) -> dict:
        return next(field for field in self.by_name[bank, register]["fields"]
                    if field["name"] == name)

    async def get(self, bank: str, register: str, name: str) -> int:
        """Read one field."""
        value, error = await self.host.read(self.by_name[bank, register]["address"])
        assert not error, f"reading {bank}.{register} is an error"
        field = self.field(bank, register, name)
        return value >> field["low"] & (1 << field["width"]) - 1

    async def put(self, bank: str, register: str, data: int, strobe: int = 15):
        """Write one register, in the model too."""
        await self.write(self.by_name[bank, register]["address"], data, strobe)

    async def write(self, address: int, data: int, strobe: int = 15):
        self.count += 1
        self._to_model()
        expected = self.model.write(address, data, strobe)
        assert await self.host.write(address, data, strobe) == expected, (
            f"writing {address:#x}: error is not {expected}")
        for bank, register, name, words in self._windows():
            index = self._index(bank)
            if address & ~3 == self.by_name[bank, register]["address"] and index < len(words):
                words[index] = self.model.inputs[bank, register, name]

    async def check(self, address: int, shown: dict | None = None):
        """Read one register and compare what the model knows, and what the caller does of fields
        that the design shows."""
        self.count += 1
        self._to_model()
        for (bank, register), names in (shown or {}).items():
            for name, value in names.items():
                self.model.inputs[bank, register, name] = value
        expected, wrong = self.model.read(address)
        value, error = await self.host.read(address)
        assert error == wrong, f"reading {address:#x}: error is not {wrong}"
        register = self.by_address.get(address)
        mask = 0xFFFFFFFF if register is None else self._known(register, shown or {})
        assert (value ^ expected) & mask == 0, (
            f"{register and (register['bank'], register['name'])}: {value:#x} is not "
            f"{expected:#x}, mask {mask:#x}")
        return value

    def _known(self, register: dict, shown: dict) -> int:
        """Bits that the model knows: all but those of fields that the design shows or keeps."""
        unknown = 0
        windows = {window[:3] for window in self._windows()}
        for field in register["fields"]:
            given = shown.get((register["bank"], register["name"]), {})
            known = field["access"] in _KNOWN or (
                register["bank"], register["name"], field["name"]) in windows
            if not known and field["name"] not in given:
                unknown |= (1 << field["width"]) - 1 << field["low"]
        return 0xFFFFFFFF ^ unknown

    def _index(self, bank: str) -> int:
        return self.model.read(self.by_name[bank, "lane_index"]["address"])[0]

    def _to_model(self):
        for bank, register, name, words in self._windows():
            index = self._index(bank)
            self.model.inputs[bank, register, name] = words[index] if index < len(words) else 0

    def _windows(self):
        yield "tx", "lane_map", "physical", self.lane_map
        yield "rx", "lane_control", "dead", self.dead


@cocotb.test()
async def registers(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    regs = Registers(link, p)
    rng = random.Random(p["seed"])
    cocotb.start_soon(watchdog(60 * lock_cycles(p) + 600 * p["accesses"] + 2_000_000,
                               link.core_ps))
    await link.begin()
    await every_field(regs, rng)
    await fuzz(regs, rng, p["dark_accesses"], dark=True)
    await reset(dut)
    regs.forget()
    await every_reset_value(regs)
    await effects(regs, rng, p)
    await lost_domain(regs)
    totals = await with_traffic(regs, rng, p)
    report({**totals, "accesses": regs.count})


async def every_reset_value(regs: Registers):
    for entry in regs.plain["registers"]:
        await regs.check(entry["address"])


async def every_field(regs: Registers, rng):
    """Reset values, then each field written alone, all ones and all zeros, bytes by themselves."""
    await every_reset_value(regs)
    for entry in regs.plain["registers"]:
        for value in (0xFFFFFFFF, 0, 0xA5C3965A, rng.getrandbits(32)):
            for strobe in (15, 1, 2, 4, 8):
                await regs.write(entry["address"], value, strobe)
                await regs.check(entry["address"], dark(regs))
        for field in entry["fields"]:
            ones = (1 << field["width"]) - 1 << field["low"]
            await regs.write(entry["address"], ones)
            await regs.check(entry["address"], dark(regs))
            await regs.write(entry["address"], 0)
            await regs.check(entry["address"], dark(regs))
    for address in _STRANGE:
        await regs.check(address)
        await regs.write(address, 0xFFFFFFFF)


def dark(regs: Registers) -> dict:
    """What status fields show while no lane has light."""
    return {("rx", "status"): {"link_up": 0},
            ("host", "interrupts"): {bank: int(regs.model.interrupt(bank))
                                     for bank in ("host", "tx", "rx")}}


async def fuzz(regs: Registers, rng, count: int, *, dark: bool,
               shown: Callable[[], dict] = dict):
    """Random accesses. With light, what would take the link down is written as it is."""
    addresses = [*regs.by_address, *regs.by_address, *_STRANGE]
    for _ in range(count):
        address = rng.choice(addresses)
        if rng.random() < 0.5:
            await regs.check(address, shown())
            continue
        entry, data = regs.by_address.get(address), rng.getrandbits(32)
        if entry and entry["name"] in ("lane_index", "place_index") and rng.random() < 0.9:
            data = rng.randrange(regs.lanes)
        if dark and entry and (entry["bank"], entry["name"]) == ("tx", "control"):
            data &= ~1                                  # no light of its own either
        if not dark and entry and (entry["bank"], entry["name"]) in (
                ("tx", "control"), ("tx", "lane_map"), ("rx", "lane_control")):
            regs._to_model()
            data = regs.model.read(address)[0]
        await regs.write(address, data, rng.choice(_STROBES))
        if rng.random() < 0.2:
            await ClockCycles(regs.dut.host_clk, 16)
            asked = any(regs.model.interrupt(bank) for bank in ("host", "tx", "rx"))
            assert read(regs.dut.irq) == asked, "the interrupt is not as the flags say"


async def effects(regs: Registers, rng, p):
    """Loopback through a random lane map, and what follows from it; the lanes stay dark."""
    dut, link = regs.dut, regs.link
    fec = ("rx", "place_index") in regs.by_name
    await regs.put("tx", "seed", rng.getrandbits(16))
    for logical, physical in enumerate(link.lane_map):
        await regs.put("tx", "lane_index", logical)
        await regs.put("tx", "lane_map", physical)
    await regs.put("tx", "message", 0xB0A7)
    await regs.put("rx", "events_mask", 1)
    assert not read(dut.irq)
    await regs.put("tx", "control", 1)
    await link_up(dut, 2 * lock_cycles(p), link.core_ps)
    await link.cycles(4 * p["frame"])
    assert read(dut.irq), "the link is up, and there is no interrupt"
    assert await regs.get("rx", "status", "link_up")
    assert await regs.get("rx", "events", "link_up")
    assert await regs.get("host", "interrupts", "rx") and not await regs.get(
        "host", "interrupts", "host")
    assert await regs.get("rx", "message", "word") == 0xB0A7, "the message did not arrive"
    await regs.put("rx", "events", 0xFFFFFFFF)
    await ClockCycles(dut.host_clk, 12)
    assert not read(dut.irq), "the flag is cleared, and the interrupt stays"
    for place in range(regs.lanes):
        await regs.put("rx", "lane_index", place)
        assert await regs.get("rx", "lane_status", "locked")
        assert await regs.get("rx", "lane_status", "joined")
        assert await regs.get("rx", "lane_status", "identity") == link.lane_map.index(place)
        for _ in range(40):         # with spares, every other word is for the sparing
            if await regs.get("rx", "lane_message", "word") == 0xB0A7:
                break
            await link.cycles(0.4 * p["frame"])
        else:
            raise AssertionError("the lane does not show the message")
        assert await regs.get("rx", "lane_locked", "bits") == (1 << regs.lanes) - 1
    if fec:
        assert await regs.get("rx", "fec_status", "lost_lanes") == 0
    await patterns(regs)
    await regs.put("rx", "events", 0xFFFFFFFF)
    # A lane that is said to be dead is lost.
    await regs.put("rx", "lane_index", 1)
    await regs.put("rx", "lane_control", 1)
    await link.cycles(2 * regs.lanes + 20)
    assert not await regs.get("rx", "lane_status", "locked"), "a dead lane is locked"
    assert await regs.get("rx", "lane_locked", "bits") == (1 << regs.lanes) - 1 - 2
    assert await regs.get("rx", "events", "lane_lost")
    assert await regs.get("rx", "events", "link_down") != fec
    await regs.put("rx", "lane_control", 0)
    # The lanes are dark, but their clock runs: without symbols nothing is found wrong.
    assert link.lanes.valid is not None
    link.lanes.valid.value = (1 << regs.lanes) - 1
    if link.lanes.valid is not None:
        link.lanes.valid.value = (1 << regs.lanes) - 1
    await regs.put("tx", "control", 0)
    await link.cycles(8 * p["frame"])
    assert not await regs.get("rx", "status", "link_up")
    assert await regs.get("rx", "status", "down_reason"), "it is down for no reason"
    assert await regs.get("rx", "events", "link_down")
    await regs.put("host", "events", 0xFFFFFFFF)


async def patterns(regs: Registers):
    """Errors of a wrong test pattern are counted, copied by snapshots alone, and cleared."""
    if not any(field["name"] == "prbs" for field in regs.by_name["tx", "control"]["fields"]):
        return
    await regs.put("rx", "control", 5 << 12)        # traffic is no PRBS31
    await regs.link.cycles(400)
    assert await regs.get("rx", "lane_errors", "errors") == 0, "copied without a snapshot"
    await regs.put("rx", "control", 5 << 12 | 1)
    errors = await regs.get("rx", "lane_errors", "errors")
    assert errors > 0, "a wrong test pattern has no errors"
    assert await regs.get("rx", "lane_errors", "errors") == errors
    await regs.put("rx", "control", 2)
    assert await regs.get("rx", "lane_errors", "errors") == errors, "cleared without a snapshot"
    await regs.put("rx", "control", 1)
    assert await regs.get("rx", "lane_errors", "errors") == 0, "clear has left errors"


async def lost_domain(regs: Registers):
    """Domains in reset: accesses to them end with an error, the others go on."""
    dut = regs.dut
    for bank in ("rx", "tx"):
        pin = getattr(dut, f"{bank}_rst")
        pin.value = 1
        await ClockCycles(dut.host_clk, 16)
        for _ in range(2):
            assert (await regs.host.read(regs.by_name[bank, "control"]["address"]))[1]
            assert await regs.host.write(regs.by_name[bank, "message"]["address"], 1)
        await regs.put("host", "scratch", 0x600D)
        await regs.check(regs.by_name["host", "scratch"]["address"])
        pin.value = 0
        await ClockCycles(dut.host_clk, 200)
        regs.model.reset(bank)
        if bank == "tx":
            regs.lane_map = list(range(regs.lanes))
    await every_reset_value(regs)


async def with_traffic(regs: Registers, rng, p) -> dict:
    """Random accesses, and packets that none of them may hurt."""
    link, dut, lanes = regs.link, regs.dut, regs.link.lanes
    await link.begin()
    regs.forget()
    for logical, physical in enumerate(link.lane_map):
        await regs.put("tx", "lane_index", logical)
        await regs.put("tx", "lane_map", physical)
    if p["loopback"]:
        await regs.put("tx", "control", 1)      # inside the chip: no Python in each clock
    else:
        cocotb.start_soon(pump_channel(lanes.clock, lanes.output, lanes.input, link.channel,
                                       lanes.valid))
    await link_up(dut, lock_cycles(p), link.core_ps)
    link.falls = Falls(dut.link_up)
    await link.cycles(2 * p["frame"])
    for bank in ("host", "rx"):
        await regs.put(bank, "events", 0xFFFFFFFF)      # what came with the link
    traffic = Traffic(link)

    def shown() -> dict:
        locked = {}
        if regs._index("rx") < 32:
            locked = {("rx", "lane_locked"): {"bits": (1 << regs.lanes) - 1}}
        return {("rx", "status"): {"link_up": 1, "down_reason": 0}, **locked,
                ("rx", "fec_status"): {"lost_lanes": 0, "degraded": 0},
                ("host", "interrupts"): {bank: int(regs.model.interrupt(bank))
                                         for bank in ("host", "tx", "rx")}}

    await fuzz(regs, rng, p["accesses"], dark=False, shown=shown)
    await traffic.end()
    totals = traffic.board.finish()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    await regs.put("host", "control", 1)
    assert await regs.get("host", "packets", "count") == totals["delivered"]
    assert await regs.get("host", "flagged_packets", "count") == 0
    return totals
