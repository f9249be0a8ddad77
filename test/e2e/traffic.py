# SPDX-License-Identifier: Apache-2.0
"""Mail that goes on while something is broken, and what became of it.

    with Traffic(world) as traffic:
        begin = traffic.now()
        os.kill(victim, signal.SIGKILL)
        traffic.flows_again(begin, within=5)
        assert traffic.lost() == []

Honest strangers come again and again, each from an address of its own, and are brought as far as a
recipient that is taken; zombies come beside them. Others came before the trouble and stay: each is in
the middle of its mail, which it finishes at the end.
"""

import collections
import smtplib
import socket
import threading
import time

from world import SERVER_ADDRESSES, _enter_network_of, wait_until

STRANGERS, ZOMBIES = 6, 2
PATIENCE_SECONDS = 15  # of a client
SLOW_SECONDS = 2  # an attempt that takes longer is none of a server that works
ENOUGH = 25  # attempts one after the other that went well

Attempt = collections.namedtuple("Attempt", "begin end error")


def letter(name):
    return f"Subject: {name}\r\n\r\nhello\r\n"


class Traffic:
    """Context manager. `held` connections are there before and stay; each stands behind its RCPT TO.
    `honest` yields the addresses of those who are."""

    def __init__(self, world, honest, held=6, family=socket.AF_INET):
        self.world = world
        self.family = family
        self.honest = honest
        self.listed = world.listed6 if family == socket.AF_INET6 else world.listed4
        self.attempts, self.pending = [], {}
        self.told = 0  # zombies that heard their 5xx
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.count = held
        self.held = {}
        self.threads = [threading.Thread(target=self._strangers) for _ in range(STRANGERS)]
        self.threads += [threading.Thread(target=self._zombies) for _ in range(ZOMBIES)]

    now = staticmethod(time.monotonic)

    def _address(self, addresses):
        with self.lock:
            return next(addresses)

    def _greeted(self, source):
        """smtplib over a socket of ours, of the thread's own network."""
        client = smtplib.SMTP(local_hostname="client.test", timeout=PATIENCE_SECONDS)
        connection = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(PATIENCE_SECONDS)
            connection.bind((source, 0))
            connection.connect((SERVER_ADDRESSES[self.family], 25))
        except BaseException:
            connection.close()
            raise
        client.sock = connection
        code, text = client.getreply()
        if code != 220:
            client.close()
            raise smtplib.SMTPConnectError(code, text)
        return client

    def _as_far_as_the_recipient(self, source):
        client = self._greeted(source)
        try:
            client.ehlo()
            client.mail("anna@ham.test")
            return client, client.rcpt("ham@example.test")[0]
        except BaseException:
            client.close()
            raise

    def _strangers(self):
        _enter_network_of(self.world._outside.pid)
        while not self.over.wait(0.02):
            begin, source, error = self.now(), self._address(self.honest), None
            self.pending[threading.get_ident()] = begin
            try:
                client, code = self._as_far_as_the_recipient(source)
                error = None if code == 250 else f"{source}: {code} to RCPT TO"
                client.close()
            except (OSError, smtplib.SMTPException) as problem:
                error = f"{source}: {problem!r}"
            self.attempts.append(Attempt(begin, self.now(), error))
            self.pending.pop(threading.get_ident())

    def _zombies(self):
        _enter_network_of(self.world._outside.pid)
        while not self.over.wait(0.05):
            try:
                client, code = self._as_far_as_the_recipient(self._address(self.listed))
                self.told += code // 100 == 5
                client.close()
            except (OSError, smtplib.SMTPException):
                pass

    def _hold(self):
        _enter_network_of(self.world._outside.pid)
        for _ in range(self.count):
            source = self._address(self.honest)
            client, code = self._as_far_as_the_recipient(source)
            assert code == 250
            self.held[source] = client

    def __enter__(self):
        holder = threading.Thread(target=self._hold)
        holder.start()
        holder.join()
        assert len(self.held) == self.count, "they could not even come"
        for thread in self.threads:
            thread.start()
        wait_until(lambda: len(self.attempts) >= ENOUGH, PATIENCE_SECONDS, "traffic")
        assert not [attempt for attempt in self.attempts if attempt.error]
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        for client in self.held.values():
            client.close()

    def _ill(self, since):
        """When those attempts began that did not go as they should, or hang now."""
        now = self.now()
        ill = [a.begin for a in self.attempts if a.error or a.end - a.begin > SLOW_SECONDS]
        ill += [begin for begin in list(self.pending.values()) if now - begin > SLOW_SECONDS]
        return [begin for begin in ill if begin >= since - SLOW_SECONDS]

    def flows_again(self, since, within=5, for_seconds=0.0):
        """Waits until enough attempts went well that began after the last one that did not, and, at
        the least, for_seconds after `since`. Returns how many seconds after `since` the last one
        began that did not go well; at most `within`, or this fails."""

        def flows():
            ill = self._ill(since)
            assert not ill or max(ill) - since < within + 10, self.said(since)
            begin = max(ill, default=since)
            well = [a for a in self.attempts if a.begin > begin and not a.error]
            return len(well) >= ENOUGH and self.now() - max(since + for_seconds, begin) > SLOW_SECONDS + 0.2

        wait_until(flows, within + for_seconds + 20, f"mail to flow\n{self.said(since)}")
        last = max(self._ill(since), default=since) - since
        assert last <= within, f"the last trouble began {last:.1f} s later\n{self.said(since)}"
        return last

    def said(self, since):
        """What went wrong, for the message of a test that failed."""
        wrong = [a for a in self.attempts if a.error or a.end - a.begin > SLOW_SECONDS]
        lines = [f"{a.begin - since:6.2f} s, for {a.end - a.begin:5.2f} s: {a.error}" for a in wrong[-20:]]
        return "\n".join([f"{len(wrong)} of {len(self.attempts)} attempts", *lines])

    def lost(self):
        """Ends the mails of those that were there before; the addresses of those that could not."""
        lost = []
        for source, client in self.held.items():
            try:
                client.sock.settimeout(5)
                code, _ = client.data(letter(source))
                if code != 250:
                    lost.append(source)
            except (OSError, smtplib.SMTPException):
                lost.append(source)
        return lost
