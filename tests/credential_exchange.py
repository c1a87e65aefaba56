"""An issuer and a holder, a verifier and a prover, with what they say to each other."""

from didcomm_support import Party, documents_of
from protocol_support import HOLDER, ISSUER, Side

from node.didcomm.protocols.formats import DI_CREDENTIAL, SD_JWT
from node.didcomm.protocols.holder_binding import Challenge, bind
from node.didcomm.protocols.issue_credential import ISSUE_CREDENTIAL, Issue, Offer, Request
from node.didcomm.protocols.machine import protocols
from node.didcomm.protocols.present_proof import PRESENT_PROOF, Ask, Conclude, Present
from node.didcomm.protocols.trust_ping import TRUST_PING

SPOKEN = protocols(ISSUE_CREDENTIAL, PRESENT_PROOF, TRUST_PING)
SUBJECT = Party("did:example:subject")
OTHER = Party("did:example:other")
RESOLVED = documents_of(SUBJECT, OTHER)
CHALLENGE = Challenge("nonce-1", "did:example:faculty")
PREVIEW = {"type": ["VerifiableCredential"], "issuer": {"id": "did:example:faculty"}, "name": "Demo badge"}
SECURED = PREVIEW | {"proof": {"type": "DataIntegrityProof"}}
RECEIPT = {"type": "receipt", "chain": "eip155:1"}
TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln~"  # noqa: S105 -- a credential in the form of a token
DEFINITION = {"id": "definition-1", "input_descriptors": [{"id": "badge", "constraints": {"fields": []}}]}
SHOWN = {"type": ["VerifiablePresentation"], "presentation_submission": {"definition_id": "definition-1"}}
REPORT = {"verdict": "accepted"}


def sides():
    return Side(ISSUER, SPOKEN, RESOLVED), Side(HOLDER, SPOKEN, RESOLVED)


def offering(**changes):
    given = {"credential": PREVIEW, "formats": (DI_CREDENTIAL, SD_JWT), "challenge": CHALLENGE} | changes
    return Offer(**given)


def binding(challenge=CHALLENGE, party=SUBJECT, kind="Ed25519"):
    kid = f"{party.did}#sign-{kind}"
    return bind(challenge, kid, party.secrets.signer(kid))


def requesting(**changes):
    return Request(**{"format": DI_CREDENTIAL, "binding": binding()} | changes)


def issuing(**changes):
    return Issue(**{"credential": SECURED, "receipts": (RECEIPT,)} | changes)


def asking(**changes):
    given = {
        "definition": DEFINITION,
        "challenge": "challenge-1",
        "domain": "https://verifier.example",
        "why": "To enrol you",
        "policy": "default",
    }
    return Ask(**given | changes)


def presenting(**changes):
    return Present(**{"presentation": SHOWN} | changes)


def concluding(**changes):
    return Conclude(**{"accepted": True, "report": REPORT} | changes)
