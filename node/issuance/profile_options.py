"""How credentials are signed by a profile, and what is added to them: what it says beside its DID, key and form.

- `status`: purposes for which each credential gets a place in a list of the profile's. Revocation unless it says
  otherwise, also suspension; none for an empty list.
- `heads`: the namespace, eip155:CHAIN:0xCONTRACT#0xNAMESPACE, in which the lists have heads.
- `anchor`: the namespace in which each credential is anchored.
- `generate_id`: give a credential that has no identifier one (urn:uuid:…).
- `proof_array`: write the proof as a list of one.
- `mandatory`: pointers to what no holder can hide; `awarded_date`: whether the date of award is among it.
- `signs`, `epoch`: the scope of a BBS key.
- `vct`: the claims of a wallet form, eudi or we-build; what is withdrawn of it stands in a Token Status List.
- `caps`: how often its key signs; see `node.issuance.organisation.caps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from did_methods.errors import shown
from node.credentials.errors import RecordNameError
from node.credentials.record_name import Promise, RecordName
from node.documents import JsonValue
from node.issuance.disclosable import DISCLOSABLE
from node.issuance.errors import NotIssuableError, ProfileError
from node.issuance.organisation.caps import OPTION as CAPS_OPTION
from node.issuance.organisation.caps import caps_of, without_caps
from node.issuance.selective_token import VCT_OF
from node.ports.judging import Form, SigningOrder
from node.ports.organisations import Profile
from node.ports.work import HEADS_OPTION
from node.proofs.cryptosuites import SUITES
from node.proofs.disclosure import BBS
from node.status.entry import Purpose
from node.verification.chains import is_test_network

PURPOSES: Final = (Purpose.REVOCATION, Purpose.SUSPENSION)
"""What a place in a list can be for. Of a refresh or a message the credential's own list would have to say more."""
FORMS: Final[Mapping[str, tuple[Form, str]]] = MappingProxyType(
    {name: (Form.PROOF, name) for name, suite in SUITES.items() if suite.creates or name in DISCLOSABLE}
    # A token is signed by the key alone; the name of a cryptosuite says which rules for documents count besides.
    | {form.value: (form, "eddsa-rdfc-2022") for form in (Form.JWT, Form.SD_JWT)}
)
"""The forms of a profile: a cryptosuite, whose proof stands in the credential, or a kind of token around it."""
NAMES: Final = (
    *("status", "heads", "anchor", "generate_id", "proof_array", "mandatory", "awarded_date", "signs", "epoch", "vct"),
    CAPS_OPTION,
)
"""All options, as they are written."""
MAX_POINTERS: Final = 64
"""Places that an issuer keeps from being hidden: more would leave nothing to choose."""
MAX_POINTER_CHARS: Final = 512
HEADS_FOR_TRIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "code": "profile.heads_for_trial",
        "message": (
            "what this profile signs is accepted nowhere else: its lists have heads on a chain that is for trying out, "
            "so nobody else can tell whether it was withdrawn"
        ),
        "remedy": "Leave heads out, or name a namespace on a public chain.",
    }
)


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """The options of a profile, each checked."""

    status: tuple[Purpose, ...] = (Purpose.REVOCATION,)
    heads: RecordName | None = None
    anchor: RecordName | None = None
    generate_id: bool = False
    proof_array: bool = False
    mandatory: tuple[str, ...] = ()
    awarded_date: bool = True
    signs: str | None = None
    epoch: str | None = None
    vct: str | None = None

    @property
    def records(self) -> tuple[RecordName, ...]:
        """What each credential promises to be found on a chain."""
        return tuple([name for name in (self.anchor, self.heads) if name is not None])


def options_of(profile: Profile) -> ProfileOptions:
    """The options of a profile; raises IssuanceError for one that is not known, or does not go with its form."""
    if profile.form not in FORMS:
        raise ProfileError(
            f"{shown(profile.form)} is no form",
            code="issuance.profile_option",
            path="/form",
            remedy=f"Use one of {', '.join(FORMS)}.",
        )
    caps_of(profile)
    given = dict(without_caps(profile).options)
    found = ProfileOptions(
        status=_purposes(given.pop("status", [Purpose.REVOCATION])),
        heads=_record(given.pop(HEADS_OPTION, None), HEADS_OPTION, Promise.HEADS),
        anchor=_record(given.pop("anchor", None), "anchor", Promise.ANCHOR),
        generate_id=_flag(given.pop("generate_id", False), "generate_id"),
        proof_array=_flag(given.pop("proof_array", False), "proof_array"),
        mandatory=pointers_of(given.pop("mandatory", []), "/options/mandatory"),
        awarded_date=_flag(given.pop("awarded_date", True), "awarded_date"),
        signs=_text(given.pop("signs", None), "signs"),
        epoch=_text(given.pop("epoch", None), "epoch"),
        vct=_text(given.pop("vct", None), "vct"),
    )
    if given:
        raise _refused(min(given), f"there is no option {shown(min(given))}", f"The options are {', '.join(NAMES)}.")
    _require_fitting(profile.form, found)
    return found


