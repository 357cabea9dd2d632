# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: a group has room for 64 members, each a process of its own; the 65th is refused, and a
place that becomes free is given again.

A DSA device of the model has 64 work queues, so the 65th process can start there once one is dead.
"""

import errno
import time

import kit as k

MEMBERS = 64
LEN = 4096


def writes(kit, writer, source, peer, group):
    """Whether a copy to that member is said to succeed; then it has."""
    target = peer('alloc', LEN)
    handler = writer.number('handler', group, peer.domain)
    if writer.number('copy', 'self', source, handler, target, LEN) != 0:
        return False
    peer('expect', target, LEN, 7)
    return True


def settled(kit, members):
    """Whether each window is there for all the others, as the device has it."""
    windows = [line.rpartition('submitters=')[2].split(',')
               for line in kit.model.ctl('table').splitlines()]
    return [len(submitters) for submitters in windows] == [members - 1] * members


def test(kit):
    engine = kit.engine(queues=MEMBERS)
    # Started side by side, and light: what is tested is how many they are.
    peers = [k.Peer(kit, memory=8, wait=False, telemetry=i == 0)
             for i in range(MEMBERS if kit.dsa_program else MEMBERS + 1)]
    start = time.monotonic()
    for peer in peers:
        peer.ready(90)
    kit.say(f'{len(peers)} peers started in {time.monotonic() - start:.1f} s; '
            f"the {engine.name} has {engine.memory_kib('VmRSS')} KiB")
    first, last = peers[0], peers[MEMBERS - 1]
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
    if not kit.dsa_program:
        kit.error(errno.ENOSPC, peers[MEMBERS], 'join', peers[MEMBERS].domain, token, group)

    kit.say('the last one writes to everybody')
    source = last('alloc', LEN)
    last('pattern', source, LEN, 7)
    for peer in peers[:MEMBERS - 1]:
        kit.check(writes(kit, last, source, peer, group), f'a copy to {peer.name} failed')

    kit.say('one dies, and its place is free')
    peers[10].kill()
    for peer in peers[:MEMBERS]:
        if peer is not peers[10]:
            peer.wait_event('left', peers[10].domain, 20)
    if kit.dsa_program:
        kit.say('all make their windows anew, and are reached by them')
        kit.wait('everybody is attached to everybody else', lambda: settled(kit, MEMBERS - 1), 60)
        for peer in peers[:10] + peers[11:MEMBERS - 1]:
            kit.wait(f'{last.name} writes to {peer.name}',
                     lambda p=peer: writes(kit, last, source, p, group))
    late = k.Peer(kit, memory=8) if kit.dsa_program else peers[MEMBERS]
    late('join', late.domain, token, group)
    kit.equal(last.number('size', group), MEMBERS, 'members')
    kit.check(writes(kit, last, source, late, group), f'a copy to {late.name} failed')
    if not kit.dsa_program:
        domains = {entry['domain'] for entry in engine.status()['domains']}
        kit.check({p.domain for p in peers if p is not peers[10]} <= domains,
                  'the controller does not tell of all members')
    kit.say('the creator dies')
    first.kill()
    for peer in (last, late, peers[1]):
        peer.wait_event('destroyed', first.domain)


k.run(test, 170)
