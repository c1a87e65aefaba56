"""Row 83: the log of an organisation, its export, its signed ends; one entry tampered with is named by the checker."""

import json
from dataclasses import replace

import pytest
from audit_support import receipt_of
from hypothesis import given, settings
from hypothesis import strategies as st
from issuing_support import credential, issue
from node_support import NOW, A, B
from organisation_support import call, own_key
from running import glejt
from sqlalchemy import text

from did_methods import key as did_key
from did_methods.did import parse_did
from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.issuance.background.audit_leaves import AuditHeads
from node.issuance.errors import AuditError
from node.issuance.organisation.events import HEAD, HEAD_AFTER, order_head
from node.issuance.organisation.log import (
    Head,
    LogDesk,
    check_export,
    commitment_to,
    in_lines,
    key_of_head,
    line,
    read_head,
)
from node.ports.oversight import FIRST, AuditEntry, Event
from node.ports.work import Kind
from node.proofs.jose.jws import prepare_jws
from node.proofs.signatures import local_signer

pytestmark = pytest.mark.threat(83)

AUDIT = "/organisation/audit"
ORGANISATION = "org-a"


async def worked(node):
    """A log with entries, a profile that signs, and its latest signed end."""
    owner = await own_key(node, "org-a-owner")
    profile = {"id": "school", "form": "eddsa-rdfc-2022", "keyType": "Ed25519"}
    made = await call(node, "POST", "/organisation/profiles", owner, 201, **profile)
    for number in range(4):
        member = {"login": f"m{number}", "name": f"Sample Member {number}", "roles": ["auditor"]}
        await call(node, "POST", "/organisation/members", owner, 201, **member)
    head = await LogDesk(node.store, node.vault).sign(A, NOW)
    return owner, made["did"], head


def key_in(did):
    return PublicKey.from_multibase(parse_did(did).identifier)


async def test_auditors_read_the_log_page_by_page_and_others_do_not(node):
    await worked(node)
    auditor = node.key("auditor")
    whole = (await call(node, "GET", AUDIT, auditor, 200))["entries"]
    assert [entry["number"] for entry in whole] == list(range(1, len(whole) + 1))
    read, after = [], 0
    while after is not None:
        page = await call(node, "GET", f"{AUDIT}?after={after}&limit=2", auditor, 200)
        read, after = read + page["entries"], page["next"]
        assert len(page["entries"]) <= 2
    assert read == whole
    exported = await node.client.get(f"{AUDIT}/export", headers=auditor)
    assert exported.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(each) for each in in_lines(exported.content)] == whole
    for role in ("issuer", "designer", "program"):
        for path in (AUDIT, f"{AUDIT}/export", f"{AUDIT}/heads"):
            assert (await node.client.get(path, headers=node.key(role))).status_code == 403
    told = json.dumps(whole)
    assert "Sample" not in told
    assert "@" not in told
    other = await call(node, "GET", AUDIT, node.key("auditor", B), 200)
    assert other == {"entries": [], "next": None}


async def test_the_end_of_the_log_is_signed_and_says_what_the_log_is(node):
    _, did, head = await worked(node)
    read = read_head(head.signed, key_in(did), issuer=did)
    async with node.store.view(A) as view:
        number, digest = await view.audit.head()
    assert read == Head(did, A, number, digest, NOW)
    assert key_of_head(head.signed).startswith(did)
    told = await call(node, "GET", f"{AUDIT}/heads", node.key("auditor"), 200)
    assert [each["signed"] for each in told["heads"]] == [head.signed.decode()]
    desk = LogDesk(node.store, node.vault)
    assert await desk.sign(A, NOW) == head, "signing again what was not added to signs nothing"
    assert await desk.sign(B, NOW) is None, "no log, and no profile"
    assert commitment_to(head) != commitment_to(replace(head, signed=head.signed + b"x"))
    async with node.store.view(A) as view:
        (order,) = [task for task in await view.outbox.waiting() if task.kind == HEAD]
    assert order.due_at == NOW + HEAD_AFTER, "ordered once by all of them"
    await node.store.change(A, lambda unit: order_head(unit, NOW))


async def test_no_profile_that_signs_jws_no_head(node):
    owner = await own_key(node, "org-a-owner")
    options = {"signs": "x", "epoch": "1", "status": []}
    sent = {"id": "school", "form": "bbs-2023", "keyType": "BLS12-381-G2", "options": options}
    await call(node, "POST", "/organisation/profiles", owner, 201, **sent)
    assert await LogDesk(node.store, node.vault).sign(A, NOW) is None


async def exported(node):
    answer = await node.client.get(f"{AUDIT}/export", headers=node.key("auditor"))
    return list(in_lines(answer.content))


