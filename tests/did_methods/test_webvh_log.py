"""The log of a did:webvh: what holds is read, the first thing that does not ends it, and nothing of it counts."""

import hashlib
import json
from dataclasses import replace

import pytest
from webvh_support import (
    DAY,
    KEYS,
    NOW,
    START,
    chain,
    did_of,
    entries,
    first,
    forged,
    multikey,
    private,
    read,
    rotating,
    rule,
    signed_again,
)

from did_methods.errors import UnsupportedError
from did_methods.multibase import to_base58
from did_methods.webvh_create import promise
from did_methods.webvh_entry import MAX_LISTED, multihash
from did_methods.webvh_log import read_log
from node.proofs.canonicalize.jcs import jcs
from node.verification.did_logs import LOG_TOOLS

# https://identity.foundation/didwebvh/v1.0/#generate-entry-hash, its example.
SPEC_ENTRY = {
    "versionId": "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE",
    "versionTime": "2025-04-01T17:39:50Z",
    "parameters": {
        "witness": {
            "threshold": 2,
            "witnesses": [
                {"id": "did:key:z6Mkkc51mg2vpQzKWAbWQZupeGYhowaBjYkmvcKMTqteqHB4", "weight": 1},
                {"id": "did:key:z6MkuDdJdKLCgwZuQuEi9xG6LVgJJ9Tebr74CXPYPSumqgJs", "weight": 1},
                {"id": "did:key:z6MkoSWmQyp4fTk4ZQy4KUsss9dFX51XfEUzKKKj1J1JUsrF", "weight": 1},
            ],
        },
        "updateKeys": ["z6MkgzBDcBFV3sk4ypPE5YXMZHmS213A3HpYY2LmcVKV15jr"],
        "nextKeyHashes": ["QmZreDcjvWEpyRFznQeExWNCsvMLk5i59AcRJJuQC8UodJ"],
        "method": "did:webvh:0.5",
        "scid": "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE",
    },
    "state": {
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": "did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:domain.example",
    },
}
SPEC_HASH = "QmQ6FJ4fk2xheSSQoEjVpTgx9AQPKhJgtR9hn1nr4EeCrZ"

CHAIN = chain(3)
ROTATING = rotating(3)


def refused(log, now=NOW):
    """Why the log ends, and how many versions hold."""
    seen = read(log, now)
    return seen.refusal.error.code if seen.refusal else None, len(seen.versions)


def line_of(entry):
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"


def test_hashes_as_the_specification_does():
    assert multihash(jcs(SPEC_ENTRY)) == SPEC_HASH


def test_a_whole_log_is_read():
    log = read(CHAIN)
    assert log.refusal is None
    assert [version.number for version in log.versions] == [1, 2, 3]
    assert [version.time for version in log.versions] == [START, START + DAY, START + 2 * DAY]
    for number, version in enumerate(log.versions):
        assert version.document == entries(CHAIN)[number]["state"]
        assert [method.key for method in version.view.methods.values()] == [private(50 + number).public]
        assert version.parameters.update_keys == (multikey(0),)


def test_the_last_line_may_lack_its_end():
    assert refused(CHAIN.removesuffix(b"\n")) == (None, 3)


@pytest.mark.threat(23)
@pytest.mark.parametrize("keep", [1, 2])
def test_a_log_that_was_cut_is_sound_and_ends_sooner(keep):
    """Nothing in a log shows that more follows: whoever relies on the last version has to have asked the host."""
    assert refused(b"".join(CHAIN.splitlines(keepends=True)[:keep])) == (None, keep)


@pytest.mark.threat(23)
@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_log_that_was_cut_within_a_line_ends_before_it(cut):
    assert refused(CHAIN[: -cut - 1]) == ("webvh.line", 2)


@pytest.mark.threat(23)
@pytest.mark.parametrize(
    ("order", "code", "held"),
    [
        ((1, 2), "webvh.method", 0),  # the first is missing
        ((0, 2), "webvh.number", 1),
        ((0, 2, 1), "webvh.number", 1),
        ((1, 0, 2), "webvh.method", 0),
        ((0, 0, 1, 2), "webvh.parameter", 1),  # a second SCID
        ((0, 1, 1, 2), "webvh.number", 2),
    ],
)
def test_entries_that_were_dropped_doubled_or_swapped(order, code, held):
    lines = CHAIN.splitlines(keepends=True)
    assert refused(b"".join(lines[number] for number in order)) == (code, held)


