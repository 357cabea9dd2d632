/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/* What the program prints: errors, the table of a group, how far a transfer is. */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "dma_access.h"

#define BAR_WIDTH 40
#define BAR_HZ    10

/* A bar is on the terminal's current line. */
static bool bar_open;

static void
bar_leave(void)
{
	if (bar_open)
		printf("\n");
	bar_open = false;
	fflush(stdout);
}

void
error(const char *fmt, ...)
{
	va_list ap;

	bar_leave();
	fprintf(stderr, "dma_access: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
}

void
show_table(int16_t group_id, const struct rte_dma_access_entry *table, int nb)
{
	char domain[RTE_UUID_STRLEN], handler[8];
	const struct rte_dma_access_entry *e;

	bar_leave();
	printf("access group %d: %d member%s\n", group_id, nb, nb == 1 ? "" : "s");
	printf("  %-36s  %7s  %4s  %s\n", "domain", "handler", "prot", "flags");
	for (e = table; e < table + nb; e++) {
		const bool self = e->flags & RTE_DMA_ACCESS_ENTRY_SELF;
		const bool creator = e->flags & RTE_DMA_ACCESS_ENTRY_CREATOR;

		rte_uuid_unparse(e->domain_id, domain, sizeof(domain));
		if (e->handler == RTE_DMA_HANDLER_SELF)
			snprintf(handler, sizeof(handler), "self");
		else
			snprintf(handler, sizeof(handler), "%u", e->handler);
		printf("  %-36s  %7s    %c%c  %s\n", domain, handler,
			e->prot & RTE_DMA_ACCESS_PROT_READ ? 'r' : '-',
			e->prot & RTE_DMA_ACCESS_PROT_WRITE ? 'w' : '-',
			creator && self ? "creator, self" :
			creator ? "creator" : self ? "self" : "-");
	}
}

void
progress_start(struct progress *p, const char *verb, uint64_t total)
{
	p->verb = verb;
	p->total = total;
	p->start = rte_get_timer_cycles();
	p->redraw = p->start;
	p->quarters = 0;
	p->terminal = isatty(STDOUT_FILENO);
}

static void
draw_bar(const struct progress *p, uint64_t done)
{
	static const char full[] = "########################################";
	const double part = (double)done / p->total;
	const int width = part * BAR_WIDTH;

	printf("\r%s [%.*s%*s] %3d%%", p->verb, width, full, BAR_WIDTH - width, "",
		(int)(part * 100));
	fflush(stdout);
	bar_open = true;
}

/* A bar that moves on a terminal, a line per quarter elsewhere. done is not 0. */
void
progress_step(struct progress *p, uint64_t done)
{
	const uint64_t now = rte_get_timer_cycles();
	const uint32_t quarters = (double)done / p->total * 4;

	if (p->terminal) {
		if (now < p->redraw && done != p->total)
			return;
		p->redraw = now + rte_get_timer_hz() / BAR_HZ;
		draw_bar(p, done);
	} else if (quarters > p->quarters) {
		p->quarters = quarters;
		printf("%s %u%%\n", p->verb, quarters * 25);
	}
}

void
progress_end(struct progress *p, bool ok, const uint8_t sha256[MAIL_SHA256_LEN])
{
	const double seconds = (double)(rte_get_timer_cycles() - p->start) / rte_get_timer_hz();
	int i;

	bar_leave();
	if (!ok)
		return;
	printf("%s %" PRIu64 " bytes in %.3f s, %.3f GB/s with file and checksum\nsha256 ", p->verb,
		p->total, seconds, p->total / seconds / 1e9);
	for (i = 0; i < MAIL_SHA256_LEN; i++)
		printf("%02x", sha256[i]);
	printf("\n");
}
