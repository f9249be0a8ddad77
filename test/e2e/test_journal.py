# SPDX-License-Identifier: Apache-2.0
"""What the guard says of itself, in a real systemd-journald: found by kind and by field, and in nobody's way."""

import json
import os
import pathlib
import re
import signal

import pytest

from dialogues import told
from gates import gate
from guard import Guard
from name_server import EVERYBODY, WELL, NameServer
from world import REPOSITORY, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

JOURNALD = pathlib.Path("/lib/systemd/systemd-journald")
IDS = dict(re.findall(r'^MESSAGE\((\w+), \w+, "([0-9a-f]{32})"', (REPOSITORY / "defs/messages.def").read_text(), re.M))
# journald asks for the control group of whoever writes.
START = "mount -t cgroup2 none /sys/fs/cgroup && mkdir -p /run/systemd/journal && exec " + str(JOURNALD)


class Journal:
    """Of the server's host alone."""

    def __init__(self, world):
        self.world = world
        self.process = world.server_spawn(["sh", "-c", START])
        stream = world.inside("/run/systemd/journal/stdout")

        def ready():
            if self.process.poll() is not None:
                pytest.skip("journald does not run here: it has no control group to look at")
            return stream.exists()

        wait_until(ready, 10, "the journal")

    def entries(self, *matches):
        done = self.world.server_exec(
            ["journalctl", "-D", "/run/log/journal", "-o", "json", "--all", *matches]
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def of(self, kind, *matches):
        return self.entries(f"MESSAGE_ID={IDS[kind]}", *matches)

    def pid(self):
        found = self.world.server_exec(["pgrep", "-x", "systemd-journal"])
        return int(found.stdout.split()[0])

    def signal(self, number):
        self.world.server_exec(["kill", f"-{number}", str(self.pid())])


# As systemd connects a service's standard error; the journal wants to know who it is, so from inside.
CONNECT = """
import os, socket, sys
stream = socket.socket(socket.AF_UNIX)
stream.connect("/run/systemd/journal/stdout")
stream.sendall(b"wavebreak\\n\\n6\\n1\\n0\\n0\\n0\\n")
os.dup2(stream.fileno(), 2)
found = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
os.execv(sys.argv[1], sys.argv[1:])
"""


class Service(Guard):
    """With the journal for its standard error."""

    def __init__(self, world, journal, *words, **options):
        self.journal = journal
        super().__init__(world, *words, wrapper=["/usr/bin/python3", "-c", CONNECT], **options)

    @property
    def log(self):
        entries = self.journal.entries("SYSLOG_IDENTIFIER=wavebreak")
        return "\n".join(str(entry["MESSAGE"]) for entry in entries)


@pytest.fixture
def journal(world):
    if not JOURNALD.exists():
        pytest.skip("systemd-journald is not here")
    return Journal(world)


def one(entries):
    (entry,) = entries
    return entry


def test_a_ban_is_found_by_its_fields(world, journal):
    with Service(world, journal, "ban { for = 3s }") as guard:
        # They stay.
        clients = [world.smtp(address) for address in ("10.66.1.1", "10.66.1.2")]
        assert [told(client) for client in clients] == [511, 511]
        wait_until(lambda: journal.of("BAN_BEGUN", "WAVEBREAK_ADDRESS=10.66.1.2"), 5, guard.log)
        ban = one(journal.of("BAN_BEGUN", "WAVEBREAK_ADDRESS=10.66.1.1"))
        assert (ban["PRIORITY"], ban["SYSLOG_IDENTIFIER"], ban["WAVEBREAK_ROLE"]) == ("6", "wavebreak", "watch")
        assert ban["MESSAGE"] == f"watch: 10.66.1.1 banned for 3s: {ban['WAVEBREAK_WHY']}"
        assert (ban["WAVEBREAK_OUTCOME"], ban["WAVEBREAK_SERVICE"]) == ("listed", "courier-smtp")
        assert ban["WAVEBREAK_SIGNATURE"] and int(ban["WAVEBREAK_SCORE"]) == 100
        assert abs(int(ban["WAVEBREAK_UNTIL"]) * 1e6 - int(ban["__REALTIME_TIMESTAMP"])) < 10e6
        assert ban["_TRANSPORT"] == "journal" and ban["_UID"] == "65534"
        wait_until(lambda: len(journal.of("BAN_ENDED")) == 2, 15, "their end")
        wait_until(lambda: len(journal.of("EVICTED")) == 2, 5, "their connections' end")
        assert one(journal.of("EVICTED", "WAVEBREAK_ADDRESS=10.66.1.1"))["WAVEBREAK_PORT"].isdigit()
        assert one(journal.of("READY"))["WAVEBREAK_COUNT"].isdigit()


def test_each_line_says_who_and_how_grave(world, journal):
    with Service(world, journal) as guard:
        guard.reload()
        worker = guard.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.worker() not in (None, worker), 5, "a new worker")
        wait_until(lambda: len(journal.of("READY")) == 3, 10, guard.log)
        assert one(journal.of("RELOADED"))["PRIORITY"] == "6"
        died = one(journal.of("PROCESS_DIED"))
        assert (died["PRIORITY"], died["WAVEBREAK_PROCESS"]) == ("3", "watch worker")
        guard.configure("ban { four = 3s }")
        os.kill(guard.warden(), signal.SIGHUP)
        wait_until(lambda: journal.of("RELOAD_FAILED"), 5, "the mistake to be found")
        for entry in journal.entries("SYSLOG_IDENTIFIER=wavebreak"):
            assert entry["_TRANSPORT"] == "journal" and entry["PRIORITY"] in "346", entry
            assert not entry["MESSAGE"].startswith("<")


