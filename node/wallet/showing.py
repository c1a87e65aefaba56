"""Answering a request: who asks, why, exactly what for, what the holder has of it, and what they choose to show.

    key, demand = await asked(agent, invitation)
    options = possible(agent, demand)
    plan = options[0].showing(extra)
    verdict = await show(agent, key, plan)

What a verifier asks for is looked up in each credential here. Nothing is derived anywhere else, and nothing leaves
before `show`.

Spec: https://github.com/decentralized-identity/waci-didcomm/tree/main/present_proof
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from node.credentials.timestamps import format_timestamp
from node.didcomm.errors import DidCommError
from node.didcomm.message import Message
from node.didcomm.parties import document_of as document_of_party
from node.didcomm.presentation_exchange import Definition, Field, missing, places, read_definition
from node.didcomm.protocols.out_of_band import GOAL_PRESENT
from node.didcomm.protocols.present_proof import ACCEPTED, DEMANDED, REQUEST_RECEIVED, Present, Propose
from node.didcomm.protocols.step import PROBLEM, Abandon
from node.didcomm.service import endpoints
from node.documents import JsonObject, JsonValue, pointer
from node.proofs.disclosure import mandatory_pointers_of
from node.proofs.errors import ProofsError
from node.verification.case import Request
from node.verification.errors import FetchError
from node.wallet.accepting import DECLINED, document_of
from node.wallet.agent import Agent
from node.wallet.contents import Contents, Held
from node.wallet.derive import form_of
from node.wallet.disclosed import Disclosed, all_of, seen_and_hidden
from node.wallet.errors import WalletError
from node.wallet.holder import Holder
from node.wallet.present import Presented, present, present_token
from node.wallet.selective_token import select

NOT_ACCEPTED: Final = "e.p.req.not-accepted"
_BESIDE: Final = frozenset({"@context", "proof"})
_SUBJECT: Final = "/credentialSubject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A request: for which place it is signed, why, by which policy it is judged, and what it asks for.

    `placed` says whether the place is where the other side really is: None where that cannot be told.
    """

    theirs: str
    domain: str
    challenge: str
    why: str | None
    policy: str | None
    definition: Definition
    placed: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One credential that has what is asked for.

    `required` and `optional` are pointers; `whole` says that nothing of it can be hidden.
    """

    held: Held
    required: tuple[str, ...]
    optional: tuple[str, ...]
    whole: bool

    def showing(self, extra: tuple[str, ...] = ()) -> "Plan":
        """What will be seen if this is shown, with more than is required."""
        chosen = () if self.whole else (*self.required, *extra)
        seen, hidden = _preview(self.held.credential, chosen, whole=self.whole)
        return Plan(choice=self, pointers=chosen, seen=seen, hidden=hidden)

    @property
    def too_much(self) -> bool:
        """Whether so much is required that nothing is left to choose: all about the person, or every hidable value."""
        return self.whole or bool({"", _SUBJECT} & set(self.required)) or not self.showing().hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Exactly what a verifier will see, and what stays hidden."""

    choice: Choice
    pointers: tuple[str, ...]
    seen: tuple[Disclosed, ...]
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What whoever asked made of it: None where they say nothing of it."""

    accepted: bool | None
    report: JsonObject | None = None


async def asked(agent: Agent, invitation: Message) -> tuple[str, Demand]:
    """Take up an invitation: the exchange, and what is asked for in it. Asked again, it is the same."""
    key = await agent.take_up(invitation, GOAL_PRESENT, Propose())
    told = await agent.until(key, DEMANDED)
    return key, await _demand(agent, key, told)


async def _demand(agent: Agent, key: str, told: JsonObject) -> Demand:
    """What is asked for; raises WalletError for a request that was made for another place than it comes from.

    Whoever passes on the challenge of another verifier would have the holder sign for that one.
    """
    domain, definition = told.get("domain"), told.get("definition")
    theirs = agent.contents.talks[key].exchange.connection.theirs
    if not isinstance(domain, str) or not domain:
        raise WalletError(
            "the request does not say for whom an answer is signed",
            code="wallet.relayed",
            remedy="Ask for a request with a domain: without one the answer could be passed on.",
        )
    placed = await _placed(agent, theirs, domain)
    if placed is False:
        await agent.decide(key, Abandon(DECLINED))
        await agent.flush(agent.contents.talks[key].exchange.connection.ours)
        raise WalletError(
            f"the request comes from another place than {domain!r:.128}, for which the answer would be signed",
            code="wallet.relayed",
            remedy="Do not answer: it may be passed on to somebody else. Ask at that place itself.",
        )
    why, policy = told.get("why") or told.get("comment"), told.get("policy")
    return Demand(
        theirs=theirs,
        domain=domain,
        challenge=str(told.get("challenge")),
        why=why if isinstance(why, str) else None,
        policy=policy if isinstance(policy, str) else None,
        definition=read_definition(definition if isinstance(definition, dict) else {}),
        placed=placed,
    )


async def _placed(agent: Agent, theirs: str, domain: str) -> bool | None:
    """Whether the domain is where the messages of the other side go: their identifier, or the host of an endpoint."""
    if domain == theirs:
        return True
    wanted = _host(domain)
    hosts: set[str | None] = set()
    try:
        document = agent.library(theirs) or document_of_party(parse_did(theirs), agent.library)
        ways = [each.uri for each in endpoints(document)]
    except (DidMethodsError, DidCommError):
        return None
    hosts = {_host(each) for each in ways if not each.startswith("did:")}
    if not hosts:
        return None  # a mediator stands before it
    return wanted is not None and wanted in hosts


def _host(address: str) -> str | None:
    """Host and port of an address, or of a name alone."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return parts.netloc.lower() or None
    except ValueError:
        return None


