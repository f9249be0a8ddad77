# SPDX-License-Identifier: Apache-2.0
"""The demo as a person runs it: what it says in the end, and that it leaves nothing behind."""

import contextlib
import json
import fcntl
import http.client
import os
import pathlib
import pty
import re
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import xml.etree.ElementTree

import pytest

from browser import Browser, ThisMachine, chromium
from guard import binary
from world import processes_in_namespace, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

SECONDS = 16

# What a sender that the gate does not know yet waits (gate.greet_wait), less the clocks' grain.
GREET_WAIT = 5.9


def folders():
    return set(pathlib.Path(os.environ["TMPDIR"]).glob("wavebreak-demo.*"))


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


@pytest.fixture
def nothing_left(monkeypatch):
    """No folder is, in a place where nobody else's demo makes one."""
    with tempfile.TemporaryDirectory(prefix="wavebreak-test-") as place:
        os.chmod(place, 0o755)
        monkeypatch.setenv("TMPDIR", place)
        yield
        assert folders() == set()


def row(table, name):
    """The cells of a row of the table at the end."""
    line = next(line for line in table.splitlines() if line.strip().startswith(name))
    return re.split(r"\s{2,}", line.strip())[1:]


def of(cell):
    return tuple(int(number) for number in re.findall(r"\d+", cell))


def seconds(cell):
    number, unit = re.fullmatch(r"(?:> )?([\d.]+) (ms|s)", cell).groups()
    return float(number) / (1000 if unit == "ms" else 1)


