# SPDX-License-Identifier: Apache-2.0
"""The gate before a real Courier, which it starts for each clean client (exec): who is let in, who is told 5xx,
what the server sees of it, and what becomes of clients that it has no room for."""

import select
import time
from itertools import product

import pytest

from dialogues import refused_silently
from gates import (
    NAME,
    OUTSIDE,
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
    says_nothing,
    send_mail,
    start_tls,
    wait_state,
    world,
)
from guard import Guard
from world import wait_until

UNAVAILABLE = "421 4.3.2 The mail server takes no connection now, try again later"


@pytest.mark.parametrize(
    "address, unit", [("10.66.0.9", "10.66.0.9"), ("2001:db8:66:9::9", "2001:db8:66:9::")]
)
def test_a_listed_client_is_told_why_and_kept_away(world, address, unit):
    with Guard(world, gate()) as guard:
        client = world.smtp(address, port=PORT)
        assert client.greeting == WHOLE_GREETING
        client.ehlo()
        assert client.mail("zombie@spam.test")[0] == 250
        code, text = client.rcpt("ham@example.test")
        assert code == 550
        assert f"[{address}] is refused: dnsbl.test names it".encode() in text
        guard.wait_banned(unit)
        assert refused_silently(world, address, port=PORT, seconds=0.7)
        explained = guard.explain(address)
        assert "MAIL FROM:<zombie@spam.test>, RCPT TO:<ham@example.test>: 550" in explained["gate_dialogue"]
        assert explained["events"][0]["service"] == "gate"
        assert "dialogue of gate (listed)" in explained["text"]
        client.close()
    assert not world.mail_log.find(address.replace(".", r"\."))


def greeting_of(world, address):
    client = world.smtp(address, port=PORT)
    client.quit()
    return client.greeting


@pytest.mark.parametrize(
    "address, named", [("10.67.0.9", "::ffff:10.67.0.9"), ("2001:db8:67:9::9", "2001:db8:67:9::9")]
)
def test_a_clean_client_talks_to_courier(world, address, named):
    before = set(world.delivered())
    with Guard(world, gate()):
        client = world.smtp(address, port=PORT)
        assert client.greeting == WHOLE_GREETING
        send_mail(client)
        world.mail_log.wait_for(rf"started,ip=\[{named}\]")
        [message] = wait_until(lambda: set(world.delivered()) - before, 10, "the mail")
        assert f"from client.test ([{named}])" in message.read_text()
        # It is known now, as soon as each gate worker was told, and comes to Courier at once.
        wait_until(lambda: greeting_of(world, address) == SERVERS_GREETING, 5, "it to be known")


@pytest.mark.parametrize("handoff, server", [("exec", {}), ("transparent", {"server": 25})])
def test_who_is_at_the_gate_is_not_at_the_server(world, handoff, server):
    """Both have clients of the same port, and hand them to each other."""
    with Guard(world, f"mail {{ ports = 25, {PORT} }}\n" + gate(handoff, **server)) as guard:
        held = [world.smtp(f"10.66.2.{n}", port=PORT) for n in range(1, 6)]
        for client in held:
            client.ehlo()
        clean = [world.smtp(f"10.67.2.{n}", port=PORT) for n in range(1, 4)]

        def counted():
            return guard.status()["connections"] | {"gate": guard.status()["gate"]["sessions"]}

        wait_until(lambda: counted()["served"] == len(clean) and counted()["gate"] >= len(held), 8,
                   "the clean ones to be the server's, and no others")
        assert counted()["open"] == len(clean) and counted()["waiting"] == 0
        for client in held + clean:
            client.close()
        wait_until(lambda: counted()["open"] == 0, 8, "all of them to be gone")


def test_zombies_cost_the_server_nothing(world):
    with Guard(world, gate(per_network=200)) as guard:
        clean = world.smtp("10.67.1.1", port=PORT)
        assert len(world.handlers()) == 1
        zombies = [world.smtp(f"10.66.1.{n}", port=PORT) for n in range(50)]
        wait_state(guard, {"dialogue": 50, "passed": 0})
        for zombie in zombies:
            zombie.ehlo()
        assert len(world.handlers()) == 1
        codes = {refusal(zombie)[0] for zombie in zombies}
        assert codes == {550}
        assert len(world.handlers()) == 1
        wait_until(lambda: {f"10.66.1.{n}" for n in range(50)} <= set(guard.bans()), 5, "all bans")
        clean.quit()
        for zombie in zombies:
            zombie.close()


