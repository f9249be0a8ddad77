# SPDX-License-Identifier: Apache-2.0
"""The processes of the gate: what each may do, and what becomes of clients, bans and the others when one
dies, hangs, or is replaced at a reload."""

import os
import pathlib
import re
import signal
import socket
import time

import pytest

from dialogues import Knocking, is_open, told
from guard import Guard, binary
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

PORT = 2525
WORKERS = 2
CLIENT = "10.67.90.1"
CAP_CHOWN, CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID, CAP_NET_ADMIN = 0, 2, 6, 7, 12


def gate(rest="", listen=PORT, handoff="proxy"):
    """In the configuration: a gate before the server of the world, on a port of its own."""
    ways = {
        "proxy": "server = 127.0.0.1:25",
        "transparent": "server = 127.0.0.1:25",
        "pass": "socket = /var/spool/postfix/private/smtpd",
        "exec": "program = /usr/bin/cat\n  user = daemon",
        "none": "",
    }
    return (
        f"gate {{\n  handoff = {handoff}\n  {ways[handoff]}\n  listen = {listen}\n"
        f"  workers = {WORKERS}\n  {rest}\n}}\n"
    )


def wait_complete(guard, but=(), seconds=5):
    """Until there is one of each, none of them of `but`; the porter and the gate workers."""

    def complete():
        workers, porters = guard.gate_workers(), guard.porters()
        whole = len(workers) == WORKERS and len(porters) == 1 and guard.worker()
        return whole and not set(workers + porters) & set(but) and (porters[0], sorted(workers))

    return wait_until(complete, seconds, f"all processes of the gate\n{guard.log}")


def status_of(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.M))


def capabilities(pid):
    return {n for n in range(64) if int(status_of(pid)["CapPrm"], 16) >> n & 1}


def test_gate_workers_may_do_nothing(world):
    with Guard(world, gate()) as guard:
        _, workers = wait_complete(guard)
        watch = status_of(guard.worker())
        for pid in workers:
            status = status_of(pid)
            assert status["Uid"] == watch["Uid"] and status["Gid"] == watch["Gid"]
            assert not status["Groups"].strip()
            assert not capabilities(pid)
            assert status["NoNewPrivs"] == "1" and status["Seccomp"] == watch["Seccomp"]


@pytest.mark.parametrize(
    "handoff, may",
    [
        ("proxy", set()),
        ("transparent", {CAP_NET_ADMIN}),
        ("pass", {CAP_DAC_READ_SEARCH}),
        ("exec", {CAP_SETUID, CAP_SETGID}),
    ],
)
def test_the_porter_may_do_what_its_kind_needs(world, handoff, may):
    with Guard(world, gate(handoff=handoff)) as guard:
        porter, workers = wait_complete(guard)
        wait_until(lambda: capabilities(porter) == may, 5, "it to give up what it does not need")
        # Programs that the porter starts may change their user; nobody else's do.
        bounds = int(status_of(porter)["CapBnd"], 16)
        assert bool(bounds >> CAP_CHOWN & 1) == (handoff == "exec")
        if handoff == "proxy":
            assert status_of(porter)["Uid"] == status_of(workers[0])["Uid"]


@pytest.mark.parametrize("who", ["a gate worker", "the porter", "the watch worker"])
def test_who_is_killed_comes_again_and_takes_nobody_along(world, who):
    with Guard(world, gate()) as guard:
        porter, workers = wait_complete(guard)
        watch = guard.worker()
        assert told(world.smtp("10.66.90.1")) == 511
        guard.wait_banned("10.66.90.1")
        victim = {"a gate worker": workers[0], "the porter": porter, "the watch worker": watch}[who]
        with Knocking(world, CLIENT, PORT) as client:
            os.kill(victim, signal.SIGKILL)
            wait_complete(guard, but=[victim], seconds=1)
            time.sleep(0.5)
        assert client.taken > 10 and not client.refused
        now = {*guard.porters(), *guard.gate_workers(), guard.worker()}
        assert len(now & {porter, watch, *workers}) == 1 + WORKERS, "the others go on"
        assert guard.in_kernel("10.66.90.1")


