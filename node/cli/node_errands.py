"""`glejt node …`: what whoever has the machine of a node may do about its keys, also while it runs."""

from pathlib import Path

from node.cli.invocation import Invocation
from node.cli.node_inputs import node_settings
from node.cli.output import visible
from node.cli.status import number_between
from node.documents import JsonObject

MAX_DAYS = 366
"""As long as a key may last."""


def key(invocation: Invocation, organisation: str | None, days: str | None, *, data: str | None, as_json: bool) -> int:
    """Make a key for all that an organisation's owner may do, and show it once."""
    asked: JsonObject = {}
    if organisation is not None:
        asked["organisation"] = organisation
    if days is not None:
        asked["days"] = number_between("--days", days, 1, MAX_DAYS)
    return _key_told(invocation, _done(data, "key", asked), as_json=as_json)


def organisation(invocation: Invocation, name: str, *, data: str | None, as_json: bool) -> int:
    """Add an organisation, and make a first key for it."""
    return _key_told(invocation, _done(data, "organisation", {"name": name}), as_json=as_json)


def rotate(invocation: Invocation, passphrase_file: str | None, *, data: str | None, as_json: bool) -> int:
    """Put everything under a new master key."""
    told = _done(data, "rotate-master-key", _passphrase(passphrase_file))
    if as_json:
        invocation.out.answer_json(told)
        return 0
    invocation.out.answer(invocation.words("node.rotated", id=visible(told["master"])))
    if passphrase_file is not None:
        invocation.out.answer(invocation.words("node.point_there", file=visible(passphrase_file)))
    invocation.out.remark("node.older_backups")
    return 0


def change_passphrase(invocation: Invocation, passphrase_file: str | None, *, data: str | None, as_json: bool) -> int:
    """Keep the master key under another passphrase."""
    told = _done(data, "change-passphrase", _passphrase(passphrase_file))
    if as_json:
        invocation.out.answer_json(told)
        return 0
    words = invocation.words
    invocation.out.answer(words("node.changed"))
    where = "node.made_up" if told["made_up"] else "node.point_there"
    invocation.out.answer(words(where, file=visible(told["file"])))
    if "former" in told:
        invocation.out.answer(words("node.former", file=visible(told["former"])))
    invocation.out.remark("node.older_backups")
    return 0


def _done(data: str | None, errand: str, asked: JsonObject) -> JsonObject:
    settings = node_settings({"data": data})
    from node.app.errands import on_machine  # noqa: PLC0415 -- the base install has no database

    return on_machine(settings, errand, asked)


def _passphrase(file: str | None) -> JsonObject:
    return {} if file is None else {"passphrase_file": str(Path(file).expanduser().absolute())}


def _key_told(invocation: Invocation, told: JsonObject, *, as_json: bool) -> int:
    if as_json:
        invocation.out.answer_json(told)
        return 0
    invocation.out.remark("node.key_of", name=told["name"], id=told["organisation"], time=told["expires"])
    invocation.out.answer(str(told["key"]))
    invocation.out.remark("node.key_once")
    return 0
