"""did:webvh: where it is published, which version is answered with, and which of the registered errors else."""

import asyncio
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webvh_support import (
    DAY,
    KEYS,
    NOW,
    PLACE,
    START,
    WITNESSES,
    chain,
    did_key,
    did_of,
    entries,
    first,
    forged,
    multikey,
    rotating,
    rule,
)

from did_methods.did import parse_did, parse_did_url
from did_methods.errors import AbsentError, DidMethodsError, InvalidDidError, InvalidDidUrlError, UnavailableError
from did_methods.resolution import Problem, resolve
from did_methods.versions import VersionedMethod, VersionQuery
from did_methods.web import WebPlace
from did_methods.webvh import (
    ACCEPT_LOG,
    ACCEPT_WITNESSES,
    LogFiles,
    WebvhMethod,
    read_files,
    resolution_of,
    webvh_place,
)
from did_methods.webvh_create import approve, create, deactivate, update
from did_methods.webvh_log import MAX_LOG_BYTES
from did_methods.webvh_services import address_of, implied_services, parallel_web
from did_methods.webvh_witness import MAX_WITNESS_BYTES
from node.verification.did_logs import LOG_TOOLS

SCID = "QmdmPkUdYzbr9txmx8gM2rsHPgr5L6m3gHjJGAf4vUFoGE"
CHAIN = chain(3)
DID = did_of(CHAIN)
LOG_URL = "https://good.example.edu/.well-known/did.jsonl"
WITNESS_URL = "https://good.example.edu/.well-known/did-witness.json"
ABSENT = AbsentError("there is none", code="fetch.status", remedy="Ask for one.")
DOWN = UnavailableError("the host is silent", code="fetch.timeout", remedy="Try later.")


class Host:
    """A reader of files at addresses, which keeps what it was asked."""

    def __init__(self, files):
        self.asked = []
        self._files = files

    async def __call__(self, url, *, accept, max_bytes):
        self.asked.append((url, accept, max_bytes))
        answer = self._files.get(url, ABSENT)
        if isinstance(answer, Exception):
            raise answer
        return answer


def method(files, now=NOW):
    host = Host(files)
    return WebvhMethod(host, LOG_TOOLS, lambda: now), host


def resolved(files, did=DID):
    webvh, host = method(files if isinstance(files, dict) else {LOG_URL: files})
    return asyncio.run(resolve(str(did), {"webvh": webvh})), host.asked


def version(log, did=DID, **query):
    webvh, _ = method({LOG_URL: log})
    return asyncio.run(webvh.resolve_version(did, VersionQuery(**query)))


# The examples of https://identity.foundation/didwebvh/v1.0/#the-did-to-https-transformation, and some of ours.
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("example.com", "https://example.com/.well-known/did.jsonl"),
        ("issuer.example.com", "https://issuer.example.com/.well-known/did.jsonl"),
        ("example.com:dids:issuer", "https://example.com/dids/issuer/did.jsonl"),
        ("example.com%3A3000:dids:issuer", "https://example.com:3000/dids/issuer/did.jsonl"),
        ("example.com%3A3000", "https://example.com:3000/.well-known/did.jsonl"),
        ("xn--jp-cd2fp15c.xn--fsq.jp", "https://xn--jp-cd2fp15c.xn--fsq.jp/.well-known/did.jsonl"),
        ("example.com:%7Eala", "https://example.com/~ala/did.jsonl"),
    ],
)
@pytest.mark.threat(21)
def test_where_a_log_is_published(location, url):
    place = webvh_place(parse_did(f"did:webvh:{SCID}:{location}"))
    assert place.scid == SCID
    assert place.log_url == url
    assert place.witness_url == url.replace("did.jsonl", "did-witness.json")


