"""Settings: flags, then GLEJT_… variables, then ./glejt.toml, then the user's file, then the defaults.

ConfigError
    config.unreadable   the file cannot be read
    config.syntax       the file is no TOML
    config.unknown_key  nobody would ever read this key
    config.value        the value has not the type the key needs
    config.personal     the value is the person's to say, and stands in the file of a folder
    config.conflict, config.secret, config.code, config.unknown_variable
                        settings of a node that do not fit together, or do not belong where they are

A file may say only what this module names: a setting with a typing error must not look as if it were in force. Its
section `[node]` is for `node_settings`, which needs more than the base install.
"""

import tomllib
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from node.verification.policy import BUILT_IN

FILE_NAME = "glejt.toml"
PREFIX = "GLEJT_"
MAX_CONFIG_BYTES = 64 * 1024
"""A settings file is written by hand; anything larger is another file by mistake."""

MAX_SHOWN_CHARS = 96
TRUE, FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})

type Kind = Literal["language", "flag", "path", "policy", "address"]

NODE = "node"
"""The section of a settings file that is for whoever runs a node."""
NODE_PREFIX = "GLEJT_NODE_"

LOOPBACK = "GLEJT_ALLOW_LOOPBACK"
"""For development: opens this machine's own addresses to what documents name. A settings file might come with them."""
REMOTE_KEY = "GLEJT_REMOTE_KEY"
"""A key of a node that is asked over HTTP: a secret, so no settings file may hold it."""
NOT_SETTINGS = frozenset({"GLEJT_DEBUG", "GLEJT_VECTORS", LOOPBACK, REMOTE_KEY})
"""Variables with the prefix that no settings file may carry: for debugging, for development, for the tests."""
PERSONAL = frozenset({"remote_url", "remote_key_file"})
"""What the settings file of a folder may not say: it might come with documents, and have a key sent to a stranger."""


class ConfigError(Exception):
    """A setting cannot be used as it stands; `where` names its file or variable."""

    def __init__(self, code: str, message: str, *, where: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.where = where
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Settings:
    """What may be set once instead of being said each time; None where nothing was set."""

    lang: str | None = None
    quiet: bool = False
    offline: bool = False
    policy: str | None = None
    trust: str | None = None
    key: str | None = None
    passphrase_file: str | None = None
    no_memory: bool = False
    remote_url: str | None = None
    remote_key_file: str | None = None
    files: tuple[Path, ...] = ()
    """The settings files that were read, nearest first."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "lang": "language",
        "quiet": "flag",
        "offline": "flag",
        "policy": "policy",
        "trust": "path",
        "key": "path",
        "passphrase_file": "path",
        "no_memory": "flag",
        "remote_url": "address",
        "remote_key_file": "path",
    }
)


def load(
    flags: Mapping[str, str | bool], environment: Mapping[str, str], *, folder: Path | None, user_file: Path | None
) -> Settings:
    """The settings of a program started in `folder`. A relative path in a file starts at that file."""
    project = None if folder is None else folder / FILE_NAME
    files = [file for file in (project, user_file) if file is not None and file.is_file()]
    said = {key: _checked(key, value, where=f"--{key.replace('_', '-')}", folder=None) for key, value in flags.items()}
    read = [_from_file(file, personal=_is(file, user_file)) for file in files]
    layers = [said, _from_environment(environment), *read]
    return Settings(**dict(ChainMap(*map(dict, layers))), files=tuple(files))  # type: ignore[arg-type]  # each value was read by the kind of its field


def user_file() -> Path:
    """Where the settings of the person, rather than of a folder, are kept."""
    import platformdirs  # noqa: PLC0415 -- a few milliseconds that only programs reading settings should pay

    return platformdirs.user_config_path("glejt", appauthor=False) / FILE_NAME


def memory_file() -> Path:
    """Where a person's verifier remembers how far chains and status lists had come."""
    import platformdirs  # noqa: PLC0415 -- few verdicts need it

    return platformdirs.user_data_path("glejt", appauthor=False) / "seen.json"


def anchoring_folder() -> Path:
    """Where what is written to chains is kept, and the embedded chain, unless told otherwise."""
    import platformdirs  # noqa: PLC0415 -- few commands need it

    return platformdirs.user_data_path("glejt", appauthor=False) / "anchoring"


def wallet_file() -> Path:
    """Where a person's wallet is, unless another is named."""
    import platformdirs  # noqa: PLC0415 -- few commands need it

    return platformdirs.user_data_path("glejt", appauthor=False) / "wallet.json"


def allows_loopback(environment: Mapping[str, str]) -> bool:
    """Whether whoever started the program opened this machine's own addresses to what strangers name."""
    return environment.get(LOOPBACK) == "1"


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that nothing reads: most likely a typing error. Those of a node have their own."""
    known = {PREFIX + key.upper() for key in KINDS} | NOT_SETTINGS
    ours = (name for name in environment if name.startswith(PREFIX) and not name.startswith(NODE_PREFIX))
    return sorted(name for name in ours if name not in known)


def _from_environment(environment: Mapping[str, str]) -> dict[str, str | bool]:
    found: dict[str, str | bool] = {}
    for key, kind in KINDS.items():
        name = PREFIX + key.upper()
        if raw := environment.get(name):  # an empty variable counts as unset, as is the custom
            value: object = raw
            if kind == "flag":
                value = True if raw.lower() in TRUE else False if raw.lower() in FALSE else raw
            found[key] = _checked(key, value, where=name, folder=None)
    return found


def read_settings(file: Path) -> dict[str, object]:
    """What a settings file says, its keys not looked at; raises ConfigError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            "config.unreadable",
            f"{file}: {error.strerror}",
            where=str(file),
            remedy="Make the file readable for you, or remove it.",
        ) from error
    try:
        if len(data) > MAX_CONFIG_BYTES:
            raise ConfigError(
                "config.syntax",
                f"{file} is larger than {MAX_CONFIG_BYTES // 1024} kB",
                where=str(file),
                remedy="Keep only settings of glejt in it.",
            )
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or nothing that Python converts
        raise ConfigError(
            "config.syntax",
            f"{file} is not valid TOML: {error}",
            where=str(file),
            remedy="Correct the line, or remove the file.",
        ) from error


