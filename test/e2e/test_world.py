# SPDX-License-Identifier: Apache-2.0
"""Proves the world that the other end-to-end tests run in: a real Courier does there what
it does on a real host, and nothing of it touches or outlives the machine's own state."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from world import MAILHOST, World, mail_servers_folder, processes_in_namespace, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

LISTED = ["10.66.3.4", "2001:db8:66:34::1"]
HONEST = ["10.67.3.4", "2001:db8:67:34::1"]
SERVER_ROOT = mail_servers_folder() / "courier-root"
NAMESPACES = ("mnt", "net", "pid", "uts", "ipc")


def as_courier_logs(address):
    return address if ":" in address else f"::ffff:{address}"


def namespaces_of(pid):
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in NAMESPACES}


def still_there(namespaces):
    return {kind: processes_in_namespace(kind, name) for kind, name in namespaces.items()}


def nothing_is_left_of(namespaces):
    return not any(still_there(namespaces).values())


@pytest.mark.parametrize("address", LISTED)
def test_listed_client_is_told_511_and_logged(world, address):
    client = world.smtp(address)
    assert client.greeting == (220, b"mx.example.test ESMTP")
    client.ehlo()
    client.mail("zombie@spam.test")
    code, text = client.rcpt("ham@example.test")

    assert code == 511
    assert address in text.decode()
    port = client.sock.getsockname()[1]
    world.mail_log.wait_for(
        rf"courieresmtpd: error,relay={re.escape(as_courier_logs(address))},port={port},"
        r"from=<zombie@spam\.test>,to=<ham@example\.test>: 511 Listed by dnsbl\.test"
    )
    assert len(world.handlers()) == 1, "it was told, and still holds its slot"


@pytest.mark.parametrize("address", HONEST)
def test_honest_client_delivers(world, address):
    client = world.smtp(address)
    refused = client.sendmail(
        "anna@ham.test", ["ham@example.test"], "Subject: hello\r\n\r\nfrom " + address
    )
    client.quit()

    assert not refused
    world.mail_log.wait_for(r"courierlocal: .*<ham@example\.test>.*success: Message delivered")
    (message,) = world.delivered()
    assert f"from {address}" in message.read_text()
    wait_until(lambda: not world.handlers(), 10, "the handler to end")


def test_clients_wait_unanswered_when_all_slots_are_taken():
    with World(maxdaemons=2) as world:
        holders = [world.smtp(next(world.listed4)) for _ in range(2)]
        waiting = world.connect(next(world.honest4))
        world.mail_log.wait_for(r"courieresmtpd: 2 maximum active connections\.")
        waiting.settimeout(1)
        with pytest.raises(socket.timeout):
            waiting.recv(100)

        holders[0].close()
        waiting.settimeout(20)
        assert waiting.recv(100).startswith(b"220 ")


def test_login_and_starttls_work(world):
    client = world.smtp(next(world.listed4))
    assert client.login(world.ready["login"], world.ready["password"])[0] == 235
    client = world.smtp(next(world.listed4))
    assert client.docmd("STARTTLS")[0] == 220


def test_block_list_answers_its_test_entries(world):
    def lookup(name):
        return world.server_exec(["getent", "ahostsv4", name]).stdout

    # RFC 5782 section 5
    assert lookup("2.0.0.127.dnsbl.test").startswith("127.0.0.2")
    assert lookup("1.0.0.127.dnsbl.test") == ""
    assert lookup("4.3.66.10.dnsbl.test").startswith("127.0.0.2")
    assert lookup("4.3.67.10.dnsbl.test") == ""


def test_settings_are_where_an_administrator_has_them():
    with World(tarpit=1, maxdaemons=40, log_format="iso8601") as world:
        settings = world.inside("/etc/courier/esmtpd").read_text()
        assert re.search(r"^TARPIT=1$", settings, re.M)
        assert re.search(r"^MAXDAEMONS=40$", settings, re.M)
        world.smtp(next(world.honest4))
        line = world.mail_log.wait_for(r"courieresmtpd: started,ip=\[::ffff:10\.67\.")
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+", line)
        inside = world.server_exec(["tail", "-n", "1", "/var/log/mail.log"])
        assert inside.stdout.strip() == line


def test_worker_without_privileges_can_read_the_log(world):
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--init-groups", "--"]
    assert world.server_exec([*as_nobody, "cat", "/var/log/mail.log"]).returncode == 0
    assert world.server_exec([*as_nobody, "ls", world.folder]).returncode == 0


def test_machine_is_left_as_it_was():
    def machine():
        root = os.stat("/")
        found = {"host name": os.uname().nodename, "root": (root.st_dev, root.st_ino)}
        for path in "/etc/passwd /etc/group /etc/resolv.conf /etc/rsyslog.conf /dev/log".split():
            found[path] = os.lstat(path).st_ino if os.path.lexists(path) else None
        for path in "/etc/courier /var/lib/courier /srv/mail/ham".split():
            found[path] = sorted(os.listdir(path)) if os.path.exists(path) else None
        return found

    before = machine()
    with World() as world:
        world.smtp(next(world.honest4)).quit()
        assert world.server_exec(["touch", "/etc/written-inside"]).returncode == 0
        assert world.inside("/etc/written-inside").exists()
        assert machine() == before
        mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        assert str(world.folder) not in mounts
    assert not os.path.exists("/etc/written-inside")
    assert machine() == before


# In namespaces of its own, so that a mailhost which does not refuse harms nothing.
@pytest.mark.parametrize(
    "before, complaint",
    [
        ("ip link add left up type veth peer name right && exec", "interfaces in use"),
        ("true &&", "first process of a new PID namespace"),
    ],
    ids=["network", "processes"],
)
def test_mailhost_refuses_namespaces_that_are_in_use(before, complaint):
    with tempfile.TemporaryDirectory() as state:
        run = f"{MAILHOST} run --server-root {SERVER_ROOT} --state {state}"
        refused = subprocess.run(
            # Not the shell's last command, or it would exec that by itself.
            "unshare --mount --net --pid --fork --kill-child sh -c".split()
            + [f"{before} {run}; exit $?"],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert refused.returncode == 3
        assert complaint in refused.stderr
        assert os.listdir(state) == []


def test_nothing_is_left_after_the_end():
    with World() as world:
        held = world.smtp(next(world.listed4))
        namespaces = namespaces_of(world.pid)
        folder = world.folder
        assert all(still_there(namespaces).values())
    held.close()
    wait_until(lambda: nothing_is_left_of(namespaces), 5, "the processes to end")
    assert not folder.exists()


OWNER = """
import sys, time
from world import World
with World() as world:
    world.smtp(next(world.listed4))
    print(world.pid, world.folder, flush=True)
    time.sleep(60)
"""


def test_nothing_is_left_after_kill_9():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        stdout=subprocess.PIPE,
        text=True,
        cwd=pathlib.Path(__file__).parent,
    )
    try:
        pid, folder = owner.stdout.readline().split()
        namespaces = namespaces_of(pid)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.communicate(timeout=10)
    wait_until(lambda: nothing_is_left_of(namespaces), 5, "the processes to end")
    # Only what a caller that is gone cannot remove: its temporary folder, without mounts.
    assert folder not in pathlib.Path("/proc/self/mountinfo").read_text()
    subprocess.run(["rm", "-r", folder], check=True, timeout=10)
