"""The composition root: where the parts that know nothing of one another are put together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from did_methods import jwk, key
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.resolution import Method, resolve
from node.credentials.contexts import BUNDLED
from node.issuance.secure import Vocabulary
from node.proofs.jsonld import JsonLd
from node.verification.sources import Sources
from node.verification.trust import Trust

METHODS: Final[Mapping[str, Method]] = MappingProxyType({key.METHOD: KeyMethod(), jwk.METHOD: JwkMethod()})
"""The DID methods of this program; each of these reads the identifier alone."""


def vocabulary_of(trust: Trust) -> Vocabulary:
    """The contexts that a trust file and the bundle give an issuer."""
    contexts = BUNDLED.pin(trust.contexts)
    return Vocabulary(contexts, JsonLd(contexts), frozenset(context.url for context in trust.contexts))


def sources() -> Sources:
    """What gathering asks of the outside: DIDs by the methods of this program, and the machine's clock."""
    return Sources(resolve=lambda did: resolve(did, METHODS), now=lambda: datetime.now(UTC))
