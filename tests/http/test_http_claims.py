"""Claim links over HTTP: looked at without end, taken once, bound to a key, in every form of a profile."""

import asyncio
import re
from datetime import timedelta

import pytest
from claim_support import AWARDS, EMAIL, HTML, NAME, Desk, Holder, challenge, claim, path_of
from database_support import fresh_database, postgresql_server
from issuing_support import KEY_OF, verify
from node_support import A, running_node
from sqlalchemy import event
from sqlalchemy.engine import Engine

from node.adapters.database.schema import METADATA
from node.credentials.identity import identity_hash
from node.ports.links import GRACE, LIFETIME, LinkKind
from node.ports.status_rows import TOKEN_LIST

MOMENT = timedelta(microseconds=1)


@pytest.fixture(scope="session")
def postgresql():
    with postgresql_server() as server:
        yield server


@pytest.fixture
def desk(node, runner):
    return runner.run(Desk.open(node))


def plain(answer):
    """What an answer says, but for what is another one each time."""
    varies = r"urn:uuid:[0-9a-f-]{36}"
    heads = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, re.sub(varies, "…", answer.text), heads


async def test_an_award_that_waits_is_claimed_by_its_link(desk):
    made, path = await desk.link()
    assert made["state"] == "waiting"
    assert made["link"]["mailed"] is False
    assert made["link"]["expiresAt"] == "2026-10-01T12:00:00Z"
    offer = (await desk.node.client.get(path)).json()
    assert (offer["issuer"], offer["learner"]) == (f"Sample {A}", NAME)
    assert offer["expiresAt"] == "2026-10-01T12:00:00Z"
    answer = await claim(desk.node, path)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    credential = told["credential"]
    assert credential["id"] == f"urn:uuid:{made['id']}"
    assert credential["issuer"]["id"] == desk.did
    subject = credential["credentialSubject"]
    assert "id" not in subject
    by_type = {one["identityType"]: one for one in subject["identifier"]}
    assert by_type["name"]["identityHash"] == NAME
    hashed = by_type["emailAddress"]
    assert hashed["identityHash"] == identity_hash("emailAddress", EMAIL, hashed["salt"])
    assert len(hashed["salt"]) >= 22
    assert EMAIL not in answer.text
    assert await desk.state(made["id"]) == "issued"
    fetched = await desk.node.client.get(f"{path_of(told['document'])}/credential")
    assert fetched.json() == credential
    assert fetched.headers["content-disposition"].startswith("attachment")


@pytest.mark.threat(69)
async def test_a_second_claim_is_refused_as_if_there_had_never_been_a_link(desk):
    _, path = await desk.link()
    assert (await claim(desk.node, path)).status_code == 200
    unknown = "/claims/" + "A" * 32
    for method in ("GET", "POST"):
        used, never = [await desk.node.client.request(method, one) for one in (path, unknown)]
        assert used.status_code == 410
        assert plain(used) == plain(never)
    assert plain(await desk.node.client.post(f"{path}/challenge")) == plain(
        await desk.node.client.post(f"{unknown}/challenge")
    )
    assert await desk.credentials() == 1


@pytest.mark.threat(69)
async def test_to_look_changes_nothing(desk):
    node, (_, path) = desk.node, await desk.link()

    async def everything():
        async with node.database.reading() as connection:
            return [(await connection.execute(table.select())).all() for table in METADATA.sorted_tables]

    before = await everything()
    for method in ("GET", "HEAD"):
        for headers in ({}, HTML, {"User-Agent": "scanner"}):
            assert (await node.client.request(method, path, headers=headers)).status_code == 200
    assert await everything() == before
    assert (await claim(node, path)).status_code == 200


@pytest.mark.threat(69)
async def test_an_old_link_works_until_its_last_moment_and_once(desk):
    node, (_, path), (_, other) = desk.node, await desk.link(), await desk.link()
    node.clock.move(LIFETIME - MOMENT)
    assert (await claim(node, path)).status_code == 200
    assert (await claim(node, path)).status_code == 410
    node.clock.move(MOMENT)
    assert (await node.client.get(other)).status_code == 410
    assert (await claim(node, other)).status_code == 410
    assert await desk.credentials() == 1


@pytest.mark.threat(69)
@pytest.mark.parametrize("again", [None, "one"])
async def test_of_many_claims_at_once_one_counts(desk, again):
    _, path = await desk.link()
    keys = [again and f"{again}-{number}" for number in range(20)]
    answers = await asyncio.gather(*(claim(desk.node, path, again=key) for key in keys))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert await desk.credentials() == 1


@pytest.mark.threat(69)
async def test_of_many_claims_at_once_one_counts_on_postgresql(postgresql, tmp_path):
    with fresh_database(postgresql) as address:
        async with running_node(tmp_path, address=address) as node:
            desk = await Desk.open(node)
            _, path = await desk.link()
            answers = await asyncio.gather(*(claim(node, path) for _ in range(20)))
            assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
            assert await desk.credentials() == 1
            made, path = await desk.link()
            links = await asyncio.gather(*(desk.again(made["id"], hand=True) for _ in range(6)))
            paths = {path, *(path_of(one["link"]["url"]) for one in links)}
            living = [one for one in paths if (await node.client.get(one)).status_code == 200]
            assert len(living) == 1


