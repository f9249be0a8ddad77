# SPDX-License-Identifier: Apache-2.0
"""The command line where there is no daemon, and with one that answers oddly: what is said,
where, and with which exit status."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

from guard import binary
from world import REPOSITORY

OK, NO, WRONG, UNABLE = range(4)
NOBODY = 65534
LISTED = (
    "Jul 27 15:05:01 mx courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,"
    "from=<a@b.example>,to=<c@d.example>: 511 listed\n"
)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


def wavebreak(*words, program=None, **options):
    return subprocess.run(
        [program or binary(), *map(str, words)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
        **options,
    )


def assert_says(result, status, *parts):
    """Of an answer that is no: a sentence on standard error, nothing on standard output."""
    assert (result.returncode, result.stdout) == (status, ""), result
    for part in parts:
        assert part in result.stderr


@pytest.fixture
def place():
    """A folder that every user can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="wavebreak-cli-", dir="/tmp") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture
def everyones_binary(place):
    return shutil.copy(binary(), place / "wavebreak")


@pytest.fixture
def configure(place):
    """Writes a configuration whose daemon would live in `place`, as user nobody."""

    def write(text=""):
        file = place / "wavebreak.conf"
        file.write_text(
            "daemon {\n  user = nobody\n  group = nogroup\n"
            f"  state = {place}/state\n  runtime = {place}/run\n}}\n{text}"
        )
        return file

    return write


def findings(result):
    """What check --json found: subject to a list of findings."""
    answer = json.loads(result.stdout)
    assert answer["status"] == result.returncode
    found = {}
    for finding in answer["findings"]:
        found.setdefault(finding["subject"], []).append(finding)
    return found


# Mistakes on the command line and in the configuration


@pytest.mark.parametrize(
    "words, hint",
    [
        (["stauts"], "did you mean 'status'?"),
        (["expalin", "192.0.2.1"], "did you mean 'explain'?"),
        (["nothing-like-it"], "see 'wavebreak help'"),
        (["ban", "192.0.2.1", "--fro", "10m"], "did you mean '--for'?"),
        (["ban", "192.0.2.1", "--for", "10"], "'10' is not a time such as 10m"),
        (["ban", "192.0.2.1", "--why", "x" * 96], "no more than 95 bytes"),
        (["ban"], "ADDR is missing"),
        (["explain", "192.0.2.1", "192.0.2.2"], "'192.0.2.2' is one word too many"),
        (["status", "--socket", "/" + "x" * 200], "a socket's path has at most 107 bytes"),
    ],
)
def test_wrong_use_is_2_and_names_the_nearest_word(words, hint):
    assert_says(wavebreak(*words), WRONG, hint)


@pytest.mark.parametrize("command", ["check", "run", "status"])
def test_a_mistake_in_the_configuration_names_its_place(place, command):
    file = place / "wavebreak.conf"
    file.write_text("ban {\n  for = 10m\n  at_least = 1h\n}\nmail { limit = many }\n")
    result = wavebreak(command, "-c", "./wavebreak.conf", cwd=place)
    assert_says(
        result,
        WRONG,
        "./wavebreak.conf:3:3: 'at_least' is not a setting of ban; did you mean 'at_most'?",
        "./wavebreak.conf:5:16: ",
    )


def test_check_tells_programs_of_mistakes_too(place):
    file = place / "wavebreak.conf"
    file.write_text("bann { for = 10m }\n")
    result = wavebreak("check", "--json", "-c", file)
    assert result.returncode == WRONG and "did you mean 'ban'?" in result.stderr
    answer = json.loads(result.stdout)
    mistake = answer["mistakes"][0]
    assert answer["status"] == WRONG
    assert (mistake["file"], mistake["line"], mistake["column"]) == (str(file), 1, 1)


@pytest.mark.parametrize("command", ["check", "run", "list"])
def test_a_configuration_that_is_not_there_is_named(place, command):
    assert_says(wavebreak(command, "-c", place / "none.conf"), WRONG, f"{place}/none.conf: No such file")


@as_root
def test_a_configuration_that_may_not_be_read_is_3(everyones_binary, configure):
    file = configure()
    file.chmod(0o600)
    for command in "check", "status":
        result = wavebreak(command, "-c", file, program=everyones_binary, user=NOBODY)
        assert_says(result, UNABLE, f"{file}: Permission denied")


# check


