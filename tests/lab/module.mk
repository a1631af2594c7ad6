# SPDX-License-Identifier: GPL-2.0
# The lab: tests/lab/lab boots a kernel on QEMU and runs a command in it.

PACKAGES += qemu-system-x86

LAB_NEEDS := $(O)/lab/init $(O)/emulator/ready

# Always without sanitizers, and static: it runs before anything else.
$(O)/lab/init: tests/lab/init.c
	$(SAY) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE_CFLAGS) -fno-sanitize=all -D_GNU_SOURCE $(CFLAGS) -static $< -o $@

# Debian's packaged kernel, for tests of what has to run there as it is.
PACKAGES      += busybox-static cpio kmod
KERNEL_debian := $(O)/kernel-debian/bzImage

$(KERNEL_debian): tests/lab/debian | deps
	$(SAY) GET "Debian's packaged kernel"
	$(Q)tests/lab/debian $(O)/kernel-debian

.PHONY: lab
lab: $(KERNEL_$(or $(LAB_KERNEL),patched)) $(LAB_NEEDS) ## boot the lab; CMD='...' runs that in it and returns its status, else a shell
	@O="$(O)" tests/lab/lab $(if $(CMD),"$$CMD")

# The lab's own emulator: QEMU of Debian's source with tests/lab/emulator.patch.  Where $O/emulator/missing tells why it is
# not, the lab has the machine's QEMU, and tests of what that lacks skip.
PACKAGES     += ccache dpkg-dev libattr1-dev libcap-ng-dev libfdt-dev libglib2.0-dev libpixman-1-dev meson ninja-build \
		patch python3 xz-utils zlib1g-dev

$(O)/emulator/ready: tests/lab/emulator tests/lab/emulator.patch scripts/fetch-source | deps
	$(Q)tests/lab/emulator $(O)/emulator; status=$$?; [ $$status = 0 ] || [ $$status = 77 ]

.PHONY: emulator
emulator: | deps ## the lab's own emulator, with what Debian's gets wrong in nested guests; 5 minutes, once
	$(Q)tests/lab/emulator $(O)/emulator
	@echo "emulator: $(O)/emulator/qemu-system-x86_64"

#help 
#help   The lab: LAB_CPUS=2 LAB_MEM=2048M (1024M on debug) LAB_TIMEOUT=seconds LAB_KERNEL=module|bench|debian|debug|stock|path LAB_ENV="A=b C=d"
#help   LAB_ICOUNT=1 (one processor, its clock counts instructions) LAB_APPEND="for the kernel's command line"
#help   LAB_THREAD=single (one processor at a time) LAB_IGNORE_SPLAT=1 LAB_QEMU=path.  Kernel console: build/lab/console-PID.log

# Linux's own tests of KVM, on its kernel and on ours.
VM_TESTS                     += tests/vm/selftests
tests/vm/selftests_KERNELS   := stock patched
tests/vm/selftests_NEEDS     := $(O)/selftests/built
tests/vm/selftests_TIMEOUT   := 1800
tests/vm/selftests_LONG      := stock patched

$(O)/selftests/built: kernel/build | deps
	$(Q)kernel/build selftests $(O)
