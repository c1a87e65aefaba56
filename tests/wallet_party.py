"""An issuer and a verifier in memory for a holder's agent, honest or not; and a store that a wallet is killed at."""

import uuid
from datetime import UTC, datetime

from disclosure_support import JSONLD, issued
from disclosure_support import badge as sample
from phone_support import Phone
from samples import material

from node.adapters.held_keys import HeldKeys
from node.didcomm.protocols import issue_credential, present_proof
from node.didcomm.protocols.formats import DI_CREDENTIAL
from node.didcomm.protocols.holder_binding import Challenge
from node.didcomm.protocols.out_of_band import GOAL_ISSUE, GOAL_PRESENT, invite
from node.verification.errors import UnreachableError
from node.verification.policy import built_in
from node.verification.verify import verify
from node.wallet.agent import Agent
from node.wallet.contents import Contents, read_contents, write_contents

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
WHY = "To let you use the machine."
PLACE = "https://party.example"


def at():
    return AT


class KilledError(BaseException):
    """The process ended here."""


class Kept:
    """A Keep in memory, as JSON; `left` is how many calls from now on the process ends at, before or after it."""

    def __init__(self):
        self.document = write_contents(Contents())

    def load(self):
        return read_contents(self.document)

    def save(self, contents):
        self.document = write_contents(contents)


class Party(Phone):
    """Whoever issues and asks; `seen` counts messages."""

    def __init__(self, form="ecdsa-sd", address=f"{PLACE}/didcomm"):
        super().__init__(at=at, address=address)
        self.form, self.seen, self.accepted = form, 0, True
        self.definition = asking("$.credentialSubject.identifier")
        self.domain, self.challenge, self.presentations = PLACE, "a challenge of 128 bits", []

    def offered(self):
        """The credential without the person that it is about."""
        document = sample(self.form)
        document["credentialSubject"].pop("id", None)
        return document

    def credential(self, holder):
        """What is issued; a dishonest party issues something else."""
        document = self.offered()
        document["credentialSubject"]["id"] = holder
        return issued(self.form, document)

    def invitation(self, goal=GOAL_ISSUE, name=None):
        message, _ = invite(
            id=name or str(uuid.uuid4()), sender=self.did, goal_code=goal, goal="Come.", at=self.at(), context={}
        )
        return message

    def asks(self):
        return self.invitation(GOAL_PRESENT)

    def answer(self, data):
        """What comes back on the way of an envelope."""
        self.seen += 1
        before = len(self.effects)
        messages = list(self.take(data))
        for effect in self.effects[before:]:
            event = self.event(effect)
            if event is not None:
                messages += self.do(self.received[-1].thread, event)
        return tuple([self.packed(each) for each in messages])

    def event(self, effect):
        match effect.kind:
            case issue_credential.PROPOSED:
                audience = self.offered()["issuer"]["id"]
                return issue_credential.Offer(
                    credential=self.offered(), formats=(DI_CREDENTIAL,), challenge=Challenge("nonce", audience)
                )
            case issue_credential.REQUESTED:
                return issue_credential.Issue(credential=self.credential(effect.data["holder"]))
            case present_proof.PROPOSED:
                return present_proof.Ask(
                    definition=self.definition,
                    challenge=self.challenge,
                    domain=self.domain,
                    why=WHY,
                    policy="everyday",
                )
            case present_proof.PRESENTED:
                self.presentations.append(effect.data["presentation"])
                return present_proof.Conclude(accepted=self.accepted, report={"verdict": "said"})
            case _:
                return None


class Way:
    """To the parties by their addresses; `calls` counts, and at call `dies` the process ends, sent or not."""

    def __init__(self, *parties):
        self.parties, self.calls, self.sent = parties, 0, []
        self.off = False

    async def __call__(self, address, data):
        if self.off:
            raise UnreachableError("nobody is there", code="fetch.unreachable", remedy="Try again.")
        for party in self.parties:
            if party.secrets and _for(party, data):
                self.sent.append(data)
                return party.answer(data)
        raise UnreachableError(f"{address} does not answer", code="fetch.unreachable", remedy="Try again.")


def _for(party, data):
    return party.did.encode() in data


async def judge(credential):
    return verify(credential, await material(credential), built_in(), AT)


async def nobody(_did):
    return None


async def at_once(_seconds):
    return None


def holder(way, keep=None, **changes):
    """A holder's agent that reaches these parties."""
    parts = {
        "keep": keep or Kept(),
        "send": way,
        "judge": judge,
        "resolve": nobody,
        "keys": HeldKeys,
        "jsonld": JSONLD,
        "now": at,
        "wait": at_once,
        "tries": 3,
    }
    return Agent(**(parts | changes))


def asking(*paths, optional=(), **more):
    fields = [{"path": [path]} for path in paths] + [{"path": [path], "optional": True} for path in optional]
    return {"id": "asked", "input_descriptors": [{"id": "one", "constraints": {"fields": fields}, **more}]}
