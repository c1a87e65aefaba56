"""Batches: the same bytes as one by one, whatever stands in them; what does not hold never leaves."""

import copy
import math

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import CREATED, KEY, METHOD, badge, finished, profile

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.documents import MAX_CREDENTIAL_BYTES, UnsecuredDocument
from node.issuance.batch import Batch
from node.issuance.errors import IssuanceError, NotIssuableError, TemplateError
from node.issuance.secure import Signing, secure
from node.proofs.errors import ProofsError
from node.proofs.templates import dataset
from node.proofs.templates.dataset import MAX_ARRANGED_BYTES, Dataset
from node.proofs.templates.shapes import MAX_SHAPES
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary

VOCABULARY = vocabulary(NO_TRUST.contexts)


def signing(key=KEY, **changes):
    return Signing(profile(key, **changes), HeldKeys({did_key.method_id(key.public): key}), NO_TRUST)


def batch(by=None, **options):
    return Batch(by or signing(), created=CREATED, **options)


def one_by_one(document, by=None):
    """What the general way makes of the document: the bytes, or why there are none."""
    by = by or signing()
    made = secure(UnsecuredDocument(document), by.profile, by.keys, VOCABULARY, created=CREATED)
    return outcome(lambda: orjson.dumps(finished(made)))


def outcome(work):
    try:
        return work()
    except (IssuanceError, ProofsError) as error:
        return type(error), error.code, error.path


def same(documents, by=None, **options):
    """Issue the documents as a batch and one by one, and compare; the batch."""
    many = batch(by, **options)
    for document in documents:
        before = copy.deepcopy(document)
        assert outcome(lambda document=document: finished(many.issue(document))) == one_by_one(document, by)
        assert repr(document) == repr(before)
    many.finish()
    return many


# What differs from learner to learner, and tells the ways apart if anything does.
POOL = (
    "Zażółć gęślą jaźń",
    'a "quoted" \\ text\n\twith\r lines\x00\x1f\x7f',
    "\ufffe\uffff\uf8ff\U0001f600\u2028",
    "",
    "@id",
    "@type",
    "_:b0",
    "name",
    "https://school.example/a",
    'https://school.example/a" .\n<urn:x> <urn:y> <urn:z',
    "urn:uuid:6f0a4c3e-1d2b-4a57-8a52-2f1c8f6c7d11",
    "%b %s {} %%",
    "2026-06-12T14:03:00Z",
)


def usually(good, odd):
    """The one mostly, so that a document with many values is one that can be signed every other time."""
    return st.integers(0, 19).flatmap(lambda chance: good if chance else odd)


TEXTS = st.one_of(st.sampled_from(POOL), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
GOOD_IRIS = st.one_of(
    st.integers(0, 12).map("urn:x:{}".format),
    st.sampled_from(("https://a.example/", "https://a.example/-", "did:example:ą", "mailto:a@b.example")),
)
ODD_IRIS = st.one_of(
    st.sampled_from(
        (
            "urn:x:1>",
            "https://a.example/b%62",
            "https://",
            "http:relative",
            "tag:b.example,2026:x",
            "relative",
            "_:b1",
            "urn:glejt-hole:0:",
            "",
        )
    ),
    st.characters(exclude_categories=["Cs"]).map("urn:x:{}".format),
)
IRIS = usually(GOOD_IRIS, ODD_IRIS)
ODD_NUMBERS = st.sampled_from(
    (0, 1, 1.0, -0.0, 1.5, 0.1, 1e21, 2**53, -(2**53) + 1, 5e-324, 0.30000000000000004, math.inf, math.nan)
)
NUMBERS = usually(
    st.one_of(st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False, width=32)), ODD_NUMBERS
)
DATES = usually(st.just("2026-01-01T00:00:00Z"), st.sampled_from(("2025-12-31T23:59:59+02:00", "2026-01-01", "x")))
ENDS = usually(st.just("2027-01-01T00:00:00Z"), st.sampled_from(("2025-12-31T23:59:59+02:00", "2026-01-01", "")))


KINDS = {"text": TEXTS, "iri": IRIS, "number": NUMBERS, "date": DATES, "end": ENDS}
SHAPES = st.fixed_dictionaries(
    {
        "results": st.integers(0, 3),
        "evidence": st.integers(0, 2),
        "status": st.integers(0, 2),
        **dict.fromkeys(("identified", "named", "hashed", "credits", "until", "language"), st.booleans()),
    }
)


