"""What a Reed-Solomon code makes of random bit errors: binomial theory, for figures and tests."""

from math import comb, expm1, log1p

__all__ = ["corrected_error_rate", "raw_error_rate", "word_error_rate"]


def _symbol_error_rate(ber: float, m: int) -> float:
    return -expm1(m * log1p(-ber))


def word_error_rate(n: int, t: int, m: int, ber: float) -> float:
    """Probability that a word of `n` symbols of `m` bits has more than `t` wrong ones, if bits are
    wrong with probability `ber`, 0..1, each by itself."""
    p = _symbol_error_rate(ber, m)
    return sum(comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(t + 1, n + 1))


def corrected_error_rate(n: int, t: int, m: int, ber: float) -> float:
    """Bit error rate behind the decoder: a word with more than `t` wrong symbols stays as it is.

    As in the budgets of IEEE 802.3, miscorrections, which are rarer by about t!, are left out.
    """
    p = _symbol_error_rate(ber, m)
    if not p:
        return 0.0
    wrong = sum(i * comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(t + 1, n + 1)) / n
    return wrong * ber / p


def raw_error_rate(n: int, t: int, m: int, target: float) -> float:
    """The bit error rate in front of the decoder that gives `target` behind it."""
    low, high = 0.0, 0.5
    for _ in range(60):
        middle = (low + high) / 2
        if corrected_error_rate(n, t, m, middle) < target:
            low = middle
        else:
            high = middle
    return low
