// SPDX-License-Identifier: GPL-2.0
// A refresh for machines: JSON, CSV, OpenMetrics.
#include "output.h"

#include <math.h>
#include <string.h>

#define LLU(value)	((unsigned long long)(value))

static const char *const kind_names[MODEL_NR_KINDS] = {
	[MODEL_CPU] = "cpu", [MODEL_USER] = "user", [MODEL_USER_KVM2] = "user", [MODEL_COUNTER] = "counter",
};

static const char *const phase_names[NR_PHASES] = {
	[PHASE_GUEST] = "guest", [PHASE_KERNEL] = "kernel", [PHASE_USER] = "vmm",
	[PHASE_READY] = "ready", [PHASE_HALT] = "halt", [PHASE_SLEEP] = "sleep",
};

static const char *reason_name(const struct reason *reason)
{
	reason = model_root((struct reason *)reason);
	return reason->name ? reason->name : "?";
}

/* ---- JSON ---- */

static void json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < 0x20)
			fprintf(file, "\\u%04x", c);
		else
			fputc(c, file);
	}
	fputc('"', file);
}

static void json_times(FILE *file, const struct node *node)
{
	const struct reason *reason = (const struct reason *)node;
	uint64_t hist[SHARED_HIST];

	fprintf(file, ",\"timed\":%llu,\"time_ns\":%llu,\"timed_total\":%llu,\"time_total_ns\":%llu,\"parts_ns\":{",
		LLU(node->recent.timed), LLU(node->recent.time_ns), LLU(node->total.timed), LLU(node->total.time_ns));
	for (int i = 0; i < NR_PHASES; i++)
		fprintf(file, "%s\"%s\":%llu", i ? "," : "", phase_names[i], LLU(node->recent.part_ns[i]));
	fputc('}', file);
	if (node->type != NODE_REASON || !column_times(node, false, hist))
		return;
	fprintf(file, ",\"p50_ns\":%llu,\"p99_ns\":%llu,\"max_ns\":%llu",
		LLU(model_percentile(hist, 0.5)), LLU(model_percentile(hist, 0.99)), LLU(reason->times->max_ns));
}

static void json_reasons(FILE *file, const struct node *node)
{
	const struct reason *reason;
	bool first = true;

	fputs(",\"reasons\":[", file);
	for (reason = node->reasons; reason; reason = reason->next) {
		if (!reason->node.total.exits)
			continue;
		fprintf(file, "%s{\"kind\":\"%s\",\"name\":", first ? "" : ",", kind_names[reason->kind]);
		json_string(file, reason_name(reason));
		fprintf(file, ",\"code\":%u,\"exits\":%llu,\"total\":%llu", reason->code, LLU(reason->node.recent.exits),
			LLU(reason->node.total.exits));
		if (reason->node.total.timed)
			json_times(file, &reason->node);
		fputc('}', file);
		first = false;
	}
	fputc(']', file);
}

static void json_numbers(FILE *file, const struct model *model, const struct node *node)
{
	fprintf(file, "\"exits\":%llu,\"total\":%llu,\"user\":%llu,\"user_total\":%llu,\"kernel\":%llu,"
		"\"kernel_total\":%llu", LLU(node->recent.exits), LLU(node->total.exits), LLU(node->recent.user),
		LLU(node->total.user), LLU(node->recent.kernel), LLU(node->total.kernel));
	if (node->total.timed)
		json_times(file, node);
	for (size_t i = 0; i < nr_columns; i++) {
		double value;

		if (columns[i].format != COLUMN_PERCENT || !columns[i].value)
			continue;
		value = columns[i].value(model, node);
		if (!isnan(value))
			fprintf(file, ",\"%s_percent\":%.3f", columns[i].key, value);
	}
	json_reasons(file, node);
}

static void json_vm(FILE *file, const struct model *model, const struct vm *vm)
{
	const struct vcpu *vcpu;
	char name[MODEL_NAME_SIZE];

	column_node_name(&vm->node, name, sizeof(name));
	fputs("{\"name\":", file);
	json_string(file, name);
	fputs(",\"vmm\":", file);
	json_string(file, vm->kind);
	fprintf(file, ",\"api\":\"%s\",\"pid\":%u,\"alive\":%s,", vm->is_kvm2 ? "kvm2" : "classic", vm->tgid,
		vm->gone_ns ? "false" : "true");
	if (vm->is_kvm2)
		fprintf(file, "\"id\":%llu,", LLU(vm->id));
	json_numbers(file, model, &vm->node);
	fputs(",\"vcpus\":[", file);
	for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next) {
		fprintf(file, "%s{\"id\":%u,\"tid\":%u,\"cpu\":%d,", vcpu == vm->vcpus ? "" : ",", vcpu->id, vcpu->tid,
			vcpu->cpu);
		json_numbers(file, model, &vcpu->node);
		fputc('}', file);
	}
	fputs("]}", file);
}