def test_check_changes_nothing_and_says_where_things_would_be(place, configure):
    log = place / "mail.log"
    log.write_text(LISTED * 3 + "Jul 27 15:05:02 mx cron: hello\n")
    before = sorted(place.iterdir())
    result = wavebreak("check", "--json", "-c", configure(f"watch {{ file = {log} }}\n"))
    found = findings(result)
    assert sorted(place.iterdir()) == sorted(before + [place / "wavebreak.conf"])
    assert found["log"][0]["works"]
    assert "of its last 4 lines 3 are recognised, 3 as offences" in found["log"][0]["text"]
    assert found["signatures"][0]["works"] and found["user"][0]["works"]
    assert found["state"][0]["text"] == f"{place}/state, to be made"
    assert "loopback 2" in found["never-list"][0]["text"]
    assert found["daemon"][0]["text"] == "not running"
    assert found["relief"][0]["text"].startswith(("from ", "off: the limit"))
    if os.geteuid() == 0 and found["ban"][0]["works"] and found["privileges"][0]["works"]:
        assert result.returncode == OK


@pytest.mark.parametrize(
    "text, works, words",
    [
        ("mail { limit = 300 }", True, "from 240 of 300 connections down to 180"),
        ("mail { limit = 20 }\nrelief { start = 90%  stop = 50% }", True, "from 18 of 20 connections down to 10"),
        ("mail { server = qmail }", False, "off: the limit of the mail server is not known"),
        ("relief { enabled = no }", True, "off (relief.enabled)"),
    ],
)
def test_check_tells_when_relief_begins(configure, text, works, words):
    finding = findings(wavebreak("check", "--json", "-c", configure(text + "\n")))["relief"][0]
    assert finding["works"] == works and finding["text"].startswith(words)


@pytest.mark.parametrize(
    "never, words",
    [
        ("0.0.0.0/0", ["0.0.0.0/0 (ban.never): no IPv4 client is ever banned, limited or led to the gate"]),
        ("192.0.2.0/24, ::/0", ["::/0 (ban.never): no IPv6 client is ever banned, limited or led to the gate"]),
        ("192.0.2.0/24", []),
    ],
)
def test_check_warns_where_nobody_would_be_banned(configure, never, words):
    file = configure(f"ban {{ never = {never} }}\n")
    found = findings(wavebreak("check", "--json", "-c", file))["never-list"]
    assert [finding["text"] for finding in found if finding.get("warns")] == words
    assert all(finding["works"] for finding in found)
    in_all = wavebreak("check", "-c", file).stdout.splitlines()[-1]
    assert ("never-list" in in_all) == bool(words)


def test_check_says_the_same_to_people(place, configure):
    log = place / "mail.log"
    log.write_text("")
    file = configure(f"watch {{ file = {log}, {place}/later.log }}\n")
    people, programs = wavebreak("check", "-c", file), wavebreak("check", "--json", "-c", file)
    assert people.returncode == programs.returncode
    for finding in json.loads(programs.stdout)["findings"]:
        assert finding["text"] in people.stdout
        for advice in finding["advice"]:
            assert f"-> {advice}\n" in people.stdout
    assert f"log           {log}, readable, empty\n" in people.stdout
    assert f"              {place}/later.log is not there" in people.stdout


@pytest.mark.parametrize(
    "text, status, subject, part",
    [
        ("watch { file = PLACE/none.log }", NO, "log", "PLACE/none.log is not there"),
        ("watch { file = PLACE }", NO, "log", "PLACE is not a file"),
        ("watch { signatures = PLACE/none }", WRONG, "signatures", "PLACE/none: no such folder"),
        ("daemon { user = no-such-user }", WRONG, "user", "there is no user 'no-such-user'"),
        ("daemon { state = PLACE/a/b }", UNABLE, "state", "there is no folder PLACE/a"),
    ],
)
def test_what_does_not_work_is_said(place, text, status, subject, part):
    file = place / "wavebreak.conf"
    if "daemon" not in text:
        text += f"\ndaemon {{ user = nobody  state = {place}/state  runtime = {place}/run }}"
    file.write_text(text.replace("PLACE", str(place)) + "\n")
    result = wavebreak("check", "--json", "-c", file)
    finding = next(f for f in findings(result)[subject] if not f["works"])
    assert part.replace("PLACE", str(place)) in finding["text"]
    # What this machine lacks besides may make it worse, not better.
    assert [OK, NO, UNABLE, WRONG].index(result.returncode) >= [OK, NO, UNABLE, WRONG].index(status)


