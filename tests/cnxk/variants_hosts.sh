# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# Mistakes in operations with hosts, and with hosts that go.
# A list for variants.sh, where the function is that it calls.

variant wrong_xtype hosts_directions $D \
	's/(from_host\)\n\t\troute->xtype = DPI_XTYPE_)INBOUND/\1OUTBOUND/'
variant external_as_inbound hosts_directions $D \
	's/= DPI_XTYPE_EXTERNAL_ONLY/= DPI_XTYPE_INBOUND/'
variant func_of_before hosts_directions $D \
	's/union dpi_instr_hdr_s header = \{ .u = \{ 0 \} \};/static union dpi_instr_hdr_s header;/'
variant no_func hosts_directions $D \
	's/\n\t\theader->cn(9k|10k)\.func = route->func;//g'
variant no_pvfe hosts_directions $D \
	's/\n\t\theader->cn(9k|10k)\.pvfe = route->func != 0;//g'
variant pvfe_of_function_0 hosts_directions $D \
	's/pvfe = route->func != 0/pvfe = 1/g'
variant func_in_external hosts_directions $D \
	's/ \&\& \(route->xtype != DPI_XTYPE_EXTERNAL_ONLY \|\| route->func == 0\)//'
variant wrong_port hosts_directions $D \
	's/lport = route->port/lport = route->port ^ 1/g'
variant no_fport hosts_directions $D \
	's/fport = route->port/fport = 0/g'
variant lists_swapped hosts_directions $D \
	's/swap \? lists->(nb_)?dst : lists->(nb_)?src/swap ? lists->\1src : lists->\2dst/g'
variant never_swapped hosts_directions $D \
	's/swap = !cn10k \&\& [^;]*/swap = false/'
variant swapped_on_both hosts_directions $D \
	's/swap = !cn10k \&\&/swap =/'
variant two_hosts hosts_directions $D \
	's/return !from_host \|\| !to_host \|\| src == dst/return true/'
variant ends_exchanged hosts_directions $D \
	's/& RTE_DMA_OP_FLAG_SRC_HANDLER \?/\& RTE_DMA_OP_FLAG_DST_HANDLER ?/'
variant no_channel_handler hosts_directions $D \
	's/handler : domain->dst_handler/handler : RTE_DMA_HANDLER_SELF/'
variant handlers_unbounded hosts_directions $D \
	's/\n\tif \(route->handler >= CNXK_DMA_HANDLERS\)\n\t\treturn false;//'
variant refused_is_given hosts_refused $D \
	's/known \? cnxk_dmadev_enqueue\(dpivf, rc\) : cnxk_domain_refuse\(dpivf, comp_ptr\)/cnxk_dmadev_enqueue(dpivf, rc)/'
variant refused_is_good hosts_refused $D \
	's/CNXK_DMA_REFUSED \| RTE_DMA_STATUS_INVALID_HANDLER/0/'
variant refused_takes_no_slot hosts_refused $D \
	's/\n\tSTRM_INC\(dpivf->conf\.c_desc, tail\);//'
variant refused_rings hosts_refused $D \
	's/\(flags & RTE_DMA_OP_FLAG_SUBMIT\) \&\& dpivf->num_words != 0/(flags \& RTE_DMA_OP_FLAG_SUBMIT) \&\& ++dpivf->num_words/'
variant refused_not_submitted hosts_refused $D \
	's/\n\t\tdpivf->stats\.submitted\+\+;//'
variant status_of_refused hosts_errors $D \
	's/cdata & CNXK_DMA_REFUSED\)/cdata == 0)/'
variant status_of_next hosts_refused $D \
	's/slot = c_desc->head;/slot = c_desc->tail;/'
variant any_length hosts_limits $D \
	's/return lengths\.bits > \([^;]*/return num_words/'
variant one_byte_less hosts_longest $D \
	's/return lengths\.bits > /return lengths.bits >= /'
variant any_list hosts_limits $D \
	's/\n\tif \(unlikely\(!cnxk_dmadev_list_fits[^\n]*\n\t\treturn -EINVAL;//'
variant uneven_lists hosts_limits $D \
	's/if \(sum_fst != sum_lst \|\| /if (/'
variant handler_of_no_end hosts_limits $D \
	's/\n\tif \(unlikely\(handler != 0 [^\n]*\n\t\treturn -EINVAL;//'
variant type_stays hosts_other_types $D \
	's/= domain \? (cn9k|cn10k)_domain_copy : [a-z0-9]*_dmadev_copy/= \1_domain_copy/g'
variant no_drain hosts_busy $D \
	's/while \(cnxk_domain_is_busy\(dpivf, handlers\)\)/while (false \&\& cnxk_domain_is_busy(dpivf, handlers))/'
variant no_drain_of_byte hosts_byte $D \
	's/while \(cnxk_domain_is_busy\(dpivf, handlers\)\)/while (false \&\& cnxk_domain_is_busy(dpivf, handlers))/'