@pytest.mark.parametrize(
    "did",
    [
        "did:web:good.edu",
        "did:webvh:good.edu",
        f"did:webvh:{SCID}",
        f"did:webvh:{SCID[:-1]}:good.edu",
        f"did:webvh:{SCID}x:good.edu",
        f"did:webvh:{SCID.replace('Q', '0')}:good.edu",
        "did:webvh:%7BSCID%7D:good.edu",
        f"did:webvh:{SCID}:Good.edu",
        f"did:webvh:{SCID}:127.0.0.1",
        f"did:webvh:{SCID}:localhost",
        f"did:webvh:{SCID}:good.edu%40evil.example",
        f"did:webvh:{SCID}:good.edu%2Fevil",
        f"did:webvh:{SCID}:good.edu%3A99999",
        f"did:webvh:{SCID}:good.edu%3A0443",
        f"did:webvh:{SCID}:good.edu:..",
        f"did:webvh:{SCID}:good.edu.",
        f"did:webvh:{SCID}:jp納豆.例.jp",
        f"did:webvh:{SCID}:good.edu:%E7%94%A8",
    ],
)
@pytest.mark.threat(21)
def test_what_names_no_place(did):
    with pytest.raises(InvalidDidError):
        webvh_place(parse_did(did))
    assert resolved({}, did)[0].problem in {Problem.INVALID_DID, Problem.METHOD_NOT_SUPPORTED}
    assert resolved({}, did)[1] == []


@pytest.mark.threat(21)
@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("abz09.-_:%3A2F40~@/?#ü"), max_size=30))
def test_the_host_that_is_asked_is_the_one_that_is_shown(location):
    text = f"did:webvh:{SCID}:{location}"
    try:
        place = webvh_place(parse_did(text))
    except DidMethodsError:
        return
    shown, _, _ = location.partition(":")
    assert place.log_url.startswith(f"https://{shown.replace('%3A', ':')}/")


def test_the_present_document_with_its_metadata():
    result, asked = resolved(CHAIN)
    assert result.problem is None
    assert result.document == entries(CHAIN)[2]["state"]
    assert asked == [(LOG_URL, ACCEPT_LOG, MAX_LOG_BYTES)]
    assert result.document_metadata == {
        "versionId": entries(CHAIN)[2]["versionId"],
        "versionTime": "2026-01-03T00:00:00Z",
        "versionNumber": "3",
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-03T00:00:00Z",
        "scid": DID.identifier.partition(":")[0],
        "portable": False,
        "deactivated": False,
        "ttl": "3600",
    }
    assert result.files == {"did.jsonl": CHAIN}
    assert "files" not in result.to_json()


def test_no_member_of_the_metadata_is_a_number():
    log = first(
        changes={"witness": rule(2, 0, 1), "watchers": ["https://watcher.example/"], "portable": True, "ttl": 7}
    )
    file = approve(log, None, WITNESSES[:2], LOG_TOOLS, at=START)
    metadata = resolved({LOG_URL: log, WITNESS_URL: file}, did_of(log))[0].document_metadata
    assert metadata["ttl"] == "7"
    assert metadata["portable"] is True
    assert metadata["watchers"] == ["https://watcher.example/"]
    assert metadata["witness"] == {"threshold": "2", "witnesses": [{"id": did_key(one)} for one in WITNESSES[:2]]}


class TestVersions:
    def test_by_number(self):
        for number in (1, 2, 3):
            result = version(CHAIN, version_number=number)
            assert result.document == entries(CHAIN)[number - 1]["state"]
            assert result.document_metadata["versionNumber"] == str(number)
        assert version(CHAIN, version_number=4).problem is Problem.NOT_FOUND

    def test_by_id(self):
        for entry in entries(CHAIN):
            assert version(CHAIN, version_id=entry["versionId"]).document == entry["state"]
        assert version(CHAIN, version_id="2-Qm").problem is Problem.NOT_FOUND
        assert version(CHAIN, version_id="2").problem is Problem.NOT_FOUND

    @pytest.mark.parametrize(
        ("time", "number"),
        [
            (START - DAY / 86400, None),
            (START, 1),
            (START + DAY / 2, 1),
            (START + DAY, 2),
            (START + 2 * DAY, 3),
            (NOW, 3),
        ],
    )
    def test_by_the_time_at_which_it_was_in_force(self, time, number):
        result = version(CHAIN, version_time=time)
        if number is None:
            assert result.problem is Problem.NOT_FOUND
        else:
            assert result.document == entries(CHAIN)[number - 1]["state"]

    def test_the_next_version_is_named(self):
        first_version = version(CHAIN, version_number=1).document_metadata
        assert first_version["nextVersionId"] == entries(CHAIN)[1]["versionId"]

    def test_the_method_says_that_it_has_versions(self):
        assert isinstance(method({})[0], VersionedMethod)

    @pytest.mark.parametrize(
        ("query", "asked"),
        [
            ("", VersionQuery()),
            ("?service=files", VersionQuery()),
            ("?versionId=2-Qm", VersionQuery(version_id="2-Qm")),
            ("?versionNumber=2", VersionQuery(version_number=2)),
            ("?versionTime=2026-01-01T00:00:00Z", VersionQuery(version_time=START)),
        ],
    )
    def test_what_a_did_url_asks_for(self, query, asked):
        assert VersionQuery.of(parse_did_url(f"{DID}{query}")) == asked

    @pytest.mark.parametrize(
        "query",
        [
            "versionNumber=0",
            "versionNumber=-1",
            "versionNumber=1e3",
            "versionNumber=",
            "versionTime=2026",
            "versionTime=2026-01-01T00:00:00",
            "versionNumber=1&versionNumber=2",
            "versionId=1-Qm&versionTime=2026-01-01T00:00:00Z",
        ],
    )
    def test_what_a_did_url_cannot_ask_for(self, query):
        with pytest.raises(InvalidDidUrlError):
            VersionQuery.of(parse_did_url(f"{DID}?{query}"))


