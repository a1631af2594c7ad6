# SPDX-License-Identifier: GPL-2.0
# The trace events, the library that decodes them, kvm2trace and the demo.

LIBRARIES           += libkvm2trace
libkvm2trace_SOURCES := $(addprefix tracepoints/src/, bits.c count.c decode.c events.c events_kvm.c events_kvm2.c \
			exit_info.c exit_svm.c exit_vmx.c expr.c expr_parse.c file.c file_pages.c \
			file_tasks.c file_write.c fold.c format.c instance.c message.c names.c page.c page_build.c print.c \
			reader.c ring.c source.c symbols.c tasks.c \
			text.c thread.c vm_name.c vm_rules.c)
libkvm2trace_INCLUDE := tracepoints/include
libkvm2trace_PKGS   := libelf libtracefs libtraceevent libzstd
libkvm2trace_MAP    := tracepoints/libkvm2trace.map
libkvm2trace_PC     := tracepoints/libkvm2trace.pc.in
HEADERS             += tracepoints/include/kvm2/trace.h tracepoints/include/kvm2/trace_file.h \
		       tracepoints/include/kvm2/trace_fold.h tracepoints/include/kvm2/trace_symbols.h \
		       tracepoints/include/kvm2/trace_vm_name.h

PROGRAMS            += kvm2trace
kvm2trace_SOURCES   := $(addprefix tracepoints/kvm2trace/, command.c filter.c flight.c json.c live.c main.c options.c queue.c \
			record.c report.c session.c view.c)
kvm2trace_CPPFLAGS  := -Itracepoints/src
kvm2trace_LIBS      := libkvm2trace
SBIN                += kvm2trace
MAN                 += docs/man8/kvm2trace.8 docs/man3/kvm2_trace_source.3 docs/man3/kvm2_trace_decoder.3 \
		       docs/man3/kvm2_trace_counts.3 docs/man3/kvm2_trace_file.3 docs/man3/kvm2_trace_fold.3 docs/man3/kvm2_trace_symbols.3 docs/man3/kvm2_trace_vm_name.3 docs/man5/kvm2_vm_names.5
COMP                += tracepoints/completion/kvm2trace

# The plugin has in it what it needs of the library; libtraceevent is that of the program that loads it.
plugin_kvm2        := $(B)/lib/traceevent/plugins/plugin_kvm2.so
plugin_kvm2_object := $(B)/obj/tracepoints/plugin/plugin_kvm2.o
ALL                += $(plugin_kvm2)
TRACEEVENT_PLUGINS := $(plugin_kvm2)
OBJS               += $(plugin_kvm2_object)
flags_$(plugin_kvm2_object) := -fPIC -Itracepoints/include -Itracepoints/src $(shell $(PKG_CONFIG) --cflags libtraceevent 2>/dev/null)
$(plugin_kvm2): $(plugin_kvm2_object) $(B)/lib/libkvm2trace.a tracepoints/plugin/plugin_kvm2.map
	$(SAY) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) -shared $(BASE_CFLAGS) $(CFLAGS) $(LDFLAGS) -Wl,--version-script=$(filter %.map,$^) -o $@ $(filter %.o %.a,$^)

# The program in the EXAMPLES of the manual has to compile.
tracepoints_example := $(B)/examples/man3/kvm2_trace_source.3
ALL                 += $(tracepoints_example)
$(tracepoints_example): docs/man3/kvm2_trace_source.3 tracepoints/include/kvm2/trace.h
	$(SAY) CC $@
	@mkdir -p $(@D)
	$(Q)sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/{/^\.EX/,/^\.EE/{/^\.E[XE]/d;s/\\-/-/g;s/\\e/\\/g;p}}' $< | \
		$(CC) $(BASE_CFLAGS) -Werror -Itracepoints/include $(CFLAGS) -o $@ -c -x c -

PACKAGES            += libelf-dev libkshark2 libtracefs-dev libtraceevent-dev libzstd-dev linux-perf python3 trace-cmd

