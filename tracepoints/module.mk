# SPDX-License-Identifier: GPL-2.0
# The trace events, the library that decodes them, kvm2trace and the demo.

LIBRARIES           += libkvm2trace
libkvm2trace_SOURCES := $(addprefix tracepoints/src/, bits.c count.c decode.c events.c events_kvm.c events_kvm2.c \
			exit_info.c exit_svm.c exit_vmx.c expr.c expr_parse.c fold.c format.c names.c print.c source.c tasks.c \
			text.c vm_name.c vm_rules.c)
libkvm2trace_INCLUDE := tracepoints/include
libkvm2trace_PKGS   := libtracefs libtraceevent
libkvm2trace_MAP    := tracepoints/libkvm2trace.map
libkvm2trace_PC     := tracepoints/libkvm2trace.pc.in
HEADERS             += tracepoints/include/kvm2/trace.h tracepoints/include/kvm2/trace_fold.h \
		       tracepoints/include/kvm2/trace_vm_name.h

PROGRAMS            += kvm2trace
kvm2trace_SOURCES   := $(addprefix tracepoints/kvm2trace/, command.c live.c main.c options.c queue.c session.c view.c)
kvm2trace_LIBS      := libkvm2trace
SBIN                += kvm2trace
MAN                 += docs/man8/kvm2trace.8 docs/man3/kvm2_trace_source.3 docs/man3/kvm2_trace_decoder.3 \
		       docs/man3/kvm2_trace_counts.3 docs/man3/kvm2_trace_fold.3 docs/man3/kvm2_trace_vm_name.3 docs/man5/kvm2_vm_names.5
COMP                += tracepoints/completion/kvm2trace

# The program in the EXAMPLES of the manual has to compile.
tracepoints_example := $(B)/examples/man3/kvm2_trace_source.3
ALL                 += $(tracepoints_example)
$(tracepoints_example): docs/man3/kvm2_trace_source.3 tracepoints/include/kvm2/trace.h
	$(SAY) CC $@
	@mkdir -p $(@D)
	$(Q)sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/{/^\.EX/,/^\.EE/{/^\.E[XE]/d;s/\\-/-/g;s/\\e/\\/g;p}}' $< | \
		$(CC) $(BASE_CFLAGS) -Werror -Itracepoints/include $(CFLAGS) -o $@ -c -x c -

PACKAGES            += libtracefs-dev libtraceevent-dev

TESTS               += tests/unit/tracepoints/decode_test tests/unit/tracepoints/events_test \
		       tests/unit/tracepoints/format_test tests/unit/tracepoints/names_test \
		       tests/unit/tracepoints/count_test tests/unit/tracepoints/fold_test tests/unit/tracepoints/tasks_test \
		       tests/unit/tracepoints/options_test tests/unit/tracepoints/view_test \
		       tests/unit/tracepoints/vm_rules_test tests/unit/tracepoints/vm_name_test \
		       tests/unit/tracepoints/recorded_test
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
tests/unit/tracepoints/tasks_test_LIBS   := libkvm2trace
tests/unit/tracepoints/options_test_SOURCES  := tracepoints/kvm2trace/options.c
tests/unit/tracepoints/options_test_CPPFLAGS := -Itracepoints/kvm2trace
tests/unit/tracepoints/options_test_LIBS     := libkvm2trace
tests/unit/tracepoints/view_test_SOURCES  := tracepoints/kvm2trace/queue.c tracepoints/kvm2trace/view.c
tests/unit/tracepoints/view_test_CPPFLAGS := -Itracepoints/kvm2trace
tests/unit/tracepoints/view_test_LIBS     := libkvm2trace

# ---- in the lab ----

# Makes kvm2 report one event of each kind.
PROGRAMS             += trace_events
trace_events_SOURCES := tests/vm/trace_events.c
trace_events_LIBS    := libkvm2
trace_events_LDFLAGS := -pthread

VM_TESTS                     += tests/vm/trace_test
tests/vm/trace_test_KERNELS  := patched stock
tests/vm/trace_test_TIMEOUT  := 600