def test_an_outside_client_does_not_relay_but_one_that_has_logged_in_does(world):
    with Guard(world, gate()):
        # Courier offers STARTTLS and AUTH before the first MAIL only.
        for secure, login in product([False, True], repeat=2):
            with world.smtp("10.67.2.1", port=PORT) as client:
                if secure:
                    start_tls(client)
                if login:
                    client.login(world.ready["login"], world.ready["password"])
                assert recipient(client, OUTSIDE)[0] == (250 if login else 513)


def test_clients_of_our_own_networks_relay(world):
    with Guard(world, gate(relay="10.67.3.0/24, 2001:db8:67:3::/64")):
        for address, code in [
            ("10.67.3.9", 250),
            ("2001:db8:67:3::9", 250),
            ("10.67.4.9", 513),
            ("2001:db8:67:4::9", 513),
        ]:
            with world.smtp(address, port=PORT) as client:
                assert (address, recipient(client, OUTSIDE)[0]) == (address, code)


def test_clean_clients_wait_for_room_and_are_let_in_by_turns(world):
    with Guard(world, gate(processes=2, full_wait="20s")) as guard:
        served = [world.smtp(f"10.67.5.{n}", port=PORT) for n in (1, 2)]
        waiting = []
        for n in (3, 4):
            connection = world.connect(f"10.67.5.{n}", port=PORT)
            assert reply_line(connection) == f"220-{NAME} ESMTP"
            waiting.append(connection)
        wait_state(guard, {"waiting": 2})
        assert len(world.handlers()) == 2
        assert says_nothing(waiting[0], 0.2)
        left = list(waiting)
        for leaving in served:
            leaving.quit()
            # Each worker lets its clients in by turns, but which worker is the first nobody says.
            [connection, *more] = select.select(left, [], [], 3)[0]
            assert reply_line(connection) == f"220 {NAME} ESMTP" and not more
            left.remove(connection)
        assert len(world.handlers()) == 2
        counters = guard.status()["counters"]
        assert counters["gate_server_unavailable"] == 0 and counters["porter_full"] >= 2
        for connection in waiting:
            connection.close()


def test_clients_that_found_no_room_are_told_to_come_again(world):
    with Guard(world, gate(processes=1, full_wait="500ms")) as guard:
        served = world.smtp("10.67.6.1", port=PORT)
        begin = time.monotonic()
        with world.connect("10.67.6.2", port=PORT) as stranger:
            assert reply_line(stranger) == f"220-{NAME} ESMTP"
            # No other code may end what began with 220.
            assert reply_line(stranger) == f"220 {NAME} ESMTP"
            assert 0.5 < time.monotonic() - begin < 2
            assert reply_line(stranger) == UNAVAILABLE
            assert reply_line(stranger) == ""
        # One that is known is told at once what it has to know.
        with world.connect("10.67.6.1", port=PORT) as known:
            assert reply_line(known) == UNAVAILABLE
            assert reply_line(known) == ""
        assert served.noop()[0] == 250
        served.quit()
        with world.smtp("10.67.6.2", port=PORT) as again:
            assert recipient(again)[0] == 250
        assert not {"10.67.6.1", "10.67.6.2"} & set(guard.bans())


def test_without_the_program_mail_waits_until_there_is_one(world):
    program = "/usr/sbin/courieresmtpd"
    with Guard(world, gate()) as guard:
        world.server_exec(["mv", program, f"{program}.away"])
        try:
            with world.connect("10.67.7.1", port=PORT) as client:
                assert replies_until(client, "421") == UNAVAILABLE
            assert f"a client could not be let in: {program}: No such file" in guard.log
            world.server_exec(["cp", f"{program}.away", "/usr/local/sbin/elsewhere"])
            guard.reload(gate(program="/usr/local/sbin/elsewhere"))
            with world.smtp("10.67.7.1", port=PORT) as client:
                assert recipient(client)[0] == 250
        finally:
            world.server_exec(["mv", f"{program}.away", program])
        # It is there again, and nobody has to be told.
        guard.reload(gate())
        with world.smtp("10.67.7.1", port=PORT) as client:
            assert recipient(client)[0] == 250


def test_the_courier_behind_it_keeps_its_own_port(world):
    """The gate takes nothing away from who comes to the server by itself."""
    with Guard(world, gate()) as guard:
        with world.smtp("10.67.8.1") as client:
            assert recipient(client)[0] == 250
        zombie = world.smtp("10.66.8.1")
        assert refusal(zombie)[0] == 511
        zombie.close()
        assert gate_state(guard)["sessions"] == 0
