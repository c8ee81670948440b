"""Bench `cmis`: a link with registers and CMIS, looked at from both sides at the same time.

Like bench `training`, the lanes are LEDs, photodiodes and comparators that know nothing. A host on
the I2C bus, cocotbext-i2c's, reads what the module says of itself and of its lanes while packets
go through, and it is compared with what the registers say, and with what the bench knows. Then a
lane loses its light, and the host its interrupt; then the host takes the light away, and gives it
back.
"""

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge, Timer, ValueChange
from cocotb.utils import get_sim_time
from cocotbext.i2c import I2cMaster

from lampyris.sim.reference import cmis

from ..analogue import ANALOGUE, AnalogueArray
from ..bench import parameters, read, start_clock, watchdog
from ..link import LINK, Falls, Link, report
from ..management_host import ManagementHost, Wire
from ..traffic import Traffic
from .registers import Registers
from .training import Training

DEFAULTS = {
    **LINK, **ANALOGUE,
    "registers": {},
    "cmis_mhz": 25.0,
    "window_frames": 64,    # of an error rate
    "windows": 3,           # that are looked at
    "light_clocks": 400_000,    # core clocks from light to traffic
}

_JOINED, _DARK = 3, 4       # states of a lane, docs/cmis.md, section 8
_NONE = 0xFFFF
_SPEED = 2e6                # the master's bits take two of its periods: 1 MHz


class Bench:
    """The link, by its registers and by its management.

    Members
    -------
    array : AnalogueArray
    host : ManagementHost
    """

    def __init__(self, dut, p):
        self.dut, self.p = dut, p
        self.link = Link(dut, p)
        self.regs = Registers(self.link, p)
        self.training = Training(self.link, self.regs)
        start_clock(dut.cmis_clk, 1e6 / p["cmis_mhz"], phase_ps=311)
        values = {"cmis_low_power": 1, "cmis_temperature": 45 * 256 + 128, "cmis_supply": 33_010,
                  "cmis_fault": 0, "cmis_powered": 0, "cmis_rst": 1, "monitor_valid": 1,
                  "drive_open": 0, "drive_short": 0}
        for name, value in values.items():
            getattr(dut, name).value = value
        scl = Wire(dut.cmis_scl, dut.cmis_scl_low)
        sda = Wire(dut.cmis_sda, dut.cmis_sda_low)
        self.host = ManagementHost(I2cMaster(
            sda=dut.cmis_sda, sda_o=sda, scl=dut.cmis_scl, scl_o=scl, speed=_SPEED))
        self.array = AnalogueArray(dut, self.link)

    async def begin(self) -> None:
        await self.link.begin()
        self.dut.cmis_rst.value = 0
        cocotb.start_soon(self.array.carry())
        cocotb.start_soon(self._power())

    async def _power(self):
        """The module's supplies obey at once."""
        while True:
            self.dut.cmis_powered.value = read(self.dut.cmis_power)
            await ValueChange(self.dut.cmis_power)

    async def states(self) -> tuple[str | None, str | None]:
        """Of the module and of its data path."""
        lower = await self.host.read(0, 3, 1)
        path = await self.host.read(0x11, 128, 4)
        nibbles = {byte >> shift & 15 for byte in path for shift in (0, 4)}
        assert len(nibbles) == 1
        return (cmis.MODULE_STATES.get(lower[0] >> 1 & 7),
                cmis.DATA_PATH_STATES.get(nibbles.pop()))

    async def until(self, condition, clocks: int, sentence: str) -> None:
        """Wait until a condition holds."""
        end = get_sim_time("ps") + clocks * self.link.core_ps
        while not condition():
            assert get_sim_time("ps") < end, f"{sentence} within {clocks} core clocks"
            await self.link.cycles(16)

    async def rounds(self, count: int = 2) -> None:
        """Until all lanes have been looked at since."""
        for _ in range(count):
            before = await self.host.read(0xB0, 150, 2)
            while await self.host.here(150, 2) == before:
                pass

    async def lane(self, lane: int) -> cmis.Lane:
        return await self.host.fetch(lambda get: cmis.decode_lane(get, lane))

    async def lanes(self) -> list[cmis.Lane]:
        return [await self.lane(lane) for lane in range(self.link.lanes.count)]

    async def clear(self) -> None:
        """Read all flags."""
        await self.host.here(8, 6)
        await self.host.read(0x11, 134, 20)
        await self.host.read(0x2C, 128, 32)
        await self.host.read(0xB2, 128, 96)


@cocotb.test()
async def management(dut):
    p = parameters(DEFAULTS)
    bench = Bench(dut, p)
    cocotb.start_soon(watchdog(3_000_000, bench.link.core_ps))
    await bench.begin()
    await light(bench)
    traffic = Traffic(bench.link)
    bench.link.falls = Falls(dut.link_up)
    await identity(bench)
    await records(bench)
    rate = await rates(bench)
    await lane_without_light(bench)
    assert bench.link.falls.count == 0, "the link went down"
    await traffic.end()
    totals = traffic.board.finish()
    assert totals["delivered"] >= 20
    await off_and_on(bench)
    report({**totals, "rate": rate})


