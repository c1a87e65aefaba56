"""POST /credentials/verify and /presentations/verify: 200 for what is accepted and nothing else, with the report."""

import copy

import orjson
import pytest
from disclosure_support import JSONLD
from issuing_support import add_profile, credential, issue, verify
from node_support import running_node
from picture_support import png
from samples import badge

from node.credentials.pictures.picture import bake
from node.documents import MAX_PRESENTATION_BYTES
from node.http.submitted import MAX_SUBMITTED_BYTES
from node.ports.judging import JudgeMemoryError, JudgesBusyError, JudgeTimeoutError
from node.verification.capsule import CBOR_TYPE, JSON_TYPE
from node.wallet.derive import derive


async def signed(node, form="eddsa-rdfc-2022", number=0, **changes):
    name = f"profile-{form}-{number}"
    did = await add_profile(node, name, form=form, status=[])
    answer = await issue(node, credential(did, number, **changes), name)
    assert answer.status_code == 201, answer.text
    return answer.json()["verifiableCredential"]


async def post(node, path, body, kind="application/json", query=""):
    headers = {**node.key("issuer"), "Content-Type": kind}
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return await node.client.post(f"{path}{query}", content=content, headers=headers)


def outcomes(answer):
    return {check["check"]: check["outcome"] for check in answer.json()["report"]["credentials"][0]["checks"]}


async def test_what_is_accepted_is_answered_by_200_and_its_report(node):
    answer = await verify(node, await signed(node))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert (told["verified"], told["errors"]) == (True, [])
    assert (told["report"]["verdict"], told["report"]["policy"]) == ("accepted", "everyday")
    assert told["problemDetails"] == told["warnings"]
    assert "credential" not in told
    assert answer.headers["cache-control"] == "no-store"


async def test_the_document_comes_back_where_it_is_wanted(node):
    document = await signed(node)
    assert (await verify(node, document, returnCredential=True)).json()["credential"] == document
    message = {"verifiablePresentation": {"type": "VerifiablePresentation"}, "options": {"returnPresentation": True}}
    answer = await post(node, "/presentations/verify", message)
    assert (answer.status_code, answer.json()["verifiablePresentation"]) == (400, message["verifiablePresentation"])


def without(*path):
    def change(document):
        *steps, last = path
        for step in steps:
            document = document[step]
        del document[last]

    return change


def having(value, *path):
    def change(document):
        *steps, last = path
        for step in steps:
            document = document[step]
        document[last] = value

    return change


SPOILED = {
    **{f"no {name}": without(name) for name in ("@context", "type", "issuer", "credentialSubject", "proof")},
    **{
        f"no proof.{name}": without("proof", name)
        for name in ("type", "created", "verificationMethod", "proofValue", "proofPurpose", "cryptosuite")
    },
    **{f"@context {value!r}": having(value, "@context") for value in ("text", {}, None, 10, True)},
    **{f"@context [{value!r}]": having([value], "@context") for value in ([], {}, None, 10, True)},
    **{f"type {value!r}": having(value, "type") for value in ("text", {}, None, 10, True)},
    **{f"type [{value!r}]": having([value], "type") for value in ([], {}, None, 10, True)},
    **{f"issuer {value!r}": having(value, "issuer") for value in ([], None, 10, True)},
    **{f"subject {value!r}": having(value, "credentialSubject") for value in ("text", None, 10, True, [])},
    **{f"proof {value!r}": having(value, "proof") for value in ("text", None, 10, True, [])},
    "one letter is another": having("Sample awarD", "name"),
    "another purpose": having("authentication", "proof", "proofPurpose"),
}


async def test_nothing_that_was_spoiled_is_accepted(node):
    document = await signed(node)
    for name, change in SPOILED.items():
        spoiled = copy.deepcopy(document)
        change(spoiled)
        answer = await verify(node, spoiled)
        assert (answer.status_code, answer.json().get("verified")) == (400, False), f"{name}: {answer.text}"
        assert answer.json()["errors"], name


async def test_an_altered_document_is_called_so_in_the_words_of_the_data_model(node):
    answer = await verify(node, (await signed(node)) | {"name": "Another name"})
    assert answer.json()["report"]["sentence"] == "altered"
    (error,) = answer.json()["errors"]
    assert error["type"] == "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
    assert error["title"] == "proof"


async def test_what_cannot_be_told_is_not_verified(node):
    document = badge(issuer="did:web:nowhere.example") | {"proof": (await signed(node))["proof"]}
    answer = await verify(node, document)
    assert (answer.status_code, answer.json()["verified"]) == (400, False)
    assert answer.json()["report"]["verdict"] in {"cannot_tell", "rejected"}


async def test_the_policy_is_the_callers_choice_among_those_that_there_are(node):
    document = await signed(node)
    strict = await verify(node, document, policy="strict")
    assert (strict.status_code, strict.json()["report"]["policy"]) == (400, "strict")
    unknown = await verify(node, document, policy="anything goes")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "exchange.policy")


async def test_asking_for_fewer_checks_makes_none_of_them_fewer(node):
    document = (await signed(node)) | {"name": "Another name"}
    for given in ({"checks": []}, {"checks": ["credentialStatus"]}, {"returnResults": False}):
        assert (await verify(node, document, **given)).status_code == 400


async def test_a_message_has_what_is_meant_and_nothing_that_nobody_knows(node):
    document = await signed(node)
    for message in (
        {"credential": document},
        {"verifiableCredential": document, "trust": ["everybody"]},
        {"verifiableCredential": document, "options": {"trust": ["everybody"]}},
        {"verifiableCredential": document, "options": []},
        {"verifiableCredential": document, "options": {"challenge": 4}},
        {"verifiableCredential": document, "options": {"returnCredential": "yes"}},
        [document],
        "text",
    ):
        answer = await post(node, "/credentials/verify", message)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text


