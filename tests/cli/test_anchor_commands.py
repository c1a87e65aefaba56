"""`glejt anchor` on the embedded chain: what it writes, and what it refuses."""

import json
import shutil
from base64 import b64decode

import pytest
from anchor_desk import HERE, RUN, WRITING, Desk, desk, founded, office
from anchor_office import DEAD

from anchoring.facts import AccreditationOf, HeadOf, StateOf
from anchoring.heads import digest_of, list_id
from anchoring.receipt import Receipt, State
from node.credentials.record_name import RecordName
from node.issuance.accrediting import SignedAccreditation

pytest.importorskip("eth", reason="the extra devchain is not installed")
__all__ = ["desk", "founded", "office"]  # fixtures


def test_everything_that_is_said_names_the_chain_as_local(desk):
    desk.sign("award.json")
    for argv in ([*RUN, "award.json"], ["anchor", "status", *HERE], ["anchor", "namespace", "show", "ns.json", *HERE]):
        plain, told = desk(*argv), desk(*argv, "--json")
        assert "of no public value" in plain.stderr
        assert told.json()["network"] == {
            "name": "embedded",
            "id": desk.name.chain_id,
            "kind": "local",
            "publicValue": False,
        }


def test_a_batch_has_one_anchor_and_each_document_a_receipt(desk):
    for number in range(3):
        desk.sign(f"award{number}.json", id=f"urn:example:{number}")
    told = desk(*RUN, *(f"award{number}.json" for number in range(3)), "--json").json()
    assert (told["anchored"], told["before"], told["receipts"]) == (3, 0, 3)
    assert [(batch["documents"], batch["state"]) for batch in told["batches"]] == [(3, "final")]
    receipts = [desk.receipt(f"award{number}.json") for number in range(3)]
    assert {receipt.state for receipt in receipts} == {State.FINAL}
    assert {receipt.question.value for receipt in receipts} == set(desk.anchors())
    assert len({receipt.place.salt for receipt in receipts}) == 3
    again = desk(*RUN, "award0.json", "award1.json", "--json").json()
    assert (again["anchored"], again["before"], len(desk.anchors())) == (0, 2, 1)
    desk.sign("award3.json", id="urn:example:3")
    both = desk(*RUN, "award2.json", "award3.json", "--json").json()
    assert (both["anchored"], both["before"], len(desk.anchors())) == (1, 1, 2)


def test_files_of_the_journal_are_for_their_owner_alone(desk):
    desk.sign("award.json")
    desk(*RUN, "award.json")
    journal = desk.folder / "chain" / "journal"
    modes = {path.name: path.stat().st_mode & 0o077 for path in journal.iterdir()}
    assert modes.keys() >= {"batches.sqlite", "calls.sqlite", "ordering.lock", "sending.lock"}
    assert set(modes.values()) == {0}
    assert journal.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", ["jwt", "sd-jwt"])
def test_tokens(desk, form):
    desk.sign("award.jwt", form=form)
    assert desk(*RUN, "award.jwt", "--json").json()["anchored"] == 1
    assert desk.receipt("award.jwt").subject.startswith(form.encode())


def test_what_would_not_count_is_left_out_and_the_others_go_on(desk):
    desk.sign("good.json")
    desk.sign("silent.json", names=False)
    altered = json.loads((desk.folder / "good.json").read_text())
    altered["credentialSubject"]["id"] = "did:example:other"
    (desk.folder / "altered.json").write_text(json.dumps(altered))
    (desk.folder / "no.json").write_text('{"a": 1}')
    done = desk(*RUN, "good.json", "silent.json", "altered.json", "no.json", expect=1)
    assert "Anchored now: 1" in done.stdout
    for code in ("anchoring.record", "proof.invalid", "anchoring.credential"):
        assert code in done.stderr
    assert not (desk.folder / "silent.json.receipt").exists()
    assert len(desk.anchors()) == 1


