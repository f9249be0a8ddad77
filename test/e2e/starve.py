# SPDX-License-Identifier: Apache-2.0
"""A process of the daemon under test that gets no more memory, and none for what is started in its place.

    memory = Memory(world)
    with Guard(world, wrapper=memory.wrapper), memory.refused_to(pid):
        ...
        assert memory.refusals() > 0
"""

import contextlib
import mmap
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).with_name("starve.c")
# struct starving of it
STARVING = struct.Struct("iI")


class Memory:
    """Of one guard; what hands it out is made in the world's folder."""

    def __init__(self, world):
        library, file = world.folder / "starve.so", world.folder / "starving"
        if not library.exists():
            command = ["cc", "-shared", "-fPIC", "-fno-builtin", "-O1", "-o", library, SOURCE]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
        file.write_bytes(bytes(STARVING.size))
        file.chmod(0o666)
        with file.open("r+b") as opened:
            self.shared = mmap.mmap(opened.fileno(), STARVING.size)
        self.wrapper = ("/usr/bin/env", f"LD_PRELOAD={library}", f"STARVE={file}")

    @contextlib.contextmanager
    def refused_to(self, pid):
        """As the world calls that process."""
        self.shared[:] = STARVING.pack(pid, 0)
        try:
            yield
        finally:
            self.shared[:4] = bytes(4)

    def refusals(self):
        return STARVING.unpack(self.shared)[1]