async def light(bench: Bench):
    """Neither of the two gives light without the other."""
    dut, regs, host = bench.dut, bench.regs, bench.host
    await bench.training.light()
    await bench.link.cycles(2000)
    assert await regs.get("tx", "light", "on") and not await regs.get("tx", "light", "wanted")
    assert not read(dut.drive_lit) and not read(dut.drive_codes)
    assert await bench.states() == ("ModuleLowPwr", "DPDeactivated")

    await regs.put("tx", "light", 0)
    dut.cmis_low_power.value = 0
    await Timer(20, unit="us")
    assert await bench.states() == ("ModuleReady", "DPTxTurnOn")
    assert await regs.get("tx", "light", "wanted") and not read(dut.drive_lit)
    await host.write(26, 0x50)                      # low power by software: down again
    assert await bench.states() == ("ModuleLowPwr", "DPDeactivated")
    await regs.put("tx", "light", 1)
    assert not read(dut.drive_lit)
    await host.write(26, 0x40)
    await RisingEdge(dut.link_up)
    assert await bench.states() == ("ModuleReady", "DPActivated")

    async def settled():
        return not await regs.get("rx", "training", "calibrating")

    await bench.training.until(settled, bench.p["light_clocks"], "calibration goes on")
    await bench.training.whole()


async def identity(bench: Bench):
    p, host = bench.p, bench.host
    found = await host.fetch(cmis.decode_module)
    expected = {
        "vendor": "LAMPYRIS", "part": p["name"].upper(), "revision": (5, 2), "paged": True,
        "checksums": (True,) * 3, "vdm": True, "state": "ModuleReady", "temperature": 45.5,
        "supply": 3.301, "data_path": ["DPActivated"] * 8, "output_rx": 255, "output_tx": 255,
        "failure": 0, "fault_cause": 0,
    }
    wrong = {name: (found[name], value) for name, value in expected.items() if found[name] != value}
    assert not wrong, f"shown and expected: {wrong}"
    found = await host.fetch(cmis.decode_map)
    lanes = bench.link.lanes.count
    assert found["identifier"] == b"ULED" and found["lanes"] == found["locked_lanes"] == lanes
    assert found["data_lanes"] == p["lanes"] and found["symbol"] == p["gear"]
    assert found["link"] == 1 and not found["dead_lanes"]
    assert found["reason"] == await bench.regs.get("rx", "status", "down_reason")
    assert found["locked"] == [True] * lanes and not any(found["dead"] + found["spared"])


async def records(bench: Bench):
    """The records of all lanes against registers and bench."""
    link, regs, array, p = bench.link, bench.regs, bench.array, bench.p
    drive, driven = 1, p["modulation"] + 3          # one lane's driver gets another code
    await regs.put("tx", "drive_index", drive | 2 << 16)
    await regs.put("tx", "drive_setting", driven)
    await link.cycles(20 * 8 * link.lanes.count)
    await bench.rounds()
    found = await bench.lanes()
    for lane, record in enumerate(found):
        assert record.valid and record.locked and not record.dead and record.state == _JOINED
        await regs.put("rx", "lane_index", lane)
        assert record.position == await regs.get("rx", "lane_status", "identity")
        assert record.position == link.channel.source(lane)
        # A loop may have moved it since.
        code = await regs.get("rx", "threshold", "code")
        assert abs(record.threshold - code) <= 1 and abs(record.threshold - array.codes[lane]) <= 1
        if not p["wander_ui"]:
            assert record.phase == await regs.get("rx", "lane_status", "phase")
        assert record.bias == p["bias"]
        await regs.put("tx", "drive_index", lane | 2 << 16)
        assert record.modulation == await regs.get("tx", "drive_setting", "value")
        assert record.modulation == (driven if lane == drive else p["modulation"])
    skews = link.channel.skew_ui
    expected = [(skew - min(skews)) / p["gear"] for skew in skews]
    for record, symbols in zip(found, expected, strict=True):
        assert abs(record.skew - symbols) <= 2, ([record.skew for record in found], expected)
    assert min(record.skew for record in found) == 0


async def rates(bench: Bench) -> float:
    """Error rates of the link and of the lanes, over some windows."""
    p, link, host = bench.p, bench.link, bench.host
    flipped, start = link.channel.errors, get_sim_time("ps")
    window = p["window_frames"] * p["frame"]
    await link.cycles(1.2 * window)                 # the next one is all of this time
    seen, records = [], []
    for _ in range(p["windows"]):
        seen.append(await host.fetch(cmis.decode_vdm))
        records += await bench.lanes()
        await link.cycles(window)
    bits = (get_sim_time("ps") - start) / link.core_ps * p["gear"] * link.lanes.count
    actual = (link.channel.errors - flipped) / bits
    for observables in seen:
        least, now, most = (observables[name][0] for name in ("minimum", "current", "maximum"))
        assert least <= now <= most
    mean = float(sum(one["current"][0] for one in seen)) / len(seen)
    assert 0.6 < mean / actual < 1.6, f"the mean rate shown is {mean}, and {actual} is true"
    of_lanes = float(sum(cmis.f16_value(record.rate) for record in records)) / len(records)
    assert 0.6 < of_lanes / actual < 1.6, f"the lanes' rate is {of_lanes}, and {actual} is true"
    for record in records:
        assert record.rate == cmis.rate_code(record.errors, lane_bits(p))
    regs = bench.regs
    await regs.put("rx", "control", 1 | 1 << 8)
    total = sum([await place_errors(regs, place) for place in range(link.lanes.count)])
    assert total >= sum(record.errors for record in records[-link.lanes.count:])
    return mean


