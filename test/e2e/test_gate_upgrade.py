# SPDX-License-Identifier: Apache-2.0
"""Another version of the program in the place of the one that runs (SIGUSR2): no client of the gate notices, and one
that does not work changes nothing."""

import os
import pathlib
import shutil
import signal
import tempfile
import time

import pytest

from dialogues import Knocking, ended, is_open
from gates import PORT, gate, recipient, replies_until, reply_line, send_mail, world
from guard import Guard, binary, visible
from world import command_name, wait_until

KNOCKS = "10.67.95.1"
WORKERS = 2


@pytest.fixture
def program():
    """A copy that may be replaced, beside the program under test, which finds its signatures from there."""
    with tempfile.TemporaryDirectory(prefix="upgrade-", dir=binary().parent) as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(shutil.copy(binary(), folder)).rename(pathlib.Path(folder) / "wavebreak")


def replace(program, by):
    """As a package manager does: the file that runs goes on without a name."""
    fresh = program.with_suffix(".new")
    shutil.copy(by, fresh)
    fresh.rename(program)


def processes(guard):
    return {*guard.gate_workers(), *guard.porters(), guard.worker()}


def wait_complete(guard, but=(), seconds=10):
    """Until there is one of each and no more, none of them of `but`, and nobody is left to be reaped."""

    def complete():
        now = processes(guard)
        whole = len(guard.gate_workers()) == WORKERS and len(guard.porters()) == 1 and guard.worker()
        return whole and not now & set(but) and not zombies(guard) and now

    return wait_until(complete, seconds, f"all processes of the gate, and no other\n{guard.log}")


