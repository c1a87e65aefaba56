"""What else a node is asked for from the command line: withdrawals, achievements, awards, identifiers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import Final

from did_methods.resolution import Resolution
from did_methods.resolution_result import RESULT
from node.adapters.node_client import Answered, Asked, NodeClient, NodeClientError, bad_answer, part
from node.cli.did import part_asked_for, tell_resolution
from node.cli.errors import CliError
from node.cli.files import require_free, write_whole
from node.cli.inputs import read_document
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.remote import Remote, member, require_decided, with_node
from node.cli.status import confirm
from node.credentials.micro_credential.findings import CredentialClass
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue, parse_object
from node.ports.awarding import AwardState, Standing
from node.status.entry import Purpose
from node.verification.phrases import phrases

PAGE: Final = 100
FORMS: Final = ("credential", "receipt", "capsule")
"""What there is of an award."""
STATES: Final = tuple(state.value for state in AwardState)
STANDINGS: Final = tuple(standing.value for standing in Standing)
_ENTRY: Final = "BitstringStatusListEntry"
_CLASSES: Final = frozenset(CredentialClass)
_RESOLVED: Final = frozenset({200, 400, 404, 406, 410, 500, 501})


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What was asked of `revoke`, as typed."""

    credential: str
    suspend: bool = False
    lift: bool = False
    reason: str | None = None
    yes: bool = False


def revoke(invocation: Invocation, asked: Withdrawal, remote: Remote, *, as_json: bool) -> int:
    """Withdraw a credential for good, suspend it, or lift a suspension."""
    if asked.suspend and asked.lift:
        raise CliError("usage.suspend_or_lift")
    purpose = Purpose.SUSPENSION if asked.suspend or asked.lift else Purpose.REVOCATION
    if purpose is Purpose.REVOCATION:
        confirm(invocation, "remote.confirm_revoke", yes=asked.yes, credential=asked.credential)
    message: JsonObject = {
        "credentialId": asked.credential,
        "credentialStatus": {"type": _ENTRY, "statusPurpose": purpose.value},
        "status": not asked.lift,
        **({} if asked.reason is None else {"reason": asked.reason}),
    }
    sent = Asked(
        HTTPMethod.POST,
        "/credentials/status",
        body=_written(message),
        headers=remote.headers,
        takes=(HTTPStatus.OK, HTTPStatus.ACCEPTED),
        again=True,
    )

    async def work(client: NodeClient) -> JsonObject:
        return require_decided(await client.ask(sent))

    told = with_node(invocation, remote, work)
    if as_json:
        invocation.out.answer_json(told)
        return 0
    done = "remote.lifted" if asked.lift else "remote.suspended" if asked.suspend else "remote.revoked"
    invocation.out.answer(invocation.words(done, credential=visible(asked.credential)))
    if told.get("changed") is False:
        invocation.out.remark("remark.remote_unchanged")
    if told.get("published") is not True:
        invocation.out.remark("remark.remote_unpublished")
    return 0


def achievements(invocation: Invocation, remote: Remote, *, as_json: bool) -> int:
    """List the achievements of the organisation."""

    async def work(client: NodeClient) -> list[JsonObject]:
        found: list[JsonObject] = []
        after: str | None = ""
        while after is not None:
            query = (("limit", str(PAGE)), *((("after", after),) if after else ()))
            answer = await client.ask(Asked(HTTPMethod.GET, "/organisation/achievements", query, again=True))
            page, following = _page(answer, "achievements")
            found += page
            after = None if following == after or not page else following
        return found

    listed = with_node(invocation, remote, work)
    if as_json:
        invocation.out.answer_json({"achievements": listed})
        return 0
    words, spoken = invocation.words, phrases(invocation.words.language)
    for one in listed:
        published = one.get("published")
        state = words("remote.published", version=published) if published else words("remote.draft")
        known = str(one.get("class")) if one.get("class") else ""
        named = spoken(f"class.{known}") if known in _CLASSES else visible(known)
        if one.get("withdrawnAt"):
            state = words("remote.withdrawn")
        shown = "  ".join(text for text in (visible(one.get("name") or "-"), state, named) if text)
        invocation.out.answer(f"{visible(one.get('id'))}  {shown}")
    return 0


