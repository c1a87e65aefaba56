"""`glejt issue --node`: have a node sign by one of its profiles: a finished credential, or one composed of files here.

A request has a name (Idempotency-Key), so that the same one sent again has the same answer: by its bytes, where the
credential is finished; by the file of its run, where it is composed (`remote_run`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import Final

from node.adapters.node_client import Answered, Asked, NodeClient, bad_answer, part
from node.cli.accrediting import composed_accreditation
from node.cli.composing import composed_award, composed_endorsement, read_draft
from node.cli.files import require_free, write_whole
from node.cli.inputs import read_document
from node.cli.invocation import Invocation
from node.cli.issue import Input, Order, TableOrder, check_source, linter_for, remark_on_privacy
from node.cli.remote import Remote, member, require_decided, require_node, require_none, with_node
from node.cli.remote_run import Run, path_beside, request_of
from node.credentials.draft import Fresh
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue, UnsecuredDocument, parse_object

ENVELOPED: Final = "EnvelopedVerifiableCredential"
_BEFORE: Final = b'{"verifiableCredential":'
_TAKES: Final = (HTTPStatus.CREATED, HTTPStatus.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed credential as the node gave it, to the byte; `token` where it is no JSON."""

    data: bytes
    token: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known here of a signing profile."""

    name: str
    did: str
    form: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where credentials are asked for, and what goes with each."""

    profile: str
    mandatory: tuple[str, ...]
    headers: Mapping[str, str]


def require_of_a_node(order: Order, asked: TableOrder) -> None:
    """Refuse what the profile says, and not who asks."""
    require_none(
        key=order.key,
        passphrase_file=order.passphrase_file,
        suite=order.suite,
        form=order.form,
        created=order.created,
        proof_array=order.proof_array,
        hidable_date=not order.awarded_date,
        vct=order.vct,
        token_status=order.token_status,
        anchor=order.anchors,
        status=asked.status,
        strict=asked.strict,
    )


def issue_by_node(invocation: Invocation, source: Input, order: Order, asked: TableOrder, remote: Remote) -> int:
    """Have a node issue one credential, or one for each row of a table."""
    require_node(remote)
    require_of_a_node(order, asked)
    if asked.csv is None:
        return issue_remotely(invocation, source, order, asked, remote)
    from node.cli.remote_runs import is_published, issue_by_run  # noqa: PLC0415 -- as everywhere

    if is_published(source.achievement):
        return issue_by_run(invocation, source, order, asked, remote)
    from node.cli.remote_table import issue_table_remotely  # noqa: PLC0415 -- as everywhere

    return issue_table_remotely(invocation, source, order, asked, remote)


def issue_remotely(invocation: Invocation, source: Input, order: Order, asked: TableOrder, remote: Remote) -> int:
    """Have one credential issued.

    1. Read everything, and refuse before anything is sent.
    2. Compose what is to be composed, for the profile's DID, and say what would betray its holder.
    3. Have it issued, and write it whole.
    """
    check_source(source)  # 1.
    profile = remote.needed_profile
    result = None if asked.out is None else Path(asked.out).expanduser()
    if result is not None:
        require_free(result, force=asked.force)
    wanted = Wanted(profile, order.mandatory, remote.headers)
    written = None if source.file is None else read_document(invocation, source.file, limit=MAX_CREDENTIAL_BYTES)

    async def work(client: NodeClient) -> int:
        if written is not None:
            document = parse_object(written, max_bytes=MAX_CREDENTIAL_BYTES)
            name = request_of(profile.encode(), *(pointer.encode() for pointer in order.mandatory), written)
            signed = await signed_by(client, wanted, document, name)
        else:
            known = await profile_of(client, profile)
            run = Run.beside(result, _asked(invocation, source, client, known))
            own = run.of("single")
            made = _composed(invocation, source, own.fresh(known.did, run.at))  # 2.
            if made is None:
                if result is not None and not run.resumed:
                    path_beside(result).unlink(missing_ok=True)
                return 1
            remark_on_privacy(invocation, linter_for(invocation, of_profile(known)).look(UnsecuredDocument(made)))
            signed = await signed_by(client, wanted, made, own.request)
        _write(invocation, signed, result, client, profile, force=asked.force)  # 3.
        return 0

    return with_node(invocation, remote, work)


