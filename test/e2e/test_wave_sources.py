# SPDX-License-Identifier: Apache-2.0
"""Who came in a wave, on a real Courier: `wavebreak waves` tells it, with countries and holders of networks where
databases are configured, and what kills the process that counts leaves the most of it."""

import json
import os
import signal
import time

import pytest

from dialogues import told
from guard import binary, visible
from places import HOSTILE, databases
from test_waves import WAVE, Waves, let_it_look, wave_of
from world import World, wait_until

OK, NO = 0, 1
LISTED, LISTED6, SILENT = 24, 6, 40


@pytest.fixture(scope="module")
def world(mail_server):
    with World(visible=visible()) as world:
        yield world


@pytest.fixture(scope="module")
def placed(world):
    """The configuration of a wave that is told with places."""
    countries, asns = databases(world)
    return WAVE + f"wave {{\n  countries = {countries}\n  asns = {asns}\n}}\n"


def waves(guard, *words):
    done = guard.ask("waves", "--json", *words)
    assert done.returncode in (OK, NO), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def come(world, folder):
    """A wave: clients that are told 511 and stay, and others that say nothing. `folder` is a number of its own."""
    listed = [f"10.66.{folder}.{n + 1}" for n in range(LISTED // 2)]
    listed += [f"10.66.{128 + folder}.{n + 1}" for n in range(LISTED // 2)]
    listed += [f"2001:db8:66:{folder:x}{n:02x}::1" for n in range(LISTED6)]
    clients = [world.smtp(address) for address in listed]
    assert {told(client) for client in clients} == {511}
    return clients + [world.connect(f"10.67.{folder}.{n + 1}") for n in range(SILENT)]


# Told 550 three times, at every address that the server has.
OWN = """
import smtplib
for place in ("127.0.0.1", "::1", "10.68.0.1", "2001:db8:68::1"):
    with smtplib.SMTP(place, local_hostname="webmail.test", timeout=15) as client:
        client.ehlo()
        client.mail("anna@ham.test")
        assert {client.rcpt(f"nobody{n}@example.test")[0] for n in range(3)} == {550}
"""


def lasting(guard):
    wait_until(lambda: wave_of(guard)["lasts"], 20, f"a wave\n{guard.log}")


def over(guard, clients):
    for client in clients:
        client.close()
    wait_until(lambda: not wave_of(guard)["lasts"], 60, f"the wave to be over\n{guard.log}")


def counted(guard):
    """The wave, when its sources have been counted to the end."""
    return wait_until(
        lambda: next((w for w in waves(guard) if not w["goes_on"] and w.get("sources")), None), 15, "its sources"
    )


def test_who_came_in_a_wave(world, placed):
    with Waves(world, placed, state=world.folder / "placed") as guard:
        let_it_look(guard)
        clients = come(world, 1)
        own = world.server_exec(["/usr/bin/python3", "-c", OWN])
        assert own.returncode == 0, own.stderr
        lasting(guard)
        # It is known at once, and grows.
        now = wait_until(lambda: next((w for w in waves(guard) if w.get("sources")), None), 10, "the first count")
        assert now["goes_on"]
        wait_until(lambda: guard.status()["counters"]["evictions"] >= LISTED + LISTED6, 15, "evictions")
        over(guard, clients)
        wave = counted(guard)
        assert wave["begin"] == wave_of(guard)["wave"]["begin"]
        assert wave["begin"] <= wave["peak"] <= wave["end"] and wave["peak_open"] >= SILENT
        assert wave["estimate_without"]["peak_open"] >= wave["peak_open"]
        sources = wave["sources"]
        everybody = LISTED + LISTED6 + SILENT
        assert everybody * 0.9 <= sources["clients"] <= everybody and not sources["at_least"]
        assert sources["told"] == sources["evicted"] == LISTED + LISTED6
        networks = {n["network"]: n for n in sources["worst_networks"]}
        assert networks["10.66.1.0/24"]["clients"] == networks["10.66.129.0/24"]["clients"] == LISTED // 2
        assert networks["10.66.1.0/24"]["told"] == LISTED // 2
        assert networks["2001:db8:66::/48"]["clients"] == LISTED6
        assert networks["10.67.1.0/24"]["told"] == 0
        assert sources["worst_networks"][-1]["network"] == "10.67.1.0/24"
        assert len(sources["worst_clients"]) == 16
        assert {c["told"] for c in sources["worst_clients"]} == {1}
        countries = {c["country"]: c for c in sources["countries"]}
        assert countries["BR"]["clients"] == countries["BR"]["told"] == LISTED
        assert countries["BR"]["name"] == HOSTILE
        assert countries["DE"] == {"country": "DE", "name": "Germany", "clients": LISTED6, "told": LISTED6}
        assert countries["VN"]["told"] == 0
        assert sources["with_country"] == sources["clients"]
        asns = {a["asn"]: a for a in sources["asns"]}
        assert asns[64500]["clients"] == asns[64501]["clients"] == LISTED // 2
        assert asns[64500]["name"] == HOSTILE and "name" not in asns[4200000000]
        assert sources["with_asn"] == LISTED + LISTED6

        def said_in(locale):
            done = world.server_exec(["env", f"LC_ALL={locale}", binary(), "waves", "-c", guard.file])
            assert done.returncode == OK, done.stderr
            return done.stdout

        said = said_in("C")
        assert all(" " <= c <= "~" or c == "\n" for c in said), "a terminal gets printable ASCII alone"
        assert r"'\xc3\xa9" in said
        assert said_in("C.UTF-8") == said.replace(r"\xc3\xa9", "é"), "and letters, where it reads UTF-8"
        assert f"{sources['clients']} distinct clients; of these {LISTED + LISTED6} (" in said
        assert "10.66.1.0/24: 12 clients" in said
        assert r"BR <img src=x" in said and r"\x1b[31m\x5c" in said
        assert "AS64501 Example Networks" in said
        assert "holder of the network is not known" in said
        assert all(" " <= c <= "~" or c == "\n" for c in guard.ask("waves", "--json").stdout)
        # It outlives the guard, as long as the history does.
        guard.stop()
        guard.start()
        assert counted(guard)["sources"] == sources


def test_what_kills_the_one_who_counts_leaves_the_most(world):
    with Waves(world, WAVE, state=world.folder / "killed") as guard:
        let_it_look(guard)
        clients = come(world, 2)
        lasting(guard)
        before = wait_until(lambda: next((w for w in waves(guard) if w.get("sources")), None), 10, "the first count")
        # It is told from memory, and written within a second.
        time.sleep(2)
        worker = guard.worker()
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: guard.worker() not in (None, worker), 10, "another worker")
        wait_until(lambda: guard.ask("status").returncode == OK, 10, "its word")
        assert wave_of(guard)["lasts"]
        clients += [world.connect(f"10.67.130.{n + 1}") for n in range(5)]
        over(guard, clients)
        wave = counted(guard)
        assert wave["begin"] == before["begin"] and len(waves(guard)) == 1
        assert wave["sources"]["clients"] >= before["sources"]["clients"] > LISTED
        assert wave["sources"]["told"] >= before["sources"]["told"] > 0
        assert wave["sources"]["at_least"]
        assert wave["peak_open"] >= before["peak_open"]
        assert "at least" in guard.ask("waves").stdout
        assert "countries" not in wave["sources"] and "asns" not in wave["sources"]


def test_a_database_that_cannot_be_read_is_said_once(world, placed):
    broken = world.folder / "broken.mmdb"
    whole = (world.folder / "countries.mmdb").read_bytes()
    # The data that the tree leads to is no map.
    tree_end = whole.index(b"\0" * 16, len(whole) // 3) + 16
    description = whole.rindex(b"MaxMind.com") - 3
    broken.write_bytes(whole[:tree_end] + b"\xff" * (description - tree_end) + whole[description:])
    settings = f"wave {{\n  countries = {broken}\n  asns = {world.folder}/is-not-there.mmdb\n}}\n"
    with Waves(world, WAVE + settings, state=world.folder / "broken") as guard:
        assert len(guard.said("wave.asns: ")) == 1 and "No such file" in guard.said("wave.asns: ")[0]
        let_it_look(guard)
        clients = come(world, 3)
        lasting(guard)
        over(guard, clients)
        sources = counted(guard)["sources"]
        assert sources["clients"] > LISTED and "countries" not in sources and "asns" not in sources
        assert len(guard.said("the database is damaged")) == 1
        assert guard.status()["counters"]["worker_restarts"] == 0


def test_a_reload_reads_them_again(world, placed):
    with Waves(world, WAVE, state=world.folder / "reload") as guard:
        let_it_look(guard)
        clients = come(world, 4)
        lasting(guard)
        guard.reload(placed)
        clients += [world.connect(f"10.67.131.{n + 1}") for n in range(5)]
        over(guard, clients)
        sources = counted(guard)["sources"]
        assert sources["at_least"] and sources["clients"] >= LISTED


@pytest.mark.parametrize("off", ["wave { detect = no }", "history { enabled = no }"], ids=["no waves", "no history"])
def test_where_nothing_is_written_down(world, placed, off):
    with Waves(world, placed + off, state=world.folder / "off") as guard:

        def tells():
            done = guard.ask("history")
            return done.returncode == OK or "no history" in done.stderr

        wait_until(tells, 10, "a sample")
        done = guard.ask("waves")
        assert done.returncode == NO
        assert done.stderr == ("wavebreak waves: there was none in that time\n" if "wave {" in off else
                               "wavebreak waves: there is no history: history.enabled is no\n")
        assert guard.said("error") == []


def test_check_looks_at_the_databases(world, placed):
    def findings(settings):
        with Waves(world, WAVE + settings, state=world.folder / "check") as guard:
            said = json.loads(guard.ask("check", "--json").stdout)["findings"]
            return [f for f in said if f["subject"] == "waves"]

    whole = findings(placed.removeprefix(WAVE))
    assert [f["works"] for f in whole] == [True, True]
    assert "wave.countries: Test-country, built 20" in whole[0]["text"] and "(0 days ago)" in whole[0]["text"]
    text = world.folder / "text.mmdb"
    text.write_text("no database\n")
    broken = findings(f"wave {{\n  countries = {text}\n  asns = {world.folder}/is-not-there.mmdb\n}}\n")
    assert [f["works"] for f in broken] == [False, False]
    assert "not a valid MaxMind DB" in broken[0]["text"] or "metadata" in broken[0]["text"], broken
    assert "No such file" in broken[1]["text"] and broken[1]["advice"] == ["waves are told without it"]
    assert findings("") == []
