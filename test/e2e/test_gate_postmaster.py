# SPDX-License-Identifier: Apache-2.0
"""With gate.postmaster a rejected client may write to the postmaster of a Courier, whom RFC 5321 section 4.5.1 wants to be
reachable, and to nobody else, whatever it tries. (In this world ham is postmaster.)"""

import pytest

from dialogues import ended
from gates import (
    MESSAGE,
    OUTSIDE,
    PORT,
    gate,
    nobody_is_left,
    recipient,
    refusal,
    replies_until,
    send_mail,
    start_tls,
    wait_state,
    world,
)
from guard import Guard
from world import wait_until

CERTIFICATE = "/etc/courier/esmtpd.pem"
POSTMASTER = "postmaster@example.test"
LETTER = "Subject: why me\r\n\r\nI am no spammer.\r\n..\r\n.x\r\n"


def letter_gate(**settings):
    return gate(postmaster="yes", **settings)


def accepted(world, address, name=POSTMASTER):
    """A listed client to which Courier has said yes to postmaster."""
    client = world.smtp(address, port=PORT)
    assert refusal(client, name)[0] == 250
    return client


def new_mail(world, before):
    [message] = wait_until(lambda: set(world.delivered()) - before, 10, "the mail")
    return message.read_text()


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("address", ["10.66.40.{}", "2001:db8:66:{}::9"])
@pytest.mark.parametrize("name", [POSTMASTER, "PostMaster@example.test"])
def test_a_listed_client_writes_to_postmaster(world, secure, address, name):
    address = address.format(1 + secure + 2 * (name == POSTMASTER))
    before = set(world.delivered())
    with Guard(world, letter_gate(certificate=CERTIFICATE)) as guard:
        client = world.smtp(address, port=PORT)
        if secure:
            start_tls(client)
        assert refusal(client, name)[0] == 250
        wait_state(guard, {"letter": 1})
        assert client.data(LETTER)[0] == 250
        client.quit()
        text = new_mail(world, before)
        assert f"{address}])" in text, "Courier knows who it is from"
        assert "I am no spammer.\n..\n.x\n" in text.replace("\r", "")
        counters = guard.status()["counters"]
        assert counters["gate_postmaster"] == counters["gate_postmaster_taken"] == 1
        assert not guard.explain(address)["known"], "nothing was refused"


def test_nobody_else_is_written_to(world):
    before = set(world.delivered())
    with Guard(world, letter_gate()) as guard:
        client = accepted(world, "10.66.41.1")
        for name in ["ham@example.test", OUTSIDE, POSTMASTER]:
            code, text = client.rcpt(name)
            assert code == 550 and b"dnsbl.test names it" in text
        assert client.data(MESSAGE)[0] == 250
        text = new_mail(world, before)
        assert "Delivered-To: ham@example.test" in text
        # It was told 5xx, and is judged when it has had its say.
        guard.wait_banned("10.66.41.1")
        client.close()
    assert not world.mail_log.find(rf"<{OUTSIDE}>")


def test_the_next_message_is_refused_as_ever(world):
    with Guard(world, letter_gate()) as guard:
        client = accepted(world, "10.66.42.1")
        assert client.data(MESSAGE)[0] == 250
        assert refusal(client)[0] == 550
        guard.wait_banned("10.66.42.1")
        client.close()


def test_several_letters_in_a_session(world):
    before = set(world.delivered())
    with Guard(world, letter_gate()):
        client = world.smtp("10.66.43.1", port=PORT)
        for _ in range(3):
            assert not client.sendmail("anna@ham.test", [POSTMASTER], MESSAGE)
        client.quit()
        wait_until(lambda: len(set(world.delivered()) - before) == 3, 10, "three messages")


def test_courier_does_not_relay_for_it(world):
    """Not even for one in gate.relay: it was rejected."""
    with Guard(world, letter_gate(relay="10.66.44.0/24")):
        for address in ["10.66.44.1", "10.66.45.1"]:
            client = world.smtp(address, port=PORT)
            assert recipient(client, "postmaster@elsewhere.example")[0] == 513
            assert client.noop()[0] == 250
            client.close()


