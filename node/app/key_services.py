"""The master key where it lies outside of glejt: a key in a token, or what a module of somebody else's makes."""

import inspect
import secrets
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from node.adapters.envelope import new_key
from node.adapters.errors import ExtraAbsentError
from node.adapters.extras import extra
from node.adapters.pkcs11_master_key import Pkcs11MasterKey
from node.adapters.pkcs11_token import EXTRA, Pkcs11Token
from node.app.errors import StartError
from node.app.secret_settings import pin_of
from node.config.node_settings import NodeSettings
from node.ports.errors import VaultError
from node.ports.vault import MasterKey

_PROBE_BYTES: Final = 16


async def service_of(settings: NodeSettings) -> MasterKey | None:
    """The master key that the settings name outside of glejt; raises StartError, and asks no token yet."""
    if settings.key_service is not None:
        return await _made_by(settings.key_service)
    if settings.pkcs11_module is None or settings.pkcs11_token is None:
        return None
    try:
        extra("pkcs11", of=EXTRA)
    except ExtraAbsentError as error:
        raise StartError(str(error), code=error.code, remedy=error.remedy) from error
    token = Pkcs11Token(settings.pkcs11_module.absolute(), settings.pkcs11_token, pin_of(settings))
    return Pkcs11MasterKey(token, settings.pkcs11_key, float(settings.pkcs11_seconds))


def held_there(service: MasterKey, stored: Sequence[str]) -> dict[str, MasterKey]:
    """The service's master key, and those of the stored names that lie in the same token: one may replace another."""
    held: dict[str, MasterKey] = {service.id: service}
    if isinstance(service, Pkcs11MasterKey):
        held |= {name: other for name in stored if (other := service.named(name)) is not None}
    return held


async def require_working(master: MasterKey) -> None:
    """See that a master key opens what it wraps, and beside its context alone; raises VaultError."""
    key, context = new_key(), secrets.token_bytes(_PROBE_BYTES)
    wrapped = await master.wrap(key, context)
    if await master.unwrap(wrapped, context) != key:
        raise _unfit(master.id, "does not open what it has closed")
    try:
        await master.unwrap(wrapped, context + b"x")
    except VaultError:
        return
    raise _unfit(master.id, "opens what was put in another's place")


def not_there(key_id: str) -> StartError:
    """The error of a master key that lies outside, where the settings do not lead to it."""
    return StartError(
        f"the keys of this node lie under {key_id}, to which the settings do not lead",
        code="start.key_service",
        remedy="Set what leads there: pkcs11_token and pkcs11_key for a token and GLEJT_NODE_PKCS11_MODULE for its "
        "library, or GLEJT_NODE_KEY_SERVICE. While one key replaces another, the token has to have both.",
    )


async def _made_by(name: str) -> MasterKey:
    """The master key that MODULE:FUNCTION makes, at once or later."""
    module, _, function = name.partition(":")
    try:
        made = getattr(import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise StartError(
            f"the key service {name} cannot be used: {error}",
            code="start.key_service",
            remedy="Install its module beside glejt, and name a function in it that returns a MasterKey: "
            "MODULE:FUNCTION.",
        ) from error
    master: MasterKey = await made if inspect.isawaitable(made) else made
    return master


def _unfit(key_id: str, reason: str) -> VaultError:
    return VaultError(
        f"the master key {key_id} {reason}",
        code="vault.service",
        remedy="Use another service: this one does not keep what a master key has to.",
    )
