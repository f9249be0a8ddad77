# SPDX-License-Identifier: Apache-2.0
"""Mail servers other than Courier, in a World beside its Courier, each as Debian packs it.

    with World(visible=visible()) as world:  # the one of this module
        server = start("exim", world)
        client = world.smtp("10.66.0.9", port=server.port)
        ...
        assert ("unknown-recipient", True) in server.findings("10.66.0.9")

Each serves example.test with the one address ham@example.test, throws away what is
delivered, and lets `ham` log in.
"""

import imaplib
import json
import re
import subprocess

import guard
from world import FETCH, REPOSITORY, MailLog, WorldError, mail_servers_folder, wait_until

LOGIN, PASSWORD = "ham", "correct-horse"

# The users that the servers run as: Postfix wants numbers that nobody else has.
USERS = "Debian-exim postfix postdrop dovecot dovenull opensmtpd opensmtpq smmta smmsp".split()
FIRST_USER = 61030

START_SECONDS = 10
FETCH_SECONDS = 60


def visible():
    """What World(visible=…) has to show for these servers and the program under test."""
    inside_repository = REPOSITORY in mail_servers_folder().resolve().parents
    return guard.visible() + ([] if inside_repository else [mail_servers_folder()])


def fetch(name):
    """Unpacks a server in build/mail-servers; the reason why not, or None."""
    try:
        done = subprocess.run(
            [FETCH, name, mail_servers_folder()],
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{name} was not there within {FETCH_SECONDS} s"
    return done.stderr.strip() if done.returncode else None


class Server:
    """One of them, running. `forged` is a whole line of its own that accuses an address."""

    name = None
    port = 2525
    refusal = 550
    logs_in = True  # whether it has passwords
    refused_relay = "relay-denied"
    log_file = "/var/log/mail.log"
    mail_server = None  # what the guard knows it as, when not by its name
    service = None  # where the log does not say it
    command = ()
    forged = ""

    def __init__(self, world):
        self.world = world
        self.process = None

    # What a server is made of.

    def configure(self):
        raise NotImplementedError

    # What the tests do with it.

    @property
    def log(self):
        return MailLog(self.world.inside(self.log_file))

    @property
    def sources(self):
        """What a guard's configuration says of the server and its log."""
        service = f"  service = {self.service}\n" if self.service else ""
        return (
            f"mail {{\n  server = {self.mail_server or self.name}\n  ports = {self.port}\n}}\n"
            f"watch {{\n  file = {self.log_file}\n{service}}}\n"
        )

    def answers(self):
        """What `wavebreak match` says of each line of the log that the server has written."""
        service = ["--service", self.service] if self.service else []
        done = subprocess.run(
            [guard.binary(), "match", "--format", "json", *service, self.log.path],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode in (0, 1), done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def findings(self, address):
        """The outcomes of an address, each with whether it is an offence."""
        return {
            (answer["outcome"], answer["offence"])
            for answer in self.answers()
            if answer["address"] == address and answer["service"] != "courier"
        }

    def wait_for(self, address, outcome, offence=True):
        try:
            wait_until(lambda: (outcome, offence) in self.findings(address), 10, outcome, 0.1)
        except WorldError:
            log = "\n".join(self.log.lines()[-30:])
            raise AssertionError(
                f"no {outcome} of {address}, only {self.findings(address)} in\n{log}"
            ) from None

    # How it is started.

    def start(self):
        """Lays the unpacked server into the private root, and runs it until it greets."""
        root = mail_servers_folder() / f"{self.name}-root"
        self.run_inside("cp", "-a", "--no-preserve=ownership", f"{root}/.", "/")
        self.make_accounts()
        self.configure()
        self.run()

    def run(self):
        with open(self.world.folder / f"{self.name}.out", "wb") as output:
            self.process = self.world.server_spawn(self.command, stdout=output, stderr=output)
        wait_until(self.greets, START_SECONDS, f"{self.name} to greet")

    def output(self):
        return (self.world.folder / f"{self.name}.out").read_text(errors="replace")

    def greets(self):
        if self.process.poll() is not None:
            raise WorldError(f"{self.name} ended: {self.output()}")
        try:
            with self.world.connect("10.67.255.254", port=self.port, seconds=5) as connection:
                return connection.recv(100)
        except OSError:
            return False

    def make_accounts(self):
        for file, rest in ("passwd", ":/nonexistent:/usr/sbin/nologin"), ("group", ""):
            path = self.world.inside(f"/etc/{file}")
            lines = path.read_text().splitlines()
            lines = [line for line in lines if line.split(":")[0] not in USERS]
            for number, user in enumerate(USERS, FIRST_USER):
                group = f":{number}:" if file == "passwd" else ":"
                lines.append(f"{user}:x:{number}{group}{rest}")
            path.write_text("\n".join(lines) + "\n")

    def run_inside(self, *command):
        done = self.world.server_exec(command)
        if done.returncode:
            raise WorldError(done.stdout + done.stderr)
        return done.stdout

    def set_group_id(self, group, *programs):
        self.run_inside("chgrp", group, *programs)
        self.run_inside("chmod", "g+s", *programs)

    def write(self, path, text):
        path = self.world.inside(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class Exim(Server):
    name = service = "exim"
    log_file = "/var/log/exim4/mainlog"
    command = ("/usr/sbin/exim4", "-bdf", "-q30m")
    forged = "H=(x) [{}] F=<a@b.test> rejected RCPT <c@example.test>: {} is listed at dnsbl.test"

    def configure(self):
        # The reasons are worded as in Debian's own ACLs.
        self.write("/etc/exim4/exim4.conf", f"""
primary_hostname = mx.example.test
domainlist local_domains = example.test
daemon_smtp_ports = {self.port}
log_file_path = /var/log/exim4/%slog
tls_advertise_hosts =
acl_smtp_rcpt = check_rcpt

begin acl
check_rcpt:
  accept authenticated = *
  deny dnslists = dnsbl.test
       message = $sender_host_address is listed at $dnslist_domain ($dnslist_value: $dnslist_text)
  require message = relay not permitted
          domains = +local_domains
  require verify = recipient
  accept

begin routers
throw_away:
  driver = redirect
  domains = +local_domains
  local_parts = ham
  data = :blackhole:

begin authenticators
plain_server:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_condition = ${{if and{{{{eq{{$auth2}}{{{LOGIN}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
login_server:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_set_id = $auth1
  server_condition = ${{if and{{{{eq{{$auth1}}{{{LOGIN}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}
""")
        for folder in "/var/spool/exim4", "/var/log/exim4":
            self.run_inside("install", "-d", "-o", "Debian-exim", "-g", "adm", folder)


class Dovecot(Server):
    name = "dovecot"
    mail_server = "courier"  # to the guard, a Dovecot is always beside one that takes mail
    port = 1143
    smtp_socket = "/run/dovecot/auth-smtp"
    command = ("/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf")
    forged = (
        "imap-login: Disconnected: Connection closed (auth failed, 9 attempts in 9 secs): "
        "user=<x>, method=PLAIN, rip={}, lip=10.68.0.1, session=<x>"
    )

    def configure(self):
        self.write("/etc/dovecot/users", f"{LOGIN}:{{PLAIN}}{PASSWORD}\n")
        self.write("/etc/dovecot/dovecot.conf", f"""
protocols = imap
listen = *, ::
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
auth_verbose = yes
mail_location = maildir:/srv/mail/dovecot
service imap-login {{
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
# Without the seconds that it makes a client wait that failed before.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-smtp {{
    mode = 0666
  }}
}}
passdb {{
  driver = passwd-file
  args = /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=ham gid=ham home=/srv/mail/dovecot
}}
""")
        self.run_inside("install", "-d", "-o", "ham", "-g", "ham", "/srv/mail/dovecot")


class Imap(imaplib.IMAP4):
    """An IMAP client on a connection of World.connect()."""

    def __init__(self, connection):
        self._connection = connection
        super().__init__()

    def _create_socket(self, timeout):
        return self._connection


class Postfix(Server):
    name = "postfix"
    refusal = 554
    command = ("/usr/sbin/postfix", "start-fg")
    forged = (
        "NOQUEUE: reject: RCPT from unknown[{}]: 554 5.7.1 Service unavailable; Client host [{}] "
        "blocked using dnsbl.test; from=<a@b.test> to=<c@example.test> proto=ESMTP helo=<x>"
    )

    def configure(self):
        self.run_inside("chown", "postfix", "/var/lib/postfix")
        self.set_group_id("postdrop", "/usr/sbin/postdrop", "/usr/sbin/postqueue")
        # It has no passwords itself; a Dovecot beside it does.
        self.logs_in = self.world.inside(Dovecot.smtp_socket).exists()
        self.write("/etc/postfix/main.cf", f"""
compatibility_level = 3.6
myhostname = mx.example.test
mydestination = example.test
mynetworks = 127.0.0.0/8
inet_protocols = all
alias_maps =
local_recipient_maps = inline:{{ham=x}}
local_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = reject_rbl_client dnsbl.test
smtpd_sasl_auth_enable = {"yes" if self.logs_in else "no"}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {Dovecot.smtp_socket}
""")
        # Debian's own, on another port and with the whole root in sight.
        services = self.world.inside("/usr/share/postfix/master.cf.dist").read_text()
        services = re.sub(r"^smtp(\s+inet)", rf"{self.port}\1", services, flags=re.M)
        services = re.sub(r"^(\w+\s+(?:inet|unix)(?:\s+\S+){2}\s+)y\b", r"\1n", services, flags=re.M)
        self.write("/etc/postfix/master.cf", services)


class OpenSmtpd(Server):
    """Without logins: it lets nobody log in unencrypted, and the TLS of Debian 12's fails."""

    name = "opensmtpd"
    logs_in = False
    refused_relay = "unknown-recipient"  # it says the same of both
    command = ("/usr/sbin/smtpd", "-F")
    forged = (
        "7f3a1b2c4d5e6f70 smtp event=failed-command address={} host=x "
        'command="RCPT TO:<c@example.test>" result="550 Client host is listed at dnsbl.test"'
    )

    def configure(self):
        # It asks no block list itself: the one who does is a filter, of which this is the answer.
        self.write("/etc/smtpd.conf", f"""
table listed {{ 10.66.0.0/16, "2001:db8:66::/48" }}
table recipients {{ "ham@example.test" = "ham" }}
filter dnsbl phase rcpt-to match src <listed> reject "550 5.7.1 Client host is listed at dnsbl.test"
listen on 10.68.0.1 port {self.port} filter dnsbl hostname mx.example.test
listen on 2001:db8:68::1 port {self.port} filter dnsbl hostname mx.example.test
action throw_away mda "cat >/dev/null" virtual <recipients>
match from any for domain example.test action throw_away
""")


SERVERS = {server.name: server for server in (Exim, Postfix, Dovecot, OpenSmtpd)}


def start(name, world):
    """Starts a server that fetch() has unpacked; WorldError says why it did not."""
    server = SERVERS[name](world)
    server.start()
    return server
