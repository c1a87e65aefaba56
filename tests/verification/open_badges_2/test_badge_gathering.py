"""Gathering what hosts publish of a badge, from a real server on this machine, through the guarded fetcher."""

import asyncio
import time
from dataclasses import replace

import pytest
from open_badges_2_support import (
    SCHOOL,
    Site,
    assertion,
    badge_class,
    jws,
    material,
    revocation_list,
    signed_assertion,
    signing_world,
    world,
)
from verification_support import AT, EVERYDAY, found, presentation

from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.app import sources
from node.verification.check import CheckName, Outcome
from node.verification.gather import gather
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.open_badges_2.gathering import MAX_OBJECTS
from node.verification.report import Sentence, Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

PATHS = ["/assertions/1", "/badges/welding", "/issuer"]


@pytest.fixture
def site():
    running = Site()
    yield running
    running.close()


def gathered(subject, *, online=True):
    return asyncio.run(gather(subject, sources(online=online, loopback=True), NO_TRUST))


def report(subject, **options):
    """The report on the only badge, judged as gathered, and again without a network from what was gathered."""
    found_there = gathered(subject, **options)
    (entry,) = verify(subject, found_there, EVERYDAY, AT, trust=NO_TRUST).credentials
    saved = VerificationMaterial.from_json(found_there.to_json(), own=True)
    assert verify(subject, saved, EVERYDAY, AT, trust=NO_TRUST).credentials[0] == entry
    (from_file,) = verify(
        subject, VerificationMaterial.from_json(found_there.to_json()), EVERYDAY, AT, trust=NO_TRUST
    ).credentials
    assert from_file.verdict is not Verdict.ACCEPTED
    return entry


def test_a_hosted_badge_takes_three_requests_and_no_more(site):
    site.publish(world(site.url))
    entry = report(assertion(site.url, image=f"{site.url}/1.png", evidence=f"{site.url}/evidence"))
    assert (entry.verdict, entry.sentence) == (Verdict.ACCEPTED, Sentence.GENUINE_BUT)
    assert site.asked == PATHS


def test_the_address_of_a_badge_and_a_badge_among_others_are_enough(site):
    site.publish(world(site.url))
    assert report(f"{site.url}/assertions/1").verdict is Verdict.ACCEPTED
    several = [assertion(site.url), assertion(site.url)]
    both = verify(several, gathered(several), EVERYDAY, AT, trust=NO_TRUST)
    assert [entry.verdict for entry in both.credentials] == [Verdict.ACCEPTED] * 2


def test_a_signed_badge_takes_its_class_profile_key_and_list(site):
    site.publish(signing_world(site.url))
    entry = report(jws(signed_assertion(site.url)))
    assert entry.verdict is Verdict.ACCEPTED
    assert sorted(site.asked) == ["/badges/welding", "/issuer", "/keys/1", "/revoked"]


def test_a_signed_badge_that_was_revoked(site):
    badge = signed_assertion(site.url)
    site.publish({**signing_world(site.url), f"{site.url}/revoked": revocation_list(site.url, badge["id"])})
    assert report(jws(badge)).sentence is Sentence.WITHDRAWN


def test_a_badge_of_blockcerts_and_one_without_a_signature_ask_nobody(site):
    for badge in (
        assertion(site.url, verification={"type": ["MerkleProof2017", "Extension"]}),
        signed_assertion(site.url),
    ):
        gathered(badge)
    assert site.asked == []


def test_offline_nobody_is_asked(site):
    site.publish(world(site.url))
    entry = report(assertion(site.url), online=False)
    assert (entry.verdict, site.asked) == (Verdict.CANNOT_TELL, [])
    assert "network" in entry.check(CheckName.PROOF).message


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    "page",
    [404, 500, 503, b"<html></html>", b"", b"\xff\xfe", b"[" * 40 + b"]" * 40, b"x" * (256 * 1024 + 1)],
    ids=["404", "500", "503", "html", "empty", "no text", "deep", "oversize"],
)
@pytest.mark.parametrize("path", PATHS)
def test_what_does_not_answer_as_it_should_leaves_the_badge_open(site, path, page):
    site.publish(world(site.url))
    site.pages[path] = page
    entry = report(assertion(site.url))
    assert entry.verdict is Verdict.CANNOT_TELL
    assert entry.check(CheckName.ISSUER_KEY).unknown


@pytest.mark.threat(52)
@pytest.mark.parametrize("body", [b"", b'{"revoked": true}', b"<html></html>"])
def test_gone_is_withdrawn(site, body):
    def gone(request):
        request.send_response(410)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    site.publish(world(site.url))
    site.pages["/assertions/1"] = gone
    entry = report(assertion(site.url))
    assert (entry.verdict, entry.sentence) == (Verdict.REJECTED, Sentence.WITHDRAWN)


def test_a_badge_class_that_is_gone_withdraws_nothing(site):
    site.publish(world(site.url))
    site.pages["/badges/welding"] = 410
    entry = report(assertion(site.url))
    assert (entry.verdict, entry.check(CheckName.STATUS).failed) == (Verdict.CANNOT_TELL, False)


@pytest.mark.threat(56)
def test_a_host_that_drips_is_given_up(site):
    def drip(request):
        request.send_response(200)
        request.send_header("Content-Length", "100000")
        request.end_headers()
        for _ in range(200):
            request.wfile.write(b" ")
            time.sleep(0.1)

    site.publish(world(site.url))
    site.pages["/assertions/1"] = drip
    begun = time.monotonic()
    hurried = GuardedFetch(Rules(loopback=True), seconds=0.5)
    asked = replace(sources(), fetch=hurried)
    there = asyncio.run(gather(assertion(site.url), asked, NO_TRUST))
    assert there.badge_objects == ()
    assert there.failures[f"{site.url}/assertions/1"].code == "fetch.timeout"
    assert time.monotonic() - begun < 3


