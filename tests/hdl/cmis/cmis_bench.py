"""The exported management module on a bus with cocotbext-i2c's master, which we did not write."""

import random

import cocotb
from cocotb.triggers import ClockCycles, Timer
from cocotbext.i2c import I2cMaster

from lampyris.sim.reference import cmis
from lampyris.sim.rtl.bench import parameters, read, start_clock, watchdog
from lampyris.sim.rtl.management_host import DEVICE, ManagementHost

PARAMETERS = parameters({"lanes": 20, "rounds": 20, "expected": {}})
LANES = PARAMETERS["lanes"]
PERIOD_PS = 40_000
SPEEDS = (1e6, 400e3, 100e3)


class Host(ManagementHost):
    """The one on the board's bus."""

    def __init__(self, dut, speed=1e6):
        super().__init__(I2cMaster(sda=dut.sda, sda_o=dut.sda_o, scl=dut.scl, scl_o=dut.scl_o,
                                   speed=speed))
        self.dut = dut


async def settle(dut, clocks=40):
    await ClockCycles(dut.clk, clocks)


async def scanned(dut):
    """Until each lane has been looked at since."""
    await settle(dut, 250 * LANES)


async def clear(host):
    """Read all flags but those of the observables."""
    await host.here(8, 6)
    await host.read(0x11, 134, 20)
    await host.read(0xB2, 128, 96)


async def begin(dut, **inputs):
    values = {"scl_o": 1, "sda_o": 1, "low_power_pin": 0, "temperature": 40 * 256 + 64,
              "supply": 33125, "fault_cause": 0, "obey": 1, "link_up": 1, "dark": 0, "tx_fault": 0,
              "down_reason": 0, "sample": 0, "errors": 0, "bits": 0, "locked": (1 << LANES) - 1,
              "dead": 0, "spared": 0, "worst": 0, "worst_errors": 0, "rst": 1, **inputs}
    for name, value in values.items():
        getattr(dut, name).value = value
    start_clock(dut.clk, PERIOD_PS)
    cocotb.start_soon(watchdog(20_000_000, PERIOD_PS))
    await Timer(1, unit="us")
    dut.rst.value = 0
    await settle(dut)
    return Host(dut)


@cocotb.test()
async def identity_and_states(dut):
    host = await begin(dut)
    await scanned(dut)
    found = await host.fetch(cmis.decode_module)
    assert found["checksums"] == (True, True, True)
    for name, value in PARAMETERS["expected"].items():
        shown = list(found[name]) if isinstance(found[name], (bytes, tuple)) else found[name]
        assert shown == value, (name, shown)
    assert found["revision"] == (5, 2) and found["paged"] and found["vdm"]
    assert found["host_lanes"] == 8 and found["media_type"] == 0
    assert found["temperature"] == 40.25 and found["supply"] == 3.3125
    assert found["state"] == "ModuleReady" and found["data_path"] == ["DPActivated"] * 8
    assert found["output_rx"] == found["output_tx"] == 0xFF
    assert found["path_changed"] == 0xFF        # since the start
    assert found["los"] == found["lol"] == found["failure"] == 0 and found["interrupt"]
    await clear(host)
    found = await host.fetch(cmis.decode_module)
    assert not found["interrupt"] and read(dut.interrupt_low) == 0
    assert found["path_changed"] == 0 and found["module_flags"] == bytes(6)

    # Down to low power, one state at a time, and up again.
    dut.obey.value = 0
    await host.write(26, 0x50)
    found = await host.fetch(cmis.decode_module)
    assert found["state"] == "ModulePwrDn" and found["data_path"] == ["DPTxTurnOff"] * 8
    assert read(dut.light) == 0 and found["output_tx"] == 0
    dut.obey.value = 1
    await settle(dut)
    dut.obey.value = 0
    found = await host.fetch(cmis.decode_module)
    assert found["state"] == "ModuleLowPwr" and found["data_path"] == ["DPDeactivated"] * 8
    assert read(dut.power) == 0
    await host.write(26, 0x40)
    found = await host.fetch(cmis.decode_module)
    assert found["state"] == "ModulePwrUp"
    dut.obey.value = 1
    await settle(dut)
    dut.low_power_pin.value = 1
    await settle(dut)
    assert (await host.here(3, 1))[0] >> 1 & 7 == 1
    await host.write(26, 0x00)          # the pin does not count
    await settle(dut)
    assert (await host.here(3, 1))[0] >> 1 & 7 == 3
    await host.select(0x10)
    await host.write(128, 0x04)         # one lane deinitializes all
    await settle(dut)
    assert (await host.read(0x11, 128, 4)) == b"\x11" * 4
    await host.select(0x10)
    await host.write(128, 0x00)
    await host.write(130, 0x80)
    await settle(dut)
    assert (await host.read(0x11, 128, 6)) == b"\x77" * 4 + b"\xff\x00"
    await host.select(0x10)
    assert await host.here(145, 8) == b"\x10" * 8
    await host.write(146, 0x20)
    await host.write(143, 0xFE)
    assert await host.read(0x11, 202, 4) == b"\x30\x11\x11\x11"
    await host.select(0x13)
    assert read(dut.loopback) == 0
    await host.write(183, 0xFF, *range(1, 9))
    assert read(dut.loopback) == 1 and await host.here(183, 9) == bytes([255, *range(1, 9)])

    # A fault stays until a reset by software, which sets everything back.
    dut.fault_cause.value = 9
    await settle(dut)
    dut.fault_cause.value = 0
    await settle(dut)
    found = await host.fetch(cmis.decode_module)
    assert found["state"] == "ModuleFault" and found["fault_cause"] == 9
    dut.low_power_pin.value = 0
    await host.write(26, 0x48)
    await settle(dut)
    assert (await host.here(126, 2)) == bytes(2) and read(dut.loopback) == 0
    found = await host.fetch(cmis.decode_module)
    assert found["state"] == "ModuleReady" and found["fault_cause"] == 0
    assert found["data_path"] == ["DPActivated"] * 8