def document_of(shape, pick):
    """One learner's document of the shape; `pick` tells its values by their kind."""
    subject = {"type": ["AchievementSubject"]}
    if shape["identified"]:
        subject["id"] = pick("iri")
    if shape["named"]:
        subject["identifier"] = [
            {
                "type": "IdentityObject",
                "identityType": "name",
                "hashed": shape["hashed"],
                "identityHash": pick("text"),
            }
        ]
    # Two alignments that no value stands beside, and whose names depend on the rank of the others all the same.
    subject["achievement"] = badge()["credentialSubject"]["achievement"] | {
        "alignment": [{"type": ["Alignment"], "targetName": name, "targetUrl": "urn:x:1"} for name in ("A", "B")]
    }
    if shape["results"]:
        subject["result"] = [{"type": ["Result"], "value": pick("text")} for _ in range(shape["results"])]
    if shape["credits"]:
        subject["creditsEarned"] = pick("number")
    document = badge(credentialSubject=subject, id=pick("iri"), validFrom=pick("date"))
    if shape["until"]:
        document["validUntil"] = pick("end")
    if shape["language"]:
        document["name"] = {"@value": pick("text"), "@language": "pl"}
    if shape["evidence"]:
        document["evidence"] = [
            {"type": ["Evidence"], "narrative": pick("text")} | ({"id": pick("iri")} if number else {})
            for number in range(shape["evidence"])
        ]
    if shape["status"]:
        document["credentialStatus"] = [
            {
                "id": pick("iri"),
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": pick("text"),
                "statusListCredential": pick("iri"),
            }
            for _ in range(shape["status"])
        ]
    return document


def ordinary(shape, number):
    """A document with which nothing is wrong, each value of it another than in that of another number."""
    count = iter(range(1000 * number, 1000 * number + 999))
    values = {
        "text": lambda: f"text {next(count)}",
        "iri": lambda: f"urn:x:{next(count)}",
        "number": lambda: next(count) + 0.5,
        "date": lambda: f"2026-01-0{number}T00:00:00Z",
        "end": lambda: f"2027-01-0{number}T00:00:00Z",
    }
    return document_of(shape, lambda kind: values[kind]())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), SHAPES, st.sampled_from([0, MAX_ARRANGED_BYTES]))
def test_a_batch_is_the_same_as_one_by_one(data, shape, room):
    rows = [document_of(shape, lambda kind: data.draw(KINDS[kind])) for _ in range(data.draw(st.integers(1, 8)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "MAX_ARRANGED_BYTES", room)
        many = same([ordinary(shape, 1), ordinary(shape, 2), ordinary(shape, 3), *rows], share=1)
    assert many.tally.templated > 0


PLAIN = {
    "results": 1,
    "evidence": 2,
    "status": 1,
    "identified": True,
    "named": True,
    "hashed": False,
    "credits": True,
    "until": True,
    "language": True,
}


def changed(document, place, value):
    """A copy with another value at one place."""
    copied = copy.deepcopy(document)
    *steps, last = place
    inner = copied
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return copied


def learned(shape=PLAIN, **options):
    """A batch that has a template for the shape."""
    many = batch(**options)
    for number in (1, 2, 3):
        finished(many.issue(UnsecuredDocument(ordinary(shape, number))))
    assert (many.tally.templated, many.tally.general) == (1, 2)
    return many


@pytest.mark.parametrize(
    ("kind", "suite", "array"),
    [
        (KeyType.ED25519, "eddsa-rdfc-2022", False),
        (KeyType.ED25519, "eddsa-rdfc-2022", True),
        (KeyType.ED25519, "eddsa-jcs-2022", False),
        (KeyType.P256, "ecdsa-rdfc-2019", False),
        (KeyType.P384, "ecdsa-rdfc-2019", True),
        (KeyType.P384, "ecdsa-jcs-2019", False),
    ],
)
def test_each_suite_has_the_same_bytes_by_template(kind, suite, array):
    key = PrivateKey(kind, bytes(range(1, 33)) if kind is not KeyType.P384 else bytes(range(1, 49)))
    by = signing(key, cryptosuite=suite, proof_array=array)
    issuer = {"id": by.profile.issuer, "type": ["Profile"], "name": "Test School"}
    rows = [ordinary(PLAIN, number) | {"issuer": issuer} for number in range(1, 7)]
    many = same(rows, by, share=1)
    assert (many.tally.templated, many.tally.general, many.tally.verified) == (4, 2, 4)


def test_a_suite_whose_holders_choose_what_to_show_has_no_templates():
    key = PrivateKey(KeyType.P256, bytes(range(1, 33)))
    by = signing(key, cryptosuite="ecdsa-sd-2023")
    issuer = {"id": by.profile.issuer, "type": ["Profile"], "name": "Test School"}
    many = batch(by)
    for number in range(1, 6):
        document = ordinary(PLAIN, number) | {"issuer": issuer}
        made = orjson.loads(finished(many.issue(UnsecuredDocument(document))))
        assert made["proof"]["cryptosuite"] == "ecdsa-sd-2023"
    many.finish()
    assert (many.tally.templated, many.tally.general) == (0, 5)


@pytest.mark.parametrize("spelled", ["text", "iri"])
def test_values_that_make_two_nodes_or_two_statements_the_same_change_nothing_but_the_way(spelled, monkeypatch):
    shape = PLAIN | {"results": 3}
    ways = []
    whole = Dataset.quads
    monkeypatch.setattr(Dataset, "quads", lambda self, values: ways.append(values) or whole(self, values))
    rows = [ordinary(shape, number) for number in (1, 2, 3)]
    alike = copy.deepcopy(rows[2])
    if spelled == "text":  # blank nodes that share their hash
        alike["credentialSubject"]["result"][0]["value"] = alike["credentialSubject"]["result"][1]["value"] = "4.5"
    else:  # one node where there were two, and a statement that is there twice
        alike["evidence"][1]["id"] = alike["credentialStatus"][0]["id"] = alike["credentialSubject"]["id"]
    assert same([*rows, alike], share=1).tally.templated == 2
    assert len(ways) == 1


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("id",), "tag:b.example,2026:x"),  # a URL of another scheme than templates take
        (("credentialSubject", "creditsEarned"), "1.5"),  # a text where numbers stood: another shape
        (("credentialSubject", "identifier", 0, "hashed"), True),
        (("evidence", 0, "type"), ["Evidence", "VerifiableCredential"]),
        (("credentialSubject", "type"), ["AchievementSubject", "Achievement"]),
    ],
)
def test_what_no_template_is_certain_of_goes_the_general_way(place, value):
    rows = [ordinary(PLAIN, number) for number in (1, 2, 3)]
    many = same([*rows, changed(rows[2], place, value)], share=1)
    assert (many.tally.templated, many.tally.general) in {(1, 3), (1, 2)}


