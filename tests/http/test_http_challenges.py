"""Challenges over HTTP: drawn, answered once, by the one it is about, for this node, in time."""

import asyncio
import json
import re
from datetime import timedelta

import pytest
from database_support import fresh_database, postgresql_server
from disclosure_support import HOLDER, HOLDER_KEY, JSONLD
from issuing_support import add_profile, credential, issue
from node_support import PUBLIC_URL, A, B, running_node

from did_methods import key as did_key
from node.ports.judging import JudgesBusyError
from node.proofs.data_integrity import prepare
from node.proofs.options import ProofOptions
from node.verification.case import Request
from node.wallet.present import present

HOLDER_DID = str(did_key.create(HOLDER_KEY.public))


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server() as server:
        yield server


async def draw(node, organisation=A):
    answer = await node.client.post("/challenges", headers=node.key("issuer", organisation))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def held(node):
    """A credential about the holder."""
    did = await add_profile(node, status=[])
    subject = credential(did)["credentialSubject"] | {"id": HOLDER_DID}
    answer = await issue(node, credential(did, credentialSubject=subject))
    return answer.json()["verifiableCredential"]


async def shown(node, document, challenge, domain=PUBLIC_URL):
    made = await present(document, (), Request(challenge, domain), created=node.clock(), jsonld=JSONLD, holder=HOLDER)
    return made.presentation


async def submit(node, presentation, organisation=A, **options):
    message = {"verifiablePresentation": presentation, "options": options}
    return await node.client.post("/presentations/verify", json=message, headers=node.key("issuer", organisation))


async def test_a_challenge_has_128_bits_a_domain_and_five_minutes(node):
    drawn = [await draw(node) for _ in range(3)]
    assert len({one["challenge"] for one in drawn}) == 3
    assert all(re.fullmatch(r"glejt-challenge-[0-9a-f]{32}", one["challenge"]) for one in drawn)
    assert {(one["domain"], one["expires"]) for one in drawn} == {(PUBLIC_URL, "2026-09-01T12:05:00Z")}


async def test_a_key_without_the_scope_draws_none(node):
    assert (await node.client.post("/challenges", headers=node.key("auditor"))).status_code == 403
    assert (await node.client.post("/challenges")).status_code == 401


