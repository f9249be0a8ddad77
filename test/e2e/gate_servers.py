# SPDX-License-Identifier: Apache-2.0
"""Mail servers behind the gate of the daemon under test, and the ways in which it lets clients in to each.

    server = start("exim", world)
    with Guard(world, gate(**server.ways["proxy 1"]), sources=server.sources):
        ...
        server.saw("10.67.0.9")

Beside those of other_servers.py there are Sendmail, which is started for each client, and Haraka from npm.
"""

import ipaddress
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import other_servers
from world import command_name, mail_servers_folder, wait_until

PROXY_PORT = 2526  # expects a PROXY header, from this host alone
NPM_SECONDS = 60


def proxy(server, version):
    return {"handoff": "proxy", "server": server, "proxy_version": version}


def transparent(port):
    return {"handoff": "transparent", "server": port}


class Courier:
    """The one that every World has."""

    ways = {"transparent": transparent(25)}

    def __init__(self, world):
        self.world = world
        self.sources = "mail { server = courier }\nwatch { file = /var/log/mail.log }\n"

    def start(self):
        pass

    def saw(self, address):
        named = address if ":" in address else f"::ffff:{address}"
        self.world.mail_log.wait_for(rf"started,ip=\[{re.escape(named)}\]")

        def received():
            return any(f"([{named}])" in mail.read_text() for mail in self.world.delivered())

        wait_until(received, 5, f"a message with the address {named} in its Received line")


class Gated:
    """Of a server of other_servers.py."""

    def saw(self, address):
        """Waits until the server has written that it took a message of this client."""
        self.wait_for(address, "accepted", offence=False)


class Exim(Gated, other_servers.Exim):
    ways = {
        "exec": {
            "handoff": "exec",
            "program": "/usr/sbin/exim4, -bs",
            "user": "Debian-exim",
            "environment": '""',
        },
        "transparent": transparent(2525),
    }

    def handlers(self):
        """The daemon, and a process for each client and each message on its way."""
        return [pid for pid in self.world.processes() if command_name(pid) == "exim4"]

    def stop(self):
        """And all that it has started."""
        for pid in self.handlers():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(5)


class EximHeavy(Exim):
    """The build that knows the PROXY protocol."""

    name = "exim-heavy"
    mail_server = "exim"
    ways = {"proxy 1": proxy("127.0.0.1:2525", 1), "proxy 2": proxy("127.0.0.1:2525", 2)}

    def configure(self):
        super().configure()
        path = self.world.inside("/etc/exim4/exim4.conf")
        option = "\nhosts_proxy = 127.0.0.1\n\nbegin acl"
        path.write_text(path.read_text().replace("\nbegin acl", option, 1))


class Postfix(Gated, other_servers.Postfix):
    ways = {
        "pass": {"handoff": "pass", "socket": "/var/spool/postfix/private/smtpd"},
        "proxy 1": proxy(f"127.0.0.1:{PROXY_PORT}", 1),
        "proxy 2": proxy(f"127.0.0.1:{PROXY_PORT}", 2),
        "transparent": transparent(2525),
    }

    def configure(self):
        super().configure()
        with open(self.world.inside("/etc/postfix/master.cf"), "a") as services:
            services.write(
                "smtpd pass - - n - - smtpd\n"
                f"127.0.0.1:{PROXY_PORT} inet n - n - - smtpd\n"
                "  -o smtpd_upstream_proxy_protocol=haproxy\n"
            )


    def stop(self):
        self.run_inside("postfix", "stop")
        self.process.wait(5)


class OpenSmtpd(Gated, other_servers.OpenSmtpd):
    ways = {
        "proxy 2": proxy(f"127.0.0.1:{PROXY_PORT}", 2),
        "transparent": transparent(2525),
    }

    def configure(self):
        super().configure()
        path = self.world.inside("/etc/smtpd.conf")
        listen = f"listen on 127.0.0.1 port {PROXY_PORT} proxy-v2 hostname mx.example.test"
        path.write_text(path.read_text().replace("\naction", f"\n{listen}\naction", 1))


