"""Schemas and pinned resources: told apart from the signature, and fetched only where the signature holds."""

import asyncio
import hashlib
import json
from base64 import b64encode

import pytest
from award_support import achievement, award
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, OB, STRICT, VC, badge, credential, found, judged, one

from did_methods.multibase import encode_base58btc, encode_base64url
from node.app import sources
from node.cli.technical_details import technical_details
from node.cli.words import words_in
from node.credentials.compose import compose
from node.credentials.contexts import bundle_index
from node.verification.check import CheckName, Outcome
from node.verification.errors import UnreachableError
from node.verification.linked_gathering import MAX_FETCHED, gather_resources, wanted_resources
from node.verification.material import Origin, ResourceCopy, VerificationMaterial
from node.verification.policy import Policy, parse_policy
from node.verification.sources import Fetched, Sources
from node.verification.verify import verify

EN = words_in("en")
PAGE, SCHEMA = "https://school.example/page", "https://school.example/schema.json"
BYTES = b"what the issuer meant"
FORM = b'{"$schema": "https://json-schema.org/draft/2020-12/schema", "required": ["name"]}'
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
PUBLISHED = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
BY_SCHEMA = Policy("schema", EVERYDAY.requires, schema_required=True)
BY_RESOURCES = Policy("resources", EVERYDAY.requires, resources_required=True)


def sri(content, name="sha256"):
    return f"{name}-{b64encode(hashlib.new(name, content).digest()).decode()}"


def pinning(*resources, **members):
    return ISSUER.sign(credential(relatedResource=list(resources), **members))


def following(entry, **members):
    return ISSUER.sign(credential(credentialSchema=[entry], **members))


def pinned(content=BYTES, url=PAGE, **digests):
    return {"id": url, **(digests or {"digestSRI": sri(content)})}


def having(*copies, origin=Origin.LIVE):
    return VerificationMaterial(resources=tuple(ResourceCopy(url, content, origin, AT) for url, content in copies))


def resources(document, material=None, **inputs):
    entry = one(document, **({"material": material} if material else {}), **inputs)
    return [(one["outcome"], one["code"]) for one in entry.check(CheckName.STRUCTURE).evidence.get("resources", [])]


def schemas(document, material=None, **inputs):
    entry = one(document, **({"material": material} if material else {}), **inputs)
    return [(one["outcome"], one["code"]) for one in entry.check(CheckName.STRUCTURE).evidence.get("schemas", [])]


def test_a_badge_is_told_to_keep_to_the_schema_of_its_type():
    composed = compose(achievement(), award(issuer={"id": ISSUER.did, "name": "School"}, credentialStatus=None))
    (entry,) = judged(ISSUER.sign(composed)).credentials
    (told,) = entry.check(CheckName.STRUCTURE).evidence["schemas"]
    assert (told["id"], told["code"], told["form"]) == (PUBLISHED, "schema.passed", "json")
    assert entry.verdict == "accepted"


@pytest.mark.threat(10)
def test_a_schema_that_is_not_kept_is_told_beside_a_signature_that_holds():
    document = ISSUER.sign(badge(evidence=[{"type": ["Evidence"], "name": ["not", "one text"]}]))
    entry = one(document)
    assert entry.verdict == "accepted"
    assert found(entry, "structure") == (Outcome.PASSED, "structure.passed")
    (told,) = entry.check(CheckName.STRUCTURE).evidence["schemas"]
    assert (told["outcome"], told["code"]) == ("failed", "schema.failed")
    assert told["errors"][0]["path"] == "/evidence/0/name"
    [line] = technical_details(entry, EN)
    assert line.endswith("(Place: /evidence/0/name) [schema.failed]")

    refused = one(document, policy=BY_SCHEMA)
    assert (refused.verdict, refused.sentence) == ("rejected", "malformed")
    assert found(refused, "structure") == (Outcome.FAILED, "schema.failed")
    assert found(refused, "proof") == (Outcome.PASSED, "proof.passed")


def test_a_document_of_another_kind_is_told_nothing():
    assert one(ISSUER.sign(credential())).check(CheckName.STRUCTURE).evidence == {}