async def test_the_same_claim_sent_again_is_answered_alike_for_a_while(desk):
    _, path = await desk.link()
    first = await claim(desk.node, path, again="my-own-key")
    for wait in (timedelta(), GRACE - MOMENT):
        desk.node.clock.move(wait)
        assert (await claim(desk.node, path, again="my-own-key")).json() == first.json()
        assert (await claim(desk.node, path, again="another")).status_code == 410
        assert (await claim(desk.node, path)).status_code == 410
    desk.node.clock.move(MOMENT)
    assert (await claim(desk.node, path, again="my-own-key")).status_code == 410


async def test_the_same_claim_sent_twice_at_once_is_one(desk):
    _, path = await desk.link()
    answers = await asyncio.gather(*(claim(desk.node, path, again="k") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["credential"]["proof"]["proofValue"] for answer in answers}) == 1
    assert await desk.credentials() == 1


async def test_a_proof_of_possession_binds_the_document_to_the_key(desk):
    node, holder = desk.node, Holder()
    made, path = await desk.link()
    drawn = (await challenge(node, path))["challenge"]
    answer = await claim(node, path, presentation=await holder.presentation(drawn), drawn=drawn)
    assert answer.status_code == 200, answer.text
    subject = answer.json()["credential"]["credentialSubject"]
    assert subject["id"] == holder.did
    assert [one["identityType"] for one in subject["identifier"]] == ["name"]
    assert await desk.state(made["id"]) == "issued"


@pytest.mark.threat(69)
@pytest.mark.parametrize(
    "wrong", ["challenge", "domain", "signer", "purpose", "unsigned", "other link", "old", "spent"]
)
async def test_what_shows_no_key_uses_nothing_up(desk, wrong):
    node, holder = desk.node, Holder()
    _, path = await desk.link()
    drawn = (await challenge(node, path))["challenge"]
    presentation = await holder.presentation(drawn)
    if wrong == "challenge":
        presentation = await holder.presentation("glejt-claim-" + "0" * 32)
    elif wrong == "domain":
        presentation = await holder.presentation(drawn, "https://evil.example")
    elif wrong == "signer":
        presentation["holder"] = Holder().did
    elif wrong == "purpose":
        presentation = await holder.presentation(drawn, proof_purpose="assertionMethod")
    elif wrong == "unsigned":
        del presentation["proof"]
    elif wrong == "other link":
        _, other = await desk.link()
        drawn = (await challenge(node, other))["challenge"]
        presentation = await holder.presentation(drawn)
    elif wrong == "old":
        node.clock.move(timedelta(minutes=5))
    elif wrong == "spent":
        _, other = await desk.link()
        taken = (await challenge(node, path))["challenge"]
        assert (await claim(node, path, presentation=await holder.presentation(taken), drawn=taken)).status_code == 200
        path, drawn = other, taken
        presentation = await holder.presentation(taken)
    answer = await claim(node, path, presentation=presentation, drawn=drawn)
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"].startswith(("holder.", "claim.proof"))
    assert await desk.credentials() == (1 if wrong == "spent" else 0)
    assert (await claim(node, path)).status_code == 200, "the link works as before"


@pytest.mark.parametrize("form", sorted(KEY_OF))
@pytest.mark.parametrize("bound", [False, True], ids=["bearer", "bound"])
async def test_every_form_of_a_profile_is_claimed(node, form, bound):
    options = {"signs": "…", "epoch": "2026", "status": []} if form == "bbs-2023" else {}
    desk = await Desk.open(node, form, **options)
    if form == "bbs-2023":
        async with node.store.view(A) as view:
            profile = await view.identities.profile(f"{A}-profile")
        signs = f"https://node.example/achievements/{desk.course}/versions/1"

        async def scope(unit):
            from dataclasses import replace  # noqa: PLC0415

            changed = replace(profile, options={**profile.options, "signs": signs})
            await unit.identities.change_profile(changed, before=profile.key)

        await node.store.change(A, scope)
    _, path = await desk.link()
    holder, more = Holder(), {}
    if bound:
        drawn = (await challenge(node, path))["challenge"]
        more = {"presentation": await holder.presentation(drawn), "drawn": drawn}
    answer = await claim(node, path, **more)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    files = path_of(told["document"])
    assert (await node.client.get(f"{files}/credential")).status_code == 200
    printed = await node.client.get(f"{files}/page")
    assert printed.status_code in {200, 404}
    assert (printed.content[:5] == b"%PDF-") is (printed.status_code == 200)
    if isinstance(told["credential"], dict):
        subject = told["credential"]["credentialSubject"]
        assert subject.get("id") == (holder.did if bound else None)
        shown = told["credential"]
        if form in {"ecdsa-sd-2023", "bbs-2023"}:
            message = {
                "verifiableCredential": shown,
                "options": {"selectivePointers": ["/credentialSubject/identifier"]},
            }
            derived = await node.client.post("/credentials/derive", json=message, headers=node.key("issuer"))
            assert derived.status_code == 201, derived.text
            shown = derived.json()["verifiableCredential"]
        verdict = (await verify(node, shown)).json()
        checks = {one["check"]: one["outcome"] for one in verdict["report"]["credentials"][0]["checks"]}
        assert (checks["proof"], checks["issuer_key"]) == ("passed", "passed")
        assert printed.status_code == 200


