# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: any bytes on a group's socket. Strangers, one who knows the token, and a host that is
none break the protocol in every state; the group goes on for the others, and new joins succeed.
"""

import errno
import os
import random
import socket
import struct
import threading
import time

import kit as k
import wire as w

ROUNDS = 150
# An unproven connection may take 2 seconds, and so may a join.
LIMIT = 3.5


class Stage:
    """A joiner brought to a stage of its life."""

    def __init__(self, kit, group, token, controller_dir):
        self.path = os.path.join(kit.access_dir, f'group.{group}')
        self.group, self.token, self.controller_dir = group, token, controller_dir
        self.clients = []

    def connected(self, **named):
        return w.Joiner(self.path, self.group, self.token, **named)

    def challenged(self, **named):
        joiner = self.connected(**named)
        kind, _ = joiner.hello(self.instance())
        if kind != w.CHALLENGE:
            raise k.Failure(f'HELLO was answered by {kind}')
        return joiner

    def welcomed(self, **named):
        joiner = self.challenged(**named)
        if joiner.prove() != (w.WELCOME, 0):
            raise k.Failure('the right token was refused')
        return joiner

    def member(self, **named):
        joiner = self.welcomed(**named)
        client = w.ControllerClient(self.controller_dir)
        self.clients.append(client)
        client.enter(joiner.tag, joiner.domain)
        code = joiner.enter()
        if code != 0:
            raise k.Failure(f'JOINED with {code}')
        return joiner

    def instance(self):
        client = w.ControllerClient(self.controller_dir)
        client.close()
        return client.instance

    def close(self):
        for client in self.clients:
            client.close()
        self.clients = []


def honest(kit, a, c, group, token):
    """Somebody else's join works at once, and a transfer with it."""
    kit.timed(0, 1.5, 'an honest join', c, 'join', c.domain, token, group)
    handler = c.number('handler', group, a.domain)
    mem_a, mem_c = a('alloc', 4096), c('alloc', 4096)
    c('pattern', mem_c, 4096, 5)
    kit.equal(c.number('copy', 'self', mem_c, handler, mem_a, 4096), 0, 'status')
    a('expect', mem_a, 4096, 5)
    c('leave', group)


def malformed(joiner):
    """A message that breaks the protocol, whatever the state; sealed as it should be, mostly."""
    kind = random.choice([0, w.TYPES, 999] + list(range(1, w.TYPES)) * 2)
    length = w.LENGTHS.get(kind, 8) + random.choice([0, 0, 1, -1, 7, 1000, 5000])
    body = os.urandom(max(0, length))
    data = w.header(kind, random.choice([0, joiner.tx, joiner.tx + 1, 2 ** 64 - 1]),
                    random.choice([w.VERSION] * 4 + [0, 2, 65535]),
                    random.choice([w.MAGIC] * 8 + [0]))
    choice = random.randrange(8)
    if choice == 0:
        return os.urandom(random.choice([1, 2, 15, 16, 17, 48, 100, 4096, 4097, 60000]))
    if choice == 1:
        return data[:random.randrange(1, 17)]
    data += body
    return data + w.mac(joiner.tx_key or bytes(32), data) if kind in w.SEALED else data


