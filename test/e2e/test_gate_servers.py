# SPDX-License-Identifier: Apache-2.0
"""The gate before real Postfix, Exim, OpenSMTPD, Sendmail, Haraka and Courier, in each way in which it can let a client
in to them: the server sees the client's own address, and nothing of those that are listed."""

import contextlib
import re
import time

import pytest

import gate_servers
from dialogues import ended
from gates import (
    OUTSIDE,
    PORT,
    gate,
    gate_state,
    recipient,
    refusal,
    replies_until,
    reply_line,
    says_nothing,
    send_mail,
)
from guard import Guard
from other_servers import LOGIN, PASSWORD, visible
from world import World, WorldError, wait_until

WAYS = [(name, way) for name, server in gate_servers.SERVERS.items() for way in server.ways]
FAMILIES = {"IPv4": "10.{}.{}.1", "IPv6": "2001:db8:{}:{}::1"}
CLEAN, LISTED = 67, 66
UNAVAILABLE = "421 4.3.2 The mail server takes no connection now, try again later"


@pytest.fixture(scope="module")
def servers(mail_server):
    """Each server in a world of its own, started for the first who asks for it by its name."""
    with contextlib.ExitStack() as stack:
        running = {}

        def get(name):
            if name not in running:
                running[name] = gate_servers.fetch(name) or begin(name)
            if isinstance(running[name], str):
                pytest.skip(f"no {name}: {running[name]}")
            return running[name]

        def begin(name):
            world = stack.enter_context(World(visible=visible()))
            try:
                return gate_servers.start(name, world)
            except WorldError as error:
                return f"it does not start here: {error}"

        yield get


def guarding(server, way, **settings):
    return Guard(server.world, gate(**(server.ways[way] | settings)), sources=server.sources)


@pytest.mark.parametrize("name, way", WAYS, ids=lambda value: value.replace(" ", "-"))
def test_the_server_sees_clean_clients_as_they_are_and_no_others(servers, name, way):
    server = servers(name)
    number = 10 + WAYS.index((name, way))
    with guarding(server, way) as guard:
        for pattern in FAMILIES.values():
            address = pattern.format(CLEAN, number)
            client = server.world.smtp(address, port=PORT)
            assert client.greeting[0] == 220
            send_mail(client)
            server.saw(address)
            # Known to all workers by now, it is greeted by the server alone.
            time.sleep(0.1)
            known = server.world.smtp(address, port=PORT)
            assert known.greeting[0] == 220 and b"\n" not in known.greeting[1]
            known.quit()
        for pattern in FAMILIES.values():
            address = pattern.format(LISTED, number)
            client = server.world.smtp(address, port=PORT)
            assert refusal(client)[0] == 550
            client.close()
            wait_until(lambda: guard.explain(address)["banned"], 5, f"{address} to be banned")
            for log in server.world.inside("/var/log").glob("**/*"):
                if log.is_file():
                    assert address not in log.read_text("latin-1"), log
        counters = guard.status()["counters"]
        assert counters["gate_passed"] == 4 and counters["gate_known"] == 2
        assert counters["gate_hand_off_errors"] == counters["porter_failed"] == 0


@pytest.mark.skip(reason="qmail-smtpd is no package of Debian's")
def test_qmail():
    pass


@pytest.mark.parametrize(
    "name, way, number",
    [("exim-heavy", "proxy 1", 40), ("exim", "transparent", 41), ("postfix", "pass", 45)],
)
def test_who_comes_while_the_server_is_down_waits_for_it(servers, name, way, number):
    server = servers(name)
    with guarding(server, way, full_wait="20s") as guard:
        server.stop()
        with server.world.connect(f"10.67.{number}.1", port=PORT) as client:
            assert reply_line(client).startswith("220-")
            assert says_nothing(client, 0.5)
            wait_until(lambda: gate_state(guard)["states"]["waiting"] == 1, 3, "it to be seen")
            server.run()
            assert reply_line(client).startswith("220 ")
            client.sendall(b"EHLO client.test\r\n")
            assert "PIPELINING" in replies_until(client, "250-PIPE")


