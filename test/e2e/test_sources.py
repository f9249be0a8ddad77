# SPDX-License-Identifier: Apache-2.0
"""Log lines that do not come from a file: a logger's socket, standard input, the systemd journal."""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import time
import uuid

import pytest

from guard import Guard, binary
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

REFUSED = "error,relay=::ffff:{},port=4711,from=<a@b.test>,to=<c@d.test>: 511 listed"
JOURNAL_REMOTE = pathlib.Path("/lib/systemd/systemd-journal-remote")


def line(address):
    return time.strftime("%b %e %H:%M:%S") + " mx courieresmtpd: " + REFUSED.format(address)


def replace(guard, old, new):
    text = guard.file.read_text()
    assert old in text
    guard.file.write_text(text.replace(old, new))


def test_rsyslog_writes_to_the_socket_and_no_file(world):
    path = world.folder / "lines"
    guard = Guard(world)
    replace(guard, "file = /var/log/mail.log", f"socket = {path}")
    with guard:
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert path.stat().st_mode & 0o007 == 0, "nobody else may write there"
        configuration = world.inside("/etc/rsyslog.conf")
        configuration.write_text(
            configuration.read_text().replace(
                "mail.*\t\t\t/var/log/mail.log",
                f'module(load="omuxsock")\n$OMUxSockSocket {path}\nmail.* :omuxsock:',
            )
        )
        world.server_exec(["sh", "-c", "kill $(cat /run/rsyslogd.pid); sleep 0.5; rsyslogd -i /run/rsyslogd.pid"])
        client = world.smtp("10.66.90.1")
        client.ehlo()
        client.mail("zombie@spam.test")
        assert client.rcpt("ham@example.test")[0] == 511
        guard.wait_banned("10.66.90.1", 10)
        assert "10.66.90.1" not in pathlib.Path(world.ready["mail_log"]).read_text()
    assert not path.exists(), "nothing is left behind"


def test_a_datagram_is_one_line_whatever_is_in_it(world):
    path = world.folder / "lines"
    guard = Guard(world)
    replace(guard, "file = /var/log/mail.log", f"socket = {path}")
    with guard, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
        logger.connect(str(path))
        logger.send(b"<22>" + line("10.66.91.1").encode() + b"\n")
        logger.send(b"<22>Jul 27 15:05:01 mx imapd: x\n" + line("10.66.91.2").encode())
        logger.send(b"")
        logger.send(b"\xff" * 70000)
        logger.send(line("10.66.91.3").encode())
        guard.wait_banned("10.66.91.1")
        guard.wait_banned("10.66.91.3")
        assert not guard.in_kernel("10.66.91.2")
        counters = guard.status()["counters"]
        assert counters["log_lines"] == 5 and counters["log_lines_cut"] == 1


def test_what_stands_in_the_place_of_the_socket_is_not_removed(world):
    path = world.folder / "precious"
    path.write_text("precious")
    guard = Guard(world)
    replace(guard, "file = /var/log/mail.log", f"socket = {path}")
    done = guard.world.server_exec(["timeout", "10", *map(str, (binary(), "run", "-c", guard.file))])
    assert done.returncode == 2 and "no socket" in done.stderr
    assert path.read_text() == "precious"


