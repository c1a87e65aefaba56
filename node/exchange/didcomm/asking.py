"""The node as a verifier: a request is shown as an invitation, answered once, judged by the one pipeline, and told.

1. What is asked for is a definition of Presentation Exchange that is evaluated here, a reason for people, a policy.
2. Who takes up the invitation is asked, with a challenge of 128 bits; the exchange takes one presentation, of them.
3. It is judged as the answer to that challenge, for this node's own origin, and then compared with the definition.
4. The verdict and the report go back to who showed it; the caller finds them under the request.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

import orjson

from node.didcomm.presentation_exchange import Definition, DefinitionError, Missing, read_definition, unsatisfied
from node.didcomm.protocols.exchange import Exchange
from node.didcomm.protocols.machine import Effect
from node.didcomm.protocols.out_of_band import GOAL_PRESENT
from node.didcomm.protocols.present_proof import PRESENTED, PROPOSED, Ask, Conclude
from node.didcomm.protocols.step import OVER, Abandon
from node.documents import JsonObject, JsonValue
from node.exchange.didcomm.inviting import Inviting, Minted, Wanted
from node.exchange.didcomm.reactions import NOTHING_FOLLOWS, Decided, Reaction, Reactions, Scene
from node.exchange.errors import ExchangeError
from node.ports.api_keys import Caller
from node.ports.judging import InputRefusedError, Judging, Question
from node.ports.organisations import OrganisationId
from node.ports.oversight import Event
from node.ports.store import Store, UnitOfWork
from node.ports.threads import PresentationRequest, Purpose, Relation, RequestState
from node.verification.case import Request
from node.verification.policy import Policy
from node.verification.received import open_token, receive
from node.verification.report import Verdict

CHALLENGE_BYTES: Final = 16
MAX_WHY_CHARS: Final = 512
ANSWERED_WITHIN: Final = timedelta(hours=1)
"""From the request on: people look for what they have, and think about it."""
GOAL: Final = "Somebody would like to see a credential of yours."
SHOWN: Final = "shown"
"""The member of an exchange's record in which a presentation waits to be judged."""
ASKED: Final = "presentation.request"
GONE: Final = "e.p.req.declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller would like to see, why, and by which policy it is judged."""

    definition: JsonObject
    why: str
    policy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The use case, with what it stands on."""

    store: Store
    judges: Judging
    inviting: Inviting
    policies: Mapping[str, Policy]
    usual: str
    now: Callable[[], datetime]

    async def ask(self, caller: Caller, wish: Wish) -> tuple[PresentationRequest, Minted]:
        """A request with its invitation; raises ExchangeError for what is not evaluated here."""
        policy = self.usual if wish.policy is None else wish.policy
        self._check(wish, policy)
        asked: JsonObject = {
            "definition": wish.definition,
            "why": wish.why,
            "policy": policy,
            "challenge": secrets.token_urlsafe(CHALLENGE_BYTES),
            "domain": self.inviting.public_url,
        }
        made: list[PresentationRequest] = []

        async def also(unit: UnitOfWork, relation: Relation) -> None:
            request = PresentationRequest(
                id=relation.invitation,
                ours=relation.ours,
                asked=asked,
                state=RequestState.INVITED,
                report=None,
                made_by=caller.actor,
                made_at=relation.made_at,
                changed_at=relation.made_at,
                expires_at=relation.expires_at,
            )
            await unit.threads.ask(request)
            unit.audit.record(Event(relation.made_at, caller.actor, ASKED, request.id, {"policy": policy}))
            made[:] = [request]

        wanted = Wanted(purpose=Purpose.PRESENT, goal_code=GOAL_PRESENT, goal=GOAL, context=asked)
        minted = await self.inviting.mint(caller.organisation, wanted, also)
        return made[0], minted

    async def decide(
        self,
        organisation: OrganisationId,  # noqa: ARG002 -- as everybody who decides has it
        relation: Relation,
        exchange: Exchange,
    ) -> Decided:
        """The verdict on what was shown; raises JudgesError where it was not judged to its end."""
        asked, shown = relation.context, exchange.record.get(SHOWN)
        policy = self.policies.get(str(asked.get("policy")), self.policies[self.usual])
        request = Request(str(asked.get("challenge")), str(asked.get("domain")))
        data = shown.encode() if isinstance(shown, str) else orjson.dumps(shown)
        try:
            examined = await self.judges.examine(data, Question(policy=policy, at=self.now(), request=request))  # 3.
        except InputRefusedError:
            return self._concluded(
                relation, accepted=False, report={"verdict": Verdict.REJECTED.value, "credentials": []}
            )
        lacking = await asyncio.to_thread(lacks, asked.get("definition"), shown)
        report = examined.report
        if lacking:
            told: list[JsonValue] = [{"descriptor": each.descriptor, "path": each.path} for each in lacking]
            report = report | {"missing": told}
        return self._concluded(relation, accepted=examined.verdict is Verdict.ACCEPTED and not lacking, report=report)

    def _concluded(self, relation: Relation, *, accepted: bool, report: JsonObject) -> Decided:
        state, at = (RequestState.ACCEPTED if accepted else RequestState.REJECTED), self.now()

        async def also(unit: UnitOfWork) -> None:
            await unit.threads.progress(relation.invitation, state, at, report=report)

        return Decided(Conclude(accepted=accepted, report=report), also, forget=(SHOWN,))

    def _check(self, wish: Wish, policy: str) -> None:
        if policy not in self.policies:
            raise ExchangeError(
                "there is no policy with this name",
                code="exchange.policy",
                path="/policy",
                remedy=f"Name one of {', '.join(self.policies)}, or none.",
            )
        if not 0 < len(wish.why) <= MAX_WHY_CHARS:
            raise ExchangeError(
                "there is no reason for people, or a long one",
                code="exchange.why",
                path="/why",
                remedy=f"Say in at most {MAX_WHY_CHARS} characters what it is needed for.",
            )
        try:
            read_definition(wish.definition)
        except DefinitionError as error:
            raise ExchangeError(
                f"the definition is not one that is evaluated here: {error}",
                code="exchange.definition",
                path="/definition",
                remedy=error.remedy,
            ) from error


def lacks(definition: JsonValue, shown: JsonValue) -> tuple[Missing, ...]:
    """What of a definition is not in what was shown: a presentation, or a token that is one or is a credential."""
    asked: Definition = read_definition(definition if isinstance(definition, dict) else {})
    opened = open_token(shown, "").value if isinstance(shown, str) else shown
    document: JsonObject = opened if isinstance(opened, dict) else {}
    if "verifiableCredential" not in document:
        return unsatisfied(asked, [document] if document else [])
    held = document["verifiableCredential"]
    values = [receive(each).value for each in (held if isinstance(held, list) else [held])]
    submission = document.get("presentation_submission")
    credentials = [each if isinstance(each, dict) else {} for each in values]
    return unsatisfied(asked, credentials, submission if isinstance(submission, dict) else None)


async def _proposed(scene: Scene, _: Effect) -> Reaction:
    asked, relation = scene.relation.context, scene.relation
    definition = asked.get("definition")
    if relation.purpose is not Purpose.PRESENT or not isinstance(definition, dict):
        return Reaction(Abandon(GONE))
    await scene.unit.threads.progress(relation.invitation, RequestState.REQUESTED, scene.at)
    ask = Ask(
        definition=definition,
        challenge=str(asked.get("challenge")),
        domain=str(asked.get("domain")),
        why=str(asked.get("why")),
        policy=str(asked.get("policy")),
        expires_time=int((scene.at + ANSWERED_WITHIN).timestamp()),
    )
    return Reaction(ask, about=relation.invitation)


async def _presented(scene: Scene, effect: Effect) -> Reaction:
    await scene.unit.threads.progress(scene.relation.invitation, RequestState.PRESENTED, scene.at)
    return Reaction(later=True, remember={SHOWN: effect.data.get("presentation")})


async def _over(scene: Scene, _: Effect) -> Reaction:
    if scene.relation.purpose is Purpose.PRESENT and scene.exchange is not None:
        await scene.unit.threads.progress(scene.relation.invitation, RequestState.ABANDONED, scene.at)
    return NOTHING_FOLLOWS


ASKING: Final[Reactions] = MappingProxyType({PROPOSED: _proposed, PRESENTED: _presented, OVER: _over})
