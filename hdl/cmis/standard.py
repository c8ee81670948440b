"""The standard pages, as far as they make sense for this link: OIF CMIS 5.2.

What cannot be said in them (more than 15 media lanes) is in the vendor pages. A field that is not
here reads as 0, which in CMIS means that it is not supported.
"""

from .field import LOWER, Access, Field, checksum, fixed, text
from .identity import Identity, Limits

__all__ = ["HOST_LANES", "standard_fields"]

HOST_LANES = 8

_MONITOR_BITS = "bit 0 high alarm, 1 low alarm, 2 high warning, 3 low warning"
_LANES = "bit n - 1 for host lane n"


def standard_fields(identity: Identity) -> list[Field]:
    """All standard fields, in the order of pages and bytes."""
    fields = [*_lower(identity)]
    for page, first, checked in ((0x00, 128, 222), (0x01, 130, 255), (0x02, 128, 255)):
        part = {0: _page_00, 1: _page_01, 2: _page_02}[page](identity)
        total = checksum(part, page, first, checked - 1)
        fields += [*part, fixed(f"PageChecksum{page:02X}h", page, checked, total,
                                f"low 8 bits of the sum of bytes {first} to {checked - 1}")]
    return [*fields, *_page_10(), *_page_11(), *_page_13(), *_vdm(identity)]


def _lower(identity: Identity) -> list[Field]:
    def status(name, byte, what, **kinds):
        return Field(name, LOWER, byte, Access.STATUS, what, **kinds)

    def control(name, byte, what, **kinds):
        return Field(name, LOWER, byte, Access.CONTROL, what, **kinds)

    def flag(name, byte, what, mask, **kinds):
        return Field(name, LOWER, byte, Access.FLAG, what, mask=mask, **kinds)

    major, minor = identity.firmware
    return [
        fixed("SFF8024Identifier", LOWER, 0, identity.identifier, "form factor, of SFF-8024"),
        fixed("CmisRevision", LOWER, 1, 0x52, "5.2"),
        fixed("ManagementCharacteristics", LOWER, 2, 0x44,
              "paged memory, SteppedConfigOnly, I2C up to 1 MHz"),
        status("ModuleState", 3, "1 ModuleLowPwr, 2 ModulePwrUp, 3 ModuleReady, 4 ModulePwrDn, "
               "5 ModuleFault", high=3, low=1),
        status("InterruptDeasserted", 3, "0 while there is an interrupt", high=0),
        status("FlagsSummaryPage11h", 4, "a flag on page 11h is 1", high=0),
        status("FlagsSummaryPage2Ch", 4, "a flag on page 2Ch is 1", high=3, low=3),
        flag("ModuleStateChangedFlag", 8, "ModuleLowPwr, ModuleReady or ModuleFault was reached",
             "ModuleStateChangedMask", high=0),
        flag("TempMonFlags", 9, _MONITOR_BITS, "TempMonMasks", high=3),
        flag("VccMonFlags", 9, "the same, in bits 4 to 7", "VccMonMasks", high=7, low=4),
        status("LaneFlagsSummary", 13, "custom: a flag on page B2h is 1", high=0),
        status("TempMonValue", 14, "S16, 1/256 degree Celsius", size=2),
        status("VccMonVoltage", 16, "U16, 100 uV", size=2),
        control("LowPwrAllowRequestHW", 26, "the pin LPMode counts", high=6, low=6, value=1),
        control("LowPwrRequestSW", 26, "1: to low power", high=4, low=4),
        Field("SoftwareReset", LOWER, 26, Access.TRIGGER, "all as after power-up", high=3, low=3),
        control("ModuleStateChangedMask", 31, "", high=0),
        control("TempMonMasks", 32, "", high=3),
        control("VccMonMasks", 32, "", high=7, low=4),
        fixed("ModuleActiveFirmwareMajorRevision", LOWER, 39, major, ""),
        fixed("ModuleActiveFirmwareMinorRevision", LOWER, 40, minor, ""),
        status("ModuleFaultCause", 41, "0 none; else of the port `fault_cause`"),
        fixed("MediaType", LOWER, 85, identity.media_type, "0: none of those that CMIS knows"),
        fixed("HostInterfaceIDApp1", LOWER, 86, identity.host_interface, "0: undefined"),
        fixed("MediaInterfaceIDApp1", LOWER, 87, identity.media_interface, "0: undefined"),
        fixed("LaneCountsApp1", LOWER, 88, HOST_LANES << 4,
              "8 host lanes; media lanes: by the interface, page B0h has their number"),
        fixed("HostLaneAssignmentOptionsApp1", LOWER, 89, 1, "from host lane 1"),
        fixed("HostInterfaceIDApp2", LOWER, 90, 0xFF, "end of the list"),
        control("BankSelect", 126, "counts from the next write of PageSelect on"),
        control("PageSelect", 127, "an unsupported page becomes 00h"),
    ]


