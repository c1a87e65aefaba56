"""What reading the logs of did:webvh asks of this program: JSON, its canonical form, and the check of a proof."""

from typing import Final

from did_methods.multikey import PublicKey
from did_methods.webvh_entry import CRYPTOSUITE, Tools
from did_methods.webvh_log import MAX_LINE_BYTES
from did_methods.webvh_witness import MAX_WITNESS_BYTES
from node.documents import JsonObject, JsonValue, parse
from node.proofs.canonicalize.jcs import jcs
from node.proofs.data_integrity import verify_proof
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.proof import read_proofs

_NO_CONTEXTS: Final = JsonLd({})
"""The suite of logs needs none: it signs JSON, not what the JSON means."""


def _parse(data: bytes) -> JsonValue:
    return parse(data, max_bytes=max(MAX_LINE_BYTES, MAX_WITNESS_BYTES))


def _holds(document: JsonObject, proof: JsonObject, key: PublicKey) -> bool:
    """Whether the key made this proof, in the one suite of logs, for the document."""
    try:
        (read,) = read_proofs(proof)
        return verify_proof({**document, "proof": proof}, read, key, jsonld=_NO_CONTEXTS).suite.name == CRYPTOSUITE
    except ProofsError:
        return False


LOG_TOOLS: Final = Tools(parse=_parse, canonicalize=jcs, holds=_holds)