async def test_a_message_that_two_readers_understand_differently_is_refused(node):
    text = orjson.dumps(await signed(node))
    twice = b'{"verifiableCredential":{},"verifiableCredential":' + text + b"}"
    assert (await post(node, "/credentials/verify", twice)).json()["code"] == "document.duplicate_key"
    inside = b'{"verifiableCredential":' + text.replace(b'"name":', b'"name":"Other","name":', 1) + b"}"
    assert (await post(node, "/credentials/verify", inside)).json()["code"] == "document.duplicate_key"
    broken = await post(node, "/credentials/verify", b'{"verifiableCredential":')
    assert (broken.status_code, broken.json()["code"]) == (400, "document.syntax")


async def test_a_message_that_is_too_large_is_refused(node):
    large = b'{"verifiableCredential":"' + b"x" * (MAX_PRESENTATION_BYTES + 100_000) + b'"}'
    assert (await post(node, "/credentials/verify", large)).status_code == 413
    assert (await post(node, "/credentials/verify", b"x" * (MAX_SUBMITTED_BYTES + 1))).status_code == 413


async def test_a_message_of_nothing_but_brackets_is_refused_at_once(node):
    poison = b'{"verifiableCredential":' + b"[" * 900_000 + b"]" * 100_000
    assert (await post(node, "/credentials/verify", poison)).status_code == 400


TOKENS = {"jwt": "application/vc+jwt", "sd-jwt": "application/vc+sd-jwt"}


@pytest.mark.parametrize("form", TOKENS)
async def test_a_token_is_verified_in_its_envelope_as_a_text_and_as_it_is(node, form):
    envelope = await signed(node, form)
    token = envelope["id"].partition(",")[2]
    for answer in (
        await verify(node, envelope),
        await verify(node, token),
        await post(node, "/credentials/verify", token.encode(), TOKENS[form]),
        await post(node, "/credentials/verify", token.encode(), "text/plain; charset=utf-8", "?policy=everyday"),
    ):
        assert answer.status_code == 200, answer.text
    spoiled = token[:60] + ("A" if token[60] != "A" else "B") + token[61:]
    assert (await post(node, "/credentials/verify", spoiled.encode(), TOKENS[form])).status_code == 400


async def test_a_document_a_picture_and_a_presentation_are_verified_as_they_are(node):
    document = await signed(node)
    text = orjson.dumps(document)
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [document],
    }
    for body, kind in ((text, "application/vc"), (text, "application/ld+json"), (bake(png(), text), "image/png")):
        answer = await post(node, "/credentials/verify", body, kind)
        assert answer.status_code == 200, answer.text
        assert outcomes(answer)["proof"] == "passed"
    shown = await post(node, "/presentations/verify", presentation, "application/vp")
    assert shown.status_code == 200, shown.text
    without_proof = await post(node, "/presentations/verify", {"presentation": presentation})
    assert without_proof.status_code == 200, without_proof.text


async def test_the_options_of_what_is_sent_as_it_is_are_in_the_address(node):
    text = orjson.dumps(await signed(node))
    strict = await post(node, "/credentials/verify", text, "application/vc", "?policy=strict")
    assert (strict.status_code, strict.json()["report"]["policy"]) == (400, "strict")
    unknown = await post(node, "/credentials/verify", text, "application/vc", "?trust=everybody")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "request.invalid")
    asked = await post(node, "/credentials/verify", text, "application/vc", "?challenge=x")
    assert [error["title"] for error in asked.json()["errors"]] == ["holder"]


async def test_other_kinds_are_not_taken(node):
    assert (await post(node, "/credentials/verify", b"{}", "application/zip")).status_code == 415
    for kind in (CBOR_TYPE, JSON_TYPE):  # as capsules are handed out
        assert (await post(node, "/credentials/verify", b"{}", kind)).status_code != 415


async def test_one_bad_credential_spoils_a_presentation(node):
    good, bad = await signed(node), (await signed(node, number=1)) | {"name": "Another name"}
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [good, bad],
    }
    answer = await post(node, "/presentations/verify", {"verifiablePresentation": presentation})
    assert answer.status_code == 400
    assert [entry["verdict"] for entry in answer.json()["report"]["credentials"]] == ["accepted", "rejected"]


async def test_a_derived_credential_is_verified(node):
    base = await signed(node, "ecdsa-sd-2023")
    assert (await verify(node, base)).status_code == 400, "what only its holder has is not shown to verifiers"
    assert (await verify(node, derive(base, ("/name",), jsonld=JSONLD).credential)).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"), [(JudgesBusyError, 503), (JudgeTimeoutError, 422), (JudgeMemoryError, 422)]
)
async def test_what_was_not_judged_is_no_verdict(node, monkeypatch, error, status):
    document = await signed(node)

    async def never(*_):
        raise error("not judged")

    monkeypatch.setattr(type(node.services.judges), "examine", never)
    answer = await verify(node, document)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "verified" not in answer.json()


async def test_a_key_is_needed_unless_the_node_says_otherwise(node, tmp_path, node_template):
    document = await signed(node)
    message = {"verifiableCredential": document}
    assert (await node.client.post("/credentials/verify", json=message)).status_code == 401
    (tmp_path / "open").mkdir()
    async with running_node(tmp_path / "open", template=node_template, verifies_for_anybody=True) as anybody:
        assert (await anybody.client.post("/credentials/verify", json=message)).status_code == 200


async def test_no_claim_of_a_document_is_in_the_log(node):
    document = await signed(node, name="Unique marker 7c1f")
    await verify(node, document | {"description": "Unique marker 7c1f"})
    assert "7c1f" not in repr(node.lines())
