// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: x87, vector and other XSAVE state.
 *
 * All of it is in one image in the standard XSAVE format. A vector register
 * is spread over up to three components of it, whose places are the host's
 * to choose (CPUID 0xd). A write marks only the components that it changes
 * as in use, so that the others keep their initial state.
 *
 * The guest's FPU state is in memory whenever the vcpu does not run, so the
 * vcpu need not be loaded.
 */
#include "state.h"

#include <linux/slab.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xstate.h>

#include "cpuid.h"
#include "glue.h"
#include "x86.h"

extern unsigned int mxcsr_feature_mask;

/* Components that X87 and VECTOR show. */
#define XFEATURES_COVERED						\
	(XFEATURE_MASK_FPSSE | XFEATURE_MASK_YMM | XFEATURE_MASK_AVX512)

static u64 guest_xfeatures(const struct kvm2_state *s)
{
	return s->vcpu->arch.guest_supported_xcr0 | XFEATURE_MASK_FPSSE;
}

static union fpregs_state *fpu_image(const struct kvm2_state *s)
{
	return (union fpregs_state *)s->fpu;
}

/* Offset of a component's bytes in the image. */
static u32 component_offset(int component)
{
	u32 offset, size;

	kvm2_glue_xstate_place(component, &offset, &size);
	return offset;
}

int kvm2_fpu_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	u64 xfeatures = guest_xfeatures(s);

	/* The image is no part of the values; the old one is kept apart. */
	if (s->fpu)
		return 0;
	s->fpu_size = xstate_required_size(xfeatures, false);
	s->fpu = kvmalloc(s->fpu_size, GFP_KERNEL_ACCOUNT);
	if (!s->fpu)
		return -ENOMEM;
	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		memset(s->fpu, 0, s->fpu_size);
	fpu_copy_guest_fpstate_to_uabi(&s->vcpu->arch.guest_fpu, s->fpu,
				       s->fpu_size, xfeatures,
				       s->vcpu->arch.pkru);
	/*
	 * KVM switches PKRU apart from the other components. The bit in the
	 * header, without which PKRU is not copied, is that of the host's.
	 */
	if (xfeatures & XFEATURE_MASK_PKRU) {
		fpu_image(s)->xsave.header.xfeatures |= XFEATURE_MASK_PKRU;
		memcpy(s->fpu + component_offset(XFEATURE_PKRU),
		       &s->vcpu->arch.pkru, sizeof(s->vcpu->arch.pkru));
	}
	return 0;
}

/* Overlay bytes of the image that belong to a component. */
static int patch(struct kvm2_state *s, u32 offset, const void *value, u32 size,
		 int component)
{
	struct kvm2_change *change = s->change;

	if (!memcmp(s->fpu + offset, value, size))
		return 0;
	if (!change->old_fpu) {
		change->old_fpu = kvmalloc(s->fpu_size, GFP_KERNEL_ACCOUNT);
		if (!change->old_fpu)
			return -ENOMEM;
		memcpy(change->old_fpu, s->fpu, s->fpu_size);
	}
	memcpy(s->fpu + offset, value, size);
	fpu_image(s)->xsave.header.xfeatures |= BIT_ULL(component);
	change->dirty |= BIT(KVM2_GROUP_FPU);
	return 0;
}

int kvm2_fpu_check(struct kvm2_state *s)
{
	if (fpu_image(s)->fxsave.mxcsr & ~mxcsr_feature_mask) {
		kvm2_state_refuse(s, KVM2_SET_VECTOR, KVM2_VECTOR_MXCSR);
		return -EINVAL;
	}
	return 0;
}

int kvm2_fpu_commit(struct kvm2_state *s, const struct kvm2_values *values)
{
	struct fpu_guest *fpu = &s->vcpu->arch.guest_fpu;
	union fpregs_state *image = fpu_image(s);

	if (values != &s->now)
		image = (union fpregs_state *)s->change->old_fpu;
	/* XRSTOR of a component that XFD disables would fault. */
	image->xsave.header.xfeatures &= ~fpu->fpstate->xfd;
	return fpu_copy_uabi_to_guest_fpstate(fpu, image,
					      kvm_caps.supported_xcr0,
					      &s->vcpu->arch.pkru);
}

/* ---- X87 ---- */

static const u16 x87_offsets[KVM2_X87_FDP + 1] = {
	[KVM2_X87_ST0]	= offsetof(struct fxregs_state, st_space[0]),
	[KVM2_X87_ST1]	= offsetof(struct fxregs_state, st_space[4]),
	[KVM2_X87_ST2]	= offsetof(struct fxregs_state, st_space[8]),
	[KVM2_X87_ST3]	= offsetof(struct fxregs_state, st_space[12]),
	[KVM2_X87_ST4]	= offsetof(struct fxregs_state, st_space[16]),
	[KVM2_X87_ST5]	= offsetof(struct fxregs_state, st_space[20]),
	[KVM2_X87_ST6]	= offsetof(struct fxregs_state, st_space[24]),
	[KVM2_X87_ST7]	= offsetof(struct fxregs_state, st_space[28]),
	[KVM2_X87_FCW]	= offsetof(struct fxregs_state, cwd),
	[KVM2_X87_FSW]	= offsetof(struct fxregs_state, swd),
	[KVM2_X87_FTW]	= offsetof(struct fxregs_state, twd),
	[KVM2_X87_FOP]	= offsetof(struct fxregs_state, fop),
	[KVM2_X87_FIP]	= offsetof(struct fxregs_state, rip),
	[KVM2_X87_FDP]	= offsetof(struct fxregs_state, rdp),
};