@pytest.mark.parametrize(
    "digests",
    [
        {"digestSRI": sri(BYTES)},
        {"digestSRI": sri(BYTES, "sha384")},
        {"digestSRI": sri(BYTES, "sha512")},
        {"digestSRI": [sri(b"other", "sha256"), sri(BYTES, "sha512")]},
        {"digestSRI": f"{sri(b'other')} {sri(BYTES)}"},
        {"digestMultibase": encode_base58btc(b"\x12\x20" + hashlib.sha256(BYTES).digest())},
        {"digestMultibase": encode_base64url(b"\x20\x30" + hashlib.sha384(BYTES).digest())},
        {
            "digestSRI": sri(BYTES),
            "digestMultibase": encode_base64url(b"\x12\x20" + hashlib.sha256(BYTES).digest()),
        },
    ],
)
def test_a_resource_is_what_was_pinned_or_is_not(digests):
    document = pinning(pinned(**digests))
    assert resources(document, having((PAGE, BYTES))) == [("passed", "resource.passed")]
    assert resources(document, having((PAGE, BYTES + b"!"))) == [("failed", "resource.differs")]
    assert resources(document) == [("indeterminate", "resource.absent")]
    assert resources(document, having(("https://other.example", BYTES))) == [("indeterminate", "resource.absent")]


def test_where_both_digests_are_stated_both_have_to_hold():
    other = encode_base64url(b"\x12\x20" + hashlib.sha256(b"other").digest())
    document = pinning(pinned(digestSRI=sri(BYTES), digestMultibase=other))
    assert resources(document, having((PAGE, BYTES))) == [("failed", "resource.differs")]
    assert resources(document, having((PAGE, b"other"))) == [("failed", "resource.differs")]


@pytest.mark.parametrize("digest", ["sha1-AAAA", "md5-x", "sha256-short", "x" * 2000, "sha256-"])
def test_a_digest_that_is_not_known_here_leaves_the_question_open(digest):
    document = pinning(pinned(digestSRI=digest))
    assert resources(document, having((PAGE, BYTES))) == [("indeterminate", "resource.digest")]
    known = encode_base64url(b"\x12\x20" + hashlib.sha256(BYTES).digest())
    half_known = pinning(pinned(digestSRI=digest, digestMultibase=known))
    assert resources(half_known, having((PAGE, BYTES))) == [("indeterminate", "resource.digest")]
    mixed = pinning(pinned(digestSRI=digest, digestMultibase=encode_base64url(b"\x12\x20" + bytes(32))))
    assert resources(mixed, having((PAGE, BYTES))) == [("failed", "resource.differs")]


def test_a_copy_counts_wherever_it_came_from_because_its_digest_is_signed():
    document = pinning(pinned())
    assert resources(document, having((PAGE, BYTES), origin=Origin.FILE)) == [("passed", "resource.passed")]
    both = having((PAGE, b"wrong"), (PAGE, BYTES))
    assert resources(document, both) == [("passed", "resource.passed")]
    kept = VerificationMaterial.from_json(both.to_json())
    assert kept.resources[1].content == BYTES
    assert kept.resources[1].origin is Origin.FILE


def test_a_changed_resource_is_noticed_and_refused_only_where_the_policy_says_so():
    document, changed = pinning(pinned()), having((PAGE, b"another page"))
    entry = one(document, material=changed)
    assert entry.verdict == "accepted"
    assert "[resource.differs]" in technical_details(entry, EN)[0]
    for policy in (BY_RESOURCES, STRICT):
        assert found(one(document, material=changed, policy=policy), "structure") == (
            Outcome.FAILED,
            "resource.differs",
        )
    assert one(document, policy=BY_RESOURCES).verdict == "cannot_tell"
    assert one(document, material=having((PAGE, BYTES)), policy=BY_RESOURCES).verdict == "accepted"


