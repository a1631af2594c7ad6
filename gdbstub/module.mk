# SPDX-License-Identifier: GPL-2.0
# kvm2gdb: a GDB remote stub for the guest in any VMM.
PROGRAMS         += kvm2gdb
kvm2gdb_SOURCES  := $(wildcard gdbstub/src/*.c)
kvm2gdb_LIBS     := libkvm2
kvm2gdb_CPPFLAGS := -Igdbstub/src