def test_the_wave_unguarded_watched_and_gated(tmp_path, nothing_left):
    command = [binary(), "demo", "--seconds", str(SECONDS), "--rate", "40", "--steady", "--maxdaemons", "100"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    table = done.stdout

    unguarded, watched, gated = map(int, row(table, "Courier's processes at once"))
    assert unguarded >= 100 > watched, "the server is full, and is not"
    assert 1 <= gated < 10, "Courier sees the honest senders alone"
    for cell in row(table, "honest senders greeted within 10 s")[1:] + row(table, "their mail delivered")[1:]:
        done_well, honest = of(cell)
        assert done_well == honest >= SECONDS // 2 - 1
    for cell in row(table, "zombies that asked")[1:]:
        told, asked = of(cell)
        assert asked > SECONDS * 40 / 2 and told == asked
    assert seconds(row(table, "their wait, 95 %")[2]) >= GREET_WAIT
    assert seconds(row(table, "and when they come again")[2]) < 1, "it is known by then"
    watched, gated = map(seconds, row(table, "CPU of Courier")[1:])
    assert gated < watched / 2
    assert "limit 100" in table, "the curves"
    assert "\x1b" not in table and " left" not in table, "in a pipe there is no progress bar"
    assert table.splitlines()[-1].endswith("./wavebreak-demo.svg")
    picture = xml.etree.ElementTree.parse(tmp_path / "wavebreak-demo.svg").getroot()
    assert picture.tag.endswith("svg")
    words = " ".join(picture.itertext())
    assert all(word in words for word in ("unguarded", "watched", "gated", "limit 100", "Honest senders"))


def test_the_silent_wave_unguarded_and_relieved(tmp_path, nothing_left):
    """Of clients that no log line and no list knows: all 100 places are gone after 9 s, and relief, which
    may end those that are silent for 5 s, has to keep some free. 12 a second hold 60 of 100 for 5 s."""
    command = [binary(), "demo", "--silent", "--seconds", "24", "--rate", "12", "--maxdaemons", "100"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=140, check=False)
    assert done.returncode == 0, done.stderr
    table = done.stdout

    unguarded, watched = map(int, row(table, "Courier's processes at once"))
    assert unguarded >= 100 > watched, "the server is full, and is not"
    (out, honest), (in_time, _) = map(of, row(table, "honest senders greeted within 10 s"))
    assert out < honest == in_time == 12
    alone, relieved = row(table, "their wait, the longest")
    assert alone.startswith("> ") and seconds(alone) > 2
    assert seconds(relieved) < 1
    assert of(row(table, "their mail delivered")[1]) == (12, 12)


def test_the_figures_for_programs(tmp_path, nothing_left):
    command = [binary(), "demo", "--json", "--only", "unguarded", "--seconds", "10", "--rate", "4", "--mute", "0",
               "--drop", "--steady", "--maxdaemons", "50", "--svg", "here.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    story = json.loads(done.stdout)
    assert (story["seconds"], story["rate"], story["steady"], story["maxdaemons"]) == (10, 4, True, 50)
    assert set(story) & {"unguarded", "watched", "gated"} == {"unguarded"}
    visits = story["unguarded"]["visits"]
    assert visits["delivered"] == visits["honest"] > 0
    assert visits["zombies"] > 20 and visits["zombies_asked"] == 0, "Courier dropped them before they could ask"
    assert "unguarded: Courier alone" in done.stderr
    assert (tmp_path / "here.svg").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_is_interrupted(tmp_path, nothing_left, how):
    before = folders()
    port = free_port()
    command = [binary(), "demo", "--seconds", "60", "--only", "gated", f"--dashboard={port}"]
    with open(tmp_path / "said", "wb") as said:
        demo = subprocess.Popen(command, cwd=tmp_path, stdout=said, stderr=said)
    try:
        inside = wait_until(lambda: mailhost_of(folders() - before), 30, "Courier to greet")
        demo.send_signal(how)
        status = demo.wait(10)
    finally:
        demo.kill()
        demo.wait(5)
    wait_until(lambda: not processes_in_namespace("pid", inside), 5, "the processes inside to end")
    wait_until(lambda: folders() <= before, 5, "the folder to go")
    wait_until(lambda: not answers(port), 5, "the page to go")
    assert status == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert not (tmp_path / "wavebreak-demo.svg").exists()
    assert how == signal.SIGKILL or "no picture was drawn" in (tmp_path / "said").read_text()


def mailhost_of(places):
    """The PID namespace of the server that runs in one of these folders, once it greets."""
    for ready in (path for place in places for path in place.glob("*/ready")):
        text = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        return str(pathlib.Path(f"/proc/{text['pid']}/ns/pid").readlink())
    return None


@contextlib.contextmanager
def running(tmp_path, *options):
    """The demo with these options; what it says is in `said`."""
    with open(tmp_path / "said", "wb") as said:
        demo = subprocess.Popen([binary(), "demo", *options], cwd=tmp_path, stdout=said, stderr=said)
    try:
        yield demo
    finally:
        demo.terminate()
        demo.wait(20)


def latest(browser, name):
    return browser.value(f"latest.{name}")


def status_of(port, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/status.json", headers={"Host": host})
    return connection.getresponse().status


@pytest.mark.skipif(not chromium(), reason="no Chromium")
def test_the_page_shows_all_three_waves(tmp_path, nothing_left):
    """In one and the same window of a browser on this machine, though each wave has a guard of its own."""
    port = free_port()
    options = ("--seconds", "14", "--rate", "30", "--steady", "--maxdaemons", "100")
    with running(tmp_path, f"--dashboard={port}", *options) as demo, Browser(ThisMachine(tmp_path)) as browser:
        said = wait_until((tmp_path / "said").read_text, 60, "it to say where to look")
        assert f"http://127.0.0.1:{port}/" in said.splitlines()[0]
        browser.open(f"http://127.0.0.1:{port}/")
        browser.wait("latest && latest.served > 90 && latest.limit === 100", 30)
        assert browser.text("#mode").startswith("observing courier")
        assert browser.text("#state") == "The mail server is near its limit."
        browser.wait("document.querySelector('#tiles').textContent.includes('would be banned')")
        assert latest(browser, "ended") == 0, "it acts on nothing"
        assert status_of(port, f"127.0.0.1:{port}") == 200
        assert status_of(port, "rebound.example") == 403

        browser.wait("document.querySelector('#link').textContent !== 'Live'", 30)
        browser.wait("document.querySelector('#mode').textContent.startsWith('guarding courier')", 40)
        browser.wait("latest.banned > 50 && latest.ended > 50 && latest.served > 0 && latest.served < 100", 20)
        assert browser.text("#link") == "Live"
        browser.wait("!document.querySelector('#tiles').textContent.includes('would be banned')")
        browser.wait("latest.gate > 50", 60)
        assert browser.value("Math.max(...samples.served)") >= 90, "the first wave is still on the page"
        assert demo.wait(60) == 0
        browser.wait("document.querySelector('#link').classList.contains('alarm')")
    assert not answers(port)
    said = (tmp_path / "said").read_text()
    assert "looked on for the page (--observe), and acted on nothing" in said
    assert said.splitlines()[-1].endswith("./wavebreak-demo.svg")


def test_a_port_that_is_taken_is_said_before_anything_begins(tmp_path, nothing_left):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [binary(), "demo", f"--dashboard={taken.getsockname()[1]}"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"--dashboard: cannot listen at 127\.0\.0\.1, port \d+: Address already in use", done.stderr)


def test_a_picture_that_cannot_be_written_is_said_before_anything_begins(tmp_path, nothing_left):
    command = [binary(), "demo", "--svg", "no-folder/wave.svg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no-folder/wave.svg: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    "place, words",
    [
        ("0.0.0.0:9030", "to this machine alone"),
        ("10.0.0.1:9030", "to this machine alone"),
        ("[2001:db8::1]:9030", "to this machine alone"),
        ("::1:9030", "an address and a port"),
        ("localhost:9030", "an address and a port"),
        ("127.0.0.1", "a port from 1 to 65535"),
        ("70000", "a port from 1 to 65535"),
        ("0", "a port from 1 to 65535"),
    ],
)
def test_the_page_is_for_this_machine_alone(tmp_path, place, words):
    command = [binary(), "demo", f"--dashboard={place}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_terminal_has_a_progress_bar_that_goes_again(tmp_path, nothing_left):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    command = [binary(), "demo", "--seconds", "10", "--only", "unguarded"]
    demo = subprocess.Popen(
        command, cwd=tmp_path, stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}
    )
    os.close(slave)
    said = b""
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while part := os.read(master, 65536):
            said += part
    os.close(master)
    assert demo.wait(20) == 0
    bars = re.findall(r"\[([#.]+)\] about (\d+):(\d\d) left", said.decode())
    assert len(bars) >= 10
    done = [bar.count("#") for bar, _, _ in bars]
    left = [int(minutes) * 60 + int(seconds) for _, minutes, seconds in bars]
    assert done == sorted(done) and done[-1] > done[0]
    assert left == sorted(left, reverse=True)
    assert said.rindex(b"\x1b[J") < said.rindex(b"Courier's processes at once"), "the table stands in the bar's place"
    assert b"./wavebreak-demo.svg" in said.splitlines()[-1]
