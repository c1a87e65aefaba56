"""Settings of a node: flags, GLEJT_NODE_… variables, `[node]` in ./glejt.toml, then in the user's file, the defaults.

A secret is never in a settings file, which is copied, shown and kept: it comes in a file of its own, or as a variable.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from node.config import FILE_NAME, MAX_SHOWN_CHARS, NODE, NODE_PREFIX, ConfigError, read_settings, require_known

MAX_JUDGES: Final = 64
"""Processes of some 60 MB each; a machine with more processors has more than one node to run."""
MAX_CONNECTIONS: Final = 100_000
MAX_STOP_SECONDS: Final = 600
MAX_TOKEN_SECONDS: Final = 600
MAX_ANCHOR_MINUTES: Final = 7 * 24 * 60
MAX_FEE_GWEI: Final = 10**6
MAX_MAIL_PER_MINUTE: Final = 6000
"""What one connection for each message can do; who sends more has a server of one's own beside the node."""
_ADDRESS: Final = r"^0x[0-9A-Fa-f]{40}$"
_LEVELS = Literal["debug", "info", "warning", "error"]


def _no_flag(value: object) -> object:
    """A number that is written true or false was meant otherwise."""
    if isinstance(value, bool):
        raise ValueError("a number is wanted")  # noqa: TRY004 -- what a validator raises
    return value


def _home(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str) and value else value


