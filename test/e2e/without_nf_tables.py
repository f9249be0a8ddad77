#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""without_nf_tables - runs a program on a kernel that, for all it can see, has no nf_tables.

    without_nf_tables.py PROGRAM ARGUMENT...

A filter of seccomp(2) refuses sockets of NETLINK_NETFILTER as a kernel that was built without it does. It holds for
all that the program starts.
"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K
AF_NETLINK, NETLINK_NETFILTER = 16, 12
SOCKET = {"x86_64": 41, "aarch64": 198}[os.uname().machine]

# struct seccomp_data: nr at 0, args from 16 on, of 8 bytes each; the low halves come first.
FILTER = [
    (LOAD, 0, 0, 0),
    (EQUAL, 0, 5, SOCKET),
    (LOAD, 0, 0, 16),
    (EQUAL, 0, 3, AF_NETLINK),
    (LOAD, 0, 0, 32),
    (EQUAL, 0, 1, NETLINK_NETFILTER),
    (RETURN, 0, 0, ERRNO | errno.EPROTONOSUPPORT),
    (RETURN, 0, 0, ALLOW),
]


class Program(ctypes.Structure):
    _fields_ = [("count", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in FILTER))
program = Program(len(FILTER), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
    sys.exit(f"without_nf_tables: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[1], sys.argv[1:])
