# SPDX-License-Identifier: Apache-2.0
"""wavebreak replay: old logs, whole or broken, in any order and of any size."""

import bz2
import gzip
import json
import os
import pathlib
import pty
import resource
import shutil
import subprocess
import time

import pytest

from guard import binary
from world import REPOSITORY

OK, NO, UNABLE, WRONG = 0, 1, 3, 2
REAL = REPOSITORY.parent / "shared" / "logs" / "courier" / "wave.log"


def replay(*words, **options):
    return subprocess.run([binary(), "replay", *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False, **options)


def figures(*words, **options):
    done = replay("--format", "json", *words, **options)
    assert done.returncode in (OK, NO), done.stderr
    return json.loads(done.stdout)


def refusal(at, address, port=4711):
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime(at))
    return (f"{stamp} mx courieresmtpd: error,relay=::ffff:{address},port={port},"
            "from=<a@b.test>,to=<c@d.test>: 511 listed\n")


def three_days(folder, end):
    """mail.log and what it was the days before, newest first as a shell names them; a wave in
    each, the middle one compressed."""
    names = []
    for day, name in enumerate(["mail.log", "mail.log.1", "mail.log.2"]):
        begin = end - (day + 1) * 86400
        text = "".join(refusal(begin + n / 5, f"10.{day}.{n // 250}.{n % 250}") for n in range(600))
        file = folder / name
        file.write_text(text)
        os.utime(file, (begin + 120, begin + 120))
        names.append(file)
    packed = folder / "mail.log.1.gz"
    with gzip.open(packed, "wt") as out:
        out.write(names[1].read_text())
    os.utime(packed, (end - 2 * 86400 + 120,) * 2)
    names[1].unlink()
    names[1] = packed
    return names


def test_files_are_read_in_order_of_time(tmp_path):
    end = int(time.time()) // 3600 * 3600
    found = figures(*three_days(tmp_path, end))
    assert found["lines"] == found["offences"] == 1800
    assert found["clients"] == 1800 and found["bans"]["begun"] == 1800
    assert [wave["begin"] for wave in found["waves"]] == sorted(wave["begin"] for wave in found["waves"])
    assert len(found["waves"]) == 3
    assert found["first"] == end - 3 * 86400 and found["last"] == end - 86400 + 119


def test_years_are_inferred_over_new_year(tmp_path):
    log = tmp_path / "mail.log"
    new_year = int(time.mktime((2026, 1, 1, 0, 0, 0, 0, 0, -1)))
    log.write_text(refusal(new_year - 10, "192.0.2.1") + refusal(new_year + 10, "192.0.2.2"))
    os.utime(log, (new_year + 60, new_year + 60))
    found = figures(log)
    assert (found["first"], found["last"]) == (new_year - 10, new_year + 10)
    # A copy has the date of its making; then the name, or the administrator, has to say.
    dated = tmp_path / "mail.log-20260101"
    shutil.copyfile(log, dated)
    assert figures(dated)["first"] == new_year - 10
    copied = tmp_path / "copied"
    shutil.copyfile(log, copied)
    assert figures("--year", "2010", copied)["last"] < int(time.mktime((2011, 1, 2, 0, 0, 0, 0, 0, -1)))


@pytest.mark.parametrize("tool", ["gzip", "zstd"])
def test_standard_input_may_be_compressed(tmp_path, tool):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not here")
    text = "".join(refusal(time.time() - 5, f"192.0.2.{n}") for n in range(9))
    packed = subprocess.run([tool, "-c"], input=text.encode(), capture_output=True, check=True).stdout
    done = subprocess.run([binary(), "replay", "--format", "json", "-"], input=packed,
                          capture_output=True, timeout=30, check=False)
    assert json.loads(done.stdout)["offences"] == 9


def test_what_is_no_log_is_said(tmp_path):
    assert replay("/nonexistent").returncode == WRONG
    folder = replay(tmp_path)
    assert folder.returncode == WRONG and "Is a directory" in folder.stderr
    empty = tmp_path / "empty"
    empty.touch()
    assert replay(empty).returncode == NO
    noise = tmp_path / "noise"
    noise.write_bytes(os.urandom(1 << 20))
    assert figures(noise)["offences"] == 0
    broken = tmp_path / "broken.gz"
    broken.write_bytes(gzip.compress(refusal(time.time(), "192.0.2.1").encode() * 1000)[:100])
    cut = replay("--format", "json", broken)
    assert cut.returncode == WRONG and "breaks off" in cut.stderr
    assert json.loads(cut.stdout)["lines"] >= 0, "what there was is told all the same"
    other = tmp_path / "log.bz2"
    other.write_bytes(bz2.compress(refusal(time.time(), "192.0.2.1").encode()))
    assert figures(other)["offences"] == 0


def test_a_line_of_100_megabytes_and_a_little_memory(tmp_path):
    log = tmp_path / "long"
    with open(log, "wb") as out:
        out.write(refusal(time.time() - 9, "192.0.2.1").encode())
        for _ in range(100):
            out.write(b"x" * (1 << 20))
        out.write(b" courieresmtpd: error,relay=::ffff:198.51.100.9,port=1,from=<>,to=<>: 511 x\n")
        out.write(refusal(time.time() - 5, "192.0.2.2").encode())
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    found = figures(log)
    assert (found["lines"], found["lines_cut"], found["offences"]) == (3, 1, 2)
    assert {entry["prefix"] for entry in found["worst_clients"]} == {"192.0.2.1", "192.0.2.2"}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 64 * 1024)


def test_the_policy_is_the_configured_one(tmp_path):
    log = tmp_path / "mail.log"
    log.write_text("".join(refusal(time.time() - 60 + n, f"198.51.100.{n}") for n in range(8)))
    conf = tmp_path / "conf"
    conf.write_text("ban { never = 198.51.100.0/30 }\n")
    found = figures("-c", conf, log)
    assert found["bans"]["begun"] == 4
    assert found["never"] == [{"prefix": "198.51.100.0/30", "why": "ban.never", "bans_prevented": 4}]
    conf.write_text("ban { score = 1000 }\n")
    assert figures("-c", conf, log)["bans"]["begun"] == 0
    conf.write_text("ban { scor = 1000 }\n")
    assert replay("-c", conf, log).returncode == WRONG


def test_a_page_for_people(tmp_path):
    page = replay(*three_days(tmp_path, int(time.time()))).stdout
    for words in ["1,800 lines", "listed 1,800", "would be bans   1,800 of 1,800 clients", "slots x seconds",
                  "never-list      prevented nothing", "worst networks  10."]:
        assert words in page, page
    assert page.count("goes on") <= 1


def test_progress_is_for_terminals_alone(tmp_path):
    log = tmp_path / "mail.log"
    log.write_text(refusal(time.time() - 9, "192.0.2.1") * 1_500_000)
    assert replay(log).stderr == ""
    master, slave = pty.openpty()
    done = subprocess.Popen([binary(), "replay", str(log)], stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    said = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    done.wait(60)
    os.close(master)
    assert b" % " in said and b"million a second" in said and said.endswith(b"\r\x1b[K")


@pytest.mark.skipif(not REAL.exists(), reason=f"there is no {REAL}")
def test_a_real_wave():
    found = figures("--year", "2026", REAL)
    assert found["connections"] == 386 and found["outcomes"]["listed"] == 350
    assert len(found["waves"]) == 1
    assert found["eviction"]["slot_seconds"] > 5000