def publish(  # noqa: PLR0913 -- what was typed
    invocation: Invocation, file: str, remote: Remote, *, achievement: str | None, draft: bool, as_json: bool
) -> int:
    """Keep the draft in a file as an achievement, new or known, and publish it, unless it is to stay a draft."""
    data = read_document(invocation, file, limit=MAX_CREDENTIAL_BYTES)
    parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES)

    async def work(client: NodeClient) -> JsonObject:
        kept = await _keep(client, data, achievement)
        if draft:
            return kept
        origin = client.address.origin
        address = f"/organisation/achievements/{part(member(kept, 'id', str, origin))}"
        if kept.get("changed") is False:  # it says already what is published
            return kept
        sent = Asked(
            HTTPMethod.POST,
            f"{address}/publish",
            body=_written({"revision": member(kept, "revision", int, origin)}),
            headers=remote.headers,
            takes=(HTTPStatus.CREATED, HTTPStatus.ACCEPTED),
        )
        try:
            return {"id": kept["id"], **require_decided(await client.ask(sent))}
        except (NodeClientError, CliError):
            invocation.out.remark("remark.remote_draft", id=kept["id"])
            raise

    told = with_node(invocation, remote, work)
    if as_json:
        invocation.out.answer_json(told)
    else:
        _tell_achievement(invocation, told)
    return 0


async def _keep(client: NodeClient, data: bytes, achievement: str | None) -> JsonObject:
    """The draft as it is kept: a new one, or in the place of the one that is there now."""
    if achievement is None:
        created = Asked(HTTPMethod.POST, "/organisation/achievements", body=data, takes=(HTTPStatus.CREATED,))
        return (await client.ask(created)).json()
    address = f"/organisation/achievements/{part(achievement)}"
    there = await client.ask(Asked(HTTPMethod.GET, address, again=True))
    known = there.json()
    if _is_same(known.get("draft"), parse_object(data, max_bytes=MAX_CREDENTIAL_BYTES)):
        return known
    return (await client.ask(Asked(HTTPMethod.PUT, address, body=data, headers={"If-Match": there.etag}))).json()


def _is_same(known: JsonValue, draft: JsonObject) -> bool:
    """Whether the node has this draft already; once published, it has types beside what was sent."""
    return isinstance(known, dict) and known == ({"type": known["type"], **draft} if "type" in known else draft)


