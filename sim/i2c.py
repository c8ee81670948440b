"""An I2C controller for testbenches, bit by bit."""

__all__ = ["Controller"]


class Controller:
    """A controller that a test can stop anywhere.

    Parameters
    ----------
    ctx
        Of a testbench.
    bus
        With the signals `scl` and `sda`, which it drives, and `seen_scl` and `seen_sda`, the wires.
    half : int
        Clocks for which SCL is high, and then low.

    Members
    -------
    stretched : int
        The most clocks that it has waited for SCL.
    """

    def __init__(self, ctx, bus, half: int):
        self.ctx, self.bus, self.half = ctx, bus, half
        self.stretched = 0

    async def wait(self, clocks=None):
        for _ in range(clocks or self.half):
            await self.ctx.tick()

    async def high(self):
        self.ctx.set(self.bus.scl, 1)
        await self.ctx.tick()
        for clock in range(10_000):
            if self.ctx.get(self.bus.seen_scl):
                self.stretched = max(self.stretched, clock)
                break
            await self.ctx.tick()
        else:
            raise AssertionError("SCL is held low for ever")
        await self.wait(self.half - 1)

    async def low(self):
        self.ctx.set(self.bus.scl, 0)
        await self.wait(self.half // 2)

    async def bit(self, value):
        """A clock; what SDA was at its end."""
        self.ctx.set(self.bus.sda, value)
        await self.wait(self.half - self.half // 2)
        await self.high()
        seen = self.ctx.get(self.bus.seen_sda)
        await self.low()
        return seen

    async def start(self):
        self.ctx.set(self.bus.sda, 1)
        await self.wait()
        await self.high()
        self.ctx.set(self.bus.sda, 0)
        await self.wait()
        await self.low()

    async def stop(self):
        self.ctx.set(self.bus.sda, 0)
        await self.wait()
        await self.high()
        self.ctx.set(self.bus.sda, 1)
        await self.wait()

    async def put(self, byte):
        """Whether it was acknowledged."""
        for place in reversed(range(8)):
            await self.bit(byte >> place & 1)
        return not await self.bit(1)

    async def get(self, more):
        byte = 0
        for _ in range(8):
            byte = byte << 1 | await self.bit(1)
        await self.bit(int(not more))
        return byte

    async def write(self, *values, device=0x50):
        await self.start()
        return [await self.put(value) for value in (device << 1, *values)]

    async def read(self, count, device=0x50):
        await self.start()
        assert await self.put(device << 1 | 1)
        return [await self.get(index < count - 1) for index in range(count)]
