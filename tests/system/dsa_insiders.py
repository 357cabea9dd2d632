# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: members of a group of idxd devices that know the token and break every other rule cannot
take windows from the others, have them dropped, keep what they were given, or get a descriptor that
is not meant for them; and when many honest ones die at a time, the others stay.
"""

import os
import struct
import threading
import uuid

import kit as k
import wire as w
from dsa_members import LEN, READ, SUCCESS, Member, blob
from dsa_window import Hand

CROWD = 48
DEAD = 8


def descriptors(peer):
    """What it has open; what is closed meanwhile is left out."""
    found = set()
    for name in os.listdir(f'/proc/{peer.pid}/fd'):
        try:
            found.add(os.readlink(f'/proc/{peer.pid}/fd/{name}'))
        except FileNotFoundError:
            pass
    return found


def settled(kit, a, b, group):
    """Both reach each other again. Who left lately has changed handlers, so a copy may be refused;
    but what is said to be copied is there.
    """
    def both():
        for one, other in ((a, b), (b, a)):
            mine, theirs = one('alloc', LEN), other('alloc', LEN)
            one('pattern', mine, LEN, 9)
            handler = one.number('handler', group, other.domain)
            if one.number('copy', 'self', mine, handler, theirs, LEN) != 0:
                return False
            other('expect', theirs, LEN, 9)
        return True
    kit.wait('the members reach each other', both)


def stale_update(kit, a, b, group, token, hand):
    """Its update is none, and names the handle of its window: nobody is sent what was closed."""
    (handle, _), window = hand('create')
    first = Member(kit, group, token)
    kit.equal(first.join(blob(handle), window), 0, 'joining with a window')
    domain = str(uuid.UUID(bytes=first.domain))
    a.wait_event('joined', domain)
    first.share(w.UPDATE, blob(handle), os.memfd_create('none'))
    a.wait_event('windows', domain)
    c = k.Peer(kit)
    (handle, _), window = hand('create')
    for join in (lambda: c('join', c.domain, token, group), None):
        answer = threading.Thread(target=first.answer_add, args=(0,))
        answer.start()
        if join:
            join()
        else:
            second = Member(kit, group, token)
            kit.equal(second.join(blob(handle), window), 0, 'joining as another')
        answer.join(10)
    kit.check(first.domain not in second.windows,
              f'a descriptor was sent for a member that has none: {second.windows}')
    for member in (second, first):
        member.close()
    c.wait_event('left', domain)
    settled(kit, a, c, group)
    c('leave', group)
    a.wait_event('left', c.domain)
    c.end()


def leaves_while_entering(kit, a, b, group, token, hand):
    """It imports a newcomer, and leaves without an answer: the newcomer's window is another then."""
    (handle, _), window = hand('create')
    member = Member(kit, group, token)
    kit.equal(member.join(blob(handle), window), 0, 'joining with a window')
    domain = str(uuid.UUID(bytes=member.domain))
    a.wait_event('joined', domain)

    def import_and_go():
        while True:
            kind, body = member.receive()
            member.note(kind, body)
            if kind == w.ADD:
                member.close()
                return
    thread = threading.Thread(target=import_and_go)
    thread.start()
    c = k.Peer(kit)
    c('join', c.domain, token, group)
    thread.join(10)
    a.wait_event('handler', c.domain)
    secret = c('alloc', LEN)
    c('fill', secret, LEN, ord('S'))
    handle, window = member.windows[uuid.UUID(c.domain).bytes]
    kit.equal(hand('attach', descriptor=window)[0][0], 'error', 'attaching to what was kept')
    status = int(hand('fetch', handle, secret)[0][0])
    kit.check(status not in (0, SUCCESS), f'reading when out: status {status}')
    kit.check(hand('read')[0] != ['S' * READ], 'it was read')
    settled(kit, a, c, group)
    c('leave', group)
    a.wait_event('left', c.domain)
    c.end()


def takes_it_back(kit, a, b, group, token, hand):
    """A newcomer closes its window while it is imported: no reason to drop who comes too late."""
    (handle, _), window = hand('create')
    member = Member(kit, group, token)
    attaches = kit.model.stats()['attaches']
    b.signal(19)
    member.share(w.JOIN, blob(handle), window)
    kit.wait('the creator has imported it', lambda: kit.model.stats()['attaches'] > attaches)
    hand('close')
    b.signal(18)
    while True:
        kind, body = member.receive()
        if kind == w.JOINED:
            break
    kit.equal(struct.unpack('<I', body)[0], 0, "JOINED's code")
    kit.equal(a.number('size', group), 3, 'members')
    settled(kit, a, b, group)
    member.close()


