"""The vendor pages: what CMIS cannot say of links with many lanes. docs/cmis.md explains them."""

from ..checks import check_range
from .field import Access, Field, fixed

__all__ = ["LANES_PER_PAGE", "LANE_BYTES", "LANE_PAGE", "MOST_LANES", "VERSION", "lane_fields",
           "lane_pages", "vendor_fields"]

VERSION = 0x10
LANE_PAGE = 0xC0
LANE_BYTES = 16
LANES_PER_PAGE = 128 // LANE_BYTES
MOST_LANES = 256


def lane_pages(lanes: int) -> range:
    """The pages with the records of the lanes."""
    return range(LANE_PAGE, LANE_PAGE + -(-lanes // LANES_PER_PAGE))


def vendor_fields(*, lanes: int, data_lanes: int, spares: int, symbol_bits: int) -> list[Field]:
    """Pages B0h to B3h."""
    check_range("lanes", lanes, 1, MOST_LANES)
    check_range("data_lanes", data_lanes, 1, lanes)
    check_range("spares", spares, 0, lanes - data_lanes)
    check_range("symbol_bits", symbol_bits, 1, 255)
    size = -(-lanes // 8)
    low = -lanes % 8

    def lane_map(name, page, part, access, text, mask=""):
        # A map of a single byte has only the bits of its lanes; a longer one has whole bytes.
        return Field(name, page, 128 + 32 * part, access, text, size=size, high=7 - low,
                     mask=mask, bitmap=True)

    what = "lane 8k + i in byte k, bit i"
    maps = [("LaneLocked", "it is locked"), ("LaneDead", "it is given up"),
            ("LaneSpared", "a spare at work, or a lane that a spare stands in for")]
    flags = [("LaneLockLost", "it was locked and is not"), ("LaneDied", "it has been given up"),
             ("LaneRateHigh", "its error rate has come above LaneRateLimit")]
    return [
        fixed("MapIdentifier", 0xB0, 128, int.from_bytes(b"ULED", "big"), "ASCII \"ULED\"", size=4),
        fixed("MapRevision", 0xB0, 132, VERSION, "1.0; another major: another layout"),
        fixed("LaneRecordBytes", 0xB0, 133, LANE_BYTES, "in pages C0h and up"),
        fixed("PhysicalLanes", 0xB0, 134, lanes, "", size=2),
        fixed("DataLanes", 0xB0, 136, data_lanes, "", size=2),
        fixed("SpareLanes", 0xB0, 138, spares, "", size=2),
        fixed("SymbolBits", 0xB0, 140, symbol_bits, "bits per lane and word"),
        fixed("LaneRecordPage", 0xB0, 141, LANE_PAGE, "the first"),
        Field("LinkStatus", 0xB0, 142, Access.STATUS,
              "bit 0 up, bit 1 no lane has light, bit 2 a driver has failed"),
        Field("DownReason", 0xB0, 143, Access.STATUS, "of the link's last fall; see the link"),
        Field("LockedLanes", 0xB0, 144, Access.STATUS, "how many", size=2),
        Field("DeadLanes", 0xB0, 146, Access.STATUS, "how many", size=2),
        Field("LinkErrorRate", 0xB0, 148, Access.STATUS, "F16, of all lanes", size=2),
        Field("ScanCount", 0xB0, 150, Access.STATUS,
              "U16, rounds in which all lanes have been looked at; wraps", size=2),
        Field("LaneRateLimit", 0xB0, 152, Access.CONTROL, "F16; above it, LaneRateHigh", size=2,
              value=0x8BE8),
        *(lane_map(name, 0xB1, part, Access.STATUS, f"{what}: {text}")
          for part, (name, text) in enumerate(maps)),
        *(lane_map(f"{name}Flag", 0xB2, part, Access.FLAG, f"{what}: {text}", f"{name}Mask")
          for part, (name, text) in enumerate(flags)),
        *(lane_map(f"{name}Mask", 0xB3, part, Access.CONTROL, "") for part, (name, _) in
          enumerate(flags)),
    ]


def lane_fields(lane: int) -> list[Field]:
    """The record of a lane."""
    first = 128 + LANE_BYTES * (lane % LANES_PER_PAGE)

    def status(name, at, text, **kinds):
        return Field(name, LANE_PAGE + lane // LANES_PER_PAGE, first + at, Access.STATUS, text,
                     **kinds)

    return [
        status("Valid", 0, "the lane exists, and has been looked at", high=7, low=7),
        status("Spared", 0, "as LaneSpared", high=2, low=2),
        status("Dead", 0, "as LaneDead", high=1, low=1),
        status("Locked", 0, "as LaneLocked", high=0, low=0),
        status("State", 1, "of its training; see the link"),
        status("Position", 2, "U16: place in the word that it carries; FFFFh none", size=2),
        status("BiasCode", 4, "U16, of its LED; FFFFh none", size=2),
        status("ModulationCode", 6, "U16, of its LED; FFFFh none", size=2),
        status("ThresholdCode", 8, "U16, of its comparator; FFFFh none", size=2),
        status("Phase", 10, "sample of each bit that is taken"),
        status("Skew", 11, "symbols behind the earliest lane; 255: more, or not known"),
        status("ErrorRate", 12, "F16: ErrorCount over the bits looked at", size=2),
        status("ErrorCount", 14, "U16; FFFFh: that or more", size=2),
    ]