def test_who_has_an_address_that_the_server_has_not_is_told_so_and_the_administrator_too(servers):
    server = servers("exim")
    settings = gate("transparent", server="10.68.0.1:2525", full_wait="20s")
    with Guard(server.world, settings, sources=server.sources) as guard:
        assert "it is of IPv4, so no client of IPv6 can be let in" in guard.log
        with server.world.smtp("10.67.47.1", port=PORT) as client:
            assert client.ehlo()[0] == 250
        with server.world.connect("2001:db8:67:47::1", port=PORT) as client:
            assert replies_until(client, "421") == UNAVAILABLE


@pytest.mark.parametrize(
    "name, way, number",
    [
        ("exim", "exec", 42),
        ("exim-heavy", "proxy 2", 43),
        ("exim", "transparent", 44),
        ("postfix", "pass", 46),
    ],
)
def test_who_waits_for_a_server_in_vain_is_told_to_come_again(servers, name, way, number):
    server = servers(name)
    settings = {"processes": 1} if way == "exec" else {}
    with guarding(server, way, full_wait="500ms", **settings) as guard:
        with contextlib.ExitStack() as stack:
            if way == "exec":
                stack.enter_context(server.world.smtp(f"10.67.{number}.2", port=PORT))
            else:
                server.stop()
                stack.callback(server.run)
            begin = time.monotonic()
            with server.world.connect(f"10.67.{number}.1", port=PORT) as client:
                assert replies_until(client, "421") == UNAVAILABLE
                assert reply_line(client) == ""
            assert 0.5 < time.monotonic() - begin < 3
            # Whose server it is learns it, too.
            assert "error: a client could not be let in" in guard.log
        with server.world.smtp(f"10.67.{number}.1", port=PORT) as client:
            assert client.ehlo()[0] == 250


BETWEEN = pytest.mark.parametrize(
    "name, way, number", [("exim-heavy", "proxy 2", 50), ("exim", "transparent", 51)]
)


@BETWEEN
def test_a_long_message_comes_through_whole(servers, name, way, number):
    server = servers(name)
    text = "Subject: long\r\n\r\n" + "\r\n".join(["x" * 998] * 8000) + "\r\n"
    with guarding(server, way), server.world.smtp(f"10.67.{number}.1", port=PORT) as client:
        assert not client.sendmail("anna@ham.test", ["ham@example.test"], text)
        [line] = server.log.find(rf"<= anna@ham\.test .*\[10\.67\.{number}\.1\]")
        size = int(re.search(r" S=(\d+)", line).group(1))
        assert 8000 * 999 <= size < 8000 * 1000 + 1000


@BETWEEN
def test_an_end_of_either_side_is_the_end_of_both(servers, name, way, number):
    server = servers(name)
    with guarding(server, way) as guard:
        clients = [server.world.smtp(f"10.67.{number}.{n}", port=PORT) for n in range(2, 6)]
        served = len(server.handlers())
        assert served >= 4
        for client in clients[:2]:
            client.close()
        wait_until(lambda: len(server.handlers()) == served - 2, 5, "Exim to see two of them leave")
        server.stop()
        for client in clients[2:]:
            assert ended(client.sock)
            client.close()
        wait_until(
            lambda: guard.status()["counters"]["gate_sessions_ended"] == 4, 5, "the end of all"
        )
        server.run()


@BETWEEN
def test_a_listed_client_logs_in_to_a_server_behind_a_connection(servers, name, way, number):
    server = servers(name)
    address = f"10.66.{number}.1"
    with guarding(server, way, auth="yes", auth_mechanisms='"PLAIN LOGIN"') as guard:
        client = server.world.smtp(address, port=PORT)
        assert client.login(LOGIN, PASSWORD)[0] == 235
        assert recipient(client, OUTSIDE)[0] == 250
        send_mail(client)
        server.saw(address)
        # One that does not know the password is refused by the server itself, as it is listed there, too.
        guesser = server.world.smtp(f"10.66.{number}.2", port=PORT)
        guesser.ehlo()
        assert guesser.docmd("AUTH", "PLAIN AGhhbQB3cm9uZw==")[0] == 535
        code, text = refusal(guesser)
        assert code == 550 and b"is listed at dnsbl.test" in text
        guesser.close()
        assert guard.status()["counters"]["gate_log_in"] == 2
