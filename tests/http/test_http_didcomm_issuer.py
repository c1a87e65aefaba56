"""A credential from the node to a phone over DIDComm: offered by invitation, asked for, issued, kept, told of later."""

from datetime import timedelta

import orjson
import pytest
from didcomm_support import resolvable
from issuing_support import KEY_OF, add_profile, credential
from node_support import A, B
from phone_support import Phone, posting

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.thread_erasure import drop_relations
from node.didcomm.agreement import point_of
from node.didcomm.content_encryption import A256CBC_HS512
from node.didcomm.encrypted import encrypt
from node.didcomm.message import ENCRYPTED, compose, write_message
from node.didcomm.pack import pack
from node.didcomm.parties import agreement_keys
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.changes import STATUS_CHANGED, UPGRADED
from node.didcomm.protocols.out_of_band import read_invitation_url
from node.didcomm.protocols.step import PROBLEM
from node.ports.awarding import AwardQuery
from node.ports.outbox import Claimed
from node.ports.threads import Purpose
from node.ports.work import Kind


def unbound(did, number=0, *, named=True, **changes):
    made = credential(did, number, **changes)
    made["credentialSubject"].pop("id", None)
    return made if named else {name: value for name, value in made.items() if name != "id"}


async def offered(node, number=0, profile="profile", role="issuer", organisation=A, **changes):
    body = {"profile": profile, "credential": unbound(node.did, number, **changes)}
    return await node.client.post("/organisation/offers", json=body, headers=node.key(role, organisation))


@pytest.fixture
def issuing(node, runner):
    node.__dict__["did"] = runner.run(add_profile(node, status=[]))
    return node


def phone(node, **given):
    return Phone(posting(node.client), at=node.clock, **given)


async def invited(node, number=0, **given):
    answer = await offered(node, number, **given)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def awards(node, organisation=A):
    async with node.store.view(organisation) as view:
        return await view.awards.search(AwardQuery())


def problems(holder):
    return [each.data["code"] for each in holder.effects if each.kind == PROBLEM]


async def test_who_takes_up_an_invitation_gets_the_credential_bound_to_their_own_key(issuing):
    holder = phone(issuing)
    thread = await holder.accept((await invited(issuing))["url"])
    assert holder.exchanges[thread].state == "done"
    (given,) = holder.data(issue_credential.CREDENTIAL)
    assert given["credential"]["credentialSubject"]["id"] == holder.holder
    verified = await issuing.client.post(
        "/credentials/verify", json={"verifiableCredential": given["credential"]}, headers=issuing.key("issuer")
    )
    assert verified.json()["verified"], verified.text
    (award,) = await awards(issuing)
    async with issuing.store.view(A) as view:
        (handed,) = await view.threads.handed(award.id)
        relation = await view.threads.relation(handed.ours)
        (kept,) = await view.threads.threads_of(handed.ours)
        names = {entry.event.action for entry in await view.audit.entries()}
    assert (relation.theirs, relation.purpose) == (holder.did, Purpose.ISSUE)
    assert (kept.state, kept.about, kept.final) == ("done", award.id, True)
    assert {"credential.offer", "credential.issue"} <= names


@pytest.mark.parametrize("form", ["ecdsa-sd-2023", "sd-jwt", "jwt"])
async def test_every_form_comes_in_the_format_that_is_its_own(node, form):
    node.__dict__["did"] = await add_profile(node, form=form, status=[])
    holder = phone(node)
    holder.holder_key = PrivateKey.generate(KeyType.P256)
    holder.holder = str(did_key.create(holder.holder_key.public))
    await holder.accept((await invited(node))["url"])
    (given,) = holder.data(issue_credential.CREDENTIAL)
    assert isinstance(given["credential"], dict) is (form == "ecdsa-sd-2023")
    if form == "sd-jwt":
        assert given["credential"].count("~") > 1
    assert form in KEY_OF


@pytest.mark.threat(69)
async def test_an_invitation_is_taken_up_once_within_ten_minutes(issuing):
    url = (await invited(issuing))["url"]
    first, second = phone(issuing), phone(issuing)
    await first.accept(url)
    await _propose(second, url)
    assert problems(second) == ["e.p.req.invitation-used"]
    late = phone(issuing)
    other = (await invited(issuing, 1))["url"]
    invitation = late.invited(other)
    issuing.clock.move(timedelta(minutes=10))
    await _propose(late, other, invitation)
    assert problems(late) == ["e.p.req.invitation-expired"]
    assert len(await awards(issuing)) == 1


async def _propose(holder, url, invitation=None):
    invitation = invitation or holder.invited(url)
    thread, messages = holder.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
    await holder.say(messages)
    return thread


