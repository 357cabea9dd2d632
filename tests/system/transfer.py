# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: DMA between processes. Two and three processes share, copy in every direction, leave."""

import kit as k

LEN = 1 << 20


def copy_all_ways(kit, a, b, group):
    b_of_a = a.number('handler', group, b.domain)
    a_of_b = b.number('handler', group, a.domain)
    kit.equal(a.number('handler', group, a.domain), k.RTE_DMA_HANDLER_SELF, "a's own handler")
    mem_a, mem_b = a('alloc', LEN), b('alloc', LEN)
    for seed, length in enumerate((1, 63, 64, 4096, 65537, LEN)):
        a('pattern', mem_a, length, seed)
        kit.equal(a.number('copy', 'self', mem_a, b_of_a, mem_b, length), 0, 'a writes to b')
        b('expect', mem_b, length, seed)
        b('pattern', mem_b, length, seed + 100)
        kit.equal(a.number('copy', b_of_a, mem_b, 'self', mem_a, length), 0, 'a reads from b')
        a('expect', mem_a, length, seed + 100)
        a('pattern', mem_a, length, seed + 200)
        kit.equal(b.number('copy', a_of_b, mem_a, 'self', mem_b, length), 0, 'b reads from a')
        b('expect', mem_b, length, seed + 200)
    return mem_a, mem_b, b_of_a, a_of_b


def test(kit):
    kit.engine()
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    a.wait_event('joined', b.domain)
    mem_a, mem_b, b_of_a, a_of_b = copy_all_ways(kit, a, b, group)
    kit.equal(c.number('copy', a_of_b, mem_a, 'self', c('alloc', LEN), 64), kit.bad_handler,
              'a stranger that knows the handler')

    kit.error(13, c, 'join', c.domain, c('token'), group)
    c('join', c.domain, token, group)
    for peer in (a, b):
        peer.wait_event('joined', c.domain)
        kit.equal(peer.number('size', group), 3, 'members')
    copy_all_ways(kit, c, b, group)
    table = {entry.split(':')[0]: entry.split(':')[1:] for entry in a('table', group).split()}
    kit.equal(set(table), {a.domain, b.domain, c.domain}, "a's table")
    kit.equal(table[a.domain][2], '3', 'flags of the creator')

    kit.say('b leaves')
    b('leave', group)
    for peer in (a, c):
        peer.wait_event('left', b.domain)
    kit.equal(a.number('copy', 'self', mem_a, b_of_a, mem_b, 64), kit.bad_handler,
              'a writes to one that left')
    kit.equal(b.number('copy', 'self', mem_b, a_of_b, mem_a, 64), kit.bad_handler,
              'one that left writes to a')
    kit.error(16, a, 'destroy', group)
    kit.error(1, c, 'destroy', group)
    kit.error(1, a, 'leave', group)
    c('leave', group)
    a.wait_event('left', c.domain)
    a('destroy', group)
    kit.error(2, b, 'join', b.domain, token, group)

    kit.say('the device stops and starts; the group lives on')
    group, token = kit.group(a, b)
    b('device-stop')
    b('device-start')
    copy_all_ways(kit, b, a, group)
    for peer in (a, b, c):
        peer.end()


k.run(test, 60)
