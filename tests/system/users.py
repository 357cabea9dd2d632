# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: isolation between users. Two users who trust a third one's controller transfer through a
shared directory; beside that neither can get at the other's memory, files, sockets or processes,
nor at the controller. On DSA there is no controller; instead each owns the node of a work queue.
"""

import errno
import os
import socket
import subprocess
import time

import kit as k

LEN = 1 << 20
TRUSTED = f'controller_uid={k.CONTROLLER_UID}'


def transfer(kit, a, b, group):
    handler = a.number('handler', group, b.domain)
    mem_a, mem_b = a('alloc', LEN), b('alloc', LEN)
    a('pattern', mem_a, LEN, 1)
    kit.equal(a.number('copy', 'self', mem_a, handler, mem_b, LEN), 0, 'writing to another user')
    b('expect', mem_b, LEN, 1)
    b('pattern', mem_b, LEN, 2)
    kit.equal(a.number('copy', handler, mem_b, 'self', mem_a, LEN), 0, 'reading from another user')
    a('expect', mem_a, LEN, 2)


def intrude(kit, uid, pid, sockets, what):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, 'intruder.py'), 'rb') as code:
        out = subprocess.run(['/usr/bin/python3', '-', str(pid), *sockets], stdin=code,
                             capture_output=True, text=True, timeout=20, cwd='/',
                             preexec_fn=k.become(uid), check=False)
    lines = out.stdout.splitlines()
    kit.check(out.returncode == 0 and len(lines) >= 14 + 4 * len(sockets),
              f'the intruder did not try it all: {out.stdout}{out.stderr}')
    got = [line for line in lines if not line.startswith('refused ')]
    kit.equal(got, [], f'user {uid} at {what}')
    kit.say(f'user {uid} at {what}: {len(lines)} attempts refused')


def wrong_tokens(kit, a, b, c, group, token):
    """Guessing costs the one who guesses, and nobody else."""
    times = []
    for _ in range(9):
        start = time.monotonic()
        kit.error(errno.EACCES, b, 'join', b.domain, b('token'), group)
        times.append(time.monotonic() - start)
    kit.say('wrong tokens took ' + ', '.join(f'{t:.3f}' for t in times) + ' s')
    kit.check(times[-1] >= 0.5 and times[-1] <= 2, f'the ninth wrong token took {times[-1]:.3f} s')
    kit.timed(0, 0.5, "another user's join meanwhile", c, 'join', c.domain, token, group)
    c('leave', group)
    kit.timed(0, 0.5, 'the right token at last', b, 'join', b.domain, token, group)


def unexpected_queue(kit):
    """A work queue of another user stays closed, though nobody uses it."""
    queue = kit.model.free_queues(0, 1)[0]
    owned(kit, queue, k.FIRST_UID)
    peer = k.Peer(kit, k.SECOND_UID, wait=False)
    kit.equal(peer.queues, [queue], 'the work queue of another user')
    try:
        peer.answer('start', 20)
    except k.PeerError:
        pass
    else:
        raise k.Failure(f'user {k.SECOND_UID} got {queue}, which is of user {k.FIRST_UID}')
    kit.check(f'Failed to open device path: {kit.model.node(queue)}' in peer.log_text(),
              f'the message does not help: {peer.log_text()}')
    peer.kill()
    k.Peer(kit, k.FIRST_UID).end()


def unexpected_controller(kit):
    """Memory is shown to no controller but one's own, root's, or the one that is named."""
    for device in ('', f'controller_uid={k.FIRST_UID}'):
        peer = k.Peer(kit, k.SECOND_UID, device, wait=False)
        try:
            peer.answer('start', 20)
        except k.PeerError:
            pass
        else:
            raise k.Failure(f'a controller of user {k.CONTROLLER_UID} was accepted with "{device}"')
        kit.check(f'controller_uid={k.CONTROLLER_UID}' in peer.log_text(),
                  f'the message does not help: {peer.log_text()}')
        peer.kill()


def impostor(kit):
    """A socket of another user where a controller should be gets no memory."""
    directory = os.path.join(kit.dir, 'impostor')
    os.mkdir(directory, 0o755)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        # Who listens is settled when it listens.
        try:
            os.chown(directory, k.FIRST_UID, k.FIRST_UID)
            k.become(k.FIRST_UID)()
            listener.bind(os.path.join(directory, 'dma_sw.sock'))
            os.chmod(os.path.join(directory, 'dma_sw.sock'), 0o666)
            listener.listen(8)
            connection = listener.accept()[0]
            connection.settimeout(10)
            os._exit(0 if connection.recv(4096) == b'' else 3)
        finally:
            os._exit(4)
    listener.close()
    kit.wait('the impostor listens', lambda: os.path.exists(f'{directory}/dma_sw.sock'))
    true_directory, kit.controller_dir = kit.controller_dir, directory
    peer = k.Peer(kit, k.SECOND_UID, TRUSTED, wait=False)
    kit.controller_dir = true_directory
    try:
        peer.answer('start', 20)
        raise k.Failure('an impostor was accepted')
    except k.PeerError:
        pass
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    kit.equal(code, 0, 'what the impostor got before the connection ended (3: something)')
    peer.kill()


def owned(kit, queue, uid):
    """Give the node of a work queue to a user, and to nobody else."""
    os.chown(kit.model.node(queue), uid, uid)
    os.chmod(kit.model.node(queue), 0o600)


def user(kit, uid):
    """A peer of a user, with a work queue of its own or a controller that it trusts."""
    if not kit.dsa_program:
        return k.Peer(kit, uid, TRUSTED)
    owned(kit, kit.model.free_queues(0, 1)[0], uid)
    return k.Peer(kit, uid)


def test(kit):
    k.need_root()
    k.need_open_path(kit.peer_program, k.FIRST_UID)
    k.need_open_path(kit.dsa_program or os.path.realpath(kit.controller_program), k.FIRST_UID)
    os.chown(kit.controller_dir, k.CONTROLLER_UID, k.CONTROLLER_UID)
    os.chmod(kit.access_dir, 0o1777)
    engine = kit.engine(k.CONTROLLER_UID)
    a, b = user(kit, k.FIRST_UID), user(kit, k.SECOND_UID)
    group, token = kit.group(a, b)
    transfer(kit, a, b, group)
    transfer(kit, b, a, group)

    group_socket = os.path.join(kit.access_dir, f'group.{group}')
    intrude(kit, k.SECOND_UID, a.pid, [group_socket], "another user's process")
    intrude(kit, k.FIRST_UID, b.pid, [], "another user's process")
    if not kit.dsa_program:
        controller_socket = os.path.join(kit.controller_dir, 'dma_sw.sock')
        for uid in (k.FIRST_UID, k.SECOND_UID):
            intrude(kit, uid, engine.pid, [controller_socket], 'the controller')
    transfer(kit, a, b, group)

    b('leave', group)
    c = user(kit, k.FIRST_UID)
    wrong_tokens(kit, a, b, c, group, token)
    transfer(kit, a, b, group)
    if kit.dsa_program:
        unexpected_queue(kit)
    else:
        unexpected_controller(kit)
        impostor(kit)
    for peer in (c, b, a):
        peer.end()


k.run(test, 90)
