"""Letters: what stands in them, to whom they go, when they are tried again, and that nothing of them is kept."""

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import asynccontextmanager, closing
from datetime import timedelta

import pytest
from claim_support import AWARDS, EMAIL, FROM, NAME, Desk, claim, mail_at, mailing_of, path_of
from issuing_support import Later
from mail_sink import mail_sink
from node_support import NOW, A, running_node
from running import environment
from support import ROOT

from node.adapters.database.schema import METADATA
from node.issuance.background.office import Means, background
from node.issuance.claiming.linking import digest_of
from node.issuance.claiming.messages import message_of
from node.ports.links import LIFETIME
from node.ports.mail import Letter, Letterhead, MailRefusedError, Sender
from node.ports.outbox import FIRST_WAIT, MAX_ATTEMPTS
from node.ports.work import Kind
from node.verification.trust import NO_TRUST

STEP = timedelta(milliseconds=1)
POINTS = ("mail.made", "mail.sent", "task.carried", "server") if os.environ.get("GLEJT_LONG") else ("server",)
"""Where a process is killed; each starts two, which takes seconds."""


@asynccontextmanager
async def writing(folder, template, **options):
    """A node whose letters go to a sink: the desk, and the sink."""
    later = Later()
    async with (
        mail_sink() as sink,
        running_node(folder, template=template, work=later, mail=mail_at(sink.port)) as node,
    ):
        node.clock.step = STEP
        mailing = mailing_of(node.store, node.vault, node.services.judges, node.clock, sink.port)
        outside = {Kind.SEND_MAIL: mailing.carry}
        means = Means(store=node.store, vault=node.vault, trust=NO_TRUST, now=node.clock, outside=outside)
        async with background(means) as later.target:
            yield await Desk.open(node, **options), sink


@pytest.fixture
def office(node_template, tmp_path, runner):
    opening = writing(tmp_path, node_template, picture=True)
    yield runner.run(opening.__aenter__())
    runner.run(opening.__aexit__(None, None, None))


async def until(look):
    async with asyncio.timeout(60):
        while not (found := look()):  # noqa: ASYNC110 -- what is looked at tells nobody
            await asyncio.sleep(0.01)
        return found


async def tasks_of(node, *, dead=False):
    async with node.store.view(A) as view:
        found = await (view.outbox.dead() if dead else view.outbox.waiting())
    return [task for task in found if task.kind == Kind.SEND_MAIL]


def parts(message):
    plain, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    return plain, html, [(one.get_filename(), one.get_content_type()) for one in message.iter_attachments()]


def link_in(text):
    (line,) = [line.strip() for line in text.splitlines() if line.startswith("https://node.example/")]
    return path_of(line)


@pytest.mark.parametrize(("language", "word"), [("en", "Accept"), ("pl", "Odbierz")])
async def test_an_offer_is_written_with_its_picture_and_one_link(office, language, word):
    desk, sink = office
    made = (await desk.award(language=language)).json()
    assert (made["link"]["mailed"], made["link"]["url"]) == (True, None)
    (message,) = await until(lambda: sink.messages)
    assert sink.recipients == [EMAIL]
    assert message["From"] == f"Sample {A} <{FROM}>"
    assert message["To"] == f"{NAME} <{EMAIL}>"
    assert message["Content-Language"] == language
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html, files = parts(message)
    assert f">{word}</a>" in html
    assert f'lang="{language}"' in html
    assert files == [("document.png", "image/png")]
    path = link_in(plain)
    assert html.count(path) == 2
    assert "<img" not in html, "a letter that is opened tells nobody"
    answer = await claim(desk.node, path)
    assert answer.status_code == 200
    await until(lambda: len(sink.taken) == 2)
    second = sink.messages[1]
    plain, _, files = parts(second)
    assert files == [("document.png", "image/png")]
    (attached,) = second.iter_attachments()
    report = await desk.node.client.post(
        "/credentials/verify",
        content=attached.get_content(),
        headers=desk.key | {"Content-Type": "image/png"},
    )
    assert report.json()["report"]["credentials"][0]["checks"][3]["outcome"] == "passed"
    assert (await desk.node.client.get(link_in(plain))).status_code == 200
    assert message["Message-ID"] != second["Message-ID"]


async def test_an_award_at_once_is_written_with_the_document_in_its_picture(office):
    desk, sink = office
    made = (await desk.award(kind="once")).json()
    assert made["link"]["mailed"] is True
    (message,) = await until(lambda: sink.messages)
    plain, _, files = parts(message)
    assert files == [("document.png", "image/png")]
    assert b"openbadgecredential" in next(message.iter_attachments()).get_content()
    assert (await desk.node.client.get(link_in(plain))).status_code == 200