def state_and_parent(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None, None
    return text.rsplit(")", 1)[1].split()[:2]


def zombies(guard):
    mine = str(guard.warden())
    return [p for p in guard.world.processes() if state_and_parent(p) == ["Z", mine]]


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Log:
    """What a guard says from now on: one log is kept for all of them."""

    def __init__(self, guard):
        self.guard, self.before = guard, len(guard.log)

    def __str__(self):
        return self.guard.log[self.before :]

    def __contains__(self, text):
        return text in str(self)

    def count(self, text):
        return str(self).count(text)


def in_dialogue(world, address):
    client = world.smtp(address, port=PORT)
    client.ehlo()
    assert client.mail("zombie@spam.test")[0] == 250
    return client


def test_no_client_notices(world, program):
    with Guard(world, gate(greet_wait="1s"), program=program) as guard:
        old, warden = wait_complete(guard), guard.warden()
        log = Log(guard)
        listed, honest = in_dialogue(world, "10.66.95.1"), world.smtp("10.67.95.2", port=PORT)
        served = world.handlers()
        replace(program, binary())
        with Knocking(world, KNOCKS, PORT) as knocking:
            waits = world.connect("10.66.95.2", port=PORT)
            assert reply_line(waits).startswith("220-")
            guard.upgrade()
            wait_until(lambda: set(guard.gate_workers()) - old, 5, "new gate workers")
            time.sleep(0.5)
        assert knocking.taken > 10 and not knocking.refused
        assert guard.warden() == warden and guard.process.poll() is None
        assert os.readlink(f"/proc/{warden}/exe") == str(program)
        assert len(set(guard.gate_workers()) - old) == WORKERS and set(guard.gate_workers()) & old
        # Each goes on where it was, and what the gate found of it counts.
        code, text = listed.rcpt("ham@example.test")
        assert code == 550 and b"10.66.95.1" in text
        guard.wait_banned("10.66.95.1")
        assert replies_until(waits, "220 ")
        waits.sendall(b"EHLO zombie.test\r\nMAIL FROM:<z@spam.test>\r\nRCPT TO:<ham@example.test>\r\n")
        assert replies_until(waits, "550")
        assert set(world.handlers()) >= set(served)
        send_mail(honest)
        assert recipient(world.smtp("10.66.95.3", port=PORT))[0] == 550
        waits.close()
        listed.close()
        wait_complete(guard, but=old)
        assert guard.status()["counters"]["gate_restarts"] == 0
        assert log.count("upgraded to version") == 1
        assert guard.stop() == 0
        assert not guard.running() and not guard.table_exists()


def test_bans_are_back(world, program):
    with Guard(world, gate(), program=program) as guard:
        assert guard.ask("ban", "10.66.95.10", "--for", "1h").returncode == 0
        guard.wait_banned("10.66.95.10")
        guard.upgrade()
        guard.wait_banned("10.66.95.10")
        assert "10.66.95.10" in guard.bans()
        guard.ask("unban", "10.66.95.10")


def test_many_in_a_row_leave_nothing_behind(world, program):
    with Guard(world, gate(), program=program) as guard:
        old, warden = wait_complete(guard), guard.warden()
        guard.upgrade()
        old |= wait_complete(guard, but=old)
        held = in_dialogue(world, "10.66.95.20")
        count = descriptors(warden)
        with Knocking(world, KNOCKS, PORT) as knocking:
            guard.upgrade()
            assert held.rcpt("ham@example.test")[0] == 550
            held.close()
            for _ in range(3):
                wait_complete(guard, but=old)
                old |= processes(guard)
                guard.upgrade()
        wait_complete(guard, but=old)
        assert knocking.taken > 10 and not knocking.refused
        assert descriptors(warden) == count and guard.warden() == warden
        assert guard.stop() == 0
        assert not guard.running() and not guard.table_exists()


def test_those_that_overlap(world, program):
    """Three generations of before may finish what they have, as with a reload; the one before these is ended."""
    with Guard(world, gate(), program=program) as guard:
        seen = wait_complete(guard)
        clients = []
        for n in range(4):
            clients.append(in_dialogue(world, f"10.66.95.{30 + n}"))
            guard.upgrade()
            fresh = wait_until(lambda: len(new := set(guard.gate_workers()) - seen) == WORKERS and new, 5, "new gate workers")
            seen |= fresh
        assert ended(clients[0].sock)
        for client in clients[1:]:
            assert client.rcpt("ham@example.test")[0] == 550
            client.close()
        wait_complete(guard, but=seen - fresh)


@pytest.mark.parametrize(
    "what, said",
    [
        ("false", "ended with status 1; what runs goes on"),
        ("no program", "Exec format error"),
        ("nothing", "No such file or directory"),
        ("a mistake", "did you mean 'greet_wait'"),
        ("a taken port", "cannot listen on port 25 of all addresses: Address already in use"),
        ("a user", "there is no user 'nosuch'"),
        ("a signature", "broken.sig"),
    ],
)
def test_what_does_not_work_changes_nothing(world, program, what, said):
    with Guard(world, gate(), program=program) as guard:
        before, warden = wait_complete(guard), guard.warden()
        log, held = Log(guard), in_dialogue(world, next(world.listed4))
        assert guard.ask("ban", "10.66.95.41").returncode == 0
        if what == "false":
            replace(program, "/bin/false")
        elif what == "no program":
            program.with_suffix(".new").write_bytes(b"\x7fELF" + bytes(100))
            program.with_suffix(".new").chmod(0o755)
            program.with_suffix(".new").rename(program)
        elif what == "nothing":
            program.unlink()
        elif what == "a mistake":
            guard.configure(gate().replace("greet_wait", "greet_weight"))
        elif what == "a taken port":
            guard.configure(gate(listen=f"{PORT}, 25"))
        elif what == "a user":
            guard.configure(gate(user="nosuch"))
        else:
            (guard.folder / "broken.sig").write_text("what is this\n")
            guard.sources += f"watch {{ signatures = {guard.folder} }}\n"
            guard.configure(gate())
        with Knocking(world, KNOCKS, PORT) as knocking:
            os.kill(warden, signal.SIGUSR2)
            wait_until(lambda: "what runs goes on" in log, 10, f"that to be said\n{guard.log}")
            time.sleep(0.3)
        assert said in log
        assert knocking.taken and not knocking.refused
        assert processes(guard) == before and guard.warden() == warden and not zombies(guard)
        assert guard.in_kernel("10.66.95.41")
        assert held.rcpt("ham@example.test")[0] == 550
        held.close()


def test_a_new_configuration_comes_with_it(world, program):
    with Guard(world, gate(listen=f"{PORT}, 2526"), program=program) as guard:
        old = wait_complete(guard)
        guard.configure(gate(listen=f"{PORT}, 2527", workers=3))
        with Knocking(world, KNOCKS, PORT) as knocking:
            guard.upgrade()
            wait_until(lambda: len(set(guard.gate_workers()) - old) == 3, 5, "new gate workers")
            wait_until(lambda: not set(guard.gate_workers()) & old, 5, "the old ones to end")
        assert not knocking.refused
        world.connect(KNOCKS, 2527).close()
        with pytest.raises(ConnectionRefusedError):
            world.connect(KNOCKS, 2526)
        guard.configure("")
        guard.upgrade()
        wait_until(lambda: not guard.gate_workers() and not guard.porters(), 5, "the gate to end")
        with pytest.raises(ConnectionRefusedError):
            world.connect(KNOCKS, PORT)
        guard.configure(gate())
        guard.upgrade()
        wait_complete(guard)
        world.connect(KNOCKS, PORT).close()


def test_sockets_with_a_name_stay(world, program):
    """Those who write to them need not look for them again."""
    with Guard(world, program=program) as guard:
        hook, intake, control = (guard.folder / name for name in ("hook", "intake", "run/control"))
        sources = f"watch {{ socket = {intake} }}\n"
        text = gate(hook=hook).replace(f"  listen = {PORT}\n", "")
        guard.sources += sources
        guard.configure(text)
        guard.stop()
        guard.start()
        wait_complete(guard)
        paths = [hook, intake, *(guard.folder / "run").iterdir()]
        assert len(paths) >= 3
        inodes = [os.stat(path).st_ino for path in paths]
        guard.upgrade()
        wait_complete(guard)
        assert [os.stat(path).st_ino for path in paths] == inodes
        assert guard.ask("status").returncode == 0
        guard.stop()
        assert not any(path.exists() for path in paths)


def test_they_end_without_the_warden_after_it_too(world, program):
    """Who drains was started by the program before."""
    with Guard(world, gate(), program=program) as guard:
        old = wait_complete(guard)
        held = in_dialogue(world, "10.66.95.50")
        guard.upgrade()
        wait_until(lambda: len(set(guard.gate_workers()) - old) == WORKERS, 5, "new gate workers")
        assert is_open(held.sock)
        os.kill(guard.warden(), signal.SIGKILL)
        guard.process.wait(5)
        assert held.rset()[0] == 250, "who is here may finish"
        held.close()
        wait_until(lambda: not guard.running(), 8, "their end")
        guard.start()
        wait_complete(guard)


def test_who_drains_ends_with_it(world, program):
    with Guard(world, gate(), program=program) as guard:
        old = wait_complete(guard)
        held = in_dialogue(world, "10.66.95.60")
        guard.upgrade()
        wait_until(lambda: len(set(guard.gate_workers()) - old) == WORKERS, 5, "new gate workers")
        assert guard.stop() == 0
        assert not guard.running() and ended(held.sock)


def test_who_drains_has_as_long_as_a_session(world, program):
    """Of the configuration by which it began."""
    with Guard(world, gate(session="10s", command_time="1m"), program=program) as guard:
        old = wait_complete(guard)
        held = in_dialogue(world, "10.66.95.70")
        guard.configure(gate())
        guard.upgrade()
        begun = time.monotonic()
        assert is_open(held.sock)
        assert ended(held.sock, 15)
        assert time.monotonic() - begun < 14
        wait_complete(guard, but=old)


def test_who_drains_already_goes_on(world, program):
    """The gate was closed by a reload, so that nothing takes its place."""
    with Guard(world, gate(session="12s", command_time="1m"), program=program) as guard:
        wait_complete(guard)
        held, goes_on = (in_dialogue(world, next(world.listed4)) for _ in range(2))
        guard.reload("")
        for _ in range(2):
            guard.upgrade()
            assert guard.gate_workers() and is_open(held.sock)
        assert goes_on.rcpt("ham@example.test")[0] == 550
        assert ended(held.sock, 15)
        goes_on.close()
        wait_until(lambda: not guard.gate_workers() and not guard.porters(), 5, "their end")
        assert not zombies(guard)


def test_a_storm_of_signals(world, program):
    with Guard(world, gate(), program=program) as guard:
        wait_complete(guard)
        log, warden = Log(guard), guard.warden()
        with Knocking(world, KNOCKS, PORT) as knocking:
            for turn in range(30):
                os.kill(warden, (signal.SIGUSR2, signal.SIGHUP, signal.SIGUSR2)[turn % 3])
                time.sleep((0.01, 0.05, 0.2, 0.4)[turn % 4])
            wait_until(lambda: guard.ask("status").returncode == 0, 10, f"the last\n{guard.log}")
            wait_complete(guard)
        assert knocking.taken > 10 and not knocking.refused
        assert log.count("upgraded to version") > 1 and guard.warden() == warden


@pytest.mark.parametrize("seconds", [0, 0.05, 0.1, 0.2, 0.4])
def test_one_that_is_to_end_meanwhile_ends(world, program, seconds):
    with Guard(world, gate(), program=program) as guard:
        wait_complete(guard)
        os.kill(guard.warden(), signal.SIGUSR2)
        time.sleep(seconds)
        assert guard.stop() == 0
        assert not guard.running() and not guard.table_exists()


def test_who_observes_can_be_upgraded_too(world, program):
    with Guard(world, gate(), observe=True, program=program) as guard:
        warden, worker = guard.warden(), guard.worker()
        guard.upgrade()
        assert guard.warden() == warden and guard.worker() not in (None, worker)
        assert not guard.table_exists() and not guard.gate_workers()


def test_what_is_wrongly_handed_over_is_not_taken(world, program):
    """The guard begins as ever, and no child has that variable."""
    words = ["env", "WAVEBREAK_UPGRADE=1 1;control 0;"]
    guard = Guard(world, gate(), program=program, wrapper=words)
    log = Log(guard)
    with guard:
        now = wait_complete(guard)
        assert "is not understood, and given up" in log
        assert "upgraded" not in log
        guard.upgrade()
        wait_complete(guard, but=now)
        client = world.smtp("10.67.95.80", port=PORT)
        handler = wait_until(world.handlers, 5, "Courier's process")[0]
        assert command_name(handler) == "courieresmtpd"
        assert b"WAVEBREAK_UPGRADE" not in pathlib.Path(f"/proc/{handler}/environ").read_bytes()
        client.quit()


def test_a_trial_by_hand(world, program):
    """It opens nothing, also while a guard runs."""
    with Guard(world, gate(), program=program) as guard:
        with Knocking(world, KNOCKS, PORT) as knocking:
            for _ in range(5):
                assert world.server_exec([program, "run", "-c", guard.file, "--try"]).returncode == 0
        assert knocking.taken and not knocking.refused
        guard.configure(gate(user="nosuch"))
        assert world.server_exec([program, "run", "-c", guard.file, "--try"]).returncode == 2
