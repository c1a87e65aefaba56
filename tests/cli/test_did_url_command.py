"""`glejt did resolve` of DID URLs: parts of documents, addresses, files, and what an identifier says of itself."""

import json

import pytest
from running import glejt
from verification_support import HOLDER, ISSUER, MALLORY, credential, party, presentation
from web_servers import publishing
from webvh_support import chain, did_of, entries, first, forged

from did_methods.web import WebPlace

OPEN = {"GLEJT_ALLOW_LOOPBACK": "1"}


class Controller:
    """A did:webvh on this machine: its server's pages, what was asked of it, and what signs for it."""

    def __init__(self, port, pages, asked):
        self.pages, self.asked, self.port = pages, asked, port
        place = WebPlace("localhost", port, ("dids",))
        self.secret = party(61)
        method = {"type": "Multikey", "publicKeyMultibase": self.secret.private.public.to_multibase()}
        unfinished = f"did:webvh:{{SCID}}:localhost%3A{port}:dids"
        listed = [{"id": f"{unfinished}#sign", "controller": unfinished, **method}]
        document = {
            "verificationMethod": listed,
            "authentication": [listed[0]["id"]],
            "assertionMethod": [listed[0]["id"]],
        }
        self.log = first(place=place, document=document)
        self.did = str(did_of(self.log))
        pages["/dids/did.jsonl"] = self.log

    def says(self, *credentials, by=None, holder=None):
        held = presentation(*credentials, holder=holder or party(61, self.did))
        signer = by or party(61, self.did)
        method = f"{self.did}#sign" if by is None else ""
        signed = signer.sign(held, method=method, proof_purpose="authentication")
        self.pages["/dids/whois.vp"] = json.dumps(signed).encode()

    def about(self):
        return ISSUER.sign(credential(credentialSubject={"id": self.did}))


@pytest.fixture
def controller():
    pages = {}
    with publishing(pages) as (port, asked):
        yield Controller(port, pages, asked)


def resolve(folder, url, *more, status=0, env=OPEN):
    done = glejt(folder, "did", "resolve", url, *more, env=env)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def test_a_part_of_a_document(tmp_path, controller):
    method = json.loads(resolve(tmp_path, f"{controller.did}#sign").stdout)
    assert method == entries(controller.log)[0]["state"]["verificationMethod"][0]
    service = json.loads(resolve(tmp_path, f"{controller.did}#whois", "--json").stdout)
    assert service["content"]["serviceEndpoint"] == f"http://localhost:{controller.port}/dids/whois.vp"
    absent = resolve(tmp_path, f"{controller.did}#nothing", status=1)
    assert "did.refused" in absent.stderr
    told = json.loads(resolve(tmp_path, f"{controller.did}#nothing", "--json", status=1).stdout)
    assert told["content"] is None
    assert told["dereferencingMetadata"]["error"]["type"].endswith("#NOT_FOUND")


