# SPDX-License-Identifier: Apache-2.0
"""What the gate makes of DNS lists, its own name server being a real rbldnsd: weights, filters and texts, lists that
are broken, and a name server that is gone. In all doubt mail flows."""

import re
import time

import pytest

from gates import PORT, WHOLE_GREETING, send_mail, world
from guard import Guard
from name_server import EVERYBODY, WELL, NameServer, asking, let_in, told, zones
from world import wait_until

# Begun here, see test_gate_zone_returns.py.
pytestmark = pytest.mark.usefixtures("broken_for_a_while")

# With what `zones` says of each.
BROKEN = {
    "everybody.test": (EVERYBODY, "lists everybody: 127.0.0.1 is in it"),
    "nobody.test": ("", "lists nobody: 127.0.0.2 is not in it"),
    "refuses.test": (
        ":127.255.255.254:Public resolvers are not answered\n0.0.0.0/1\n128.0.0.0/1\n",
        "does not answer such resolvers, or so many questions (127.255.255.*)",
    ),
    "foreign.test": (
        ":192.0.2.1:An advertisement\n0.0.0.0/1\n128.0.0.0/1\n",
        "answers with addresses outside of 127.0.0.0/8",
    ),
}


def test_broken_lists_are_left_out_and_said_so(world):
    lists = {name: text for name, (text, _) in BROKEN.items()} | {"well.test": WELL}
    with (
        NameServer(world, lists),
        Guard(world, asking(*(f"zone {name} {{ weight = 3 }}" for name in lists))) as guard,
    ):
        wait_until(lambda: zones(guard)["well.test"]["state"] == "well", 5, "the tests")
        found = zones(guard)
        for name, (_, trouble) in BROKEN.items():
            assert (found[name]["state"], found[name]["trouble"]) == ("out", trouble)
        text = guard.ask("zones").stdout
        for name, (_, trouble) in BROKEN.items():
            assert re.search(rf"^{name} +out .*\n +IPv4: {re.escape(trouble)}; it is left out", text, re.M)
            # Not more than once a second is it said how lists do.
            wait_until(lambda: f"{name} is no more asked for IPv4: it {trouble}" in guard.log, 5, f"{name} to be named")
        let_in(world, "10.67.1.1")
        assert "well.test names it (Listed, see http://well.test/?10.66.1.1)" in told(world, "10.66.1.1")
        wait_until(lambda: zones(guard)["well.test"]["decided"] == 1, 5, "its word to count")
        assert all(zones(guard)[name]["decided"] == 0 for name in BROKEN)


def test_what_a_client_is_told_of_a_listing(world):
    with (
        NameServer(world, {"a.test": WELL, "b.test": WELL, "c.test": WELL}),
        Guard(world, asking(
            'zone a.test { weight = 3 text = "Ask +49 711 1234 about %a" }',
            "zone b.test { weight = 2 }",
            contact="https://example.test/blocked",
        )),
    ):
        assert told(world, "10.66.2.1") == (
            "5.7.1 [10.66.2.1] is refused: a.test names it (Ask +49 711 1234 about 10.66.2.1); "
            "b.test names it, too; ask https://example.test/blocked"
        )


def test_one_list_alone_need_not_decide(world):
    with (
        NameServer(world, {"a.test": WELL, "b.test": WELL + "10.67.3.1\n"}),
        Guard(world, asking("zone a.test { }", "zone b.test { }")),
    ):
        let_in(world, "10.67.3.1")
        assert "a.test names it" in told(world, "10.66.3.1")


def test_a_list_of_good_ones_outweighs_another(world):
    good = ":127.0.0.2:\n127.0.0.2\n10.66.4.0/24\n"
    with (
        NameServer(world, {"bad.test": WELL, "good.test": good}),
        Guard(world, asking("zone bad.test { weight = 3 }", "zone good.test { weight = -1 }")) as guard,
    ):
        let_in(world, "10.66.4.1")
        assert told(world, "10.66.5.1")
        # An allow list is no reason to ban anybody.
        assert "10.66.4.1" not in guard.bans()


def test_only_the_answers_that_are_named_are_a_listing(world):
    several = ":127.0.0.2:\n127.0.0.2\n10.66.6.2\n:127.0.0.10:dynamic\n10.66.6.10\n"
    with (
        NameServer(world, {"several.test": several}),
        Guard(world, asking("zone several.test { weight = 3 replies = 127.0.0.2-9 }")),
    ):
        let_in(world, "10.66.6.10")
        assert told(world, "10.66.6.2")


def test_a_client_without_a_name_can_be_refused_for_it(world):
    with NameServer(world, {"arpa": ""}), Guard(world, asking(no_reverse=3)):
        assert "its address has no name in the DNS" in told(world, "10.67.7.1")
    # Nobody knows whether it has one, where the name server does not say.
    with NameServer(world, {"well.test": WELL}), Guard(world, asking(no_reverse=3)):
        let_in(world, "10.67.7.2")


def test_mail_flows_while_the_name_server_hangs(world):
    with (
        NameServer(world, {"well.test": WELL}) as server,
        Guard(world, asking("zone well.test { weight = 3 }", dns_wait="500ms", no_reverse=3)) as guard,
    ):
        wait_until(lambda: zones(guard)["well.test"]["state"] == "well", 5, "its test")
        server.hang()
        before = set(world.delivered())
        begin = time.monotonic()
        client = world.smtp("10.67.8.1", port=PORT)
        assert client.greeting == WHOLE_GREETING
        assert 0.5 <= time.monotonic() - begin < 1.5
        send_mail(client)
        wait_until(lambda: set(world.delivered()) - before, 10, "the mail")
        assert 0.5 <= let_in(world, "10.66.8.1") < 1.5
        server.go_on()
        assert told(world, "10.66.8.2")
        # It was let in, and need not prove itself again.
        assert let_in(world, "10.67.8.1") < 0.3


def test_mail_flows_without_a_name_server_and_its_lists_come_back_with_it(world):
    """Lists of which clients are the first to hear that they are gone are tried again at once."""
    lists = {"well.test": WELL}
    configuration = asking("zone well.test { weight = 3 }", dns_wait="500ms")
    with NameServer(world, lists) as server, Guard(world, configuration) as guard:
        wait_until(lambda: zones(guard)["well.test"]["state"] == "well", 5, "its test")
        server.kill()
        for n in range(1, 4):
            assert let_in(world, f"10.66.9.{n}") < 1.5
        with NameServer(world, lists):
            assert told(world, "10.66.9.4")
        assert guard.status()["counters"]["gate_sessions_rejected"] == 1
    # Not there from the start, either.
    with Guard(world, configuration):
        assert let_in(world, "10.66.9.5") < 1.5
