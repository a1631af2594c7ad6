// SPDX-License-Identifier: GPL-2.0
/*
 * Vcpu state: CPUID leaves, those of the vcpu and those the host can give.
 *
 * KVM takes all leaves at once. So the records are laid over a copy of what
 * there is, and the whole is committed if it has changed. After the first
 * run of the vcpu KVM takes only what is there already: -EBUSY.
 */
#include "state.h"

#include <linux/slab.h>

#include "cpuid.h"
#include "glue.h"
#include "x86.h"

static u64 leaf_number(const struct kvm_cpuid_entry2 *leaf)
{
	u64 index = leaf->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX ?
		    leaf->index : 0;

	return (u64)leaf->function << 32 | index;
}

static struct kvm_cpuid_entry2 *find_leaf(struct kvm_cpuid_entry2 *leaves,
					  int n, u64 number)
{
	int i;

	for (i = 0; i < n; i++) {
		if (leaf_number(&leaves[i]) == number)
			return &leaves[i];
	}
	return NULL;
}

static struct kvm2_cpuid leaf_from_kvm(const struct kvm_cpuid_entry2 *leaf)
{
	BUILD_BUG_ON(KVM2_CPUID_INDEXED != KVM_CPUID_FLAG_SIGNIFCANT_INDEX);

	return (struct kvm2_cpuid){
		.eax = leaf->eax,
		.ebx = leaf->ebx,
		.ecx = leaf->ecx,
		.edx = leaf->edx,
		.flags = leaf->flags & KVM2_CPUID_INDEXED,
	};
}

static void show_leaf(struct kvm2_state *s, const struct kvm_cpuid_entry2 *leaf,
		      u16 attributes, struct kvm2_register *reg)
{
	struct kvm2_cpuid *cpuid = (struct kvm2_cpuid *)s->scratch;

	BUILD_BUG_ON(sizeof(*cpuid) > sizeof(s->scratch));

	*cpuid = leaf_from_kvm(leaf);
	*reg = (struct kvm2_register){
		.value = cpuid,
		.size = sizeof(*cpuid),
		.attributes = attributes | KVM2_ATTR_GUEST_READ_ONLY,
	};
}

/* The leaves come in ascending runs, so most are in their place already. */
static void insert_leaf(const struct kvm_cpuid_entry2 **leaves, int n,
			const struct kvm_cpuid_entry2 *leaf)
{
	u64 number = leaf_number(leaf);

	for (; n && leaf_number(leaves[n - 1]) > number; n--)
		leaves[n] = leaves[n - 1];
	leaves[n] = leaf;
}

static int list_leaves(struct kvm2_state *s, struct kvm2_lister *lister,
		       u16 set, u16 attributes,
		       const struct kvm_cpuid_entry2 *leaves, int n)
{
	const struct kvm_cpuid_entry2 **sorted;
	struct kvm2_register reg;
	int i;

	sorted = kmalloc_array(n, sizeof(*sorted), GFP_KERNEL);
	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		insert_leaf(sorted, i, &leaves[i]);
	for (i = 0; i < n; i++) {
		show_leaf(s, sorted[i], attributes, &reg);
		kvm2_state_list_value(s, lister,
				      KVM2_HEADER(set, reg.size,
						  reg.attributes),
				      leaf_number(sorted[i]), reg.value);
	}
	kfree(sorted);
	return 0;
}

/* ---- CPUID ---- */

int kvm2_cpuid_find(struct kvm2_state *s, u64 number,
		    struct kvm2_register *reg)
{
	struct kvm_vcpu_arch *arch = &s->vcpu->arch;
	struct kvm_cpuid_entry2 *leaf;

	leaf = find_leaf(arch->cpuid_entries, arch->cpuid_nent, number);
	if (!leaf)
		return -ENOENT;
	show_leaf(s, leaf, 0, reg);
	return 0;
}

int kvm2_cpuid_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	return list_leaves(s, lister, KVM2_SET_CPUID, 0,
			   s->vcpu->arch.cpuid_entries,
			   s->vcpu->arch.cpuid_nent);
}

/* Leaves being put together. @changed: they are not what the vcpu has. */
struct overlay {
	struct kvm_cpuid_entry2 *leaves;
	int n;
	bool changed;
};

static void remove_leaf(struct overlay *overlay, u64 number)
{
	struct kvm_cpuid_entry2 *leaf;

	leaf = find_leaf(overlay->leaves, overlay->n, number);
	if (!leaf)
		return;
	overlay->n--;
	memmove(leaf, leaf + 1,
		(overlay->leaves + overlay->n - leaf) * sizeof(*leaf));
	overlay->changed = true;
}

static int overlay_leaf(struct overlay *overlay,
			const struct kvm2_record *record)
{
	u32 index = record->number;
	struct kvm2_cpuid cpuid = {};
	struct kvm_cpuid_entry2 *leaf, new;

	if (record->size > sizeof(cpuid))
		return -EINVAL;
	if (!record->size) {
		remove_leaf(overlay, record->number);
		return 0;
	}
	leaf = find_leaf(overlay->leaves, overlay->n, record->number);
	if (leaf)
		cpuid = leaf_from_kvm(leaf);
	memcpy(&cpuid, record->value, record->size);
	if (cpuid.flags & ~KVM2_CPUID_INDEXED || cpuid.reserved)
		return -EINVAL;
	if (index && !(cpuid.flags & KVM2_CPUID_INDEXED))
		return -EINVAL;

	new = (struct kvm_cpuid_entry2){
		.function = record->number >> 32,
		.index = index,
		.flags = cpuid.flags,
		.eax = cpuid.eax,
		.ebx = cpuid.ebx,
		.ecx = cpuid.ecx,
		.edx = cpuid.edx,
	};
	if (!leaf) {
		if (overlay->n == KVM_MAX_CPUID_ENTRIES)
			return -E2BIG;
		leaf = &overlay->leaves[overlay->n++];
	} else {
		/* Not ours to change: KVM compares it after the first run. */
		new.index = leaf->index;
		new.flags |= leaf->flags & ~KVM2_CPUID_INDEXED;
		memcpy(new.padding, leaf->padding, sizeof(new.padding));
		if (!memcmp(leaf, &new, sizeof(new)))
			return 0;
	}
	*leaf = new;
	overlay->changed = true;
	return 0;
}

