"""What processes need of the outside is brought to them as bytes; none waits for a host, and little is asked twice."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from judges_support import GENEROUS, Shared, judging, question, raw
from status_support import LIST, OTHER, Web, entry, pointing, status_list
from verification_support import AT, HOLDER, ISSUER, UNIVERSITY, credential, party, presentation

from node.adapters.judging import errands as errands_module
from node.adapters.judging import service as service_module
from node.adapters.judging.service import Judging
from node.ports.errors import StoreBusyError
from node.ports.judging import InputRefusedError, JudgesBusyError
from node.verification.errors import FetchRefusedError, UnreachableError
from node.verification.sources import Fetched
from node.verification.trust import NO_TRUST

shared = Shared()

WAITING_SECONDS = 300.0
DID_URL = "https://university.example/.well-known/did.json"
OF_UNIVERSITY = UNIVERSITY.sign(credential(UNIVERSITY, credentialStatus=[entry()]))
PAGES = {DID_URL: UNIVERSITY.document(), LIST: status_list(issuer=UNIVERSITY)}


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


def codes(examined, number=0):
    return {check["check"]: check["code"] for check in examined.report["credentials"][number]["checks"]}


class Slow(Web):
    """A web of which every answer takes a while; `never` is what does not answer at all."""

    def __init__(self, pages, seconds=0.0, never=()):
        super().__init__(pages)
        self.seconds = seconds
        self.never = never
        self.now = self.most = 0

    async def __call__(self, url, *, accept, max_bytes):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(3600 if any(part in url for part in self.never) else self.seconds)
            return await super().__call__(url, accept=accept, max_bytes=max_bytes)
        finally:
            self.now -= 1


def examined_by(web, *documents, **options):
    async def story():
        async with shared.over(web, **options) as service:
            return [await service.examine(raw(document), question()) for document in documents]

    return shared.run(story())


def test_what_a_verdict_needs_is_brought_and_the_verdict_is_as_in_this_process():
    web = Web(PAGES)
    (examined,) = examined_by(web, OF_UNIVERSITY)
    assert (examined.verdict, examined.report["sentence"]) == ("accepted", "genuine_but")
    assert codes(examined)["status"] == "status.passed"
    assert sorted(web.asked) == sorted([DID_URL, LIST])


def test_a_withdrawal_is_seen_and_a_list_that_is_not_there_is_unknown():
    (withdrawn,) = examined_by(Web({**PAGES, LIST: status_list([7], issuer=UNIVERSITY)}), OF_UNIVERSITY)
    (unknown,) = examined_by(Web({DID_URL: UNIVERSITY.document()}), OF_UNIVERSITY)
    assert (withdrawn.verdict, codes(withdrawn)["status"]) == ("rejected", "status.revoked")
    assert unknown.verdict == "cannot_tell"


def test_documents_of_hosts_are_fetched_by_the_one_that_stays_at_the_host():
    around, at_home = Web(PAGES), Web(PAGES)
    examined_by(around, OF_UNIVERSITY, at_home=at_home)
    assert (around.asked, at_home.asked) == ([LIST], [DID_URL])


@pytest.mark.threat(56)
def test_a_node_at_localhost_reads_its_own_identifiers_and_nothing_else_there():
    school, other = party(31, "did:web:localhost%3A8080:school"), party(32, "did:web:localhost%3A9:school")

    async def own(url):
        if url != "http://localhost:8080/school/did.json":
            return None
        return Fetched(raw(school.document()), "application/did", url, AT)

    async def story(**options):
        async with Judging(own=own, size=1, seconds=GENEROUS, now=lambda: AT, **options) as service:
            return [await service.examine(raw(each.sign(credential(each))), question()) for each in (school, other)]

    ours, theirs = asyncio.run(story(at_localhost=True))
    assert (ours.verdict, codes(ours)["issuer_key"]) == ("accepted", "issuer_key.passed")
    assert (theirs.verdict, codes(theirs)["issuer_key"]) == ("cannot_tell", "issuer_key.unresolved")
    assert "is not an https address" in str(theirs.report)  # nothing was asked
    assert {codes(each)["issuer_key"] for each in asyncio.run(story())} == {"issuer_key.unresolved"}


@pytest.mark.threat(43)
def test_a_hundred_credentials_with_warm_caches_tell_the_issuer_nothing():
    web = Web(PAGES)
    documents = [
        UNIVERSITY.sign(credential(UNIVERSITY, credentialStatus=[entry(index)], id=f"urn:example:{index}"))
        for index in range(101)
    ]

    async def story():
        async with shared.over(web) as service:
            await service.examine(raw(documents[0]), question())
            first = list(web.asked)
            web.asked.clear()
            answers = [await service.examine(raw(document), question()) for document in documents[1:]]
            offline = await service.examine(raw(documents[5]), question(offline=True))
            return first, answers, offline

    first, answers, offline = shared.run(story())
    assert len(first) == 2
    assert web.asked == []
    assert {answer.verdict for answer in answers} == {"accepted"} == {offline.verdict}


def test_offline_nobody_is_asked_and_that_is_said():
    web = Web(PAGES)

    async def story():
        async with shared.over(web) as service:
            return await service.examine(raw(OF_UNIVERSITY), question(offline=True))

    examined = shared.run(story())
    assert (examined.verdict, web.asked) == ("cannot_tell", [])


def test_what_was_not_to_be_had_is_not_asked_for_again_at_once():
    web = Web({LIST: PAGES[LIST]})
    first, second = examined_by(web, OF_UNIVERSITY, {**OF_UNIVERSITY, "name": "Other"})
    assert (first.verdict, second.verdict) == ("cannot_tell", "cannot_tell")
    assert web.asked.count(DID_URL) == 1


def test_a_document_counts_only_for_as_long_as_it_is_remembered():
    web = Web(dict(PAGES))
    clock = {"time": 0.0}

    async def story():
        async with shared.over(web) as service:
            service._errands.answers.clock = lambda: clock["time"]
            before = await service.examine(raw(OF_UNIVERSITY), question())
            web.pages[DID_URL] = party(99, UNIVERSITY.did).document()  # another key under the same name
            remembered = await service.examine(raw(OF_UNIVERSITY), question())
            clock["time"] = 301.0
            after = await service.examine(raw(OF_UNIVERSITY), question())
            return before, remembered, after

    before, remembered, after = shared.run(story())
    assert (before.verdict, remembered.verdict) == ("accepted", "accepted")
    assert after.verdict != "accepted"


def test_a_report_tells_when_a_remembered_document_was_had():
    web, had = Web(PAGES), AT - timedelta(minutes=3)

    class Earlier(Web):
        async def __call__(self, url, *, accept, max_bytes):
            return replace(await web(url, accept=accept, max_bytes=max_bytes), at=had)

    (examined,) = examined_by(Earlier(PAGES), OF_UNIVERSITY)
    (check,) = [check for check in examined.report["credentials"][0]["checks"] if check["check"] == "issuer_key"]
    assert "2026-06-12T14:00:00Z" in json.dumps(check["evidence"])


def test_what_this_node_publishes_is_brought_without_a_network_and_seen_when_it_changes():
    web, own_pages = Web({}), dict(PAGES)

    async def own(url):
        page = own_pages.get(url)
        return None if page is None else Fetched(json.dumps(page).encode(), "application/json", url, AT)

    async def story():
        async with shared.over(web, own=own) as service:
            before = await service.examine(raw(OF_UNIVERSITY), question())
            own_pages[LIST] = status_list([7], issuer=UNIVERSITY)
            service.forget_address(LIST)
            return before, await service.examine(raw(OF_UNIVERSITY), question())

    before, after = shared.run(story())
    assert (before.verdict, after.verdict) == ("accepted", "rejected")
    assert web.asked == []


def test_an_address_of_strangers_that_is_refused_stays_unknown():
    refused = FetchRefusedError("no", code="fetch.address", remedy="Ask.")
    (examined,) = examined_by(Web({DID_URL: refused, LIST: refused}), OF_UNIVERSITY)
    assert examined.verdict == "cannot_tell"


def many_issuers(count):
    issuers = [party(number + 1, f"did:web:host{number}.example") for number in range(count)]
    held = [issuer.sign(credential(issuer)) for issuer in issuers]
    pages = {f"https://host{n}.example/.well-known/did.json": one.document() for n, one in enumerate(issuers)}
    return presentation(*held, holder=HOLDER), pages


def test_many_identifiers_are_looked_up_a_few_at_a_time():
    document, pages = many_issuers(30)
    web = Slow(pages, 0.01)
    (examined,) = examined_by(web, document)
    assert [entry["verdict"] for entry in examined.report["credentials"]] == ["accepted"] * 30
    assert 1 < web.most <= 8


def test_one_slow_host_among_many_costs_its_own_credential_alone(monkeypatch):
    monkeypatch.setattr(errands_module, "RESOLVE_SECONDS", 0.5)
    document, pages = many_issuers(5)
    begun = time.monotonic()
    (examined,) = examined_by(Slow(pages, never=["host3"]), document)
    assert time.monotonic() - begun < 8
    assert [entry["verdict"] for entry in examined.report["credentials"]] == [
        "accepted", "accepted", "accepted", "cannot_tell", "accepted",
    ]  # fmt: skip


def test_an_answer_comes_in_time_however_much_is_missing(monkeypatch):
    monkeypatch.setattr(errands_module, "RESOLVE_SECONDS", 0.3)
    monkeypatch.setattr(service_module, "GATHER_SECONDS", 0.5)
    document, pages = many_issuers(40)
    begun = time.monotonic()
    (examined,) = examined_by(Slow(pages, never=["host"]), document)
    assert examined.verdict == "cannot_tell"
    assert time.monotonic() - begun < 10


def test_no_more_is_brought_for_one_task_than_it_may_have(monkeypatch):
    monkeypatch.setattr(service_module, "MAX_ERRANDS", 4)
    document, pages = many_issuers(20)
    web = Slow(pages)
    (examined,) = examined_by(web, document)
    assert len(web.asked) == 4
    assert [entry["verdict"] for entry in examined.report["credentials"]].count("accepted") == 4


def test_nor_more_bytes_and_they_are_put_down_with_the_task(monkeypatch):
    monkeypatch.setattr(errands_module, "MAX_TASK_BYTES", 5000)
    document, pages = many_issuers(20)

    async def story():
        async with shared.over(Slow(pages)) as service:
            examined = await service.examine(raw(document), question())
            return examined, service._errands._held

    examined, held = shared.run(story())
    told = [entry["verdict"] for entry in examined.report["credentials"]]
    assert 0 < told.count("accepted") < 20
    assert held == 0


def test_those_who_need_the_same_wait_for_one_errand():
    web = Slow(PAGES, 0.2)

    async def story():
        async with shared.over(web) as service:
            return await asyncio.gather(*(service.examine(raw(OF_UNIVERSITY), question()) for _ in range(5)))

    assert {examined.verdict for examined in shared.run(story())} == {"accepted"}
    assert sorted(web.asked) == sorted([DID_URL, LIST])


def test_one_host_is_not_asked_by_all_at_once():
    issuers = [party(number + 1, f"did:web:one.example:{number}") for number in range(40)]
    pages = {f"https://one.example/{n}/did.json": one.document() for n, one in enumerate(issuers)}
    web = Slow(pages, 0.02)

    async def story():
        async with shared.over(web) as service:
            documents = [raw(one.sign(credential(one))) for one in issuers]
            return await asyncio.gather(*(service.examine(one, question()) for one in documents[:30]))

    assert {examined.verdict for examined in shared.run(story())} == {"accepted"}
    assert web.most <= errands_module.MAX_AT_ONE_HOST


@pytest.mark.threat(80)
def test_documents_with_slow_hosts_keep_nobody_else_waiting(monkeypatch):
    """Thousands come with hosts that never answer; some wait, the rest are told so; quick ones go on beside them."""
    for module, name in ((errands_module, "RESOLVE_SECONDS"), (service_module, "GATHER_SECONDS")):
        monkeypatch.setattr(module, name, WAITING_SECONDS)  # none gives up before all have come, on a slow machine
    web = Slow({}, never=["slow"])
    slow = [party(1, f"did:web:slow{number}.example") for number in range(1000)]
    quick = raw(ISSUER.sign(credential()))

    async def story():
        took, ends = [], []
        async with judging(web, size=2) as service:

            async def wait(issuer):
                try:
                    await service.examine(
                        raw({**credential(issuer), "proof": {"verificationMethod": issuer.method}}), question()
                    )
                except JudgesBusyError:
                    ends.append("busy")

            waiting = []
            for start in range(0, 1000, 20):
                waiting += [asyncio.create_task(wait(issuer)) for issuer in slow[start : start + 20]]
                before = time.monotonic()
                assert (await service.examine(quick, question())).verdict == "accepted"
                took.append(time.monotonic() - before)
            abroad = service._errands._abroad
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            left = service._errands._abroad
            return took, ends, abroad, left, service._errands._held

    took, ends, abroad, left, held = shared.run(story())
    assert abroad == errands_module.MAX_ABROAD
    assert len(ends) > 500
    assert (left, held) == (0, 0)
    assert max(took) < WAITING_SECONDS / 10


def test_a_did_is_resolved_in_both_shapes():
    web = Web(PAGES)

    async def story():
        async with shared.over(web) as service:
            return [
                await service.resolve(name)
                for name in (UNIVERSITY.did, ISSUER.did, "did:web:nobody.example", "did:none:x", "no did")
            ]

    web_did, key_did, absent, unknown, none = shared.run(story())
    assert web_did.document == UNIVERSITY.document()
    assert web_did.result["didResolutionMetadata"]["retrieved"] == "2026-06-12T14:03:00Z"
    assert key_did.document["id"] == ISSUER.did
    assert key_did.older["didResolutionMetadata"]["contentType"] == "application/did+ld+json"
    assert [one.problem.rpartition("#")[2] for one in (absent, unknown, none)] == [
        "NOT_FOUND", "METHOD_NOT_SUPPORTED", "INVALID_DID",
    ]  # fmt: skip
    assert absent.older["didResolutionMetadata"]["error"] == "notFound"
    assert absent.document is None


def test_a_version_is_asked_of_methods_that_have_some():
    async def story():
        async with shared.over(Web(PAGES)) as service:
            return [
                (await service.resolve(UNIVERSITY.did, version={"versionId": "1"})).problem,
                (await service.resolve("did:web:university.example?versionTime=x")).problem,
            ]

    assert [problem.rpartition("#")[2] for problem in shared.run(story())] == [
        "FEATURE_NOT_SUPPORTED", "INVALID_DID_URL",
    ]  # fmt: skip


def test_lists_and_labels_that_are_handed_over_are_read_in_the_process_too():
    document = pointing(entry(list_url=OTHER))
    list_of_issuer = status_list([7], url=OTHER)

    async def story():
        async with shared.over(Web({})) as service:
            return await service.examine(raw(document), question(status_lists=(raw(list_of_issuer),)))

    assert shared.run(story()).verdict == "rejected"


def test_a_receipt_that_is_none_is_refused_or_counts_nothing():
    async def story():
        async with shared.over(Web({})) as service:
            try:
                return (await service.examine(raw(pointing()), question(receipts=(b"\x00garbage",)))).verdict
            except InputRefusedError as error:
                return error.code

    assert shared.run(story()) in {"cannot_tell", "accepted"}


def test_nobody_waits_for_errands_after_the_service_is_closed():
    web = Slow({}, never=["university"])

    async def story():
        async with shared.over(web) as service:
            task = asyncio.create_task(service.examine(raw(OF_UNIVERSITY), question()))
            await asyncio.sleep(0.3)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return web.now

    assert shared.run(story()) == 0


def test_an_unreachable_host_is_told_by_its_own_error():
    gone = UnreachableError("it is away", code="fetch.unreachable", remedy="Ask.")
    (examined,) = examined_by(Web({DID_URL: gone}), UNIVERSITY.sign(credential(UNIVERSITY)))
    (check,) = [check for check in examined.report["credentials"][0]["checks"] if check["check"] == "issuer_key"]
    assert check["outcome"] == "indeterminate"


def test_a_store_that_is_busy_is_told_as_a_host_that_is():
    async def busy(_url):
        raise StoreBusyError("it is busy", code="store.busy", remedy="Try again.")

    async def story():
        async with shared.over(Web({}), own=busy) as service:
            return await service.examine(raw(OF_UNIVERSITY), question())

    assert shared.run(story()).verdict == "cannot_tell"


def test_what_comes_for_a_task_that_is_over_weighs_nothing():
    errands, load = errands_module.Errands(NO_TRUST), errands_module.Load()
    assert errands._weighed(b"1234", load) == b"1234"
    errands.put_down(load)
    assert errands._weighed(b"1234", load) != b"1234"
    assert (errands._held, load.bytes) == (0, 0)
