"""`glejt verify` over many files: every form mixed, folders, processes, and hosts that are asked once."""

import base64
import json
import os

import pytest
from open_badges_2_support import Site, assertion, jws, signed_assertion, signing_world, world
from picture_support import V2, element, international, png, svg, text
from running import glejt
from samples import data, signed
from verification_support import AT

from node.cli.many import MANY, MAX_LINE_BYTES, each_file
from node.credentials.timestamps import format_timestamp

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}
WHEN = ("--at", format_timestamp(AT.replace(month=7)))


@pytest.fixture(scope="module")
def genuine():
    return signed()


@pytest.fixture
def site():
    running = Site()
    yield running
    running.close()


@pytest.fixture
def folder(tmp_path, genuine):
    files = {
        "a.json": data(genuine),
        "b/altered.json": data({**genuine, "name": "Another award"}),
        "b/broken.json": b"{",
        "b/c/picture.png": png(international(data(genuine))),
        "b/drawing.SVG": b"<svg",
        "d/token.jwt": jws(signed_assertion()).encode(),
        "d/address.png": png(international(b"https://school.example/assertions/1", b"openbadges")),
        "notes.txt": b"not taken from a folder",
        ".hidden.json": b"{",
        ".git/x.json": b"{",
    }
    for name, content in files.items():
        (tmp_path / "all" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "all" / name).write_bytes(content)
    return tmp_path


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def told(line):
    return line.get("verdict") or line["error"]["code"]


@pytest.mark.parametrize("jobs", [None, "2"])
def test_a_folder_of_every_form_gets_one_answer_for_each_file_in_order(folder, jobs):
    done = glejt(folder, "verify", "all", "--json", "--offline", *(() if jobs is None else ("--jobs", jobs)))
    assert {line["file"]: told(line) for line in lines(done)} == {
        "all/a.json": "accepted",
        "all/b/altered.json": "rejected",
        "all/b/broken.json": "document.syntax",
        "all/b/c/picture.png": "accepted",
        "all/b/drawing.SVG": "picture.svg.syntax",
        "all/d/address.png": "cannot_tell",
        "all/d/token.jwt": "cannot_tell",
    }
    assert [line["file"] for line in lines(done)] == sorted(line["file"] for line in lines(done))
    assert done.returncode == 1


def test_processes_answer_as_this_one_does_to_the_letter(folder):
    for form in ((), ("--json",), ("--lang", "pl")):
        one, two = (glejt(folder, "verify", "all", *form, "--offline", "--jobs", jobs, *WHEN) for jobs in ("1", "2"))
        assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)


def test_each_line_of_a_file_of_lines_gets_its_answer(tmp_path, genuine):
    long = b'"' + b"x" * (2 * MAX_LINE_BYTES) + b'"'
    altered = data(genuine).replace(b"20", b"21", 1)
    written = b"\n".join([data(genuine), b"", b" \t", altered, long, b"{", data(genuine) + b"\r"])
    (tmp_path / "signed.jsonl").write_bytes(written)
    done = glejt(tmp_path, "verify", "signed.jsonl", "--json", "--offline")
    assert [line["file"] for line in lines(done)] == [f"signed.jsonl:{number}" for number in (1, 4, 5, 6, 7)]
    assert [told(line) for line in lines(done)] == [
        "accepted",
        "rejected",
        "input.too_large",
        "document.syntax",
        "accepted",
    ]
    assert done.returncode == 1
    (tmp_path / "signed.jsonl").write_bytes(b" \n\n")
    assert told(lines(glejt(tmp_path, "verify", "signed.jsonl", "--json"))[0]) == "input.empty"
    assert told(lines(glejt(tmp_path, "verify", "none.jsonl", "--json"))[0]) == "input.missing"


def test_names_patterns_folders_and_standard_input_mix(folder, genuine):
    done = glejt(
        folder, "verify", "all/a.json", "all/b/*.json", "all/d", "-", "--json", "--offline", stdin=data(genuine)
    )
    assert [line["file"] for line in lines(done)] == [
        "all/a.json", "all/b/altered.json", "all/b/broken.json", "all/d/address.png", "all/d/token.jwt", "-",
    ]  # fmt: skip


def test_a_folder_with_nothing_to_read_and_a_pattern_that_matches_nothing_say_so(folder):
    (folder / "empty").mkdir()
    done = glejt(folder, "verify", "empty", "nothing-*.json", "all/a.json", "--json")
    assert [told(line) for line in lines(done)] == ["input.nothing_inside", "input.missing", "accepted"]
    assert ".json, .jsonl, .jsonld" in lines(done)[0]["error"]["remedy"]
    assert done.returncode == 2


@pytest.mark.threat(56)
def test_what_might_never_end_is_no_file_of_a_folder(tmp_path, genuine):
    os.mkfifo(tmp_path / "a.json")
    (tmp_path / "b.json").symlink_to("/dev/zero")
    (tmp_path / "c.json").write_bytes(data(genuine))
    (tmp_path / "d.json").symlink_to("c.json")
    assert list(each_file([str(tmp_path)])) == [str(tmp_path / "c.json"), str(tmp_path / "d.json")]