def test_who_asked_for_another_recipient_first_does_not_come_to_courier(world):
    with Guard(world, letter_gate()):
        client = world.smtp("10.66.46.1", port=PORT)
        client.ehlo()
        client.sock.sendall(
            f"MAIL FROM:<>\r\nRCPT TO:<ham@example.test>\r\nRCPT TO:<{POSTMASTER}>\r\nDATA\r\n".encode()
        )
        assert [client.getreply()[0] for _ in range(4)] == [250, 550, 550, 554]
        client.close()
    assert not world.handlers()


SECOND = b"MAIL FROM:<zombie@spam.test>\r\nRCPT TO:<ham@example.test>\r\nDATA\r\nspam\r\n.\r\n"


@pytest.mark.parametrize(
    "number, end",
    enumerate([b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n\0.\r\n"]),
)
def test_no_message_is_smuggled_within_another(world, number, end):
    before = set(world.delivered())
    with Guard(world, letter_gate()) as guard:
        client = accepted(world, f"10.66.47.{number + 1}")
        assert client.docmd("DATA")[0] == 354
        client.sock.sendall(b"Subject: first\r\n\r\nfirst" + end + SECOND + b"QUIT\r\n")
        replies_until(client.sock, "554 5.6.0")
        replies_until(client.sock, "421 4.7.0")
        assert ended(client.sock)
        client.close()
        wait_until(lambda: not world.handlers(), 5, "Courier to give up")
        assert guard.status()["counters"]["gate_postmaster_broken"] == 1
        # Whatever was delivered would be there by the time of another one.
        honest = world.smtp("10.67.47.1", port=PORT)
        send_mail(honest)
        assert "hello" in new_mail(world, before)


def test_what_is_sent_along_with_its_commands_reaches_courier_as_a_message_alone(world):
    """All at once, as a client that pipelines beyond what is allowed."""
    before = set(world.delivered())
    with Guard(world, letter_gate()):
        client = world.smtp("10.66.48.1", port=PORT)
        client.ehlo()
        letter = f"MAIL FROM:<>\r\nRCPT TO:<{POSTMASTER}>\r\nDATA\r\n{MESSAGE}.\r\n".encode()
        client.sock.sendall(letter + SECOND + b"QUIT\r\n")
        assert [client.getreply()[0] for _ in range(6)] == [250, 250, 354, 250, 250, 550]
        assert "hello" in new_mail(world, before)
        client.close()


def test_a_message_that_is_too_large(world):
    before = set(world.delivered())
    large = "x" * 76 + "\r\n"
    with Guard(world, letter_gate()) as guard:
        client = world.smtp("10.66.49.1", port=PORT)
        client.ehlo()
        client.mail("anna@ham.test", ["SIZE=2000000"])
        assert client.rcpt(POSTMASTER)[0] == 552
        client.rset()
        client.mail("anna@ham.test")
        assert client.rcpt(POSTMASTER)[0] == 250
        assert client.data(large * 20000)[0] == 552
        assert not client.sendmail("anna@ham.test", [POSTMASTER], MESSAGE + large * 12000)
        client.quit()
        assert len(new_mail(world, before)) > 900000
        assert guard.status()["counters"]["gate_postmaster_large"] == 2


def test_who_hangs_up_in_the_midst_of_it_has_sent_nothing(world):
    before = set(world.delivered())
    with Guard(world, letter_gate()) as guard:
        client = accepted(world, "10.66.50.1")
        assert client.docmd("DATA")[0] == 354
        client.sock.sendall(b"Subject: half\r\n\r\nhalf\r\n")
        client.close()
        wait_until(lambda: not world.handlers(), 5, "Courier to give up")
        wait_state(guard, {"letter": 0})
    assert set(world.delivered()) == before


def test_a_letter_waits_for_no_place_of_courier(world):
    with Guard(world, letter_gate(processes=1)) as guard:
        honest = world.smtp("10.67.51.1", port=PORT)
        client = world.smtp("10.66.51.1", port=PORT)
        assert recipient(client, POSTMASTER)[0] == 451
        assert guard.status()["counters"]["gate_postmaster_over"] == 1
        honest.quit()
        wait_until(lambda: not world.handlers(), 5, "Courier to have room")
        assert recipient(client, POSTMASTER)[0] == 250
        client.quit()


def test_where_it_is_not_allowed_postmaster_is_like_all_others(world):
    with Guard(world, gate()):
        client = world.smtp("10.66.52.1", port=PORT)
        assert refusal(client, POSTMASTER)[0] == 550
        client.close()
    assert not world.handlers()
