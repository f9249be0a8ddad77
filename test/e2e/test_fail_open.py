# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of wavebreak, mail flows: each of its processes killed, hung, or without memory, a full
disk, no resolver, a reload with a mistake, and others who change the firewall, always with traffic running
to a real Courier.

Within 5 s at most mail flows as if there were no guard, and no honest connection that existed is lost, but
those that a gate worker held which was killed, or hung until it was.
"""

import contextlib
import itertools
import os
import re
import signal
import subprocess
import time

import pytest

from gates import DNSBL, NAME
from guard import Guard, visible
from name_server import SERVER, WELL, NameServer
from traffic import Traffic
from world import World, addresses_of, wait_until

WITHIN = 5
WORKERS = 2
SUSPECTS = "10.67.128.0/17"

# Many clients of one network come at once here, which is not what limits.per_network is about.
LIMITS = "limits { per_network = 0 }\n"


def gate(steer, rest="", zones=DNSBL):
    return (
        f"gate {{\n  steer = {steer}\n  workers = {WORKERS}\n  name = {NAME}\n  no_reverse = 0\n"
        f"  greet_wait = 200ms\n  {rest}\n{zones}\n}}\nsuspect {{ networks = {SUSPECTS} }}\n"
    )


WAYS = {"none": "", "suspect": gate("suspect"), "all": gate("all")}


@pytest.fixture(scope="module")
def world(mail_server):
    """One for all: each client has an address of its own."""
    with World(visible=visible(), maxdaemons=200) as world:
        yield world


@pytest.fixture(scope="module")
def honest(world):
    """Half of them are suspects where these are led to the gate."""
    both = addresses_of("10.67.0.0/17"), addresses_of(SUSPECTS)
    return itertools.chain.from_iterable(zip(*both))


@contextlib.contextmanager
def guarded(world, honest, way, configuration=None, **options):
    """The guard with its traffic."""
    text = LIMITS + (WAYS[way] if configuration is None else configuration)
    with Guard(world, text, **options) as guard:
        if way != "none":
            wait_until(lambda: len(guard.gate_workers()) == WORKERS, 5, "the gate")
            time.sleep(1.5)  # each has said a word
        with Traffic(world, honest) as traffic:
            yield guard, traffic


def find(guard, role):
    return {
        "the warden": guard.warden,
        "the watch worker": guard.worker,
        "a gate worker": lambda: guard.gate_workers()[0],
        "the porter": lambda: guard.porters()[0],
    }[role]()


def held_by(guard, pid):
    """The clients whose connections that process holds."""
    done = guard.world.server_exec(["ss", "-Htnp"])
    lines = [line.split() for line in done.stdout.splitlines() if f"pid={inner(guard, pid)}," in line]
    return {re.sub(r"^\[?(?:::ffff:)?([^]]*)\]?:\d+$", r"\1", line[4]) for line in lines}


def inner(guard, pid):
    """What the world calls that process."""
    status = open(f"/proc/{pid}/status").read()
    return re.search(r"^NSpid:.*\t(\d+)$", status, re.M).group(1)


def starve(pid):
    """It gets no more memory. What is not root's has to be done as its user."""
    status = open(f"/proc/{pid}/status").read()
    size, uid, gid = (
        int(re.search(rf"^{name}:\s+(\d+)", status, re.M).group(1)) for name in ("VmSize", "Uid", "Gid")
    )
    user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"] if uid else []
    subprocess.run([*user, "prlimit", f"--pid={pid}", f"--as={size * 1024}"], check=True, timeout=10)


PROCESSES = [
    (way, role)
    for way in WAYS
    for role in ("the warden", "the watch worker", "a gate worker", "the porter")
    if way != "none" or role in ("the warden", "the watch worker")
]


@pytest.mark.parametrize("way, role", PROCESSES)
def test_killed(world, honest, way, role):
    with guarded(world, honest, way) as (guard, traffic):
        victim = find(guard, role)
        theirs = held_by(guard, victim) if role == "a gate worker" else set()
        begin = traffic.now()
        os.kill(victim, signal.SIGKILL)
        traffic.flows_again(begin, WITHIN)
        assert set(traffic.lost()) <= theirs
        if role == "the warden":
            assert not guard.table_exists()
            guard.process.wait(5)
            guard.process = None


