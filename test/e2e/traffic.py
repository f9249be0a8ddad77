# SPDX-License-Identifier: Apache-2.0
"""Mail that goes on while something is broken, and what became of it.

    with Traffic(world, honest) as traffic:
        begin = traffic.now()
        os.kill(victim, signal.SIGKILL)
        traffic.flows_again(begin, within=5)
        assert traffic.lost(begin) == set()

Each tenth of a second an honest stranger comes, from an address of its own and whatever became of those before it, and
is brought as far as a recipient that is taken; zombies come beside them, by IPv4 and IPv6. Others came before the
trouble and stay: each is in the middle of its mail, which it finishes at the end.
"""

import contextlib
import smtplib
import socket
import threading
import time

from world import SERVER_ADDRESSES, _enter_network_of, wait_until

EVERY_SECONDS = 0.1
PATIENCE_SECONDS = 15  # of a client
SLOW_SECONDS = 3  # a stranger that waits longer is not served by a server that works, on however busy a machine
FIRST = 12  # strangers that are served before there is any trouble
JUDGED_SECONDS = 1.2  # so long strangers come yet after the time within which all has to be well
LETTER = "Subject: hello\r\n\r\nhello\r\n"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Stranger:
    """What became of one. Times are those of Traffic.now; None: not yet."""

    def __init__(self, source):
        self.source, self.begin = source, Traffic.now()
        self.greeted = self.end = self.error = None
        self.connection = None

    def waited(self):
        return (self.end or Traffic.now()) - self.begin

    def ended_by(self, time):
        return (self.end or Traffic.now()) <= time

    def served(self):
        return self.end is not None and not self.error and self.waited() <= SLOW_SECONDS


class Traffic:
    """Context manager. `honest` yields the addresses of those who are; `held` connections of them are there before and
    stay, each behind its RCPT TO."""

    def __init__(self, world, honest, held=8):
        self.world = world
        self.honest = honest
        self.strangers = []
        self.told = []  # zombies that heard their 5xx
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.count = held
        self.held = {}
        self.threads = [threading.Thread(target=self._strangers)]
        self.threads += [threading.Thread(target=self._zombies, args=(a,)) for a in (world.listed4, world.listed6)]

    now = staticmethod(time.monotonic)

    def _address(self):
        with self.lock:
            return next(self.honest)

    def _as_far_as_the_recipient(self, stranger):
        """By smtplib over a socket of ours, of the thread's own network. The client, and what it heard."""
        client = smtplib.SMTP(local_hostname="client.test", timeout=PATIENCE_SECONDS)
        client.sock = stranger.connection = socket.socket(family_of(stranger.source), socket.SOCK_STREAM)
        try:
            client.sock.settimeout(PATIENCE_SECONDS)
            client.sock.bind((stranger.source, 0))
            client.sock.connect((SERVER_ADDRESSES[client.sock.family], 25))
            code, text = client.getreply()
            if code != 220:
                raise smtplib.SMTPConnectError(code, text)
            stranger.greeted = self.now()
            client.ehlo()
            client.mail("anna@ham.test")
            return client, client.rcpt("ham@example.test")[0]
        except BaseException:
            client.close()
            raise

    def _serve(self, stranger):
        _enter_network_of(self.world._outside.pid)
        try:
            client, code = self._as_far_as_the_recipient(stranger)
            client.close()
            if code != 250:
                stranger.error = f"{code} to RCPT TO"
        except (OSError, smtplib.SMTPException) as problem:
            stranger.error = repr(problem)
        stranger.end = self.now()

    def _strangers(self):
        served = []
        while not self.over.wait(EVERY_SECONDS):
            self.strangers.append(Stranger(self._address()))
            served.append(threading.Thread(target=self._serve, args=self.strangers[-1:]))
            served[-1].start()
        for stranger in self.strangers:
            if stranger.end is None and stranger.connection:
                with contextlib.suppress(OSError):
                    stranger.connection.shutdown(socket.SHUT_RDWR)
        for thread in served:
            thread.join()

    def _zombies(self, addresses):
        _enter_network_of(self.world._outside.pid)
        while not self.over.wait(EVERY_SECONDS):
            zombie = Stranger(next(addresses))
            try:
                client, code = self._as_far_as_the_recipient(zombie)
                client.close()
                if code // 100 == 5:
                    self.told.append(zombie.source)
            except (OSError, smtplib.SMTPException):
                pass

    def _hold(self):
        _enter_network_of(self.world._outside.pid)
        source = self._address()
        client, code = self._as_far_as_the_recipient(Stranger(source))
        if code == 250:
            self.held[source] = client

    def __enter__(self):
        holders = [threading.Thread(target=self._hold) for _ in range(self.count)]
        for holder in holders:
            holder.start()
        for holder in holders:
            holder.join()
        assert len(self.held) == self.count, "they could not even come"
        for thread in self.threads:
            thread.start()
        try:
            wait_until(lambda: len([s for s in self.strangers if s.end]) >= FIRST, PATIENCE_SECONDS, "traffic")
            assert all(s.served() for s in self.strangers if s.end), self.said(self.strangers, self.now())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        for client in self.held.values():
            client.close()

    def come_until(self, moment):
        """Lets strangers come until then, and gives all of these the time that one may take."""
        time.sleep(max(0, moment - self.now()))
        mine = [s for s in self.strangers if s.begin < moment]
        deadline = moment + SLOW_SECONDS + 0.1
        while self.now() < deadline and any(s.end is None for s in mine):
            time.sleep(0.02)
        return mine

    def flows_again(self, since, within=0.0, for_seconds=0.0, patient=True):
        """Lets strangers come until there are some of whom, `within` seconds after `since`, nobody may notice that
        there was trouble, and for_seconds after `since` at the least. Who came before that may have been turned away,
        but, where they are `patient`, no one may wait for it any longer. Returns who came."""
        well = since + within
        mine = self.come_until(max(well + JUDGED_SECONDS, since + for_seconds))
        ill = [s for s in mine if s.begin >= well and not s.served()]
        if patient:
            ill += [s for s in mine if s.begin < well and not s.ended_by(well + SLOW_SECONDS)]
        assert not ill, self.said(ill, since)
        assert len([s for s in mine if s.begin >= well]) >= 4, "there was no traffic to look at"
        return mine

    def said(self, ill, since):
        """What went wrong, for the message of a test that failed."""
        lines = [f"{s.begin - since:6.2f} s, {s.source} for {s.waited():5.2f} s: {s.error}" for s in ill[:20]]
        return "\n".join([f"{len(ill)} of {len(self.strangers)} strangers", *lines])

    def lost(self, since, but=()):
        """Ends the mails of those that were there before; the addresses of those that could not, and of the strangers
        that were being served then and were not to the end. Of others than these."""
        lost = {s.source for s in self.strangers if s.error and s.greeted and s.greeted <= since < s.end}
        for source in set(self.held) - set(but):
            client = self.held[source]
            try:
                client.sock.settimeout(5)
                if client.data(LETTER)[0] != 250:
                    lost.add(source)
            except (OSError, smtplib.SMTPException):
                lost.add(source)
        return lost - set(but)
