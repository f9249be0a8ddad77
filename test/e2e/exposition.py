# SPDX-License-Identifier: Apache-2.0
"""A strict reader of Prometheus' text format 0.0.4, and of the tables that the names come from.

https://prometheus.io/docs/instrumenting/exposition_formats/: one byte out of place, and all of it is refused.
"""

import re

from world import REPOSITORY

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN")
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Family:
    def __init__(self, kind, help):
        self.kind, self.help = kind, help
        self.samples = {}

    def value(self, **labels):
        return self.samples[tuple(sorted(labels.items()))]


def unescape(text):
    return re.sub(r'\\[\\"n]', lambda found: ESCAPES[found[0]], text)


def labels_of(text):
    labels, at = {}, 0
    while at < len(text):
        found = LABEL.match(text, at)
        assert found, f"not a label: {text[at:]}"
        assert found[1] not in labels, f"twice: {text}"
        labels[found[1]] = unescape(found[2])
        at = found.end()
    assert not text.endswith(","), text
    return tuple(sorted(labels.items()))


def parse(page):
    """Bytes to a Family for each name."""
    text = page.decode()
    assert text.endswith("\n") and "\r" not in text
    families, current, help = {}, None, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, help = re.fullmatch(rf"# HELP ({NAME}) (.+)", line).groups()
            assert not re.search(r"\\(?![\\n])", help), f"an escape that is none: {help}"
            current = None
        elif line.startswith("# TYPE "):
            of, kind = re.fullmatch(rf"# TYPE ({NAME}) (counter|gauge)", line).groups()
            assert of == name and current is None, f"HELP and TYPE do not go together: {line}"
            assert of not in families, f"{of} is there twice"
            assert (kind == "counter") == of.endswith("_total"), line
            current, families[of] = of, Family(kind, unescape(help))
        else:
            found = SAMPLE.fullmatch(line)
            assert found and NUMBER.fullmatch(found[3]), f"not a sample: {line}"
            assert found[1] == current, f"out of place: {line}"
            labels = labels_of(found[2] or "")
            assert labels not in families[current].samples, f"twice: {line}"
            families[current].samples[labels] = float(found[3])
    assert all(family.samples for family in families.values())
    return families


def _rows(table, macro, pattern):
    text = (REPOSITORY / "defs" / f"{table}.def").read_text()
    return re.findall(rf'^{macro}\((\w+),\s*{pattern}"(.+)"\)$', text, re.M)


def documented():
    """All names, as Prometheus sees them, to their help."""
    names = {f"wavebreak_{name}_total": help for name, help in _rows("counters", "COUNTER", "")}
    for name, kind, help in _rows("measures", "MEASURE", r'(GAUGE|COUNTER),\s*"\w*",\s*"\w*",\s*'):
        names[f"wavebreak_{name}" + ("_total" if kind == "COUNTER" else "")] = help
    return names
