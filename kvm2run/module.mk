# kvm2run: the reference VMM, and the guests of tests/guests/.

PROGRAMS         += kvm2run
BIN              += kvm2run
MAN              += kvm2run/kvm2run.8
COMP             += kvm2run/completion/kvm2run
ZSHCOMP          += kvm2run/completion/_kvm2run
kvm2run_SOURCES  := $(wildcard kvm2run/src/*.c)
kvm2run_LIBS     := libkvm2
kvm2run_PKGS     := libbpf
kvm2run_CPPFLAGS := -Ikvm2run/src -I$(abspath $(B)/kvm2run)
kvm2run_LDFLAGS  := -pthread

# Programs for the kernel.  BPF_CLANG and BPFTOOL are kvm2top's.
kvm2run_BPF      := -O2 -g -target bpf -mcpu=v3 -ffreestanding -Wall -Werror -Ikernel/include/uapi -Ikvm2run/src \
		    -idirafter /usr/include/x86_64-linux-gnu

$(B)/kvm2run/%.bpf.o: kvm2run/bpf/%.bpf.c kvm2run/src/pit.c kvm2run/src/pit.h kernel/include/uapi/linux/kvm2.h kvm2run/module.mk
	$(SAY) BPF $<
	@mkdir -p $(@D)
	$(Q)$(BPF_CLANG) $(kvm2run_BPF) -c $< -o $@

$(B)/kvm2run/%.skel.h: $(B)/kvm2run/%.bpf.o
	$(SAY) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

$(B)/obj/kvm2run/src/bpf_pit.o: $(B)/kvm2run/pit.skel.h

# ---- unit tests ----

kvm2run_tests := tests/unit/kvm2run
kvm2run_parse := $(addprefix kvm2run/src/,failure.c image.c image_flat.c image_linux.c image_multiboot.c)

define kvm2run_test
TESTS += $(kvm2run_tests)/$(1)_test
$(kvm2run_tests)/$(1)_test_SOURCES  := $(2)
$(kvm2run_tests)/$(1)_test_CPPFLAGS := -Ikvm2run/src -I.
$(kvm2run_tests)/$(1)_test_LDFLAGS  := -pthread
$(kvm2run_tests)/$(1)_test_LIBS     := libkvm2
endef
$(eval $(call kvm2run_test,image,$(kvm2run_parse)))
$(eval $(call kvm2run_test,layout,kvm2run/src/layout.c kvm2run/src/failure.c))
$(eval $(call kvm2run_test,boot,$(kvm2run_parse) $(addprefix kvm2run/src/,\
	acpi.c boot.c file.c information.c layout.c linux_boot.c memory.c mptable.c multiboot_info.c)))
$(eval $(call kvm2run_test,multiboot_info,kvm2run/src/multiboot_info.c))
$(eval $(call kvm2run_test,options,kvm2run/src/options.c kvm2run/src/failure.c))
$(eval $(call kvm2run_test,ports,kvm2run/src/ports.c))
$(eval $(call kvm2run_test,io_server,kvm2run/src/io_server.c kvm2run/src/ports.c))
$(eval $(call kvm2run_test,serial,kvm2run/src/serial.c kvm2run/src/ports.c))
$(eval $(call kvm2run_test,fw_cfg,kvm2run/src/fw_cfg.c kvm2run/src/ports.c))
$(eval $(call kvm2run_test,cmos,kvm2run/src/cmos.c kvm2run/src/ports.c))
$(eval $(call kvm2run_test,power,kvm2run/src/power.c kvm2run/src/ports.c))
$(eval $(call kvm2run_test,cpuid,kvm2run/src/cpuid.c))
$(eval $(call kvm2run_test,entry,kvm2run/src/entry.c))
$(eval $(call kvm2run_test,chips,$(addprefix kvm2run/src/,ioapic.c pic.c pit.c)))
$(eval $(call kvm2run_test,tables,$(addprefix kvm2run/src/,acpi.c mptable.c)))
$(eval $(call kvm2run_test,report,kvm2run/src/report.c))

# The devices of virtio share a guest's driver.
kvm2run_virtio := $(addprefix kvm2run/src/,virtio_mmio.c virtqueue.c memory.c layout.c failure.c) \
		  $(kvm2run_tests)/virtio_driver.c
$(eval $(call kvm2run_test,virtio_mmio,$(kvm2run_virtio)))
$(eval $(call kvm2run_test,virtio_block,kvm2run/src/virtio_block.c $(kvm2run_virtio)))
$(eval $(call kvm2run_test,virtio_console,kvm2run/src/virtio_console.c $(kvm2run_virtio)))

# ---- guests that nobody can trust ----

virtio_fuzz_CORPUS  := tests/fuzz/corpus/virtio
virtio_fuzz_SOURCES := $(addprefix kvm2run/src/,virtio_block.c virtio_console.c) $(kvm2run_virtio) tests/fuzz/virtio_targets.c
virtio_fuzz_FLAGS   := -Ikvm2run/src -I. -Ilibkvm2/include -I$(kvm2run_tests)
virtio_fuzz_LDFLAGS := $(B)/lib/libkvm2.a
$(eval $(call fuzz_program,virtio_fuzz))
$(FUZZ_B)/virtio_fuzz: $(B)/lib/libkvm2.a

virtio_fuzz_run = cd $(FUZZ_B) && ./virtio_fuzz $(1) $$(($(FUZZ_RUNS) / 4)) $(FUZZ_SEED) $(abspath $(virtio_fuzz_CORPUS))

.PHONY: fuzz-virtio
fuzz: fuzz-virtio
fuzz-virtio: $(FUZZ_B)/virtio_fuzz ## the same to the disk and the console of kvm2run, as a guest would do it
	@$(call virtio_fuzz_run,block)
	@$(call virtio_fuzz_run,console)

# The inputs it begins with, and those that it once stumbled on, are tried by `make check`.
$(eval $(call kvm2run_test,virtio_corpus,$(addprefix kvm2run/src/,virtio_block.c virtio_console.c) $(kvm2run_virtio)))
$(kvm2run_tests)/virtio_corpus_test_SOURCES  += tests/fuzz/corpus.c tests/fuzz/virtio_targets.c
$(kvm2run_tests)/virtio_corpus_test_CPPFLAGS += -Itests/fuzz -I$(kvm2run_tests)

# ---- guests: 32-bit code for no operating system, whatever the user's flags ----

guests         := $(B)/tests/guests
guests_elf     := $(addprefix $(guests)/,count pace info)
guests_flat    := $(addprefix $(guests)/,hello.bin echo.bin hammer.bin)
guests_FLAGS   := -m32 -march=i686 -O2 -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none \
		  -fno-asynchronous-unwind-tables -mgeneral-regs-only -Itests/guests \
		  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
guests_LDFLAGS := -m32 -nostdlib -static -no-pie -Wl,--build-id=none
guests_common  := $(guests)/multiboot.o $(guests)/guest.o
ALL            += $(guests_elf) $(guests_flat)
VM_NEEDS       += $(guests_elf) $(guests_flat)
OBJS           += $(guests_common) $(addsuffix .o,$(guests_elf) $(basename $(guests_flat)))

$(guests)/%.o: tests/guests/%.c kvm2run/module.mk
	$(SAY) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(guests_FLAGS) -std=gnu11 -MMD -MP -c $< -o $@

$(guests)/%.o: tests/guests/%.S kvm2run/module.mk
	$(SAY) AS $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(guests_FLAGS) -MMD -MP -c $< -o $@

$(guests_elf): $(guests)/%: $(guests)/%.o $(guests_common) tests/guests/guest.ld
	$(SAY) LD $@
	$(Q)$(CC) $(guests_LDFLAGS) -Wl,-T,tests/guests/guest.ld -o $@ $(filter %.o,$^)

$(guests_flat): $(guests)/%.bin: $(guests)/%.o
	$(SAY) LD $@
	$(Q)$(CC) $(guests_LDFLAGS) -Wl,-Ttext=0,--oformat=binary -o $@ $<

# A multiboot kernel that is not ours, for one test: downloaded, not installed.  Without the network it is empty, and that
# test is skipped.
guests_xen := xen-hypervisor-4.17-amd64
VM_NEEDS   += $(guests)/xen

$(guests)/xen:
	$(SAY) GET $(guests_xen)
	@mkdir -p $@.package
	$(Q)(cd $@.package && apt-get -q download $(guests_xen) >&2 && dpkg-deb -x $(guests_xen)_*.deb . && \
		gunzip -c boot/xen-*.gz) >$@ 2>$@.log || { tail -n 1 $@.log; : >$@; }
	@rm -rf $@.package $@.log

# Linux for linux_test and virtio_test: a shell of busybox as its initial RAM disk, and Debian's kernel, downloaded only as
# well, with its drivers of virtio as another RAM disk.
guests_linux  := linux-image-cloud-amd64
guests_virtio := virtio_ring virtio virtio_mmio virtio_blk virtio_console
PACKAGES     += busybox-static cpio
VM_NEEDS     += $(guests)/linux-initrd $(guests)/linux-debian

$(guests)/linux-initrd: tests/guests/linux-init | deps
	$(SAY) CPIO $@
	@rm -rf $@.root && mkdir -p $@.root/bin
	$(Q)cp $< $@.root/init && cp /bin/busybox $@.root/bin && \
		(cd $@.root && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >$@
	@rm -rf $@.root

$(guests)/linux-debian:
	$(SAY) GET $(guests_linux)
	@mkdir -p $@.package
	$(Q)(cd $@.package && apt-get -q download "$$(apt-cache depends $(guests_linux) | sed -n 's/.*Depends: *//p')" >&2 && \
		dpkg-deb -x linux-image-*.deb . && cat boot/vmlinuz-*) >$@ 2>$@.log || { tail -n 1 $@.log; : >$@; }
	@(cd $@.package && mkdir -p root/modules && find lib/modules $(guests_virtio:%=-name %.ko -o) -name '' | \
		xargs cp -t root/modules && cd root && find modules | cpio --quiet -o -H newc) >$@-modules 2>>$@.log || :
	@rm -rf $@.package $@.log

# ---- tests in the lab ----

# A real guest has a timer, and on the debug kernel where all is emulated its next interrupt is due before one is dealt
# with. There the clock counts instructions: so it is as slow as the rest. Some minutes each: with LINUX=all alone.
slow_clock   := LAB_ICOUNT=1
slow_kernels := $(if $(LINUX),debug)

VM_TESTS += tests/vm/kvm2run_test
tests/vm/kvm2run_test_KERNELS := patched stock
tests/vm/kvm2run_test_TIMEOUT := 1800

VM_TESTS += tests/vm/kvm2run_count_test
tests/vm/kvm2run_count_test_KERNELS := patched stock
tests/vm/kvm2run_count_test_TIMEOUT := 1800

VM_TESTS += tests/vm/device_process_test
tests/vm/device_process_test_KERNELS := patched $(slow_kernels)
tests/vm/device_process_test_LAB_debug := $(slow_clock)
tests/vm/device_process_test_TIMEOUT := $(if $(LINUX),7200,1800)

VM_TESTS += tests/vm/linux_test
tests/vm/linux_test_KERNELS := patched $(slow_kernels)
tests/vm/linux_test_LAB_debug := $(slow_clock)
tests/vm/linux_test_TIMEOUT := $(if $(LINUX),7200,1800)

VM_TESTS += tests/vm/virtio_test
tests/vm/virtio_test_KERNELS := patched $(slow_kernels)
tests/vm/virtio_test_LAB_debug := $(slow_clock)
tests/vm/virtio_test_ENV := LINUX=$(LINUX)
tests/vm/virtio_test_TIMEOUT := $(if $(LINUX),7200,1800)

# The timer of kvm2run as a program for the kernel, by kvm2run's own functions.
VM_TESTS += tests/vm/pit_test
tests/vm/pit_test_SOURCES  = kvm2run/src/bpf_pit.c kvm2run/src/pit.c kvm2run/src/failure.c $(device_guest) tests/vm/tap.c \
			      $(vm_guest)
tests/vm/pit_test_LIBS     := libkvm2
tests/vm/pit_test_PKGS     := libbpf
tests/vm/pit_test_CPPFLAGS := -Ikvm2run/src -I$(abspath $(B)/kvm2run)
tests/vm/pit_test_KERNELS  := patched debug
tests/vm/pit_test_TIMEOUT  := 1800
