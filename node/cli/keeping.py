"""`glejt backup` and `glejt restore`: a node's whole state in one file, and a node of it again."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from node.cli.invocation import Invocation
from node.cli.node_inputs import node_settings
from node.cli.output import visible
from node.documents import JsonObject


def backup(invocation: Invocation, file: str, *, data: str | None, check: bool, as_json: bool) -> int:
    """Keep everything in a file that is not there yet, also while the node runs."""
    settings = node_settings({"data": data})
    from node.app.errands import on_machine  # noqa: PLC0415 -- the base install has no database

    path = Path(file).expanduser().absolute()
    told = on_machine(settings, "backup", {"file": str(path), "check": check})
    if as_json:
        invocation.out.answer_json({**told, "checked": check})
        return 0
    _count(invocation, "keeping.kept", told)
    invocation.out.answer(invocation.words("keeping.checked" if check else "keeping.unchecked"))
    if told["service"] is None:
        invocation.out.remark("keeping.passphrase_apart")
    else:
        invocation.out.remark("keeping.token_apart", id=visible(told["service"]))
    return 0


def restore(invocation: Invocation, file: str, *, data: str | None, moving: bool, as_json: bool) -> int:
    """Make a node of a backup, in a folder and a database that have nothing in them."""
    settings = node_settings({"data": data})
    from node.app.keeping import make_anew  # noqa: PLC0415 -- as above
    from node.app.secret_settings import passphrases_of  # noqa: PLC0415 -- as above

    path = Path(file).expanduser().absolute()
    told = asyncio.run(make_anew(settings, path, datetime.now(UTC), moving=moving))
    if as_json:
        invocation.out.answer_json(told)
        return 0
    out, words = invocation.out, invocation.words
    _count(invocation, "keeping.restored", told)
    steps, told_apart = [], "" if data is None else f" --data {visible(data)}"
    if told["service"] is not None:
        steps.append(words("keeping.step_service", id=visible(told["service"])))
    elif not passphrases_of(settings):
        steps.append(words("keeping.step_passphrase", file=visible(settings.data / "passphrase")))
    if not moving:
        out.answer(words("keeping.ended"))
        steps += [words("keeping.step_key", options=told_apart), words("keeping.step_erased")]
        if told["lists"]:
            steps.append(words("keeping.step_lists"))
    steps.append(words("keeping.step_serve", options=told_apart))
    out.answer(f"{words('label.next')}:")
    for number, step in enumerate(steps, 1):
        out.answer(f"  {number}. {step}")
    return 0


def _count(invocation: Invocation, key: str, told: JsonObject) -> None:
    shown = {name: visible(told[name]) for name in ("file", "made", "rows", "tables")}
    invocation.out.answer(invocation.words(key, **shown))
    if told["chain"]:
        invocation.out.answer(invocation.words("keeping.chain"))
