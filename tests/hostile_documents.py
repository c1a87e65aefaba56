"""Documents that are really signed, each with an address in one of its members: what a verifier is shown by a stranger.

`asked` says whether whoever verifies looks at what lies at such an address. Signatures hold, for some of it is looked
at only then; where the address is the issuer's own, nobody can know whether they do.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from jose_support import enveloped, token, vc_jwt
from open_badges_2_support import assertion
from sd_jwt_support import sd_jwt, with_claims
from verification_support import HOLDER, ISSUER, VC, Party, credential

SUITE = "eddsa-jcs-2022"
SCID = "QmWGMWtRx3wLH69CsKUqhcGHhaNKFbecwApCBNc56joCtX"
SRI = "sha256-" + base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
MESSAGE = "application/json"


@dataclass(frozen=True)
class Sent:
    """A request that hands something over to be verified."""

    path: str
    content: bytes
    kind: str = MESSAGE
    holds: int = 1
    """How many addresses are in it."""


@dataclass(frozen=True)
class Field:
    """A member that takes an address: how documents with it are made, and what of the address it is asked for."""

    make: Callable[[list[str]], list[Sent]]
    asked: bool = False
    batched: bool = True
    """Whether one request takes many."""
    also: frozenset[str] = frozenset()
    """Hosts of the corpus that are public, and are asked without what is odd about their addresses."""
    did: str = ""
    """For identifiers: what stands before the authority."""


def presentation(documents, **members):
    held = {"@context": [VC], "type": ["VerifiablePresentation"], **members}
    return json.dumps({"verifiablePresentation": held | {"verifiableCredential": documents}}).encode()


def in_presentations(make, at_once):
    """Many credentials with an address each; a verifier looks at so many addresses of one subject at once."""

    def made(urls):
        groups = [urls[start : start + at_once] for start in range(0, len(urls), at_once)]
        return [
            Sent("/presentations/verify", presentation([make(url) for url in group]), holds=len(group))
            for group in groups
        ]

    return made


def one_by_one(make, kind):
    return lambda urls: [Sent("/credentials/verify", make(url).encode(), kind) for url in urls]


def by_did_key(**members):
    """How a credential of somebody known by their key has an address in these members."""

    def made(url):
        filled = json.loads(json.dumps(members).replace('"URL"', json.dumps(url)))
        return ISSUER.sign(credential(**filled), SUITE)

    return made


def by_did(did):
    """Of an issuer whose identifier leads to a host."""
    return by_method_of(did, credential(Party(ISSUER.private, did)))


def with_method_of(did):
    return by_method_of(did, credential())


def by_method_of(did, document, party=ISSUER, **options):
    """Signed, and then by a key of this identifier: some are none, with which nothing is signed."""
    signed = party.sign(document, SUITE, **options)
    signed["proof"]["verificationMethod"] = f"{did}#key-1"
    return signed


def shown_by(did):
    held = {"@context": [VC], "type": ["VerifiablePresentation"], "holder": did}
    held["verifiableCredential"] = [ISSUER.sign(credential(), SUITE)]
    options = {"proof_purpose": "authentication", "challenge": "c", "domain": "https://node.example"}
    signed = by_method_of(did, held, HOLDER, **options)
    return Sent("/presentations/verify", json.dumps({"verifiablePresentation": signed}).encode())


def enveloped_of(did):
    issuer = Party(ISSUER.private, did)
    return enveloped(vc_jwt(credential(issuer), issuer, kid=f"{did}#key-1"))


def typed(header=None, **claims):
    """An SD-JWT VC with an address in a claim, or in its header."""

    def made(url):
        filled = json.loads(json.dumps([claims, header or {}]).replace('"URL"', json.dumps(url)))
        return sd_jwt(with_claims(exp=None, **filled[0]), (), ISSUER, **filled[1])

    return made


def of_did(did):
    issuer = Party(ISSUER.private, did)
    return sd_jwt(with_claims(exp=None, iss=did), (), issuer, kid=f"{did}#key-1")


def hosted(url):
    return json.dumps(assertion(id=url))


def signed_badge(url):
    return token(assertion(id="urn:uuid:7", badge=url, verification={"type": "SignedBadge", "creator": url}), typ="JWT")


def bound_to(did):
    return sd_jwt(with_claims(exp=None, cnf={"kid": f"{did}#key-1"}), (), ISSUER)


STATUS = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "7"}
SD_JWT, VC_PLAIN, TEXT = "application/dc+sd-jwt", "application/vc", "text/plain"
PINNED = {"digestSRI": SRI}
SUBJECT = {"id": HOLDER.did}
ACHIEVEMENT = {"type": ["Achievement"], "name": "A", "description": "A", "criteria": {"narrative": "A"}}

PLAIN = frozenset({"good.edu"})
"""Of an object of Open Badges 2 a fragment is a part, and it is asked for by https where its address says http."""

FIELDS = {
    # identifiers that lead to a host
    "issuer, did:web": Field(in_presentations(by_did, 32), True, did="did:web:"),
    "issuer, did:webvh": Field(in_presentations(by_did, 32), True, did=f"did:webvh:{SCID}:"),
    "proof.verificationMethod": Field(in_presentations(with_method_of, 32), True, did="did:web:"),
    "holder": Field(lambda dids: [shown_by(did) for did in dids], True, False, did="did:web:"),
    "issuer of a token": Field(in_presentations(enveloped_of, 32), True, did="did:web:"),
    "issuer of an SD-JWT VC, did:web": Field(one_by_one(of_did, SD_JWT), True, False, did="did:web:"),
    "cnf.kid of an SD-JWT VC": Field(one_by_one(bound_to, SD_JWT), True, False, did="did:web:"),
    "credentialSubject.id": Field(in_presentations(by_did_key(credentialSubject={"id": "URL"}), 64), did="did:web:"),
    # addresses that are looked at
    "credentialStatus.statusListCredential": Field(
        in_presentations(by_did_key(credentialStatus=STATUS | {"statusListCredential": "URL"}), 16), True
    ),
    "credentialSchema": Field(
        in_presentations(by_did_key(credentialSchema={"id": "URL", "type": "JsonSchema", **PINNED}), 16), True
    ),
    "relatedResource": Field(in_presentations(by_did_key(relatedResource={"id": "URL", **PINNED}), 16), True),
    "status_list.uri of an SD-JWT VC": Field(
        one_by_one(typed(status={"status_list": {"idx": 3, "uri": "URL"}}), SD_JWT), True, False
    ),
    "iss of an SD-JWT VC": Field(one_by_one(typed({"kid": "k"}, iss="URL"), SD_JWT), True, False),
    "vct of an SD-JWT VC": Field(one_by_one(typed(vct="URL", **{"vct#integrity": SRI}), SD_JWT), True, False),
    "id of a hosted badge": Field(one_by_one(hosted, VC_PLAIN), True, False, PLAIN),
    "badge of a signed badge": Field(one_by_one(signed_badge, TEXT), True, False, PLAIN),
    # addresses that are never asked
    "@context": Field(in_presentations(by_did_key(**{"@context": [VC, "URL"]}), 64)),
    "id": Field(in_presentations(by_did_key(id="URL"), 64)),
    "issuer": Field(in_presentations(by_did_key(issuer="URL"), 64)),
    "issuer.image": Field(
        in_presentations(by_did_key(issuer={"id": ISSUER.did, "image": {"id": "URL", "type": "Image"}}), 64)
    ),
    "issuer.url": Field(in_presentations(by_did_key(issuer={"id": ISSUER.did, "url": "URL"}), 64)),
    "type": Field(in_presentations(by_did_key(type=["VerifiableCredential", "URL"]), 64)),
    "image": Field(in_presentations(by_did_key(image={"id": "URL", "type": "Image"}), 64)),
    "evidence.id": Field(in_presentations(by_did_key(evidence=[{"id": "URL", "type": ["Evidence"]}]), 64)),
    "termsOfUse.id": Field(in_presentations(by_did_key(termsOfUse={"id": "URL", "type": "IssuerPolicy"}), 64)),
    "refreshService": Field(
        in_presentations(
            by_did_key(refreshService={"id": "URL", "url": "URL", "type": "VerifiableCredentialRefreshService2021"}), 64
        )
    ),
    "renderMethod": Field(
        in_presentations(by_did_key(renderMethod={"id": "URL", "type": "TemplateRenderMethod", "template": "URL"}), 64)
    ),
    "endorsementJwt and endorsement": Field(
        in_presentations(by_did_key(endorsement=[{"id": "URL"}], endorsementJwt=["URL"]), 64)
    ),
    "credentialStatus.id": Field(
        in_presentations(by_did_key(credentialStatus={"id": "URL", "type": "Other2026", "statusReference": "URL"}), 64)
    ),
    "credentialSchema that nothing pins": Field(
        in_presentations(by_did_key(credentialSchema={"id": "URL", "type": "JsonSchema"}), 64)
    ),
    "relatedResource that nothing pins": Field(
        in_presentations(by_did_key(relatedResource={"id": "URL", "mediaType": "text/html"}), 64)
    ),
    "achievement": Field(
        in_presentations(
            by_did_key(
                credentialSubject=SUBJECT
                | {
                    "achievement": ACHIEVEMENT
                    | {
                        "id": "URL",
                        "image": {"id": "URL", "type": "Image"},
                        "criteria": {"id": "URL"},
                        "creator": {"id": "URL", "type": ["Profile"], "url": "URL"},
                        "related": [{"id": "URL", "type": ["Related"]}],
                        "alignment": [{"type": ["Alignment"], "targetName": "A", "targetUrl": "URL"}],
                    }
                }
            ),
            64,
        )
    ),
    "an envelope's id": Field(
        in_presentations(lambda url: {"@context": VC, "type": "EnvelopedVerifiableCredential", "id": url}, 64)
    ),
    "x5u, jku and jwk of a token": Field(
        in_presentations(lambda url: enveloped(vc_jwt(credential(), x5u=url, jku=url)), 64)
    ),
    "x5u and jku of an SD-JWT VC": Field(one_by_one(typed({"x5u": "URL", "jku": "URL"}), SD_JWT), batched=False),
}
"""Every member of a document that takes an address, with whether it is looked at."""


START = "https://start.good.edu"
"""A host of the public web that answers, and leads on."""


def redirected(make, at_once):
    def made(urls):
        pages = {f"{START}/r{number}": url for number, url in enumerate(urls)}
        return in_presentations(make, at_once)(list(pages)), pages

    return made


def redirected_at_home(urls):
    """The document of a did:web, whose place is its address: it leads nowhere else at all."""
    pages = {f"{START}/p{number}/did.json": url for number, url in enumerate(urls)}
    return in_presentations(by_did, 32)([f"did:web:start.good.edu:p{number}" for number in range(len(urls))]), pages


def keys_elsewhere(urls):
    """The metadata of an issuer, which names another place for its keys."""
    pages = {
        f"{START}/.well-known/jwt-vc-issuer/i{number}": json.dumps(
            {"issuer": f"{START}/i{number}", "jwks_uri": url}
        ).encode()
        for number, url in enumerate(urls)
    }
    issuers = [f"{START}/i{number}" for number in range(len(urls))]
    return one_by_one(typed({"kid": "k"}, iss="URL"), SD_JWT)(issuers), pages


def types_that_extend(urls):
    """A type that extends another one."""
    pages = {
        f"{START}/t{number}": json.dumps(
            {"vct": f"{START}/t{number}", "name": "T", "extends": url, "extends#integrity": SRI}
        ).encode()
        for number, url in enumerate(urls)
    }
    made = [
        Sent("/credentials/verify", typed(vct=name, **{"vct#integrity": sri_of(page)})("").encode(), SD_JWT)
        for name, page in pages.items()
    ]
    return made, pages


def classes_elsewhere(urls):
    """A hosted badge whose class is at another place."""
    pages = {
        f"{START}/a{number}": json.dumps(assertion(id=f"{START}/a{number}", badge=url)).encode()
        for number, url in enumerate(urls)
    }
    return one_by_one(hosted, VC_PLAIN)(list(pages)), pages


def sri_of(data):
    return "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode()


def hops(urls):
    """What a public host leads on to, by how: the requests, and the pages of that host."""
    return {
        "a redirect of a resource": redirected(by_did_key(relatedResource={"id": "URL", **PINNED}), 16)(urls),
        "a redirect of a status list": redirected(
            by_did_key(credentialStatus=STATUS | {"statusListCredential": "URL"}), 16
        )(urls),
        "a redirect of a document": redirected_at_home(urls),
        "jwks_uri": keys_elsewhere(urls),
        "extends": types_that_extend(urls),
        "the class of a badge": classes_elsewhere(urls),
    }


AT_HOME = "a redirect of a document"
"""Whoever may not lead away is not even looked up."""


def identifier(field, authority):
    """An identifier for a host as its method spells it: a colon before a port is encoded."""
    return field.did + authority.replace(":", "%3A")