@pytest.mark.parametrize(
    ("place", "value", "kind"),
    [
        (("id",), "relative", NotIssuableError),
        (("id",), "_:b0", NotIssuableError),
        (("credentialSubject", "id"), "", NotIssuableError),
        (("evidence", 1, "id"), "urn:x:1> <urn:y> <urn:z", (NotIssuableError, ProofsError)),
        (("validFrom",), "2028-01-01T00:00:00Z", NotIssuableError),  # after validUntil
        (("validFrom",), "2026-02-30T00:00:00Z", NotIssuableError),
        (("validFrom",), "yesterday", NotIssuableError),
        (("issuer", "id"), "did:example:other", IssuanceError),
        (("credentialSubject", "result", 0, "value"), "half \ud800 a character", (NotIssuableError, ProofsError)),
        (("credentialSubject", "creditsEarned"), math.nan, ProofsError),
        (("credentialSubject", "creditsEarned"), 2**60, ProofsError),
        (("@context", 1), "https://example.org/other", IssuanceError),
        (("unknown",), "term", ProofsError),
    ],
)
def test_a_template_signs_nothing_that_would_be_refused_one_by_one(place, value, kind):
    many = learned()
    document = changed(ordinary(PLAIN, 4), place, value)
    with pytest.raises(kind):
        finished(many.issue(UnsecuredDocument(document)))
    assert outcome(lambda: finished(many.issue(UnsecuredDocument(document)))) == one_by_one(document)


def test_identifiers_that_have_to_differ_do_so_within_a_template_too():
    shape = PLAIN | {"status": 2}
    rows = [ordinary(shape, number) for number in (1, 2, 3, 4)]
    rows[3]["credentialStatus"][1]["id"] = rows[3]["credentialStatus"][0]["id"]
    assert one_by_one(rows[3])[1] == "issuance.malformed"
    assert same(rows).tally.templated == 1


def test_an_embedded_credential_is_never_the_whole():
    endorsement = {
        "id": "urn:x:endorsement",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "issuer": {"id": "did:example:other", "type": ["Profile"]},
        "validFrom": "2026-01-01T00:00:00Z",
        "name": "Endorsement",
        "credentialSubject": {"id": "urn:x:about", "type": ["EndorsementSubject"], "endorsementComment": "Good."},
    }
    rows = [ordinary(PLAIN, number) | {"endorsement": [endorsement]} for number in (1, 2, 3, 4)]
    rows[3]["id"] = endorsement["id"]
    assert one_by_one(rows[3])[1] == "issuance.malformed"
    assert same(rows).tally.templated == 1


def test_a_digest_is_looked_at_in_each_document():
    rows = [
        ordinary(PLAIN, number) | {"relatedResource": [{"id": "https://a.example/", "digestSRI": digest}]}
        for number, digest in enumerate(("sha384-a", "sha384-b", "sha384-c", "sha384-a", "sha384-a", ""), 1)
    ]
    assert one_by_one(rows[5])[1] == "issuance.malformed"
    same(rows)


