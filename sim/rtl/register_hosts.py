"""Masters for the register bus of a design, by cocotbext-axi and cocotbext-wishbone."""

import logging
import warnings
from typing import Any

from cocotbext.axi import AxiLiteBus, AxiLiteMaster

__all__ = ["AxiLiteHost", "WishboneHost", "register_host"]

logging.getLogger("cocotb").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"cocotbext\.")


def register_host(dut):
    """The master for the bus that a design has."""
    return WishboneHost(dut) if hasattr(dut, "wb_cyc") else AxiLiteHost(dut, "s_axil")


def _run_of(strobe: int) -> range:
    """Bytes of a strobe, which must be next to each other."""
    places = [place for place in range(4) if strobe >> place & 1]
    assert places and places == list(range(places[0], places[-1] + 1)), "a gap in the strobe"
    return range(places[0], places[-1] + 1)


class AxiLiteHost:
    """Accesses through AXI4-Lite, many at once if they are started so.

    Members
    -------
    master : AxiLiteMaster
    """

    def __init__(self, dut, prefix: str = "axil"):
        self.master: Any = AxiLiteMaster(AxiLiteBus.from_prefix(dut, prefix), dut.host_clk,
                                         dut.host_rst)

    async def read(self, address: int) -> tuple[int, bool]:
        """Data, and whether the answer is an error (SLVERR)."""
        answer = await self.master.read(address, 4)
        assert answer.resp in (0, 2), f"the response is {answer.resp}"
        return int.from_bytes(answer.data, "little"), answer.resp == 2

    async def write(self, address: int, data: int, strobe: int = 15) -> bool:
        """Write the bytes of a strobe without gaps; returns whether the answer is an error."""
        places = _run_of(strobe)
        part = data.to_bytes(4, "little")[places.start:places.stop]
        answer = await self.master.write(address + places.start, part)
        assert answer.resp in (0, 2), f"the response is {answer.resp}"
        return answer.resp == 2


class WishboneHost:
    """Accesses through Wishbone, classic."""

    def __init__(self, dut, prefix: str = "wb"):
        from cocotbext.wishbone.driver import WBOp, WishboneMaster

        self._operation: Any = WBOp
        names = {name: name for name in ("cyc", "stb", "we", "adr", "sel", "ack", "err")}
        self._master: Any = WishboneMaster(
            dut, prefix, dut.host_clk, width=32, timeout=1 << 20,
            signals_dict={**names, "datwr": "dat_w", "datrd": "dat_r"})

    async def read(self, address: int) -> tuple[int, bool]:
        """Data, and whether the answer is `err`; then the data are 0."""
        (answer,) = await self._master.send_cycle([self._operation(adr=address >> 2)])
        error = answer.ack == 2
        return 0 if error else int(answer.datrd), error

    async def write(self, address: int, data: int, strobe: int = 15) -> bool:
        """Write the bytes of a strobe; returns whether the answer is `err`."""
        (answer,) = await self._master.send_cycle(
            [self._operation(adr=address >> 2, dat=data, sel=strobe)])
        return answer.ack == 2