def test_a_gate_worker_that_hangs_is_replaced(world):
    with Guard(world, gate()) as guard:
        porter, workers = wait_complete(guard)
        time.sleep(1.2)  # a first word was heard
        with Knocking(world, CLIENT, PORT) as client:
            os.kill(workers[0], signal.SIGSTOP)
            _, now = wait_complete(guard, but=[workers[0]], seconds=5)
        assert workers[1] in now and guard.porters() == [porter]
        assert not client.refused
        assert "has been silent for 3s500ms" in guard.log


def test_a_reload_replaces_them_and_keeps_connections(world):
    with Guard(world, gate()) as guard:
        porter, workers = wait_complete(guard)
        held = [world.connect(CLIENT, PORT) for _ in range(8)]
        with Knocking(world, CLIENT, PORT) as client:
            guard.reload(gate("greet_wait = 3s"))
            wait_until(
                lambda: len(set(guard.gate_workers()) - set(workers)) == WORKERS, 5, "new workers"
            )
            assert set(guard.porters()) - {porter}
            time.sleep(0.3)
        assert client.taken > 10 and not client.refused
        assert all(is_open(connection) for connection in held)
        for connection in held:
            connection.close()
        wait_complete(guard, but=[porter, *workers], seconds=10)


def test_reloads_that_follow_each_other_keep_connections(world):
    """Three times, within the patience of whoever corrects a mistake of his."""
    with Guard(world, gate()) as guard:
        seen = set(wait_complete(guard)[1])
        held = []
        for n in range(3):
            held.append(world.connect(CLIENT, PORT))
            held[-1].recv(1, socket.MSG_PEEK)
            guard.reload(gate(f"greet_wait = {n + 2}s"))
            fresh = wait_until(lambda: len(new := set(guard.gate_workers()) - seen) == WORKERS and new, 5, "new workers")
            seen |= fresh
        time.sleep(0.3)
        assert all(is_open(connection) for connection in held)
        for connection in held:
            connection.close()


def test_a_reload_with_an_endpoint_that_cannot_be_had_keeps_what_runs(world):
    with Guard(world, gate()) as guard:
        before = wait_complete(guard)
        watch = guard.worker()
        for listen, why in [
            (f"{PORT}, 198.51.100.1:2526", "cannot listen on 198.51.100.1:2526: Cannot assign"),
            ("25", "cannot listen on port 25 of all addresses: Address already in use; the mail server"),
        ]:
            said = guard.log.count("was not taken")
            guard.configure(gate(listen=listen, handoff="exec"))
            os.kill(guard.warden(), signal.SIGHUP)
            wait_until(lambda: guard.log.count("was not taken") > said, 5, "the mistake to be said")
            assert why in guard.log
        assert wait_complete(guard) == before and guard.worker() == watch
        world.connect(CLIENT, PORT).close()
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, 2526)


@pytest.mark.parametrize(
    "text, why",
    [
        (gate(listen=25, handoff="exec"), "the mail server may still listen there"),
        (gate("auth = yes", handoff="exec"), "gate.auth with gate.handoff = exec is for Courier"),
        (gate(handoff="exec").replace("user = daemon", "user = nosuch"), "there is no user 'nosuch'"),
    ],
)
def test_a_gate_that_cannot_be_is_told_at_the_start(world, text, why):
    guard = Guard(world, text)
    done = world.server_exec([binary(), "run", "-c", guard.file])
    assert done.returncode == 2
    assert why in done.stderr
    assert not guard.table_exists()
    assert told(world.smtp("10.66.91.1")) == 511


