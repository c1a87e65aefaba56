"""Pages of achievements, and their pictures: what anybody reads, and what nobody can put there."""

import hashlib
import json
import re

import pytest
from achievement_desk import HOME, HTML, published
from node_support import PUBLIC_URL, A, B
from picture_support import png
from register_support import add_signer, draft, registrar
from sqlalchemy import update

from node.adapters.database.tables import ORGANISATIONS

# Names that would do something if a page let them.
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "</dd></dl><iframe srcdoc='<script>alert(1)</script>'>",
    "\u202egpj.exe",
    "\u2066evil\u2069 \u200fRTL",
    "a\u0000b\u001b[31m",
    "&lt;b&gt; &amp;amp;",
    "<!--",
    "]]>",
    "<style>*{display:none}</style>",
]


@pytest.mark.threat(14)
@pytest.mark.parametrize("language", ["en", "pl"])
async def test_no_page_runs_or_loads_what_somebody_wrote(node, language):
    await add_signer(node)
    for text in XSS:
        renamed = update(ORGANISATIONS).values(name=f"School {text}".replace("\0", ""))
        await node.database.transact(lambda connection, renamed=renamed: connection.execute(renamed))
        await registrar(node, PUBLIC_URL).publish(A)
        hostile = draft(
            name=f"Course {text}",
            nameMap={"pl": f"Kurs {text}"},
            description=f"About {text}",
            prerequisite=f"Before {text}",
            criteria={"narrative": f"Do {text}"},
            tag=[f"tag {text}"],
        )
        hostile["resultDescription"][0]["name"] = f"Can {text}"
        hostile["resultDescription"][0]["nameMap"] = {"pl": f"Umie {text}"}
        hostile["alignment"].append(
            {"targetType": "CFItem", "targetName": f"To {text}", "targetUrl": "javascript:alert(1)"}
        )
        name = await published(node, hostile)
        offer = {"cost": "free", "note": f"Note {text}"}
        answer = await node.client.put(f"{HOME}/{name}/offer", json=offer, headers=node.key("designer"))
        assert answer.status_code == 204
        search = {"q": text[:50], "lang": language}
        assert (await node.client.get("/register")).json()["registers"]
        for path, params in (
            (f"/achievements/{name}", {"lang": language}),
            ("/catalogue", search),
            ("/register", search),
        ):
            page = await node.client.get(path, params=params, headers=HTML)
            assert page.status_code == 200, (path, text)
            assert_harmless(page)
    assert_harmless(await node.client.get("/catalogue", params={"lang": language}, headers=HTML))


def assert_harmless(page):
    policy = page.headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    tags = {tag.lower() for tag in re.findall(r"<\s*/?\s*([a-zA-Z]+)", page.text)}
    assert not tags & {"script", "iframe", "svg", "object", "embed", "style", "base"}, tags
    attributes = {
        name.lower() for tag in re.findall(r"<[^>]*>", page.text) for name in re.findall(r'\s([a-z-]+)="', tag)
    }
    assert not {name for name in attributes if name.startswith("on") or name == "style"}
    assert not re.search(r'(?:href|src)="\s*(?!https://|http://|#)', page.text)
    assert not any(char in page.text for char in "\u202e\u2066\u2069\u200f\u0000\u001b")