def test_an_issuer_whose_key_is_not_known_leaves_it_open(desk):
    desk.sign("good.json")
    award = json.loads((desk.folder / "good.json").read_text())
    method = award["proof"][0]["verificationMethod"]
    award["issuer"]["id"] = "did:web:nowhere.example"
    award["proof"][0]["verificationMethod"] = "did:web:nowhere.example#" + method.partition("#")[2]
    (desk.folder / "web.json").write_text(json.dumps(award))
    done = desk(*RUN, "web.json", "--offline", expect=20)
    assert "anchoring.key" in done.stderr
    assert desk.anchors() == []


@pytest.mark.threat(92)
def test_a_key_that_is_not_the_authoritys_writes_nothing(desk):
    desk.sign("award.json")
    desk("anchor", "key", "--out", "thief.json", "--no-passphrase")
    thief = [word if word != "authority.json" else "thief.json" for word in RUN]
    done = desk(*thief, "award.json", expect=1)
    assert "anchoring.authority" in done.stderr
    assert desk.anchors() == []


def test_lines_have_their_receipts_in_lines(desk):
    for number in range(3):
        desk.sign(f"{number}.json", id=f"urn:example:{number}")
    desk.sign("silent.json", names=False)
    lines = [json.dumps(json.loads((desk.folder / f"{name}.json").read_text())) for name in ("0", "1", "silent", "2")]
    (desk.folder / "many.jsonl").write_text("\n".join([*lines[:1], "", *lines[1:]]) + "\n")
    desk(*RUN, "many.jsonl", expect=1)
    told = [json.loads(line) for line in (desk.folder / "many.receipts.jsonl").read_text().splitlines()]
    assert [line is None for line in told] == [False, True, False, True, False]
    receipts = [Receipt.decode(b64decode(line)) for line in told if line]
    assert [receipt.subject for receipt in receipts] == [b"eddsa-rdfc-2022 urn:example:%d" % n for n in range(3)]
    for number, receipt in enumerate(receipts):
        (desk.folder / f"{number}.json.receipt").write_bytes(receipt.encode())
        desk("anchor", "receipt", f"{number}.json", "--namespace", "ns.json", *HERE)
        assert desk.receipt(f"{number}.json") == receipt


def test_a_receipt_of_something_else_is_left_alone(desk):
    desk.sign("one.json", id="urn:example:1")
    desk.sign("two.json", id="urn:example:2")
    desk(*RUN, "one.json")
    other = (desk.folder / "one.json.receipt").read_bytes()
    (desk.folder / "two.json.receipt").write_bytes(other)
    done = desk(*RUN, "two.json", expect=1)
    assert "anchor.receipt_conflict" in done.stderr
    assert (desk.folder / "two.json.receipt").read_bytes() == other
    (desk.folder / "receipts").mkdir()
    desk(*RUN, "two.json", "--out", "receipts")
    assert (desk.folder / "receipts" / "two.json.receipt").exists()


def test_a_receipt_outlives_the_journal(desk):
    desk.sign("one.json", id="urn:example:1")
    desk(*RUN, "one.json")
    before = desk.receipt("one.json")
    shutil.rmtree(desk.folder / "chain" / "journal")
    told = desk(*RUN, "one.json", "--json").json()
    assert (told["anchored"], told["receipts"], len(desk.anchors())) == (1, 1, 2)
    assert desk.receipt("one.json") == before  # of the earlier anchor, which is the better one


def test_a_chain_or_a_namespace_that_is_another(desk):
    desk.sign("award.json")
    desk("anchor", "deploy", "--embedded", "another")
    other = [word if word != "chain" else "another" for word in RUN]
    assert "anchor.elsewhere" in desk(*other, "award.json", expect=2).stderr
    missing = ("anchor", "run", "--authority", "authority.json", *HERE)
    assert "--namespace" in desk(*missing, expect=2).stderr
    assert "anchoring.namespace" in desk(*missing, "--namespace", "key.json", expect=2).stderr
    both = desk(*RUN, "award.json", "--chain", "Ethereum", expect=2)
    assert "usage.two_chains" in both.stderr
    named = ("anchor", "namespace", "show", "eip155:1:0x" + "11" * 20 + "#0x" + "22" * 32)
    assert "anchor.unknown_chain" in desk(*named, expect=2).stderr


