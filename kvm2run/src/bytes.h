/* SPDX-License-Identifier: GPL-2.0 */
/* Little-endian fields of files and guest structures, at any alignment. */
#ifndef KVM2RUN_BYTES_H
#define KVM2RUN_BYTES_H

#include <stdint.h>

static inline uint16_t bytes_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t bytes_get32(const uint8_t *at)
{
	return bytes_get16(at) | (uint32_t)bytes_get16(at + 2) << 16;
}

static inline uint64_t bytes_get64(const uint8_t *at)
{
	return bytes_get32(at) | (uint64_t)bytes_get32(at + 4) << 32;
}

static inline void bytes_put32(uint8_t *at, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static inline void bytes_put64(uint8_t *at, uint64_t value)
{
	bytes_put32(at, (uint32_t)value);
	bytes_put32(at + 4, (uint32_t)(value >> 32));
}

#endif
