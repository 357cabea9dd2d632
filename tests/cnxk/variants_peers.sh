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
	's/if \(detached == -EBUSY\)/if (false)/'
variant stop_locks_peers_out hosts_stop_join $D \
	's/\n\trc = cnxk_dmadev_stop\(dev\);/\n\tpthread_mutex_lock(\&cnxk_access_lock);\n\trc = cnxk_dmadev_stop(dev);\n\tpthread_mutex_unlock(\&cnxk_access_lock);/'
