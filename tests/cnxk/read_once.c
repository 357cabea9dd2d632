/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * A completion that comes right behind the driver's first look at it, which no chance has to bring
 * about: memory of the completion slot cannot be accessed, so that each access to it is a fault. It
 * is let through alone, by the processor's single step, and the step's end is where the device
 * writes its completion.
 */

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dmadev.h>

#include "cases.h"
#include "rig.h"

#define SUBMIT    RTE_DMA_OP_FLAG_SUBMIT
#define ROUNDS    100u
#define SLOT_LEN  8u     /* the driver reads a word, of which the device writes the first byte */
#define TRAP_FLAG 0x100u /* of the processor's flags */

static struct {
	struct rig r;
	uintptr_t slot;
	uint8_t *page;
	size_t page_len;
	unsigned int looks; /* at the slot */
	bool at_slot;       /* the access that was let through is one */
} watch;

static void
page_close(bool closed)
{
	if (mprotect(watch.page, watch.page_len, closed ? PROT_NONE : PROT_READ | PROT_WRITE) != 0)
		_exit(2);
}

static void
on_fault(int sig __rte_unused, siginfo_t *info, void *context)
{
	const uintptr_t addr = (uintptr_t)info->si_addr;
	ucontext_t *uc = context;

	if (addr - (uintptr_t)watch.page >= watch.page_len) {
		/* It is a mistake like any other. */
		signal(SIGSEGV, SIG_DFL);
		return;
	}
	watch.at_slot = addr - watch.slot < SLOT_LEN;
	page_close(false);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

/* Nothing that the driver was doing is the model's, nor is a lock of it held. */
static void
on_step(int sig __rte_unused, siginfo_t *info __rte_unused, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
	if (watch.at_slot && watch.looks++ == 0) {
		dpi_model_release(watch.r.m, RIG_VF);
		dpi_model_run(watch.r.m);
	}
	page_close(true);
}

static void
watch_start(enum dpi_chip chip)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };
	struct dpi_model_record record;

	memset(&watch, 0, sizeof(watch));
	rig_open(&watch.r, chip, 1);
	/* With one descriptor, all operations have the slot of the first one. */
	CHECK_EQ(rig_copy(&watch.r, 0, SUBMIT), 0, "index");
	CHECK_EQ(rig_run(&watch.r), 1, "executed");
	rig_expect_completed(&watch.r, 1, 1, 0, false);
	CHECK(dpi_model_record(watch.r.m, RIG_VF, 0, &record), "no record");
	watch.slot = record.ptr;
	watch.page_len = sysconf(_SC_PAGESIZE);
	watch.page = (uint8_t *)RTE_ALIGN_FLOOR(watch.slot, watch.page_len);
	CHECK_EQ(sigaction(SIGSEGV, &fault, NULL), 0, "handler");
	CHECK_EQ(sigaction(SIGTRAP, &step, NULL), 0, "handler");
}

static void
watch_end(void)
{
	signal(SIGSEGV, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	rig_close(&watch.r);
}

/* What a call says while the completion comes, and what the next one says. */
static void
ask(uint16_t index, bool by_status)
{
	enum rte_dma_status_code status = RTE_DMA_STATUS_SUCCESSFUL;
	bool error = false;
	uint16_t last, nb;

	watch.looks = 0;
	page_close(true);
	if (by_status)
		nb = rte_dma_completed_status(watch.r.dev, 0, 1, &last, &status);
	else
		nb = rte_dma_completed(watch.r.dev, 0, 1, &last, &error);
	page_close(false);
	CHECK(watch.looks > 0, "operation %u: the call did not look at the slot", index);
	CHECK(!error && status == RTE_DMA_STATUS_SUCCESSFUL,
		"operation %u, a success, is told as an error (%u returned, status %u) by %s()",
		index, nb, status, by_status ? "completed_status" : "completed");
	/* It looked before the device wrote. */
	CHECK_EQ(nb, 0, "operation %u, %u looks", index, watch.looks);
	rig_expect_completed(&watch.r, 1, 1, index, false);
}

/* What comes during a call is told by this one or the next one, and as what it is. */
void
case_read_once(enum dpi_chip chip)
{
	unsigned int i;

	watch_start(chip);
	for (i = 1; i <= ROUNDS; i++) {
		dpi_model_hold_byte(watch.r.m, RIG_VF, i);
		CHECK_EQ(rig_copy(&watch.r, i, SUBMIT), i, "index");
		CHECK_EQ(rig_run(&watch.r), i, "executed, one byte is held");
		ask(i, i % 2 == 0);
		rig_check_copied(&watch.r, i);
	}
	watch_end();
}
