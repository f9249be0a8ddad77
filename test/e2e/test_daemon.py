# SPDX-License-Identifier: Apache-2.0
"""The states that the daemon can be brought into by signals, deaths, other programs and its own
configuration: each has a way out, and none loses a ban, keeps one for ever, or stops the mail."""

import ipaddress
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import pytest

from dialogues import deliver, small_window, told
from guard import Guard, binary
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

# Written to a log of our own, which spares a real refusal for each.
REFUSED = (
    "courieresmtpd: error,relay=::ffff:{},port={},from=<a@b.test>,to=<c@d.test>: 511 listed\n"
)


class OwnLog:
    """A log that the test writes, beside the server's."""

    def __init__(self, world, name="own.log"):
        self.path = world.folder / name
        self.path.touch()

    def refuse(self, addresses):
        stamp = time.strftime("%b %e %H:%M:%S")
        with open(self.path, "a") as log:
            for port, address in enumerate(addresses, 1024):
                log.write(f"{stamp} mx " + REFUSED.format(address, port))


def configure(guard, logs, rest=""):
    """The configuration with other logs than the server's."""
    guard.configure(rest)
    paths = ", ".join(str(log.path) for log in logs)
    guard.file.write_text(guard.file.read_text().replace("/var/log/mail.log", paths))


def addresses(count, begin="10.66.128.0"):
    first = int(ipaddress.ip_address(begin))
    return [str(ipaddress.ip_address(first + n)) for n in range(count)]


def hang_up(guard, times=1):
    for _ in range(times):
        os.kill(guard.warden(), signal.SIGHUP)


def reload(guard):
    """Returns when the next worker is ready."""
    before = guard.log.count("log file")
    hang_up(guard)
    wait_until(lambda: guard.log.count("log file") > before, 10, f"the reload\n{guard.log}")


def signals_pending(pid, number):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    masks = re.findall(r"^(?:SigPnd|ShdPnd):\t(\w+)", text, re.M)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