@pytest.mark.parametrize(
    "text, status, said",
    [
        (gate(listen=25, handoff="exec"), 2, "gate listen   port 25 is in use"),
        (gate(listen=f"192.0.2.77:{PORT}"), 2, "this host has not the address"),
        (gate(handoff="exec").replace("user = daemon", "user = nosuch"), 2, "there is no user 'nosuch'"),
        (gate(handoff="exec").replace("bin/cat", "bin/nocat"), 2, "/usr/bin/nocat: No such file"),
        (gate().replace(":25\n", ":2600\n"), 0, "nobody listens on port 2600 of 127.0.0.1 now"),
        (gate(), 0, "port 25 of 127.0.0.1, where somebody listens"),
        (gate().replace(":25\n", f":{PORT}\n"), 2, "gate.server is where the gate itself listens"),
        (gate("hook = /run/nowhere/gate", handoff="exec"), 2, "gate hook     /run/nowhere: No such file"),
        (gate("hook = /run/gate", handoff="exec"), 0, "couriertcpd does not start it"),
        (gate("early_talker = 0\nforeign_speaker = 0"), 0, "and gate.reject_at is 3: nobody is ever rejected"),
        (gate(handoff="none"), 0, "off: gate.handoff is none"),
    ],
)
def test_check_says_what_keeps_a_gate_from_its_work(world, text, status, said):
    guard = Guard(world, text.replace("early_talker", "helo = 0\nearly_talker"))
    done = guard.ask("check")
    assert said in done.stdout + done.stderr
    assert done.returncode == status


def test_check_beside_a_running_gate_finds_its_place_well(world):
    with Guard(world, gate()) as guard:
        wait_complete(guard)
        done = guard.ask("check")
        assert done.returncode == 0 and "is in use" not in done.stdout


def test_the_gate_is_opened_and_closed_by_a_reload(world):
    """Below port 1024, which takes a capability that the warden has kept."""
    with Guard(world) as guard:
        assert not guard.gate_workers() and not guard.porters()
        guard.reload(gate(listen=26))
        wait_complete(guard)
        world.connect(CLIENT, 26).close()
        world.connect("2001:db8:67::1", 26).close()
        guard.reload("")
        wait_until(lambda: not guard.gate_workers() and not guard.porters(), 5, "their end")
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, 26)


def test_a_storm_of_sighups_ends_with_one_generation(world):
    with Guard(world, gate()) as guard:
        wait_complete(guard)
        with Knocking(world, CLIENT, PORT) as client:
            for turn in range(20):
                os.kill(guard.warden(), signal.SIGHUP)
                time.sleep(0.02 if turn % 4 else 0.3)
            wait_until(lambda: guard.ask("status").returncode == 0, 10, f"the last\n{guard.log}")
            wait_complete(guard, seconds=10)
        assert client.taken > 10 and not client.refused
        assert guard.status()["counters"]["gate_restarts"] == 0


def test_an_endpoint_that_is_gone_is_free_for_others(world):
    with Guard(world, gate(listen=f"{PORT}, 2526")) as guard:
        old = wait_complete(guard)
        guard.reload(gate())
        wait_complete(guard, but=[old[0], *old[1]])
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, 2526)
        bind = "import socket; socket.create_server(('', 2526)).close()"
        assert world.server_exec(["/usr/bin/python3", "-c", bind]).returncode == 0


def test_nothing_is_left_at_the_end(world):
    with Guard(world, gate()) as guard:
        _, workers = wait_complete(guard)
        held = world.connect(CLIENT, PORT)
        os.kill(workers[1], signal.SIGSTOP)
        assert guard.stop() == 0
        assert not guard.running() and not guard.table_exists()
        assert not is_open(held)
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, PORT)


def test_without_the_warden_they_take_nobody_new_and_end(world):
    """Also one that was stopped, which would keep its share of the next one's clients."""
    with Guard(world, gate()) as guard:
        _, workers = wait_complete(guard)
        os.kill(workers[0], signal.SIGSTOP)
        os.kill(guard.warden(), signal.SIGKILL)
        guard.process.wait(5)
        wait_until(lambda: not guard.running(), 8, "their end")
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, PORT)
        guard.start()
        wait_complete(guard)


def test_who_observes_opens_no_gate(world):
    with Guard(world, gate(), observe=True) as guard:
        assert "the gate is not opened" in guard.log
        assert not guard.gate_workers() and not guard.porters()
        with pytest.raises(ConnectionRefusedError):
            world.connect(CLIENT, PORT)