def test_founding_goes_on_where_it_was_cut_off(desk):
    told = desk(
        "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority.json",
        "--recovery", "recovery.json", *HERE, "--json",
    ).json()  # fmt: skip
    assert told["namespace"] == str(desk.name)
    assert told["state"]["era"] == 0
    (desk.folder / "recovery.json").unlink()
    done = desk(
        "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority.json",
        "--recovery", "recovery.json", "--recovery-passphrase-file", "pass", *HERE, expect=1,
    )  # fmt: skip
    assert "anchor.key_missing" in done.stderr
    assert not (desk.folder / "recovery.json").exists()  # a new key would be none of that namespace
    desk("anchor", "key", "--out", "authority-2.json", "--no-passphrase")
    done = desk(
        "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority-2.json",
        "--recovery", "recovery-2.json", "--recovery-passphrase-file", "pass", *HERE, expect=1,
    )  # fmt: skip
    assert "anchor.key_missing" in done.stderr


def test_a_misspelt_folder_is_told_and_no_chain_is_made_there(desk):
    desk.sign("award.json")
    elsewhere = ("--embedded", "chian")
    wrong = [word if word != "chain" else "chian" for word in RUN]
    for argv in (
        (*wrong, "award.json"),
        ("anchor", "status", *elsewhere),
        ("anchor", "namespace", "show", "ns.json", *elsewhere),
        ("anchor", "receipt", "award.json", "--namespace", "ns.json", *elsewhere),
    ):
        done = desk(*argv, expect=2)
        assert "anchor.no_chain" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (desk.folder / "chian").exists()


def test_what_is_to_be_published_stands_in_lines_of_its_own(desk):
    lines = desk("anchor", "namespace", "show", "ns.json", *HERE).stderr.splitlines()
    (service,) = [line for line in lines if "TrustAnchorNamespace" in line]
    assert json.loads(service)["serviceEndpoint"] == str(desk.name)
    assert f'  namespaces = ["{desk.name}"]' in lines
    assert all(line == line.rstrip() for line in lines)


def test_a_namespace_that_was_never_opened_is_opened_with_the_first_batch(desk):
    shutil.rmtree(desk.folder / "chain")
    (desk.folder / "ns.json").unlink()
    create = (
        "anchor", "namespace", "create", "--out", "ns.json", "--authority", "authority.json",
        "--recovery", "recovery.json", *HERE,
    )  # fmt: skip
    assert desk(*create, kill=1, expect=None).ended == DEAD  # the name is written, the call is not
    name = RecordName.parse(json.loads((desk.folder / "ns.json").read_text())["id"])
    there = Desk(desk.folder, desk.office, name)
    assert there("anchor", "namespace", "show", "ns.json", *HERE, expect=1).stdout.strip() == str(name)
    there.sign("award.json")
    there(*RUN, "award.json")
    assert there.receipt("award.json").state is State.FINAL


def test_a_head_says_which_bytes_are_the_list_that_counts(desk):
    url = "https://school.example/status/1"
    desk("status", "create", "--url", url, "--out", "list.json", "--key", "key.json")
    first = desk("anchor", "head", "list.json", *WRITING, "--json").json()
    assert (first["version"], first["list"]) == (1, url)
    assert desk("anchor", "head", "list.json", *WRITING, "--json").json()["version"] == 1
    desk("status", "set", "list.json", "7", "--key", "key.json", "--yes")
    assert desk("anchor", "head", "list.json", *WRITING, "--json").json()["version"] == 2

    async def head(chain):
        return await chain.answer(HeadOf(desk.name.namespace, list_id(url)), await chain.final_block())

    found = desk.ask(head)
    assert (found.version, found.digest) == (2, digest_of((desk.folder / "list.json").read_bytes()))
    desk("status", "seal", "list.json", "--key", "key.json", "--yes")
    desk("anchor", "head", "list.json", *WRITING)
    assert desk.ask(head).sealed
    desk("status", "create", "--url", url, "--out", "anew.json", "--key", "key.json")
    assert "issuance.head" in desk("anchor", "head", "anew.json", *WRITING, expect=1).stderr
    assert "issuance.head" in desk("anchor", "head", "key.json", *WRITING, expect=2).stderr