async def test_the_picture_has_the_document_in_it(node):
    desk = await Desk.open(node, picture=True)
    _, path = await desk.link()
    told = (await claim(node, path)).json()
    files = path_of(told["document"])
    shown = (await node.client.get(files)).json()
    picture = await node.client.get(path_of(shown["picture"]))
    assert picture.headers["content-type"] == "image/png"
    assert b"openbadgecredential" in picture.content
    message = {"content": picture.content, "headers": node.key("issuer") | {"Content-Type": "image/png"}}
    report = (await node.client.post("/credentials/verify", **message)).json()["report"]
    assert report["credentials"][0]["checks"][3]["outcome"] == "passed"


async def test_the_page_is_taken_by_its_form_without_a_script(desk):
    node, (_, path) = desk.node, await desk.link(language="pl")
    page = await node.client.get(path, headers=HTML)
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-language"] == "pl"
    assert "Odbierz" in page.text
    assert "<script" not in page.text
    assert EMAIL not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert "form-action 'self'" in page.headers["content-security-policy"]
    action = re.search(r'action="([^"]+)"', page.text)[1]
    once = re.search(r'name="once" value="([^"]+)"', page.text)[1]
    form = {"content": f"once={once}", "headers": HTML | {"Content-Type": "application/x-www-form-urlencoded"}}
    for _ in range(2):  # clicked twice
        taken = await node.client.post(path_of(action), **form)
        assert taken.status_code == 303, taken.text
    shown = await node.client.get(path_of(taken.headers["location"]), headers=HTML)
    assert "Twój dokument" in shown.text
    other = {**form, "content": "once=" + "x" * 22}
    gone = await node.client.post(path_of(action), **other)
    assert gone.status_code == 410
    assert gone.headers["content-type"].startswith("text/html")
    assert (await node.client.get(path, headers=HTML)).status_code == 410


async def test_a_token_list_has_a_place_for_what_is_claimed(node):
    desk = await Desk.open(node, "sd-jwt", vct="we-build")
    made, path = await desk.link()
    answer = await claim(node, path)
    assert answer.status_code == 200, answer.text
    assert answer.json()["mediaType"] == "application/dc+sd-jwt"
    async with node.store.view(A) as view:
        (entry,) = await view.status.entries_of(made["id"])
        assert (await view.status.find(entry.list)).purpose == TOKEN_LIST
        kinds = [one.kind for one in await view.links.of_award(made["id"])]
    assert kinds == [LinkKind.CLAIM, LinkKind.DOCUMENT]


async def test_an_invitation_for_a_wallet_is_minted_by_a_click_and_by_nothing_else(desk):
    node, (made, path) = desk.node, await desk.link()
    page = await node.client.get(path, headers=HTML)
    action = re.search(r'action="([^"]+/invitation[^"]*)"', page.text)[1]

    async def relations():
        async with node.database.reading() as connection:
            tables = {table.name: table for table in METADATA.sorted_tables}
            return len((await connection.execute(tables["relations"].select())).all())

    assert await relations() == 0
    form = {"content": "", "headers": HTML | {"Content-Type": "application/x-www-form-urlencoded"}}
    shown = await node.client.post(path_of(action), **form)
    assert shown.status_code == 200, shown.text
    assert "<svg" in shown.text
    assert 'href="https://node.example/' in shown.text
    told = await node.client.post(f"{path}/invitation")
    assert told.json()["url"].startswith("https://node.example/")
    assert await relations() == 2
    assert (await claim(node, path)).status_code == 200, "the link works meanwhile"
    assert (await node.client.post(path_of(action), **form)).status_code == 410
    assert (await node.client.post(f"{path}/invitation")).status_code == 410
    assert made["state"] == "waiting"


@pytest.mark.threat(69)
async def test_whatever_a_link_was_the_database_is_asked_the_same(desk):
    node = desk.node
    (_, used), (made, replaced), (ended, cancelled), (_, over) = [await desk.link() for _ in range(4)]
    assert (await claim(node, used)).status_code == 200
    await desk.again(made["id"])
    await node.client.post(f"{AWARDS}/{ended['id']}/cancel", headers=desk.key)
    asked = {}
    for name, path in {
        "used": used,
        "replaced": replaced,
        "cancelled": cancelled,
        "never": "/claims/" + "A" * 32,
    }.items():
        asked[name] = await statements_of(node, path)
    node.clock.move(LIFETIME)
    asked["over"] = await statements_of(node, over)
    assert len(set(asked.values())) == 1, asked
    assert [each for each in asked["never"] if each != "BEGIN"] == list(asked["never"][-1:])


async def statements_of(node, path):
    """What the database is asked to look at a link."""
    found = []

    def note(_connection, _cursor, statement, *_):
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert (await node.client.get(path)).status_code == 410
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return tuple(found)