variant no_drain_in_threads hosts_revoke $D \
	's/while \(cnxk_domain_is_busy\(dpivf, handlers\)\)/while (false \&\& cnxk_domain_is_busy(dpivf, handlers))/'
variant drains_all hosts_busy $D \
	's/ \&\& \(handlers\[h \/ 64\] >> \(h % 64\) & 1\) != 0//'
variant handler_not_noted hosts_revoke $D \
	's/\(&comp_ptr->handler, route\.handler,/(\&comp_ptr->handler, RTE_DMA_HANDLER_SELF,/'
variant inbound_not_noted hosts_revoke $D \
	's/\(&comp_ptr->handler, (route\.handler),/(\&comp_ptr->handler, route.xtype == DPI_XTYPE_INBOUND ? RTE_DMA_HANDLER_SELF : \1,/'
variant external_not_noted hosts_revoke $D \
	's/\(&comp_ptr->handler, (route\.handler),/(\&comp_ptr->handler, route.xtype == DPI_XTYPE_EXTERNAL_ONLY ? RTE_DMA_HANDLER_SELF : \1,/'
variant outbound_not_noted hosts_revoke $D \
	's/\(&comp_ptr->handler, (route\.handler),/(\&comp_ptr->handler, route.xtype == DPI_XTYPE_OUTBOUND ? RTE_DMA_HANDLER_SELF : \1,/'
variant waits_for_nothing hosts_dry $D \
	's/\n\tif \(rc < 0\)\n[^\n]*\n\t\t__atomic_store_n\(&comp_ptr->handler, RTE_DMA_HANDLER_SELF, __ATOMIC_RELAXED\);\n\telse if/\n\tif/'
variant stop_forgets_nothing hosts_stop $D \
	's/\n\tcnxk_domain_forget\(dev->data->dev_private\);//'
variant stop_locks_out hosts_slow_stop $D \
	's/\n\trc = cnxk_dmadev_stop\(dev\);/\n\tpthread_mutex_lock(\&cnxk_access_lock);\n\trc = cnxk_dmadev_stop(dev);\n\tpthread_mutex_unlock(\&cnxk_access_lock);/'
variant stale_handler hosts_refused $H \
	's/(host_end\(struct[^}]*\{\n\tuint16_t i;\n\n)\tfor [^\n]*\n[^\n]*;/\1\t(void)i;/'
variant no_rest hosts_rest $H \
	's/now - port->past\[h\]\.given >= REST_NS/true/'
variant rest_of_all hosts_rest $H \
	's/ \&\& nb_own < REST_MAX//'
variant anybodys_handler hosts_rest $H \
	's/own != 0 \? own : any/any/'
variant other_groups hosts_groups $H \
	's/for \(i = 0; i < group->nb_devs; i\+\+\)\n\t\tentry_set\(group->devs\[i\], host->handler, host->entry\);/struct cnxk_access *a;\n\n\t(void)i;\n\tTAILQ_FOREACH(a, \&group->devs[0]->port->devs, next)\n\t\tentry_set(a, host->handler, host->entry);/'
variant stays_attached hosts_groups $H \
	's/\n\t\tentry_set\(access, d->handler, 0\);//'
variant ends_with_operations hosts_groups $A \
	's/if \(detached == -EBUSY\)/if (false)/g'
variant asks_late hosts_groups $A \
	's/ret = rte_dma_broker_out_check\([^;]*;/ret = 0;/'
variant leaves_in_between hosts_leave $A \
	's/\n\tif \(ret == -EBUSY\)\n\t\tcnxk_group_attach\(group, access\);(\n\tpthread_mutex_unlock\(&cnxk_access_lock\);)/\1\n\tif (ret == -EBUSY)\n\t\tattach(access, group_id);/'
variant owner_again hosts_rest $H \
	's/\n\towner_forget\(port, group, peer\);/\n\t(void)owner_forget;/'
variant comes_back hosts_over $H \
	's/\n\tif \(group->over\)\n\t\treturn;//'
variant kept_for_good hosts_over $H \
	's/\n\thosts_reap\(port, group\);(\n\tgroup_free_if_empty\(port, group\);\n\treturn 0;)/\1/'
variant joined_not_told hosts_events $H \
	's/\n\t\thost_raise\(group, host, RTE_DMA_ACCESS_REASON_JOINED\);/\n\t\t;/'
variant left_not_told hosts_events $H \
	's/\n\t\tif \(!d->going\)\n\t\t\thost_raise\([^\n]*//'
variant told_itself hosts_events $H \
	's/if \(rte_uuid_compare\(host->owner, group->self\) != 0\)/if (true)/'
variant any_number_in_group hosts_full $H \
	's/(\n\tif \()(group_is_full\(group, entry != 0\)\))/\1entry == 0 \&\& \2/'
variant any_number_of_processes hosts_full $H \
	's/(\n\tif \()(group_is_full\(group, entry != 0\)\))/\1entry != 0 \&\& \2/'
variant none_in_place hosts_full $H \
	's/(domain_free\(port, group, host\);)\n\tcnxk_hosts_take\(port, group\);/\1/'
