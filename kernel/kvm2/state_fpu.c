// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: x87, vector and other XSAVE state.
 *
 * A vector register is spread over up to three XSAVE components, whose
 * places are the host's to choose (CPUID 0xd). They are read where KVM keeps
 * them, and written by way of an image in the standard format, which KVM
 * takes as a whole. A write marks only the components that it changes as in
 * use, so that the others keep their initial state.
 *
 * The guest's FPU state is in memory whenever the vcpu does not run, so the
 * vcpu need not be loaded.
 */
#include "state.h"

#include <linux/nospec.h>
#include <linux/slab.h>
#include <asm/fpu/api.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xstate.h>

#include "cpuid.h"
#include "glue.h"
#include "x86.h"

#define MXCSR_DEFAULT	0x1f80

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
	return (union fpregs_state *)s->fpu_image;
}

/* Offset of a component's bytes in the image. */
static u32 component_offset(int component)
{
	u32 offset, size;

	kvm2_glue_xstate_place(component, &offset, &size);
	return offset;
}

static int fetch_image(struct kvm2_state *s)
{
	u64 xfeatures = guest_xfeatures(s);

	s->fpu_image_size = xstate_required_size(xfeatures, false);
	s->fpu_image = kvmalloc(s->fpu_image_size, GFP_KERNEL);
	if (!s->fpu_image)
		return -ENOMEM;
	if (!boot_cpu_has(X86_FEATURE_XSAVE))
		memset(s->fpu_image, 0, s->fpu_image_size);
	fpu_copy_guest_fpstate_to_uabi(&s->vcpu->arch.guest_fpu, s->fpu_image,
				       s->fpu_image_size, xfeatures,
				       s->vcpu->arch.pkru);
	/*
	 * KVM switches PKRU apart from the other components. The bit in the
	 * header, without which PKRU is not copied, is that of the host's.
	 */
	if (xfeatures & XFEATURE_MASK_PKRU) {
		fpu_image(s)->xsave.header.xfeatures |= XFEATURE_MASK_PKRU;
		memcpy(s->fpu_image + component_offset(XFEATURE_PKRU),
		       &s->vcpu->arch.pkru, sizeof(s->vcpu->arch.pkru));
	}
	return 0;
}

static const struct fxregs_state initial_x87 = { .cwd = 0x37f };
static const u8 initial_component[KVM2_VALUE_MAX];

/* Where a component from AVX on is. */
static const u8 *find_component(struct xregs_state *xsave, int component)
{
	return get_xsave_addr(xsave, component) ?: (void *)initial_component;
}

static void find_components(struct kvm2_state *s, struct kvm2_values *values)
{
	struct xregs_state *xsave =
		&s->vcpu->arch.guest_fpu.fpstate->regs.xsave;
	u64 in_use = boot_cpu_has(X86_FEATURE_XSAVE) ?
		     xsave->header.xfeatures : XFEATURE_MASK_FPSSE;
	u64 xfeatures = guest_xfeatures(s);
	struct kvm2_fpu *fpu = &s->fpu;
	const struct fxregs_state *x87;

	x87 = in_use & XFEATURE_MASK_FP ? &xsave->i387 : &initial_x87;
	memcpy(values->x87, x87, sizeof(values->x87));
	fpu->xmm = in_use & XFEATURE_MASK_SSE ?
		   (const u8 *)xsave->i387.xmm_space : initial_component;
	fpu->mxcsr = in_use & (XFEATURE_MASK_SSE | XFEATURE_MASK_YMM) ?
		     xsave->i387.mxcsr : MXCSR_DEFAULT;
	fpu->width = 16;
	if (xfeatures & XFEATURE_MASK_YMM) {
		fpu->width = 32;
		fpu->ymm = find_component(xsave, XFEATURE_YMM);
	}
	if (xfeatures & XFEATURE_MASK_ZMM_Hi256) {
		fpu->width = 64;
		fpu->zmm = find_component(xsave, XFEATURE_ZMM_Hi256);
	}
	if (xfeatures & XFEATURE_MASK_Hi16_ZMM)
		fpu->hi16 = find_component(xsave, XFEATURE_Hi16_ZMM);
	if (xfeatures & XFEATURE_MASK_OPMASK)
		fpu->opmask = find_component(xsave, XFEATURE_OPMASK);
}

int kvm2_fpu_fetch(struct kvm2_state *s, struct kvm2_values *values)
{
	/* Not in the values: what was there before is kept by patch(). */
	if (s->fpu_image)
		return 0;
	if (s->change)
		return fetch_image(s);
	find_components(s, values);
	return 0;
}

