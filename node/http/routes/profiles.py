"""How the caller's organisation signs: its signing profiles, and what may be known of its keys."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from did_methods.multikey import KeyType
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.services import Services
from node.issuance.errors import HostingError
from node.issuance.host import Host
from node.issuance.organisation.brought_keys import brought_key
from node.issuance.organisation.caps import caps_of
from node.issuance.organisation.profiles import NewProfile, ProfilesDesk
from node.issuance.profile_options import FORMS, remarks_of
from node.ports.organisations import Profile
from node.ports.oversight import Approval
from node.ports.vault import KeyRecord

PATH: Final = "/organisation/profiles"
MAX_OPTIONS: Final = 32
_EXAMPLE: Final[JsonObject] = {
    "id": "school",
    "did": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "key": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK#z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "form": "eddsa-rdfc-2022",
    "options": {"status": ["revocation"]},
    "caps": {"perMinute": 20000, "perDay": 1000000},
    "state": "active",
    "createdAt": "2026-09-01T12:00:00Z",
    "remarks": [],
}
_KEY: Final[JsonObject] = {
    "id": "did:key:z6Mk…#z6Mk…",
    "purpose": "assertion",
    "type": "Ed25519",
    "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "state": "active",
    "createdAt": "2026-09-01T12:00:00Z",
    "retiredAt": None,
}
_CHANGING: Final = (400, 404, 409, 422)

Name = Annotated[str, Field(min_length=1, max_length=1024)]
Options = Annotated[
    dict[Annotated[str, Field(max_length=64)], Any],
    Field(
        max_length=MAX_OPTIONS,
        description=(
            "`status`: purposes for which a credential can be withdrawn, `revocation` (usual) and `suspension`. "
            "`anchor`, `heads`: the namespace in which credentials are anchored, and lists have heads. "
            "`generate_id`, `proof_array`: true or false. `mandatory`: pointers to what no holder can hide. "
            "`awarded_date`: false where the date of award can be hidden. `signs`, `epoch`: the scope of a BBS key. "
            "`vct`: the kind of an SD-JWT VC. `caps`: `per_minute`, `per_day`, how often its key signs."
        ),
    ),
]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class PrivateKeyToTake(_Sent):
    """A private key of the organisation's own, without a passphrase."""

    form: Literal["pkcs8", "jwk", "multikey"]
    text: Annotated[str, Field(max_length=4096, repr=False)]


class ProfileToMake(_Sent):
    """How is to be signed: with a new key, with one of an identifier that is hosted here, or with one of your own."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    form: Annotated[str, Field(max_length=64, description=f"One of {', '.join(FORMS)}.")]
    options: Options = {}
    key_type: Annotated[KeyType | None, Field(alias="keyType", description="Make a key, and a did:key of it.")] = None
    key: Annotated[Name | None, Field(description="A key of an identifier, as its document names it.")] = None
    private_key: Annotated[PrivateKeyToTake | None, Field(alias="privateKey")] = None


class ProfileToChange(_Sent):
    """What is different from now on."""

    key: Name | None = None
    options: Options | None = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Signing")
    desk = ProfilesDesk(services.store, services.vault, _host(services.public_url), services.now)

    @door.get(PATH, access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"profiles": [_EXAMPLE]})])
    async def listed(caller: Calling) -> Response:
        """The signing profiles of the organisation, also those that are closed."""
        return JSONResponse({"profiles": [shown(profile) for profile in await desk.listed(caller)]})

    @door.get(
        f"{PATH}/{{profile}}",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "The profile.", _EXAMPLE)],
        problems=[404],
    )
    async def find(profile: str, caller: Calling) -> Response:
        """One of them."""
        return JSONResponse(shown(await desk.find(caller, profile)))

    @door.post(
        PATH,
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "The new profile.", _EXAMPLE), ASKED],
        body=Body({"id": "school", "form": "eddsa-rdfc-2022", "keyType": "Ed25519", "options": {}}),
        problems=_CHANGING,
    )
    async def make(sent: ProfileToMake, caller: Calling, granted: Granted = None) -> Response:
        """Make a signing profile.

        With `keyType` a key is made here, and its DID is the key. With `key` it signs with one of an identifier that is
        hosted here. With `privateKey` it signs with a key that you bring, as a did:key, or under the name in `key`.
        """
        private = None if sent.private_key is None else brought_key(sent.private_key.form, sent.private_key.text)
        new = NewProfile(sent.id, sent.form, dict(sent.options), sent.key_type, sent.key, private)
        made = await desk.make(caller, new, granted)
        return told(made if isinstance(made, Approval) else shown(made), status=201)

    @door.patch(
        f"{PATH}/{{profile}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(200, "How it signs now.", _EXAMPLE), ASKED],
        body=Body({"options": {"status": ["revocation"], "caps": {"per_day": 5000}}}),
        problems=_CHANGING,
    )
    async def change(profile: str, sent: ProfileToChange, caller: Calling, granted: Granted = None) -> Response:
        """Sign with another key of the same DID, or with other options, from now on.

        A key that no profile uses any more is retired: it signs no more, and what it signed is verified as before.
        """
        options = None if sent.options is None else dict(sent.options)
        changed = await desk.change(caller, profile, key=sent.key, options=options, granted=granted)
        return told(changed if isinstance(changed, Approval) else shown(changed))

    @door.delete(
        f"{PATH}/{{profile}}",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(204, "It signs no more.")],
        problems=[404],
    )
    async def close(profile: str, caller: Calling) -> Response:
        """Sign with a profile no more. Nobody else ever gets its name."""
        await desk.close(caller, profile)
        return Response(status_code=204)

    @door.get(
        "/organisation/keys", access=Scope.ORGANISATION_READ, answers=[Answer(200, "All of them.", {"keys": [_KEY]})]
    )
    async def keys(caller: Calling) -> Response:
        """The keys of the organisation, each for one purpose; of none more than its public half."""
        return JSONResponse({"keys": [shown_key(key) for key in await desk.keys(caller)]})

    return door


def shown(profile: Profile) -> JsonObject:
    """A profile, with how often its key signs, and what others will find amiss."""
    caps = caps_of(profile)
    return {
        "id": profile.id,
        "did": profile.did,
        "key": profile.key,
        "form": profile.form,
        "options": dict(profile.options),
        "caps": {"perMinute": caps.per_minute, "perDay": caps.per_day},
        "state": profile.state.value,
        "createdAt": format_timestamp(profile.created_at),
        "remarks": [dict(each) for each in remarks_of(profile)],
    }


def shown_key(key: KeyRecord) -> JsonObject:
    """What may be known of a key."""
    return {
        "id": key.id,
        "purpose": key.purpose.value,
        "type": key.public.type.value,
        "publicKeyMultibase": key.public.to_multibase(),
        "state": key.state.value,
        "createdAt": format_timestamp(key.created_at),
        "retiredAt": None if key.retired_at is None else format_timestamp(key.retired_at),
    }


def _host(public_url: str) -> Host | None:
    try:
        return Host.of(public_url)
    except HostingError:
        return None