@pytest.mark.threat(65)
async def test_messages_that_nobody_is_proven_to_have_sent_change_nothing(issuing):
    """Plaintext, anoncrypted, by a stranger, of another thread: each where an honest request would be answered."""
    holder = phone(issuing)
    thread = await holder.accept((await invited(issuing))["url"], until="offered")
    (request,) = holder.request(thread)
    ours = str(request.to[0].did)
    keys = {kid: point_of(key) for kid, key in agreement_keys(resolvable(ours), at=issuing.clock())}
    anonymous = encrypt(write_message(request), keys, encryption=A256CBC_HS512)
    stranger = phone(issuing)
    forged = compose(
        request.type, request.body, sender=stranger.did, to=[ours], id=request.id, thid=request.thid,
        attachments=[each.source for each in request.attachments],
    )  # fmt: skip
    before = await _threads(issuing, ours)
    for data in (write_message(request), anonymous, stranger.packed(forged)):
        answer = await issuing.client.post("/didcomm", content=data, headers={"Content-Type": ENCRYPTED})
        assert answer.status_code in {202, 400}
        assert not answer.content or answer.status_code == 400
        assert await _threads(issuing, ours) == before
        assert await awards(issuing) == ()
    await holder.say([request])
    assert len(await awards(issuing)) == 1, "the same message from whom it is from is taken"


async def _threads(node, ours, organisation=A):
    async with node.store.view(organisation) as view:
        return await view.threads.threads_of(ours)


@pytest.mark.threat(66)
async def test_a_thread_of_another_relation_is_another_thread(issuing):
    honest, mallory = phone(issuing), phone(issuing)
    thread = await honest.accept((await invited(issuing))["url"], until="offered")
    invitation = mallory.invited((await invited(issuing, 1))["url"])
    await _propose(mallory, None, invitation)
    (request,) = honest.request(thread)
    hijack = compose(
        request.type, request.body, sender=mallory.did, to=[invitation.sender], thid=request.thid,
        attachments=[each.source for each in request.attachments],
    )  # fmt: skip
    await mallory.say([hijack])
    assert problems(mallory) == ["e.p.req.unknown-thread"]
    assert await awards(issuing) == ()
    await honest.say([request])
    assert len(await awards(issuing)) == 1


async def test_what_comes_again_has_the_same_answer_and_nothing_is_issued_twice(issuing):
    holder = phone(issuing)
    url = (await invited(issuing, named=False))["url"]
    invitation = holder.invited(url)
    thread, (proposal,) = holder.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
    offers = [await holder.send(holder.packed(holder.returning(proposal))) for _ in range(3)]
    messages = {orjson.dumps(holder.opened(answer).message.document) for (answer,) in offers}
    assert len(messages) == 1
    holder.take(offers[0][0])
    (request,) = holder.request(thread)
    answers = [await holder.send(holder.packed(holder.returning(request))) for _ in range(3)]
    assert len({orjson.dumps(holder.opened(answer).message.document) for (answer,) in answers}) == 1
    assert len(await awards(issuing)) == 1
    other = PrivateKey.generate(KeyType.ED25519)
    again, (second,) = holder.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
    await holder.say([second])
    await holder.say(holder.request(again, key=other))
    assert len(await awards(issuing)) == 1, "one invitation is good for one credential"
    assert holder.exchanges[again].state == "abandoned"


async def test_a_message_whose_sender_dies_before_it_is_done_is_gone_on_with(issuing, monkeypatch):
    """The request is recorded, and the process dies before it issues: the outbox has it, and the phone asks again."""
    holder = phone(issuing)
    thread = await holder.accept((await invited(issuing))["url"], until="offered")
    (request,) = holder.request(thread)
    agent = issuing.services.conversing.agent

    async def dies(*_, **__):
        return None

    monkeypatch.setattr(type(agent), "_gone_on", dies)
    assert await holder.send(holder.packed(holder.returning(request))) == []
    monkeypatch.undo()
    assert await awards(issuing) == ()
    async with issuing.store.view(A) as view:
        (task,) = [each for each in await view.outbox.waiting() if each.kind == Kind.GO_ON_WITH]
    await issuing.services.conversing.keeping.go_on(Claimed(A, task))
    await issuing.services.conversing.keeping.go_on(Claimed(A, task))
    (issued,) = await holder.send(holder.packed(holder.returning(request)))
    holder.take(issued)
    assert holder.exchanges[thread].state == "credential-received"
    assert len(await awards(issuing)) == 1


@pytest.mark.threat(66)
async def test_what_comes_for_a_relation_that_is_gone_is_passed_over_though_its_key_is_at_hand(issuing):
    """It was erased, here or by another process; whoever asks is told no more of it than of one that never was."""
    holder = phone(issuing)
    invitation = holder.invited((await invited(issuing))["url"])
    _, (proposal,) = holder.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
    assert len(await holder.send(holder.packed(holder.returning(proposal)))) == 1
    await issuing.store.change(A, lambda unit: drop_relations(unit.threads, [invitation.sender]))
    for _ in range(2):  # with its key at hand, and without
        assert await holder.send(holder.packed(holder.returning(proposal))) == []
    assert await issuing.services.conversing.agent.envelopes.is_ours(invitation.sender) is False


