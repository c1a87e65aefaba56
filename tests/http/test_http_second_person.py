"""Row 83: what takes a second person is done by two, exactly as agreed, once, or not at all."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from node_support import A, B, running_node
from organisation_support import bearer, call, events, machine_key, own_key

from node.issuance.organisation.second_person import LIFETIME, Action

pytestmark = pytest.mark.threat(83)

MEMBERS, KEYS, APPROVALS = "/organisation/members", "/organisation/api-keys", "/organisation/approvals"
SETTINGS = "/organisation/settings"
NEW = {"login": "new", "name": "Sample New", "roles": ["auditor"]}


async def held(node, actions=("organisation.profiles",)):
    """Two persons with keys of their own, in an organisation where something takes two."""
    owner, issuer = await own_key(node, "org-a-owner"), await own_key(node, "org-a-issuer", scopes=DECIDING)
    await call(node, "PUT", SETTINGS, owner, 200, secondPerson=list(actions))
    return owner, issuer


DECIDING = ["approvals:decide", "organisation:read"]


async def decided(node, approval, headers, status=200, *, grant=True):
    return await call(node, "POST", f"{APPROVALS}/{approval}/decision", headers, status, grant=grant)


def consent(headers, approval):
    return {**headers, "Glejt-Approval": approval}


async def test_two_persons_do_it_once_and_exactly_as_agreed(node):
    owner, issuer = await held(node)
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    again = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    assert (asked["approval"], asked["state"]) == (again["approval"], "waiting")
    seen = await call(node, "GET", f"{APPROVALS}/{asked['approval']}", issuer, 200)
    assert seen["payload"] == {"add": NEW}
    granted = consent(owner, asked["approval"])
    assert (await call(node, "POST", MEMBERS, granted, 409, **NEW))["code"] == "approval.closed"
    assert (await decided(node, asked["approval"], issuer))["decidedBy"] == "org-a-issuer"
    for other in ({**NEW, "roles": ["owner"]}, {**NEW, "login": "other"}):
        assert (await call(node, "POST", MEMBERS, granted, 409, **other))["code"] == "approval.other"
    elsewhere = {"label": "x", "scopes": ["verify"], "days": 1}
    assert (await call(node, "POST", KEYS, granted, 409, **elsewhere))["code"] == "approval.other"
    added = await call(node, "POST", MEMBERS, granted, 201, **NEW)
    assert (await call(node, "POST", MEMBERS, granted, 409, **NEW))["code"] == "approval.closed"
    over = await call(node, "GET", f"{APPROVALS}/{asked['approval']}", issuer, 200)
    assert (over["state"], over["payload"]) == ("done", {}), "it named a person"
    actions = [(event.action, event.actor) for event in await events(node)][-4:]
    assert actions == [
        ("approval.ask", "member:org-a-owner"),
        ("approval.grant", "member:org-a-issuer"),
        ("approval.done", "member:org-a-owner"),
        ("member.add", "member:org-a-owner"),
    ]
    assert added["roles"] == ["auditor"]
    assert "Sample New" not in repr(await events(node))


async def test_two_keys_of_one_person_are_one_person(node):
    owner, _ = await held(node)
    second = await own_key(node, "org-a-owner")
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    assert (await decided(node, asked["approval"], second, 409))["code"] == "approval.same_person"
    assert (await call(node, "POST", MEMBERS, second, 202, **NEW))["approval"] == asked["approval"]


@pytest.mark.parametrize("leaving", ["removed", "without the role"])
async def test_who_may_decide_no_more_has_agreed_to_nothing(node, leaving):
    """A consent does not outlast who gave it; what was agreed to before can be asked for anew, and by another."""
    owner, issuer = await held(node)
    third = await call(node, "POST", MEMBERS, owner, 202, login="third", name="Third", roles=["owner"])
    await decided(node, third["approval"], issuer)
    added = await call(
        node, "POST", MEMBERS, consent(owner, third["approval"]), 201, login="third", name="Third", roles=["owner"]
    )
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    await decided(node, asked["approval"], issuer)
    where = f"{MEMBERS}/org-a-issuer"
    how = ("DELETE", where, {}) if leaving == "removed" else ("PUT", f"{where}/roles", {"roles": ["auditor"]})
    parting = await call(node, how[0], how[1], owner, 202, **how[2])
    await decided(node, parting["approval"], issuer)
    await call(node, how[0], how[1], consent(owner, parting["approval"]), 200, **how[2])
    late = await call(node, "POST", MEMBERS, consent(owner, asked["approval"]), 409, **NEW)
    assert late["code"] == "approval.closed"
    over = await call(node, "GET", f"{APPROVALS}/{asked['approval']}", owner, 200)
    assert (over["state"], over["payload"]) == ("refused", {})
    anew = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    assert anew["approval"] != asked["approval"]
    assert (anew["state"], added["roles"]) == ("waiting", ["owner"])


async def test_a_program_decides_nothing_and_who_made_it_is_who_asked(node):
    owner, issuer = await held(node)
    scopes = ["organisation:manage", "organisation:read"]
    asked = await call(node, "POST", KEYS, owner, 202, label="p", scopes=scopes, days=9)
    await decided(node, asked["approval"], issuer)
    made = await call(node, "POST", KEYS, consent(owner, asked["approval"]), 201, label="p", scopes=scopes, days=9)
    program = bearer(made["key"])
    profile = {"id": "school", "form": "eddsa-rdfc-2022", "keyType": "Ed25519"}
    asked = await call(node, "POST", "/organisation/profiles", program, 202, **profile)
    assert (await call(node, "GET", f"{APPROVALS}/{asked['approval']}", owner, 200))["askedBy"] == "org-a-owner"
    assert (await decided(node, asked["approval"], owner, 409))["code"] == "approval.same_person"
    assert (await decided(node, asked["approval"], program, 403))["code"] == "access.scope"
    machine = await machine_key(node)
    assert (await decided(node, asked["approval"], machine, 409))["code"] == "approval.program"
    await decided(node, asked["approval"], issuer)
    await call(node, "POST", "/organisation/profiles", consent(program, asked["approval"]), 201, **profile)


async def test_a_key_that_somebody_else_has_made_is_no_second_person(node):
    owner, issuer = await held(node)
    handed = await own_key(node, "org-a-issuer", scopes=DECIDING, made_by="org-a-owner")
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    assert (await decided(node, asked["approval"], handed, 409))["code"] == "approval.key"
    # Nor is one made for the other person: who has one makes others with it, and the first takes two.
    first = {"label": "x", "scopes": DECIDING, "days": 1, "member": "org-a-issuer"}
    assert (await call(node, "POST", KEYS, owner, 409, **first))["code"] == "api_key.first"
    for key in (await call(node, "GET", KEYS, owner, 200))["apiKeys"]:
        if key["member"] == "org-a-issuer":
            await call(node, "DELETE", f"{KEYS}/{key['id']}", owner, 204)
    assert (await call(node, "POST", KEYS, owner, 202, **first))["state"] == "waiting"
    await call(node, "GET", "/organisation", issuer, 401)


async def test_the_rule_holds_those_who_would_turn_it_off(node):
    owner, issuer = await held(node)
    off = await call(node, "PUT", SETTINGS, owner, 202, secondPerson=[])
    assert (await call(node, "GET", "/organisation", owner, 200))["secondPerson"] == ["organisation.profiles"]
    for path, sent in (
        (MEMBERS, NEW),
        (KEYS, {"label": "x", "scopes": ["verify"], "days": 1}),
        ("/organisation/profiles", {"id": "s", "form": "eddsa-rdfc-2022", "keyType": "Ed25519"}),
        ("/organisation/dids", {"path": ["s"]}),
        ("/organisation/gas-accounts", {"id": "eip155:1"}),
        ("/organisation/namespaces", {"contract": f"eip155:1:0x{'0a' * 20}"}),
    ):
        assert (await node.client.post(path, headers=owner, json=sent)).status_code == 202, path
    await decided(node, off["approval"], issuer)
    await call(node, "PUT", SETTINGS, consent(owner, off["approval"]), 200, secondPerson=[])
    await call(node, "POST", MEMBERS, owner, 201, **NEW)


async def test_there_are_two_who_may_decide_or_the_rule_is_not_made(node):
    owner = await own_key(node, "org-a-owner")
    await call(node, "DELETE", f"{MEMBERS}/org-a-issuer", owner, 200)
    refused = await call(node, "PUT", SETTINGS, owner, 409, secondPerson=["credentials.issue"])
    assert refused["code"] == "approval.deciders"
    assert (await call(node, "GET", "/organisation", owner, 200))["secondPerson"] == []
    added = await call(node, "POST", MEMBERS, owner, 201, login="i", name="Sample I", roles=["issuer"])
    await call(node, "PUT", SETTINGS, owner, 200, secondPerson=["credentials.issue"])
    issuer = await own_key(node, added["id"], scopes=DECIDING)
    # Agreed to, and refused all the same: the second of two who may decide does not leave.
    asked = await call(node, "DELETE", f"{MEMBERS}/{added['id']}", owner, 202)
    await decided(node, asked["approval"], issuer)
    refused = await node.client.delete(f"{MEMBERS}/{added['id']}", headers=consent(owner, asked["approval"]))
    assert refused.json()["code"] == "approval.deciders"
    kept = await call(node, "GET", f"{APPROVALS}/{asked['approval']}", owner, 200)
    assert kept["state"] == "granted", "what failed was not carried out"
    # Nor does the last owner, whatever was agreed to.
    asked = await call(node, "PUT", f"{MEMBERS}/org-a-owner/roles", owner, 202, roles=["issuer"])
    await decided(node, asked["approval"], issuer)
    refused = await call(
        node,
        "PUT",
        f"{MEMBERS}/org-a-owner/roles",
        consent(owner, asked["approval"]),
        409,
        roles=["issuer"],
    )
    assert refused["code"] == "organisation.last_owner"


async def test_what_is_refused_or_too_old_is_not_done(node):
    owner, issuer = await held(node)
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    await decided(node, asked["approval"], issuer, grant=False)
    assert (await decided(node, asked["approval"], issuer, 409))["code"] == "approval.closed"
    refused = await call(node, "POST", MEMBERS, consent(owner, asked["approval"]), 409, **NEW)
    assert refused["code"] == "approval.closed"
    for wait, code in ((True, "approval.expired"), (False, "approval.expired")):
        long = await own_key(node, "org-a-owner", lifetime=timedelta(days=300))
        other = await own_key(node, "org-a-issuer", scopes=DECIDING, lifetime=timedelta(days=300))
        asked = await call(node, "POST", MEMBERS, long, 202, **NEW)
        if not wait:
            await decided(node, asked["approval"], other)
        node.clock.move(LIFETIME)
        if wait:
            assert (await decided(node, asked["approval"], other, 409))["code"] == code
        else:
            late = await call(node, "POST", MEMBERS, consent(long, asked["approval"]), 409, **NEW)
            assert late["code"] == code


async def test_of_many_at_once_one_carries_it_out(node):
    owner, issuer = await held(node)
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    await decided(node, asked["approval"], issuer)
    answers = await asyncio.gather(
        *(node.client.post(MEMBERS, headers=consent(owner, asked["approval"]), json=NEW) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_what_another_organisation_has_agreed_to_is_nothing_here(node):
    owner, issuer = await held(node)
    asked = await call(node, "POST", MEMBERS, owner, 202, **NEW)
    await decided(node, asked["approval"], issuer)
    other = await own_key(node, "org-b-owner", organisation=B)
    refused = await call(node, "POST", MEMBERS, consent(other, asked["approval"]), 404, **NEW)
    assert refused["code"] == "store.absent"


class TwoPersons(RuleBasedStateMachine):
    """Two persons, each with two keys, and a program of the first, do what they like in any order.

    Whatever they do, an account for gas is added only after two different persons have agreed to that very account.
    """

    accounts = st.sampled_from([f"eip155:1:0x{number:040x}" for number in range(3)])
    persons = st.sampled_from(["org-a-owner", "org-a-auditor"])

    def __init__(self, runner, template, folder):
        super().__init__()
        self.run, self.template, self.folder = runner.run, template, folder
        self.asked, self.agreed, self.done = {}, {}, set()

    @initialize()
    def begin(self):
        self.opening = running_node(self.folder(), template=self.template)
        self.node = self.run(self.opening.__aenter__())
        self.keys = self.run(self._made())

    async def _made(self):
        keys = {"org-a-owner": [await own_key(self.node, "org-a-owner") for _ in range(2)]}
        scopes = ["organisation:manage"]
        made = await call(self.node, "POST", KEYS, keys["org-a-owner"][0], 201, label="p", scopes=scopes, days=9)
        await call(self.node, "PUT", f"{MEMBERS}/org-a-auditor/roles", keys["org-a-owner"][0], 200, roles=["owner"])
        keys["org-a-auditor"] = [await own_key(self.node, "org-a-auditor") for _ in range(2)]
        await call(self.node, "PUT", SETTINGS, keys["org-a-owner"][0], 200, secondPerson=[Action.PROFILES])
        keys["org-a-owner"].append(bearer(made["key"]))
        return keys

    def _key(self, person, number):
        keys = self.keys[person]
        return keys[number % len(keys)]

    @rule(person=persons, number=st.integers(0, 2), account=accounts)
    def ask(self, person, number, account):
        answer = self.run(
            self.node.client.post("/organisation/gas-accounts", headers=self._key(person, number), json={"id": account})
        )
        assert answer.status_code == 202
        self.asked[answer.json()["approval"]] = (person, account)

    @rule(data=st.data(), person=persons, number=st.integers(0, 2), grant=st.booleans())
    def decide(self, data, person, number, grant):
        if self.asked:
            which = data.draw(st.sampled_from(sorted(self.asked)))
            path = f"{APPROVALS}/{which}/decision"
            answer = self.run(self.node.client.post(path, headers=self._key(person, number), json={"grant": grant}))
            if answer.status_code == 200:
                assert person != self.asked[which][0]
                self.agreed[which] = grant

    @rule(data=st.data(), person=persons, number=st.integers(0, 2), account=accounts)
    def carry_out(self, data, person, number, account):
        if self.asked:
            which = data.draw(st.sampled_from(sorted(self.asked)))
            answer = self.run(
                self.node.client.post(
                    "/organisation/gas-accounts",
                    headers=consent(self._key(person, number), which),
                    json={"id": account},
                )
            )
            if answer.status_code == 201:
                assert self.agreed.pop(which)
                assert self.asked[which][1] == account
                self.done.add(account)

    @invariant()
    def nothing_else_was_done(self):
        if hasattr(self, "node"):

            async def accounts():
                async with self.node.store.view(A) as view:
                    return {each.id for each in await view.identities.gas_accounts()}

            assert self.run(accounts()) == self.done

    def teardown(self):
        if hasattr(self, "opening"):
            self.run(self.opening.__aexit__(None, None, None))


def test_nothing_is_done_by_one_person_in_whatever_order(runner, node_template, tmp_path):
    count = iter(range(10_000))

    def folder():
        path = tmp_path / str(next(count))
        path.mkdir()
        return path

    bounded = settings(max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: TwoPersons(runner, node_template, folder), settings=bounded)
