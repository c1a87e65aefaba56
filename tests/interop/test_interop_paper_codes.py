"""The QR code on a printed page, read by another implementation."""

import base64
import io

import pytest
from pdf_support import bytes_of, drawn, signed_sample
from PIL import Image

from node.issuance.printed_page import page_of

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("language", ["en", "pl"])
@pytest.mark.parametrize(
    "address", [None, "https://school.example/credentials/1", "https://school.example/" + "a" * 177]
)
def test_the_peer_reads_the_code_of_a_printed_page(peer, language, address):
    page = page_of(bytes_of(signed_sample()), language, address=address)
    grey = Image.open(io.BytesIO(drawn(page, resolution=150))).convert("L")
    pixels = base64.b64encode(grey.tobytes()).decode()
    assert peer.ask("qr", grey=pixels, width=grey.width, height=grey.height) == page.code.text
