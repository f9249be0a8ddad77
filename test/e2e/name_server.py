# SPDX-License-Identifier: Apache-2.0
"""A name server of a test's own beside a World's, and a gate that asks it.

    with NameServer(world, {"well.test": WELL}), Guard(world, asking("zone well.test { weight = 3 }")):
        ...
"""

import json
import os
import pathlib
import signal
import time

from gates import PORT, gate, recipient, refusal
from world import command_name, wait_until

SERVER, ADDRESS = "127.0.0.1:5353", "127.0.0.1/5353"
# Of each list.
HEAD = "$SOA 300 ns.test hostmaster.test 1 1h 1h 1w 5m\n$NS 300 ns.test\n"
WELL = ":127.0.0.2:Listed, see http://well.test/?$\n127.0.0.2\n10.66.0.0/16\n"
EVERYBODY = ":127.0.0.2:Everybody is listed\n0.0.0.0/1\n128.0.0.0/1\n"


class NameServer:
    """Context manager: a rbldnsd beside the one of the world, with these lists of IPv4 addresses."""

    def __init__(self, world, lists):
        self.world = world
        self.folder = world.folder / "lists"
        self.folder.mkdir(exist_ok=True)
        self.names = list(lists)
        for name, text in lists.items():
            self.write(name, text)

    def write(self, name, text):
        """Read again within a second."""
        (self.folder / f"{name}.new").write_text(HEAD + text)
        os.rename(self.folder / f"{name}.new", self.folder / name)

    def __enter__(self):
        options = f"-n -q -b {ADDRESS} -w {self.folder} -u nobody -t 5 -c 1".split()
        kinds = {name: "generic" if name == "arpa" else "ip4set" for name in self.names}
        lists = [f"{name}:{kind}:{name}" for name, kind in kinds.items()]
        with open(self.folder / "log", "wb") as log:
            self.process = self.world.server_spawn(
                ["rbldnsd", *options, *lists], stdout=log, stderr=log
            )
        wait_until(self.listens, 5, "rbldnsd to listen")
        return self

    def __exit__(self, *_):
        self.kill()

    def listens(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        return self.world.server_exec(["ss", "-Hlun", "sport = 5353"]).stdout

    def pid(self):
        """Not the process that was started, which entered the world's namespaces for it."""
        for pid in self.world.processes():
            if command_name(pid) == "rbldnsd":
                if ADDRESS.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    return pid
        return None

    def hang(self):
        os.kill(self.pid(), signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid(), signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)  # nsenter(1) stops with what it has started

    def kill(self):
        if self.process.poll() is None:
            self.go_on()
            os.kill(self.pid(), signal.SIGKILL)
            self.process.wait(5)


def asking(*lists, **settings):
    """A gate that asks the lists of a NameServer."""
    return gate(zones="\n".join(lists), resolvers=SERVER, **settings)


def zones(guard):
    done = guard.ask("zones", "--json")
    assert done.returncode == 0, done.stderr
    return {zone["zone"]: zone for zone in json.loads(done.stdout)["zones"]}


def told(world, address):
    """What a client is told that is refused."""
    client = world.smtp(address, port=PORT)
    code, text = refusal(client)
    client.close()
    assert code == 550, text
    return text.decode()


def let_in(world, address):
    """How long a client waited for its greeting that is let in to Courier."""
    begin = time.monotonic()
    with world.smtp(address, port=PORT) as client:
        waited = time.monotonic() - begin
        assert recipient(client)[0] // 100 in (2, 5)
        assert client.has_extn("xsecurity") or client.has_extn("xexdata"), "this is Courier"
    return waited
