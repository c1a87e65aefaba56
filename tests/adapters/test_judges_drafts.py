"""Drafts, pictures and accreditations are read in processes, and what comes back is what this process would say."""

import orjson
import pytest
from accreditation_support import BODY, accreditation, signed
from judges_support import Shared
from picture_support import png
from register_support import draft
from status_support import Web

from node.credentials.pictures.cleaning import clean
from node.documents import DocumentError
from node.issuance.achievement_review import review
from node.ports.judging import InputRefusedError

URL = "https://node.example/achievements/a/versions/1"
SUBJECT = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><script/><rect width="4" height="4"/></svg>'
shared = Shared()


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    shared.close()


def done(work):
    async def story():
        async with shared.over(Web({})) as service:
            return await work(service)

    return shared.run(story())


@pytest.mark.parametrize("content", [draft(), {}, {"name": 7, "resultDescription": [[]], "id": "x"}])
def test_a_draft_is_reviewed_in_a_process(content):
    data = orjson.dumps(content)
    assert done(lambda service: service.review(data, URL, 1)) == review(data, URL, 1).to_json()


def test_what_is_no_draft_is_refused_there():
    for data in (b"{", b'{"a":1,"a":1}', b"[" * 10_000):
        with pytest.raises(DocumentError):
            done(lambda service, data=data: service.review(data, URL, 1))


@pytest.mark.parametrize("image", [png(), SVG])
def test_a_picture_is_cleaned_in_a_process(image):
    found, here = done(lambda service: service.clean(image)), clean(image)
    assert (found.image, found.media_type, found.width, found.height) == (
        here.image,
        here.media_type,
        here.width,
        here.height,
    )
    assert found.left_out == here.left_out


@pytest.mark.threat(62)
def test_what_is_no_picture_is_refused_there():
    for image in (b"GIF89a", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", png()[:-1]):
        with pytest.raises(InputRefusedError) as caught:
            done(lambda service, image=image: service.clean(image))
        assert caught.value.code.startswith("picture.")


def test_whom_an_accreditation_is_of_is_read_in_a_process():
    document = signed(accreditation(BODY, SUBJECT), BODY)
    assert done(lambda service: service.accredited(document)) == SUBJECT
    with pytest.raises(InputRefusedError):
        done(lambda service: service.accredited(b'{"type": "VerifiableCredential"}'))
