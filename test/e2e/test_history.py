# SPDX-License-Identifier: Apache-2.0
"""wavebreak history and import: what was counted on a real Courier, and old lists."""

import json
import os
import re
import shutil
import signal
import time
import xml.etree.ElementTree

import pytest

from dialogues import told
from guard import Guard, visible
from world import REPOSITORY, World, wait_until

OK, NO, WRONG, UNABLE = 0, 1, 2, 3
HISTORY = "wavebreak.history.mdb"
WAVES = REPOSITORY / "demo" / "waves"


@pytest.fixture(scope="module")
def world(mail_server):
    with World(visible=visible()) as world:
        yield world


@pytest.fixture
def guard(world):
    state = world.folder / f"history-{time.monotonic_ns()}"
    with Guard(world, state=state) as guard:
        yield guard


samples = Guard.history


def test_what_is_open_is_in_it(world, guard):
    clients = [world.connect(f"10.66.0.{n}") for n in range(1, 4)]
    try:
        wait_until(lambda: any(s["open"] >= 3 for s in samples(guard)), 15, "three connections in the history")
    finally:
        for client in clients:
            client.close()
    found = samples(guard, "--since", "1m")
    assert all(s["step"] == 1 for s in found)
    times = [s["time"] for s in found]
    assert times == sorted(set(times))
    assert {"open", "served", "bans", "offences", "seen:listed"} <= set(found[-1])
    assert 500 < found[-1]["worker_memory"] < 200000 and sum(s.get("worker_cpu", 0) for s in found) < 1000 * len(found)
    text = guard.ask("history").stdout.splitlines()
    assert len(text) >= len(found)
    assert all(re.fullmatch(r"\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \S+ \d{4} \d+", line) for line in text)
    csv = guard.ask("history", "--format", "csv").stdout.splitlines()
    assert csv[0].startswith("time,step,open,")
    assert {line.count(",") for line in csv} == {csv[0].count(",")}


def test_what_the_server_and_its_guard_take(world, guard):
    """couriertcpd, and a process for each client that is connected; of ours, all."""
    wait_until(lambda: (samples(guard) or [{}])[-1].get("server_processes"), 20, "the server to be found")
    before = samples(guard)[-1]
    clients = [world.smtp(f"10.66.1.{n}") for n in range(1, 9)]
    try:
        wait_until(lambda: samples(guard)[-1]["server_processes"] >= before["server_processes"] + len(clients), 15,
                   "its processes to be counted")
        now = samples(guard)[-1]
        assert now["server_memory"] > before["server_memory"] + len(clients) * 100
        assert 500 < now["wavebreak_memory"] < 50000
        measures = json.loads(guard.ask("status", "--json").stdout)["measures"]
        assert measures["mail_server_processes"] >= now["server_processes"]
        assert measures["process_unshared_memory_bytes"].keys() == {"warden", "watch"}
    finally:
        for client in clients:
            client.close()
    wait_until(lambda: sum(s.get("server_cpu", 0) for s in samples(guard)) > 0, 15, "what it took for them")
    found = [s for s in samples(guard) if "wavebreak_cpu" in s]
    assert found and sum(s["wavebreak_cpu"] for s in found) < 500 * len(found)


def test_it_outlives_a_kill_and_a_reload(guard):
    wait_until(lambda: len(samples(guard)) >= 8, 20, "eight samples")
    before = [s["time"] for s in samples(guard)]
    os.kill(guard.worker(), signal.SIGKILL)
    wait_until(lambda: guard.ask("status").returncode == OK, 15, "the next worker")
    wait_until(lambda: samples(guard)[-1]["time"] > before[-1], 15, "a sample of the next worker")
    after = [s["time"] for s in samples(guard)]
    # It is written every 5 s.
    assert len(set(before) - set(after)) <= 6
    guard.reload()
    wait_until(lambda: samples(guard)[-1]["time"] > after[-1], 15, "a sample after the reload")
    assert set(after) <= {s["time"] for s in samples(guard)}


def garbage(file):
    file.write_bytes(b"\x5a" * file.stat().st_size)


def cut_off(file):
    """In the middle of its pages, of which the head tells."""
    os.truncate(file, file.stat().st_size // 2 + 100)


def a_folder(file):
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [garbage, cut_off, a_folder])
def test_a_damaged_history_is_begun_anew(world, guard, damage):
    guard.ask("ban", "192.0.2.7")
    wait_until(lambda: len(samples(guard)) >= 3, 10, "samples")
    guard.stop()
    damage(guard.state / HISTORY)
    before = len(guard.log)
    guard.start()
    assert guard.log[before:].count(f"{HISTORY} is damaged; it is set aside as {HISTORY}.damaged-") == 1
    assert "192.0.2.7" in guard.bans()
    wait_until(lambda: samples(guard), 10, "samples of the new one")
    assert list(guard.state.glob("wavebreak.history.mdb.damaged-*"))


