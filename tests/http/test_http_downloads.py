"""Files that others need to verify, also without the node: lists in every version, receipts, awards, capsules."""

import asyncio
import hashlib
import json
import time
from datetime import timedelta

import httpx2
import pytest
from hosting_support import make
from issuing_support import add_profile, credential, issue, set_status, working_node
from node_support import NOW, PUBLIC_URL, A, B
from running import glejt
from serve_support import QUICK, serving
from web_servers import publishing

from anchoring.batch import batch, fresh_secret
from anchoring.heads import cid_of
from anchoring.receipt import Receipt, Site
from node.documents import MAX_CREDENTIAL_BYTES
from node.issuance.list_copies import EVERY, ListMirror, digest_in
from node.ports.anchor_rows import BatchRecord, Leaf
from node.ports.identifiers import new_id
from node.ports.organisations import ChainRecord, Profile
from node.ports.outbox import Claimed
from node.ports.work import Kind
from node.verification.errors import UnreachableError
from node.verification.sources import Fetched

AWARDS = "/organisation/awards"
MIRRORS = "/organisation/mirrors"
NAMESPACE = "eip155:31337:0x" + "ab" * 20 + "#0x" + "cd" * 32


async def issuer(node, organisation=A, name="profile", **options):
    """A profile of an identifier that the node publishes; the identifier."""
    made = await make(node, organisation, path=[f"school-{organisation}"])
    (method,) = made["document"]["assertionMethod"]
    profile = Profile(name, made["did"], method, "eddsa-rdfc-2022", NOW, options)
    await node.store.change(organisation, lambda unit: unit.identities.add_profile(profile))
    return made["did"]


async def issued(node, did, number=0, **more):
    answer = await issue(node, credential(did, number), **more)
    assert answer.status_code == 201, answer.text
    return answer.json()["verifiableCredential"]


async def the_award(node, **query):
    found = await node.client.get(AWARDS, params=query, headers=node.key("issuer"))
    return found.json()["awards"][0]["id"]


