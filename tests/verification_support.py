"""What the tests of verification share: signing parties, small credentials, and the judge with its usual inputs."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.contexts import BUNDLED, PinnedContext, jcs_digest
from node.documents import JsonObject, JsonValue
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.signatures import local_signer
from node.verification.case import Request
from node.verification.check import Check, CheckName, Outcome
from node.verification.material import EMPTY, Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, Policy, built_in
from node.verification.report import CredentialReport, Report, combine, judge
from node.verification.trust import ListedIssuer, Trust, TrustList
from node.verification.verify import verify

AT = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
AT_EN, AT_PL = "12 June 2026, 14:03 UTC", "12 czerwca 2026, 14:03 UTC"
VC = "https://www.w3.org/ns/credentials/v2"
VC_1 = "https://www.w3.org/2018/credentials/v1"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
EVERYDAY, STRICT = built_in("everyday"), built_in("strict")
REQUEST = Request(challenge="n-0S6_WzA2Mj", domain="https://verifier.example")


@dataclass(frozen=True)
class Party:
    """Somebody with one key, and the DID they are known by: their did:key unless another is given."""

    private: PrivateKey
    name: str = ""

    @property
    def did(self) -> str:
        return self.name or str(did_key.create(self.private.public))

    @property
    def method(self) -> str:
        return f"{self.did}#{self.private.public.to_multibase()}"

    def sign(  # one keyword per option that a test varies
        self,
        document: JsonObject,
        suite: str = "",
        *,
        contexts: Iterable[PinnedContext] = (),
        method: str = "",
        created: datetime = AT - timedelta(days=30),
        **options: object,
    ) -> JsonObject:
        chosen = suite or {KeyType.ED25519: "eddsa-rdfc-2022"}.get(self.private.type, "ecdsa-rdfc-2019")
        return add_proof(
            document,
            ProofOptions(cryptosuite=chosen, verification_method=method or self.method, created=created, **options),
            local_signer(self.private),
            jsonld=JsonLd(BUNDLED.pin(contexts)),
        )

    def document(
        self, relationships: Iterable[str] = ("assertionMethod", "authentication"), **method: object
    ) -> JsonObject:
        """A DID document with the party's one key."""
        return {
            "id": self.did,
            "verificationMethod": [
                {
                    "id": self.method,
                    "type": "Multikey",
                    "controller": self.did,
                    "publicKeyMultibase": self.private.public.to_multibase(),
                    **method,
                }
            ],
            **{relationship: [self.method] for relationship in relationships},
        }


def party(seed: int, name: str = "") -> Party:
    """The same party for the same number, in every run."""
    return Party(PrivateKey(KeyType.ED25519, bytes([seed]) * 32), name)


ISSUER, HOLDER, MALLORY = party(11), party(12), party(13)
UNIVERSITY = party(14, "did:web:university.example")
"""An issuer whose keys have to be fetched, or pinned."""


def credential(issuer: Party = ISSUER, /, **members: JsonValue) -> JsonObject:
    """A small credential; a member given as None is left out."""
    document: JsonObject = {
        "@context": [VC],
        "id": "urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a1",
        "type": ["VerifiableCredential"],
        "issuer": issuer.did,
        "validFrom": "2026-03-01T09:00:00Z",
        "credentialSubject": {"id": HOLDER.did},
        "name": "MIG welding",
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def badge(issuer: Party = ISSUER, /, **members: JsonValue) -> JsonObject:
    """An Open Badge with a named learner."""
    subject: JsonObject = {
        "id": HOLDER.did,
        "type": ["AchievementSubject"],
        "identifier": [
            {"type": "IdentityObject", "identityType": "name", "hashed": False, "identityHash": "Sample Learner"}
        ],
        "achievement": {
            "id": "https://school.example/achievements/welding",
            "type": ["Achievement"],
            "name": "MIG welding, basic level",
            "description": "Sets up and welds steel sheet.",
            "criteria": {"narrative": "Weld three seams."},
        },
    }
    given: dict[str, JsonValue] = {
        "@context": [VC, OB],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": "School of Welding"},
        "credentialSubject": subject,
        **members,
    }
    return credential(issuer, **given)


def presentation(*credentials: JsonValue, holder: Party = HOLDER, **members: JsonValue) -> JsonObject:
    return {
        "@context": [VC],
        "type": ["VerifiablePresentation"],
        "holder": holder.did,
        "verifiableCredential": list(credentials),
        **members,
    }


def shown_live(document: JsonObject, by: Party = HOLDER, request: Request = REQUEST, **options: object) -> JsonObject:
    """A presentation signed in answer to a request."""
    given = {"challenge": request.challenge, "domain": request.domain, **options}
    return by.sign(document, proof_purpose="authentication", **given)


def judged(  # noqa: PLR0913 -- the inputs of the judge
    subject: JsonValue,
    *,
    material: VerificationMaterial = EMPTY,
    policy: Policy = EVERYDAY,
    at: datetime = AT,
    trust: Trust | None = None,
    request: Request | None = None,
    beside: Iterable[JsonValue] = (),
) -> Report:
    """The report, and that judging changed nothing in what was handed over."""
    before = copy.deepcopy(subject)
    report = verify(subject, material, policy, at, trust=trust or Trust(), request=request, beside=tuple(beside))
    assert subject == before
    return report


def one(subject: JsonValue, **inputs: object) -> CredentialReport:
    """The report on the only credential of a subject."""
    (entry,) = judged(subject, **inputs).credentials
    return entry


def gathered(*parties: Party, origin: Origin = Origin.LIVE, **documents: JsonObject) -> VerificationMaterial:
    """Material with the document of each party, as if it had been resolved, or otherwise come by."""
    return VerificationMaterial(
        {
            **{p.did: ResolvedDocument(p.document(), KeyEvidence.NOW_ONLY, origin, AT) for p in parties},
            **{did: ResolvedDocument(source, KeyEvidence.NOW_ONLY, origin, AT) for did, source in documents.items()},
        }
    )


def listing(*parties: Party, name: str = "demo", distrust_from: datetime | None = None) -> Trust:
    """Trust in these parties, each under a domain."""
    issuers = {p.did: ListedIssuer(p.did, "Example University", "university.example", distrust_from) for p in parties}
    return Trust(lists=(TrustList(name, issuers),))


def pin(url: str, context: JsonObject) -> PinnedContext:
    return PinnedContext(url, context, jcs_digest(context))


def outcomes(entry: CredentialReport) -> dict[str, str]:
    return {check.name.value: check.outcome.value for check in entry.checks}


def found(entry: CredentialReport, name: str) -> tuple[Outcome, str]:
    """How one check ended, and its code."""
    check = entry.check(CheckName(name))
    return check.outcome, check.code


def made_up(
    policy: Policy = EVERYDAY, summary: JsonObject | None = None, /, **checks: tuple[str, str, JsonObject] | str
) -> Report:
    """A report of one credential from outcomes; checks that are not named passed, or do not apply, as in a good badge.

    A check is an outcome, or an outcome with a code and evidence. `class_` stands for the check `class`.
    """
    usual = {"status": "not_applicable", "anchor": "not_applicable"}
    given = {name.rstrip("_"): value for name, value in checks.items()}
    made = []
    for name in CheckName:
        value = given.get(name, usual.get(name, "passed"))
        outcome, code, evidence = value if isinstance(value, tuple) else (value, f"{name}.test", {})
        made.append(Check(name, Outcome(outcome), code, "made up", evidence))
    return combine([judge(made, policy, summary or {"issuer": {"id": ISSUER.did}})], policy, AT)
