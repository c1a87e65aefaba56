"""`--embedded` of `verify`, `capsule make`, `checkpoint make`: what stands on one's own chain counts for oneself."""

import json
import re
import shutil
import time

import pytest
from anchor_desk import HERE, RUN, WRITING, desk, founded, office

from anchoring.checkpoint import Checkpoint, SignedCheckpoint

pytest.importorskip("eth", reason="the extra devchain is not installed")
__all__ = ["desk", "founded", "office"]  # fixtures
URL = "https://school.example/status/1"
OFFLINE = ("--offline", "--trust", "trust.toml")
LISTING = """
[[lists]]
name = "my schools"
[[lists.issuers]]
did = "{did}"
name = "Example University"
domain = "university.example"
namespaces = ["{name}"]
"""


SINCE = {"scopes": [{"types": ["OpenBadgeCredential"]}], "validFrom": "2020-01-01T00:00:00Z"}


@pytest.fixture
def school(desk):
    """An award that promises heads of its list, anchored; the list of then, and the head of the present one."""
    folder = desk.folder
    did = json.loads((folder / "key.json").read_text())["controller"]
    (folder / "trust.toml").write_text(LISTING.format(did=did, name=desk.name))
    desk("status", "create", "--url", URL, "--out", "list.json", "--key", "key.json")
    draft = folder / "draft.json"
    desk.sign("plain.json")
    entry = desk("status", "show", "list.json", "7", "--json").json()["asked"][0]["entry"]
    draft.write_text(json.dumps({**json.loads(draft.read_text()), "credentialStatus": entry}))
    signing = ("--key", "key.json", "--anchor", str(desk.name), "--anchor", f"{desk.name}/heads", "--proof-array")
    desk("issue", "draft.json", *signing, "--out", "award.json")
    desk(*RUN, "award.json")
    shutil.copy(folder / "list.json", folder / "old.json")
    time.sleep(1 - time.time() % 1)  # what is dated to the second is told apart by seconds
    desk("status", "set", "list.json", "8", "--key", "key.json", "--yes")
    desk("anchor", "head", "list.json", *WRITING)
    return desk


def checks(done):
    (told,) = done.json()["credentials"]
    return {check["check"]: (check["outcome"], check["code"]) for check in told["checks"]}


def verify(school, *more, status="list.json"):
    named = ("--status", status) if status else ()
    return school("verify", *more, *named, *OFFLINE, "--json", expect=None)


WITH_RECEIPT = ("award.json", "--receipt", "award.json.receipt")


@pytest.mark.threat(114)
def test_it_counts_for_who_names_the_folder_and_for_nobody_else(school):
    nobody = verify(school, *WITH_RECEIPT)
    assert nobody.returncode == 20
    assert checks(nobody)["anchor"] == ("indeterminate", "anchor.test_network")
    done = verify(school, *WITH_RECEIPT, *HERE)
    assert done.returncode == 0, done
    found = checks(done)
    assert (found["anchor"][0], found["status"][0]) == ("passed", "passed")
    assert "of no public value" in done.stderr
    assert verify(school, *WITH_RECEIPT).returncode == 20


@pytest.mark.threat(114)
def test_one_may_be_wrong_about_ones_own_trust_file_but_not_about_the_chain(school):
    """A chain that is listed as public counts as one's own where its folder is named; another first block does not."""
    trust = school.folder / "trust.toml"
    first = re.search(r"genesis = .*", school("anchor", "namespace", "show", "ns.json", *HERE).stderr)[0]
    table = f'\n[[chains]]\nname = "mine"\nid = {school.name.chain_id}\n{first}\nkind = "public"\n'
    before = trust.read_text()
    trust.write_text(before + table)
    assert checks(verify(school, *WITH_RECEIPT))["anchor"] == ("indeterminate", "anchor.test_network")
    assert verify(school, *WITH_RECEIPT, *HERE).returncode == 0
    trust.write_text(before + table.replace(first, f'genesis = "0x{"07" * 32}"'))
    refused = verify(school, *WITH_RECEIPT, *HERE)
    assert (refused.returncode, "anchor.other_genesis" in refused.stderr) == (2, True)


@pytest.mark.threat(48)
def test_a_list_of_before_is_noticed(school):
    done = verify(school, *WITH_RECEIPT, *HERE, status="old.json")
    assert done.returncode == 20
    assert checks(done)["status"] == ("indeterminate", "status.rolled_back")