def test_a_context_is_compared_with_what_was_recorded_and_never_fetched():
    digest = bytes.fromhex(bundle_index()[OB].published_sha256[0])
    right = pinned(url=OB, digestSRI=f"sha256-{b64encode(digest).decode()}")
    document = pinning(right, **{"@context": [VC, OB]})
    assert resources(document) == [("passed", "resource.passed")]
    assert resources(pinning(pinned(url=OB))) == [("failed", "resource.differs")]
    assert resources(pinning(pinned(url=OB, digestSRI=sri(BYTES, "sha384")))) == [("indeterminate", "resource.digest")]
    assert wanted_resources(judged(pinning(pinned(url=OB), pinned(url=VC)))) == []


def test_a_schema_of_the_issuer_is_judged_where_a_digest_says_which():
    entry = {"id": SCHEMA, "type": "JsonSchema", "digestSRI": sri(FORM)}
    named, unnamed = following(entry), following(entry, name=None)
    held = having((SCHEMA, FORM))
    assert schemas(named, held) == [("passed", "schema.passed")]
    assert schemas(unnamed, held) == [("failed", "schema.failed")]
    assert schemas(named) == [("indeterminate", "schema.absent")]
    assert schemas(unnamed, having((SCHEMA, b"{}"))) == [("failed", "schema.differs")]
    assert one(unnamed, material=held, policy=BY_SCHEMA).verdict == "rejected"
    assert one(named, material=held, policy=BY_SCHEMA).verdict == "accepted"


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"id": SCHEMA, "type": "JsonSchema"}, "schema.unpinned"),
        ({"id": SCHEMA, "type": "JsonSchemaCredential", "digestSRI": sri(FORM)}, "schema.unsupported"),
        ({"id": SCHEMA, "type": "JsonSchema", "digestSRI": "sha1-x"}, "schema.digest"),
    ],
)
@pytest.mark.threat(31)
def test_a_schema_that_nobody_pinned_is_not_looked_at(entry, code):
    document = following(entry)
    assert schemas(document, having((SCHEMA, FORM))) == [("indeterminate", code)]
    assert wanted_resources(judged(document)) == []
    assert one(document, policy=BY_SCHEMA).verdict == "cannot_tell"


def test_the_published_schema_of_a_badge_is_known_by_its_address():
    entry = {"id": PUBLISHED, "type": "1EdTechJsonSchemaValidator2019"}
    document = ISSUER.sign(badge(credentialSchema=[entry], **{"@context": [VC, OB, EXTENSIONS]}))
    assert schemas(document) == [("passed", "schema.passed")]
    assert wanted_resources(judged(document)) == []
    contexts = {"@context": [VC, OB, EXTENSIONS]}
    pinned_too = ISSUER.sign(badge(credentialSchema=[{**entry, "digestSRI": sri(FORM)}], **contexts))
    by_type = ("passed", "schema.passed")
    assert schemas(pinned_too) == [by_type, ("indeterminate", "schema.absent")]
    assert schemas(pinned_too, having((PUBLISHED, b"{}"))) == [by_type, ("failed", "schema.differs")]
    assert schemas(pinned_too, having((PUBLISHED, FORM))) == [by_type, by_type]


@pytest.mark.parametrize(
    "schema",
    [
        b"not JSON",
        b"[]",
        b'{"type": "banana"}',
        b'{"$ref": "https://elsewhere.example/schema"}',
        b'{"$ref": "#"}',
        b'{"$ref": "#/$defs/none"}',
        b'{"$dynamicRef": "#meta"}',
        b'{"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}',
        b'{"$schema": "https://elsewhere.example/meta"}',
        b'{"$defs": {"a": {}, "b": {"$id": "b", "$defs": {"a": {"not": {}}}, "$ref": "#/$defs/a"}}}',
        b'{"$schema": "http://json-schema.org/draft-04/schema#", "allOf": [{"id": "b"}]}',
        b'{"pattern": "(?=x)"}',
        b'{"description": "' + b"x" * 70_000 + b'"}',
        json.dumps(
            {
                "$ref": "#/$defs/d0",
                "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} if n < 30 else {} for n in range(31)},
            }
        ).encode(),
    ],
)
def test_a_schema_that_is_no_good_or_costs_too_much_leaves_the_question_open(schema):
    document = following({"id": SCHEMA, "type": "JsonSchema", "digestSRI": sri(schema)})
    assert schemas(document, having((SCHEMA, schema))) == [("indeterminate", "schema.unsupported")]


