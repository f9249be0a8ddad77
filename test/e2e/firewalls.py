# SPDX-License-Identifier: Apache-2.0
"""Other firewalls inside a World, each with its own ruleset, loaded by its own tools.

Those that would begin to guard the machine when they are installed are unpacked (tools/fetch-mail-server)
into the World's private root.
"""

import re
import shutil
import subprocess

import pytest

from world import FETCH, WorldError, mail_servers_folder, wait_until

FETCH_SECONDS = 300


def unpack(world, name):
    """Skips where it cannot be had."""
    fetched = subprocess.run(
        [FETCH, name, mail_servers_folder()], capture_output=True, text=True, timeout=FETCH_SECONDS
    )
    if fetched.returncode:
        pytest.skip(f"no {name}: {fetched.stderr.strip()}")
    # From outside: the folder may be one that is not seen inside.
    subprocess.run(
        ["cp", "-a", f"{mail_servers_folder()}/{name}-root/.", world.inside("/")], check=True, timeout=60
    )


def shell(world, command, seconds=30):
    done = world.server_exec(["sh", "-c", command], seconds=seconds)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def tables_of_others(ruleset):
    """Without the table of wavebreak; what `nft list ruleset` shows begins each table in column 0."""
    tables = re.split(r"^(?=table )", ruleset, flags=re.M)
    return "".join(t for t in tables if not t.startswith("table inet wavebreak"))


def rules(world):
    """All rules and sets but ours, without counts and dates."""
    shown = tables_of_others(shell(world, "nft --stateless list ruleset 2>/dev/null"))
    for save in "iptables-legacy-save", "ip6tables-legacy-save":
        if shutil.which(save, path="/usr/sbin:/sbin"):
            lines = shell(world, f"{save} 2>/dev/null").splitlines()
            shown += "\n".join(re.sub(r"\[\d+:\d+\]", "", l) for l in lines if not l.startswith("#"))
    return shown


class Ufw:
    """Debian's and Ubuntu's simple one: iptables-restore, of chains of its own."""

    def __init__(self, world, before_input=()):
        self.world = world
        if not shutil.which("iptables", path="/usr/sbin:/sbin"):
            pytest.skip("no iptables here")
        unpack(world, "ufw")
        # What its package would do when it is installed.
        shell(
            world,
            "cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/ufw.conf /usr/share/ufw/*.init /etc/ufw/;"
            "chmod 640 /etc/ufw/*.rules",
        )
        for rule in before_input:
            shell(world, f"sed -i '/^# End required lines/a {rule}' /etc/ufw/before.rules")
        shell(world, "ufw allow 25/tcp && ufw --force enable")
        assert "ufw-user-input" in rules(world)

    def reload(self):
        shell(self.world, "ufw reload")


# Everybody on the bus may do everything, and it starts nobody: firewalld then asks no PolicyKit.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <auth>EXTERNAL</auth>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Firewalld:
    """Red Hat's: a daemon with a table of nf_tables, and a bus to speak with it."""

    def __init__(self, world):
        self.world = world
        unpack(world, "firewalld")
        bus = world.folder / "bus.conf"
        bus.write_text(BUS)
        shell(world, "mkdir -p /run/dbus; firewall-offline-cmd --add-service=smtp")
        self.log = open(world.folder / "firewalld.log", "wb")
        self.bus = self._spawn("dbus-daemon", f"--config-file={bus}", "--nofork", "--nopidfile")
        wait_until(lambda: world.inside("/run/dbus/system_bus_socket").exists(), 10, "the bus")
        self.daemon = self._spawn("firewalld", "--nofork", "--nopid")
        try:
            wait_until(self._runs, 30, "firewalld")
        except WorldError:
            pytest.skip(f"firewalld does not run here: {(world.folder / 'firewalld.log').read_text()[-2000:]}")
        assert "table inet firewalld" in rules(world)

    def _spawn(self, *command):
        return self.world.server_spawn(command, stdout=self.log, stderr=self.log)

    def _runs(self):
        return self.world.server_exec(["firewall-cmd", "--state"], seconds=30).returncode == 0

    def reload(self):
        shell(self.world, "firewall-cmd --reload", seconds=60)


class NftFile:
    """A hand-written ruleset, as /etc/nftables.conf of Debian's package begins: by flushing all there is."""

    TEXT = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
	set known { type ipv4_addr; elements = { 10.67.0.9 } }
	chain input {
		type filter hook input priority filter; policy drop;
		iif lo accept
		ct state established,related accept
		meta l4proto { icmp, ipv6-icmp } accept
		ip saddr @known counter accept
		tcp dport 25 counter accept
	}
	chain forward { type filter hook forward priority filter; policy drop; }
}
"""

    def __init__(self, world):
        self.world = world
        file = world.folder / "nftables.conf"
        file.write_text(self.TEXT)
        shell(world, f"cp {file} /etc/nftables.conf")
        self.reload()

    def reload(self):
        shell(self.world, "nft -f /etc/nftables.conf")


class Legacy:
    """Hand-written rules of iptables before nf_tables, saved and restored."""

    def __init__(self, world):
        self.world = world
        if not shutil.which("iptables-legacy", path="/usr/sbin:/sbin"):
            pytest.skip("no iptables-legacy here")
        for iptables in "iptables-legacy", "ip6tables-legacy":
            shell(
                world,
                f"{iptables} -N mail && {iptables} -A mail -m limit --limit 1000/s -j RETURN &&"
                f"{iptables} -A INPUT -p tcp --dport 25 --syn -j mail &&"
                f"{iptables} -A INPUT -p tcp --dport 2500 -j REJECT &&"
                f"{iptables} -t mangle -A PREROUTING -p tcp --dport 2500 -j MARK --set-mark 5 &&"
                f"{iptables}-save >/etc/{iptables}",
            )

    def reload(self):
        for iptables in "iptables-legacy", "ip6tables-legacy":
            shell(self.world, f"{iptables}-restore </etc/{iptables}")
