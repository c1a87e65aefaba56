"""`glejt derive` and `glejt present`: a holder chooses what to show, and binds it to who asked."""

import asyncio
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from node.adapters.held_keys import HeldKeys
from node.adapters.key_file import read_key_file
from node.app import sources
from node.cli.did import unlock
from node.cli.errors import CliError, Refused, describe
from node.cli.files import write_whole
from node.cli.inputs import read_credential, read_document, trust_for
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, parse_object
from node.proofs.errors import ProofsError
from node.verification.case import Request
from node.verification.check import CheckName
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.received import SELECTIVE, may_be_token
from node.verification.report import Report
from node.verification.trust import Trust
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary
from node.wallet.derive import Reveal, derive
from node.wallet.disclosed import Disclosed, in_short
from node.wallet.errors import WalletError
from node.wallet.holder import Holder
from node.wallet.present import present
from node.wallet.request import TEMPLATES
from node.wallet.undecided import undecided

WRONG: Final = (CheckName.STRUCTURE, CheckName.CONTEXT, CheckName.PROOF, CheckName.ISSUER_KEY)
"""Checks that no holder should let fail: nobody would accept what is shown."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked of `derive` or `present`, as typed."""

    show: tuple[str, ...]
    request: str | None
    challenge: str | None
    domain: str | None
    trust: str | None


def derive_file(invocation: Invocation, name: str, choice: Choice, *, out: str | None, force: bool) -> int:
    """Answer with a credential that shows what was chosen.

    1. Read the credential, and what is to be shown.
    2. Derive; look whether it would be accepted, as far as that can be told without the network.
    3. Write it; say what it shows.
    """
    credential = _credential(invocation, name)  # 1.
    trust = trust_for(invocation, choice.trust)
    reveal = _reveal(invocation, choice)
    try:  # 2.
        derived = derive(credential, reveal, jsonld=vocabulary(trust.contexts).jsonld, request=_request(choice))
        report = _expect_right(derived.credential, trust)
    except (WalletError, ProofsError) as error:
        return _refuse(invocation, error, name)
    _tell(invocation, derived.disclosed, derived.remarks)  # 3.
    _tell_what_stays_open(invocation, report, credential, derived.disclosed)
    invocation.out.remark("disclose.hidden", count=len(derived.hidden))
    return _write(invocation, derived.credential, out, force=force)


def present_file(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    name: str,
    choice: Choice,
    *,
    key: str | None,
    passphrase_file: str | None,
    out: str | None,
    force: bool,
) -> int:
    """Answer with a presentation in answer to a request: steps as above, and the holder's key signs around it."""
    credential = _credential(invocation, name)
    trust = trust_for(invocation, choice.trust)
    reveal = _reveal(invocation, choice)
    request = _request(choice)
    if request is None:
        raise CliError("usage.request")
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        presented = asyncio.run(
            present(
                credential,
                reveal,
                request,
                created=now,
                jsonld=vocabulary(trust.contexts).jsonld,
                holder=_holder(invocation, key, passphrase_file),
            )
        )
        report = _expect_right(presented.presentation, trust)
    except (WalletError, ProofsError) as error:
        return _refuse(invocation, error, name)
    _tell(invocation, presented.disclosed, presented.remarks)
    _tell_what_stays_open(invocation, report, credential, presented.disclosed)
    return _write(invocation, presented.presentation, out, force=force)


def _credential(invocation: Invocation, name: str) -> JsonObject | str:
    data = read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES)
    if data[:1] != b"{" and data.isascii() and may_be_token(text := data.decode("ascii").strip()):
        if SELECTIVE in text:
            return text
        raise CliError("disclose.token")
    return parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES)


def _reveal(invocation: Invocation, choice: Choice) -> Reveal:
    if choice.request is None:
        return choice.show
    if choice.show:
        raise CliError("disclose.twice")
    asked = TEMPLATES.get(choice.request)
    if asked is None:
        data = read_document(invocation, choice.request, limit=MAX_CREDENTIAL_BYTES)
        asked = parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES)
    if isinstance(asked.get("purpose"), str):
        invocation.out.remark("disclose.purpose", purpose=asked["purpose"])
    return asked


def _request(choice: Choice) -> Request | None:
    if choice.challenge is None and choice.domain is None:
        return None
    if choice.challenge is None or choice.domain is None:
        raise CliError("usage.request")
    return Request(choice.challenge, choice.domain)


def _holder(invocation: Invocation, key: str | None, passphrase_file: str | None) -> Holder | None:
    """The holder whose key file was named; that of the settings is an issuer's."""
    if key is None:
        return None
    path = Path(key).expanduser()
    key_file = read_key_file(path)
    method = str(key_file.verification_method)
    return Holder(method, HeldKeys({method: unlock(invocation, key_file, path, passphrase_file)}))


def _expect_right(made: JsonObject | str, trust: Trust) -> Report:
    """The report on what would be handed out, without the network; raises WalletError where it would be rejected."""
    material = asyncio.run(gather(made, sources(online=False), trust))
    report = verify(made, material, built_in(), datetime.now(UTC), trust=trust)
    for entry in report.credentials:
        for name in WRONG:
            check = entry.check(name)
            if check.failed:
                raise WalletError(
                    f"what would be shown does not hold: {check.message}",
                    code="wallet.rejected",
                    remedy="Ask the issuer for a sound credential; nothing was made of this one.",
                )
    return report


def _tell(invocation: Invocation, seen: Iterable[Disclosed], remarks: Iterable[str]) -> None:
    """Exactly what a verifier will see, and what the holder should know before sharing it."""
    out, words = invocation.out, invocation.words
    out.remark("disclose.seen")
    for one in in_short(seen):
        mark = words("disclose.always") if one.always else words("disclose.chosen")
        out.remark("disclose.line", mark=mark, line=one.told(words.language))
    for code in remarks:
        out.remark("disclose.remark", said=words(f"{code}.said"), code=visible(code))


def _refuse(invocation: Invocation, error: WalletError | ProofsError, name: str) -> int:
    """Say why nothing was made; what proofs refuse is elsewhere told of signing."""
    told = describe(error, invocation.words)
    if isinstance(error, ProofsError):
        told["message"] = invocation.words("error.wallet.said")
    invocation.out.error(told, file=name)
    return Refused.status


def _tell_what_stays_open(
    invocation: Invocation, report: Report, credential: JsonObject | str, seen: Collection[Disclosed]
) -> None:
    """What no verifier will be able to tell, because it may be hidden, and what settles that."""
    words = invocation.words
    for entry in report.credentials:
        for one in undecided(entry, credential, seen):
            places = ", ".join(map(visible, one.show))
            mend = words("disclose.show_too", places=places) if places else words(f"{one.code}.remedy")
            invocation.out.remark("disclose.open", said=words(f"{one.code}.said"), mend=mend, code=one.code)


def _write(invocation: Invocation, made: JsonObject | str, out: str | None, *, force: bool) -> int:
    if out is None:
        if isinstance(made, str):
            invocation.out.answer(made)
        else:
            invocation.out.answer_json(made, indent=2)
        return 0
    text = made if isinstance(made, str) else json.dumps(made, indent=2, ensure_ascii=False)
    write_whole(Path(out).expanduser(), f"{text}\n".encode(), force=force)
    invocation.out.remark("disclose.written", name=out)
    return 0
