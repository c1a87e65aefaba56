"""Random documents that lose nothing on the way to RDF: what the differential tests feed to every implementation.

`document(seed)` is a function of its seed alone, so a disagreement is reproduced by its number.
"""

import random
import string
from collections.abc import Callable
from typing import Any

VC2 = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
OWN = "https://vocabulary.example/"

# What strings of real credentials hold, and what escaping, encodings and keyword look-alikes trip over. What the peers
# are known to treat differently is absent here and has a test of its own: see test_disagreements.py.
WORDS = [
    "Woodturning", "Zażółć gęślą jaźń", "Вікно", "مهارة النجارة", "木工の基礎", "e\u0301te\u0301", "🪵🔨", "𝔹𝕠𝕨𝕝",  # noqa: RUF001 - meant
    'say "bowl"', "back\\slash", "line\nbreak", "carriage\rreturn", "tab\tstop", "\u2028\u2029", "\u200f\u202e",
    "\ud7ff", "", " ", "  two  spaces  ", "https://looks.example/like#an-iri", "_:looks-like-a-node",
    "did:example:text", "@", "@id", "a@b.example", "true", "null", "12", "1.5E0", "<b>&amp;</b>", "{}", "[]", "-",
    "ext:Custom", "c14n0", "^^<x>", "'", "`",
]  # fmt: skip
LANGUAGES = ["en", "pl", "uk", "en-gb", "zh-hans", "de-ch-1996"]
SCHEMES: list[Callable[[random.Random], str]] = [
    lambda r: f"https://example.org/{_word(r)}",
    lambda r: f"https://example.org/{_word(r)}?q={_word(r)}&r=1#{_word(r)}",
    lambda r: f"http://xn--d1acufc.example:8080/%C5%BC/{_word(r)}/../x",
    lambda r: f"https://przykład.example/żółw/{_word(r)}",
    lambda r: f"urn:uuid:{r.getrandbits(128):032x}",
    lambda r: f"did:example:{_word(r)}",
    lambda r: f"did:web:example.org:{_word(r)}#key-1",
    lambda r: f"mailto:{_word(r)}@example.org",
    lambda r: f"tag:example.org,2026:{_word(r)}",
]


def document(seed: int) -> dict[str, Any]:
    """The document of this number: two in three are Open Badges, the rest exercise JSON-LD on terms of their own."""
    r = random.Random(seed)  # noqa: S311 - reproducible samples, no secret
    return r.choice([_badge, _badge, _own_terms])(r)


def _word(r: random.Random) -> str:
    return "".join(r.choices(string.ascii_lowercase + string.digits, k=r.randint(1, 12)))


def _text(r: random.Random) -> str:
    return r.choice([_word(r), r.choice(WORDS), r.choice(WORDS) + r.choice(WORDS), f"{_word(r)} {r.choice(WORDS)}"])


def _iri(r: random.Random) -> str:
    return r.choice(SCHEMES)(r)


def _moment(r: random.Random) -> str:
    day = f"20{r.randint(10, 60)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}"
    return f"{day}T{r.randint(0, 23):02}:{r.randint(0, 59):02}:00{r.choice(['Z', '+02:00', '-11:30'])}"


def _number(r: random.Random) -> float:
    """Numbers within I-JSON, the awkward ones often; floats of at most 15 digits, written alike by everyone."""
    return r.choice(
        [
            r.randint(-10, 10),
            r.randint(-(2**53) + 1, 2**53 - 1),
            r.choice([0, 1, -1, 2**53 - 1, -(2**53) + 1, 10**15, 2**31, 2**32]),
            round(r.uniform(-1000, 1000), r.randint(1, 6)),
            float(f"{r.uniform(-1, 1) * 10 ** r.randint(-20, 14) + 0.5:.15g}"),
            r.choice([0.1, 0.5, 1.5, 4.25, 1.5e-7, 1e-6, 123456789.125, 2.5e-300, 0.333333333333333]),
        ]
    )


def _one_or_more(r: random.Random, make: Callable[[random.Random], Any], *, plain: bool = True) -> Any:
    """A value alone, or an array of some: both are allowed in most places."""
    if plain and r.random() < 0.5:
        return make(r)
    return [make(r) for _ in range(r.randint(1, 3))]


