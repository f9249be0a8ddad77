# SPDX-License-Identifier: Apache-2.0
"""The story of the project, on a real Courier: a listed client is told 511, is banned, loses
the slot; everybody else is served; nothing is lost over restarts and nothing is left behind."""

import os
import signal
import time

import pytest

from dialogues import deliver, ended, refused_silently, small_window, told
from guard import Guard, visible
from world import World, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")


@pytest.mark.parametrize("address, unit", [("10.66.3.4", "10.66.3.4"), ("2001:db8:66:34::9", "2001:db8:66:34::")])
def test_told_banned_and_evicted(world, address, unit):
    with Guard(world) as guard:
        client = world.smtp(address)
        assert told(client) == 511, "it learns why, before anything else"
        assert ended(client.sock)
        wait_until(lambda: not world.handlers(), 5, "the slot to be free")
        assert guard.in_kernel(unit)
        assert refused_silently(world, address)

        assert deliver(world, next(world.honest4))
        assert deliver(world, next(world.honest6))
        shown = next(iter(guard.bans()))
        assert shown == (unit if "." in unit else unit + "/64")


def test_another_address_of_the_same_64_is_out_and_the_next_64_is_not(world):
    with Guard(world) as guard:
        assert told(world.smtp("2001:db8:66:34::1")) == 511
        guard.wait_banned("2001:db8:66:34::")
        assert refused_silently(world, "2001:db8:66:34:ffff::2")
        world.smtp("2001:db8:66:35::1").quit()


def test_all_connections_of_the_client_end_and_no_other(world):
    with Guard(world) as guard:
        others = [world.smtp("10.66.5.5") for _ in range(3)]
        neighbour = world.smtp("10.66.5.6")
        assert told(world.smtp("10.66.5.5")) == 511
        assert all(ended(other.sock) for other in others)
        assert neighbour.noop()[0] == 250
        assert not guard.in_kernel("10.66.5.6")


def test_a_client_that_does_not_read_is_ended_after_the_grace(world):
    with Guard(world, "evict { grace = 1s }") as guard:
        connection = world.connect("10.66.6.6", prepare=small_window)
        # Far more answers than its window takes: the 511 cannot be acknowledged.
        connection.sendall(
            b"EHLO zombie\r\n" + b"HELP\r\n" * 400 + b"MAIL FROM:<z@spam.test>\r\nRCPT TO:<ham@example.test>\r\n"
        )
        guard.wait_banned("10.66.6.6", 15)
        wait_until(lambda: not world.handlers(), 8, "the slot to be free")


def test_a_client_whose_acknowledgement_is_late_still_reads_its_511(world):
    """The ban is in force while the 511 is not acknowledged: it must not drop what acknowledges
    it, and the eviction has to wait."""
    # Commands pass, and no bare acknowledgement does.
    held_back = """table inet late {
        chain out {
            type filter hook output priority 0
            ip saddr 10.66.6.7 tcp flags & (syn | psh) == 0 drop
        }
    }"""
    with Guard(world, "evict { grace = 10s }") as guard:
        client = world.smtp("10.66.6.7")
        client.ehlo()
        client.mail("zombie@spam.test")
        done = world.outside_exec(["nft", "-f", "-"], input=held_back)
        assert done.returncode == 0, done.stderr
        client.putcmd("RCPT TO:<ham@example.test>")
        guard.wait_banned("10.66.6.7")
        time.sleep(1)
        assert world.handlers(), "not ended before the client has its 511"
        assert world.outside_exec(["nft", "delete", "table", "inet", "late"]).returncode == 0
        assert client.getreply()[0] == 511
        assert ended(client.sock)
        wait_until(lambda: not world.handlers(), 5, "the slot to be free")
        counters = guard.status()["counters"]
        assert counters["evictions"] == 1 and counters["evictions_forced"] == 0


def test_the_ban_slides_and_is_capped(world):
    with Guard(world, "ban {\n  for = 3s\n  at_most = 9s\n}") as guard:
        began = time.monotonic()
        assert told(world.smtp("10.66.7.7")) == 511
        guard.wait_banned("10.66.7.7")
        # It tries all the time, which the kernel alone sees, and so stays out past ban.for …
        while time.monotonic() - began < 6.5:
            assert refused_silently(world, "10.66.7.7", seconds=1)
        assert guard.in_kernel("10.66.7.7")
        # … but not past ban.at_most: it may come and be told once more.
        wait_until(
            lambda: not refused_silently(world, "10.66.7.7", seconds=0.5), 6, "the cap to let it in"
        )
        assert time.monotonic() - began > 7.5
        assert told(world.smtp("10.66.7.7")) == 511
        guard.wait_banned("10.66.7.7")


def test_a_ban_ends_when_the_client_stays_away(world):
    with Guard(world, "ban { for = 2s }") as guard:
        assert told(world.smtp("10.66.8.8")) == 511
        guard.wait_banned("10.66.8.8")
        guard.wait_let_in("10.66.8.8", 4)
        wait_until(lambda: not guard.bans(), 4, "the daemon to notice")


