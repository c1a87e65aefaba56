"""Pictures made for tests, by a writer of a few lines: no image library decides what is in them."""

import base64
import json
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"
V3 = "https://purl.imsglobal.org/ob/v3p0"
V2 = "http://openbadges.org"
CREDENTIAL = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "name": "Zażółć gęślą jaźń ĄĆĘŁŃÓŚŹŻ 🎓 ]]> <&\"'",
    "proof": {"type": "DataIntegrityProof"},
}
ASSERTION = {
    "@context": "https://w3id.org/openbadges/v2",
    "id": "https://example.org/assertions/1?a=1&b=2",
    "type": "Assertion",
    "verification": {"type": "hosted"},
}


def text(document):
    """A document as it would be baked."""
    return json.dumps(document, ensure_ascii=False).encode()


def token(payload, **header):
    """A compact JWS whose signature nobody made."""
    parts = (json.dumps({"alg": "EdDSA"} | header).encode(), text(payload), b"signature")
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


def chunk(kind, data=b"", *, crc=None):
    """One PNG chunk; `crc` overrides the right one."""
    right = zlib.crc32(kind + data)
    return len(data).to_bytes(4) + kind + data + (right if crc is None else crc).to_bytes(4)


def header(width=2, height=2, depth=8, colour=2, tail=b"\0\0\0"):
    """An IHDR chunk."""
    return chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes([depth, colour]) + tail)


IDAT = chunk(b"IDAT", zlib.compress(b"\0abcdef\0ghijkl"))
IEND = chunk(b"IEND")


def png(*extra, head=None, image=IDAT, end=IEND):
    """A picture of two by two pixels, with more chunks before its end."""
    return SIGNATURE + (head or header()) + chunk(b"gAMA", (45455).to_bytes(4)) + image + b"".join(extra) + end


def international(content, keyword=b"openbadgecredential", *, compressed=False, language=b"", translated=b""):
    """An iTXt chunk."""
    body = zlib.compress(content) if compressed else content
    parts = keyword, b"\0", bytes([compressed, 0]), language, b"\0", translated, b"\0", body
    return chunk(b"iTXt", b"".join(parts))


def latin(content, keyword=b"openbadgecredential"):
    """A tEXt chunk."""
    return chunk(b"tEXt", keyword + b"\0" + content)


def compressed_latin(content, keyword=b"openbadgecredential"):
    """A zTXt chunk."""
    return chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(content))


def chunks_of(image):
    """The chunks of a sound picture, each whole."""
    place, found = len(SIGNATURE), []
    while place < len(image):
        end = place + 12 + int.from_bytes(image[place : place + 4])
        found.append(image[place:end])
        place = end
    return found


def svg(inside="", attributes="", before='<?xml version="1.0" encoding="UTF-8"?>\n'):
    """A picture of a circle."""
    drawn = f'<circle cx="8" cy="8" r="7" fill="url(#g)"/>{inside}'
    return (
        f'{before}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"{attributes}>\n{drawn}\n</svg>\n'.encode()
    )


def element(body="", *, verify=None, name="credential", namespace=V3):
    """An element that carries a badge."""
    attribute = "" if verify is None else f' verify="{verify}"'
    return f'<openbadges:{name} xmlns:openbadges="{namespace}"{attribute}>{body}</openbadges:{name}>'


def section(document):
    """A document as the body of an element."""
    return "<![CDATA[" + text(document).decode().replace("]]>", "]]]]><![CDATA[>") + "]]>"
