# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""The broker's protocol, made anew from dma_broker_wire.h: for clients and hosts that break it."""

import hashlib
import hmac
import os
import socket
import struct
import uuid

MAGIC = 0x47414d44
VERSION = 1
(HELLO, CHALLENGE, REFUSED, PROOF, WELCOME, JOIN, ADD, ADDED, MEMBER, JOINED, READY, ENTERED,
 UPDATE, UPDATED, LEAVE, LEFT, TYPES) = range(1, 18)
SEALED = set(range(PROOF, TYPES))
LENGTHS = {HELLO: 68, CHALLENGE: 84, REFUSED: 4, PROOF: 0, WELCOME: 4, JOIN: 264, ADD: 288,
           ADDED: 16, MEMBER: 280, JOINED: 4, READY: 0, ENTERED: 16, UPDATE: 264, UPDATED: 280,
           LEAVE: 0, LEFT: 16}
ROLE_JOINER, ROLE_HOST = 1, 2
MAC_LEN = 32
SHARE_EXPORT, SHARE_FD = 1, 2
SO_PASSRIGHTS = 83

# The controller's side: sw_proto.h.
SW_MAGIC, SW_VERSION = 0x41573144, 2
SW_HELLO, SW_GROUP_ENTER = 1, 7


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def header(kind, counter=0, version=VERSION, magic=MAGIC):
    return struct.pack('<IHHQ', magic, version, kind, counter)


def share(prot=3, flags=SHARE_EXPORT, length=0, reserved=0, blob=b''):
    return struct.pack('<HHHH256s', flags, prot, length or len(blob), reserved, blob)


def kernel_refuses_descriptors():
    """Whether a socket of this kernel can refuse descriptors (Linux 6.16)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS, 0)
        except OSError:
            return False
    return True


class Hangup(Exception):
    """The other side closed the connection."""


class Connection:
    """A connection to a host."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(5)
        self.tx = self.rx = 0
        self.tx_key = self.rx_key = None
        self.descriptors = []

    def send_raw(self, data, descriptors=()):
        try:
            if descriptors:
                socket.send_fds(self.sock, [data], descriptors)
            else:
                self.sock.send(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Hangup from None

    def send(self, kind, body=b'', descriptors=()):
        data = header(kind, self.tx if kind in SEALED else 0) + body
        if kind in SEALED:
            data += mac(self.tx_key, data)
            self.tx += 1
        self.send_raw(data, descriptors)
        return data

    def receive(self):
        try:
            data, descriptors, _, _ = socket.recv_fds(self.sock, 65536, 1)
            for descriptor in self.descriptors + descriptors[1:]:
                os.close(descriptor)
            # Of the last message.
            self.descriptors = descriptors[:1]
        except ConnectionResetError:
            raise Hangup from None
        if not data:
            raise Hangup
        magic, version, kind, counter = struct.unpack_from('<IHHQ', data)
        body = data[16:-MAC_LEN] if kind in SEALED else data[16:]
        if (magic, version) != (MAGIC, VERSION) or len(body) != LENGTHS[kind]:
            raise ValueError(f'a message that is none: {data!r}')
        if kind in SEALED and self.rx_key is not None:
            if counter != self.rx or mac(self.rx_key, data[:-MAC_LEN]) != data[-MAC_LEN:]:
                raise ValueError(f'a seal that is none: {data!r}')
            self.rx += 1
        return kind, body

    def until_hangup(self):
        """All that still comes, as types. No hang-up in time is an error."""
        kinds = []
        try:
            while True:
                kinds.append(self.receive()[0])
        except Hangup:
            return kinds

    def set_keys(self, token, group, instance, controllers, domains, nonces):
        group_key = mac(token, b'dma access group key v1')
        transcript = struct.pack('<HHHh', VERSION, ROLE_JOINER, ROLE_HOST, group) + instance + \
            b''.join(controllers) + b''.join(domains) + b''.join(nonces)
        master = mac(group_key, b'dma access connection v1' + transcript)
        self.tx_key = mac(master, b'dma access joiner v1')
        self.rx_key = mac(master, b'dma access host v1')
        self.tag = mac(group_key, b'dma access tag v1' + instance)

    def close(self):
        self.sock.close()


class Joiner(Connection):
    """A joiner that goes as far as it is told."""

    def __init__(self, path, group, token, domain=None, uid=None):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if uid is not None:
            os.seteuid(uid)
        try:
            sock.connect(path)
        finally:
            if uid is not None:
                os.seteuid(0)
        super().__init__(sock)
        self.group, self.token = group, uuid.UUID(token).bytes
        self.domain = uuid.UUID(domain).bytes if domain else os.urandom(16)
        self.controller = bytes(16)

    def hello(self, controller=None):
        self.nonce = os.urandom(32)
        self.controller = controller or self.controller
        self.send(HELLO, struct.pack('<Hh', ROLE_JOINER, self.group) + self.domain +
                  self.controller + self.nonce)
        kind, body = self.receive()
        if kind != CHALLENGE:
            return kind, body
        self.instance, self.host_domain, self.host_controller = body[4:20], body[20:36], body[36:52]
        self.set_keys(self.token, self.group, self.instance,
                      (self.controller, self.host_controller),
                      (self.domain, self.host_domain), (self.nonce, body[52:84]))
        return kind, body

    def prove(self):
        """The code of WELCOME or REFUSED, and which of them it was."""
        self.send(PROOF)
        kind, body = self.receive()
        return kind, struct.unpack('<I', body)[0]

    def enter(self, sent=False):
        """Join; the controller has to know the domain. Returns JOINED's code."""
        if not sent:
            self.send(JOIN, share())
        while True:
            kind, body = self.receive()
            if kind == JOINED:
                code = struct.unpack('<I', body)[0]
                if code == 0:
                    self.send(READY)
                return code

    def answer_add(self, code):
        """As a member: say that a newcomer was imported (0), or why not."""
        while True:
            kind, body = self.receive()
            if kind == ADD:
                self.send(ADDED, body[:8] + struct.pack('<II', code, 0))
                return


class ControllerClient:
    """Just enough of a client of the controller to be a member."""

    def __init__(self, directory, uid=None):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(5)
        if uid is not None:
            os.seteuid(uid)
        try:
            self.sock.connect(os.path.join(directory, 'dma_sw.sock'))
        finally:
            if uid is not None:
                os.seteuid(0)
        reply = self.call(struct.pack('<IIiIIIII', SW_HELLO, 1, 0, 0, SW_MAGIC, SW_VERSION, 0, 0))
        self.instance = reply[16:32]

    def call(self, request):
        self.sock.send(request)
        reply = self.sock.recv(4096)
        status = struct.unpack_from('<IIi', reply)[2]
        if status != 0:
            raise OSError(-status, os.strerror(-status))
        return reply

    def enter(self, tag, domain):
        self.call(struct.pack('<IIiI32s16sHHI', SW_GROUP_ENTER, 2, 0, 0, tag, domain, 1, 0, 0) +
                  bytes(64 * 24))

    def close(self):
        self.sock.close()
