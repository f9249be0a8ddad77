# SPDX-License-Identifier: Apache-2.0
"""What clients of a World do and see, as the stories of the tests need it."""

import socket
import threading


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


def is_open(client):
    """Neither ended nor reset; what it may have been told is passed over. It waits for answers again afterwards."""
    waits = client.gettimeout()
    client.setblocking(False)
    try:
        while client.recv(4096):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        client.settimeout(waits)


class Knocking:
    """Context manager: a client that comes again and again meanwhile, and counts. Where it is to be `greeted` it waits
    for that each time, and comes no more often than the usual limits.per_address."""

    def __init__(self, world, address, port, greeted=False):
        self.world, self.address, self.port, self.greeted = world, address, port, greeted
        self.refused = []
        self.taken = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._knock)

    def _knock(self):
        while not self.over.wait(0.1 if self.greeted else 0.01):
            try:
                with self.world.connect(self.address, self.port, seconds=5) as client:
                    self._hear(client)
                self.taken += 1
            except OSError as error:
                self.refused.append(error)

    def _hear(self, client):
        if not self.greeted:
            return
        client.settimeout(20)
        heard = client.makefile("rb").readline()
        if not heard.startswith(b"220"):
            raise ConnectionError(f"heard {heard}")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
