"""`glejt serve`: run a node until it is told to stop; what there is to know of it is said once it is ready."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from node.adapters.extras import extra
from node.cli.errors import describe, status_of
from node.cli.invocation import Invocation
from node.cli.node_inputs import node_settings
from node.cli.output import visible

if TYPE_CHECKING:
    from node.app.server import Started


def serve(invocation: Invocation, flags: Mapping[str, str | None], *, as_json: bool) -> int:
    """Serve; the status is 0 once it was told to stop and has."""
    settings = node_settings(flags)
    extra("uvicorn")
    from node.app.errors import UnsafeError  # noqa: PLC0415 -- nothing else needs a server
    from node.app.server import run  # noqa: PLC0415 -- likewise

    def told(started: "Started") -> None:
        if as_json:
            invocation.out.answer_json(_as_json(started))
        else:
            _tell(invocation, started)
        sys.stdout.flush()

    try:
        run(settings, os.environ, told)
    except UnsafeError as error:
        invocation.out.error(describe(error, invocation.words))
        for danger in error.dangers:
            invocation.out.say(f"  - {visible(danger.message)} [{danger.code}]")
            invocation.out.say(f"    {invocation.words('label.next')}: {visible(danger.remedy)}")
        return status_of(error)
    invocation.out.remark("serve.stopped")
    return 0


def _tell(invocation: Invocation, started: "Started") -> None:
    out, words, settings = invocation.out, invocation.words, started.settings
    out.answer(words("serve.ready", url=visible(started.url)), "bold")
    rows = [("serve.reference", f"{started.url}/docs"), ("serve.folder", str(started.folder.path))]
    if started.address != started.url:
        rows.insert(0, ("serve.listens", started.address))
    if started.issuer is not None:
        rows.append(("serve.issuer", f"dev: {started.issuer.did}"))
    width = max(len(words(label)) for label, _ in rows) + 2
    for label, value in rows:
        out.answer(f"  {words(label):{width}}{visible(value)}")
    if started.issuer is not None:
        out.answer()
        out.answer(words("serve.first_key"), "bold")
        out.answer(f"  {started.issuer.key.reveal().decode()}")
        out.answer(words("serve.first_key_use"))
    if not settings.production:
        out.remark("serve.development")
    if not settings.on_loopback:
        out.remark("serve.open", host=settings.host)
    out.remark("serve.how_to_stop")


def _as_json(started: "Started") -> dict[str, object]:
    issuer = started.issuer
    made = None
    if issuer is not None:
        made = {
            "organisation": issuer.organisation.id,
            "profile": "dev",
            "did": issuer.did,
            "key": issuer.key.reveal().decode(),
        }
    return {
        "url": started.url,
        "listens": started.address,
        "profile": started.settings.profile,
        "folder": str(started.folder.path),
        "made": made,
    }
