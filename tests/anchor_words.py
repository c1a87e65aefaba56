"""Documents that name a record on a chain, and the words on them: name, subject, sentence, rows, inputs."""

from dataclasses import replace

from ledger_support import (
    ANCHORED,
    NAME,
    STRANGE,
    Record,
    anchored,
    block_of,
    ledgers,
    naming,
    pending,
    seconds,
    trusted_chain,
    trusting,
)
from ledger_support import (
    Case as Anchoring,
)
from sd_jwt_support import sd_jwt, with_claims
from verification_support import AT, ISSUER, UNIVERSITY, badge, credential

from anchoring.receipt import Finality, Mined
from node.proofs.commitment import commitment_of
from node.proofs.jose.jws import verify_jws
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.verification.chains import ChainKind
from node.verification.check import CheckName
from node.verification.policy import INDISPENSABLE, Policy

TRUST = trusting(ISSUER)
DOCUMENT = ISSUER.sign(badge(evidence=naming()))
CASE = anchored(DOCUMENT)
ASKING = Policy("asks for an anchor", INDISPENSABLE | {CheckName.ANCHOR})
GENUINE = ("Genuine.", "Dokument autentyczny.")
OPEN = (
    "We cannot tell: it is not anchored yet, or the record cannot be reached.",
    "Nie da się tego rozstrzygnąć: nie jest jeszcze zakotwiczony albo nie można odczytać zapisu.",
)
WRONG = (
    "Genuine, but your rules do not accept it: its time record does not match.",
    "Dokument autentyczny, ale nie spełnia Twoich zasad: zapis czasu się nie zgadza.",
)
BUT_WRONG = (
    "Genuine, but its time record does not match.",
    "Dokument autentyczny, ale zapis czasu się nie zgadza.",
)
DAY_EN, DAY_PL = "9 June 2026, 14:03 UTC", "9 czerwca 2026, 14:03 UTC"
MISMATCH = ("The record on Ethereum does not match this document.", "Zapis w sieci Ethereum nie pasuje do dokumentu.")
UNREACHABLE = (
    "No connection to Ethereum, and no saved block header.",
    "Brak połączenia z siecią Ethereum i brak zapisanego nagłówka bloku.",
)
UNKNOWN_TO_YOU = (
    "Your trust file does not know this record on {}.",
    "Twój plik zaufania nie zna tego zapisu w sieci {}.",
)


def _known(material, **inputs):
    return {"material": material, "trust": TRUST, **inputs}


def _receipt(progress):
    return CASE.material(receipts=(replace(CASE.receipt, progress=progress).encode(),))


_BEFORE = replace(CASE.receipt.progress.anchor, block=1)
_MADE_UP = Finality(_BEFORE, CASE.receipt.progress.proof)
_OTHER = ISSUER.sign(badge(name="Signed anew", evidence=naming()))
_NAMED_ELSEWHERE = [
    (replace(NAME, namespace=STRANGE), "namespace"),
    (replace(NAME, contract=bytes(20)), "other contract"),
    (replace(NAME, chain_id=9), "unknown network"),
]


def _mandatory():
    text = sd_jwt(with_claims(evidence=naming(), iat=seconds(ANCHORED) - 9, nbf=seconds(ANCHORED) - 9, exp=2**33))
    verified = verify_jws(parse_sd_jwt(text).jwt, ISSUER.private.public, algorithms={"EdDSA"})
    record = Record()
    tree, receipt = pending(commitment_of(verified, of_sd_jwt=True))
    record.anchor(tree)
    return text, Anchoring({}, record.final(receipt), record).material()


_PART, _OF_PART = _mandatory()

