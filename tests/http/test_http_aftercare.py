"""Life after issue: withdrawn, suspended, corrected, issued anew, renewed, each with a reason and a notice."""

from datetime import timedelta

import pytest
from issuing_support import add_profile, credential, issue, verify, working_node
from node_support import NOW, A, B
from organisation_support import call, events, own_key

from node.ports.awarding import Award, AwardState, Secured
from node.verification.received import read_text

AWARDS = "/organisation/awards"
SOON = "2026-12-31T00:00:00Z"
FINE = "genuine_but"
"""As nobody has said anything of the issuer."""


async def awarded(node, number=0, profile="profile", **changes):
    """A credential, and the id of its award."""
    async with node.store.view(A) as view:
        did = (await view.identities.profile(profile)).did
    answer = await issue(node, credential(did, number, **changes), profile)
    assert answer.status_code == 201, answer.text
    (found, *_) = (await call(node, "GET", AWARDS, node.key("issuer"), 200))["awards"]
    return answer.json()["verifiableCredential"], found["id"]


async def change(node, award, step, status=200, /, *, headers=None, **sent):
    given = headers or node.key("issuer")
    return await call(node, "POST", f"{AWARDS}/{award}/{step}", given, status, **sent)


async def life(node, award):
    return await call(node, "GET", f"{AWARDS}/{award}/changes", node.key("auditor"), 200)


async def sentence(node, signed):
    answer = (await verify(node, signed)).json()
    assert "report" in answer, answer
    return answer["report"]["sentence"]


