"""`glejt achievement label`: sign what the rules make of a signed credential."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from node.app import sources
from node.cli.errors import CliError, describe
from node.cli.files import write_whole
from node.cli.inputs import read_credential
from node.cli.invocation import Invocation, path_of
from node.cli.issue import JWT
from node.cli.signing import signing_for
from node.config import allows_loopback
from node.documents import MAX_CREDENTIAL_BYTES, SecuredDocument
from node.issuance.errors import IssuanceError
from node.issuance.labels import secure_label
from node.proofs.errors import ProofsError
from node.verification.gather import gather
from node.verification.received import subject_of


def label_file(  # noqa: PLR0913 -- one parameter per option
    invocation: Invocation,
    name: str,
    *,
    key: str | None,
    passphrase_file: str | None,
    form: str | None,
    out: str | None,
    force: bool,
) -> int:
    """Sign the label of one credential; write it whole, or not at all."""
    if form not in {None, JWT}:
        raise CliError("usage.choice", option="--form", value=form, known=JWT)
    if path_of(key, invocation.settings.key) is None:
        raise CliError("usage.missing", name="--key")
    document = subject_of(read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES))
    signing = signing_for(invocation, key, passphrase_file)
    outside = sources(online=not invocation.settings.offline, loopback=allows_loopback(os.environ))

    async def made() -> SecuredDocument | str:
        material = await gather(document, outside, signing.trust)
        now = datetime.now(UTC).replace(microsecond=0)
        return await secure_label(document, material, signing, now=now, token=form is not None)

    try:
        label = asyncio.run(made())
    except (IssuanceError, ProofsError) as error:
        invocation.out.error(describe(error, invocation.words))
        return 1
    if out is not None:
        text = label if isinstance(label, str) else json.dumps(label, indent=2, ensure_ascii=False)
        write_whole(Path(out).expanduser(), f"{text}\n".encode(), force=force)
        invocation.out.remark("remark.labelled", name=out, document=name)
    elif isinstance(label, str):
        invocation.out.answer(label)
    else:
        invocation.out.answer_json(label, indent=2)
    return 0