def emptied(file):
    os.truncate(file, 0)


def nobody_may_read(file):
    file.chmod(0)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (emptied, None),
        (nobody_may_read, "cannot open the history"),
    ],
)
def test_what_is_no_history_keeps_nobody_from_the_guard(world, guard, what, words):
    """One that was never written to is begun; what is not ours to set aside is said, in one line."""
    guard.stop()
    what(guard.state / HISTORY)
    before = len(guard.log)
    guard.start()
    assert guard.log[before:].count("the history") == (1 if words else 0), guard.log[before:]
    assert (words or "") in guard.log[before:]
    assert told(world.smtp("10.66.7.1")) == 511
    guard.wait_banned("10.66.7.1")
    assert guard.ask("unban", "10.66.7.1").returncode == OK
    if not words:
        wait_until(lambda: samples(guard), 10, "samples")


def test_a_full_disk_is_said_once_and_overcome(world):
    state = world.folder / "small"
    state.mkdir()
    mounted = world.server_exec(["mount", "-t", "tmpfs", "-o", "size=600k,uid=65534,gid=65534,mode=750", "none", state])
    assert mounted.returncode == 0, mounted.stderr
    with Guard(world, state=state) as guard:
        wait_until(lambda: samples(guard), 15, "samples")
        world.server_exec(["sh", "-c", f"cat /dev/zero > {state}/filler"])
        wait_until(lambda: "the history cannot be written (" in guard.log, 30, f"the trouble\n{guard.log}")
        assert told(world.smtp("10.66.8.1")) == 511
        guard.wait_banned("10.66.8.1")
        known = samples(guard)[-1]["time"]
        world.server_exec(["rm", state / "filler"])
        wait_until(lambda: "the history can be written again" in guard.log, 30, f"its end\n{guard.log}")
        assert guard.log.count("the history cannot be written (") == 1
        wait_until(lambda: samples(guard)[-1]["time"] > known, 10, "samples of later")


def test_at_any_moment_what_is_on_disk_is_a_history(guard):
    """As the files are when the machine goes down in the middle of its work: it stands still, and they are copied."""
    worker, copies = guard.worker(), []
    for number in range(25):
        time.sleep(0.37)
        os.kill(worker, signal.SIGSTOP)
        copy = guard.folder / f"copy-{number}"
        shutil.copytree(guard.state, copy, ignore=shutil.ignore_patterns("*-lock"))
        copies.append((copy, time.time()))
        os.kill(worker, signal.SIGCONT)
    guard.stop()
    first = time.time()
    for copy, stopped in copies[::4]:
        shutil.rmtree(guard.state)
        shutil.copytree(copy, guard.state)
        before = len(guard.log)
        guard.start()
        assert "damaged" not in guard.log[before:]
        known = [s["time"] for s in samples(guard) if s["time"] < first - 1 and s["time"] <= stopped]
        # It is written every 5 s, and what is committed is there.
        assert stopped < copies[0][1] + 7 or stopped - known[-1] < 8, guard.log
        guard.stop()


def test_without_a_history(world):
    with Guard(world, "history { enabled = no }", state=world.folder / "without") as guard:
        done = guard.ask("history")
        assert done.returncode == NO and "history.enabled is no" in done.stderr
        assert not (guard.state / "wavebreak.history.mdb").exists()


def test_the_first_waves_are_imported(world, guard):
    lists = world.folder / "lists"
    lists.mkdir(exist_ok=True)
    names = sorted(WAVES.glob("*.csv"))
    for name in names:
        (lists / name.name).write_text(name.read_text())
    done = guard.ask("import", *[lists / name.name for name in names])
    assert done.returncode == OK, done.stderr
    expected = [line.split(",") for line in (WAVES / "2009-07-27-undefended.csv").read_text().splitlines()[1:]]
    words = "--since", "2009-07-27", "--until", "2009-07-28"
    found = samples(guard, *words)  # there at once
    assert [s["open"] for s in found] == [int(count) for _, count in expected]
    assert {s["series"] for s in found} == {"2009-07-27-undefended"}
    # The live samples are by themselves.
    assert all("series" not in s for s in samples(guard))
    assert len({s["series"] for s in samples(guard, "--since", "2009-07-01", "--until", "2009-08-01")}) == 3
    # As text it is the list of then; and that can be imported as well.
    text = guard.ask("history", *words).stdout
    (lists / "again.txt").write_text(text)
    assert guard.ask("import", lists / "again.txt").returncode == OK
    assert len(samples(guard, *words)) == 2 * len(expected)
    assert guard.ask("import", "--remove", "again").returncode == OK
    assert len(samples(guard, *words)) == len(expected)
    assert guard.ask("import", "--remove", "again").returncode == NO


