# SPDX-License-Identifier: Apache-2.0
"""Who is a suspect, on a real Courier: for what, for how long, over which ends of processes; and the networks that are
suspect as a whole, with the mistakes that their lists may have."""

import contextlib
import json
import os
import signal
import time

import pytest

from dialogues import deliver, ended
from guard import Guard
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")


def steering(suspect="", rest="", **gate):
    lines = "".join(f"  {name} = {value}\n" for name, value in ({"steer": "suspect", "greet_wait": "100ms"} | gate).items())
    return f"gate {{\n{lines}}}\nsuspect {{\n  score = 20\n{suspect}\n}}\n{rest}"


def offend(world, address):
    """Asks for a recipient that does not exist: 20 points."""
    with world.smtp(address) as client:
        client.ehlo()
        client.mail("anna@ham.test")
        assert client.rcpt("nobody-of-that-name@example.test")[0] == 550


def suspects(guard):
    lines = guard.ask("list", "--suspects", "--json").stdout.splitlines()
    return {entry["address"]: entry for entry in map(json.loads, lines)}


def wait_suspect(guard, address):
    wait_until(lambda: address in suspects(guard), 10, f"{address} to be a suspect\n{guard.log}")
    return suspects(guard)[address]


def test_an_offender_is_a_suspect_and_nobody_else(world):
    with Guard(world, steering()) as guard:
        assert guard.status()["suspects"]["now"] == 0
        offend(world, "10.67.90.1")
        suspect = wait_suspect(guard, "10.67.90.1")
        assert suspect["outcome"] == "unknown-recipient"
        assert suspect["score"] == 20
        assert suspect["until"] - suspect["begin"] in (3600, 3599, 3601)
        assert "10.67.90.1" not in guard.bans()
        assert guard.explain("10.67.90.1")["suspect"]["address"] == "10.67.90.1"
        assert "its score was 20" in guard.ask("explain", "10.67.90.1").stdout
        assert guard.status()["suspects"]["now"] == 1
        assert "1 of 200000 at most" in guard.ask("status").stdout

        assert deliver(world, "10.67.90.2")
        assert list(suspects(guard)) == ["10.67.90.1"]


def test_a_suspect_is_one_after_the_death_of_a_worker_and_a_restart(world):
    with Guard(world, steering()) as guard:
        offend(world, "10.67.91.1")
        offend(world, "2001:db8:67:91::1")
        wait_suspect(guard, "10.67.91.1")
        before = wait_suspect(guard, "2001:db8:67:91::/64")
        time.sleep(0.5)  # the store gathers changes for 20 ms

        worker, lines = guard.worker(), guard.log.count("log file")
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.log.count("log file") > lines, 15, f"another worker\n{guard.log}")
        assert "2 clients of before are led to the gate again" in guard.log
        assert set(suspects(guard)) == {"10.67.91.1", "2001:db8:67:91::/64"}

        guard.stop()
        guard.start()
        after = suspects(guard)
        assert abs(after["2001:db8:67:91::/64"]["until"] - before["until"]) <= 1
        assert guard.log.count("2 clients of before are led to the gate again") == 2


def test_who_is_unbanned_or_allowed_is_trusted(world):
    with Guard(world, steering()) as guard:
        offend(world, "10.67.92.1")
        offend(world, "10.67.92.2")
        wait_suspect(guard, "10.67.92.1")
        wait_suspect(guard, "10.67.92.2")
        done = guard.ask("unban", "10.67.92.1")
        assert done.returncode == 0 and "no suspect any more" in done.stdout
        assert list(suspects(guard)) == ["10.67.92.2"]
        assert guard.ask("unban", "10.67.92.1").returncode == 1
        assert guard.ask("allow", "10.67.92.0/24").returncode == 0
        assert guard.ask("list", "--suspects").stdout == "nobody is a suspect\n"
        offend(world, "10.67.92.3")
        wait_until(lambda: guard.explain("10.67.92.3").get("score"), 10, "the offence to be judged")
        assert not suspects(guard)


def come_often(world, address, count=3):
    """More often than once in a second."""
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            with contextlib.suppress(TimeoutError):
                stack.enter_context(world.connect(address, seconds=1))


LIMITED = "limits {\n  per_address = 1\n  burst = 1s\n}\nrelief { enabled = no }\nwave { detect = no }\n"


