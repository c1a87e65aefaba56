"""Presentations in tokens, and of tokens: who shows what, live, in any mixture of forms."""

import pytest
from integrity_support import PRIVATE_KEYS
from jose_support import NOW, enveloped, vc_jwt, vp_jwt
from verification_support import (
    HOLDER,
    ISSUER,
    MALLORY,
    REQUEST,
    Party,
    credential,
    found,
    judged,
    one,
    presentation,
    shown_live,
)

from did_methods.multikey import KeyType

DOCUMENT = credential()
TOKEN = vc_jwt(DOCUMENT)
P256 = Party(PRIVATE_KEYS[KeyType.P256])


ASKED = {"nonce": REQUEST.challenge, "aud": REQUEST.domain}


def shown(*credentials, by=HOLDER, **members):
    return vp_jwt({**presentation(*credentials, holder=by), **ASKED, "iss": by.did, **members}, by)


FORMS = [
    pytest.param(ISSUER.sign(DOCUMENT), id="embedded"),
    pytest.param(enveloped(TOKEN), id="token"),
]


@pytest.mark.parametrize("held", FORMS)
def test_a_live_presentation_in_a_token(held):
    for subject in (shown(held), enveloped(shown(held), "Presentation")):
        entry = one(subject, request=REQUEST)
        assert found(entry, "holder") == ("passed", "holder.passed")
        assert entry.verdict == "accepted"


def test_forms_may_be_mixed_in_one_presentation():
    held = [ISSUER.sign(DOCUMENT), enveloped(TOKEN), enveloped(vc_jwt(credential(P256), P256))]
    for subject in (shown(*held), shown_live(presentation(*held))):
        report = judged(subject, request=REQUEST)
        assert [entry.verdict for entry in report.credentials] == ["accepted"] * 3
    report = judged(shown(held[0], enveloped(vc_jwt(DOCUMENT, MALLORY))), request=REQUEST)
    assert [entry.verdict for entry in report.credentials] == ["accepted", "rejected"]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (shown(enveloped(TOKEN), nonce="another"), ("failed", "holder.replay")),
        (shown(enveloped(TOKEN), aud="https://another.example"), ("failed", "holder.replay")),
        (shown(enveloped(TOKEN), aud=[REQUEST.domain]), ("passed", "holder.passed")),
        (shown(enveloped(TOKEN), aud=[REQUEST.domain, "https://another.example"]), ("failed", "holder.replay")),
        (shown(enveloped(TOKEN), exp=NOW - 200), ("indeterminate", "holder.expired")),
        (shown(enveloped(TOKEN), by=MALLORY), ("failed", "holder.other_key")),
        (
            vp_jwt({**presentation(enveloped(TOKEN)), **ASKED}, MALLORY, kid=HOLDER.method),
            ("failed", "holder.proof_invalid"),
        ),
        (vp_jwt(presentation(enveloped(TOKEN))), ("failed", "holder.replay")),
        (presentation(enveloped(TOKEN)), ("indeterminate", "holder.no_proof")),
        (TOKEN, ("indeterminate", "holder.file")),
    ],
)
def test_who_shows_it_is_seen_in_any_form(subject, expected):
    entry = one(subject, request=REQUEST)
    assert found(entry, "holder") == expected
    assert (entry.verdict == "accepted") == (expected[0] == "passed")


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (shown(enveloped(TOKEN), iss=MALLORY.did), "jwt.iss"),
        (vp_jwt({**presentation(TOKEN), **ASKED}), "structure.not_a_credential"),
        (vp_jwt({**presentation(shown(enveloped(TOKEN))), **ASKED}), "structure.not_a_credential"),
        (shown(presentation(enveloped(TOKEN))), "credential.type"),
        (vp_jwt({**presentation(enveloped(TOKEN)), "holder": 7}), "presentation.holder"),
        (shown(enveloped(shown(enveloped(TOKEN)), media_type="application/vp+jwt")), "credential.enveloped.kind"),
    ],
)
def test_a_presentation_that_breaks_the_rules(subject, code):
    entry = one(subject, request=REQUEST)
    assert found(entry, "structure") == ("failed", code)
    assert entry.verdict == "rejected"


def test_a_list_of_credentials_in_any_form():
    report = judged([ISSUER.sign(DOCUMENT), TOKEN, enveloped(TOKEN)])
    assert [entry.verdict for entry in report.credentials] == ["accepted"] * 3
    assert judged([TOKEN, presentation(enveloped(TOKEN))]).verdict == "rejected", "not searched further"
    assert judged([TOKEN, 7]).verdict == "rejected"
    assert found(judged([]).credentials[0], "structure") == ("failed", "structure.no_credential")
    assert found(judged([TOKEN] * 65).credentials[0], "structure")[0] == "indeterminate"