/* Return: 0; the offset of the record refused, and why, in s->change. */
static int overlay_records(struct kvm2_state *s, struct overlay *overlay,
			   const void *records, size_t size)
{
	struct kvm2_change *change = s->change;
	const struct kvm2_record *record;
	size_t offset;
	int r;

	for (offset = 0; offset < size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		bool changed = overlay->changed;

		record = records + offset;
		if (record->set != KVM2_SET_CPUID)
			continue;
		r = overlay_leaf(overlay, record);
		if (r) {
			change->refused = offset;
			return r;
		}
		/* Should KVM refuse it all, blame the first change. */
		if (!changed && overlay->changed)
			change->refused = offset;
	}
	return 0;
}

static int begin_overlay(struct kvm2_state *s, struct overlay *overlay)
{
	const struct kvm_vcpu_arch *arch = &s->vcpu->arch;

	overlay->leaves = kvmalloc_array(KVM_MAX_CPUID_ENTRIES,
					 sizeof(*overlay->leaves),
					 GFP_KERNEL_ACCOUNT);
	if (!overlay->leaves)
		return -ENOMEM;
	overlay->n = arch->cpuid_nent;
	overlay->changed = false;
	memcpy(overlay->leaves, arch->cpuid_entries,
	       overlay->n * sizeof(*overlay->leaves));
	return 0;
}

/* Keep what there is, commit what was put together. Takes the leaves. */
static int commit_overlay(struct kvm2_state *s, struct overlay *overlay)
{
	struct kvm_vcpu_arch *arch = &s->vcpu->arch;
	struct kvm2_change *change = s->change;
	size_t bytes = arch->cpuid_nent * sizeof(*arch->cpuid_entries);
	bool has_run = kvm_vcpu_has_run(s->vcpu);
	int r = 0;

	change->nr_old_cpuid = arch->cpuid_nent;
	if (bytes && !has_run) {
		change->old_cpuid = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
		if (change->old_cpuid)
			memcpy(change->old_cpuid, arch->cpuid_entries, bytes);
		else
			r = -ENOMEM;
	}
	if (!r) {
		kvm2_state_load(s);
		r = kvm2_glue_set_cpuid(s->vcpu, overlay->leaves, overlay->n);
	}
	if (r) {
		kvfree(overlay->leaves);
		return has_run && r == -EINVAL ? -EBUSY : r;
	}
	change->has_old_cpuid = !has_run;
	change->refused = -1;
	return 0;
}

static bool has_cpuid_record(const void *records, size_t size)
{
	const struct kvm2_record *record;
	size_t offset;

	for (offset = 0; offset < size;
	     offset += KVM2_RECORD_BYTES(record->size)) {
		record = records + offset;
		if (record->set == KVM2_SET_CPUID)
			return true;
	}
	return false;
}

int kvm2_cpuid_set(struct kvm2_state *s, const void *records, size_t size)
{
	struct overlay overlay;
	int r;

	if (!has_cpuid_record(records, size))
		return 0;
	r = begin_overlay(s, &overlay);
	if (r)
		return r;
	r = overlay_records(s, &overlay, records, size);
	if (!r && overlay.changed)
		return commit_overlay(s, &overlay);
	kvfree(overlay.leaves);
	return r;
}

void kvm2_cpuid_undo(struct kvm2_state *s)
{
	struct kvm2_change *change = s->change;

	kvm2_state_load(s);
	/* KVM has taken these before, and it takes the memory now. */
	if (!kvm2_glue_set_cpuid(s->vcpu, change->old_cpuid,
				 change->nr_old_cpuid))
		change->old_cpuid = NULL;
}

/* ---- HOST_CPUID ---- */

static int fetch_host_cpuid(struct kvm2_state *s)
{
	if (s->host_cpuid)
		return 0;
	s->host_cpuid = kvcalloc(KVM_MAX_CPUID_ENTRIES,
				 sizeof(*s->host_cpuid), GFP_KERNEL_ACCOUNT);
	if (!s->host_cpuid)
		return -ENOMEM;
	s->nr_host_cpuid = kvm2_glue_host_cpuid(s->host_cpuid,
						KVM_MAX_CPUID_ENTRIES);
	return s->nr_host_cpuid < 0 ? s->nr_host_cpuid : 0;
}

int kvm2_host_cpuid_find(struct kvm2_state *s, u64 number,
			 struct kvm2_register *reg)
{
	struct kvm_cpuid_entry2 *leaf;
	int r;

	r = fetch_host_cpuid(s);
	if (r)
		return r;
	leaf = find_leaf(s->host_cpuid, s->nr_host_cpuid, number);
	if (!leaf)
		return -ENOENT;
	show_leaf(s, leaf, KVM2_ATTR_READ_ONLY, reg);
	return 0;
}

int kvm2_host_cpuid_list(struct kvm2_state *s, struct kvm2_lister *lister)
{
	int r;

	r = fetch_host_cpuid(s);
	if (r)
		return r;
	return list_leaves(s, lister, KVM2_SET_HOST_CPUID, KVM2_ATTR_READ_ONLY,
			   s->host_cpuid, s->nr_host_cpuid);
}