TESTS               += tests/unit/tracepoints/decode_test tests/unit/tracepoints/events_test \
		       tests/unit/tracepoints/format_test tests/unit/tracepoints/names_test \
		       tests/unit/tracepoints/count_test tests/unit/tracepoints/fold_test \
		       tests/unit/tracepoints/file_test tests/unit/tracepoints/filter_test \
		       tests/unit/tracepoints/symbols_test tests/unit/tracepoints/page_test tests/unit/tracepoints/page_build_test tests/unit/tracepoints/tasks_test \
		       tests/unit/tracepoints/options_test tests/unit/tracepoints/view_test \
		       tests/unit/tracepoints/vm_rules_test tests/unit/tracepoints/vm_name_test \
		       tests/unit/tracepoints/recorded_test tests/unit/tracepoints/decoded_test \
		       tests/unit/tracepoints/raw_test
tests/unit/tracepoints/raw_test_SOURCES := tests/unit/tracepoints/recorded.c
tests/unit/tracepoints/raw_test_LIBS := libkvm2trace
tests/unit/tracepoints/raw_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/decoded_test_SOURCES := tests/unit/tracepoints/recorded.c
tests/unit/tracepoints/decoded_test_LIBS := libkvm2trace
tests/unit/tracepoints/decoded_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/recorded_test_SOURCES := tests/unit/tracepoints/recorded.c
tests/unit/tracepoints/recorded_test_LIBS := libkvm2trace
tests/unit/tracepoints/recorded_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/vm_rules_test_LIBS := libkvm2trace
tests/unit/tracepoints/vm_rules_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/vm_name_test_LIBS := libkvm2trace
tests/unit/tracepoints/decode_test_LIBS  := libkvm2trace
tests/unit/tracepoints/events_test_LIBS  := libkvm2trace
tests/unit/tracepoints/events_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/format_test_LIBS  := libkvm2trace
tests/unit/tracepoints/format_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/names_test_LIBS   := libkvm2trace
tests/unit/tracepoints/count_test_LIBS   := libkvm2trace
tests/unit/tracepoints/fold_test_LIBS    := libkvm2trace
tests/unit/tracepoints/file_test_LIBS    := libkvm2trace
tests/unit/tracepoints/filter_test_SOURCES  := tracepoints/kvm2trace/filter.c
tests/unit/tracepoints/filter_test_CPPFLAGS := -Itracepoints/kvm2trace -Itracepoints/src
tests/unit/tracepoints/filter_test_LIBS     := libkvm2trace
tests/unit/tracepoints/symbols_test_LIBS := libkvm2trace
tests/unit/tracepoints/page_test_LIBS    := libkvm2trace
tests/unit/tracepoints/page_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/page_build_test_LIBS     := libkvm2trace
tests/unit/tracepoints/page_build_test_CPPFLAGS := -Itracepoints/src
tests/unit/tracepoints/tasks_test_LIBS   := libkvm2trace
tests/unit/tracepoints/options_test_SOURCES  := tracepoints/kvm2trace/filter.c tracepoints/kvm2trace/options.c
tests/unit/tracepoints/options_test_CPPFLAGS := -Itracepoints/kvm2trace -Itracepoints/src
tests/unit/tracepoints/options_test_LIBS     := libkvm2trace
tests/unit/tracepoints/view_test_SOURCES  := tracepoints/kvm2trace/queue.c tracepoints/kvm2trace/view.c
tests/unit/tracepoints/view_test_CPPFLAGS := -Itracepoints/kvm2trace -Itracepoints/src
tests/unit/tracepoints/view_test_LIBS     := libkvm2trace

# ---- in the lab ----

# Makes kvm2 report one event of each kind.
PROGRAMS             += trace_events
trace_events_SOURCES := tests/vm/trace_events.c
trace_events_LIBS    := libkvm2
trace_events_LDFLAGS := -pthread

# A guest that cannot be entered.
PROGRAMS              += trace_refused
trace_refused_SOURCES := tests/vm/trace_refused.c
trace_refused_LIBS    := libkvm2
trace_refused_LDFLAGS := -pthread