def windows(kit, *peers):
    """The handles of their windows, as the device has them."""
    owners = {f'owner_pid={peer.pid}' for peer in peers}
    return {word for line in kit.model.ctl('table').splitlines() for word in line.split()
            if word.startswith('handle=') and owners & set(line.split())}


def old_handlers(kit, a, b, group, token, hand):
    """Who missed the events and goes on with old handlers reaches nobody, not somebody else."""
    c, d = k.Peer(kit), k.Peer(kit)
    for peer in (c, d):
        peer('join', peer.domain, token, group)
    at = {peer: peer('alloc', LEN) for peer in (a, b, c, d)}
    old = {peer: c.number('handler', group, peer.domain) for peer in (a, b, d)}
    for peer in (a, b, d):
        peer('pattern', at[peer], LEN, 1)
    c('pattern', at[c], LEN, 2)
    before = windows(kit, a, b, c, d)
    d('leave', group)
    for peer in (a, b):
        c.wait_event('handler', peer.domain)
    for peer, handler in old.items():
        kit.equal(c.number('copy', 'self', at[c], handler, at[peer], LEN), k.STATUS_UNKNOWN,
                  'a copy with an old handler')
    now = windows(kit, a, b, c)
    kit.equal(len(now), 3, f'windows of three members ({now})')
    kit.equal(now & before, set(), 'handles that were used again at once')
    for peer in (a, b, d):
        peer('expect', at[peer], LEN, 1)
    settled(kit, a, c, group)
    c('leave', group)
    a.wait_event('left', c.domain)
    for peer in (d, c):
        peer.end()


def returned(kit, a, b, group, token, hand):
    """It sends back the windows that it was given: their owner and the others lose nothing."""
    (handle, _), window = hand('create')
    member = Member(kit, group, token)
    kit.equal(member.join(blob(handle), window), 0, 'joining with a window')
    a.wait_event('joined', str(uuid.UUID(bytes=member.domain)))
    for victim in (a, b):
        for wrong in (100, 0):
            handle, window = member.windows[uuid.UUID(victim.domain).bytes]
            other = Member(kit, group, token)
            try:
                code = other.join(blob(int(handle) + wrong), window)
            except w.Hangup:
                code = None
            kit.check(code != 0, 'a window of another member was taken')
            other.close()
            settled(kit, a, b, group)
        member.share(w.UPDATE, blob(handle), window)
        settled(kit, a, b, group)
        member.close()
        (handle, _), window = hand('create')
        member = Member(kit, group, token)
        kit.equal(member.join(blob(handle), window), 0, 'joining again')
        a.wait_event('joined', str(uuid.UUID(bytes=member.domain)))
    member.close()


def many_die(kit):
    """Members whose windows change all at once are no reason to drop each other."""
    k.Model(kit, queues=CROWD)
    peers = [k.Peer(kit, memory=8, wait=False) for _ in range(CROWD)]
    for peer in peers:
        peer.ready(60)
    group, _ = kit.group(*peers)
    dead, alive = peers[-DEAD:], peers[:-DEAD]
    for peer in dead:
        peer.signal(9)
    for peer in alive:
        for gone in dead:
            kit.wait(f'{peer.name} hears of {gone.name}',
                     lambda p=peer, g=gone: ('left', str(group), g.domain) in p.events, 20)
    for peer in alive:
        kit.equal(peer.number('size', group), CROWD - DEAD, f'members that {peer.name} sees')
    settled(kit, alive[0], alive[1], group)
    settled(kit, alive[-1], alive[1], group)


def test(kit):
    k.Model(kit)
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    hand = Hand(kit, 'wq0.7')
    before = len(descriptors(a))
    for what in (stale_update, leaves_while_entering, takes_it_back, old_handlers, returned):
        kit.say(what.__name__)
        what(kit, a, b, group, token, hand)
        kit.wait('everybody else is gone', lambda: a.number('size', group) == 2)
        settled(kit, a, b, group)
    kit.wait(f'no descriptor stays: {before} before, now {descriptors(a)}',
             lambda: len(descriptors(a)) <= before)
    kit.equal(hand.end(), 0, 'exit status')
    for peer in (b, a):
        peer.end()
    kit.say('many_die')
    many_die(kit)


if __name__ == '__main__':
    k.run(test, 150)