@pytest.mark.threat(23)
def test_an_entry_of_a_fork_does_not_follow_the_other_branch():
    one = forged(first(), {"ttl": 1})
    other = forged(first(), {"ttl": 2})
    assert refused(forged(one)) == (None, 3)
    assert refused(other + forged(one).splitlines(keepends=True)[2]) == ("webvh.hash", 2)


@pytest.mark.threat(23)
def test_an_entry_that_was_written_over_and_signed_by_somebody_else():
    assert refused(forged(CHAIN, by=1)) == ("webvh.key", 3)


def test_a_signature_that_somebody_else_made_in_the_name_of_the_key():
    line = entries(forged(CHAIN, by=1))[3]
    line["proof"][0]["verificationMethod"] = entries(CHAIN)[0]["proof"][0]["verificationMethod"]
    assert refused(CHAIN + line_of(line)) == ("webvh.proof", 3)


@pytest.mark.parametrize(
    "change",
    [
        {"cryptosuite": "ecdsa-jcs-2019"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"type": "Ed25519Signature2020"},
        {"proofPurpose": "authentication"},
        {"expires": "2099-01-01T00:00:00Z"},
        {"previousProof": "urn:uuid:b0c5c2f2-6a2b-4c8d-9c4b-0d8a3c3b1a55"},
        {"proofValue": "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2"},
        {"proofValue": None},
        {"proofValue": 5},
        {"created": "yesterday"},
    ],
)
def test_a_proof_of_another_kind(change):
    line = entries(CHAIN)[0]
    line["proof"][0] |= change
    assert refused(line_of(line)) == ("webvh.proof", 0)


@pytest.mark.parametrize(
    "change",
    [
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"cryptosuite": "EdDSA-JCS-2022"},
        {"type": "Ed25519Signature2020"},
        {"proofPurpose": "authentication"},
        {"expires": "2099-01-01T00:00:00Z"},
        {"previousProof": "urn:uuid:b0c5c2f2-6a2b-4c8d-9c4b-0d8a3c3b1a55"},
    ],
)
def test_what_a_proof_says_of_itself_is_read_by_the_log_and_not_left_to_the_check(change):
    """Even a check that takes every proof does not let one of another kind in."""
    anything = replace(LOG_TOOLS, holds=lambda *_: True)
    line = entries(CHAIN)[0]
    assert read_log(line_of(line), anything, now=NOW).refusal is None
    line["proof"][0] |= change
    assert read_log(line_of(line), anything, now=NOW).refusal.error.code == "webvh.proof"


def test_every_proof_of_an_entry_has_to_hold():
    line = entries(CHAIN)[0]
    line["proof"].append(line["proof"][0] | {"created": "2026-01-01T00:00:01Z"})
    assert refused(line_of(line)) == ("webvh.proof", 0)


def test_a_single_proof_need_not_be_a_list():
    line = entries(CHAIN)[0]
    (line["proof"],) = line["proof"]
    assert refused(line_of(line)) == (None, 1)


@pytest.mark.parametrize("proofs", [[], ["text"], None, [{}] * (MAX_LISTED + 1)])
def test_an_entry_without_sound_proofs(proofs):
    line = entries(CHAIN)[0]
    line["proof"] = proofs
    assert refused(line_of(line)) == ("webvh.proof", 0)


@pytest.mark.threat(23)
@pytest.mark.parametrize("member", ["versionTime", "parameters", "state"])
def test_an_entry_that_was_changed_after_it_was_signed(member):
    line = entries(CHAIN)[2]
    line[member] = {
        "versionTime": "2026-01-03T00:00:01Z",
        "parameters": {"ttl": 1},
        "state": line["state"] | {"controller": "did:example:attacker"},
    }[member]
    good = b"".join(CHAIN.splitlines(keepends=True)[:2])
    assert refused(good + line_of(line)) == ("webvh.proof", 2)


def test_an_entry_whose_hash_is_of_something_else_although_it_is_signed():
    """A controller that signs what does not hash to its name is refused too."""
    line = entries(CHAIN)[0]
    other = {name: value for name, value in line.items() if name != "proof"}
    other["versionId"] = f"1-{multihash(b'something else')}"
    other["proof"] = [KEYS[0].proof(other, START)]
    assert refused(line_of(other)) == ("webvh.hash", 0)


