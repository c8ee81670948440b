"""A polynomial's values at the locators of many symbols at once, as XOR networks."""

from functools import cache

from amaranth import Cat, Module, Value

from .encoder import LEVELS
from .galois import Field, coordinates
from .linear import Network, network_values, share

__all__ = ["Evaluation", "step_network"]


class Evaluation:
    """From coefficients f_j to the sums of f_j·X^-j for the locators X of some symbols.

    That is a binary matrix. It becomes a network as it is, or in two steps, whichever takes fewer
    gates. The two steps rest on squaring being linear: if a_i are the bits of X^-c, then X^-2c is
    the sum of a_i·alpha^(2i), X^-4c that of a_i·alpha^(4i), and so on. So those f_j whose j are the
    same c times powers of 2 (modulo 2^m - 1) are merged first: for each bit i, the sum of f_c·
    alpha^i, f_2c·alpha^(2i), f_4c·alpha^(4i), ... is what a_i has to select. What remains is a
    matrix over these sums that is the same for each of their bits. With m = 8, the 8 coefficients
    of an evaluator make 33 sums, the 5 even ones of a locator 17.

    Parameters
    ----------
    field : Field
    places : range
        The powers of alpha that the X are, in the order of the symbols: symbol s of a word of n has
        X = alpha^(n-1-s).
    powers : tuple of int
        The j, ascending.
    basis : tuple of int
        What the coordinates of the values refer to, m elements.

    Members
    -------
    in_two_steps : bool
    gates, depth : int
        XOR2 gates, and how many follow one another at most.
    naive_gates : int
        XOR2 gates if every bit of every value had its own.

    Cost for RS(136, 128) over GF(2^8), in the basis of a :class:`PlaneDivider`: 3414 XOR2 for the
    powers 0, 2, .. 8, 4703 for 1, 3, 5, 7 and 6996 for 0..7; 68121 if all values had their own.
    """

    def __init__(self, field: Field, places: range, powers: tuple[int, ...],
                 basis: tuple[int, ...]):
        self._size = field.m
        self._direct, self._merge, self._sums = _networks(field, places, powers, basis)
        merged = self._merge.gates + field.m * self._sums.gates
        self.in_two_steps = merged < self._direct.gates
        self.gates = merged if self.in_two_steps else self._direct.gates
        self.naive_gates = self._direct.naive_gates
        self.depth = (self._merge.depth + self._sums.depth if self.in_two_steps
                      else self._direct.depth)

    def planes(self, m: Module, coefficients: list, prefix: str) -> list[Value]:
        """Build it: bit s of plane b is coordinate b of the value that belongs to place s.

        Parameters
        ----------
        coefficients : list
            One for each of the powers.
        prefix : str
            What the names of the signals begin with.
        """
        word, count = Cat(coefficients), self._size
        if not self.in_two_steps:
            bits = network_values(m, self._direct, word, prefix)
            return [Cat(bits[plane::count]) for plane in range(count)]
        merged = Cat(network_values(m, self._merge, word, f"{prefix}_merge"))
        values = network_values(m, self._sums, merged, prefix)
        return [Cat(value[plane] for value in values) for plane in range(count)]


@cache
def _networks(field: Field, places: range, powers: tuple[int, ...], basis: tuple[int, ...]
              ) -> tuple[Network, Network, Network]:
    """In one step; merging, summing up."""
    masks = coordinates(basis)
    points = [-place for place in places]

    def rows(elements: list[int]) -> list[int]:
        """From all coefficients' bits to the bits of the sum of products with the elements."""
        images = [masks[field.times(element, 1 << bit)] for element in elements
                  for bit in range(field.m)]
        return [sum((image >> bit & 1) << place for place, image in enumerate(images))
                for bit in range(field.m)]

    direct = []
    for point in points:
        direct += rows([field.power(point * power) for power in powers])

    leaders: dict[int, dict[int, int]] = {}         # c -> power j -> h
    for power in powers:
        for leader in leaders:
            squarings = [h for h in range(field.m)
                         if (leader << h) % (field.size - 1) == power]
            if squarings:
                leaders[leader][power] = squarings[0]
                break
        else:
            leaders[power] = {power: 0}
    merge, sums = [], [0] * len(points)
    for leader, squarings in leaders.items():
        values = [field.power(point * leader) for point in points]
        for bit in range(field.m):
            if any(value >> bit & 1 for value in values):
                place = len(merge) // field.m
                sums = [row | (value >> bit & 1) << place
                        for row, value in zip(sums, values, strict=True)]
                merge += rows([field.power(bit << squarings[power]) if power in squarings else 0
                               for power in powers])
    inputs = len(powers) * field.m
    return (share(direct, inputs), share(merge, inputs),
            share(sums, len(merge) // field.m, width=field.m))


@cache
def step_network(field: Field, width: int, count: int) -> Network:
    """Element j of `count` times alpha^(j·width): on to the places `width` further."""
    rows = [row << j * field.m for j in range(count)
            for row in field.matrix(field.power(j * width))]
    return share(rows, count * field.m, limit=LEVELS - 2)
