"""The kinds of proofs that secure a document: inside it, or wrapped around it.

Whoever judges asks all of them the same: whose key they name, from when and until when they count, what they answer to,
and what of the document is theirs. Each kind answers in members of the same names; a new kind is added here, and the
type checker then finds every place where it has to fit in.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#securing-mechanisms
"""

from node.proofs.data_integrity import VerifiedProof
from node.proofs.errors import ProofFailure, ProofIndeterminate
from node.proofs.jose.jws import VerifiedJws
from node.proofs.jose.jwt import JwtProof
from node.proofs.proof import Proof
from node.proofs.sd_jwt.proof import SdJwtProof

type EnvelopingProof = JwtProof | SdJwtProof
"""A proof that is wrapped around its document, and verifies by itself."""
type SecuringProof = Proof | EnvelopingProof
"""A proof as it was received."""
type Verified = VerifiedProof | VerifiedJws
"""A proof whose signature holds."""
type Outcome = Verified | ProofFailure | ProofIndeterminate
"""What became of a proof: verified, or the reason why not."""
