# SPDX-License-Identifier: Apache-2.0
"""The gate before a real Courier: who is let in, who is told 5xx, and what the server sees of it."""

import pytest

from guard import Guard

pytestmark = pytest.mark.usefixtures("mail_server")

PORT = 2525


def courier(rest="", zone="weight = 3"):
    return (
        "gate {\n  handoff = exec\n  program = /usr/sbin/courieresmtpd\n  user = courier\n"
        f"  environment = /etc/courier/esmtpd\n  listen = {PORT}\n  workers = 2\n  greet_wait = 1s\n"
        f"  no_reverse = 0\n  name = mx.example.test\n  {rest}\n  zone dnsbl.test {{ {zone} }}\n}}\n"
    )


def test_a_listed_client_is_told_why_and_kept_away(world):
    with Guard(world, courier()) as guard:
        client = world.smtp("10.66.0.9", port=PORT)
        assert client.greeting == (220, b"mx.example.test ESMTP\nmx.example.test ESMTP")
        client.ehlo()
        assert client.mail("zombie@spam.test")[0] == 250
        code, text = client.rcpt("ham@example.test")
        assert code == 550
        assert b"[10.66.0.9] is refused: dnsbl.test names it" in text
        assert client.quit()[0] == 221
        guard.wait_banned("10.66.0.9")
        explained = guard.explain("10.66.0.9")
        assert "MAIL FROM:<zombie@spam.test>, RCPT TO:<ham@example.test>: 550" in explained["gate_dialogue"]
        assert explained["events"][0]["service"] == "gate"
    assert not world.mail_log.find("10.66.0.9")


def test_a_clean_client_talks_to_courier(world):
    with Guard(world, courier()):
        client = world.smtp("10.67.0.9", port=PORT)
        assert client.greeting == (220, b"mx.example.test ESMTP\nmx.example.test ESMTP")
        client.sendmail("anna@ham.test", ["ham@example.test"], "Subject: hello\r\n\r\nhello\r\n")
        client.quit()
        world.mail_log.wait_for(r"started,ip=\[::ffff:10.67.0.9\]")
        world.mail_log.wait_for(r"success: Message delivered")
        assert "from client.test ([::ffff:10.67.0.9])" in world.delivered()[0].read_text()
        # It is known now, and comes to Courier at once.
        assert world.smtp("10.67.0.9", port=PORT).greeting == (220, b"mx.example.test ESMTP")
