# SPDX-License-Identifier: Apache-2.0
"""The demo as a person runs it: what it says in the end, and that it leaves nothing behind."""

import pathlib
import re
import signal
import subprocess
import tempfile
import xml.etree.ElementTree

import pytest

from guard import binary
from world import processes_in_namespace, wait_until

pytestmark = pytest.mark.usefixtures("mail_server")

SECONDS = 16

# What a sender that the gate does not know yet waits (gate.greet_wait), less the clocks' grain.
GREET_WAIT = 5.9


def folders():
    return set(pathlib.Path(tempfile.gettempdir()).glob("wavebreak-demo*"))


@pytest.fixture
def nothing_left():
    """Neither folders, nor namespaces with processes in them, that were not there before."""
    before = folders()
    yield
    assert folders() <= before


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
    picture = xml.etree.ElementTree.parse(tmp_path / "wavebreak-demo.svg").getroot()
    assert picture.tag.endswith("svg")


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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_is_interrupted(tmp_path, nothing_left, how):
    before = folders()
    command = [binary(), "demo", "--seconds", "60", "--only", "gated"]
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
    assert status == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert not (tmp_path / "wavebreak-demo.svg").exists()


def mailhost_of(places):
    """The PID namespace of the server that runs in one of these folders, once it greets."""
    for ready in (path for place in places for path in place.glob("*/ready")):
        text = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        return str(pathlib.Path(f"/proc/{text['pid']}/ns/pid").readlink())
    return None