def possible(agent: Agent, demand: Demand) -> tuple[Choice, ...]:
    """The credentials that have everything that is required; the least is shown first."""
    found = [
        choice for held in agent.contents.held.values() if (choice := _choice(held, demand.definition)) is not None
    ]
    return tuple(sorted(found, key=lambda each: (each.whole, len(each.showing().seen))))


def _choice(held: Held, definition: Definition) -> Choice | None:
    claims = document_of(held.credential)
    if any(missing(descriptor, claims) for descriptor in definition.descriptors):
        return None
    fields = [field for descriptor in definition.descriptors for field in descriptor.fields]
    required = _pointers([each for each in fields if not each.optional], claims)
    optional = [each for each in _pointers([each for each in fields if each.optional], claims) if each not in required]
    return Choice(held=held, required=required, optional=tuple(optional), whole=_is_whole(held.credential))


def _pointers(fields: list[Field], claims: JsonObject) -> tuple[str, ...]:
    """Where the claims have what is asked for; who asks for the whole document asks for each of its members."""
    found: dict[str, None] = {}
    for field in fields:
        for place in places(field, claims):
            everything = [pointer(name) for name in claims if name not in _BESIDE]
            found |= dict.fromkeys([pointer(*place)] if place else everything)
    return tuple(found)


def _is_whole(credential: JsonObject | str) -> bool:
    try:
        form_of(credential)
    except (WalletError, ProofsError):
        return True
    return False


def _preview(
    credential: JsonObject | str, chosen: tuple[str, ...], *, whole: bool
) -> tuple[tuple[Disclosed, ...], tuple[str, ...]]:
    if whole:
        return all_of(document_of(credential)), ()
    if isinstance(credential, str):
        selection = select(credential, chosen)
        return selection.disclosed, selection.hidden
    stated: JsonObject = {name: value for name, value in credential.items() if name != "proof"}
    return seen_and_hidden(stated, mandatory_pointers_of(credential), chosen)


def told_fields(definition: Definition) -> Iterator[tuple[str, bool, str | None]]:
    """What is asked for in words for people: its name, whether it is optional, and what it is for."""
    for descriptor in definition.descriptors:
        for field in descriptor.fields:
            path = ".".join("*" if step is None else str(step) for step in field.paths[0]) or "*"
            yield field.name or path, field.optional, field.purpose or descriptor.purpose


async def decline(agent: Agent, key: str) -> None:
    """Show nothing; whoever asked is told that much."""
    if not agent.contents.talks[key].exchange.final:
        await agent.decide(key, Abandon(DECLINED))
        await agent.flush(agent.contents.talks[key].exchange.connection.ours)


async def show(agent: Agent, key: str, demand: Demand, plan: Plan) -> Verdict:
    """Show what was chosen, and hear the verdict. What was sent before is not chosen anew."""
    if agent.contents.talks[key].exchange.state == REQUEST_RECEIVED:
        made = await presented(agent, demand, plan)
        seen: list[JsonValue] = [each.path for each in made.disclosed]
        noted: JsonObject = {
            "at": format_timestamp(agent.now()),
            "to": demand.domain,
            "why": demand.why,
            "credential": plan.choice.held.id,
            "shown": seen,
        }

        def with_history(contents: Contents) -> Contents:
            return replace(contents, shown=(*contents.shown, noted))

        await agent.decide(key, Present(presentation=made.presentation), with_history)
    return await verdict(agent, key)


async def presented(agent: Agent, demand: Demand, plan: Plan) -> Presented:
    """The presentation: derived here, and signed by the key that the credential is bound to, for this request alone."""
    held, created = plan.choice.held, agent.now().replace(microsecond=0)
    holder = Holder(held.method, agent.keys({held.method: agent.contents.keys[held.method]}))
    request = Request(demand.challenge, demand.domain)
    if isinstance(held.credential, str) and plan.choice.whole:
        made = await present_token(held.credential, request, created=created, jsonld=agent.jsonld, holder=holder)
        return Presented(presentation=made, disclosed=plan.seen, remarks=())
    return await present(held.credential, plan.pointers, request, created=created, jsonld=agent.jsonld, holder=holder)


def answered(agent: Agent, key: str) -> bool:
    """Whether something was shown in an exchange already."""
    return agent.contents.talks[key].exchange.state != REQUEST_RECEIVED


async def verdict(agent: Agent, key: str) -> Verdict:
    """What became of what was shown."""
    talk = agent.contents.talks[key]
    if talk.exchange.final and not {ACCEPTED, PROBLEM} & talk.told.keys():
        await agent.flush(talk.exchange.connection.ours)
        return Verdict(None)
    told = await agent.until(key, ACCEPTED, PROBLEM)
    with suppress(FetchError):  # what was answered already may still wait to be forgotten
        await agent.flush(talk.exchange.connection.ours)
    if "code" not in told:
        return Verdict(accepted=True, report=_report(told.get("report")))
    if told.get("code") != NOT_ACCEPTED:
        raise WalletError(
            f"the other side reports: {told.get('comment') or told.get('code')!r:.256}",
            code="wallet.problem",
            remedy="Ask whoever invited for a new invitation.",
        )
    attached = told.get("attachments")
    first = attached[0] if isinstance(attached, list) and attached else None
    data = first.get("data") if isinstance(first, dict) else None
    return Verdict(accepted=False, report=_report(data.get("json") if isinstance(data, dict) else None))


def _report(value: JsonValue) -> JsonObject | None:
    return value if isinstance(value, dict) else None
