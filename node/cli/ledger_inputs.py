"""What `verify` is given of chains: receipts of anchors, and checkpoints, each in a file."""

from collections.abc import Sequence

from anchoring.checkpoint import MAX_BYTES as MAX_CHECKPOINT_BYTES
from anchoring.checkpoint import SignedCheckpoint
from anchoring.errors import InvalidError
from anchoring.receipt import MAX_BYTES as MAX_RECEIPT_BYTES
from anchoring.receipt import Receipt
from node.cli.errors import CliError
from node.cli.files import read_input
from node.verification.ledger_material import LedgerMaterial


def read_ledgers(receipts: Sequence[str], checkpoints: Sequence[str]) -> LedgerMaterial:
    """The material in these files. That they can be read is asked here; whether they count, nobody knows yet."""
    return LedgerMaterial(tuple(map(_receipt, receipts)), tuple(map(_checkpoint, checkpoints)))


def _receipt(name: str) -> bytes:
    data = read_input(name, limit=MAX_RECEIPT_BYTES)
    try:
        Receipt.decode(data)
    except InvalidError as error:
        raise CliError("input.no_receipt", name=name) from error
    return data


def _checkpoint(name: str) -> bytes:
    data = read_input(name, limit=MAX_CHECKPOINT_BYTES)
    try:
        SignedCheckpoint.decode(data)
    except InvalidError as error:
        raise CliError("input.no_checkpoint", name=name) from error
    return data
