# SPDX-License-Identifier: Apache-2.0
"""The gate behind Courier's own front: couriertcpd hands over, by its PORT, whom its block list names."""

import re

import pytest

from dialogues import deliver, told
from gates import gate
from guard import Guard, binary
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

HOOK_SOCKET = "/run/wavebreak-gate"


def hooked(**settings):
    return gate(zones="", hook=HOOK_SOCKET, **settings)


def turn_hook_on(world):
    """The one line for Courier's administrator."""
    hook = binary().parent / "hook" / "courier-hook"
    esmtpd = world.inside("/etc/courier/esmtpd")
    text = re.sub(r"^PORT=.*$", f'PORT="smtp {hook}"', esmtpd.read_text(), flags=re.M)
    esmtpd.write_text(text + f"\nWAVEBREAK_HOOK={HOOK_SOCKET}\n")
    world.server_exec(["esmtpd", "stop"])
    world.server_exec(["esmtpd", "start"])
    wait_until(lambda: world.server_exec(["ss", "-Hlnt", "sport = 25"]).stdout, 5, "couriertcpd")


def test_couriers_hook_hands_listed_clients_over(world):
    with Guard(world, hooked()) as guard:
        turn_hook_on(world)
        client = world.smtp("10.66.0.9")
        assert client.greeting == (220, b"mx.example.test ESMTP")
        client.ehlo()
        client.mail("zombie@spam.test")
        code, text = client.rcpt("ham@example.test")
        assert code == 550
        assert b"[10.66.0.9] is refused: Listed by dnsbl.test, see http://dnsbl.test/?10.66.0.9;" in text
        # It holds a session of the gate, and no slot of Courier's.
        assert not world.handlers()
        assert client.quit()[0] == 221
        guard.wait_banned("10.66.0.9")
        assert deliver(world, "10.67.0.9")
        assert world.mail_log.find(r"started,ip=\[::ffff:10.67.0.9\]")
        assert not world.mail_log.find("10.66.0.9")
        assert guard.status()["counters"]["gate_handed_in"] == 1


def test_couriers_hook_without_a_gate_is_as_nothing(world):
    turn_hook_on(world)
    assert told(world.smtp("10.66.0.9")) == 511
    assert deliver(world, "10.67.0.9")
    with Guard(world, hooked()):
        assert told(world.smtp("10.66.0.10")) == 550
    # The guard has gone, and its socket with it.
    assert not world.inside(HOOK_SOCKET).exists()
    assert told(world.smtp("10.66.0.11")) == 511


def test_a_listed_user_logs_in_through_the_hook(world):
    with Guard(world, hooked(auth="yes", auth_mechanisms='"LOGIN PLAIN"')):
        turn_hook_on(world)
        client = world.smtp("10.66.0.9")
        client.ehlo()
        assert client.esmtp_features["auth"] == " LOGIN PLAIN"
        client.login(world.ready["login"], world.ready["password"])
        assert not client.sendmail("ham@example.test", ["anna@ham.test"], "Subject: hello\r\n\r\nhello\r\n")
        other = world.smtp("10.66.0.10")
        other.ehlo()
        other.docmd("AUTH", "PLAIN AGhhbQB3cm9uZw==")
        # Not logged in, it is on Courier's block list still.
        other.mail("zombie@spam.test")
        assert other.rcpt("ham@example.test")[0] == 511
