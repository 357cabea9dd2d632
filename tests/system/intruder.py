# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Tries to get at another process, and at sockets, as whoever runs it: PID SOCKET...

Prints one line for each thing tried, "refused WHAT" or "GOT WHAT DETAILS". It is fed to Python on
its standard input, for its own path may lead through directories that its user cannot read.
"""

import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_DETACH = 16, 0x4206, 17
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD, SYS_PROCESS_VM_READV = 434, 438, 310


def attempt(what, function):
    try:
        got = function()
    except OSError as error:
        print(f'refused {what}: {error.strerror}')
    else:
        print(f'GOT {what}: {got!r}')


def call(function, *arguments):
    result = function(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def read_file(path):
    with open(path, 'rb') as file:
        return file.read(16)


def list_of(path):
    names = os.listdir(path)
    return [os.readlink(os.path.join(path, name)) for name in names]


def any_descriptor(pid):
    for number in range(64):
        try:
            return os.open(f'/proc/{pid}/fd/{number}', os.O_RDWR)
        except OSError as error:
            last = error
    raise last


def get_descriptor(pid):
    pidfd = call(libc.syscall, SYS_PIDFD_OPEN, pid, 0)
    for number in range(64):
        if libc.syscall(SYS_PIDFD_GETFD, pidfd, number, 0) >= 0:
            return number
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def read_memory(pid):
    class Iovec(ctypes.Structure):
        _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]
    here = ctypes.create_string_buffer(8)
    local = Iovec(ctypes.cast(here, ctypes.c_void_p), 8)
    # Refused before the address matters.
    remote = Iovec(0x10000, 8)
    return call(libc.syscall, SYS_PROCESS_VM_READV, pid, ctypes.byref(local), 1,
                ctypes.byref(remote), 1, 0)


def trace(pid, request):
    result = call(libc.ptrace, request, pid, None, None)
    os.waitpid(pid, 0)
    libc.ptrace(PTRACE_DETACH, pid, None, None)
    return result


def main():
    pid = int(sys.argv[1])
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for name in ('mem', 'maps', 'smaps', 'pagemap', 'environ', 'auxv', 'syscall'):
        attempt(f'/proc/PID/{name}', lambda n=name: read_file(f'/proc/{pid}/{n}'))
    for name in ('fd', 'map_files'):
        attempt(f'/proc/PID/{name}', lambda n=name: list_of(f'/proc/{pid}/{n}'))
    attempt('a descriptor by /proc', lambda: any_descriptor(pid))
    attempt('a descriptor by pidfd', lambda: get_descriptor(pid))
    attempt('memory by process_vm_readv', lambda: read_memory(pid))
    attempt('tracing', lambda: trace(pid, PTRACE_ATTACH))
    attempt('tracing without a stop', lambda: trace(pid, PTRACE_SEIZE))
    attempt('a signal', lambda: os.kill(pid, 0))
    for path in sys.argv[2:]:
        attempt('opening a socket', lambda p=path: os.open(p, os.O_RDWR))
        attempt('removing a socket', lambda p=path: os.unlink(p))
        attempt('replacing a socket', lambda p=path: os.rename(p, p + '.old'))
        attempt('the mode of a socket', lambda p=path: os.chmod(p, 0o777))


main()
