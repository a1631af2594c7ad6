// SPDX-License-Identifier: LGPL-2.1
/*
 * X87, VECTOR and XSTATE on KVM_GET_XSAVE2 and KVM_SET_XSAVE.
 *
 * All of it is in one image in the standard XSAVE format. A vector register
 * is spread over up to three components of it, whose places are the host's to
 * choose (CPUID 0xd). A write marks only the components that it changes as in
 * use, so that the others keep their initial state.
 */
#include "state_classic.h"

#include <cpuid.h>
#include <stdlib.h>
#include <string.h>

#define LEAF_XSAVE		0xd
#define FIRST_EXTENDED		2	/* components 0 and 1 have fixed places */
#define XSTATE_BV_OFFSET	512

/* The legacy part of the image, as FXSAVE writes it. */
#define FXSAVE_FCW		0
#define FXSAVE_FSW		2
#define FXSAVE_FTW		4
#define FXSAVE_FOP		6
#define FXSAVE_FIP		8
#define FXSAVE_FDP		16
#define FXSAVE_MXCSR		24
#define FXSAVE_MXCSR_MASK	28
#define FXSAVE_ST		32
#define FXSAVE_XMM		160

#define MXCSR_MASK_DEFAULT	0xffbfU

enum component {
	X87,
	SSE,
	YMM_HI128,
	OPMASK = 5,
	ZMM_HI256,
	ZMM_HI16,
	NR_COMPONENTS = 63
};

/* Components that X87 and VECTOR show. */
#define COVERED	(1ULL << X87 | 1ULL << SSE | 1ULL << YMM_HI128 | \
		 1ULL << OPMASK | 1ULL << ZMM_HI256 | 1ULL << ZMM_HI16)

/* Bytes of the image. */
struct piece {
	uint32_t offset;
	uint32_t size;
	uint32_t component;
};

static char *image_of(const struct classic_values *values)
{
	return (char *)values->xsave;
}

/*
 * The components that KVM gives this vcpu: KVM_GET_XSAVE2 leaves out others.
 * Return: 0 or -errno.
 */
static int find_components(struct classic_state *s, uint64_t *components)
{
	struct kvm2_cpuid guest = { 0 };
	struct kvm2_cpuid host;
	struct classic_register reg = { 0 };
	int ret;

	*components = 1ULL << X87 | 1ULL << SSE;
	ret = kvm2_classic_cpuid_find(s, (uint64_t)LEAF_XSAVE << 32, &reg);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	ret = kvm2_classic_cpuid_read(s, (uint64_t)LEAF_XSAVE << 32, &guest, sizeof(guest));
	if (ret == 0)
		ret = kvm2_classic_host_cpuid_leaf(s, LEAF_XSAVE, 0, &host);
	if (ret < 0)
		return ret;
	*components |= (guest.eax | (uint64_t)guest.edx << 32) &
		       (host.eax | (uint64_t)host.edx << 32);
	return 0;
}

/* Where a component is. Return: 0; -ENOENT the image does not have it. */
static int place_of(const struct classic_state *s, uint32_t component,
		    struct piece *piece)
{
	unsigned int size = 0;
	unsigned int offset = 0;
	unsigned int flags = 0;
	unsigned int unused;

	if (component < FIRST_EXTENDED || component >= NR_COMPONENTS)
		return -ENOENT;
	if (!__get_cpuid_count(LEAF_XSAVE, component, &size, &offset, &flags, &unused))
		return -ENOENT;
	if (!size || flags & 1 || size > KVM2_VALUE_MAX ||
	    (size_t)offset + size > s->vcpu->machine->xsave_bytes)
		return -ENOENT;
	*piece = (struct piece){ offset, size, component };
	return 0;
}

int kvm2_classic_fpu_fetch(struct classic_state *s, struct classic_values *values)
{
	size_t bytes = s->vcpu->machine->xsave_bytes;

	if (!values->xsave)
		values->xsave = calloc(1, bytes);
	if (!values->xsave)
		return -ENOMEM;
	return classic_vcpu_ioctl(s->vcpu, KVM_GET_XSAVE2, values->xsave);
}

