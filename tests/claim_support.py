"""Awards of one person over HTTP: an achievement that is published, a profile, and whoever claims."""

import json

from disclosure_support import JSONLD
from issuing_support import add_profile
from node_support import NOW, PUBLIC_URL, A
from picture_support import png
from register_support import draft

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.adapters.mail import MailServer, SmtpMail
from node.issuance.background.tasks import unwatched
from node.issuance.claiming.fetching import Fetching
from node.issuance.claiming.linking import Linking
from node.issuance.claiming.mailing import Mailing
from node.ports.awarding import AwardState
from node.ports.mail import Letterhead
from node.proofs.data_integrity import prepare
from node.proofs.options import ProofOptions

AWARDS = "/organisation/awards"
NAME, EMAIL = "Demo Learner", "learner@school.example"
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


async def achievement(node, *, picture=False, organisation=A):
    """The id of an achievement that is published."""
    content, key = draft(), node.key("designer", organisation)
    if picture:
        headers = key | {"Content-Type": "image/png"}
        kept = await node.client.post("/organisation/pictures", content=png(), headers=headers)
        content["image"] = {"id": kept.json()["url"], "type": "Image"}
    made = await node.client.post("/organisation/achievements", json=content, headers=key)
    assert made.status_code == 201, made.text
    shown = made.json()
    done = await node.client.post(
        f"/organisation/achievements/{shown['id']}/publish", json={"revision": shown["revision"]}, headers=key
    )
    assert done.status_code == 201, done.text
    return shown["id"]


class Desk:
    """An issuer's desk: `await desk.award(kind="claim")` is the answer to a request."""

    def __init__(self, node, course, did, organisation=A):
        self.node, self.course, self.did, self.organisation = node, course, did, organisation

    @classmethod
    async def open(cls, node, form="eddsa-rdfc-2022", *, picture=False, organisation=A, **options):
        name = f"{organisation}-profile"
        did = await add_profile(node, name, form, organisation, **options)
        return cls(node, await achievement(node, picture=picture, organisation=organisation), did, organisation)

    @property
    def key(self):
        return self.node.key("issuer", self.organisation)

    async def award(self, *, role="issuer", headers=None, **changes):
        order = {
            "achievement": self.course,
            "profile": f"{self.organisation}-profile",
            "kind": "claim",
            "name": NAME,
            "email": EMAIL,
        }
        given = {name: value for name, value in (order | changes).items() if value is not ...}
        key = self.node.key(role, self.organisation) | (headers or {})
        return await self.node.client.post(AWARDS, json=given, headers=key)

    async def link(self, **changes):
        """The award, and its link as a path."""
        answer = await self.award(**changes)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        return made, path_of(made["link"]["url"])

    async def again(self, award, *, status=200, **sent):
        answer = await self.node.client.post(f"{AWARDS}/{award}/claim-link", json=sent, headers=self.key)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def state(self, award):
        answer = await self.node.client.get(f"{AWARDS}/{award}", headers=self.key)
        return answer.json()["state"]

    async def credentials(self):
        """How many there are."""
        async with self.node.store.view(self.organisation) as view:
            return len(await view.awards.in_state(AwardState.ISSUED))


def path_of(url):
    assert url.startswith(f"{PUBLIC_URL}/")
    return url.removeprefix(PUBLIC_URL)


class Holder:
    """Somebody with a key of their own."""

    def __init__(self, kind=KeyType.ED25519):
        self.private = PrivateKey.generate(kind)
        self.did = str(did_key.create(self.private.public))
        self.method = did_key.method_id(self.private.public)

    async def presentation(self, challenge, domain=PUBLIC_URL, *, proof_purpose="authentication", at=NOW):
        """A presentation of nothing, which answers a challenge."""
        bare = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "holder": self.did,
        }
        options = ProofOptions(
            cryptosuite="eddsa-rdfc-2022",
            verification_method=self.method,
            created=at,
            proof_purpose=proof_purpose,
            challenge=challenge,
            domain=domain,
        )
        unsigned = prepare(bare, options, self.private.public, jsonld=JSONLD)
        return unsigned.complete(await HeldKeys({self.method: self.private}).sign(self.method, unsigned.hash_data))


async def challenge(node, path):
    answer = await node.client.post(f"{path}/challenge")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def claim(node, path, *, again=None, presentation=None, drawn=None):
    """The answer to a claim."""
    headers = {} if again is None else {"Idempotency-Key": again}
    if presentation is None:
        return await node.client.post(path, headers=headers)
    message = {"verifiablePresentation": presentation, "options": {"challenge": drawn}}
    return await node.client.post(
        path, content=json.dumps(message), headers=headers | {"Content-Type": "application/json"}
    )


FROM = "awards@node.example"


def mail_at(port, **more):
    """A way to a mail server on this machine."""
    return SmtpMail(
        MailServer(host="localhost", port=port, encryption="none", per_minute=6000, seconds=5.0, **more),
        Letterhead(FROM, ("university.example",)),
    )


def mailing_of(store, vault, judges, now, port, checkpoint=unwatched):  # noqa: PLR0913, PLR0917 -- what it stands on
    """What writes letters."""
    linking = Linking(store, vault, PUBLIC_URL)
    fetching = Fetching(store, judges, now, PUBLIC_URL)
    return Mailing(store=store, mail=mail_at(port), linking=linking, fetching=fetching, now=now, checkpoint=checkpoint)