@pytest.mark.threat(23)
def test_a_first_entry_that_does_not_hash_to_its_scid():
    """Signed and hashed by a key of its own, under the SCID of somebody else."""
    line = entries(CHAIN)[0]
    line["parameters"]["updateKeys"] = [multikey(1)]
    scid = line["parameters"]["scid"]
    assert refused(signed_again(line, scid, by=1)) == ("webvh.scid", 0)


def test_a_placeholder_that_was_left_would_give_two_first_entries_one_scid():
    line = entries(first(document={"alsoKnownAs": ["did:webvh:{SCID}:old.example"]}))[0]
    scid = line["parameters"]["scid"]
    assert scid in line["state"]["alsoKnownAs"][0]
    line["state"]["alsoKnownAs"] = ["did:webvh:{SCID}:old.example"]
    assert refused(signed_again(line, scid)) == ("webvh.scid", 0)


def test_a_scid_may_name_members_too():
    log = first(document={"x-names": {"{SCID}": 1, "Qm": 2}})
    assert refused(log) == (None, 1)


@pytest.mark.parametrize("hashed", [hashlib.sha384, hashlib.sha3_256])
def test_another_hash_is_no_hash_of_version_1(hashed):
    line = entries(CHAIN)[1]
    body = {name: value for name, value in line.items() if name != "proof"}
    chained = jcs(body | {"versionId": entries(CHAIN)[0]["versionId"]})
    code = b"\x20\x30" if hashed is hashlib.sha384 else b"\x16\x20"
    body["versionId"] = f"2-{to_base58(code + hashed(chained).digest())}"
    body["proof"] = [KEYS[0].proof(body, START)]
    assert refused(CHAIN.splitlines(keepends=True)[0] + line_of(body)) == ("webvh.hash", 1)


class TestTimes:
    @pytest.mark.parametrize(
        ("time", "code"),
        [
            ("2026-01-02T00:00:00Z", None),
            ("2026-01-02T00:00:00+00:00", None),
            ("2026-01-02T00:00:00.001Z", None),
            ("2026-01-01T00:00:00.001Z", None),
            ("2026-01-01T00:00:00Z", "webvh.time"),  # not later
            ("2025-12-31T23:59:59Z", "webvh.time"),
            ("2026-09-01T00:05:01Z", "webvh.time"),  # of the future
            ("2026-09-01T00:05:00Z", None),
            ("2026-01-02T00:00:00", "webvh.time"),
            ("2026-01-02T02:00:00+02:00", "webvh.time"),  # not in UTC
            ("2026-01-02", "webvh.time"),
            ("2026-02-30T00:00:00Z", "webvh.time"),
            ("٢٠٢٦-01-02T00:00:00Z", "webvh.time"),
            (1767312000, "webvh.time"),
            (None, "webvh.time"),
        ],
    )
    def test_versions_are_strictly_one_after_the_other(self, time, code):
        assert refused(forged(first(), versionTime=time))[0] == code

    def test_a_clock_that_is_behind_sees_fewer_versions(self):
        assert refused(CHAIN, START + DAY) == ("webvh.time", 2)


class TestKeys:
    def test_new_keys_write_the_entry_after_the_one_that_names_them(self):
        log = forged(first(), {"updateKeys": [multikey(1)]})
        assert refused(log) == (None, 2)
        assert refused(forged(log, by=0)) == ("webvh.key", 2)
        assert refused(forged(log, by=1)) == (None, 3)

    def test_new_keys_do_not_write_the_entry_that_names_them(self):
        assert refused(forged(first(), {"updateKeys": [multikey(1)]}, by=1)) == ("webvh.key", 1)

    def test_any_of_several_keys_may_write(self):
        log = first(changes={"updateKeys": [multikey(0), multikey(1)]})
        assert refused(forged(log, by=1)) == (None, 2)

    def test_without_keys_nothing_follows(self):
        assert refused(forged(forged(first(), {"updateKeys": []}))) == ("webvh.key", 2)

    def test_a_key_of_another_type_never_writes(self):
        from did_methods.multikey import KeyType, PrivateKey  # noqa: PLC0415 - here alone

        p256 = PrivateKey.generate(KeyType.P256).public.to_multibase()
        log = first(changes={"updateKeys": [multikey(0), p256]})
        line = entries(forged(log))[1]
        line["proof"][0]["verificationMethod"] = f"did:key:{p256}#{p256}"
        assert refused(log + line_of(line)) == ("webvh.proof", 1)

    @pytest.mark.parametrize("name", ["did:key:{0}", "did:key:{1}#{0}", "did:web:good.edu#{0}", "{0}", 7, None])
    def test_a_key_is_named_as_the_method_says(self, name):
        line = entries(first())[0]
        named = name.format(multikey(0), multikey(1)) if isinstance(name, str) else name
        line["proof"][0]["verificationMethod"] = named
        assert refused(line_of(line)) == ("webvh.key", 0)


