# SPDX-License-Identifier: Apache-2.0
"""Clients that behave oddly at the gate, clients that it knows, and what becomes of clients that are there when it is
told something new or loses a process."""

import os
import signal
import ssl
import time

import pytest

from dialogues import deliver, ended, refused_silently
from gates import (
    NAME,
    PORT,
    SERVERS_GREETING,
    WHOLE_GREETING,
    gate,
    gate_state,
    nobody_is_left,
    recipient,
    refusal,
    replies_until,
    reply_line,
    wait_state,
    world,
)
from guard import Guard
from world import wait_until

HTTP = b"POST / HTTP/1.1\r\nHost: mx.example.test\r\n\r\nMAIL FROM:<zombie@spam.test>\r\n"


def client_hello():
    """The first bytes of a client that takes the port for one of SMTP within TLS."""
    context, heard, said = ssl.create_default_context(), ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(heard, said, server_hostname=NAME).do_handshake()
    return said.read()


def say_early(world, address, words):
    connection = world.connect(address, port=PORT)
    assert reply_line(connection) == f"220-{NAME} ESMTP"
    connection.sendall(words)
    return connection


def test_who_speaks_too_early_can_be_told_so(world):
    with Guard(world, gate(early_talker=3, greet_wait="2s")) as guard:
        begin = time.monotonic()
        connection = say_early(world, "10.67.1.1", b"EHLO client.test\r\n")
        # It has not waited, so it need not.
        assert reply_line(connection) == f"220 {NAME} ESMTP"
        assert time.monotonic() - begin < 1
        replies_until(connection, "250 ")
        connection.sendall(b"MAIL FROM:<zombie@spam.test>\r\nRCPT TO:<ham@example.test>\r\n")
        assert "it spoke before our greeting" in replies_until(connection, "550 ")
        assert not world.handlers()
        connection.close()
        wait_until(lambda: guard.explain("10.67.1.1")["known"], 5, "it to be noted")
        assert guard.explain("10.67.1.1")["events"][0]["outcome"] == "policy-refused"


def test_what_an_honest_but_hasty_client_said_is_heard_by_the_server(world):
    with Guard(world, gate()):
        connection = say_early(world, "10.67.2.1", b"EHLO client.test\r\nNOOP\r\n")
        assert reply_line(connection) == f"220 {NAME} ESMTP"
        assert "XEXDATA" in replies_until(connection, "250-XEXDATA")
        replies_until(connection, "250 DSN")
        assert reply_line(connection).startswith("250 ")
        assert len(world.handlers()) == 1
        connection.close()


@pytest.mark.parametrize(
    "words, address", [(HTTP, "10.67.3.1"), (client_hello(), "10.67.3.2")], ids=["HTTP", "TLS"]
)
def test_other_protocols_end_at_the_gate(world, words, address):
    with Guard(world, gate()) as guard:
        connection = say_early(world, address, words)
        assert reply_line(connection) == f"220 {NAME} ESMTP"
        assert reply_line(connection) == "421 4.7.0 This is SMTP, closing"
        assert reply_line(connection) == ""
        connection.close()
        assert not world.handlers()
        wait_until(lambda: guard.explain(address)["known"], 5, "it to be noted")
        assert guard.explain(address)["events"][0]["outcome"] == "protocol-abuse"
        counters = guard.status()["counters"]
        assert counters["gate_early_talker"] == counters["gate_foreign_speaker"] == 1
    assert not world.mail_log.find(address.replace(".", r"\."))


def test_who_sends_all_at_once_is_told_no_all_the_same(world):
    with Guard(world, gate()):
        connection = world.connect("10.66.4.1", port=PORT)
        connection.sendall(
            b"HELO x\r\nMAIL FROM:<zombie@spam.test>\r\nRCPT TO:<ham@example.test>\r\n"
            b"DATA\r\nSubject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"
        )
        assert "dnsbl.test names it" in replies_until(connection, "550 ")
        assert ended(connection)
        connection.close()
    assert not world.mail_log.find(r"10\.66\.4\.1")


def test_a_client_that_is_known_is_known_to_all_workers(world):
    with Guard(world, gate(greet_wait="300ms", per_address=40)) as guard:
        first = world.smtp("10.67.5.1", port=PORT)
        assert first.greeting == WHOLE_GREETING
        first.quit()
        time.sleep(0.1)  # until all workers have been told
        begin = time.monotonic()
        again = [world.smtp("10.67.5.1", port=PORT) for _ in range(16)]
        assert {client.greeting for client in again} == {SERVERS_GREETING}
        assert time.monotonic() - begin < 16 * 0.3
        assert guard.status()["counters"]["gate_known"] == 16
        for client in again:
            client.close()
        explained = guard.explain("10.67.5.1")
        assert explained["known"] and "The gate has let it in" in explained["text"]
        assert 6 < (explained["gate_lets_in_until"] - time.time()) / 86400 <= 7


