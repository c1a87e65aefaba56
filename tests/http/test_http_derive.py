"""POST /credentials/derive: what its holder chooses is shown, with all that nobody may hide, and nothing is kept."""

import pytest
from issuing_support import add_profile, credential, issue, verify
from sqlalchemy import select

from node.adapters.database.schema import METADATA
from node.credentials.micro_credential.disclosure import ALWAYS_DISCLOSED

SUBJECT = {
    "id": "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH",
    "type": ["AchievementSubject"],
    "achievement": {
        "id": "urn:uuid:2f9d2a31-60d4-4b5c-8cf4-0a7a6f4d3c55",
        "type": ["Achievement"],
        "name": "Sample achievement",
        "description": "Exists for a test.",
        "criteria": {"narrative": "None."},
    },
}
OF_FORM = {
    "ecdsa-sd-2023": {},
    "bbs-2023": {"signs": SUBJECT["achievement"]["id"], "epoch": "2026"},
    "sd-jwt": {},
}


async def held(node, form, **options):
    did = await add_profile(node, form=form, status=[], **OF_FORM[form])
    answer = await issue(node, credential(did, credentialSubject=SUBJECT), **options)
    assert answer.status_code == 201, answer.text
    return answer.json()["verifiableCredential"]


async def derive(node, document, *pointers, role="issuer"):
    message = {"verifiableCredential": document, "options": {"selectivePointers": list(pointers)}}
    return await node.client.post("/credentials/derive", json=message, headers=node.key(role))


@pytest.mark.parametrize("form", ["ecdsa-sd-2023", "bbs-2023"])
async def test_what_is_chosen_is_shown_and_what_is_not_is_hidden(node, form):
    base = await held(node, form)
    answer = await derive(node, base, "/name")
    assert answer.status_code == 201, answer.text
    shown = answer.json()["verifiableCredential"]
    assert shown["name"] == base["name"]
    assert "name" not in (await derive(node, base)).json()["verifiableCredential"]
    assert (await verify(node, shown)).status_code == 200


@pytest.mark.parametrize("form", ["ecdsa-sd-2023", "bbs-2023"])
async def test_nobody_hides_what_is_always_disclosed(node, form):
    base = await held(node, form)
    shown = (await derive(node, base)).json()["verifiableCredential"]
    assert ALWAYS_DISCLOSED in shown["type"]
    for name in ("@context", "issuer", "validFrom"):
        assert name in shown


@pytest.mark.parametrize("form", ["ecdsa-sd-2023", "sd-jwt"])
async def test_nobody_hides_what_the_issuer_keeps_from_being_hidden(node, form):
    base = await held(node, form, mandatoryPointers=["/name"])
    answer = await derive(node, base)
    report = (await verify(node, answer.json()["verifiableCredential"])).json()["report"]
    assert report["verdict"] == "accepted"
    assert report["credentials"][0]["credential"].get("name") is not None


async def test_a_token_is_derived_from_in_its_envelope(node):
    base = await held(node, "sd-jwt")
    answer = await derive(node, base, "/name")
    assert answer.status_code == 201, answer.text
    shown = answer.json()["verifiableCredential"]
    assert shown["type"] == "EnvelopedVerifiableCredential"
    assert shown["id"].startswith("data:application/vc+sd-jwt,")
    assert shown["id"].count("~") < base["id"].count("~")
    assert (await verify(node, shown)).status_code == 200
    as_text = await derive(node, base["id"].partition(",")[2], "/name")
    assert as_text.json()["verifiableCredential"] == shown["id"].partition(",")[2], "as it is given"


async def test_what_leaves_nothing_to_choose_is_refused(node):
    did = await add_profile(node, status=[])
    document = (await issue(node, credential(did))).json()["verifiableCredential"]
    answer = await derive(node, document, "/name")
    assert (answer.status_code, answer.json()["code"]) == (400, "wallet.form")


async def test_a_place_that_is_not_there_is_refused(node):
    base = await held(node, "ecdsa-sd-2023")
    assert (await derive(node, base, "/nothing")).status_code == 400


@pytest.mark.parametrize("pointers", ["/name", [4], ["name"], [None], ["/x"] * 1000], ids=repr)
async def test_what_are_no_pointers_is_refused(node, pointers):
    base = await held(node, "ecdsa-sd-2023")
    message = {"verifiableCredential": base, "options": {"selectivePointers": pointers}}
    answer = await node.client.post("/credentials/derive", json=message, headers=node.key("issuer"))
    assert answer.status_code == 400, answer.text


async def test_an_envelope_without_a_token_is_refused(node):
    for name in (None, "urn:x", "data:application/vc+sd-jwt", 4):
        envelope = {"type": "EnvelopedVerifiableCredential", "id": name}
        assert (await derive(node, envelope)).status_code == 400


async def test_a_key_without_the_scope_derives_nothing(node):
    assert (await derive(node, {}, role="auditor")).status_code == 403


async def test_nothing_of_it_is_stored(node):
    base = await held(node, "ecdsa-sd-2023")
    before = await everything(node)
    assert (await derive(node, base, "/name")).status_code == 201
    assert await everything(node) == before


async def everything(node):
    """The rows of every table."""
    found = {}
    async with node.database.reading() as connection:
        for table in METADATA.sorted_tables:
            found[table.name] = sorted(map(repr, await connection.execute(select(table))))
    return found
