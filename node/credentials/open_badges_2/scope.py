"""Where an issuer's assertions may be hosted: by the rules of its own profile, else beside the profile.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#VerificationObject
"""

from dataclasses import dataclass
from typing import Final, Self

from node.credentials.open_badges_2.objects import Profile, authority_of, texts, way_of

BY_ID: Final = frozenset({"id", "@id"})
"""The only property that the specification knows for telling whether an assertion is within the scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The places that an issuer names as its own: hosts, and where there are any, beginnings of addresses."""

    hosts: frozenset[str]
    beginnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, profile: Profile) -> Self | None:
        """The scope of a profile; None where it asks for a rule that is not known, or is not on the web itself.

        1. A beginning counts on its own host only: `https://school.example` begins `https://school.example.evil.com`.
        2. Hosts that the profile allows, by name or, as many write them, by address.
        3. Without either: the profile's own.
        """
        own = authority_of(profile.id or "")
        rules = profile.instructions
        if own is None or not set(texts(rules.get("verificationProperty", "id"))) <= BY_ID:
            return None
        beginnings = tuple([text for text in texts(rules.get("startsWith")) if authority_of(text)])
        if rules.get("startsWith") is not None and not beginnings:
            return None
        stated = texts(rules.get("allowedOrigins"))
        allowed = {authority_of(text if "://" in text else f"https://{text}") for text in stated}  # 2.
        hosts = allowed or {authority_of(text) for text in beginnings} or {own}  # 3.
        return cls(frozenset(host for host in hosts if host), beginnings)

    def holds(self, address: str) -> bool:
        """Whether an address lies within the scope."""
        host = authority_of(address)
        if host not in self.hosts:
            return False
        return not self.beginnings or any(
            _below(address, beginning) and authority_of(beginning) == host  # 1.
            for beginning in self.beginnings
        )


def _below(address: str, beginning: str) -> bool:
    """Whether the way on the host begins so; whether http or https is written before makes no difference."""
    return way_of(address).startswith(way_of(beginning))
