/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef DMA_EVENT_H
#define DMA_EVENT_H

/*
 * Events of DMA devices, within the library. Events are queued where they happen and delivered, in
 * that order, on a thread of their own (the callback thread), so that an application that takes its
 * time in a callback delays nothing but its own next callback.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_common.h>

#ifdef RTE_EXEC_ENV_WINDOWS
static inline void
dma_event_dev_suspend(int16_t dev_id)
{
	RTE_SET_USED(dev_id);
}

static inline void
dma_event_dev_resume(int16_t dev_id)
{
	RTE_SET_USED(dev_id);
}
#else
/*
 * The device is about to be closed: call nobody for it any more, and wait until a call under way
 * has ended, unless this is called from it.
 */
void dma_event_dev_suspend(int16_t dev_id);

/* The device could not be closed. Events that came meanwhile are lost. */
void dma_event_dev_resume(int16_t dev_id);
#endif

/* The device is closed: free its registrations, drop its events. */
void dma_event_dev_close(int16_t dev_id);

/* Whether the caller runs in an event callback: it must not wait for others there. */
bool dma_event_in_callback(void);

/* Work that a callback wants to be done right after it, where waiting is allowed. */
struct dma_event_work {
	STAILQ_ENTRY(dma_event_work) next;
	void (*fn)(struct dma_event_work *work); /* May free the work. */
};

/*
 * To be called in a callback only. The work is done on the callback thread before the next
 * callback, and before a wait of dma_event_dev_suspend() or of an unregistration for this callback
 * ends.
 */
void dma_event_defer(struct dma_event_work *work);

#endif /* DMA_EVENT_H */
