# SPDX-License-Identifier: Apache-2.0
"""What an administrator sets up beside a guard whose ban.backend is not nft, inside a World."""

import shutil

import pytest

LEGACY4, LEGACY6 = "iptables-legacy", "ip6tables-legacy"
SYN = "-p tcp --dport 25 --syn"


def needs(*programs):
    """Skips where these are not installed."""
    for program in programs:
        if not shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            pytest.skip(f"no {program} here")


def run(world, *commands):
    """Shell commands beside the server, each of which has to succeed."""
    for command in commands:
        done = world.server_exec(["sh", "-c", command])
        assert done.returncode == 0, f"{command}: {done.stderr}"


def recent_rules(seconds=600, name="wavebreak"):
    """The rules of OTHER FIREWALLS in wavebreak.conf(5)."""
    return (
        f"{LEGACY4} -I INPUT {SYN} -m recent --name {name} --update --seconds {seconds} -j DROP",
        f"{LEGACY6} -I INPUT {SYN} -m recent --name {name}6 --mask ffff:ffff:ffff:ffff:: "
        f"--update --seconds {seconds} -j DROP",
    )


IPSET_RULES = (
    f"{LEGACY4} -I INPUT {SYN} -m set --match-set wavebreak4 src -j DROP",
    f"{LEGACY6} -I INPUT {SYN} -m set --match-set wavebreak6 src -j DROP",
)

# Drops by sets of nft of its own, and keeps a journal of what it was told.
PROGRAM = """#!/bin/sh
{
	echo "flush set inet mine four"
	echo "flush set inet mine six"
} >/tmp/clear
while read -r word unit seconds; do
	echo "$word $unit $seconds" >>FOLDER/told
	case $unit in
	*:*) set=six ;;
	*) set=four ;;
	esac
	case $word in
	clear) nft -f /tmp/clear ;;
	ban) nft add element inet mine $set "{ $unit }" ;;
	unban) nft delete element inet mine $set "{ $unit }" ;;
	esac
done
"""

PROGRAM_TABLE = """
table inet mine {
	set four { type ipv4_addr; }
	set six { type ipv6_addr; flags interval; }
	chain in {
		type filter hook input priority 0
		tcp dport 25 tcp flags & (syn | ack) == syn ip saddr @four drop
		tcp dport 25 tcp flags & (syn | ack) == syn ip6 saddr @six drop
	}
}
"""


def program(world, text=PROGRAM):
    """Writes the administrator's program and returns its path, as it is inside too."""
    file = world.folder / "banner"
    file.write_text(text.replace("FOLDER", str(world.folder)))
    file.chmod(0o755)
    return file


def told(world):
    """The lines that the program was told."""
    file = world.folder / "told"
    return [line.strip() for line in file.read_text().splitlines()] if file.exists() else []