ANCHOR_CASES = [
    (
        "an issuer whose key is not known",
        UNIVERSITY.sign(badge(UNIVERSITY, evidence=naming())),
        "We cannot tell: the issuer's keys could not be fetched.",
        "Nie da się tego rozstrzygnąć: nie udało się pobrać kluczy wystawcy.",
        {
            5: (
                "Not checked, because the signature was not found to hold.",
                "Nie sprawdzono, bo nie potwierdzono podpisu.",
            )
        },
        {"material": CASE.material(), "trust": TRUST},
    ),
    (
        "anchored",
        DOCUMENT,
        *GENUINE,
        {
            5: (
                f"Existed before {DAY_EN}: Ethereum, block 900.",
                f"Istniał przed {DAY_PL}: sieć Ethereum, blok 900.",
            )
        },
        _known(CASE.material(), policy=ASKING),
    ),
    (
        "anchored, of which a part is shown",
        _PART,
        *GENUINE,
        {
            5: (
                (
                    f"Its mandatory part existed before {DAY_EN}: Ethereum, block 900. "
                    "The other fields rest on the signature alone."
                ),
                (
                    f"Część obowiązkowa istniała przed {DAY_PL}: sieć Ethereum, blok 900. "
                    "Pozostałe pola potwierdza sam podpis."
                ),
            )
        },
        _known(_OF_PART),
    ),
    (
        "waiting for its anchor",
        DOCUMENT,
        *OPEN,
        {5: ("Waiting to be recorded; expected within 24 h.", "Czeka na zapis; spodziewany czas: 24 h.")},
        _known(_receipt(None), policy=ASKING),
    ),
    (
        "waiting for its anchor to be final",
        DOCUMENT,
        *GENUINE,
        {5: ("Waiting to be recorded; expected within 1 h.", "Czeka na zapis; spodziewany czas: 1 h.")},
        _known(_receipt(Mined(900, bytes(32)))),
    ),
    (
        "anchored, and no block is known",
        DOCUMENT,
        *OPEN,
        {5: UNREACHABLE},
        _known(CASE.material(checkpoints=()), policy=ASKING),
    ),
    (
        "anchored on a network for tests",
        DOCUMENT,
        *OPEN,
        {5: ("Test network: this proves nothing.", "Sieć testowa: to niczego nie dowodzi.")},
        {
            "material": CASE.material(),
            "trust": trusting(ISSUER, chains=[trusted_chain(ChainKind.TEST)]),
            "policy": ASKING,
        },
    ),
    ("with the receipt of another signing", _OTHER, *WRONG, {5: MISMATCH}, _known(CASE.material(), policy=ASKING)),
    (
        "with a receipt that tells of no anchor",
        DOCUMENT,
        *BUT_WRONG,
        {5: MISMATCH},
        _known(_receipt(_MADE_UP)),
    ),
    (
        "without its receipt",
        DOCUMENT,
        *GENUINE,
        {
            5: (
                "It promises a record on Ethereum; no receipt of it is at hand.",
                "Zapowiada zapis w sieci Ethereum; nie ma jego pokwitowania.",
            )
        },
        _known(ledgers()),
    ),
    (
        "judged as of before its anchor",
        DOCUMENT,
        *OPEN,
        {
            5: (
                f"Recorded only on {DAY_EN}, after the day that was asked about.",
                f"Zapisano dopiero {DAY_PL}, po dniu, o który pytano.",
            )
        },
        _known(
            CASE.material(),
            policy=ASKING,
            at=ANCHORED.replace(day=8),
            trust=trusting(
                ISSUER,
                chains=[trusted_chain(blocks=(block_of(CASE.record.state),))],
            ),
        ),
    ),
    (
        "naming a record that cannot be read",
        ISSUER.sign(badge(evidence=naming(str(NAME)[:-1]))),
        *GENUINE,
        {5: ("Where it was recorded cannot be read.", "Nie można odczytać, gdzie go zapisano.")},
        _known(CASE.material()),
    ),
    *(
        (
            f"anchored elsewhere: {why}",
            ISSUER.sign(badge(evidence=naming(name))),
            *OPEN,
            {
                5: (
                    "The record on Ethereum is not known to be the issuer's.",
                    "Nie wiadomo, czy zapis w sieci Ethereum należy do wystawcy.",
                )
                if why == "namespace"
                else tuple(text.format("eip155:9" if name.chain_id == 9 else "Ethereum") for text in UNKNOWN_TO_YOU)
            },
            _known(CASE.material(), policy=ASKING),
        )
        for name, why in _NAMED_ELSEWHERE
    ),
]


def _of_another_make():
    signed = ISSUER.sign(credential())
    other = {**signed["proof"], "type": "MerkleProof2019"}
    del other["cryptosuite"]
    return {**signed, "proof": [signed["proof"], other]}


ANCHOR_CASES.append(
    (
        "with an anchor of another make",
        _of_another_make(),
        *GENUINE,
        {
            5: (
                "It has a time record of another make (MerkleProof2019), which is not read here.",
                "Ma zapis czasu innego rodzaju (MerkleProof2019), którego tu nie odczytujemy.",
            )
        },
        {"trust": TRUST, "at": AT},
    )
)