def test_a_mistake_in_a_signature_names_its_place(place, configure):
    (place / "own.sig").write_text("service own\nsignature one\n  patern ^x\n")
    result = wavebreak("check", "-c", configure(f"watch {{ signatures = {place} }}\n"))
    assert result.returncode == WRONG
    assert f"{place}/own.sig:3:3: 'patern' " in result.stdout
    assert "first mend the mistakes" in result.stdout


@pytest.mark.parametrize("listed, words", [("198.51.100.0/24", "is on"), ("192.0.2.1", "is not on")])
def test_an_administrator_from_afar_learns_whether_he_is_safe(configure, listed, words):
    environment = dict(os.environ, SSH_CONNECTION="198.51.100.20 50000 192.0.2.1 22")
    result = wavebreak("check", "-c", configure(f"ban {{ never = {listed} }}\n"), env=environment)
    assert f"ssh session from 198.51.100.20 {words} the never-list" in result.stdout


def test_foreign_bytes_in_a_name_do_not_reach_the_terminal(place, configure):
    file = configure(f'watch {{ file = "{place}/\u202ered" }}\n').rename(place / "\x1b[31m.conf")
    result = wavebreak("check", "-c", file)
    assert result.stdout.isascii() and "\x1b" not in result.stdout
    assert f"configuration {place}/\\x1b[31m.conf\n" in result.stdout
    assert f"{place}/\\xe2\\x80\\xaered is not there" in result.stdout


@as_root
def test_check_tells_another_user_what_takes_root(place, everyones_binary, configure):
    log = place / "mail.log"
    log.write_text(LISTED)
    log.chmod(0o600)
    signatures = shutil.copytree(REPOSITORY / "signatures", place / "signatures")
    file = configure(f"watch {{\n  file = {log}\n  signatures = {signatures}\n}}\n")
    result = wavebreak("check", "--json", "-c", file, program=everyones_binary, user=NOBODY, group=NOBODY)
    found = findings(result)
    assert result.returncode == UNABLE
    assert "CAP_NET_ADMIN" in found["privileges"][0]["text"]
    assert "may not be read by you" in found["log"][0]["text"]
    assert found["signatures"][0]["works"]


@as_root
def test_run_without_permission_is_3(place, everyones_binary, configure):
    result = wavebreak("run", "-c", configure(), program=everyones_binary, user=NOBODY, group=NOBODY)
    assert_says(result, UNABLE, "not permitted: missing ", "CAP_NET_ADMIN")
    assert not (place / "run").exists()


# No daemon, and odd ones

QUESTIONS = [
    ["status"],
    ["status", "--json"],
    ["list"],
    ["ban", "192.0.2.1"],
    ["unban", "192.0.2.1"],
    ["allow", "192.0.2.0/24"],
    ["explain", "192.0.2.1"],
]


@pytest.mark.parametrize("words", QUESTIONS)
def test_no_daemon_is_1_and_says_how_to_start_it(place, configure, words):
    path = place / "run" / "control"
    for where in ["-c", configure()], ["--socket", path]:
        assert_says(
            wavebreak(*words, *where), NO, f"wavebreak is not running (no socket at {path}); start it with "
        )


def test_a_socket_without_a_daemon_is_the_same(place):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as left_behind:
        left_behind.bind(str(place / "control"))
    result = wavebreak("list", "--socket", place / "control")
    assert_says(result, NO, f"wavebreak is not running (nobody answers at {place}/control)")


@contextlib.contextmanager
def daemon(path, answer):
    """Answers one request with these bytes; a list that the request is put into."""
    requests = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(20)

        def serve():
            client, _ = listener.accept()
            with client, client.makefile("rb") as lines:
                requests.append(json.loads(lines.readline()))
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join()


def ask(place, answer, *words):
    with daemon(place / "control", answer) as requests:
        result = wavebreak(*words, "--socket", place / "control")
    return result, requests[0]


def line(**fields):
    return json.dumps(fields).encode() + b"\n"


@as_root
def test_who_may_not_use_the_socket_is_told_so(place, everyones_binary):
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(place / "control"))
        listener.listen(1)
        os.chmod(place / "control", 0o600)
        result = wavebreak(
            "status", "--socket", place / "control", program=everyones_binary, user=NOBODY, group=NOBODY
        )
    assert_says(result, UNABLE, "not permitted: root or a member of group wavebreak")


