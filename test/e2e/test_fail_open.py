# SPDX-License-Identifier: Apache-2.0
"""Whatever becomes of wavebreak, mail flows: each of its processes killed, hung, or without memory, a full
disk, no resolver, a reload with a mistake, and others who change the firewall, always with traffic running
to a real Courier, by IPv4 and IPv6.

Within 5 s at most mail flows as if there were no guard, and no honest connection that existed is lost, but
those that a gate worker held which was killed, or hung until it was.
"""

import contextlib
import ipaddress
import itertools
import json
import os
import re
import signal
import tempfile
import time

import pytest

from dialogues import told
from gates import DNSBL, NAME
from guard import Guard, visible
from name_server import SERVER, WELL, NameServer
from starve import Memory
from traffic import SLOW_SECONDS, Traffic
from world import World, addresses_of, wait_until

WITHIN = 5
FIRST_CLIENTS = 2  # until so many seconds later each process of the gate has had some
WORKERS = 2
STEERED = ("suspect", "all")
# Half of the honest, of each family, are suspects where these are led to the gate.
SUSPECTS = "10.67.128.0/17", "2001:db8:67:8000::/49"
OTHERS = "10.67.0.0/17", "2001:db8:67::/49"

# Many clients of one network come at once here, which is not what limits.per_network is about.
LIMITS = "limits { per_network = 0 }\n"


def gate(steer, rest="", zones=DNSBL):
    return (
        f"gate {{\n  steer = {steer}\n  workers = {WORKERS}\n  name = {NAME}\n  no_reverse = 0\n"
        f"  greet_wait = 200ms\n  {rest}\n{zones}\n}}\nsuspect {{ networks = {', '.join(SUSPECTS)} }}\n"
    )


WAYS = {"none": "", "suspect": gate("suspect"), "all": gate("all")}


@pytest.fixture(scope="module")
def world(mail_server):
    """One for all: each client has an address of its own."""
    with World(visible=visible(), maxdaemons=200) as world:
        yield world


@pytest.fixture(scope="module")
def honest(world):
    return itertools.chain.from_iterable(zip(*map(neighbours, SUSPECTS + OTHERS)))


