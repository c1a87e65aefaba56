"""Private links of learners: an offer that is looked at and taken, and a document that is fetched.

Nobody needs a key here but the link itself. Looking changes nothing, whoever looks; a link that leads nowhere is
answered alike whatever it was. Of no answer is anything kept on the way, and no page tells another where it was read.
"""

import re
import secrets
from typing import Annotated, Final
from urllib.parse import parse_qs

import orjson
from fastapi import Path, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import MAX_PRESENTATION_BYTES, JsonObject, JsonValue
from node.http.access import PUBLIC
from node.http.body import JSON
from node.http.claiming import claims, fetching
from node.http.door import Answer, Body, Door
from node.http.examples import PRESENTATION, SECURED
from node.http.messages import Message, glance, invalid
from node.http.negotiation import HTML, language_of, wants_html
from node.http.pages.claim import document_page, offer_page, wallet_page
from node.http.pages.render import private
from node.http.problems import ProblemError
from node.http.routes.awards import media_type_of
from node.http.services import Services
from node.issuance.claiming.claims import Claims, Offer, Proof, Taken
from node.issuance.claiming.fetching import Document, Fetching
from node.issuance.claiming.writing import one_line, title_in
from node.issuance.errors import ClaimError, LinkGoneError
from node.verification.phrases import LANGUAGES, Language

FORM: Final = "application/x-www-form-urlencoded"
MAX_FORM_BYTES: Final = 4096
MAX_CLAIM_BYTES: Final = MAX_PRESENTATION_BYTES + 64 * 1024
AGAIN: Final = "Idempotency-Key"
ONCE_CHARS: Final = 22
_KEY: Final = re.compile(r'"?([!#-\[\]-~]{1,128})"?', re.ASCII)
_OFFER: Final[JsonObject] = {
    "issuer": "Example University",
    "title": "MIG welding, basic level",
    "achievement": "https://node.example/achievements/01990d5e-0000-7000-8000-000000000001/versions/1",
    "learner": "Demo Learner",
    "expiresAt": "2026-10-01T12:00:00Z",
}
_DOCUMENT: Final[JsonObject] = {
    "issuer": "Example University",
    "title": "MIG welding, basic level",
    "learner": "Demo Learner",
    "mediaType": "application/vc",
    "credential": "https://node.example/awards/…/credential",
    "picture": "https://node.example/awards/…/picture",
    "page": "https://node.example/awards/…/page",
    "expiresAt": "2026-10-01T12:00:00Z",
}
_TAKEN: Final[JsonObject] = {
    "award": "01990d5e-0000-7000-8000-000000000000",
    "mediaType": "application/vc",
    "credential": SECURED,
    "document": "https://node.example/awards/…",
}
_PAGE: Final = "<!doctype html>…"
_PRIVATE: Final = {"X-Robots-Tag": "noindex, nofollow"}

Token = Annotated[str, Path(max_length=512)]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Private links")
    desk, files = claims(services), fetching(services)
    _offers(door, services, desk)
    _taking(door, services, desk)
    _documents(door, services, files)
    return door