@pytest.mark.threat(32)
async def test_an_answer_is_accepted_once(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    first = await submit(node, presentation, challenge=challenge)
    assert first.status_code == 200, first.text
    assert first.json()["verified"] is True
    again = await submit(node, presentation, challenge=challenge)
    assert (again.status_code, again.json()["verified"]) == (400, False)
    assert [one["code"] for one in again.json()["errors"]] == ["exchange.spent"]
    assert "report" not in again.json()


async def only_one_of_fifty(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    answers = await asyncio.gather(*(submit(node, presentation, challenge=challenge) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49
    assert sum(answer.json()["verified"] for answer in answers) == 1


@pytest.mark.threat(32)
async def test_of_fifty_answers_at_once_one_is_accepted(node):
    await only_one_of_fifty(node)


@pytest.mark.threat(32)
def test_of_fifty_answers_at_once_one_is_accepted_on_postgresql(runner, tmp_path, postgresql):
    async def work(address):
        async with running_node(tmp_path, address=address) as node:
            await only_one_of_fifty(node)

    with fresh_database(postgresql) as address:
        runner.run(work(address))


@pytest.mark.threat(32)
async def test_a_challenge_that_is_over_counts_no_more(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    node.clock.move(timedelta(minutes=5))
    answer = await submit(node, presentation, challenge=challenge)
    assert answer.status_code == 400
    assert "exchange.spent" in {one["code"] for one in answer.json()["errors"]}


@pytest.mark.threat(32)
async def test_a_challenge_counts_for_nobody_but_whoever_had_it_drawn(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    others = await submit(node, presentation, B, challenge=challenge)
    assert [one["code"] for one in others.json()["errors"]] == ["exchange.spent"]
    own = await submit(node, presentation, challenge=challenge)
    assert own.status_code == 200, "the other one did not spend it"


@pytest.mark.threat(32)
async def test_a_challenge_that_only_looks_like_ours_is_accepted_by_nobody(node):
    document = await held(node)
    challenge = f"glejt-challenge-{'0' * 32}"
    answer = await submit(node, await shown(node, document, challenge), challenge=challenge)
    assert [one["code"] for one in answer.json()["errors"]] == ["exchange.spent"]


@pytest.mark.threat(32)
async def test_an_answer_that_is_refused_spends_the_challenge_too(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    altered = presentation | {"proof": presentation["proof"] | {"created": "2026-09-01T11:59:59Z"}}
    refused = await submit(node, altered, challenge=challenge)
    assert refused.status_code == 400
    assert "report" in refused.json()
    answer = await submit(node, presentation, challenge=challenge)
    assert [one["code"] for one in answer.json()["errors"]] == ["exchange.spent"]


async def test_what_was_not_judged_spends_nothing(node, monkeypatch):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)

    async def busy(*_):
        raise JudgesBusyError("all are at work")

    with monkeypatch.context() as patch:
        patch.setattr(type(node.services.judges), "examine", busy)
        answer = await submit(node, presentation, challenge=challenge)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert (await submit(node, presentation, challenge=challenge)).status_code == 200


RELAYED = {
    "made for somebody else": "https://evil.example",
    "made for a prefix": "https://node.exampl",
    "made for a longer name": "https://node.example.evil.example",
    "in capitals": "https://NODE.example",
}


@pytest.mark.threat(33)
@pytest.mark.parametrize("domain", RELAYED.values(), ids=RELAYED)
async def test_a_presentation_for_another_domain_is_a_replay(node, domain):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge, domain)
    answer = await submit(node, presentation, challenge=challenge)
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["errors"]] == ["holder.replay"]


@pytest.mark.threat(33)
async def test_a_presentation_for_no_domain_at_all_is_a_replay(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    bare = {name: value for name, value in presentation.items() if name != "proof"}
    options = ProofOptions(
        cryptosuite="eddsa-rdfc-2022",
        verification_method=HOLDER.verification_method,
        created=node.clock(),
        proof_purpose="authentication",
        challenge=challenge,
    )
    unsigned = prepare(bare, options, HOLDER_KEY.public, jsonld=JSONLD)
    signed = unsigned.complete(await HOLDER.keys.sign(HOLDER.verification_method, unsigned.hash_data))
    answer = await submit(node, signed, challenge=challenge)
    assert [one["code"] for one in answer.json()["errors"]] == ["holder.replay"]


@pytest.mark.threat(33)
async def test_several_domains_are_none(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge)
    listed = presentation | {"proof": presentation["proof"] | {"domain": [PUBLIC_URL, "https://evil.example"]}}
    answer = await submit(node, listed, challenge=challenge)
    assert answer.status_code == 400
    assert {one["title"] for one in answer.json()["errors"]} == {"holder"}


@pytest.mark.threat(33)
async def test_the_domain_of_a_challenge_of_ours_is_nobody_elses(node):
    document = await held(node)
    challenge = (await draw(node))["challenge"]
    presentation = await shown(node, document, challenge, "https://evil.example")
    answer = await submit(node, presentation, challenge=challenge, domain="https://evil.example")
    assert (answer.status_code, answer.json()["code"]) == (400, "exchange.domain")


@pytest.mark.threat(33)
async def test_a_domain_without_a_challenge_is_refused(node):
    document = await held(node)
    answer = await submit(node, await shown(node, document, "mine"), domain=PUBLIC_URL)
    assert (answer.status_code, answer.json()["code"]) == (400, "exchange.challenge")


async def test_a_challenge_of_the_callers_own_is_compared_and_not_counted(node):
    document = await held(node)
    presentation = await shown(node, document, "of-the-caller", "https://shop.example")
    given = {"challenge": "of-the-caller", "domain": "https://shop.example"}
    assert [(await submit(node, presentation, **given)).status_code for _ in range(2)] == [200, 200]
    for other in ({"challenge": "another"}, {"domain": "https://evil.example"}):
        assert (await submit(node, presentation, **given | other)).status_code == 400
    assert (await submit(node, presentation, challenge="of-the-caller")).status_code == 400, "the domain is this node's"


async def test_a_file_answers_no_challenge(node):
    document = await held(node)
    answer = await submit(node, document, challenge=(await draw(node))["challenge"])
    assert (answer.status_code, [one["title"] for one in answer.json()["errors"]]) == (400, ["holder"])


async def test_without_a_challenge_the_report_says_that_anybody_may_have_shown_it(node):
    document = await held(node)
    answer = await submit(node, await shown(node, document, "whatever"))
    assert answer.status_code == 200, answer.text
    assert "holder" in {one["title"] for one in answer.json()["warnings"]}


async def test_a_stranger_may_verify_where_the_node_says_so_but_not_spend_a_challenge(tmp_path, node_template):
    async with running_node(tmp_path, template=node_template, verifies_for_anybody=True) as node:
        document = await held(node)
        challenge = (await draw(node))["challenge"]
        presentation = await shown(node, document, challenge)
        message = {"verifiablePresentation": presentation}
        plain = await node.client.post("/presentations/verify", json=message)
        assert plain.status_code == 200, plain.text
        asked = await node.client.post("/presentations/verify", json=message | {"options": {"challenge": challenge}})
        assert (asked.status_code, asked.json()["code"]) == (400, "exchange.caller")
        assert (await submit(node, presentation, challenge=challenge)).status_code == 200


@pytest.mark.threat(32)
async def test_a_challenge_that_would_not_be_looked_at_is_refused(node):
    """Beside a message, options of the address were not read: whatever was shown was accepted without its challenge."""
    document = await held(node)
    presentation = await shown(node, document, "another challenge")
    challenge = (await draw(node))["challenge"]
    where, key = "/presentations/verify", node.key("issuer")
    given = {"challenge": challenge}
    beside = await node.client.post(where, params=given, json={"verifiablePresentation": presentation}, headers=key)
    assert (beside.status_code, beside.json()["code"]) == (400, "request.invalid"), beside.text
    plain = {"content": json.dumps(presentation), "headers": key | {"Content-Type": "application/vp"}}
    twice = await node.client.post(
        where, params=[("challenge", challenge), ("challenge", "another challenge")], **plain
    )
    assert (twice.status_code, twice.json()["code"]) == (400, "request.invalid"), twice.text
    once = await node.client.post(where, params=given, **plain)
    assert (once.status_code, once.json()["verified"]) == (400, False)