def test_a_client_that_was_refused_is_known_to_all_workers(world):
    """Not banned here, so that it can be seen."""
    with Guard(world, gate(greet_wait="300ms") + "ban { score = 1000000 }\n") as guard:
        zombie = world.smtp("10.66.5.1", port=PORT)
        assert refusal(zombie)[0] == 550
        zombie.close()
        time.sleep(0.1)  # until all workers have been told
        before = guard.status()["counters"]["dns_questions"]
        again = [world.smtp("10.66.5.1", port=PORT) for _ in range(16)]
        assert {client.greeting for client in again} == {(220, f"{NAME} ESMTP".encode())}
        assert {refusal(client)[0] for client in again} == {550}
        assert guard.status()["counters"]["dns_questions"] == before
        for client in again:
            client.close()


def test_a_reload_leaves_dialogues_in_peace(world):
    with Guard(world, gate()) as guard:
        served = world.smtp("10.67.6.1", port=PORT)
        zombie = world.smtp("10.66.6.1", port=PORT)
        served.ehlo()
        zombie.ehlo()
        old = set(guard.gate_workers())
        guard.reload(gate(name="new.example.test"))
        wait_until(lambda: set(guard.gate_workers()) - old, 5, "new workers")
        assert world.smtp("10.67.6.2", port=PORT).greeting[1].startswith(b"new.example.test")
        assert served.noop()[0] == zombie.noop()[0] == 250
        assert recipient(served)[0] == 250
        zombie.mail("zombie@spam.test")
        code, text = zombie.rcpt("ham@example.test")
        assert code == 550 and NAME.encode() in text
        guard.wait_banned("10.66.6.1")
        assert "10.66.6.1" in guard.explain("10.66.6.1")["gate_dialogue"]
        assert served.quit()[0] == 221
        zombie.close()
        wait_until(lambda: not old & set(guard.gate_workers()), 10, "the old workers to end")


def test_who_is_greeted_while_the_configuration_is_read_is_let_in(world):
    """It waits for its greeting at a worker that takes nobody any more, and is handed over by the old porter."""
    with Guard(world, gate(greet_wait="1s")) as guard:
        connections = [world.connect(f"10.67.7.{n}", port=PORT) for n in range(1, 9)]
        for connection in connections:
            assert reply_line(connection) == f"220-{NAME} ESMTP"
        guard.reload()
        for connection in connections:
            connection.settimeout(5)
            assert reply_line(connection) == f"220 {NAME} ESMTP"
            connection.sendall(b"EHLO client.test\r\n")
            replies_until(connection, "250-XEXDATA")
            connection.close()


def test_a_worker_that_dies_takes_only_its_own_clients_along(world):
    with Guard(world, gate(greet_wait="20s", per_network=200)) as guard:
        zombies = [world.smtp(f"10.66.8.{n}", port=PORT) for n in range(1, 25)]
        for zombie in zombies:
            zombie.ehlo()
        victim, other = guard.gate_workers()
        os.kill(victim, signal.SIGKILL)
        left = [zombie for zombie in zombies if not ended(zombie.sock, 0.05)]
        assert 0 < len(left) < len(zombies), "each worker had some"
        for zombie in left:
            zombie.sock.settimeout(5)
            assert refusal(zombie)[0] == 550
        wait_until(lambda: len(guard.gate_workers()) == 2, 5, "another worker")
        assert other in guard.gate_workers()
        newcomers = [world.smtp(f"10.66.9.{n}", port=PORT) for n in range(1, 17)]
        assert {refusal(zombie)[0] for zombie in newcomers} == {550}
        assert guard.status()["counters"]["gate_restarts"] == 1
        for zombie in zombies + newcomers:
            zombie.close()


def test_who_talks_to_the_server_stays_when_all_of_the_gate_dies(world):
    with Guard(world, gate()) as guard:
        served = world.smtp("10.67.10.1", port=PORT)
        served.ehlo()
        for pid in guard.gate_workers() + guard.porters():
            os.kill(pid, signal.SIGKILL)
        assert recipient(served)[0] == 250
        wait_until(lambda: len(guard.gate_workers()) == 2 and guard.porters(), 5, "them to be back")
        with world.smtp("10.67.10.2", port=PORT) as other:
            assert recipient(other)[0] == 250
        assert served.quit()[0] == 221


