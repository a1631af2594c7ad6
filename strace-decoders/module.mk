# SPDX-License-Identifier: GPL-2.0
# strace with our decoders, from Debian's source package: strace-decoders/build makes it, this says when.

PACKAGES += autoconf automake ccache gawk xz-utils

STRACE         := $(B)/bin/strace-kvm2
strace_sources := $(wildcard strace-decoders/build scripts/fetch-source strace-decoders/integrate strace-decoders/src/* \
			     strace-decoders/tests/* kernel/include/uapi/linux/kvm2*.h)

$(STRACE): $(strace_sources) | deps
	$(Q)strace-decoders/build own $(O)
	@mkdir -p $(@D)
	$(Q)read -r version program <$(O)/strace-own.release && strip -o $@ "$$program"

# Releases of Debian whose strace is tested; one whose source cannot be had is a test skipped.
STRACE_SUITES ?= own trixie

.PHONY: strace check-strace
strace: $(STRACE) ## strace-kvm2: Debian's strace with decoders of the kvm2 system calls

# Exits in words for -e inject=; of use with strace-kvm2 alone, but it needs nothing of strace to be built.
PROGRAMS            += kvm2inject
BIN                 += kvm2inject
MAN                 += strace-decoders/kvm2inject.1
COMP                += strace-decoders/completion/kvm2inject
kvm2inject_SOURCES  := $(wildcard strace-decoders/inject/*.c)
kvm2inject_CPPFLAGS := -Istrace-decoders/inject

TESTS += tests/unit/strace-decoders/payload_test
tests/unit/strace-decoders/payload_test_SOURCES  := strace-decoders/inject/payload.c
tests/unit/strace-decoders/payload_test_CPPFLAGS := -Istrace-decoders/inject

# Names of the system calls for gdb's `catch syscall`.
gdb_syscalls := $(addprefix $(B)/share/kvm2/gdb-syscalls.,py xml)
ALL          += $(gdb_syscalls)
DATA         += $(gdb_syscalls)
PACKAGES     += bpftrace gdb strace trace-cmd

$(B)/share/kvm2/gdb-syscalls.py: strace-decoders/gdb/gdb-syscalls.py
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(B)/share/kvm2/gdb-syscalls.xml: kernel/include/uapi/linux/kvm2.h
	@mkdir -p $(@D)
	$(Q){ echo '<?xml version="1.0"?>'; \
	echo '<!DOCTYPE syscalls_info SYSTEM "gdb-syscalls.dtd">'; \
	echo '<syscalls_info>'; \
	sed -n 's|^	X(\([0-9]*\), \(kvm_[a-z_]*\)).*|  <syscall name="\2" number="\1" groups="kvm2"/>|p' $<; \
	echo '</syscalls_info>'; } >$@

# The exit reasons by bpftrace.
exits_bt := $(B)/share/kvm2/kvm2-exits.bt
ALL      += $(exits_bt)
DATA     += $(exits_bt)
$(exits_bt): strace-decoders/bpf/kvm2-exits.bt.in kernel/include/uapi/linux/kvm2.h
	@mkdir -p $(@D)
	$(Q)awk 'FNR == NR { if (/^#define KVM2_EXIT_REASONS/) list = 1; else if (!/^	X\(/) list = 0; \
		if (list && match($$0, /X\([0-9]+/)) { split($$0, part, "\""); \
			names = names "\t@name[" substr($$0, RSTART + 2, RLENGTH - 2) "] = \"" part[2] "\";\n" } next } \
		/^@names@$$/ { printf "%s", names; next } { print }' kernel/include/uapi/linux/kvm2.h $< >$@

# What the tests trace.
PROGRAMS           += kvm2-enter kvm2-noise
kvm2-enter_SOURCES := tests/strace/enter.c
kvm2-noise_SOURCES := tests/strace/noise.c

# Not part of `install`, which needs no network.
.PHONY: install-strace uninstall-strace
install-strace: $(STRACE) ## install strace-kvm2 and its manual (DESTDIR, prefix)
	$(Q)$(INSTALL) -D -m 755 $(STRACE) $(DESTDIR)$(bindir)/strace-kvm2
	$(Q)$(INSTALL) -D -m 644 strace-decoders/strace-kvm2.1 $(DESTDIR)$(mandir)/man1/strace-kvm2.1

uninstall-strace: ## remove them
	$(Q)rm -f $(DESTDIR)$(bindir)/strace-kvm2 $(DESTDIR)$(mandir)/man1/strace-kvm2.1

CHECKS += check-strace
check-strace: $(B)/tests/vm/strace.tried $(B)/bin/kvm2inject $(B)/bin/kvm2-enter $(B)/bin/kvm2-noise | deps ## strace's own tests of the decoders, and those of its tests that they might upset
	@rm -rf $(RESULTS)/check-strace
	@$(foreach s,$(STRACE_SUITES),tests/run -t 1800 $(RESULTS)/check-strace/strace-$(s) tests/strace/suite $(s) $(O);)
	@tests/run -t 600 $(RESULTS)/check-strace/inject tests/strace/inject $(B)
	@tests/run -t 300 $(RESULTS)/check-strace/options tests/strace/options $(B)
	@tests/run -t 900 $(RESULTS)/check-strace/gdb tests/strace/gdb $(B)
	@tests/run -t 1800 $(RESULTS)/check-strace/fuzz tests/strace/fuzz $(O) $(B)
	@tests/run --total $(RESULTS)/check-strace $@

FUZZ_SECONDS ?= 600
.PHONY: fuzz-strace
fuzz: fuzz-strace
fuzz-strace: $(B)/bin/kvm2-noise | deps ## the same into strace, with new seeds each time; FUZZ_SECONDS=600
	@tests/run -t $$(($(FUZZ_SECONDS) + 1800)) $(RESULTS)/fuzz/strace tests/strace/fuzz $(O) $(B) $(FUZZ_SECONDS)
	@tests/run --total $(RESULTS)/fuzz $@

# ---- in the lab ----

VM_TESTS += tests/vm/strace_test
tests/vm/strace_test_KERNELS := patched
tests/vm/strace_test_NEEDS   := $(B)/tests/vm/strace.tried
tests/vm/strace_test_TIMEOUT := 1800

# Where the source cannot be had the test has no program, and skips itself.
$(B)/tests/vm/strace.tried: $(strace_sources) | deps
	@mkdir -p $(@D)
	$(Q)strace-decoders/build own $(O); case $$? in 0) $(MAKE) --no-print-directory $(STRACE) ;; 77) rm -f $(STRACE) ;; *) exit 1 ;; esac

VM_TESTS += tests/vm/strace_options_test
tests/vm/strace_options_test_KERNELS := patched
tests/vm/strace_options_test_NEEDS   := $(B)/tests/vm/strace.tried
tests/vm/strace_options_test_TIMEOUT := 1800

VM_TESTS += tests/vm/strace_classic_test
tests/vm/strace_classic_test_KERNELS := stock
tests/vm/strace_classic_test_NEEDS   := $(B)/tests/vm/strace.tried
tests/vm/strace_classic_test_TIMEOUT := 1800

VM_TESTS += tests/vm/syscall_tracepoints_test
tests/vm/syscall_tracepoints_test_KERNELS := patched
tests/vm/syscall_tracepoints_test_NEEDS   := $(exits_bt)
tests/vm/syscall_tracepoints_test_TIMEOUT := 1800

# ---- the row strace_decode ----

bench: $(B)/tests/vm/strace.tried
