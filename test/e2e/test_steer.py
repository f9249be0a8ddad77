# SPDX-License-Identifier: Apache-2.0
"""Clients that the kernel leads to the gate, before a real Courier whose configuration says nothing of it.
That mail flows whatever becomes of a process of ours is shown by test_fail_open.py."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import time

import pytest

from dialogues import Knocking
from gates import COURIER_PROGRAM, DNSBL, NAME, refusal, send_mail
from guard import Guard, visible
from world import World, wait_until

OTHER = {socket.AF_INET: "10.68.0.9", socket.AF_INET6: "2001:db8:68::9"}
SUBMISSION = 587
STEER_PORT = 8025


def steered(steer, rest="", **settings):
    """In the configuration: a gate that nothing else is said of than who comes to it."""
    every = {"steer": steer, "workers": 2, "greet_wait": "100ms", "no_reverse": 0, "name": NAME}
    lines = "".join(f"  {name} = {value}\n" for name, value in (every | settings).items())
    return f"{rest}gate {{\n{lines}{DNSBL}\n}}\n"


def sources():
    """What the guard is told of the server, with a second port of it."""
    return f"mail {{\n  server = courier\n  ports = 25, {SUBMISSION}\n}}\nwatch {{ file = /var/log/mail.log }}\n"


def start_at_another_port(world):
    """Courier's listener once more, as it runs already, at the submission port."""
    listener = next(pid for pid in world.processes() if names(pid)[0].endswith("couriertcpd"))
    words = [str(SUBMISSION) if word == "25" else word for word in names(listener)]
    words = [re.sub(r"^-pid=.*", "-pid=/run/courier/other.pid", word) for word in words]
    environment = pathlib.Path(f"/proc/{listener}/environ").read_bytes().decode().split("\0")
    world.server_exec(["env", "-i", *filter(None, environment), *words])
    wait_until(
        lambda: world.server_exec(["ss", "-Hlnt", f"sport = {SUBMISSION}"]).stdout, 5, "Courier at two ports"
    )


def names(pid):
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return words[:-1] if len(words) > 1 else ["", ""]


@pytest.fixture(scope="module")
def world(mail_server):
    """With a second address of each family, and a second port."""
    with World(visible=visible()) as world:
        for address in f"{OTHER[socket.AF_INET]}/16", f"{OTHER[socket.AF_INET6]}/64":
            assert world.server_exec(["ip", "addr", "add", address, "dev", "world"]).returncode == 0
        start_at_another_port(world)
        yield world


@pytest.fixture(autouse=True)
def nobody_is_left(world):
    yield
    wait_until(lambda: not world.handlers(), 8, "the last clients of Courier to leave")


def sessions(guard):
    return guard.status()["counters"]["gate_sessions"]


def steers(guard):
    return guard.status()["gate"]["steering"]["on"]


def wait_steering(guard):
    """Until the kernel leads clients to the gate, as its processes have spoken."""
    wait_until(lambda: steers(guard), 8, f"steering to begin\n{guard.log}")


def settings_of_the_host(world):
    """What transparent needs, as it is now."""
    return (
        world.server_exec(["cat", "/proc/sys/net/ipv4/tcp_fwmark_accept"]).stdout,
        *(world.server_exec(["ip", family, *words]).stdout
          for family in ("-4", "-6") for words in (["rule"], ["route", "show", "table", "all"])),
    )


PLACES = [(family, address, port)
          for family in (socket.AF_INET, socket.AF_INET6)
          for address in (None, OTHER[family])
          for port in (25, SUBMISSION)]


def client_of(family, kind, number):
    """An address of a test's own."""
    net = {"listed": 66, "honest": 67}[kind]
    return f"10.{net}.70.{number}" if family == socket.AF_INET else f"2001:db8:{net}:70{number:02x}::1"


def named(address):
    return address if ":" in address else f"::ffff:{address}"


