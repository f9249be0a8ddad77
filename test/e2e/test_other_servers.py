# SPDX-License-Identifier: Apache-2.0
"""Real Exim, Postfix, Dovecot and OpenSMTPD: what they write of clients that are listed, that
guess, that are honest or that imitate their lines is read as it is meant."""

import base64
import contextlib
import imaplib
import smtplib
import time

import pytest

import other_servers
from dialogues import ended, refused_silently, told
from guard import Guard
from other_servers import LOGIN, PASSWORD, Imap
from world import World, WorldError, wait_until

VICTIM = "10.67.99.99"

# What one failed login costs, so that it is enough by itself.
LOGIN_BANS = "score { auth-failure = 100 }"

# Dovecot writes of a failed login half a second before it is answered. So long a connection is
# kept when the kernel's clock, which ticks some hundred times a second, saw the client speak
# later than the server.
NOT_NEXT_DOOR = 0.05


def started(name, *beside):
    """Yields a server of that name in a world of its own, those beside it started first where
    they can be had."""
    reason = other_servers.fetch(name)
    if reason:
        pytest.skip(f"no {name}: {reason}")
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(World(visible=other_servers.visible()))
        for other in beside:
            if not other_servers.fetch(other):
                with contextlib.suppress(WorldError):
                    other_servers.start(other, world)
        try:
            server = other_servers.start(name, world)
        except WorldError as error:
            pytest.skip(f"{name} does not start here: {error}")
        yield server


@pytest.fixture(scope="module", params=["exim", "postfix", "opensmtpd"])
def server(mail_server, request):
    """A server that speaks SMTP; Postfix with a Dovecot that knows the passwords."""
    beside = ["dovecot"] if request.param == "postfix" else []
    yield from started(request.param, *beside)


@pytest.fixture(scope="module")
def dovecot(mail_server):
    yield from started("dovecot")


@contextlib.contextmanager
def guarding(server, configuration=""):
    with Guard(server.world, configuration, sources=server.sources) as guard:
        yield guard


def greeted(server, address):
    client = server.world.smtp(address, port=server.port)
    client.ehlo()
    return client


def imap(server, address):
    return Imap(server.world.connect(address, port=server.port))


def wants_logins(server):
    if not server.logs_in:
        pytest.skip(f"{server.name} takes no passwords without TLS, which fails in this build of it")


def offences(server, address):
    return {outcome for outcome, offence in server.findings(address) if offence}


def everyone(server):
    """All addresses that any line of the log is read to name."""
    return {answer["address"] for answer in server.answers()}


@pytest.mark.parametrize(
    "address, unit", [("10.66.3.4", "10.66.3.4"), ("2001:db8:66:34::9", "2001:db8:66:34::")]
)
def test_a_listed_client_is_told_banned_and_evicted(server, address, unit):
    with guarding(server) as guard:
        neighbour = greeted(server, "10.67.3.5")
        held = server.world.connect(address, port=server.port)
        client = server.world.smtp(address, port=server.port)
        assert told(client) == server.refusal, "it learns why, before anything else"
        guard.wait_banned(unit)
        assert ended(client.sock) and ended(held)
        assert refused_silently(server.world, address, port=server.port)
        assert neighbour.noop()[0] == 250
        assert not guard.in_kernel("10.67.3.5")
    server.wait_for(address, "listed")
    assert offences(server, address) == {"listed"}


def test_what_a_client_does_wrong_is_called_so(server):
    too_long_for_the_log_of_exim = f"{'a' * 60}@{'d' * 60}.elsewhere.example"
    for address, recipient, outcome in (
        ("10.67.4.1", "nosuch@example.test", "unknown-recipient"),
        ("10.67.4.2", "anna@elsewhere.example", server.refused_relay),
        ("10.67.4.3", too_long_for_the_log_of_exim, server.refused_relay),
    ):
        with greeted(server, address) as client:
            client.mail("anna@ham.test")
            assert client.rcpt(recipient)[0] // 100 == 5
        server.wait_for(address, outcome)
        assert offences(server, address) == {outcome}


def test_a_failed_login_is_one(server):
    wants_logins(server)
    address = "10.67.5.1"
    with guarding(server, LOGIN_BANS) as guard:
        client = greeted(server, address)
        time.sleep(NOT_NEXT_DOOR)
        assert client.docmd("AUTH", f"PLAIN {plain(LOGIN)}")[0] == 535
        guard.wait_banned(address)
        assert ended(client.sock)
    server.wait_for(address, "auth-failure")
    assert offences(server, address) == {"auth-failure"}


def test_an_honest_client_breaks_no_rule(server):
    address = "10.67.6.1"
    with greeted(server, address) as client:
        if server.logs_in:
            assert client.login(LOGIN, PASSWORD)[0] == 235
        assert not client.sendmail(
            "anna@ham.test", ["ham@example.test"], "Subject: hello\r\n\r\nhello\r\n"
        )
    server.wait_for(address, "accepted", offence=False)
    assert not offences(server, address)