def _page_00(identity: Identity) -> list[Field]:
    return [
        fixed("SFF8024IdentifierCopy", 0, 128, identity.identifier, "byte 0"),
        text("VendorName", 0, 129, 16, identity.vendor, "ASCII"),
        fixed("VendorOUI", 0, 145, identity.oui, "of IEEE", size=3),
        text("VendorPN", 0, 148, 16, identity.part, "ASCII"),
        text("VendorRev", 0, 164, 2, identity.revision, "ASCII"),
        text("VendorSN", 0, 166, 16, identity.serial, "ASCII"),
        text("DateCode", 0, 182, 8, identity.made, "ASCII: YYMMDD, lot"),
        text("CLEICode", 0, 190, 10, "", "ASCII; none"),
        fixed("ModulePowerClass", 0, 200, identity.power_class, "0 to 7: class 1 to 8", high=7,
              low=5),
        fixed("MaxPower", 0, 201, identity.power_quarters, "0.25 W"),
        fixed("ConnectorType", 0, 203, identity.connector, "of SFF-8024"),
        fixed("MediaInterfaceTechnology", 0, 212, identity.technology, "8: others"),
    ]


def _page_01(identity: Identity) -> list[Field]:
    times = identity.durations * 0x11
    major, minor = identity.hardware
    return [
        fixed("ModuleHardwareMajorRevision", 1, 130, major, ""),
        fixed("ModuleHardwareMinorRevision", 1, 131, minor, ""),
        fixed("SupportedPages", 1, 142, 0x60, "pages 13h, 14h (5), VDM (6); one bank"),
        fixed("MaxDurationDPInitDeinit", 1, 144, times, "codes, DPDeinit above DPInit"),
        fixed("SupportedControlsTx", 1, 155, 0x02, "OutputDisableTx"),
        fixed("SupportedFlagsTx", 1, 157, 0x01, "FailureFlagTx"),
        fixed("SupportedFlagsRx", 1, 158, 0x06, "LOSFlagRx, CDRLOLFlagRx"),
        fixed("SupportedMonitors", 1, 159, 0x03, "temperature, supply"),
        fixed("MaxDurationModulePwr", 1, 167, times, "codes, ModulePwrDn above ModulePwrUp"),
        fixed("MaxDurationDPTxTurn", 1, 168, times, "codes, DPTxTurnOff above DPTxTurnOn"),
        fixed("MediaLaneAssignmentOptionsApp1", 1, 176, 1, "from media lane 1"),
    ]


def _page_02(identity: Identity) -> list[Field]:
    fields = []
    for first, name, limits in ((128, "TempMon", identity.temperature),
                                (136, "VccMon", identity.supply)):
        fields += _limits(name, 2, first, limits, "as its monitor")
    return fields


def _limits(name: str, page: int, first: int, limits: Limits, what: str) -> list[Field]:
    values = (limits.high_alarm, limits.low_alarm, limits.high_warning, limits.low_warning)
    kinds = ("HighAlarm", "LowAlarm", "HighWarning", "LowWarning")
    return [fixed(f"{name}{kind}Threshold", page, first + 2 * index, value & 0xFFFF, what, size=2)
            for index, (kind, value) in enumerate(zip(kinds, values, strict=True))]


def _page_10() -> list[Field]:
    def control(name, byte, what, **kinds):
        return Field(name, 0x10, byte, Access.CONTROL, what, **kinds)

    return [
        control("DPDeinitLane", 128, f"{_LANES}; any bit is for all lanes: there is one data path"),
        control("OutputDisableTx", 130, "any bit: the LEDs go dark"),
        Field("ApplyDPInitLane", 0x10, 143, Access.TRIGGER,
              f"{_LANES}: check its DPConfigLane, say in ConfigStatusLane"),
        *(control(f"DPConfigLane{lane}", 144 + lane, "AppSel (7-4), DataPathID (3-1); only 1 and 0",
                  value=0x10) for lane in range(1, 9)),
        control("DPStateChangedMask", 213, _LANES),
        control("FailureMaskTx", 214, _LANES),
        control("LOSMaskRx", 226, _LANES),
        control("CDRLOLMaskRx", 227, _LANES),
        control("OutputStatusChangedMaskRx", 232, _LANES),
    ]


