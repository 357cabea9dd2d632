# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: survival. The joiner, the creator and the controller are killed in mid-transfer: the
others are told, what is outstanding completes with a status, they end cleanly within 5 seconds, and
the same can be run again at once in the same directory.
"""

import os

import kit as k
from streams import done, drained, stream

LIMIT = 5


def end_in_time(kit, *peers):
    for peer in peers:
        kit.timed(0, LIMIT, f'the end of {peer.name}', peer.end)


def kill_joiner(kit):
    kit.engine()
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b, c)
    stream(kit, a, b, group)
    stream(kit, b, a, group)
    stream(kit, c, b, group)
    b.kill()
    for peer in (a, c):
        kit.timed(0, LIMIT, 'hearing of it', peer.wait_event, 'left', b.domain)
        kit.wait('errors', lambda: len(done(peer)) > 1)
        drained(kit, peer, 'the joiner was killed')
        kit.equal(peer.number('size', group), 2, 'members')
    kit.error(2, a, 'handler', group, b.domain)
    kit.say('one of the same name takes its place')
    d = k.Peer(kit)
    d.domain = b.domain
    d('join', d.domain, token, group)
    a.wait_event('joined', d.domain)
    stream(kit, a, d, group)
    drained(kit, a, 'in good order', want_errors=False)
    end_in_time(kit, c, d, a)


def kill_creator(kit):
    kit.engine()
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b, c)
    for x, y in ((a, b), (b, a), (c, b)):
        stream(kit, x, y, group)
    a.kill()
    for peer in (b, c):
        kit.timed(0, LIMIT, 'hearing of it', peer.wait_event, 'destroyed', a.domain)
        kit.wait('errors', lambda: len(done(peer)) > 1)
        drained(kit, peer, 'the creator was killed')
        kit.error(107, peer, 'size', group)
        kit.error(107, peer, 'handler', group, a.domain)
    kit.say('a group that ended must be left; its id is free for another')
    b('leave', group)
    kit.error(2, b, 'size', group)
    again, token = kit.group(b)
    kit.equal(again, group, 'id of the next group')
    # c did not leave yet: its membership is of the old group.
    kit.error(107, c, 'size', group)
    c('leave', group)
    c('join', c.domain, token, again)
    end_in_time(kit, c, b)


def kill_controller(kit):
    controller = k.Controller(kit)
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    stream(kit, a, b, group)
    stream(kit, b, a, group)
    controller.kill()
    for peer in (a, b):
        kit.timed(0, LIMIT, 'hearing of it', peer.wait_event, 'lost')
        kit.wait('errors', lambda: len(done(peer)) > 1)
        drained(kit, peer, 'the controller was killed')
        kit.error(107, peer, 'size', group)
    kit.say('a new controller serves those who stop and start')
    k.Controller(kit)
    for peer, leave in ((b, 'leave'), (a, 'destroy')):
        peer(leave, group)
        peer('device-stop')
        peer('device-start')
    group, token = kit.group(a, b)
    stream(kit, a, b, group)
    drained(kit, a, 'after stop and start', want_errors=False)
    end_in_time(kit, b, a)


def kill_all(kit):
    """Everybody at once: nothing is left that stops the next ones."""
    engine = kit.engine()
    a, b = k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(a, b)
    stream(kit, a, b, group)
    for process in (engine, a, b):
        process.signal(9)
    for process in (engine, a, b):
        process.kill()
    kit.check(os.path.exists(os.path.join(kit.access_dir, f'group.{group}')),
              'the dead left no socket behind: this tests nothing')


def test(kit):
    # DSA is not a process that one could kill.
    others = [] if kit.dsa_program else [kill_controller]
    for what in (kill_joiner, kill_creator, *others, kill_all):
        for turn in range(2):
            kit.say(f'{what.__name__}, in the same directory, turn {turn + 1}')
            what(kit)
            for process in kit.processes:
                process.kill()
            if what is not kill_all:
                left = [name for name in os.listdir(kit.access_dir) if name.startswith('group.')]
                kit.equal(left, [], 'sockets left behind')
    kit.say('and once more in good order')
    kit.engine()
    a, b = k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(a, b)
    kit.equal(group, 0, "the id of the first group, where the dead's are reclaimed")
    stream(kit, a, b, group)
    drained(kit, a, 'in good order', want_errors=False)
    end_in_time(kit, b, a)


k.run(test, 150)