def _some(r: random.Random, optional: dict[str, Callable[[random.Random], Any]]) -> dict[str, Any]:
    """Some of the members, in any order."""
    names = r.sample(list(optional), k=r.randint(0, len(optional)))
    return {name: optional[name](r) for name in names}


def _typed(
    r: random.Random, kind: str, optional: dict[str, Callable[[random.Random], Any]], *, named: float = 0.5
) -> dict[str, Any]:
    """A node of one type, with or without an identifier: without, it becomes a blank node."""
    node: dict[str, Any] = {"type": r.choice([kind, [kind]])}
    if r.random() < named:
        node["id"] = _iri(r)
    node |= _some(r, optional)
    return dict(r.sample(list(node.items()), k=len(node)))


def _localised(r: random.Random) -> Any:
    """A string, or strings in several languages, with a direction now and then."""
    if r.random() < 0.7:
        return _text(r)
    values = _one_or_more(r, _value_object)
    # The peers take two texts that differ in their direction alone for one: see test_disagreements.py.
    return list({(v["@value"], v["@language"]): v for v in values}.values()) if isinstance(values, list) else values


def _value_object(r: random.Random) -> dict[str, Any]:
    value = {"@value": _text(r), "@language": r.choice(LANGUAGES)}
    if r.random() < 0.2:
        value["@direction"] = r.choice(["ltr", "rtl"])
    return value


def _image(r: random.Random) -> dict[str, Any]:
    return _typed(r, "Image", {"caption": _text}, named=1)


def _identifier(r: random.Random) -> dict[str, Any]:
    return _typed(r, "IdentifierEntry", {"identifier": _text, "identifierType": _text}, named=0)


def _address(r: random.Random) -> dict[str, Any]:
    geo = {"latitude": _number, "longitude": _number}
    return _typed(
        r,
        "Address",
        {
            "addressCountry": _text, "addressCountryCode": _text, "addressLocality": _text, "postalCode": _text,
            "streetAddress": _text, "geo": lambda r: _typed(r, "GeoCoordinates", geo, named=0),
        },
        named=0.1,
    )  # fmt: skip


def _profile(r: random.Random, depth: int = 0) -> dict[str, Any]:
    members: dict[str, Callable[[random.Random], Any]] = {
        "name": _localised, "description": _localised, "url": _iri, "email": _text, "phone": _text, "official": _text,
        "image": _image, "address": _address, "givenName": _text, "familyName": _text, "dateOfBirth": _moment,
        "otherIdentifier": lambda r: _one_or_more(r, _identifier),
    }  # fmt: skip
    if depth < 2:
        members["parentOrg"] = lambda r: _profile(r, depth + 1)
    return _typed(r, "Profile", members, named=1)


def _alignment(r: random.Random) -> dict[str, Any]:
    members = {
        "targetCode": _text, "targetDescription": _text, "targetFramework": _text, "targetName": _text,
        "targetType": _text, "targetUrl": _iri,
    }  # fmt: skip
    return _typed(r, "Alignment", members, named=0.2)


def _level(r: random.Random) -> dict[str, Any]:
    members = {
        "name": _localised,
        "level": _text,
        "points": _number,
        "alignment": lambda r: _one_or_more(r, _alignment),
    }
    return _typed(r, "RubricCriterionLevel", members, named=0.7)


def _result_description(r: random.Random) -> dict[str, Any]:
    members = {
        "name": _localised, "resultType": _text, "valueMax": _number, "valueMin": _number, "requiredLevel": _iri,
        "allowedValue": lambda r: [r.choice([_text, _number])(r) for _ in range(r.randint(0, 5))],
        "rubricCriterionLevel": lambda r: _one_or_more(r, _level),
        "alignment": lambda r: _one_or_more(r, _alignment),
    }  # fmt: skip
    return _typed(r, "ResultDescription", members, named=0.8)


def _criteria(r: random.Random) -> dict[str, Any]:
    return r.choice([{"id": _iri(r)}, {"narrative": _text(r)}, {"id": _iri(r), "narrative": _text(r)}])


