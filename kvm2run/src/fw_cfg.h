/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's firmware configuration device, its traditional interface: a
 * selector port and a data port (QEMU, docs/specs/fw_cfg.rst).
 */
#ifndef KVM2RUN_FW_CFG_H
#define KVM2RUN_FW_CFG_H

#include <stddef.h>
#include <stdint.h>

#include "ports.h"

#define FW_CFG_PORT		0x510
#define FW_CFG_PORTS		2

enum fw_cfg_key {
	FW_CFG_SIGNATURE	= 0x00,
	FW_CFG_ID		= 0x01,
	FW_CFG_RAM_SIZE		= 0x03,
	FW_CFG_NOGRAPHIC	= 0x04,
	FW_CFG_NB_CPUS		= 0x05,
	FW_CFG_INITRD_ADDR	= 0x0a,
	FW_CFG_INITRD_SIZE	= 0x0b,
	FW_CFG_MAX_CPUS		= 0x0f,
	FW_CFG_INITRD_DATA	= 0x12,
	FW_CFG_CMDLINE_ADDR	= 0x13,
	FW_CFG_CMDLINE_SIZE	= 0x14,
	FW_CFG_CMDLINE_DATA	= 0x15,
	FW_CFG_FILE_DIR		= 0x19,
};

/* What the items say. Pointers are borrowed for the life of the device. */
struct fw_cfg_facts {
	uint64_t ram_bytes;
	uint16_t cpus;
	const uint8_t *initrd;
	uint32_t initrd_bytes;
	uint32_t initrd_gpa;
	const char *cmdline;		/* NULL: none */
	uint32_t cmdline_gpa;
};

#define FW_CFG_ITEMS 13

struct fw_cfg_item {
	uint16_t key;
	uint32_t bytes;
	const uint8_t *data;
};

struct fw_cfg {
	struct fw_cfg_item items[FW_CFG_ITEMS];
	uint8_t small[FW_CFG_ITEMS][8];
	const struct fw_cfg_item *selected;
	uint32_t offset;
};

extern const struct port_ops fw_cfg_ops;

void fw_cfg_init(struct fw_cfg *fw_cfg, const struct fw_cfg_facts *facts);

#endif
