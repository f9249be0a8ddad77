# SPDX-License-Identifier: Apache-2.0
"""wavebreak top in a real terminal, beside a real guard and a real Courier: what somebody sees at three in the
morning, what the keys do, and that the terminal is left as it was."""

import contextlib
import itertools
import json
import os
import re
import signal
import socket
import threading

import pytest

pytest.importorskip("pyte", reason="needs python3-pyte, a terminal emulator")

from dialogues import told
from guard import Guard, binary, visible
from name_server import NameServer, asking
from gates import PORT, refusal
from terminals import Terminal, has_ended, own_of
from world import World, wait_until

OK, NO, WRONG = 0, 1, 2
KEEP = "ban { for = 300s }"


@pytest.fixture(scope="module")
def world(mail_server):
    with World(visible=visible()) as world:
        yield world


@pytest.fixture(scope="module")
def guard(world):
    """One with seven bans in one network and one in another."""
    with Guard(world, KEEP) as guard:
        for n in range(1, 8):
            assert told(world.smtp(f"10.66.1.{n}")) == 511
        assert told(world.smtp("2001:db8:66::9")) == 511
        wait_until(lambda: len(guard.bans()) == 8, 10, "eight bans")
        yield guard


@pytest.fixture
def silent(world, guard, unused=itertools.count()):
    """The addresses of three who are connected: of a network of the test's own, as the server's patience with them
    ends after 30 s, which is an offence."""
    network = f"10.67.{100 + next(unused)}"
    addresses = [f"{network}.{n}" for n in (1, 2, 3)]
    with contextlib.ExitStack() as held:
        for address in addresses:
            held.enter_context(world.connect(address))
        yield addresses


def top(world, guard, *words, **options):
    return Terminal(world.enter_command([binary(), "top", "-c", guard.file, *words]), **options)


def rows(terminal):
    """The table: what is below its titles, as words."""
    lines = terminal.lines
    first = next(i for i, line in enumerate(lines) if re.match(r" (ADDRESS|NETWORK|STATE|ZONE) ", line)) + 1
    return [line[1:].split() for line in lines[first:-1] if line.strip()]


def addresses(terminal):
    return [row[0] for row in rows(terminal)]


def select(terminal, address):
    """Moves to it with the keys."""
    terminal.type("g")
    for _ in range(60):
        terminal.read(0.1)
        if terminal.line_of(">").startswith(f">{address} "):
            return
        terminal.type("j")
    raise AssertionError(f"{address} is not to be reached\n{terminal.text}")


def test_a_screen_of_80x24(world, guard, silent):
    with top(world, guard) as terminal:
        terminal.wait_for("3 of 300 served, 0 waiting")
        lines = terminal.lines
        assert re.match(r"wavebreak guarding courier, up \d+\w+ +\d\d:\d\d:\d\d$", lines[0])
        assert lines[2].startswith("wave ") and "new a second, usually" in lines[2]
        assert "8 banned" in lines[3]
        assert "limit 300" in terminal.text and re.search("[\u2801-\u28ff]", terminal.text), "the curve"
        assert "[Addresses]" in terminal.text and "by score" in terminal.text
        assert "10.66.1.1" in addresses(terminal)
        first = rows(terminal)[0]
        assert first[2:] == ["banned", "0", "1", "listed,", "dnsbl-reject"], first
        assert lines[-1] == "s sort  / filter  e explain  b ban  u unban  a allow  Tab next  ? help  q quit"
        assert max(map(len, lines)) <= 80
        terminal.type("\t")
        terminal.wait_for("[Networks]")
        assert rows(terminal)[0][0] == "10.66.1.0/24" and rows(terminal)[0][2:5] == ["-", "7", "7"]
        terminal.type("\t")
        terminal.wait_for("there is no gate")
        terminal.type("q")
        assert terminal.end() == OK
        assert terminal.is_as_before()