def neighbours(prefix):
    """Its addresses, one after the other of another /24, since the gate believes who has honest neighbours."""
    network = ipaddress.ip_network(prefix)
    if network.version == 6:
        yield from addresses_of(prefix)
    for number in itertools.count():
        host, net = divmod(number, network.num_addresses // 256)
        yield str(network[256 * net + host + 1])


@contextlib.contextmanager
def guarded(world, honest, way, configuration=None, **options):
    """The guard with its traffic. It remembers nothing of the guards before it."""
    text = LIMITS + (WAYS[way] if configuration is None else configuration)
    options.setdefault("state", tempfile.mkdtemp(prefix="state-", dir=world.folder))
    with Guard(world, text, **options) as guard:
        if way != "none":
            wait_until(lambda: guard.status()["gate"]["steering"]["on"], 10, "the gate")
        with Traffic(world, honest) as traffic:
            assert (steered(guard) > 0) == (way != "none")
            yield guard, traffic


def steered(guard):
    """How many clients the kernel has led to the gate."""
    found = guard.nft("list", "counter", "inet", "wavebreak", "steered").stdout
    counters = [each["counter"] for each in json.loads(found or '{"nftables": []}')["nftables"] if "counter" in each]
    return sum(counter["packets"] for counter in counters)


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
    lines = [line.split() for line in done.stdout.splitlines() if f"pid={inner(pid)}," in line]
    return {re.sub(r"^\[?(?:::ffff:)?([^]]*)\]?:\d+$", r"\1", line[4]) for line in lines}


def inner(pid):
    """What the world calls that process."""
    status = open(f"/proc/{pid}/status").read()
    return int(re.search(r"^NSpid:.*\t(\d+)$", status, re.M).group(1))


def last_held(guard, role, victim):
    """Stops a gate worker, so that it takes no more clients. The only ones that may be lost."""
    if role != "a gate worker":
        return set()
    os.kill(victim, signal.SIGSTOP)
    return held_by(guard, victim)


def unit(zombie):
    """What is banned for it, as Guard.in_kernel has it."""
    return zombie if ":" not in zombie else str(ipaddress.ip_network(f"{zombie}/64", False).network_address)


def banned_ones(guard, traffic):
    """A zombie of each family that is kept out."""
    wait_until(lambda: len({":" in zombie for zombie in traffic.told}) == 2, 5, "zombies")
    ones = [next(z for z in traffic.told if (":" in z) == six) for six in (False, True)]
    for one in ones:
        guard.wait_banned(unit(one))
    return ones


PROCESSES = [
    (way, role)
    for way in WAYS
    for role in ("the warden", "the watch worker", "a gate worker", "the porter")
    if way != "none" or role in ("the warden", "the watch worker")
]


def flows_directly(guard, traffic, begin, **options):
    """Mail flows again, and nobody is led to the gate any more."""
    time.sleep(begin + WITHIN - traffic.now())
    before = steered(guard)
    traffic.flows_again(begin, WITHIN, **options)
    # Without a table there is nobody who could be.
    assert steered(guard) in (before, 0)


@pytest.mark.parametrize("way, role", PROCESSES)
def test_killed(world, honest, way, role):
    with guarded(world, honest, way) as (guard, traffic):
        victim = find(guard, role)
        banned = banned_ones(guard, traffic)
        begin = traffic.now()
        theirs = last_held(guard, role, victim)
        os.kill(victim, signal.SIGKILL)
        traffic.flows_again(begin, WITHIN)
        assert not traffic.lost(begin, but=theirs)
        if role == "the warden":
            assert not guard.table_exists()
            assert all(told(world.smtp(one, seconds=5)) // 100 == 5 for one in banned)
            guard.process.wait(5)
            guard.process = None
        else:
            assert all(guard.in_kernel(unit(one)) for one in banned)


@contextlib.contextmanager
def stopped(guard, *victims):
    for victim in victims:
        os.kill(victim, signal.SIGSTOP)
    try:
        yield
    finally:
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGCONT)
        guard.process.send_signal(signal.SIGCONT)  # nsenter(1) stops with what it has started


@pytest.mark.parametrize("way, role", PROCESSES)
def test_hung(world, honest, way, role):
    with guarded(world, honest, way) as (guard, traffic):
        victim = find(guard, role)
        banned = banned_ones(guard, traffic)
        begin = traffic.now()
        with stopped(guard, victim):
            theirs = last_held(guard, role, victim)
            if role == "the warden":
                # It could let nobody in again, and not end a gate that does not work.
                flows_directly(guard, traffic, begin)
                assert all(told(world.smtp(one, seconds=5)) // 100 == 5 for one in banned)
            else:
                traffic.flows_again(begin, WITHIN)
            assert not traffic.lost(begin, but=theirs)


@pytest.mark.parametrize("way", STEERED)
def test_all_hung(world, honest, way):
    """Nobody is there to end anything. Whom a gate that hangs has taken waits for it."""
    with guarded(world, honest, way) as (guard, traffic):
        gate_workers = guard.gate_workers()
        begin = traffic.now()
        with stopped(guard, guard.warden(), guard.worker(), *guard.porters(), *gate_workers):
            theirs = set().union(*(held_by(guard, pid) for pid in gate_workers))
            traffic.flows_again(begin, WITHIN, patient=False)
            assert not traffic.lost(begin, but=theirs)


@pytest.mark.parametrize("way, role", PROCESSES)
def test_out_of_memory(world, honest, way, role):
    """Neither the process gets any more, nor what is started in its place."""
    memory = Memory(world)
    with guarded(world, honest, way, wrapper=memory.wrapper) as (guard, traffic):
        victim = find(guard, role)
        begin = traffic.now()
        theirs = last_held(guard, role, victim)
        with memory.refused_to(inner(victim)):
            if role == "the warden":
                os.kill(victim, signal.SIGHUP)  # or there is little that it would need any for
                traffic.flows_again(begin, WITHIN)
            elif role == "the watch worker":
                traffic.flows_again(begin, WITHIN)
            elif role == "a gate worker":
                os.kill(victim, signal.SIGCONT)
                flows_directly(guard, traffic, begin)
            else:
                # It needs some to begin, and none for a client. Whom the gate has taken by then waits for a porter.
                os.kill(victim, signal.SIGKILL)
                flows_directly(guard, traffic, begin, patient=False)
            assert memory.refusals() > 0
            assert not traffic.lost(begin, but=theirs)


@pytest.mark.parametrize("way", ["none", "all"])
def test_a_full_disk(world, honest, way):
    small = world.folder / f"small-{way}"
    small.mkdir()
    mounted = world.server_exec(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0755", "small", small])
    assert mounted.returncode == 0, mounted.stderr
    with guarded(world, honest, way, state=small / "state") as (guard, traffic):
        worker = guard.worker()
        world.server_exec(["sh", "-c", f"cat /dev/zero >{small}/filler"])
        begin = traffic.now()
        traffic.flows_again(begin, for_seconds=3)
        assert not traffic.lost(begin)
        traffic.told.clear()
        banned_ones(guard, traffic)
        assert guard.worker() == worker


@pytest.mark.parametrize("what", ["is killed", "hangs"])
@pytest.mark.parametrize("way", STEERED)
def test_the_resolver(world, honest, way, what):
    text = gate(way, f"resolvers = {SERVER}", "zone well.test { weight = 3 }")
    with NameServer(world, {"well.test": WELL}) as names:
        with guarded(world, honest, way, text) as (_, traffic):
            begin = traffic.now()
            if what == "hangs":
                names.hang()
            else:
                names.kill()
            # Each process of the gate finds out by its own first clients, who wait no longer than 5 s either.
            mine = traffic.flows_again(begin, WITHIN + FIRST_CLIENTS)
            ill = [s for s in mine if s.error or s.waited() > WITHIN + SLOW_SECONDS]
            assert not ill, traffic.said(ill, begin)
            assert not traffic.lost(begin)


@pytest.mark.parametrize("way", WAYS)
def test_a_reload_with_a_mistake(world, honest, way):
    """It is as if nobody had asked for it, for longer than anything takes that ends for another."""
    with guarded(world, honest, way) as (guard, traffic):
        before = guard.warden(), guard.worker(), guard.porters(), guard.gate_workers()
        guard.configure("ban { fro = 10m }")
        begin = traffic.now()
        os.kill(guard.warden(), signal.SIGHUP)
        wait_until(lambda: "was not taken" in guard.log, 5, "the mistake to be said")
        traffic.flows_again(begin, for_seconds=5)
        assert guard.process.poll() is None, "the mistake ended it"
        assert (guard.warden(), guard.worker(), guard.porters(), guard.gate_workers()) == before
        traffic.told.clear()
        banned_ones(guard, traffic)
        assert not traffic.lost(begin)


@pytest.mark.parametrize("exclusive", ["yes", "no"])
@pytest.mark.parametrize("way", WAYS)
def test_somebody_flushes_the_ruleset(world, honest, way, exclusive):
    text = WAYS[way] + f"ban {{ exclusive = {exclusive} }}\n"
    with guarded(world, honest, way, text) as (guard, traffic):
        banned = banned_ones(guard, traffic)
        begin = traffic.now()
        assert guard.nft("flush", "ruleset").returncode == 0
        for one in banned:
            guard.wait_banned(unit(one), seconds=WITHIN)
        traffic.flows_again(begin)
        assert not traffic.lost(begin)
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
        banned = banned_ones(guard, traffic)
        begin = traffic.now()
        for _ in range(3):
            assert guard.nft("-f", str(rules)).returncode == 0
            for one in banned:
                guard.wait_banned(unit(one), seconds=WITHIN)
        traffic.flows_again(begin)
        assert not traffic.lost(begin)
        assert "tcp dport 25 accept" in world.server_exec(["nft", "list", "ruleset"]).stdout
        guard.nft("delete", "table", "inet", "filter")
