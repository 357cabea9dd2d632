# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: a process that is stopped, not dead, holds up nobody for longer than it may. A stopped
member is dropped when another joins; with a stopped creator or controller control calls end with
ETIMEDOUT after 2 seconds.
"""

import errno
import signal
import time

import kit as k
from streams import LEN, done, drained, stream

# The times that the API names, and some more for a busy machine.
CALL = (1.8, 3.5)


def stopped_member(kit):
    kit.say('a member is stopped while another joins')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    stream(kit, a, b, group)
    far = stream(kit, b, a, group)
    b.signal(signal.SIGSTOP)
    kit.timed(0, 2.5, 'the join', c, 'join', c.domain, token, group)
    a.wait_event('left', b.domain)
    a.wait_event('joined', c.domain)
    kit.equal(a.number('size', group), 2, 'members')
    drained(kit, a, 'a member was dropped', want_errors=False)
    kit.say('it goes on, reaches nobody, and learns that it is out')
    b.signal(signal.SIGCONT)
    kit.check(a.number('steady', far, LEN, 200) > 0, 'the memory was not looked at')
    b.wait_event('destroyed')
    drained(kit, b, 'one who was dropped')
    kit.error(errno.ENOTCONN, b, 'size', group)
    b('leave', group)
    b('join', b.domain, token, group)
    kit.equal(a.number('size', group), 3, 'members, with the one that came again')
    stream(kit, c, a, group)
    stream(kit, b, c, group)
    for peer in (c, b):
        drained(kit, peer, 'in good order', want_errors=False)
    for peer in (c, b, a):
        peer.end()


def stopped_creator(kit):
    kit.say('the creator is stopped')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    a.signal(signal.SIGSTOP)
    kit.timed(*CALL, 'a join', kit.error, errno.ETIMEDOUT, c, 'join', c.domain, token, group)
    kit.timed(0, 2.5, 'a leave', b, 'leave', group)
    a.signal(signal.SIGCONT)
    a.wait_event('left', b.domain)
    c('join', c.domain, token, group)
    kit.equal(a.number('size', group), 2, 'members')
    for peer in (b, c, a):
        peer.end()


def stopped_controller(kit, controller):
    kit.say('the controller is stopped')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    stream(kit, a, b, group)
    controller.signal(signal.SIGSTOP)
    before = done(a)
    kit.timed(*CALL, 'windows', kit.error, errno.ETIMEDOUT, b, 'windows', group)
    kit.timed(0, CALL[1], 'a join', kit.error, errno.ETIMEDOUT, c, 'join', c.domain, token, group)
    kit.say(f'a: {before} -> {done(a)}: its operations wait')
    controller.signal(signal.SIGCONT)
    drained(kit, a, 'the controller goes on', want_errors=False)
    for peer in (c, b, a):
        peer.end()


def taking_back(kit, controller):
    kit.say('the controller is stopped, and memory is taken back: not before it is said to be')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b, c)
    far = stream(kit, c, a, group)
    controller.signal(signal.SIGSTOP)
    a('device-stop')
    kit.timed(0, CALL[1], 'a close', kit.error, errno.ETIMEDOUT, a, 'device-close')
    b.wait_event('destroyed')
    kit.error(errno.ETIMEDOUT, b, 'leave', group)
    controller.signal(signal.SIGCONT)
    a('device-close')
    kit.check(a.number('steady', far, LEN, 200) > 0, 'the memory was not looked at')
    drained(kit, c, 'memory was taken back')
    kit.error(errno.ENOENT, b, 'leave', group)
    b('device-stop')
    b('device-start')
    kit.group(b)
    for peer in (c, b):
        peer.end()


def slow_stop(kit, controller):
    kit.say('a device is stopped that has much to do: time is for each step, not for all')
    a = k.Peer(kit, memory=512)
    length = 192 << 20
    source, target = a('alloc', length), a('alloc', length)
    a('stream', 'self', source, 'self', target, length, 24)
    kit.wait('it streams', lambda: done(a).get(0, 0) > 0)
    controller.signal(signal.SIGSTOP)
    command = a.send('device-stop')
    start = time.monotonic()
    for _ in range(2):
        time.sleep(1.3)
        controller.signal(signal.SIGCONT)
        time.sleep(0.15)
        controller.signal(signal.SIGSTOP)
    controller.signal(signal.SIGCONT)
    a.answer(command)
    took = time.monotonic() - start
    kit.check(took > 2, f'it was over after {took:.3f} s: nothing was tested')
    a('device-start')
    a.end()


def unconfirmed_destroy(kit, controller):
    kit.say('the controller is stopped, and a group destroyed: it is forgotten all the same')
    a = k.Peer(kit, telemetry=True)
    ask = k.Telemetry(a.telemetry_path)
    group, _ = kit.group(a)
    kit.equal(ask('/dmadev/access_groups', 0), [group], 'groups that telemetry shows')
    controller.signal(signal.SIGSTOP)
    kit.timed(*CALL, 'a destroy', kit.error, errno.ETIMEDOUT, a, 'destroy', group)
    controller.signal(signal.SIGCONT)
    kit.error(errno.ENOENT, a, 'destroy', group)
    kit.equal(ask('/dmadev/access_groups', 0), [], 'groups that telemetry shows')
    a('device-stop')
    a('device-start')
    kit.equal(kit.group(a)[0], group, 'the id of the next group')
    kit.equal(ask('/dmadev/access_groups', 0), [group], 'groups that telemetry shows')
    a.end()


def test(kit):
    controller = kit.engine()
    stopped_member(kit)
    stopped_creator(kit)
    if kit.dsa_program:
        return
    stopped_controller(kit, controller)
    taking_back(kit, controller)
    unconfirmed_destroy(kit, controller)
    slow_stop(kit, controller)


k.run(test, 100)
