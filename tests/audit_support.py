"""Receipts of signed ends of a log, for tests."""

from anchoring.batch import batch as batch_of
from anchoring.receipt import Receipt, Site
from anchoring.storage_proof import Contract
from node.issuance.organisation.log import commitment_to, subject_of_head

CONTRACT = Contract(b"\1" * 20, b"\2" * 32)
SITE = Site(777, CONTRACT.address, b"\4" * 32)


def receipt_of(head, organisation, *, number=None, progress=None):
    """A receipt of a signed head, alone in its batch."""
    commitment, salt = commitment_to(head), b"\5" * 32
    made = batch_of([commitment], [salt], b"\6" * 32)
    subject = subject_of_head(organisation, number or head.number)
    return Receipt(made.place(salt, commitment), SITE, subject, progress)
