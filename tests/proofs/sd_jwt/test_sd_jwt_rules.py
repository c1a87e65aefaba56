"""Every MUST of RFC 9901 on disclosures and digests, a row each, and what concealing promises."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.documents import JsonObject
from node.proofs.errors import (
    InvalidProofError,
    MalformedProofError,
    ProofFailure,
    ProofIndeterminate,
    ProofOptionsError,
    UnsupportedProofError,
)
from node.proofs.jose.jws import parse_jws, prepare_jws
from node.proofs.sd_jwt.concealment import conceal
from node.proofs.sd_jwt.disclosure import digest_of, make_disclosure, parse_disclosure
from node.proofs.sd_jwt.key_binding import prepare_key_binding, verify_key_binding
from node.proofs.sd_jwt.processing import MAX_DIGESTS, process
from node.proofs.sd_jwt.sd_jwt import MAX_CHARS, looks_like_sd_jwt, parse_sd_jwt
from node.proofs.signatures import local_signer

ISSUER = PrivateKey(KeyType.P256, (11).to_bytes(32))  # a test key
HOLDER = PrivateKey(KeyType.ED25519, bytes(range(32)))  # a test key
ALGORITHMS = frozenset({"ES256", "EdDSA"})
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
CLAIMS: JsonObject = {
    "iss": "https://issuer.example",
    "vct": "urn:example",
    "given_name": "Sample",
    "address": {"country": "PL", "city": "Łódź"},
    "degrees": ["one", "two", {"level": 6}],
}


def text_of(content):
    return to_base64url(json.dumps(content).encode())


def signed(header, payload, key):
    unsigned = prepare_jws(header, payload, key.public)
    return unsigned.complete(local_signer(key).sign(unsigned.signing_input))


def issued(claims=CLAIMS, pointers=(), key=ISSUER):
    concealed = conceal(claims, pointers)
    jwt = signed({"typ": "dc+sd-jwt"}, json.dumps(concealed.payload).encode(), key)
    return parse_sd_jwt("~".join([jwt, *(d.text for d in concealed.disclosures), ""])), concealed.payload


def refusal(read, *arguments):
    """The error with which a reader refuses; None if it reads. Any other exception is a crash, and shows as one."""
    try:
        read(*arguments)
    except (ProofFailure, ProofIndeterminate) as error:
        return error
    return None


def test_the_published_example_of_a_disclosure():
    """RFC 9901, 4.2.1 and 4.2.3."""
    text = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
    disclosure = parse_disclosure(text)
    assert (disclosure.salt, disclosure.name, disclosure.value) == ("_26bc4LT-ac6q2KI6cBW5es", "family_name", "Möbius")
    assert disclosure.digest("sha-256") == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"


DISCLOSURES_REFUSED = {
    "no JSON": to_base64url(b"{"),
    "no array": text_of({"salt": "x"}),
    "one item": text_of(["salt"]),
    "four items": text_of(["salt", "name", 1, 2]),
    "salt is no text": text_of([1, "name", "value"]),
    "name is no text": text_of(["salt", 1, "value"]),
    "names _sd": text_of(["salt", "_sd", []]),
    "names ...": text_of(["salt", "...", "x"]),
    "names _sd_alg": text_of(["salt", "_sd_alg", "sha-256"]),
    "duplicate members": to_base64url(b'["s", "n", {"a": 1, "a": 2}]'),
    "padding": text_of(["salt", "name", "val"]) + "=",
    "not UTF-8": to_base64url(b'["s", "n", "\xff"]'),
    "empty": "",
}


@pytest.mark.threat(36)
@pytest.mark.parametrize("text", DISCLOSURES_REFUSED.values(), ids=DISCLOSURES_REFUSED)
def test_disclosures_that_are_refused(text):
    with pytest.raises(MalformedProofError) as refused:
        parse_disclosure(text)
    assert refused.value.code.startswith("proof.malformed.sd_jwt.")


MEMBER = make_disclosure("a", 1)
ELEMENT = make_disclosure(None, 1)
INNER = make_disclosure("b", 2)
OUTER = make_disclosure("a", {"_sd": [INNER.digest("sha-256")]})


def d(disclosure):
    return disclosure.digest("sha-256")


PAYLOADS_REFUSED = {
    "unreferenced": ({"x": 1}, [MEMBER], "unreferenced"),
    "unreferenced below a hidden parent": ({"_sd": [d(OUTER)]}, [INNER], "unreferenced"),
    "given twice": ({"_sd": [d(MEMBER)]}, [MEMBER, MEMBER], "duplicate"),
    "digest twice": ({"_sd": [d(MEMBER), d(MEMBER)]}, [MEMBER], "duplicate"),
    "digest twice, undisclosed": ({"_sd": ["x", "x"]}, [], "duplicate"),
    "digest in two places": ({"_sd": [d(MEMBER)], "y": {"_sd": [d(MEMBER)]}}, [MEMBER], "duplicate"),
    "digest in object and array": ({"_sd": ["x"], "y": [{"...": "x"}]}, [], "duplicate"),
    "digest again within a disclosure": (
        {"_sd": [d(OUTER), d(INNER)]},
        [OUTER, INNER],
        "duplicate",
    ),
    "element for a member": ({"_sd": [d(ELEMENT)]}, [ELEMENT], "disclosure"),
    "member for an element": ({"y": [{"...": d(MEMBER)}]}, [MEMBER], "disclosure"),
    "replaces a member": ({"a": 0, "_sd": [d(MEMBER)]}, [MEMBER], "name_clash"),
    "_sd no array": ({"_sd": "x"}, [], "digest"),
    "_sd null": ({"_sd": None}, [], "digest"),
    "_sd of numbers": ({"_sd": [1]}, [], "digest"),
    "... no text": ({"y": [{"...": 1}]}, [], "digest"),
    "... not alone": ({"y": [{"...": "x", "z": 1}]}, [], "digest"),
    "... outside an array": ({"y": {"...": "x"}}, [], "reserved"),
    "_sd_alg below the top": ({"y": {"_sd_alg": "sha-256"}}, [], "reserved"),
    "_sd_alg no text": ({"_sd_alg": 1}, [], "hash"),
}


@pytest.mark.threat(36)
@pytest.mark.parametrize(("payload", "disclosures", "kind"), PAYLOADS_REFUSED.values(), ids=PAYLOADS_REFUSED)
def test_payloads_that_are_refused(payload, disclosures, kind):
    with pytest.raises(MalformedProofError) as refused:
        process(payload, disclosures)
    assert refused.value.code == f"proof.malformed.sd_jwt.{kind}"


@pytest.mark.threat(36)
def test_two_disclosures_cannot_bring_one_name():
    other = make_disclosure("a", 2)
    with pytest.raises(MalformedProofError):
        process({"_sd": [d(MEMBER), d(other)]}, [MEMBER, other])


@pytest.mark.threat(36)
def test_disclosures_cannot_nest_without_bound():
    inner = make_disclosure("a", 1)
    chain = [inner]
    for _ in range(100):
        chain.append(make_disclosure("a", {"_sd": [d(chain[-1])]}))
    with pytest.raises(MalformedProofError) as refused:
        process({"_sd": [d(chain[-1])]}, chain)
    assert refused.value.code == "proof.malformed.sd_jwt.too_deep"


def test_an_unknown_hash_algorithm_is_not_supported():
    with pytest.raises(UnsupportedProofError):
        process({"_sd_alg": "md5"}, [])


@pytest.mark.parametrize("hash_name", ["sha-256", "sha-384", "sha-512"])
def test_each_hash_algorithm(hash_name):
    concealed = conceal(CLAIMS, ["/given_name"], hash_name=hash_name)
    assert process(concealed.payload, concealed.disclosures).claims == CLAIMS


def test_the_element_of_a_hidden_place_moves_up():
    concealed = conceal(CLAIMS, ["/degrees/0", "/degrees/1"])
    second = concealed.disclosures[1:]
    shown = process(concealed.payload, second)
    assert shown.claims["degrees"] == ["two", {"level": 6}]
    assert list(shown.disclosed) == ["/degrees/0"]


def places(value, at=""):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        here = f"{at}/{str(step).replace('~', '~0').replace('/', '~1')}"
        yield here
        yield from places(item, here)


names = st.text(max_size=4).filter(lambda name: name not in {"_sd", "...", "_sd_alg"})
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=14,
)
objects = st.dictionaries(names, documents, max_size=5)


@settings(max_examples=150, deadline=None)
@given(objects, st.data())
def test_what_is_concealed_can_be_shown_and_nothing_else_is_lost(claims, data):
    every = list(places(claims))
    pointers = data.draw(st.sets(st.sampled_from(every), max_size=8)) if every else set()
    concealed = conceal(claims, pointers)
    whole = process(concealed.payload, concealed.disclosures)
    assert whole.claims == claims
    assert set(whole.disclosed) == pointers
    text = json.dumps(concealed.payload)
    wanted = data.draw(st.sets(st.sampled_from(every), max_size=3)) if every else set()
    needed = whole.needed_for(wanted)
    part = process(concealed.payload, needed)
    assert len(part.disclosed) == len(needed)
    for disclosure in concealed.disclosures:
        assert disclosure.salt not in text


@pytest.mark.threat(41)
@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20))
def test_the_number_of_digests_is_a_power_of_two(count):
    claims: JsonObject = {f"c{i}": i for i in range(count)}
    digests = conceal(claims, [f"/c{i}" for i in range(count)]).payload["_sd"]
    assert len(digests).bit_count() == 1
    assert len(digests) < 2 * count
    assert digests == sorted(digests)
    elements: JsonObject = {"a": [*range(count)]}
    assert len(conceal(elements, [f"/a/{i}" for i in range(count)]).payload["a"]).bit_count() == 1


@pytest.mark.threat(41)
def test_decoys_stand_anywhere_in_an_array():
    firsts = set()
    for _ in range(40):
        concealed = conceal({"a": [1, 2, 3]}, ["/a/0", "/a/1", "/a/2"])
        mine = [disclosure.digest("sha-256") for disclosure in concealed.disclosures]
        firsts.add(tuple(element["..."] in mine for element in concealed.payload["a"]))
    assert len(firsts) > 1


def test_salts_differ():
    salts = {disclosure.salt for _ in range(50) for disclosure in conceal(CLAIMS, ["/given_name"]).disclosures}
    assert len(salts) == 50


@pytest.mark.parametrize(
    ("claims", "pointers"),
    [
        (CLAIMS, [""]),
        (CLAIMS, ["/absent"]),
        (CLAIMS, ["/degrees/9"]),
        (CLAIMS, ["/given_name", "/given_name"]),
        (CLAIMS, ["given_name"]),
        ({"_sd": []}, []),
        ({"a": [{"...": "x"}]}, []),
        ({"a": {"_sd_alg": "x"}}, []),
    ],
)
def test_what_cannot_be_concealed_is_refused(claims, pointers):
    with pytest.raises(ProofOptionsError):
        conceal(claims, pointers)


COMPACT_REFUSED = ["", "~", "a.b.c", "a.b~", "a.b.c.d~", "a.b.c~~", "a.b.c~d~e", " a.b.c~", "a.b.c~d~\n"]


@pytest.mark.parametrize("text", COMPACT_REFUSED)
def test_texts_that_are_no_sd_jwt(text):
    with pytest.raises((MalformedProofError, UnsupportedProofError)):
        parse_sd_jwt(text)


def test_an_empty_disclosure_is_refused():
    sd_jwt, _ = issued(pointers=["/given_name"])
    assert looks_like_sd_jwt(sd_jwt.text)
    with pytest.raises(MalformedProofError):
        parse_sd_jwt(sd_jwt.text + "~")


def test_too_many_disclosures_are_refused_before_they_are_read():
    with pytest.raises(MalformedProofError) as refused:
        parse_sd_jwt("a.b.c~" + "!~" * 1025)
    assert refused.value.code == "proof.malformed.sd_jwt.too_large"


def bind(sd_jwt, payload, **changes):
    """The SD-JWT bound to the holder's key; the changes are of the claims of the key binding, or `header`, `key`."""
    key = changes.pop("key", HOLDER)
    header = changes.pop("header", {"typ": "kb+jwt"})
    prepared = prepare_key_binding(
        sd_jwt, payload, HOLDER.public, audience="https://verifier.example", nonce="n", issued_at=NOW
    )
    claims = json.loads(parse_jws(prepared.complete(local_signer(HOLDER).sign(prepared.signing_input))).payload)
    claims |= changes
    claims = {name: value for name, value in claims.items() if value is not ...}
    return sd_jwt.bound(parse_jws(signed(header, json.dumps(claims).encode(), key)))


