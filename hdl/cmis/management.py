"""The management of a module: all that is in this folder, wired up."""

from collections.abc import Sequence
from typing import Any

from amaranth import Cat, Module, Mux, ResetInserter, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .data_path import DataPathState, DataPathStateMachine
from .field import Field
from .i2c_target import ADDRESS, I2cTarget
from .identity import Identity, Limits
from .lane_table import LaneTable, lane_record
from .module_state import ModuleState, ModuleStateMachine
from .page_bank import PageBank
from .rate_extremes import RateExtremes
from .standard import HOST_LANES, standard_fields
from .vendor import lane_pages, vendor_fields

__all__ = ["CmisManagement"]


class CmisManagement(wiring.Component):
    """An I2C target that presents CMIS 5.2, and vendor pages for all lanes (docs/cmis.md).

    All inputs but the bus and `low_power_pin` belong to `sync`; see there how a link in another
    clock is connected.

    Parameters
    ----------
    clock_hz, address : int
        Of :class:`I2cTarget`.
    identity : Identity
    lanes : int, 1..256
        Physical lanes.
    data_lanes, spares, symbol_bits : int
        To be said on page B0h.
    width : int, 4..48
        Of the counts of errors and bits.

    Members
    -------
    scl, sda, scl_low, sda_low : 1 bit
        Of :class:`I2cTarget`.
    interrupt_low : 1 bit, out
        Pull IntL low.
    low_power_pin : 1 bit, in, of any clock
        LPMode, 1 for low power.
    temperature, supply : 16 bits, in
        In 1/256 degree, signed, and in 100 uV.
    fault_cause : 8 bits, in
        Anything but 0 leads to the fault state, and is kept there until a reset.
    power, powered, prepare, prepared, light, lit : 1 bit
        Wishes (out) and when they are granted (in): of :class:`ModuleStateMachine` and
        :class:`DataPathStateMachine`.
    loopback : 1 bit, out
        Host side input loopback.
    link_up, dark, tx_fault : 1 bit, in
        The receiver gives data; no lane has light; some LED driver has failed.
    down_reason : 8 bits, in
    sample : 1 bit, in; errors, bits : `width` bits, in
        Of :class:`RateExtremes`.
    lane, ask, answer, record
        Of :class:`LaneTable`.

    Cost on an ECP5 of speed grade 6, placed alone: 3741 LUT4, 1763 flip-flops, a block RAM and 109
    MHz with 16 lanes and counts of 32 bits; docs/cmis.md, section 8, has more.
    """

    scl: Signal
    sda: Signal
    scl_low: Signal
    sda_low: Signal
    interrupt_low: Signal
    low_power_pin: Signal
    temperature: Signal
    supply: Signal
    fault_cause: Signal
    power: Signal
    powered: Signal
    prepare: Signal
    prepared: Signal
    light: Signal
    lit: Signal
    loopback: Signal
    link_up: Signal
    dark: Signal
    tx_fault: Signal
    down_reason: Signal
    sample: Signal
    errors: Signal
    bits: Signal
    lane: Signal
    ask: Signal
    answer: Signal
    record: Any

    def __init__(self, *, clock_hz: int, lanes: int, data_lanes: int, spares: int, symbol_bits: int,
                 identity: Identity | None = None, address: int = ADDRESS, width: int = 32):
        self._identity = identity or Identity()
        self._fields = [*standard_fields(self._identity), *vendor_fields(
            lanes=lanes, data_lanes=data_lanes, spares=spares, symbol_bits=symbol_bits)]
        self._target = I2cTarget(clock_hz=clock_hz, address=address)
        self._bank = PageBank(self._fields, outside=lane_pages(lanes))
        self._table = LaneTable(lanes=lanes, width=width)
        self._rates = RateExtremes(width=width)
        super().__init__({
            "scl": In(1), "sda": In(1), "scl_low": Out(1), "sda_low": Out(1),
            "interrupt_low": Out(1), "low_power_pin": In(1),
            "temperature": In(signed(16)), "supply": In(16), "fault_cause": In(8),
            "power": Out(1), "powered": In(1), "prepare": Out(1), "prepared": In(1),
            "light": Out(1), "lit": In(1), "loopback": Out(1),
            "link_up": In(1), "dark": In(1), "tx_fault": In(1), "down_reason": In(8),
            "sample": In(1), "errors": In(width), "bits": In(width),
            "lane": Out(range(lanes)), "ask": Out(1), "answer": In(1),
            "record": In(lane_record(width)),
        })

    @property
    def fields(self) -> Sequence[Field]:
        """All fields but those of the lanes' records."""
        return self._fields

    def elaborate(self, platform):
        m = Module()
        target, bank, table, rates = self._target, self._bank, self._table, self._rates
        module, path = ModuleStateMachine(), DataPathStateMachine()
        reset = Signal()                    # by software: all but the bus and the lanes
        m.submodules.target = target
        m.submodules.table = table
        for name, part in (("pages", bank), ("module", module), ("path", path), ("rates", rates)):
            m.submodules[name] = ResetInserter(reset)(part)
        status, control, raised = bank.status, bank.control, bank.raised

        wiring.connect(m, target.memory, bank.memory)
        m.d.sync += reset.eq(bank.trigger["SoftwareReset"])
        m.d.comb += [
            target.scl.eq(self.scl), target.sda.eq(self.sda), self.scl_low.eq(target.scl_low),
            self.sda_low.eq(target.sda_low), self.interrupt_low.eq(bank.interrupt),
            status["InterruptDeasserted"].eq(~bank.interrupt),
            table.word.eq(bank.word), bank.pair.eq(table.pair),
        ]
        self._states(m, module, path, reset)
        self._monitors(m)

        lanes = HOST_LANES
        ready = module.state == ModuleState.READY
        was_up = Signal()
        m.d.sync += was_up.eq(self.link_up)
        m.d.comb += [
            status["OutputStatusRx"].eq(self.link_up.replicate(lanes)),
            status["OutputStatusTx"].eq(
                (path.state == DataPathState.ACTIVATED).replicate(lanes)),
            raised["DPStateChangedFlag"].eq(path.reached.replicate(lanes)),
            raised["FailureFlagTx"].eq((ready & self.tx_fault).replicate(lanes)),
            raised["LOSFlagRx"].eq((ready & self.dark).replicate(lanes)),
            raised["CDRLOLFlagRx"].eq((ready & ~self.link_up).replicate(lanes)),
            raised["OutputStatusChangedFlagRx"].eq((self.link_up ^ was_up).replicate(lanes)),
            status["LinkStatus"].eq(Cat(self.link_up, self.dark, self.tx_fault)),
            status["DownReason"].eq(self.down_reason),
            self.loopback.eq(control["HostSideInputLoopbackEnable"].any()),
        ]
        for page, name in (("11", "FlagsSummaryPage11h"), ("2C", "FlagsSummaryPage2Ch"),
                           ("B2", "LaneFlagsSummary")):
            flags = [Value.cast(bank.flags[field.name]).any() for field in self._fields
                     if field.mask and field.page == int(page, 16)]
            m.d.sync += status[name].eq(Cat(flags).any())

        m.d.comb += [
            self.lane.eq(table.lane), self.ask.eq(table.ask), table.answer.eq(self.answer),
            table.record.eq(self.record), table.limit.eq(control["LaneRateLimit"]),
            status["LaneLocked"].eq(table.locked), status["LaneDead"].eq(table.dead),
            status["LaneSpared"].eq(table.spared),
            raised["LaneLockLostFlag"].eq(table.lock_lost), raised["LaneDiedFlag"].eq(table.died),
            raised["LaneRateHighFlag"].eq(table.rate_high),
            status["LockedLanes"].eq(table.locked_lanes),
            status["DeadLanes"].eq(table.dead_lanes), status["ScanCount"].eq(table.scans),
        ]
        return m

    def _states(self, m: Module, module: ModuleStateMachine, path: DataPathStateMachine,
                reset: Signal):
        status, control, trigger = self._bank.status, self._bank.control, self._bank.trigger
        # A pin that changes seldom; a clock sooner or later does not matter.
        pin, settled, cause = Signal(), Signal(), Signal(8)
        m.d.sync += [pin.eq(self.low_power_pin), settled.eq(pin)]
        with m.If(reset):
            m.d.sync += cause.eq(0)
        with m.Elif(cause == 0):
            m.d.sync += cause.eq(self.fault_cause)
        m.d.comb += [
            module.low_power.eq(control["LowPwrRequestSW"]
                                | (control["LowPwrAllowRequestHW"] & settled)),
            module.fault.eq(cause != 0), module.powered.eq(self.powered),
            module.path_down.eq(path.down), self.power.eq(module.power),
            path.allowed.eq(module.ready & ~control["DPDeinitLane"].any()),
            path.disabled.eq(control["OutputDisableTx"].any()),
            path.prepared.eq(self.prepared), path.lit.eq(self.lit),
            self.prepare.eq(path.prepare), self.light.eq(path.light),
            status["ModuleState"].eq(module.state), status["ModuleFaultCause"].eq(cause),
            self._bank.raised["ModuleStateChangedFlag"].eq(module.reached),
        ]
        for lane in range(1, HOST_LANES + 1):
            result = status[f"ConfigStatusLane{lane}"]
            verdict = Signal(4, name=f"verdict{lane}")
            m.d.comb += [status[f"DPStateHostLane{lane}"].eq(path.state), result.eq(verdict)]
            with m.If(reset):
                m.d.sync += verdict.eq(0)
            with m.Elif(trigger["ApplyDPInitLane"][lane - 1]):
                m.d.sync += verdict.eq(Mux(control[f"DPConfigLane{lane}"][1:] == 0x10 >> 1, 1, 3))

    def _monitors(self, m: Module):
        bank, rates, identity = self._bank, self._rates, self._identity
        status, raised = bank.status, bank.raised
        frozen = bank.control["FreezeRequest"]

        def beyond(name: str, value: Any, limits: Limits):
            m.d.sync += raised[name].eq(Cat(
                value > limits.high_alarm, value < limits.low_alarm,
                value > limits.high_warning, value < limits.low_warning))

        m.d.comb += [
            status["TempMonValue"].eq(self.temperature), status["VccMonVoltage"].eq(self.supply),
            rates.sample.eq(self.sample), rates.errors.eq(self.errors), rates.bits.eq(self.bits),
            rates.freeze.eq(frozen), status["FreezeDone"].eq(frozen),
            status["UnfreezeDone"].eq(~frozen), status["LinkErrorRate"].eq(rates.now),
        ]
        beyond("TempMonFlags", self.temperature, identity.temperature)
        beyond("VccMonFlags", self.supply, identity.supply)
        for name, code in (("Minimum", rates.least), ("Maximum", rates.most),
                           ("Current", rates.now)):
            m.d.comb += status[f"PreFECBER{name}"].eq(code)
            beyond(f"PreFECBER{name}Flags", code, identity.rate)
