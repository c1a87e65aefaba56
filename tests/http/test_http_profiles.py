"""Signing profiles over HTTP: keys made, brought and replaced, caps, namespaces and accounts; one purpose a key."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from issuing_support import credential, issue, verify
from node_support import NOW, A, B
from organisation_support import call, events, own_key
from store_samples import key_name

from anchoring.founding import RecoveryKey
from anchoring.operations import OpenNamespace
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import RecordName
from node.ports.vault import KeyPurpose, KeyState

PROFILES, MEMBERS = "/organisation/profiles", "/organisation/members"
CONTRACT = f"eip155:31337:0x{'0a' * 20}"
NEW = {"id": "school", "form": "eddsa-rdfc-2022", "keyType": "Ed25519"}


@pytest.fixture
def owner(node, runner):
    return runner.run(own_key(node, "org-a-owner"))


async def records(node, organisation=A):
    return {record.id: record for record in await node.vault.records(organisation)}


async def sign(node, profile, number=0):
    answer = await issue(node, credential(profile["did"], number), profile["id"])
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("form", "kind", "options"),
    [
        ("eddsa-rdfc-2022", "Ed25519", {}),
        ("ecdsa-rdfc-2019", "P-256", {"status": ["revocation", "suspension"]}),
        ("ecdsa-jcs-2019", "P-384", {"proof_array": True}),
        ("ecdsa-sd-2023", "P-256", {"mandatory": ["/credentialSubject/achievement"]}),
        ("jwt", "Ed25519", {}),
    ],
)
async def test_a_profile_is_made_with_its_key_and_signs(node, owner, form, kind, options):
    made = await call(node, "POST", PROFILES, owner, 201, id="school", form=form, keyType=kind, options=options)
    assert made["did"].startswith("did:key:z")
    assert made["key"].startswith(made["did"] + "#")
    assert (made["options"], made["caps"]) == (options, {"perMinute": 20000, "perDay": 1000000})
    record = (await records(node))[made["key"]]
    assert (record.purpose, record.state, record.public.type) == (KeyPurpose.ASSERTION, KeyState.ACTIVE, kind)
    status, answer = await sign(node, made)
    assert status == 201, answer
    event = (await events(node))[0]
    assert (event.action, event.subject, event.details["did"]) == ("profile.make", "school", made["did"])


async def test_a_bbs_profile_needs_its_scope(node, owner):
    asked = {"id": "school", "form": "bbs-2023", "keyType": "BLS12-381-G2"}
    assert (await call(node, "POST", PROFILES, owner, 422, **asked))["code"] == "issuance.profile_option"
    await call(node, "POST", PROFILES, owner, 201, **asked, options={"signs": "x", "epoch": "2026", "status": []})


@pytest.mark.parametrize(
    ("chain", "remarks"),
    [(113_717_782_417_361, ["profile.heads_for_trial"]), (31337, ["profile.heads_for_trial"]), (1, [])],
)
async def test_heads_where_nobody_else_can_read_them_are_remarked_on(node, owner, chain, remarks):
    """Also as the option is changed, and whenever the profile is looked at."""
    heads = {"heads": f"eip155:{chain}:0x{'0a' * 20}#0x{'0b' * 32}"}
    made = await call(node, "POST", PROFILES, owner, 201, **NEW)
    assert made["remarks"] == []
    for told in (
        await call(node, "PATCH", f"{PROFILES}/school", owner, 200, options=heads),
        await call(node, "GET", f"{PROFILES}/school", owner, 200),
    ):
        assert [each["code"] for each in told["remarks"]] == remarks
        assert all(each["message"] and each["remedy"] for each in told["remarks"])


REFUSED = {
    "a name with capitals": ({"id": "School"}, 422, "issuance.profile_name"),
    "a name with a slash": ({"id": "a/b"}, 422, "issuance.profile_name"),
    "no such form": ({"form": "x"}, 422, "issuance.profile_option"),
    "another kind of key": ({"keyType": "P-256"}, 409, "issuance.key_type"),
    "a key that agrees on keys": ({"keyType": "X25519"}, 409, "issuance.key_type"),
    "no key": ({"keyType": None}, 422, "issuance.profile_key"),
    "two keys": ({"key": "did:key:zA#zA"}, 422, "issuance.profile_key"),
    "an unknown option": ({"options": {"x": 1}}, 422, "issuance.profile_option"),
    "a cap of nothing": ({"options": {"caps": {"per_day": 0}}}, 422, "issuance.profile_option"),
    "a cap of text": ({"options": {"caps": {"per_day": "1"}}}, 422, "issuance.profile_option"),
    "another cap": ({"options": {"caps": {"per_hour": 1}}}, 422, "issuance.profile_option"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_does_not_go_together_is_no_profile(node, owner, case):
    changed, status, code = REFUSED[case]
    answer = await call(node, "POST", PROFILES, owner, status, **{**NEW, **changed})
    assert answer["code"] == code
    assert await records(node) == {}
    assert await events(node) == []


async def test_a_name_of_another_organisations_profile_is_taken(node, owner):
    other = await own_key(node, "org-b-owner", organisation=B)
    await call(node, "POST", PROFILES, other, 201, **NEW)
    assert (await call(node, "POST", PROFILES, owner, 409, **NEW))["code"] == "store.conflict"
    assert await records(node) == {}, "its key went with it"


def brought(form, kind):
    private = PrivateKey.generate(kind)
    if form == "multikey":
        return private, private.to_multibase()
    if form == "jwk":
        return private, json.dumps(private.to_jwk())
    if kind is KeyType.ED25519:
        loaded = ed25519.Ed25519PrivateKey.from_private_bytes(private.raw)
    else:
        curve = {KeyType.P256: ec.SECP256R1(), KeyType.P384: ec.SECP384R1()}[kind]
        loaded = ec.derive_private_key(int.from_bytes(private.raw), curve)
    encoding = Encoding.PEM if form == "pem" else Encoding.DER
    data = loaded.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
    return private, data.decode() if form == "pem" else base64.b64encode(data).decode()


@pytest.mark.threat(85, 88)
@pytest.mark.parametrize(
    ("form", "kind", "suite"),
    [
        ("multikey", KeyType.ED25519, "eddsa-rdfc-2022"),
        ("multikey", KeyType.BLS12_381_G2, "bbs-2023"),
        ("jwk", KeyType.P256, "ecdsa-rdfc-2019"),
        ("jwk", KeyType.ED25519, "eddsa-jcs-2022"),
        ("pem", KeyType.P384, "ecdsa-rdfc-2019"),
        ("pem", KeyType.ED25519, "eddsa-rdfc-2022"),
        ("der", KeyType.P256, "ecdsa-sd-2023"),
    ],
)
async def test_a_key_that_is_brought_along_signs_and_is_told_to_nobody(node, owner, form, kind, suite):
    private, text = brought(form, kind)
    options = {"signs": "x", "epoch": "1", "status": []} if suite == "bbs-2023" else {}
    key = {"form": "pkcs8" if form in {"pem", "der"} else form, "text": text}
    made = await call(node, "POST", PROFILES, owner, 201, id="own", form=suite, privateKey=key, options=options)
    assert made["key"].endswith(private.public.to_multibase())
    kept = await node.vault.private_key(A, made["key"], KeyPurpose.ASSERTION)
    assert kept.raw == private.raw
    told = repr(await events(node)) + json.dumps(made) + node.log.getvalue().decode()
    for secret in (private.raw.hex(), text, private.to_multibase(), base64.b64encode(private.raw).decode()):
        assert secret not in told


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    "key",
    [
        {"form": "multikey", "text": "z" + "SECRET" * 8},
        {"form": "jwk", "text": '{"kty":"OKP","crv":"Ed25519","d":"SECRET"}'},
        {"form": "pkcs8", "text": "SECRET"},
        {"form": "pkcs8", "text": "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----"},
        {"form": "SECRET", "text": "SECRET"},
        {"form": "jwk", "text": "SECRET" * 1000},
        {"form": "multikey", "text": ["SECRET"]},
    ],
)
async def test_what_is_no_key_is_refused_and_nothing_of_it_repeated(node, owner, key):
    answer = await node.client.post(
        PROFILES, headers=owner, json={"id": "own", "form": "eddsa-rdfc-2022", "privateKey": key}
    )
    assert answer.status_code in {400, 422}
    assert "SECRET" not in answer.text
    assert "SECRET" not in node.log.getvalue().decode()


async def test_a_key_of_a_did_that_is_published_elsewhere_is_brought_under_its_name(node, owner):
    private, text = brought("multikey", KeyType.ED25519)
    key = {"form": "multikey", "text": text}
    name = "did:web:school.example#key-1"
    made = await call(node, "POST", PROFILES, owner, 201, id="own", form="eddsa-rdfc-2022", key=name, privateKey=key)
    assert (made["did"], made["key"]) == ("did:web:school.example", name)
    status, answer = await sign(node, made)
    assert (status, answer["verifiableCredential"]["proof"]["verificationMethod"]) == (201, name)
    for other in ("did:web:node.example:school#key-1", f"did:key:{private.public.to_multibase()}#x", "nothing"):
        sent = {"id": "other", "form": "eddsa-rdfc-2022", "key": other, "privateKey": key}
        assert (await call(node, "POST", PROFILES, owner, 409, **sent))["code"] == "issuance.controller"


async def test_a_second_person_agrees_to_the_public_half(node):
    owner = await own_key(node, "org-a-owner")
    issuer = await own_key(node, "org-a-issuer", scopes=["approvals:decide", "organisation:read"])
    await call(node, "PUT", "/organisation/settings", owner, 200, secondPerson=["organisation.profiles"])
    private, text = brought("multikey", KeyType.ED25519)
    sent = {"id": "own", "form": "eddsa-rdfc-2022", "privateKey": {"form": "multikey", "text": text}}
    asked = await call(node, "POST", PROFILES, owner, 202, **sent)
    seen = await call(node, "GET", f"/organisation/approvals/{asked['approval']}", issuer, 200)
    assert seen["payload"]["make"]["public"] == private.public.to_multibase()
    assert text not in json.dumps(seen)
    assert await records(node) == {}
    await call(node, "POST", f"/organisation/approvals/{asked['approval']}/decision", issuer, 200, grant=True)
    consent = {**owner, "Glejt-Approval": asked["approval"]}
    other = {**sent, "privateKey": {"form": "multikey", "text": brought("multikey", KeyType.ED25519)[1]}}
    assert (await call(node, "POST", PROFILES, consent, 409, **other))["code"] == "approval.other"
    await call(node, "POST", PROFILES, consent, 201, **sent)


@pytest.mark.threat(87)
async def test_a_replaced_key_signs_no_more_and_what_it_signed_is_verified(node, owner):
    did = await call(node, "POST", "/organisation/dids", owner, 201, method="web", path=["school"])
    (first,) = did["document"]["assertionMethod"]
    made = await call(node, "POST", PROFILES, owner, 201, id="school", form="eddsa-rdfc-2022", key=first)
    other = await call(node, "POST", PROFILES, owner, 201, id="other", form="eddsa-jcs-2022", key=first)
    _, old = await sign(node, made)
    changed = await call(node, "POST", f"/organisation/dids/{did['did']}/keys", owner, 200, type="Ed25519")
    second = next(each for each in changed["document"]["assertionMethod"] if each != first)
    rotated = await call(node, "PATCH", f"{PROFILES}/school", owner, 200, key=second)
    assert (rotated["key"], rotated["did"]) == (second, did["did"])
    assert (await records(node))[first].state is KeyState.ACTIVE, "another profile uses it"
    await call(node, "PATCH", f"{PROFILES}/other", owner, 200, key=second)
    assert (await records(node))[first].state is KeyState.RETIRED
    status, new = await sign(node, made, 1)
    assert status == 201
    proof = new["verifiableCredential"]["proof"]
    assert proof["verificationMethod"] == second
    another = await call(node, "POST", PROFILES, owner, 201, **{**NEW, "id": "another"})
    for name, status, code in (
        (first, 409, "key.retired"),
        (other["did"], 404, "store.absent"),
        ("did:key:zA#zA", 404, "store.absent"),
        (another["key"], 409, "issuance.controller"),
    ):
        assert (await call(node, "PATCH", f"{PROFILES}/school", owner, status, key=name))["code"] == code, name
    told = (await verify(node, old["verifiableCredential"])).json()
    checks = {each["check"]: each["outcome"] for each in told["report"]["credentials"][0]["checks"]}
    assert checks["proof"] != "failed", "the key that is replaced stays listed"
    assert (await node.client.get("/school/did.json")).json()["assertionMethod"] == [first, second]


async def test_a_closed_profile_signs_no_more_and_its_name_stays_taken(node, owner):
    made = await call(node, "POST", PROFILES, owner, 201, **NEW)
    await call(node, "DELETE", f"{PROFILES}/school", owner, 204)
    status, _ = await sign(node, made)
    assert status in {404, 409}
    assert (await call(node, "GET", f"{PROFILES}/school", owner, 200))["state"] == "closed"
    assert (await call(node, "PATCH", f"{PROFILES}/school", owner, 409, options={}))["code"] == "profile.closed"
    assert (await call(node, "POST", PROFILES, owner, 409, **NEW))["code"] == "store.conflict"


@pytest.mark.threat(86)
async def test_a_key_issues_as_often_as_its_profile_says_and_then_again(node, owner):
    caps = {"caps": {"per_minute": 2, "per_day": 3}}
    made = await call(node, "POST", PROFILES, owner, 201, **NEW, options=caps)
    assert made["caps"] == {"perMinute": 2, "perDay": 3}
    assert [(await sign(node, made, number))[0] for number in range(3)] == [201, 201, 429]
    answer = await issue(node, credential(made["did"], 9), "school")
    assert (answer.json()["code"], answer.headers["Retry-After"]) == ("key.cap", "60")
    async with node.store.view(A) as view:
        assert len([e for e in await view.audit.entries() if e.event.action == "credential.issue"]) == 2
    node.clock.move(timedelta(minutes=1))
    assert [(await sign(node, made, number))[0] for number in (2, 3)] == [201, 429]
    await call(node, "PATCH", f"{PROFILES}/school", owner, 200, options={"caps": {"per_day": 4}})
    assert [(await sign(node, made, number))[0] for number in (3, 4)] == [201, 429]


@pytest.mark.threat(86)
async def test_a_key_for_something_else_signs_no_credentials(node, owner):
    """Cross-purpose, over HTTP: keys of every other purpose by their names; those of relations are not there at all."""
    founded = await call(node, "POST", "/organisation/namespaces", owner, 201, contract=CONTRACT)
    account = await call(node, "POST", "/organisation/gas-accounts", owner, 201, id="eip155:31337")
    for purpose in KeyPurpose:
        if purpose is not KeyPurpose.ASSERTION:
            name = f"{key_name('org-a')}-{purpose}"
            await node.vault.take(A, name, purpose, PrivateKey.generate(KeyType.ED25519), NOW)
            sent = {"id": "x", "form": "eddsa-rdfc-2022", "key": name}
            is_hidden = purpose is KeyPurpose.PAIRWISE
            refused = await call(node, "POST", PROFILES, owner, 404 if is_hidden else 409, **sent)
            assert refused["code"] == ("store.absent" if is_hidden else "key.purpose"), purpose
    for key in (founded["key"], account["key"]):
        sent = {"id": "x", "form": "eddsa-rdfc-2022", "key": key}
        assert (await call(node, "POST", PROFILES, owner, 409, **sent))["code"] == "issuance.controller"
    known = await call(node, "GET", "/organisation/keys", owner, 200)
    purposes = {key["id"]: key["purpose"] for key in known["keys"]}
    assert (purposes[founded["key"]], purposes[account["key"]]) == ("authority", "gas")
    for key in (account["key"], founded["key"]):
        made = await node.vault.keys(A, KeyPurpose.ASSERTION)
        with pytest.raises(Exception, match="no key is held"):
            made.public_key(key)


async def test_a_namespace_is_founded_its_opening_ordered_and_the_recovery_key_shown_once(node, owner):
    founded = await call(node, "POST", "/organisation/namespaces", owner, 201, contract=CONTRACT)
    shown, remark = founded.pop("recoveryKey"), founded.pop("remark")
    assert remark is None
    recovery = RecoveryKey.from_bytes(base64.urlsafe_b64decode(shown + "=="))
    async with node.store.view(A) as view:
        tasks = {task.kind: task.payload for task in await view.outbox.waiting()}
    order = tasks["namespace.open"]
    opening = OpenNamespace(*(bytes.fromhex(order[part]) for part in ("authority", "recovery", "salt")))
    assert RecordName.parse(founded["id"]).namespace == opening.namespace
    assert opening.recovery == recovery.commitment
    assert founded["key"] == f"eip155:31337:0x{opening.authority.hex()}"
    told = await call(node, "GET", "/organisation/namespaces", owner, 200)
    assert told == {"namespaces": [founded]}
    assert shown not in repr(await events(node)) + json.dumps(order)
    own = RecoveryKey.generate()
    second = await call(
        node, "POST", "/organisation/namespaces", owner, 201, contract=CONTRACT, recovery=own.commitment.hex()
    )
    assert second["recoveryKey"] is None
    taken = await call(node, "POST", "/organisation/namespaces", owner, 201, id=f"{CONTRACT}#0x{'0c' * 32}")
    assert taken["key"] is None
    for sent in (
        {},
        {"contract": "eip155:1:0xAA"},
        {"contract": CONTRACT, "id": taken["id"]},
        {"id": f"{taken['id']}/heads"},
        {"contract": CONTRACT, "recovery": "00"},
    ):
        answer = await node.client.post("/organisation/namespaces", headers=owner, json=sent)
        assert answer.status_code in {400, 409}, sent
    other = await own_key(node, "org-b-owner", organisation=B)
    assert (await call(node, "POST", "/organisation/namespaces", other, 409, id=founded["id"]))["code"] == (
        "store.conflict"
    )


@pytest.mark.threat(82)
@pytest.mark.parametrize("is_given", [False, True], ids=["made here", "given"])
async def test_a_namespace_is_founded_once_for_a_request_that_is_sent_again(node, owner, is_given):
    sent = {"contract": CONTRACT} | ({"recovery": RecoveryKey.generate().commitment.hex()} if is_given else {})
    named = {**owner, "Idempotency-Key": '"one"'}
    first, *others = await asyncio.gather(
        *[call(node, "POST", "/organisation/namespaces", named, 201, **sent) for _ in range(4)]
    )
    answers = [first, *others, await call(node, "POST", "/organisation/namespaces", named, 201, **sent)]
    assert len({(each["id"], each["key"], each["createdAt"]) for each in answers}) == 1
    keys = [each["recoveryKey"] for each in answers if each["recoveryKey"]]
    assert len(keys) == (0 if is_given else 1)
    for each in answers:
        assert (each["remark"] is None) is (is_given or each["recoveryKey"] is not None)
    if not is_given:
        (remark, *_) = [each["remark"] for each in answers if each["remark"]]
        assert remark["code"] == "namespace.recovery_shown"
        assert remark["remedy"]
    async with node.store.view(A) as view:
        tasks = [task for task in await view.outbox.waiting() if task.kind == "namespace.open"]
    assert len(tasks) == 1
    listed = await call(node, "GET", "/organisation/namespaces", owner, 200)
    assert [each["id"] for each in listed["namespaces"]] == [answers[0]["id"]]
    assert [each.purpose for each in (await records(node)).values()].count(KeyPurpose.AUTHORITY) == 1
    refused = await call(node, "POST", "/organisation/namespaces", named, 409, contract=f"eip155:5:0x{'0a' * 20}")
    assert refused["code"] == "idempotency.other_request"
    other = {**owner, "Idempotency-Key": '"two"'}
    assert (await call(node, "POST", "/organisation/namespaces", other, 201, **sent))["id"] != answers[0]["id"]


async def test_a_namespace_is_taken_up_once_for_a_request_that_is_sent_again(node, owner):
    sent, named = {"id": f"{CONTRACT}#0x{'0c' * 32}"}, {**owner, "Idempotency-Key": '"up"'}
    first, second = [await call(node, "POST", "/organisation/namespaces", named, 201, **sent) for _ in range(2)]
    assert first == second
    refused = await call(node, "POST", "/organisation/namespaces", owner, 409, **sent)
    assert refused["code"] == "store.conflict"


async def test_an_account_that_pays_is_made_or_named(node, owner):
    made = await call(node, "POST", "/organisation/gas-accounts", owner, 201, id="eip155:5")
    held = await call(node, "POST", "/organisation/gas-accounts", owner, 201, id=f"eip155:5:0x{'0b' * 20}")
    assert (made["id"], held["key"]) == (made["key"], None)
    assert (await records(node))[made["key"]].purpose is KeyPurpose.GAS
    listed = await call(node, "GET", "/organisation/gas-accounts", owner, 200)
    assert {each["id"] for each in listed["gasAccounts"]} == {made["id"], held["id"]}
    for name in ("eip155:0", "eip155:5:0xAB", "x"):
        assert (await node.client.post("/organisation/gas-accounts", headers=owner, json={"id": name})).status_code in {
            400,
            409,
        }


@pytest.mark.threat(76)
async def test_only_those_who_manage_the_organisation_change_how_it_signs(node):
    for role in ("issuer", "designer", "auditor", "program"):
        for method, path, sent in (
            ("POST", PROFILES, NEW),
            ("PATCH", f"{PROFILES}/x", {}),
            ("DELETE", f"{PROFILES}/x", None),
            ("POST", "/organisation/namespaces", {"contract": CONTRACT}),
            ("POST", "/organisation/gas-accounts", {"id": "eip155:5"}),
            ("POST", MEMBERS, {}),
            ("POST", "/organisation/api-keys", {}),
            ("PUT", "/organisation/settings", {}),
        ):
            answer = await node.client.request(method, path, headers=node.key(role), json=sent)
            assert (answer.status_code, answer.json()["code"]) == (403, "access.scope"), (role, path)
        answer = await node.client.post("/node/organisations", headers=node.key("owner"), json={})
        assert answer.status_code == 403
