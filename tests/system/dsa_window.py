# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""A process that uses a work queue of the DSA model by hand, for members of groups that do what no
driver does: it makes windows and gives their descriptors away, and attaches to those it gets.

Run with the model's environment: dsa_window.py SOCKET WORK_QUEUE, SOCKET being a descriptor; class
Hand starts it. A request and its answer are a line of text each, with a descriptor or without.
"""

import ctypes
import fcntl
import mmap
import os
import socket
import struct
import subprocess
import sys
import time

CREATE = 3 << 30 | 24 << 16 | ord('d') << 8 | 101
ATTACH = 2 << 30 | 6 << 16 | ord('d') << 8 | 102
READ, WRITE, CHECK = 1, 2, 4
MULTI_SUBMITTER = 1
COPY = 0x23
SOURCE_DOMAIN = 1 << 16
ADDRESS_VALID, REQUEST = 1 << 2, 1 << 3
LEN = 4096
# How much of the memory is shown.
SHOWN = 64
# mov rax, rdi; mov rdx, rsi; movdir64b rax, [rdx]; ret
MOVDIR64B = bytes.fromhex('48 89 f8 48 89 f2 66 0f 38 f8 02 c3')


class Queue:
    def __init__(self, name):
        self.fd = os.open(os.path.join(os.environ['DSA_DEV_PATH'], name), os.O_RDWR)
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int,
                              ctypes.c_int, ctypes.c_long]
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(MOVDIR64B)
        self.code = code
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        self.store = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address)
        self.portal = libc.mmap(None, 4096, mmap.PROT_WRITE, mmap.MAP_SHARED, self.fd, 0)
        self.memory = ctypes.create_string_buffer(b'untouched', LEN)
        self.record = ctypes.create_string_buffer(64)
        self.window = -1

    def create(self):
        """A window of our memory; never with handle 0, which no driver would take."""
        handle = 0
        while handle == 0:
            request = bytearray(struct.pack('<QQIHH', ctypes.addressof(self.memory), LEN,
                                            MULTI_SUBMITTER, READ | WRITE | CHECK, 0))
            self.window = fcntl.ioctl(self.fd, CREATE, request)
            handle = struct.unpack('<QQIHH', request)[4]
        return f'{handle} {ctypes.addressof(self.memory)}', [self.window]

    def close(self):
        os.close(self.window)
        return 'closed', []

    def read(self):
        return self.memory.raw[:SHOWN].rstrip(b'\0').decode(errors='replace'), []

    def attach(self, window):
        request = bytearray(struct.pack('<IH', window, 0))
        fcntl.ioctl(self.fd, ATTACH, request)
        return str(struct.unpack('<IH', request)[1]), []

    def fetch(self, handle, address):
        """Copy LEN bytes from a domain into our memory: the completion status."""
        record = (ctypes.addressof(self.record) + 31) & ~31
        ctypes.memset(record, 0, 32)
        descriptor = ctypes.create_string_buffer(struct.pack(
            '<IIQQQIHH16xIHH', 0, COPY << 24 | SOURCE_DOMAIN | ADDRESS_VALID | REQUEST, record,
            int(address, 0), ctypes.addressof(self.memory), LEN, 0, 0, 0, int(handle), 0), 128)
        aligned = (ctypes.addressof(descriptor) + 63) & ~63
        ctypes.memmove(aligned, bytes(descriptor)[:64], 64)
        self.store(self.portal, aligned)
        end = time.monotonic() + 5
        while ctypes.c_uint8.from_address(record).value == 0:
            if time.monotonic() > end:
                return 'no completion', []
        return str(ctypes.c_uint8.from_address(record).value), []


def serve(sock, queue):
    while True:
        request, descriptors, _, _ = socket.recv_fds(sock, 256, 1)
        if not request:
            return
        name, *arguments = request.decode().split()
        try:
            text, given = getattr(queue, name)(*arguments, *descriptors)
        except OSError as error:
            text, given = f'error {error.errno}', []
        if given:
            socket.send_fds(sock, [text.encode()], given)
        else:
            sock.send(text.encode())


class Hand:
    """Such a process, for a test."""

    def __init__(self, kit, queue):
        self.sock, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(10)
        with other:
            self.process = subprocess.Popen(
                [sys.executable, __file__, str(other.fileno()), queue], pass_fds=[other.fileno()],
                env={**os.environ, **kit.model.environment})

    def __call__(self, *words, descriptor=None):
        """(the answer's words, its descriptor or None)"""
        request = ' '.join(str(word) for word in words).encode()
        if descriptor is None:
            self.sock.send(request)
        else:
            socket.send_fds(self.sock, [request], [descriptor])
        answer, descriptors, _, _ = socket.recv_fds(self.sock, 256, 1)
        return answer.decode().split(), descriptors[0] if descriptors else None

    def end(self):
        self.sock.close()
        return self.process.wait(10)


if __name__ == '__main__':
    serve(socket.socket(fileno=int(sys.argv[1])), Queue(sys.argv[2]))
