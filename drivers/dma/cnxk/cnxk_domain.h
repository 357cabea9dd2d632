/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef CNXK_DOMAIN_H
#define CNXK_DOMAIN_H

/*
 * The data path of channels of type INTER_OS, a part of cnxk_dmadev.c: each operation finds out by
 * its handlers whether it is internal, outbound, inbound or external, and on behalf of which
 * function of a host. All other channels run the functions that know nothing of this.
 *
 * A host can be removed by another thread meanwhile. An operation notes its handler in its
 * completion slot and looks the host up afterwards; who removes a host clears its entry and looks
 * at the slots afterwards. So one of the two sees the other: the operation is refused, or waited
 * for.
 */

/* Completion data of an operation that the device was not given; with its status. */
#define CNXK_DMA_REFUSED (1ULL << 32)

#define CNXK_DMA_OP_ENDS (RTE_DMA_OP_FLAG_SRC_HANDLER | RTE_DMA_OP_FLAG_DST_HANDLER)

/* Where an operation goes. */
struct cnxk_route {
	uint8_t xtype;
	uint8_t port;   /* of the host */
	uint16_t func;  /* of the host */
	uint16_t handler; /* of the host, RTE_DMA_HANDLER_SELF: there is none */
};

/* The lists of an operation. */
struct cnxk_lists {
	const struct rte_dma_sge *src;
	const struct rte_dma_sge *dst;
	uint16_t nb_src;
	uint16_t nb_dst;
};

/* Find the direction and the host's handler; false: no instruction has two different hosts. */
static inline bool
cnxk_route_ends(uint16_t src, uint16_t dst, struct cnxk_route *route)
{
	const bool from_host = src != RTE_DMA_HANDLER_SELF, to_host = dst != RTE_DMA_HANDLER_SELF;

	if (from_host && to_host)
		route->xtype = DPI_XTYPE_EXTERNAL_ONLY;
	else if (from_host)
		route->xtype = DPI_XTYPE_INBOUND;
	else if (to_host)
		route->xtype = DPI_XTYPE_OUTBOUND;
	else
		route->xtype = DPI_XTYPE_INTERNAL_ONLY;
	route->handler = from_host ? src : dst;

	return !from_host || !to_host || src == dst;
}

/* Look the host up; false: there is none of this handler, or the engine cannot do it. */
static inline bool
cnxk_route_host(const struct cnxk_access *access, struct cnxk_route *route)
{
	uint32_t entry;

	if (route->handler >= CNXK_DMA_HANDLERS)
		return false;
	/* pairs with the store in entry_set(), by the fences of both sides */
	entry = __atomic_load_n(&access->hosts[route->handler], __ATOMIC_RELAXED);
	route->port = CNXK_DMA_HOST_PORT(entry);
	route->func = CNXK_DMA_HOST_FUNC(entry);
	/* external transfers are made on behalf of physical function 0 alone */
	return entry != 0 && (route->xtype != DPI_XTYPE_EXTERNAL_ONLY || route->func == 0);
}

static inline void
cn9k_route_header(union dpi_instr_hdr_s *header, const struct cnxk_route *route)
{
	header->cn9k.pt = DPI_HDR_PT_ZBW_CA;
	header->cn9k.xtype = route->xtype;
	if (route->xtype == DPI_XTYPE_INTERNAL_ONLY)
		return;
	header->cn9k.lport = route->port;
	if (route->xtype == DPI_XTYPE_EXTERNAL_ONLY) {
		header->cn9k.fport = route->port;
	} else {
		header->cn9k.pvfe = route->func != 0;
		header->cn9k.func = route->func;
	}
}

static inline void
cn10k_route_header(union dpi_instr_hdr_s *header, const struct cnxk_route *route)
{
	header->cn10k.pt = DPI_HDR_PT_ZBW_CA;
	header->cn10k.xtype = route->xtype;
	if (route->xtype == DPI_XTYPE_INTERNAL_ONLY)
		return;
	header->cn10k.lport = route->port;
	if (route->xtype == DPI_XTYPE_EXTERNAL_ONLY) {
		header->cn10k.fport = route->port;
	} else {
		header->cn10k.pvfe = route->func != 0;
		header->cn10k.func = route->func;
	}
}

/* What is known of the lengths of lists. */
struct cnxk_lengths {
	uint32_t bits; /* all together */
	bool none;     /* one of them is 0 */
};