def test_sorting_and_filters(world, guard, silent):
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        assert addresses(terminal)[0].startswith("10.66.1.")
        terminal.type("s")
        terminal.wait_for("by open")
        terminal.wait(lambda t: addresses(t)[0] in silent, "who is connected to be first")
        terminal.type("/10.66.1.")
        terminal.wait_for("filter: 10.66.1.")
        terminal.type("\r")
        terminal.wait(lambda t: len(rows(t)) == 7, "seven rows")
        assert all(address.startswith("10.66.1.") for address in addresses(terminal))
        terminal.type("\x1b")
        terminal.wait(lambda t: set(silent) <= set(addresses(t)), "all of them")
        terminal.type("/connected\r")
        terminal.wait(lambda t: len(rows(t)) == 3, "three rows")
        terminal.type("\x1b/nobody\r")
        terminal.wait_for("nobody passes the filter")
        terminal.type("\x1b\t")
        terminal.wait_for("[Networks]")
        select(terminal, "10.66.1.0/24")
        terminal.type("\r")
        terminal.wait(lambda t: "[Addresses]" in t.text and len(rows(t)) == 7, "the addresses of the network")


def test_explain(world, guard):
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        select(terminal, "10.66.1.3")
        terminal.type("e")
        terminal.wait_for("explain 10.66.1.3")
        terminal.wait_for("10.66.1.3 is banned")
        terminal.resize(40, 10)
        terminal.wait_for("down: more")
        before = terminal.text
        terminal.type("G")
        terminal.wait(lambda t: t.text != before and "down: more" not in t.text, "the end of it")
        terminal.type("q")
        terminal.wait_for("[Addresses]")


def test_ban_unban_and_allow(world, guard, silent):
    victim, other, _ = silent
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        terminal.type(f"/{victim}\r")
        terminal.wait(lambda t: addresses(t) == [victim], victim)
        terminal.type("b")
        terminal.wait_for(f"ban {victim}? y/n")
        terminal.type("n")
        terminal.wait_for("nothing was done")
        assert victim not in guard.bans()
        terminal.type("b")
        terminal.wait_for(f"ban {victim}? y/n")
        terminal.type("y")
        terminal.wait_for(f"{victim} is banned until")
        assert victim in guard.bans() and guard.in_kernel(victim)
        terminal.wait(lambda t: rows(t)[0][2] == "banned", "its state")
        terminal.type("u")
        terminal.wait_for(f"unban {victim}? y/n")
        terminal.type("y")
        terminal.wait_for(f"{victim} is let in again")
        assert victim not in guard.bans()
        terminal.type("\x1b")
        terminal.type(f"/{other}\r")
        terminal.wait(lambda t: addresses(t) == [other], other)
        terminal.type("a")
        terminal.wait_for(f"allow {other}? y/n")
        terminal.type("y")
        terminal.wait_for(f"{other} is never banned from now on")
        assert other in guard.status()["allowed"]
        terminal.wait(lambda t: rows(t)[0][2] == "allowed", "its state")
        terminal.type("by")
        terminal.wait_for(f"{other} cannot be banned")
        assert guard.ask("allow", "--remove", other).returncode == OK


def test_who_is_logged_in_is_not_banned(world, guard):
    with top(world, guard, environment={"SSH_CONNECTION": "10.66.1.4 5000 10.68.0.1 2222"}) as terminal:
        terminal.wait_for("by score")
        select(terminal, "10.66.1.4")
        terminal.type("by")
        terminal.wait_for("10.66.1.4 is where you are logged in from")


@pytest.mark.parametrize("columns, lines", [(60, 15), (132, 50), (40, 10), (200, 60)])
def test_another_size(world, guard, columns, lines):
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        terminal.resize(columns, lines)
        terminal.wait(lambda t: t.lines[-1].endswith("q quit"), "the last line at its place")
        assert terminal.lines[0].startswith("wavebreak ")
        assert "10.66.1.1" in addresses(terminal)
        assert ("limit 300" in terminal.text) == (lines > 20)
        assert max(map(len, terminal.lines)) <= columns
        for small in ((10, 3), (1, 1), (3, 2)):
            terminal.resize(*small)
            terminal.read(0.3)
            assert terminal.process.poll() is None
        terminal.resize(80, 24)
        terminal.wait_for("by score")
        terminal.type("q")
        assert terminal.end() == OK and terminal.is_as_before()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV, signal.SIGABRT], ids=lambda n: n.name
)
def test_the_terminal_is_as_before(world, guard, number):
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        assert not terminal.is_as_before()
        if number == signal.SIGINT:
            terminal.type("\x03")
        else:
            os.kill(own_of(terminal, "wavebreak"), number)
        status = terminal.end()
        assert status not in (OK, NO, WRONG), "it dies of the signal"
        # ^C goes to all of the foreground: whoever entered the world for it may be gone first.
        terminal.wait(Terminal.is_as_before, "the terminal as it was")


