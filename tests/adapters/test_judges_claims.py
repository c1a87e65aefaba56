"""What claims have done by the processes that judge, within their limits: pages are printed, keys are shown."""

import asyncio
from datetime import UTC, datetime

import orjson
import pytest
from claim_support import Holder
from node_support import PUBLIC_URL
from samples import badge

from node.adapters.judging.service import Judging
from node.ports.judging import InputRefusedError
from node.verification.case import Request

PROOF = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofValue": "z1"}
MEMBER = "verifiablePresentation"


def test_a_page_is_printed_and_a_key_is_shown_where_no_file_can_be_written():
    async def scenario():
        holder = Holder()
        shown = await holder.presentation("the-challenge", at=datetime.now(UTC))
        message = orjson.dumps({MEMBER: shown, "options": {"challenge": "the-challenge"}})
        credential = orjson.dumps(badge(proof=PROOF))
        async with Judging(size=1, online=False) as judging:
            pages = [await judging.print_page(credential, language) for language in ("en", "pl")]
            assert all(page.startswith(b"%PDF-") for page in pages)
            assert pages[0] != pages[1]
            assert await judging.possession(message, Request("the-challenge", PUBLIC_URL), inside=MEMBER) == holder.did
            for request in (Request("another", PUBLIC_URL), Request("the-challenge", "https://evil.example")):
                with pytest.raises(InputRefusedError) as caught:
                    await judging.possession(message, request, inside=MEMBER)
                assert caught.value.code == "holder.replay"
            with pytest.raises(InputRefusedError) as caught:
                await judging.possession(credential, Request("the-challenge", PUBLIC_URL))
            assert caught.value.code == "holder.no_presentation"

    asyncio.run(scenario())