@pytest.mark.threat(23)
class TestPromises:
    def test_promised_keys_write_their_own_entry(self):
        assert refused(ROTATING) == (None, 3)

    def test_a_stolen_key_cannot_go_on(self):
        """The key in force signs an entry with a key that the thief has."""
        log = rotating(1)
        stolen = {"updateKeys": [multikey(9)], "nextKeyHashes": [promise(KEYS[9].public)]}
        assert refused(forged(log, stolen, by=0)) == ("webvh.key", 1)
        assert refused(forged(log, stolen, by=9)) == ("webvh.rotation", 1)

    def test_one_promised_key_does_not_let_another_in(self):
        both = {"updateKeys": [multikey(1), multikey(9)], "nextKeyHashes": [promise(KEYS[2].public)]}
        assert refused(forged(rotating(1), both, by=1)) == ("webvh.rotation", 1)

    @pytest.mark.parametrize(
        "changes",
        [
            {"updateKeys": [multikey(1)]},
            {"nextKeyHashes": [promise(KEYS[2].public)]},
            {},
        ],
    )
    def test_keys_and_promises_are_in_every_entry(self, changes):
        by = 1 if "updateKeys" in changes else 0
        assert refused(forged(rotating(1), changes, by=by)) == ("webvh.rotation", 1)

    def test_an_entry_without_keys_is_nobodys(self):
        assert refused(forged(rotating(1), {"updateKeys": [], "nextKeyHashes": []})) == ("webvh.key", 1)

    def test_promises_end_with_an_entry_that_still_keeps_them(self):
        log = forged(rotating(1), {"updateKeys": [multikey(1)], "nextKeyHashes": []}, by=1)
        assert refused(forged(log, {"updateKeys": [multikey(9)]}, by=1)) == (None, 3)
        unpromised = {"updateKeys": [multikey(9)], "nextKeyHashes": []}
        assert refused(forged(rotating(1), unpromised, by=9)) == ("webvh.rotation", 1)

    def test_promises_may_begin_later(self):
        log = forged(first(), {"nextKeyHashes": [promise(KEYS[1].public)]})
        assert refused(forged(log)) == ("webvh.rotation", 2)
        assert refused(forged(log, {"updateKeys": [multikey(1)], "nextKeyHashes": []}, by=1)) == (None, 3)


