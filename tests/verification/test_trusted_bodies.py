"""The bodies in a trust file: what is read of them, and what is refused whole."""

import pickle

import pytest
from verification_support import AT, ISSUER

from node.credentials.record_name import RecordName
from node.credentials.scope import Level, Scope
from node.verification.errors import TrustError
from node.verification.trust import parse_trust

NAME = f"eip155:1:0x{'ab' * 20}#0x{'cd' * 32}"
USUAL = f'[[bodies]]\ndid = "{ISSUER.did}"\nname = "Quality Board"\n'


def _parsed(text):
    def read(name):
        raise FileNotFoundError(name)

    return parse_trust(text, read)


def test_a_body_with_everything():
    more = (
        f'namespaces = ["{NAME}"]\nsigned_suffices = true\ndistrust_from = 2026-06-12T14:03:00Z\n'
        'accreditations = ["https://board.example/1.json"]\n'
        '[[bodies.scopes]]\nlevel = [{framework = "EQF", code = "4"}]\nlimitJurisdiction = ["PL"]\n'
    )
    trust = _parsed(USUAL + more)
    body = trust.bodies[ISSUER.did]
    assert (body.name, body.signed_suffices, body.distrust_from) == ("Quality Board", True, AT)
    assert body.namespaces == {RecordName.parse(NAME)}
    assert body.addresses == ("https://board.example/1.json",)
    scope = Scope(levels=frozenset([Level("EQF", "4")]), countries=frozenset(["PL"]))
    assert body.scopes == (scope,)
    assert body.believed_for(scope)
    assert not body.believed_for(Scope())
    assert not body.believed_at(AT)
    assert pickle.loads(pickle.dumps(trust)) == trust  # noqa: S301 -- our own


def test_a_body_is_careful_unless_it_is_said_otherwise():
    body = _parsed(USUAL).bodies[ISSUER.did]
    assert (body.signed_suffices, body.namespaces, body.scopes, body.addresses) == (False, frozenset(), (), ())
    assert body.believed_for(Scope())


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        (USUAL + USUAL, "trust.duplicate", "bodies[1].did"),
        (USUAL.replace(ISSUER.did, "Board"), "trust.did", "bodies[0].did"),
        (USUAL + '[[bodies.scopes]]\nlimitJurisdiction = ["POL"]\n', "trust.invalid", "bodies[0].scopes[0]"),
        (USUAL + '[[bodies.scopes]]\nachievement = ["welding"]\n', "trust.scope", "bodies[0].scopes[0]"),
        (USUAL + '[[bodies.scopes]]\ncolour = ["red"]\n', "trust.invalid", "bodies[0].scopes[0]"),
        (USUAL + 'namespaces = ["eip155:1"]\n', "trust.invalid", "bodies[0].namespaces[0]"),
        (USUAL + 'accreditations = ["http://board.example/"]\n', "trust.invalid", "bodies[0].accreditations[0]"),
        (USUAL + 'signed_suffices = "yes"\n', "trust.invalid", "bodies[0].signed_suffices"),
        ('[[bodies]]\nname = "x"\n', "trust.invalid", "bodies[0]"),
    ],
)  # fmt: skip
def test_what_is_no_body(text, code, path):
    with pytest.raises(TrustError) as caught:
        _parsed(text)
    assert caught.value.code == code
    assert caught.value.path.startswith(path)
    assert caught.value.remedy