def _listed(value: object) -> object:
    """A variable holds a list as words with commas between them."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for each in value:
        ip_network(each)
    return value


def _origin(value: object) -> object:
    """Where others reach the node: a scheme and a host, and nothing behind them."""
    if not isinstance(value, str):
        return value
    parts = urlsplit(value)
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(rest) or parts.port == 0:
        raise ValueError("give https:// and a host, without a path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


_Number = Annotated[int, BeforeValidator(_no_flag)]
_File = Annotated[Path, BeforeValidator(_home)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
_PATHS: Final = frozenset(
    {
        "data",
        "database_file",
        "former_passphrase_file",
        "gas_key",
        "gas_passphrase_file",
        "mail_certificates",
        "mail_password_file",
        "passphrase_file",
        "pkcs11_pin_file",
        "policy",
        "trust",
    }
)
"""What a relative path in a settings file is completed for; a policy may also be a name."""
_SECRETS: Final = {
    "passphrase": "passphrase_file",
    "former_passphrase": "former_passphrase_file",
    "gas_passphrase": "gas_passphrase_file",
    "mail_password": "mail_password_file",
    "pkcs11_pin": "pkcs11_pin_file",
}
"""What may not stand in a settings file, and the setting that names the file to put it into."""
_OF_THE_MACHINE: Final = frozenset({"key_service", "pkcs11_module"})
"""What loads code: a settings file may have come with something else."""


def node_folder() -> Path:
    """Where a node keeps everything, unless told otherwise."""
    import platformdirs  # noqa: PLC0415 -- only where nothing was set

    return platformdirs.user_data_path("glejt", appauthor=False) / "node"


class NodeSettings(BaseSettings):
    """How a node runs. Each is `[node]` NAME in glejt.toml, and GLEJT_NODE_NAME in the environment."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    profile: Literal["development", "production"] = "development"
    data: _File = Field(default_factory=node_folder)
    host: _Text = "127.0.0.1"
    port: Annotated[_Number, Field(ge=0, le=65535)] = 8080
    """0 takes any that is free."""
    public_url: Annotated[_Text, BeforeValidator(_origin)] | None = None
    proxies: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_networks)] = ()
    """Addresses of one's own reverse proxies: what they say of who asks is believed."""
    connections: Annotated[_Number, Field(ge=1, le=MAX_CONNECTIONS)] = 1000
    requests: Annotated[_Number, Field(ge=1, le=MAX_CONNECTIONS)] = 256
    """Requests that are answered at one time."""
    requests_without_key: Annotated[_Number, Field(ge=1, le=MAX_CONNECTIONS)] = 128
    """… of which so many may be of callers without a key."""
    request_seconds: Annotated[_Number, Field(ge=1, le=MAX_STOP_SECONDS)] = 30
    verifies_for_anybody: bool = False
    """Whether it takes no key to have something verified."""
    stop_seconds: Annotated[_Number, Field(ge=0, le=MAX_STOP_SECONDS)] = 20
    """How long requests in flight may take when the node is stopped."""

    database: SecretStr | None = None
    """sqlite:///PATH or postgresql://…; a password may stand in it."""
    database_file: _File | None = None

    passphrase: SecretStr | None = None
    passphrase_file: _File | None = None
    former_passphrase: SecretStr | None = None
    former_passphrase_file: _File | None = None
    key_service: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = None
    """MODULE:FUNCTION that makes the master key of a key management service."""
    pkcs11_module: _File | None = None
    """The library of a token, in which the master key lies."""
    pkcs11_token: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    """The label of the token."""
    pkcs11_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] = "glejt"
    """The label of the key in it."""
    pkcs11_pin: SecretStr | None = None
    pkcs11_pin_file: _File | None = None
    pkcs11_seconds: Annotated[_Number, Field(ge=1, le=MAX_TOKEN_SECONDS)] = 10
    """How long the token may take."""

    trust: _File | None = None
    policy: _Text = "everyday"
    judges: Annotated[_Number, Field(ge=1, le=MAX_JUDGES)] | None = None
    """Processes in which foreign input is judged; as many as there are processors where not said."""
    allow_loopback: bool = False
    """For development: opens this machine's own addresses to what strangers name."""

    chain: _Text = "embedded"
    """embedded, none, or a chain of the trust file by its name."""
    gas_key: _File | None = None
    gas_passphrase: SecretStr | None = None
    gas_passphrase_file: _File | None = None
    web3signer: _Text | None = None
    gas_address: Annotated[str, StringConstraints(pattern=_ADDRESS)] | None = None
    anchor_minutes: Annotated[_Number, Field(ge=0, le=MAX_ANCHOR_MINUTES)] = 0
    """How often what is to be anchored is put into a batch; 0 is at once."""
    fee_cap: Annotated[_Number, Field(ge=1, le=MAX_FEE_GWEI)] | None = None
    """The most to pay for a unit of gas, in gwei."""

    mail_host: _Text | None = None
    """A mail server to send letters by; without one, issuers hand out links themselves."""
    mail_port: Annotated[_Number, Field(ge=1, le=65535)] = 587
    mail_encryption: Literal["starttls", "tls", "none"] = "starttls"
    """tls is from the first word, usually at port 465."""
    mail_user: _Text | None = None
    mail_password: SecretStr | None = None
    mail_password_file: _File | None = None
    mail_certificates: _File | None = None
    """Authorities of the server's certificate, where those of the system do not know it."""
    mail_from: _Text | None = None
    """The address that letters come from, unless an organisation has one of its own."""
    mail_domains: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    """Domains in which organisations may have addresses of their own, beside that of mail_from."""
    mail_per_minute: Annotated[_Number, Field(ge=1, le=MAX_MAIL_PER_MINUTE)] = 60
    mail_seconds: Annotated[_Number, Field(ge=1, le=MAX_STOP_SECONDS)] = 30
    """How long the server may take to answer."""

    log_format: Literal["json", "text"] | None = None
    """Text in development and JSON in production where not said."""
    log_level: _LEVELS = "info"
    traces: _Text | None = None
    """Where to send traces by OTLP over HTTP; nowhere where not said."""

    @property
    def production(self) -> bool:
        """Whether unsafe defaults are refused."""
        return self.profile == "production"

    @property
    def on_loopback(self) -> bool:
        """Whether nobody else's machine can reach it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @model_validator(mode="after")
    def _mail_fits_together(self) -> Self:
        if (self.mail_host is None) != (self.mail_from is None):
            raise ValueError("mail_from: give it together with mail_host")
        if (self.mail_user is None) != (self.mail_password is None and self.mail_password_file is None):
            raise ValueError("mail_user: give it together with mail_password_file")
        return self

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        for secret in ("database", *_SECRETS):
            if getattr(self, secret) is not None and getattr(self, f"{secret}_file") is not None:
                raise ValueError(f"{secret}: give it, or {secret}_file, and not both")
        if (self.pkcs11_module is None) != (self.pkcs11_token is None):
            raise ValueError("pkcs11_token: give it together with GLEJT_NODE_PKCS11_MODULE, the token's library")
        if self.pkcs11_token is not None and self.pkcs11_pin is None and self.pkcs11_pin_file is None:
            raise ValueError("pkcs11_token: give its PIN, in the file that pkcs11_pin_file names")
        if self.pkcs11_token is not None and self.key_service is not None:
            raise ValueError("pkcs11_token: give it, or key_service, and not both")
        if self.gas_key is not None and self.web3signer is not None:
            raise ValueError("gas_key: give it, or web3signer, and not both")
        if (self.web3signer is None) != (self.gas_address is None):
            raise ValueError("web3signer: give it together with gas_address")
        if self.chain not in {"embedded", "none"} and self.trust is None:
            raise ValueError("chain: its nodes stand in a trust file, so give trust, too")
        return self


class _Layer(PydanticBaseSettingsSource):
    """What one place says, with the name of the place of each key."""

    def __init__(self, kind: type[BaseSettings], values: Mapping[str, object]) -> None:
        super().__init__(kind)
        self._values = dict(values)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One value; `__call__` gives all."""
        del field
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All of them."""
        return self._values


def load_node(
    flags: Mapping[str, object], environment: Mapping[str, str], *, folder: Path | None, user_file: Path | None
) -> NodeSettings:
    """The settings of a node that is started in `folder`; raises ConfigError, which names the place."""
    said = {key: value for key, value in flags.items() if value is not None}
    places = {key: f"--{key.replace('_', '-')}" for key in said}
    layers: list[tuple[dict[str, object], dict[str, str]]] = [(said, places), _from_environment(environment)]
    files = [None if folder is None else folder / FILE_NAME, user_file]
    layers += [_from_file(file) for file in files if file is not None and file.is_file()]
    where = {key: place for _, places in reversed(layers) for key, place in places.items()}
    values = [each for each, _ in layers]

    class Loaded(NodeSettings):
        """With the layers of this run."""

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_Layer(settings_cls, each) for each in values)

    try:
        return Loaded()
    except ValidationError as error:
        raise _refusal(error, where) from None  # its own text may quote what was set


def unknown_node_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with the node's prefix that nothing reads: most likely a typing error."""
    known = {NODE_PREFIX + key.upper() for key in NodeSettings.model_fields}
    return sorted(name for name in environment if name.startswith(NODE_PREFIX) and name not in known)


