"""What a holder may try: other statements, other keys, spliced credentials, games with names, indexes and pointers."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoring import cbor
from did_methods.multibase import decode_base64url, encode_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.contexts import BUNDLED
from node.proofs.bbs import signature as bbs_signature
from node.proofs.errors import (
    InvalidProofError,
    MalformedProofError,
    ProofFailure,
    ProofIndeterminate,
    ProofOptionsError,
)
from node.proofs.jsonld import JsonLd
from node.proofs.selective_disclosure import bbs_2023, ecdsa_sd_2023, proof_value
from node.proofs.selective_disclosure.selection import steps_of
from node.proofs.signatures import local_signer

JSONLD = JsonLd(BUNDLED)
ISSUER = PrivateKey(KeyType.P256, (77).to_bytes(32))  # a test key
ATTACKER = PrivateKey(KeyType.P256, (78).to_bytes(32))  # a test key
BBS_ISSUER = PrivateKey(KeyType.BLS12_381_G2, (79).to_bytes(32))  # a test key
PROOF_HASH = bytes(range(32))
MANDATORY = ("/issuer", "/validFrom", "/credentialSubject/achievement")
CHOICE = ("/credentialSubject/result/1", "/name")
DOCUMENT = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "urn:uuid:1b4b1d1e-7d6c-4c2e-9d7c-000000000001",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Sample",
    "issuer": {"id": "https://issuer.example", "type": ["Profile"], "name": "Sample Issuer"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://issuer.example/a",
            "type": ["Achievement"],
            "name": "Welding",
            "description": "Basics",
            "criteria": {"narrative": "Exam."},
        },
        "result": [
            {"type": ["Result"], "value": "5", "resultDescription": "https://issuer.example/a#1"},
            {"type": ["Result"], "value": "6", "resultDescription": "https://issuer.example/a#2"},
            {"type": ["Result"], "value": "7", "resultDescription": "https://issuer.example/a#3"},
        ],
    },
}


def ecdsa_base(document=DOCUMENT, issuer=ISSUER, mandatory=MANDATORY):
    base = ecdsa_sd_2023.make_base(document, PROOF_HASH, mandatory, jsonld=JSONLD)
    return base.complete(local_signer(issuer).sign(base.signed_data))


def bbs_base(document=DOCUMENT, mandatory=MANDATORY):
    base = bbs_2023.make_base(document, PROOF_HASH, mandatory, jsonld=JSONLD)
    return base.complete(bbs_signature.sign(BBS_ISSUER, base.header, base.messages), BBS_ISSUER.public)


class Ecdsa:
    base_header, derived_header = ecdsa_sd_2023.BASE_HEADER, ecdsa_sd_2023.DERIVED_HEADER
    label_place, mandatory_place = 3, 4
    base = staticmethod(ecdsa_base)

    @staticmethod
    def derive(value, choice=CHOICE, document=DOCUMENT):
        return ecdsa_sd_2023.derive(document, value, choice, jsonld=JSONLD)

    @staticmethod
    def verify(document, value, proof_hash=PROOF_HASH, key=ISSUER):
        return ecdsa_sd_2023.verify_derived(document, value, proof_hash, key.public, jsonld=JSONLD)


class Bbs:
    base_header, derived_header = bbs_2023.BASE_HEADER, bbs_2023.DERIVED_HEADER
    label_place, mandatory_place = 1, 2
    base = staticmethod(bbs_base)

    @staticmethod
    def derive(value, choice=CHOICE, document=DOCUMENT):
        return bbs_2023.derive(document, value, choice, presentation_header=b"p", jsonld=JSONLD)

    @staticmethod
    def verify(document, value, proof_hash=PROOF_HASH, key=BBS_ISSUER):
        return bbs_2023.verify_derived(document, value, proof_hash, key.public, jsonld=JSONLD)


SUITES = [Ecdsa, Bbs]
every_suite = pytest.mark.parametrize("suite", SUITES, ids=["ecdsa-sd-2023", "bbs-2023"])


def recoded(value, header, change):
    """The proof value with its components changed in place."""
    components = proof_value.decode(value, header, 5, "a proof")
    change(components)
    return proof_value.encode(header, components)


def paths(value, at=""):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        if step == "@context":
            continue
        yield f"{at}/{step}"
        yield from paths(item, f"{at}/{step}")


@every_suite
def test_a_derived_proof_shows_what_was_chosen_and_nothing_else(suite):
    derived = suite.derive(suite.base())
    suite.verify(derived.document, derived.value)
    subject = derived.document["credentialSubject"]
    assert subject["result"] == [DOCUMENT["credentialSubject"]["result"][1]]
    assert subject["achievement"] == DOCUMENT["credentialSubject"]["achievement"]
    assert derived.document["name"] == "Sample"


@every_suite
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_selection_can_be_derived_and_verified(suite, data):
    every = list(paths(DOCUMENT))
    mandatory = tuple(data.draw(st.lists(st.sampled_from(every), max_size=4)))
    choice = tuple(data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=4)))
    derived = suite.derive(suite.base(mandatory=mandatory), choice)
    suite.verify(derived.document, derived.value)


@pytest.mark.threat(2)
@every_suite
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_value_shown_is_signed(suite, data):
    derived = suite.derive(suite.base())
    altered = copy.deepcopy(derived.document)
    place = data.draw(
        st.sampled_from([path for path in paths(altered) if not isinstance(at(altered, path), dict | list)])
    )
    parent, last = at(altered, place.rpartition("/")[0]), place.rpartition("/")[2]
    parent[int(last) if isinstance(parent, list) else last] += "x"
    with pytest.raises((ProofFailure, ProofIndeterminate)):
        suite.verify(altered, derived.value)


def at(document, pointer):
    for step in steps_of(pointer):
        document = document[int(step) if isinstance(document, list) else step]
    return document


@pytest.mark.threat(2)
@every_suite
@pytest.mark.parametrize("where", ["", "/credentialSubject", "/credentialSubject/achievement"])
def test_an_undefined_claim_is_refused_at_every_step(suite, where):
    """A member that no context defines makes no statement, so no signature would cover what it says."""
    document = copy.deepcopy(DOCUMENT)
    at(document, where)["gradeOfMyOwn"] = "excellent"
    with pytest.raises(ProofFailure):
        suite.base(document)
    with pytest.raises(ProofFailure):
        suite.derive(suite.base(), document=document)
    derived = suite.derive(suite.base())
    at(derived.document, where)["gradeOfMyOwn"] = "excellent"
    with pytest.raises(ProofFailure):
        suite.verify(derived.document, derived.value)


@every_suite
def test_nothing_shown_can_be_left_out_or_added_afterwards(suite):
    derived = suite.derive(suite.base())
    for place in ("/name", "/validFrom", "/issuer/name", "/credentialSubject/result", "/type/1"):
        less = copy.deepcopy(derived.document)
        parent, last = at(less, place.rpartition("/")[0]), place.rpartition("/")[2]
        del parent[int(last) if isinstance(parent, list) else last]
        with pytest.raises(ProofFailure):
            suite.verify(less, derived.value)
    more = copy.deepcopy(derived.document)
    more["credentialSubject"]["result"].append(DOCUMENT["credentialSubject"]["result"][0])
    with pytest.raises(ProofFailure):
        suite.verify(more, derived.value)


@every_suite
def test_two_credentials_cannot_be_spliced(suite):
    other_document = copy.deepcopy(DOCUMENT)
    other_document["credentialSubject"]["result"][1]["value"] = "100"
    one, other = suite.derive(suite.base()), suite.derive(suite.base(other_document), document=other_document)
    with pytest.raises(ProofFailure):
        suite.verify(one.document, other.value)
    places = [2] if suite is Ecdsa else [0, 1, 3]
    for place in places:
        foreign = proof_value.decode(other.value, suite.derived_header, 5, "a proof")[place]

        def swap(components, place=place, foreign=foreign):
            components[place] = foreign

        value = recoded(one.value, suite.derived_header, swap)
        if value != one.value:
            with pytest.raises(ProofFailure):
                suite.verify(one.document, value)


@every_suite
def test_another_proof_configuration_or_key_is_refused(suite):
    derived = suite.derive(suite.base())
    with pytest.raises(InvalidProofError):
        suite.verify(derived.document, derived.value, proof_hash=bytes(32))
    other = ATTACKER if suite is Ecdsa else PrivateKey(KeyType.BLS12_381_G2, (80).to_bytes(32))
    with pytest.raises(InvalidProofError):
        suite.verify(derived.document, derived.value, key=other)


@pytest.mark.threat(105)
def test_a_self_certified_proof_is_refused():
    """The attacker's own key signs statements and base; only the issuer's key may have made the base signature."""
    forged = copy.deepcopy(DOCUMENT)
    forged["name"] = "Forged"
    base = ecdsa_sd_2023.make_base(forged, PROOF_HASH, MANDATORY, jsonld=JSONLD, proof_scoped=local_signer(ATTACKER))
    value = base.complete(local_signer(ATTACKER).sign(base.signed_data))
    derived = Ecdsa.derive(value, document=forged)
    with pytest.raises(InvalidProofError):
        Ecdsa.verify(derived.document, derived.value)
    assert Ecdsa.verify(derived.document, derived.value, key=ATTACKER)  # so nothing else was wrong with it


@pytest.mark.threat(105)
def test_the_issuers_key_does_not_stand_in_for_the_proof_scoped_one():
    derived = Ecdsa.derive(ecdsa_base())

    def bring_the_issuers_key(components):
        components[1] = b"\x80\x24" + ISSUER.public.raw

    with pytest.raises(InvalidProofError):
        Ecdsa.verify(derived.document, recoded(derived.value, ecdsa_sd_2023.DERIVED_HEADER, bring_the_issuers_key))


POINT = ISSUER.public.raw
KEYS_REFUSED = {
    "34 bytes": b"\x80\x24" + POINT[:-1],
    "36 bytes": b"\x80\x24" + POINT + b"\0",
    "P-384": b"\x81\x24" + PrivateKey(KeyType.P384, (5).to_bytes(48)).public.raw,
    "other prefix": b"\xed\x01" + POINT,
    "no prefix": b"\x00\x00" + POINT,
    "uncompressed": b"\x80\x24\x04" + bytes(64),
    "off the curve": b"\x80\x24\x02" + b"\xff" * 32,
    "no point": b"\x80\x24\x05" + POINT[1:],
    "empty": b"",
    "text": "key",
    "number": 7,
}


@pytest.mark.threat(106)
@pytest.mark.parametrize("key", KEYS_REFUSED.values(), ids=KEYS_REFUSED)
def test_unusable_proof_scoped_keys_are_refused(key):
    def replace(components):
        components[1] = key

    derived = Ecdsa.derive(ecdsa_base())
    with pytest.raises(MalformedProofError):
        Ecdsa.verify(derived.document, recoded(derived.value, ecdsa_sd_2023.DERIVED_HEADER, replace))
    with pytest.raises(MalformedProofError):
        Ecdsa.derive(recoded(ecdsa_base(), ecdsa_sd_2023.BASE_HEADER, replace))


@every_suite
def test_a_base_proof_is_refused_where_a_derived_one_is_due_and_the_other_way_round(suite):
    base = suite.base()
    with pytest.raises(MalformedProofError) as refused:
        suite.verify(DOCUMENT, base)
    assert refused.value.code == "proof.malformed.base_proof"
    derived = suite.derive(base)
    with pytest.raises(MalformedProofError) as refused:
        suite.derive(derived.value, document=derived.document)
    assert refused.value.code == "proof.malformed.derived_proof"


@every_suite
@pytest.mark.parametrize("game", ["missing", "extra", "same twice", "swapped", "no map", "beyond"])
def test_games_with_the_names_of_blank_nodes_are_refused(suite, game):
    def play(components):
        labels = components[suite.label_place]
        first, second, *_ = labels
        match game:
            case "missing":
                del labels[first]
            case "extra":
                labels[len(labels)] = labels[first] if suite is Bbs else bytes(32)
            case "same twice":
                labels[second] = labels[first]
            case "swapped":
                labels[first], labels[second] = labels[second], labels[first]
            case "no map":
                components[suite.label_place] = []
            case "beyond":
                labels[9999] = labels.pop(first)

    derived = suite.derive(suite.base())
    with pytest.raises(ProofFailure) as refused:
        suite.verify(derived.document, recoded(derived.value, suite.derived_header, play))
    if game in {"missing", "extra", "same twice", "beyond"}:
        assert refused.value.code == "proof.invalid.label_map"


@every_suite
@pytest.mark.parametrize("game", ["drop", "add", "beyond", "twice", "descending", "none", "text"])
def test_games_with_mandatory_indexes_are_refused(suite, game):
    def play(components):
        indexes = components[suite.mandatory_place]
        match game:
            case "drop":
                indexes.pop()
            case "add":
                indexes.append(next(i for i in range(99) if i not in indexes))
                indexes.sort()
            case "beyond":
                indexes.append(999)
            case "twice":
                indexes.append(indexes[-1])
            case "descending":
                indexes.reverse()
            case "none":
                components[suite.mandatory_place] = []
            case "text":
                indexes[0] = "0"

    derived = suite.derive(suite.base())
    with pytest.raises(ProofFailure):
        suite.verify(derived.document, recoded(derived.value, suite.derived_header, play))


@pytest.mark.threat(2)
def test_an_unsigned_statement_cannot_hide_behind_missing_signatures():
    derived = Ecdsa.derive(ecdsa_base())

    def drop(components):
        components[2].pop()

    with pytest.raises(InvalidProofError):
        Ecdsa.verify(derived.document, recoded(derived.value, ecdsa_sd_2023.DERIVED_HEADER, drop))


def test_a_base_proof_with_other_mandatory_pointers_is_refused():
    """A holder that makes more or less mandatory than the issuer did cannot derive a proof that holds."""

    def only_the_issuer(components):
        components[4] = ["/issuer"]

    with pytest.raises(MalformedProofError):
        Ecdsa.derive(recoded(ecdsa_base(), ecdsa_sd_2023.BASE_HEADER, only_the_issuer))
    with pytest.raises(InvalidProofError):
        Bbs.derive(recoded(bbs_base(), bbs_2023.BASE_HEADER, only_the_issuer))


@every_suite
@pytest.mark.parametrize(
    "pointer",
    [
        "/absent",
        "name",
        "/credentialSubject/result/3",
        "/credentialSubject/result/-1",
        "/credentialSubject/result/-",
        "/credentialSubject/result/01",
        "/credentialSubject/result/1e0",
        "/credentialSubject/result/¹",
        "/name/0",
        "/name~2",
        "/" + "a" * 600,
    ],
)
def test_pointers_to_nothing_are_refused(suite, pointer):
    with pytest.raises(ProofOptionsError):
        suite.base(mandatory=(pointer,))
    with pytest.raises(ProofOptionsError):
        suite.derive(suite.base(), (pointer,))


def test_a_bbs_base_proof_of_other_mandatory_parts_is_refused_when_deriving():
    altered = copy.deepcopy(DOCUMENT)
    altered["issuer"]["name"] = "Another Issuer"
    with pytest.raises(InvalidProofError):
        Bbs.derive(bbs_base(), document=altered)


def test_a_presentation_header_has_a_bound():
    value = bbs_base()
    long = bytes(bbs_2023.MAX_PRESENTATION_HEADER_BYTES + 1)
    derived = bbs_2023.derive(DOCUMENT, value, CHOICE, presentation_header=long, jsonld=JSONLD)
    with pytest.raises(MalformedProofError):
        Bbs.verify(derived.document, derived.value)


@every_suite
def test_too_many_pointers_are_refused(suite):
    with pytest.raises(ProofOptionsError):
        suite.derive(suite.base(), ("/name",) * 600)


@every_suite
def test_nothing_to_show_is_refused(suite):
    with pytest.raises(ProofOptionsError):
        suite.derive(suite.base(mandatory=()), ())


@every_suite
def test_part_of_an_ordered_list_is_refused(suite):
    """The cells of a list say what comes next: a list without some of its items is another list."""
    document = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            {"steps": {"@id": "https://example.org/steps", "@container": "@list"}},
        ],
        "type": ["VerifiableCredential"],
        "issuer": "https://issuer.example",
        "credentialSubject": {"id": "urn:example:s", "steps": ["a", "b", "c"]},
    }
    with pytest.raises(ProofOptionsError):
        suite.derive(suite.base(document, mandatory=()), ("/credentialSubject/steps/0",), document)
    whole = suite.derive(suite.base(document, mandatory=()), ("/credentialSubject/steps",), document)
    suite.verify(whole.document, whole.value)


@every_suite
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_bit_of_a_proof_value_counts(suite, data):
    derived = DERIVED[suite]
    raw = bytearray(decode_base64url(derived.value))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ProofFailure):
        suite.verify(derived.document, encode_base64url(bytes(raw)))


@every_suite
@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=200))
def test_noise_is_refused(suite, noise):
    for header in (b"", suite.derived_header, suite.base_header):
        value = encode_base64url(header + noise)
        with pytest.raises(ProofFailure):
            suite.verify(DERIVED[suite].document, value)
        with pytest.raises(ProofFailure):
            suite.derive(value)


values = st.recursive(
    st.integers(0, 70) | st.binary(max_size=96) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.integers(0, 9), inner, max_size=3),
    max_leaves=6,
)


@every_suite
@settings(max_examples=150, deadline=None)
@given(components=st.lists(values, min_size=5, max_size=5))
def test_well_formed_cbor_that_is_no_proof_is_refused(suite, components):
    for header, call in (
        (suite.derived_header, suite.verify),
        (suite.base_header, lambda _, value: suite.derive(value)),
    ):
        with pytest.raises(ProofFailure):
            call(DERIVED[suite].document, encode_base64url(header + cbor.encode(components, foreign=True)))


DERIVED = {suite: suite.derive(suite.base()) for suite in SUITES}
