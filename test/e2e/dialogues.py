# SPDX-License-Identifier: Apache-2.0
"""What clients of a World do and see, as the stories of the tests need it."""

import socket


def told(client):
    """Brings a listed client as far as its refusal and returns the code."""
    client.ehlo()
    client.mail("zombie@spam.test")
    return client.rcpt("ham@example.test")[0]


def ended(connection, seconds=5):
    """Whether the server's side of a connection ends within that time."""
    connection.settimeout(seconds)
    try:
        while connection.recv(4096):
            pass
        return True
    except ConnectionResetError:
        return True
    except socket.timeout:
        return False


def refused_silently(world, address, seconds=1.5, port=25):
    """Whether a new connection gets no answer at all, as from a host that drops it."""
    try:
        world.connect(address, port=port, seconds=seconds).close()
    except (socket.timeout, TimeoutError):
        return True
    return False


def deliver(world, address, port=25):
    """Whether an honest client's mail is taken."""
    with world.smtp(address, port=port) as client:
        return not client.sendmail(
            "anna@ham.test", ["ham@example.test"], "Subject: hello\r\n\r\nhello\r\n"
        )


def small_window(connection):
    """For World.connect(prepare=…): a client that takes little before it has to read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