int kvm2_x87_read(struct kvm2_state *s, u64 number, void *value, u32 size)
{
	memcpy(value, s->fpu + x87_offsets[number], size);
	return 0;
}

int kvm2_x87_write(struct kvm2_state *s, u64 number, const void *value,
		   u32 size)
{
	return patch(s, x87_offsets[number], value, size, XFEATURE_FP);
}

/* ---- VECTOR ---- */

/* A part of a vector register. */
struct piece {
	u32 offset;	/* in the image */
	u32 size;
	int component;
};

static struct piece opmask_piece(u64 number)
{
	return (struct piece){
		component_offset(XFEATURE_OPMASK) +
			8 * (number - KVM2_VECTOR_K0), 8, XFEATURE_OPMASK
	};
}

/*
 * The pieces of a vector register from its low bytes on, as far as the guest
 * can have them. Return: how many.
 */
static int vector_pieces(struct kvm2_state *s, u64 number,
			 struct piece pieces[3])
{
	u64 xfeatures = guest_xfeatures(s);
	int n = 0;

	if (number == KVM2_VECTOR_MXCSR) {
		pieces[n++] = (struct piece){
			offsetof(struct fxregs_state, mxcsr), 4, XFEATURE_SSE
		};
		return n;
	}
	if (number >= KVM2_VECTOR_K0) {
		if (xfeatures & XFEATURE_MASK_OPMASK)
			pieces[n++] = opmask_piece(number);
		return n;
	}
	if (number >= 16) {
		if (xfeatures & XFEATURE_MASK_Hi16_ZMM)
			pieces[n++] = (struct piece){
				component_offset(XFEATURE_Hi16_ZMM) +
					64 * (number - 16),
				64, XFEATURE_Hi16_ZMM
			};
		return n;
	}
	pieces[n++] = (struct piece){
		offsetof(struct fxregs_state, xmm_space) + 16 * number,
		16, XFEATURE_SSE
	};
	if (!(xfeatures & XFEATURE_MASK_YMM))
		return n;
	pieces[n++] = (struct piece){
		component_offset(XFEATURE_YMM) + 16 * number,
		16, XFEATURE_YMM
	};
	if (!(xfeatures & XFEATURE_MASK_ZMM_Hi256))
		return n;
	pieces[n++] = (struct piece){
		component_offset(XFEATURE_ZMM_Hi256) + 32 * number,
		32, XFEATURE_ZMM_Hi256
	};
	return n;
}

int kvm2_vector_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg)
{
	struct piece pieces[3];
	int i, n;

	if (!reg->size)
		return -ENOENT;
	n = vector_pieces(s, number, pieces);
	if (!n)
		return -ENOENT;
	reg->size = 0;
	for (i = 0; i < n; i++)
		reg->size += pieces[i].size;
	return 0;
}

int kvm2_vector_read(struct kvm2_state *s, u64 number, void *value, u32 size)
{
	struct piece pieces[3];
	int i, n;

	n = vector_pieces(s, number, pieces);
	for (i = 0; i < n && size; i++) {
		u32 part = min(size, pieces[i].size);

		memcpy(value, s->fpu + pieces[i].offset, part);
		value += part;
		size -= part;
	}
	return 0;
}

int kvm2_vector_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size)
{
	struct piece pieces[3];
	int i, n, r;

	n = vector_pieces(s, number, pieces);
	for (i = 0; i < n && size; i++) {
		u32 part = min(size, pieces[i].size);

		r = patch(s, pieces[i].offset, value, part,
			  pieces[i].component);
		if (r)
			return r;
		value += part;
		size -= part;
	}
	return 0;
}

/* ---- XSTATE ---- */

int kvm2_xstate_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg)
{
	u64 shown = guest_xfeatures(s) & ~(u64)XFEATURES_COVERED;
	u32 offset, size;

	if (number >= XFEATURE_MAX || !(shown & BIT_ULL(number)))
		return -ENOENT;
	kvm2_glue_xstate_place(number, &offset, &size);
	*reg = (struct kvm2_register){ .size = size, .group = KVM2_GROUP_FPU };
	return 0;
}

int kvm2_xstate_read(struct kvm2_state *s, u64 number, void *value, u32 size)
{
	memcpy(value, s->fpu + component_offset(number), size);
	return 0;
}

int kvm2_xstate_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size)
{
	return patch(s, component_offset(number), value, size, number);
}

int kvm2_xstate_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	int component, r;

	for (component = 0; component < XFEATURE_MAX; component++) {
		r = kvm2_state_list_register(s, lister, KVM2_SET_XSTATE,
					     component);
		if (r)
			return r;
	}
	return 0;
}
