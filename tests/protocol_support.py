"""Two parties who talk by protocols: what one sends arrives at the other, as often and as late as a test wants."""

from dataclasses import replace
from datetime import timedelta

import orjson
from didcomm_support import AT

from node.didcomm.message import compose, parse_message, write_message
from node.didcomm.protocols.connection import Connection, Incoming
from node.didcomm.protocols.exchange import read_exchange, write_exchange
from node.didcomm.protocols.step import begin, nothing_resolved, step

ISSUER, HOLDER, MALLORY = (f"did:example:{name}" for name in ("issuer", "holder", "mallory"))


def later(**parts):
    return AT + timedelta(**parts)


def received(  # noqa: PLR0913 -- what an envelope may prove
    message, *, by=None, at=None, known=True, confidential=True, prior=None, anonymous=False
):
    """A message as its recipient has it once the envelope is open."""
    again = parse_message(write_message(message))
    ours = at or str(again.to[0].did)
    theirs = by or str(again.sender.did)
    return Incoming(
        message=again,
        connection=None if anonymous else Connection(ours, theirs),
        confidential=confidential,
        known=known and not anonymous,
        prior=prior,
    )


def written(type_, body=None, *, by=HOLDER, to=ISSUER, **headers):
    return compose(type_, body or {}, sender=by, to=[to], **headers)


def altered(message, **members):
    document = {name: value for name, value in (message.document | members).items() if value is not ...}
    return parse_message(orjson.dumps(document))


def kept(exchange):
    """An exchange that was written down, and read by another process."""
    again = read_exchange(orjson.loads(orjson.dumps(write_exchange(exchange))))
    assert again == exchange
    return again


class Side:
    """One party: its exchanges by key, written down between any two steps."""

    def __init__(self, did, protocols, documents=nothing_resolved):
        self.did, self.protocols, self.documents = did, protocols, documents
        self.rows = {}
        self.effects = []

    def _keep(self, done):
        if done.exchange is not None:
            self.rows[done.exchange.key] = orjson.dumps(write_exchange(done.exchange))
        self.effects += done.effects
        return done.messages

    def load(self, key):
        return read_exchange(orjson.loads(self.rows[key])) if key in self.rows else None

    @property
    def exchange(self):
        (key,) = self.rows
        return self.load(key)

    @property
    def state(self):
        return self.exchange.state

    @property
    def kinds(self):
        return [each.kind for each in self.effects]

    def data(self, kind):
        return [each.data for each in self.effects if each.kind == kind]

    def begin(self, event, to, *, thread="thread-1", at=AT, pthid=None):
        return self._keep(
            begin(
                event,
                connection=Connection(self.did, to),
                thread=thread,
                pthid=pthid,
                protocols=self.protocols,
                at=at,
                documents=self.documents,
            )
        )

    def take(self, message, *, at=AT, **how):
        given = received(message, **how)
        found = None
        if given.connection is not None:
            rows = [self.load(key) for key in self.rows]
            found = next(
                (
                    row
                    for thread in given.threads
                    for row in rows
                    if row.thread.lower() == thread and row.connection == given.connection
                ),
                None,
            )
        return self._keep(step(found, given, protocols=self.protocols, at=at, documents=self.documents))

    def do(self, event, *, at=AT, exchange=None):
        return self._keep(
            step(exchange or self.exchange, event, protocols=self.protocols, at=at, documents=self.documents)
        )


def codes(messages):
    return [message.body.get("code") for message in messages]


def names(messages):
    return [message.type.name for message in messages]


def with_state(exchange, **changes):
    return replace(exchange, **changes)
