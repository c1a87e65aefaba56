"""Moves of a did:webvh: when what was said under a former name is still its controller's word.

A log may call itself by the name of any host, before it moves to one that publishes it; what such a name suggests is
worth nothing. A former name counts here only where all of this is shown: its own host publishes the log to this day,
with the move; the host of the present name publishes the same log, or one that goes on from it; and the document there
still says that it is also known by that name. All names share the SCID, which nobody else can have.

Spec: https://identity.foundation/didwebvh/v1.0/#did-portability
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from did_methods.did import Did
from did_methods.errors import shown
from did_methods.resolution import Resolution
from did_methods.webvh_entry import log_error
from did_methods.webvh_log import Log

FORMER_FILE: Final = "former-did.jsonl"
"""The log as the host of a former name publishes it, beside the one of the present name."""
MAX_MOVES: Final = 3
"""Hosts that are asked one after another: schools merge, and not every year."""

UNTOLD: Final = (
    "What was issued under the former name cannot be told. Ask its issuer for a document under the present name, if "
    "that is still whom you mean."
)


def has_moved(log: Log, did: Did) -> bool:
    """Whether a sound log of an identifier goes by another name now, and went by this one before."""
    *before, last = [version.did for version in log.versions] or [""]
    return log.refusal is None and last != str(did) and str(did) in before


def check_move(did: Did, former: Log, present: Log) -> None:
    """Require that a former name counts, by the logs that the hosts of the former and the present name publish.

    1. Both logs hold, and went by the former name in a version.
    2. The one of the present name goes on from that of the former one.
    3. Its document still names the former one.

    Raises LogError.
    """
    for log in (former, present):  # 1.
        if log.refusal is not None:
            raise log.refusal.error
    if not any(version.did == str(did) for version in former.versions):
        raise log_error(f"the log was never the one of {shown(str(did))}", "moved", UNTOLD)
    ours = [version.version_id for version in former.versions]
    if ours != [version.version_id for version in present.versions[: len(ours)]]:  # 2.
        raise log_error("the hosts of the former and the present name publish two histories", "moved", UNTOLD)
    names = present.versions[-1].document.get("alsoKnownAs")
    if not isinstance(names, list) or str(did) not in names:  # 3.
        raise log_error(f"its document does not say any more that it was {shown(str(did))}", "moved", UNTOLD)


def with_move(answer: Resolution, former: bytes, files: Mapping[str, bytes]) -> Resolution:
    """An answer about a former name, with what shows that it counts; there is no document of that name."""
    return replace(answer, files={**files, FORMER_FILE: former})


def for_judging(answer: Resolution, did: str) -> Resolution:
    """An answer as those take it who read the files alone: of a former name that counts, its history is known.

    Whoever asks for a present document of such a name is told that there is none; so this is for nobody else.
    """
    if answer.document is not None or FORMER_FILE not in answer.files:
        return answer
    metadata = {name: value for name, value in answer.resolution_metadata.items() if name != "error"}
    return Resolution({"id": did}, {}, metadata, answer.files)