def verified(sd_jwt, payload):
    return verify_key_binding(parse_sd_jwt(sd_jwt.text), payload, HOLDER.public, algorithms=ALGORITHMS)


def test_a_key_binding_says_who_asked_and_when():
    sd_jwt, payload = issued(pointers=["/given_name", "/address"])
    shown = sd_jwt.showing(sd_jwt.disclosures[:1])
    binding = verified(bind(shown, payload), payload)
    assert (binding.audience, binding.nonce, binding.issued_at) == ("https://verifier.example", "n", NOW)


KEY_BINDINGS_REFUSED = {
    "typ absent": {"header": {}},
    "typ JWT": {"header": {"typ": "JWT"}},
    "typ of a credential": {"header": {"typ": "dc+sd-jwt"}},
    "another key": {"key": PrivateKey(KeyType.ED25519, bytes(32))},
    "the issuer's key": {"key": ISSUER},
    "iat absent": {"iat": ...},
    "iat a text": {"iat": "now"},
    "aud absent": {"aud": ...},
    "aud empty": {"aud": ""},
    "aud a list": {"aud": ["https://verifier.example"]},
    "nonce absent": {"nonce": ...},
    "nonce a number": {"nonce": 1},
    "sd_hash absent": {"sd_hash": ...},
    "sd_hash of another": {"sd_hash": digest_of("a.b.c~", "sha-256")},
}


