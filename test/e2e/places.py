# SPDX-License-Identifier: Apache-2.0
"""Databases of where the clients of a World are, for the waves of the daemon under test.

    countries, asns = databases(world)
"""

import subprocess

import pytest

from world import REPOSITORY

MAKE = REPOSITORY / "test" / "places" / "make-database"
NO_WRITER = 77
# What the name of a country or of a company may hold where somebody means ill, or is called so.
HOSTILE = '<img src=x onerror="document.title=1">\x1b[31m\\\u202e"\'é'

COUNTRIES = (
    ("10.66.0.0/16", "BR", HOSTILE),
    ("10.67.0.0/16", "VN", "Viet Nam"),
    ("2001:db8:66::/48", "DE", "Germany"),
)
ASNS = (
    ("10.66.0.0/17", "64500", HOSTILE),
    ("10.66.128.0/17", "64501", "Example Networks"),
    ("2001:db8::/32", "4200000000", ""),
)


def make(kind, file, rows):
    done = subprocess.run([MAKE, kind, file, *sum(rows, ())], capture_output=True, text=True, timeout=60)
    if done.returncode == NO_WRITER:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    # Root's own: the daemon reads it as root, and nobody else does.
    file.chmod(0o600)
    return file


def databases(world):
    return (
        make("country", world.folder / "countries.mmdb", COUNTRIES),
        make("asn", world.folder / "asns.mmdb", ASNS),
    )
