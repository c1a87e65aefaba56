"""The cryptographic suites: one declaration per module, one frozen registry of them all."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from node.proofs.cryptosuites.bbs_2023 import BBS_2023
from node.proofs.cryptosuites.ecdsa_jcs_2019 import ECDSA_JCS_2019
from node.proofs.cryptosuites.ecdsa_rdfc_2019 import ECDSA_RDFC_2019
from node.proofs.cryptosuites.ecdsa_sd_2023 import ECDSA_SD_2023
from node.proofs.cryptosuites.ed25519_signature_2018 import ED25519_SIGNATURE_2018
from node.proofs.cryptosuites.ed25519_signature_2020 import ED25519_SIGNATURE_2020
from node.proofs.cryptosuites.eddsa_jcs_2022 import EDDSA_JCS_2022
from node.proofs.cryptosuites.eddsa_rdfc_2022 import EDDSA_RDFC_2022
from node.proofs.cryptosuites.suite import DATA_INTEGRITY_PROOF, Cryptosuite

__all__ = ["DATA_INTEGRITY_PROOF", "SUITES", "Cryptosuite"]

SUITES: Final[Mapping[str, Cryptosuite]] = MappingProxyType(
    {
        suite.name: suite
        for suite in (
            EDDSA_RDFC_2022,
            EDDSA_JCS_2022,
            ECDSA_RDFC_2019,
            ECDSA_JCS_2019,
            ECDSA_SD_2023,
            BBS_2023,
            ED25519_SIGNATURE_2020,
            ED25519_SIGNATURE_2018,
        )
    }
)
