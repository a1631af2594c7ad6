# SPDX-License-Identifier: GPL-2.0
# kvm2: one make for the whole suite, without recursion (only Kbuild is a sub-make).  `make help` lists the targets.
#
# HOW TO WRITE A module.mk
#
# Every part has one, named in MODULES below; it is read if it is there.  It only adds names to lists and describes each
# name with variables `name_WHAT`; the rules are here.  All paths are written from the top folder.
#
#   A program                        built as $(B)/bin/kvm2run, installed in $(bindir)
#     PROGRAMS           += kvm2run
#     kvm2run_SOURCES    := kvm2run/src/main.c kvm2run/src/memory.c
#     kvm2run_LIBS       := libkvm2             our libraries: linked in (.a), their include folder added; with those
#                                               they need in turn first named, then needed
#     kvm2run_PKGS       := ncursesw            pkg-config names; if one is missing only this program fails to build
#     kvm2run_CPPFLAGS   := -Ikvm2run/src       own include folders
#     kvm2run_LDFLAGS    := -lpthread           anything else for the link
#     BIN                += kvm2run             programs to install (SBIN for $(sbindir)); leave it out for helpers
#     MAN                += docs/man/kvm2run.8  man pages; the section is the suffix
#     COMP               += kvm2run/completion/kvm2run          bash completions
#     DATA               += strace-decoders/gdb/names.py        what programs read, to install in $(datadir)/kvm2
#     ZSHCOMP            += kvm2top/completion/_kvm2top         zsh completions
#
#   A library                        built as $(B)/lib/libkvm2.a and libkvm2.so.VERSION (with -fPIC)
#     LIBRARIES          += libkvm2
#     libkvm2_SOURCES    := libkvm2/src/state.c libkvm2/src/vm.c
#     libkvm2_INCLUDE    := libkvm2/include     given to everything that names libkvm2 in its _LIBS
#     libkvm2_PKGS       :=                     as above; users inherit them
#     libkvm2_MAP        := libkvm2/libkvm2.map version script: what the shared library exports (optional)
#     libkvm2_PC         := libkvm2/libkvm2.pc.in   @prefix@ @includedir@ @libdir@ @version@ are filled in
#     HEADERS            += libkvm2/include/kvm2/kvm2.h         to install: the path after include/ (or uapi/) is kept
#
#   A unit test (cmocka)             built as $(B)/tests/unit/libkvm2/state_test, run by `make check` without root
#     TESTS              += tests/unit/libkvm2/state_test       its source is that name with .c
#     tests/unit/libkvm2/state_test_SOURCES  := libkvm2/src/state.c        further sources (optional)
#     tests/unit/libkvm2/state_test_LIBS     := libkvm2                    also _PKGS _CPPFLAGS _LDFLAGS (-Wl,--wrap=...)
#     The part tested registers its own unit tests, so <part>/module.mk and tests/unit/<part>/ have one owner.
#
#   A test in the lab (VM)           built as $(B)/tests/vm/count_test, run by `make check-vm` as root under our kernel
#     VM_TESTS           += tests/vm/count_test  if there is no such .c file, it is an executable script of that name
#     tests/vm/count_test_LIBS     := libkvm2    and the other variables of a program
#     tests/vm/count_test_KERNELS  := patched module debug stock           default: patched; once on each
#     tests/vm/count_test_LAB      := LAB_CPUS=4 LAB_MEM=1024M             variables of the lab (see `make help`); LAB_THREAD
#                                                                          is single unless it is set here
#     tests/vm/count_test_LAB_debug := LAB_ICOUNT=1                        the same, on that kernel alone
#     tests/vm/count_test_ENV      := COUNT=5                               more of its environment
#     tests/vm/count_test_NEEDS    := $(O)/somefile                        files to be made first, by rules of your own
#     tests/vm/count_test_TIMEOUT  := 120                                  seconds of real time, default 600; hang = failure
#     tests/vm/count_test_LONG     := debug                                where it takes more than a minute: it begins first
#     It gets B (the build folder), LAB_KERNEL and LAB_CPUS in its environment.  Every VM test has a lab of its own, and
#     a kernel warning, or a leak under debug, fails it whatever it said.  tests/vm/module.mk and tests/bench/module.mk
#     are read like a part's.
#
#   Anything else: a module.mk may have rules of its own.  Outputs go below $(B), recipe lines start with $(Q), what
#   `make` shall build is added to ALL, what VM tests need besides (guest images) to VM_NEEDS, and objects that are
#   compiled outside the lists (with -MMD -MP) to OBJS.  A target for users gets a `##` comment, which `make help` shows
#   (`bench: ... ## every benchmark`).  A target that is a check is added to CHECKS, so that `make test` runs it.  A
#   Debian package that has to be there is added to PACKAGES.
#   A value must not be followed by a comment in the same line.
#
# Sources are compiled once each, whoever uses them: the flags of all users are put together.  Every compilation has
# -D_GNU_SOURCE and -Ikernel/include/uapi, so the contract is always <linux/kvm2.h>.  A static inline test double or a
# second set of flags for the same source needs a source file of its own that includes it.
#
# HOW A TEST REPORTS (TAP, read by tests/run)
#
#     ok N - sentence                        passed (N is not looked at)
#     not ok N - sentence                    failed
#     ok N - sentence # SKIP reason          skipped; the reason is shown
#     # anything                             shown when the test fails
#
# One line for each behaviour, on stdout.  An exit status other than 0 without a `not ok` counts as one failure, 77 as a
# skip with the last `#` line as its reason; no `ok` at all is a failure too.  cmocka prints this by itself (make sets
# CMOCKA_MESSAGE_OUTPUT=TAP); for a skip call print_message("# reason\n") first, then skip().  A plan line `1..N` is
# optional, and where it stands first, missing lines are failures.  Never assert a time.