@pytest.mark.parametrize("number", [1, 3, 5])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET action='nothing' WHERE organisation='org-a' AND number={0}",
        "UPDATE audit_entries SET details='{{}}' WHERE organisation='org-a' AND number={0}",
        "UPDATE audit_entries SET at=at+1 WHERE organisation='org-a' AND number={0}",
        "UPDATE audit_entries SET actor='member:other' WHERE organisation='org-a' AND number={0}",
        "DELETE FROM audit_entries WHERE organisation='org-a' AND number={0}",
    ],
)
async def test_one_row_that_was_tampered_with_is_named(node, number, change):
    """By whoever owns the database, past its triggers; found in the export over HTTP, by the head that was kept."""
    _, did, head = await worked(node)
    kept = read_head(head.signed, key_in(did), issuer=did)
    assert check_export(await exported(node), [kept]).fault is None

    async def tamper(connection):
        for trigger in ("no_UPDATE", "no_DELETE"):
            await connection.execute(text(f"DROP TRIGGER audit_entries_{trigger}"))
        await connection.execute(text(change.format(number)))

    await node.database.transact(tamper)
    assert check_export(await exported(node), [kept]).fault == number


def log(count, organisation=ORGANISATION, words="made"):
    entries, number, previous = [], 0, FIRST
    for each in range(count):
        entry = AuditEntry.after(number, previous, organisation, Event(NOW, "a", words, str(each), {"n": each}))
        entries.append(entry)
        number, previous = entry.number, entry.digest
    return entries


def head_of(entries, number, organisation=ORGANISATION):
    return Head("did:key:z", organisation, number, entries[number - 1].digest, NOW)


def lines(entries):
    return [line(entry).rstrip() for entry in entries]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_change_of_one_line_is_named(data):
    count = data.draw(st.integers(1, 8))
    entries, number = log(count), data.draw(st.integers(1, count))
    whole = lines(entries)
    said = json.loads(whole[number - 1])
    member = data.draw(st.sampled_from(sorted(said)))
    others = {
        "number": st.integers(-1, 20),
        "details": st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2),
        "previous": st.binary(min_size=32, max_size=32).map(bytes.hex),
        "digest": st.binary(min_size=32, max_size=32).map(bytes.hex),
        "at": st.sampled_from(["2026-09-01T12:00:00+00:00", "x", "2026-09-01T12:00:00.123457+00:00"]),
    }
    changed = data.draw(others.get(member, st.text(max_size=5)).filter(lambda value: value != said[member]))
    whole[number - 1] = json.dumps({**said, member: changed}).encode()
    assert check_export(whole, [head_of(entries, count)]).fault == number


def test_what_was_cut_off_added_doubled_or_reordered_is_named():
    entries = log(6)
    whole, head = lines(entries), head_of(entries, 5)
    assert (check_export(whole, [head]).fault, check_export(whole, [head]).sure) == (None, 5)
    assert check_export(whole[:4], [head]).fault == 5
    assert check_export([], [head]).fault == 1
    assert check_export([*whole[:2], *whole[3:]], [head]).fault == 3
    assert check_export([*whole[:2], whole[1], *whole[2:]], [head]).fault == 3
    assert check_export([whole[1], whole[0], *whole[2:]], [head]).fault == 1
    assert check_export([b"{", *whole[1:]], [head]).fault == 1
    assert check_export([*whole, b"[]"], [head]).fault == 7


def test_a_log_that_was_written_anew_is_found_between_two_heads():
    entries = log(8)
    heads = [head_of(entries, 3), head_of(entries, 6)]
    forged = entries[:4]
    for each in range(4, 8):
        last = forged[-1]
        forged.append(AuditEntry.after(last.number, last.digest, ORGANISATION, Event(NOW, "a", "other", str(each), {})))
    checked = check_export(lines(forged), heads)
    assert (checked.fault, checked.sure) == (6, 3)
    assert check_export(lines(log(8, words="other")), heads[1:]).fault == 6
    assert check_export(lines(log(8, "org-b")), heads).fault == 1
    with pytest.raises(AuditError):
        check_export(lines(entries), [heads[0], head_of(log(8, "org-b"), 3, "org-b")])
    with pytest.raises(AuditError):
        check_export(lines(entries), [])


PRIVATE = PrivateKey.generate(KeyType.ED25519)
DID = str(did_key.create(PRIVATE.public))
PAYLOAD = {"iss": DID, "organisation": "o", "number": 1, "digest": "00" * 32, "at": NOW.isoformat()}


def signed(payload=PAYLOAD, typ="glejt-audit-head+jwt", private=PRIVATE, kid=None):
    unsigned = prepare_jws(
        {"typ": typ, "kid": kid or did_key.method_id(private.public)}, json.dumps(payload).encode(), private.public
    )
    return unsigned.complete(local_signer(private).sign(unsigned.signing_input)).encode()


