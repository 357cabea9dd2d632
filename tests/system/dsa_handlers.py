# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: a handler of a window that is closed leads nowhere, though the device has given the
window's handle to another one; and neither does a number that is no handler.
"""

import signal

import kit as k

LEN = 4096
ROUNDS = 4
SEED = 7


def windows_of(kit, peer):
    """The handles of its windows, as the device has them."""
    return [int(dict(word.split('=') for word in line.split())['handle'])
            for line in kit.model.ctl('table').splitlines() if f'owner_pid={peer.pid} ' in line]


def window_of(kit, peer):
    found = windows_of(kit, peer)
    kit.equal(len(found), 1, f'windows of {peer.name} ({found})')
    return found[0]


def renewed(kit, peer, old):
    """It has another window than the one that was its only one; it has both for a moment."""
    now = windows_of(kit, peer)
    return len(now) == 1 and now != [old]


def reaches(kit, peer, owner, group):
    mine, theirs = peer('alloc', LEN), owner('alloc', LEN)
    peer('pattern', mine, LEN, SEED)
    handler = peer.number('handler', group, owner.domain)
    kit.equal(peer.number('copy', 'self', mine, handler, theirs, LEN), 0, 'a copy')
    owner('expect', theirs, LEN, SEED)
    return handler


def refused(kit, peer, handler, owner, what):
    """As where data comes from, and as where it goes to."""
    mine, theirs = peer('alloc', LEN), owner('alloc', LEN)
    peer('pattern', mine, LEN, SEED)
    owner('pattern', theirs, LEN, SEED + 1)
    for words in (('self', mine, handler, theirs), (handler, theirs, 'self', mine)):
        kit.equal(peer.number('copy', *words, LEN), k.STATUS_UNKNOWN, f'status of {words}: {what}')
    peer('expect', mine, LEN, SEED)
    owner('expect', theirs, LEN, SEED + 1)


def given_again(kit):
    """In a table of three entries two members have each others' handles soon."""
    k.Model(kit, '--first-handle', '1', '--idpt-entries', '4')
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    a.wait_event('joined', b.domain)
    old, handles = [reaches(kit, a, b, group)], [window_of(kit, b)]
    for _ in range(ROUNDS):
        before = window_of(kit, a)
        b('leave', group)
        a.wait_event('left', b.domain)
        kit.wait(f'{a.name} has another window than {before}',
                 lambda was=before: renewed(kit, a, was))
        refused(kit, a, old[-1], b, 'handler of one that left')
        b('join', b.domain, token, group)
        a.wait_event('joined', b.domain)
        handles.append(window_of(kit, b))
        for handler in old:
            refused(kit, a, handler, b, f'old one of {old}, with the windows {handles} so far')
        old.append(reaches(kit, a, b, group))
    kit.check(len(set(handles)) < len(handles), f'no handle was given again: {handles}')
    kit.equal(len(set(old)), len(old), f'different handlers ({old})')
    for peer in (b, a):
        peer.end()


def missed(kit):
    """A member dies, of which the only one that could tell hangs, and somebody else of another
    group gets its handle.
    """
    k.Model(kit)
    creator, a, dead, late = k.Peer(kit), k.Peer(kit), k.Peer(kit), k.Peer(kit)
    first, _ = kit.group(creator, a, dead)
    second, token = kit.group(a)
    old, handle = reaches(kit, a, dead, first), window_of(kit, dead)
    creator.signal(signal.SIGSTOP)
    dead.kill()
    late('join', late.domain, token, second)
    kit.equal(window_of(kit, late), handle, 'the handle that became free')
    reaches(kit, a, late, second)
    refused(kit, a, old, late, 'handler of one that died')
    kit.check(('left', str(first), dead.domain) not in a.events,
              f'{a.name} was told by a process that hangs: {a.events}')
    creator.signal(signal.SIGCONT)
    a.wait_event('left', dead.domain)
    a.wait_event('handler', creator.domain)
    reaches(kit, a, creator, first)
    for peer in (late, a, creator):
        peer.end()


def no_handlers(kit):
    """Numbers that were never given; the table of handlers has 2048 places."""
    k.Model(kit, '--first-handle', '1')
    owner, a = k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(owner, a)
    # What follows a table in memory must not be taken for its entries: among that is the last
    # handler that was given, which is the handle of the owner's window here.
    kit.equal((reaches(kit, a, owner, group), window_of(kit, owner)), (1, 1), 'handler and handle')
    for number in 0, 2, 2047, 2048, 2049, 4095, 32768, 65534:
        refused(kit, a, number, owner, 'handler that was never given')
    reaches(kit, a, owner, group)
    for peer in (a, owner):
        peer.end()


def test(kit):
    for what in (given_again, missed, no_handlers):
        kit.say(what.__name__)
        what(kit)
        stats = kit.model.stats()
        for name in 'overflows', 'privileged', 'unknown':
            kit.equal(stats[name], 0, f'{what.__name__}: {name}')
        for process in kit.processes:
            process.kill()


k.run(test, 60)
