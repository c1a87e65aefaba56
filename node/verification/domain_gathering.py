"""Gathering what domains say of their identifiers: only where a list of the verifier asks for it.

Asking tells the domain that somebody checks a document of that issuer, so nobody is asked for whom no list says so, and
none who has just published the issuer's own document.

Spec: https://identity.foundation/.well-known/resources/did-configuration/#did-configuration-resource
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from did_methods.web import METHOD, WebPlace, web_place
from node.credentials.credential import Credential
from node.verification.material import ConfigurationCopy, ResolutionFailure
from node.verification.published import MAX_AT_ONCE, fetch_copy
from node.verification.sources import Sources
from node.verification.subject import Handed, read_subject
from node.verification.trust import Trust

MAX_DOMAINS: Final = 16
"""Domains asked for one subject."""
FETCH_SECONDS: Final = 10.0
"""All of them; each has the fetcher's own limit."""
ACCEPT: Final = "application/json"


def configuration_url(domain: str) -> str:
    """Where a domain names its identifiers."""
    return f"https://{domain}/.well-known/did-configuration.json"


def speaks_for(did: str, domain: str) -> bool:
    """Whether a did:web is the one of the whole domain, whose document only the domain itself can publish."""
    try:
        parsed = parse_did(did)
        return parsed.method == METHOD and web_place(parsed) == WebPlace(domain, None, ())
    except DidMethodsError:
        return False


def asked_domains(subject: Handed, trust: Trust) -> list[str]:
    """The domains that have to be asked for the subject's issuers, each once."""
    return list(dict.fromkeys(_asked(subject, trust)))[:MAX_DOMAINS]


async def gather_configurations(
    domains: Sequence[str], sources: Sources
) -> tuple[tuple[ConfigurationCopy, ...], dict[str, ResolutionFailure]]:
    """What these domains publish, and by address why nothing was had. Never raises."""
    if not domains:
        return (), {}
    urls = [configuration_url(domain) for domain in domains]
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    end = asyncio.get_running_loop().time() + FETCH_SECONDS
    found = await asyncio.gather(
        *(fetch_copy(ConfigurationCopy, url, sources, accept=ACCEPT, gate=gate, end=end) for url in urls)
    )
    return (
        tuple(item for item in found if isinstance(item, ConfigurationCopy)),
        {url: item for url, item in zip(urls, found, strict=True) if isinstance(item, ResolutionFailure)},
    )


def _asked(subject: Handed, trust: Trust) -> Iterator[str]:
    lists = [listed for listed in trust.lists if listed.check_domains]
    for part in read_subject(subject).parts if lists else ():
        issuer = Credential(part.value).issuer if isinstance(part.value, dict) else None
        for listed in lists:
            entry = listed.issuers.get(issuer or "")
            if entry and (entry.did in trust.documents or not speaks_for(entry.did, entry.domain)):
                yield entry.domain
