"""Token Status Lists: signed by the issuer of the tokens that they speak of.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
"""

import orjson

from node.issuance.secure import Signing
from node.proofs.jose.jws import prepare_jws
from node.status.token_status_list import TYPE, TokenStatusList, build_token_status_list


async def sign_token_status_list(content: TokenStatusList, signing: Signing) -> str:
    """The status list token, by the profile's key, to be published at the address that it names.

    Raises StatusListError for a list that should not be published, ProofOptionsError for a key that signs no tokens,
    and what the key store raises.
    """
    method = signing.profile.verification_method
    payload = orjson.dumps(build_token_status_list(content))
    unsigned = prepare_jws({"typ": TYPE, "kid": method}, payload, signing.keys.public_key(method))
    return unsigned.complete(await signing.keys.sign(method, unsigned.signing_input))