OTHER = PrivateKey.generate(KeyType.ED25519)
WRONG = {
    "another type": signed(typ="vc+jwt"),
    "another issuer": signed({**PAYLOAD, "iss": "did:web:other.example"}),
    "another key": signed(private=OTHER),
    "another's kid": signed(kid="did:web:other.example#key"),
    "no number": signed({**PAYLOAD, "number": 0}),
    "a truth for a number": signed({**PAYLOAD, "number": True}),
    "no digest": signed({key: value for key, value in PAYLOAD.items() if key != "digest"}),
    "a changed payload": signed()[:-90] + b"A" + signed()[-89:],
    "nothing": b"",
    "no ASCII": "é".encode(),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_not_signed_by_the_issuer_is_no_head(case):
    assert read_head(signed(), PRIVATE.public, issuer=DID).number == 1
    with pytest.raises(AuditError):
        read_head(WRONG[case], PRIVATE.public, issuer=DID)


async def test_the_command_names_the_first_fault(node, tmp_path):
    _, did, head = await worked(node)
    export, heads = tmp_path / "log.ndjson", tmp_path / "heads.json"
    export.write_bytes((await node.client.get(f"{AUDIT}/export", headers=node.key("auditor"))).content)
    heads.write_bytes((await node.client.get(f"{AUDIT}/heads", headers=node.key("auditor"))).content)
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", heads.name, "--issuer", did)
    assert ran.returncode == 0, ran.stderr
    answer = json.loads(heads.read_bytes())
    for receipt in (to_base64url(receipt_of(head, "org-a", number=head.number + 1).encode()), "AAAA", "é"):
        (tmp_path / "told.json").write_text(json.dumps({"heads": [{**answer["heads"][0], "receipt": receipt}]}))
        ran = glejt(tmp_path, "audit", "check", export.name, "--head", "told.json", "--issuer", did)
        assert (ran.returncode, "audit.receipt" in ran.stderr) == (1, True), ran.stderr
    right = {**answer["heads"][0], "receipt": to_base64url(receipt_of(head, "org-a").encode())}
    (tmp_path / "told.json").write_text(json.dumps({"heads": [right]}))
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", "told.json", "--issuer", did, "--json")
    (told,) = json.loads(ran.stdout)["anchors"]
    assert (ran.returncode, told["state"], told["number"], told["time"]) == (0, "unknown", head.number, None)
    (tmp_path / "head.txt").write_bytes(head.signed + b"\n")
    whole = export.read_bytes().split(b"\n")
    whole[2] = whole[2].replace(b'"auditor"', b'"owner"')
    export.write_bytes(b"\n".join(whole))
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", "head.txt", "--issuer", did, "--json")
    assert (ran.returncode, json.loads(ran.stdout)) == (1, {"entries": 5, "fault": 3, "sure": 0, "anchors": []})
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", heads.name, "--issuer", DID)
    assert (ran.returncode, "audit.key" in ran.stderr) == (1, True), ran.stderr
    (tmp_path / "other.json").write_text(json.dumps({"id": DID}))
    told = ("--issuer", did, "--document", "other.json")
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", heads.name, *told)
    assert (ran.returncode, "audit.key" in ran.stderr) == (1, True), ran.stderr
    heads.write_text("nothing")
    ran = glejt(tmp_path, "audit", "check", export.name, "--head", heads.name, "--issuer", did)
    assert (ran.returncode, "audit.head" in ran.stderr) == (1, True), ran.stderr


async def test_a_log_that_grew_by_itself_is_signed_too_and_anchored_where_the_organisation_anchors(node):
    owner, did, head = await worked(node)
    heads = AuditHeads(node.store, LogDesk(node.store, node.vault), node.clock)
    assert (await issue(node, credential(did), "school")).status_code == 201
    await heads.sign_grown()
    async with node.store.view(A) as view:
        latest, first = await view.audit.signed_heads()
        assert (first, latest.number) == (head, head.number + 1)
        assert [task for task in await view.outbox.waiting() if task.kind == Kind.ANCHOR_BATCH] == []
    await heads.sign_grown()
    contract = f"eip155:31337:0x{'0a' * 20}"
    founded = await call(node, "POST", "/organisation/namespaces", owner, 201, contract=contract)
    await heads.sign_grown()
    async with node.store.view(A) as view:
        assert len(await view.audit.signed_heads()) == 3
        (batch,) = [task for task in await view.outbox.waiting() if task.kind == Kind.ANCHOR_BATCH]
    assert batch.payload == {"namespace": founded["id"]}
    async with node.store.view(B) as view:
        assert await view.audit.signed_heads() == ()
