"""Codes against the standard's figures and two other libraries."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import reedsolo

from lampyris.sim.reference import reed_solomon
from lampyris.sim.reference.reed_solomon import ReedSolomon

CODES = {"word": ReedSolomon(136, 128), "kp4": ReedSolomon(544, 514, 10),
         "kr4": ReedSolomon(528, 514, 10), "ll": ReedSolomon(272, 258, 10),
         "rs255": ReedSolomon(255, 239), "small": ReedSolomon(12, 8), "twenty": ReedSolomon(20, 16),
         "tiny": ReedSolomon(6, 2, 4)}

each_code = pytest.mark.parametrize("code", CODES.values(), ids=CODES)
few_or_many = pytest.mark.parametrize("count", [3, pytest.param(5000, marks=pytest.mark.full)])


def make_messages(code, count, rng):
    return rng.integers(0, 1 << code.m, (count, code.k), np.uint16)


def damage(code, words, errors, erasures, rng):
    """Words with so many wrong symbols each, and besides so many erased ones of any value."""
    rank = rng.permuted(np.tile(np.arange(code.n), (len(words), 1)), axis=1)
    erased = rank < erasures[:, None]
    wrong = ~erased & (rank < (erasures + errors)[:, None])
    noise = rng.integers(0, 1 << code.m, words.shape, np.uint16)
    noise[wrong] = rng.integers(1, 1 << code.m, wrong.sum())
    return words ^ noise * (wrong | erased), erased


def pairs_within(code):
    """All numbers of errors and of erasures that are corrected together, [count] each."""
    errors, erasures = np.mgrid[:code.t + 1, :code.parity + 1].reshape(2, -1)
    within = 2 * errors + erasures <= code.parity
    return errors[within], erasures[within]


def check_changes(decoded, received):
    """What is said of the changes is what they are."""
    changed = decoded.words != received
    assert np.array_equal(decoded.locations, changed)
    assert np.array_equal(decoded.corrected, changed.sum(axis=1))


def check_found(decoded, words, received):
    assert not decoded.failed.any() and np.array_equal(decoded.words, words)
    check_changes(decoded, received)


@pytest.mark.parametrize("n, generator", [
    # IEEE 802.3 table 91-1, the coefficient of x^0 first.
    (528, [432, 290, 945, 265, 592, 391, 614, 900, 925, 656, 32, 701, 6, 904, 1]),
    (544, [523, 834, 128, 158, 185, 127, 392, 193, 610, 788, 361, 883, 503, 942, 385, 495, 720, 94,
           132, 593, 249, 282, 565, 108, 1, 552, 230, 187, 552, 575, 1])])
def test_generator_of_the_standard(n, generator):
    """The message 0, ..., 0, 1 leaves as the generator itself."""
    message = np.eye(514, dtype=np.uint16)[-1:]
    word = ReedSolomon(n, 514, 10).encode(message)
    assert not word[0, :513].any() and word[0, 513:].tolist() == generator[::-1]


@each_code
def test_encoder(code, rng, monkeypatch):
    """Systematic, and the same whatever the number of words and their layout in memory."""
    messages = make_messages(code, 40, rng)
    messages[0] = 0
    words = code.encode(messages)
    assert words.dtype == np.uint16 and words.shape == (40, code.n)
    assert np.array_equal(words[:, :code.k], messages) and not words[0].any()
    assert np.array_equal(code.encode(messages[3:4]), words[3:4])
    assert np.array_equal(code.encode(np.asfortranarray(messages)), words)
    assert code.encode(messages[:0]).shape == (0, code.n)
    monkeypatch.setattr(reed_solomon, "_BATCH", 7 * code.n)
    assert np.array_equal(code.encode(messages), words)


@each_code
def test_errors(code, rng):
    errors = np.arange(30 * (code.t + 1)) % (code.t + 1)
    words = code.encode(make_messages(code, len(errors), rng))
    received, _ = damage(code, words, errors, 0 * errors, rng)
    before = received.copy()
    decoded = code.decode(received)
    check_found(decoded, words, received)
    assert np.array_equal(decoded.corrected, errors)
    assert np.array_equal(received, before)
    received = np.asfortranarray(before)
    check_found(code.decode(received), words, before)
    assert np.array_equal(received, before)


@each_code
def test_errors_and_erasures(code, rng):
    errors, erasures = pairs_within(code)
    words = code.encode(make_messages(code, len(errors), rng))
    received, erased = damage(code, words, errors, erasures, rng)
    check_found(code.decode(received, erased), words, received)


@each_code
def test_beyond_reach(code, rng):
    """One error too many: as received and failed, or another codeword that is near enough."""
    errors, erasures = pairs_within(code)
    edge = (2 * errors + erasures >= code.parity - 1) & (errors + erasures < code.n)
    errors, erasures = np.repeat(errors[edge] + 1, 20), np.repeat(erasures[edge], 20)
    words = code.encode(make_messages(code, len(errors), rng))
    received, erased = damage(code, words, errors, erasures, rng)
    decoded = code.decode(received, erased)
    check_changes(decoded, received)
    failed = decoded.failed
    assert failed.any() and np.array_equal(decoded.words[failed], received[failed])
    others = decoded.words[~failed]
    assert np.array_equal(code.encode(others[:, :code.k]), others)
    assert (others != words[~failed]).any(axis=1).all()
    outside = (decoded.locations & ~erased)[~failed].sum(axis=1)
    assert (2 * outside + erasures[~failed] <= code.parity).all()


def test_too_many_erasures(rng):
    """Then even a codeword has failed."""
    code = CODES["small"]
    words = code.encode(make_messages(code, 50, rng))
    decoded = code.decode(words, np.arange(12) < 5)
    assert decoded.failed.all() and np.array_equal(decoded.words, words)
    check_found(code.decode(words, np.arange(12) < 4), words, words)


@each_code
@few_or_many
def test_against_reedsolo(code, count, rng):
    codec = reedsolo.RSCodec(code.parity, code.n, fcr=0, prim=code.field.polynomial, c_exp=code.m)
    messages = make_messages(code, count, rng)
    words = code.encode(messages)
    assert [list(codec.encode(row)) for row in messages.tolist()] == words.tolist()
    pick = rng.integers(0, len(pairs_within(code)[0]), count)
    errors, erasures = (values[pick] for values in pairs_within(code))
    received, erased = damage(code, words, errors, erasures, rng)
    theirs = [codec.decode(row, erase_pos=np.flatnonzero(mask).tolist())[1]
              for row, mask in zip(received.tolist(), erased, strict=True)]
    assert code.decode(received, erased).words.tolist() == [list(row) for row in theirs]


@each_code
@few_or_many
def test_against_galois(code, count, rng):
    """Of shortened codes galois makes what the full ones make of leading zeros."""
    import galois  # takes seconds, which no other test shall wait for

    # A few words take less time than compiling for them.
    mode = "python-calculate" if count < 100 else "auto"
    field = galois.GF(1 << code.m, irreducible_poly=code.field.polynomial, primitive_element=2,
                      compile=mode)
    theirs = galois.ReedSolomon(code.field.order, code.field.order - code.parity, field=field, c=0,
                                alpha=field(2))
    messages = make_messages(code, count, rng)
    words = code.encode(messages)
    assert np.array_equal(np.asarray(theirs.encode(field(messages))), words)
    words = words[:200]         # its decoder takes up to 0.2 s for each
    errors = rng.integers(0, code.t + 1, len(words))
    received, _ = damage(code, words, errors, 0 * errors, rng)
    decoded, changed = theirs.decode(field(received), output="codeword", errors=True)
    ours = code.decode(received)
    assert np.array_equal(np.asarray(decoded), ours.words)
    assert np.array_equal(changed, ours.corrected)


@pytest.mark.parametrize("arguments, message", [
    ((256, 128), r"n = 256 is out of range: allowed is 3 to 255 with m = 8"),
    ((2, 1, 4), r"n = 2 is out of range: allowed is 3 to 15 with m = 4"),
    ((136, 136), r"k = 136 is not allowed: with n = 136 it must be from 1 to 134, and n - k even"),
    ((136, 0), r"k = 0 is not allowed"),
    ((136, 129), r"k = 129 is not allowed"),
    ((136, 128, 3), r"m = 3 is out of range"),
    ((136, 128, 8, 0x11B), r"polynomial = 0x11b is not allowed for m = 8")])
def test_bad_codes(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        ReedSolomon(*arguments)


def test_members():
    code = CODES["kp4"]
    assert (code.n, code.k, code.m, code.t, code.parity) == (544, 514, 10, 15, 30)
    assert code.field.polynomial == 0x409
    with pytest.raises(FrozenInstanceError):
        code.n = 528


def test_bad_arrays():
    code, word = CODES["tiny"], np.zeros((1, 6), np.uint16)
    for call, message in [
            (lambda: code.encode(word), r"symbols have the shape \(1, 6\): .* \(count, 2\)"),
            (lambda: code.decode(word[0]), r"symbols have the shape \(6,\): .* \(count, 6\)"),
            (lambda: code.decode(word - np.array(1)), r"symbols are from -1 to -1: .* 0 to 15"),
            (lambda: code.decode(word + 16), r"symbols are from 16 to 16: allowed is 0 to 15"),
            (lambda: code.decode(word, np.zeros((2, 6), bool)),
             r"erasures have the shape \(2, 6\): allowed is \(6,\) or \(1, 6\)")]:
        with pytest.raises(ValueError, match=f"^{message}$"):
            call()
