# SPDX-License-Identifier: Apache-2.0
"""Other firewalls keep the banned away, beside a real Courier: xt_recent, ipset, a program of the administrator's."""

import os
import pathlib
import time

import pytest

from backends import IPSET_RULES, PROGRAM_TABLE, needs, program, recent_rules, run, told as program_told
from dialogues import deliver, ended, refused_silently, told
from guard import Guard
from world import wait_until

pytestmark = pytest.mark.usefixtures("mail_server")


def set_up_recent(world):
    needs("iptables-legacy")
    run(world, *recent_rules(seconds=4))
    return "backend = recent"


def set_up_ipset(world):
    needs("iptables-legacy", "ipset")
    run(world, "ipset create wavebreak4 hash:ip timeout 4", "ipset create wavebreak6 hash:net family inet6 timeout 4")
    run(world, *IPSET_RULES)
    return "backend = ipset"


def set_up_command(world):
    done = world.server_exec(["nft", "-f", "-"], input=PROGRAM_TABLE)
    assert done.returncode == 0, done.stderr
    return f"backend = command\n  command = {program(world)}"


backends = pytest.mark.parametrize("set_up", [set_up_recent, set_up_ipset, set_up_command])


def wait_out(world, address):
    wait_until(lambda: refused_silently(world, address, 0.5), 10, f"{address} to be kept out")


def wait_in(world, address, seconds=15):
    wait_until(lambda: not refused_silently(world, address, 0.5), seconds, f"{address} to be let in")


def in_table(guard, address):
    """Whether our own table holds a ban, where there is a table."""
    return guard.in_kernel(address)


@backends
@pytest.mark.parametrize("address", ["10.66.3.4", "2001:db8:66:34::9"])
def test_banned_kept_out_and_let_in_again(world, set_up, address):
    setting = set_up(world)
    with Guard(world, f"ban {{\n  for = 4s\n  {setting}\n}}") as guard:
        client = world.smtp(address)
        assert told(client) == 511, guard.log
        assert ended(client.sock)
        wait_out(world, address)
        assert guard.table_exists() and not in_table(guard, address), "it has limits, and no bans"
        assert deliver(world, next(world.honest4)) and deliver(world, next(world.honest6))
        time.sleep(4)  # it stays away, or its attempts would slide the ban
        wait_in(world, address)
        wait_until(lambda: not guard.bans(), 10, "the daemon to notice")
        assert guard.status()["counters"]["kernel_errors"] == 0, guard.log


@backends
def test_by_hand(world, set_up):
    setting = set_up(world)
    with Guard(world, f"ban {{\n  for = 60s\n  {setting}\n}}") as guard:
        assert guard.ask("ban", "10.67.30.1").returncode == 0
        wait_out(world, "10.67.30.1")
        assert guard.ask("unban", "10.67.30.1").returncode == 0
        wait_in(world, "10.67.30.1")


@backends
def test_restart_reload_and_upgrade_lose_no_ban(world, set_up):
    setting = set_up(world)
    guard = Guard(world, f"ban {{\n  for = 60s\n  {setting}\n}}")
    with guard:
        addresses = ["10.66.9.1", "10.66.9.2", "2001:db8:66:9::1"]
        for address in addresses:
            assert told(world.smtp(address)) == 511
        for address in addresses:
            wait_out(world, address)
        assert guard.stop() == 0
        for address in addresses:
            wait_in(world, address, 5)
        guard.start()
        for address in addresses:
            wait_out(world, address)
        guard.reload(f"ban {{\n  for = 61s\n  {setting}\n}}")
        for address in addresses:
            wait_out(world, address)
        guard.upgrade()
        for address in addresses:
            wait_out(world, address)
        assert deliver(world, next(world.honest4))
        os.kill(guard.worker(), 9)
        wait_until(lambda: "started again" in guard.log, 5, "its death to be seen")
        for address in addresses:
            wait_out(world, address)


