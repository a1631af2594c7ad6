// SPDX-License-Identifier: GPL-2.0
// Guest for watchpoints: every vcpu counts in its own word of each page, one page after the other, until watched_stop is set.
// Prints "watched" when all do. status=V is its end, 1 if a page has missed a count.
#include "guest.h"

#define PAGES	12

struct page {
	volatile uint32_t word[1024];
};

struct page watched_pages[PAGES] __attribute__((aligned(4096)));
volatile uint32_t watched_stop;

static void count(uint32_t id)
{
	for (uint32_t i = 0; i < PAGES; i++)
		watched_pages[i].word[id]++;
}

void guest_work(struct guest_cpu *cpu)
{
	if (!cpu->id) {
		for (uint32_t id = 1; id < guest_nr_cpus; id++)
			while (!watched_pages[0].word[id])
				__asm__ volatile("pause");
		guest_print(cpu, "watched\n");
	}
	while (!watched_stop)
		count(cpu->id);
}

void guest_end(struct guest_cpu *cpu)
{
	uint32_t status = guest_number("status", 0);

	for (uint32_t id = 0; id < guest_nr_cpus; id++)
		for (uint32_t i = 1; i < PAGES; i++)
			if (watched_pages[i].word[id] != watched_pages[0].word[id])
				status = 1;
	guest_print(cpu, status == 1 ? "counts are missing\n" : "unharmed\n");
	guest_exit(cpu, status);
}
