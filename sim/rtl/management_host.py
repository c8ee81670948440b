"""A host on the management bus of a module, and the wires of that bus."""

from collections.abc import Callable
from typing import Any

import cocotb
from cocotb.triggers import ValueChange

from .bench import read

__all__ = ["DEVICE", "ManagementHost", "Wire"]

DEVICE = 0x50


class Wire:
    """A wire with a pull-up, between a controller and a design that can only pull it low.

    To cocotbext-i2c's master it is the handle of what it drives.

    Parameters
    ----------
    wire : handle
        Input of the design: the level of the wire.
    low : handle
        Output of the design: pull it low.
    """

    def __init__(self, wire, low):
        self._wire, self._low, self._level = wire, low, 1
        self._show()
        cocotb.start_soon(self._follow())

    @property
    def value(self) -> int:
        return self._level

    @value.setter
    def value(self, level) -> None:
        self._level = int(level)
        self._show()

    def setimmediatevalue(self, level) -> None:
        self.value = level

    def _show(self) -> None:
        self._wire.value = self._level & ~read(self._low) & 1

    async def _follow(self):
        change = ValueChange(self._low)
        while True:
            await change
            self._show()


class ManagementHost:
    """Reads and writes of pages; looks at every acknowledge.

    Parameters
    ----------
    master : I2cMaster
        Of cocotbext-i2c.
    """

    def __init__(self, master):
        self.master = master

    async def put(self, *values: int, device: int = DEVICE) -> None:
        """A write transfer without its stop."""
        await self.master.send_start()
        for value in (device << 1, *values):
            if await self.master.send_byte(value):
                raise AssertionError(f"no acknowledge for {value:02x}")

    async def write(self, byte: int, *values: int) -> None:
        await self.put(byte, *values)
        await self.master.send_stop()

    async def here(self, byte: int, count: int) -> bytes:
        """Random read, on the page that is selected."""
        await self.put(byte)
        content = await self.master.read(DEVICE, count)
        await self.master.send_stop()
        return bytes(content)

    async def select(self, page: int, bank: int = 0) -> None:
        await self.write(126, bank, page)

    async def read(self, page: int, byte: int, count: int) -> bytes:
        if byte >= 128:
            await self.select(page)
        return await self.here(byte, count)

    async def fetch(self, wanted: Callable[..., Any]) -> Any:
        """What a decoder asks for; it is a plain function, so it is called until it has all."""
        have = {}

        class Missing(Exception):
            pass

        def get(*place):
            if place not in have:
                raise Missing(place)
            return have[place]

        while True:
            try:
                return wanted(get)
            except Missing as missing:
                (place,) = missing.args
                have[place] = await self.read(*place)
