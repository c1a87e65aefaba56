"""Reading proofs: what is refused before anything is hashed, and the graph that previousProof spans."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import PRIVATE_KEYS, bundled_jsonld, credential, did_key_method, options, signer

from did_methods.curves import KeyType
from did_methods.multibase import MAX_BASE58_PROOF_CHARS
from node.proofs.cryptosuites import SUITES
from node.proofs.data_integrity import add_proof, verify_proof
from node.proofs.errors import InvalidProofError, MalformedProofError
from node.proofs.proof import MAX_PROOFS, proofs_of

METHOD = did_key_method(PRIVATE_KEYS[KeyType.ED25519].public)


def proof(**members):
    given = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-03-01T12:00:00Z",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + "2" * 87,
    }
    return {name: value for name, value in (given | members).items() if value is not ...}


def refusal(value):
    with pytest.raises(MalformedProofError) as caught:
        proofs_of({"proof": value})
    assert caught.value.remedy
    return caught.value.code.removeprefix("proof.malformed."), caught.value.path


def test_an_object_and_a_one_element_array_are_read_alike_but_for_the_path():
    (one,), (other,) = proofs_of({"proof": proof()}), proofs_of({"proof": [proof()]})
    assert (one.path, other.path) == ("/proof", "/proof/0")
    assert one.suite is other.suite is SUITES["eddsa-rdfc-2022"]
    assert one.raw == other.raw == proof()


def test_every_member_is_read_and_unknown_ones_are_kept():
    members = proof(
        id="urn:uuid:1",
        expires="2027-03-01T12:00:00Z",
        domain=["a.example", "b.example"],
        challenge="c",
        nonce="n",
        extra={"kept": [1]},
    )
    (view,) = proofs_of({"proof": members})
    assert view.raw is members
    assert (view.id, view.verification_method, view.proof_purpose) == ("urn:uuid:1", METHOD, "assertionMethod")
    assert (view.created, view.expires) == ("2026-03-01T12:00:00Z", "2027-03-01T12:00:00Z")
    assert (view.domain, view.challenge, view.nonce) == (("a.example", "b.example"), "c", "n")
    assert (view.kind, view.previous, view.value) == ("eddsa-rdfc-2022", (), members["proofValue"])


@pytest.mark.threat(17)
def test_no_proof_an_empty_array_and_two_hundred_proofs_are_told_apart():
    with pytest.raises(MalformedProofError) as caught:
        proofs_of({"name": "unsigned"})
    assert (caught.value.code, caught.value.path) == ("proof.malformed.missing", "")
    assert refusal([]) == ("empty", "/proof")
    assert refusal([proof()] * 200) == ("too_many", "/proof")
    assert refusal([proof() for _ in range(MAX_PROOFS + 1)]) == ("too_many", "/proof")
    assert len(proofs_of({"proof": [proof() for _ in range(MAX_PROOFS)]})) == MAX_PROOFS == 8


@pytest.mark.parametrize("value", [None, "proof", 5, True, [None], ["x"], [[proof()]], [proof(), 1]])
def test_a_proof_is_an_object(value):
    kind, path = refusal(value)
    assert kind == "not_object"
    assert path.startswith("/proof")


NOT_TEXT = [None, "", 5, True, ["x"], {"a": "b"}]


@pytest.mark.parametrize(
    ("name", "code", "required"),
    [
        ("type", "type", True),
        ("cryptosuite", "cryptosuite", True),
        ("verificationMethod", "verification_method", True),
        ("proofPurpose", "proof_purpose", True),
        ("proofValue", "proof_value", True),
        ("id", "id", False),
        ("created", "created", False),
        ("expires", "expires", False),
        ("challenge", "challenge", False),
        ("nonce", "nonce", False),
    ],
)
def test_a_member_of_the_wrong_type_is_refused_where_it_stands(name, code, required):
    for value in NOT_TEXT:
        assert refusal(proof(**{name: value})) == (code, f"/proof/{name}")
        assert refusal([proof(), proof(**{name: value})]) == (code, f"/proof/1/{name}")
    if required:
        assert refusal(proof(**{name: ...})) == (code, f"/proof/{name}")
    else:
        assert proofs_of({"proof": proof(**{name: ...})})


@pytest.mark.parametrize("name", ["id", "verificationMethod"])
@pytest.mark.parametrize("value", ["relative", "#key", "//host/x", ":x", "did:", "did:key:a b", "urn:x\n", "1a:b"])
def test_identifiers_are_absolute_urls(name, value):
    assert refusal(proof(**{name: value}))[1] == f"/proof/{name}"


@pytest.mark.parametrize("value", [[], [""], ["a", "a"], ["a", 1], {}, None, "", 7, [["a"]]])
@pytest.mark.parametrize(("name", "code"), [("domain", "domain"), ("previousProof", "previous_proof")])
def test_a_set_of_texts_is_neither_empty_nor_doubled(name, code, value):
    assert refusal(proof(**{name: value})) == (code, f"/proof/{name}")


def test_a_proof_of_another_kind_may_lack_what_only_known_suites_need():
    (view,) = proofs_of({"proof": {"type": "JwtProof2020", "jwt": "ey"}})
    assert (view.suite, view.value, view.verification_method, view.proof_purpose) == (None, None, None, None)
    assert view.kind == "JwtProof2020"


def test_two_proofs_never_share_an_id():
    twins = [proof(id="urn:uuid:1"), proof(), proof(id="urn:uuid:1", nonce="2")]
    assert refusal(twins) == ("duplicate_id", "/proof/2/id")


# --- the graph of previous proofs --------------------------------------------------------------------------------


def linked(edges):
    """Proofs 0..n-1; edges[i] are the indexes that proof i names."""
    return [
        proof(id=f"urn:p:{index}") | ({"previousProof": [f"urn:p:{other}" for other in named]} if named else {})
        for index, named in enumerate(edges)
    ]


def has_cycle(edges):
    """Whether some proof reaches itself: plain reachability, another algorithm than the one under test."""
    reach = [set(named) for named in edges]
    for _ in edges:
        reach = [set().union(named, *(reach[other] for other in named)) for named in reach]
    return any(index in named for index, named in enumerate(reach))


GRAPHS = st.integers(1, MAX_PROOFS).flatmap(
    lambda size: st.lists(st.sets(st.integers(0, size - 1), max_size=3).map(sorted), min_size=size, max_size=size)
)


@pytest.mark.threat(18)
@given(edges=GRAPHS)
def test_a_random_proof_graph_is_read_unless_it_has_a_cycle(edges):
    proofs = linked(edges)
    if has_cycle(edges):
        assert refusal(proofs)[0] == "cycle"
    else:
        views = proofs_of({"proof": proofs})
        assert [view.id for view in views] == [f"urn:p:{index}" for index in range(len(edges))]
        assert [[int(other.id[-1]) for other in view.previous] for view in views] == edges


@pytest.mark.threat(18)
@given(edges=GRAPHS, data=st.data())
def test_a_gap_in_any_proof_graph_is_refused(edges, data):
    proofs = linked(edges)
    index = data.draw(st.integers(0, len(edges) - 1))
    proofs[index]["previousProof"] = [*proofs[index].get("previousProof", []), "urn:p:absent"]
    assert refusal(proofs) == ("previous_missing", f"/proof/{index}/previousProof")


@pytest.mark.threat(18)
def test_a_proof_that_names_itself_or_a_lone_one_that_names_another_is_refused():
    assert refusal(proof(id="urn:p:0", previousProof="urn:p:0"))[0] == "cycle"
    assert refusal(proof(id="urn:p:0", previousProof="urn:p:1"))[0] == "previous_missing"
    assert refusal([proof(), proof(previousProof="urn:p:0")])[0] == "previous_missing"


# --- proof values ------------------------------------------------------------------------------------------------


def secured():
    return add_proof(credential(), options(), signer(), jsonld=bundled_jsonld())


def judged(document):
    (view,) = proofs_of(document)
    return verify_proof(document, view, PRIVATE_KEYS[KeyType.ED25519].public, jsonld=bundled_jsonld())


@pytest.mark.threat(16)
@pytest.mark.parametrize(
    "change",
    [
        lambda value: value[1:],
        lambda value: "u" + value[1:],
        lambda value: "Z" + value[1:],
        lambda value: value + " ",
        lambda value: " " + value,
        lambda value: value + "\n",
        lambda value: value.replace(value[5], "0"),
        lambda value: value.replace(value[5], "O"),
        lambda value: value[:5] + "İ" + value[6:],
        lambda value: "z" + value,
        lambda _: "m" + "A" * 86,
    ],
)
def test_a_proof_value_that_is_not_canonical_multibase_is_refused(change):
    document = secured()
    document["proof"]["proofValue"] = change(document["proof"]["proofValue"])
    with pytest.raises((MalformedProofError, InvalidProofError)) as caught:
        judged(document)
    if isinstance(caught.value, MalformedProofError):
        assert (caught.value.code, caught.value.path) == ("proof.malformed.proof_value", "/proof/proofValue")
    else:
        assert caught.value.code == "proof.invalid.signature_length"


@pytest.mark.threat(16)
@pytest.mark.parametrize("digits", ["1", "11", "2"])
def test_a_proof_value_with_more_digits_is_refused(digits):
    document = secured()
    document["proof"]["proofValue"] = "z" + digits + document["proof"]["proofValue"][1:]
    with pytest.raises(InvalidProofError) as caught:
        judged(document)
    assert caught.value.code == "proof.invalid.signature_length"


@pytest.mark.threat(63)
@pytest.mark.parametrize("exponent", [3, 4, 5, 6])
@pytest.mark.parametrize(("kind", "member"), [("eddsa-rdfc-2022", "proofValue"), ("Ed25519Signature2018", "jws")])
def test_a_long_proof_value_costs_next_to_nothing(kind, member, exponent):
    text = ("z" if member == "proofValue" else "") + "2" * 10**exponent
    suite = SUITES[kind]
    start = time.perf_counter()
    try:
        suite.serialization.decode(text)
    except MalformedProofError:
        refused = True
    else:
        refused = False
    assert time.perf_counter() - start < 0.05
    assert refused == (member == "jws" or len(text) > MAX_BASE58_PROOF_CHARS)
