# SPDX-License-Identifier: Apache-2.0
"""What the daemon tells Prometheus: all of the tables, in the format, of the state that it is in; and that whoever
asks, or does not read, or is no program of ours at all, is in nobody's way."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from exposition import documented, parse
from gates import gate, world
from guard import COURIER, Guard
from name_server import EVERYBODY, WELL, NameServer, zones
from world import FETCH, REPOSITORY, mail_servers_folder, wait_until

HTTP = "http { listen = 9025 }\n"
HERE = "127.0.0.1:9025"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
# Only there when something has happened, or is known.
SOMETIMES = {
    f"wavebreak_{name}"
    for name in ("server_full_time_seconds", "suspect_clients", "suspect_clients_limit", "gate_steering")
}

CLIENT = r"""
import http.client, json, sys
place, method, path, headers = json.loads(sys.argv[1])
connection = http.client.HTTPConnection(place, timeout=15)
connection.request(method, path, headers=headers)
response = connection.getresponse()
print(json.dumps([response.status, dict(response.getheaders()), response.read().decode("latin-1")]))
"""

# Holds connections of which each has said the begin of a request, as long as a file is there.
HOLDER = r"""
import os, socket, sys, time
held = []
for i in range(int(sys.argv[1])):
    try:
        held.append(socket.create_connection(("127.0.0.1", 9025), timeout=0.2))
        held[-1].send(b"GET /metr")
    except OSError:
        break
print(len(held), flush=True)
while os.path.exists(sys.argv[2]):
    time.sleep(0.05)
"""


def ask(world, path, method="GET", place=HERE, **headers):
    """Status, fields and body of the answer."""
    asked = json.dumps([place, method, path, headers])
    done = world.server_exec(["/usr/bin/python3", "-c", CLIENT, asked])
    assert done.returncode == 0, done.stderr
    status, fields, body = json.loads(done.stdout)
    return status, fields, body.encode("latin-1")


def metrics(world):
    status, fields, body = ask(world, "/metrics")
    assert (status, fields["Content-Type"]) == (200, TEXT)
    return parse(body)


def listeners(world):
    return world.server_exec(["ss", "-Hltn"]).stdout


@pytest.fixture(scope="module")
def promtool():
    """Debian's, unpacked: to install the package would start a server."""
    found = shutil.which("promtool")
    if found:
        return found
    done = subprocess.run(
        [FETCH, "prometheus", mail_servers_folder()], capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        pytest.skip(f"no promtool: {done.stderr.strip()}")
    return mail_servers_folder() / "prometheus-root/usr/bin/promtool"


@pytest.fixture
def gated(world):
    with (
        NameServer(world, {"well.test": WELL, "everybody.test": EVERYBODY}),
        Guard(world, HTTP + gate(
            zones="zone well.test { weight = 3 }\nzone everybody.test { weight = 2 }",
            resolvers="127.0.0.1:5353",
        )) as guard,
    ):
        wait_until(lambda: zones(guard)["everybody.test"]["state"] == "out", 5, "the list's test")
        yield guard


def test_all_of_the_tables_is_told_with_its_help(world, gated):
    found = metrics(world)
    table = documented()
    assert len(table) > 100
    assert found.keys() | SOMETIMES == table.keys() and found.keys().isdisjoint(SOMETIMES)
    assert {name: family.help for name, family in found.items()} == {
        name: table[name] for name in found
    }


def test_promtool_has_nothing_against_it(world, gated, promtool):
    _, _, page = ask(world, "/metrics")
    checked = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, timeout=30)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_the_state_is_the_one_that_status_tells(world, gated):
    assert gated.ask("ban", "10.66.9.9").returncode == 0
    found, status = metrics(world), gated.status()
    assert found["wavebreak_banned_clients"].value() == status["bans"] == 1
    assert found["wavebreak_bans_total"].value() == status["counters"]["bans"] == 1
    assert found["wavebreak_connections_limit"].value() == status["connections"]["limit"] == 300
    assert found["wavebreak_zone_out"].value(zone="everybody.test", family="ipv4") == 1
    assert found["wavebreak_zone_out"].value(zone="well.test", family="ipv4") == 0
    assert found["wavebreak_zone_weight"].value(zone="well.test") == 3
    assert found["wavebreak_observing"].value() == 0
    assert found["wavebreak_store_open"].value() == 1
    assert found["wavebreak_gate_processes"].value() == 2
    assert found["wavebreak_build_info"].value(version=status["version"]) == 1
    assert found["wavebreak_log_open"].value(path="/var/log/mail.log") == 1
    cpu, memory = (found[f"wavebreak_process_{of}"] for of in ("cpu_seconds_total", "resident_memory_bytes"))
    for process in "warden", "watch":
        assert 0 <= cpu.value(process=process) < 60
        assert 1e5 < memory.value(process=process) < 1e9
    measures = status["measures"]
    assert measures["banned_clients"] == 1
    assert measures["zone_out"]["everybody.test"]["ipv4"] == 1
    assert {f"wavebreak_{name}" for name in measures} | SOMETIMES == {
        name.removesuffix("_total")
        for name in documented()
        if name.removeprefix("wavebreak_").removesuffix("_total") not in status["counters"]
    }