/* Write a list of pointers behind the words of cmd; the sum of its lengths. */
static inline uint64_t
cnxk_domain_list(uint64_t *cmd, int *num_words, const struct rte_dma_sge *list, uint16_t nb,
		 struct cnxk_lengths *lengths)
{
	uint64_t sum = 0;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		lengths->bits |= list[i].length;
		lengths->none |= list[i].length == 0;
		sum += list[i].length;
		cmd[(*num_words)++] = list[i].length;
		cmd[(*num_words)++] = list[i].addr;
	}
	return sum;
}

/* Make the instruction in cmd; its number of words, or -EINVAL: a length that no pointer holds, one
 * of 0, or lists of different lengths.
 */
static __rte_always_inline int
cnxk_domain_instruction(uint64_t *cmd, const struct cnxk_route *route,
			const struct cnxk_lists *lists, uint64_t comp_ptr, bool cn10k)
{
	/* CN9K wants the host's pointers last, CN10K those of the destination. */
	const bool swap = !cn10k && route->xtype == DPI_XTYPE_INBOUND;
	union dpi_instr_hdr_s header = { .u = { 0 } };
	uint64_t sum_fst, sum_lst;
	uint16_t nfst, nlst;
	struct cnxk_lengths lengths = { 0 };
	int num_words = 4;

	nfst = swap ? lists->nb_dst : lists->nb_src;
	nlst = swap ? lists->nb_src : lists->nb_dst;
	if (cn10k) {
		cn10k_route_header(&header, route);
		header.cn10k.nfst = nfst;
		header.cn10k.nlst = nlst;
		header.cn10k.ptr = comp_ptr;
	} else {
		cn9k_route_header(&header, route);
		header.cn9k.nfst = nfst;
		header.cn9k.nlst = nlst;
		header.cn9k.ptr = comp_ptr;
	}
	memcpy(cmd, header.u, sizeof(header.u));
	sum_fst = cnxk_domain_list(cmd, &num_words, swap ? lists->dst : lists->src, nfst,
			&lengths);
	sum_lst = cnxk_domain_list(cmd, &num_words, swap ? lists->src : lists->dst, nlst,
			&lengths);

	if (sum_fst != sum_lst || lengths.none)
		return -EINVAL;
	/* As the limit is all ones, all lengths together exceed it if one does. */
	return lengths.bits > (cn10k ? DPI_CN10K_MAX_LEN : DPI_CN9K_MAX_LEN) ? -EINVAL : num_words;
}

/* Complete an operation that the device is not given; in its turn, like any other. */
static inline int
cnxk_domain_refuse(struct cnxk_dpi_vf_s *dpivf, struct cnxk_dpi_compl_s *comp_ptr)
{
	__atomic_store_n(&comp_ptr->cdata, CNXK_DMA_REFUSED | RTE_DMA_STATUS_INVALID_HANDLER,
		__ATOMIC_RELAXED);
	STRM_INC(dpivf->conf.c_desc, tail);
	dpivf->desc_idx++;
	/* without words no doorbell would tell that it was submitted */
	if (dpivf->num_words == 0) {
		dpivf->sub_idx = dpivf->desc_idx;
		dpivf->stats.submitted++;
	}
	return (uint16_t)(dpivf->desc_idx - 1);
}

