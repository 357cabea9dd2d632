/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef SW_RING_H
#define SW_RING_H

/*
 * The memory that a dma_sw virtual channel shares with an engine of the controller.
 *
 * One producer (the client, one thread at a time) and one consumer (an engine). The controller
 * makes the memory in a sealed memfd, so it can be neither shrunk nor grown. Whatever the client
 * writes here, the engine takes it as untrusted: it reads each descriptor once into memory of its
 * own, keeps its own indexes and sizes, and never reads back what it wrote.
 *
 * Layout: struct sw_ring_hdr, nb_desc descriptors, nb_desc status bytes (rounded up to a cache
 * line), nb_desc scatter-gather lists. Indexes run freely over 32 bits; slot = index & (nb_desc -
 * 1).
 */

#include <stddef.h>
#include <stdint.h>

#define SW_RING_LINE 64

/* Most entries of a scatter-gather list, for source and destination each. */
#define SW_MAX_SGES 16

enum sw_op {
	SW_OP_COPY = 1,
	SW_OP_COPY_SG,
	SW_OP_FILL,
};

/* Entries in bits 8 to 15 (source) and 16 to 23 (destination); bits 24 to 31 are 0. */
#define SW_OP_SG(nb_src, nb_dst) \
	(SW_OP_COPY_SG | (uint32_t)(nb_src) << 8 | (uint32_t)(nb_dst) << 16)

/* Flags of an operation, the values of RTE_DMA_OP_FLAG_*. The first three are hints that an in-order
 * engine need not follow.
 */
#define SW_FLAG_FENCE       (UINT64_C(1) << 0)
#define SW_FLAG_SUBMIT      (UINT64_C(1) << 1)
#define SW_FLAG_LLC         (UINT64_C(1) << 2)
#define SW_FLAG_SRC_HANDLER (UINT64_C(1) << 4)
#define SW_FLAG_DST_HANDLER (UINT64_C(1) << 5)
#define SW_FLAG_HANDLER_SHIFT 48

/* How an operation ended. Below SW_ST_UNKNOWN the values are those of enum rte_dma_status_code. */
#define SW_ST_OK             0x00
#define SW_ST_BAD_SRC        0x03 /* RTE_DMA_STATUS_INVALID_SRC_ADDR */
#define SW_ST_BAD_DST        0x04 /* RTE_DMA_STATUS_INVALID_DST_ADDR */
#define SW_ST_BAD_LENGTH     0x06 /* RTE_DMA_STATUS_INVALID_LENGTH */
#define SW_ST_BAD_OPCODE     0x07 /* RTE_DMA_STATUS_INVALID_OPCODE */
#define SW_ST_BAD_HANDLER    0x80 /* RTE_DMA_STATUS_INVALID_HANDLER */
#define SW_ST_DENIED         0x81 /* RTE_DMA_STATUS_ACCESS_DENIED */
#define SW_ST_UNKNOWN        0xFF /* RTE_DMA_STATUS_ERROR_UNKNOWN, which needs more than a byte */

/* client -> engine. Half a cache line, so that a burst costs one line transfer for two operations. */
struct sw_desc {
	uint32_t op;      /* enum sw_op; COPY_SG with the entries of the slot's list, SW_OP_SG() */
	uint32_t len;     /* bytes; COPY_SG: 0 */
	uint64_t flags;   /* as given to the operation; the engine checks and resolves them */
	uint64_t src;     /* FILL: the pattern */
	uint64_t dst;
};

struct sw_sge {
	uint64_t addr;
	uint32_t len;
	uint32_t rsvd;
};

/* The list of a slot, client -> engine. */
struct sw_sg_list {
	struct sw_sge src[SW_MAX_SGES];
	struct sw_sge dst[SW_MAX_SGES];
};

struct sw_ring_hdr {
	/* client -> engine: index after the last descriptor handed over. Stored with release after the
	 * descriptors; pairs with the engine's load with acquire.
	 */
	uint32_t tail;
	uint8_t pad0[SW_RING_LINE - 4];
	/* engine -> client: low half, index after the last operation completed; high half, number of
	 * operations that failed. Stored with release after status bytes and data; pairs with the
	 * client's load with acquire.
	 */
	uint64_t done;
	uint8_t pad1[SW_RING_LINE - 8];
	/* engine -> client: 1, the engine sleeps or is about to: write the eventfd. Both sides store
	 * (asleep here, tail there), then a full fence, then load the other's word, so at least one
	 * of them sees the other.
	 */
	uint32_t asleep;
	uint8_t pad2[SW_RING_LINE - 4];
};

/*
 * Have a line brought near to be written. Compilers make a prefetch for reading of this unless they
 * are told that all processors know the other one; those that do not take it for a no-operation.
 */
static inline void
sw_prefetch_write(const void *p)
{
#if defined(__x86_64__)
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
	__builtin_prefetch(p, 1);
#endif
}

static inline size_t
sw_ring_desc_off(void)
{
	return sizeof(struct sw_ring_hdr);
}

static inline size_t
sw_ring_status_off(uint32_t nb_desc)
{
	return sw_ring_desc_off() + (size_t)nb_desc * sizeof(struct sw_desc);
}

static inline size_t
sw_ring_sg_off(uint32_t nb_desc)
{
	size_t status = ((size_t)nb_desc + SW_RING_LINE - 1) & ~(size_t)(SW_RING_LINE - 1);

	return sw_ring_status_off(nb_desc) + status;
}

static inline size_t
sw_ring_size(uint32_t nb_desc)
{
	return sw_ring_sg_off(nb_desc) + (size_t)nb_desc * sizeof(struct sw_sg_list);
}

#endif /* SW_RING_H */