@pytest.mark.threat(35)
@pytest.mark.parametrize("changes", KEY_BINDINGS_REFUSED.values(), ids=KEY_BINDINGS_REFUSED)
def test_key_bindings_that_are_refused(changes):
    sd_jwt, payload = issued(pointers=["/given_name"])
    with pytest.raises(ProofFailure):
        verified(bind(sd_jwt, payload, **changes), payload)


@pytest.mark.threat(35)
def test_no_disclosure_is_added_or_dropped_after_binding():
    sd_jwt, payload = issued(pointers=["/given_name", "/address", "/degrees/0"])
    whole = bind(sd_jwt, payload)
    part = bind(sd_jwt.showing(sd_jwt.disclosures[:1]), payload)
    for altered in (
        sd_jwt.showing(sd_jwt.disclosures[:2]).bound(whole.key_binding),
        sd_jwt.showing(()).bound(whole.key_binding),
        sd_jwt.bound(part.key_binding),
    ):
        with pytest.raises(InvalidProofError) as refused:
            verified(altered, payload)
        assert refused.value.code == "proof.invalid.sd_hash"


@pytest.mark.threat(35)
def test_a_binding_to_another_sd_jwt_of_the_same_claims_is_refused():
    (one, payload), (other, _) = issued(pointers=["/given_name"]), issued(pointers=["/given_name"])
    with pytest.raises(InvalidProofError):
        verified(other.bound(bind(one, payload).key_binding), payload)


