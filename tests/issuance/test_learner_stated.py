"""What an issuer states of the learner in place of a name is signed only where the document bears it out."""

import pytest
from micro_credential_support import REMOVALS, changed, sample, without
from samples import DID, signed

from node.documents import UnsecuredDocument
from node.issuance.errors import NotIssuableError


def award(document):
    return UnsecuredDocument(changed("/issuer/id", DID, document))


def test_what_is_true_is_signed():
    assert signed(award(sample()))["learnerStated"] == "name"
    assert "learnerStated" not in signed(award(without("/learnerStated")))


@pytest.mark.threat(103)
@pytest.mark.parametrize(
    "document",
    [
        without(*REMOVALS["E1"]),
        without("/credentialSubject/identifier"),
        changed("/learnerStated", "identifier"),
        changed("/learnerStated", "anything"),
        changed("/credentialSubject/identifier/0/identityHash", "tbd", without("/credentialSubject/id")),
    ],
)
def test_what_the_document_does_not_bear_out_is_refused(document):
    with pytest.raises(NotIssuableError) as refused:
        signed(award(document))
    assert (refused.value.code, refused.value.path) == ("issuance.malformed", "/learnerStated")
