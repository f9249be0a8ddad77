# SPDX-License-Identifier: Apache-2.0
"""What a rejected client may still do at the gate before a Courier: speak TLS, so that it learns why it is rejected,
or, with gate.auth, log in, as somebody who is at home at a listed address has to be able to."""

import smtplib
import socket

import pytest

from dialogues import ended
from gates import (
    NAME,
    OUTSIDE,
    PORT,
    WHOLE_GREETING,
    gate,
    recipient,
    refusal,
    send_mail,
    start_tls,
    world,
)
from guard import Guard
from world import wait_until

CERTIFICATE = "/etc/courier/esmtpd.pem"
# By its block list, and for want of a login.
REFUSED_BY_COURIER = [("10.66.{}.1", "ham@example.test", 511), ("10.66.{}.2", OUTSIDE, 513)]
AUTH = {"auth": "yes", "auth_mechanisms": '"LOGIN PLAIN"'}


def log_in(world, client):
    return client.login(world.ready["login"], world.ready["password"])[0]


@pytest.mark.parametrize("address", ["10.66.10.1", "2001:db8:66:10::1"])
def test_a_listed_client_that_talks_to_nobody_without_tls_learns_it_too(world, address):
    with Guard(world, gate(certificate=CERTIFICATE)) as guard:
        client = world.smtp(address, port=PORT)
        start_tls(client)
        assert not client.has_extn("starttls") and not client.has_extn("auth")
        code, text = refusal(client)
        assert code == 550 and b"dnsbl.test names it" in text
        wait_until(lambda: guard.explain(address)["banned"], 5, "it to be banned")
        counters = guard.status()["counters"]
        assert counters["gate_starttls"] == 1 and counters["gate_tls_failed"] == 0
        assert not world.handlers()
        client.close()


def test_a_certificate_that_is_away_keeps_nobody_out(world):
    with Guard(world, gate(certificate="/etc/courier/nowhere.pem")) as guard:
        client = world.smtp("10.66.20.1", port=PORT)
        client.ehlo()
        assert not client.has_extn("starttls")
        assert refusal(client)[0] == 550
        send_mail(world.smtp("10.67.20.1", port=PORT))
        away = "/etc/courier/nowhere.pem: No such file or directory"
        assert f"gate.certificate: {away}; STARTTLS is not offered" in guard.log
        assert f"gate TLS      {away}" in guard.ask("check").stdout


def test_a_handshake_that_is_none_ends_the_session(world):
    with Guard(world, gate(certificate=CERTIFICATE)) as guard:
        client = world.smtp("10.66.11.1", port=PORT)
        client.ehlo()
        assert client.docmd("STARTTLS")[0] == 220
        client.sock.sendall(b"MAIL FROM:<anna@ham.test>\r\n")
        assert ended(client.sock)
        wait_until(lambda: guard.status()["counters"]["gate_tls_failed"] == 1, 5, "its end")
        client.close()


def test_what_was_said_before_tls_is_not_known_after_it(world):
    """Nor is what was sent along with STARTTLS taken for something that came in secret (CVE-2011-0411)."""
    with Guard(world, gate(certificate=CERTIFICATE)):
        client = world.smtp("10.66.12.1", port=PORT)
        client.ehlo()
        client.mail("zombie@spam.test")
        client.rset()
        start_tls(client)
        client.sock.sendall(b"RCPT TO:<ham@example.test>\r\n")
        assert client.getreply()[0] == 503
        client.close()


@pytest.mark.parametrize("certificate", [{}, {"certificate": CERTIFICATE}])
@pytest.mark.parametrize("secure", [True, False])
def test_a_listed_client_can_log_in_and_send(world, secure, certificate):
    address = f"10.66.13.{1 + secure + 2 * len(certificate)}"
    before = set(world.delivered())
    with Guard(world, gate(**AUTH, **certificate)) as guard:
        client = world.smtp(address, port=PORT)
        assert client.greeting == WHOLE_GREETING
        assert not world.handlers()
        if secure:
            start_tls(client)
            assert client.has_extn("auth"), "this is Courier's reply"
        assert log_in(world, client) == 235
        wait_until(lambda: len(world.handlers()) == 1, 5, "one of Courier's processes, and none that it has forked")
        assert recipient(client, OUTSIDE)[0] == 250
        send_mail(client)
        [message] = wait_until(lambda: set(world.delivered()) - before, 10, "the mail")
        received = message.read_text()
        assert f"([::ffff:{address}])" in received
        assert "AUTH: LOGIN ham" in received or "AUTH: PLAIN ham" in received
        assert guard.status()["counters"]["gate_log_in"] == 1
        assert not guard.explain(address)["known"]
        # It is as listed as it was: the next time it has to log in again.
        again = world.smtp(address, port=PORT)
        assert refusal(again)[0] == 550
        again.close()


def test_a_listed_client_that_does_not_log_in_after_all_is_refused_by_courier(world):
    with Guard(world, gate(**AUTH)) as guard:
        for address, name, code in REFUSED_BY_COURIER:
            client = world.smtp(address.format(14), port=PORT)
            start_tls(client)
            assert refusal(client, name)[0] == code
            client.close()
        guard.wait_banned("10.66.14.1")
    assert world.mail_log.find(r"relay=::ffff:10\.66\.14\.1,.* 511 Listed by dnsbl\.test")


def test_a_listed_client_with_a_wrong_password_is_refused_by_courier(world):
    with Guard(world, gate(**AUTH)):
        for address, name, code in REFUSED_BY_COURIER:
            client = world.smtp(address.format(15), port=PORT)
            client.ehlo()
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("ham", "wrong")
            assert refusal(client, name)[0] == code
            client.close()


def test_what_is_sent_along_with_starttls_does_not_reach_courier(world):
    """It would be carried out as if it had come in secret."""
    before = set(world.delivered())
    with Guard(world, gate(**AUTH)):
        client = world.smtp("10.66.16.1", port=PORT)
        client.ehlo()
        client.sock.sendall(
            b"STARTTLS\r\nMAIL FROM:<zombie@spam.test>\r\nRCPT TO:<ham@example.test>\r\n"
        )
        assert client.getreply()[0] == 220
        client.sock.settimeout(0.3)
        with pytest.raises(socket.timeout):
            client.sock.recv(100)
        client.close()
    assert set(world.delivered()) == before
    assert not world.mail_log.find(r"10\.66\.16\.1.*zombie")


def test_one_that_has_been_told_no_does_not_log_in(world):
    """It would be banned while it does."""
    with Guard(world, gate(**AUTH)) as guard:
        client = world.smtp("10.66.17.1", port=PORT)
        assert refusal(client)[0] == 550
        try:
            assert client.docmd("STARTTLS")[0] == 454
        except smtplib.SMTPServerDisconnected:
            pass  # it was evicted
        guard.wait_banned("10.66.17.1")
        assert not world.handlers()
        client.close()


def test_where_logging_in_is_not_offered_it_is_not_there(world):
    with Guard(world, gate()):
        client = world.smtp("10.66.18.1", port=PORT)
        client.ehlo()
        assert not client.has_extn("starttls") and not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGhhbQBjb3JyZWN0LWhvcnNl")[0] == 502
        assert client.docmd("STARTTLS")[0] == 502
        assert client.docmd("HELO", NAME)[0] == 250
        client.close()
    assert not world.handlers()
