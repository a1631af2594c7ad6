# SPDX-License-Identifier: GPL-2.0
"""The kvm2 system calls by name, for gdb's `catch syscall`.

    (gdb) source /usr/share/kvm2/gdb-syscalls.py
    (gdb) catch syscall kvm_enter_guest
    (gdb) catch syscall group:kvm2

gdb reads the names of system calls from one file of its data directory. This
gives it a data directory that is its own but for that file, to which those of
gdb-syscalls.xml, beside this file, are added. It goes when gdb ends.
"""
import atexit
import os
import shutil
import tempfile

import gdb

NAMES = "amd64-linux.xml"


def _our_lines():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), "gdb-syscalls.xml")
    with open(path, encoding="ascii") as file:
        return [line for line in file if "<syscall " in line]


def _link_all(source, target, but):
    os.mkdir(target)
    for name in os.listdir(source):
        if name != but:
            os.symlink(os.path.join(source, name), os.path.join(target, name))


def _make(source, target):
    syscalls = os.path.join(source, "syscalls")
    with open(os.path.join(syscalls, NAMES), encoding="ascii") as file:
        text = file.read()
    ours = [line for line in _our_lines() if line.strip() not in text]
    _link_all(source, target, "syscalls")
    _link_all(syscalls, os.path.join(target, "syscalls"), NAMES)
    with open(os.path.join(target, "syscalls", NAMES), "w", encoding="ascii") as file:
        file.write(text.replace("</syscalls_info>", "".join(ours) + "</syscalls_info>"))


def _install():
    source = os.path.realpath(gdb.parameter("data-directory"))
    folder = tempfile.mkdtemp(prefix="kvm2-gdb-")
    # What is behind the links stays.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    target = os.path.join(folder, "gdb")
    try:
        _make(source, target)
    except OSError as error:
        raise gdb.GdbError("kvm2: names of system calls: %s" % error)
    gdb.execute("set data-directory " + target)


_install()
