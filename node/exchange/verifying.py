"""What was handed over, judged for a verifier: a credential, or a presentation in answer to a challenge.

1. What is asked is understood: a policy that there is, and a challenge with the domain that it is for.
2. The document is judged where foreign input is read.
3. A challenge that was drawn here is spent by that, whatever the verdict; of many answers at once, one counts.

What could not be judged to its end, because everybody was busy or it took too long, spends no challenge.

Spec: https://www.w3.org/TR/vcalm/#verify-presentation
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.documents import JsonObject, JsonValue
from node.exchange.challenges import Challenges, is_drawn_here
from node.exchange.errors import ExchangeError
from node.ports.api_keys import Caller
from node.ports.judging import NOTHING_HELD, Held, Judging, Question
from node.verification.case import Request
from node.verification.check import Check, CheckName, Outcome
from node.verification.policy import Policy
from node.verification.report import Verdict

MAX_CHALLENGE_CHARS: Final = 256
"""Of a challenge or domain: published ones have some tens."""
SPENT: Final = "exchange.spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What was handed over, and what was asked of whoever did; `inside` as in a Question."""

    document: bytes
    inside: str | None = None
    policy: str | None = None
    challenge: str | None = None
    domain: str | None = None
    held: Held = NOTHING_HELD


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in the way of acceptance, or beside it."""

    check: CheckName
    code: str
    message: str
    wrong: bool = True
    """Whether something was found to be wrong; else it could not be told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it may be relied on; `errors` are what stands in the way, `warnings` what the policy does not ask for."""

    accepted: bool
    report: JsonObject | None
    errors: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """The use case, with what it stands on. `usual` is the policy of whoever names none."""

    judges: Judging
    challenges: Challenges
    policies: Mapping[str, Policy]
    usual: str
    now: Callable[[], datetime]

    async def verify(self, caller: Caller | None, submission: Submission) -> Answer:
        """The answer for a caller, who is None where anybody may ask.

        Raises ExchangeError for what was asked amiss, DocumentError and InputRefusedError for what is no document, and
        JudgesError where it was not judged to its end.
        """
        policy, request = self._policy(submission.policy), self._request(caller, submission)  # 1.
        question = Question(
            policy=policy, at=self.now(), request=request, held=submission.held, inside=submission.inside
        )
        examined = await self.judges.examine(submission.document, question)  # 2.
        if not await self._counts(caller, request):  # 3.
            return Answer(accepted=False, report=None, errors=(_SPENT,))
        errors, warnings = _remarks(examined.report, policy, asked=request is not None)
        return Answer(examined.verdict is Verdict.ACCEPTED, examined.report, errors, warnings)

    async def _counts(self, caller: Caller | None, request: Request | None) -> bool:
        """Whether this is the one answer to a challenge that was drawn here, or to none such."""
        if caller is None or request is None or not is_drawn_here(request.challenge):
            return True
        return await self.challenges.consume(caller.organisation, request.challenge)

    def _policy(self, name: str | None) -> Policy:
        policy = self.policies.get(self.usual if name is None else name)
        if policy is None:
            raise ExchangeError(
                "there is no policy with this name",
                code="exchange.policy",
                path="/options/policy",
                remedy=f"Name one of {', '.join(self.policies)}, or none.",
            )
        return policy

    def _request(self, caller: Caller | None, submission: Submission) -> Request | None:
        challenge, domain = submission.challenge, submission.domain
        if challenge is None:
            if domain is not None:
                raise ExchangeError(
                    "there is a domain and no challenge: whoever saw such a presentation could show it again",
                    code="exchange.challenge",
                    path="/options/domain",
                    remedy="Name the challenge that the presentation answers, too; POST /challenges draws one.",
                )
            return None
        for name, value in {"challenge": challenge, "domain": domain}.items():
            if value is not None and not 0 < len(value) <= MAX_CHALLENGE_CHARS:
                raise ExchangeError(
                    f"the {name} has no character, or more than {MAX_CHALLENGE_CHARS}",
                    code=f"exchange.{name}",
                    path=f"/options/{name}",
                    remedy="Give it as the holder was given it.",
                )
        if is_drawn_here(challenge):
            self._check_drawn(caller, domain)
        return Request(challenge, self.challenges.origin if domain is None else domain)

    def _check_drawn(self, caller: Caller | None, domain: str | None) -> None:
        if domain not in {None, self.challenges.origin}:
            raise ExchangeError(
                "the challenge was drawn here, for this node's own origin, and the domain is another",
                code="exchange.domain",
                path="/options/domain",
                remedy=f"Name {self.challenges.origin}, or no domain; for another one, draw challenges yourself.",
            )
        if caller is None:
            raise ExchangeError(
                "the challenge counts for the organisation that had it drawn, and nobody says which",
                code="exchange.caller",
                path="/options/challenge",
                remedy="Send the key of the organisation for which the challenge was drawn.",
            )


_SPENT: Final = Remark(
    CheckName.HOLDER,
    SPENT,
    "The challenge was answered before, is over, or was never drawn for this organisation; ask the holder anew.",
)


_IN_NO_WAY: Final = (Outcome.PASSED.value, Outcome.NOT_APPLICABLE.value)


def _remarks(report: JsonObject, policy: Policy, *, asked: bool) -> tuple[tuple[Remark, ...], tuple[Remark, ...]]:
    """The checks that were made and did not pass: those that stand in the way, and the others."""
    errors: dict[Remark, None] = {}
    warnings: dict[Remark, None] = {}
    entries = report.get("credentials")
    for entry in entries if isinstance(entries, list) else ():
        for check in _checks(entry):
            if check.code != f"{check.name}.not_run":
                decides = not policy.satisfied(check) or (asked and check.name is CheckName.HOLDER)
                (errors if decides else warnings)[Remark(check.name, check.code, check.message, check.failed)] = None
    return tuple(errors), tuple(warnings)


def _checks(entry: JsonValue) -> list[Check]:
    """The checks of an entry that found something wrong, or could not tell."""
    checks = entry.get("checks") if isinstance(entry, dict) else None
    if not isinstance(checks, list):
        return []
    return [Check.from_json(one) for one in checks if isinstance(one, dict) and one["outcome"] not in _IN_NO_WAY]
