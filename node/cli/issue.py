"""`glejt issue`: sign a finished credential with a key from a file."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from node.cli.errors import CliError, describe
from node.cli.files import write_whole
from node.cli.inputs import moment, read_document
from node.cli.invocation import Invocation, path_of
from node.cli.signing import signing_for
from node.credentials.credential import Credential
from node.documents import MAX_CREDENTIAL_BYTES, UnsecuredDocument, parse_object
from node.issuance.errors import IssuanceError
from node.proofs.cryptosuites import SUITES
from node.proofs.errors import ProofsError


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked of `issue`."""

    key: str | None
    passphrase_file: str | None
    suite: str | None
    created: str | None
    proof_array: bool


def issue_file(invocation: Invocation, name: str, order: Order, *, out: str | None, force: bool) -> int:
    """Sign one credential.

    1. Read everything, and refuse before a passphrase is asked for.
    2. Sign, or say what keeps the document from being signed.
    3. Write the signed credential whole, or not at all.
    """
    created = moment("--created", order.created) if order.created else datetime.now(UTC).replace(microsecond=0)  # 1
    suites = [suite.name for suite in SUITES.values() if suite.creates]
    if order.suite is not None and order.suite not in suites:
        raise CliError("usage.choice", option="--suite", value=order.suite, known=", ".join(suites))
    if path_of(order.key, invocation.settings.key) is None:
        raise CliError("usage.missing", name="--key")
    data = read_document(invocation, name, limit=MAX_CREDENTIAL_BYTES)
    document = UnsecuredDocument(parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES))
    signing = signing_for(
        invocation, order.key, order.passphrase_file, suite=order.suite, proof_array=order.proof_array
    )
    try:  # 2
        secured = asyncio.run(signing.secure(document, created=created))
    except (IssuanceError, ProofsError) as error:
        invocation.out.error(describe(error, invocation.words))
        return 1
    _remark_on_what_is_missing(invocation, document)
    text = json.dumps(secured, indent=2, ensure_ascii=False) + "\n"
    if out is None:  # 3
        invocation.out.answer_json(secured, indent=2)
        return 0
    write_whole(Path(out).expanduser(), text.encode(), force=force)
    profile = signing.profile
    invocation.out.remark("remark.signed", issuer=profile.issuer, suite=profile.cryptosuite, name=out)
    return 0


def _remark_on_what_is_missing(invocation: Invocation, document: UnsecuredDocument) -> None:
    """Nothing is filled in; what people often forget is said."""
    if Credential(document).validity.start is None:
        invocation.out.remark("remark.no_start")