def test_recent_slides_with_the_attempts_and_is_capped(world):
    setting = set_up_recent(world)
    with Guard(world, f"ban {{\n  for = 4s\n  at_most = 10s\n  {setting}\n}}") as guard:
        began = time.monotonic()
        assert told(world.smtp("10.66.7.7")) == 511
        wait_out(world, "10.66.7.7")
        while time.monotonic() - began < 7:
            assert refused_silently(world, "10.66.7.7", 0.8), guard.log
        assert "10.66.7.7" in guard.bans(), "the daemon knows that it slid"
        wait_in(world, "10.66.7.7", 8)
        assert time.monotonic() - began > 8.5


def test_rules_that_are_loaded_again_have_the_bans_again(world):
    setting = set_up_recent(world)
    with Guard(world, f"ban {{\n  for = 60s\n  {setting}\n}}") as guard:
        assert told(world.smtp("10.66.7.8")) == 511
        wait_out(world, "10.66.7.8")
        run(world, "iptables-legacy -F INPUT")
        wait_in(world, "10.66.7.8")
        wait_until(lambda: "is gone" in guard.log, 5, "the loss to be noticed")
        run(world, *recent_rules())
        wait_out(world, "10.66.7.8")


def test_sets_that_are_emptied_are_filled_again(world):
    setting = set_up_ipset(world)
    with Guard(world, f"ban {{\n  for = 60s\n  {setting}\n}}") as guard:
        assert told(world.smtp("10.66.7.9")) == 511
        wait_out(world, "10.66.7.9")
        run(world, "ipset flush")
        wait_until(lambda: "emptied by somebody else" in guard.log, 5, "the loss to be noticed")
        wait_out(world, "10.66.7.9")


def test_from_one_backend_to_another(world):
    run_recent, run_ipset = set_up_recent(world), set_up_ipset(world)
    with Guard(world, "ban { for = 60s }") as guard:
        assert told(world.smtp("10.66.7.10")) == 511
        wait_out(world, "10.66.7.10")
        assert guard.in_kernel("10.66.7.10")
        for setting in run_recent, run_ipset:
            guard.reload(f"ban {{\n  for = 60s\n  {setting}\n}}")
            wait_until(lambda: not guard.in_kernel("10.66.7.10"), 5, "the table to be without it")
            wait_out(world, "10.66.7.10")
        done = world.server_exec(["cat", "/proc/net/xt_recent/wavebreak"])
        assert done.returncode == 0 and done.stdout == "", "the list of before is empty"
        # A set that does not fit: as before.
        run(world, "ipset create other4 hash:ip")
        guard.reload("ban {\n  for = 60s\n  backend = ipset\n  list = other\n}")
        assert "made without a timeout" in guard.log and "kept away as before" in guard.log
        wait_out(world, "10.66.7.10")


BAD_PROGRAMS = {
    "hangs": ("#!/bin/sh\nsleep 1000\n", "took longer than 10 s"),
    "dies": ("#!/bin/sh\nkill -KILL $$\n", "ended by signal 9"),
    "prints garbage": ("#!/bin/sh\nhead -c 100000 /dev/urandom\nexit 1\n", "ended with status 1"),
    "is none": ("garbage\n", "ended with status 126"),
    "does not exist": (None, "ended with status 127"),
}


@pytest.mark.parametrize("kind", BAD_PROGRAMS)
def test_a_program_that(world, kind):
    text, says = BAD_PROGRAMS[kind]
    file = program(world, text or "")
    if text is None:
        file.unlink()
    with Guard(world, f"ban {{\n  backend = command\n  command = {file}\n}}") as guard:
        assert told(world.smtp("10.66.7.11")) == 511
        wait_until(lambda: says in guard.log, 20, f"the log to say it\n{guard.log}")
        assert all(31 < ord(c) < 127 or c == "\n" for c in guard.log), "no foreign byte in the log"
        # Nobody is kept out, and all else works.
        wait_until(lambda: "10.66.7.11" in guard.bans(), 5, "the ban")
        assert deliver(world, next(world.honest4))
        warden = guard.warden()
        # It is mended while we run, and hears all there is.
        program(world, "#!/bin/sh\ncat >>FOLDER/told\n")
        wait_until(lambda: any(l.startswith("ban 10.66.7.11 ") for l in program_told(world)), 30, "it to be told")
        assert program_told(world)[0] == "clear"
        assert guard.warden() == warden
        wait_until(lambda: "works again" in guard.log, 5, "that to be said")