def of_profile(profile: Profile) -> Order:
    """The order as the linter reads it: what the profile's form lets be hidden."""
    return Order(None, None, profile.form, None, proof_array=True)


async def profile_of(client: NodeClient, name: str) -> Profile:
    """A signing profile of the caller's organisation."""
    asked = Asked(HTTPMethod.GET, f"/organisation/profiles/{part(name)}", again=True)
    told, origin = (await client.ask(asked)).json(), client.address.origin
    return Profile(name, member(told, "did", str, origin), member(told, "form", str, origin))


async def signed_by(client: NodeClient, wanted: Wanted, document: JsonObject, name: str) -> Signed:
    """The signed credential; raises NodeClientError, and Unknowable where a second person was asked."""
    message: JsonObject = {"credential": document}
    if wanted.mandatory:
        message["options"] = {"mandatoryPointers": list[JsonValue](wanted.mandatory)}
    answer = await client.ask(
        Asked(
            HTTPMethod.POST,
            f"/issuers/{part(wanted.profile)}/credentials/issue",
            body=json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(),
            headers={**wanted.headers, "Idempotency-Key": f'"{name}"'},
            takes=_TAKES,
            again=True,
        )
    )
    return read_signed(answer, document)


def read_signed(answer: Answered, document: JsonObject) -> Signed:
    """The credential in an answer; it has to be of the subject that was sent, as far as that can be seen."""
    told = require_decided(answer)
    found = told.get("verifiableCredential")
    if isinstance(found, str) and found:
        return Signed(found.encode(), token=True)
    if not isinstance(found, dict):
        raise bad_answer(answer.origin, "answers without a credential")
    if found.get("type") in (ENVELOPED, [ENVELOPED]):
        kind, comma, token = str(found.get("id")).partition(",")
        if not (kind.startswith("data:application/") and comma and token):
            raise bad_answer(answer.origin, "answers with an envelope without a token")
        return Signed(token.encode(), token=True)
    same = [found.get(name) == document.get(name) for name in ("issuer", "credentialSubject")]
    if "proof" not in found or not all(same):
        raise bad_answer(answer.origin, "answers with another credential than it was sent, or with one without a proof")
    body = answer.body.strip()
    if list(told) == ["verifiableCredential"] and body.startswith(_BEFORE):
        return Signed(body[len(_BEFORE) : -1].strip(), token=False)
    return Signed(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode(), token=False)


def _asked(invocation: Invocation, source: Input, client: NodeClient, profile: Profile) -> JsonObject:
    """What the credential is made of, and for whom; another run with the same result has to be for the same."""
    given = {name: getattr(source, name) for name in ("achievement", "award", "endorsement", "accreditation")}
    files: JsonObject = {name: read_draft(invocation, file) for name, file in given.items() if file is not None}
    return {"node": client.address.origin, "profile": profile.name, "issuer": profile.did, "files": files}


def _composed(invocation: Invocation, source: Input, fresh: Fresh) -> JsonObject | None:
    """What is to be signed, or None where it was told why there is nothing."""
    if source.endorsement is not None:
        return composed_endorsement(invocation, source.endorsement, fresh)
    if source.accreditation is not None:
        return composed_accreditation(invocation, source.accreditation, fresh, source.parent)
    return composed_award(invocation, source.achievement or "", source.award or "", fresh)


def _write(  # noqa: PLR0913 -- what was made, and where it goes
    invocation: Invocation, signed: Signed, result: Path | None, client: NodeClient, profile: str, *, force: bool
) -> None:
    if result is not None:
        write_whole(result, signed.data + b"\n", force=force)
        path_beside(result).unlink(missing_ok=True)
        node = client.address.origin
        invocation.out.remark("remark.remote_issued", node=node, profile=profile, name=result)
    elif signed.token:
        invocation.out.answer(signed.data.decode("ascii"))
    else:
        invocation.out.answer_json(parse_object(signed.data), indent=2)
