# SPDX-License-Identifier: Apache-2.0
"""A private internet for end-to-end tests: a real Courier, and clients outside it.

    with World(tarpit=0) as world:
        client = world.smtp("10.66.0.9")       # a listed zombie
        client.ehlo()
        client.mail("zombie@spam.test")
        assert client.rcpt("ham@example.test")[0] == 511
        world.mail_log.wait_for(r"error,relay=::ffff:10\\.66\\.0\\.9,.* 511 ")

The server (demo/mailhost) and its clients (demo/network) live in namespaces of their
own. Every process of a World is killed by the kernel when the process that made it dies,
however it dies; nothing is named in the file system outside a temporary folder.

Who is who, by source address:

    LISTED   10.66.0.0/16, 2001:db8:66::/48   named by the block list dnsbl.test
    HONEST   10.67.0.0/16, 2001:db8:67::/48   not named
"""

import concurrent.futures
import ctypes
import ipaddress
import itertools
import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MAILHOST = REPOSITORY / "demo" / "mailhost"
NETWORK = REPOSITORY / "demo" / "network"
FETCH = REPOSITORY / "tools" / "fetch-mail-server"

SERVER_ADDRESSES = {socket.AF_INET: "10.68.0.1", socket.AF_INET6: "2001:db8:68::1"}

START_SECONDS = 30
STOP_SECONDS = 5
CLIENT_SECONDS = 40

CLONE_NEWNET = 0x40000000


class WorldError(Exception):
    """The world could not be made; the text says why."""


def mail_servers_folder():
    """Where the unpacked servers are kept between runs."""
    return pathlib.Path(
        os.environ.get("WAVEBREAK_MAIL_SERVERS", REPOSITORY / "build" / "mail-servers")
    )


def wait_until(condition, seconds, what, interval=0.02):
    """Polls until condition() is true and returns its value; WorldError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise WorldError(f"waited {seconds} s in vain for {what}")
        time.sleep(interval)


def addresses_of(prefix):
    """Yields the addresses of a prefix one by one; for IPv6 each in a /64 of its own."""
    network = ipaddress.ip_network(prefix)
    step = 1 << 64 if network.version == 6 else 1
    for number in itertools.count(1):
        yield str(network.network_address + number * step + (step > 1))


def _enter_network_of(pid):
    """Moves the calling thread, and only it, into the network namespace of a process."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/proc/{pid}/ns/net", "rb") as namespace:
        if libc.setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns into the clients' network")