class Sendmail(other_servers.Server):
    """No daemon: one process for each client. What it takes lies in its queue."""

    name = "sendmail"
    program = "/usr/libexec/sendmail/sendmail"
    ways = {
        "exec": {
            "handoff": "exec",
            "program": f"{program}, -bs, -odq",
            "user": "root",
            "environment": '""',
        }
    }

    def configure(self):
        self.write("/etc/mail/sendmail.mc", """
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
FEATURE(`nocanonify')dnl
define(`confDOMAIN_NAME', `mx.example.test')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confTO_IDENT', `0')dnl
LOCAL_DOMAIN(`example.test')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
""")
        self.run_inside("install", "-d", "-m", "0755", "/var/spool/mqueue", "/var/lib/sendmail/host_status")
        for name in "local-host-names", "trusted-users", "relay-domains", "access", "aliases":
            self.write(f"/etc/mail/{name}", "")
        self.run_inside("sh", "-c", "m4 /etc/mail/sendmail.mc >/etc/mail/sendmail.cf")

    def run(self):
        pass

    def saw(self, address):
        named = address
        if ":" in address:
            words = ipaddress.ip_address(address).exploded.split(":")
            named = "IPv6:" + ":".join(f"{int(word, 16):x}" for word in words)
        self.log.wait_for(rf"from=<anna@ham\.test>,.* relay=.*\[{re.escape(named)}\]")
        queue = self.world.inside("/var/spool/mqueue")

        def received():
            return any(f"[{named}]" in path.read_text("latin-1") for path in queue.glob("qf*"))

        wait_until(received, 5, f"a message with the address {named} in its Received line")


class Haraka(other_servers.Server):
    """By npm, as it is no package of Debian's. What it takes lies in /tmp."""

    name = "haraka"
    ways = {"proxy 1": proxy(f"127.0.0.1:{PROXY_PORT}", 1)}
    folder = "/srv/haraka"
    command = ("node", f"{folder}/node_modules/Haraka/bin/haraka", "-c", folder)

    def configure(self):
        self.write(f"{self.folder}/config/smtp.ini", f"listen=127.0.0.1:{PROXY_PORT}\nnodes=0\n")
        # Nothing of the one that comes along is left where there is another one.
        usual = self.world.inside(f"{self.folder}/node_modules/Haraka/config/connection.ini").read_text()
        usual = re.sub(r"^hosts\[\] =$", "hosts[] = 127.0.0.1", usual, flags=re.M)
        self.write(f"{self.folder}/config/connection.ini", usual)
        self.write(f"{self.folder}/config/plugins", "rcpt_to.in_host_list\nqueue/test\n")
        self.write(f"{self.folder}/config/host_list", "example.test\n")
        self.write(f"{self.folder}/config/me", "mx.example.test\n")

    def greets(self):
        """Only to somebody whom a PROXY header introduces."""
        assert self.process.poll() is None, self.output()
        return self.world.server_exec(["ss", "-Hlnt", f"sport = {PROXY_PORT}"]).stdout

    def saw(self, address):
        folder = self.world.inside("/tmp")

        def received():
            return any(address in path.read_text() for path in folder.glob("mail_*.eml"))

        wait_until(received, 5, f"a message with the address {address} in its Received line")


SERVERS = {
    "courier": Courier,
    "exim": Exim,
    "exim-heavy": EximHeavy,
    "postfix": Postfix,
    "opensmtpd": OpenSmtpd,
    "sendmail": Sendmail,
    "haraka": Haraka,
}


def fetch_haraka():
    target = mail_servers_folder() / "haraka-root"
    if target.exists():
        return None
    if not shutil.which("npm") or not shutil.which("node"):
        return "it comes by npm, which is not here"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch.", dir=target.parent) as work:
        folder = pathlib.Path(work) / "srv" / "haraka"
        folder.mkdir(parents=True)
        os.chmod(work, 0o755)
        install = "npm install --no-audit --no-fund --ignore-scripts --omit=optional Haraka@3.3".split()
        try:
            done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS)
        except subprocess.TimeoutExpired:
            return f"npm did not have it within {NPM_SECONDS} s"
        if done.returncode:
            return f"npm: {done.stderr.strip()[-300:]}"
        os.rename(work, target)
        os.mkdir(work)  # for the end of the with
    return None


def fetch(name):
    """Unpacks a server in build/mail-servers; the reason why not, or None."""
    if name == "courier":
        return None
    return fetch_haraka() if name == "haraka" else other_servers.fetch(name)


def start(name, world):
    """Starts a server that fetch() has unpacked; WorldError says why it did not."""
    server = SERVERS[name](world)
    server.start()
    return server