def garbage(kit, stage, a, c, group, token):
    """Random messages at every stage."""
    for name in ('connected', 'challenged', 'welcomed', 'member'):
        ends = 0
        for i in range(ROUNDS if name != 'member' else ROUNDS // 3):
            joiner = getattr(stage, name)()
            descriptors = [0] if random.randrange(8) == 0 else []
            try:
                # One may be right by accident (a HELLO, a LEAVE), a dozen are not.
                for _ in range(12):
                    try:
                        joiner.send_raw(malformed(joiner), descriptors)
                    except PermissionError:
                        pass  # what strangers_descriptors() is about
                    descriptors = []
            except w.Hangup:
                pass
            # A wrong seal in place of PROOF costs time; it is tested elsewhere.
            joiner.sock.settimeout(LIMIT)
            if i % 10 == 0:
                try:
                    joiner.until_hangup()
                except (ValueError, KeyError, struct.error) as error:
                    raise k.Failure(f'{name}: the host breaks the protocol: {error}') from error
                ends += 1
            joiner.close()
            stage.close()
        kit.check(ends > 0 and a.alive(), f'{name}: the creator ended: {a.log_text()}')
        kit.say(f'garbage from one who is {name}')
        kit.wait('the group is as before', lambda: a.number('size', group) == 2)
        honest(kit, a, c, group, token)


def wrong_places(kit, stage, a):
    """Well-formed, well-sealed messages where they do not belong."""
    bodies = {kind: bytes(length) for kind, length in w.LENGTHS.items()}
    bodies[w.JOIN] = bodies[w.UPDATE] = w.share()
    cases = 0
    for name, right in (('connected', {w.HELLO}), ('challenged', {w.PROOF}),
                        ('welcomed', {w.JOIN, w.LEAVE}), ('member', {w.UPDATE, w.LEAVE})):
        for kind, body in bodies.items():
            if kind in right or (name == 'connected' and kind in w.SEALED):
                continue
            joiner = getattr(stage, name)()
            joiner.send(kind, body)
            joiner.sock.settimeout(LIMIT)
            joiner.until_hangup()
            joiner.close()
            stage.close()
            cases += 1
    kit.check(cases > 40 and a.alive(), f'{cases} cases')
    kit.say(f'{cases} messages in wrong places: cut off')


def bad_fields(kit, stage):
    shares = [w.share(prot=4), w.share(flags=4), w.share(flags=0, length=1), w.share(length=257),
              w.share(flags=2), w.share(flags=3), w.share(flags=0), w.share(reserved=1)]
    for body in shares:
        joiner = stage.welcomed()
        joiner.send(w.JOIN, body)
        kinds = joiner.until_hangup()
        kit.check(w.JOINED not in kinds, f'a share {body[:8]!r} was taken')
        joiner.close()
    for hello in (struct.pack('<Hh', 2, stage.group) + os.urandom(64),
                  struct.pack('<Hh', 1, -1) + os.urandom(64),
                  struct.pack('<Hh', 1, stage.group + 1) + os.urandom(64),
                  struct.pack('<Hh', 1, stage.group) + bytes(16) + os.urandom(48)):
        joiner = stage.connected()
        joiner.send(w.HELLO, hello)
        kit.equal(joiner.until_hangup(), [], 'answers to a HELLO with a wrong field')
        joiner.close()
    joiner = stage.connected()
    joiner.send_raw(w.header(w.HELLO, version=2) + os.urandom(68))
    kind, body = joiner.receive()
    kit.equal((kind, struct.unpack('<I', body)[0]), (w.REFUSED, errno.EPROTO), 'another version')
    joiner.close()
    kit.say('fields out of range: refused')


def replay(kit, stage):
    """What was recorded of one connection says nothing on another, nor a second time on its own."""
    first = stage.challenged()
    proof = first.send(w.PROOF)
    kit.equal(first.receive()[0], w.WELCOME, 'the first time')
    second = stage.challenged(domain=None)
    second.send_raw(proof)
    kind, body = second.receive()
    kit.equal((kind, struct.unpack('<I', body)[0]), (w.REFUSED, errno.EACCES), 'a proof of another')
    first.send_raw(proof)
    kit.equal(first.until_hangup(), [], 'answers to a proof that came twice')
    member = stage.member()
    update = member.send(w.UPDATE, w.share(flags=0))
    member.send_raw(update)
    kit.check(w.JOINED not in member.until_hangup(), 'a message that came twice was taken')
    reflected = stage.challenged()
    reflected.rx_key, key = None, reflected.rx_key
    reflected.send(w.PROOF)
    data = w.header(w.WELCOME) + bytes(4)
    reflected.send_raw(data + w.mac(key, data))
    kit.check(len(reflected.until_hangup()) <= 1, "a host's own message was taken")
    for joiner in (first, second, member, reflected):
        joiner.close()
    stage.close()
    kit.say('replayed and reflected messages: refused')


def identities(kit, stage, a, b):
    """Who is in cannot be joined as a second time; another controller is refused."""
    for domain in (a.domain, b.domain):
        joiner = stage.challenged(domain=domain)
        kit.equal(joiner.prove(), (w.WELCOME, errno.EEXIST), 'the domain of a member')
        joiner.close()
    joiner = stage.connected()
    joiner.hello(os.urandom(16))
    kit.equal(joiner.prove(), (w.WELCOME, errno.EXDEV), 'another controller')
    joiner.close()
    # Not known to the controller, so nobody can import it.
    joiner = stage.welcomed()
    kit.check(joiner.enter() != 0, 'one that the controller does not know came in')
    joiner.close()
    kit.equal(a.number('size', stage.group), 2, 'members')
    kit.say('identities of others: refused')


def strangers_descriptors(kit, stage):
    """Descriptors that nobody asked for: the kernel refuses them, or else they end the connection."""
    refused = w.kernel_refuses_descriptors() and not kit.preload
    for name in ('connected', 'challenged', 'welcomed', 'member'):
        joiner = getattr(stage, name)()
        joiner.sock.settimeout(LIMIT)
        try:
            joiner.send_raw(w.header(w.HELLO) + bytes(w.LENGTHS[w.HELLO]), [0])
            kit.check(not refused, f'{name}: a descriptor went through')
        except PermissionError:
            kit.check(refused, f'{name}: a descriptor was refused by a kernel that takes them')
            joiner.send_raw(w.header(w.HELLO) + bytes(w.LENGTHS[w.HELLO]))
        joiner.until_hangup()
        joiner.close()
        stage.close()
    kit.say('descriptors of strangers: ' + ('refused by the kernel' if refused else 'cut off'))


def refusals(kit, stage, a, b, c, group, token):
    """A minority that cannot import a newcomer goes; if it is the majority the newcomer goes."""
    member = stage.member()
    command = c.send('join', c.domain, token, group)
    member.answer_add(errno.EINVAL)
    c.answer(command)
    member.until_hangup()
    member.close()
    kit.wait('one that cannot import is out',
             lambda: [p.number('size', group) for p in (a, b, c)] == [3, 3, 3])
    c('leave', group)

    crowd = []
    for _ in range(3):
        # Who is in answers for the next.
        joiner = stage.welcomed()
        client = w.ControllerClient(stage.controller_dir)
        stage.clients.append(client)
        client.enter(joiner.tag, joiner.domain)
        joiner.send(w.JOIN, w.share())
        for member in crowd:
            member.answer_add(0)
        kit.equal(joiner.enter(sent=True), 0, 'code of JOINED')
        crowd.append(joiner)
    command = c.send('join', c.domain, token, group)
    for member in crowd:
        member.answer_add(errno.EINVAL)
    try:
        c.answer(command)
        raise k.Failure('one whom three of five cannot import came in')
    except k.PeerError as error:
        kit.equal(error.code, errno.EIO, 'errno of a join that most cannot import')
    for p in (a, b):
        kit.equal(p.number('size', group), 5, 'members after a newcomer was refused')
    for member in crowd:
        member.send(w.LEAVE)
        member.until_hangup()
        member.close()
    stage.close()
    kit.wait('the crowd is out', lambda: b.number('size', group) == 2)
    kit.say('members that cannot import: the minority goes')


def insider(kit, stage, a, c, group, token):
    """A member that floods, and never reads, and does not answer."""
    member = stage.member()
    kit.wait('the insider is in', lambda: a.number('size', group) == 3)
    sent = 0
    member.sock.settimeout(0.2)
    try:
        for sent in range(20000):
            member.send(w.UPDATE, w.share(prot=sent & 3, flags=0))
    except (w.Hangup, TimeoutError):
        pass
    kit.say(f'an insider sent {sent} updates')
    kit.check(a.number('size', group) >= 2, 'the group is gone')
    # It does not answer ADD, and is dropped.
    kit.timed(0, 2.5, 'a join past a member that does not answer', c, 'join', c.domain, token,
              group)
    kit.wait('the insider is out',
             lambda: a.number('size', group) == 3 and c.number('size', group) == 3)
    c('leave', group)
    member.close()
    stage.close()


def flood(kit, stage, a, c, group, token):
    """Connections that say nothing, from another user if there can be one."""
    uid = k.FIRST_UID if os.geteuid() == 0 else None
    crowd = []
    for _ in range(200):
        try:
            crowd.append(stage.connected(uid=uid))
        except OSError:
            break
    kit.say(f'{len(crowd)} silent connections')
    if uid is not None:
        honest(kit, a, c, group, token)
    start = time.monotonic()
    for joiner in crowd:
        joiner.sock.settimeout(LIMIT)
        joiner.until_hangup()
        joiner.close()
    kit.check(time.monotonic() - start < LIMIT, 'silent connections went on')
    honest(kit, a, c, group, token)


def fake_host(kit, c, b):
    """A socket that is no group's: whatever it says, the join ends in time."""
    group = 4321
    path = os.path.join(kit.access_dir, f'group.{group}')
    token = c('token')
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen(8)
    listener.settimeout(0.02)

    def challenge(group_id=group):
        return w.header(w.CHALLENGE) + struct.pack('<Hh', w.ROLE_HOST, group_id) + os.urandom(80)

    def sealed(kind):
        return w.header(kind) + bytes(w.LENGTHS[kind]) + os.urandom(w.MAC_LEN)

    # What it says after HELLO, then after what comes next. None: nothing more, without hanging up.
    plays = {
        'silence': [None], 'an end': [], 'noise': [os.urandom(500)], 'a short message': [b'DMA'],
        'an endless message': [os.urandom(60000)],
        'a refusal': [w.header(w.REFUSED) + struct.pack('<I', errno.EAGAIN)],
        'a refusal that is none': [w.header(w.REFUSED) + struct.pack('<I', 2 ** 32 - 1)],
        'a refusal with 0': [w.header(w.REFUSED) + struct.pack('<I', 0)],
        'a challenge of another group': [challenge(group + 1)],
        'a challenge, then silence': [challenge(), None],
        'a challenge, then a wrong seal': [challenge(), sealed(w.WELCOME)],
        'two challenges': [challenge(), challenge()],
        'no welcome but an ADD': [challenge(), sealed(w.ADD)],
        'JOINED at once': [challenge(), sealed(w.JOINED)],
        'a joiner': [w.header(w.HELLO) + os.urandom(68)],
        'another version': [w.header(w.CHALLENGE, version=9) + os.urandom(84)],
    }

    def serve(play, over):
        # A joiner that is refused for want of room comes again.
        while not over.is_set():
            try:
                connection = listener.accept()[0]
            except TimeoutError:
                continue
            connection.settimeout(LIMIT)
            try:
                for data in play:
                    connection.recv(4096)
                    connection.send(data) if data is not None else connection.recv(4096)
            except OSError:
                pass
            connection.close()

    for name, play in plays.items():
        over = threading.Event()
        thread = threading.Thread(target=serve, args=(play, over), daemon=True)
        thread.start()
        start = time.monotonic()
        try:
            c('join', c.domain, token, group)
            raise k.Failure(f'{name}: the join succeeded')
        except k.PeerError as error:
            took = time.monotonic() - start
            kit.check(took < 2.7 and error.code in
                      (errno.EACCES, errno.EPROTO, errno.ETIMEDOUT, errno.ENOTCONN, errno.EAGAIN),
                      f'{name}: {error} after {took:.2f} s')
            kit.say(f'a false host with {name}: {error.code} after {took:.2f} s')
        over.set()
        thread.join(2 * LIMIT)
    listener.close()
    os.unlink(path)


def descriptors(peer):
    return len(os.listdir(f'/proc/{peer.pid}/fd'))


def test(kit):
    seed = int(os.environ.get('TEST_SEED', time.time_ns()))
    random.seed(seed)
    kit.say(f'seed {seed} (TEST_SEED repeats it)')
    k.Controller(kit)
    if os.geteuid() == 0:
        os.chmod(kit.access_dir, 0o1777)
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    stage = Stage(kit, group, token, kit.controller_dir)
    honest(kit, a, c, group, token)
    before = descriptors(a)
    identities(kit, stage, a, b)
    bad_fields(kit, stage)
    replay(kit, stage)
    wrong_places(kit, stage, a)
    garbage(kit, stage, a, c, group, token)
    strangers_descriptors(kit, stage)
    refusals(kit, stage, a, b, c, group, token)
    insider(kit, stage, a, c, group, token)
    flood(kit, stage, a, c, group, token)
    kit.wait('the creator has its descriptors back', lambda: descriptors(a) <= before)
    fake_host(kit, c, b)
    for peer in (c, b, a):
        peer.end()


k.run(test, 150)
