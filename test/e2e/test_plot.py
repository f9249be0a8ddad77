# SPDX-License-Identifier: Apache-2.0
"""wavebreak plot as it is seen: three old lists in terminals of many kinds, and as SVG in a real browser."""

import itertools
import re

import pytest

from browser import Browser, chromium
from guard import Guard, binary, visible
from world import REPOSITORY, World, wait_until

OK, UNABLE = 0, 3
WAVES = REPOSITORY / "demo" / "waves"
# The first afternoon to the second, over a midnight.
THEN = "--since", "2009-07-27", "--until", "2009-07-30"


@pytest.fixture(scope="module")
def world(mail_server):
    with World(visible=visible()) as world:
        yield world


@pytest.fixture(scope="module")
def guard(world):
    """One that has the three lists, and seven bans of its own."""
    names = [file.name for file in sorted(WAVES.glob("*.csv"))]
    assert len(names) == 3
    with Guard(world) as guard:
        for name in names:
            (world.folder / name).write_text((WAVES / name).read_text())
            assert guard.ask("import", world.folder / name).returncode == OK
        for n in range(1, 8):
            assert guard.ask("ban", f"10.66.8.{n}").returncode == OK
        wait_until(lambda: guard.ask("plot", *THEN).stdout.count(": at most ") == 3, 10, "the lists")
        wait_until(lambda: "bans: 7" in guard.ask("plot").stdout, 15, "the bans in the history")
        yield guard


def terminal(world, guard, *words, columns=80, **environment):
    """What `plot` has left on a terminal; its lines, and the bytes as they were."""
    terminals = pytest.importorskip("terminals", reason="needs python3-pyte, a terminal emulator")
    # Within, as the world has a locale of its own.
    chosen = [f"{name}={value}" for name, value in {"TZ": "UTC", **environment}.items()]
    command = world.enter_command(["env", "-u", "LC_ALL", *chosen, binary(), "plot", "-c", guard.file, *words])
    with terminals.Terminal(command, columns=columns) as shown:
        assert shown.end() == OK
        return shown.lines, shown.raw


def picture(lines):
    """The lines of the curves, without the axis and what is below it."""
    return list(itertools.takewhile(lambda line: not re.match(r" *[└+][─┬+-]", line), lines))


@pytest.mark.parametrize("columns", [40, 80, 132])
def test_the_day_stands_at_midnight(world, guard, columns):
    lines, _ = terminal(world, guard, *THEN, columns=columns)
    marks = next(line for line in lines if "07-28" in line)
    assert re.fullmatch(r"(\d\d:00|07-28| )+", marks) and "00:00" not in marks
    text = "".join(line.ljust(columns) for line in lines)
    assert "2009-07-27 17:12:17 to 2009-07-28 12:44:58, 19h32m" in text


@pytest.mark.parametrize("columns", [16, 20, 23])
def test_a_narrow_terminal_has_whole_lines(world, guard, columns):
    lines, _ = terminal(world, guard, *THEN, columns=columns)
    drawn = picture(lines)
    assert len(drawn) >= 5 and all(re.match(r"[ \d]{4}[│┤]", line) for line in drawn), lines


def test_one_too_narrow_for_a_picture_has_the_figures(world, guard):
    lines, _ = terminal(world, guard, *THEN, columns=12)
    assert not re.search("[│┤]", "".join(lines)) and "at most 301" in "".join(lines)


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "linux"}, {"LC_ALL": "de_DE.ISO-8859-1"}],
    ids=lambda environment: environment.get("LC_ALL", "console"),
)
@pytest.mark.parametrize("words", [(), THEN], ids=["live", "lists"])
def test_a_terminal_without_our_glyphs(world, guard, words, environment):
    lines, raw = terminal(world, guard, *words, **environment)
    assert not re.search(rb"[\x80-\xff]", raw)
    assert b"\x1b[33m" in raw, "the colours stay"
    assert any(re.match(r" *300 \+", line) for line in lines)


def test_others_have_dots(world, guard):
    for environment in ({}, {"LANG": ""}, {"LC_ALL": "C"}, {"LC_ALL": "de_DE.UTF-8"}):
        _, raw = terminal(world, guard, *THEN, **environment)
        assert re.search("[\u2801-\u28ff]", raw.decode())


def test_without_colours_each_series_has_a_mark(world, guard):
    lines, raw = terminal(world, guard, *THEN, NO_COLOR="1")
    piped = guard.ask("plot", *THEN).stdout.splitlines()
    assert b"\x1b" not in raw
    for shown in lines, piped:
        drawn = "\n".join(picture(shown))
        marks = [line[0] for line in shown if ": at most " in line]
        assert len(set(marks)) == 3
        assert all(mark in drawn for mark in marks) and not re.search("[\u2801-\u28ff]", drawn)
    # One alone needs none, and keeps its dots.
    assert re.search("[\u2801-\u28ff]", guard.ask("plot", "--since", "2009-07-27", "--until", "2009-07-28").stdout)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "linux"}], ids=str)
def test_the_rows_of_bars_have_names(world, guard, environment):
    lines, _ = terminal(world, guard, **environment)
    bans = next(line for line in lines if line.startswith("   bans "))
    assert re.search("[#▁-█]", bans)
    assert "evicted" in lines and lines.index("evicted") == lines.index(bans) + 1
    assert any(re.fullmatch(r"\S bans: 7", line) for line in lines)


# Of all texts, where they are on a page of so many units across.
PLACES = """(() => {
    const svg = document.documentElement, box = svg.viewBox.baseVal;
    const to = svg.getScreenCTM().inverse();
    return [box.width, box.height, [...document.querySelectorAll('text')].map((text) => {
        const rect = text.getBoundingClientRect();
        const from = new DOMPoint(rect.left, rect.top).matrixTransform(to);
        const end = new DOMPoint(rect.right, rect.bottom).matrixTransform(to);
        return [text.textContent, from.x, from.y, end.x, end.y];
    })];
})()"""


@pytest.mark.skipif(not chromium(), reason="no Chromium here")
@pytest.mark.parametrize("words", [(), THEN], ids=["live", "lists"])
def test_no_text_of_the_svg_lies_on_another(world, guard, words):
    file = world.folder / "plot.svg"
    assert guard.ask("plot", *words, "--svg", file).returncode == OK
    with Browser(world) as browser:
        browser.open(f"file://{file}")
        width, height, places = browser.value(PLACES)
    assert len(places) > 8
    for text, left, top, right, bottom in places:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text
    for one, other in itertools.combinations(places, 2):
        assert one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2], (one, other)


@pytest.mark.parametrize("words", ["plot", "plot --svg -", "history", "history --format json"])
def test_a_full_disk_is_said_once(world, guard, words):
    command = [binary(), *words.split(), "-c", guard.file]
    done = world.server_exec(["sh", "-c", '"$@" >/dev/full', "-", *command])
    assert done.returncode == UNABLE
    said = f"wavebreak {words.split()[0]}: standard output: No space left on device\n"
    assert done.stderr == said


def test_a_file_that_cannot_be_written_is_named(world, guard):
    done = guard.ask("plot", "--svg", "/dev/full")
    assert done.returncode == UNABLE and done.stderr == "wavebreak plot: /dev/full: No space left on device\n"