def _tell_achievement(invocation: Invocation, told: JsonObject) -> None:
    out, words = invocation.out, invocation.words
    review = told.get("review")
    found = review if isinstance(review, dict) else {}
    out.answer(f"{words('remote.label.id')}  {visible(told.get('id'))}")
    if isinstance(told.get("url"), str):
        out.answer(f"{words('remote.label.address')}  {visible(told['url'])}")
    else:
        out.answer(words("remote.kept" if told.get("changed") else "remote.same"))
    known = str(found.get("class"))
    if known in _CLASSES:
        out.answer(f"{words('label.class')}  {phrases(words.language)(f'class.{known}')}")
    for key in ("problems", "findings"):
        listed = found.get(key)
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict):
                where = f"  {visible(one.get('path'))}".rstrip()
                out.answer(f"  {visible(one.get('help') or one.get('code'))}{where}", "amber")


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked of `award list`, as typed."""

    words: str | None = None
    achievement: str | None = None
    state: str | None = None
    standing: str | None = None
    ends_before: str | None = None
    run: str | None = None


def awards(invocation: Invocation, asked: Search, remote: Remote, *, as_json: bool) -> int:
    """List the awards that fit, the newest first."""
    if asked.state is not None and asked.state not in STATES:
        raise CliError("usage.choice", option="--state", value=asked.state, known=", ".join(STATES))
    if asked.standing is not None and asked.standing not in STANDINGS:
        raise CliError("usage.choice", option="--standing", value=asked.standing, known=", ".join(STANDINGS))
    given = {
        "words": asked.words,
        "achievement": asked.achievement,
        "state": asked.state,
        "standing": asked.standing,
        "endsBefore": asked.ends_before,
        "run": asked.run,
    }
    fixed = tuple((name, value) for name, value in given.items() if value is not None)

    async def work(client: NodeClient) -> None:
        before: str | None = ""
        while before is not None:
            query = (*fixed, ("limit", str(PAGE)), *((("before", before),) if before else ()))
            answer = await client.ask(Asked(HTTPMethod.GET, "/organisation/awards", query, again=True))
            page, following = _page(answer, "awards")
            for one in page:  # told as they come: there may be very many
                _tell_award(invocation, one, as_json=as_json)
            before = None if following == before or not page else following

    with_node(invocation, remote, work)
    return 0


def _tell_award(invocation: Invocation, one: JsonObject, *, as_json: bool) -> None:
    if as_json:
        invocation.out.answer_json(one)
        return
    fields = (one.get("id"), one.get("awardedAt"), one.get("state"), one.get("name") or one.get("email") or "-")
    invocation.out.answer("  ".join(visible(value) for value in (*fields, one.get("clientKey") or "")).rstrip())


def fetch(  # noqa: PLR0913 -- what was typed
    invocation: Invocation, award: str, remote: Remote, *, what: str, out: str, form: str | None, force: bool
) -> int:
    """Write what there is of an award into a file: the credential to the byte, its receipt, or a capsule."""
    if what not in FORMS:
        raise CliError("usage.choice", option="--what", value=what, known=", ".join(FORMS))
    path = Path(out).expanduser()
    require_free(path, force=force)
    query = () if form is None else (("form", form),)
    asked = Asked(HTTPMethod.GET, f"/organisation/awards/{part(award)}/{what}", query, accept="*/*", again=True)

    async def work(client: NodeClient) -> bytes:
        answer = await client.ask(asked)
        if answer.media_type.startswith("text/html") or not answer.body:
            raise bad_answer(answer.origin, "answers with something else than was asked for")
        return answer.body

    write_whole(path, with_node(invocation, remote, work), force=force)
    return 0


def resolve(  # noqa: PLR0913 -- what was asked for, and in which form
    invocation: Invocation,
    name: str,
    remote: Remote,
    *,
    versions: Mapping[str, str | None],
    accept: str | None,
    as_json: bool,
) -> int:
    """Have a DID looked up by the node, and tell what came of it as if it had been looked up here."""
    if part_asked_for(name) is not None:
        raise CliError("usage.node_option", option=name)
    query = tuple((key, value) for key, value in versions.items() if value is not None)
    path = f"/1.0/identifiers/{part(name)}"
    asked = Asked(HTTPMethod.GET, path, query, accept=RESULT, takes=_RESOLVED, again=True)

    async def work(client: NodeClient) -> Resolution:
        return read_resolution(await client.ask(asked))

    result = with_node(invocation, remote, work)
    return tell_resolution(invocation, result, name, as_json=as_json, accept=accept)


def read_resolution(answer: Answered) -> Resolution:
    """The result in an answer; one without a document says why."""
    told, origin = answer.json(), answer.origin
    document = told.get("didDocument")
    metadata = member(told, "didResolutionMetadata", dict, origin)
    about = told.get("didDocumentMetadata")
    result = Resolution(
        document if isinstance(document, dict) else None, about if isinstance(about, dict) else {}, dict(metadata)
    )
    if (result.document is None) != (result.problem is not None) and not result.deactivated:
        raise bad_answer(origin, "answers with a document and a problem, or with neither")
    return result


def _page(answer: Answered, name: str) -> tuple[list[JsonObject], str | None]:
    told = answer.json()
    found = member(told, name, list, answer.origin)
    following = told.get("next")
    page = [one for one in found if isinstance(one, dict)]
    return page, following if isinstance(following, str) else None


def _written(value: JsonValue) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