class TestParameters:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"method": "did:webvh:1.0"}, None),
            ({"method": "did:webvh:0.5"}, "webvh.method"),
            ({"method": "did:tdw:1.0"}, "webvh.method"),
            ({"method": None}, "webvh.method"),
            ({"method": "did:webvh:1.1"}, "webvh.unsupported"),
            ({"method": "did:webvh:2.0"}, "webvh.unsupported"),
            ({"scid": "Qm"}, "webvh.parameter"),
            ({"unknown": 1}, "webvh.parameter"),
            ({"updateKeys": "z6Mk"}, "webvh.parameter"),
            ({"updateKeys": [1]}, "webvh.parameter"),
            ({"updateKeys": [multikey(0), multikey(0)]}, "webvh.parameter"),
            ({"updateKeys": [f"z{n}" for n in range(MAX_LISTED + 1)]}, "webvh.parameter"),
            ({"nextKeyHashes": {}}, "webvh.parameter"),
            ({"watchers": ["https://watcher.example/"]}, None),
            ({"watchers": "https://watcher.example/"}, "webvh.parameter"),
            ({"portable": False}, None),
            ({"portable": True}, "webvh.portability"),
            ({"portable": 1}, "webvh.parameter"),
            ({"deactivated": "true"}, "webvh.parameter"),
            ({"deactivated": False}, None),
            ({"ttl": 0}, None),
            ({"ttl": 2**31}, None),
            ({"ttl": 2**31 + 1}, "webvh.parameter"),
            ({"ttl": -1}, "webvh.parameter"),
            ({"ttl": "3600"}, "webvh.parameter"),
            ({"ttl": True}, "webvh.parameter"),
            ({"ttl": None, "watchers": None, "witness": None, "nextKeyHashes": None, "updateKeys": None}, None),
            ({"witness": {}}, None),
            ({"witness": []}, "webvh.witness"),
            ({"witness": {"threshold": 1}}, "webvh.witness"),
            ({"witness": rule(0, 0)}, "webvh.witness"),
            ({"witness": rule(3, 0, 1)}, "webvh.witness"),
            ({"witness": rule(1, 0, 0)}, "webvh.parameter"),
            ({"witness": rule(True, 0)}, "webvh.witness"),
            ({"witness": {"threshold": 1, "witnesses": [{"id": "did:web:good.edu"}]}}, "webvh.witness"),
            ({"witness": {"threshold": 1, "witnesses": ["did:key:z6Mk"]}}, "webvh.parameter"),
        ],
    )
    def test_what_version_1_allows_in_a_later_entry(self, changes, code):
        assert refused(forged(first(), changes))[0] == code

    def test_a_later_version_is_not_wrong_but_not_known(self):
        log = read(forged(CHAIN, {"method": "did:webvh:1.1"}))
        assert isinstance(log.refusal.error, UnsupportedError)
        assert len(log.versions) == 3

    @pytest.mark.parametrize("missing", ["method", "scid", "updateKeys"])
    def test_what_the_first_entry_has_to_say(self, missing):
        line = entries(first())[0]
        scid = line["parameters"]["scid"]
        del line["parameters"][missing]
        code = "webvh.method" if missing == "method" else "webvh.parameter"
        assert refused(signed_again(line, scid)) == (code, 0)

    def test_null_is_the_default(self):
        log = read(
            forged(first(changes={"ttl": 60, "watchers": ["https://w.example/"]}), {"ttl": None, "watchers": None})
        )
        assert log.versions[0].parameters.ttl == 60
        assert log.versions[1].parameters.ttl == 3600
        assert log.versions[1].parameters.watchers == ()

    def test_what_is_not_said_again_stays(self):
        last = read(forged(forged(first(changes={"portable": True}), {"ttl": 5}))).versions[-1].parameters
        assert (last.ttl, last.portable, last.update_keys) == (5, True, (multikey(0),))


class TestSubjects:
    @pytest.mark.parametrize(
        "name",
        [
            "did:web:good.example.edu",
            "did:webvh:QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE:good.example.edu",
            "did:webvh:{scid}",
            "did:webvh:{scid}:",
            "did:webvh:x{scid}:good.example.edu",
            "not a did",
            None,
        ],
    )
    def test_a_document_about_somebody_else(self, name):
        log = first(changes={"portable": True})
        state = entries(log)[0]["state"]
        named = name and name.format(scid=entries(log)[0]["parameters"]["scid"])
        moved = state | {"id": named, "alsoKnownAs": [state["id"]]}
        assert refused(forged(log, state=moved)) == ("webvh.subject", 1)

    def moved(self, log, **members):
        state = entries(log)[0]["state"]
        return forged(log, state=state | {"id": state["id"].replace("good.", "new."), **members})

    def test_a_portable_identifier_moves_and_says_what_it_was(self):
        log = first(changes={"portable": True})
        assert refused(self.moved(log, alsoKnownAs=[str(did_of(log))])) == (None, 2)
        assert refused(self.moved(log)) == ("webvh.portability", 1)
        for names in ("did:web:good.edu", str(did_of(log)), ["did:web:good.edu"], [str(did_of(log)) + ":x"], []):
            assert refused(self.moved(log, alsoKnownAs=names)) == ("webvh.portability", 1)

    def test_no_other_identifier_moves(self):
        for log in (first(), forged(first(changes={"portable": True}), {"portable": False})):
            assert refused(self.moved(log, alsoKnownAs=[str(did_of(log))]))[0] == "webvh.portability"


def test_nothing_follows_the_end_of_an_identifier():
    log = forged(first(), {"deactivated": True})
    assert refused(log) == (None, 2)
    assert read(log).versions[-1].parameters.deactivated
    assert refused(forged(log, {"deactivated": False})) == ("webvh.deactivated", 2)
    assert refused(forged(log)) == ("webvh.deactivated", 2)
