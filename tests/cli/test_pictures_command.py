"""`glejt bake` and `glejt unbake`, and verdicts on what pictures carry."""

import json

import pytest
from open_badges_2_support import assertion
from picture_support import CREDENTIAL, V2, chunk, element, header, international, png, svg, text, token
from running import at_terminal, glejt
from samples import badge, data, signed
from support import vectors

NAME = "Zażółć gęślą jaźń"
HOSTED = assertion()


@pytest.fixture(scope="module")
def genuine():
    return signed(badge(name=NAME))


@pytest.fixture
def folder(tmp_path, genuine):
    (tmp_path / "badge.json").write_bytes(data(genuine) + b"\n")
    (tmp_path / "plain.png").write_bytes(png())
    (tmp_path / "plain.svg").write_bytes(svg())
    return tmp_path


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_badge_goes_into_a_picture_is_judged_there_and_comes_out(folder, genuine, kind):
    baked = glejt(folder, "bake", f"plain.{kind}", "badge.json", "--out", f"baked.{kind}")
    assert (baked.returncode, baked.stdout) == (0, "")
    assert f"glejt verify baked.{kind}" in baked.stderr
    judged = [glejt(folder, "verify", name, "--json") for name in (f"baked.{kind}", "badge.json")]
    assert [done.returncode for done in judged] == [0, 0]
    in_picture, bare = (json.loads(done.stdout) for done in judged)
    assert in_picture | {"at": ""} == bare | {"at": ""}
    out = glejt(folder, "unbake", f"baked.{kind}")
    assert (out.returncode, out.stdout.encode()) == (0, data(genuine) + b"\n")
    assert glejt(folder, "verify", "-", stdin=out.stdout).returncode == 0
    assert glejt(folder, "unbake", f"baked.{kind}", "--out", "out.json", "--quiet").stderr == ""
    assert (folder / "out.json").read_bytes() == data(genuine) + b"\n"


@pytest.mark.parametrize("empty", ["picture.png", "credential.json"])
def test_which_of_the_files_is_empty_is_said(tmp_path, empty):
    for name in ("picture.png", "credential.json"):
        (tmp_path / name).write_bytes(b"" if name == empty else b"{}")
    done = glejt(tmp_path, "bake", "picture.png", "credential.json", "--out", "out.png")
    assert (done.returncode, done.stderr.startswith(f"glejt: {empty}: ")) == (2, True)


def test_pictures_come_through_standard_input(folder):
    glejt(folder, "bake", "plain.png", "-", "--out", "baked.png", stdin=(folder / "badge.json").read_bytes())
    baked = (folder / "baked.png").read_bytes()
    assert glejt(folder, "verify", "-", stdin=baked).returncode == 0
    assert NAME in glejt(folder, "unbake", "-", stdin=baked).stdout
    done = glejt(folder, "bake", "-", "-", "--out", "x.png")
    assert (done.returncode, "usage.stdin_twice" in done.stderr) == (2, True)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_one_letter_changed_in_a_picture_is_not_genuine(folder, genuine, kind):
    altered = data({**genuine, "name": "Another"})
    picture = png(international(altered)) if kind == "png" else svg(element(f"<![CDATA[{altered.decode()}]]>"))
    (folder / "altered").write_bytes(picture)
    assert glejt(folder, "verify", "altered").returncode == 1


def test_nothing_is_overwritten_or_replaced_unasked(folder):
    other = signed(badge(name="another"))
    (folder / "other.json").write_bytes(data(other))
    glejt(folder, "bake", "plain.png", "badge.json", "--out", "baked.png")
    again = glejt(folder, "bake", "plain.png", "other.json", "--out", "baked.png")
    assert (again.returncode, "output.exists" in again.stderr) == (2, True)
    taken = glejt(folder, "bake", "baked.png", "other.json", "--out", "new.png")
    assert (taken.returncode, "picture.taken" in taken.stderr) == (1, True)
    assert not (folder / "new.png").exists()
    assert (
        glejt(folder, "bake", "baked.png", "other.json", "--out", "baked.png", "--replace", "--force").returncode == 0
    )
    assert json.loads(glejt(folder, "unbake", "baked.png").stdout) == other


@pytest.mark.parametrize(
    ("picture", "credential", "refusal"),
    [
        (png(), data(badge()), ("picture.badge.unsigned", 1)),
        (png(), b'{"type": "VerifiablePresentation"}', ("picture.badge.kind", 1)),
        (svg('<g onload="x"/>'), text(CREDENTIAL), ("picture.svg.active", 1)),
        (png(head=header(12_000, 12_000)), text(CREDENTIAL), ("picture.png.header", 2)),
        (b"GIF89a", text(CREDENTIAL), ("picture.format", 2)),
        (png(), b"{", ("document.syntax", 2)),
    ],
)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_what_is_not_baked_is_told_with_its_mend(tmp_path, picture, credential, refusal, language):
    code, status = refusal
    (tmp_path / "picture").write_bytes(picture)
    (tmp_path / "badge").write_bytes(credential)
    done = glejt(tmp_path, "bake", "picture", "badge", "--out", "out", "--lang", language)
    assert (done.returncode, done.stdout) == (status, "")
    assert f": {code}\n" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.threat(60)