def test_a_terminal_that_has_stopped_reading(world, guard):
    """As by Ctrl-S: what writes there waits, and ends all the same when it is told to."""
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        terminal.type("\x13\t")
        terminal.read(2)
        os.kill(own_of(terminal, "wavebreak"), signal.SIGTERM)
        assert terminal.end() not in (OK, NO, WRONG)
        assert terminal.is_as_before()


@contextlib.contextmanager
def stopped_in_a_shell(guard):
    """The terminal of a shell that has taken it back from its job, a top that was stopped (Ctrl-Z)."""
    with Terminal(["bash", "--norc", "-i"], environment={"PS1": "shell> "}) as terminal:
        terminal.wait_for("shell>")
        terminal.type(f"clear; {binary()} top --socket {guard.folder}/run/control\n")
        terminal.wait_for("by score")
        terminal.type("\x1a")
        terminal.wait_for("Stopped")
        yield terminal


def test_a_stopped_one_is_ended(world, guard):
    """Which leaves the terminal to the shell, whose it is by then. (What its `jobs` tells is not asked: bash 5.2 says
    Stopped of a job that continued and ended between two of its looks.)"""
    with stopped_in_a_shell(guard) as terminal:
        pid, written = own_of(terminal, "wavebreak"), len(terminal.raw)
        terminal.type("kill %1; clear; echo still $((6 * 7))\n")
        wait_until(lambda: has_ended(pid), 10, "its end")
        terminal.wait_for("still 42")
        assert b"\x1b[?1049l" not in terminal.raw[written:]


def test_stopped_and_continued(world, guard):
    """As job of a shell, which takes its terminal back meanwhile."""
    with stopped_in_a_shell(guard) as terminal:
        assert terminal.raw.rfind(b"\x1b[?1049l") > terminal.raw.rfind(b"\x1b[?1049h")
        assert terminal.raw.rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l")
        terminal.type("clear; fg\n")
        terminal.wait_for("by score")
        terminal.wait_for("q quit")
        terminal.wait_for("10.66.1.1")
        terminal.type("q")
        terminal.wait(lambda t: t.raw.rfind(b"\x1b[?1049l") > t.raw.rfind(b"\x1b[?1049h"), "the shell's screen")
        terminal.type("echo ended with $?\n")
        terminal.wait_for("ended with 0")


def test_the_daemon_goes_away_and_comes_back(mail_server):
    with World(visible=visible()) as world, Guard(world, KEEP) as guard:
        assert told(world.smtp("10.66.5.1")) == 511
        guard.wait_banned("10.66.5.1")
        with top(world, guard) as terminal:
            terminal.wait_for("10.66.5.1")
            guard.stop()
            terminal.wait_for("NOT ANSWERING for")
            assert "10.66.5.1" in terminal.text, "what was known stays"
            terminal.type("j?")
            terminal.wait_for("keys and words")
            terminal.type("q")
            guard.start()
            terminal.wait_gone("NOT ANSWERING")
            terminal.wait_for("10.66.5.1")
            worker = guard.worker()
            os.kill(worker, signal.SIGSTOP)
            terminal.type("q")
            assert terminal.end(3) == OK, "one that hangs holds nobody up"
            os.kill(worker, signal.SIGCONT)


