# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: revocation. While another process copies into a window as fast as it can, its owner
leaves, narrows the windows, takes the right to write, or destroys the group; once that call
returned 0, no byte of the owner's memory changes any more.
"""

import kit as k
from streams import LEN, done, drained, stream

QUIET_MS = 200
TURNS = 3


def pair(kit, owner_creates):
    owner, writer = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(owner, writer) if owner_creates else kit.group(writer, owner)
    return owner, writer, group, token


def steady(kit, owner, writer, far, what):
    looks = owner.number('steady', far, LEN, QUIET_MS)
    kit.check(looks > 0, 'the memory was not looked at')
    kit.wait(f'refusals after {what}', lambda: len(done(writer)) > 1)
    kit.say(f'{what}: looked at {looks} times; the writer: {done(writer)}')


def leaves(kit):
    owner, writer, group, token = pair(kit, False)
    for _ in range(TURNS):
        far = stream(kit, writer, owner, group)
        owner('leave', group)
        steady(kit, owner, writer, far, 'leaving')
        drained(kit, writer, 'leaving')
        owner('join', owner.domain, token, group)
    owner.end()
    writer.end()


def windows(kit):
    for creates in (False, True):
        owner, writer, group, _ = pair(kit, creates)
        for _ in range(TURNS):
            for prot in (None, 0, 1):
                far = stream(kit, writer, owner, group)
                start = int(far, 0)
                if prot is None:
                    owner('windows', group)
                elif prot == 0:
                    owner('windows', group, f'{start + LEN}:4096:3')
                else:
                    owner('windows', group, f'{start}:{LEN}:1')
                name = {None: 'sharing nothing', 0: 'moving the window',
                        1: 'sharing for reading'}[prot]
                steady(kit, owner, writer, far, name)
                drained(kit, writer, name)
                writer.wait_event(kit.windows_event, owner.domain)
                owner('windows', group, f'{0}:{(1 << 64) - 1}:3')
                writer.wait_event(kit.windows_event, owner.domain)
        writer.end()
        owner.end()


def restricted_from_the_start(kit):
    """Windows that were set before joining hold from the first moment on."""
    owner, writer = k.Peer(kit), k.Peer(kit)
    token = writer('token')
    group = writer.number('create', writer.domain, token)
    inside, outside = owner('alloc', 4096), owner('alloc', 4096)
    owner('windows', -1, f'{inside}:4096:2')
    owner('join', owner.domain, token, group)
    handler = writer.number('handler', group, owner.domain)
    own = writer('alloc', 4096)
    for address, expected in ((inside, k.STATUS_OK), (outside, kit.denied)):
        kit.equal(writer.number('copy', 'self', own, handler, address, 4096), expected, 'writing')
        kit.equal(writer.number('copy', handler, address, 'self', own, 4096), kit.denied,
                  'reading')
    kit.equal(writer.number('copy', 'self', own, handler, inside, 4097), kit.denied,
              'one byte beyond')
    entry = [e for e in writer('table', group).split() if e.startswith(owner.domain)][0]
    kit.equal(entry.split(':')[2], '2', 'what the writer may do')
    owner.end()
    writer.end()


def destroys(kit):
    """The creator destroys what it made once it is alone; who kept its handler reaches nothing."""
    for _ in range(TURNS):
        owner, writer, group, _ = pair(kit, True)
        far = stream(kit, writer, owner, group)
        writer('leave', group)
        owner.wait_event('left', writer.domain)
        owner('destroy', group)
        steady(kit, owner, writer, far, 'destroying')
        drained(kit, writer, 'destroying')
        writer.end()
        owner.end()


def closes(kit):
    """The owner's device goes, and its memory with it."""
    owner, writer, group, _ = pair(kit, True)
    stream(kit, writer, owner, group)
    owner.end()
    writer.wait_event('destroyed', owner.domain)
    drained(kit, writer, 'closing')
    writer.end()


def test(kit):
    kit.engine()
    for what in (leaves, windows, restricted_from_the_start, destroys, closes):
        kit.say(what.__name__)
        what(kit)


k.run(test, 90)
