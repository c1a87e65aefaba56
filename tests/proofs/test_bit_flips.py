"""Row 15: whatever byte of a published signed document is flipped, no proof that covers it verifies any more."""

import os
import zlib

import pytest
from integrity_support import keys_of, vector_jsonld
from support import vectors

from node.documents import DocumentError, parse_object
from node.proofs.canonicalize.jcs import jcs
from node.proofs.data_integrity import VerifiedProof, verify_proofs
from node.proofs.errors import ProofsError
from node.proofs.proof import proofs_of

pytestmark = pytest.mark.vectors

FOLDERS = ("vc-di-eddsa", "vc-di-ecdsa/ecdsa-jcs-2019-*", "vc-di-ecdsa/ecdsa-rdfc-2019-*")
# All 8 bits of each byte are 156,320 cases and half a minute of one core; two, chosen by position, a few seconds.
BITS_PER_BYTE = 8 if os.environ.get("GLEJT_EXHAUSTIVE") else 2


ROOT = vectors()
SIGNED_DOCUMENTS = sorted(
    str(path.relative_to(ROOT)) for folder in FOLDERS for path in ROOT.glob(f"{folder}/**/signed*.json")
)


def bits_for(name: str, position: int) -> list[int]:
    """Which bits to flip: different ones from byte to byte, the same in every run."""
    first = zlib.crc32(f"{name}:{position}".encode()) % 8
    return [(first + step * 3) % 8 for step in range(BITS_PER_BYTE)]


def parts(document):
    """The document without its proofs, and each proof, as bytes that are equal only for equal JSON."""
    proofs = document.get("proof")
    listed = proofs if isinstance(proofs, list) else [proofs]
    return jcs({name: value for name, value in document.items() if name != "proof"}), [jcs(proof) for proof in listed]


class Original:
    """A signed document and the keys that its proofs were made with."""

    def __init__(self, name: str):
        self.data = vectors(*name.split("/")).read_bytes()
        document = parse_object(self.data)
        self.keys = keys_of(proofs_of(document))
        self.body, self.proofs = parts(document)

    def judge(self, data: bytes) -> str:
        """What became of altered bytes; fails if anything verifies that is not what was signed."""
        try:
            document = parse_object(data)
            proofs = proofs_of(document)
            results = verify_proofs(document, proofs, self.keys, jsonld=vector_jsonld())
        except (DocumentError, ProofsError):
            return "refused"
        body, proofs = parts(document)
        verified = [isinstance(result.outcome, VerifiedProof) for result in results]
        if (body, proofs) == (self.body, self.proofs):
            assert all(verified), "the same JSON in other bytes holds"
            return "same"
        assert not all(verified)
        for index, holds in enumerate(verified):
            assert not holds or (body == self.body and proofs[index] == self.proofs[index])
        return "failed"


def test_the_published_documents_are_here():
    assert len(SIGNED_DOCUMENTS) == 14


@pytest.mark.threat(15)
@pytest.mark.parametrize("name", SIGNED_DOCUMENTS)
def test_no_flipped_byte_verifies(name):
    original = Original(name)
    assert original.judge(original.data) == "same"
    found = {"refused": 0, "failed": 0, "same": 0}
    for position in range(len(original.data)):
        for bit in bits_for(name, position):
            altered = bytearray(original.data)
            altered[position] ^= 1 << bit
            found[original.judge(bytes(altered))] += 1
    assert sum(found.values()) == len(original.data) * BITS_PER_BYTE
    assert found["refused"] > 0
    assert found["failed"] > len(original.data) // 4, "most flips must get as far as the signature"


@pytest.mark.threat(15)
@pytest.mark.parametrize("name", SIGNED_DOCUMENTS)
def test_white_space_and_the_order_of_members_mean_nothing(name):
    original = Original(name)
    assert original.judge(original.data + b"\n") == "same"
    assert original.judge(b" " + original.data.replace(b"\n", b"\r\n")) == "same"
    document = parse_object(original.data)
    assert original.judge(jcs(document)) == "same"