def test_an_accreditation_is_recorded_and_withdrawn(desk):
    did = json.loads((desk.folder / "key.json").read_text())["controller"]
    subject = json.loads((desk.folder / "other.json").read_text())["controller"]
    scopes = [{"types": ["OpenBadgeCredential"]}, {"limitJurisdiction": ["PL"]}]
    (desk.folder / "draft.json").write_text(
        json.dumps({"issuer": {"name": "Example Body", "id": did}, "subject": subject, "scopes": scopes})
    )
    signing = ("--accreditation", "draft.json", "--key", "key.json")
    desk("issue", *signing, "--anchor", f"{desk.name}/accreditations", "--out", "signed.json")
    first = desk("anchor", "accredit", "signed.json", *WRITING, "--json").json()
    assert (first["written"], first["before"]) == (2, 0)
    assert {call["state"] for call in first["calls"]} == {"finalized"}
    assert desk("anchor", "accredit", "signed.json", *WRITING, "--json").json()["written"] == 0

    def facts(number):
        signed = SignedAccreditation.read((desk.folder / "signed.json").read_bytes())

        async def work(chain):
            block = await chain.final_block()
            places = [(each.body, each.subject, each.scope) for each in signed.accredit(desk.name, {})]
            return [await chain.answer(AccreditationOf(*place, number), block) for place in places]

        return desk.ask(work)

    assert [fact.revoked_at for fact in facts(0)] == [None, None]
    withdraw = ("anchor", "withdraw", "signed.json", *WRITING)
    assert "input.unconfirmed" in desk(*withdraw, expect=2).stderr
    desk(*withdraw, "--yes")
    assert all(fact.revoked_at is not None for fact in facts(0))
    assert "anchoring.accreditation" in desk(*withdraw, "--yes", expect=1).stderr
    assert desk("anchor", "accredit", "signed.json", *WRITING, "--json").json()["written"] == 2
    assert [fact.revoked_at for fact in facts(1)] == [None, None]
    desk("issue", *signing, "--out", "silent.json")
    assert "issuance.accreditation" in desk("anchor", "accredit", "silent.json", *WRITING, expect=1).stderr


def test_rotation_takes_the_successors_word(desk):
    desk("anchor", "key", "--out", "next.json", "--no-passphrase")
    rotate = ("anchor", "rotate", "--successor", "next.json", *WRITING)
    assert "input.unconfirmed" in desk(*rotate, expect=2).stderr
    told = desk(*rotate, "--yes", "--json").json()
    assert told["state"] == "finalized"
    assert desk(*rotate, "--yes", "--json").json()["authority"] == told["authority"]
    desk.sign("award.json")
    assert "anchoring.authority" in desk(*RUN, "award.json", expect=1).stderr
    following = [word if word != "authority.json" else "next.json" for word in RUN]
    desk(*following, "award.json")
    assert desk.receipt("award.json").progress.anchor.authority == 1


