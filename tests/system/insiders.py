# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: revocation and survival, with members that flood their host. However many there are,
rights are taken back in time, and who holds up a join is dropped, in other groups, too. One user's
members that come only to hold up who comes next do not keep another user's out.
"""

import os
import select
import signal
import time

import kit as k
import wire as w

CALLS = 50
# Far more than a call takes on a busy machine, far less than a flood can make it take.
CALL_LIMIT = 0.5
CROWD = 40
PROCESSES = 3
ENTRANTS = 8


class Crowd:
    """Insiders: members of a group that know nothing but its protocol."""

    def __init__(self, kit, group, token, size):
        self.path = os.path.join(kit.access_dir, f'group.{group}')
        self.group, self.token = group, token
        self.directory = kit.controller_dir
        self.members, self.clients = [], []
        for _ in range(size):
            self.enter()

    def enter(self):
        """One more; those who are in let it in."""
        joiner = w.Joiner(self.path, self.group, self.token)
        client = w.ControllerClient(self.directory)
        joiner.hello(client.instance)
        if joiner.prove() != (w.WELCOME, 0):
            raise k.Failure('the right token was refused')
        client.enter(joiner.tag, joiner.domain)
        joiner.send(w.JOIN, w.share())
        while joiner not in self.members:
            ready, _, _ = select.select([joiner.sock] + [m.sock for m in self.members], [], [], 5)
            if not ready:
                raise k.Failure('an insider cannot enter')
            for sock in ready:
                self.answer(next(m for m in self.members + [joiner] if m.sock is sock))
        self.clients.append(client)

    def answer(self, member):
        kind, body = member.receive()
        if kind == w.ADD:
            member.send(w.ADDED, body[:8] + bytes(8))
        elif kind == w.JOINED:
            member.send(w.READY)
            self.members.append(member)


def flood(members, flags):
    """Send updates and read nothing, until the host hangs up."""
    for member in members:
        member.sock.setblocking(False)
    while True:
        for member in members:
            try:
                for _ in range(32):
                    member.send(w.UPDATE, w.share(flags=flags))
            except BlockingIOError:
                # It was sealed but not sent.
                member.tx -= 1


def hold_up(kit, group, token):
    """Have many at a time who enter, and then do not let the next one in."""
    path = os.path.join(kit.access_dir, f'group.{group}')
    waiting = {}
    while True:
        while len(waiting) < ENTRANTS:
            joiner = w.Joiner(path, group, token, uid=k.FIRST_UID)
            client = w.ControllerClient(kit.controller_dir, uid=k.FIRST_UID)
            joiner.hello(client.instance)
            if joiner.prove() != (w.WELCOME, 0):
                break
            client.enter(joiner.tag, joiner.domain)
            joiner.send(w.JOIN, w.share())
            waiting[joiner.sock.fileno()] = (joiner, client)
        for number in select.select(list(waiting), [], [], 0.01)[0]:
            try:
                waiting[number][0].receive()
            except w.Hangup:
                for end in waiting.pop(number):
                    end.close()


class Attack:
    """Processes that do something until the end of the block."""

    def __init__(self, function, calls):
        self.pids = []
        for arguments in calls:
            pid = os.fork()
            if pid == 0:
                k.become(None)()
                try:
                    function(*arguments)
                finally:
                    os._exit(0)
            self.pids.append(pid)

    def __enter__(self):
        time.sleep(0.5)
        return self

    def goes_on(self):
        return all(os.waitpid(pid, os.WNOHANG)[0] == 0 for pid in self.pids)

    def __exit__(self, *_):
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def revocation(kit):
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    crowd = Crowd(kit, group, token, PROCESSES)
    slowest = 0
    # Each of these updates has the host ask the controller.
    with Attack(flood, [([member], w.SHARE_EXPORT) for member in crowd.members]):
        for _ in range(CALLS):
            start = time.monotonic()
            a('windows', group, '0x1000:4096:1', timeout=30)
            slowest = max(slowest, time.monotonic() - start)
        size = a.number('size', group)
    kit.check(size > 2, f'{size} members: nobody flooded to the end')
    kit.check(slowest < CALL_LIMIT, f'windows narrowed in {slowest:.3f} s, not {CALL_LIMIT} s')
    kit.say(f'flooded by {size - 2} members, windows are narrowed in {slowest * 1000:.1f} ms')
    for peer in (b, a):
        peer.end()


def dropping(kit):
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    crowds = []
    for _ in range(2):
        other = a('token')
        crowds.append(Crowd(kit, a.number('create', a.domain, other), other, CROWD))
    b.signal(signal.SIGSTOP)
    with Attack(flood, [(crowd.members, 0) for crowd in crowds]) as attack:
        kit.timed(0, 1.9, 'a join past a stopped member', c, 'join', c.domain, token, group)
        kit.check(attack.goes_on(), 'the flood ended before it was over')
    a.wait_event('left', b.domain)
    kit.say(f'while {2 * CROWD} members of other groups flood, who does not answer is dropped')
    b.kill()
    for peer in (c, a):
        peer.end()


def entering(kit):
    if os.geteuid() != 0:
        kit.say('that one user cannot keep others out is tested as root only')
        return
    os.chmod(kit.access_dir, 0o1777)
    a, b = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a)
    with Attack(hold_up, [(kit, group, token)]) as attack:
        kit.wait('another user comes in', lambda: a.number('size', group) > 1)
        time.sleep(1)
        for _ in range(3):
            kit.timed(0, 2.2, "another user's join", b, 'join', b.domain, token, group)
            b('leave', group)
        kit.check(attack.goes_on(), 'the attack ended before it was over')
    for peer in (b, a):
        peer.end()


def test(kit):
    k.Controller(kit)
    revocation(kit)
    dropping(kit)
    entering(kit)


k.run(test, 90)
