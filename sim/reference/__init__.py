"""The numpy reference model: an independent reading of `docs/link-format.md`.

It imports nothing of the RTL. In the order of the data path: `encapsulation` (packets <-> blocks),
`frames` (blocks <-> symbols, with `scrambler` and `marker`), `lanes` (symbols <-> bits, lane map),
`receiver` (raw bits -> packets); beside it `prbs`.
"""

from .control import Packet, control_granule, idle_block, packet_check
from .encapsulation import Decoder, decode_blocks, encode_packets
from .format import Format, Kind
from .frames import DecodedFrames, decode_frames, encode_frames
from .lanes import from_lane_bits, permute, to_lane_bits
from .receiver import LaneLock, Received, lock_lane, receive

__all__ = ["DecodedFrames", "Decoder", "Format", "Kind", "LaneLock", "Packet", "Received",
           "control_granule", "decode_blocks", "decode_frames", "encode_frames", "encode_packets",
           "from_lane_bits", "idle_block", "lock_lane", "packet_check", "permute", "receive",
           "to_lane_bits"]
