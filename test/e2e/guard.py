# SPDX-License-Identifier: Apache-2.0
"""The daemon under test, beside the real mail server of a World.

    with World() as world, Guard(world, "ban { for = 3s }") as guard:
        ...
        assert guard.banned("10.66.0.9")
"""

import json
import os
import pathlib
import re
import signal
import subprocess

from world import REPOSITORY, WorldError, command_name, processes_in_namespace, wait_until

START_SECONDS = 10
STOP_SECONDS = 8

# What the processes of the gate are called (prctl(2), PR_SET_NAME).
GATE, PORTER = "wb-gate", "wb-porter"

COURIER = "mail { server = courier }\nwatch { file = /var/log/mail.log }\n"


def binary():
    """The program under test; WAVEBREAK names another one than build/wavebreak."""
    return pathlib.Path(os.environ.get("WAVEBREAK", REPOSITORY / "build" / "wavebreak"))


def visible():
    """What World(visible=…) has to show so that the binary can be run inside."""
    inside_repository = REPOSITORY in binary().resolve().parents
    return [] if inside_repository else [binary().resolve().parent]


class Guard:
    """Context manager: `wavebreak run` beside the server, as root with its worker as nobody.
    `wrapper` is a command that starts it, such as env(1); `sources` is what it is told of the
    server and its log; `program` another file that is run, called wavebreak as well."""

    def __init__(
        self,
        world,
        configuration="",
        observe=False,
        state=None,
        wrapper=(),
        sources=COURIER,
        program=None,
    ):
        assert binary().exists(), f"{binary()} is not built"
        self.program = program or binary()
        self.world = world
        self.observe = observe
        self.wrapper = list(wrapper)
        self.sources = sources
        self.folder = world.folder / "wavebreak"
        self.state = pathlib.Path(state) if state else self.folder / "state"
        self.file = self.folder / "wavebreak.conf"
        self.process = None
        self.folder.mkdir(exist_ok=True)
        self.configure(configuration)

    def configure(self, configuration):
        self.file.write_text(
            f"{self.sources}"
            "daemon {\n  user = nobody\n  group = nogroup\n"
            f"  state = {self.state}\n  runtime = {self.folder}/run\n}}\n"
            f"{configuration}\n"
        )

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def log(self):
        file = self.folder / "wavebreak.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def start(self):
        log = open(self.folder / "wavebreak.log", "ab")
        before = self.log.count("log file")
        command = self.wrapper + [self.program, "run", "-c", self.file]
        command += ["--observe"] if self.observe else []
        with log:
            self.process = self.world.server_spawn(command, stdout=log, stderr=log)

        def ready():
            assert self.process.poll() is None, f"wavebreak ended:\n{self.log}"
            return self.log.count("log file") > before

        wait_until(ready, START_SECONDS, "wavebreak to be ready")

    def reload(self, configuration=None):
        """Has it read its configuration again, a new one if there is one."""
        if configuration is not None:
            self.configure(configuration)
        before = self.log.count("log file")
        os.kill(self.warden(), signal.SIGHUP)
        wait_until(lambda: self.log.count("log file") > before, 10, f"the reload\n{self.log}")

    def upgrade(self):
        """Has it execute its program anew."""
        upgrades, starts = self.log.count("upgraded to version"), self.log.count("log file")
        os.kill(self.warden(), signal.SIGUSR2)

        def done():
            log = self.log
            return log.count("upgraded to version") > upgrades and log.count("log file") > starts

        try:
            wait_until(done, 10, "the upgrade", interval=0.01)
        except WorldError as error:
            raise WorldError(f"{error}\n{self.log}") from error

    def stop(self):
        """Ends it as systemd does and returns the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.kill(self.warden(), signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process = None

    def _tree(self):
        mine = []
        for pid in processes_in_namespace("pid", os.readlink(f"/proc/{self.world.pid}/ns/pid")):
            try:
                # One whose file was replaced has "(deleted)" behind it.
                if os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)").endswith("/wavebreak"):
                    status = pathlib.Path(f"/proc/{pid}/status").read_text()
                    uid = int(re.search(r"^Uid:\t(\d+)", status, re.M).group(1))
                    parent = int(re.search(r"^PPid:\t(\d+)", status, re.M).group(1))
                    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                    if b"run" in command[1:2]:
                        mine.append((pid, uid, parent))
            except OSError:
                continue
        return mine

    def warden(self):
        """A child of it may be root's, too."""
        tree = self._tree()
        mine = [pid for pid, _, _ in tree]
        return next(pid for pid, uid, parent in tree if uid == 0 and parent not in mine)

    def worker(self):
        """The warden's child; for a moment the worker has one itself, to try its store."""
        tree = self._tree()
        wardens = [pid for pid, uid, _ in tree if uid == 0]
        return next(
            (
                pid
                for pid, uid, parent in tree
                if uid and parent in wardens and command_name(pid) not in (GATE, PORTER)
            ),
            None,
        )

    def gate_workers(self):
        return [pid for pid, _, _ in self._tree() if command_name(pid) == GATE]

    def porters(self):
        """More than one while an older one has something to do. What the porter starts is for a moment
        called like it."""
        return [
            pid
            for pid, _, parent in self._tree()
            if command_name(pid) == PORTER and command_name(parent) != PORTER
        ]

    def running(self):
        return bool(self._tree())

    def ask(self, *words):
        """Runs a wavebreak command beside the daemon; a CompletedProcess."""
        return self.world.server_exec([binary(), words[0], "-c", self.file, *words[1:]])

    def status(self):
        return json.loads(self.ask("status", "--json").stdout)

    def explain(self, address):
        return json.loads(self.ask("explain", "--json", address).stdout)

    def history(self, *words):
        """What `history` says as JSON, one dict a sample; of nothing it says 1."""
        done = self.ask("history", "--json", *words)
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def bans(self):
        """What `list` says: address to entry."""
        lines = self.ask("list", "--json").stdout.splitlines()
        return {entry["address"]: entry for entry in map(json.loads, lines)}

    def nft(self, *words):
        return self.world.server_exec(["nft", "--json", *words])

    def table_exists(self):
        return self.nft("list", "table", "inet", "wavebreak").returncode == 0

    def in_kernel(self, address):
        """Whether the kernel's set has the address (IPv6: its /64, by its first address)."""
        name = "ban6" if ":" in address else "ban4"
        found = self.nft("get", "element", "inet", "wavebreak", name, "{", address, "}")
        return found.returncode == 0

    def wait_banned(self, address, seconds=5):
        wait_until(lambda: self.in_kernel(address), seconds, f"{address} to be banned\n{self.log}")

    def wait_let_in(self, address, seconds=5):
        wait_until(
            lambda: not self.in_kernel(address), seconds, f"{address} to be let in\n{self.log}"
        )