def test_what_an_administrator_types_is_one_field(world, journal):
    why = "x\nMESSAGE_ID=00000000000000000000000000000000\nPRIORITY=0\n\x1b[2J\u202e=\x9b"
    with Service(world, journal) as guard:
        assert guard.ask("ban", "192.0.2.7", "--why", why).returncode == 0
        wait_until(lambda: journal.of("BAN_BEGUN"), 5, guard.log)
        ban = one(journal.of("BAN_BEGUN"))
        shown = r"by hand: x\x0aMESSAGE_ID=00000000000000000000000000000000\x0aPRIORITY=0\x0a\x1b[2J\xe2\x80\xae"
        assert ban["WAVEBREAK_WHY"].startswith(shown) and ban["PRIORITY"] == "6"
        assert ban["MESSAGE"].endswith(ban["WAVEBREAK_WHY"])
        assert journal.entries("MESSAGE_ID=00000000000000000000000000000000") == []
        assert guard.ask("allow", "192.0.2.0/24").returncode == 0
        wait_until(lambda: journal.of("ALLOWED", "WAVEBREAK_PREFIX=192.0.2.0/24"), 5, guard.log)
        assert one(journal.of("BAN_ENDED"))["WAVEBREAK_ADDRESS"] == "192.0.2.7"


def sends_datagrams(world, pid):
    """Whether it holds a UNIX datagram socket, which could send to any other one."""
    unix = pathlib.Path(f"/proc/{pid}/net/unix").read_text().splitlines()[1:]
    datagrams = {f"socket:[{line.split()[6]}]" for line in unix if line.split()[4] == "0002"}
    return any(os.readlink(fd) in datagrams for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir())


def test_the_gate_speaks_by_the_watch_worker(world, journal):
    settings = gate(
        zones="zone well.test { weight = 3 }\nzone everybody.test { weight = 2 }", resolvers="127.0.0.1:5353"
    )
    with (
        NameServer(world, {"well.test": WELL, "everybody.test": EVERYBODY}),
        Service(world, journal, settings) as guard,
    ):
        wait_until(lambda: journal.of("ZONE_OUT"), 10, guard.log)
        out = one(journal.of("ZONE_OUT"))
        assert (out["WAVEBREAK_ZONE"], out["WAVEBREAK_FAMILY"]) == ("everybody.test", "IPv4")
        assert sends_datagrams(world, guard.worker())
        assert guard.gate_workers() and not any(sends_datagrams(world, pid) for pid in guard.gate_workers())


def test_a_journal_that_hangs_holds_nobody_up(world, journal):
    # More than its queue holds, and fewer than are told in a second.
    addresses = [f"10.66.2.{number}" for number in range(1, 19)]
    with Service(world, journal) as guard:
        journal.signal("STOP")
        try:
            for address in addresses:
                assert told(world.smtp(address)) == 511
            for address in addresses:
                guard.wait_banned(address)
        finally:
            journal.signal("CONT")
        # What its queue had no room for came by standard error.
        for address in addresses:
            wait_until(lambda a=address: f"{a} banned for" in guard.log, 10, f"the line of {address}\n{guard.log}")
        by_hand = (f"192.0.2.{number}" for number in range(1, 255))

        def is_entry_again():
            address = next(by_hand)
            assert guard.ask("ban", address).returncode == 0
            return journal.of("BAN_BEGUN", f"WAVEBREAK_ADDRESS={address}")

        wait_until(is_entry_again, 10, "entries with fields", interval=0.3)
