"""Where in its frame a transmitter is, seen from its lanes; and markers that nobody can read."""

from ..channel.digital import WordChannel

__all__ = ["FrameWatch"]

_SYNC = 0xE92E66B5141F
_SYNC_BITS, _BODY_BITS = 32, 64


class FrameWatch:
    """A channel that knows the place in the frame, to kill lanes at one, and can spoil markers.

    Parameters
    ----------
    channel : WordChannel

    Members
    -------
    position : int
        Of the word that was sent last; 0 is the first of a marker. Before the first, -1.
    deaf : bool
        While set, a bit of each marker's body is wrong on every lane: nothing that the back channel
        says gets through. Locks and payload do not suffer.
    """

    def __init__(self, channel: WordChannel):
        gear = channel.gear
        self.channel, self.position, self.deaf = channel, -1, False
        lanes = sum(1 << lane * gear for lane in range(channel.lanes))
        # Two symbols of the sync on all lanes: no payload looks like that.
        self._syncs = [lanes * (_SYNC >> gear * index & (1 << gear) - 1) for index in (0, 1)]
        self._spoilt = lanes
        self._body = -(-_SYNC_BITS // gear) + -(-_BODY_BITS // gear) // 2
        self._before = 0

    def step(self, word: int) -> int:
        """As that of the channel."""
        if [self._before, word] == self._syncs:
            self.position = 1
        elif self.position >= 0:
            self.position += 1
        self._before = word
        return self.channel.step(word ^ self._spoilt * (self.deaf and self.position == self._body))
