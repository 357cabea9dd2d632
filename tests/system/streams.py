# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Copies that go on while something happens."""

import kit as k

LEN = 1 << 20
# What operations may end with when the other side goes.
GONE = {k.STATUS_OK, k.STATUS_BAD_HANDLER, k.STATUS_DENIED, k.STATUS_UNKNOWN,
        k.STATUS_PAGE_FAULT, 3, 4}


def stream(kit, peer, other, group, read=False):
    """peer writes into other's memory, or reads it, until told to stop; it has begun when this
    returns other's address.
    """
    handler = peer.number('handler', group, other.domain)
    own, far = peer('alloc', LEN), other('alloc', LEN)
    ends = (handler, far, 'self', own) if read else ('self', own, handler, far)
    peer('stream', *ends, LEN, 32)
    kit.wait(f'{peer.name} streams', lambda: done(peer).get(0, 0) > 100)
    return far


def parse(state):
    words = state.split()
    return int(words[0]), {int(w.split(':')[0]): int(w.split(':')[1]) for w in words[1:]}


def done(peer):
    return parse(peer('stream-state'))[1]


def drained(kit, peer, what, want_errors=True):
    """Stop the stream: nothing may stay outstanding, and each status is one that makes sense."""
    outstanding, ends = parse(peer('stream-stop', 3000))
    kit.say(f'{what}: {peer.name}: {ends}')
    kit.equal(outstanding, 0, f'{what}: operations of {peer.name} without a status')
    kit.check(set(ends) <= GONE, f'{what}: {peer.name} saw statuses {ends}')
    if want_errors:
        kit.check(len(set(ends) - {0}) > 0, f'{what}: {peer.name} saw no error: {ends}')
