"""By which rules a node judges: its trust file, its policy, and those that travel with glejt."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from node.app.errors import StartError
from node.config.node_settings import NodeSettings
from node.verification.policy import BUILT_IN, Policy, built_in, parse_policy
from node.verification.trust import MAX_PINNED_FILE_BYTES, NO_TRUST, Trust, parse_trust

MAX_RULES_BYTES: Final = 4 * 1024 * 1024
"""A list of 10,000 issuers takes about half of it."""

_POLICIES: Final = f"Name one of {', '.join(BUILT_IN)}, or the path of a policy file that the node may read."


def trust_of(settings: NodeSettings) -> Trust:
    """Whom the node trusts; raises StartError and TrustError."""
    path = settings.trust
    if path is None:
        return NO_TRUST

    def read(name: str) -> bytes:
        with (path.parent / name).open("rb") as file:
            return file.read(MAX_PINNED_FILE_BYTES + 1)

    return parse_trust(_text(path, "start.trust"), read, file=str(path))


def policies_of(settings: NodeSettings) -> tuple[str, Mapping[str, Policy]]:
    """The name of the usual policy, and all there are; raises StartError and PolicyError."""
    known = {name: built_in(name) for name in BUILT_IN}
    if settings.policy in BUILT_IN:
        return settings.policy, MappingProxyType(known)
    own = parse_policy(_text(Path(settings.policy), "start.policy", _POLICIES), file=settings.policy)
    return own.name, MappingProxyType({**known, own.name: own})


def _text(path: Path, code: str, remedy: str = "Check its path, and who may read it.") -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_RULES_BYTES + 1)
        if len(data) <= MAX_RULES_BYTES:
            return data.decode("utf-8")
        reason = f"it has more than {MAX_RULES_BYTES // 1024} kB"
    except OSError as error:
        reason = error.strerror or "?"
    except UnicodeDecodeError:
        reason = "it is no text"
    raise StartError(f"{path} cannot be read: {reason}", code=code, remedy=remedy)