async def test_what_changes_afterwards_is_told_to_the_holder(node):
    node.__dict__["did"] = await add_profile(node)
    holder = phone(node)
    await holder.accept((await invited(node))["url"])
    (given,) = holder.data(issue_credential.CREDENTIAL)
    keeping = node.services.conversing.keeping
    await keeping.tell()
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation"}
    body = {"credentialId": given["credential"]["id"], "credentialStatus": entry, "status": True}
    revoked = await node.client.post("/credentials/status", json=body, headers=node.key("issuer"))
    assert revoked.status_code in {200, 202}, revoked.text
    async with node.store.view(A) as view:
        assert len(await view.notices.waiting()) == 1
    await keeping.tell()
    async with node.store.view(A) as view:
        (handed,) = await view.threads.to_tell()
        (notice,) = await view.notices.of_award(handed.award)
        assert (notice.told_by, await view.notices.waiting()) == ("didcomm", ())
    await keeping.tell()
    (relation,) = {each.ours for each in await _handed(node)}
    async with node.store.view(A) as view:
        assert len(await view.threads.letters(relation)) == 1, "told once; it waits until the phone comes"
    await holder.say([compose("https://didcomm.org/trust-ping/2.0/ping", {"response_requested": False}, to=[relation])])
    (told,) = holder.data(STATUS_CHANGED)
    assert (told["credential"], told["status"]) == (given["credential"]["id"], "withdrawn")
    assert holder.data(UPGRADED) == []
    async with node.store.view(A) as view:
        assert await view.threads.letters(relation) == ()
        assert {each.state for each in await view.threads.threads_of(relation)} == {"done"}


async def _handed(node):
    async with node.store.view(A) as view:
        return await view.threads.to_tell()


async def test_an_offer_says_what_keeps_it_from_being_made(issuing):
    bound = unbound(issuing.did)
    bound["credentialSubject"]["id"] = "did:example:somebody"
    for body, status in (
        ({"profile": "nobody", "credential": unbound(issuing.did)}, 404),
        ({"profile": "profile", "credential": bound}, 400),
        ({"profile": "profile", "credential": unbound("did:web:else.example")}, 400),
        ({"profile": "profile"}, 400),
    ):
        answer = await issuing.client.post("/organisation/offers", json=body, headers=issuing.key("issuer"))
        assert answer.status_code in {status, 422}, answer.text
        assert answer.json()["remedy"]
    other = await offered(issuing, organisation=B)
    assert other.status_code == 404, "a profile of somebody else"


async def test_a_thread_in_which_nothing_happens_is_given_up_in_time(issuing):
    holder = phone(issuing)
    thread = await holder.accept((await invited(issuing))["url"], until="offered")
    ours = holder.exchanges[thread].connection.theirs
    keeping = issuing.services.conversing.keeping
    await keeping.tidy()
    (kept,) = await _threads(issuing, ours)
    assert not kept.final
    issuing.clock.move(issue_credential.LIFETIME)
    await keeping.tidy()
    (kept,) = await _threads(issuing, ours)
    assert (kept.state, kept.final) == ("abandoned", True)


async def test_an_invitation_is_reached_by_its_short_address_and_its_picture(issuing):
    invitation = await invited(issuing)
    short = invitation["shortUrl"].removeprefix("https://node.example")
    assert invitation["qr"] == f"https://node.example{short.replace('/invitation?', '/invitation/qr?')}"
    answer = await issuing.client.get(short)
    assert answer.status_code == 302
    behind, shown = (read_invitation_url(each) for each in (answer.headers["location"], invitation["url"]))
    assert behind.document == shown.document
    picture = await issuing.client.get(short.replace("/invitation?", "/invitation/qr?"))
    assert picture.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in picture.content
    for language, said in (("en", "An invitation"), ("pl", "Zaproszenie")):
        page = await issuing.client.get(invitation["url"].removeprefix("https://node.example") + f"&lang={language}")
        assert said in page.text
    assert (await issuing.client.get("/didcomm/invitation?_oobid=guessed")).status_code == 404
    assert (await issuing.client.get("/didcomm/invitation")).status_code == 404
    await phone(issuing).accept(invitation["url"])
    assert (await issuing.client.get(short)).status_code == 404, "it was taken up"


async def test_what_is_no_envelope_is_told_so(issuing):
    for data in (b"", b"{}", b"[]", b"not JSON", b'{"ciphertext": "AA"}', b"\xff" * 100):
        answer = await issuing.client.post("/didcomm", content=data, headers={"Content-Type": ENCRYPTED})
        assert answer.status_code == 400, answer.text
    answer = await issuing.client.post("/didcomm", content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 415
    large = b'{"a": "' + b"a" * 2560 * 1024 + b'"}'
    answer = await issuing.client.post("/didcomm", content=large, headers={"Content-Type": ENCRYPTED})
    assert answer.status_code == 413
    stranger = phone(issuing)
    data = pack(
        compose("https://didcomm.org/trust-ping/2.0/ping", {}, sender=stranger.did, to=[stranger.did]),
        to=[stranger.did], sender=stranger.did, secrets=stranger.secrets, documents=resolvable, at=issuing.clock(),
    ).data  # fmt: skip
    answer = await issuing.client.post("/didcomm", content=data, headers={"Content-Type": ENCRYPTED})
    assert (answer.status_code, answer.content) == (202, b""), "nobody is told for whom there are keys here"