def test_an_address_and_what_lies_there(tmp_path, controller):
    address = f"http://localhost:{controller.port}/dids/rules/a.txt"
    controller.pages["/dids/rules/a.txt"] = b"One\nTwo \x1b[31m\n"
    for url in (f"{controller.did}/rules/a.txt", f"{controller.did}?service=files&relativeRef=/rules/a.txt"):
        assert resolve(tmp_path, url).stdout == f"{address}\n"
    assert controller.asked == ["/dids/did.jsonl"] * 2
    done = resolve(tmp_path, f"{controller.did}/rules/a.txt", "--fetch")
    assert done.stdout == "One\nTwo \\u001b[31m\n"
    assert "Nobody signed them" in done.stderr
    resolve(tmp_path, f"{controller.did}/rules/a.txt", "--fetch", "--out", "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == controller.pages["/dids/rules/a.txt"]
    again = resolve(tmp_path, f"{controller.did}/rules/a.txt", "--fetch", "--out", "a.txt", status=2)
    assert "output.exists" in again.stderr
    controller.pages["/dids/rules/a.txt"] = b"\xff"
    assert "did.no_text" in resolve(tmp_path, f"{controller.did}/rules/a.txt", "--fetch", status=2).stderr
    assert "did.no_file" in resolve(tmp_path, f"{controller.did}/rules/b.txt", "--fetch", status=1).stderr


def test_a_part_of_an_earlier_version(tmp_path, controller):
    log = chain(2, place=WebPlace("localhost", controller.port, ()))
    controller.pages["/.well-known/did.jsonl"] = log
    one, two = (entry["state"]["verificationMethod"][0] for entry in entries(log))
    fragment = one["id"].rpartition("#")[2]
    resolve(tmp_path, f"{did_of(log)}#{fragment}", status=1)
    found = resolve(tmp_path, f"{did_of(log)}?versionNumber=1#{fragment}")
    assert json.loads(found.stdout) == one != two
    assert json.loads(resolve(tmp_path, f"{did_of(log)}#{fragment}", "--version-number", "1").stdout) == one


class TestWhois:
    def test_it_is_fetched_and_judged(self, tmp_path, controller):
        controller.says(controller.about())
        done = resolve(tmp_path, f"{controller.did}/whois", "--fetch", "--out", "who.vp")
        assert "The DID signed this of itself." in done.stdout
        assert "MIG welding" in done.stdout or "genuine" in done.stdout.lower()
        assert (tmp_path / "who.vp").read_bytes() == controller.pages["/dids/whois.vp"]
        told = json.loads(resolve(tmp_path, f"{controller.did}/whois", "--fetch", "--json").stdout)
        assert (told["whois"]["code"], told["report"]["verdict"]) == ("whois.passed", "accepted")
        assert told["address"] == f"http://localhost:{controller.port}/dids/whois.vp"
        assert (
            "podpisał to sam o sobie" in resolve(tmp_path, f"{controller.did}/whois", "--fetch", "--lang", "pl").stdout
        )

    @pytest.mark.threat(16)
    def test_what_somebody_else_signed_is_not_what_it_says(self, tmp_path, controller):
        controller.says(controller.about(), by=MALLORY)
        done = resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=1)
        assert "NOT what the DID says" in done.stdout
        assert "whois.other_signer" in done.stderr
        controller.says(ISSUER.sign(credential(credentialSubject={"id": HOLDER.did})))
        assert "whois.about_others" in resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=1).stderr

    def test_a_credential_in_it_that_does_not_hold_is_told(self, tmp_path, controller):
        controller.says(controller.about() | {"name": "Changed"})
        told = json.loads(resolve(tmp_path, f"{controller.did}/whois", "--fetch", "--json", status=1).stdout)
        assert (told["whois"]["outcome"], told["report"]["verdict"]) == ("passed", "rejected")

    @pytest.mark.parametrize(("page", "status"), [(None, 1), (b"nonsense", 2), (b'{"a":1}', 1), (b"[]", 1)])
    def test_what_is_no_presentation(self, tmp_path, controller, page, status):
        controller.pages["/dids/whois.vp"] = page
        resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=status)

    @pytest.mark.threat(56)
    @pytest.mark.parametrize("place", ["http://127.0.0.1:{}/x", "https://evil.example/whois.vp"])
    def test_a_host_that_leads_away_is_not_followed(self, tmp_path, controller, place):
        with publishing({"/x": b"{}"}) as (port, elsewhere):
            controller.pages["/dids/whois.vp"] = place.format(port)
            assert "did.no_answer" in resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=20).stderr
            assert elsewhere == []

    def test_too_much_is_not_read(self, tmp_path, controller):
        controller.pages["/dids/whois.vp"] = b" " * (1024 * 1024 + 1)
        done = resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=20)
        assert "too_large" in done.stderr or "bytes" in done.stderr


@pytest.mark.threat(56)
def test_an_address_of_this_machine_is_not_asked_unless_it_was_opened(tmp_path, controller):
    for env in ({}, {"GLEJT_ALLOW_LOOPBACK": "yes"}):
        resolve(tmp_path, f"{controller.did}/whois", "--fetch", status=1, env=env)
    assert controller.asked == []


def test_an_endpoint_that_cannot_be_asked_makes_the_identifier_wrong(tmp_path, controller):
    state = entries(controller.log)[0]["state"] | {"service": [{"id": "#whois", "serviceEndpoint": "ftp://x.example/"}]}
    controller.pages["/dids/did.jsonl"] = forged(controller.log, state=state)
    told = json.loads(resolve(tmp_path, f"{controller.did}/whois", "--json", status=1).stdout)
    assert told["dereferencingMetadata"]["error"]["type"].endswith("#INVALID_DID")


@pytest.mark.parametrize(
    ("more", "code"),
    [(["--fetch"], "usage.fetch"), (["--out", "x"], "usage.fetch"), (["--fetch", "--out", "x"], "usage.fetch")],
)
def test_there_is_nothing_to_fetch_in_a_document(tmp_path, more, code):
    done = resolve(tmp_path, ISSUER.did, *more, status=2)
    assert code in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert code in resolve(tmp_path, f"{ISSUER.did}#{ISSUER.did.rpartition(':')[2]}", *more, status=2).stderr


@pytest.mark.parametrize("tail", ["/a#b", "?service=files&service=whois", "?service=files&relativeRef=/../a"])
def test_what_asks_in_no_way_or_in_two(tmp_path, controller, tail):
    assert "did.invalid" in resolve(tmp_path, controller.did + tail, status=2).stderr