def test_open_connections_are_counted_by_phase(world):
    with Guard(world, HTTP):
        client = world.smtp("10.67.20.1")

        def served():
            return metrics(world)["wavebreak_connections"].value(phase="served") == 1

        wait_until(served, 5, "the connection to be counted", interval=0.3)
        assert metrics(world)["wavebreak_tcp_connections"].value(state="established") == 1
        client.quit()


def test_a_hostile_name_stays_in_its_label(world):
    path = r'/var/log/a"} 1 \n wavebreak_bans_total 7 \ü.log'
    quoted = path.replace("\\", "\\\\").replace('"', '\\"')
    sources = f'mail {{ server = courier }}\nwatch {{ file = "{quoted}" }}\n'
    with Guard(world, HTTP, sources=sources) as guard:
        found = metrics(world)
        assert found["wavebreak_bans_total"].value() == 0
        shown = path.replace("ü", r"\xc3\xbc")
        assert list(found["wavebreak_log_open"].samples) == [(("path", shown),)]
        assert path.replace("\\", r"\x5c").replace("ü", r"\xc3\xbc") in guard.status()["measures"]["log_open"]


def test_nothing_listens_unless_it_is_asked_for(world):
    with Guard(world) as guard:
        before = listeners(world)
        assert ":9025" not in before
        guard.reload(HTTP)
        assert "127.0.0.1:9025" in listeners(world)
        assert metrics(world)["wavebreak_observing"].value() == 0
        guard.reload("http { listen = [::1]:9026 }")
        assert ":9025" not in listeners(world)
        status, _, body = ask(world, "/metrics", place="[::1]:9026")
        assert status == 200 and parse(body)
        guard.reload("")
        assert listeners(world) == before


def test_it_is_there_again_after_an_upgrade_and_a_crash(world):
    with Guard(world, HTTP) as guard:
        guard.ask("ban", "10.66.9.9")
        guard.upgrade()
        assert metrics(world)["wavebreak_banned_clients"].value() == 1
        starts = guard.log.count("log file")
        os.kill(guard.worker(), signal.SIGKILL)
        wait_until(lambda: guard.log.count("log file") > starts, 10, "another worker")
        found = metrics(world)
        assert found["wavebreak_worker_restarts_total"].value() == 1
        assert found["wavebreak_banned_clients"].value() == 1


@pytest.mark.parametrize(
    "listen, words",
    [
        ("25", "port 25 (Address already in use): somebody else listens there"),
        ("80", "port 80 (Permission denied): ports below 1024 are not for the user daemon.user"),
        ("192.0.2.77:9025", "that is no address of this host"),
    ],
)
def test_a_port_that_cannot_be_had_does_not_keep_the_guard(world, listen, words):
    with Guard(world, f"http {{ listen = {listen} }}") as guard:
        assert words in guard.log or listen == "25" and "Permission denied" in guard.log
        assert guard.ask("ban", "10.66.9.9").returncode == 0
        guard.wait_banned("10.66.9.9")


def test_the_worker_stays_confined(world):
    with Guard(world, HTTP) as guard:
        metrics(world)
        status = pathlib.Path(f"/proc/{guard.worker()}/status").read_text()
        assert re.search(r"^Seccomp:\t2$", status, re.M) and re.search(r"^CapEff:\t0+$", status, re.M)
        assert guard.status()["seccomp"] and "Operation not permitted" not in guard.log


