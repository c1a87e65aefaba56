"""Credentials under a former name of a did:webvh: whose word they are, once it has moved."""

import asyncio
import json

import pytest
from verification_support import EVERYDAY, HOLDER, STRICT, credential, found, gathered, judged, one, party
from web_servers import publishing
from webvh_support import DAY, KEYS, NOW, START, chain, did_of, entries, first, forged, read

from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from did_methods.history import KeyEvidence
from did_methods.resolution import Problem
from did_methods.web import WebPlace
from did_methods.webvh_create import update
from did_methods.webvh_log import Log
from did_methods.webvh_moves import FORMER_FILE, check_move, for_judging, has_moved
from node.app import methods, sources
from node.verification.check import Outcome
from node.verification.gather import gather
from node.verification.histories import history_in
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.trust import NO_TRUST

SIGNER = party(71)


def keys_of(name, who=SIGNER):
    method = {
        "id": f"{name}#sign",
        "type": "Multikey",
        "controller": name,
        "publicKeyMultibase": who.private.public.to_multibase(),
    }
    return {"verificationMethod": [method], "assertionMethod": [method["id"]]}


class Moved:
    """A did:webvh that moved from one folder of a host to another."""

    def __init__(self, port, *, who=SIGNER):
        places = [WebPlace("localhost", port, (folder,)) for folder in ("old", "new")]
        unfinished = f"did:webvh:{{SCID}}:localhost%3A{port}:old"
        self.before = first(place=places[0], document=keys_of(unfinished), changes={"portable": True})
        self.old = str(did_of(self.before))
        self.new = self.old.removesuffix("old") + "new"
        state = entries(self.before)[0]["state"]
        self.state = state | keys_of(self.new, who) | {"id": self.new, "alsoKnownAs": [self.old]}
        self.log = update(self.before, {}, KEYS[0], sources_tools(), at=START + DAY, document=self.state)

    def signed(self):
        issuer = party(71, self.old)
        return issuer.sign(credential(issuer), method=f"{self.old}#sign")

    def later(self, log=None, **members):
        return update(log or self.log, {}, KEYS[0], sources_tools(), at=START + 9 * DAY, document=self.state | members)


def sources_tools():
    from node.verification.did_logs import LOG_TOOLS  # noqa: PLC0415 - one name of it

    return LOG_TOOLS


@pytest.fixture
def host():
    pages = {}
    with publishing(pages) as (port, asked):
        yield port, pages, asked


def judge(subject, policy=EVERYDAY):
    asked = sources(online=True, loopback=True)
    material = asyncio.run(gather(subject, asked, NO_TRUST))
    return one(subject, material=material, policy=policy, at=NOW)


def key_check(entry):
    (check,) = [check for check in entry.checks if check.name == "issuer_key"]
    return check


@pytest.mark.threat(22)
class TestUnderAFormerName:
    def test_it_is_its_controllers_where_both_hosts_show_it(self, host):
        port, pages, _ = host
        moved = Moved(port)
        pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.log}
        check = key_check(judge(moved.signed()))
        assert (check.outcome, check.code) == (Outcome.PASSED, "issuer_key.passed")
        assert check.evidence["movedTo"] == moved.new
        assert (check.evidence["evidence"], check.evidence["state"]) == ("self-declared", "active")
        assert found(judge(moved.signed(), STRICT), "issuer_key")[0] is Outcome.INDETERMINATE

    def test_and_where_the_log_has_gone_on_since(self, host):
        port, pages, _ = host
        moved = Moved(port)
        pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.later()}
        assert key_check(judge(moved.signed())).outcome is Outcome.PASSED

    def test_a_key_that_was_given_up_with_the_name_is_undecided(self, host):
        port, pages, _ = host
        moved = Moved(port, who=party(72))
        pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.log}
        check = key_check(judge(moved.signed()))
        assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "issuer_key.replaced")

    def test_one_that_was_given_up_speaks_no_more(self, host):
        port, pages, _ = host
        moved = Moved(port)
        pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": forged(moved.log, {"deactivated": True})}
        assert key_check(judge(moved.signed())).outcome is Outcome.INDETERMINATE

    def test_a_forged_credential_fails_as_ever(self, host):
        port, pages, _ = host
        moved = Moved(port)
        pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.log}
        assert found(judge(moved.signed() | {"name": "Changed"}), "proof")[0] is Outcome.FAILED