def test_a_storm_of_sighups_ends_with_the_last_configuration(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.1.1")) == 511
        guard.wait_banned("10.66.1.1")
        for turn in range(25):
            guard.configure(f"ban {{ limit = {1000 + turn} }}")
            hang_up(guard)
            time.sleep(0.01 if turn % 5 else 0.1)
        wait_until(lambda: guard.status()["bans_most"] == 1024, 10, f"the last one\n{guard.log}")
        assert guard.in_kernel("10.66.1.1")
        assert guard.status()["counters"]["worker_restarts"] == 0
        assert told(world.smtp("10.66.1.2")) == 511
        guard.wait_banned("10.66.1.2")


def test_a_reload_while_the_worker_waits_to_be_started_again(world):
    with Guard(world) as guard:
        for _ in range(5):
            wait_until(guard.worker, 10, "a worker")
            os.kill(guard.worker(), signal.SIGKILL)
            wait_until(lambda: guard.worker() is None, 5, "its end")
        wait_until(lambda: guard.log.count("ended by signal 9") == 5, 5, "the warden to notice")
        guard.configure("ban { limit = 777 }")
        reload(guard)
        assert guard.status()["bans_most"] == 777
        assert guard.status()["counters"]["worker_restarts"] == 5


def test_a_worker_that_does_not_end_is_ended_by_a_reload(world):
    with Guard(world) as guard:
        worker = guard.worker()
        os.kill(worker, signal.SIGSTOP)
        guard.configure("ban { limit = 778 }")
        reload(guard)
        assert guard.worker() != worker
        assert guard.status()["bans_most"] == 778


@pytest.mark.parametrize("hung", [False, True])
def test_sigterm_during_a_reload(world, hung):
    with Guard(world) as guard:
        if hung:
            os.kill(guard.worker(), signal.SIGSTOP)
        hang_up(guard)
        assert guard.stop() == 0
        assert not guard.running()
        assert not guard.table_exists()
        assert not (guard.folder / "run" / "control").exists()
        guard.start()
        assert told(world.smtp("10.66.2.1")) == 511
        guard.wait_banned("10.66.2.1")


def test_sigterm_while_the_worker_waits_to_be_started_again(world):
    with Guard(world) as guard:
        for _ in range(4):
            wait_until(guard.worker, 10, "a worker")
            os.kill(guard.worker(), signal.SIGKILL)
            wait_until(lambda: guard.worker() is None, 5, "its end")
        assert guard.stop() == 0
        assert not guard.running() and not guard.table_exists()


def test_a_worker_that_crashes_again_and_again(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.3.1")) == 511
        guard.wait_banned("10.66.3.1")
        time.sleep(0.2)  # a ban is in the store some hundredths of a second after it is made
        for _ in range(6):
            wait_until(guard.worker, 10, "a worker")
            os.kill(guard.worker(), signal.SIGKILL)
            wait_until(lambda: guard.worker() is None, 5, "its end")
            assert guard.in_kernel("10.66.3.1"), "nobody comes back because of it"
            assert deliver(world, next(world.honest4))
        wait_until(lambda: guard.status()["counters"]["worker_restarts"] == 6, 10, "a worker")
        guard.wait_banned("10.66.3.1")
        assert guard.log.count("ended by signal 9") == 6


def test_a_killed_warden_takes_a_stopped_worker_along(world):
    guard = Guard(world)
    with guard:
        assert told(world.smtp("10.66.4.1")) == 511
        guard.wait_banned("10.66.4.1")
        time.sleep(0.2)  # a ban is in the store some hundredths of a second after it is made
        worker = guard.worker()
        os.kill(worker, signal.SIGSTOP)
        os.kill(guard.warden(), signal.SIGKILL)
        guard.process.wait(5)
        assert not guard.table_exists(), "it holds nothing of the warden's"
        assert signals_pending(worker, signal.SIGTERM)
        world.smtp("10.66.4.1").quit()

        guard.start()
        assert guard.worker() is not None and guard.in_kernel("10.66.4.1")
        os.kill(worker, signal.SIGCONT)
        wait_until(lambda: not os.path.exists(f"/proc/{worker}"), 5, "its end")
        assert "10.66.4.1" in guard.bans(), "the control socket is the new one's"


def test_a_second_daemon_is_refused_and_harms_nothing(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.5.1")) == 511
        guard.wait_banned("10.66.5.1")
        second = world.server_exec([binary(), "run", "-c", guard.file])
        assert second.returncode == 2
        assert "another wavebreak answers on" in second.stderr

        elsewhere = guard.folder / "elsewhere.conf"
        elsewhere.write_text(guard.file.read_text().replace("/run", "/run2").replace("/state", "/state2"))
        third = world.server_exec([binary(), "run", "-c", elsewhere])
        assert third.returncode == 3
        assert "another wavebreak is running" in third.stderr

        assert guard.in_kernel("10.66.5.1") and "10.66.5.1" in guard.bans()
        assert told(world.smtp("10.66.5.2")) == 511
        guard.wait_banned("10.66.5.2")


class Supervisor:
    """The socket on which systemd listens to a service of Type=notify."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(10)

    def hear(self):
        return self.socket.recv(4096).decode()

    def hears_nothing(self):
        self.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            self.socket.recv(4096)
        self.socket.settimeout(10)


def test_what_systemd_is_told(world):
    supervisor = Supervisor(world.folder / "notify")
    guard = Guard(world, wrapper=["env", f"NOTIFY_SOCKET={supervisor.path}"])
    with guard:
        assert supervisor.hear() == "READY=1"
        good = guard.file.read_text()
        guard.file.write_text(good + "nonsense\n")
        hang_up(guard)
        wait_until(lambda: "was not taken" in guard.log, 5, "the mistake to be said")
        supervisor.hears_nothing()
        guard.file.write_text(good)
        reload(guard)
        assert supervisor.hear() == "RELOADING=1"
        assert supervisor.hear() == "READY=1"
        assert guard.stop() == 0
        assert supervisor.hear() == "STOPPING=1"
        supervisor.hears_nothing()


def test_what_systemd_is_told_of_one_that_hangs(world):
    """Nothing, as long as it does; and each second that it is there, where systemd wants to know."""
    supervisor = Supervisor(world.folder / "watchdog")
    wrapper = ["env", f"NOTIFY_SOCKET={supervisor.path}", "WATCHDOG_USEC=20000000"]
    with Guard(world, wrapper=wrapper) as guard:
        heard = [supervisor.hear() for _ in range(4)]
        assert set(heard) == {"READY=1", "WATCHDOG=1"} and heard.count("WATCHDOG=1") == 3
        warden = guard.warden()
        os.kill(warden, signal.SIGSTOP)
        try:
            time.sleep(0.2)
            supervisor.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                while supervisor.socket.recv(4096):
                    pass
            supervisor.socket.settimeout(10)
            time.sleep(2)
            supervisor.hears_nothing()
        finally:
            os.kill(warden, signal.SIGCONT)
            guard.process.send_signal(signal.SIGCONT)
        assert supervisor.hear() == "WATCHDOG=1"


def test_a_log_that_is_no_longer_configured(world):
    first, second = OwnLog(world, "first.log"), OwnLog(world, "second.log")
    guard = Guard(world)
    configure(guard, [first, second])
    with guard:
        first.refuse(["10.66.6.1"])
        second.refuse(["10.66.6.2"])
        guard.wait_banned("10.66.6.1")
        guard.wait_banned("10.66.6.2")
        configure(guard, [second])
        reload(guard)
        first.refuse(["10.66.6.3"])
        second.refuse(["10.66.6.4"])
        guard.wait_banned("10.66.6.4")
        assert [log["path"] for log in guard.status()["logs"]] == [str(second.path)]
        assert not guard.in_kernel("10.66.6.3")
        configure(guard, [first, second])
        reload(guard)
        guard.wait_banned("10.66.6.3")  # written meanwhile, and young enough
        assert {"10.66.6.1", "10.66.6.2", "10.66.6.4"} < set(guard.bans())


def test_logs_that_come_later_are_followed_where_a_pattern_names_them(world):
    first = OwnLog(world, "one.mail")
    guard = Guard(world)
    configure(guard, [first])
    guard.file.write_text(guard.file.read_text().replace("one.mail", "*.mail"))
    with guard:
        first.refuse(["10.66.21.1"])
        guard.wait_banned("10.66.21.1")
        second = OwnLog(world, "two.mail")
        second.refuse(["10.66.21.2"])
        guard.wait_banned("10.66.21.2")
        assert f"following {second.path}, too" in guard.log
        # Rotated, it is read to its end under the name that it had, and not a second time.
        second.path.rename(world.folder / "two.mail.1")
        with open(world.folder / "two.mail.1", "a") as log:
            log.write(time.strftime("%b %e %H:%M:%S") + " mx " + REFUSED.format("10.66.21.3", 4711))
        OwnLog(world, "two.mail").refuse(["10.66.21.4"])
        guard.wait_banned("10.66.21.3")
        guard.wait_banned("10.66.21.4")
        time.sleep(2)
        status = guard.status()
        assert {log["path"] for log in status["logs"]} == {str(first.path), str(second.path)}
        assert status["counters"]["offences"] == 4


def test_nobody_else_removes_the_table(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.7.1")) == 511
        guard.wait_banned("10.66.7.1")
        assert guard.nft("delete", "table", "inet", "wavebreak").returncode != 0
        guard.nft("flush", "ruleset")
        assert guard.in_kernel("10.66.7.1")
        assert told(world.smtp("10.66.7.2")) == 511
        guard.wait_banned("10.66.7.2")


def test_a_table_that_others_may_remove_is_made_anew(world):
    with Guard(world, "ban { exclusive = no }") as guard:
        assert told(world.smtp("10.66.7.3")) == 511
        guard.wait_banned("10.66.7.3")
        for command in ("flush ruleset", "delete table inet wavebreak"):
            assert guard.nft(*command.split()).returncode == 0
            guard.wait_banned("10.66.7.3", seconds=3)
        assert guard.log.count("was removed by somebody else; making it anew") == 2
        assert deliver(world, "10.67.7.3")


def test_five_thousand_bans_over_a_reload(world):
    log = OwnLog(world)
    guard = Guard(world)
    configure(guard, [log], "ban { for = 5m }")
    clients = addresses(5000)
    with guard:
        log.refuse(clients)
        wait_until(lambda: guard.status()["bans"] == 5000, 15, "the bans")
        before = {address: ban["begin"] for address, ban in guard.bans().items()}
        reload(guard)
        assert {address: ban["begin"] for address, ban in guard.bans().items()} == before
        for address in clients[::500]:
            guard.wait_banned(address)
        os.kill(guard.worker(), signal.SIGKILL)
        wait_until(lambda: guard.log.count("log file") == 3, 15, "a new worker")
        assert set(guard.bans()) == set(clients)
        for address in clients[::500]:
            guard.wait_banned(address)
        assert guard.status()["counters"]["requests_refused"] == 0


def test_who_is_protected_by_a_reload_is_let_in(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.8.1")) == 511
        assert told(world.smtp("10.66.9.1")) == 511
        guard.wait_banned("10.66.8.1")
        guard.wait_banned("10.66.9.1")
        guard.configure("ban { never = 10.66.8.0/24 }")
        reload(guard)
        guard.wait_let_in("10.66.8.1")
        guard.wait_banned("10.66.9.1")
        assert set(guard.bans()) == {"10.66.9.1"}
        world.smtp("10.66.8.1").quit()


def test_who_is_allowed_by_hand_stays_so_when_the_worker_dies(world):
    with Guard(world) as guard:
        worker = guard.worker()
        assert guard.ask("allow", "10.66.10.0/24").returncode == 0
        os.kill(worker, signal.SIGKILL)  # perhaps before the store has it
        wait_until(lambda: guard.worker() not in (None, worker), 5, "a new worker")
        assert guard.ask("ban", "10.66.10.1").returncode == 1
        guard.stop()
        guard.start()
        assert guard.ask("ban", "10.66.10.1").returncode == 1
        assert guard.ask("allow", "--remove", "10.66.10.0/24").returncode == 0
        assert guard.ask("ban", "10.66.10.1").returncode == 0
        guard.wait_banned("10.66.10.1")


def test_a_mistake_in_a_signature_file_is_found_before_the_worker_ends(world):
    folder = world.folder / "signatures"
    folder.mkdir()
    guard = Guard(world)
    watch = f"watch {{\n  file = /var/log/mail.log\n  signatures = {folder}\n}}\n"
    text = guard.file.read_text().replace("watch { file = /var/log/mail.log }\n", watch)
    guard.file.write_text(text)
    with guard:
        worker = guard.worker()
        (folder / "mine.sig").write_text("service mine\n  tag mine\n\nsignature x\n  patern x\n")
        hang_up(guard)
        wait_until(lambda: "was not taken" in guard.log, 5, "the mistake to be said")
        assert "mine.sig:5:3" in guard.log
        assert guard.worker() == worker
        assert told(world.smtp("10.66.11.1")) == 511
        guard.wait_banned("10.66.11.1")
        (folder / "mine.sig").unlink()
        reload(guard)
        assert guard.worker() != worker


def test_what_takes_a_restart_stays_until_then(world):
    with Guard(world) as guard:
        assert told(world.smtp("10.66.12.1")) == 511
        guard.wait_banned("10.66.12.1")
        good = guard.file.read_text()
        guard.file.write_text(
            good.replace("/state", "/elsewhere").replace("/run\n", "/run2\n") + "ban { limit = 2000000 }\n"
        )
        reload(guard)
        assert "in the section daemon" in guard.log
        assert "larger ban.limit takes a restart" in guard.log
        guard.file.write_text(good)
        assert "10.66.12.1" in guard.bans() and guard.status()["store"]["open"]
        assert guard.status()["bans_most"] == 1000000
        assert guard.stop() == 0
        assert not (guard.folder / "run" / "control").exists()
        assert not (guard.folder / "elsewhere").exists()


@pytest.mark.parametrize("how", ["reload", "other grace", "killed"])
def test_a_connection_that_waits_for_its_end_is_not_forgotten(world, how):
    with Guard(world, "evict { grace = 4s }") as guard:
        connection = world.connect("10.66.13.1", prepare=small_window)
        # Far more answers than its window takes: the 511 cannot be acknowledged.
        connection.sendall(
            b"EHLO zombie\r\n" + b"HELP\r\n" * 400 + b"MAIL FROM:<z@spam.test>\r\nRCPT TO:<ham@example.test>\r\n"
        )
        guard.wait_banned("10.66.13.1", 15)
        if how == "killed":
            time.sleep(0.2)  # a ban is in the store some hundredths of a second after it is made
            os.kill(guard.warden(), signal.SIGKILL)
            guard.process.wait(5)
            wait_until(lambda: not guard.running(), 5, "the worker to go with the warden")
            guard.start()
        else:
            guard.configure(f"evict {{ grace = {'4s' if how == 'reload' else '3s'} }}")
            reload(guard)
        assert world.handlers(), "its time is not over yet"
        wait_until(lambda: not world.handlers(), 12, "the slot to be free")


def test_whoever_starts_it_may_ignore_the_death_of_children(world):
    with Guard(world, wrapper=["env", "--ignore-signal=CHLD"]) as guard:
        worker = guard.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.worker() not in (None, worker), 5, "a new worker")
        assert guard.stop() == 0


def test_a_reader_of_its_messages_may_go_away(world):
    guard = Guard(world)
    reader, writer = os.pipe()
    process = world.server_spawn([binary(), "run", "-c", guard.file], stdout=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as messages:
        assert any(b"log file" in line for line in messages)
    guard.process = process
    try:
        for address in ("10.66.14.1", "10.66.14.2"):
            assert told(world.smtp(address)) == 511
            wait_until(lambda: guard.in_kernel(address), 5, "the ban")
    finally:
        assert guard.stop() == 0


def test_observing_ends_no_connection_and_makes_no_table(world):
    with Guard(world, observe=True) as guard:
        held = world.smtp("10.67.15.1")
        assert guard.ask("ban", "10.67.15.1").returncode == 0
        wait_until(lambda: "10.67.15.1:" in guard.log, 5, "what would be ended")
        assert "would be evicted" in guard.log
        hang_up(guard)
        wait_until(lambda: guard.log.count("observing") == 2, 10, "the reload")
        assert held.noop()[0] == 250
        assert not guard.table_exists()
        assert guard.status()["counters"]["evictions"] == 0