int kvm2_classic_fpu_commit(struct classic_state *s, const struct classic_values *values)
{
	return classic_vcpu_ioctl(s->vcpu, KVM_SET_XSAVE, values->xsave);
}

/* Overlay bytes of a component. */
static void patch(struct classic_state *s, const struct piece *piece,
		  const void *value, uint32_t size)
{
	char *image = image_of(&s->now);
	uint64_t in_use;

	if (!memcmp(image + piece->offset, value, size))
		return;
	memcpy(image + piece->offset, value, size);
	memcpy(&in_use, image + XSTATE_BV_OFFSET, sizeof(in_use));
	in_use |= 1ULL << piece->component;
	memcpy(image + XSTATE_BV_OFFSET, &in_use, sizeof(in_use));
	s->dirty |= 1U << GROUP_FPU;
}

/* ---- X87 ---- */

static const uint32_t x87_offsets[] = {
	[KVM2_X87_ST0] = FXSAVE_ST,
	[KVM2_X87_ST1] = FXSAVE_ST + 16,
	[KVM2_X87_ST2] = FXSAVE_ST + 32,
	[KVM2_X87_ST3] = FXSAVE_ST + 48,
	[KVM2_X87_ST4] = FXSAVE_ST + 64,
	[KVM2_X87_ST5] = FXSAVE_ST + 80,
	[KVM2_X87_ST6] = FXSAVE_ST + 96,
	[KVM2_X87_ST7] = FXSAVE_ST + 112,
	[KVM2_X87_FCW] = FXSAVE_FCW,
	[KVM2_X87_FSW] = FXSAVE_FSW,
	[KVM2_X87_FTW] = FXSAVE_FTW,
	[KVM2_X87_FOP] = FXSAVE_FOP,
	[KVM2_X87_FIP] = FXSAVE_FIP,
	[KVM2_X87_FDP] = FXSAVE_FDP,
};

int kvm2_classic_x87_read(struct classic_state *s, uint64_t number, void *value, uint32_t size)
{
	memcpy(value, image_of(&s->now) + x87_offsets[number], size);
	return 0;
}

int kvm2_classic_x87_write(struct classic_state *s, uint64_t number, const void *value,
			   uint32_t size)
{
	struct piece piece = { x87_offsets[number], size, X87 };

	patch(s, &piece, value, size);
	return 0;
}

/* ---- VECTOR ---- */

#define NR_PIECES	3

static int add_part(const struct classic_state *s, uint32_t component,
		    uint32_t size, uint64_t index, struct piece *piece)
{
	int ret = place_of(s, component, piece);

	if (ret < 0)
		return ret;
	piece->offset += (uint32_t)(size * index);
	piece->size = size;
	return 0;
}

/*
 * The pieces of a vector register from its low bytes on, as far as the guest
 * can have them. Return: how many, or -errno.
 */
static int vector_pieces(struct classic_state *s, uint64_t number,
			 struct piece pieces[NR_PIECES])
{
	uint64_t components;
	int n = 0;
	int ret = find_components(s, &components);

	if (ret < 0)
		return ret;
	if (number == KVM2_VECTOR_MXCSR) {
		pieces[n++] = (struct piece){ FXSAVE_MXCSR, 4, SSE };
	} else if (number >= KVM2_VECTOR_K0) {
		if (components & 1ULL << OPMASK &&
		    add_part(s, OPMASK, 8, number - KVM2_VECTOR_K0, &pieces[n]) == 0)
			n++;
	} else if (number >= 16) {
		if (components & 1ULL << ZMM_HI16 &&
		    add_part(s, ZMM_HI16, 64, number - 16, &pieces[n]) == 0)
			n++;
	} else {
		pieces[n++] = (struct piece){ (uint32_t)(FXSAVE_XMM + 16 * number), 16, SSE };
		if (components & 1ULL << YMM_HI128 &&
		    add_part(s, YMM_HI128, 16, number, &pieces[n]) == 0)
			n++;
		if (n == 2 && components & 1ULL << ZMM_HI256 &&
		    add_part(s, ZMM_HI256, 32, number, &pieces[n]) == 0)
			n++;
	}
	return n;
}

