# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: survival, in a directory that users share. Whatever another user has put in the place of
a file that the driver or the controller opens, they end with an error in time or go on; they hang
on nothing, and give nothing away.
"""

import os
import subprocess

import kit as k

LIMIT = 8


def as_user(uid, function, *arguments):
    """Call it in a child process of that user."""
    pid = os.fork()
    if pid == 0:
        try:
            k.become(uid)()
            os.umask(0)
            function(*arguments)
        except OSError as error:
            print(error)
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        raise k.Failure(f'user {uid} could not do its part')


def controller(kit, directory, *options):
    """A controller of another user; returns what it said. It ends by itself."""
    out = subprocess.run([kit.controller_program, '--dir', directory, *options], text=True,
                         timeout=LIMIT, capture_output=True, check=False, cwd='/',
                         preexec_fn=k.become(k.SECOND_UID))
    kit.check(out.returncode != 0, f'the controller started: {out.stderr}')
    return out.stderr


def directory(kit):
    path = os.path.join(kit.dir, kit.unique('shared'))
    os.mkdir(path)
    os.chmod(path, 0o1777)
    return path


def test(kit):
    k.need_root()
    k.need_open_path(kit.peer_program, k.SECOND_UID)
    kit.say('a FIFO instead of what a starting device locks')
    kit.controller_dir = directory(kit)
    name = os.path.join(kit.controller_dir, 'dma_sw.spawn')
    as_user(k.FIRST_UID, os.mkfifo, name, 0o666)
    os.chown(kit.access_dir, k.SECOND_UID, k.SECOND_UID)
    peer = k.Peer(kit, k.SECOND_UID, 'spawn=1', wait=False)
    kit.timed(0, LIMIT, 'its end', peer.popen.wait, LIMIT)
    kit.check('dma_sw.spawn' in peer.log_text(), f'nobody is told why: {peer.log_text()}')

    kit.say('a FIFO instead of what a controller locks')
    path = directory(kit)
    as_user(k.FIRST_UID, os.mkfifo, os.path.join(path, 'dma_sw.lock'), 0o666)
    said = controller(kit, path)
    kit.check('dma_sw.lock' in said, f'nobody is told why: {said}')

    kit.say("a FIFO, and another user's file, instead of its log")
    path = directory(kit)
    name = os.path.join(path, 'dma_sw.log')
    as_user(k.FIRST_UID, os.mkfifo, name, 0o666)
    reader = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    said = controller(kit, path, '--daemon', '--exit-when-unused')
    kit.check('dma_sw.log' in said, f'nobody is told why: {said}')
    kit.equal(os.read(reader, 100), b'', 'what the other user reads')
    os.close(reader)
    os.unlink(name)
    with open(name, 'w', encoding='ascii') as log:
        log.write('kept')
    os.chown(name, k.FIRST_UID, k.FIRST_UID)
    os.chmod(name, 0o666)
    controller(kit, path, '--daemon', '--exit-when-unused')
    with open(name, encoding='ascii') as log:
        kit.equal(log.read(), 'kept', 'what was in the file')


k.run(test, 60)