def _related(r: random.Random) -> dict[str, Any]:
    return _typed(r, "Related", {"version": _text, "inLanguage": _text}, named=1)


def _achievement(r: random.Random) -> dict[str, Any]:
    members = {
        "name": _localised, "description": _localised, "achievementType": _text, "creditsAvailable": _number,
        "fieldOfStudy": _text, "humanCode": _text, "version": _text, "inLanguage": _text, "specialization": _text,
        "image": _image, "creator": _profile, "tag": lambda r: _one_or_more(r, _text),
        "criteria": _criteria,
        "alignment": lambda r: _one_or_more(r, _alignment),
        "resultDescription": lambda r: _one_or_more(r, _result_description),
        "related": lambda r: _one_or_more(r, _related),
        "otherIdentifier": lambda r: _one_or_more(r, _identifier),
    }  # fmt: skip
    return _typed(r, "Achievement", members, named=0.9)


def _result(r: random.Random) -> dict[str, Any]:
    members = {
        "achievedLevel": _iri, "resultDescription": _iri, "status": _text,
        "value": lambda r: r.choice([_text, _number, lambda r: r.random() < 0.5])(r),
        "alignment": lambda r: _one_or_more(r, _alignment),
    }  # fmt: skip
    return _typed(r, "Result", members, named=0)


def _identity(r: random.Random) -> dict[str, Any]:
    members = {"hashed": lambda r: r.random() < 0.5, "identityHash": _text, "identityType": _text, "salt": _text}
    return _typed(r, "IdentityObject", members, named=0)


def _subject(r: random.Random) -> dict[str, Any]:
    members = {
        "achievement": _achievement, "activityStartDate": _moment, "activityEndDate": _moment, "creditsEarned": _number,
        "identifier": lambda r: _one_or_more(r, _identity), "image": _image, "licenseNumber": _text, "role": _text,
        "term": _text, "source": _profile, "result": lambda r: _one_or_more(r, _result), "narrative": _text,
    }  # fmt: skip
    return _typed(r, "AchievementSubject", members, named=0.7)


def _evidence(r: random.Random) -> dict[str, Any]:
    members = {"name": _localised, "description": _localised, "narrative": _text, "audience": _text, "genre": _text}
    return _typed(r, "Evidence", members)


def _badge(r: random.Random) -> dict[str, Any]:
    contexts = [VC2, OPEN_BADGES] + [OPEN_BADGES_EXTENSIONS] * (r.random() < 0.2)
    members = {
        "id": _iri, "name": _localised, "description": _localised, "validFrom": _moment, "validUntil": _moment,
        "awardedDate": _moment, "image": _image, "evidence": lambda r: _one_or_more(r, _evidence),
        "credentialStatus": lambda r: _one_or_more(r, _status),
        "termsOfUse": lambda r: {"id": _iri(r), "type": _iri(r)},
        "relatedResource": lambda r: {"id": _iri(r), "mediaType": _text(r), "digestMultibase": "z" + _word(r)},
        "endorsement": lambda r: _one_or_more(r, _endorsement),
    }  # fmt: skip
    kind = r.choice(["OpenBadgeCredential", "AchievementCredential"])
    required = {
        "@context": contexts,
        "type": r.sample(["VerifiableCredential", kind], k=2),
        "issuer": r.choice([_iri, _profile])(r),
        "credentialSubject": _one_or_more(r, _subject),
    }
    made = list((required | _some(r, members)).items())
    return dict(r.sample(made, k=len(made)))


def _status(r: random.Random) -> dict[str, Any]:
    members = {
        "statusPurpose": _text, "statusListIndex": lambda r: str(r.randint(0, 10**6)), "statusListCredential": _iri,
        "statusSize": lambda r: r.randint(1, 8),
        "statusMessage": lambda r: [{"status": hex(n), "message": _text(r)} for n in range(r.randint(1, 3))],
    }  # fmt: skip
    return _typed(r, "BitstringStatusListEntry", members)


def _endorsement(r: random.Random) -> dict[str, Any]:
    subject = _typed(r, "EndorsementSubject", {"endorsementComment": _text}, named=1)
    members = {"name": _localised, "validFrom": _moment}
    types = ["VerifiableCredential", "EndorsementCredential"]
    return {"type": types, "issuer": _profile(r), "credentialSubject": subject} | _some(r, members)