def require_known(table: Iterable[str], known: Iterable[str], *, where: str) -> None:
    """Refuse a key that nobody would ever read; raises ConfigError."""
    if unknown := sorted(set(table) - set(known)):
        from difflib import get_close_matches  # noqa: PLC0415 -- a mistake alone takes it

        near = get_close_matches(unknown[0][:MAX_SHOWN_CHARS], sorted(known), n=1)
        raise ConfigError(
            "config.unknown_key",
            f"{where} has a key that is no setting: {unknown[0][:MAX_SHOWN_CHARS]!r}",
            where=where,
            remedy=f"Write {near[0]}, if that is what you mean, or remove it."
            if near
            else f"Remove it or correct its spelling; the settings are: {', '.join(sorted(known))}.",
        )


def _is(file: Path, other: Path | None) -> bool:
    """Whether both are one file; the first one is there."""
    return other is not None and other.is_file() and file.samefile(other)


def _from_file(file: Path, *, personal: bool) -> dict[str, str | bool]:
    table = read_settings(file)
    require_known(table, [*KINDS, NODE], where=str(file))
    if not personal and (found := sorted(PERSONAL & table.keys())):
        raise ConfigError(
            "config.personal",
            f"{file} says {found[0]}, and may have come with other files",
            where=f"{file}: {found[0]}",
            remedy="Say it in the settings file of your own settings folder, or in the environment.",
        )
    own = {key: value for key, value in table.items() if key != NODE}
    return {key: _checked(key, value, where=f"{file}: {key}", folder=file.parent) for key, value in own.items()}


def _checked(key: str, value: object, *, where: str, folder: Path | None) -> str | bool:
    """The value as the kind of its key wants it; a relative path in a file is completed by the file's folder."""
    match KINDS[key], value:
        case "language", ("en" | "pl") as language:
            return language
        case "flag", bool() as flag:
            return flag
        case "policy", str() as name if name in BUILT_IN:
            return name
        case (("policy" | "path"), str() as path) if path:
            return str(folder / Path(path).expanduser()) if folder else path
        case "address", str() as address if address:
            return address
        case kind, _:
            wants = {
                "language": "en or pl",
                "flag": "true or false",
                "path": "the path of a file",
                "address": "an address, as https://node.example",
                "policy": f"one of {', '.join(BUILT_IN)}, or the path of a file",
            }[kind]
            raise ConfigError(
                "config.value", f"{where} is {str(value)[:MAX_SHOWN_CHARS]!r}", where=where, remedy=f"Give {wants}."
            )
