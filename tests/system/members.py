# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: a group has room for 64 members, each a process of its own; the 65th is refused, and a
place that becomes free is given again.
"""

import errno
import time

import kit as k

MEMBERS = 64
LEN = 4096


def test(kit):
    controller = k.Controller(kit)
    # Started side by side, and light: what is tested is how many they are.
    peers = [k.Peer(kit, memory=8, wait=False, telemetry=i == 0) for i in range(MEMBERS + 1)]
    start = time.monotonic()
    for peer in peers:
        peer.ready(90)
    kit.say(f'{len(peers)} peers started in {time.monotonic() - start:.1f} s; '
            f"the controller has {controller.memory_kib('VmRSS')} KiB")
    first, last, late = peers[0], peers[MEMBERS - 1], peers[MEMBERS]
    start = time.monotonic()
    group, token = kit.group(*peers[:MEMBERS])
    kit.say(f'{MEMBERS - 1} joins took {time.monotonic() - start:.2f} s')
    for peer in (first, last):
        kit.equal(peer.number('size', group), MEMBERS, 'members')
        table = [entry.split(':') for entry in peer('table', group).split()]
        kit.equal({entry[0] for entry in table}, {p.domain for p in peers[:MEMBERS]}, 'the table')
        handlers = {entry[1] for entry in table}
        kit.equal(len(handlers), MEMBERS, 'different handlers')
    shown = first.telemetry()('/dmadev/access_group', 0, group)['members']
    kit.equal({member['domain_id'] for member in shown.values()},
              {p.domain for p in peers[:MEMBERS]}, 'telemetry')
    kit.error(errno.ENOSPC, late, 'join', late.domain, token, group)

    kit.say('the last one writes to everybody')
    source = last('alloc', LEN)
    last('pattern', source, LEN, 7)
    for peer in peers[:MEMBERS - 1]:
        target = peer('alloc', LEN)
        handler = last.number('handler', group, peer.domain)
        kit.equal(last.number('copy', 'self', source, handler, target, LEN), 0, 'status')
        peer('expect', target, LEN, 7)

    kit.say('one dies, and its place is free')
    peers[10].kill()
    for peer in (first, last):
        peer.wait_event('left', peers[10].domain)
    late('join', late.domain, token, group)
    kit.equal(last.number('size', group), MEMBERS, 'members')
    domains = {entry['domain'] for entry in controller.status()['domains']}
    kit.check({p.domain for p in peers if p is not peers[10]} <= domains,
              'the controller does not tell of all members')
    kit.say('the creator dies')
    first.kill()
    for peer in (last, late, peers[1]):
        peer.wait_event('destroyed', first.domain)


k.run(test, 170)