def test_restart_and_kill_lose_no_ban(world):
    guard = Guard(world)
    with guard:
        clients = [next(world.listed4) for _ in range(5)]
        for address in clients:
            assert told(world.smtp(address)) == 511
        for address in clients:
            guard.wait_banned(address)
        assert guard.stop() == 0
        assert not guard.table_exists(), "nothing is left behind"
        guard.start()
        assert all(guard.in_kernel(address) for address in clients)

        time.sleep(0.2)  # a ban is in the store some hundredths of a second after it is made
        os.kill(guard.warden(), signal.SIGKILL)
        wait_until(lambda: not guard.running(), 5, "the worker to go with the warden")
        assert not guard.table_exists(), "a dead daemon leaves no ban behind"
        world.smtp(next(world.honest4)).quit()
        guard.process.wait(5)
        guard.start()
        assert all(guard.in_kernel(address) for address in clients)
        begins = {ban["begin"] for ban in guard.bans().values()}
        assert max(begins) <= time.time() and len(guard.bans()) == 5


def test_a_killed_worker_comes_back_and_misses_nothing(world):
    with Guard(world) as guard:
        time.sleep(1.5)  # the place in the log is saved each second
        first = guard.worker()
        os.kill(first, signal.SIGKILL)
        client = world.smtp("10.66.9.9")
        assert told(client) == 511, "written while nobody reads"
        wait_until(lambda: guard.worker() not in (None, first), 5, "a new worker")
        guard.wait_banned("10.66.9.9")
        assert ended(client.sock)
        assert guard.status()["counters"]["worker_restarts"] == 1


def test_what_was_logged_while_it_was_down_counts(world):
    guard = Guard(world)
    with guard:
        world.smtp(next(world.honest4)).quit()
        time.sleep(1.5)  # the place in the log is saved each second
        guard.stop()
        assert told(world.smtp("10.66.10.10")) == 511
        guard.start()
        guard.wait_banned("10.66.10.10")


def test_a_client_cannot_have_another_one_banned(world):
    victim = "10.67.99.99"
    forged = f"error,relay=::ffff:{victim},port=25,from=<a@b.test>,to=<c@d.test>: 511 listed"
    with Guard(world) as guard:
        client = world.smtp("10.67.1.1")
        client.docmd("HELO", f"x\t{forged}")
        client.docmd("MAIL", f'FROM:<"{forged}"@ham.test>')
        client.docmd("RCPT", f'TO:<"{forged}"@example.test>')
        client.docmd(forged)
        client.sock.sendall(f"x\rcourieresmtpd: {forged}\r\n".encode())
        client.getreply()
        client.docmd("AUTH LOGIN " + "YQ==")
        client.close()
        assert told(world.smtp("10.66.1.1")) == 511
        guard.wait_banned("10.66.1.1")
        assert not guard.in_kernel(victim)
        assert guard.explain(victim)["known"] is False
        assert deliver(world, victim)


def test_the_never_list_comes_first(world):
    with Guard(world, "ban { never = 10.66.20.0/24 }") as guard:
        client = world.smtp("10.66.20.1")
        assert told(client) == 511
        assert told(world.smtp("10.66.21.1")) == 511
        guard.wait_banned("10.66.21.1")
        assert not guard.in_kernel("10.66.20.1")
        assert client.noop()[0] == 250

        refused = guard.ask("ban", "10.66.20.7")
        assert refused.returncode == 1
        assert "10.66.20.0/24" in refused.stderr and "ban.never" in refused.stderr
        own = guard.ask("ban", "10.68.0.1")
        assert own.returncode == 1 and "address of" in own.stderr
        loopback = guard.ask("ban", "127.0.0.1")
        assert loopback.returncode == 1 and "loopback" in loopback.stderr


def test_by_hand(world):
    with Guard(world) as guard:
        held = world.smtp("10.67.30.1")
        done = guard.ask("ban", "10.67.30.1", "--for", "30s", "--why", "a test\x1b[31m")
        assert done.returncode == 0, done.stderr
        assert ended(held.sock) and refused_silently(world, "10.67.30.1", 1)
        assert "\x1b" not in guard.ask("list").stdout
        assert "a test" in guard.ask("explain", "10.67.30.1").stdout
        assert guard.ask("unban", "10.67.30.1").returncode == 0
        world.smtp("10.67.30.1").quit()
        assert guard.ask("unban", "10.67.30.1").returncode == 1

        assert told(world.smtp("10.66.30.2")) == 511
        guard.wait_banned("10.66.30.2")
        assert guard.ask("allow", "10.66.30.0/24").returncode == 0
        guard.wait_let_in("10.66.30.2")
        assert told(world.smtp("10.66.30.3")) == 511
        assert told(world.smtp("10.66.31.3")) == 511
        guard.wait_banned("10.66.31.3")
        assert not guard.in_kernel("10.66.30.3")