def test_a_schema_with_references_inside_it_is_judged():
    schema = b'{"$defs": {"t~/": {"type": "string"}}, "properties": {"name": {"$ref": "#/$defs/t~0~1"}}}'
    entry = {"id": SCHEMA, "type": "JsonSchema", "digestSRI": sri(schema)}
    assert schemas(following(entry), having((SCHEMA, schema))) == [("passed", "schema.passed")]
    assert schemas(following(entry, name={"@value": "x"}), having((SCHEMA, schema))) == [("failed", "schema.failed")]


class Web:
    """Answers from a table, and remembers who was asked."""

    def __init__(self, pages):
        self.pages, self.asked = pages, []

    async def __call__(self, url, *, accept, max_bytes):
        self.asked.append(url)
        assert accept
        if url not in self.pages:
            raise UnreachableError("nobody answered", code="fetch.unreachable", remedy="")
        return Fetched(self.pages[url][:max_bytes], "", url, AT)


def looked_up(document, pages):
    """The report after a second look, and whom it took to ask."""
    web = Web(pages)
    first = judged(document)
    outside = Sources(sources().resolve, lambda: AT, web)
    material = asyncio.run(gather_resources(first, VerificationMaterial(), outside))
    return verify(document, material, EVERYDAY, AT), web.asked


def test_what_a_signed_document_pins_is_fetched_once():
    schema = {"id": SCHEMA, "type": "JsonSchema", "digestSRI": sri(FORM)}
    document = pinning(pinned(), pinned(url=PAGE + "/2"), credentialSchema=schema)
    report, asked = looked_up(document, {PAGE: BYTES, SCHEMA: FORM})
    assert sorted(asked) == sorted([PAGE, PAGE + "/2", SCHEMA])
    (entry,) = report.credentials
    assert [told["code"] for told in entry.check(CheckName.STRUCTURE).evidence["schemas"]] == ["schema.passed"]
    told = entry.check(CheckName.STRUCTURE).evidence["resources"]
    assert [one["code"] for one in told] == ["resource.passed", "resource.absent"]


@pytest.mark.threat(31)
@pytest.mark.threat(43)
@pytest.mark.parametrize("broken", ["signature", "issuer", "context", "unsigned"])
def test_nobody_is_asked_for_a_document_whose_signature_does_not_hold(broken):
    document = pinning(pinned())
    match broken:
        case "signature":
            document["name"] = "altered"
        case "issuer":
            document["issuer"] = MALLORY.did
        case "context":
            document["@context"].append("https://nobody.example/terms")
        case "unsigned":
            del document["proof"]
    assert looked_up(document, {PAGE: BYTES})[1] == []


@pytest.mark.parametrize("url", ["data:text/plain,x", "urn:x:y", "ftp://school.example"])
def test_no_address_is_asked_but_those_of_the_web(url):
    assert looked_up(pinning(pinned(url=url)), {})[1] == []


def test_only_so_many_are_looked_at():
    document = pinning(*(pinned(url=f"{PAGE}/{number}") for number in range(40)))
    _, asked = looked_up(document, {})
    assert len(asked) == MAX_FETCHED
    told = resources(document)
    assert len(told) == 17
    assert told[-1] == ("indeterminate", "resource.limit")


def test_of_all_that_is_pinned_only_so_much_is_fetched():
    parts = [pinning(*(pinned(url=f"{PAGE}/{part}/{number}") for number in range(10))) for part in range(3)]
    assert len(wanted_resources(judged(parts))) == MAX_FETCHED


def test_a_policy_file_says_so():
    text = 'name = "a"\nrequires = ["structure", "context", "issuer_key", "proof"]\n'
    assert not parse_policy(text).schema_required
    policy = parse_policy(text + 'schema = "require"\nresources = "require"\n')
    assert (policy.schema_required, policy.resources_required) == (True, True)
