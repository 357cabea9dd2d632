/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

#ifndef LINK_H
#define LINK_H

/* How the client library, and whoever sends commands, talk to the model. */

#include "wire.h"

/* A connection to the model of this directory, or a negative errno. */
int link_connect(const char *dir);
/*
 * Waits for the answer. 0, or a negative errno: -ENXIO if there is no model any more. fd, if not
 * -1, goes along; *got, if not NULL, is the descriptor that came, or -1.
 */
int link_request(int conn, const struct dsa_wire_request *req, int fd,
		struct dsa_wire_reply *reply, int *got);
/* A descriptor, on a work queue's connection. Async-signal-safe. 0 or a negative errno. */
int link_submit(int conn, const void *desc);

#endif /* LINK_H */