async def test_without_a_picture_the_document_itself_is_attached(node_template, tmp_path):
    async with writing(tmp_path, node_template) as (desk, sink):
        await desk.award(kind="once")
        (message,) = await until(lambda: sink.messages)
        assert parts(message)[2] == [("document.json", "application/json")]


async def test_another_link_goes_to_another_address_and_the_first_letter_is_not_sent_any_more(office):
    desk, sink = office
    sink.answers = ["451 later"]
    made = (await desk.award()).json()
    await until(lambda: sink.recipients)
    told = await desk.again(made["id"], email="other@school.example")
    assert told["link"]["mailed"] is True
    await until(lambda: sink.taken)
    desk.node.clock.move(FIRST_WAIT * 2)
    desk.node.services.work.wake()
    while await tasks_of(desk.node):  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)
    assert sink.recipients == [EMAIL, "other@school.example"]
    assert len(sink.taken) == 1


async def test_with_hand_the_link_is_told_and_nothing_is_written(office):
    desk, sink = office
    made = (await desk.award(email=...)).json()
    assert (made["link"]["mailed"], bool(made["link"]["url"])) == (False, True)
    told = await desk.again(made["id"], hand=True, email="other@school.example")
    assert path_of(told["link"]["url"])
    assert sink.recipients == []


async def test_what_the_server_takes_another_time_is_sent_then_under_the_same_name(office):
    desk, sink = office
    sink.answers = ["451 later", "452 later"]
    await desk.award()
    for said in ("(451)", "(452)"):
        while not [task for task in await tasks_of(desk.node) if said in (task.problem or "")]:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.01)
        assert not sink.taken
        desk.node.clock.move(FIRST_WAIT * 4)
        desk.node.services.work.wake()
    await until(lambda: sink.taken)
    assert len(sink.recipients) == 3
    assert len(sink.taken) == 1


async def test_what_it_will_never_take_waits_for_a_person(office):
    desk, sink = office
    sink.at, sink.answers = "RCPT", ["550 5.1.1 <learner@school.example> is unknown here"]
    made = (await desk.award()).json()
    while not (dead := await tasks_of(desk.node, dead=True)):  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)
    assert dead[0].problem.startswith("mail.refused")
    assert dead[0].attempts < MAX_ATTEMPTS
    assert "learner" not in dead[0].problem
    assert set(dead[0].payload) == {"link"}
    retried = await desk.node.client.post(f"/organisation/outbox/{dead[0].id}/retry", headers=desk.node.key("owner"))
    assert retried.status_code < 300, retried.text
    await until(lambda: sink.taken)
    assert (await desk.node.client.get(f"{AWARDS}/{made['id']}", headers=desk.key)).json()["state"] == "waiting"


async def test_a_letter_that_nobody_needs_any_more_is_not_sent(office):
    desk, sink = office
    sink.answers = ["451 later"] * 3
    erased = (await desk.award()).json()
    cancelled = (await desk.award(name="Other Learner")).json()
    await desk.award(name="Third Learner")
    while len([task for task in await tasks_of(desk.node) if task.problem]) < 3:  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)
    await desk.node.client.delete(f"{AWARDS}/{erased['id']}", headers=desk.node.key("owner"))
    await desk.node.client.post(f"{AWARDS}/{cancelled['id']}/cancel", headers=desk.key)
    desk.node.clock.move(LIFETIME)
    desk.node.services.work.wake()
    while await tasks_of(desk.node):  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)
    assert not sink.taken


@pytest.mark.threat(44)
async def test_nothing_of_a_letter_is_kept_or_told(office):
    desk, sink = office
    word = "canaryzqx"
    sink.answers = ["451 canaryzqx@school.example later"]
    await desk.award(name=f"{word} Name", email=f"{word}@school.example")
    while not [task for task in await tasks_of(desk.node) if task.problem]:  # noqa: ASYNC110 -- as above
        await asyncio.sleep(0.01)
    desk.node.clock.move(FIRST_WAIT * 2)
    desk.node.services.work.wake()
    (message,) = await until(lambda: sink.messages)
    token = link_in(parts(message)[0]).rpartition("/")[2]
    node = desk.node
    async with node.database.reading() as connection:
        found = {
            table.name
            for table in METADATA.sorted_tables
            if word in repr((await connection.execute(table.select())).all())
        }
        tokens = [
            table.name
            for table in METADATA.sorted_tables
            if token in repr((await connection.execute(table.select())).all())
        ]
    assert (found, tokens) == ({"awards"}, [])
    told = (
        node.log.getvalue() + repr([(span.name, span.attributes) for span in node.traces.get_finished_spans()]).encode()
    )
    told += node.services.telemetry.metrics()
    assert word.encode() not in told
    assert token.encode() not in told


