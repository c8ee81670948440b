# amaranth: UnusedElaboratable=no
# Some blocks are made only to be asked for their networks.
"""The codecs of which `fec_cost` tells what they cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from amaranth.lib import wiring

from lampyris.fec.decoder import WordDecoder
from lampyris.fec.divide import PlaneDivider
from lampyris.fec.encoder import WordEncoder
from lampyris.fec.erasure_list import ErasureList
from lampyris.fec.evaluate import Evaluation
from lampyris.fec.galois import Field
from lampyris.fec.group import named_group
from lampyris.fec.group_decoder import GroupDecoder
from lampyris.fec.group_encoder import GroupEncoder
from lampyris.fec.group_equation import GroupKeyEquation
from lampyris.fec.group_search import GroupSearch
from lampyris.fec.group_syndromes import GroupSyndromes
from lampyris.fec.key_equation import KeyEquation
from lampyris.fec.linear import Network
from lampyris.fec.locator import ErasureLocator
from lampyris.fec.search import RootSearch
from lampyris.fec.syndromes import WordSyndromes

__all__ = ["CODECS", "Codec", "Shared", "group_codec", "word_codec"]

Shared = Network | Evaluation
"""XOR gates of a matrix."""


@dataclass(frozen=True)
class Codec:
    """What there is to be measured of a code.

    Parameters
    ----------
    name : str
        With the lanes it is for.
    payload : float
        Bits that it carries per clock.
    parts : mapping
        Title -> something that makes the block.
    networks : mapping
        Title -> something that makes the network of XORs of a matrix.
    sums : mapping
        Title of a row -> how many of which parts it is the sum of.
    placed : bool
        The parts go onto an ECP5. Otherwise their gates are counted.
    """

    name: str
    payload: float
    parts: Mapping[str, Callable[[], wiring.Component]]
    networks: Mapping[str, Callable[[], Shared]] = field(default_factory=dict)
    sums: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    placed: bool = False


def word_codec(lanes: int, parity: int, *, m: int = 8, placed: bool = False) -> Codec:
    """The word code: whole if it is `placed`, with all its parts if not."""
    n = lanes + parity
    code = {"n": n, "k": lanes, "m": m}
    name = f"`word` {lanes} + {parity} lanes, RS({n},{lanes}), m = {m}"
    encoder, decoder = (lambda: WordEncoder(n=n, k=lanes, m=m),
                        lambda: WordDecoder(n=n, k=lanes, m=m))
    if placed:
        return Codec(name, lanes * m, {"encoder": encoder, "decoder": decoder}, placed=True)

    def values(powers: range) -> Evaluation:
        return Evaluation(Field(m), range(n - 1, -1, -1), tuple(powers),
                          PlaneDivider(m=m, count=n).basis)

    return Codec(name, lanes * m, {
        "encoder": encoder,
        "syndromes": lambda: WordSyndromes(**code),
        "erasure locator": lambda: ErasureLocator(**code),
        "key equation": lambda: KeyEquation(**code),
        "search and division": lambda: RootSearch(**code),
        "whole decoder": decoder,
    }, {
        "encoder": lambda: WordEncoder(**code).network,
        "syndromes": lambda: WordSyndromes(**code).network,
        "search: locator, even powers": lambda: values(range(0, parity + 1, 2)),
        "search: locator, odd powers": lambda: values(range(1, parity + 1, 2)),
        "search: evaluator": lambda: values(range(parity)),
    })


def group_codec(name: str, lanes: int, codeword: int = 0, *, placed: bool = False) -> Codec:
    """A code over groups of words.

    The whole decoder, with a key equation for each codeword, is too much for Yosys as one block; it
    is the sum of its parts, without its memories and the gates behind them.
    """
    group = named_group(name, lanes, codeword)
    code = group.code
    title = f"`{name}` {lanes} lanes, RS({code.n},{code.k}), m = {code.m}"
    payload = lanes * code.m * group.message_slots / group.slots
    encoder, equation = (lambda: GroupEncoder(group)), f"key equation, one of {group.codewords}"
    if placed:
        parts = {"encoder": encoder, "decoder": lambda: GroupDecoder(group)}
        return Codec(title, payload, parts, placed=True)
    return Codec(title, payload, {
        "encoder": encoder,
        "syndromes": lambda: GroupSyndromes(group),
        "erasure list": lambda: ErasureList(group),
        equation: lambda: GroupKeyEquation(
            n=code.n, k=code.k, m=code.m, iterations_per_clock=group.iterations_per_clock),
        "search and division": lambda: GroupSearch(group),
    }, {
        "encoder, one codeword": lambda: GroupEncoder(group).network,
        "syndromes, one codeword": lambda: GroupSyndromes(group).network,
    }, {"decoder, sum of these": {
        "syndromes": 1, "erasure list": 1, equation: group.codewords, "search and division": 1}})


CODECS = (
    word_codec(128, 8),
    group_codec("kp4", 128),
    group_codec("kr4", 128),
    group_codec("ll", 128),
    group_codec("rs255", 128, 240),
    word_codec(8, 4, placed=True),
    word_codec(16, 4, placed=True),
    group_codec("rs255", 8, 248, placed=True),
)
"""All presets of the FEC at 128 lanes, and what a board may carry."""
