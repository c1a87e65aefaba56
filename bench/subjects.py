"""What is timed: many badges of one shape, so that no side can answer from a memory of the very same document."""

import copy
import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

from node.credentials.pictures.picture import bake

BADGE = Path(__file__).with_name("badge.json")
QUADS = 68
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"

PICTURE_SIDE = 180
PIECE = 8192


def baked(badge: bytes) -> bytes:
    """A PNG of some 100 kB with the badge in it: a drawing of 400 pixels to a side takes no more.

    Its pixels are noise: nothing of them is decoded, so the size alone counts.
    """
    noise = random.Random(7)  # noqa: S311 - the same picture in every run, no secret
    rows = b"".join(b"\0" + noise.randbytes(3 * PICTURE_SIDE) for _ in range(PICTURE_SIDE))
    data = zlib.compress(rows)
    header = struct.pack(">IIBBBBB", PICTURE_SIDE, PICTURE_SIDE, 8, 2, 0, 0, 0)
    pieces = [(b"IDAT", data[start : start + PIECE]) for start in range(0, len(data), PIECE)]
    image = b"\x89PNG\r\n\x1a\n"
    for kind, content in [(b"IHDR", header), *pieces, (b"IEND", b"")]:
        image += len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
    return bake(image, badge)


def badges(issuer: str, count: int, *more_contexts: str) -> list[dict[str, Any]]:
    """The bench's badge by this issuer, for as many learners."""
    template = json.loads(BADGE.read_text(encoding="utf-8"))
    template["issuer"]["id"] = issuer
    template["@context"] += more_contexts
    made = []
    for number in range(count):
        badge = copy.deepcopy(template)
        badge["id"] = f"urn:uuid:6c1c0c0e-54a1-4f63-9d0d-{number:012x}"
        badge["credentialSubject"]["id"] = f"did:example:learner-{number}"
        badge["credentialSubject"]["result"][0]["value"] = "ABC"[number % 3]
        badge["evidence"][0]["id"] = f"https://rzemiosla.example/evidence/{number}"
        made.append(badge)
    return made
