# SPDX-License-Identifier: Apache-2.0
"""A gate that is there and can let in nobody: its way to the mail server is cut off by somebody's firewall, or the
porter has no descriptors left. Who comes then, and would be led to it, reaches the server directly."""

import os
import re
import subprocess
import time

import pytest

from gates import NAME
from guard import Guard, visible
from world import World, addresses_of, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

WITHIN = 5
STEER_ALL = (
    "limits { per_network = 0 }\n"
    f"gate {{\n  steer = all\n  workers = 2\n  name = {NAME}\n  greet_wait = 200ms\n  no_reverse = 0\n"
    "  zone dnsbl.test { weight = 3 }\n}\n"
)
# Against clients that claim addresses of others, as administrators write it; our way in comes by lo with the client's.
FIREWALL = """table inet admin {
  chain input {
    type filter hook input priority 0
    iif lo ip saddr != { 127.0.0.0/8, 10.68.0.1 } counter drop
  }
}
"""


@pytest.fixture(scope="module")
def world():
    with World(visible=visible(), maxdaemons=200) as world:
        yield world


@pytest.fixture(scope="module")
def honest():
    return addresses_of("10.67.0.0/17")


def steers(guard):
    return guard.status()["gate"]["steering"]["on"]


def is_served(world, source):
    """Within two seconds, as far as a recipient that is taken."""
    begin = time.monotonic()
    try:
        with world.smtp(source, seconds=WITHIN) as client:
            client.ehlo()
            client.mail("anna@ham.test")
            return client.rcpt("ham@example.test")[0] == 250 and time.monotonic() - begin < 2
    except OSError:
        return False


def flows(world, honest, seconds=4):
    """Everybody who comes in that time is served."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert is_served(world, next(honest))
        time.sleep(0.2)


def knock(world, honest, count):
    """So many come at once and wait; who comes first makes the gate find out."""
    return [world.connect(next(honest)) for _ in range(count)]


def without_descriptors(pid):
    """It has those that it has, and gets no more."""
    status = open(f"/proc/{pid}/status").read()
    user, group = (re.search(rf"^{name}:\s+(\d+)", status, re.M)[1] for name in ("Uid", "Gid"))
    drop = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"] if user != "0" else []
    held = len(os.listdir(f"/proc/{pid}/fd"))
    subprocess.run([*drop, "prlimit", f"--pid={pid}", f"--nofile={held}"], check=True, timeout=10)


def cut_off(world, guard):
    done = world.server_exec(["nft", "-f", "-"], input=FIREWALL)
    assert done.returncode == 0, done.stderr


def mend(world, guard):
    world.server_exec(["nft", "delete", "table", "inet", "admin"])


TROUBLES = {
    "a firewall": (cut_off, mend),
    "no descriptors": (
        lambda world, guard: without_descriptors(guard.porters()[0]),
        lambda world, guard: os.kill(guard.porters()[0], 9),
    ),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_who_can_be_let_in_by_nobody_goes_directly(world, honest, what):
    begins, ends = TROUBLES[what]
    with Guard(world, STEER_ALL) as guard:
        wait_until(lambda: steers(guard), 8, "steering")
        assert is_served(world, next(honest))
        begins(world, guard)
        try:
            since = time.monotonic()
            waiting = knock(world, honest, 3)
            wait_until(lambda: not steers(guard), WITHIN, f"it to be noticed\n{guard.log}")
            assert time.monotonic() - since < WITHIN
            flows(world, honest)
            assert "nobody could be served by the gate; clients are led to it again in 10s" in guard.log
        finally:
            ends(world, guard)
        wait_until(lambda: steers(guard), 12, f"steering again\n{guard.log}")
        for client in waiting:
            client.close()
        assert is_served(world, next(honest))
        assert guard.status()["counters"]["steering_stopped"] == 1