int kvm2_classic_vector_find(struct classic_state *s, uint64_t number,
			     struct classic_register *reg)
{
	struct piece pieces[NR_PIECES];
	int n;

	if (!reg->size)
		return -ENOENT;
	n = vector_pieces(s, number, pieces);
	if (n < 0)
		return n;
	reg->size = 0;
	for (int i = 0; i < n; i++)
		reg->size += pieces[i].size;
	return n ? 0 : -ENOENT;
}

int kvm2_classic_vector_read(struct classic_state *s, uint64_t number, void *value,
			     uint32_t size)
{
	struct piece pieces[NR_PIECES];
	int n = vector_pieces(s, number, pieces);
	char *to = value;

	for (int i = 0; i < n && size; i++) {
		uint32_t part = size < pieces[i].size ? size : pieces[i].size;

		memcpy(to, image_of(&s->now) + pieces[i].offset, part);
		to += part;
		size -= part;
	}
	return n < 0 ? n : 0;
}

/* Bits of MXCSR that the processor does not have make KVM_SET_XSAVE fail. */
static bool is_valid_mxcsr(const struct classic_state *s)
{
	uint32_t mask;
	uint32_t mxcsr;

	memcpy(&mask, image_of(&s->now) + FXSAVE_MXCSR_MASK, sizeof(mask));
	memcpy(&mxcsr, image_of(&s->now) + FXSAVE_MXCSR, sizeof(mxcsr));
	return !(mxcsr & ~(mask ? mask : MXCSR_MASK_DEFAULT));
}

int kvm2_classic_vector_write(struct classic_state *s, uint64_t number, const void *value,
			      uint32_t size)
{
	struct piece pieces[NR_PIECES];
	int n = vector_pieces(s, number, pieces);
	const char *from = value;

	for (int i = 0; i < n && size; i++) {
		uint32_t part = size < pieces[i].size ? size : pieces[i].size;

		patch(s, &pieces[i], from, part);
		from += part;
		size -= part;
	}
	if (number == KVM2_VECTOR_MXCSR && !is_valid_mxcsr(s))
		return -EINVAL;
	return n < 0 ? n : 0;
}

/* ---- XSTATE ---- */

int kvm2_classic_xstate_find(struct classic_state *s, uint64_t number,
			     struct classic_register *reg)
{
	uint64_t components;
	struct piece piece;
	int ret = find_components(s, &components);

	if (ret < 0)
		return ret;
	if (number >= NR_COMPONENTS || !(components & ~COVERED & 1ULL << number))
		return -ENOENT;
	ret = place_of(s, (uint32_t)number, &piece);
	if (ret < 0)
		return ret;
	*reg = (struct classic_register){ .size = piece.size, .group = GROUP_FPU };
	return 0;
}

int kvm2_classic_xstate_read(struct classic_state *s, uint64_t number, void *value,
			     uint32_t size)
{
	struct piece piece;
	int ret = place_of(s, (uint32_t)number, &piece);

	if (ret == 0)
		memcpy(value, image_of(&s->now) + piece.offset, size);
	return ret;
}

int kvm2_classic_xstate_write(struct classic_state *s, uint64_t number, const void *value,
			      uint32_t size)
{
	struct piece piece;
	int ret = place_of(s, (uint32_t)number, &piece);

	if (ret == 0)
		patch(s, &piece, value, size);
	return ret;
}

int kvm2_classic_xstate_list(struct classic_state *s, struct classic_lister *lister)
{
	int ret = 0;

	for (uint64_t component = 0; component < NR_COMPONENTS && ret == 0; component++)
		ret = kvm2_classic_list_register(s, lister, KVM2_SET_XSTATE, component);
	return ret;
}