def _from_environment(environment: Mapping[str, str]) -> tuple[dict[str, object], dict[str, str]]:
    if unknown := unknown_node_variables(environment):
        raise ConfigError(
            "config.unknown_variable",
            f"there is no setting {unknown[0][:MAX_SHOWN_CHARS]}",
            where=unknown[0],
            remedy="Remove the variable or correct its spelling.",
        )
    names = {key: NODE_PREFIX + key.upper() for key in NodeSettings.model_fields}
    found: dict[str, object] = {key: value for key, name in names.items() if (value := environment.get(name))}
    return found, {key: names[key] for key in found}


def _from_file(file: Path) -> tuple[dict[str, object], dict[str, str]]:
    where = f"{file}: [{NODE}]"
    table = read_settings(file).get(NODE, {})
    if not isinstance(table, dict):
        raise ConfigError("config.value", f"{file}: {NODE} is no section", where=where, remedy=f"Write [{NODE}].")
    for key in table:
        if key in _SECRETS:
            raise ConfigError(
                "config.secret",
                f"{where} holds a secret, in {key}",
                where=where,
                remedy=f"Change it, put it into a file that only you may read, and name that in {_SECRETS[key]}.",
            )
        if key in _OF_THE_MACHINE:
            raise ConfigError(
                "config.code",
                f"{where} names code to be loaded, in {key}",
                where=where,
                remedy=f"Set {NODE_PREFIX}{key.upper()} in the environment.",
            )
    require_known(table, NodeSettings.model_fields.keys() - _SECRETS.keys() - _OF_THE_MACHINE, where=where)
    if isinstance(address := table.get("database"), str) and urlsplit(address).password:
        raise ConfigError(
            "config.secret",
            f"{where} holds a password, in database",
            where=where,
            remedy="Put the whole address into a file that only you may read, and name that in database_file.",
        )
    placed = {key: _placed(key, value, file.parent) for key, value in table.items()}
    return placed, {key: f"{file}: {key}" for key in placed}


def _placed(key: str, value: object, folder: Path) -> object:
    """A relative path in a file starts at that file."""
    if key not in _PATHS or not isinstance(value, str) or not value:
        return value
    if key == "policy" and not value.endswith(".toml"):
        return value
    return str(folder / Path(value).expanduser())


def _refusal(error: ValidationError, where: Mapping[str, str]) -> ConfigError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    told = first["msg"].removeprefix("Value error, ")
    key = str(first["loc"][0]) if first["loc"] else told.partition(":")[0]
    place = where.get(key, key)
    if first["loc"]:
        return ConfigError("config.value", f"{place} cannot be used: {told}", where=place, remedy=f"Correct {key}.")
    return ConfigError("config.conflict", f"{place} does not fit the other settings: {told}", where=place, remedy=told)