def test_a_command_hears_in_lines_what_happens(world):
    file = program(world, "#!/bin/sh\ncat >>FOLDER/told\n")
    with Guard(world, f"ban {{\n  for = 60s\n  backend = command\n  command = {file}\n}}") as guard:
        assert guard.ask("ban", "10.67.1.1", "--for", "10m").returncode == 0
        assert guard.ask("ban", "2001:db8:67:1::1").returncode == 0
        wait_until(lambda: len(program_told(world)) >= 3, 5, "the lines")
        assert guard.ask("unban", "10.67.1.1").returncode == 0
        wait_until(lambda: "unban 10.67.1.1" in program_told(world), 5, "the end")
        lines = program_told(world)
        assert lines[0] == "clear" and "ban 10.67.1.1 600" in lines
        assert "ban 2001:db8:67:1::/64 60" in lines
        assert guard.stop() == 0
        assert program_told(world)[-1] == "clear"


def check(guard):
    done = guard.ask("check")
    line = next(l for l in done.stdout.splitlines() if l.startswith("ban "))
    return done, line


def test_check_says_what_it_found(world):
    needs("iptables-legacy", "ipset")
    guard = Guard(world, "ban { backend = recent }")
    done, line = check(guard)
    assert done.returncode == 3 and "no rule refers to a list wavebreak or wavebreak6" in line
    assert "--name wavebreak --update --seconds 600 -j DROP" in done.stdout
    run(world, *recent_rules())
    done, line = check(guard)
    assert "list wavebreak, list wavebreak6" in line and "holds" in line
    if "holds 100 " in line:
        assert "ip_list_tot=10000" in done.stdout

    guard.configure("ban { backend = ipset }")
    done, line = check(guard)
    assert "set wavebreak4 will be made" in line and done.returncode != 3, done.stdout
    run(world, "ipset create wavebreak4 hash:ip")
    done, line = check(guard)
    assert done.returncode == 3 and "wavebreak4 cannot be used: it was made without a timeout" in line

    file = program(world)
    guard.configure(f"ban {{\n  backend = command\n  command = {file}\n}}")
    done, line = check(guard)
    assert f"{file} is told" in line and done.returncode != 3
    file.chmod(0o644)
    done, line = check(guard)
    assert done.returncode == 3 and "cannot be executed: Permission denied" in line
    file.chmod(0o757)
    done, line = check(guard)
    assert "can be changed by others than root" in line


@pytest.mark.parametrize("set_up", [set_up_recent, set_up_command])
def test_on_a_kernel_without_nf_tables(world, set_up):
    setting = set_up(world)
    wrapper = ["/usr/bin/python3", pathlib.Path(__file__).with_name("without_nf_tables.py")]
    # Its own program of the command would not see nf_tables either.
    if set_up is set_up_command:
        setting = f"backend = command\n  command = {program(world, '#!/bin/sh' + chr(10) + 'cat >>FOLDER/told')}"
    with Guard(world, f"ban {{\n  for = 60s\n  {setting}\n}}", wrapper=wrapper) as guard:
        assert told(world.smtp("10.66.7.12")) == 511
        if set_up is set_up_command:
            wait_until(lambda: "ban 10.66.7.12 60" in program_told(world), 5, "it to be told")
        else:
            wait_out(world, "10.66.7.12")
        assert not guard.table_exists()
        time.sleep(2)
        assert guard.log.count("no nf_tables table") == 1, guard.log
        assert deliver(world, next(world.honest4))
        assert guard.status()["counters"]["kernel_errors"] == 0