@cocotb.test()
async def flags_and_masks(dut):
    host = await begin(dut)
    await scanned(dut)
    await clear(host)
    assert read(dut.interrupt_low) == 0
    # What reading does: the flag of a cause that lasts comes back, another does not.
    dut.temperature.value = 83 * 256
    await settle(dut)
    assert read(dut.interrupt_low) == 1 and await host.here(9, 1) == b"\x04"
    assert await host.here(9, 1) == b"\x04"
    dut.temperature.value = -36 * 256 & 0xFFFF
    await settle(dut)
    assert await host.here(9, 1) == b"\x0c" and await host.here(9, 1) == b"\x08"
    dut.temperature.value = 0
    dut.supply.value = 29_000
    await settle(dut)
    assert await host.here(9, 1) == b"\xa8" and await host.here(9, 1) == b"\xa0"
    dut.supply.value = 33_000
    await settle(dut)
    assert await host.here(9, 1) == b"\xa0" and await host.here(9, 1) == b"\x00"
    # A byte that is broken off has not been read: here where its bit 2, a 1, lets SDA go.
    dut.temperature.value = 83 * 256
    await settle(dut)
    dut.temperature.value = 0
    await host.put(9)
    await host.master.send_start()
    await host.master.send_byte(0xA1)
    for _ in range(5):
        await host.master.recv_bit()
    await host.master.send_stop()
    assert await host.here(9, 1) == b"\x04" and await host.here(9, 1) == b"\x00"
    # Masks keep a flag from the interrupt, not from its byte.
    assert read(dut.interrupt_low) == 0
    await host.write(32, 0x04)
    dut.temperature.value = 83 * 256
    await settle(dut)
    assert read(dut.interrupt_low) == 0 and (await host.here(3, 1))[0] & 1 == 1
    await host.write(32, 0x00)
    await settle(dut)
    assert read(dut.interrupt_low) == 1 and (await host.here(3, 1))[0] & 1 == 0
    dut.temperature.value = 0
    await settle(dut)
    await clear(host)
    # The flags of page 11h, each by its cause, and their summary.
    for name, level, byte, mask in (("tx_fault", 1, 135, 214), ("dark", 1, 147, 226),
                                    ("link_up", 0, 148, 227)):
        getattr(dut, name).value = level
        await settle(dut)
        assert read(dut.interrupt_low) == 1 and (await host.here(4, 1)) == b"\x01"
        getattr(dut, name).value = 1 - level
        await settle(dut)
        content = await host.read(0x11, 134, 20)
        expected = {byte, 153} if name == "link_up" else {byte}
        assert {134 + at for at, value in enumerate(content) if value == 0xFF} == expected
        assert not any(await host.read(0x11, 134, 20)) and (await host.here(4, 1)) == b"\x00"
        await host.select(0x10)
        await host.write(mask, 0xFF)
        if name == "link_up":
            await host.write(232, 0xFF)
        getattr(dut, name).value = level
        await settle(dut)
        assert read(dut.interrupt_low) == 0
        getattr(dut, name).value = 1 - level
        await settle(dut)
        await host.read(0x11, 134, 20)


