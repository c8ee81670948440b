"""The three tops: transmitter, receiver, and both together with loopback. Wiring only.

Each shows the members of its core (:class:`WordTransmitter`, :class:`WordReceiver`) under the same
names, with lane ports in place of the core's `data`; bit 0 of a symbol is first on the line:

- word view: ``lane_tx_data`` and ``lane_rx_data``, lane p's symbol at bits [p·gear, (p+1)·gear),
  and ``lane_rx_valid``, a bit per lane: it has a symbol in this cycle. Clocks ``tx`` and ``rx``.
  With `sampling` R each bit of ``lane_rx_data`` becomes R samples, oldest first.
- serial view: a bit per lane, with DDR two (2p is sent first). Clocks ``tx_bit`` and ``rx_bit``.
"""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

from .config import LinkConfig
from .lane.serializer import Deserializer, Serializer
from .receiver import WordReceiver, receiver_members
from .shared import Repeated
from .stream.crossing import ClockCrossing
from .transmitter import WordTransmitter, transmitter_members

__all__ = ["Receiver", "Transceiver", "Transmitter"]

_LOOPBACK_WORDS = 8
_FLOW = ("far_pause", "near_pause", "far_spare", "near_spare")


class Transmitter(wiring.Component):
    """Module ``lampyris_tx``.

    ``far_pause`` and ``near_pause`` come from the receiver at the same end, in domain ``tx``, and
    ``far_spare`` and ``near_spare`` as they are there; in a one-way link all are 0.
    """

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__({**_shown(transmitter_members(config)), **_transmit_lanes(config)})

    def elaborate(self, platform):
        m = Module()
        data = _add_transmitter(m, platform, self, self._config)
        _send(m, self._config, data, self)
        return m


class Receiver(wiring.Component):
    """Module ``lampyris_rx``.

    ``far_pause`` and ``near_pause`` go to the transmitter at the same end, through synchronizers,
    ``far_spare`` and ``near_spare`` as they are; in a one-way link they stay open.
    """

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__({**_shown(receiver_members(config)), **_receive_lanes(config)})

    def elaborate(self, platform):
        m = Module()
        data, valid = _receive(m, self._config, self)
        _add_receiver(m, platform, self, self._config, data, valid)
        return m


class Transceiver(wiring.Component):
    """Module ``lampyris_transceiver``: one end of a duplex link, with near-end loopback.

    The receiver's wish for a pause goes out with the transmitter's idle blocks, and what the far
    end wishes stops the transmitter; both cross between the core clocks as levels. So do the words
    of the sparing, which go out with the markers, or tell the transmitter which spares to use.

    ``loopback`` (a static control) makes the receiver listen to the own transmitter's words; clock
    ``rx`` must not be slower than ``tx`` then.
    """

    loopback: Signal

    def __init__(self, config: LinkConfig):
        self._config = config
        super().__init__({
            **_shown(transmitter_members(config), *_FLOW),
            **_shown(receiver_members(config), *_FLOW), "loopback": In(1),
            **_transmit_lanes(config), **_receive_lanes(config)})

    def elaborate(self, platform):
        m = Module()
        config = self._config
        words = config.geometry.physical_lanes * config.gear

        # Levels that change seldom: two flip-flops each, false paths.
        loop = Signal()
        asked, wished = Signal(), Signal()
        asked_tx, wished_tx = Signal(), Signal()
        m.submodules.pause_crossing = FFSynchronizer(asked, asked_tx, o_domain="tx")
        m.submodules.wish_crossing = FFSynchronizer(wished, wished_tx, o_domain="tx")
        m.submodules.loopback_crossing = FFSynchronizer(self.loopback, loop, o_domain="rx")

        between = {name: Signal(16, name=name) for name in ("near_spare", "far_spare")
                   if name in transmitter_members(config)}
        sent = _add_transmitter(m, platform, self, config,
                                far_pause=asked_tx, near_pause=wished_tx, **between)
        _send(m, config, sent, self)

        data, valid = _receive(m, config, self)
        m.submodules.loopback_queue = queue = ClockCrossing(
            width=words, depth=_LOOPBACK_WORDS, write_domain="tx", read_domain="rx")
        m.d.comb += [queue.i.payload.eq(sent), queue.i.valid.eq(self.loopback), queue.o.ready.eq(1)]
        looped = Cat(bit.replicate(config.sampling) for bit in queue.o.payload)
        flow = _add_receiver(
            m, platform, self, config, Mux(loop, looped, data),
            Mux(loop, queue.o.valid.replicate(config.geometry.physical_lanes), valid))
        m.d.comb += [asked.eq(flow.far_pause), wished.eq(flow.near_pause),
                     *(word.eq(getattr(flow, name)) for name, word in between.items())]
        return m


def _shown(members: dict, *left_out: str) -> dict:
    """The members of a core that its top has, too."""
    return {name: member for name, member in members.items()
            if name not in ("data", "valid", *left_out)}


def _add_core(m, platform, top, part: Repeated, label: str, members: dict, **inputs):
    """Add a core with its members connected to those of the top by name; returns its outputs."""
    own = {name: getattr(top, name) for name, member in members.items()
           if member.flow == In and name not in inputs}
    outputs = part.add(m, platform, label, **own, **inputs)
    for name, value in vars(outputs).items():
        if name in top.signature.members and top.signature.members[name].flow == Out:
            m.d.comb += getattr(top, name).eq(value)
    return outputs


def _add_transmitter(m, platform, top, config: LinkConfig, **inputs):
    part = Repeated(lambda: WordTransmitter(config), name="transmit_core",
                    domains={"host": "host", "tx": "tx"})
    return _add_core(m, platform, top, part, "transmit", transmitter_members(config), **inputs).data


def _add_receiver(m, platform, top, config: LinkConfig, data, valid):
    part = Repeated(lambda: WordReceiver(config), name="receive_core",
                    domains={"host": "host", "rx": "rx"})
    return _add_core(m, platform, top, part, "receive", receiver_members(config),
                     data=data, valid=valid)


def _lane_bits(config: LinkConfig) -> int:
    """Of all lanes, as they are sent."""
    per_lane = config.gear if config.view == "word" else 2 if config.ddr else 1
    return config.geometry.physical_lanes * per_lane


def _transmit_lanes(config: LinkConfig) -> dict:
    return {"lane_tx_data": Out(_lane_bits(config))}


def _receive_lanes(config: LinkConfig) -> dict:
    members = {"lane_rx_data": In(_lane_bits(config) * config.sampling)}
    if config.view == "word":
        members["lane_rx_valid"] = In(config.geometry.physical_lanes)
    return members


def _send(m, config: LinkConfig, data, top):
    """From core words to the lane ports."""
    if config.view == "word":
        m.d.comb += top.lane_tx_data.eq(data)
        return
    m.submodules.serializer = serializer = Serializer(
        lanes=config.geometry.physical_lanes, gear=config.gear, ddr=config.ddr)
    m.d.comb += [serializer.i.eq(data), top.lane_tx_data.eq(serializer.o)]


def _receive(m, config: LinkConfig, top):
    """From the lane ports to core words and a valid bit per lane."""
    if config.view == "word":
        return top.lane_rx_data, top.lane_rx_valid
    lanes = config.geometry.physical_lanes
    m.submodules.deserializer = deserializer = Deserializer(
        lanes=lanes, gear=config.gear, ddr=config.ddr)
    m.d.comb += deserializer.i.eq(top.lane_rx_data)
    return deserializer.o, deserializer.valid.replicate(lanes)
