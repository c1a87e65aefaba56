"""`glejt wallet accept`: who offers what, and whether the holder takes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.key_file import read_key_file
from node.cli.did import unlock
from node.cli.errors import CliError
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.status import confirm
from node.cli.wallet import DONE, Place, invitation, summary, with_wallet
from node.wallet.accepting import KEY_TYPES, Offer, bring_key, decline, offered
from node.wallet.accepting import accept as taken
from node.wallet.agent import Agent
from node.wallet.collecting import be_served, serve_here
from node.wallet.disclosed import in_short

NAMES: Final = {"p256": KeyType.P256, "ed25519": KeyType.ED25519}
"""Types of keys as `glejt did create` names them: those that sign messages and presentations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepting:
    """What was asked of `accept`, as typed."""

    invitation: str
    yes: bool = False
    decline: bool = False
    key: str | None = None
    key_type: str | None = None
    mediator: str | None = None


def accept(invocation: Invocation, place: Place, asked: Accepting, *, as_json: bool) -> int:
    """Take what an invitation offers.

    1. Say who offers what.
    2. Ask; a key of the holder's choosing is what it is bound to.
    3. Take it once it was verified.
    Given again, it goes on where it was stopped.
    """
    type_, brought = _key_type(asked.key_type), _brought(invocation, asked.key)

    async def work(agent: Agent) -> int:
        if asked.mediator is not None and agent.mediator is None:
            await be_served(agent, await invitation(invocation, asked.mediator))
        key, offer = await offered(agent, await invitation(invocation, asked.invitation))  # 1.
        if not as_json:
            _tell(invocation, offer)
        if asked.decline:
            await decline(agent, key)
            _answer(invocation, {"offer": offer.to_json(), "credential": None}, "holder.declined", as_json=as_json)
            return DONE
        before = len(agent.contents.held)
        talk = agent.contents.talks[key]
        if not talk.exchange.final:
            confirm(invocation, "holder.confirm_accept", yes=asked.yes)  # 2.
            await serve_here(agent, agent.contents.relations[talk.exchange.connection.ours])
        method = await bring_key(agent, *brought) if brought is not None else None
        held = await taken(agent, key, method, type_=type_)  # 3.
        said = "holder.accepted" if len(agent.contents.held) > before else "holder.accepted_before"
        told = {"offer": offer.to_json(), "credential": summary(held)}
        _answer(invocation, told, said, as_json=as_json, id=held.id, name=held.name)
        return DONE

    return with_wallet(invocation, place, work)


def _brought(invocation: Invocation, name: str | None) -> tuple[str, PrivateKey] | None:
    """The verification method and the key in a file of the holder's."""
    if name is None:
        return None
    path = Path(name).expanduser()
    key_file = read_key_file(path)
    return str(key_file.verification_method), unlock(invocation, key_file, path, None)


def _key_type(name: str | None) -> KeyType:
    if name is None:
        return KEY_TYPES[0]
    if name not in NAMES:
        raise CliError("holder.key_type", name=name, known=", ".join(NAMES))
    return NAMES[name]


def _tell(invocation: Invocation, offer: Offer) -> None:
    """The issuer as they call themselves, the identifier that they sign with, and what the credential will say."""
    out, words = invocation.out, invocation.words
    out.say(words("holder.offers", issuer=visible(offer.issuer_name or offer.issuer), name=visible(offer.name)))
    out.say(f"  {words('holder.signs_as', did=visible(offer.issuer))}", "grey")
    out.remark("holder.contains")
    for one in in_short(offer.values):
        out.say(f"  {one.told(words.language)}")


def _answer(invocation: Invocation, told: object, key: str, *, as_json: bool, **values: object) -> None:
    if as_json:
        invocation.out.answer_json(told)
    else:
        invocation.out.answer(invocation.words(key, **{name: visible(value) for name, value in values.items()}))
