# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test stands on; see world.py for the world itself."""

import os
import signal
import subprocess

import pytest

from browser import Browser, chromium
from guard import Guard, visible
from name_server import EVERYBODY, WELL, NameServer, asking, zones
from world import FETCH, World, mail_servers_folder, wait_until

TEST_SECONDS = 150
FETCH_SECONDS = 300


@pytest.fixture(scope="session")
def mail_server():
    """A real Courier to run, unpacked in build/mail-servers; skips where it cannot be had."""
    if os.geteuid() != 0:
        pytest.skip("needs root: the mail server runs in namespaces of its own")
    refused = subprocess.run(
        "unshare --mount --net --pid --fork --uts --ipc true".split(),
        capture_output=True,
        text=True,
        timeout=10,
    )
    if refused.returncode:
        pytest.skip(f"namespaces are refused here: {refused.stderr.strip()}")
    fetched = subprocess.run(
        [FETCH, "courier", mail_servers_folder()],
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
    )
    if fetched.returncode:
        pytest.skip(f"no Courier: {fetched.stderr.strip()}")


@pytest.fixture
def world(mail_server):
    """A fresh world with TARPIT=0, which sees the program under test. For other settings: use
    mail_server and `with World(...)`."""
    with World(visible=visible()) as world:
        yield world


@pytest.fixture(scope="session")
def broken_for_a_while(mail_server):
    """A DNS list of a gate that was broken and has been mended, in a world of its own: it is tried again after half a
    minute, in which other tests have time. The world and the guard."""
    with (
        World(visible=visible()) as world,
        NameServer(world, {"everybody.test": EVERYBODY}) as server,
        Guard(world, asking("zone everybody.test { weight = 3 }")) as guard,
    ):
        wait_until(lambda: zones(guard)["everybody.test"]["state"] == "out", 5, "it to be left out")
        server.write("everybody.test", WELL)
        yield world, guard


@pytest.fixture(scope="module")
def browser(world):
    """Beside the server of the module's own world."""
    if not chromium():
        pytest.skip("no Chromium")
    with Browser(world) as browser:
        yield browser


@pytest.fixture(autouse=True)
def time_limit():
    """Ends a test that hangs, through its own context managers."""

    def give_up(_signal, _frame):
        raise TimeoutError(f"this test took more than {TEST_SECONDS} s")

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(TEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)