void output_json(FILE *file, const struct output *output, const struct model *model)
{
	const struct vm *vm;

	fprintf(file, "{\"time_ns\":%llu,\"interval_ns\":%llu,\"collector\":\"%s\",\"tier\":%d,\"cost_ns\":%u,"
		"\"lost\":%llu,\"kernel_known\":%s,\"self\":{\"cpu_percent\":%.3f,\"rss_bytes\":%llu},\"missing\":", LLU(output->wall_ns),
		LLU(model->interval_ns), output->collector, output->status.tier, output->status.cost_ns,
		LLU(model->lost), model->kernel_unknown ? "false" : "true", output->cpu_percent, LLU(output->rss_bytes));
	json_string(file, output->status.missing);
	fprintf(file, ",\"nr_vms\":%u,\"nr_vcpus\":%u,\"ended_vms\":%llu,", model->nr_vms, model->nr_vcpus,
		LLU(model->ended_vms));
	json_numbers(file, model, &model->host);
	fputs(",\"vms\":[", file);
	for (vm = model->vms; vm; vm = vm->next) {
		if (vm != model->vms)
			fputc(',', file);
		json_vm(file, model, vm);
	}
	fputs("]}\n", file);
	fflush(file);
}

/* ---- CSV ---- */

static void csv_text(FILE *file, const char *text)
{
	if (!text[strcspn(text, ",\"\n")]) {
		fputs(text, file);
		return;
	}
	fputc('"', file);
	for (; *text; text++)
		fprintf(file, *text == '"' ? "\"\"" : "%c", *text);
	fputc('"', file);
}

/* The names of a line's VM, vcpu and reason, as far as it has them. */
static void csv_place(FILE *file, const struct node *node)
{
	const struct vm *vm = NULL;
	const struct vcpu *vcpu = NULL;
	const struct reason *reason = NULL;
	char name[MODEL_NAME_SIZE] = "";

	for (; node; node = node->parent) {
		if (node->type == NODE_VM)
			vm = (const struct vm *)node;
		else if (node->type == NODE_VCPU)
			vcpu = (const struct vcpu *)node;
		else if (node->type == NODE_REASON)
			reason = (const struct reason *)node;
	}
	if (vm)
		column_node_name(&vm->node, name, sizeof(name));
	csv_text(file, name);
	if (vcpu)
		fprintf(file, ",%u,", vcpu->id);
	else
		fputs(",,", file);
	if (reason) {
		fprintf(file, "%s,", kind_names[reason->kind]);
		csv_text(file, reason_name(reason));
	} else {
		fputc(',', file);
	}
}

void output_csv_header(FILE *file)
{
	fputs("time_ns,vm,vcpu,kind,reason", file);
	for (size_t i = 0; i < nr_columns; i++)
		if (columns[i].value && columns[i].format != COLUMN_HISTORY)
			fprintf(file, ",%s", columns[i].key);
	fputc('\n', file);
}

void output_csv(FILE *file, const struct output *output, const struct model *model,
		const struct tree *tree)
{
	for (size_t i = 0; i < tree->nr_lines; i++) {
		fprintf(file, "%llu,", LLU(output->wall_ns));
		csv_place(file, tree->lines[i].node);
		for (size_t j = 0; j < nr_columns; j++) {
			double value;

			if (!columns[j].value || columns[j].format == COLUMN_HISTORY)
				continue;
			value = columns[j].value(model, tree->lines[i].node);
			if (isnan(value))
				fputc(',', file);
			else
				fprintf(file, columns[j].format == COLUMN_ID ? ",%.0f" : ",%.3f", value);
		}
		fputc('\n', file);
	}
	fflush(file);
}

/* ---- OpenMetrics ---- */

static void label(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', file);
		if (*text == '\n')
			fputs("\\n", file);
		else
			fputc(*text, file);
	}
}

static void labels(FILE *file, const struct vm *vm, const struct vcpu *vcpu)
{
	char name[MODEL_NAME_SIZE];

	column_node_name(&vm->node, name, sizeof(name));
	fputs("vm=\"", file);
	label(file, name);
	fprintf(file, "\",pid=\"%u\",vcpu=\"%u\"", vm->tgid, vcpu->id);
}

typedef void vcpu_fn(FILE *file, const struct vm *vm, const struct vcpu *vcpu);

