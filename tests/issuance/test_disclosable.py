"""Credentials of which the holder chooses: what issuers may decide, with which key, and what they are warned of."""

import json

import pytest
from disclosure_support import BBS_KEY, CREATED, FORMS, JSONLD, KEYS, SCOPE, badge, issued, profile_of
from samples import finished

from node.adapters.held_keys import HeldKeys
from node.adapters.key_file import KeyFileError, read_key_file, write_key_file
from node.documents import UnsecuredDocument
from node.issuance.batch import Batch
from node.issuance.disclosable import SUITE_OF_FORM, Disclosure, KeyScope, mandatory_pointers
from node.issuance.errors import NotIssuableError, ProfileError
from node.issuance.privacy import PrivacyLinter
from node.issuance.secure import Signing
from node.ports import KeyNotHeldError
from node.proofs.disclosure import mandatory_pointers_of
from node.proofs.errors import ProofOptionsError, UnsupportedProofError
from node.verification.trust import NO_TRUST
from node.wallet.derive import derive

ANCHOR = {"id": "eip155:137:0x00000000000000000000000000000000000000aa", "type": ["Evidence"]}
WORK = {"id": "https://school.example/works/17", "type": ["Evidence"]}


def linted(form, document, **disclosure):
    return {(one.code, one.path) for one in linter(form, **disclosure).look(document)}


def linter(form, **disclosure):
    return PrivacyLinter(SUITE_OF_FORM[form], Disclosure(**disclosure), JSONLD)


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_the_anchors_entry_is_shown_always_and_other_evidence_is_not(form):
    signed_ = issued(form, badge(form, evidence=[WORK, ANCHOR]))
    assert "/evidence/1" in mandatory_pointers_of(signed_)
    assert derive(signed_, (), jsonld=JSONLD).credential["evidence"] == [ANCHOR]
    alone = issued(form, badge(form, evidence=[ANCHOR]))
    assert "/evidence" in mandatory_pointers_of(alone)
    single = badge(form, evidence=ANCHOR)
    assert "/evidence" in mandatory_pointers(single, Disclosure())
    assert not [one for one in mandatory_pointers(badge(form, evidence=[WORK]), Disclosure()) if "evidence" in one]


