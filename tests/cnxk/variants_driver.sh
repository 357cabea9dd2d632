# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# Defects of the base driver that were mended, put back.
# A list for variants.sh, where the function is that it calls.

# What the device is told of.
variant rings_again rung_once $C \
	's/(\n\tif \(dpivf->num_words )!= 0(\)\n\t\tcnxk_dmadev_doorbell)/\1>= 0\2/; s/\n\tdpivf->num_words = 0;(\n\tdpivf->sub_chunk)/\1/'
variant rings_own_words submit_flag $C \
	's/(dpivf->num_words )\+(= num_words)/\1\2/'
variant index_of_nothing full_aura $C \
	's/(unlikely\(rc < 0\)\)\n\t\treturn )rc/\1dpivf->desc_idx++/'
variant slot_of_nothing full_aura $C \
	's/\n\tSTRM_INC\(\*?[^)]*tail\);//; s/(\n\trc = __dpi_queue_write)/\n\tSTRM_INC(dpivf->conf.c_desc, tail);\1/'
variant counts_doorbells submitted_stats $C \
	's/(stats\.submitted )[^;]*;/\1+= 1;/'
variant ring_of_1024 ring_end $C \
	's/(max_cnt = )nb_desc/\1DPI_MAX_DESC/'
variant no_end ring_full $C \
	's/cnxk_dmadev_room\(dpivf\) == 0/false/g'
variant end_in_copy_only ring_full $C \
	's/cnxk_dmadev_room\(dpivf\) == 0\)\)\n\t\treturn -ENOSPC;\n\tif \(unlikely\(!cnxk/false))\n\t\treturn -ENOSPC;\n\tif (unlikely(!cnxk/g'
variant short_lists long_lists $C \
	's/\n\tif \(unlikely\(!cnxk_dmadev_list_fits[^\n]*\n\t\treturn -EINVAL;//g'
variant empty_lists long_lists $C \
	's/return \(uint16_t\)\(nb - 1\) < DPI_MAX_POINTER;/return nb <= DPI_MAX_POINTER;/'
variant long_pieces long_pieces $C \
	's/length > DPI_CN[0-9K]*_MAX_LEN/false/g'
variant long_pieces_of_lists long_pieces $C \
	's/lengths > DPI_CN[0-9K]*_MAX_LEN/false/g'
variant one_byte_less longest $C \
	's/length > (DPI_CN[0-9K]*_MAX_LEN)/length >= \1/g'
variant one_byte_less_of_lists longest $C \
	's/lengths > (DPI_CN[0-9K]*_MAX_LEN)/lengths >= \1/g'
variant doorbell_of_all full_ring $C \
	's/dpivf->num_words > DPI_MAX_DBELL/false/'
variant no_capacity capacity $C \
	's/\n[^\n]*->burst_capacity = [^\n]*//'

# What completed operations are told as.
variant from_first_slot completed_order $C \
	's/compl_ptr\[c_desc->head\]/compl_ptr[cnt]/'
variant status_from_first_slot mixed_calls $C \
	's/compl_ptr\[c_desc->head\]/compl_ptr[cnt]/2'
variant completed_moves_end completed_order $C \
	's/\n\tdpivf->cpl_idx \+= cnt;/&\n\tdpivf->conf.c_desc.tail = cnt;/'
variant status_moves_end mixed_calls $C \
	's/\n\tdpivf->cpl_idx \+= cnt;/&\n\tdpivf->conf.c_desc.tail = 0;/2'
variant index_in_call completed_order $C \
	's/\*last_idx = dpivf->cpl_idx - 1/*last_idx = cnt - 1/'
variant status_index_in_call mixed_calls $C \
	's/\*last_idx = dpivf->cpl_idx - 1/*last_idx = cnt - 1/2'
variant statistics_tell stats_reset $C \
	's/(\n\tnb = RTE_MIN)/\n\tif (dpivf->stats.submitted == dpivf->stats.completed)\n\t\treturn 0;\n\1/'
