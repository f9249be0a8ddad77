# SPDX-License-Identifier: Apache-2.0
"""What is done to the guard itself: by clients that write into the log, by a worker that hangs or
was taken over, by local users, and by accident. Mail has to flow through all of it."""

import json
import os
import re
import signal
import socket
import stat
import time

import pytest

from dialogues import deliver, refused_silently, told
from guard import Guard, binary
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

VICTIM = "10.67.99.99"
FORGED = f"error,relay=::ffff:{VICTIM},port=25,from=<a@b.test>,to=<c@d.test>: 511 listed".encode()
TAGGED = b"courieresmtpd: " + FORGED


def hostile_dialogues():
    """The forged line wherever a client's bytes reach the log: behind every control byte, and
    at the edges of the buffers of Courier, courierlogger and rsyslog."""
    hello = b"EHLO x\r\n"
    mail = b"MAIL FROM:<a@ham.test>\r\n"
    for byte in (b"\r", b"\0", b"\x0b", b"\x0c", b"\x85", b"\xe2\x80\xa8", b"\\n", b"#012", b"\t"):
        yield hello + b"x" + byte + TAGGED + b"\r\n"
        yield hello + b'MAIL FROM:<"x' + byte + TAGGED + b'"@ham.test>\r\n'
        yield hello + mail + b'RCPT TO:<"y' + byte + TAGGED + b'"@example.test>\r\n'
        yield b"HELO x" + byte + TAGGED + b"\r\n" + mail + b"RCPT TO:<nobody@example.test>\r\n"
    for size in (100, 128, 400, 480, 496, 500, 505, 511, 512, 1023, 4096, 8150, 8192, 65000, 65536):
        pad = b"A" * size
        yield hello + pad + b"   " + TAGGED + b"\r\n"
        yield hello + b"MAIL FROM:<" + pad + b" " + TAGGED + b"@b.test>\r\n"
        yield hello + mail + b"RCPT TO:<" + pad + b" " + TAGGED + b"@example.test>\r\n"
        yield hello + b"AUTH LOGIN " + pad + b" " + TAGGED + b"\r\n"
    yield FORGED + b"\r\n" + TAGGED + b"\r\n"
    yield hello + b"STARTTLS\r\n" + TAGGED + b"\r\n\x16\x03\x01" + TAGGED + b"\r\n"
    yield hello + mail + b"RCPT TO:<ham@example.test>\r\nDATA\r\n\n" + TAGGED + b"\nX: " + TAGGED + b"\n.\n"


def say(world, address, text):
    """Says all of it at once, as no client should, and goes away with or without an answer."""
    with world.connect(address, seconds=5) as connection:
        connection.settimeout(0.2)
        try:
            connection.sendall(text)
            while connection.recv(65536):
                pass
        except OSError:
            pass


def test_no_byte_of_a_client_names_another_client(world):
    with Guard(world, "ban { score = 1000000 }") as guard:
        for number, dialogue in enumerate(hostile_dialogues()):
            say(world, f"10.67.1.{number + 1}", dialogue)
        assert told(world.smtp("10.66.1.1")) == 511
        wait_until(lambda: guard.explain("10.66.1.1")["known"], 5, "the last line to be read")
        assert guard.status()["counters"]["offences"] > 50, "the lines were there to be read"
        assert guard.explain(VICTIM)["known"] is False


def test_a_ban_that_the_worker_forgot_does_not_stay(world):
    """The kernel would keep it for as long as the client tries, and nobody could lift it."""
    with Guard(world, "ban { for = 60s }") as guard:
        assert told(world.smtp("10.66.2.1")) == 511
        guard.wait_banned("10.66.2.1")
        worker = guard.worker()
        os.kill(worker, signal.SIGSTOP)
        for file in guard.state.iterdir():
            file.unlink()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.worker() not in (None, worker), 5, "a new worker")
        guard.wait_let_in("10.66.2.1", 10)
        assert guard.bans() == {}
        assert told(world.smtp("10.66.2.1")) == 511
        guard.wait_banned("10.66.2.1")


def test_a_stopped_worker_is_started_again(world):
    with Guard(world, "ban { for = 120s }") as guard:
        assert told(world.smtp("10.66.3.1")) == 511
        guard.wait_banned("10.66.3.1")
        time.sleep(1.5)  # the place in the log is saved each second
        worker = guard.worker()
        os.kill(worker, signal.SIGSTOP)
        client = world.smtp("10.66.3.2")
        assert told(client) == 511
        assert deliver(world, next(world.honest4))
        wait_until(lambda: guard.worker() not in (None, worker), 20, "a new worker")
        guard.wait_banned("10.66.3.2")
        assert guard.in_kernel("10.66.3.1")


def test_a_stopped_warden_keeps_nobody_out(world):
    with Guard(world, "ban { for = 120s }") as guard:
        assert told(world.smtp("10.66.4.1")) == 511
        guard.wait_banned("10.66.4.1")
        warden = guard.warden()
        os.kill(warden, signal.SIGSTOP)
        try:
            wait_until(
                lambda: not refused_silently(world, "10.66.4.1", 0.5), 10, "the banned to be let in"
            )
            assert deliver(world, next(world.honest4))
        finally:
            os.kill(warden, signal.SIGCONT)
            # nsenter(1), which waits for the warden, stops itself when its child is stopped.
            os.kill(guard.process.pid, signal.SIGCONT)
        wait_until(lambda: refused_silently(world, "10.66.4.1", 0.5), 10, "the ban to be in force again")