@pytest.mark.threat(21)
class TestWhatIsNotShown:
    """Any of these could be made by a stranger who wants to be taken for the former host, or hides a history."""

    @pytest.mark.parametrize(
        "published",
        [
            pytest.param(lambda moved: {"/new/did.jsonl": moved.log}, id="the former host publishes nothing"),
            pytest.param(lambda moved: {"/old/did.jsonl": moved.log}, id="the present host publishes nothing"),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.before}, id="without the move"
            ),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.later(), "/new/did.jsonl": moved.log}, id="cut at the new place"
            ),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.later(moved.before)}, id="a fork"
            ),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.later(alsoKnownAs=[])},
                id="the former name is not named any more",
            ),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": forged(moved.log, by=1)},
                id="an entry that does not hold",
            ),
            pytest.param(
                lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": f"http://localhost:{0}/x"}, id="led away"
            ),
            pytest.param(lambda moved: {"/old/did.jsonl": moved.log, "/new/did.jsonl": b"[]"}, id="no log"),
        ],
    )
    def test_it_is_undecided_and_says_why(self, host, published):
        port, pages, _ = host
        moved = Moved(port)
        pages |= published(moved)
        check = key_check(judge(moved.signed()))
        assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "issuer_key.unresolved")
        assert "present name" in check.message

    def test_a_log_that_comes_with_the_document_shows_nothing(self, host):
        port, _, _ = host
        moved = Moved(port)
        files = {"did.jsonl": moved.log, FORMER_FILE: moved.log}
        item = ResolvedDocument({"id": moved.old}, KeyEvidence.WITNESSED, Origin.FILE, NOW, files)
        report = judged(moved.signed(), material=VerificationMaterial({moved.old: item}), at=NOW)
        check = key_check(report.credentials[0])
        assert (check.outcome, check.code) == (Outcome.INDETERMINATE, "issuer_key.from_file")

    def test_a_log_that_moves_on_and_on_is_not_followed_for_ever(self, host):
        port, pages, asked = host
        moved = Moved(port)
        log = moved.log
        pages["/old/did.jsonl"] = log
        for number in range(9):
            name = moved.old.removesuffix("old") + f"n{number}"
            before = entries(log)[-1]["state"]["id"]
            pages[f"/{before.rpartition(':')[2]}/did.jsonl"] = log = update(
                log,
                {},
                KEYS[0],
                sources_tools(),
                at=START + (number + 2) * DAY,
                document=moved.state | {"id": name, "alsoKnownAs": [before, moved.old]},
            )
        assert key_check(judge(moved.signed())).outcome is Outcome.INDETERMINATE
        assert len(asked) == 4

    def test_a_host_that_a_log_only_claims_is_not_asked_for_more_than_its_log(self, host):
        """The former host was never its controller's: it publishes nothing, and nobody looks elsewhere."""
        port, pages, asked = host
        moved = Moved(port)
        pages["/new/did.jsonl"] = moved.log
        judge(moved.signed())
        assert asked == ["/old/did.jsonl"]


def test_who_asks_for_a_document_of_the_former_name_is_told_that_there_is_none(host):
    port, pages, _ = host
    moved = Moved(port)
    pages |= {"/old/did.jsonl": moved.log, "/new/did.jsonl": moved.log}
    known = methods(online=True, loopback=True)["webvh"]
    answer = asyncio.run(known.resolve(parse_did(moved.old)))
    assert (answer.document, answer.problem) == (None, Problem.NOT_FOUND)
    assert moved.new[:60] in answer.detail
    shown = for_judging(answer, moved.old)
    assert (shown.document, shown.problem) == ({"id": moved.old}, None)
    assert "retrieved" in shown.resolution_metadata
    assert history_in(moved.old, shown.files, NOW).present.document.id == moved.new
    present = asyncio.run(known.resolve(parse_did(moved.new)))
    assert for_judging(present, moved.new) is present
    assert json.loads(json.dumps(present.document))["alsoKnownAs"] == [moved.old]


def test_what_is_a_move():
    log = chain(2)
    did = did_of(log)
    assert not has_moved(read(log), did)
    assert not has_moved(Log(()), did)
    moved = Moved(8000)
    assert has_moved(read(moved.log), parse_did(moved.old))
    assert not has_moved(read(moved.log), parse_did(moved.new))
    assert not has_moved(read(moved.log), did)
    assert not has_moved(read(forged(moved.log, by=1)), parse_did(moved.old))
    check_move(parse_did(moved.old), read(moved.log), read(moved.log))
    with pytest.raises(DidMethodsError, match="never the one"):
        check_move(parse_did(HOLDER.did), read(moved.log), read(moved.log))
    assert gathered(SIGNER).documents
