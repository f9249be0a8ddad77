# SPDX-License-Identifier: Apache-2.0
"""The gate of the daemon under test, on a port of its own, as the stories of the tests need it.

    with Guard(world, gate("exec", greet_wait="1s")) as guard:
        client = world.smtp("10.67.0.9", port=PORT)
"""

import socket
import ssl

import pytest

from guard import visible
from world import World, wait_until

PORT = 2500
NAME = "mx.example.test"
# Of a greeting: by a server to one that is known, and after the gate's own first line to one that was tested.
SERVERS_GREETING = (220, f"{NAME} ESMTP".encode())
WHOLE_GREETING = (220, f"{NAME} ESMTP\n{NAME} ESMTP".encode())
MESSAGE = "Subject: hello\r\n\r\nhello\r\n"
OUTSIDE = "anna@elsewhere.example"

DNSBL = "zone dnsbl.test { weight = 3 }"

COURIER_PROGRAM = {
    "program": "/usr/sbin/courieresmtpd",
    "user": "courier",
    "environment": "/etc/courier/esmtpd",
}



# Fixtures of the modules that import them.


@pytest.fixture(scope="module")
def world(mail_server):
    """One for all tests of a module: each has client addresses of its own."""
    with World(visible=visible()) as world:
        yield world


@pytest.fixture(autouse=True)
def nobody_is_left(world):
    """Of the test before, and of this one."""
    gone = "the last clients of Courier to leave"
    wait_until(lambda: not world.handlers(), 5, gone)
    yield
    wait_until(lambda: not world.handlers(), 5, gone)


def gate(handoff="exec", zones=DNSBL, **settings):
    """In the configuration: a gate, which with exec is one before Courier."""
    every = {"listen": PORT, "workers": 2, "greet_wait": "100ms", "no_reverse": 0, "name": NAME}
    if handoff == "exec":
        every |= COURIER_PROGRAM
    lines = "".join(f"  {name} = {value}\n" for name, value in (every | settings).items())
    return f"gate {{\n  handoff = {handoff}\n{lines}{zones}\n}}\n"


def send_mail(client):
    """An honest client's mail, and its leave."""
    assert not client.sendmail("anna@ham.test", ["ham@example.test"], MESSAGE)
    client.quit()


def refusal(client, address="ham@example.test"):
    """Brings a listed client as far as its refusal, after which it is evicted: code and text."""
    client.ehlo_or_helo_if_needed()
    assert client.mail("anna@ham.test")[0] == 250
    return client.rcpt(address)


def recipient(client, address="ham@example.test"):
    """The reply to a recipient, its code and text, of a client that has more to say after it."""
    reply = refusal(client, address)
    client.rset()
    return reply


def start_tls(client):
    """As a client does that takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    client.ehlo()
    client.starttls(context=context)
    client.ehlo()


def gate_state(guard):
    """What `wavebreak status` says of the gate."""
    return guard.status()["gate"]


def wait_state(guard, expected, seconds=5):
    """Until so many sessions are in these states."""

    def there():
        states = gate_state(guard)["states"]
        return all(states[name] == count for name, count in expected.items())

    wait_until(there, seconds, f"{expected}, not {gate_state(guard)}")


def says_nothing(connection, seconds):
    """Whether nothing more comes of a connection for that time, nor its end."""
    before = connection.gettimeout()
    connection.settimeout(seconds)
    try:
        connection.recv(1, socket.MSG_PEEK)
        return False
    except socket.timeout:
        return True
    finally:
        connection.settimeout(before)


def reply_line(connection):
    """The next line of a connection of which nothing else is read; "" at its end."""
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return line.decode().rstrip("\r\n")


def replies_until(connection, start):
    """Reads lines until one begins with `start`, and returns that one."""
    while line := reply_line(connection):
        if line.startswith(start):
            return line
    raise AssertionError(f"the connection ended before a line that begins with {start}")