VERSION  := 0.1.0
MODULES  := kernel tracepoints libkvm2 kvm2run kvm2top gdbstub strace-decoders tests tests/lab tests/vm tests/bench

comma    := ,
VARIANT  := $(if $(SAN),$(subst $(comma),-,$(SAN)),release)
O        ?= build
B        := $(O)/$(VARIANT)
RESULTS  ?= $(O)/results/$(VARIANT)
Q        := $(if $(filter 1,$(V)),,@)
SAY      := $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n')

prefix     ?= /usr/local
bindir     ?= $(prefix)/bin
sbindir    ?= $(prefix)/sbin
libdir     ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir    ?= $(prefix)/share
mandir     ?= $(prefix)/share/man
compdir    ?= $(prefix)/share/bash-completion/completions
zshdir     ?= $(prefix)/share/zsh/site-functions

PKG_CONFIG  ?= pkg-config
INSTALL     ?= install
CFLAGS      ?= -O2 -g
BASE_CFLAGS := -std=gnu11 -Wall -Wextra -Wvla -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	       -Wundef -Wwrite-strings $(if $(WERROR),-Werror) \
	       $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
BASE_CPPFLAGS := -D_GNU_SOURCE -DKVM2_VERSION='"$(VERSION)"' -Ikernel/include/uapi

# What a fresh Debian 12 lacks for the user space part; kernel/module.mk adds its own.
PACKAGES := gcc libc6-dev make pkg-config libcmocka-dev man-db util-linux

PROGRAMS  :=
LIBRARIES :=
TESTS     :=
VM_TESTS  :=
VM_NEEDS  :=
ALL       :=
CHECKS    :=
OBJS      :=
BIN       :=
SBIN      :=
HEADERS   :=
MAN       :=
COMP      :=
DATA      :=
ZSHCOMP   :=

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.PHONY: all
all: ## build the programs and libraries, in build/release

include $(wildcard $(MODULES:%=%/module.mk))

# ---- from lists to rules ----

ours      := $(PROGRAMS) $(TESTS) $(foreach t,$(VM_TESTS),$(if $(wildcard $(t).c),$(t)))
pkgs_of    = $(sort $($(1)_PKGS) $(foreach l,$($(1)_LIBS),$($(l)_PKGS)))
cppflags_of = $($(1)_CPPFLAGS) $(addprefix -I,$($(1)_INCLUDE) $(foreach l,$($(1)_LIBS),$($(l)_INCLUDE)))
objects_of = $(patsubst %,$(B)/obj/%.o,$(basename $($(1)_SOURCES)))