@pytest.mark.threat(36)
@settings(max_examples=300, deadline=None)
@given(st.text("abcXYZ019-_.~", max_size=80) | st.text(max_size=30))
def test_noise_is_refused_by_name(text):
    error = refusal(parse_sd_jwt, text)
    assert error is None or (error.code and error.remedy)


@pytest.mark.threat(36)
@settings(max_examples=200, deadline=None)
@given(objects, st.lists(st.tuples(st.none() | names, documents), max_size=3))
def test_any_payload_with_any_disclosures_is_read_or_refused_by_name(payload, contents):
    disclosures = [make_disclosure(name, value) for name, value in contents]
    payload = {**payload, "_sd": [d(disclosure) for disclosure in disclosures]}
    error = refusal(process, payload, disclosures)
    assert error is None or error.code.startswith("proof.malformed.sd_jwt.")


def test_a_binding_keeps_its_time():
    sd_jwt, payload = issued()
    old = (NOW - timedelta(days=400)).timestamp()
    assert verified(bind(sd_jwt, payload, iat=old), payload).issued_at == NOW - timedelta(days=400)


def test_more_digests_than_are_read_are_refused():
    with pytest.raises(MalformedProofError) as refused:
        process({"_sd": [str(i) for i in range(MAX_DIGESTS + 1)]}, [])
    assert refused.value.code == "proof.malformed.sd_jwt.too_large"


def test_a_longer_text_than_is_read_is_refused_by_its_length():
    with pytest.raises(MalformedProofError) as refused:
        parse_sd_jwt("a.b.c~" + "x" * MAX_CHARS)
    assert refused.value.code == "proof.malformed.sd_jwt.too_large"
