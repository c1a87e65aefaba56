"""SD-JWT of ten claims beside the PyPI package `sd-jwt`, in one run: issue, show, verify.

    python bench/selective_tokens.py [--rounds N] [--json]

Both sides do the same: ES256, ten claims for the holder to choose from, decoys, the holder's key, and a key binding
that is checked. Ours does more: what it signs, issuing and showing, it verifies before it leaves, and it refuses what
the other does not look at. The last row is a whole verdict, with issuer, dates, class and all, beside their check of
proofs.
"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

import orjson
from jwcrypto.jwk import JWK
from ours import AT, samples
from run import Row, measure, table, warn_if_busy
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.proofs.jose.jws import parse_jws, prepare_jws, verify_jws
from node.proofs.sd_jwt.concealment import conceal
from node.proofs.sd_jwt.key_binding import prepare_key_binding, verify_key_binding
from node.proofs.sd_jwt.proof import open_sd_jwt
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.proofs.signatures import local_signer
from node.verification.case import Request
from node.verification.material import EMPTY
from node.verification.policy import built_in
from node.verification.report import Verdict
from node.verification.verify import verify

ROUNDS = 15
COUNT = 100
"""Credentials in a round."""
TARGET = 1.0
PEER = "sd-jwt (PyPI)"
ISSUER, HOLDER = PrivateKey.generate(KeyType.P256), PrivateKey.generate(KeyType.P256)
DID, METHOD = str(did_key.create(ISSUER.public)), did_key.method_id(ISSUER.public)
SIGNER, HOLDER_SIGNER = local_signer(ISSUER), local_signer(HOLDER)
THEIR_ISSUER, THEIR_HOLDER = JWK(**ISSUER.to_jwk()), JWK(**HOLDER.to_jwk())
THEIR_PUBLIC, THEIR_HOLDER_PUBLIC = JWK(**ISSUER.public.to_jwk()), JWK(**HOLDER.public.to_jwk())
HEADER = {"typ": "dc+sd-jwt", "kid": METHOD}
REQUEST = Request("n-0S6_WzA2Mj", "https://verifier.example")
ALGORITHMS = frozenset({"ES256"})
NAMES = tuple(f"claim_{number}" for number in range(10))
POINTERS = tuple(f"/{name}" for name in NAMES)
CHOSEN = POINTERS[:5]
NOW = int(AT.timestamp())


def claims(number: int) -> dict[str, Any]:
    """The claims of one credential, those in the open first."""
    fixed = {"iss": DID, "iat": NOW, "exp": NOW + 86_400, "vct": "https://credentials.example/learning"}
    return fixed | {name: f"value {number} of {name}, with some text behind it" for name in NAMES}


def issue(one: dict[str, Any]) -> str:
    """An SD-JWT of ours, its signature verified before it leaves."""
    concealed = conceal({**one, "cnf": {"jwk": HOLDER.public.to_jwk()}}, POINTERS)
    unsigned = prepare_jws(HEADER, orjson.dumps(concealed.payload), ISSUER.public)
    jwt = unsigned.complete(SIGNER.sign(unsigned.signing_input))
    return "".join(f"{part}~" for part in (jwt, *(each.text for each in concealed.disclosures)))


def their_issue(one: dict[str, Any]) -> str:
    """One of theirs."""
    marked = {SDObj(name) if name in NAMES else name: value for name, value in one.items()}
    return SDJWTIssuer(
        marked, THEIR_ISSUER, THEIR_HOLDER_PUBLIC, "ES256", add_decoy_claims=True, extra_header_parameters=HEADER
    ).sd_jwt_issuance


def show(text: str) -> str:
    """Half of the claims, bound to a request; the signature is verified before it leaves."""
    opened = open_sd_jwt(parse_sd_jwt(text))
    chosen = opened.sd_jwt.showing(opened.processed.needed_for(CHOSEN))
    unsigned = prepare_key_binding(
        chosen, opened.payload, HOLDER.public, audience=REQUEST.domain, nonce=REQUEST.challenge, issued_at=AT
    )
    return chosen.bound(parse_jws(unsigned.complete(HOLDER_SIGNER.sign(unsigned.signing_input)))).text


def their_show(text: str) -> str:
    """The same by them."""
    holder = SDJWTHolder(text)
    wanted = {name.removeprefix("/"): True for name in CHOSEN}
    holder.create_presentation(wanted, REQUEST.challenge, REQUEST.domain, THEIR_HOLDER, "ES256")
    return holder.sd_jwt_presentation


def check(text: str) -> dict[str, Any]:
    """The claims, if both signatures hold and the binding is for this request."""
    opened = open_sd_jwt(parse_sd_jwt(text))
    verify_jws(opened.sd_jwt.jwt, ISSUER.public, algorithms=ALGORITHMS)
    bound = verify_key_binding(opened.sd_jwt, opened.payload, HOLDER.public, algorithms=ALGORITHMS)
    if (bound.nonce, bound.audience) != (REQUEST.challenge, REQUEST.domain):
        raise ValueError("this was shown to somebody else")
    return opened.claims


def their_check(text: str) -> dict[str, Any]:
    """The same by them."""
    return SDJWTVerifier(
        text, lambda _issuer, _header: THEIR_PUBLIC, REQUEST.domain, REQUEST.challenge
    ).get_verified_payload()


def verdict(text: str) -> None:
    """All that a verifier asks."""
    report = verify(text, EMPTY, built_in(), AT, request=REQUEST)
    if report.verdict is not Verdict.ACCEPTED:
        raise ValueError("a sound credential was not accepted")


def rows() -> list[Row]:
    """The comparisons, after each side has read what the other made."""
    subjects = [claims(number) for number in range(COUNT)]
    issued, theirs = [issue(one) for one in subjects], [their_issue(one) for one in subjects[:3]]
    shown = [show(text) for text in issued]
    for text in (*shown[:3], *map(show, theirs), *map(their_show, issued[:3])):
        if check(text) != their_check(text):
            raise ValueError("the two sides read different claims")
    return [
        Row(
            "SD-JWT, 10 claims: issue",
            PEER,
            lambda: samples(issue, subjects),
            lambda: samples(their_issue, subjects),
            TARGET,
        ),
        Row(
            "SD-JWT, 10 claims: show 5",
            PEER,
            lambda: samples(show, issued),
            lambda: samples(their_show, issued),
        ),
        Row(
            "SD-JWT, 5 claims shown: verify",
            PEER,
            lambda: samples(check, shown),
            lambda: samples(their_check, shown),
            TARGET,
        ),
        Row(
            "SD-JWT, 5 claims shown: whole verdict",
            PEER,
            lambda: samples(verdict, shown),
            lambda: samples(their_check, shown),
        ),
    ]


def main() -> int:
    """Measure, tell, and fail where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    warn_if_busy()
    results = [measure(row, asked.rounds) for row in rows()]
    if asked.json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        print(table(results))
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
