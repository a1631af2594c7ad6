# SPDX-License-Identifier: GPL-2.0
# Benchmarks: kvm2bench measures in the lab, tests/bench/bench makes the table.

PROGRAMS += kvm2bench
kvm2bench_SOURCES := tests/bench/main.c tests/bench/clock.c tests/bench/sample.c tests/bench/guest.c \
		     tests/bench/guest_code.S tests/bench/classic.c tests/bench/ours.c tests/bench/port_exit.c \
		     tests/bench/device.c tests/bench/device_write.c tests/bench/interrupt.c tests/bench/accesses.c \
		     tests/bench/registers.c tests/bench/memory_map.c tests/bench/tracepoint.c \
		     tests/bench/tracepoint_off.c tests/bench/tracepoint_on.c tests/bench/tool.c \
		     tests/bench/top.c tests/bench/top_guest.c tests/bench/top_show.c
kvm2bench_LIBS    := libkvm2
kvm2bench_LDFLAGS := -lpthread -lutil

.PHONY: bench
bench: $(B)/bin/kvm2bench $(B)/bin/kvm2top $(B)/bin/top_vmm $(KERNEL_bench) $(LAB_NEEDS) ## every benchmark beside its peer, also as build/bench/results.json; NAME=row chooses
	@O="$(O)" B="$(B)" tests/bench/bench $(NAME)