# Terms of a context of one's own: each a feature of JSON-LD 1.1 that a credential in the field uses, and its values.
def _terms() -> dict[str, tuple[Any, Callable[[random.Random], Any]]]:
    def scalar(r: random.Random) -> Any:
        return r.choice([_text, _number, lambda r: r.random() < 0.5])(r)

    def node(r: random.Random) -> dict[str, Any]:
        return {"plain": _text(r)} | ({"@id": _iri(r)} if r.random() < 0.5 else {})

    return {
        "plain": (OWN + "plain", scalar),
        "alsoPlain": ({"@id": "own:alsoPlain"}, scalar),
        "many": ({"@id": "own:many", "@container": "@set"}, lambda r: _one_or_more(r, scalar)),
        "ordered": ({"@id": "own:ordered", "@container": "@list"}, lambda r: _one_or_more(r, scalar)),
        "orderedNodes": ({"@id": "own:orderedNodes", "@container": "@list"}, lambda r: _one_or_more(r, node)),
        "labels": ({"@id": "own:labels", "@container": "@language"}, _language_map),
        "inPolish": ({"@id": "own:inPolish", "@language": "pl"}, _text),
        "noLanguage": ({"@id": "own:noLanguage", "@language": None}, _text),
        "json": ({"@id": "own:json", "@type": "@json"}, _json),
        "link": ({"@id": "own:link", "@type": "@id"}, lambda r: _one_or_more(r, _iri)),
        "kindOf": ({"@id": "own:kindOf", "@type": "@vocab"}, lambda _: "Kind"),
        "when": ({"@id": "own:when", "@type": "xsd:dateTime"}, _moment),
        "amount": ({"@id": "own:amount", "@type": "xsd:decimal"}, lambda r: str(round(r.uniform(0, 9), 2))),
        "double": ({"@id": "own:double", "@type": "xsd:double"}, _number),
        "node": (OWN + "node", node),
        "byName": (
            {"@id": "own:byName", "@container": "@index", "@index": "own:name"},
            lambda r: {_word(r): node(r) for _ in range(r.randint(1, 3))},
        ),
        "byId": (
            {"@id": "own:byId", "@container": "@id"},
            lambda r: {_iri(r): {"plain": _text(r)} for _ in range(r.randint(1, 3))},
        ),
        "graph": ({"@id": "own:graph", "@container": "@graph"}, node),
        "scoped": (
            {"@id": "own:scoped", "@context": {"inner": OWN + "inner"}},
            lambda r: {"inner": scalar(r), "plain": _text(r)},
        ),
        "partOf": ({"@reverse": "own:hasPart"}, node),
    }


def _language_map(r: random.Random) -> dict[str, Any]:
    return {language: _one_or_more(r, _text) for language in r.sample(LANGUAGES, k=r.randint(1, 4))}


def _json(r: random.Random, depth: int = 0) -> Any:
    if depth == 3 or r.random() < 0.4:
        return r.choice([_text(r), _number(r), True, False, None])
    if r.random() < 0.5:
        return [_json(r, depth + 1) for _ in range(r.randint(0, 4))]
    return {_text(r): _json(r, depth + 1) for _ in range(r.randint(0, 4))}


def _own_terms(r: random.Random) -> dict[str, Any]:
    terms = _terms()
    defaults = r.choice([{}, {"@language": "en"}, {"@vocab": OWN}])
    context = {"own": OWN, "xsd": "http://www.w3.org/2001/XMLSchema#", "Kind": OWN + "Kind"} | defaults
    context |= {name: definition for name, (definition, _) in terms.items()}
    chosen = r.sample(list(terms), k=r.randint(1, len(terms)))
    subject = {"id": _iri(r)} | {name: terms[name][1](r) for name in chosen}
    if r.random() < 0.3:
        subject["type"] = ["Kind"]
    return {
        "@context": [VC2, context],
        "type": ["VerifiableCredential"],
        "issuer": _iri(r),
        "credentialSubject": subject,
    }