$(foreach t,$(TESTS),$(eval $(t)_PKGS += cmocka))
$(foreach t,$(filter-out $(PROGRAMS),$(ours)),$(eval $(t)_SOURCES := $(t).c $($(t)_SOURCES)))

all_pkgs := $(sort $(foreach n,$(ours) $(LIBRARIES),$(call pkgs_of,$(n))))
$(foreach p,$(all_pkgs),$(eval $(p)_pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(p) 2>/dev/null)) \
			$(eval $(p)_pkg_libs := $(shell $(PKG_CONFIG) --libs $(p) 2>/dev/null)))

# One object has the flags of every target that uses it.  += on a target's variable needs one line an object.
define object_flags
$(foreach o,$(call objects_of,$(1)),$(eval flags_$(o) += $(2)))
$(call objects_of,$(1)): | $(addprefix $(B)/pkg/,$(call pkgs_of,$(1)))
OBJS += $(call objects_of,$(1))
endef
$(foreach n,$(ours),$(eval $(call object_flags,$(n),\
	$(call cppflags_of,$(n)) $(foreach p,$(call pkgs_of,$(n)),$($(p)_pkg_cflags)))))
$(foreach n,$(LIBRARIES),$(eval $(call object_flags,$(n),\
	-fPIC $(call cppflags_of,$(n)) $(foreach p,$(call pkgs_of,$(n)),$($(p)_pkg_cflags)))))

define program_rule
$(2): $(call objects_of,$(1)) $(foreach l,$($(1)_LIBS),$(B)/lib/$(l).a)
	$$(SAY) LD $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BASE_CFLAGS) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) \
		$(foreach p,$(call pkgs_of,$(1)),$($(p)_pkg_libs)) $($(1)_LDFLAGS)
endef
$(foreach n,$(PROGRAMS),$(eval $(call program_rule,$(n),$(B)/bin/$(n))))
$(foreach n,$(filter-out $(PROGRAMS),$(ours)),$(eval $(call program_rule,$(n),$(B)/$(n))))

# A rule that needs this looks each time whether its output changes, as with another prefix.
.PHONY: FORCE

soname_of = $(1).so.$(firstword $(subst ., ,$(VERSION)))
define library_rule
$(B)/lib/$(1).a: $(call objects_of,$(1))
	$$(SAY) AR $$@
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
$(B)/lib/$(1).so.$(VERSION): $(call objects_of,$(1)) $(foreach l,$($(1)_LIBS),$(B)/lib/$(l).a) $($(1)_MAP)
	$$(SAY) LD $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CC) -shared -Wl,-soname,$(call soname_of,$(1)) $(addprefix -Wl$(comma)--version-script=,$($(1)_MAP)) \
		$$(BASE_CFLAGS) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) \
		$(foreach p,$(call pkgs_of,$(1)),$($(p)_pkg_libs)) $($(1)_LDFLAGS)
	@ln -sf $$(@F) $$(@D)/$(call soname_of,$(1)) && ln -sf $$(@F) $$(@D)/$(1).so
$(if $($(1)_PC),$(B)/lib/$(1).pc: $($(1)_PC) Makefile FORCE
	@mkdir -p $$(@D)
	$$(Q)sed -e 's|@prefix@|$$(prefix)|' -e 's|@includedir@|$$(includedir)|' -e 's|@libdir@|$$(libdir)|' \
		-e 's|@version@|$$(VERSION)|' $$< > $$@.new
	$$(Q)if cmp -s $$@.new $$@; then rm $$@.new; else mv $$@.new $$@; fi)
endef
$(foreach n,$(LIBRARIES),$(eval $(call library_rule,$(n))))

$(B)/obj/%.o: %.c Makefile
	$(SAY) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -MMD -MP $(BASE_CPPFLAGS) $(flags_$@) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(B)/obj/%.o: %.S Makefile
	$(SAY) AS $<
	@mkdir -p $(@D)
	$(Q)$(CC) -MMD -MP $(BASE_CPPFLAGS) $(flags_$@) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

