# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
# shellcheck shell=bash
#
# Mistakes that only a group of several processes shows.
# A list for variants.sh, where the function is that it calls.

variant end_waits_for_nothing hosts_ended $H \
	's/return group_drain\(group, handlers, drain_end\(\)\);/(void)group, (void)handlers;\n\treturn 0;/'
variant ended_in_reach hosts_ended $H \
	's/\n\t\tfor [^\n]*\n\t\t\tentry_set\(group->devs\[i\], d->handler, 0\);(\n\t\tbit_set\(handlers, d->handler\);\n\t\t\/\*)/\n\t\t(void)i;\1/'
variant ended_again_in_reach hosts_ended $H \
	's/\n\t\td->going = d->entry != 0;//'
variant leave_of_busy_is_over hosts_ended $A \
	's/if \(detached == -EBUSY\)/if (false)/g'
variant leave_again_is_over hosts_ended $A \
	's/\n\tif \(ret == -EBUSY\)\n\t\tcnxk_group_attach\(group, access\);//'
variant older_of_an_id hosts_same_id $H \
	's/(struct cnxk_group \*group;\n\n\tTAILQ_FOREACH)_REVERSE\(group, &port->groups, cnxk_groups, next\)(\n[^\n]*) \&\& !group->over/\1(group, \&port->groups, next)\2/'
variant any_of_an_id hosts_same_id $H \
	's/ \&\& cnxk_group_has\(group, access\)\)/)/'
variant stop_locks_peers_out hosts_stop_join $D \
	's/\n\trc = cnxk_dmadev_stop\(dev\);/\n\tpthread_mutex_lock(\&cnxk_access_lock);\n\trc = cnxk_dmadev_stop(dev);\n\tpthread_mutex_unlock(\&cnxk_access_lock);/'

# What is told of hosts.
variant going_not_told hosts_shown $A \
	's/d->going \? ", going" : ""/""/'
variant going_not_dumped hosts_shown $A \
	's/(domains, next\) \{\n\t\t\tif \(d->entry == 0)\)/\1 || d->going)/'
variant peers_dumped hosts_shown $A \
	's/(domains, next\) \{\n\t\t\tif \(d->entry == 0)\)/\1 \&\& d->going)/'
variant pf_with_vf hosts_shown $A \
	's/CNXK_DMA_HOST_FUNC\(d->entry\) >> 12/CNXK_DMA_HOST_FUNC(d->entry)/'
variant vf_with_pf hosts_shown $A \
	's/ & 0xfff, d->going/, d->going/'
variant hosts_not_listed hosts_shown $A \
	's/return nb \+ hosts_list\(group, &table\[nb\], hosts\)/return nb/'
variant going_is_member hosts_shown $A \
	's/d->entry == 0 \|\| d->going\)/d->entry == 0)/'

# How many processes can be in a group.
variant pairs_of_many hosts_many $A \
	's/RTE_MIN\(max_members, CNXK_DMA_GROUP_PROCESSES\)/CNXK_DMA_GROUP_PROCESSES/'
variant one_controller hosts_many $A \
	's/\n\tname\[15\] \^= bus;/\n\t(void)bus;/'
