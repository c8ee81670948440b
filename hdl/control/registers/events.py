"""Events: the registers of their flags and masks, and what sets a flag.

Each of the signals made here is 1 for the clock after something has changed.
"""

from amaranth import Cat, Module, Signal, Value

from .description import Access, Field, Register

__all__ = ["event_registers", "loss", "rise", "step"]


def event_registers(address: int, events: list[tuple[int, str, str]]) -> tuple[Register, Register]:
    """Flags, and behind them their mask, of events given as bit, name and text."""
    return (
        Register("events", address, "What happened since the flag was cleared.", tuple(
            Field(name, bit, 1, Access.FLAG, text) for bit, name, text in events)),
        Register("events_mask", address + 4, "Which events ask for an interrupt.", tuple(
            Field(name, bit, 1, Access.READ_WRITE, f"The flag {name} asks for an interrupt.")
            for bit, name, _ in events), mask_of="events"),
    )


def rise(m: Module, domain: str, name: str, level) -> Value:
    """A level becomes 1."""
    now, before = Signal(name=f"{name}_now", init=1), Signal(name=f"{name}_before", init=1)
    m.d[domain] += [now.eq(level), before.eq(now)]
    return now & ~before


def step(m: Module, domain: str, name: str, counter, clear=0) -> Value:
    """A counter goes on by one. A `clear` that zeroes it is no step."""
    now, before = Signal(name=f"{name}_now"), Signal(name=f"{name}_before")
    cleared = Signal(2, name=f"{name}_cleared")
    m.d[domain] += [now.eq(counter[0]), before.eq(now), cleared.eq(Cat(clear, cleared))]
    return (now ^ before) & ~cleared[1]


def loss(m: Module, domain: str, name: str, lanes) -> Value:
    """A bit of many becomes 0."""
    before = Signal.like(lanes, name=f"{name}_before")
    lost = Signal(len(lanes), name=f"{name}_lost")
    seen = Signal(name=f"{name}_seen")
    m.d[domain] += [before.eq(lanes), lost.eq(before & ~lanes), seen.eq(lost.any())]
    return seen
