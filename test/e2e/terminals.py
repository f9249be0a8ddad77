# SPDX-License-Identifier: Apache-2.0
"""A program in a pseudo terminal, and what a person would see there (python3-pyte, a terminal emulator)."""

import errno
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pyte

from world import WorldError


class Screen(pyte.Screen):
    """With what curses uses of a terminal and pyte lacks: CBT, SU and SD."""

    def cursor_back_tab(self, count=1):
        for _ in range(count or 1):
            stops = [stop for stop in self.tabstops if stop < self.cursor.x]
            self.cursor.x = max(stops, default=0)

    def scroll_up(self, count=1):
        self._scroll(self.index, self.margins.bottom if self.margins else self.lines - 1, count)

    def scroll_down(self, count=1):
        self._scroll(self.reverse_index, self.margins.top if self.margins else 0, count)

    def _scroll(self, step, line, count):
        before = self.cursor.y
        self.cursor.y = line
        for _ in range(count or 1):
            step()
        self.cursor.y = before


class Stream(pyte.ByteStream):
    added = {"Z": "cursor_back_tab", "S": "scroll_up", "T": "scroll_down"}
    csi = {**pyte.ByteStream.csi, **added}
    events = pyte.ByteStream.events | set(added.values())


class Terminal:
    """Context manager: `command` with a terminal of its own as standard input, output and error.

    with Terminal(["wavebreak", "top"], columns=80, lines=24) as terminal:
        terminal.wait_for("connections")
        terminal.type("q")
    """

    def __init__(self, command, columns=80, lines=24, environment=None, **options):
        self.screen = Screen(columns, lines)
        self.stream = Stream(self.screen)
        self.raw = b""  # all that it wrote
        self.command = [str(word) for word in command]
        # Not xterm: pyte does not know how to repeat a character (REP).
        self.environment = {"PATH": os.environ["PATH"], "TERM": "screen-256color", "LANG": "C.UTF-8"}
        self.environment |= environment or {}
        self.environment = {name: value for name, value in self.environment.items() if value is not None}
        self.options = options
        self.process = self.inner = self.outer = None

    def __enter__(self):
        self.outer, self.inner = pty.openpty()
        self._set_size()
        self.modes = termios.tcgetattr(self.inner)
        # The terminal becomes the controlling one, so that Ctrl-C and a resize are signals.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *self.command],
            stdin=self.inner,
            stdout=self.inner,
            stderr=self.inner,
            env=self.environment,
            **self.options,
        )
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        os.close(self.outer)
        os.close(self.inner)

    def _set_size(self):
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(self.outer, termios.TIOCSWINSZ, size)

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        self._set_size()

    def read(self, seconds=0.0):
        """Takes what is written, for so long and until nothing more is there."""
        deadline = time.monotonic() + seconds
        while select.select([self.outer], [], [], max(deadline - time.monotonic(), 0))[0]:
            try:
                data = os.read(self.outer, 65536)
            except OSError as error:
                if error.errno == errno.EIO:
                    return
                raise
            self.raw += data
            self.stream.feed(data)

    @property
    def lines(self):
        self.read()
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def wait(self, condition, what, seconds=10):
        """Until the condition, of this terminal, holds; returns its value."""
        deadline = time.monotonic() + seconds
        while True:
            self.read(0.02)
            value = condition(self)
            if value:
                return value
            if time.monotonic() > deadline:
                raise WorldError(f"waited {seconds} s in vain for {what}; the screen is\n{self.text}")

    def wait_for(self, text, seconds=10):
        """Until the text is on the screen; returns its line."""
        return self.wait(lambda t: next((line for line in t.lines if text in line), None), repr(text), seconds)

    def wait_gone(self, text, seconds=10):
        self.wait(lambda t: text not in t.text, f"{text!r} to be gone", seconds)

    def type(self, keys):
        os.write(self.outer, keys.encode() if isinstance(keys, str) else keys)

    def line_of(self, text):
        """The line with this text, "" where there is none."""
        return next((line for line in self.lines if text in line), "")

    def end(self, seconds=10):
        """Waits for the end, and returns the exit status of the command."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.02)
        self.read()
        return self.process.wait(1)

    def is_as_before(self):
        """Its modes are; and it was told to leave the other screen and to show the cursor, last of all."""
        self.read()
        return (
            termios.tcgetattr(self.inner) == self.modes
            and self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h")
            and self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        )


def own_of(terminal, name):
    """The process of that name among those that the terminal's command started."""
    session = terminal.process.pid
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                head, rest = file.read().rsplit(")", 1)
        except OSError:
            continue
        if head.split("(", 1)[1] == name and _descends(int(rest.split()[1]), session):
            return int(entry)
    raise WorldError(f"no process {name} below {session}")


def has_ended(pid):
    """It is gone, or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _descends(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
                pid = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
    return False
