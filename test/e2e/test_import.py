# SPDX-License-Identifier: Apache-2.0
"""wavebreak import: lists that others made, how much of them is kept, and who is told that they are there."""

import csv
import datetime
import json
import time

import pytest

from guard import Guard, binary, visible
from terminals import Terminal
from world import REPOSITORY, World, wait_until

OK, NO, WRONG = 0, 1, 2
WAVES = REPOSITORY / "demo" / "waves"
# observe/history.h
MINUTES_MOST = 100000
# What a request has room for, at the least, in minutes of one sample.
MINUTES_A_REQUEST = 500
THEN = "--since", "2009-07-01"


@pytest.fixture(scope="module")
def world(mail_server):
    with World(visible=visible()) as world:
        yield world


@pytest.fixture
def guard(world):
    state = world.folder / f"import-{time.monotonic_ns()}"
    with Guard(world, state=state) as guard:
        yield guard


def write(world, name, lines):
    file = world.folder / name
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def minutes(count):
    """CSV with a sample a minute from 2010 on."""
    begin = datetime.datetime(2010, 1, 1)
    return ["time,open"] + [f"{begin + datetime.timedelta(minutes=n)}Z,{n % 300}" for n in range(count)]


def imported(guard, *words):
    return guard.history("--imported", *words)


@pytest.fixture
def first_waves(world, guard):
    """Those of 2009, imported; the names of their series, in order."""
    files = sorted(WAVES.glob("*.csv"))
    for file in files:
        (world.folder / file.name).write_text(file.read_text())
    done = guard.ask("import", *[world.folder / file.name for file in files])
    assert done.returncode == OK, done.stderr
    return [file.stem for file in files]


def test_what_is_too_big_is_kept_in_part_and_that_is_said(world, guard):
    file = write(world, "big.csv", minutes(MINUTES_MOST + 2000))
    done = guard.ask("import", "--json", file)
    assert done.returncode == NO
    said = json.loads(done.stdout)
    kept = said["series"][0]["samples"]
    assert not said["complete"] and MINUTES_MOST - MINUTES_A_REQUEST < kept <= MINUTES_MOST
    assert f"of all imported lists {MINUTES_MOST} minutes are kept" in done.stderr
    assert f"big.csv: only the first {kept:,} samples of it are kept" in done.stderr
    assert len(imported(guard)) == kept
    assert said["series"][0]["end"] - said["series"][0]["begin"] == 60 * (kept - 1)
    # What is there already takes no room a second time.
    part = write(world, "big.csv", minutes(kept))
    again = guard.ask("import", part)
    assert (again.returncode, again.stderr) == (OK, "")
    assert guard.ask("import", write(world, "more.csv", minutes(2000))).returncode == NO
    removed = guard.ask("import", "--remove", "--json", "big")
    assert json.loads(removed.stdout) == {"series": "big", "minutes": kept}
    assert guard.ask("import", world.folder / "more.csv").returncode == OK


def test_the_line_of_progress_is_gone_before_an_error_is_said(world, guard):
    lines = minutes(MINUTES_MOST + 2000)
    # For as many lines as the bar needs to be drawn.
    file = write(world, "big.csv", [lines[0]] + [line for line in lines[1:] for _ in range(12)])
    command = world.enter_command([binary(), "import", "-c", guard.file, file])
    with Terminal(command, columns=120, lines=12) as terminal:
        assert terminal.end(60) == NO
        assert b"a second" in terminal.raw, "no bar was drawn"
        shown = [line for line in terminal.lines if line]
    assert shown[0].startswith("big: ") and shown[1].startswith("wavebreak import: there is no more room")
    assert "a second" not in "".join(shown)


def test_a_second_is_told_once(world, guard):
    line = "Mon Jul 27 19:12:17 CEST 2009 "
    done = guard.ask("import", write(world, "twice.txt", [line + "4", line + "5", line + "6"]))
    assert done.returncode == OK, done.stderr
    assert done.stdout.startswith("twice: 1 sample, ") and "; 2 more had the second of another one" in done.stdout
    assert [s["open"] for s in imported(guard)] == [6]