def remarks_of(profile: Profile) -> tuple[Mapping[str, str], ...]:
    """What others will find amiss with what a profile signs, though it may be meant so for trying out."""
    heads = options_of(profile).heads
    return (HEADS_FOR_TRIAL,) if heads is not None and is_test_network(heads.chain_id, None) else ()


def order_of(profile: Profile, options: ProfileOptions, mandatory: tuple[str, ...] = ()) -> SigningOrder:
    """How a profile signs; `mandatory` are pointers that one credential adds to those of the profile.

    Raises NotIssuableError where its form leaves nothing to choose.
    """
    form, suite = FORMS[profile.form]
    if mandatory and not _chooses(profile.form):
        raise NotIssuableError(
            f"of a credential in the form {profile.form} nothing can be hidden",
            code="issuance.pointers",
            path="/options/mandatoryPointers",
            remedy="Leave mandatoryPointers out, or use a profile whose form lets holders choose, as ecdsa-sd-2023.",
        )
    return SigningOrder(
        verification_method=profile.key,
        cryptosuite=suite,
        form=form,
        proof_array=options.proof_array,
        mandatory=tuple(dict.fromkeys([*options.mandatory, *mandatory])),
        awarded_date=options.awarded_date,
        signs=options.signs,
        epoch=options.epoch,
        vct=options.vct,
    )


def pointers_of(value: JsonValue, path: str) -> tuple[str, ...]:
    """A list of JSON pointers, which stands at this place; raises NotIssuableError."""
    values = value if isinstance(value, list) and len(value) <= MAX_POINTERS else [None]
    found = tuple([one for one in values if isinstance(one, str) and one[:1] == "/" and len(one) <= MAX_POINTER_CHARS])
    if len(found) != len(values):
        raise NotIssuableError(
            f"it is no list of at most {MAX_POINTERS} JSON pointers",
            code="issuance.pointers",
            path=path,
            remedy='Write ["/credentialSubject/name"]; a pointer begins with a slash.',
        )
    return found


def _require_fitting(form: str, options: ProfileOptions) -> None:
    """Refuse options that would be without effect, or could never be kept."""
    kept_open = (options.mandatory, not options.awarded_date)
    if any(kept_open) and not _chooses(form):
        raise _refused("mandatory", f"of a credential in the form {form} nothing can be hidden", "Leave it out.")
    if (options.signs is None) is not (options.epoch is None) or (options.signs is not None) is not (form == BBS):
        raise _refused(
            "signs",
            "signs and epoch are the scope of a BBS key",
            "Name both for bbs-2023, and none otherwise.",
        )
    if options.vct is not None and (form != Form.SD_JWT or options.vct not in VCT_OF):
        raise _refused("vct", f"{shown(options.vct)} is no kind here", f"With sd-jwt, use one of {', '.join(VCT_OF)}.")
    if options.anchor is not None and form == BBS:
        raise _refused(
            "anchor", "a credential whose showings cannot be linked has nothing to anchor", "Leave anchor out."
        )
    if options.heads is not None and not options.status:
        raise _refused("heads", "there are no lists that could have heads", "Leave heads out, or name a status.")


def _chooses(form: str) -> bool:
    return form in DISCLOSABLE or form == Form.SD_JWT


def _purposes(value: JsonValue) -> tuple[Purpose, ...]:
    known = [purpose.value for purpose in PURPOSES]
    values = value if isinstance(value, list) else [None]
    if any(one not in known for one in values) or len(set(map(str, values))) != len(values):
        raise _refused("status", "status is no list of purposes", f"Write some of {', '.join(known)}, each once.")
    return tuple([purpose for purpose in PURPOSES if purpose in values])


def _record(value: JsonValue, option: str, promise: Promise) -> RecordName | None:
    if value is None:
        return None
    try:
        name = RecordName.parse(value if isinstance(value, str) else "")
    except RecordNameError as error:
        raise _refused(option, str(error), error.remedy) from error
    if name != name.record:
        raise _refused(option, f"{shown(value)} is more than a namespace", "Name the namespace alone.")
    return RecordName(name.chain_id, name.contract, name.namespace, promise)


def _flag(value: JsonValue, option: str) -> bool:
    if not isinstance(value, bool):
        raise _refused(option, f"{option} is neither true nor false", "Write true or false.")
    return value


def _text(value: JsonValue, option: str) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise _refused(option, f"{option} is no text", "Write it in quotation marks.")
    return value


def _refused(option: str, message: str, remedy: str) -> ProfileError:
    return ProfileError(message, code="issuance.profile_option", path=f"/options/{option}", remedy=remedy)