static void metrics_exits(FILE *file, const struct vm *vm, const struct vcpu *vcpu)
{
	const struct reason *reason;

	for (reason = vcpu->node.reasons; reason; reason = reason->next) {
		if (reason->kind == MODEL_COUNTER)
			continue;
		fputs("kvm_exits_total{", file);
		labels(file, vm, vcpu);
		fprintf(file, ",kind=\"%s\",reason=\"", kind_names[reason->kind]);
		label(file, reason_name(reason));
		fprintf(file, "\"} %llu\n", LLU(reason->node.total.exits));
	}
}

static void metrics_kernel(FILE *file, const struct vm *vm, const struct vcpu *vcpu)
{
	fputs("kvm_kernel_exits_total{", file);
	labels(file, vm, vcpu);
	fprintf(file, "} %llu\n", LLU(vcpu->node.total.kernel));
}

static void metrics_phases(FILE *file, const struct vm *vm, const struct vcpu *vcpu)
{
	for (int i = 0; i < NR_PHASES; i++) {
		if (!vcpu->accounts.total.phase_ns[i])
			continue;
		fputs("kvm_vcpu_seconds_total{", file);
		labels(file, vm, vcpu);
		fprintf(file, ",phase=\"%s\"} %.9f\n", phase_names[i], (double)vcpu->accounts.total.phase_ns[i] / 1e9);
	}
}

/* Whole octaves are enough for a database. */
static void metrics_times(FILE *file, const struct vm *vm, const struct vcpu *vcpu)
{
	const struct reason *reason;

	for (reason = vcpu->node.reasons; reason; reason = reason->next) {
		uint64_t below = 0;

		if (!reason->times)
			continue;
		for (unsigned int i = 0; i < SHARED_HIST; i++) {
			below += reason->times->total[i];
			if (i % (2 * SHARED_HIST_STEPS) != 2 * SHARED_HIST_STEPS - 1)
				continue;
			fputs("kvm_exit_seconds_bucket{", file);
			labels(file, vm, vcpu);
			fputs(",reason=\"", file);
			label(file, reason_name(reason));
			fprintf(file, "\",le=\"%.9g\"} %llu\n", (double)model_hist_to(i) / 1e9, LLU(below));
		}
		for (int i = 0; i < 3; i++) {
			static const char *const names[] = { "bucket", "count", "sum" };

			fprintf(file, "kvm_exit_seconds_%s{", names[i]);
			labels(file, vm, vcpu);
			fputs(",reason=\"", file);
			label(file, reason_name(reason));
			if (i == 2)
				fprintf(file, "\"} %.9f\n", (double)reason->node.total.time_ns / 1e9);
			else
				fprintf(file, "\"%s} %llu\n", i ? "" : ",le=\"+Inf\"", LLU(reason->node.total.timed));
		}
	}
}

static void for_vcpus(FILE *file, const struct model *model, vcpu_fn *each)
{
	const struct vm *vm;
	const struct vcpu *vcpu;

	for (vm = model->vms; vm; vm = vm->next)
		for (vcpu = vm->vcpus; vcpu; vcpu = vcpu->next)
			each(file, vm, vcpu);
}

void output_metrics(FILE *file, const struct output *output, const struct model *model)
{
	fputs("# TYPE kvm_exits counter\n# HELP kvm_exits Exits from the guest (kind cpu) and to the VMM (kind user).\n",
	      file);
	for_vcpus(file, model, metrics_exits);
	fputs("# TYPE kvm_kernel_exits counter\n# HELP kvm_kernel_exits The exits that KVM itself has counted.\n", file);
	for_vcpus(file, model, metrics_kernel);
	fputs("# TYPE kvm_vcpu_seconds counter\n# UNIT kvm_vcpu_seconds seconds\n"
	      "# HELP kvm_vcpu_seconds Where the time of the vcpus went.\n", file);
	for_vcpus(file, model, metrics_phases);
	fputs("# TYPE kvm_exit_seconds histogram\n# UNIT kvm_exit_seconds seconds\n"
	      "# HELP kvm_exit_seconds Time from exit to entry.\n", file);
	for_vcpus(file, model, metrics_times);
	fprintf(file, "# TYPE kvm2top_exits_lost gauge\n# HELP kvm2top_exits_lost Exits that KVM has counted and kvm2top has "
		"not seen.\nkvm2top_exits_lost %lld\n",
		model->kernel_unknown ? (long long)model->lost : (long long)(model->host.total.kernel - model->host.total.exits));
	fprintf(file, "# TYPE kvm2top_tier gauge\nkvm2top_tier %d\n# EOF\n", output->status.tier);
	fflush(file);
}