@pytest.mark.threat(56)
@pytest.mark.parametrize("path", PATHS)
def test_a_redirect_on_the_same_host_is_followed_and_one_to_another_host_says_nothing(site, path):
    other = Site()
    site.publish(world(site.url))
    content = site.pages[path]
    site.pages[f"{path}.json"] = other.pages["/copy"] = content

    def lead(location):
        return lambda request: site.move(request, location)

    try:
        site.pages[path] = lead(f"{path}.json")
        assert report(assertion(site.url)).verdict is Verdict.ACCEPTED
        site.pages[path] = lead(f"{other.url}/copy")
        entry = report(assertion(site.url))
        assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.hosted.moved")
    finally:
        other.close()


PRIVATE = [
    "https://127.0.0.1/x", "https://localhost/x", "https://10.0.0.1/x", "https://169.254.169.254/latest/meta-data",
    "https://[::1]/x", "https://2130706433/x", "https://0x7f.1/x", "https://user@school.example/x",
    "https://school.example:22/x", "file:///etc/passwd", "ftp://school.example/x", "https://school.example/../x",
    "https://metadata.google.internal/x", "https://school.example/%0d%0aHost:x", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.threat(56)
@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_in_a_badge_leads_inside(address, monkeypatch):
    """Without the flag for tests: each place in a badge that names an address, each kind of address."""
    asked = []

    async def lookup(host):
        asked.append(host)
        return ("127.0.0.1",)

    monkeypatch.setattr("node.adapters.fetch.system_lookup", lookup)
    badges = [
        assertion(id=address),
        assertion(id=address, verification={"type": "hosted", "url": address}),
        jws(signed_assertion(badge=address)),
        jws(signed_assertion(badge=badge_class(issuer=address))),
        address,
    ]
    for badge in badges:
        there = asyncio.run(gather(badge, sources(online=True), NO_TRUST))
        assert there.badge_objects == ()


@pytest.mark.threat(56)
@pytest.mark.parametrize("member", ["issuer", "publicKey", "revocationList", "owner", "image", "criteria", "creator"])
def test_addresses_in_what_a_host_publishes_are_guarded_too(site, member):
    """A school on this machine leads to a server that must not be asked; only the flag for tests opens both."""
    trap = Site()
    address = f"{trap.url}/trap"
    published = signing_world(site.url)
    published[f"{site.url}/badges/welding"] |= {"image": address, "criteria": address}
    if member == "issuer":
        published[f"{site.url}/badges/welding"]["issuer"] = address
    elif member in {"publicKey", "revocationList"}:
        published[f"{site.url}/issuer"][member] = address
    elif member == "owner":
        published[f"{site.url}/keys/1"]["owner"] = address
    site.publish(published)
    verification = {"type": "SignedBadge", "creator": address if member == "creator" else f"{site.url}/keys/1"}
    try:
        gathered(jws(signed_assertion(site.url, verification=verification)))
        # Only what verification rests on is ever asked, and never for the sake of what the badge alone names.
        expected = {"issuer": ["/trap"], "revocationList": ["/trap"]}.get(member, [])
        assert trap.asked == expected
    finally:
        trap.close()


@pytest.mark.threat(56)
def test_a_badge_cannot_have_many_addresses_asked(site):
    keys = [f"{site.url}/keys/{number}" for number in range(500)]
    site.publish(signing_world(site.url, publicKey=keys))
    entry = report(jws(signed_assertion(site.url, verification={"type": "SignedBadge"})))
    assert len(site.asked) <= 8
    assert entry.check(CheckName.ISSUER_KEY).passed
    hosts = [f"{site.url}/{number}" for number in range(60)]
    for host in hosts:
        site.publish(signing_world(host))
    site.asked.clear()
    there = gathered([jws(signed_assertion(host)) for host in hosts])
    assert len(site.asked) == len(there.badge_objects) == MAX_OBJECTS
    assert {failure.code for failure in there.failures.values()} == {"TOO_MANY"}


def test_one_run_asks_for_each_object_once(site):
    site.publish({**world(site.url), f"{site.url}/assertions/2": assertion(site.url, id=f"{site.url}/assertions/2")})

    async def run():
        remembering = sources(online=True, loopback=True, remember=True)
        for number in (1, 2):
            await gather(f"{site.url}/assertions/{number}", remembering, NO_TRUST)

    asyncio.run(run())
    assert site.asked == [*PATHS, "/assertions/2"]


def test_inside_a_presentation_a_badge_has_no_place(site):
    site.publish(world(site.url))
    whole = presentation(assertion(site.url))
    (entry,) = verify(whole, gathered(whole), EVERYDAY, AT, trust=NO_TRUST).credentials
    assert (entry.sentence, site.asked) == (Sentence.MALFORMED, [])


def test_material_with_objects_reads_back_and_refuses_what_is_none():
    written = material(world(), gone=(f"{SCHOOL}/issuer",)).to_json()
    assert VerificationMaterial.from_json(written, own=True).to_json() == written
    assert {copy.origin for copy in VerificationMaterial.from_json(written).badge_objects} == {Origin.FILE}
    for member, value in (("gone", "yes"), ("servedFrom", None), ("url", 7)):
        broken = material(world()).to_json()
        broken["badgeObjects"][0][member] = value
        with pytest.raises(ValueError, match="badgeObjects"):
            VerificationMaterial.from_json(broken)
    assert EMPTY.to_json()["badgeObjects"] == []
