# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: what a member of a group of idxd devices sends as its window is believed only as far as
the kernel confirms it. Forged, closed, foreign and missing windows keep their sender out or make it
unreachable; nobody else is harmed. And who is out reaches nothing, whatever it has kept.
"""

import errno
import os
import struct
import threading
import uuid

import kit as k
import wire as w
from dsa_window import Hand

LEN = 4096
# How much of its memory a hand shows.
READ = 64
SUCCESS = 1


def blob(handle, version=1):
    return struct.pack('<HH', version, int(handle))


class Member(w.Joiner):
    """A member that sends what it is told, and keeps what it is sent."""

    def __init__(self, kit, group, token):
        path = os.path.join(kit.access_dir, f'group.{group}')
        scout = w.Joiner(path, group, token)
        scout.hello()
        scout.close()
        super().__init__(path, group, token)
        # The creator said on which controller it is.
        self.hello(scout.host_controller)
        if self.prove() != (w.WELCOME, 0):
            raise k.Failure('the right token was refused')
        # Of each member: handle and descriptor.
        self.windows = {}

    def note(self, kind, body):
        at = {w.MEMBER: 16, w.UPDATED: 16, w.ADD: 24}.get(kind)
        if at is not None and self.descriptors:
            handle = struct.unpack_from('<HH', body, at + 8)[1]
            self.windows[body[at - 16:at]] = handle, self.descriptors.pop()

    def share(self, kind, data, descriptor):
        flags = w.SHARE_EXPORT | (w.SHARE_FD if descriptor is not None else 0)
        self.send(kind, w.share(flags=flags, blob=data),
                  [] if descriptor is None else [descriptor])

    def join(self, data, descriptor):
        """JOINED's code."""
        self.share(w.JOIN, data, descriptor)
        while True:
            kind, body = self.receive()
            self.note(kind, body)
            if kind == w.JOINED:
                code = struct.unpack('<I', body)[0]
                if code == 0:
                    self.send(w.READY)
                return code


def works(kit, a, b, group):
    for one, other in ((a, b), (b, a)):
        mine, theirs = one('alloc', LEN), other('alloc', LEN)
        one('pattern', mine, LEN, 9)
        handler = one.number('handler', group, other.domain)
        kit.equal(one.number('copy', 'self', mine, handler, theirs, LEN), 0, 'a copy between others')
        other('expect', theirs, LEN, 9)


def forgeries(hand, elsewhere):
    """Name, what is in the message, its descriptor."""
    (closed, _), closed_window = hand('create')
    hand('close')
    (handle, _), window = hand('create')
    (foreign, _), foreign_window = elsewhere('create')
    return [
        ('a window of another device', blob(foreign), foreign_window),
        ('a window that was closed', blob(closed), closed_window),
        ('no descriptor', blob(handle), None),
        ('nothing', b'', None),
        ('another handle', blob(int(handle) + 1), window),
        ('handle 0', blob(0), window),
        ('another version', blob(handle, 2), window),
        ('too little', b'x', window),
        ('too much', blob(handle) + b'x', window),
        ('a file', blob(handle), os.memfd_create('forged')),
        ('a directory', blob(handle), os.open('/', os.O_RDONLY)),
        ('a pipe', blob(handle), os.pipe()[0]),
    ]


def newcomers(kit, a, b, group, token, false_windows):
    for name, data, descriptor in false_windows:
        member = Member(kit, group, token)
        kit.equal(member.join(data, descriptor), errno.EIO, f'joining with {name}')
        member.close()
        kit.equal(a.number('size', group), 2, f'members after {name}')
    works(kit, a, b, group)


def table_line(peer, group, domain):
    return [entry.split(':') for entry in peer('table', group).split()
            if entry.startswith(domain)][0]


def updates(kit, a, b, group, token, hand, false_windows):
    """A member whose new window is none cannot be reached; it stays, and others still come."""
    (handle, address), window = hand('create')
    member = Member(kit, group, token)
    kit.equal(member.join(blob(handle), window), 0, 'joining with a window')
    domain = str(uuid.UUID(bytes=member.domain))
    a.wait_event('joined', domain)
    mine = a('alloc', LEN)
    a('fill', mine, LEN, ord('A'))
    kit.equal(a.number('copy', 'self', mine, a.number('handler', group, domain), address, LEN), 0,
              'a copy into its window')
    kit.equal(hand('read')[0], ['A' * READ], 'what came')
    for name, data, descriptor in false_windows:
        if 'window' not in name:
            continue
        member.share(w.UPDATE, data, descriptor)
        for peer in (a, b):
            peer.wait_event('windows', domain)
            kit.equal(table_line(peer, group, domain)[2], '0', f'what one may do after {name}')
    kit.equal(a.number('size', group), 3, 'members')
    c = k.Peer(kit)
    answer = threading.Thread(target=member.answer_add, args=(0,))
    answer.start()
    c('join', c.domain, token, group)
    answer.join(10)
    works(kit, c, b, group)
    c('leave', group)
    member.close()
    for peer in (a, b):
        peer.wait_event('left', domain)
    c.end()


