"""`glejt wallet present`: who asks, why and exactly what for; what is shown is chosen, then sent."""

from dataclasses import dataclass

from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.status import confirm
from node.cli.wallet import DONE, REFUSED, Place, chosen, invitation, with_wallet
from node.documents import JsonObject, JsonValue
from node.wallet.agent import Agent
from node.wallet.collecting import serve_here
from node.wallet.disclosed import in_short
from node.wallet.errors import WalletError
from node.wallet.showing import (
    Choice,
    Demand,
    Plan,
    Verdict,
    answered,
    asked,
    decline,
    possible,
    show,
    told_fields,
    verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presenting:
    """What was asked of `present`, as typed."""

    invitation: str
    credential: str | None = None
    more: tuple[str, ...] = ()
    yes: bool = False
    decline: bool = False


def present(invocation: Invocation, place: Place, given: Presenting, *, as_json: bool) -> int:
    """Answer a request.

    1. Say who asks, why, and for what: what is required and what is not.
    2. Say exactly what they will see of which credential, and what stays hidden.
    3. Ask; derive and send it; say what they made of it.
    Given again, it goes on where it was stopped: what was sent is not chosen anew.
    """

    async def work(agent: Agent) -> int:
        key, demand = await asked(agent, await invitation(invocation, given.invitation))
        await serve_here(agent, agent.contents.relations[agent.contents.talks[key].exchange.connection.ours])
        told = _demand_json(demand)
        if not as_json:
            _tell_demand(invocation, demand)  # 1.
        if given.decline:
            await decline(agent, key)
            return _end(invocation, {**told, "presented": None}, "holder.declined", as_json=as_json)
        if answered(agent, key):
            return _concluded(invocation, told, await verdict(agent, key), as_json=as_json)
        plan = _chosen(agent, demand, given).showing(given.more)
        told |= _plan_json(plan)
        if not as_json:
            _tell_plan(invocation, plan)  # 2.
        confirm(invocation, "holder.confirm_share", yes=given.yes, domain=demand.domain)  # 3.
        return _concluded(invocation, told, await show(agent, key, demand, plan), as_json=as_json)

    return with_wallet(invocation, place, work)


def _chosen(agent: Agent, demand: Demand, given: Presenting) -> Choice:
    """The credential that was named, or the one of which the least is shown."""
    options = possible(agent, demand)
    if given.credential is not None:
        wanted = chosen(agent, given.credential).id
        options = tuple([each for each in options if each.held.id == wanted])
    if not options:
        raise WalletError(
            "no credential in the wallet has what is asked for",
            code="wallet.none",
            remedy="Ask an issuer for one that has it, or decline with --decline.",
        )
    return options[0]


def _tell_demand(invocation: Invocation, demand: Demand) -> None:
    out, words = invocation.out, invocation.words
    out.say(words("holder.asks", domain=visible(demand.domain)), "bold")
    out.say(f"  {words('holder.why', why=visible(demand.why) if demand.why else words('holder.no_reason'))}")
    if demand.placed is None:
        out.say(f"  {words('holder.unplaced')}", "amber")
    for name, optional, purpose in told_fields(demand.definition):
        mark = words("holder.optional") if optional else words("holder.required")
        out.say(f"  {mark}: {visible(name)}{f' ({visible(purpose)})' if purpose else ''}")


def _tell_plan(invocation: Invocation, plan: Plan) -> None:
    out, words = invocation.out, invocation.words
    out.say(words("holder.will_see", id=plan.choice.held.id, name=visible(plan.choice.held.name)))
    for one in in_short(plan.seen):
        mark = words("disclose.always") if one.always else words("disclose.chosen")
        out.say(f"  {words('disclose.line', mark=mark, line=one.told(words.language))}")
    out.say(words("holder.hidden", count=len(plan.hidden)))
    if plan.choice.whole:
        out.say(words("holder.whole"), "amber")
    elif plan.choice.too_much:
        out.say(words("holder.too_much"), "amber")


def _demand_json(demand: Demand) -> JsonObject:
    fields: list[JsonValue] = [
        {"name": name, "optional": optional, "purpose": purpose}
        for name, optional, purpose in told_fields(demand.definition)
    ]
    return {
        "domain": demand.domain,
        "verifier": demand.theirs,
        "placed": demand.placed,
        "why": demand.why,
        "policy": demand.policy,
        "fields": fields,
    }


def _plan_json(plan: Plan) -> JsonObject:
    shown: list[JsonValue] = [each.to_json() for each in plan.seen]
    return {
        "presented": plan.choice.held.id,
        "shown": shown,
        "hidden": [*plan.hidden],
        "whole": plan.choice.whole,
        "tooMuch": plan.choice.too_much,
    }


def _concluded(invocation: Invocation, told: JsonObject, found: Verdict, *, as_json: bool) -> int:
    """What they made of it."""
    told = {**told, "accepted": found.accepted, "report": found.report}
    key = {True: "holder.they_accept", False: "holder.they_reject", None: "holder.they_say_nothing"}[found.accepted]
    _end(invocation, told, key, as_json=as_json)
    return REFUSED if found.accepted is False else DONE


def _end(invocation: Invocation, told: JsonObject, key: str, *, as_json: bool) -> int:
    if as_json:
        invocation.out.answer_json(told)
    else:
        invocation.out.answer(invocation.words(key))
    return DONE
