"""The catalogue and the register: what anybody may find, and take along."""

import hashlib
import time
from datetime import timedelta

import orjson
import pytest
from accreditation_support import BODY, accreditation, moment, signed
from node_support import NOW, PUBLIC_URL, A, B
from register_support import add_signer, draft, pages_of, publish, registrar, upload

from node.http.access import SCOPES_OF
from node.http.pages.words import words_in
from node.issuance.background.registers import Registers
from node.ports.api_keys import make_api_key
from node.ports.awarding import Achievement
from node.ports.organisations import Role
from node.ports.publishing import Entry
from node.verification.register_form import read_head, read_index, read_manifest, read_page

HTML = {"Accept": "text/html"}
BARE = {"name": "Reading club", "description": "Reads.", "criteria": {"narrative": "Come."}, "assessmentType": "none"}
SYNONYMS = [
    "mikrocertyfikacje",
    "mikrocertyfikat",
    "mikro-kwalifikacje",
    "kwalifikacje częściowe",
    "częściowe kwalifikacje",
    "uzupełniające kwalifikacje",
    "certyfikaty modułowe",
    "certyfikaty dostawcy",
    "mikropoświadczenia",
    "Micro-credentials",
    "micro credential",
    "vendor certificates",
    "modular certificate",
]


async def found(node, **params):
    answer = await node.client.get("/catalogue", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(node, **params):
    return [entry["name"][""] for entry in (await found(node, **params))["entries"]]


async def test_each_entry_shows_all_five_facts_or_names_the_gap(node):
    welding = await publish(node)
    await publish(node, BARE)
    full, bare = (await found(node))["entries"]
    assert full["id"] == f"{PUBLIC_URL}/achievements/{welding}/versions/1"
    assert (full["class"], full["gaps"]) == ("micro-credential", ["cost"])
    assert full["facts"]["workload"] == [{"value": "2", "unit": "ECTS"}]
    assert full["facts"]["stacking"] == {"stackability": "stackable", "into": ["https://school.example/rules/welder/1"]}
    assert (bare["class"], bare["gaps"]) == ("participation", ["workload", "cost", "stacking"])
    path = f"/organisation/achievements/{welding}/offer"
    offer = {"cost": {"amount": "120.00", "currency": "PLN"}, "url": "https://school.example/"}
    assert (await node.client.put(path, json=offer, headers=node.key("designer"))).status_code == 204
    (full, _) = (await found(node))["entries"]
    assert (full["facts"]["cost"], full["gaps"]) == (offer["cost"], [])
    for bad in (
        {"cost": "cheap"},
        {"cost": {"amount": "-1", "currency": "PLN"}},
        {"cost": "free", "url": "javascript:1"},
    ):
        assert (await node.client.put(path, json=bad, headers=node.key("designer"))).status_code == 400
    page = (await node.client.get("/catalogue?lang=pl", headers=HTML)).text
    assert page.index("Mikropoświadczenie, 7 z 7") < page.index("Spawanie metodą MIG") < page.index("120.00 PLN")
    assert "Nie podano: Nakład pracy, Koszt, Do czego się zalicza." in page
    assert "2 pozycje na tej stronie" in page


async def test_an_entry_is_found_by_beginnings_of_words_in_any_language(node):
    await publish(node)
    await publish(node, BARE)
    for query in ("welding", "WELD", "spawanie", "Spawań".lower()[:5], "mig weld", "prąd", "prad", "0715", "operate"):
        assert await names(node, q=query) == ["MIG welding, basic level"], query
    assert await names(node, q="club") == ["Reading club"]
    for query in ("elding", "nothing", "%", "_", "mig club", "'; DROP TABLE"):
        expected = [] if query not in {"%", "_"} else None
        result = await names(node, q=query)
        assert expected is None or result == expected, query
    assert await names(node, **{"class": "participation"}) == ["Reading club"]
    assert await names(node, q="welding", **{"class": "participation"}) == []
    assert await names(node, organisation=A) == ["MIG welding, basic level", "Reading club"]
    assert await names(node, organisation=B) == []
    assert (await node.client.get("/catalogue", params={"class": "other"})).status_code == 400


async def test_each_synonym_finds_the_term(node):
    await publish(node)
    await publish(node, BARE)
    for query in SYNONYMS:
        answer = await found(node, q=query)
        assert answer["terms"] == ["micro-credential"], query
        assert [entry["class"] for entry in answer["entries"]] == ["micro-credential"]
        page = await node.client.get("/catalogue", params={"q": query, "lang": "pl"}, headers=HTML)
        assert "Mikropoświadczenie: zapis, że ktoś osiągnął podane efekty" in page.text


async def test_a_participation_badge_is_never_shown_as_more(node):
    await publish(node, BARE)
    assert await names(node, q="odznaki") == ["Reading club"]
    assert await names(node, q="odznaki uczestnictwa") == ["Reading club"]
    assert await names(node, q="odznaki osiągnięcia") == []
    assert await names(node, q="micro-credential") == []
    for language, said in (("en", "Participation badge"), ("pl", "Odznaka uczestnictwa")):
        page = await node.client.get("/catalogue", params={"lang": language}, headers=HTML)
        assert f'<p class="class participation">{said}' in page.text


async def test_pages_lead_to_each_entry_once(node):
    for number in range(7):
        await publish(node, {**BARE, "name": f"Club {number}"})
    seen, path = [], "/catalogue?limit=3&q=club"
    while path:
        answer = (await node.client.get(path)).json()
        seen += [entry["name"][""] for entry in answer["entries"]]
        path = answer["next"] and answer["next"].removeprefix(PUBLIC_URL)
    assert seen == [f"Club {number}" for number in range(7)]


async def many(node, count):
    """So many entries, without the cost of publishing each."""

    async def work(unit):
        for number in range(count):
            name = f"course-{number:05}"
            await unit.achievements.add(Achievement(name, {"name": name}, 1, NOW, NOW))
            await unit.achievements.publish(name, b"{}", "x", NOW, revision=1)
            card = {
                "name": {"": f"Course {number} of welding, sewing and reading"},
                "description": {"": "What is learned there. " * 20},
                "score": {"met": 5, "of": 7},
            }
            words = (
                f" course {number} of welding sewing and reading {'what is learned there ' * 20}subject{number % 97} "
            )
            await unit.catalogue.put(Entry(A, name, 1, "achievement", card, words, NOW))

    await node.store.change(A, work)


async def test_a_catalogue_of_a_thousand_stays_fast(node):
    await many(node, 1000)
    await found(node, q="subject42")
    began = time.perf_counter()
    for query in ("subject42", "sew", "nothing at all", "micro-credential"):
        await found(node, q=query)
    assert (time.perf_counter() - began) / 4 < 0.25
    assert len((await found(node, q="subject42", limit=100))["entries"]) == 10


async def test_the_pages_have_the_same_words_in_both_languages():
    english, polish = words_in("en").texts, words_in("pl").texts
    assert set(english) == set(polish)
    for key, text in english.items():
        assert set(filter(None, text.split("{")))
        assert {part.partition("}")[0] for part in text.split("{")[1:]} == {
            part.partition("}")[0] for part in polish[key].split("{")[1:]
        }, key


@pytest.mark.parametrize(
    ("number", "form"),
    [(1, "pozycja"), (2, "pozycje"), (4, "pozycje"), (5, "pozycji"), (12, "pozycji"), (22, "pozycje"), (0, "pozycji")],
)
async def test_numbers_have_the_form_of_the_language(number, form):
    assert words_in("pl").counted("catalogue.shown", number).split()[1] == form


async def test_the_register_lists_what_is_published_under_a_signature(node):
    did = await add_signer(node)
    picture = await upload(node)
    name = await publish(node, draft(image={"id": picture}))
    head = await registrar(node, PUBLIC_URL).publish(A)
    assert head.number == 1
    index = read_index((await node.client.get("/register")).content, PUBLIC_URL)
    assert dict(index.heads) == {A: f"{PUBLIC_URL}/register/{A}"}
    answer = await node.client.get(f"/register/{A}")
    assert answer.headers["content-type"] == "application/vc"
    signed_head = read_head(answer.content, PUBLIC_URL)
    assert signed_head.issuer == did
    manifest = await node.client.get(signed_head.manifest_url)
    assert "immutable" in manifest.headers["cache-control"]
    assert signed_head.pins(manifest.content)
    entries = []
    for page in read_manifest(manifest.content, PUBLIC_URL).pages:
        content = (await node.client.get(page.url)).content
        assert page.holds(content)
        entries += read_page(content, PUBLIC_URL)
    assert sorted(entry.kind for entry in entries) == ["achievement", "issuer", "picture"]
    for entry in entries:
        assert entry.pin.holds((await node.client.get(entry.pin.url)).content), entry
    assert f"{PUBLIC_URL}/achievements/{name}/versions/1" in {entry.pin.url for entry in entries}
    verified = await node.client.post(
        "/credentials/verify",
        json={"verifiableCredential": orjson.loads(answer.content)},
        headers=node.key("auditor"),
    )
    assert verified.status_code == 200, verified.text
    page = await node.client.get("/register?lang=pl", headers=HTML)
    assert "Sample org-a" in page.text
    assert did in page.text
    assert f"glejt register mirror {PUBLIC_URL}/register FOLDER" in page.text


async def test_a_register_is_signed_anew_only_where_something_changed(node):
    registers = Registers(registrar(node, PUBLIC_URL))
    assert await registers.registrar.publish(A) is None, "nobody signs for it yet"
    await add_signer(node)
    name = await publish(node)
    assert (await registers.registrar.publish(A)).number == 1
    await registers.renew()
    async with node.store.view(A) as view:
        assert (await view.register.head()).number == 1
    before = await pages_of(node, PUBLIC_URL)
    node.clock.move(timedelta(minutes=5))
    await node.client.post(f"/organisation/achievements/{name}/withdraw", headers=node.key("designer"))
    assert (await registers.registrar.publish(A)).number == 2
    after = await pages_of(node, PUBLIC_URL)
    (page,) = [body for body in after.values() if b"glejt/register-page/v1" in body]
    assert b'"withdrawn":"2026-09-01T12:05:00Z"' in page
    for path in before.keys() - after.keys():
        assert (await node.client.get(path)).status_code == 200, "who is copying still gets the older files"
    node.clock.move(timedelta(days=2))
    await publish(node, BARE)
    await registers.registrar.publish(A)
    node.clock.move(timedelta(days=2))
    await publish(node, BARE)
    await registers.registrar.publish(A)
    gone = [path for path in before.keys() - after.keys() if (await node.client.get(path)).status_code == 404]
    assert gone


async def test_an_accreditation_is_published_to_the_byte(node):
    did = await add_signer(node)
    node.clock.at = moment(1_800_000_100)
    owner, stranger = await late_key(node, A), await late_key(node, B)
    document = signed(accreditation(BODY, did), BODY)
    headers = {**owner, "Content-Type": "application/vc"}
    answer = await node.client.post("/organisation/accreditations", content=document, headers=headers)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["about"], shown["digest"]) == (did, hashlib.sha256(document).hexdigest())
    assert (await node.client.get(shown["url"])).content == document
    again = await node.client.post("/organisation/accreditations", content=document, headers=headers)
    assert again.status_code == 201
    listed = await node.client.get("/organisation/accreditations", headers=owner)
    assert len(listed.json()["accreditations"]) == 1
    await registrar(node, PUBLIC_URL).publish(A)
    assert document in (await pages_of(node, PUBLIC_URL)).values()
    other = signed(accreditation(BODY, "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"), BODY)
    changed = document.replace(b"2027", b"2026", 1)
    for bad in (other, changed, b"{}", b"not json"):
        refused = await node.client.post("/organisation/accreditations", content=bad, headers=headers)
        assert refused.status_code == 400, refused.text
    path = f"/organisation/accreditations/{shown['digest']}"
    assert (await node.client.delete(path, headers=stranger)).status_code == 404
    assert (await node.client.delete(path, headers=owner)).status_code == 204
    assert (await node.client.get(shown["url"])).status_code == 404


async def late_key(node, organisation):
    """The header of an owner, with a key that counts at the time of the accreditations."""
    key, text = make_api_key(
        f"{organisation}-late",
        label="late",
        scopes=frozenset(SCOPES_OF[Role.OWNER]),
        made_by=f"{organisation}-owner",
        at=node.clock() - timedelta(minutes=1),
        lifetime=timedelta(days=1),
        member=f"{organisation}-owner",
    )
    await node.store.change(organisation, lambda unit: unit.api_keys.add(key))
    return {"Authorization": f"Bearer {text.reveal().decode()}"}


async def test_nothing_is_published_under_a_name_that_is_none(node):
    for path in (
        "/register/files/x",
        "/register/files/" + "0" * 64,
        "/register/none",
        "/statements/x",
        "/pictures/x.png",
    ):
        assert (await node.client.get(path)).status_code == 404, path
    for path in ("/achievements/none", "/achievements/none/versions/1", "/achievements/none/image"):
        assert (await node.client.get(path)).status_code == 404
    assert (await node.client.get("/achievements/none/versions/0")).status_code == 400
    assert (await node.client.get("/register")).json()["registers"] == []