@pytest.mark.parametrize(
    "address, unit, other, other_unit, network",
    [
        ("10.67.100.1", "10.67.100.1", "10.67.100.2", "10.67.100.2", "10.67.100.0/24"),
        ("2001:db8:67:100::1", "2001:db8:67:100::/64", "2001:db8:67:101::1", "2001:db8:67:101::/64", "2001:db8:67:100::/60"),
    ],
)
def test_who_is_one_by_the_limits(world, address, unit, other, other_unit, network):
    with Guard(world, steering(rest=LIMITED)) as guard:
        assert guard.ask("unban", address).returncode == 1
        come_often(world, address)
        # Who asks about it has the kernel's own word, at once.
        said = guard.ask("explain", address)
        assert said.returncode == 0 and "more new connections than limits.per_address allows" in said.stdout
        assert guard.explain(address)["suspect"]["over_limit"]
        found = wait_suspect(guard, unit)
        # The kernel tells what is left of the hour; the answer takes a moment.
        assert found["over_limit"] and 3590 <= found["until"] - found["begin"] <= 3605
        listed = guard.ask("list", "--suspects").stdout
        assert unit in listed and "more new connections than limits.per_address allows" in listed
        assert guard.status()["suspects"]["over_limit"] == 1
        assert "besides, over limits.per_address: 1\n" in guard.ask("status").stdout

        done = guard.ask("unban", address)
        assert done.returncode == 0 and "no suspect any more" in done.stdout
        wait_until(lambda: not in_set(guard, unit.removesuffix("/64")), 5, "its trust")
        wait_until(lambda: not suspects(guard), 5, "its end")
        assert guard.ask("unban", address).returncode == 1

        # It is one after the death of a worker, too.
        come_often(world, other)
        wait_suspect(guard, other_unit)
        os.kill(guard.worker(), signal.SIGKILL)
        wait_until(lambda: "it is started again" in guard.log, 10, "a death")
        wait_until(lambda: guard.ask("status").returncode == 0, 10, "another worker")
        wait_suspect(guard, other_unit)
        assert guard.ask("allow", network).returncode == 0
        wait_until(lambda: unit not in suspects(guard), 5, "its end")


def test_an_offender_that_is_over_a_limit_is_shown_once(world):
    with Guard(world, steering(rest=LIMITED)) as guard:
        offend(world, "10.67.105.1")
        wait_suspect(guard, "10.67.105.1")
        come_often(world, "10.67.105.2")
        come_often(world, "10.67.105.1")
        wait_suspect(guard, "10.67.105.2")
        assert "over_limit" not in suspects(guard)["10.67.105.1"]
        assert guard.ask("list", "--suspects").stdout.count("10.67.105.1 ") == 1
        now = guard.status()["suspects"]
        assert (now["now"], now["over_limit"]) == (1, 1)


def test_who_is_allowed_is_none_by_the_limits(world):
    with Guard(world, steering(rest=LIMITED)) as guard:
        come_often(world, "10.67.102.1")
        assert in_set(guard, "10.67.102.1")
        assert guard.ask("allow", "10.67.102.1").returncode == 0
        wait_until(lambda: not in_set(guard, "10.67.102.1"), 5, "its trust")
        come_often(world, "10.67.103.1")
        come_often(world, "10.67.103.2")
        assert guard.ask("allow", "10.67.103.0/24").returncode == 0
        for address in "10.67.103.1", "10.67.103.2":
            wait_until(lambda: not in_set(guard, address), 5, f"the trust of {address}")
        assert guard.ask("list", "--suspects").stdout == "nobody is a suspect\n"


def test_a_warden_that_hangs_is_not_waited_for(world):
    with Guard(world, steering(rest=LIMITED)) as guard:
        come_often(world, "10.67.104.1")
        wait_suspect(guard, "10.67.104.1")
        os.kill(guard.process.pid, signal.SIGSTOP)
        try:
            assert "limits.per_address" in guard.ask("explain", "10.67.104.1").stdout
            assert guard.status()["suspects"]["over_limit"] == 1
        finally:
            os.kill(guard.process.pid, signal.SIGCONT)


def test_a_suspicion_ends(world):
    with Guard(world, steering("  for = 2s")) as guard:
        offend(world, "10.67.93.1")
        wait_until(lambda: guard.status()["counters"]["suspects"] == 1, 10, "the suspicion")
        wait_until(lambda: not suspects(guard), 15, "its end")


