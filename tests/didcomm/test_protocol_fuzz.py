"""Whatever somebody who is known writes, in any state of any protocol: it is taken, refused or passed over."""

from credential_exchange import asking, offering, requesting, sides
from didcomm_support import AT
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_support import HOLDER, ISSUER, Side, kept, received, written

from node.didcomm.protocols.coordinate_mediation import QueryRecipients, RequestMediation, UpdateRecipients
from node.didcomm.protocols.discover_features import Ask as AskFeatures
from node.didcomm.protocols.discover_features import Query
from node.didcomm.protocols.formats import FORMATS
from node.didcomm.protocols.issue_credential import Propose
from node.didcomm.protocols.message_pickup import AskDelivery, AskStatus
from node.didcomm.protocols.problems import COMMENTS, REPORT
from node.didcomm.protocols.step import step
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken

SPOKEN = spoken((*CREDENTIALS, *MEDIATOR))
TYPES = sorted(
    {
        f"{declared.type.protocol_uri}/{name}"
        for declared in SPOKEN.values()
        for name in (*declared.opens, *declared.answers, *(name for _, _, name in declared.transitions))
    }
    | {str(REPORT)}
)
MEMBERS = [
    "response_requested",
    "queries",
    "disclosures",
    "content",
    "comment",
    "goal_code",
    "code",
    "args",
    "credential",
    "status",
    "receipts",
    "formats",
    "binding_method",
    "binding_proof",
    "didcomm_signed_attachment",
    "nonce",
    "aud",
    "attachment_id",
    "format",
    "issuer",
    "id",
    "options",
    "challenge",
    "presentation_definition",
    "input_descriptors",
    "presentation_submission",
    "definition_id",
    "will_confirm",
    "routing_did",
    "updates",
    "updated",
    "recipient_did",
    "action",
    "result",
    "paginate",
    "limit",
    "offset",
    "dids",
    "pagination",
    "next",
    "message_count",
    "message_id_list",
    "live_delivery",
    "feature-type",
    "match",
    "replacement_id",
    "data_model_versions_supported",
    "credential_preview",
]
TEXTS = st.sampled_from(
    ["", "*", "did:example:a", "add", "success", "e.p.me", "w.m", "vc+sd-jwt", "nonce-1"]
) | st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(MEMBERS), VALUES, max_size=6)
ATTACHMENTS = st.builds(
    lambda name, data, signed: {"format": name, "data": data | ({"jws": signed} if signed is not None else {})},
    st.sampled_from(sorted(FORMATS)),
    st.builds(lambda value: {"json": value}, VALUES | OBJECTS)
    | st.builds(lambda text: {"base64": text}, st.sampled_from(["e30", "eyJhIjoxfQ", "!", "AAAA", ""])),
    st.none() | st.sampled_from([{}, {"protected": "e30", "signature": "AA"}, "e30..AA"]),
)


def _waiting():
    """An exchange in each state in which one of our own waits, with the side that waits."""
    found = [(None, ISSUER), (None, HOLDER)]
    for event in (
        Propose(),
        RequestMediation(),
        UpdateRecipients(()),
        QueryRecipients(),
        AskStatus(),
        AskDelivery(),
        AskFeatures((Query("protocol", "*"),)),
    ):
        side = Side(HOLDER, SPOKEN)
        side.begin(event, ISSUER)
        found.append((side.exchange, HOLDER))
    issuer, holder = sides()
    holder.take(*issuer.begin(offering(), HOLDER, thread="thread-1"))
    found.append((issuer.exchange, ISSUER))
    holder.do(requesting())
    found.append((holder.exchange, HOLDER))
    verifier, _ = sides()
    verifier.begin(asking(), HOLDER)
    return [*found, (verifier.exchange, ISSUER)]


WAITING = _waiting()


@settings(max_examples=150)
@given(
    st.sampled_from(WAITING),
    st.sampled_from(TYPES),
    OBJECTS,
    st.lists(ATTACHMENTS, max_size=3),
    st.sampled_from(
        [{}, {"pthid": "thread-1"}, {"expires_time": 0}, {"please_ack": [""]}, {"headers": {"formats": [7]}}]
    ),
)
def test_every_message_comes_to_something(waiting, type_, body, attachments, members):
    exchange, ours = waiting
    theirs = HOLDER if ours == ISSUER else ISSUER
    message = written(
        type_,
        body,
        by=theirs,
        to=ours,
        id="m",
        thid="thread-1" if exchange is not None else None,
        attachments=attachments,
        **members,
    )
    done = step(exchange, received(message), protocols=SPOKEN, at=AT)
    if done.exchange is not None:
        kept(done.exchange)
    assert len(done.messages) <= 1
    for told in done.messages:
        assert [str(each.did) for each in told.to] == [theirs]
        assert not told.type.is_a(REPORT) or told.body["code"] in COMMENTS
    again = step(done.exchange, received(message), protocols=SPOKEN, at=AT)
    if done.exchange is not None and done.exchange.repeated(message):
        assert (again.exchange, again.messages) == (done.exchange, done.messages)
        assert not again.effects