def test_a_client_cannot_have_another_one_named(server):
    forged = server.forged.format(VICTIM, VICTIM)
    with guarding(server) as guard:
        for address, dialogue in zip(server.world.honest4, dialogues_with(forged, server.logs_in)):
            speak(server, address, dialogue)
        # Written last: when this is read, all of it was.
        assert told(greeted(server, "10.66.7.1")) == server.refusal
        guard.wait_banned("10.66.7.1")
        assert not guard.in_kernel(VICTIM)
        assert guard.explain(VICTIM)["known"] is False
    lines = [line for line in server.log.lines() if forged[:20] in line]
    assert len(lines) > 3, "there was something to be misled by"
    assert VICTIM not in everyone(server)


def dialogues_with(forged, logs_in):
    """Yields what a client says, command by command, that wants to have the forged line read."""
    sender, recipient = "MAIL FROM:<anna@ham.test>", "RCPT TO:<nosuch@example.test>"
    for helo in (
        forged,
        f"[{VICTIM}]",
        f"x) [{VICTIM}] {forged} (y",
        f"[::1%x]) [{VICTIM}] {forged} ([::1]",
    ):
        yield f"HELO {helo}", "HELO x", sender, recipient
        yield f"EHLO {helo}", sender, recipient
    escaped = forged.replace('"', '\\"')
    for before in "", "x\t", "x>: ", 'x">, ', "x\r", "x\n":
        for local in f'"{before}{escaped}"', before + forged, f"{before}{forged}".replace(" ", "_"):
            yield "HELO x", f"MAIL FROM:<{local}@ham.test>", recipient
            yield "HELO x", f"MAIL FROM:<{local}>", recipient
            yield "HELO x", sender, f"RCPT TO:<{local}@example.test>"
            yield "HELO x", sender, f"RCPT TO:<{local}@elsewhere.example>"
            yield "HELO x", sender, f"RCPT TO:<{local}>"
        yield "HELO x", before + forged
    if logs_in:
        for before in "x", "x\t", "x\r", "x\n", "x)", 'x"', f"x,{VICTIM},<x>): ":
            yield "EHLO x", f"AUTH PLAIN {plain(before + forged)}"
        yield "EHLO x", f"AUTH {forged}"
        yield "EHLO x", f"AUTH PLAIN {forged}"


def plain(name):
    """The SASL answer of someone of that name with a wrong password."""
    return base64.b64encode(f"\0{name}\0x".encode()).decode()


def speak(server, address, dialogue):
    """Says it to a server that may hang up at any time."""
    client = server.world.smtp(address, port=server.port)
    try:
        for command in dialogue:
            client.send(f"{command}\r\n".encode())
            client.getreply()
    except smtplib.SMTPServerDisconnected:
        pass
    finally:
        client.close()


def test_failed_imap_logins_ban(dovecot):
    address = "10.67.8.1"
    with guarding(dovecot, LOGIN_BANS) as guard:
        client = imap(dovecot, address)
        time.sleep(NOT_NEXT_DOOR)
        with pytest.raises(imaplib.IMAP4.error):
            client.login(LOGIN, "wrong")
        guard.wait_banned(address)
        assert ended(client.sock)
        assert refused_silently(dovecot.world, address, port=dovecot.port)
    assert offences(dovecot, address) == {"auth-failure"}


def test_an_honest_imap_login_breaks_no_rule(dovecot):
    client = imap(dovecot, "10.67.8.2")
    client.login(LOGIN, PASSWORD)
    client.logout()
    dovecot.wait_for("10.67.8.2", "accepted", offence=False)
    assert not offences(dovecot, "10.67.8.2")


def test_an_imap_client_cannot_have_another_one_named(dovecot):
    forged = dovecot.forged.format(VICTIM)
    quoted = forged.replace('"', '\\"')
    commands = [f"AUTHENTICATE PLAIN {forged}", f'LOGIN "{quoted}" x', f"x {forged}", forged]
    for before in "", "x>, ", "x\t", "x\r", "x\n", f"x,{VICTIM},<x>): ":
        commands.append(f"AUTHENTICATE PLAIN {plain(before + forged)}")
    with guarding(dovecot, "ban { score = 1000 }") as guard:
        for address, command in zip(dovecot.world.honest4, commands):
            client = imap(dovecot, address)
            client.send(f"a {command}\r\n".encode())
            client.readline()
            client.shutdown()
        dovecot.wait_for(address, "auth-failure")
        wait_until(lambda: guard.explain(address)["known"], 5, "all of it to be read")
        assert not guard.in_kernel(VICTIM)
        assert guard.explain(VICTIM)["known"] is False
    assert VICTIM not in everyone(dovecot)