async def test_an_organisation_writes_as_itself(office):
    desk, sink = office
    node, owner = desk.node, desk.node.key("owner")
    shown = (await node.client.get("/organisation/mail", headers=owner)).json()
    assert shown == {"address": FROM, "name": None, "replyTo": None, "language": "en"}
    own = {
        "address": "desk@university.example",
        "name": "Uniwersytet Żółty, Biuro",
        "replyTo": "office@elsewhere.example",
        "language": "pl",
    }
    kept = await node.client.put("/organisation/mail", json=own, headers=owner)
    assert kept.status_code == 200, kept.text
    assert kept.json() == own
    await desk.award()
    (message,) = await until(lambda: sink.messages)
    assert message["From"].addresses[0].display_name == "Uniwersytet Żółty, Biuro"
    assert message["From"].addresses[0].addr_spec == "desk@university.example"
    assert message["Reply-To"] == "office@elsewhere.example"
    assert message["Content-Language"] == "pl"


@pytest.mark.threat(29)
@pytest.mark.parametrize(
    "own",
    [
        {"address": "desk@bank.example"},
        {"address": "desk@university.example.evil.example"},
        {"address": "desk@university.example\nBcc: all@school.example"},
        {"name": "A\r\nBcc: all@school.example"},
        {"replyTo": "no address"},
    ],
    ids=range(5),
)
async def test_nobody_writes_as_somebody_else(office, own):
    desk, _ = office
    answer = await desk.node.client.put("/organisation/mail", json=own, headers=desk.node.key("owner"))
    assert (answer.status_code, answer.json()["code"]) == (409, "mail.sender")
    assert (await desk.node.client.put("/organisation/mail", json={}, headers=desk.key)).status_code == 403


HOSTILE = ["A\nBcc: b@c.example", "A\r\n\r\nbody", "A\u2028B", "A\x00B", "A\u202eB", "x" * 501]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("where", ["name", "subject", "recipient", "organisation"])
def test_no_text_becomes_a_header_of_its_own(where, text):
    given = {"name": NAME, "recipient": EMAIL, "subject": "An offer"}
    organisation = text if where == "organisation" else "University"
    letter = Letter(
        **(given | ({where: text} if where in given else {})),
        text="Hello\n",
        html="<p>Hello</p>",
        language="en",
        message_id="one",
        at=NOW,
    )
    with pytest.raises(MailRefusedError):
        message_of(letter, Sender(), Letterhead(FROM), organisation)


async def sending(folder, port, point, sink=None):
    """A process that sends what is due; how it ended."""
    office = await asyncio.create_subprocess_exec(
        sys.executable,
        ROOT / "tests" / "mail_office.py",
        folder,
        str(port),
        point,
        env=environment(folder) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
    )
    if sink is not None:
        sink.kill = office.pid
    async with asyncio.timeout(60):
        return await office.wait()


@pytest.mark.threat(95)
@pytest.mark.parametrize("point", POINTS)
async def test_a_letter_survives_a_kill_at_every_point_under_one_name(node_template, tmp_path, point):
    async with mail_sink() as sink:
        async with running_node(tmp_path, template=node_template, mail=mail_at(sink.port)) as node:
            assert (await (await Desk.open(node)).award()).status_code == 201
            (master,) = node.vault.masters.values()
        (tmp_path / "master").write_text(f"{master.id} {master._key.reveal().hex()}", "utf-8")
        assert await sending(tmp_path, sink.port, point, sink if point == "server" else None) == -signal.SIGKILL
        assert await sending(tmp_path, sink.port, "none") == 0
    messages = sink.messages
    assert len(messages) == (1 if point == "mail.made" else 2)
    assert len({message["Message-ID"] for message in messages}) == 1
    assert len({parts(message)[:2] for message in messages}) == 1
    token = link_in(parts(messages[0])[0]).rpartition("/")[2]
    with closing(sqlite3.connect(tmp_path / "node.db")) as database:
        assert database.execute("SELECT digest FROM links").fetchall() == [(digest_of(token),)]
