"""All that a wallet holds: relations, exchanges, keys, credentials, what is still to be sent, and what was shown.

It is one value, replaced as a whole and kept as a whole: what a step brought and what is to be sent because of it are
kept together, or neither is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from did_methods.errors import DidMethodsError
from did_methods.multikey import PrivateKey
from node.didcomm.errors import DidCommError
from node.didcomm.protocols.exchange import Exchange, read_exchange, write_exchange
from node.documents import JsonObject, JsonValue
from node.wallet.errors import WalletError

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Somebody the holder talks to: a pair of identifiers, of which ours is used for nobody else.

    `goal` is what the invitation was for; `invitation` is its id.
    """

    ours: str
    theirs: str
    secrets: Mapping[str, PrivateKey] = field(repr=False)
    goal: str
    invitation: str
    made_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """An exchange, and what it has told so far, by kind."""

    exchange: Exchange
    told: Mapping[str, JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A credential, what anchors it, and by which key its holder shows it; `status` is what the issuer has told."""

    id: str
    credential: JsonObject | str
    method: str
    issuer: str
    name: str
    identifier: str | None
    ours: str
    thread: str
    receipts: tuple[JsonObject, ...]
    status: str | None
    received_at: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that is to be sent in a relation."""

    ours: str
    message: JsonObject


@dataclass(frozen=True, slots=True)
class Contents:
    """The whole. `shown` says what was shown to whom, oldest first."""

    relations: Mapping[str, Relation] = MappingProxyType({})
    talks: Mapping[str, Talk] = MappingProxyType({})
    keys: Mapping[str, PrivateKey] = field(default=MappingProxyType({}), repr=False)
    held: Mapping[str, Held] = MappingProxyType({})
    unsent: tuple[Unsent, ...] = ()
    shown: tuple[JsonObject, ...] = ()

    def with_relation(self, relation: Relation) -> "Contents":
        """The same with a relation, new or changed."""
        return replace(self, relations={**self.relations, relation.ours: relation})

    def with_talk(self, talk: Talk) -> "Contents":
        """The same with an exchange, new or changed."""
        return replace(self, talks={**self.talks, talk.exchange.key: talk})

    def with_held(self, held: Held) -> "Contents":
        """The same with a credential, new or changed."""
        return replace(self, held={**self.held, held.id: held})

    def with_key(self, method: str, key: PrivateKey) -> "Contents":
        """The same with a key."""
        return replace(self, keys={**self.keys, method: key})


def write_contents(contents: Contents) -> JsonObject:
    """The contents as JSON. It has every secret in it, and is encrypted by whoever keeps it."""
    unsent: list[JsonValue] = [{"ours": each.ours, "message": each.message} for each in contents.unsent]
    return {
        "version": VERSION,
        "relations": [
            {
                "ours": each.ours,
                "theirs": each.theirs,
                "secrets": {kid: key.to_multibase() for kid, key in each.secrets.items()},
                "goal": each.goal,
                "invitation": each.invitation,
                "made_at": each.made_at,
            }
            for each in contents.relations.values()
        ],
        "talks": [
            {"exchange": write_exchange(each.exchange), "told": dict(each.told)} for each in contents.talks.values()
        ],
        "keys": {method: key.to_multibase() for method, key in contents.keys.items()},
        "held": [
            {
                "id": each.id,
                "credential": each.credential,
                "method": each.method,
                "issuer": each.issuer,
                "name": each.name,
                "identifier": each.identifier,
                "ours": each.ours,
                "thread": each.thread,
                "receipts": [*each.receipts],
                "status": each.status,
                "received_at": each.received_at,
            }
            for each in contents.held.values()
        ],
        "unsent": unsent,
        "shown": [*contents.shown],
    }


def read_contents(document: JsonObject) -> Contents:
    """What `write_contents` wrote; raises WalletError for anything else."""
    if document.get("version") != VERSION:
        raise WalletError(
            f"the wallet was kept in the form {document.get('version')!r:.32}, which is not known here",
            code="wallet.version",
            remedy="Open it with the version of the program that kept it.",
        )
    try:
        relations = [_relation(each) for each in _objects(document, "relations")]
        talks = [
            Talk(exchange=read_exchange(_object(each, "exchange")), told=_told(_object(each, "told")))
            for each in _objects(document, "talks")
        ]
        held = [_held(each) for each in _objects(document, "held")]
        return Contents(
            relations={each.ours: each for each in relations},
            talks={each.exchange.key: each for each in talks},
            keys=_keys(_object(document, "keys")),
            held={each.id: each for each in held},
            unsent=tuple(
                [Unsent(_text(each, "ours"), _object(each, "message")) for each in _objects(document, "unsent")]
            ),
            shown=tuple(_objects(document, "shown")),
        )
    except (DidCommError, DidMethodsError) as error:
        raise _damaged(str(error)) from error


def _relation(entry: JsonObject) -> Relation:
    return Relation(
        ours=_text(entry, "ours"),
        theirs=_text(entry, "theirs"),
        secrets=_keys(_object(entry, "secrets")),
        goal=_text(entry, "goal"),
        invitation=_text(entry, "invitation"),
        made_at=_text(entry, "made_at"),
    )


def _held(entry: JsonObject) -> Held:
    credential = entry.get("credential")
    return Held(
        id=_text(entry, "id"),
        credential=credential if isinstance(credential, str) else _object(entry, "credential"),
        method=_text(entry, "method"),
        issuer=_text(entry, "issuer"),
        name=_text(entry, "name"),
        identifier=_optional(entry, "identifier"),
        ours=_text(entry, "ours"),
        thread=_text(entry, "thread"),
        receipts=tuple(_objects(entry, "receipts")),
        status=_optional(entry, "status"),
        received_at=_text(entry, "received_at"),
    )


def _keys(entry: JsonObject) -> dict[str, PrivateKey]:
    return {name: PrivateKey.from_multibase(_text(entry, name)) for name in entry}


def _told(entry: JsonObject) -> dict[str, JsonObject]:
    return {kind: _object(entry, kind) for kind in entry}


def _text(entry: JsonObject, name: str) -> str:
    return _of(entry.get(name), str, name)


def _optional(entry: JsonObject, name: str) -> str | None:
    return None if entry.get(name) is None else _text(entry, name)


def _object(entry: JsonObject, name: str) -> JsonObject:
    return _of(entry.get(name), dict, name)


def _objects(entry: JsonObject, name: str) -> list[JsonObject]:
    listed = _of(entry.get(name), list, name)
    return [_of(each, dict, name) for each in listed]


def _of[T](value: object, kind: type[T], name: str) -> T:
    if not isinstance(value, kind):
        raise _damaged(f"{name} is not what it should be")
    return value


def _damaged(reason: str) -> WalletError:
    return WalletError(
        f"the wallet's contents are damaged: {reason}", code="wallet.damaged", remedy="Restore it from a backup."
    )