$(B)/pkg/%:
	@mkdir -p $(@D)
	@$(PKG_CONFIG) --print-errors --exists $* && touch $@

-include $(sort $(OBJS:.o=.d))

all: $(PROGRAMS:%=$(B)/bin/%) $(ALL) \
     $(foreach l,$(LIBRARIES),$(B)/lib/$(l).a $(B)/lib/$(l).so.$(VERSION) $(if $($(l)_PC),$(B)/lib/$(l).pc))

# ---- checks ----

# `make check T='state rsp'` runs only the tests with "state" or "rsp" in their names.
chosen    = $(if $(T),$(foreach t,$(1),$(if $(strip $(foreach w,$(T),$(findstring $(w),$(t)))),$(t))),$(1))
built     = $(if $(wildcard $(1).c),$(B)/$(1),$(1))
unit_runs = $(addprefix run/,$(call chosen,$(TESTS)))
# Long ones first, so that none is left to run alone at the end.
vm_runs_on = $(foreach t,$(call chosen,$(VM_TESTS)),$(addprefix run/$(t)@,$(call $(1),$(t))))
vm_kernels = $(or $($(1)_KERNELS),patched)
vm_long    = $(filter $($(1)_LONG),$(vm_kernels))
vm_short   = $(filter-out $($(1)_LONG),$(vm_kernels))
vm_runs   := $(call vm_runs_on,vm_long) $(call vm_runs_on,vm_short)

.PHONY: check check-style check-vm check-san test demo show-demo deps $(unit_runs) $(vm_runs) begin-check begin-check-vm
check: $(unit_runs) ## unit tests, without root or /dev/kvm; T=name chooses
	@tests/run --total $(RESULTS)/check "$(VARIANT) unit tests"

check-san: ## the same, built with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory SAN=address,undefined check

check-vm: $(vm_runs) ## tests in the lab, as root under our kernels; T=name chooses
	@tests/run --total $(RESULTS)/check-vm $@

check-style: all ## headers compile alone, layers, man pages and completions against --help
	@rm -rf $(RESULTS)/check-style
	@CC="$(CC)" CPPFLAGS="$(BASE_CPPFLAGS) $(foreach p,$(all_pkgs),$($(p)_pkg_cflags))" B="$(B)" \
	INCLUDES="$(foreach l,$(LIBRARIES),$($(l)_INCLUDE))" PROGRAMS="$(BIN) $(SBIN)" MAN="$(MAN)" COMP="$(COMP) $(ZSHCOMP)" \
	LIBRARIES="$(LIBRARIES)" \
		tests/run $(RESULTS)/check-style/style tests/style
	@tests/run --total $(RESULTS)/check-style $@

begin-check begin-check-vm: begin-%:
	@rm -rf $(RESULTS)/$*

define unit_rule
run/$(1): $(B)/$(1) | begin-check
	@CMOCKA_MESSAGE_OUTPUT=TAP tests/run -t 60 $$(RESULTS)/check/$(1) $$<
endef
$(foreach t,$(TESTS),$(eval $(call unit_rule,$(t))))

# The lab's processors take turns: with a thread of emulation for each QEMU runs code that has just been patched
# (kernel/configs/lab.config) in its old form.  A host of two processors is used by two labs instead.
define vm_rule
run/$(1)@$(2): $(call built,$(1)) $(KERNEL_$(2)) $(LAB_NEEDS) $(VM_NEEDS) $($(1)_NEEDS) all | begin-check-vm
	@O=$$(O) LAB_THREAD=single $($(1)_LAB) $($(1)_LAB_$(2)) LAB_KERNEL=$(2) LAB_TIMEOUT=$(or $($(1)_TIMEOUT),600) LAB_ENV="B=$(B) CMOCKA_MESSAGE_OUTPUT=TAP $($(1)_ENV)" \
		tests/run $$(RESULTS)/check-vm/$(1)@$(2) tests/lab/lab $$(abspath $$<)
endef
$(foreach t,$(VM_TESTS),$(foreach k,$(or $($(t)_KERNELS),patched),$(eval $(call vm_rule,$(t),$(k)))))

# Two at a time, all through: what is last is short and of many parts.
VM_JOBS ?= 2
CHECKS := check check-san check-style $(CHECKS) check-vm

