"""Every kind of job, beside the same done in this process: what a server is told is what anybody would be."""

import json

import pytest
from judges_support import Shared, question, raw
from samples import badge, signed
from status_support import Web
from verification_support import AT, EVERYDAY, HOLDER, REQUEST, credential, judged, presentation, shown_live
from verification_support import ISSUER as PARTY

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.credentials.micro_credential.classification import classify, classify_achievement
from node.documents import DocumentError
from node.ports.judging import InputRefusedError, SigningOrder
from node.verification.capsule import Capsule
from node.verification.capsule_cbor import encode
from node.verification.capsule_making import make_capsule
from node.verification.material import EMPTY
from node.verification.trust import NO_TRUST

shared = Shared()


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


def done(work):
    async def story():
        async with shared.over(Web({})) as service:
            return await work(service)

    return shared.run(story())


def examined(document, **members):
    return done(lambda service: service.examine(raw(document), question(**members)))


@pytest.mark.parametrize(
    "document",
    [
        PARTY.sign(credential()),
        {**PARTY.sign(credential()), "name": "Another"},
        presentation(PARTY.sign(credential()), PARTY.sign(credential(id="urn:example:2"))),
        {"not": "a credential"},
        [],
    ],
)
def test_a_report_is_the_one_that_this_process_would_give(document):
    assert examined(document).report == judged(document, policy=EVERYDAY).to_json()


def test_an_answer_to_a_request_is_judged_as_one():
    document = shown_live(presentation(PARTY.sign(credential())), HOLDER)
    assert examined(document, request=REQUEST).verdict == "accepted"
    assert examined(presentation(PARTY.sign(credential())), request=REQUEST).verdict != "accepted"


def test_a_capsule_is_opened_and_said_to_be_one():
    document = raw(signed())
    capsule = make_capsule([document], EMPTY, made=AT, beside=(), trust=NO_TRUST)
    assert isinstance(capsule, Capsule)
    for data in (encode(capsule), capsule.json_text()):
        told = examined(data)
        assert told.verdict == "accepted"
        assert told.capsule["made"] == "2026-06-12T14:03:00Z"
    assert examined(document).capsule is None


def test_a_part_of_a_credential_is_derived_and_holds():
    private = PrivateKey.generate(KeyType.P256)
    method = did_key.method_id(private.public)
    document = badge(issuer={"id": method.partition("#")[0], "type": ["Profile"], "name": "Test School"})

    async def work(service):
        order = SigningOrder(method, "ecdsa-sd-2023")
        made = await service.secure(raw(document), order, HeldKeys({method: private}), created=AT)
        derived = await service.derive(made.body, ("/name",))
        with pytest.raises(InputRefusedError) as refused:
            await service.derive(made.body, {"claims": [{"path": ["nothing"]}]})
        return derived, refused.value.code, await service.examine(raw(derived["credential"]), question())

    derived, code, answer = done(work)
    assert (derived["form"], derived["credential"]["name"]) == ("ecdsa-sd-2023", "Sample award")
    assert {"path", "value", "always"} == set(derived["disclosed"][0])
    assert (code, answer.verdict) == ("wallet.request", "accepted")


def test_achievements_and_credentials_are_classified():
    draft = badge()["credentialSubject"]["achievement"]
    whole, part = (done(lambda service, data=data: service.check(raw(data))) for data in (badge(), draft))
    assert whole == {"kind": "credential", **json.loads(json.dumps(classify(badge()).to_json()))}
    assert part == {"kind": "achievement", **json.loads(json.dumps(classify_achievement(draft).to_json()))}
    with pytest.raises(DocumentError):
        done(lambda service: service.check(b"[]"))