def test_a_misspelt_folder_is_no_chain(school):
    for command in (("verify", "award.json"), ("capsule", "make", "award.json"), ("checkpoint", "make", "--out", "c")):
        done = school(*command, "--embedded", "chian", expect=2)
        assert "anchor.no_chain" in done.stderr
    assert not (school.folder / "chian").exists()


def test_a_capsule_is_judged_elsewhere_with_the_checkpoint(school):
    folder = school.folder
    trust = folder / "trust.toml"
    made = school("checkpoint", "make", *HERE, "--out", "unsigned")
    assert made.stdout.startswith("embedded, block ")
    table = "\n".join(line.strip() for line in made.stderr.partition("[[chains]]")[2].splitlines())
    blocks = re.search(r"\[\[chains\.blocks\]\].*", table, re.DOTALL)[0]
    multikey = json.loads((folder / "other.json").read_text())["controller"].removeprefix("did:key:")
    signers = f'[chains.checkpoints]\nkeys = ["{multikey}"]\nthreshold = 1\n'
    signed_by_others = before_chains(trust) + "\n[[chains]]" + table.replace(blocks, signers)
    pinned = before_chains(trust) + "\n[[chains]]" + table
    trust.write_text(signed_by_others)
    school("checkpoint", "sign", "unsigned", "--key", "other.json", "--out", "signed", "--trust", "trust.toml")
    packing = ("capsule", "make", "award.json", "--receipt", "award.json.receipt", *OFFLINE, *HERE)
    school(*packing, "--status", "list.json", "--checkpoint", "signed", "--out", "award.capsule")
    school(*packing, "--status", "old.json", "--checkpoint", "signed", "--out", "old.capsule", expect=20)
    shutil.rmtree(folder / "chain")
    without = verify(school, "award.capsule", "--policy", "archive", status=None)
    assert without.returncode == 0, "the checkpoint is in it"
    for text in (signed_by_others, pinned):
        trust.write_text(text)
        done = verify(school, "award.capsule", "--checkpoint", "signed", "--policy", "archive", status=None)
        assert done.returncode == 0, done
        assert checks(done)["anchor"][0] == checks(done)["status"][0] == "passed"
    old = verify(school, "old.capsule", "--checkpoint", "signed", "--policy", "archive", status=None)
    assert checks(old)["status"] == ("indeterminate", "status.rolled_back")
    trust.write_text(signed_by_others.replace(multikey, "z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"))
    stranger = verify(school, "award.capsule", "--checkpoint", "signed", "--policy", "archive", status=None)
    assert checks(stranger)["anchor"][0] == checks(stranger)["status"][0] == "indeterminate"


def before_chains(trust):
    return trust.read_text().partition("[[chains]]")[0]


def test_a_checkpoint_of_an_earlier_block(school):
    school("checkpoint", "make", *HERE, "--block", "2", "--out", "second")
    told = Checkpoint.decode(SignedCheckpoint.decode((school.folder / "second").read_bytes()).signed)
    assert (told.number, told.chain.id) == (2, school.name.chain_id)
    late = school("checkpoint", "make", *HERE, "--block", "99999", "--out", "late", expect=20)
    assert "its last block is" in late.stderr
    twice = school("checkpoint", "make", "Ethereum", *HERE, "--out", "late", expect=2)
    assert "usage.checkpoint_chains" in twice.stderr
    assert "usage.missing" in school("checkpoint", "make", "--out", "late", expect=2).stderr
    assert not (school.folder / "late").exists()


def test_a_recorded_accreditation_is_shown(desk):
    """The folder is asked about the record of an accreditation as nodes would be."""
    body, subject = (json.loads((desk.folder / name).read_text())["controller"] for name in ("key.json", "other.json"))
    (desk.folder / "draft.json").write_text(
        json.dumps({"issuer": {"name": "Example Body", "id": body}, "subject": subject, **SINCE})
    )
    signing = ("--accreditation", "draft.json", "--key", "key.json", "--anchor", f"{desk.name}/accreditations")
    desk("issue", *signing, "--out", "school.json")
    desk("anchor", "accredit", "school.json", *WRITING)
    desk.sign("award.json", key="other.json")
    (desk.folder / "trust.toml").write_text(
        f'[[bodies]]\ndid = "{body}"\nname = "Example Body"\nnamespaces = ["{desk.name}"]\n'
    )
    asked = ("award.json", "--accreditation", "school.json")
    done = verify(desk, *asked, *HERE, status=None)
    assert checks(done)["authority"][0] == "passed", done
    assert checks(verify(desk, *asked, status=None))["authority"][0] == "indeterminate"
