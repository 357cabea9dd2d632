# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: survival of a process that has no room for another descriptor. What it asks for fails
and says why; what it has stays, and later all is as before.
"""

import errno
import os
import resource

import kit as k
from streams import LEN, drained, stream

# More than the rings that a client may have, to see that failed starts leave none behind.
STARTS = 70


def leave_room(peer, room):
    """Lower the limit until so many descriptors can still be opened. Returns the old limits."""
    used = {int(number) for number in os.listdir(f'/proc/{peer.pid}/fd')}
    limit = 0
    while room >= 0:
        room -= limit not in used
        limit += 1
    old = resource.prlimit(peer.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(peer.pid, resource.RLIMIT_NOFILE, (limit - 1, old[1]))
    return old


def test(kit):
    k.Controller(kit)
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    far = stream(kit, b, a, group)
    a('device-stop')
    # A ring comes with two descriptors.
    for room in (0, 1):
        old = leave_room(a, room)
        for _ in range(STARTS):
            kit.error(errno.EMFILE, a, 'device-start')
        kit.error(errno.EMFILE, a, 'create', a.domain, token)
        kit.equal(a.number('size', group), 2, 'members')
        a('windows', group, f'{far}:{LEN}:3')
        resource.prlimit(a.pid, resource.RLIMIT_NOFILE, old)
    drained(kit, b, 'while the other had no room', want_errors=False)
    kit.say('a group survives that its creator cannot start a device')
    a('device-start')
    stream(kit, a, b, group)
    drained(kit, a, 'with room again', want_errors=False)

    old = leave_room(a, 0)
    kit.error(errno.ETIMEDOUT, c, 'join', c.domain, token, group)
    resource.prlimit(a.pid, resource.RLIMIT_NOFILE, old)
    c('join', c.domain, token, group)
    kit.say('a creator without room lets nobody in until it has room again')
    for peer in (c, b, a):
        peer.end()


k.run(test, 60)