def _offers(door: Door, services: Services, desk: Claims) -> None:
    @door.get(
        "/claims/{token}",
        access=PUBLIC,
        answers=[Answer(200, "What is offered.", _OFFER), Answer(200, "The page of it.", _PAGE, media_type=HTML)],
        problems=[410],
    )
    async def look(token: Token, request: Request) -> Response:
        """Look at what a claim link offers: what, by whom, until when; nothing is changed by that.

        As a page where `Accept` prefers one. A link that was used, replaced, cancelled or is over is answered as one
        that never was: 410.
        """
        try:
            offer = await desk.look(token)
        except LinkGoneError as error:
            return _gone(request, services, error)
        if not wants_html(request):
            return JSONResponse(_offered(offer), headers=_PRIVATE)
        language = _language(request, offer.language)
        page = offer_page(offer, services.public_url, language) | {
            "invite": None
            if desk.invitations is None
            else f"{services.public_url}/claims/{token}/invitation?lang={language}"
        }
        page |= {"action": f"{services.public_url}/claims/{token}?lang={language}", "once": secrets.token_urlsafe(16)}
        return private(request, "claim.html", language, services.public_url, page)

    @door.post(
        "/claims/{token}/challenge",
        access=PUBLIC,
        body=Body({}, max_bytes=1024, required=False),
        answers=[
            Answer(
                200,
                "A challenge for one presentation.",
                {"challenge": "glejt-claim-…", "domain": "https://node.example", "expires": "2026-09-01T12:05:00Z"},
            )
        ],
        problems=[410],
    )
    async def challenge(token: Token) -> Response:
        """Draw a challenge, to be signed by a key of whoever claims, within five minutes, for this link alone."""
        drawn = await desk.draw(token)
        told = {"challenge": drawn.challenge, "domain": drawn.domain, "expires": format_timestamp(drawn.expires_at)}
        return JSONResponse(told)

    @door.post(
        "/claims/{token}/invitation",
        access=PUBLIC,
        body=Body({}, media_types=(JSON, FORM), max_bytes=1024, required=False),
        answers=[Answer(200, "An invitation.", {"url": "https://node.example/…", "expires": "2026-09-01T12:10:00Z"})],
        problems=[404, 410],
    )
    async def invitation(token: Token, request: Request) -> Response:
        """Have an invitation for an agent minted, which works once and for some minutes; the link goes on working.

        Whoever sent the form of the page gets a page with it, and a code for the camera of a phone.
        """
        as_form = _is_form(request)
        try:
            made = await desk.invite(token)
        except LinkGoneError as error:
            if as_form:
                return _gone(request, services, error)
            raise
        if made is None:
            raise ProblemError(
                404, "claim.invitation", "this node invites no agents", "Claim it by the page, or with a presentation."
            )
        if as_form:
            language = _language(request, None)
            page = wallet_page(made, language)
            return private(request, "wallet.html", language, services.public_url, page)
        return JSONResponse({"url": made.url, "expires": format_timestamp(made.expires_at)}, headers=_PRIVATE)


def _taking(door: Door, services: Services, desk: Claims) -> None:
    @door.post(
        "/claims/{token}",
        access=PUBLIC,
        body=Body(
            {"verifiablePresentation": PRESENTATION, "options": {"challenge": "glejt-claim-…"}},
            media_types=(JSON, FORM),
            max_bytes=MAX_CLAIM_BYTES,
            required=False,
        ),
        answers=[
            Answer(200, "The credential, and where it is fetched from now on.", _TAKEN),
            Answer(303, "Where it is fetched; for whoever sent the form of the page."),
        ],
        problems=[409, 410, 422, 429],
        once=True,
    )
    async def take(token: Token, request: Request) -> Response:
        """Take what a claim link offers, once.

        With nothing more, whoever has the document is its holder, and it names the e-mail address by a salted hash.
        With a presentation that answers a challenge of this link, it is bound to the DID that signed that. Send an
        `Idempotency-Key`: the same once more, within a quarter of an hour, is answered with the same; without it, and
        from anybody else, the link leads nowhere from then on. The document is fetched by `document`.
        """
        body = await request.body()
        as_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
        try:
            taken = await _take(desk, token, request, body, as_form=as_form)
        except (LinkGoneError, ClaimError) as error:
            if as_form or wants_html(request):
                return _gone(request, services, error)
            raise
        if as_form:
            if taken.url is None:
                return _gone(request, services, LinkGoneError())
            language = _language(request, None)
            return RedirectResponse(f"{taken.url}?lang={language}", status_code=303, headers=_PRIVATE)
        return JSONResponse(_taken(taken), headers=_PRIVATE)


async def _take(desk: Claims, token: str, request: Request, body: bytes, *, as_form: bool) -> Taken:
    if as_form:
        return await desk.accept(token, again=_once(body))
    message = glance(body) if body else Message({})
    proof = None
    if message.has("verifiablePresentation"):
        message.anything("verifiablePresentation")  # it is read elsewhere, strictly
        options = message.inner("options")
        proof = Proof(body, "verifiablePresentation", options.text("challenge"))
        options.end()
    message.end()
    said = request.headers.getlist(AGAIN)
    form = _KEY.fullmatch(said[0]) if len(said) == 1 else None
    if said and form is None:
        raise ProblemError(
            400,
            "idempotency.key",
            f"{AGAIN} is no key",
            "Give one of up to 128 visible characters, as a UUID in quotation marks.",
        )
    return await desk.accept(token, again=None if form is None else form[1], proof=proof)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def _once(body: bytes) -> str | None:
    """The key that the page gave to its form."""
    if len(body) > MAX_FORM_BYTES:
        raise invalid("", "the form has more in it than the page has")
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=8)
    except ValueError:
        raise invalid("", "this is not the form of the page") from None
    once = fields.get("once", [])
    return once[0] if len(once) == 1 and len(once[0]) == ONCE_CHARS else None