@pytest.mark.threat(23)
class TestWhatDoesNotHold:
    """A log whose later entries do not hold has earlier versions, and no present one."""

    BROKEN = forged(CHAIN, by=1)

    def test_there_is_no_present_document(self):
        result, _ = resolved(self.BROKEN)
        assert result.problem is Problem.INVALID_DID
        assert result.document is None
        assert "version 4" in result.detail

    def test_earlier_versions_are_there(self):
        for number in (1, 2, 3):
            assert version(self.BROKEN, version_number=number).document == entries(CHAIN)[number - 1]["state"]
        assert version(self.BROKEN, version_id=entries(CHAIN)[0]["versionId"]).document == entries(CHAIN)[0]["state"]

    def test_the_entry_that_does_not_hold_is_no_version(self):
        assert version(self.BROKEN, version_number=4).problem is Problem.INVALID_DID

    @pytest.mark.parametrize(
        ("time", "number"), [(START, 1), (START + 2 * DAY, 3), (START + 3 * DAY, None), (NOW, None)]
    )
    def test_what_was_in_force_before_it_is_known_and_since_is_not(self, time, number):
        result = version(self.BROKEN, version_time=time)
        if number is None:
            assert result.problem is Problem.INVALID_DID
        else:
            assert result.document == entries(CHAIN)[number - 1]["state"]

    def test_an_entry_that_cannot_be_read_may_be_of_any_time(self):
        broken = CHAIN + b"nonsense\n"
        assert version(broken, version_time=START + 2 * DAY + DAY / 2).problem is Problem.INVALID_DID
        assert version(broken, version_time=START + 2 * DAY).document == entries(CHAIN)[2]["state"]
        assert version(broken, version_time=START + DAY).document == entries(CHAIN)[1]["state"]

    def test_a_later_version_of_the_method_is_not_called_wrong(self):
        log = forged(CHAIN, {"method": "did:webvh:2.0"})
        assert resolved(log)[0].problem is Problem.FEATURE_NOT_SUPPORTED
        assert not resolved(log)[0].problem.means_wrong
        assert version(log, version_number=3).problem is None

    def test_the_log_of_another_identifier(self):
        other = first(place=PLACE, changes={"ttl": 5})
        result, _ = resolved(other)
        assert result.problem is Problem.INVALID_DID
        assert version(other, version_number=1).problem is Problem.INVALID_DID

    def test_a_log_copied_to_another_host(self):
        """The attacker's host serves the log of the good one: its document is not one of the attacker's identifier."""
        evil = parse_did(str(DID).replace("good.example.edu", "evil.example"))
        result, _ = resolved({"https://evil.example/.well-known/did.jsonl": CHAIN}, evil)
        assert result.document is None
        assert result.problem is Problem.NOT_FOUND

    @pytest.mark.parametrize("data", [b"", b"[]", b"<html>", CHAIN[10:], CHAIN[: len(CHAIN) // 5]])
    def test_what_is_no_log(self, data):
        assert resolved(data)[0].problem is Problem.INVALID_DID

    def test_witnesses_that_are_missing(self):
        log = first(changes={"witness": rule(1, 0)})
        result, asked = resolved(log, did_of(log))
        assert result.problem is Problem.INVALID_DID
        assert asked[1] == (WITNESS_URL, ACCEPT_WITNESSES, MAX_WITNESS_BYTES)


def test_a_host_that_has_none_or_does_not_answer():
    assert resolved({})[0].problem is Problem.NOT_FOUND
    assert resolved({LOG_URL: DOWN})[0].problem is Problem.INTERNAL_ERROR
    log = first(changes={"witness": rule(1, 0)})
    assert resolved({LOG_URL: log, WITNESS_URL: DOWN}, did_of(log))[0].problem is Problem.INTERNAL_ERROR


def test_what_was_read_can_be_read_again_without_the_host():
    log = first(changes={"witness": rule(1, 0)})
    file = approve(log, None, WITNESSES[:1], LOG_TOOLS, at=START)
    result, _ = resolved({LOG_URL: log, WITNESS_URL: file}, did_of(log))
    files = LogFiles(result.files["did.jsonl"], result.files["did-witness.json"])
    again = read_files(did_of(log), files, LOG_TOOLS, now=NOW)
    assert again.witnessed
    assert resolution_of(did_of(log), again, VersionQuery()).document == result.document


class TestMoves:
    LOG = first(changes={"portable": True})
    OLD = did_of(LOG)
    NEW = parse_did(str(OLD).replace("good.example.edu", "new.example.edu:dept"))
    MOVED = forged(LOG, state=entries(LOG)[0]["state"] | {"id": str(NEW), "alsoKnownAs": [str(OLD)]})
    FILES: ClassVar = {LOG_URL: MOVED, "https://new.example.edu/dept/did.jsonl": MOVED}

    def test_the_new_name_is_answered_with(self):
        assert resolved(self.FILES, self.NEW)[0].document["id"] == str(self.NEW)

    def test_the_old_name_says_where_it_went(self):
        result, _ = resolved(self.FILES, self.OLD)
        assert result.problem is Problem.NOT_FOUND
        assert str(self.NEW)[:70] in result.detail

    def test_the_old_name_keeps_its_versions_and_no_others(self):
        assert version(self.MOVED, self.OLD, version_number=1).document["id"] == str(self.OLD)
        assert version(self.MOVED, self.OLD, version_number=2).problem is Problem.NOT_FOUND

    def test_the_new_name_does_not_speak_for_the_old_one(self):
        """A prior host proves nothing: it may never have published the log at all."""
        webvh, _ = method(self.FILES)
        assert asyncio.run(webvh.resolve_version(self.NEW, VersionQuery(version_number=1))).problem is Problem.NOT_FOUND


class TestEnds:
    def test_an_identifier_that_was_given_up(self):
        log = deactivate(CHAIN, KEYS[0], LOG_TOOLS, at=NOW)
        result, _ = resolved(log)
        assert result.deactivated
        assert entries(log)[3]["parameters"] == {"deactivated": True, "updateKeys": []}
        assert version(log, version_number=1).deactivated

    def test_promises_end_first(self):
        log = rotating(2)
        ended = deactivate(log, KEYS[2], LOG_TOOLS, at=NOW)
        assert len(entries(ended)) == 4
        result, _ = resolved(ended, did_of(log))
        assert result.deactivated
        with pytest.raises(DidMethodsError):
            deactivate(log, KEYS[1], LOG_TOOLS, at=NOW)

    def test_nothing_is_written_after_the_end(self):
        log = deactivate(CHAIN, KEYS[0], LOG_TOOLS, at=NOW)
        with pytest.raises(DidMethodsError):
            update(log, {}, KEYS[0], LOG_TOOLS, at=NOW)


class TestWriting:
    def test_nothing_is_written_that_would_not_be_read(self):
        for changes in ({"unknown": 1}, {"ttl": -1}, {"witness": rule(3, 0)}, {"updateKeys": [multikey(1)]}):
            with pytest.raises(DidMethodsError):
                first(changes=changes)
        with pytest.raises(DidMethodsError):
            update(forged(CHAIN, by=1), {}, KEYS[0], LOG_TOOLS, at=NOW)
        with pytest.raises(DidMethodsError):
            create({"id": "did:web:good.edu"}, {}, KEYS[0], LOG_TOOLS, at=START)

    def test_versions_of_the_same_second_are_a_second_apart(self):
        log = update(update(first(), {}, KEYS[0], LOG_TOOLS, at=START), {}, KEYS[0], LOG_TOOLS, at=START)
        assert [entry["versionTime"][-9:] for entry in entries(log)] == ["00:00:00Z", "00:00:01Z", "00:00:02Z"]

    def test_only_the_new_entry_is_new(self):
        assert update(CHAIN, {}, KEYS[0], LOG_TOOLS, at=NOW).startswith(CHAIN)

    def test_a_port_and_folders(self):
        log = first(place=WebPlace("good.example.edu", 8443, ("~ala", "x")))
        assert str(did_of(log)).endswith(":good.example.edu%3A8443:%7Eala:x")
        assert webvh_place(did_of(log)).log_url == "https://good.example.edu:8443/~ala/x/did.jsonl"


class TestServices:
    DOCUMENT = entries(CHAIN)[0]["state"]
    URL = f"{DID}/governance/issuers.json"

    @pytest.mark.parametrize(
        ("location", "path", "address"),
        [
            ("example.com", "/governance/issuers.json", "https://example.com/governance/issuers.json"),
            ("example.com", "/whois", "https://example.com/whois.vp"),
            ("example.com:dids:issuer", "/whois", "https://example.com/dids/issuer/whois.vp"),
            ("example.com%3A3000:dids", "/a/b", "https://example.com:3000/dids/a/b"),
            ("example.com", "/whois/more", "https://example.com/whois/more"),
        ],
    )
    def test_what_every_identifier_has(self, location, path, address):
        assert address_of(parse_did_url(f"did:webvh:{SCID}:{location}{path}"), {}) == address

    def test_the_implied_services(self):
        files, whois = implied_services(parse_did(f"did:webvh:{SCID}:example.com"))
        assert files == {"id": "#files", "type": "relativeRef", "serviceEndpoint": "https://example.com/"}
        assert whois["type"] == "LinkedVerifiablePresentation"
        assert whois["serviceEndpoint"] == "https://example.com/whois.vp"

    @pytest.mark.parametrize("name", ["#files", f"{DID}#files"])
    def test_a_service_of_the_document_counts_more(self, name):
        document = self.DOCUMENT | {"service": [{"id": name, "serviceEndpoint": "https://cdn.example/base/"}]}
        assert address_of(parse_did_url(self.URL), document) == "https://cdn.example/base/governance/issuers.json"
        assert address_of(parse_did_url(f"{DID}/whois"), document) == "https://good.example.edu/whois.vp"

    @pytest.mark.parametrize("endpoint", ["http://cdn.example/", "ftp://cdn.example/", "file:///etc", 5, None, ["x"]])
    def test_a_service_elsewhere_than_at_an_https_address(self, endpoint):
        document = self.DOCUMENT | {"service": [{"id": "#files", "serviceEndpoint": endpoint}]}
        with pytest.raises(InvalidDidUrlError):
            address_of(parse_did_url(self.URL), document)

    def test_without_a_path_there_is_no_address(self):
        with pytest.raises(InvalidDidUrlError):
            address_of(parse_did_url(f"{DID}#files"), self.DOCUMENT)

    def test_the_same_place_as_did_web(self):
        web = parallel_web(DID, self.DOCUMENT | {"alsoKnownAs": ["did:web:good.example.edu", "did:web:x.example"]})
        assert web["id"] == "did:web:good.example.edu"
        assert web["alsoKnownAs"] == ["did:web:x.example", str(DID)]
        assert web["verificationMethod"][0]["controller"] == "did:web:good.example.edu"
        assert [service["id"] for service in web["service"]] == [
            "did:web:good.example.edu#files",
            "did:web:good.example.edu#whois",
        ]
        assert self.DOCUMENT["id"] == str(DID)

    def test_services_that_are_there_are_not_written_again(self):
        own = {"id": "#whois", "type": "LinkedVerifiablePresentation", "serviceEndpoint": "https://x.example/vp"}
        web = parallel_web(DID, self.DOCUMENT | {"service": [own]})
        assert [service["id"] for service in web["service"]] == ["#whois", "did:web:good.example.edu#files"]