def test_whose_ban_has_ended_is_a_suspect(world):
    with Guard(world, steering("  for = 1h", "ban { for = 2s }\n")) as guard:
        assert guard.ask("ban", "10.67.94.1", "--for", "2s").returncode == 0
        assert not suspects(guard)
        wait_until(lambda: "10.67.94.1" not in guard.bans(), 15, "the end of the ban")
        assert "score" not in wait_suspect(guard, "10.67.94.1")
        assert "it was banned for" in guard.ask("explain", "10.67.94.1").stdout


def test_without_steering_nobody_is_a_suspect(world):
    with Guard(world) as guard:
        offend(world, "10.67.95.1")
        wait_until(lambda: guard.explain("10.67.95.1").get("score"), 10, "the offence to be judged")
        done = guard.ask("list", "--suspects")
        assert done.returncode == 1 and "gate.steer is not suspect" in done.stderr
        assert "suspects" not in guard.status()
        assert "limits        10 a second for an address, 40 for a network, none in all; dropped so far: 0, 0, 0" in guard.ask(
            "status"
        ).stdout


def write(guard, text):
    path = guard.folder / "drop.txt"
    path.write_text(text)
    return path


def test_networks_of_a_file_with_mistakes(world):
    listed = "; a list\n192.0.2.0/24 ; SBL1\n192.0.2.128/25\nno network\n198.51.100.7/24\n0.0.0.0/0\n2001:db8:77::/48\n"
    with Guard(world) as guard:
        path = write(guard, listed)
        networks = f"  files = {path}, {guard.folder}/missing.txt\n  networks = 203.0.113.0/24"
        guard.reload(steering(networks))
        assert f"{path}: 3 taken, 3 refused: {path}:4: 'no network' is no network; " in guard.log
        assert f"{path}:6: 0.0.0.0/0 is everybody: use gate.steer = all" in guard.log
        assert f"cannot read {guard.folder}/missing.txt: No such file or directory; it is left out" in guard.log
        assert guard.status()["suspects"]["networks"] == 3
        held = guard.explain("192.0.2.200")
        assert held["known"] and held["suspect_network"] == {"prefix": "192.0.2.0/24", "why": held["suspect_network"]["why"]}
        assert held["suspect_network"]["why"].endswith("drop.txt:2")
        assert "All of 203.0.113.0/24 is suspect" in guard.ask("explain", "203.0.113.9").stdout
        assert guard.explain("2001:db8:77:1::9")["suspect_network"]["prefix"] == "2001:db8:77::/48"
        assert "suspect_network" not in guard.explain("198.51.100.9")

        # Another list, at a reload.
        write(guard, "198.51.100.0/24\n")
        guard.reload()
        assert guard.explain("198.51.100.9")["suspect_network"]["prefix"] == "198.51.100.0/24"
        assert "suspect_network" not in guard.explain("192.0.2.200")


def test_check_says_what_is_wrong_with_networks(world):
    guard = Guard(world)
    path = write(guard, "192.0.2.0/24\nnonsense\n")
    guard.configure(steering(f"  files = {path}"))
    shown = guard.ask("check").stdout
    assert f"{path}: 1 taken, 1 refused" in shown
    assert f"{path}:2: 'nonsense' is no network" in shown
    assert "look" in shown.splitlines()[-1] and "at: suspect; the server can be guarded" in shown
    assert guard.ask("check").returncode == 0
    assert "new connections a second: 10 for an address, 40 for a network" in shown
    guard.configure(steering(f"  files = {path}.not"))
    done = guard.ask("check")
    assert done.returncode == 2 and f"suspect.files: {path}.not: No such file or directory" in done.stdout
    guard.configure(steering("  networks = 192.0.2.0/24, ::/0"))
    done = guard.ask("check")
    assert done.returncode == 2 and "suspect.networks: ::/0 is everybody: use gate.steer = all" in done.stderr


def test_check_names_what_is_refused(world):
    guard = Guard(world)
    path = write(guard, "192.0.2.0/24\n10.0.0.0/8\0\n\\\n" + "".join(f"wrong{n}\n" for n in range(105)))
    guard.configure(steering(f"  files = {path}\n  networks = 203.0.113.0/24, 10.68.0.0/24"))
    done = guard.ask("check")
    assert done.returncode == 0
    assert "-> 10.68.0.0/24 holds 10.68.0." in done.stdout
    assert "suspect.networks: 1 taken, 1 refused" in done.stdout and f"{path}: 1 taken, 107 refused" in done.stdout
    # Once, and not what was escaped again.
    assert f"-> {path}:2: '10.0.0.0/8\\x00' is no network\n" in done.stdout
    assert f"-> {path}:3: '\\x5c' is no network\n" in done.stdout
    assert "'wrong97' is no network" in done.stdout and "'wrong98'" not in done.stdout
    assert "-> and 7 more\n" in done.stdout
    assert "at: suspect; the server can be guarded" in done.stdout
    with guard:
        assert "; and 104 more, which wavebreak check names\n" in guard.log