static __rte_always_inline int
cnxk_domain_enqueue(struct cnxk_dpi_vf_s *dpivf, const struct cnxk_lists *lists, uint64_t flags,
		    bool cn10k)
{
	const struct rte_dma_inter_domain_param *domain = &dpivf->domain;
	const uint16_t handler = flags >> 48;
	struct cnxk_dpi_compl_s *comp_ptr;
	struct cnxk_route route = { 0 };
	bool known;
	int rc;

	if (unlikely(cnxk_dmadev_room(dpivf) == 0))
		return -ENOSPC;
	if (unlikely(!cnxk_dmadev_list_fits(lists->nb_src) || !cnxk_dmadev_list_fits(lists->nb_dst)))
		return -EINVAL;
	/* a handler for neither end: the caller means a host, but did not say where */
	if (unlikely(handler != 0 && (flags & CNXK_DMA_OP_ENDS) == 0))
		return -EINVAL;
	known = cnxk_route_ends(
		flags & RTE_DMA_OP_FLAG_SRC_HANDLER ? handler : domain->src_handler,
		flags & RTE_DMA_OP_FLAG_DST_HANDLER ? handler : domain->dst_handler, &route);

	comp_ptr = dpivf->conf.c_desc.compl_ptr[dpivf->conf.c_desc.tail];
	__atomic_store_n(&comp_ptr->cdata, DPI_REQ_CDATA, __ATOMIC_RELAXED);
	__atomic_store_n(&comp_ptr->handler, route.handler, __ATOMIC_RELAXED);
	if (route.xtype != DPI_XTYPE_INTERNAL_ONLY) {
		/* pairs with the one in cnxk_domain_drain() */
		rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
		known = known && cnxk_route_host(&dpivf->access, &route);
	}
	rc = cnxk_domain_instruction(dpivf->cmd, &route, lists, (uint64_t)comp_ptr, cn10k);
	if (rc > 0)
		rc = known ? cnxk_dmadev_enqueue(dpivf, rc) : cnxk_domain_refuse(dpivf, comp_ptr);
	if (rc < 0)
		/* it takes no slot: nobody needs to wait for it */
		__atomic_store_n(&comp_ptr->handler, RTE_DMA_HANDLER_SELF, __ATOMIC_RELAXED);
	else if ((flags & RTE_DMA_OP_FLAG_SUBMIT) && dpivf->num_words != 0)
		cnxk_dmadev_doorbell(dpivf);

	return rc;
}

static __rte_always_inline int
cnxk_domain_flat(void *dev_private, rte_iova_t src, rte_iova_t dst, uint32_t length,
		 uint64_t flags, bool cn10k)
{
	const struct rte_dma_sge from = { .addr = src, .length = length };
	const struct rte_dma_sge to = { .addr = dst, .length = length };
	const struct cnxk_lists lists = { .src = &from, .dst = &to, .nb_src = 1, .nb_dst = 1 };

	return cnxk_domain_enqueue(dev_private, &lists, flags, cn10k);
}

static int
cn9k_domain_copy(void *dev_private, uint16_t vchan __rte_unused, rte_iova_t src, rte_iova_t dst,
		 uint32_t length, uint64_t flags)
{
	return cnxk_domain_flat(dev_private, src, dst, length, flags, false);
}

static int
cn10k_domain_copy(void *dev_private, uint16_t vchan __rte_unused, rte_iova_t src, rte_iova_t dst,
		  uint32_t length, uint64_t flags)
{
	return cnxk_domain_flat(dev_private, src, dst, length, flags, true);
}

static int
cn9k_domain_copy_sg(void *dev_private, uint16_t vchan __rte_unused, const struct rte_dma_sge *src,
		    const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst,
		    uint64_t flags)
{
	const struct cnxk_lists lists = { src, dst, nb_src, nb_dst };

	return cnxk_domain_enqueue(dev_private, &lists, flags, false);
}

static int
cn10k_domain_copy_sg(void *dev_private, uint16_t vchan __rte_unused, const struct rte_dma_sge *src,
		     const struct rte_dma_sge *dst, uint16_t nb_src, uint16_t nb_dst,
		     uint64_t flags)
{
	const struct cnxk_lists lists = { src, dst, nb_src, nb_dst };

	return cnxk_domain_enqueue(dev_private, &lists, flags, true);
}

/* The slots of what is returned stay as they are until the next operation is enqueued. */
static uint16_t
cnxk_domain_completed_status(void *dev_private, uint16_t vchan, const uint16_t nb_cpls,
			     uint16_t *last_idx, enum rte_dma_status_code *status)
{
	struct cnxk_dpi_vf_s *dpivf = dev_private;
	const struct cnxk_dpi_cdesc_data_s *c_desc = &dpivf->conf.c_desc;
	uint16_t slot = c_desc->head;
	uint16_t nb, i;

	nb = cnxk_dmadev_completed_status(dev_private, vchan, nb_cpls, last_idx, status);
	for (i = 0; i < nb; i++) {
		if (c_desc->compl_ptr[slot]->cdata & CNXK_DMA_REFUSED)
			status[i] = (uint32_t)c_desc->compl_ptr[slot]->cdata;
		slot = slot + 1 == c_desc->max_cnt ? 0 : slot + 1;
	}

	return nb;
}

