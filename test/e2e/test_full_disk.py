# SPDX-License-Identifier: Apache-2.0
"""A disk that is full when the guard is started: it guards at once, and remembers as soon as it can."""

import pytest

from dialogues import deliver, told
from guard import Guard
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

# The store is opened again each minute.
AGAIN_SECONDS = 75


class Disk:
    """A file system of some hundred kilobytes, for the guard's state."""

    def __init__(self, world):
        self.world = world
        self.folder = world.folder / "small"
        self.folder.mkdir()
        options = "size=900k,mode=0755"
        mounted = world.server_exec(["mount", "-t", "tmpfs", "-o", options, "small", self.folder])
        assert mounted.returncode == 0, mounted.stderr
        self.state = self.folder / "state"

    def fill(self):
        self.world.server_exec(["sh", "-c", f"cat /dev/zero >{self.folder}/filler"])

    def make_room(self):
        assert self.world.server_exec(["rm", self.folder / "filler"]).returncode == 0

    def remove(self, name):
        assert self.world.server_exec(["rm", self.state / name]).returncode == 0


@pytest.fixture
def disk(world):
    disk = Disk(world)
    yield disk
    world.server_exec(["umount", "-l", disk.folder])
    disk.folder.rmdir()


def test_a_first_start(world, disk):
    disk.fill()
    with Guard(world, state=disk.state) as guard:
        worker = guard.worker()
        assert told(world.smtp("10.66.90.1")) == 511
        guard.wait_banned("10.66.90.1")
        assert guard.ask("ban", "10.67.90.2", "--for", "1h").returncode == 0
        assert guard.ask("unban", "10.66.90.1").returncode == 0
        assert deliver(world, next(world.honest4))
        assert not guard.status()["store"]["open"]
        assert "NOT OPEN" in guard.ask("status").stdout
        for what in ("the store", "the history"):
            assert guard.log.count(f"{what} in {disk.state} cannot be opened (No space left on device)") == 1
        disk.make_room()
        for what in ("the store", "the history"):
            wait_until(lambda: f"{what} can be written again" in guard.log, AGAIN_SECONDS, f"{what}\n{guard.log}")
        wait_until(lambda: guard.status()["store"]["queued"] == 0, 10, "what was queued")
        assert guard.status()["store"]["open"]
        assert guard.log.count("cannot be opened") == 2, "it is said once"
        assert guard.worker() == worker, guard.log
        guard.stop()
        guard.start()
        assert set(guard.bans()) == {"10.67.90.2"}
        guard.wait_banned("10.67.90.2")


@pytest.mark.parametrize("has_lock", [True, False], ids=["a store", "a store without its lock"])
def test_bans_of_before(world, disk, has_lock):
    with Guard(world, state=disk.state) as guard:
        for address in ("10.67.91.1", "10.67.91.2"):
            assert guard.ask("ban", address, "--for", "1h").returncode == 0
        assert guard.ask("allow", "10.67.92.0/24").returncode == 0
        guard.stop()
        if not has_lock:
            disk.remove("wavebreak.mdb-lock")
        disk.fill()
        guard.start()
        if has_lock:
            assert set(guard.bans()) == {"10.67.91.1", "10.67.91.2"}
            guard.wait_banned("10.67.91.1")
        # Where it cannot be read yet, the word of now counts when it can.
        guard.ask("unban", "10.67.91.2")
        assert guard.ask("ban", "10.67.91.3", "--for", "1h").returncode == 0
        disk.make_room()
        wait_until(lambda: set(guard.bans()) == {"10.67.91.1", "10.67.91.3"}, AGAIN_SECONDS, f"them\n{guard.log}")
        wait_until(lambda: guard.status()["allowed"] == ["10.67.92.0/24"], 10, "who was allowed")
        guard.wait_banned("10.67.91.1")
        wait_until(lambda: guard.status()["store"]["queued"] == 0, 20, "what was queued")
        guard.stop()
        guard.start()
        assert set(guard.bans()) == {"10.67.91.1", "10.67.91.3"}