def test_it_is_quiet(world, guard):
    with top(world, guard) as terminal:
        terminal.wait_for("by score")
        terminal.read(1.5)
        before = len(terminal.raw)
        terminal.read(5)
        written = terminal.raw[before:]
        assert 0 < len(written) < 5 * 400, written
        assert b"\x1b[2J" not in written and b"\x1b[J" not in written


COLOURED = rb"\x1b\[(\d+;)*3[0-7](;\d+)*m"


def test_without_colours(world, guard):
    with top(world, guard, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("banned")
        terminal.type("\tjs?q")
        terminal.read(1.5)
        assert not re.search(COLOURED, terminal.raw)
    with top(world, guard) as terminal:
        terminal.wait_for("banned")
        assert re.search(COLOURED, terminal.raw)


def test_a_terminal_without_our_glyphs(world, guard):
    for environment in "TERM=linux", "LC_ALL=en_US.ISO-8859-1":
        # Within, as the world has a locale of its own.
        command = world.enter_command(["env", environment, binary(), "top", "-c", guard.file])
        with Terminal(command) as terminal:
            terminal.wait_for("limit 300")
            assert not re.search(rb"[\x80-\xff]", terminal.raw)
            terminal.type("q")
            assert terminal.end() == OK


def test_no_terminal(world, guard):
    done = guard.ask("top")
    assert done.returncode == WRONG and "wavebreak status" in done.stderr and not done.stdout


@pytest.mark.parametrize(
    "term, part",
    [("no-such-terminal", "not known"), ("dumb", "cursor"), ("\x1b[31m", "not known"), (None, "TERM is not set")],
)
def test_a_terminal_that_is_none(world, guard, term, part):
    with top(world, guard, environment={"TERM": term}) as terminal:
        assert terminal.end() == WRONG
        said = terminal.text.replace("\n", "")
        assert part in said and "tells the same once" in said
        assert b"\x1b" not in terminal.raw


def test_no_daemon(world, guard):
    with top(world, guard, "--socket", "/nowhere/control") as terminal:
        assert terminal.end() == NO
        assert "is not running" in terminal.text and b"\x1b" not in terminal.raw


def ask_raw(guard, **request):
    """The lines of the answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(guard.folder / "run" / "control"))
        client.sendall(json.dumps({"command": "top", **request}).encode() + b"\n")
        return [json.loads(line) for line in client.makefile()]


def answer_with(guard, addresses):
    """The lines of the answer, once these are among them."""
    lines = ask_raw(guard)
    return lines if {line.get("address") for line in lines} >= set(addresses) else None


def test_the_answer_to_programs(world, guard, silent):
    lines = wait_until(lambda: answer_with(guard, silent), 10, "who is connected")
    assert lines[-1] == {"ok": True}
    assert lines[0]["now"]["bans"] == 8 and lines[0]["totals"]["bans"] >= 8
    clients = [line for line in lines if "address" in line]
    networks = [line for line in lines if "network" in line]
    states = {c["address"]: c["state"] for c in clients}
    assert states["10.66.1.1"] == states["2001:db8:66::/64"] == "banned" and states[silent[0]] == "connected"
    assert [n["banned"] for n in networks if n["network"] == "10.66.1.0/24"] == [7]
    assert len([line for line in ask_raw(guard, limit=2) if "address" in line]) == 2
    assert len([line for line in ask_raw(guard, limit=-1) if "address" in line]) == 1
    network = silent[0].rpartition(".")[0] + ".0/24"
    within = [line for line in ask_raw(guard, within=network, order="open") if "address" in line]
    assert {line["address"] for line in within} == set(silent)
    for wrong in {"order": "x"}, {"order": "\x1b"}, {"within": "x"}, {"within": 7}, {"within": "10.0.0.1/8"}:
        refused = ask_raw(guard, **wrong)
        assert refused[-1]["ok"] is False and refused[-1]["status"] == WRONG, wrong


def escapes_of(raw):
    """What is not of the kinds that curses sends: operating system commands, device control, 8-bit controls."""
    return re.findall(rb"\x1b[\]P^_X][^\x1b]{0,20}|\x07|\x1b\[31mred|\x9b|\x1b\[2Jgone", raw)


def test_hostile_words_of_the_daemon(world, guard):
    """An administrator's reason, and a list's text that the gate told a client."""
    assert guard.ask("ban", "10.66.99.1", "--why", "\x1b]0;title\x07\x1b[31mred\x1b[2Jgone\u202e").returncode == OK
    with top(world, guard, columns=132) as terminal:
        terminal.wait_for("by score")
        terminal.type("/10.66.99.1\r")
        terminal.wait_for("by hand: \\x1b]0;title\\x07\\x1b[31mred\\x1b[2Jgone")
        terminal.type("e")
        terminal.wait_for("explain 10.66.99.1")
        terminal.wait_for("title")
        assert not escapes_of(terminal.raw)
    guard.ask("unban", "10.66.99.1")


def refused_with(world, words):
    """The address of a client that was told so: the gate refuses without a list's own words where they come late."""
    for client in (f"10.67.3.{n}" for n in range(3, 60)):
        code, text = refusal(world.smtp(client, port=PORT))
        assert code == 550
        if words in text:
            return client
    raise AssertionError(f"{text!r} is all that the last one was told")


def test_hostile_words_of_a_list(mail_server):
    text = ":127.0.0.2:\x1b]0;title\x07\x1b[31mred $\n127.0.0.2\n10.67.3.0/24\n"
    with (
        World(visible=visible()) as world,
        NameServer(world, {"evil.test": text}),
        Guard(world, asking("zone evil.test { weight = 3 }")) as guard,
        top(world, guard, columns=132) as terminal,
    ):
        terminal.wait_for("by score")
        terminal.type("4")
        terminal.wait_for("evil.test")
        client = refused_with(world, b"title")
        terminal.type("1")
        terminal.wait_for(client)
        select(terminal, client)
        terminal.type("e")
        terminal.wait_for(f"explain {client}")
        terminal.wait_for("title")
        terminal.type("q3")
        terminal.wait_for("dialogue")
        assert not escapes_of(terminal.raw)


def hostile_answers():
    evil = "\x1b]0;title\x07\x1b[31mred"
    now = {"now": {"mode": evil, "mail_server": evil, "now": 2**62, "started": 1, "connections": {"open": 2**63 - 1,
           "served": -1, "limit": 1}, "wave": {"lasts": True, "state": evil, "rate": 1e308}, "gate": {"states": []}},
           "zones": [{"zone": evil, "state": evil, "trouble": evil}] * 1000, "totals": evil}
    row = {"address": "192.0.2.7", "state": evil, "by_hand": True, "why": evil, "score": 2**63 - 1, "last": 2**63 - 1}
    yield [now, row, {"address": evil}, {"network": evil}] + [row] * 5000 + [{"ok": True}]
    yield [{"ok": False, "error": evil, "status": 77}]
    yield [row] * 3
    yield [{"now": 3}, {"ok": True}]


def serve(path, answers):
    """A daemon that was taken over, on that socket; the first answer is the first, the last stays."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)

    def run():
        number = 0
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                request = json.loads(client.makefile().readline())
                lines = answers[min(number, len(answers) - 1)] if request["command"] == "top" else answers[0]
                number += request["command"] == "top"
                try:
                    client.sendall("".join(json.dumps(line) + "\n" for line in lines).encode())
                except OSError:
                    pass

    threading.Thread(target=run, daemon=True).start()
    return listener


def test_a_daemon_that_was_taken_over(tmp_path):
    path = tmp_path / "control"
    listener = serve(path, list(hostile_answers()))
    with Terminal([binary(), "top", "--socket", path], columns=132) as terminal:
        terminal.wait_for("192.0.2.7")
        terminal.wait_for("NOT ANSWERING")
        for key in "1234eqbyuyay?qs":
            terminal.type(key)
            terminal.read(0.15)
        assert terminal.process.poll() is None
        assert not escapes_of(terminal.raw)
        terminal.type("\x1b")
        terminal.read(0.2)
        terminal.type("q")
        assert terminal.end() == OK and terminal.is_as_before()
    listener.close()
