# SPDX-License-Identifier: Apache-2.0
"""A real Courier for bench/steer: the World of test/e2e, and bench/smtp_crowd.c outside it.

    with CourierWorld(build) as world:
        with world.guarded("gate { steer = all }"):
            rate, cpu_ms = world.run(2)
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

from gate_world import BenchError, Crowd, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "test/e2e"))

import guard as e2e_guard  # noqa: E402
import world as e2e_world  # noqa: E402

WorldError = e2e_world.WorldError

# Clients of a network that the world's block list does not name, few from each /24.
FIRST, STEP, ADDRESSES = "10.67.0.0", 16, 4096
SERVER, AT_ONCE = "10.68.0.1", 8
SETTLE_SECONDS = 1
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_ticks(pid):
    """What it has used, and its children that have ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


class CourierWorld(e2e_world.World):
    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        os.environ["WAVEBREAK"] = str(self.build / "wavebreak")
        super().__init__(maxdaemons=1000, visible=e2e_guard.visible())

    def __enter__(self):
        fetched = subprocess.run([e2e_world.FETCH, "courier", e2e_world.mail_servers_folder()],
                                 capture_output=True, text=True, check=False)
        if fetched.returncode:
            raise BenchError(f"no Courier: {fetched.stderr.strip()}")
        try:
            return super().__enter__()
        except e2e_world.WorldError as error:
            raise BenchError(str(error)) from error

    def run(self, seconds):
        """Greetings a second, and milliseconds of CPU for each of all that runs beside the server: Courier, its log
        and wavebreak."""
        before = self._cpu_seconds()
        crowd = Crowd(self.outside_spawn(
            [self.build / "bench/smtp_crowd", "--from", FIRST, "--step", str(STEP), "--addresses", str(ADDRESSES),
             "--until", "greeted", "--at-once", str(AT_ONCE), "--seconds", str(seconds),
             SERVER, "25"],
            stdout=subprocess.PIPE, text=True))
        figures, _ = crowd.figures()
        # The last handlers end a moment after their clients.
        wait_until(lambda: not self.handlers(), "the last clients of Courier to leave")
        return figures["reached"] / figures["seconds"], (self._cpu_seconds() - before) / figures["reached"] * 1e3

    def _cpu_seconds(self):
        return sum(map(cpu_ticks, self.processes())) / TICKS

    @contextlib.contextmanager
    def guarded(self, configuration):
        """wavebreak run beside the server; steering is on."""
        with e2e_guard.Guard(self, configuration) as guard:
            wait_until(lambda: guard.status()["gate"]["steering"]["on"], "steering to begin")
            time.sleep(SETTLE_SECONDS)
            yield guard
        time.sleep(SETTLE_SECONDS)  # the kernel takes the sets apart after they were let go