variant going_is_listed hosts_busy $A \
	's/d->entry == 0 \|\| d->going/d->entry == 0/'
variant any_token hosts_call_errors $A \
	's/ret = rte_dma_broker_token_check[^;]*/ret = rte_dma_broker_size_get(dev, group_id)/'
variant any_number hosts_call_errors $A \
	's/>= RTE_PMD_CNXK_DMA_MAX_HOSTS/>= 999/'
variant same_place hosts_call_errors $H \
	's/ \|\| d->entry == entry\)/)/'

# What is taken of a peer.
variant any_port hosts_blobs $H \
	's/blob->hosts\[i\]\.port >= RTE_PMD_CNXK_DMA_PORTS \|\| //'
variant any_blob_length hosts_blobs $H \
	's/ \|\|\n\t\t\texp->len != blob_len\(blob->nb\)//'
variant name_twice hosts_blobs $H \
	's/\n\t\t\tif \(rte_uuid_compare\(blob->hosts\[i\]\.id, blob->hosts\[j\]\.id\) == 0\)\n\t\t\t\treturn -EPROTO;/\n\t\t\t;/'
variant bad_one_keeps hosts_blobs $H \
	's/\n\t\tblob\.nb = 0;/\n\t\treturn ret;/'
variant keeps_all hosts_blobs $H \
	's/\n\thosts_remove\(port, group, peer, &blob\);//'
variant keeps_place hosts_blobs $H \
	's/rte_uuid_compare\(blob->hosts\[i\]\.id, d->id\) == 0 \&\&/(void)d->entry, rte_uuid_compare(blob->hosts[i].id, d->id) == 0 ||/'
variant going_forever hosts_peer_goes $H \
	's/(const rte_uuid_t id, uint32_t entry\)\n\{[^}]*int error;\n)\n\thosts_reap\(port, group\);/\1/'
variant host_counts_more hosts_blobs $H \
	's/rte_uuid_compare\(d->id, owner\) != 0 \&\&/true \&\&/'
variant not_told_of_name hosts_events $H \
	's/\n\t\tif \(!d->going\)\n\t\t\thost_raise\(group, d, RTE_DMA_ACCESS_REASON_LEFT\);/\n\t\tif (!d->going \&\& rte_uuid_compare(d->owner, group->self) != 0)\n\t\t\thost_raise(group, d, RTE_DMA_ACCESS_REASON_LEFT);/'
variant gone_for_good hosts_again $H \
	's/if \(same_id \&\& d->entry == entry \&\& d->going/if (false \&\& d->going/'
variant never_asked_again hosts_again $A \
	's/\n\t\tcnxk_hosts_take\(access->port, group\);/\n\t\t;/'
variant second_forgotten hosts_blobs $H \
	's/(owner_forget\(port, group, peer\);)\n\tcnxk_hosts_take\(port, group\);/\1/'
variant comes_back_with_name hosts_blobs $H \
	's/\n\tdeclared_forget\(group, peer\);/\n\t(void)declared_forget;/'
variant own_name hosts_blobs $H \
	's/\n\tif \(rte_uuid_compare\(group->self, id\) == 0\)\n\t\treturn -EEXIST;//'
variant taken_while_removed hosts_two_declare $H \
	's/d->going \&\&\n\t\t\t\trte_uuid_compare\(d->owner, owner\) == 0\)\n\t\t\treturn host_stay/d->going)\n\t\t\treturn (void)rte_uuid_copy(d->owner, owner), host_stay/; s/\n\tif \(ret < 0\)\n\t\treturn ret;(\n\tdomain_free\(port, group, host\);\n\tcnxk_hosts_take\(port, group\);\n\treturn) 0;/\n\tif (ret < 0)\n\t\treturn cnxk_hosts_take(port, group), ret;\1 0;/'
variant going_counts hosts_going_counts $H \
	's/d->entry != 0 \&\& !d->going \&\& rte_uuid/d->entry != 0 \&\& rte_uuid/'
variant process_last hosts_call_errors $A \
	's/\n\tif \(rte_eal_process_type\(\) != RTE_PROC_PRIMARY\)\n\t\treturn -ENOTSUP;//g'
variant no_block_is_bad hosts_no_port $A \
	's/\n\tif \(access_of\(dev\)->port == NULL\)\n\t\treturn -ENOTSUP;/\n\tif (access_of(dev)->port == NULL)\n\t\treturn -EINVAL;/g'
variant one_block hosts_blocks $A \
	's/ \&\& port->bus == bus\)/)/'
variant one_id hosts_blocks $A \
	's/controller_id = \(\(pci_domain << 8\) \| bus\) & INT16_MAX/controller_id = 0/'
variant zero_lengths hosts_limits $D \
	's/ \|\| lengths\.none\)/)/'
variant noted_late hosts_order $D \
	's/\n\t__atomic_store_n\(&comp_ptr->handler, route\.handler, __ATOMIC_RELAXED\);(\n\tif \(route\.xtype[^}]*\})/\1\n\t__atomic_store_n(\&comp_ptr->handler, route.handler, __ATOMIC_RELAXED);/'
