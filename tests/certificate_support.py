"""Certificates for tests: an authority, and tokens that bring certificates along."""

import base64
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sd_jwt_support import HIDDEN, sd_jwt, with_claims
from verification_support import AT, Party

from did_methods.multikey import KeyType, PrivateKey
from node.verification.trust import Trust, TrustedRoot

URL = "https://issuer.example"
P256 = Party(PrivateKey(KeyType.P256, (21).to_bytes(32)))
AUTHORITY_KEY, LEAF_KEY, OTHER_KEY = (ec.derive_private_key(number, ec.SECP256R1()) for number in (31, 21, 33))


def certificate(  # noqa: PLR0913 -- one keyword per thing that a test varies
    name="Demo Issuer",
    *,
    by=AUTHORITY_KEY,
    by_name="Demo Authority",
    key=LEAF_KEY,
    ca=False,
    hosts=("issuer.example",),
    uris=(),
    days=(-10, 10),
    signs=True,
):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by_name)]))
        .public_key(key.public_key())
        .serial_number(1000 + len(name))
        .not_valid_before(AT + dt.timedelta(days=days[0]))
        .not_valid_after(AT + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=not signs and not ca,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    names = [*map(x509.DNSName, hosts), *map(x509.UniformResourceIdentifier, uris)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by, SHA256())


ROOT = certificate("Demo Authority", key=AUTHORITY_KEY, ca=True, hosts=())
LEAF = certificate()
ROOTS = Trust(roots=(TrustedRoot("Demo", ROOT.public_bytes(Encoding.DER)),))


def chain(*certificates):
    return [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates]


def certified(*certificates, iss=URL, by=P256, **header):
    return sd_jwt(with_claims(iss=iss), HIDDEN, by, **{"kid": None, "x5c": chain(*certificates), **header})