@pytest.mark.parametrize(
    "words, request_is",
    [
        (["status"], {"command": "status"}),
        (
            ["ban", "192.0.2.1", "--for", "2h", "--why", "told 511"],
            {"command": "ban", "address": "192.0.2.1", "for_ms": 7200000, "why": "told 511"},
        ),
        (["ban", "192.0.2.1"], {"command": "ban", "address": "192.0.2.1"}),
        (["unban", "2001:db8::1"], {"command": "unban", "address": "2001:db8::1"}),
        (["allow", "192.0.2.0/24"], {"command": "allow", "prefix": "192.0.2.0/24", "remove": False}),
        (
            ["allow", "--remove", "192.0.2.0/24"],
            {"command": "allow", "prefix": "192.0.2.0/24", "remove": True},
        ),
        (["explain", b"192.0.2.\xff"], {"command": "explain", "address": "192.0.2.?"}),
    ],
)
def test_the_question_says_what_was_asked(place, words, request_is):
    words = [os.fsdecode(word) for word in words]
    assert ask(place, line(ok=False, error="no", status=1), *words)[1] == request_is


@pytest.mark.parametrize("status, exit_status", [(1, NO), (2, WRONG), (3, UNABLE), (0, NO), (77, NO), ("x", NO)])
def test_the_daemons_refusal_decides_the_exit_status(place, status, exit_status):
    refusal = line(ok=False, error="never-list \x1b[2J protects it", status=status)
    result, _ = ask(place, refusal, "ban", "192.0.2.1")
    assert_says(result, exit_status, "wavebreak ban: never-list \\x1b[2J protects it")


@pytest.mark.parametrize("answer", [b"", b"\n", b"hello\n", b"[]\n", b'{"ok": tr', b'{"address": "x"}\n'])
def test_an_answer_that_breaks_off_is_no_answer(place, answer):
    result, _ = ask(place, answer, "list", "--json")
    assert result.returncode == NO
    assert "gave no whole answer" in result.stderr


def test_list_shows_foreign_text_escaped(place):
    bans = [
        {"address": "192.0.2.7", "begin": 1, "until": 2, "by_hand": False, "outcome": "listed",
         "service": "courier-smtp", "signature": "dnsbl-reject"},
        {"address": "2001:db8::/64", "begin": 1, "until": 99999999999, "by_hand": True, "why": "\x1b[31m\u202e\n"},
        {"address": ["\x1b"], "begin": "now", "until": -5, "why": None},
    ]
    answer = b"".join(line(**ban) for ban in bans) + line(ok=True)
    result, _ = ask(place, answer, "list")
    assert result.returncode == OK
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["ADDRESS", "SINCE", "UNTIL", "AT", "LEAST", "WHY"] and len(rows) == len(bans)
    assert rows[0].startswith("192.0.2.7 ") and rows[0].endswith("listed, courier-smtp/dnsbl-reject")
    assert rows[1].endswith("by hand: \\x1b[31m\\xe2\\x80\\xae\\x0a")
    assert result.stdout.isascii() and "\x1b" not in result.stdout

    (place / "control").unlink()
    result, _ = ask(place, answer, "list", "--json")
    assert [json.loads(row) for row in result.stdout.splitlines()] == bans


HOSTILE = "\x1b[2J\x07\u202e\x9b31m<b>\"\n\\"


@pytest.mark.parametrize(
    "words",
    [["zones"], ["explain", "192.0.2.7"], ["waves"], ["history"], ["status"], ["list"], ["list", "--suspects"],
     ["unban", "192.0.2.7"], ["allow", "192.0.2.0/24"]],
    ids=" ".join,
)
def test_foreign_text_in_an_answer_does_not_reach_the_terminal(place, words):
    """Of a zone, a signature, a reason, an imported series: in each field that any of them shows."""
    names = ("zone state trouble state6 trouble6 address why outcome service signature series name text version log "
             "server backend limit_source prefix suspect error path").split()
    object_ = dict.fromkeys(names, HOSTILE)
    inner = object_ | {"samples": [], "weight": 3, "begin": 1, "until": 2}
    answer = {
        "zones": [inner], "ban": inner, "bans": 1, "suspect": HOSTILE, "text": HOSTILE, "known": True, "logs": [inner],
        "server": inner, "connections": object_ | {"limit": 3}, "wave": inner | {"tightened": HOSTILE},
        "gate": inner, "prefix": HOSTILE, "series": HOSTILE, "version": HOSTILE, "name": HOSTILE,
    }
    result, _ = ask(place, line(**inner) + line(ok=True, **answer), *words)
    shown = result.stdout + result.stderr
    assert shown and not re.search(r"[^\n -~]", shown), shown
    (place / "control").unlink()
    refused, _ = ask(place, line(ok=False, status=NO, error=HOSTILE), *words)
    assert refused.returncode == NO and not re.search(r"[^\n -~]", refused.stdout + refused.stderr)


