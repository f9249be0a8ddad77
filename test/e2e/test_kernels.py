# SPDX-License-Identifier: Apache-2.0
"""Kernels that lack a part of what the guard would use: that part is left out and said, and the rest goes on."""

import pathlib
import subprocess

import pytest

from dialogues import deliver, ended, told
from gates import DNSBL, NAME
from guard import Guard, binary
from world import wait_until

LACKING = {
    "tproxy": "gate.steer: this kernel leads no clients to the gate",
    "fib": "gate.steer: this kernel leads no clients to the gate",
    "limit": "limits: this kernel's nf_tables cannot do it",
}
WITHOUT_NF_TABLES = ("/usr/bin/python3", pathlib.Path(__file__).with_name("without_nf_tables.py"))
STEERED = f"gate {{\n  steer = all\n  workers = 1\n  name = {NAME}\n  greet_wait = 100ms\n{DNSBL}\n}}\n"


@pytest.fixture(scope="module")
def misspelt(tmp_path_factory):
    """A command that has a program speak of something that the kernel does not know; made in the repository's build
    folder, which a World shows."""
    library = binary().resolve().parent / "misspelt.so"
    source = pathlib.Path(__file__).with_name("misspelt.c")
    command = ["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return lambda word: ("/usr/bin/env", f"LD_PRELOAD={library}", f"MISSPELT={word}")


@pytest.mark.parametrize("word", LACKING)
def test_a_part_of_nf_tables(world, misspelt, word):
    with Guard(world, STEERED, wrapper=misspelt(word)) as guard:
        wait_until(lambda: LACKING[word] in guard.log, 5, f"that to be said\n{guard.log}")
        assert guard.log.count(LACKING[word]) == 1
        assert told(world.smtp("10.66.0.1")) // 100 == 5
        guard.wait_banned("10.66.0.1")
        assert deliver(world, "10.67.0.1")
        steers = word not in ("tproxy", "fib")
        wait_until(lambda: guard.status()["gate"]["steering"]["on"] == steers, 8, "steering, or none")
        assert deliver(world, "10.67.0.2")
        assert (guard.status()["counters"]["gate_sessions"] > 0) == steers
        done = guard.world.server_exec([*misspelt(word), binary(), "check", "-c", guard.file])
        assert done.returncode == 0, "what it lacks is no reason not to begin"
        if steers:
            assert "steering      all clients are led to the gate" in guard.ask("status").stdout
        else:
            assert "clients reach the mail server directly" in done.stdout
            assert "steering      NO: this kernel cannot" in guard.ask("status").stdout


def test_all_of_nf_tables(world):
    """Who would be banned at least loses its connections."""
    with Guard(world, STEERED, wrapper=WITHOUT_NF_TABLES) as guard:
        assert guard.log.count("no nf_tables table inet wavebreak") == 1
        zombie = world.smtp("10.66.0.1")
        assert told(zombie) == 511
        assert ended(zombie.sock)
        assert not guard.table_exists()
        assert deliver(world, "10.67.0.1")
        assert "10.66.0.1" in guard.bans()
        assert guard.status()["counters"]["kernel_errors"] == 0
        done = guard.world.server_exec([*WITHOUT_NF_TABLES, binary(), "check", "-c", guard.file])
        assert done.returncode == 3 and "this kernel has no nf_tables" in done.stdout
