"""The one door to the curve library: what it lets through, and that nothing goes past it."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT

from did_methods import bls12_381
from did_methods.curves import BLS12_381_P, BLS12_381_R
from did_methods.errors import PointError

G1, G2 = bls12_381.G1Point(), bls12_381.G2Point()
scalars = st.integers(min_value=1, max_value=BLS12_381_R - 1)


def off_subgroup_g1():
    """A point of the curve y² = x³ + 4 outside the subgroup: the cofactor is large, so nearly every point is one."""
    x = 1
    while pow(x**3 + 4, (BLS12_381_P - 1) // 2, BLS12_381_P) != 1:
        x += 1
    return (x | 1 << 383).to_bytes(48)


G1_REFUSED = {
    "identity": (b"\xc0" + bytes(47), "bls12_381.identity"),
    "infinity with the sign bit": (b"\xe0" + bytes(47), "bls12_381."),
    "infinity with a stray bit": (b"\xc0" + bytes(46) + b"\x01", "bls12_381."),
    "uncompressed flag": (bytes([bls12_381.encode(G1)[0] & 0x7F]) + bls12_381.encode(G1)[1:], "bls12_381."),
    "x not below p": ((BLS12_381_P | 1 << 383).to_bytes(48), "bls12_381."),
    "off the subgroup": (off_subgroup_g1(), "bls12_381.point"),
    "short": (bls12_381.encode(G1)[:-1], "bls12_381.length"),
    "long": (bls12_381.encode(G1) + b"\x00", "bls12_381.length"),
    "empty": (b"", "bls12_381.length"),
}
G2_REFUSED = {
    "identity": (b"\xc0" + bytes(95), "bls12_381.identity"),
    "infinity with the sign bit": (b"\xe0" + bytes(95), "bls12_381."),
    "infinity with a stray bit": (b"\xc0" + bytes(94) + b"\x01", "bls12_381."),
    "short": (bls12_381.encode(G2)[:-1], "bls12_381.length"),
    "long": (bls12_381.encode(G2) + b"\x00", "bls12_381.length"),
}


@pytest.mark.threat(25)
@pytest.mark.parametrize(("data", "code"), G1_REFUSED.values(), ids=G1_REFUSED)
def test_unsafe_g1_encodings_are_refused(data, code):
    with pytest.raises(PointError) as refused:
        bls12_381.decode_g1(data)
    assert refused.value.code.startswith(code)
    assert refused.value.remedy


@pytest.mark.threat(25)
@pytest.mark.parametrize(("data", "code"), G2_REFUSED.values(), ids=G2_REFUSED)
def test_unsafe_g2_encodings_are_refused(data, code):
    with pytest.raises(PointError) as refused:
        bls12_381.decode_g2(data)
    assert refused.value.code.startswith(code)


@pytest.mark.threat(25)
@pytest.mark.parametrize("decode", [bls12_381.decode_g1, bls12_381.decode_g2])
def test_an_encoding_that_the_library_would_write_otherwise_is_refused(decode, monkeypatch):
    """Its current version reads none but the identity's; the check does not lean on that."""
    data = bls12_381.encode(G1 if decode is bls12_381.decode_g1 else G2)
    assert decode(data)
    monkeypatch.setattr(bls12_381, "encode", lambda _: b"another")
    with pytest.raises(PointError) as refused:
        decode(data)
    assert refused.value.code == "bls12_381.not_canonical"


@pytest.mark.threat(25)
@pytest.mark.parametrize(
    "data",
    [bytes(32), BLS12_381_R.to_bytes(32), (BLS12_381_R + 1).to_bytes(32), b"\xff" * 32, bytes(31) + b"", b"\x01" * 33],
    ids=["zero", "r", "r + 1", "largest", "short", "long"],
)
def test_scalars_outside_the_group_are_refused(data):
    with pytest.raises(PointError):
        bls12_381.decode_scalar(data)


@pytest.mark.parametrize("number", [1, 2, BLS12_381_R - 1])
def test_scalars_of_the_group_are_read(number):
    assert int.from_bytes(bls12_381.encode_scalar(bls12_381.decode_scalar(number.to_bytes(32)))) == number


@pytest.mark.threat(25)
@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=48, max_size=48), scalars, st.integers(min_value=0, max_value=383))
def test_what_is_read_is_the_one_encoding(noise, number, bit):
    good = bls12_381.encode(G1 * bls12_381.scalar_of(number))
    flipped = (int.from_bytes(good) ^ 1 << bit).to_bytes(48)
    for data in (noise, good, flipped):
        try:
            point = bls12_381.decode_g1(data)
        except PointError:
            assert data != good
        else:
            assert bls12_381.encode(point) == data


@settings(max_examples=20, deadline=None)
@given(scalars)
def test_blinded_operations_equal_the_plain_ones(number):
    secret = bls12_381.scalar_of(number)
    assert bls12_381.multiply_secret(G1, secret) == G1 * secret
    assert bls12_381.multiply_secret(G2, secret) == G2 * secret
    inverse = int.from_bytes(bls12_381.encode_scalar(bls12_381.inverse_secret(secret)))
    assert inverse == pow(number, -1, BLS12_381_R)


class Watched:
    """Stands for a point or scalar and keeps what it was multiplied by."""

    def __init__(self, seen):
        self.seen = seen

    def __mul__(self, scalar):
        self.seen.append(scalar)
        return self

    def __add__(self, other):
        return self


@pytest.mark.threat(26)
def test_a_secret_is_multiplied_in_shares_that_differ_every_time():
    secret, seen = bls12_381.scalar_of(7), []
    for _ in range(50):
        bls12_381.multiply_secret(Watched(seen), secret)
    used = {bls12_381.encode_scalar(scalar) for scalar in seen}
    assert len(used) == len(seen) == 100
    assert bls12_381.encode_scalar(secret) not in used


@pytest.mark.threat(26)
def test_a_secret_is_inverted_times_a_factor_that_differs_every_time():
    inverted = []

    class Secret:
        def __mul__(self, factor):
            inverted.append(bls12_381.encode_scalar(factor))
            return bls12_381.scalar_of(7) * factor

        def inverse(self):
            pytest.fail("the secret itself was inverted")

    for _ in range(50):
        bls12_381.inverse_secret(Secret())
    assert len(set(inverted)) == 50


def test_unequal_lists_are_not_cut():
    with pytest.raises(ValueError, match="2 points"):
        bls12_381.sum_of_products([G1, G1], [bls12_381.scalar_of(1)])


@pytest.mark.threat(25)
def test_nothing_goes_past_the_door():
    for package in ("did_methods", "anchoring", "node"):
        for file in (ROOT / package).rglob("*.py"):
            if file == ROOT / "did_methods" / "bls12_381.py":
                continue
            for node in ast.walk(ast.parse(file.read_bytes())):
                imported = [node.module] if isinstance(node, ast.ImportFrom) else []
                imported += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                assert not any(name and name.startswith("py_arkworks") for name in imported), file