def test_a_stated_kind_of_learner_is_looked_at_in_each_document():
    rows = [
        ordinary(PLAIN, number)
        | {"learnerStated": "name", "@context": [*badge()["@context"], "https://w3id.org/glejt/v1"]}
        for number in (1, 2, 3, 4)
    ]
    rows[3]["credentialSubject"]["identifier"][0]["identityHash"] = ""  # names nobody, so the word is not borne out
    assert one_by_one(rows[3])[1] == "issuance.malformed"
    same(rows)


def test_a_document_too_large_to_be_checked_is_refused_by_a_template_too():
    document = changed(ordinary(PLAIN, 4), ("evidence", 0, "narrative"), "x" * MAX_CREDENTIAL_BYTES)
    assert outcome(lambda: finished(learned().issue(UnsecuredDocument(document)))) == one_by_one(document)


def test_a_value_that_rarely_varies_is_learned_when_it_does():
    rows = [
        ordinary(PLAIN, 1),
        *[changed(ordinary(PLAIN, 2), ("id",), f"urn:x:{n}") for n in range(5)],
        *[ordinary(PLAIN, number) for number in (3, 4, 5)],
    ]
    many = same(rows)
    assert many.tally.templated == len(rows) - 2


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("issuer", "name"), "Best School"),
        (("credentialSubject", "achievement", "criteria", "narrative"), "Nine."),
        (("credentialSubject", "achievement", "alignment", 1, "targetName"), "C"),
        (("credentialStatus", 0, "statusPurpose"), "suspension"),
    ],
)
def test_another_value_of_the_same_length_where_none_varied_is_seen(place, value):
    rows = [ordinary(PLAIN, number) for number in (1, 2, 3)]
    assert same([*rows, changed(rows[2], place, value)], share=1).tally.general == 3


def test_more_shapes_than_are_told_apart_still_come_out_right():
    rows = [
        changed(ordinary(PLAIN, 1), ("evidence", 0, "type"), ["Evidence", f"https://x.example/{n}"])
        for n in range(MAX_SHAPES + 3)
    ]
    assert same([*rows, rows[-1], rows[-1]]).tally.templated == 0


def test_the_last_credential_is_looked_at_before_any_leaves(monkeypatch):
    many = learned(share=0.0001)
    spoil(monkeypatch)
    finished(many.issue(UnsecuredDocument(ordinary(PLAIN, 4))))
    with pytest.raises(TemplateError):
        many.finish()


def test_the_first_credential_of_each_template_is_looked_at(monkeypatch):
    many = batch(share=0.0001)
    for number in (1, 2):
        finished(many.issue(UnsecuredDocument(ordinary(PLAIN, number))))
    spoil(monkeypatch)
    with pytest.raises(TemplateError):
        finished(many.issue(UnsecuredDocument(ordinary(PLAIN, 3))))


def spoil(monkeypatch):
    """Let templates be wrong from now on."""
    right = Dataset.canonical
    monkeypatch.setattr(Dataset, "canonical", lambda self, values: right(self, values) + b"<urn:x> <urn:y> <urn:z> .\n")


def test_a_signer_that_signs_something_else_stops_the_batch():
    class Wrong(HeldKeys):
        calls = 0

        async def sign(self, verification_method, data):
            Wrong.calls += 1
            return await super().sign(verification_method, data if Wrong.calls < 4 else data[::-1])

    many = batch(Signing(profile(), Wrong({METHOD: KEY}), NO_TRUST), share=1)
    for number in (1, 2, 3):
        finished(many.issue(UnsecuredDocument(ordinary(PLAIN, number))))
    with pytest.raises(TemplateError):
        finished(many.issue(UnsecuredDocument(ordinary(PLAIN, 4))))


def test_who_admits_documents_sees_each_that_no_template_fits_and_one_of_each_that_one_does():
    seen = []
    many = batch(admit=lambda document: seen.append(document["id"]), share=0.0001)
    rows = [ordinary(PLAIN, number) for number in (1, 2, 3, 4, 5)] + [ordinary(PLAIN | {"until": False}, 6)]
    for row in rows:
        finished(many.issue(UnsecuredDocument(row)))
    assert seen == [rows[index]["id"] for index in (0, 1, 2, 5)]  # the third is the first by template, and verified


def test_the_share_that_is_verified_is_about_what_was_asked():
    many = learned(share=0.1)
    for number in range(300):
        finished(many.issue(UnsecuredDocument(changed(ordinary(PLAIN, 4), ("id",), f"urn:x:{number}"))))
    assert 10 < many.tally.verified < 70