async def test_a_page_says_the_class_first_and_all_five_facts(node):
    full = await published(node)
    offer = {"cost": {"amount": "120.00", "currency": "PLN"}, "url": "https://school.example/welding"}
    await node.client.put(f"{HOME}/{full}/offer", json=offer, headers=node.key("designer"))
    page = await node.client.get(f"/achievements/{full}?lang=pl", headers=HTML)
    text = page.text
    assert page.headers["content-language"] == "pl"
    assert '<html lang="pl">' in text
    assert text.index("Mikropoświadczenie, 7 z 7 elementów") < text.index("<h1>")
    assert '<h1><bdi lang="pl">Spawanie metodą MIG, poziom podstawowy</bdi></h1>' in text
    for said in (
        "2 punkty ECTS",
        "zadanie praktyczne",
        "120.00 PLN",
        "można łączyć z innymi",
        "https://school.example/rules",
    ):
        assert said in text
    assert "nie podano" not in text.split("Więcej o tym")[0]
    assert '<bdi lang="en">Weld three test pieces; each passes the visual examination.</bdi>' in text
    assert '<bdi lang="pl">Dobiera prąd i posuw drutu do blachy</bdi>' in text
    assert "charset=utf-8" in page.headers["content-type"]
    bare = {"name": "Club", "description": "Reads.", "criteria": {"narrative": "Come."}, "assessmentType": "none"}
    empty = await node.client.get(f"/achievements/{await published(node, bare)}?lang=en", headers=HTML)
    facts = empty.text.split("<dl>")[1].split("</dl>")[0]
    assert facts.count("not stated") == 3
    assert facts.count("<dt>") == 5


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, False),
        ("*/*", False),
        ("application/ld+json", False),
        ("application/json", False),
        ("text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("application/ld+json, text/html;q=0.5", False),
        ("text/html;q=0", False),
        ("text/html;q=zero, */*", False),
    ],
)
async def test_who_asks_decides_the_form(node, accept, html):
    name = await published(node)
    headers = {} if accept is None else {"Accept": accept}
    answer = await node.client.get(f"/achievements/{name}", headers=headers)
    assert answer.headers["content-type"].startswith("text/html") is html
    assert "Accept" in answer.headers["vary"]
    forced = await node.client.get(f"/achievements/{name}?format=json", headers=HTML)
    assert json.loads(forced.content)["id"].endswith("/versions/1")


async def test_a_picture_is_published_with_its_achievement(node):
    headers = {**node.key("designer"), "Content-Type": "image/png"}
    answer = await node.client.post("/organisation/pictures", content=png(), headers=headers)
    picture = answer.json()
    assert answer.status_code == 201, answer.text
    path = picture["url"].removeprefix(PUBLIC_URL)
    assert (await node.client.get(path)).status_code == 404, "nobody sees it before"
    assert (await node.client.get(f"/organisation/pictures/{picture['digest']}", headers=headers)).status_code == 200
    stranger = node.key("designer", B)
    assert (await node.client.get(f"/organisation/pictures/{picture['digest']}", headers=stranger)).status_code == 404
    name = await published(node, draft(image={"id": picture["url"]}))
    seen = await node.client.get(path)
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    assert hashlib.sha256(seen.content).hexdigest() == picture["digest"]
    assert seen.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (await node.client.get(path.replace(".png", ".svg"))).status_code == 404
    assert (await node.client.get(f"/achievements/{name}/image")).content == seen.content
    page = await node.client.get(f"/achievements/{name}", headers=HTML)
    assert f'src="{picture["url"]}"' in page.text
    assert (await node.client.delete(f"/organisation/pictures/{picture['digest']}", headers=headers)).status_code == 409


@pytest.mark.threat(61)
async def test_an_svg_is_served_as_a_picture_that_can_do_nothing(node):
    hostile = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="alert(1)"><script>alert(1)</script>'
        b'<image href="https://evil.example/x.png"/><rect width="9" height="9" fill="url(https://evil.example)"/></svg>'
    )
    headers = {**node.key("designer"), "Content-Type": "image/svg+xml"}
    answer = await node.client.post("/organisation/pictures", content=hostile, headers=headers)
    assert answer.status_code == 201
    assert {one.partition(" (")[0] for one in answer.json()["leftOut"]} == {
        "script",
        "image",
        "svg onload",
        "rect fill",
    }
    name = await published(node, draft(image={"id": answer.json()["url"]}))
    seen = await node.client.get(f"/achievements/{name}/image")
    assert (
        seen.content
        == b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"></rect></svg>'
    )
    assert seen.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert seen.headers["content-disposition"].startswith("attachment")
    assert seen.headers["x-content-type-options"] == "nosniff"
    for bad in (b"<svg/>", b"GIF89a", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>"):
        assert (await node.client.post("/organisation/pictures", content=bad, headers=headers)).status_code == 400


async def test_the_style_sheet_has_a_name_that_changes_with_it(node):
    name = await published(node)
    page = await node.client.get(f"/achievements/{name}", headers=HTML)
    address = re.search(r'<link rel="stylesheet" href="([^"]+)"', page.text)[1]
    style = await node.client.get(address)
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in style.headers["cache-control"]
    assert (await node.client.get("/assets/glejt-0.css")).status_code == 404