def test_this_host_and_its_administrator_are_never_in_a_network(world):
    ssh = world.server_spawn(["/usr/bin/python3", "-c", "import socket; s = socket.create_server(('10.68.0.1', 22));"
                              "c, _ = s.accept(); c.recv(1)"])
    try:
        session = wait_connected(world, "10.67.96.7", 22)
        listed = "10.68.0.0/24\n10.67.96.0/24\n10.67.97.0/24\n"
        with Guard(world) as guard:
            path = write(guard, listed)
            guard.reload(steering(f"  files = {path}"))
            # Its last one, of those that it holds.
            assert f"{path}: 1 taken, 2 refused: {path}:1: 10.68.0.0/24 holds 10.68.0.2 (gateway); " in guard.log
            assert f"{path}:2: 10.67.96.0/24 holds 10.67.96.7 (ssh session)" in guard.log
            assert guard.explain("10.67.97.9")["suspect_network"]["prefix"] == "10.67.97.0/24"
            done = guard.ask("ban", "10.67.96.7")
            assert done.returncode == 1 and "connected to ssh on this host" in done.stderr
            session.close()
            wait_until(lambda: ssh.poll() is not None, 5, "the end of the session")
            assert guard.ask("ban", "10.67.96.7").returncode == 0
    finally:
        ssh.kill()
        ssh.wait()


def wait_connected(world, address, port):
    found = []

    def connected():
        try:
            found.append(world.connect(address, port=port))
        except ConnectionRefusedError:
            return False
        return True

    wait_until(connected, 5, "somebody to listen")
    return found[0]


def in_set(guard, address):
    """Whether the kernel leads it to the gate for itself alone."""
    name = "suspect6" if ":" in address else "suspect4"
    return guard.nft("get", "element", "inet", "wavebreak", name, "{", address, "}").returncode == 0


def test_the_kernel_has_the_suspects(world):
    with Guard(world, steering()) as guard:
        offend(world, "10.67.98.1")
        offend(world, "2001:db8:67:98::1")
        wait_suspect(guard, "10.67.98.1")
        wait_suspect(guard, "2001:db8:67:98::/64")
        for address in "10.67.98.1", "2001:db8:67:98::":
            wait_until(lambda: in_set(guard, address), 5, f"{address} in the kernel\n{guard.log}")
        assert not in_set(guard, "10.67.98.2")

        # Also in a table that is made anew, and after the worker that knew them.
        guard.nft("flush", "ruleset")
        wait_until(lambda: in_set(guard, "10.67.98.1") and in_set(guard, "2001:db8:67:98::"), 8, "the suspects' return")
        os.kill(guard.worker(), signal.SIGKILL)
        wait_until(lambda: "2 clients of before" in guard.log, 15, f"another worker\n{guard.log}")
        wait_until(lambda: in_set(guard, "10.67.98.1"), 5, "the suspects' return")

        assert guard.ask("unban", "10.67.98.1").returncode == 0
        wait_until(lambda: not in_set(guard, "10.67.98.1"), 5, "its trust")


def test_who_is_clean_at_the_gate_is_a_suspect_no_more(world):
    with Guard(world, steering()) as guard:
        offend(world, "10.67.99.1")
        wait_suspect(guard, "10.67.99.1")
        before = guard.status()["counters"]["gate_passed"]

        def passed():
            deliver(world, "10.67.99.1")
            return guard.status()["counters"]["gate_passed"] > before

        wait_until(passed, 10, f"the gate to pass it\n{guard.log}", interval=0.5)
        wait_until(lambda: "10.67.99.1" not in suspects(guard), 5, "its trust")
        wait_until(lambda: not in_set(guard, "10.67.99.1"), 5, "its trust by the kernel")


def test_clients_of_a_network_come_to_the_gate(world):
    with Guard(world, steering("  networks = 10.67.100.0/24")) as guard:
        def led():
            deliver(world, "10.67.100.7")
            return guard.status()["counters"]["gate_passed"] > 0

        wait_until(led, 10, f"the gate to see it\n{guard.log}", interval=0.5)
        before = guard.status()["counters"]["gate_passed"]
        assert deliver(world, "10.67.101.7")
        assert guard.status()["counters"]["gate_passed"] == before
