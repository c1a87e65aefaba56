import pytest
from support import vectors

from node.documents import parse_object
from node.verification.vocabulary import vocabulary


@pytest.mark.vectors
@pytest.mark.parametrize(
    "name",
    [
        "credential-description-language-direction-en-ok",
        "credential-name-language-direction-en-ok",
        "issuer-description-language-direction-en-ok",
        "issuer-name-language-direction-en-ok",
    ],
)
def test_the_direction_of_a_text_is_signed(name):
    path = vectors("vc-data-model-2.0", "input", "names-and-descriptions", f"{name}.json")
    document = parse_object(path.read_bytes())
    document["@context"] = [url for url in document["@context"] if "examples" not in url]
    document["type"] = ["VerifiableCredential"]
    document["credentialSubject"] = {"id": "did:example:subject"}
    document["validFrom"] = "2026-01-01T00:00:00Z"
    document.setdefault("issuer", "did:example:issuer")
    statements = vocabulary(()).jsonld.to_rdf(document)
    assert any("https://www.w3.org/ns/i18n#en_" in quad[2] for quad in statements)
