"""How bits fill words, blocks and markers: the numbers of `docs/link-format.md`."""

from dataclasses import dataclass
from math import ceil

from .fec.group import Group

__all__ = ["REFRESH_BLOCKS", "REPORT_SPARES", "Geometry"]

REFRESH_BLOCKS = 4096
"""Blocks after which a transmitter repeats its wish for a pause, or for none, at the latest."""

REPORT_SPARES = 16
"""Spares that the sparing can name if there are reports: these are the words that would name more
(docs/link-format.md, section 9)."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """Sizes of one link; see the symbols at the head of `docs/link-format.md`.

    There is FEC with `parity` lanes (a codeword per word) or with a `group` (codewords over several
    words), and none with neither.
    """

    lanes: int
    spares: int
    gear: int
    marker_period: int
    parity: int = 0
    group: Group | None = None

    @property
    def physical_lanes(self) -> int:
        """N: data lanes, parity lanes and spares."""
        return self.code_lanes + self.spares

    @property
    def code_lanes(self) -> int:
        """Lanes that carry a word and its parity: the first of the logical lanes."""
        return self.lanes + self.parity

    @property
    def expendable(self) -> int:
        """Code lanes that may be missing: the code makes up for them."""
        return self.group.lanes_known if self.group else self.parity

    @property
    def has_fec(self) -> bool:
        return self.parity > 0 or self.group is not None

    @property
    def word_bits(self) -> int:
        """W: bits per word, one symbol on each data lane."""
        return self.lanes * self.gear

    @property
    def words_per_block(self) -> int:
        """m: the fewest words that make 64 bits or more with under 0.5 % of filler."""
        words = ceil(64 / self.word_bits)
        while (words * self.word_bits) % 32 * 200 >= words * self.word_bits:
            words += 1
        return words

    @property
    def block_bits(self) -> int:
        return self.words_per_block * self.word_bits

    @property
    def granules(self) -> int:
        """S: 32-bit granules per block."""
        return self.block_bits // 32

    @property
    def sync_symbols(self) -> int:
        """Ms: symbols that hold the 32-bit (or slightly longer) sync of a marker."""
        return ceil(32 / self.gear)

    @property
    def body_symbols(self) -> int:
        """Mb: symbols that hold the 64-bit body of a marker."""
        return ceil(64 / self.gear)

    @property
    def marker_symbols(self) -> int:
        """M: symbols per marker and lane."""
        return self.sync_symbols + self.body_symbols

    @property
    def lock_words(self) -> int:
        """Words within which a lane with light has locked, if it can: gear + 3 frames."""
        return (self.gear + 3) * self.marker_period

    @property
    def groups_per_frame(self) -> int:
        """Whole groups between two markers."""
        return (self.marker_period - self.marker_symbols) // self.group.slots if self.group else 0

    @property
    def message_words(self) -> int:
        """Q: words per frame for blocks."""
        if self.group:
            return self.groups_per_frame * self.group.message_slots
        return self.marker_period - self.marker_symbols

    @property
    def blocks_per_frame(self) -> int:
        return self.message_words // self.words_per_block

    @property
    def identity_bits(self) -> int:
        """Bits that tell the physical lanes apart, at least 1."""
        return max(1, (self.physical_lanes - 1).bit_length())