def test_a_pointer_to_the_only_element_names_its_array():
    document = {"type": ["A"], "credentialSubject": [{"achievement": [{"name": "x"}]}], "a~b": [["y"]], "c": ["1", "2"]}
    given = Disclosure(mandatory=("/a~0b/0/0", "/c/0", "/credentialSubject/0"))
    assert mandatory_pointers(document, given) == (
        "/type", "/credentialSubject/0/achievement", "/a~0b", "/c/0", "/credentialSubject",
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pointer", ["/absent", "name", "/name/0"])
def test_an_issuer_names_places_that_are_there(form, pointer):
    with pytest.raises(ProofOptionsError) as refused:
        issued(form, mandatory=(pointer,))
    assert refused.value.code == "proof.options.pointer"


@pytest.mark.parametrize("form", FORMS)
def test_what_is_refused_in_any_form_is_refused_in_these(form):
    with pytest.raises(NotIssuableError):
        issued(form, badge(form, learnerStated="key"))
    with pytest.raises(NotIssuableError):
        issued(form, issued(form))


@pytest.mark.threat(39)
@pytest.mark.parametrize(
    ("scope", "start"),
    [
        (None, "2026-06-12T00:00:00Z"),
        (KeyScope("https://school.example/achievements/other", "2026"), "2026-06-12T00:00:00Z"),
        (KeyScope(SCOPE.signs, "2025"), "2026-06-12T00:00:00Z"),
        (KeyScope(SCOPE.signs, "2026-07"), "2026-06-12T00:00:00Z"),
        (KeyScope(SCOPE.signs, "2026"), "2026-01-01T00:30:00+01:00"),  # still 2025 in UTC
        (KeyScope(SCOPE.signs, "2026"), None),
        (KeyScope("OpenBadgeCredential", "2026"), "2026-06-12T00:00:00Z"),
    ],
)
def test_a_bbs_key_signs_one_kind_of_one_time(scope, start):
    with pytest.raises(ProfileError) as refused:
        issued("bbs", badge("bbs", validFrom=start), scope=scope)
    assert refused.value.code == "issuance.key_scope"


def test_a_bbs_key_may_be_for_a_type_where_no_achievement_is_named():
    document = badge("bbs")
    del document["credentialSubject"]["achievement"]["id"]
    for scope in (KeyScope("OpenBadgeCredential", "2026"), KeyScope("OpenBadgeCredential", "2026-06")):
        assert "proof" in issued("bbs", document, scope=scope)


@pytest.mark.parametrize(("signs", "epoch"), [("", "2026"), ("x", "26"), ("x", "2026-13"), ("x", "2026-1"), ("x", "")])
def test_a_scope_names_a_kind_and_a_year_or_month(signs, epoch):
    with pytest.raises(ProfileError):
        KeyScope(signs, epoch)


def test_a_key_file_keeps_the_scope_and_a_passphrase_protects_it(tmp_path):
    method = profile_of("bbs").verification_method
    for passphrase in (None, "correct horse battery staple"):
        path = tmp_path / f"{bool(passphrase)}.json"
        write_key_file(path, BBS_KEY, verification_method=method, passphrase=passphrase, scope=SCOPE)
        read = read_key_file(path)
        assert read.scope == SCOPE
        assert read.unlock(passphrase).raw == BBS_KEY.raw
    altered = json.loads(path.read_text())
    altered["scope"]["epoch"] = "2027"
    path.write_text(json.dumps(altered))
    with pytest.raises(KeyFileError):
        read_key_file(path).unlock(passphrase)
    for wrong in ("x", {"signs": "x"}, {"signs": "x", "epoch": "soon"}):
        path.write_text(json.dumps(altered | {"scope": wrong}))
        with pytest.raises(KeyFileError):
            read_key_file(path)


def test_a_key_store_signs_messages_with_bbs_keys_alone():
    keys = HeldKeys({"did:example:a#1": KEYS["ecdsa-sd"]})
    with pytest.raises(UnsupportedProofError):
        finished(keys.sign_messages("did:example:a#1", b"", [b"a"]))
    with pytest.raises(KeyNotHeldError):
        finished(keys.sign_messages("did:example:b#1", b"", [b"a"]))


@pytest.mark.threat(39)
def test_a_bbs_proof_states_the_day_alone():
    assert issued("bbs")["proof"]["created"] == "2026-06-12T00:00:00Z"
    assert issued("ecdsa-sd")["proof"]["created"] == "2026-06-12T14:03:00Z"


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_takes_the_general_way(form):
    profile = profile_of(form)
    batch = Batch(Signing(profile, HeldKeys({profile.verification_method: KEYS[form]}), NO_TRUST), created=CREATED)
    made = [json.loads(finished(batch.issue(UnsecuredDocument(badge(form, name=name))))) for name in "abc"]
    batch.finish()
    assert (batch.tally.general, batch.tally.templated) == (3, 0)
    assert [derive(one, ("/name",), jsonld=JSONLD).credential["name"] for one in made] == [*"abc"]


@pytest.mark.threat(39)
@pytest.mark.parametrize("form", FORMS)
def test_members_that_say_who_it_is_are_found_where_nobody_can_hide_them(form):
    document = badge(form)
    assert not [one for one in linted(form, document) if one[0] == "privacy.identifying"]
    given = ("/credentialSubject/identifier/0/identityHash",)
    assert ("privacy.identifying", given[0]) in linted(form, document, mandatory=given)
    inside = {path for code, path in linted(form, document, mandatory=("/credentialSubject",)) if "identifying" in code}
    assert inside == {"/credentialSubject/identifier", "/credentialSubject/identifier/0/identityHash",
                      "/credentialSubject/identifier/0/hashed"}  # fmt: skip
    assert linter_of_whole(document) == []


def linter_of_whole(document):
    return PrivacyLinter("eddsa-rdfc-2022", Disclosure(("/credentialSubject",)), JSONLD).look(document)


@pytest.mark.threat(39)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"validFrom": "2026-06-01T00:00:00Z", "validUntil": "2026-09-01T00:00:00Z"}, set()),
        ({"validFrom": "2026-06-01T00:00:00Z", "validUntil": "2026-08-31T00:00:01Z"}, {"privacy.time"}),
        ({"validFrom": "2026-06-01T00:00:00Z"}, {"privacy.lasting"}),
        ({"validFrom": "2026-06-01T00:00:00Z", "validUntil": "2026-10-01T00:00:00Z"}, {"privacy.lasting"}),
        ({"validFrom": "2026-06-01T00:00:00Z", "credentialStatus": {"type": "X", "id": "urn:x"}}, {"privacy.status"}),
        ({"validFrom": "2026-06-01T10:00:00Z", "validUntil": "soon"}, {"privacy.time"}),
    ],
)
def test_times_and_withdrawal(changes, expected):
    found = {code for code, _ in linted("bbs", badge("bbs", id=None, **changes))}
    assert found - {"privacy.id", "privacy.names"} == expected
    assert linted("ecdsa-sd", badge("ecdsa-sd", **changes)) == set()


@pytest.mark.threat(39)
def test_values_that_few_share_are_found_at_the_end():
    looking = linter("bbs", mandatory=("/name",))
    for number in range(12):
        looking.look(badge("bbs", name="one of two" if number % 2 else "the other"))
    assert looking.rare() == []
    looking.look(badge("bbs", name="nobody else's"))
    assert [one.path for one in looking.rare()] == ["/name"]
    alone = linter("bbs")
    alone.look(badge("bbs"))
    assert alone.rare() == []
    other = linter("bbs")
    for number in range(12):
        other.look(badge("bbs", validUntil="2026-09-01T00:00:00Z" if number == 7 else None))
    assert [one.path for one in other.rare()] == ["/validUntil"]