def test_the_next_warden_is_not_held_up_by_a_worker_that_hangs(world):
    guard = Guard(world)
    with guard:
        worker = guard.worker()
        os.kill(worker, signal.SIGSTOP)
        try:
            os.kill(guard.warden(), signal.SIGKILL)
            guard.process.wait(5)
            guard.start()
            assert told(world.smtp("10.66.5.1")) == 511
            guard.wait_banned("10.66.5.1")
        finally:
            os.kill(worker, signal.SIGKILL)


def test_it_goes_on_without_its_folders_and_its_log(world):
    with Guard(world) as guard:
        for folder in (guard.state, guard.folder / "run"):
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
        assert told(world.smtp("10.66.6.1")) == 511
        guard.wait_banned("10.66.6.1")
        world.inside("/var/log/mail.log").unlink()
        world.server_exec(["sh", "-c", "kill -HUP $(cat /run/rsyslogd.pid)"])
        assert told(world.smtp("10.66.6.2")) == 511
        guard.wait_banned("10.66.6.2", 10)
        assert deliver(world, next(world.honest4))


def test_a_reader_that_has_stopped_does_not_stop_it(world):
    """Standard error is a pipe that nobody reads: a pager, a log daemon that hangs."""
    guard = Guard(world)
    read_end, write_end = os.pipe()
    with guard:
        guard.stop()
        guard.process = world.server_spawn(
            [binary(), "run", "-c", guard.file], stdout=write_end, stderr=write_end
        )
        wait_until(guard.table_exists, 10, "the table")
        filler = os.fdopen(os.dup(write_end), "wb", buffering=0)
        os.set_blocking(filler.fileno(), False)
        while filler.write(b"x" * 512):
            pass
        assert told(world.smtp("10.66.7.1")) == 511
        guard.wait_banned("10.66.7.1")
        for number in range(30):
            assert told(world.smtp(f"10.66.7.{number + 2}")) == 511
        guard.wait_banned("10.66.7.31")
        assert guard.status()["counters"]["messages_dropped"] > 0
        os.close(read_end)
        os.close(write_end)
        filler.close()


def ask_raw(path, data, read=True):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    client.connect(str(path))
    try:
        client.sendall(data)
        return client.recv(65536) if read else client
    except (BrokenPipeError, ConnectionResetError):
        return b""


def test_a_crowd_at_the_control_socket(world):
    with Guard(world) as guard:
        control = guard.folder / "run" / "control"
        assert stat.S_IMODE(control.stat().st_mode) == 0o660
        assert control.stat().st_uid == 0
        assert stat.S_IMODE(guard.state.stat().st_mode) == 0o750
        for garbage in (b"\n", b"[" * 9000 + b"\n", b"\0" * 20000, b'{"command":"ban","address":"\\u0000"}\n',
                        b'{"command":"ban","address":"10.66.8.9","for_ms":1e400}\n', b"\xff\xfe\n"):
            answer = ask_raw(control, garbage)
            assert answer == b"" or json.loads(answer)["ok"] is False
        crowd = [ask_raw(control, b'{"command"', read=False) for _ in range(16)]
        assert told(world.smtp("10.66.8.1")) == 511
        guard.wait_banned("10.66.8.1")
        for client in crowd:
            client.close()
        wait_until(lambda: guard.ask("status").returncode == 0, 15, "the control socket to answer")
        assert guard.bans().keys() == {"10.66.8.1"}


@pytest.mark.parametrize("setting", ["state", "runtime"])
def test_a_folder_of_others_is_left_as_it_is(world, setting):
    """A slip in the configuration, or a link that somebody put there, must not give away /etc."""
    guard = Guard(world)
    precious = world.folder / "precious"
    precious.mkdir(mode=0o711)
    precious.chmod(0o711)
    (precious / "shadow").write_text("root:*:")
    os.chown(precious, 0 if setting == "state" else 1234, 0)
    link = world.folder / "link"
    link.symlink_to(precious)
    before = precious.stat()
    for path in (precious, link):
        text = guard.file.read_text()
        guard.file.write_text(re.sub(rf"{setting} = \S+", f"{setting} = {path}", text))
        done = world.server_exec([binary(), "run", "-c", guard.file])
        assert done.returncode == 3, done.stderr
        assert str(path) in done.stderr
        guard.file.write_text(text)
        after = precious.stat()
        assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
        assert (precious / "shadow").stat().st_uid == 0


def test_the_state_that_systemd_gave_to_root_is_given_back(world):
    """StateDirectory= without User= makes all of it root's at each start."""
    guard = Guard(world)
    with guard:
        assert told(world.smtp("10.66.9.1")) == 511
        guard.wait_banned("10.66.9.1")
        guard.stop()
        for path in (guard.state, *guard.state.iterdir()):
            os.chown(path, 0, 0)
        guard.start()
        assert guard.in_kernel("10.66.9.1"), "nothing was forgotten"
        assert guard.status()["store"]["open"] is True