def lane_bits(p) -> int:
    """Of a lane in a window, without markers: in whole looks of 256 clocks."""
    markers = 4 + 8             # symbols of a marker with 8 bits each
    look = 256 * p["gear"] * (p["frame"] - markers) // p["frame"]
    return look * -(-p["window_frames"] * p["frame"] // 256)


async def place_errors(regs: Registers, place: int) -> int:
    await regs.put("rx", "place_index", place)
    await regs.put("rx", "control", 1 | 1 << 8)
    return await regs.get("rx", "place_errors", "count")


async def lane_without_light(bench: Bench):
    """All is masked but the flags of the lanes; one loses its light, and gets it back. There are no
    bit errors meanwhile, as the code has not room for both."""
    dut, host, link, array = bench.dut, bench.host, bench.link, bench.array
    link.channel.ber = 0.0
    await host.write(31, 1, 0xFF)
    await host.select(0x10)
    for byte in (213, 214, 226, 227, 232):
        await host.write(byte, 0xFF)
    await host.select(0x2D)
    await host.write(128, 0xFF, 0xFF)
    await bench.clear()
    await Timer(5, unit="us")
    assert not read(dut.cmis_interrupt_low) and (await host.read(0, 3, 1))[0] & 1

    skews = link.channel.skew_ui
    lane = link.rng.choice([lane for lane, skew in enumerate(skews) if skew != max(skews)])
    before = await bench.lane(lane)
    coupling = np.asarray(array.array.coupling)
    kept, coupling[lane] = coupling[lane], 0
    await bench.until(lambda: read(dut.cmis_interrupt_low), bench.p["light_clocks"],
                      "no interrupt of a lane without light")
    found = await host.fetch(cmis.decode_map)
    others = [number != lane for number in range(link.lanes.count)]
    assert found["locked"] == others and found["locked_lanes"] == link.lanes.count - 1
    assert found["lock_lost"] == [not other for other in others]
    gone = found["died"][lane]
    await bench.rounds()
    record = await bench.lane(lane)
    assert not record.locked and record.position == _NONE and record.skew == 255
    assert await bench.training.locked() == sum(1 << place for place, other in enumerate(others)
                                                if other)
    if not gone:                # its flag has been read as 0
        await bench.until(lambda: read(dut.cmis_interrupt_low), bench.p["light_clocks"],
                          "the lane is not given up")
        found = await host.fetch(cmis.decode_map)
        assert found["died"] == [not other for other in others]
    assert found["dead"] == [not other for other in others] and found["link"] == 1
    record = await bench.lane(lane)
    assert record.dead and record.state in (_DARK, _DARK + 1)

    coupling[lane] = kept
    await bench.training.until(lambda: _is_locked(bench), bench.p["light_clocks"],
                               "the lane is not back")
    await bench.training.whole()
    await bench.rounds()
    record = await bench.lane(lane)
    assert record.locked and not record.dead and record.position == before.position


async def _is_locked(bench: Bench) -> bool:
    return await bench.training.locked() == (1 << bench.link.lanes.count) - 1


async def off_and_on(bench: Bench):
    """The host takes the light away, looks at loopback, and gives the light back."""
    dut, host, regs = bench.dut, bench.host, bench.regs
    await bench.clear()
    await host.select(0x10)
    await host.write(130, 0x04)
    await bench.until(lambda: not read(dut.drive_lit), 1000, "the LEDs are not dark")
    assert await regs.get("tx", "light", "on") and not await regs.get("tx", "light", "wanted")
    assert (await bench.states())[1] == "DPInitialized"
    await bench.until(lambda: not read(dut.link_up), bench.p["light_clocks"], "the link stays up")
    found = await host.fetch(cmis.decode_module)
    assert found["output_tx"] == found["output_rx"] == 0 and found["lol"] == 0xFF
    reason = await regs.get("rx", "status", "down_reason")
    await bench.rounds()
    assert (await host.read(0xB0, 143, 1))[0] == reason != 0

    await host.select(0x13)
    await host.write(183, 1)
    await bench.until(lambda: read(dut.link_up), bench.p["light_clocks"], "no loopback")
    assert not read(dut.drive_lit) and not await regs.get("tx", "control", "loopback")
    await host.write(183, 0)
    await bench.until(lambda: not read(dut.link_up), bench.p["light_clocks"], "loopback stays")

    await host.select(0x10)
    await host.write(130, 0)
    await bench.until(lambda: read(dut.link_up), bench.p["light_clocks"], "no light again")
    assert await bench.states() == ("ModuleReady", "DPActivated")
    assert read(dut.drive_lit) == (1 << bench.link.lanes.count) - 1