def _documents(door: Door, services: Services, files: Fetching) -> None:
    @door.get(
        "/awards/{token}",
        access=PUBLIC,
        answers=[Answer(200, "What there is.", _DOCUMENT), Answer(200, "The page of it.", _PAGE, media_type=HTML)],
        problems=[410],
    )
    async def document(token: Token, request: Request) -> Response:
        """Show what a private link to a document leads to, and the forms in which it is fetched."""
        try:
            found = await files.by_link(token)
        except LinkGoneError as error:
            return _gone(request, services, error)
        told = await _told(files, found, f"{services.public_url}/awards/{token}")
        if not wants_html(request):
            return JSONResponse(told, headers=_PRIVATE)
        language = _language(request, found.language)
        return private(request, "document.html", language, services.public_url, document_page(found, told, language))

    @door.get(
        "/awards/{token}/credential",
        access=PUBLIC,
        answers=[Answer(200, "The credential, to the byte.", SECURED, "application/vc")],
        problems=[410],
    )
    async def credential(token: Token) -> Response:
        """The signed credential that a private link leads to."""
        secured = (await files.by_link(token)).credential.secured
        suffix = "json" if secured[:1] == b"{" else "jwt"
        return Response(secured, media_type=media_type_of(secured), headers=_file(f"document.{suffix}"))

    @door.get(
        "/awards/{token}/picture",
        access=PUBLIC,
        answers=[Answer(200, "The picture.", "The bytes of the picture.", media_type="image/png")],
        problems=[404, 410],
    )
    async def picture(token: Token) -> Response:
        """The achievement's picture with the credential in it, where it has one and the form fits into one."""
        baked = await files.picture(await files.by_link(token))
        if baked is None:
            raise ProblemError(404, "link.picture", "there is no picture of it", "Fetch the credential itself.")
        return Response(baked.content, media_type=baked.media_type, headers=_file(f"document.{baked.suffix}"))

    @door.get(
        "/awards/{token}/page",
        access=PUBLIC,
        answers=[Answer(200, "The page.", "The bytes of a PDF.", media_type="application/pdf")],
        problems=[404, 410],
    )
    async def page(token: Token, request: Request) -> Response:
        """A page to print, with the credential attached; `lang` says in which language."""
        found = await files.by_link(token)
        made = await files.page(found, _language(request, found.language))
        if made is None:
            raise ProblemError(
                404, "link.page", "no page is made of a document in this form", "Fetch the credential itself."
            )
        return Response(made, media_type="application/pdf", headers=_file("document.pdf"))


def _language(request: Request, said: str | None) -> Language:
    """The one in the address, else that in which the learner is written to, else the reader's."""
    if request.query_params.get("lang") is None:
        for language in LANGUAGES:
            if said == language:
                return language
    return language_of(request)


def _gone(request: Request, services: Services, error: LinkGoneError | ClaimError) -> Response:
    if not wants_html(request) and request.method == "GET":
        raise error
    status = 410 if isinstance(error, LinkGoneError) else 409
    page = {"words": "gone" if status == 410 else "unready"}  # noqa: PLR2004 -- as the line above
    return private(request, "gone.html", language_of(request), services.public_url, page, status=status)


def _offered(offer: Offer) -> JsonObject:
    language = offer.language or "en"
    return {
        "issuer": offer.issuer,
        "title": one_line(title_in(offer.achievement, language)),
        "achievement": offer.achievement.get("id"),
        "learner": offer.award.name,
        "expiresAt": format_timestamp(offer.link.expires_at),
    }


def _taken(taken: Taken) -> JsonObject:
    secured = taken.finished.credential.secured
    value: JsonValue = orjson.loads(secured) if secured[:1] == b"{" else secured.decode("ascii")
    return {
        "award": taken.finished.award.id,
        "mediaType": media_type_of(secured),
        "credential": value,
        "document": taken.url,
    }


async def _told(files: Fetching, found: Document, url: str) -> JsonObject:
    has_picture = await files.bare_picture(found.achievement) is not None
    language = found.language or "en"
    return {
        "issuer": found.issuer,
        "title": one_line(title_in(found.achievement, language)),
        "learner": found.award.name,
        "mediaType": media_type_of(found.credential.secured),
        "credential": f"{url}/credential",
        "picture": f"{url}/picture" if has_picture else None,
        "page": f"{url}/page",
        "expiresAt": None if found.link is None else format_timestamp(found.link.expires_at),
    }


def _file(name: str) -> dict[str, str]:
    return {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