@cocotb.test()
async def pages_and_addresses(dut):
    host = await begin(dut)
    known = {0x00, 0x01, 0x02, 0x10, 0x11, 0x13, 0x14, 0x20, 0x24, 0x28, 0x2C, 0x2D, 0x2F, 0xB0,
             0xB1, 0xB2, 0xB3, *range(0xC0, 0xC0 + (LANES + 7) // 8)}
    for page in range(256):
        await host.write(127, page)
        assert await host.here(127, 1) == bytes([page if page in known else 0])
    for page, bank, shown in ((0x11, 1, 0), (0x02, 1, 2), (0xB0, 9, 0xB0), (0x2F, 1, 0)):
        await host.select(page, bank)
        assert (await host.here(126, 2)) == bytes([bank, shown])
    await host.select(0x11)
    await host.write(126, 1)            # counts only with the next PageSelect
    assert (await host.here(127, 1)) == b"\x11"
    await host.write(127, 0x11)
    assert (await host.here(127, 1)) == b"\x00"
    # Addresses go round in their half; what is read only, or is not there, cannot be written.
    name = await host.here(129, 16)
    await host.write(129, *b"another name")
    await host.write(0, 1, 2, 3)
    assert await host.here(129, 16) == name and (await host.here(0, 3))[1:] == b"\x52\x44"
    content = await host.here(254, 4)
    assert content[2:] == await host.here(128, 2)
    content = await host.here(127, 3)
    assert content == b"\x00" + await host.here(0, 2)
    await host.write(118, *range(8))
    assert await host.here(118, 8) == bytes(8)
    # Current address: one byte on after each transfer.
    await host.here(39, 1)
    content = await host.master.read(DEVICE, 2)
    await host.master.send_stop()
    assert bytes(content) == await host.here(40, 2)
    # Others on the bus are let alone.
    await host.master.send_start()
    assert await host.master.send_byte(0x51 << 1)
    await host.master.send_stop()
    for speed in SPEEDS[1:]:
        host = Host(dut, speed)
        assert await host.here(129, 4) == name[:4]


@cocotb.test()
async def numbers_are_whole(dut):
    """The low byte of a pair is as old as the high byte, if they are read together."""
    host = await begin(dut, temperature=0x12FF)
    await host.put(14)
    await host.master.send_start()
    await host.master.send_byte(0xA1)
    high = await host.master.recv_byte(0)
    dut.temperature.value = 0x1300
    low = await host.master.recv_byte(1)
    await host.master.send_stop()
    assert (high, low) == (0x12, 0xFF)
    assert await host.here(15, 1) == b"\x00" and await host.here(14, 2) == b"\x13\x00"


@cocotb.test()
async def lanes(dut):
    everyone = (1 << LANES) - 1
    dead, lost, spared = {3, LANES - 1}, {0, 9}, {5}

    def bits(some):
        return sum(1 << lane for lane in some)

    host = await begin(dut, worst=7, worst_errors=123_456)
    await scanned(dut)
    found = await host.fetch(cmis.decode_map)
    assert found["identifier"] == b"ULED" and found["version"] == 0x10
    assert (found["lanes"], found["record"], found["page"]) == (LANES, 16, 0xC0)
    assert found["locked"] == [True] * LANES and found["locked_lanes"] == LANES
    assert not any(found["dead"]) and not any(found["lock_lost"])
    assert [lane for lane, high in enumerate(found["rate_high"]) if high] == [
        lane for lane in range(LANES)
        if cmis.rate_code(123_456 if lane == 7 else 37 * lane * lane, 40_000_000) > found["limit"]]
    dut.locked.value = everyone - bits(lost)
    dut.dead.value = bits(dead)
    dut.spared.value = bits(spared)
    dut.link_up.value = 0
    dut.down_reason.value = 5
    await scanned(dut)
    assert (await host.here(13, 1)) == b"\x01" and read(dut.interrupt_low) == 1
    found = await host.fetch(cmis.decode_map)
    for name, some in (("dead", dead), ("died", dead), ("lock_lost", lost), ("spared", spared)):
        assert {lane for lane, bit in enumerate(found[name]) if bit} == some, name
    assert (found["locked_lanes"], found["dead_lanes"]) == (LANES - len(lost), len(dead))
    assert (found["link"], found["reason"]) == (0, 5) and found["scans"] > 1
    again = await host.fetch(cmis.decode_map)
    assert not any(again["died"]) and not any(again["lock_lost"]) and again["dead"] == found["dead"]
    assert (await host.here(13, 1)) == b"\x00"
    for lane in range(LANES) if LANES < 30 else (0, 7, 8, 99, LANES - 1):
        errors = 123_456 if lane == 7 else 37 * lane * lane
        assert await host.fetch(lambda get, lane=lane: cmis.decode_lane(get, lane)) == cmis.Lane(
            valid=True, locked=lane not in lost, dead=lane in dead, spared=lane in spared,
            state=3 * lane % 256, position=0xFFFF - lane, bias=0x100 ^ lane,
            modulation=0x3000 + lane, threshold=20 + lane, phase=lane & 3, skew=(200 - lane) % 256,
            rate=cmis.rate_code(errors, 40_000_000), errors=min(errors, 0xFFFF))
    rest = -LANES % 8
    if rest:
        assert await host.read(0xC0 + LANES // 8, 256 - 16 * rest, 16 * rest) == bytes(16 * rest)
    # A mask, and a limit of the error rates that the host lowers.
    await host.select(0xB3)
    await host.write(192, *b"\xff" * ((LANES + 7) // 8))
    await host.write(160, 0x08)
    await host.select(0xB0)
    await host.write(152, 0, 0)
    await scanned(dut)
    assert sum((await host.fetch(cmis.decode_map))["rate_high"]) > 0


@cocotb.test()
async def observables(dut):
    host = await begin(dut)

    async def sample(errors, bits):
        dut.errors.value, dut.bits.value, dut.sample.value = errors, bits, 1
        await settle(dut, 1)
        dut.sample.value = 0
        await settle(dut, 450)

    windows = [(5, 10**7), (1, 10**9), (300, 10**6), (77, 10**8)]
    for window in windows:
        await sample(*window)

    async def check(last, some):
        found = await host.fetch(cmis.decode_vdm)
        codes = [cmis.rate_code(*window) for window in some]
        for name, code in (("minimum", min(codes)), ("maximum", max(codes)),
                           ("current", cmis.rate_code(*last))):
            value, limits, _ = found[name]
            assert value == cmis.f16_value(code), name
            assert [float(limit) for limit in limits] == [1e-4, 0, 1e-5, 0]
        return [found[name][2] for name in ("minimum", "maximum", "current")]

    assert await check(windows[-1], windows) == [0, 5, 5]
    assert await check(windows[-1], windows) == [0, 5, 0]
    await host.select(0x2F)
    assert await host.here(144, 2) == b"\x00\x40"
    await host.write(144, 0x80)
    assert await host.here(144, 2) == b"\x80\x80"
    await sample(2, 10**8)
    await check(windows[-1], windows)
    await host.select(0x2F)
    await host.write(144, 0x00)
    await check((2, 10**8), [(2, 10**8)])
    await sample(9, 10**8)
    await check((9, 10**8), [(2, 10**8), (9, 10**8)])
    assert int.from_bytes(await host.read(0xB0, 148, 2), "big") == cmis.rate_code(9, 10**8)


@cocotb.test()
async def fuzz(dut):
    """Random transfers, many of them broken off anywhere: it answers after each of them."""
    host = await begin(dut)
    rng = random.Random(PARAMETERS["rounds"])
    bits = {"start": host.master.send_start, "stop": host.master.send_stop}
    for _ in range(PARAMETERS["rounds"]):
        for _ in range(rng.randint(1, 4)):
            await bits["start"]()
            for _ in range(rng.randint(0, 3)):
                await host.master.send_byte(rng.choice((0xA0, 0xA1, 127, 26, rng.randrange(256))))
            for _ in range(rng.randint(0, 12)):
                if rng.random() < 0.5:
                    await host.master.recv_bit()
                else:
                    await host.master.send_bit(rng.randrange(2))
            if rng.random() < 0.5:
                await bits["stop"]()
        if not host.master.bus_active:
            await bits["start"]()
        for _ in range(10):
            await host.master.send_bit(1)
        await bits["stop"]()
        values = rng.randbytes(8)
        await host.select(0x13)
        await host.write(184, *values)
        assert await host.here(184, 8) == values
        assert (await host.here(0, 2))[1] == 0x52