def test_a_socket_that_somebody_reads_from_is_left_to_him(world):
    path = world.folder / "taken"
    guard = Guard(world)
    replace(guard, "file = /var/log/mail.log", f"socket = {path}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(path))
        command = ["timeout", "10", *map(str, (binary(), "run", "-c", guard.file))]
        done = guard.world.server_exec(command)
        assert done.returncode not in (0, 124) and "somebody else reads from it" in done.stderr
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as logger:
            logger.connect(str(path))
            logger.send(b"still his")
        assert reader.recv(100) == b"still his"
    assert path.exists(), "one that was left behind"
    with guard:
        pass
    assert not path.exists()


def test_standard_input_that_ends_by_itself_is_no_source(world):
    guard = Guard(world)
    for given in ("/dev/null", guard.file):
        with open(given, "rb") as file:
            done = subprocess.run([binary(), "run", "--stdin", "-c", guard.file],
                                  stdin=file, capture_output=True, text=True, timeout=10)
        assert done.returncode == 2 and "watch.file" in done.stderr and "replay" in done.stderr


def test_lines_on_standard_input(world):
    guard = Guard(world)
    replace(guard, "watch { file = /var/log/mail.log }", "watch { file = /nonexistent/mail.log }")
    read_end, write_end = os.pipe()
    try:
        with open(guard.folder / "wavebreak.log", "ab") as log:
            guard.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--",
                 *world.enter_command([binary(), "run", "--stdin", "-c", guard.file])],
                stdin=read_end, stdout=log, stderr=log)
        wait_until(lambda: "other sources" in guard.log, 10, "the guard")
        os.write(write_end, line("10.66.92.1").encode() + b"\n" + line("10.66.92.2")[:40].encode())
        guard.wait_banned("10.66.92.1")
        os.write(write_end, line("10.66.92.2")[40:].encode() + b"\n")
        guard.wait_banned("10.66.92.2")
        os.close(write_end)
        write_end = None
        wait_until(lambda: "standard input has ended" in guard.log, 5, "the end to be said")
        assert guard.in_kernel("10.66.92.1"), "the bans stay"
    finally:
        os.close(read_end)
        if write_end is not None:
            os.close(write_end)
        guard.stop()


class Journal:
    """A journal of its own, written by systemd-journal-remote from entries in the export format."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        folder.chmod(0o755)
        self.boot = uuid.uuid4().hex
        self.writer = subprocess.Popen(
            [JOURNAL_REMOTE, "-o", folder / "mail.journal", "-"],
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def write(self, message, identifier="courieresmtpd", uid=0):
        now = int(time.time() * 1e6)
        fields = {
            "__REALTIME_TIMESTAMP": now,
            "__MONOTONIC_TIMESTAMP": int(time.monotonic() * 1e6),
            "_BOOT_ID": self.boot,
            "SYSLOG_IDENTIFIER": identifier,
            "MESSAGE": message,
            "_UID": uid,
        }
        entry = "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"
        self.writer.stdin.write(entry.encode())
        self.writer.stdin.flush()
        for file in self.folder.iterdir():
            file.chmod(0o644)

    def close(self):
        self.writer.stdin.close()
        self.writer.wait(10)


@pytest.fixture
def journal(world):
    if not JOURNAL_REMOTE.exists():
        pytest.skip("systemd-journal-remote is not here")
    journal = Journal(world.folder / "journal")
    journal.write("begin", identifier="other")
    wait_until(lambda: list(journal.folder.glob("*.journal")), 10, "the journal")
    journal.write("begin", identifier="other")
    yield journal
    journal.close()


def follow_journal(guard, journal):
    replace(guard, "file = /var/log/mail.log", f"journal = yes  journal_folder = {journal.folder}")


def test_the_journal_is_followed_and_its_place_kept(world, journal):
    guard = Guard(world)
    follow_journal(guard, journal)
    journal.write(REFUSED.format("10.66.93.1"))
    with guard:
        if "libsystemd" in guard.log:
            pytest.skip("libsystemd was not here at build time")
        journal.write(REFUSED.format("10.66.93.2"))
        guard.wait_banned("10.66.93.2", 10)
        assert not guard.in_kernel("10.66.93.1"), "from before the first start"
        journal.write(REFUSED.format("10.66.93.3"), identifier="courieresmtpx")
        journal.write(REFUSED.format("10.66.93.4"), uid=1000)
        journal.write(REFUSED.format("10.66.93.5"), uid=65534)
        guard.wait_banned("10.66.93.5", 10)
        assert not guard.in_kernel("10.66.93.3") and not guard.in_kernel("10.66.93.4")
        assert guard.status()["counters"]["journal_entries_passed_over"] == 1
        time.sleep(1.5)  # the place is saved each second
        guard.stop()
        journal.write(REFUSED.format("10.66.93.6"))
        guard.start()
        guard.wait_banned("10.66.93.6", 10)
        os.kill(guard.worker(), signal.SIGKILL)
        journal.write(REFUSED.format("10.66.93.7"))
        guard.wait_banned("10.66.93.7", 10)