def test_many_files_are_judged_by_processes_and_counted_at_the_end(folder, genuine):
    many = folder / "many"
    many.mkdir()
    for number in range(MANY + 3):
        (many / f"{number:03}.json").write_bytes(b"{" if number == 5 else data(genuine))
    done = glejt(folder, "verify", "many", "--json")
    assert len(lines(done)) == MANY + 3
    assert f"{MANY + 3} files: {MANY + 2} accepted, 0 rejected, 0 cannot tell, 1 could not be read." in done.stderr
    assert glejt(folder, "verify", "many", "--json", "--quiet").stderr.count("glejt:") == 1


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5", "65", "²", ""])
def test_only_a_number_of_processes_will_do(folder, jobs):
    done = glejt(folder, "verify", "all/a.json", f"--jobs={jobs}")
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage.jobs" in done.stderr


@pytest.mark.threat(11)
def test_a_document_built_to_cost_much_keeps_no_other_from_an_answer(folder, genuine):
    poison = {**genuine, "credentialSubject": [{"type": ["AchievementSubject"]} for _ in range(5000)]}
    (folder / "all" / "a.json").write_bytes(data(poison)[: 250 * 1024])
    done = glejt(folder, "verify", "all", "all/b/c/picture.png", "--json", "--offline", "--jobs", "2")
    assert told(lines(done)[-1]) == "accepted"


@pytest.mark.threat(49)
def test_badges_of_one_issuer_ask_for_its_profile_once(folder, site):
    for number in range(6):
        url = f"{site.url}/assertions/{number}"
        site.publish({**world(site.url, id=url), f"{site.url}/assertions/1": assertion(site.url)})
        (folder / f"{number}.json").write_bytes(text(assertion(site.url, id=url)))
    done = glejt(folder, "verify", *(f"{number}.json" for number in range(6)), "--json", env=OPEN)
    assert [told(line) for line in lines(done)] == ["accepted"] * 6
    assert sorted(site.asked) == sorted(["/badges/welding", "/issuer", *(f"/assertions/{n}" for n in range(6))])


@pytest.mark.parametrize("form", ["json", "png", "svg", "address", "jws"])
def test_a_badge_of_open_badges_2_is_verified_in_every_form(folder, site, form):
    url = f"{site.url}/assertions/1"
    site.publish({**signing_world(site.url), **world(site.url)})
    site.publish({f"{site.url}/issuer": signing_world(site.url)[f"{site.url}/issuer"]})
    whole = text(assertion(site.url))
    name, content = {
        "json": ("badge.json", whole),
        "png": ("badge.png", png(international(whole, b"openbadges"))),
        "svg": ("badge.svg", svg(element(verify=url, name="assertion", namespace=V2))),
        "address": ("badge.png", png(international(url.encode(), b"openbadges"))),
        "jws": ("badge.jwt", jws(signed_assertion(site.url)).encode() + b"\n"),
    }[form]
    (folder / name).write_bytes(content)
    done = glejt(folder, "verify", name, *WHEN, env=OPEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Genuine, but we do not know the issuer.")
    said = (
        "Nothing has changed since it was signed."
        if form == "jws"
        else f"It is what the issuer publishes today at {url}."
    )
    assert said in done.stdout
    site.pages["/assertions/1"] = {
        "id": url,
        "type": "Assertion",
        "revoked": True,
        "revocationReason": "Awarded in error",
    }
    site.pages["/revoked"] = {"type": "RevocationList", "revokedAssertions": [signed_assertion(site.url)["id"]]}
    done = glejt(folder, "verify", name, env=OPEN)
    assert (done.returncode, "Withdrawn by the issuer" in done.stdout) == (1, True)
    offline = glejt(folder, "verify", name, "--offline")
    assert (offline.returncode, offline.stdout.split(":")[0]) == (20, "We cannot tell")


def test_inspect_shows_a_badge_and_never_its_recipient(folder):
    who = {"type": "email", "hashed": False, "identity": "learner@demo.example"}
    (folder / "badge.json").write_bytes(text(assertion(recipient=who)))
    (folder / "badge.jwt").write_bytes(jws(signed_assertion(recipient=who)).encode())
    for name in ("badge.json", "badge.jwt"):
        for options in ((), ("--json",), ("--lang", "pl")):
            done = glejt(folder, "inspect", name, *options)
            assert done.returncode == 0
            assert "2026-03-01T09:00:00Z" in done.stdout
            assert "learner@demo.example" not in done.stdout + done.stderr


def test_the_class_is_computed_from_every_form(folder, genuine):
    inside = {"type": "BadgeClass", "name": "MIG welding", "criteria": {"narrative": "Weld three seams."}}
    forms = {
        "plain.json": data(genuine),
        "picture.png": png(international(data(genuine))),
        "badge.json": text(assertion(badge=inside)),
        "badge.png": png(international(text(assertion(badge=inside)), b"openbadges")),
        "badge.jwt": jws(signed_assertion(badge=inside)).encode(),
    }
    found = {}
    for name, content in forms.items():
        (folder / name).write_bytes(content)
        done = glejt(folder, "achievement", "check", name, "--json")
        assert done.returncode == 20
        found[name] = json.loads(done.stdout)
    assert found["plain.json"] == found["picture.png"]
    assert found["badge.json"] == found["badge.png"] == found["badge.jwt"]
    assert found["badge.json"]["elements"]["E2"] == "met"
    address = glejt(folder, "achievement", "check", "-", stdin=b"https://school.example/assertions/1")
    assert (address.returncode, "input.badge" in address.stderr) == (20, True)
    nothing = base64.urlsafe_b64encode(b'{"alg":"EdDSA"}').rstrip(b"=") + b".e30.c2ln"
    assert "input.token" in glejt(folder, "achievement", "check", "-", stdin=nothing).stderr
