/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * The instruction MOVDIR64B [RDX] -> [RAX] in the program's text. A CPU that has it faults at a
 * portal; one that has not raises SIGILL. So that both can be seen on either, it can be replaced by
 * an ordinary store, which faults at a portal, or by an undefined instruction.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "client.h"

const uint8_t text_movdir64b[INSN_LEN] = { 0x66, 0x0f, 0x38, 0xf8, 0x02 };
/* mov %rdx,(%rax); xchg %ax,%ax */
const uint8_t text_store[INSN_LEN] = { 0x48, 0x89, 0x10, 0x66, 0x90 };
/* ud2; nopl (%rax): the last three bytes tell it from other people's ud2. */
const uint8_t text_illegal[INSN_LEN] = { 0x0f, 0x0b, 0x0f, 0x1f, 0x00 };

static void
rewrite_mapping(uint8_t *start, uint8_t *end, const uint8_t *insn)
{
	uint8_t *at = memmem(start, end - start, text_movdir64b, INSN_LEN);

	/* Others run this text meanwhile, but not this instruction: there is no portal yet. */
	if (at == NULL || mprotect(start, end - start, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		return;
	for (; at != NULL; at = memmem(at, end - at, text_movdir64b, INSN_LEN))
		memcpy(at, insn, INSN_LEN);
	mprotect(start, end - start, PROT_READ | PROT_EXEC);
}

void
text_rewrite(enum dsa_wire_movdir64b how)
{
	const uintptr_t self = (uintptr_t)text_rewrite;
	unsigned long start, end;
	char line[512];
	FILE *maps;

	if (how == DSA_WIRE_NATIVE)
		return;
	maps = fopen("/proc/self/maps", "re");
	if (maps == NULL)
		return;
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx r-xp", &start, &end) == 2 &&
				strstr(line, " r-xp ") != NULL && strchr(line, '[') == NULL &&
				(self < start || self >= end))
			rewrite_mapping((uint8_t *)start, (uint8_t *)end,
				how == DSA_WIRE_STORE ? text_store : text_illegal);
	fclose(maps);
}