def test_status_shows_who_is_there(world):
    with Guard(world, gate(greet_wait="30s")) as guard:
        testing = [say_early(world, f"10.67.11.{n}", b"") for n in (1, 2)]
        zombie = world.smtp("10.66.11.1", port=PORT)
        wait_state(guard, {"testing": 2, "dialogue": 1})
        state = gate_state(guard)
        assert state["workers"] == 2 and state["sessions"] == 3
        text = guard.ask("status").stdout
        assert f"gate          3 of {state['most']} sessions at most, by 2 processes" in text
        for client in testing + [zombie]:
            client.close()


def test_who_is_allowed_is_let_in_at_once(world):
    with Guard(world, gate(greet_wait="2s")) as guard:
        zombie = world.smtp("10.66.12.1", port=PORT)
        assert refusal(zombie)[0] == 550
        zombie.close()
        guard.wait_banned("10.66.12.1")
        assert guard.ask("allow", "10.66.12.0/24").returncode == 0
        guard.wait_let_in("10.66.12.1")
        begin = time.monotonic()
        for address in "10.66.12.1", "10.66.12.2":
            client = world.smtp(address, port=PORT)
            assert client.greeting == SERVERS_GREETING
            assert recipient(client)[0] == 250
            client.close()
        assert time.monotonic() - begin < 1.5
        assert guard.ask("allow", "--remove", "10.66.12.0/24").returncode == 0
        time.sleep(0.1)  # until all workers have been told
        zombie = world.smtp("10.66.12.3", port=PORT)
        assert refusal(zombie)[0] == 550
        zombie.close()


def test_who_is_unbanned_may_come_and_hear_again(world):
    with Guard(world, gate()) as guard:
        zombie = world.smtp("10.66.13.1", port=PORT)
        assert refusal(zombie)[0] == 550
        zombie.close()
        guard.wait_banned("10.66.13.1")
        assert refused_silently(world, "10.66.13.1", port=PORT, seconds=0.5)
        assert guard.ask("unban", "10.66.13.1").returncode == 0
        guard.wait_let_in("10.66.13.1")
        zombie = world.smtp("10.66.13.1", port=PORT)
        assert refusal(zombie)[0] == 550
        zombie.close()


def test_who_is_known_is_known_after_a_restart_and_to_every_worker(world):
    with Guard(world, gate()) as guard:
        assert deliver(world, "10.67.60.9", port=PORT)
        wait_until(lambda: guard.status()["gate"]["clients"] >= 2, 5, "both workers to know it")
        guard.stop()
        guard.start()
        for _ in range(6):
            assert world.smtp("10.67.60.9", port=PORT).greeting == SERVERS_GREETING
        assert guard.status()["counters"]["gate_known"] == 6


def test_a_wave_that_fills_the_gate_does_not_keep_mail_out(world):
    """Who has to be refused has its place only as long as nobody else needs it."""
    with Guard(world, gate(sessions=20, workers=1, per_network=1000)) as guard:
        with world.smtp("10.67.14.1", port=PORT) as known:
            assert known.greeting == WHOLE_GREETING
        zombies = [world.connect(f"10.66.14.{n}", port=PORT) for n in range(1, 61)]
        for address, greeting in ("10.67.14.1", SERVERS_GREETING), ("10.67.14.2", WHOLE_GREETING):
            with world.smtp(address, port=PORT) as client:
                assert client.greeting == greeting
                assert recipient(client)[0] == 250
        counters = guard.status()["counters"]
        assert counters["gate_sessions_displaced"] >= 40 and counters["gate_full"] == 0
        # The first of them was told to come again.
        assert replies_until(zombies[0], "421").startswith("421 4.3.2 Too many connections")
        assert ended(zombies[0])
        for zombie in zombies:
            zombie.close()


def test_nobody_has_more_connections_than_are_due(world):
    here, there = "10.67.15.1", "10.67.15.2"
    limits = {"per_address": 2, "per_network": 3}
    with Guard(world, gate(greet_wait="20s", workers=1, **limits)) as guard:
        held = []
        for address, line in [
            (here, f"220-{NAME} ESMTP"),
            (here, f"220-{NAME} ESMTP"),
            (here, "421 4.7.0 Too many connections from your address"),
            (there, f"220-{NAME} ESMTP"),
            (there, "421 4.7.0 Too many connections from your network"),
            ("10.67.16.1", f"220-{NAME} ESMTP"),
        ]:
            held.append(world.connect(address, port=PORT))
            assert (address, reply_line(held[-1])) == (address, line)
        held[0].close()
        wait_until(lambda: guard.status()["counters"]["gate_sessions_ended"] == 1, 5, "its end")
        held.append(world.connect(there, port=PORT))
        assert reply_line(held[-1]) == f"220-{NAME} ESMTP"
        for connection in held:
            connection.close()