/* Overlay bytes of the image that belong to a component. */
static int patch(struct kvm2_state *s, u32 offset, const void *value, u32 size,
		 int component)
{
	struct kvm2_change *change = s->change;

	if (!memcmp(s->fpu_image + offset, value, size))
		return 0;
	if (!change->old_fpu) {
		change->old_fpu = kvmalloc(s->fpu_image_size, GFP_KERNEL);
		if (!change->old_fpu)
			return -ENOMEM;
		memcpy(change->old_fpu, s->fpu_image, s->fpu_image_size);
	}
	memcpy(s->fpu_image + offset, value, size);
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

int kvm2_x87_write(struct kvm2_state *s, u64 number, const void *value,
		   u32 size)
{
	return patch(s, KVM2_X87_OFFSET(number), value, size, XFEATURE_FP);
}

/* ---- VECTOR ---- */

/* zmm0-15 are put together from their parts. */
static __always_inline void compose_vector(const struct kvm2_fpu *fpu,
					   u64 number, u64 *to)
{
	const u64 *from = (u64 *)(fpu->xmm + 16 * number);

	to[0] = from[0];
	to[1] = from[1];
	if (fpu->width == 16)
		return;
	from = (u64 *)(fpu->ymm + 16 * number);
	to[2] = from[0];
	to[3] = from[1];
	if (fpu->width == 32)
		return;
	from = (u64 *)(fpu->zmm + 32 * number);
	to[4] = from[0];
	to[5] = from[1];
	to[6] = from[2];
	to[7] = from[3];
}

int kvm2_vector_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg)
{
	u64 xfeatures = guest_xfeatures(s);
	const struct kvm2_fpu *fpu = &s->fpu;
	int r;

	r = kvm2_state_fetch(s, KVM2_GROUP_FPU);
	if (r)
		return r;
	reg->group = KVM2_GROUP_FPU;

	if (number < 16) {
		reg->size = xfeatures & XFEATURE_MASK_ZMM_Hi256 ? 64 :
			    xfeatures & XFEATURE_MASK_YMM ? 32 : 16;
		reg->value = s->scratch;
		if (!s->change)
			compose_vector(fpu, number, s->scratch);
	} else if (number <= KVM2_VECTOR_ZMM31) {
		if (!(xfeatures & XFEATURE_MASK_Hi16_ZMM))
			return -ENOENT;
		reg->value = fpu->hi16 + 64 * (number - 16);
	} else if (number == KVM2_VECTOR_MXCSR) {
		reg->value = &fpu->mxcsr;
	} else {
		if (!(xfeatures & XFEATURE_MASK_OPMASK))
			return -ENOENT;
		reg->value = fpu->opmask + 8 * (number - KVM2_VECTOR_K0);
	}
	return 0;
}

static bool get_low_vector(struct kvm2_state *s, struct kvm2_record *record)
{
	if (record->number >= 16)
		return false;
	compose_vector(&s->fpu, array_index_nospec(record->number, 16),
		       (u64 *)record->value);
	record->attributes = 0;
	return true;
}

size_t kvm2_vector_run(struct kvm2_state *s, void *records, size_t left)
{
	if (kvm2_state_fetch(s, KVM2_GROUP_FPU))
		return 0;
	return kvm2_state_run(s, records, left, KVM2_SET_VECTOR, s->fpu.width,
			      get_low_vector);
}

/* Overlay the part of a vector from @begin on, as far as @size reaches. */
static int patch_part(struct kvm2_state *s, u32 offset, u32 begin, u32 length,
		      const void *value, u32 size, int component)
{
	if (size <= begin)
		return 0;
	return patch(s, offset, value + begin, min(size - begin, length),
		     component);
}

static int write_low_vector(struct kvm2_state *s, u64 number,
			    const void *value, u32 size)
{
	int r;

	r = patch_part(s, offsetof(struct fxregs_state, xmm_space) +
			  16 * number, 0, 16, value, size, XFEATURE_SSE);
	if (!r && size > 16)
		r = patch_part(s, component_offset(XFEATURE_YMM) + 16 * number,
			       16, 16, value, size, XFEATURE_YMM);
	if (!r && size > 32)
		r = patch_part(s, component_offset(XFEATURE_ZMM_Hi256) +
				  32 * number, 32, 32, value, size,
			       XFEATURE_ZMM_Hi256);
	return r;
}

int kvm2_vector_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size)
{
	if (number < 16)
		return write_low_vector(s, number, value, size);
	if (number <= KVM2_VECTOR_ZMM31)
		return patch(s, component_offset(XFEATURE_Hi16_ZMM) +
				64 * (number - 16), value, size,
			     XFEATURE_Hi16_ZMM);
	if (number == KVM2_VECTOR_MXCSR)
		return patch(s, offsetof(struct fxregs_state, mxcsr), value,
			     size, XFEATURE_SSE);
	return patch(s, component_offset(XFEATURE_OPMASK) +
			8 * (number - KVM2_VECTOR_K0), value, size,
		     XFEATURE_OPMASK);
}

/* ---- XSTATE ---- */

static u64 shown_xfeatures(const struct kvm2_state *s)
{
	return guest_xfeatures(s) & ~(u64)XFEATURES_COVERED;
}

int kvm2_xstate_find(struct kvm2_state *s, u64 number,
		     struct kvm2_register *reg)
{
	u32 offset, size;
	int r;

	if (number >= XFEATURE_MAX ||
	    !(shown_xfeatures(s) & BIT_ULL(number)))
		return -ENOENT;
	r = kvm2_state_fetch(s, KVM2_GROUP_FPU);
	if (r)
		return r;
	kvm2_glue_xstate_place(number, &offset, &size);
	*reg = (struct kvm2_register){ .size = size, .group = KVM2_GROUP_FPU };
	if (number == XFEATURE_PKRU) {
		s->scratch[0] = s->vcpu->arch.pkru;
		reg->value = s->scratch;
	} else if (!s->change) {
		reg->value = find_component(
			&s->vcpu->arch.guest_fpu.fpstate->regs.xsave, number);
	}
	return 0;
}

int kvm2_xstate_write(struct kvm2_state *s, u64 number, const void *value,
		      u32 size)
{
	return patch(s, component_offset(number), value, size, number);
}

int kvm2_xstate_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	u64 rest;
	int r = 0;

	for (rest = shown_xfeatures(s); rest && !r; rest &= rest - 1)
		r = kvm2_state_list_register(s, lister, KVM2_SET_XSTATE,
					     __ffs64(rest));
	return r;
}