@pytest.mark.parametrize("command", ["verify", "unbake", "inspect"])
def test_two_badges_in_a_picture_are_refused(folder, genuine, command):
    (folder / "two.png").write_bytes(png(international(data(genuine)), international(data(genuine), b"openbadges")))
    done = glejt(folder, command, "two.png")
    assert (done.returncode, done.stdout) == (1 if command == "unbake" else 2, "")
    assert "picture.several" in done.stderr


@pytest.mark.parametrize(
    "picture",
    [
        png(international(text(HOSTED), b"openbadges")),
        svg(element(verify="https://example.org/1", name="assertion", namespace=V2)),
    ],
)
@pytest.mark.parametrize("language", ["en", "pl"])
def test_a_badge_that_only_its_host_can_confirm_is_neither_good_nor_bad_offline(folder, picture, language):
    (folder / "picture").write_bytes(picture)
    done = glejt(folder, "verify", "picture", "--lang", language, "--offline")
    assert (done.returncode, done.stderr) == (20, "")
    said = {"en": "what the issuer publishes of it", "pl": "co publikuje o nim wystawca"}
    assert said[language] in done.stdout
    (entry,) = json.loads(glejt(folder, "verify", "picture", "--json", "--offline").stdout)["credentials"]
    assert not [check for check in entry["checks"] if check["check"] == "proof" and check["outcome"] == "passed"]
    glejt(folder, "bake", "plain.png", "badge.json", "--out", "baked.png")
    assert glejt(folder, "verify", "baked.png", "picture", "--offline").returncode == 20


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("name", "status"), [("simple-json.png", 20), ("simple-jwt_v1.png", 20), ("simple-jwt.svg", 20)]
)
def test_the_published_samples_are_opened(tmp_path, name, status):
    sample = vectors("openbadges", "1edtech-validator", name)
    done = glejt(tmp_path, "verify", str(sample), "--offline")
    assert done.returncode == status
    assert glejt(tmp_path, "inspect", str(sample)).returncode == 0
    if name == "simple-json.png":
        assert "picture" not in done.stderr
        bare = glejt(tmp_path, "verify", "-", "--offline", stdin=glejt(tmp_path, "unbake", str(sample)).stdout)
        assert (bare.returncode, bare.stdout) == (done.returncode, done.stdout)


@pytest.mark.threat(61)
@pytest.mark.parametrize(("language", "label"), [("en", "Careful"), ("pl", "Uwaga")])
def test_a_look_inside_names_what_a_picture_would_do(folder, genuine, language, label):
    carried = element(f"<![CDATA[{data(genuine).decode()}]]>")
    (folder / "active.svg").write_bytes(svg(f'<script>alert(1)</script><image href="http://example.org/"/>{carried}'))
    done = glejt(folder, "inspect", "active.svg", "--lang", language)
    assert done.returncode == 0
    assert sum(line.startswith(f"  {label} ") for line in done.stdout.splitlines()) == 2
    assert NAME in done.stdout
    found = json.loads(glejt(folder, "inspect", "active.svg", "--json").stdout)
    assert [one["kind"] for one in found["picture"]["activity"]] == ["script", "reference"]
    assert (found["kind"], found["name"], found["bytes"]) == (
        "credential",
        NAME,
        len((folder / "active.svg").read_bytes()),
    )
    assert glejt(folder, "verify", "active.svg").returncode == 0  # what it would do says nothing about the credential


def test_a_look_inside_a_picture_whose_badge_is_not_read(folder):
    (folder / "old.png").write_bytes(png(international(b"https://example.org/1", b"openbadges")))
    found = json.loads(glejt(folder, "inspect", "old.png", "--json").stdout)
    assert found["picture"] == {"format": "png", "badge": "openbadges-2.0", "form": "address", "activity": []}
    assert "kind" not in found


def test_a_look_inside_a_picture_with_a_token(folder):
    (folder / "jwt.png").write_bytes(png(international(token(CREDENTIAL))))
    found = json.loads(glejt(folder, "inspect", "jwt.png", "--json").stdout)
    assert found["picture"] == {"format": "png", "badge": "openbadges-3.0", "form": "jws", "activity": []}
    assert (found["kind"], "alg" in found["token"]) == ("credential", True)
    assert "PNG picture, badge of Open Badges 3.0, as a JWT" in glejt(folder, "inspect", "jwt.png").stdout


def test_a_terminal_gets_nothing_that_it_would_obey(folder):
    (folder / "odd.png").write_bytes(png(international(text({"name": "a\u009b31m\u202eb"}))))
    status, shown = at_terminal(folder, "unbake", "odd.png")
    assert status == 0
    assert '{"name": "a\\u009b31m\\u202eb"}' in shown
    assert glejt(folder, "unbake", "odd.png").stdout == '{"name": "a\u009b31m\u202eb"}\n'


def test_a_large_picture_is_read_and_a_large_document_is_not(folder, genuine):
    (folder / "large.png").write_bytes(png(international(data(genuine)), image=chunk(b"IDAT", bytes(4_000_000))))
    assert glejt(folder, "verify", "large.png").returncode == 0
    (folder / "large.json").write_bytes(b'{"a": "' + b"a" * 2_000_000 + b'"}')
    done = glejt(folder, "verify", "large.json")
    assert (done.returncode, "input.too_large" in done.stderr) == (2, True)