class MailLog:
    """The server's mail.log, read from outside."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def lines(self):
        return self.path.read_text(encoding="latin-1").splitlines()

    def find(self, pattern):
        return [line for line in self.lines() if re.search(pattern, line)]

    def wait_for(self, pattern, seconds=10):
        """The first line that matches, waiting for it if need be."""
        return wait_until(
            lambda: self.find(pattern), seconds, f"a line like {pattern} in {self.path}"
        )[0]


class World:
    """Context manager. `folder` is a temporary one, visible inside the server too at the
    same path and passable for every user; `visible` are more folders to show there."""

    def __init__(self, tarpit=0, maxdaemons=300, maxperip=None, log_format="rfc3164", visible=()):
        self._options = [
            f"--tarpit={tarpit}".split("="),
            f"--maxdaemons={maxdaemons}".split("="),
            f"--log-format={log_format}".split("="),
        ]
        if maxperip is not None:
            self._options.append(["--maxperip", str(maxperip)])
        self._options += [["--visible", str(path)] for path in visible]
        self._server = self._outside = self._threads = None
        self.folder = None
        self.ready = {}
        self.listed4 = addresses_of("10.66.0.0/16")
        self.listed6 = addresses_of("2001:db8:66::/48")
        self.honest4 = addresses_of("10.67.0.0/16")
        self.honest6 = addresses_of("2001:db8:67::/48")

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wavebreak-world-"))
        try:
            self.folder.chmod(0o755)
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self._threads:
            self._threads.shutdown()
        if "pid" in self.ready and self._server.poll() is None:
            os.kill(int(self.ready["pid"]), signal.SIGTERM)
        for process in (self._server, self._outside):
            self._end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, process):
        if process is None:
            return
        try:
            # The server was asked above; the other one only sleeps.
            process.wait(STOP_SECONDS if process is self._server and self.ready else 0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)

    def _spawn(self, *command, **options):
        # The kernel kills the child when we die; unshare --kill-child passes it on.
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
            stdin=subprocess.DEVNULL,
            **options,
        )

    def _start(self):
        self._outside = self._spawn("unshare", "--net", "sleep", "infinity")
        with open(self.folder / "mailhost.err", "wb") as errors:
            self._server = self._spawn(
                *"unshare --net --pid --fork --kill-child".split(),
                *(MAILHOST, "run"),
                *("--server-root", mail_servers_folder() / "courier-root"),
                *("--state", self.folder),
                *itertools.chain(*self._options),
                stdout=errors,
                stderr=errors,
            )
        try:
            self._run([NETWORK, "up", self._server.pid, self._outside.pid])
        except WorldError:
            self._is_ready()  # a server that has ended says it better
            raise
        wait_until(self._is_ready, START_SECONDS, "the mail server")
        self._threads = concurrent.futures.ThreadPoolExecutor(
            max_workers=1, initializer=_enter_network_of, initargs=(self._outside.pid,)
        )

    def _is_ready(self):
        if self._server.poll() is not None:
            raise WorldError((self.folder / "mailhost.err").read_text(errors="replace"))
        ready = self.folder / "ready"
        if not ready.exists():
            return False
        self.ready = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        return True

    @staticmethod
    def _run(command):
        done = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, timeout=START_SECONDS
        )
        if done.returncode:
            raise WorldError(done.stderr)

    @property
    def pid(self):
        """The mailhost's process, the first of its PID namespace."""
        return int(self.ready["pid"])

    @property
    def mail_log(self):
        return MailLog(self.ready["mail_log"])

    def inside(self, path):
        """A path of the server's private root, as it is reached from outside."""
        return pathlib.Path(f"/proc/{self.pid}/root") / str(path).lstrip("/")

    def delivered(self):
        """The messages in the mailbox of ham@example.test."""
        return sorted(self.inside(self.ready["maildir"]).joinpath("new").iterdir())

    def enter_command(self, command):
        return [str(MAILHOST), "enter", str(self.pid), "--", *map(str, command)]

    def server_exec(self, command, seconds=20, **options):
        """Runs a command beside the server and returns it completed, output as text."""
        return subprocess.run(
            self.enter_command(command), capture_output=True, text=True, timeout=seconds, **options
        )

    def server_spawn(self, command, **options):
        """Starts a command beside the server; it ends with the world at the latest."""
        return self._spawn(*self.enter_command(command), **options)

    def outside_exec(self, command, seconds=20, **options):
        """Runs a command in the clients' network and returns it completed."""
        return subprocess.run(
            ["nsenter", "--target", str(self._outside.pid), "--net", "--", *map(str, command)],
            capture_output=True,
            text=True,
            timeout=seconds,
            **options,
        )

    def outside_spawn(self, command, **options):
        """Starts a command in the clients' network; it ends with us at the latest."""
        return self._spawn(
            *("nsenter", "--target", self._outside.pid, "--net", "--"), *command, **options
        )

    def connect(
        self, source, port=25, source_port=0, seconds=CLIENT_SECONDS, prepare=None, server=None
    ):
        """A TCP connection from that source address to the server, at another address of it than
        the usual one if there is one. prepare(socket) is called before connect(), for socket options
        that a handshake needs."""

        def task():
            family = socket.AF_INET6 if ":" in source else socket.AF_INET
            client = socket.socket(family, socket.SOCK_STREAM)
            try:
                client.settimeout(seconds)
                if prepare:
                    prepare(client)
                client.bind((source, source_port))
                client.connect((server or SERVER_ADDRESSES[family], port))
            except BaseException:
                client.close()
                raise
            return client

        return self._threads.submit(task).result(seconds + STOP_SECONDS)

    def smtp(self, source, **options):
        """An SMTP client that has been greeted (its greeting is `greeting`), from that
        source address."""
        client = smtplib.SMTP(local_hostname="client.test", timeout=CLIENT_SECONDS)
        client._host = "mx.example.test"  # what starttls() expects of a connected client
        client.sock = self.connect(source, **options)
        client.greeting = client.getreply()
        return client

    def processes(self):
        """The numbers of all processes of the server's PID namespace, seen from here."""
        return processes_in_namespace("pid", os.readlink(f"/proc/{self.pid}/ns/pid"))

    def handlers(self):
        """The processes that serve one connection each."""
        return [pid for pid in self.processes() if command_name(pid) == "courieresmtpd"]


def processes_in_namespace(kind, namespace):
    """All processes whose namespace of that kind ("pid", "net", "mnt") is the one named."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/ns/{kind}") == namespace:
                    found.append(int(entry))
            except OSError:
                continue  # it has ended meanwhile
    return found


def command_name(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
