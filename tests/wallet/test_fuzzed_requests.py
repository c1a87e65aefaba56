"""What somebody asks a holder for is read or refused by name, whatever it is."""

from disclosure_support import badge
from hypothesis import given, settings
from hypothesis import strategies as st

from node.wallet.errors import WalletError
from node.wallet.request import MAX_PLACES, requested

DOCUMENT = badge("ecdsa-sd")
STEPS = st.sampled_from(
    ["credentialSubject", "result", "identifier", "name", "type", "", 0, 1, -1, 2**70, None, True, 1.5]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | STEPS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["claims", "path", "where", "or", "identityType", "purpose"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)
CLAIMS = st.fixed_dictionaries({"path": st.lists(STEPS, max_size=6) | VALUES}, optional={"where": VALUES, "or": VALUES})


def at(document, path):
    for step in path.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@settings(max_examples=400, deadline=None)
@given(VALUES | st.lists(CLAIMS, max_size=4))
def test_a_request_names_what_is_there_or_is_refused(claims):
    try:
        found = requested({"claims": claims}, DOCUMENT)
    except WalletError as error:
        refused = error.code
        assert (refused, bool(error.remedy)) == ("wallet.request", True)  # noqa: PT017 -- either answer is right
        return
    assert len(found) == len(set(found)) <= MAX_PLACES
    for path in found:
        at(DOCUMENT, path)
