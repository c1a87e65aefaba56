"""Files that others need to verify, for anybody: status lists in every version, copies by their digests, receipts.

All of them prove themselves, by a signature, a digest that is known from elsewhere, or a proof of what a chain holds,
so they may be kept and passed on by anybody.
"""

from typing import Final

from fastapi import Request
from starlette.responses import Response

from node.documents import JsonObject
from node.http.access import PUBLIC
from node.http.caching import cached
from node.http.door import Answer, Door
from node.http.routes.published import NOT_MODIFIED, absent, render
from node.http.services import Services
from node.issuance.evidence import Evidence
from node.issuance.list_copies import ANY, ListCopies
from node.issuance.pages import CREDENTIAL, FOR_A_WHILE, FOR_GOOD, STATUS, Page

RECEIPT: Final = "application/vnd.glejt.receipt+cbor"
A_RECEIPT: Final = "a receipt in CBOR"
LIST: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "https://node.example/status/1",
    "type": ["VerifiableCredential", "BitstringStatusListCredential"],
    "issuer": "did:web:node.example:school",
    "validFrom": "2026-09-01T12:00:00Z",
    "validUntil": "2026-09-02T12:00:00Z",
    "credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "uH4sI…"},
    "proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"},
}
ATTACHED: Final = {"Content-Disposition": "attachment"}
"""For what others wrote: a browser puts it away, and makes nothing of it."""


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Published")
    pages, copies = services.hosting.pages, ListCopies(services.store, services.public_url)
    evidence = Evidence(services.store, services.proving)

    @door.get(
        f"{STATUS}{{list_id}}",
        access=PUBLIC,
        answers=[Answer(200, "The list, to the byte.", LIST, CREDENTIAL), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def status_list(request: Request, list_id: str) -> Response:
        """The version of a status list that was published last, exactly as it was signed.

        The whole list is the answer, so nobody learns whose entry is looked at. Its ETag is its SHA-256, by which a
        head on a chain names it. A list has one form, whatever Accept says: a document, or a token.
        """
        return _rendered(request, await pages.status_list(list_id, services.now()))

    @door.get(
        f"{STATUS}{{list_id}}/versions/{{digest}}",
        access=PUBLIC,
        answers=[Answer(200, "That version, to the byte.", LIST, CREDENTIAL), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def version(request: Request, list_id: str, digest: str) -> Response:
        """Any version of a status list that was ever published, by its SHA-256 in hexadecimal.

        An older one shows what was withdrawn at its time, and must not be taken for the present.
        """
        return _rendered(request, await copies.version(list_id, digest))

    @door.get(
        "/mirror/status/{cid}",
        access=PUBLIC,
        answers=[Answer(200, "The bytes.", "the bytes of a status list", ANY), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def mirrored(request: Request, cid: str) -> Response:
        """Bytes of a status list under their CID, of this node or of others that it mirrors.

        A trust file names a mirror as `https://HOST/mirror/status`. What others published is not read here: compare
        the digest, as every verifier does.
        """
        return _rendered(request, await copies.by_cid(cid), ATTACHED)

    @door.get(
        "/receipts/{organisation}/{award}/{form}/{token}",
        access=PUBLIC,
        answers=[Answer(200, "The receipt.", A_RECEIPT, RECEIPT), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def receipt(request: Request, organisation: str, award: str, form: str, token: str) -> Response:
        """The receipt of an anchored credential, for whoever was given this address.

        Nobody can guess it. It grows from pending to final, and says nothing about a person.
        """
        found = await evidence.linked_receipt(organisation, award, form, token)
        if found is None:
            raise absent()
        body = found.encode()
        lasting = FOR_GOOD if found.state.value == "final" else FOR_A_WHILE
        return cached(request, body, media_type=RECEIPT, lasting=lasting, headers=ATTACHED)

    return door


def _rendered(request: Request, page: Page | None, headers: dict[str, str] | None = None) -> Response:
    if page is None:
        raise absent()
    return render(request, page, headers)