variant errors_again errors_once $C \
	's/\n\t\t\t\*has_error = 1;/&\n\t\t\tdpivf->stats.errors++;/'
variant codes_of_device status_codes $C \
	's/= cnxk_dmadev_status\(result\)/= result/'
variant codes_exchanged status_codes $C \
	's/(return RTE_DMA_STATUS_BUS_)READ/\1WRITE/'
variant writes_next_status status_codes $C \
	's/(\n\t\tif \(result == DPI_REQ_CDATA\)\n\t\t\tbreak;\n)(\n\t\tstatus\[cnt\] = [^\n]*)/\2\1/'
variant no_status channel_status $C \
	's/\n\t\.vchan_status = [^\n]*//g'
variant idle_before_last_byte byte_to_come $C \
	's/(\(nb = dpivf->sub_idx - dpivf->cpl_idx; nb > )0;/\11;/'
variant to_come_is_error byte_to_come $C \
	's/\n\t\t\tif \(result == DPI_REQ_CDATA\)\n\t\t\t\tbreak;//'
variant reads_twice read_once $C \
	's/if \(result (== DPI_REQ_CDATA\))/if (cnxk_dmadev_result(c_desc->compl_ptr[c_desc->head]) \1/'
variant status_reads_twice read_once $C \
	's/if \(result (== DPI_REQ_CDATA\))/if (cnxk_dmadev_result(c_desc->compl_ptr[c_desc->head]) \1/2'
variant size_of_pointer stats_size $C \
	's/sizeof\(\*rte_stats\)/sizeof(rte_stats)/'

# Setup, stop, start and close.
variant takes_without_slots not_set_up $C \
	's/cnxk_dmadev_room\(dpivf\) == 0/false/g'
variant slots_of_before no_memory $C \
	's/\n\tc_desc->max_cnt = 0;//'
variant undoes_nothing refused $C \
	's/if \(dpivf->flag & CNXK_DPI_DEV_CONFIG\) \{/if (true) {/'
variant set_up_once setup_again $C \
	's/\n\tmemset\(header, 0, [^\n]*/\n\tif (header->u[0] != 0 || header->u[1] != 0)\n\t\treturn 0;/g'
variant header_of_before setup_again $C \
	's/\n\tmemset\(header, 0, [^\n]*//g'
variant ports_of_first ports $C \
	's/lport( = conf->dst_port)/FPORT\1/g; s/fport( = (conf->src_port|0))/lport\1/g; s/FPORT/fport/g'
variant slots_stay close_leak $C \
	's/\n\tcnxk_dmadev_ring_free\(&dpivf->conf.c_desc\);//'
variant slots_twice close_leak $C \
	's/\n\tcnxk_dmadev_ring_free\(c_desc\);//'
variant closes_always close_unconfigured $C \
	's/if \(dpivf->flag & CNXK_DPI_DEV_CONFIG\) \{/if (true) {/'
variant stops_at_once stop_waits $C \
	's/while \(!\(plt_read64/while (false \&\& !(plt_read64/'
variant stops_before_byte stop_byte $C \
	's/while \(!\(plt_read64/while (false \&\& !(plt_read64/'
variant keeps_queued restart $C \
	's/\n\tcnxk_dmadev_queue_rewind\(dpivf\);//'
variant keeps_chunks restart $C \
	's/\n\t\t\troc_npa_aura_op_free\([^\n]*//'
variant removes_running remove_started $C \
	's/rc = dmadev->data->dev_started \? rte_dma_stop\([^;]*;/rc = 0;/'
variant probes_secondary secondary $C \
	's/if \(rte_eal_process_type\(\) != RTE_PROC_PRIMARY\) \{/if (false) {/'
variant stays_enabled stop_waits $C \
	's/\n\troc_dpi_disable\(&dpivf->rdpi\);//'
