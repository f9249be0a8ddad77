# SPDX-License-Identifier: Apache-2.0
"""`wavebreak match` as a person or a script uses it: no root, no daemon."""

import json
import pathlib
import subprocess

import pytest

from guard import binary
from world import REPOSITORY

LISTED = (
    "Jul 27 15:05:01 mx courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,"
    "from=<a@b.example>,to=<c@d.example>: 511 Listed"
)
STARTED = "Jul 27 15:05:01 mx courieresmtpd: started,ip=[2001:db8::7],port=[4711]"
OTHER = "Jul 27 15:05:01 mx CRON[7]: nothing"


def match(*words, lines=(), raw=None):
    return subprocess.run(
        [binary(), "match", *words],
        input=raw if raw is not None else "".join(line + "\n" for line in lines).encode(),
        capture_output=True,
        timeout=60,
    )


def test_json_says_one_thing_a_line():
    done = match("--format", "json", lines=[LISTED, STARTED, OTHER, ""])
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        '{"line":1,"offence":true,"service":"courier","address":"192.0.2.7","outcome":"listed"}',
        '{"line":2,"offence":false,"service":"courier","address":"2001:db8::7",'
        '"outcome":"connected"}',
        '{"line":3,"offence":false,"service":null,"address":null,"outcome":null}',
        '{"line":4,"offence":false,"service":null,"address":null,"outcome":null}',
    ]


def test_text_is_for_people(tmp_path):
    for name in "one", "two":
        (tmp_path / name).write_text(f"{STARTED}\n{LISTED}\n")
    done = match(tmp_path / "one", tmp_path / "two")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines() == [
        f"{tmp_path}/one:2: 192.0.2.7 listed, courier-smtp/dnsbl-reject",
        f"{tmp_path}/two:4: 192.0.2.7 listed, courier-smtp/dnsbl-reject",
    ]
    assert done.stderr.decode() == "4 lines, 2 offences: 2 listed\n"


@pytest.mark.parametrize("form", ["text", "json", "quiet"])
def test_the_exit_status_answers(form):
    assert match("--format", form, lines=[OTHER, LISTED]).returncode == 0
    assert match("--format", form, lines=[OTHER, STARTED]).returncode == 1
    assert match("--format", form).returncode == 1
    assert match("--format", form, "/nonexistent").returncode == 2
    assert match("--format", form, "/").returncode == 2


def test_quiet_is_quiet():
    done = match("--format", "quiet", lines=[LISTED])
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_bare_line_needs_its_service():
    bare = LISTED.split("courieresmtpd: ")[1]
    assert match(lines=[bare]).returncode == 1
    assert match("--service", "courier", lines=[bare]).returncode == 0
    assert match("--service", "courier-smtp", lines=[bare]).returncode == 0
    assert match("--service", "courier-login", lines=[bare]).returncode == 1
    # The tag decides where there is one.
    assert match("--service", "courier", lines=[OTHER.replace("nothing", bare)]).returncode == 1
    wrong = match("--service", "couriers", lines=[bare])
    assert wrong.returncode == 2
    assert b"did you mean 'courier'?" in wrong.stderr


def test_an_answer_does_not_wait_for_the_next_line():
    with subprocess.Popen(
        [binary(), "match", "--format", "json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(LISTED.encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["address"] == "192.0.2.7"
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_a_long_line_is_one_line():
    """What would begin a line if it were cut in pieces of the buffer's size is no line."""
    forged = LISTED.replace("192.0.2.7", "198.51.100.1").encode()
    for size in 65536, 4 * 65536, 1 << 20:
        raw = b"x" * size + forged + b"\n" + LISTED.encode() + b"\n"
        answers = match("--format", "json", raw=raw).stdout.decode().splitlines()
        assert [json.loads(answer)["address"] for answer in answers] == [None, "192.0.2.7"]


def test_any_bytes_may_come():
    raw = bytes(range(256)) * 5000 + b"\n" + LISTED.encode()
    answers = match("--format", "json", raw=raw).stdout.decode().splitlines()
    assert json.loads(answers[-1])["address"] == "192.0.2.7"
    assert len(answers) == raw.count(b"\n") + 1


def test_signatures_of_ones_own(tmp_path):
    (tmp_path / "own.sig").write_text(
        "service mine\n  tag minesmtpd\n\n"
        "signature refused\n"
        "  pattern ^refused {addr}: {reply}\n"
        "  reply   55x\n"
        "  outcome policy-refused\n"
        "  yes     refused 192.0.2.7: 550 no\n"
    )
    line = "Jul 27 15:05:01 mx minesmtpd[7]: refused 192.0.2.9: 554 no"
    done = match("--signatures", tmp_path, "--format", "json", lines=[line, LISTED])
    assert done.stdout.decode().splitlines()[0] == (
        '{"line":1,"offence":true,"service":"mine","address":"192.0.2.9",'
        '"outcome":"policy-refused"}'
    )
    assert json.loads(done.stdout.decode().splitlines()[1])["offence"] is False


def test_a_mistake_names_its_place(tmp_path):
    (tmp_path / "own.sig").write_text("service mine\n  tagg minesmtpd\n")
    done = match("--signatures", tmp_path, lines=[LISTED])
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"wavebreak match: {tmp_path}/own.sig:2:3: 'tagg' is no keyword; did you mean 'tag'?\n"
    )


def test_real_lines_of_courier():
    """Captured from a real server; who is listed there and who is not is in its README."""
    logs = pathlib.Path(REPOSITORY).parent / "shared" / "logs" / "courier"
    if not logs.is_dir():
        pytest.skip(f"there is no {logs}")
    for log in sorted(logs.glob("*.log")):
        answers = match("--format", "json", log).stdout.decode().splitlines()
        listed = [json.loads(answer) for answer in answers if '"listed"' in answer]
        assert listed
        for answer in listed:
            assert answer["address"].startswith(("10.66.", "2001:db8:66:"))
        assert not any(json.loads(a)["offence"] and '"10.67.9.11"' in a for a in answers)