class Reader:
    """A member whose process is attached to another's window, and has read there."""

    def __init__(self, kit, group, token, hand, owner):
        self.kit, self.hand, self.owner = kit, hand, owner
        self.secret = owner('alloc', LEN)
        owner('fill', self.secret, LEN, ord('S'))
        (handle, _), window = hand('create')
        self.member = Member(kit, group, token)
        self.domain = str(uuid.UUID(bytes=self.member.domain))
        kit.equal(self.member.join(blob(handle), window), 0, 'joining with a window')
        # Who is gone before the creator looks was never there to the others.
        owner.wait_event('joined', self.domain)
        self.attach()
        kit.equal(hand('read')[0], ['S' * READ], 'what was read')

    def attach(self):
        """Read in the owner's window; that is soon another one if somebody left before we came."""
        while True:
            self.handle, self.window = self.member.windows[uuid.UUID(self.owner.domain).bytes]
            answer = self.hand('attach', descriptor=self.window)[0]
            if answer == [str(self.handle)] and \
                    self.hand('fetch', self.handle, self.secret)[0] == [str(SUCCESS)]:
                return
            # A message that does not come in time is an error.
            self.member.note(*self.member.receive())

    def is_out(self, what):
        """It reaches nothing, with what it has kept."""
        self.owner('fill', self.secret, LEN, ord('T'))
        status = int(self.hand('fetch', self.handle, self.secret)[0][0])
        self.kit.check(status not in (0, SUCCESS), f'reading {what}: status {status}')
        self.kit.equal(self.hand('read')[0], ['S' * READ], f'what was read {what}')
        self.kit.equal(self.hand('attach', descriptor=self.window)[0],
                       ['error', str(errno.EINVAL)], f'attaching {what}')


def kept(kit, a, b, group, token, hand):
    """Who was a member keeps the descriptor of a's window, and is attached to it."""
    reader = Reader(kit, group, token, hand, a)
    reader.member.close()
    for peer in (a, b):
        peer.wait_event('left', reader.domain)
    b.wait_event('handler', a.domain)
    reader.is_out('when out')


def kept_in_need(kit, a, b, group, token, hand):
    """The same when the kernel has no other window for a: rather nobody reaches it."""
    reader = Reader(kit, group, token, hand, a)
    # Each of the two tries twice.
    for nth in 1, 2, 3, 4:
        kit.model.ctl('ioctl-error', 'create', 'ENOMEM', nth)
    reader.member.close()
    for peer in (a, b):
        peer.wait_event('left', reader.domain)
    b.wait_event('windows', a.domain)
    a.wait_event('windows', b.domain)
    reader.is_out('when out')
    for peer in (a, b):
        peer('windows', group, f'0:{(1 << 64) - 1}:3')
    b.wait_event('handler', a.domain)
    a.wait_event('handler', b.domain)


def taken_back(kit, a, b, group, token, hand):
    """The owner narrows its window, or leaves; the reader does not care, and keeps everything."""
    for what in (('windows', group), ('leave', group)):
        reader = Reader(kit, group, token, hand, b)
        b(*what)
        reader.is_out(f"after '{what[0]}'")
        reader.member.close()
        a.wait_event('left', reader.domain)
        b('windows', group, f'0:{(1 << 64) - 1}:3') if what[0] == 'windows' else \
            b('join', b.domain, token, group)


def test(kit):
    k.Model(kit)
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    hand, elsewhere = Hand(kit, 'wq0.7'), Hand(kit, 'wq1.0')
    false_windows = forgeries(hand, elsewhere)
    newcomers(kit, a, b, group, token, false_windows)
    updates(kit, a, b, group, token, hand, false_windows)
    for what in (kept, kept_in_need, taken_back):
        what(kit, a, b, group, token, hand)
    a.wait_event('joined', b.domain)
    works(kit, a, b, group)
    for process in (hand, elsewhere):
        kit.equal(process.end(), 0, 'exit status')
    for peer in (b, a):
        peer.end()


if __name__ == '__main__':
    k.run(test, 90)