def test_a_recovery_is_asked_for_taken_back_and_not_completed_before_its_time(desk):
    desk("anchor", "key", "--out", "next.json", "--no-passphrase")
    with_key = (
        *("--recovery", "recovery.json", "--recovery-passphrase-file", "pass", "--namespace", "ns.json", *HERE),
        *("--successor", "next.json", "--next-recovery", "following.json"),
        *("--next-recovery-passphrase-file", "pass"),
    )
    none = desk("anchor", "recover", "cancel", *with_key, expect=1)
    assert "anchoring.recovery" in none.stderr
    desk("anchor", "recover", "request", *with_key, "--yes")
    shown = desk("anchor", "namespace", "show", "ns.json", *HERE, "--json").json()["state"]
    assert shown["recovery"]["successor"] == json.loads((desk.folder / "next.json").read_text())["address"]
    desk("anchor", "recover", "request", *with_key, "--yes")
    desk("anchor", "recover", "cancel", *with_key)
    assert desk("anchor", "namespace", "show", "ns.json", *HERE, "--json").json()["state"]["recovery"] is None

    async def state(chain):
        return await chain.answer(StateOf(desk.name.namespace), await chain.final_block())

    assert desk.ask(state).recovery_requests == 1


def test_verify_answers_by_the_anchor_alone(desk):
    desk.sign("award.json")
    desk(*RUN, "award.json")
    did = json.loads((desk.folder / "key.json").read_text())["controller"]
    (desk.folder / "trust.toml").write_text(
        f'[[lists]]\nname = "mine"\n[[lists.issuers]]\ndid = "{did}"\nname = "Example"\ndomain = "school.example"\n'
        f'namespaces = ["{desk.name}"]\n'
    )
    verify = ("anchor", "verify", "award.json", "--trust", "trust.toml")
    (desk.folder / "award.json.receipt").rename(desk.folder / "kept")
    assert "anchor.no_receipt" in desk(*verify, *HERE, expect=2).stderr
    (desk.folder / "kept").rename(desk.folder / "award.json.receipt")
    assert desk(*verify, *HERE).stdout.startswith("Existed before")
    assert desk(*verify, *HERE, "--json").json()["code"] == "anchor.passed"
    desk("anchor", "verify", "award.json", *HERE, expect=20)  # nobody says whose the namespace is
    desk(*verify, "--offline", expect=20)
    desk.sign("award.json", name="Signed anew")
    assert desk(*verify, *HERE, expect=None).returncode in {1, 20}


def test_refresh_takes_no_key(desk):
    desk.sign("award.json")
    desk(*RUN, "award.json")
    before = desk.receipt("award.json")
    shutil.rmtree(desk.folder / "chain" / "journal")
    for secret in ("authority.json", "recovery.json", "ns.json"):
        (desk.folder / secret).unlink()
    desk.ask(lambda chain: chain.mine())
    told = desk("anchor", "refresh", ".", *HERE, "--json").json()
    after = desk.receipt("award.json")
    assert after.progress.proof.header != before.progress.proof.header
    assert (after.place, after.progress.anchor) == (before.place, before.progress.anchor)
    assert told["file"] == "award.json.receipt"


@pytest.mark.threat(95)
def test_without_its_journal_a_file_of_lines_keeps_the_receipts_of_the_first_anchors(desk):
    for number in range(2):
        desk.sign(f"{number}.json", id=f"urn:example:{number}")
    lines = [json.dumps(json.loads((desk.folder / f"{number}.json").read_text())) for number in range(2)]
    (desk.folder / "awards.jsonl").write_text("\n".join(lines) + "\n")
    receipts = desk.folder / "awards.receipts.jsonl"
    desk(*RUN, "awards.jsonl")
    before = receipts.read_bytes()
    desk(*RUN, "awards.jsonl")
    assert receipts.read_bytes() == before
    shutil.rmtree(desk.folder / "chain" / "journal")
    desk(*RUN, "awards.jsonl")
    assert receipts.read_bytes() == before
    (desk.folder / "awards.jsonl").write_text("\n".join(reversed(lines)) + "\n")
    desk(*RUN, "awards.jsonl", expect=None)
    subjects = [Receipt.decode(b64decode(json.loads(line))).subject for line in receipts.read_text().splitlines()]
    assert [subject.rpartition(b":")[2] for subject in subjects] == [b"1", b"0"]
