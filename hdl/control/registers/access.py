"""One access to a register, as it travels from the bus to a bank and back."""

from amaranth.lib import data, stream

__all__ = ["answer_layout", "answer_stream", "request_layout", "request_stream"]


def request_layout(address_bits: int) -> data.StructLayout:
    """A read or a write of one register.

    `address` is in bytes; its two low bits do not count. `strobe` has a bit per byte of `data`:
    only these bytes are written. Neither counts in a read.
    """
    return data.StructLayout({"address": address_bits, "write": 1, "data": 32, "strobe": 4})


def answer_layout() -> data.StructLayout:
    """What became of it: `data` is 0 after a write, and with `error`, when nothing was done."""
    return data.StructLayout({"data": 32, "error": 1})


def request_stream(address_bits: int) -> stream.Signature:
    """Requests; the next one is offered only when the last one has been answered."""
    return stream.Signature(request_layout(address_bits))


def answer_stream() -> stream.Signature:
    """Answers, one to each request."""
    return stream.Signature(answer_layout())