@pytest.mark.threat(43)
@pytest.mark.threat(48)
async def test_a_list_is_served_to_the_byte_and_can_be_kept(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        signed = await issued(node, await issuer(node))
        url = signed["credentialStatus"]["statusListCredential"]
        first = await node.client.get(url)
        digest = hashlib.sha256(first.content).hexdigest()
        assert (first.status_code, first.headers["content-type"]) == (200, "application/vc")
        assert (first.headers["etag"], first.headers["cache-control"]) == (f'"{digest}"', "public, max-age=300")
        assert first.headers["access-control-allow-origin"] == "*"
        again = await node.client.get(url, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await set_status(node, signed["id"])).status_code in {200, 202}
        for _ in range(100):
            second = await node.client.get(url, headers={"If-None-Match": first.headers["etag"]})
            if second.status_code == 200:
                break
            await asyncio.sleep(0.05)
        newer = hashlib.sha256(second.content).hexdigest()
        assert newer != digest
        for known, body in ((digest, first.content), (newer, second.content)):
            version = await node.client.get(f"{url}/versions/{known}")
            assert version.content == body
            assert version.headers["cache-control"] == "public, max-age=31536000, immutable"
            by_cid = await node.client.get(f"/mirror/status/{cid_of(bytes.fromhex(known))}")
            assert (by_cid.content, by_cid.headers["content-type"]) == (body, "application/vnd.ipld.raw")
        for wrong in (f"{url}/versions/{'0' * 64}", f"{PUBLIC_URL}/status/other/versions/{digest}", f"{url}x"):
            assert (await node.client.get(wrong)).status_code == 404


async def test_a_list_is_kept_no_longer_than_it_counts(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        signed = await issued(node, await issuer(node))
        url = signed["credentialStatus"]["statusListCredential"]
        until = (await node.client.get(url)).json()["validUntil"]
        assert until.startswith("2026-09-02")
        page = await node.services.hosting.pages.status_list(
            url.rpartition("/")[2], NOW + timedelta(hours=23, minutes=58)
        )
        assert timedelta() < page.kept < timedelta(minutes=3)
        page = await node.services.hosting.pages.status_list(url.rpartition("/")[2], NOW + timedelta(days=3))
        assert page.kept == timedelta()


@pytest.mark.parametrize(
    "wrong", ["", "b", "Q" * 59, "b" + "a" * 58, cid_of(bytes(32)).upper(), cid_of(bytes(32))[:-1] + "z"]
)
def test_what_is_no_cid_of_a_list_names_nothing(wrong):
    assert digest_in(cid_of(bytes(range(32)))) == bytes(range(32)).hex()
    assert digest_in(wrong) is None


class Web:
    """Somebody else's server: what lies at its addresses, or why it is not to be had."""

    def __init__(self):
        self.pages, self.asked = {}, []

    async def __call__(self, url, *, accept, max_bytes):
        assert accept
        self.asked.append((url, max_bytes))
        body = self.pages.get(url)
        if body is None:
            raise UnreachableError("it is not there", code="fetch.status", remedy="")
        return Fetched(body, "", url, NOW)


async def carried(node, mirror):
    """What the worker does with the one task that waits."""
    async with node.store.view(A) as view:
        (task,) = [task for task in await view.outbox.waiting() if task.kind == Kind.MIRROR_LIST]
    return await mirror.carry(Claimed(A, task))


@pytest.mark.threat(61)
@pytest.mark.threat(49)
async def test_lists_of_others_are_kept_as_they_came_and_served_by_their_digests(node):
    url, web = "https://university.example/status/1", Web()
    mirror = ListMirror(node.store, web, node.clock)
    added = await node.client.put(MIRRORS, json={"url": url}, headers=node.key("owner"))
    assert (added.status_code, added.json()["hadAt"]) == (200, None)
    await node.client.put(MIRRORS, json={"url": url}, headers=node.key("owner"))
    later = await carried(node, mirror)  # it is not to be had
    assert later.task.due_at == node.clock() + EVERY
    (kept,) = (await node.client.get(MIRRORS, headers=node.key("auditor"))).json()["mirrors"]
    assert (kept["problem"], kept["sha256"]) == ("fetch.status", None)
    for body in (b"\x00<script>alert(1)</script>", b"second"):
        web.pages[url] = body
        await carried(node, mirror)
        digest = hashlib.sha256(body).digest()
        (kept,) = (await node.client.get(MIRRORS, headers=node.key("auditor"))).json()["mirrors"]
        assert (kept["cid"], kept["problem"]) == (cid_of(digest), None)
        served = await node.client.get(f"/mirror/status/{cid_of(digest)}")
        assert served.content == body
        assert served.headers["content-disposition"] == "attachment"
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-type"] == "application/vnd.ipld.raw"
    assert {most for _, most in web.asked} == {MAX_CREDENTIAL_BYTES}
    assert (await node.client.get(f"/mirror/status/{cid_of(hashlib.sha256(b'second').digest())}")).status_code == 200
    assert (
        await node.client.request("DELETE", MIRRORS, params={"url": url}, headers=node.key("owner", B))
    ).status_code == 404
    gone = await node.client.request("DELETE", MIRRORS, params={"url": url}, headers=node.key("owner"))
    assert gone.status_code == 204
    assert (await node.client.get(f"/mirror/status/{cid_of(digest)}")).status_code == 404
    assert await carried(node, mirror) is None  # nobody wants it any more


async def test_of_a_list_of_others_the_newest_copies_stay(node, monkeypatch):
    monkeypatch.setattr("node.adapters.database.mirror_rows.MAX_COPIES", 3)
    url, web = "https://university.example/status/1", Web()
    mirror = ListMirror(node.store, web, node.clock)
    await node.client.put(MIRRORS, json={"url": url}, headers=node.key("owner"))
    bodies = [f"{number}".encode() for number in range(5)]
    for body in (*bodies, bodies[2]):
        web.pages[url] = body
        await carried(node, mirror)
        node.clock.move(timedelta(hours=1))
    served = [
        (await node.client.get(f"/mirror/status/{cid_of(hashlib.sha256(body).digest())}")).status_code
        for body in bodies
    ]
    assert served == [404, 404, 200, 200, 200]


async def test_ones_own_lists_are_not_mirrored(node):
    answer = await node.client.put(MIRRORS, json={"url": f"{PUBLIC_URL}/status/1"}, headers=node.key("owner"))
    assert (answer.status_code, answer.json()["code"]) == (400, "hosting.address")


async def test_awards_are_looked_through_by_those_of_the_organisation(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        did = await issuer(node)
        signed = [await issued(node, did, number) for number in range(3)]
        other = await issuer(node, B, "other")
        await issued(node, other, 9, profile="other", organisation=B)
        page = (await node.client.get(AWARDS, params={"limit": 2}, headers=node.key("issuer"))).json()
        rest = (await node.client.get(AWARDS, params={"before": page["next"]}, headers=node.key("issuer"))).json()
        found = [award["id"] for award in (*page["awards"], *rest["awards"])]
        assert len(found) == len(set(found)) == 3
        assert rest["next"] is None
        for award in found:
            shown = (await node.client.get(f"{AWARDS}/{award}", headers=node.key("auditor"))).json()
            (form,) = shown["credentials"]
            answer = await node.client.get(f"{AWARDS}/{award}/credential", headers=node.key("auditor"))
            assert json.loads(answer.content) in signed
            assert answer.json()["id"] == form["id"]
            assert answer.headers["cache-control"] == "no-store"
            for place in ("", "/credential", "/receipt", "/capsule"):
                assert (
                    await node.client.get(f"{AWARDS}/{award}{place}", headers=node.key("owner", B))
                ).status_code == 404
                assert (
                    await node.client.get(f"{AWARDS}/{award}{place}", headers=node.key("designer"))
                ).status_code == 403
                assert (await node.client.get(f"{AWARDS}/{award}{place}")).status_code == 401
        for query in ({"limit": 0}, {"limit": 201}, {"state": "x"}, {"words": "x" * 201}):
            assert (await node.client.get(AWARDS, params=query, headers=node.key("issuer"))).status_code == 400


async def anchored(node, award):
    """Have the credential of an award in a batch, as the background work does; its receipt."""
    name = bytes.fromhex("cd" * 32)
    salt, commitment = bytes(range(32)), bytes(32)
    made = batch([commitment], [salt], fresh_secret())
    receipt = Receipt(made.place(salt, commitment), Site(31337, bytes.fromhex("ab" * 20), name), b"it")
    leaf = Leaf(award, "eddsa-rdfc-2022", NAMESPACE, commitment, salt)

    async def work(unit):
        await unit.identities.add_namespace(ChainRecord(NAMESPACE, NOW))
        await unit.anchors.want([leaf])
        record = BatchRecord(new_id(), NAMESPACE, NOW, NOW, bytes(32))
        await unit.anchors.open(record, limit=10)
        done = Leaf(award, leaf.form, NAMESPACE, commitment, salt, record.id, receipt.encode())
        await unit.anchors.submit(record.id, made.anchored, b"call", [done], NOW)

    await node.store.change(A, work)
    return receipt


async def test_a_receipt_is_for_the_organisation_and_for_whoever_was_given_its_address(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        await issued(node, await issuer(node))
        award = await the_award(node)
        early = await node.client.get(f"{AWARDS}/{award}/receipt", headers=node.key("issuer"))
        assert early.status_code == 404
        receipt = await anchored(node, award)
        answer = await node.client.get(f"{AWARDS}/{award}/receipt", headers=node.key("issuer"))
        assert Receipt.decode(answer.content) == receipt
        assert answer.headers["glejt-receipt-state"] == "pending"
        link = answer.headers["link"].partition(">")[0].removeprefix("<")
        public = await node.client.get(link)
        assert (public.content, public.headers["cache-control"]) == (answer.content, "public, max-age=300")
        token = link.rpartition("/")[2]
        for wrong in (
            link[:-1],
            link[:-1] + ("A" if token[-1] != "A" else "B"),
            link.replace(A, B),
            link.replace(award, "x"),
        ):
            assert (await node.client.get(wrong)).status_code == 404
        await node.store.change(A, lambda unit: unit.awards.erase([award]))
        assert (await node.client.get(link)).status_code == 404  # the salt is gone, and with it the way


@pytest.mark.threat(49)
@pytest.mark.parametrize("method", ["key", "webvh"])
async def test_a_capsule_is_all_that_it_takes_without_the_node(tmp_path, node_template, method):
    trust = []
    async with working_node(tmp_path, template=node_template) as node:
        did = await (add_profile(node) if method == "key" else issuer(node))
        await issued(node, did)
        award = await the_award(node)
        capsule = await node.client.get(f"{AWARDS}/{award}/capsule", headers=node.key("issuer"))
        as_json = await node.client.get(
            f"{AWARDS}/{award}/capsule", params={"json": "true"}, headers=node.key("issuer")
        )
        assert capsule.headers["content-type"] == "application/vnd.glejt.capsule+cbor"
        assert as_json.json()["format"] == "glejt/capsule/v1"
        if method == "webvh":  # a log can be cut, so a verifier pins what the document was
            document = await node.client.get(f"/1.0/identifiers/{did}", headers={"Accept": "application/did"})
            (tmp_path / "did.json").write_bytes(document.content)
            (tmp_path / "trust.toml").write_text(f'[[documents]]\nid = "{did}"\nfile = "did.json"\n')
            trust = ["--trust", "trust.toml"]
    (tmp_path / "a.capsule").write_bytes(capsule.content)
    (tmp_path / "a.capsule.json").write_bytes(as_json.content)
    for name in ("a.capsule", "a.capsule.json"):
        done = glejt(tmp_path, "verify", name, "--offline", "--at", "2026-09-01T13:00:00Z", "--json", *trust)
        (entry,) = json.loads(done.stdout)["credentials"]
        outcomes = {check["check"]: check["outcome"] for check in entry["checks"]}
        needed = ("structure", "context", "issuer_key", "proof", "validity", "status")
        assert {name: outcomes[name] for name in needed} == dict.fromkeys(needed, "passed"), entry["checks"]
        assert done.returncode == 0


def test_a_node_mirrors_a_list_of_somebody_else(tmp_path):
    with publishing({"/status/1": b"a list"}) as (port, asked):
        with serving(tmp_path, **QUICK, GLEJT_NODE_ALLOW_LOOPBACK="1") as node:
            url = f"http://localhost:{port}/status/1"
            sent = httpx2.put(f"{node.url}{MIRRORS}", json={"url": url}, headers=node.key, timeout=30)
            assert sent.status_code == 200
            served = f"/mirror/status/{cid_of(hashlib.sha256(b'a list').digest())}"
            for _ in range(200):
                if (answer := node.get(served)).status_code == 200:
                    break
                time.sleep(0.05)
        assert (answer.content, asked) == (b"a list", ["/status/1"])