def test_the_range_is_that_of_all_samples(world, guard):
    lines = [f"Mon Jul 27 17:12:{second} UTC 2009 1" for second in (27, 17, 37)]
    done = guard.ask("import", "--json", write(world, "unsorted.txt", lines))
    series = json.loads(done.stdout)["series"]
    assert series == [{"series": "unsorted", "samples": 3, "begin": 1248714737, "end": 1248714757}]


def test_csv_tells_the_lists_apart_and_is_read_again(world, guard, first_waves):
    done = guard.ask("history", "--format", "csv", "--imported")
    assert done.returncode == OK, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert sorted({row["series"] for row in rows}) == first_waves
    assert {row["step"] for row in rows} == {""}, "nobody knows how often was counted"
    assert all("step" not in sample for sample in imported(guard))
    before = imported(guard)
    all_of_them = write(world, "all.csv", done.stdout.splitlines())
    for name in first_waves:
        assert guard.ask("import", "--remove", name).returncode == OK
    assert imported(guard) == []
    assert guard.ask("import", all_of_them).returncode == OK
    assert imported(guard) == before


def test_a_series_that_comes_again_is_no_second_list(world, guard):
    rows = [f"2009-07-27T17:12:{second:02}Z,{name},1" for second in range(3) for name in "ab"]
    done = guard.ask("import", write(world, "mixed.csv", ["time,series,open", *rows]))
    assert done.returncode == NO and "2 of 7 lines could not be read" in done.stderr
    assert "mixed.csv:4: the lines of its series do not follow each other" in done.stderr
    assert [(s["series"], s["time"]) for s in imported(guard)] == [("a", 1248714720)] + [
        ("b", 1248714720 + second) for second in range(3)
    ]


def test_live_samples_do_not_hide_that_there_are_lists(guard, first_waves):
    wait_until(lambda: guard.ask("history").returncode == OK, 10, "live samples")
    hint = f"wavebreak: imported of that time, and seen with --imported: {', '.join(first_waves)}\n"
    for command in "history", "plot":
        assert guard.ask(command, *THEN).stderr == hint
        assert guard.ask(command).stderr == ""
    assert all("series" not in json.loads(s) for s in guard.ask("history", "--json", *THEN).stdout.splitlines())
    assert {s["series"] for s in imported(guard)} == set(first_waves)
    assert {s["series"] for s in imported(guard, "--since", "2009-07-28")} == set(first_waves[1:])
    one = f"--imported={first_waves[0]}"
    drawn = guard.ask("plot", one)
    assert f"{first_waves[0]}: at most 301" in drawn.stdout and first_waves[1] not in drawn.stdout
    assert guard.ask("history", one).stdout.count("\n") == 65
    none = guard.ask("history", "--imported=nobody")
    assert (none.returncode, none.stderr) == (NO, "wavebreak: there is no imported list nobody of that time\n")


def test_waves_are_found_in_lists_beside_live_samples(guard, first_waves):
    wait_until(lambda: guard.ask("history").returncode == OK, 10, "live samples")
    for words in THEN, ("--imported",):
        done = guard.ask("waves", "--json", *words)
        assert done.returncode == OK and done.stderr == ""
        found = [json.loads(line)["series"] for line in done.stdout.splitlines()]
        assert first_waves[0] in found and set(found) <= set(first_waves)


def test_a_wave_ends_where_the_time_that_is_asked_for_does(guard, first_waves):
    def first_line(until):
        return guard.ask("waves", "--since", "2009-07-27", "--until", until).stdout.splitlines()[0]

    assert " to the end of that time, " in first_line("2009-07-27T17:16:00Z")
    assert " to the end of the list, " in first_line("2009-07-27T20:00:00Z")


def test_a_time_of_day_is_the_latest_that_is_past(guard):
    wait_until(lambda: guard.ask("history").returncode == OK, 10, "live samples")
    now = time.time()
    before, after = (time.strftime("%H:%M", time.localtime(now + seconds)) for seconds in (-120, 120))
    assert guard.ask("history", "--since", after).returncode == OK
    assert guard.ask("history", "--since", before, "--until", after).returncode == OK
    assert guard.ask("history", "--until", after).returncode == NO, "of yesterday there is nothing"
    assert guard.ask("history", "--since", "1h", "--until", "2h").returncode == WRONG
    for span in "1w", "1y":
        assert guard.ask("history", "--since", span).returncode == OK
