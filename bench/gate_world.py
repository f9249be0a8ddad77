# SPDX-License-Identifier: Apache-2.0
"""Where bench/gate measures: clients and a server in network namespaces of their own, and what their
processes cost.

    with World(build) as world:
        world.start_gate("workers = 1", "zone dnsbl.test { weight = 3 }")
        crowd = world.crowd("--count", 10, "--until", "told", first=world.LISTED)

The calling process is in the clients' namespace from then on. All that is started here is killed by the
kernel when we die.
"""

import ctypes
import ipaddress
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

CLONE_NEWNET = 0x40000000
START_SECONDS = 20
SERVER = "10.68.0.1"
GATE_PORT, BARE_PORT, NAME_SERVER_PORT = 2525, 2526, 5353
# Each client has an address of its own; so many apart that a /24 has no more than four of them.
STEP = 83


class BenchError(Exception):
    """What could not be done, in a sentence."""


def wait_until(condition, what, seconds=START_SECONDS):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise BenchError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.02)
    return value


def address(first, number):
    """The address of the client of this number, as text."""
    return str(ipaddress.ip_address(first) + number * STEP)


def cpu_seconds(pids):
    """To the nanosecond: what the scheduler has counted."""
    return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9


def memory_bytes(pids, field="Pss"):
    """Of all of them together; shared pages are divided between those who share them."""
    total = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{field}:"):
                total += int(line.split()[1]) * 1024
    return total


def children(pid):
    try:
        return [int(n) for n in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


class Crowd:
    """One smtp_crowd (bench/smtp_crowd.c)."""

    def __init__(self, process):
        self.process = process

    def wait_held(self):
        line = self.process.stdout.readline()
        if not line.startswith("held="):
            raise BenchError(f"the clients ended: {line}")
        return int(line.removeprefix("held="))

    def figures(self, seconds=120):
        """What it prints at its end, which comes by itself or, with --hold, now; and its times."""
        out, _ = self.process.communicate(timeout=seconds)
        first, *times = out.splitlines()
        figures = {name: float(value) for name, value in (pair.split("=") for pair in first.split())}
        if figures["wrong"] or figures["failed"]:
            raise BenchError(f"some clients were not served as expected: {first}")
        return figures, sorted(int(line) / 1000 for line in times)


class World:
    LISTED = "10.128.0.0"  # and all of /9: named by the block list dnsbl.test
    HONEST = "11.0.0.0"  # and all of /8

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        self.folder = self.warden = self._server_side = None
        self._started = []

    def __enter__(self):
        if not (self.build / "bench/smtp_crowd").exists():
            raise BenchError(f"{self.build} has not been built")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise BenchError(f"no network namespace: {os.strerror(ctypes.get_errno())}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wavebreak-gate-bench-"))
        self.folder.chmod(0o755)
        try:
            self._lay_network()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop_gate()
        for process in self._started:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, *command, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)], text=True, **options
        )
        self._started.append(process)
        return process

    def _lay_network(self):
        ours = os.readlink("/proc/self/ns/net")
        self._server_side = self._spawn("unshare", "--net", "sleep", "infinity").pid
        theirs = f"/proc/{self._server_side}/ns/net"
        wait_until(lambda: os.readlink(theirs) != ours, "the server's namespace")
        self._ip(
            "link set lo up",
            f"link add server type veth peer name clients netns {self._server_side}",
            "link set server up",
            "addr add 10.68.0.2/16 dev server",
            "route add local 10.128.0.0/9 dev lo",
            "route add local 11.0.0.0/8 dev lo",
        )
        self._ip(
            "link set lo up",
            "link set clients up",
            f"addr add {SERVER}/16 dev clients",
            "route add 10.128.0.0/9 via 10.68.0.2",
            "route add 11.0.0.0/8 via 10.68.0.2",
            before=self._beside_server(),
        )

    def _ip(self, *lines, before=()):
        done = subprocess.run(
            [*before, "ip", "-batch", "-"], input="\n".join(lines), text=True, capture_output=True, check=False
        )
        if done.returncode:
            raise BenchError(f"the network could not be laid: {done.stderr}")

    def _beside_server(self):
        return ["nsenter", "--target", str(self._server_side), "--net", "--"]

    def spawn_server(self, *command, **options):
        """A process in the server's namespace."""
        return self._spawn(*self._beside_server(), *command, **options)

    def start_gate(self, *settings):
        """The daemon, once; its zone's name server beside it. `settings` are lines of the section gate."""
        self.spawn_server(self.build / "bench/name_server", NAME_SERVER_PORT)
        log, configuration = self.folder / "mail.log", self.folder / "wavebreak.conf"
        log.touch()
        configuration.write_text(
            f"watch {{ file = {log} }}\n"
            "daemon {\n user = nobody\n group = nogroup\n"
            f" state = {self.folder}/state\n runtime = {self.folder}/run\n}}\n"
            "score { listed = 0 }\n"  # a banned client could not connect again
            "limits { per_address = 0\n per_network = 0 }\n"
            f"gate {{\n listen = {GATE_PORT}\n name = mx.example.test\n no_reverse = 0\n"
            f" resolvers = 127.0.0.1:{NAME_SERVER_PORT}\n zone dnsbl.test {{ weight = 3 }}\n "
            + "\n ".join(settings) + "\n}\n"
        )
        said = self.folder / "wavebreak.log"
        with open(said, "w", encoding="utf-8") as stderr:
            self.warden = self.spawn_server(
                self.build / "wavebreak", "run", "-c", configuration, stderr=stderr
            )

        def ready():
            if self.warden.poll() is not None:
                raise BenchError(f"the daemon ended:\n{said.read_text()}")
            return "log file" in said.read_text() and self.gate_workers()

        wait_until(ready, "the daemon")
        self.run_crowd("--until", "first", "--count", 1, first="11.255.255.1")

    def stop_gate(self):
        if self.warden and self.warden.poll() is None:
            self.warden.terminate()
            self.warden.wait(START_SECONDS)
        self.warden = None

    def _daemon(self, name):
        return [pid for pid in children(self.warden.pid) if name_of(pid) == name]

    def gate_workers(self):
        return self._daemon("wb-gate")

    def porter(self):
        return self._daemon("wb-porter")[0]

    def others(self):
        """Of the daemon, all but the gate workers."""
        return [self.warden.pid] + [p for p in children(self.warden.pid) if p not in self.gate_workers()]

    def start_bare(self, name, *arguments):
        """bench/bare_smtp.c or bench/bare_exec.c, beside the gate."""
        bare = self.spawn_server(self.build / "bench" / name, BARE_PORT, *arguments)
        self.run_crowd("--until", "first", "--count", 1, first="11.255.255.2", port=BARE_PORT)
        return bare

    def crowd(self, *options, first, number=0, port=GATE_PORT):
        """Clients `number`, `number` + 1, …"""
        command = [self.build / "bench/smtp_crowd", "--from", address(first, number), "--step", STEP, *options]
        return Crowd(self._spawn(*command, SERVER, port, stdin=subprocess.PIPE, stdout=subprocess.PIPE))

    def run_crowd(self, *options, first, number=0, port=GATE_PORT, seconds=120):
        """Played to the end. A server that is just being started may refuse the first."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.crowd(*options, first=first, number=number, port=port).figures(seconds)
            except BenchError:
                if "first" not in options or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