def test_a_list_with_mistakes(world, guard):
    file = world.folder / "notes.txt"
    hostile = "\x1b[31mred\n" + "x" * 100000 + "\n" + "Mon Feb 30 19:12:17 CEST 2009 4\n" * 20
    file.write_text("Mon Jul 27 19:12:17 CEST 2009 4\n" + hostile + "Mon Jul 27 19:12:22 CEST 2009 5\n")
    done = guard.ask("import", file)
    assert done.returncode == NO
    assert "notes: 2 samples" in done.stdout
    said = done.stderr.splitlines()
    assert len(said) == 6 and "notes.txt:2: " in said[0] and "22 of 24 lines" in said[-1]
    assert "\x1b" not in done.stderr
    assert guard.ask("import", world.folder / "is-not-there").returncode == WRONG


@pytest.mark.parametrize(
    "words",
    [("--since", "yesterday"), ("--since", "1h", "--until", "2h"), ("--format", "quiet"), ("--until", "2026-02-30")],
)
def test_times_that_are_none(guard, words):
    done = guard.ask("history", *words)
    assert done.returncode == WRONG and done.stderr.startswith("wavebreak history: ")


def test_a_wave_is_drawn(world, guard):
    for n in range(1, 13):
        assert told(world.smtp(f"10.66.9.{n}")) == 511
    wait_until(lambda: sum(s["bans_new"] for s in samples(guard)) == 12, 15, "twelve bans in the history")
    drawn = guard.ask("plot")
    assert drawn.returncode == OK, drawn.stderr
    lines = drawn.stdout.splitlines()
    assert {len(line) for line in lines[:22]} == {80}
    assert "limit 300" in drawn.stdout and "\x1b" not in drawn.stdout
    assert "▇ bans: 12" in lines and any(line.startswith("▇ evicted: ") for line in lines)
    svg = world.folder / "wave.svg"
    assert guard.ask("plot", "--svg", svg).returncode == OK
    root = xml.etree.ElementTree.fromstring(svg.read_text())
    assert "12 bans began" in root.find("{*}desc").text
    assert guard.ask("plot", "--svg", world.folder / "no-such-folder" / "wave.svg").returncode == UNABLE


def test_the_first_wave_is_drawn(world, guard):
    file = world.folder / "2009-07-27-undefended.csv"
    file.write_text((WAVES / file.name).read_text())
    assert guard.ask("import", file).returncode == OK
    words = "--since", "2009-07-27", "--until", "2009-07-28"
    wait_until(lambda: samples(guard, *words), 10, "the list")
    drawn = guard.ask("plot", *words)
    assert "2009-07-27-undefended: at most 301" in drawn.stdout
    assert "evicted" not in drawn.stdout
    assert guard.ask("plot", "--since", "2008-01-01", "--until", "2008-02-01").returncode == NO


def test_the_waves_of_then_are_found(world, guard):
    for name in ("2009-07-27-undefended.csv", "2009-07-28-morning-evicting.csv"):
        (world.folder / name).write_text((WAVES / name).read_text())
        assert guard.ask("import", world.folder / name).returncode == OK
    words = "--since", "2009-07-27", "--until", "2009-07-28"
    wait_until(lambda: samples(guard, *words), 10, "the lists")
    told_waves = guard.ask("waves", *words)
    assert told_waves.returncode == OK, told_waves.stderr
    assert "peak       301 open connections" in told_waves.stdout and "undefended" in told_waves.stdout
    assert "estimate" not in told_waves.stdout, "nobody knows what was evicted then"
    found = [json.loads(line) for line in guard.ask("waves", "--json", *words).stdout.splitlines()]
    assert [(w["series"], w["peak_open"]) for w in found] == [("2009-07-27-undefended", 301)]
    # From 8 to 50 in five seconds: it begins there, though the list does not tell of the hours before.
    assert time.strftime("%H:%M:%S", time.gmtime(found[0]["begin"])) == "17:12:52"
    assert found[0]["arrivals"] > 1500, "who left had to be replaced"
    nothing = guard.ask("waves")
    assert nothing.returncode == NO and "none" in nothing.stderr


def test_a_wave_is_found(world):
    with Guard(world, "wave { rate = 1\n calm = 5s }", state=world.folder / "wave") as guard:
        wait_until(lambda: len(samples(guard)) >= 12, 20, "what is usual")
        held = []
        begin = time.time()
        while time.time() < begin + 8:
            held.append(world.connect(f"10.66.{20 + len(held) // 200}.{1 + len(held) % 200}"))
            time.sleep(0.05)
        wait_until(lambda: guard.ask("waves").returncode == OK, 20, "the wave")
        wave = json.loads(guard.ask("waves", "--json").stdout.splitlines()[0])
        for client in held:
            client.close()
    assert abs(wave["begin"] - begin) < 10
    assert wave["arrivals"] >= 20 and wave["peak_open"] >= 20 and wave["limit"] == 300
    assert wave["estimate_without"]["peak_open"] >= wave["peak_open"]
