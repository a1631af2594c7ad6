// SPDX-License-Identifier: GPL-2.0
// The firmware configuration device.
#include "fw_cfg.h"

#include <string.h>

#include "bytes.h"

#define OFFSET_SELECTOR		0
#define OFFSET_DATA		1

#define ID_TRADITIONAL		(1U << 0)	/* and no DMA, bit 1 */

/* Up to 8 bytes of an item's own. */
static void add_number(struct fw_cfg *fw_cfg, unsigned int *nr, uint16_t key, uint64_t value,
		       uint32_t bytes)
{
	bytes_put64(fw_cfg->small[*nr], value);
	fw_cfg->items[*nr] = (struct fw_cfg_item){ key, bytes, fw_cfg->small[*nr] };
	(*nr)++;
}

static void add_data(struct fw_cfg *fw_cfg, unsigned int *nr, uint16_t key,
		     const void *data, uint32_t bytes)
{
	fw_cfg->items[*nr] = (struct fw_cfg_item){ key, bytes, data };
	(*nr)++;
}

void fw_cfg_init(struct fw_cfg *fw_cfg, const struct fw_cfg_facts *facts)
{
	uint32_t cmdline_bytes = facts->cmdline ? (uint32_t)strlen(facts->cmdline) + 1 : 0;
	unsigned int nr = 0;

	memset(fw_cfg, 0, sizeof(*fw_cfg));
	add_data(fw_cfg, &nr, FW_CFG_SIGNATURE, "QEMU", 4);
	add_number(fw_cfg, &nr, FW_CFG_ID, ID_TRADITIONAL, 4);
	add_number(fw_cfg, &nr, FW_CFG_RAM_SIZE, facts->ram_bytes, 8);
	add_number(fw_cfg, &nr, FW_CFG_NOGRAPHIC, 1, 2);
	add_number(fw_cfg, &nr, FW_CFG_NB_CPUS, facts->cpus, 2);
	add_number(fw_cfg, &nr, FW_CFG_MAX_CPUS, facts->cpus, 2);
	add_number(fw_cfg, &nr, FW_CFG_INITRD_ADDR, facts->initrd_gpa, 4);
	add_number(fw_cfg, &nr, FW_CFG_INITRD_SIZE, facts->initrd_bytes, 4);
	add_data(fw_cfg, &nr, FW_CFG_INITRD_DATA, facts->initrd, facts->initrd_bytes);
	add_number(fw_cfg, &nr, FW_CFG_CMDLINE_ADDR, facts->cmdline_gpa, 4);
	add_number(fw_cfg, &nr, FW_CFG_CMDLINE_SIZE, cmdline_bytes, 4);
	add_data(fw_cfg, &nr, FW_CFG_CMDLINE_DATA, facts->cmdline, cmdline_bytes);
	/* A big-endian count of files: none. */
	add_number(fw_cfg, &nr, FW_CFG_FILE_DIR, 0, 4);

	fw_cfg->selected = &fw_cfg->items[0];
}

static void select_key(struct fw_cfg *fw_cfg, uint16_t key)
{
	fw_cfg->selected = NULL;
	fw_cfg->offset = 0;
	for (unsigned int i = 0; i < FW_CFG_ITEMS; i++)
		if (fw_cfg->items[i].key == key)
			fw_cfg->selected = &fw_cfg->items[i];
}

/* An unknown key, and what lies past the end of an item, reads as zeros. */
static uint32_t fw_cfg_read(void *device, uint16_t offset, unsigned int width)
{
	struct fw_cfg *fw_cfg = device;
	const struct fw_cfg_item *item = fw_cfg->selected;

	if (offset != OFFSET_DATA || width != 1)
		return ~0U;
	if (!item || fw_cfg->offset >= item->bytes)
		return 0;
	return item->data[fw_cfg->offset++];
}

static void fw_cfg_write(void *device, uint16_t offset, unsigned int width, uint32_t value)
{
	if (offset == OFFSET_SELECTOR && width == 2)
		select_key(device, (uint16_t)value);
}

const struct port_ops fw_cfg_ops = {
	.widths = 1 | 2,
	.read = fw_cfg_read,
	.write = fw_cfg_write,
};