@pytest.mark.threat(55)
async def test_what_is_withdrawn_stays_so_and_everybody_is_told_why_but_the_world(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation", "suspension"])
        signed, award = await awarded(node)
        done = await change(node, award, "revoke", reason="misconduct", words="Found out on Monday.")
        assert (done["changed"], done["published"]) == (True, True)
        assert await sentence(node, signed) == "withdrawn"
        again = await change(node, award, "revoke", reason="error")
        assert again["changed"] is False
        refused = await change(node, award, "lift", 200, reason="error")
        assert refused["changed"] is False, "there was no suspension"
        assert await sentence(node, signed) == "withdrawn"
        (told,) = (found := await life(node, award))["changes"]
        assert (told["change"], told["reason"], told["words"]) == ("revoked", "misconduct", "Found out on Monday.")
        assert (found["standing"], told["toldAt"]) == ("revoked", None)
        (event,) = [each for each in await events(node) if each.action == "credential.status"]
        assert "Monday" not in repr(event)
        async with node.store.view(A) as view:
            published = [await view.status.published(each.id) for each in await view.status.lists()]
        assert not [each for each in published if each is not None and (b"Monday" in each or b"misconduct" in each)]


async def test_a_suspension_is_lifted(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation", "suspension"])
        signed, award = await awarded(node)
        await change(node, award, "suspend", reason="review")
        assert (await sentence(node, signed), (await life(node, award))["standing"]) == ("suspended", "suspended")
        await change(node, award, "lift", reason="cleared")
        assert await sentence(node, signed) == FINE
        found = await life(node, award)
        assert [each["change"] for each in found["changes"]] == ["suspended", "lifted"]
        assert found["standing"] == "good"


@pytest.mark.parametrize(
    ("step", "reason"), [("revoke", "name"), ("suspend", "misconduct"), ("lift", ""), ("revoke", "x")]
)
async def test_only_reasons_of_the_list_are_taken(node, step, reason):
    await add_profile(node, status=["revocation", "suspension"])
    _, award = await awarded(node)
    refused = await change(node, award, step, 400, reason=reason)
    assert refused["code"] == "award.reason"
    assert (await life(node, award))["changes"] == []


async def test_a_correction_replaces_and_withdraws_in_one_step(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation", "suspension"], generate_id=True)
        signed, award = await awarded(
            node, credentialSubject={**credential("did:x:y")["credentialSubject"], "name": "Wrong"}
        )
        sent = {"reason": "name", "changes": {"credentialSubject": {"name": "Right Name"}}}
        made = await change(node, award, "correct", 201, **sent)
        new = made["verifiableCredential"]
        assert (made["replaces"], new["credentialSubject"]["name"]) == (award, "Right Name")
        assert new["id"] != signed["id"]
        assert new["credentialSubject"] | {"name": 0} == signed["credentialSubject"] | {"name": 0}
        assert new["credentialStatus"] != signed["credentialStatus"]
        assert (await sentence(node, signed), await sentence(node, new)) == ("withdrawn", FINE)
        again = await change(node, award, "correct", 201, **sent)
        assert again == made, "the same request once more"
        other = await change(node, award, "correct", 409, reason="content", changes={"name": "Another"})
        assert other["code"] == "award.replaced"
        found = await life(node, award)
        assert (found["replacedBy"], found["standing"]) == (made["award"], "revoked")
        (told,) = found["changes"]
        assert (told["change"], told["reason"], told["successor"]) == ("corrected", "name", made["award"])
        assert (await life(node, made["award"]))["replaces"] == award
        actions = [each.action for each in await events(node) if each.subject in {award, made["award"]}]
        assert actions == ["credential.issue", "award.replace", "credential.issue"]


@pytest.mark.parametrize("form", ["jwt", "sd-jwt", "ecdsa-sd-2023", "ecdsa-jcs-2019"])
async def test_the_same_is_issued_anew_in_another_form_by_another_key(tmp_path, node_template, form):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation"], generate_id=True)
        did = await add_profile(node, "other", form, status=["revocation"], generate_id=True)
        signed, award = await awarded(node)
        made = await change(node, award, "reissue", 201, reason="form", profile="other")
        async with node.store.view(A) as view:
            (stored,) = await view.awards.credentials(made["award"])
        new = read_text(stored.secured.decode()).value
        assert stored.form == form
        issuer = new["issuer"]
        assert (issuer["id"] if isinstance(issuer, dict) else issuer) == did
        assert new["credentialSubject"] == signed["credentialSubject"]
        assert await sentence(node, signed) == "withdrawn"
        back = await change(node, made["award"], "reissue", 201, reason="form", profile="profile")
        assert back["verifiableCredential"]["credentialSubject"] == signed["credentialSubject"]
        assert await sentence(node, back["verifiableCredential"]) == FINE


async def test_a_renewal_holds_for_longer_and_the_filters_know_what_ends(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation"], generate_id=True)
        signed, award = await awarded(node, validUntil="2026-09-01T13:00:00Z")

        async def listed(**query):
            path = "&".join(f"{name}={value}" for name, value in query.items())
            return [
                each["id"] for each in (await call(node, "GET", f"{AWARDS}?{path}", node.key("auditor"), 200))["awards"]
            ]

        assert await listed(endsBefore=SOON) == [award]
        assert (await listed(standing="good"), await listed(standing="expired")) == ([award], [])
        node.clock.move(timedelta(hours=2))
        assert (await listed(standing="good"), await listed(standing="expired")) == ([], [award])
        assert (await life(node, award))["standing"] == "expired"
        early = await change(node, award, "renew", 400, reason="validity", validUntil="2026-09-01T13:00:00Z")
        assert early["code"] == "issuance.validity"
        made = await change(node, award, "renew", 201, reason="validity", validUntil=SOON)
        new = made["verifiableCredential"]
        assert new["validUntil"] == SOON
        assert (await verify(node, signed)).json()["verified"] is False
        assert await sentence(node, new) == FINE
        node.clock.move(timedelta(hours=1))
        again = await change(node, award, "renew", 201, reason="validity", validUntil=SOON)
        assert again == made
        assert (await listed(standing="good"), await listed(standing="revoked")) == ([made["award"]], [award])


@pytest.mark.threat(55)
@pytest.mark.parametrize("before", ["revoke", "suspend"])
@pytest.mark.parametrize("step", ["correct", "reissue", "renew"])
async def test_what_is_not_good_comes_not_back_as_another_one(node, before, step):
    await add_profile(node, status=["revocation", "suspension"], generate_id=True)
    _, award = await awarded(node)
    await change(node, award, before, 202, reason="requested")
    more = {"correct": {"changes": {"name": "X"}}, "renew": {"validUntil": SOON}}.get(step, {})
    refused = await change(node, award, step, 409, reason="other", **more)
    assert refused["code"] == "award.not_good"
    assert len((await call(node, "GET", AWARDS, node.key("issuer"), 200))["awards"]) == 1


@pytest.mark.threat(95)
async def test_a_crash_after_the_intent_leaves_the_old_one_and_the_same_request_goes_on(tmp_path, node_template):
    """The process dies while it signs: nothing is withdrawn; the same goes on, anything else begins anew."""
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation"], generate_id=True)
        signed, award = await awarded(node)

        class Dying:
            async def secure(self, *_given, **_named):
                raise KeyboardInterrupt

        issuing = replacing_with(node.services, Dying())
        sent = {"reason": "content", "changes": {"name": "Another name"}}
        for given in (sent, sent, {**sent, "changes": {"name": "A third"}}):
            with pytest.raises(KeyboardInterrupt):
                await issuing(award, given)
            assert await sentence(node, signed) == FINE
            async with node.store.view(A) as view:
                begun = await view.awards.in_state(AwardState.INTENDED)
            assert len(begun) == 1
        made = await change(node, award, "correct", 201, reason="content", changes={"name": "A third"})
        assert made["award"] == begun[0].id
        assert made["verifiableCredential"]["name"] == "A third"
        assert await sentence(node, signed) == "withdrawn"
        async with node.store.view(A) as view:
            assert await view.awards.in_state(AwardState.INTENDED) == ()


def replacing_with(services, judges):
    """The use case as the route calls it, with these judges."""
    from node.issuance.aftercare.replacing import ReplaceOrder, Replacing  # noqa: PLC0415
    from node.issuance.issuing import Issuing  # noqa: PLC0415
    from node.ports.aftercare import Change, Reason  # noqa: PLC0415
    from node.ports.api_keys import Caller  # noqa: PLC0415

    issuing = Issuing(
        store=services.store, vault=services.vault, judges=judges, work=services.work, now=services.now,
        public_url=services.public_url,
    )  # fmt: skip
    replacing = Replacing(store=services.store, issuing=issuing, now=services.now)

    async def replace(award, sent):
        order = ReplaceOrder(
            award=award, change=Change.CORRECTED, reason=Reason(sent["reason"]), changes=sent["changes"]
        )
        return await replacing.replace(Caller(A, "key", frozenset(), "org-a-issuer"), order)

    return replace


@pytest.mark.threat(83)
async def test_who_replaces_withdraws_so_it_takes_the_second_person_of_both(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await add_profile(node, status=["revocation"], generate_id=True)
        signed, award = await awarded(node)
        owner = await own_key(node, "org-a-owner")
        issuer = await own_key(node, "org-a-issuer", scopes=["approvals:decide", "organisation:read"])
        await call(node, "PUT", "/organisation/settings", owner, 200, secondPerson=["credentials.status"])
        sent = {"reason": "name", "changes": {"name": "Agreed"}}
        for step, body in (("correct", sent), ("revoke", {"reason": "error"})):
            asked = (await change(node, award, step, 202, headers=owner, **body))["approval"]
            assert await sentence(node, signed) == FINE
            shown = await call(node, "GET", f"/organisation/approvals/{asked}", owner, 200)
            assert shown["payload"]["award"] == award
            await call(node, "POST", f"/organisation/approvals/{asked}/decision", issuer, 200, grant=True)
            other = {**body, "reason": "other"}
            headers = owner | {"Glejt-Approval": asked}
            assert (await change(node, award, step, 409, headers=headers, **other))["code"] == "approval.other"
            if step == "correct":
                made = await change(node, award, step, 201, headers=headers, **body)
                award, signed = made["award"], made["verifiableCredential"]
            else:
                await change(node, award, step, 200, headers=headers, **body)
        assert await sentence(node, signed) == "withdrawn"


@pytest.mark.threat(85)
@pytest.mark.parametrize("step", ["revoke", "suspend", "lift", "correct", "reissue", "renew"])
async def test_nobody_else_changes_it(node, step):
    await add_profile(node, status=["revocation", "suspension"], generate_id=True)
    _, award = await awarded(node)
    sent = {"reason": "other"} | {"correct": {"changes": {}}, "renew": {"validUntil": SOON}}.get(step, {})
    for role, organisation, status in (("auditor", A, 403), ("designer", A, 403), ("issuer", B, 404)):
        answer = await node.client.post(f"{AWARDS}/{award}/{step}", json=sent, headers=node.key(role, organisation))
        assert answer.status_code == status, answer.text
    program = await node.client.post(f"{AWARDS}/{award}/{step}", json=sent, headers=node.key("program"))
    assert program.status_code == 403, "who may only issue withdraws nothing"
    assert (await life(node, award))["changes"] == []


async def test_what_was_not_issued_yet_or_in_a_form_that_cannot_be_read_is_not_replaced(node):
    await add_profile(node, status=["revocation"], generate_id=True)
    await add_profile(node, "wallet", "sd-jwt", generate_id=True)

    async def work(unit):
        await unit.awards.intend([Award("waits", "waits", None, None, "profile", NOW, "Demo Learner")])
        await unit.awards.change("waits", AwardState.WAITING, NOW)
        await unit.awards.intend([Award("odd", "odd", None, None, "wallet", NOW, "Demo Learner")])
        await unit.awards.secure([Secured("odd", "sd-jwt", "urn:odd", NOW, b"not.a~token~")], NOW)

    await node.store.change(A, work)
    assert (await change(node, "waits", "reissue", 409, reason="lost"))["code"] == "award.unissued"
    assert (await change(node, "odd", "reissue", 400, reason="lost"))["code"] == "issuance.form"
    both = {"changes": {}, "credential": {}}
    assert (await change(node, "odd", "correct", 400, reason="name", **both))["code"] == "request.invalid"