VM_TESTS                     += tests/vm/trace_test
tests/vm/trace_test_KERNELS  := patched stock
tests/vm/trace_test_TIMEOUT  := 1200

VM_TESTS                            += tests/vm/trace_record_test
tests/vm/trace_record_test_KERNELS  := patched stock
tests/vm/trace_record_test_TIMEOUT  := 1200

VM_TESTS                            += tests/vm/trace_plugin_test
tests/vm/trace_plugin_test_KERNELS  := patched
tests/vm/trace_plugin_test_TIMEOUT  := 1200

VM_TESTS                           += tests/vm/trace_linux_test
tests/vm/trace_linux_test_KERNELS  := patched
tests/vm/trace_linux_test_TIMEOUT  := 1800

# ---- bytes that nobody can trust ----

fuzz_CORPUS  := tests/fuzz/corpus
fuzz_FORMATS := $(addprefix tests/unit/tracepoints/formats/, 6.1 6.12 6.18)

# What was found, and what it began with, is tried by `make check`.
TESTS += tests/unit/tracepoints/corpus_test
tests/unit/tracepoints/corpus_test_SOURCES  := tests/fuzz/corpus.c tests/fuzz/targets.c
tests/unit/tracepoints/corpus_test_CPPFLAGS := -Itests/fuzz -Itracepoints/src
tests/unit/tracepoints/corpus_test_LIBS     := libkvm2trace

# Every part of the library that reads what it is given is built again, to tell which ways inputs take through it.
FUZZ_B       := $(O)/fuzz
FUZZ_FLAGS   := $(BASE_CFLAGS) $(BASE_CPPFLAGS) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer -Itests/fuzz
FUZZ_RUNS    ?= 1000000
FUZZ_SEED    ?= 1

# Program $(1), of $(1)_SOURCES, $(1)_FLAGS and $(1)_LDFLAGS.
define fuzz_program
$(1)_OBJS := $$($(1)_SOURCES:%.c=$$(FUZZ_B)/%.o)
OBJS      += $$($(1)_OBJS)
$$($(1)_OBJS): $$(FUZZ_B)/%.o: %.c Makefile
	$$(SAY) CC $$<
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(FUZZ_FLAGS) $$($(1)_FLAGS) -MMD -MP -fsanitize-coverage=trace-pc -c $$< -o $$@
$$(FUZZ_B)/$(1): $$($(1)_OBJS) tests/fuzz/fuzz.c tests/fuzz/corpus.c tests/fuzz/corpus.h tests/fuzz/targets.h
	$$(SAY) LD $$@
	$$(Q)$$(CC) $$(FUZZ_FLAGS) -o $$@ $$(filter %.o %.c,$$^) $$($(1)_LDFLAGS)
endef

fuzz_SOURCES := $(filter-out %/instance.c %/source.c %/symbols.c %/thread.c %/file_write.c,$(libkvm2trace_SOURCES)) tests/fuzz/targets.c
fuzz_FLAGS   := -Itracepoints/include -Itracepoints/src
fuzz_LDFLAGS := -lzstd
$(eval $(call fuzz_program,fuzz))

# Most of the inputs are pages: the others take a hundred times as long.
fuzz_run = cd $(FUZZ_B) && ASAN_OPTIONS=max_allocation_size_mb=1024:malloc_context_size=4 ./fuzz $(1) $(2) $(FUZZ_SEED) $(abspath $(3))

.PHONY: fuzz
fuzz: $(FUZZ_B)/fuzz ## a million inputs to the trace decoders, with sanitizers; FUZZ_RUNS, FUZZ_SEED
	@$(call fuzz_run,format,$$(($(FUZZ_RUNS) * 15 / 100)),$(fuzz_FORMATS) $(fuzz_CORPUS)/format)
	@$(call fuzz_run,page,$$(($(FUZZ_RUNS) * 70 / 100)),$(fuzz_CORPUS)/page)
	@$(call fuzz_run,file,$$(($(FUZZ_RUNS) * 15 / 100)),$(fuzz_CORPUS)/file)