def test_all_come_to_the_gate_whatever_place_they_came_to(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        for number, (family, address, port) in enumerate(PLACES, 1):
            honest, listed = (client_of(family, kind, number) for kind in ("honest", "listed"))
            before = sessions(guard)
            with world.smtp(honest, port=port, server=address) as client:
                assert NAME.encode() in client.greeting[1]
                assert client.sock.getpeername()[0] == (address or client.sock.getpeername()[0])
                send_mail(client)
            world.mail_log.wait_for(rf"started,ip=\[{re.escape(named(honest))}\]")
            client = world.smtp(listed, port=port, server=address)
            code, text = refusal(client)
            assert code == 550 and b"dnsbl.test" in text
            client.close()
            assert not world.mail_log.find(rf"ip=\[{re.escape(named(listed))}\]"), "the server was not bothered"
            assert sessions(guard) == before + 2


# The last segment of a client's handshake does not get out.
HOLD = """
table inet hold {
  chain out {
    type filter hook output priority 0
    tcp dport 25 tcp flags & (syn | ack) == ack drop
  }
}
"""


def test_a_handshake_that_is_under_way_when_steering_ends_is_not_lost(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        before = sessions(guard)
        assert world.outside_exec(["nft", "-f", "-"], input=HOLD).returncode == 0
        try:
            client = world.connect("10.67.71.1")  # for the server it is half open
            assert world.server_exec(["ss", "-Hnt", "state", "syn-recv"]).stdout
            os.kill(guard.porters()[0], signal.SIGSTOP)
            wait_until(lambda: not steers(guard), 5, "steering to end")
        finally:
            world.outside_exec(["nft", "delete", "table", "inet", "hold"])
        with client:
            client.settimeout(10)
            assert client.recv(100).startswith(b"220")
        assert sessions(guard) == before + 1


def half_open(world, source):
    client = world.connect(source)
    assert world.server_exec(["ss", "-Hnt", "state", "syn-recv"]).stdout
    return client


@pytest.mark.parametrize("then", ["none", "another port"])
def test_a_handshake_that_is_under_way_at_a_reload_is_not_lost(world, then):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        assert world.outside_exec(["nft", "-f", "-"], input=HOLD).returncode == 0
        try:
            client = half_open(world, "10.67.71.2")
            guard.reload(steered("none") if then == "none" else steered("all", steer_port=8026))
        finally:
            world.outside_exec(["nft", "delete", "table", "inet", "hold"])
        with client:
            client.settimeout(10)
            assert client.recv(100).startswith(b"220")


def test_nobody_is_lost_when_the_guard_ends(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        with Knocking(world, "10.67.77.1", 25, greeted=True) as client:
            time.sleep(1)
            guard.stop()
            time.sleep(1)
    assert client.taken > 10 and not client.refused


def test_suspects_alone_come_to_the_gate(world):
    rest = "suspect { networks = 10.66.75.0/24 }\nlimits {\n  per_address = 1\n  burst = 1s\n}\n"
    with Guard(world, steered("suspect", rest), sources=sources()) as guard:
        wait_steering(guard)
        before = sessions(guard)
        for address in "10.67.73.1", "2001:db8:67:7301::1":
            with world.smtp(address) as client:
                send_mail(client)
        assert sessions(guard) == before
        # Who comes more often than limits.per_address is one from then on.
        for address in "10.66.73.1", "2001:db8:66:7301::1":
            with contextlib.ExitStack() as stack:
                for _ in range(3):
                    client = stack.enter_context(world.connect(address))
            with world.smtp(address) as client:
                assert refusal(client)[0] == 550
        # So are the clients of a network.
        with world.smtp("10.66.75.9") as client:
            assert refusal(client)[0] == 550
        assert sessions(guard) >= before + 3


def test_who_is_from_this_host_is_not_steered(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        before = sessions(guard)
        for address in "127.0.0.1", "10.68.0.1", "::1", "2001:db8:68::1":
            assert talk_inside(world, address, 25).startswith("220 "), address
        assert sessions(guard) == before
        for address in "127.0.0.1", "::1":
            assert talk_inside(world, address, STEER_PORT).startswith("421 ")
        assert guard.status()["counters"]["gate_not_steered"] == 2


def talk_inside(world, address, port):
    """The first line that somebody hears who comes from the server's own host."""
    program = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5); "
        "print(s.makefile().readline().strip())"
    )
    done = world.outside_exec(
        ["nsenter", "--target", world.pid, "--net", "--", "/usr/bin/python3", "-c", program, address, port]
    )
    return done.stdout + done.stderr


def test_what_was_set_is_put_back_also_after_a_crash(world):
    before = settings_of_the_host(world)
    assert before[0] == "0\n"
    guard = Guard(world, steered("all"), sources=sources())
    with guard:
        wait_steering(guard)
        during = settings_of_the_host(world)
        assert during[0] == "1\n" and all("7725" in text for text in during[1:])
    assert settings_of_the_host(world) == before
    with guard:
        wait_steering(guard)
        os.kill(guard.warden(), signal.SIGKILL)
        wait_until(lambda: not guard.running(), 10, "all of it to end")
        assert settings_of_the_host(world) == during, "what drains needs it"
    with guard:
        wait_steering(guard)
        assert settings_of_the_host(world) == during
    assert settings_of_the_host(world) == before
    assert not list((guard.folder / "run").glob("*.route"))
    with guard:
        wait_steering(guard)
        os.kill(guard.warden(), signal.SIGKILL)
        wait_until(lambda: not guard.running(), 10, "all of it to end")
    guard.configure("")
    with guard:
        assert settings_of_the_host(world) == during, "what drains may still need it"
    assert settings_of_the_host(world) == before, "also by a run that has no use for it"
    assert not world.server_exec(["cat", "/proc/net/nf_conntrack"]).stdout, "no connection is tracked"


def test_mail_on_its_way_outlives_the_warden(world):
    guard = Guard(world, steered("all"), sources=sources())
    with guard:
        wait_steering(guard)
        with world.smtp("10.67.72.1") as writing, world.connect("10.67.72.2") as waiting:
            writing.ehlo()
            writing.mail("anna@ham.test")
            writing.rcpt("ham@example.test")
            assert writing.docmd("DATA")[0] == 354
            porters, workers = guard.porters(), guard.gate_workers()
            os.kill(guard.warden(), signal.SIGKILL)
            guard.process.wait(5)
            time.sleep(4)
            assert guard.gate_workers(), guard.log
            assert guard.porters() == porters
            listens = world.server_exec(["ss", "-Hlnt", f"sport = {STEER_PORT}"]).stdout
            assert not listens, "who comes now comes to the server itself"
            with world.smtp("10.67.72.3") as direct:
                assert direct.ehlo()[0] == 250
            # And a new guard is not in the way of either.
            guard.start()
            wait_steering(guard)
            assert set(workers) & set(guard.gate_workers())
            writing.send(b"Subject: late\r\n\r\nlate\r\n.\r\n")
            assert writing.getreply()[0] == 250
            assert b"220" in waiting.recv(1000)
        wait_until(lambda: len(guard.porters()) == 1 and len(guard.gate_workers()) == 2, 10, "the orphans to end")


@pytest.mark.parametrize("who", ["a gate worker", "the porter", "all of the gate"])
def test_a_gate_that_hangs_outlives_no_warden(world, who):
    """Stopped, it would keep its share of the clients."""
    guard = Guard(world, steered("all"), sources=sources())
    with guard:
        wait_steering(guard)
        time.sleep(1.2)
        porters, workers = guard.porters(), guard.gate_workers()
        for pid in {"a gate worker": workers[:1], "the porter": porters}.get(who, workers + porters):
            os.kill(pid, signal.SIGSTOP)
        os.kill(guard.warden(), signal.SIGKILL)
        guard.process.wait(5)
        wait_until(lambda: not guard.running(), 10, f"all of it to end\n{guard.log}")


def test_the_kernel_steers_again_when_the_gate_works_again(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        for pid in guard.gate_workers():
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: not steers(guard), 5, "steering to end")
        assert "STOPPED" in guard.ask("status").stdout
        wait_steering(guard)
        assert "STOPPED" not in guard.ask("status").stdout
        assert guard.status()["counters"]["steering_stopped"] == 1
        assert "clients are led to the gate again" in guard.log


def test_check_says_what_will_be_set(world):
    guard = Guard(world, steered("all"), sources=sources())
    told = guard.ask("check").stdout
    assert re.search(r"gate steer +TPROXY: yes; all clients .* port 8025", told), told
    assert re.search(r"gate route +sets net.ipv4.tcp_fwmark_accept to 1 \(0 now\).* lookup 7725", told)
    assert re.search(r"gate server +the address and port that the client came to", told)
    assert settings_of_the_host(world)[0] == "0\n"


def test_whom_the_kernel_brought_a_program_can_serve(world):
    """exec, for a server that is started for each client: it is told the place that the client came to."""
    settings = steered("all", handoff="exec", **COURIER_PROGRAM)
    with Guard(world, settings, sources=sources()) as guard:
        wait_steering(guard)
        for number, (family, address, port) in enumerate(PLACES[:6:3], 1):
            honest = client_of(family, "honest", 100 + number)
            with world.smtp(honest, port=port, server=address) as client:
                send_mail(client)
            world.mail_log.wait_for(rf"started,ip=\[{re.escape(named(honest))}\]")


# Of somebody who does not know what our mark is for.
ROUND = """
table inet round {
  chain out {
    type filter hook prerouting priority mangle - 5
    meta nfproto ipv4 tcp dport 25 tproxy ip to 127.0.0.1:8025 accept
  }
}
"""


def test_a_rule_that_brings_our_own_connections_back_has_an_end(world):
    with Guard(world, steered("all"), sources=sources()) as guard:
        wait_steering(guard)
        before = sessions(guard)
        done = world.server_exec(["nft", "-f", "-"], input=ROUND)
        assert done.returncode == 0, done.stderr
        try:
            with world.connect("10.67.76.1") as client:
                client.settimeout(20)
                assert b"421 4.4.6" in client.makefile("rb").read()
        finally:
            world.server_exec(["nft", "delete", "table", "inet", "round"])
        counters = guard.status()["counters"]
        assert counters["gate_sessions"] == before + 1 and counters["gate_not_steered"] == 1
        assert "by a rule that is not ours" in guard.log
        with world.smtp("10.67.76.2") as client:
            send_mail(client)


def test_a_host_without_ipv6(mail_server):
    """It was disabled by sysctl: IPv4 is led to the gate, and all is put back."""
    with World(visible=visible()) as world:
        script = "for i in all default lo world; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done"
        assert world.server_exec(["sh", "-c", script]).returncode == 0
        before = world.server_exec(["ip", "rule"]).stdout
        with Guard(world, steered("all")) as guard:
            wait_until(lambda: guard.status()["gate"]["steering"]["on"], 8, f"steering\n{guard.log}")
            checked = guard.ask("check").stdout
            assert "for IPv4, as lo has no IPv6, the rule" in checked and "127.0.0.1; lo has no IPv6" in checked
            send_mail(world.smtp("10.67.190.1"))
            listed = world.smtp("10.66.190.1")
            assert refusal(listed)[0] == 550
            assert guard.status()["counters"]["gate_sessions"] == 2
            assert guard.stop() == 0
        assert world.server_exec(["ip", "rule"]).stdout == before