def test_observe_changes_nothing(world):
    with Guard(world, observe=True) as guard:
        client = world.smtp("10.66.40.1")
        assert told(client) == 511
        wait_until(lambda: "10.66.40.1" in guard.bans(), 5, "the verdict")
        assert "would be banned" in guard.log
        assert not guard.table_exists()
        assert not ended(client.sock, 3)
        world.smtp("10.66.40.1").quit()


def test_a_sleeping_handler_is_woken(mail_server):
    with World(tarpit=1, visible=visible()) as world, Guard(world) as guard:
        connection = world.connect("10.66.50.1")
        # Three refusals at once: after the first 511 Courier sleeps 16 s, then 32 s.
        connection.sendall(
            b"HELO zombie\r\nMAIL FROM:<z@spam.test>\r\n" + b"RCPT TO:<ham@example.test>\r\n" * 3
        )
        guard.wait_banned("10.66.50.1", 15)
        wait_until(lambda: not world.handlers(), 5, "the slot to be free")
        assert guard.status()["counters"]["handlers_signalled"] >= 1


def test_reload(world):
    with Guard(world, "ban { for = 60s }") as guard:
        assert told(world.smtp("10.66.60.1")) == 511
        guard.wait_banned("10.66.60.1")

        good = guard.file.read_text()
        guard.file.write_text(good + "ban { fro = 2s }\n")
        os.kill(guard.warden(), signal.SIGHUP)
        wait_until(lambda: "'fro' is not a setting of ban" in guard.log, 5, "the mistake to be said")
        assert "did you mean 'for'?" in guard.log
        assert guard.in_kernel("10.66.60.1")

        guard.configure("ban {\n  for = 60s\n  never = 10.66.61.0/24\n}")
        worker = guard.worker()
        os.kill(guard.warden(), signal.SIGHUP)
        wait_until(lambda: guard.worker() not in (None, worker), 5, "the reload")
        assert told(world.smtp("10.66.61.1")) == 511
        assert told(world.smtp("10.66.62.1")) == 511
        guard.wait_banned("10.66.62.1")
        assert guard.in_kernel("10.66.60.1") and not guard.in_kernel("10.66.61.1")


def test_rotation_loses_nothing(world):
    log = world.inside("/var/log/mail.log")
    with Guard(world) as guard:
        for turn in range(3):
            log.rename(log.with_suffix(f".log.{turn}"))
            before = f"10.66.70.{turn + 1}"
            assert told(world.smtp(before)) == 511, "written to the renamed file"
            world.server_exec(["sh", "-c", "kill -HUP $(cat /run/rsyslogd.pid)"])
            after = f"10.66.71.{turn + 1}"
            assert told(world.smtp(after)) == 511
            guard.wait_banned(before)
            guard.wait_banned(after)


def test_a_full_disk_stops_nothing(world):
    small = world.folder / "small"
    small.mkdir()
    mounted = world.server_exec(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0755", "small", small])
    assert mounted.returncode == 0, mounted.stderr
    with Guard(world, state=small / "state") as guard:
        world.server_exec(["sh", "-c", f"cat /dev/zero >{small}/filler"])
        for _ in range(20):
            assert told(world.smtp(next(world.listed4))) == 511
        wait_until(lambda: guard.status()["bans"] == 20, 10, "the bans")
        assert deliver(world, next(world.honest4))


def test_a_damaged_store_is_set_aside(world):
    guard = Guard(world)
    with guard:
        assert told(world.smtp("10.66.80.1")) == 511
        guard.wait_banned("10.66.80.1")
        guard.stop()
        store = guard.state / "wavebreak.mdb"
        store.write_bytes(b"\0" * 100 + os.urandom(9000))
        guard.start()
        assert list(guard.state.glob("wavebreak.mdb.damaged-*"))
        assert told(world.smtp("10.66.80.2")) == 511
        guard.wait_banned("10.66.80.2")


def test_the_worker_is_confined(world):
    with Guard(world) as guard:
        status = (guard.world.inside("/proc") / "x").parent  # the server's own /proc
        assert status.exists()
        text = open(f"/proc/{guard.worker()}/status").read()
        assert "NoNewPrivs:\t1" in text
        assert "CapEff:\t0000000000000000" in text
        shown = guard.status()
        if shown["seccomp"]:
            assert "Seccomp:\t2" in text
        warden = open(f"/proc/{guard.warden()}/status").read()
        effective = int(next(l for l in warden.splitlines() if l.startswith("CapEff")).split()[1], 16)
        net_admin, kill, ptrace, read, setuid, setgid, bind = 12, 5, 19, 2, 7, 6, 10
        assert effective == sum(1 << c for c in (net_admin, kill, ptrace, read, setuid, setgid, bind))