test: deps ## install what is missing, build, run every check; ends with the totals
	@rm -rf $(O)/results
	@$(MAKE) --no-print-directory -j$(VM_JOBS) all
	@status=0; setpriv --pdeathsig TERM $(MAKE) --no-print-directory -k -j$(VM_JOBS) $(CHECKS) || status=1; \
	tests/run --total $(O)/results && exit $$status

# In two steps: what a package brings is looked up when make reads this.
demo: deps ## two guests in the lab and why they exit, live; on a terminal until q
	@$(MAKE) --no-print-directory show-demo

show-demo: all $(VM_NEEDS) $(KERNEL_patched) $(LAB_NEEDS)
	@O="$(O)" LAB_ENV="B=$(B)" tests/lab/lab tracepoints/demo.sh

deps: ## install the Debian packages that are missing (as root)
	@scripts/deps $(PACKAGES)

# ---- install ----

# "libkvm2/include/kvm2/kvm2.h" and "kernel/include/uapi/linux/kvm2.h" go to kvm2/ and linux/.
below_include = $(lastword $(subst include/, ,$(subst include/uapi/,include/,$(1))))
man_section   = $(subst .,,$(suffix $(1)))

# what|where|mode: one line an installed file, for both directions.
installed := $(foreach f,$(BIN),$(B)/bin/$(f)|$(bindir)/$(f)|755) \
	     $(foreach f,$(SBIN),$(B)/bin/$(f)|$(sbindir)/$(f)|755) \
	     $(foreach f,$(HEADERS),$(f)|$(includedir)/$(call below_include,$(f))|644) \
	     $(foreach f,$(MAN),$(f)|$(mandir)/man$(call man_section,$(f))/$(notdir $(f))|644) \
	     $(foreach f,$(COMP),$(f)|$(compdir)/$(notdir $(f))|644) \
	     $(foreach f,$(ZSHCOMP),$(f)|$(zshdir)/$(notdir $(f))|644) \
	     $(foreach f,$(TRACEEVENT_PLUGINS),$(f)|$(libdir)/traceevent/plugins/$(notdir $(f))|755) \
	     $(foreach f,$(DATA),$(f)|$(datadir)/kvm2/$(notdir $(f))|644) \
	     $(foreach l,$(LIBRARIES),$(B)/lib/$(l).a|$(libdir)/$(l).a|644 \
		$(B)/lib/$(l).so.$(VERSION)|$(libdir)/$(l).so.$(VERSION)|644 \
		$(if $($(l)_PC),$(B)/lib/$(l).pc|$(libdir)/pkgconfig/$(l).pc|644))
split = $(word $(2),$(subst |, ,$(1)))

.PHONY: install uninstall clean help
install: all ## install programs, libraries, headers, manuals (DESTDIR, prefix)
	$(Q)set -e; $(foreach i,$(installed),\
		$(INSTALL) -D -m $(call split,$(i),3) $(call split,$(i),1) $(DESTDIR)$(call split,$(i),2);) \
	$(foreach l,$(LIBRARIES),\
		ln -sf $(l).so.$(VERSION) $(DESTDIR)$(libdir)/$(call soname_of,$(l)); \
		ln -sf $(l).so.$(VERSION) $(DESTDIR)$(libdir)/$(l).so;)

uninstall: ## remove what install has put there
	$(Q)rm -f $(foreach i,$(installed),$(DESTDIR)$(call split,$(i),2)) \
		$(foreach l,$(LIBRARIES),$(DESTDIR)$(libdir)/$(call soname_of,$(l)) $(DESTDIR)$(libdir)/$(l).so)

clean: ## remove this variant's build folder (the kernels stay; `rm -r build` removes all)
	$(Q)rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | \
		while IFS='|' read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done
	@echo
	@echo '  V=1 shows commands; WERROR=1; SAN=address,undefined builds with sanitizers, in a folder of its own;'
	@echo '  O=folder builds there; CFLAGS, LDFLAGS, prefix and DESTDIR are as usual.'
	@grep -hE '^#help ' $(MAKEFILE_LIST) | sed 's/^#help //'
