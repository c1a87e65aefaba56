"""The cryptosuite that most verifiers understand, for each kind of key that makes whole proofs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from did_methods.multikey import KeyType

USUAL_SUITES: Final[Mapping[KeyType, str]] = MappingProxyType(
    {KeyType.ED25519: "eddsa-rdfc-2022", KeyType.P256: "ecdsa-rdfc-2019", KeyType.P384: "ecdsa-rdfc-2019"}
)
