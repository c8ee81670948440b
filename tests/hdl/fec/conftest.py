"""Shared by the tests of the codes: words as integers, binary matrices, the reference's words."""

import random

import numpy as np
import pytest
from amaranth.hdl import Elaboratable, Fragment
from amaranth.hdl._ast import SignalSet

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.sim.reference.reed_solomon import ReedSolomon


def _number(symbols, m):
    """A word of symbols as one integer, symbol 0 lowest."""
    return sum(int(symbol) << m * place for place, symbol in enumerate(symbols))


def _product(rows, vector):
    """A binary matrix, given as the masks of its rows, times a vector."""
    return sum(((row & vector).bit_count() & 1) << place for place, row in enumerate(rows))


def _masks(network):
    """What each output of a network adds up, as a mask of the inputs, those of the front first."""
    if network.front is None:
        nodes = [1 << place for place in range(network.inputs)]
    else:
        # Bit b of the front's input i is input i·width + b of the whole.
        width = network.width
        nodes = [sum(1 << place * width + bit for place in range(mask.bit_length())
                     if mask >> place & 1)
                 for mask in _masks(network.front) for bit in range(width)]
    for a, b in network.pairs:
        nodes.append(nodes[a] ^ nodes[b])       # fails unless the order is topological
    return [0 if node is None else nodes[node] for node in network.outputs]


class _Search:
    """Inputs of a search for the wrong symbols of a codeword, and what it must find."""

    def __init__(self, rng, field, n, parity, *, fewest, near, dirty):
        # Mostly a product over different symbols, sometimes over places that no symbol has, with
        # a double root, of too low a degree, or anything.
        places = rng.sample(range(n), rng.randint(fewest, min(n, parity)))
        if places and rng.random() < 0.2:
            places[0] = rng.choice((rng.randrange(field.order), places[-1]))
        locator = np.array([rng.randint(1, field.order)], np.uint16)
        for place in places:
            factor = np.array([1, field.power(place)], np.uint16)
            locator = field.product(factor, locator, len(locator) + 1)
        self.locator = np.pad(locator, (0, parity + 1 - len(locator)))
        if rng.random() < 0.1:
            self.locator = np.array([rng.randint(0, field.order) for _ in self.locator], np.uint16)
            self.locator[0] |= 1
        self.evaluator = np.array([rng.randint(0, field.order) for _ in range(parity)], np.uint16)
        self.length = len(places) if rng.random() < 0.9 else rng.randint(0, parity)
        self.near, self.dirty = rng.random() < near, rng.random() < dirty

        inverses = field.power(-np.arange(n - 1, -1, -1)[:, None] * np.arange(parity + 1))
        odd = field.dot(self.locator[1::2], inverses[:, 1::2])
        self.roots = field.dot(self.locator, inverses) == 0
        self.errors = np.zeros(n, np.uint16)
        divided = self.roots & (odd != 0)
        self.errors[divided] = field.mul(field.dot(self.evaluator, inverses[divided, :-1]),
                                         field.inv(odd[divided]))
        self.correct = self.dirty and self.near and self.roots.sum() == self.length
        self.failed = self.dirty and not self.correct


class _Elaborated(Elaboratable):
    """A component, elaborated already, with its ports."""

    def __init__(self, component):
        self.component, self.fragment = component, Fragment.get(component, None)

    def __getattr__(self, name):
        return getattr(self.component, name)

    def elaborate(self, platform):
        return self.fragment


def _registers(component, part=None):
    dut = _Elaborated(component)
    parts, found = [dut.fragment.find_subfragment(part) if part else dut.fragment], SignalSet()
    for fragment in parts:
        parts += [subfragment for subfragment, *_ in fragment.subfragments]
        for statement in fragment.statements.get("sync", []):
            found.update(statement._lhs_signals())
    return dut, list(found)


class _GroupWords:
    """A group code by the reference: words [slots, lanes] of a group, and its codewords.

    `group` is that of the RTL, for the same code; nothing here is taken from it.
    """

    def __init__(self, rng, n, k, m, lanes):
        self.rng, self.n, self.k, self.m, self.lanes = rng, n, k, m, lanes
        self.group = Group(Code(n, k, m), lanes)
        self.code = ReedSolomon(n, k, m)
        width = np.gcd(n, lanes)
        self.slots, self.count, self.message_slots = n // width, lanes // width, k // width
        self.pad = k - self.message_slots * width
        slot, lane = np.indices((self.slots, lanes))
        self._codeword = (lane + slot) % self.count
        self._symbol = slot * width + lane // self.count

    def words(self, codewords):
        """From [codewords, n]."""
        return codewords[self._codeword, self._symbol]

    def codewords(self, words):
        """To [codewords, n]."""
        codewords = np.zeros((self.count, self.n), words.dtype)
        codewords[self._codeword, self._symbol] = words
        return codewords

    def random(self):
        """A group of random message words."""
        messages = np.array([[self.rng.getrandbits(self.m) for _ in range(self.k)]
                             for _ in range(self.count)], np.uint16)
        messages[:, :self.pad] = 0          # in the wire's order they are the last symbols
        return self.words(np.roll(self.code.encode(messages), -self.pad, axis=1))


@pytest.fixture
def rng(request):
    return random.Random(request.node.name)


@pytest.fixture
def number():
    """Function (symbols, m) -> integer."""
    return _number


@pytest.fixture
def product():
    """Function (rows, vector) -> vector."""
    return _product


@pytest.fixture
def masks():
    """Function (network) -> rows of its matrix."""
    return _masks


@pytest.fixture
def codewords(rng):
    """Function (n, k, m, polynomial, count) -> uint16 [count, n], all zeros and all ones first."""
    def encode(n, k, m, polynomial, count):
        messages = np.array([[rng.getrandbits(m) for _ in range(k)] for _ in range(count)],
                            dtype=np.uint16)
        messages[0], messages[1] = 0, (1 << m) - 1
        return ReedSolomon(n, k, m, polynomial).encode(messages)

    return encode


@pytest.fixture
def registers():
    """Function (component, part=None) -> (the same to be simulated, registers in a submodule)."""
    return _registers


@pytest.fixture
def group_words(rng):
    """Function (n, k, m, lanes) -> a group code by the reference, see :class:`_GroupWords`."""
    return lambda *code: _GroupWords(rng, *code)


@pytest.fixture
def searches(rng):
    """Function (field, n, parity, the fewest roots and shares of `near` and `dirty` by name) ->
    inputs of a search and what it must find, see :class:`_Search`."""
    return lambda *code, **shares: _Search(rng, *code, **shares)