def _page_11() -> list[Field]:
    def flag(name, byte, what, mask):
        return Field(name, 0x11, byte, Access.FLAG, f"{_LANES}: {what}", mask=mask)

    nibbles = [(lane, lane // 2, 4 * (lane % 2)) for lane in range(HOST_LANES)]
    return [
        *(Field(f"DPStateHostLane{lane + 1}", 0x11, 128 + at, Access.STATUS,
                "1 DPDeactivated, 2 DPInit, 3 DPDeinit, 4 DPActivated, 5 DPTxTurnOn, "
                "6 DPTxTurnOff, 7 DPInitialized", high=low + 3, low=low)
          for lane, at, low in nibbles),
        Field("OutputStatusRx", 0x11, 132, Access.STATUS, f"{_LANES}: valid data to the host"),
        Field("OutputStatusTx", 0x11, 133, Access.STATUS, f"{_LANES}: light"),
        flag("DPStateChangedFlag", 134, "DPActivated, DPInitialized or DPDeactivated was reached",
             "DPStateChangedMask"),
        flag("FailureFlagTx", 135, "the LED drivers report a fault", "FailureMaskTx"),
        flag("LOSFlagRx", 147, "no lane has light", "LOSMaskRx"),
        flag("CDRLOLFlagRx", 148, "the link is down", "CDRLOLMaskRx"),
        flag("OutputStatusChangedFlagRx", 153, "OutputStatusRx has changed",
             "OutputStatusChangedMaskRx"),
        *(Field(f"ConfigStatusLane{lane + 1}", 0x11, 202 + at, Access.STATUS,
                "0 undefined, 1 success, 3 rejected: no such application", high=low + 3, low=low)
          for lane, at, low in nibbles),
        *(fixed(f"ActiveDPConfigLane{lane}", 0x11, 205 + lane, 0x10, "application 1, data path 0")
          for lane in range(1, 9)),
    ]


def _page_13() -> list[Field]:
    return [
        fixed("LoopbackCapabilities", 0x13, 128, 0x08, "host side input"),
        Field("HostSideInputLoopbackEnable", 0x13, 183, Access.CONTROL, "any bit: all lanes"),
        Field("HostScratchpad", 0x13, 184, Access.CONTROL, "the host's own", size=8),
        Field("DiagnosticsSelector", 0x14, 128, Access.CONTROL, "no selector has data"),
    ]


def _vdm(identity: Identity) -> list[Field]:
    """The error rate of the link: what it is, and since the last freeze the least and the most."""
    rates = (("Minimum", 9), ("Maximum", 11), ("Current", 15))
    fields = [fixed(f"VDMDescriptor{index + 1}", 0x20, 128 + 2 * index, kind,
                    f"threshold set 1, lane 1, type {kind}", size=2)
              for index, (_, kind) in enumerate(rates)]
    fields += [Field(f"PreFECBER{name}", 0x24, 128 + 2 * index, Access.STATUS, "F16", size=2)
               for index, (name, _) in enumerate(rates)]
    fields += _limits("PreFECBER", 0x28, 128, identity.rate, "F16")
    # Two instances share a byte, the first in the low half.
    halves = [(name, 128 + index // 2, 4 * (index % 2)) for index, (name, _) in enumerate(rates)]
    fields += [Field(f"PreFECBER{name}Flags", 0x2C, byte, Access.FLAG, _MONITOR_BITS,
                     high=low + 3, low=low, mask=f"PreFECBER{name}Masks")
               for name, byte, low in halves]
    fields += [Field(f"PreFECBER{name}Masks", 0x2D, byte, Access.CONTROL, "", high=low + 3, low=low)
               for name, byte, low in halves]
    return [
        *fields,
        fixed("VDMSupport", 0x2F, 128, 0, "one group: pages 20h, 24h, 28h", high=1),
        Field("FreezeRequest", 0x2F, 144, Access.CONTROL,
              "1: the samples of page 24h stay, and new extremes begin", high=7, low=7),
        Field("FreezeDone", 0x2F, 145, Access.STATUS, "", high=7, low=7),
        Field("UnfreezeDone", 0x2F, 145, Access.STATUS, "", high=6, low=6),
    ]