def test_what_is_refused(world):
    with Guard(world, HTTP) as guard:
        assert ask(world, "/nothing")[0] == 404
        assert ask(world, "/metrics", method="DELETE")[0] == 405
        assert ask(world, "/metrics", Host="rebound.example")[0] == 403
        assert guard.status()["counters"]["http_refused"] == 3
        status, fields, body = ask(world, "/metrics", method="HEAD")
        assert (status, body) == (200, b"") and int(fields["Content-Length"]) > 1000
        assert fields["Content-Security-Policy"].startswith("default-src 'none'")


def test_clients_that_hang_are_in_nobodys_way(world):
    with Guard(world, HTTP) as guard:
        held = world.folder / "held"
        held.touch()
        holder = world.server_spawn(
            ["/usr/bin/python3", "-c", HOLDER, "200", held], stdout=subprocess.PIPE
        )
        assert int(holder.stdout.readline()) >= 32
        assert guard.ask("ban", "10.66.9.9").returncode == 0
        guard.wait_banned("10.66.9.9")
        assert guard.status()["counters"]["http_requests"] == 0
        held.unlink()
        holder.wait(5)
        assert metrics(world)["wavebreak_banned_clients"].value() == 1


# Streams of the page, of which nothing is ever read.
READS_NOTHING = r"""
import os, socket, sys, time
held, told = [], []
for i in range(200):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    one.settimeout(0.2)
    try:
        one.connect(("127.0.0.1", 9025))
        one.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        held.append(one)
        if len(held) <= 12:
            one.settimeout(5)
            told.append(one.recv(12).decode())
    except OSError:
        pass
print(sum(word.endswith("200") for word in told), sum(word.endswith("503") for word in told), flush=True)
while os.path.exists(sys.argv[1]):
    time.sleep(0.05)
"""


def memory_of(guard):
    return guard.status()["measures"]["process_resident_memory_bytes"]["watch"]


def test_two_hundred_that_read_nothing_of_the_live_page(world):
    """Eight are followed, more are told 503 or wait; the guard bans, and its memory is as before."""
    with Guard(world, HTTP.replace("{", "{ page = yes ")) as guard:
        assert ask(world, "/status.json")[0] == 200
        before = memory_of(guard)
        held = world.folder / "held-live"
        held.touch()
        holder = world.server_spawn(
            ["/usr/bin/python3", "-c", READS_NOTHING, held], stdout=subprocess.PIPE, text=True
        )
        followed, turned_away = map(int, holder.stdout.readline().split())
        assert followed == 8 and turned_away == 4
        for number in range(1, 30):
            assert guard.ask("ban", f"10.66.10.{number}").returncode == 0
            guard.wait_banned(f"10.66.10.{number}")
        assert memory_of(guard) < before + 4e6
        held.unlink()
        holder.wait(5)
        assert ask(world, "/status.json")[0] == 200
        assert {f"10.66.10.{number}" for number in range(1, 30)} <= guard.bans().keys()


# What goes with it


CONTRIB = REPOSITORY / "contrib"
DASHBOARD = CONTRIB / "grafana/wavebreak.json"
RULES = CONTRIB / "prometheus/wavebreak.rules.yml"


@pytest.mark.parametrize("file", [DASHBOARD, RULES], ids=lambda file: file.name)
def test_each_name_that_is_used_exists(file):
    used = set(re.findall(r"\bwavebreak_[a-z0-9_]+\b", file.read_text()))
    assert len(used) > 10 and used <= documented().keys()


