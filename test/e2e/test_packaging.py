# SPDX-License-Identifier: Apache-2.0
"""What is installed, and what the shell completes."""

import os
import pathlib
import shutil
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAVEBREAK", REPOSITORY / "build" / "wavebreak")).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which all was installed."""
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root],
                   check=True, capture_output=True, timeout=60)
    return root


def the_one(root, pattern):
    found = list(root.glob(pattern))
    assert len(found) == 1, f"{pattern}: {found}"
    return found[0]


def test_all_is_installed(installed):
    for pattern in [
        "**/sbin/wavebreak",
        "**/wavebreak/wavebreak-demo",
        "**/man8/wavebreak.8",
        "**/man5/wavebreak.conf.5",
        "**/man5/wavebreak-signatures.5",
        "**/wavebreak/signatures/courier.sig",
        "**/wavebreak/demo/mailhost",
        "**/wavebreak/tools/fetch-mail-server",
        "**/systemd/system/wavebreak.service",
        "**/sysusers.d/wavebreak.conf",
        "**/bash-completion/completions/wavebreak",
        "**/site-functions/_wavebreak",
    ]:
        assert the_one(installed, pattern).stat().st_size > 0


def test_nothing_is_left_to_fill_in(installed):
    for pattern in ["**/wavebreak.8", "**/wavebreak.conf.5", "**/completions/wavebreak",
                    "**/_wavebreak", "**/wavebreak.service"]:
        lines = the_one(installed, pattern).read_text().splitlines()
        assert not [line for line in lines if line.startswith("@") and line.endswith("@")]
        assert "@SBINDIR@" not in "\n".join(lines)


def test_a_reload_by_systemd_leaves_the_store_to_the_worker(installed):
    """systemd.exec(5): it takes StateDirectory= for User=, which is root, at ExecReload= too."""
    lines = the_one(installed, "**/wavebreak.service").read_text().splitlines()
    assert not [line for line in lines if line.startswith("StateDirectory=")]
    assert "ReadWritePaths=/var/lib" in lines


def test_unit_is_understood(installed):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    unit = the_one(installed, "**/wavebreak.service")
    binary = the_one(installed, "**/sbin/wavebreak")
    unit.write_text(unit.read_text().replace("ExecStart=", f"ExecStart={installed}", 1))
    assert binary.is_relative_to(installed)
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True,
                          text=True, timeout=30)
    assert "wavebreak.service" not in done.stderr, done.stderr


COMPLETE = """
set -e
source "$1"
compopt() { :; }
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_wavebreak wavebreak "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize("line, words", [
    ("wavebreak ex", ["explain"]),
    ("wavebreak he", ["help"]),
    ("wavebreak match --f", ["--format"]),
    ("wavebreak match --format j", ["json"]),
    ("wavebreak history --format c", ["csv"]),
    ("wavebreak replay --format c", []),
    ("wavebreak zones --f", ["--format"]),
    ("wavebreak ban --fo", ["--format", "--for"]),
    ("wavebreak plot --f", []),
    ("wavebreak help sta", ["status"]),
    ("wavebreak check -c /etc/hostn", ["/etc/hostname"]),
])
def test_completion(line, words):
    done = subprocess.run(["bash", "-c", COMPLETE, "-", BUILD / "completions" / "wavebreak", *line.split()],
                          capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout.split() == words


SYSTEMCTL = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$*" in *is-active*) exit STATUS;; esac
"""


@pytest.mark.parametrize("words, active, signalled", [
    (["configure", "0.1.0"], True, True),
    (["configure", "0.1.0"], False, False),
    (["configure", ""], True, False),
    (["abort-upgrade", "0.2.0"], True, False),
])
def test_a_package_upgrade_keeps_sessions(tmp_path, words, active, signalled):
    """Neither ended nor started again, but told of its new version."""
    for name, text in (("systemctl", SYSTEMCTL.replace("STATUS", str(0 if active else 3))),
                       ("systemd-sysusers", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(["sh", "-e", REPOSITORY / "debian" / "wavebreak.postinst", *words],
                          env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else ""
    assert ("kill -s USR2 --kill-who=main wavebreak.service" in asked) == signalled
    assert not {"stop", "restart", "try-restart", "start"} & set(asked.split())
    assert "--no-stop-on-upgrade" in (REPOSITORY / "debian" / "rules").read_text()