@pytest.mark.parametrize("way, role", PROCESSES)
def test_hung(world, honest, way, role):
    with guarded(world, honest, way) as (guard, traffic):
        victim = find(guard, role)
        theirs = held_by(guard, victim) if role == "a gate worker" else set()
        begin = traffic.now()
        os.kill(victim, signal.SIGSTOP)
        try:
            # Longer than a hung process is left alone.
            traffic.flows_again(begin, WITHIN, for_seconds=6)
            assert set(traffic.lost()) <= theirs
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)
            guard.process.send_signal(signal.SIGCONT)  # nsenter(1) stops with what it has started


@pytest.mark.parametrize("way, role", PROCESSES)
def test_out_of_memory(world, honest, way, role):
    """The process gets no more from the kernel than it has."""
    with guarded(world, honest, way) as (guard, traffic):
        victim = find(guard, role)
        theirs = held_by(guard, victim) if role == "a gate worker" else set()
        begin = traffic.now()
        starve(victim)
        traffic.flows_again(begin, WITHIN, for_seconds=3)
        assert set(traffic.lost()) <= theirs


@pytest.mark.parametrize("way", ["none", "all"])
def test_a_full_disk(world, honest, way):
    small = world.folder / f"small-{way}"
    small.mkdir()
    mounted = world.server_exec(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0755", "small", small])
    assert mounted.returncode == 0, mounted.stderr
    with guarded(world, honest, way, state=small / "state") as (guard, traffic):
        begin = traffic.now()
        world.server_exec(["sh", "-c", f"cat /dev/zero >{small}/filler"])
        traffic.flows_again(begin, 0.5, for_seconds=3)
        assert traffic.told and traffic.lost() == []


@pytest.mark.parametrize("what", ["is killed", "hangs"])
@pytest.mark.parametrize("way", ["suspect", "all"])
def test_the_resolver(world, honest, way, what):
    text = gate(way, f"resolvers = {SERVER}", "zone well.test { weight = 3 }")
    with NameServer(world, {"well.test": WELL}) as names:
        with guarded(world, honest, way, text) as (_, traffic):
            begin = traffic.now()
            if what == "hangs":
                names.hang()
            else:
                names.kill()
            traffic.flows_again(begin, WITHIN, for_seconds=2)
            assert traffic.lost() == []


@pytest.mark.parametrize("way", WAYS)
def test_a_reload_with_a_mistake(world, honest, way):
    with guarded(world, honest, way) as (guard, traffic):
        guard.configure("ban { fro = 10m }")
        begin = traffic.now()
        os.kill(guard.warden(), signal.SIGHUP)
        wait_until(lambda: "was not taken" in guard.log, 5, "the mistake to be said")
        traffic.flows_again(begin, 0)
        assert traffic.lost() == []


@pytest.mark.parametrize("exclusive", ["yes", "no"])
@pytest.mark.parametrize("way", WAYS)
def test_somebody_flushes_the_ruleset(world, honest, way, exclusive):
    text = WAYS[way] + f"ban {{ exclusive = {exclusive} }}\n"
    with guarded(world, honest, way, text) as (guard, traffic):
        banned = next(iter(wait_until(guard.bans, 5, "a zombie to be banned")))
        begin = traffic.now()
        assert guard.nft("flush", "ruleset").returncode == 0
        guard.wait_banned(banned, seconds=WITHIN)
        traffic.flows_again(begin, 0)
        assert traffic.lost() == []
        if exclusive == "no":
            assert "was removed by somebody else; making it anew" in guard.log
        if way != "none":
            before = guard.status()["counters"]["gate_sessions"]
            again = lambda: guard.status()["counters"]["gate_sessions"] > before
            wait_until(again, WITHIN, "clients to be led to the gate again")


@pytest.mark.parametrize("way", ["none", "all"])
def test_another_firewall_begins_anew(world, honest, way):
    """As nftables.service does, by `nft -f` of a file that begins with a flush."""
    rules = world.folder / "nftables.conf"
    rules.write_text(
        "flush ruleset\n"
        "table inet filter {\n"
        "  chain input { type filter hook input priority 0; policy accept; tcp dport 25 accept; }\n}\n"
    )
    text = WAYS[way] + "ban { exclusive = no }\n"
    with guarded(world, honest, way, text) as (guard, traffic):
        banned = next(iter(wait_until(guard.bans, 5, "a zombie to be banned")))
        begin = traffic.now()
        for _ in range(3):
            assert guard.nft("-f", str(rules)).returncode == 0
            guard.wait_banned(banned, seconds=WITHIN)
        traffic.flows_again(begin, 0)
        assert traffic.lost() == []
        assert "tcp dport 25 accept" in world.server_exec(["nft", "list", "ruleset"]).stdout
        guard.nft("delete", "table", "inet", "filter")
