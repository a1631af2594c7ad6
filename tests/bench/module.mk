# SPDX-License-Identifier: GPL-2.0
# Benchmarks: kvm2bench measures in the lab, tests/bench/bench makes the table.

PROGRAMS += kvm2bench
kvm2bench_SOURCES := tests/bench/main.c tests/bench/clock.c tests/bench/sample.c tests/bench/guest.c \
		     tests/bench/guest_code.S tests/bench/classic.c tests/bench/ours.c tests/bench/port_exit.c \
		     tests/bench/registers.c tests/bench/memory_map.c
kvm2bench_LIBS    := libkvm2

.PHONY: bench
bench: $(B)/bin/kvm2bench $(KERNEL_patched) $(LAB_NEEDS) ## every benchmark, beside its peer; NAME=row chooses; build/bench/results.json
	@O="$(O)" B="$(B)" tests/bench/bench $(NAME)
