# SPDX-License-Identifier: GPL-2.0
# The lab's kernels: kernel/build makes them, this says when.

PACKAGES += bc bison ccache flex libelf-dev libssl-dev linux-source-6.12 lz4 pahole patch python3 rsync xz-utils

KERNEL_patched := $(O)/kernel/bzImage
KERNEL_module  := $(O)/kernel-module/bzImage
KERNEL_bench   := $(O)/kernel-bench/bzImage
KERNEL_debug   := $(O)/kernel-debug/bzImage
KERNEL_stock   := $(O)/kernel-stock/bzImage

kernel_build   := kernel/build $(wildcard kernel/configs/*)
kernel_sources := $(wildcard kernel/include/*/*.h kernel/include/*/*/*.h kernel/stub/* kernel/kvm2/* \
			     kernel/patches/*.patch tracepoints/include/trace/events/*.h)

$(KERNEL_patched) $(KERNEL_module) $(KERNEL_bench) $(KERNEL_debug): $(kernel_sources)
$(KERNEL_patched) $(KERNEL_module) $(KERNEL_bench) $(KERNEL_debug) $(KERNEL_stock): $(O)/kernel%bzImage: $(kernel_build) | deps
	$(Q)kernel/build $(or $(subst -,,$(patsubst %/,%,$*)),patched) $(O)

.PHONY: kernel
kernel: $(KERNEL_$(or $(LAB_KERNEL),patched)) ## the lab's kernel, build/kernel/bzImage (LAB_KERNEL=module, bench, debug or stock: that one)