def test_promtool_takes_the_rules(promtool):
    checked = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_rules_alert_when_they_should(promtool):
    tests = CONTRIB / "prometheus/wavebreak.rules.test.yml"
    checked = subprocess.run([promtool, "test", "rules", tests], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def expressions(panel):
    return [target["expr"] for target in panel.get("targets", [])]


def test_promtool_takes_each_expression_of_the_dashboard(promtool, tmp_path):
    panels = json.loads(DASHBOARD.read_text())["panels"]
    every = [expression for panel in panels for expression in expressions(panel)]
    assert len(every) > 20
    rules = [
        {"record": f"wavebreak:panel{i}", "expr": expression.replace("$__rate_interval", "1m").replace("$__range", "1h")}
        for i, expression in enumerate(every)
    ]
    file = tmp_path / "rules.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr


# What a made-up hour begins with, and how much of it is asked for.
STEP_SECONDS, STEPS, ASKED_AT = 15, 280, 70 * 60
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$instance": "mx"}
PLAIN = re.compile(r'(wavebreak_\w+)\{instance="\$instance"(?:, (\w+)="(\w+)")?\}')


class MadeUp:
    """The series of a page, each with a number of its own: a gauge is it, a counter grows by it in a second."""

    def __init__(self, page):
        families = {name: list(family.samples) for name, family in parse(page).items()}
        families |= {name: [()] for name in SOMETIMES}
        self.families = {}
        number = 2
        for name, samples in families.items():
            self.families[name] = {labels: number + i for i, labels in enumerate(samples)}
            number += len(samples)
        # A log is missing, in a wave.
        for name, number in {"wavebreak_log_open": 0, "wavebreak_wave_lasts": 1}.items():
            self.families[name] = dict.fromkeys(self.families[name], number)

    def series(self, instance, times):
        """Those of a server, all of them so many times as large."""
        for name, samples in self.families.items():
            for labels, number in samples.items():
                rise = number * times * STEP_SECONDS
                values = f"0+{rise}x{STEPS}" if name.endswith("_total") else f"{number * times}x{STEPS}"
                yield {"series": f"{name}{written((*labels, ('instance', instance)))}", "values": values}

    def of(self, name, **labels):
        """The numbers of those that have such labels."""
        chosen = {key: n for key, n in self.families[name].items() if labels.items() <= dict(key).items()}
        assert chosen, f"there is no {name} of {labels}"
        return chosen

    def one(self, name, **labels):
        (number,) = self.of(f"wavebreak_{name}", **labels).values()
        return number


def written(labels):
    return "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in labels) + "}"


def shown(made_up, title, expression):
    """Labels to what a panel of that title has to show of it."""
    one = made_up.one
    if plain := PLAIN.fullmatch(expression) or PLAIN.fullmatch(
        expression.removeprefix("rate(").removesuffix("[$__rate_interval])")
    ):
        return made_up.of(plain[1], **({plain[2]: plain[3]} if plain[2] else {}))
    return {
        "In use": lambda: {(): (one("connections", phase="served") + one("connections", phase="waiting"))
                           / one("connections_limit")},
        "Waves": lambda: {(): one("waves_total") * 3600},
        "Waves (annotation)": lambda: {(): 1},
        "Left out": lambda: made_up.of("wavebreak_zone_out"),
        "Share of clients that a list names": lambda: {
            labels: listed / made_up.of("wavebreak_zone_lookups_total")[labels]
            for labels, listed in made_up.of("wavebreak_zone_listings_total").items()
        },
        "Runs for": lambda: {(): ASKED_AT - one("start_time_seconds")},
        "Logs missing": lambda: {(): len(made_up.of("wavebreak_log_open"))},
        "Restarts": lambda: {(): (one("worker_restarts_total") + one("gate_restarts_total")) * 3600},
    }[title]()


def query_test(made_up, title, target):
    """By the labels that its legend names; in whole thousandths, as a quotient has no end."""
    names = re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))
    sums = {}
    for labels, number in shown(made_up, title, target["expr"]).items():
        key = tuple((name, dict(labels)[name]) for name in names)
        sums[key] = sums.get(key, 0) + number
    expression = target["expr"]
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return {
        "expr": f"round(1000 * sum by ({', '.join(names)}) ({expression}))",
        "eval_time": f"{ASKED_AT}s",
        "exp_samples": [{"labels": written(key), "value": round(1000 * n)} for key, n in sums.items()],
    }


def test_each_query_of_the_dashboard_gives_its_value(world, gated, promtool, tmp_path):
    """Of all that a guard with a gate tells, beside another server's that is not to be seen."""
    made_up = MadeUp(ask(world, "/metrics")[2])
    board = json.loads(DASHBOARD.read_text())
    queries = [(panel["title"], target) for panel in board["panels"] for target in panel.get("targets", [])]
    queries += [(f"{note['name']} (annotation)", note) for note in board["annotations"]["list"]]
    tests = [query_test(made_up, title, target) for title, target in queries]
    assert len(tests) > 50
    file = tmp_path / "values.json"
    series = [*made_up.series("mx", 1), *made_up.series("other", 7)]
    file.write_text(json.dumps({"tests": [
        {"interval": f"{STEP_SECONDS}s", "input_series": series, "promql_expr_test": tests}
    ]}))
    checked = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_dashboard_is_whole():
    board = json.loads(DASHBOARD.read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    rows = [panel["title"] for panel in panels if panel["type"] == "row"]
    assert rows == ["Connections", "Arrivals", "Bans, evictions, reliefs", "Gate", "DNS lists", "Cost and health"]
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["type"] == "row" or (expressions(panel) and panel["description"])
