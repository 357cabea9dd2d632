# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: survival of a joiner whose host knows the token, and breaks the protocol in well-sealed
messages. Joins and leaves end in time and with an error that is documented; the log is not filled.
"""

import errno
import os
import random
import socket
import struct
import threading
import time
import uuid

import kit as k
import wire as w

GROUP = 4321
JOIN_ERRORS = {errno.EXDEV, errno.EEXIST, errno.ENOSPC, errno.ENOMEM, errno.EIO, errno.ENOTCONN,
               errno.ETIMEDOUT, errno.EPROTO}
LOG_LINES = 120
# What a call may take, and some more for a busy machine.
CALL_LIMIT = 3.5


class Host(w.Connection):
    """The side of a host, up to PROOF."""

    def __init__(self, sock, token, directory):
        super().__init__(sock)
        self.directory = directory
        self.clients = []
        hello = self.receive()[1]
        self.joiner, self.controller, nonce = hello[4:20], hello[20:36], hello[36:68]
        instance, self.domain, own = os.urandom(16), os.urandom(16), os.urandom(32)
        self.send(w.CHALLENGE, struct.pack('<Hh', w.ROLE_HOST, GROUP) + instance + self.domain +
                  self.controller + own)
        self.set_keys(uuid.UUID(token).bytes, GROUP, instance, [self.controller] * 2,
                      (self.joiner, self.domain), (nonce, own))
        self.tx_key, self.rx_key = self.rx_key, self.tx_key
        self.known(self.domain)
        self.receive()

    def known(self, domain=None):
        """A domain that the controller knows."""
        domain = domain or os.urandom(16)
        self.clients.append(w.ControllerClient(self.directory))
        self.clients[-1].enter(self.tag, domain)
        return domain

    def code(self, kind, code=0):
        self.send(kind, struct.pack('<I', code))

    def welcome(self, code=0):
        self.code(w.WELCOME, code)
        if code == 0:
            self.receive()

    def table(self, *domains, code=0):
        self.welcome()
        for domain in domains:
            self.send(w.MEMBER, domain + w.share())
        self.code(w.JOINED, code)

    def let_in(self):
        self.table(self.domain)
        self.receive()

    def add(self, domain, serial=1):
        self.send(w.ADD, struct.pack('<Q', serial) + domain + w.share())

    def end(self):
        for client in self.clients:
            client.close()
        self.close()


def noise(host):
    host.let_in()
    for _ in range(30):
        kind = random.choice(sorted(w.SEALED))
        data = w.header(kind, host.tx) + os.urandom(w.LENGTHS[kind])
        host.send_raw(data + w.mac(host.tx_key, data), random.choice([[], [], [0]]))
        host.tx += 1


def unknown_domains(host):
    """Each of them cannot be imported."""
    host.let_in()
    for serial in range(2000):
        host.add(os.urandom(16), serial)
        host.receive()


def full_group(host):
    host.let_in()
    for serial in range(70):
        host.add(host.known(), serial)
        host.receive()


def coming_and_going(host):
    host.let_in()
    domain = host.known()
    for serial in range(200):
        host.add(domain, serial)
        host.send(w.ENTERED, domain)
        host.send(w.LEFT, domain)


def no_reading(host):
    host.let_in()
    for serial in range(5000):
        host.add(os.urandom(16), serial)


def slow_table(host):
    host.welcome()
    host.send(w.MEMBER, host.domain + w.share())
    for _ in range(40):
        time.sleep(0.1)
        host.send(w.MEMBER, host.known() + w.share())


def after(kind, body):
    """A message of this kind, once the joiner is in; body is called with the host."""
    def play(host):
        host.let_in()
        host.send(kind, body(host))
    return play


def plays():
    strangers = (w.ENTERED, os.urandom(16)), (w.LEFT, os.urandom(16)), \
        (w.UPDATED, os.urandom(16) + w.share())
    yield from [noise] * 20
    yield from (unknown_domains, full_group, coming_and_going, no_reading, slow_table)
    for kind, body in strangers:
        yield after(kind, lambda host, body=body: body)
    for kind in (w.LEFT, w.ENTERED):
        yield after(kind, lambda host: host.joiner)
        yield after(kind, lambda host: host.domain)
    yield after(w.UPDATED, lambda host: host.joiner + w.share())
    yield after(w.ADD, lambda host: bytes(8) + host.joiner + w.share())
    yield after(w.ADD, lambda host: bytes(8) + host.domain + w.share())
    for code in (errno.EALREADY, errno.EDEADLK, errno.ENOENT, errno.EINPROGRESS, 4094):
        yield lambda host, code=code: host.welcome(code)
        yield lambda host, code=code: host.table(host.domain, code=code)
    yield lambda host: host.table()
    yield lambda host: host.table(host.domain, host.domain)
    yield lambda host: host.table(host.domain, host.joiner)
    yield lambda host: host.table(host.domain, os.urandom(16))
    yield lambda host: host.table(host.known(), host.domain)
    yield lambda host: host.table(host.domain, *(host.known() for _ in range(70)))


def serve(listener, token, directory, play):
    sock = listener.accept()[0]
    host = None
    try:
        host = Host(sock, token, directory)
        play(host)
        host.sock.settimeout(1)
        host.until_hangup()
    except (w.Hangup, OSError):
        pass
    finally:
        sock.close()
        if host is not None:
            host.end()


def test(kit):
    seed = int(os.environ.get('TEST_SEED', time.time_ns()))
    random.seed(seed)
    kit.say(f'seed {seed} (TEST_SEED repeats it)')
    k.Controller(kit)
    a, c = k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, c)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(os.path.join(kit.access_dir, f'group.{GROUP}'))
    listener.listen(1)
    joined = 0
    for number, play in enumerate(plays()):
        secret = c('token')
        thread = threading.Thread(target=serve, daemon=True,
                                  args=(listener, secret, kit.controller_dir, play))
        thread.start()
        start = time.monotonic()
        try:
            c('join', c.domain, secret, GROUP)
            is_in = True
        except k.PeerError as error:
            kit.check(error.code in JOIN_ERRORS, f'play {number}: {error}')
            is_in = False
        took = time.monotonic() - start
        thread.join(20)
        kit.check(took < CALL_LIMIT and not thread.is_alive(), f'join {number} took {took:.2f} s')
        if is_in:
            joined += 1
            start = time.monotonic()
            c('leave', GROUP)
            took = time.monotonic() - start
            kit.check(took < CALL_LIMIT, f'leave {number} took {took:.2f} s')
    lines = c.log_text().count('\n')
    kit.check(joined > 20, f'{joined} joins')
    kit.check(lines < LOG_LINES, f'{lines} lines in the log')
    kit.say(f'{joined} hosts let us in, then broke the protocol; {lines} lines in the log')
    kit.equal(c.number('size', group), 2, 'members of an honest group')
    for peer in (c, a):
        peer.end()


k.run(test, 90)