def test_no_bans(place):
    assert ask(place, line(ok=True), "list")[0].stdout == "nobody is banned\n"
    (place / "control").unlink()
    assert ask(place, line(ok=True), "list", "--json")[0].stdout == ""


def test_status_is_a_page_of_what_there_is(place):
    answer = line(
        ok=True, mode="guarding", version="1", mail_server="courier", now=1000, started=400, bans=5, bans_most=9,
        connections={"open": 4, "served": 2, "waiting": 1, "most": 300, "limit": 300, "server_said_full": 940,
                     "states": {"established": 3, "syn-recv": 1, "closing": 0}},
        logs=[{"path": "/var/log/mail.log", "open": True, "offset": 12}, {"path": "/b\x1b", "open": False}],
        store={"open": True, "failing": True, "bytes": 4096, "queued": 7},
        counters={"bans": 6, "evictions": 0, "from_a_later_version": 1},
        landlock=True, seccomp=False,
    )
    result, _ = ask(place, answer, "status")
    assert result.returncode == OK
    for part in (
        "guarding courier, version 1, since 1970-01-01",
        "(10m ago)",
        "2 served of 300 at most, 1 waiting, 4 open in all; the most so far 300\n",
        "established 3, syn-recv 1\n",
        "(1m ago)",
        "bans          5 of 9 at most\n",
        "log           /var/log/mail.log, read up to byte 12\n",
        "/b\\x1b, not there; it is waited for\n",
        "4 KiB, 7 changes to be written; WRITING FAILS",
        "by Landlock; this kernel has no seccomp filter\n",
        "           6  Bans begun.\n",
        "           1  from_a_later_version\n",
    ):
        assert part in result.stdout
    assert "Connections ended" not in result.stdout, "a counter at zero says nothing"


def test_an_empty_status_is_no_trap(place):
    result, _ = ask(place, line(ok=True, connections=[], logs={}, counters="x"), "status")
    assert result.returncode == OK
    (place / "control").unlink()
    result, _ = ask(place, line(ok=True, bans=1), "status", "--json")
    assert json.loads(result.stdout) == {"bans": 1}


@pytest.mark.parametrize("known, status", [(True, OK), (False, NO)])
def test_explain_speaks_in_lines(place, known, status):
    answer = line(ok=True, known=known, text="192.0.2.7 is banned.\nSince\x1b[1m then.\n")
    result, _ = ask(place, answer, "explain", "192.0.2.7")
    assert (result.returncode, result.stdout) == (status, "192.0.2.7 is banned.\nSince\\x1b[1m then.\n")


def test_by_hand(place):
    ban = {"address": "192.0.2.7", "until": 0}
    steps = [
        (["ban", "192.0.2.7"], {"ban": ban, "observing": False}, "192.0.2.7 is banned until "),
        (["ban", "192.0.2.7"], {"ban": ban, "observing": True}, "192.0.2.7 would be banned until "),
        (["unban", "192.0.2.7"], {"ban": ban}, "192.0.2.7 is not banned any more\n"),
        (["allow", "192.0.2.0/24"], {"prefix": "192.0.2.0/24"}, "192.0.2.0/24 is never banned from now on\n"),
        (["allow", "--remove", "x"], {"prefix": "x"}, "x is not allowed by hand any more\n"),
    ]
    for words, answer, said in steps:
        result, _ = ask(place, line(ok=True, **answer), *words)
        assert result.returncode == OK and result.stdout.startswith(said)
        (place / "control").unlink()
        result, _ = ask(place, line(ok=True, **answer), *words, "--json")
        assert result.returncode == OK and json.loads(result.stdout) == answer
        (place / "control").unlink()


def test_a_full_disk_is_not_taken_for_an_answer(place):
    with daemon(place / "control", line(address="192.0.2.7") + line(ok=True)), open("/dev/full", "w") as full:
        result = subprocess.run(
            [binary(), "list", "--socket", place / "control"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30
        )
    assert result.returncode == UNABLE and "standard output: No space left" in result.stderr