/* --- Control, which is kept from removing hosts at the same time by the lock ------------------ */

/* Whether an operation that reaches one of these hosts was enqueued and has not completed. */
static bool
cnxk_domain_is_busy(const struct cnxk_dpi_vf_s *dpivf, const uint64_t *handlers)
{
	const struct cnxk_dpi_cdesc_data_s *c_desc = &dpivf->conf.c_desc;
	uint16_t i, h;

	for (i = 0; i < c_desc->max_cnt; i++) {
		h = __atomic_load_n(&c_desc->compl_ptr[i]->handler, __ATOMIC_RELAXED);
		if (h < CNXK_DMA_HANDLERS && (handlers[h / 64] >> (h % 64) & 1) != 0 &&
				cnxk_dmadev_result(c_desc->compl_ptr[i]) == DPI_REQ_CDATA)
			return true;
	}
	return false;
}

static int
cnxk_domain_drain(struct rte_dma_dev *dev, const uint64_t *handlers, uint64_t end)
{
	const struct cnxk_dpi_vf_s *dpivf = dev->data->dev_private;

	/* the entries were cleared; pairs with the fence in cnxk_domain_enqueue() */
	rte_atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (cnxk_domain_is_busy(dpivf, handlers)) {
		if (rte_get_timer_cycles() > end)
			return -EBUSY;
		rte_pause();
	}
	return 0;
}

static void
cnxk_domain_forget(struct cnxk_dpi_vf_s *dpivf)
{
	uint16_t i;

	for (i = 0; i < dpivf->conf.c_desc.max_cnt; i++)
		dpivf->conf.c_desc.compl_ptr[i]->handler = RTE_DMA_HANDLER_SELF;
}

/* What was enqueued and not submitted is taken back by a stop. */
static int
cnxk_domain_stop(struct rte_dma_dev *dev)
{
	int rc;

	/* not under the lock: it may wait, and the hooks of the broker must not */
	rc = cnxk_dmadev_stop(dev);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&cnxk_access_lock);
	cnxk_domain_forget(dev->data->dev_private);
	pthread_mutex_unlock(&cnxk_access_lock);
	return 0;
}

static int
cnxk_domain_setup(struct rte_dma_dev *dev, uint16_t vchan, const struct rte_dma_vchan_conf *conf,
		  uint32_t conf_sz, rte_dma_vchan_setup_t setup)
{
	struct cnxk_dpi_vf_s *dpivf = dev->data->dev_private;
	int rc;

	dev->fp_obj->completed_status = conf->domain.type != RTE_DMA_INTER_DOMAIN_NONE ?
			cnxk_domain_completed_status : cnxk_dmadev_completed_status;
	pthread_mutex_lock(&cnxk_access_lock);
	rc = setup(dev, vchan, conf, conf_sz);
	if (rc == 0)
		cnxk_domain_forget(dpivf);
	dpivf->domain = conf->domain;
	pthread_mutex_unlock(&cnxk_access_lock);
	return rc;
}

static int
cn9k_domain_vchan_setup(struct rte_dma_dev *dev, uint16_t vchan,
			const struct rte_dma_vchan_conf *conf, uint32_t conf_sz)
{
	const bool domain = conf->domain.type != RTE_DMA_INTER_DOMAIN_NONE;

	dev->fp_obj->copy = domain ? cn9k_domain_copy : cnxk_dmadev_copy;
	dev->fp_obj->copy_sg = domain ? cn9k_domain_copy_sg : cnxk_dmadev_copy_sg;
	return cnxk_domain_setup(dev, vchan, conf, conf_sz, cnxk_dmadev_vchan_setup);
}

static int
cn10k_domain_vchan_setup(struct rte_dma_dev *dev, uint16_t vchan,
			 const struct rte_dma_vchan_conf *conf, uint32_t conf_sz)
{
	const bool domain = conf->domain.type != RTE_DMA_INTER_DOMAIN_NONE;

	dev->fp_obj->copy = domain ? cn10k_domain_copy : cn10k_dmadev_copy;
	dev->fp_obj->copy_sg = domain ? cn10k_domain_copy_sg : cn10k_dmadev_copy_sg;
	return cnxk_domain_setup(dev, vchan, conf, conf_sz, cn10k_dmadev_vchan_setup);
}

#endif /* CNXK_DOMAIN_H */
