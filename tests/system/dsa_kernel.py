# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: what DSA and the kernel's driver can do is what idxd advertises, and what they refuse
becomes an error of the API with a message that says what to do. A call that fails changes nothing.
"""

import errno
import os

import kit as k

LEN = 4096
INTER_PROCESS, OPS_HANDLER = 1 << 9, 1 << 36


def words(peer):
    return dict(word.split('=') for word in peer('info').split())


def inter_domain(kit, expected, what):
    """Whether the device of a new process is more than an ordinary one of idxd."""
    peer = k.Peer(kit, wait=False)
    if expected:
        peer.ready()
        info = words(peer)
        wanted = INTER_PROCESS | OPS_HANDLER
        kit.equal(int(info['capa'], 0) & wanted, wanted, f'capabilities with {what}')
        kit.equal((info['controller'], info['windows']), ('0', '1'), f'with {what}')
        peer.end()
    else:
        # The peer asks for an inter-domain channel, which the library refuses.
        try:
            peer.ready()
        except k.Failure as failure:
            kit.check("don't support inter-domain" in str(failure), str(failure))
        else:
            raise k.Failure(f'there is an inter-domain channel with {what}')
    peer.kill()
    return peer


def features(kit):
    """Without any of what it needs, the devices are the ordinary ones of idxd."""
    for switches, expected in (((), True), (('--op-cap', 'groups'), True),
                               (('--no-inter-domain',), False),
                               (('--no-inter-domain', '--op-cap', 'groups'), False),
                               (('--no-idpt',), False), (('--single-submitter',), True),
                               (('--no-offset-mode',), True)):
        model = k.Model(kit, *switches)
        inter_domain(kit, expected, switches)
        model.kill()


# The kernel's two ways to write which operations a device knows, and what they say of 0x23.
OP_CAPS = [
    ('0x80000001f 0x0 0x0 0x0\n', True),
    ('00000000,00000000,00000000,00000000,00000000,00000000,00000008,0000001f\n', True),
    # All but that one.
    ('0xfffffff7ffffffff 0xffffffffffffffff 0xffffffffffffffff 0xffffffffffffffff\n', False),
    ('ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,ffffffff,fffffff7,ffffffff\n', False),
    # It is there, where another operation belongs.
    ('0x0 0x0 0x0 0x80000001f\n', False),
    ('0000001f,00000008,00000000,00000000,00000000,00000000,00000000,00000000\n', False),
]
# And what is neither.
NO_OP_CAPS = ['', '\n', 'all of them\n', '0x\n', '0x80000001f,0x0\n', '8000000001f\n', '8;1f\n']


def op_cap(kit):
    """What the device knows is what its attribute says, though the kernel has windows."""
    model = k.Model(kit)
    path = os.path.join(model.dir, 'sysfs', 'dsa0', 'op_cap')
    for text, expected in OP_CAPS + [(text, False) for text in NO_OP_CAPS]:
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        peer = inter_domain(kit, expected, f'op_cap {text!r}')
        if text in NO_OP_CAPS:
            logged(kit, peer, 'dsa0/op_cap', 'no inter-domain operations')
    os.unlink(path)
    inter_domain(kit, False, 'no op_cap')
    model.kill()


def controllers(kit):
    """Another instance of DSA is another controller."""
    k.Model(kit)
    a, b = k.Peer(kit), k.Peer(kit, device=1)
    kit.equal((words(a)['controller'], words(b)['controller']), ('0', '1'), 'controller_id')
    group, token = kit.group(a)
    kit.error(errno.EXDEV, b, 'join', b.domain, token, group)
    for peer in (a, b):
        peer.end()


def single_submitter(kit):
    k.Model(kit, '--single-submitter')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    both_ways(kit, a, b, group)
    kit.error(errno.ENOSPC, c, 'join', c.domain, token, group)
    b('leave', group)
    a.wait_event('left', b.domain)
    c('join', c.domain, token, group)
    both_ways(kit, a, c, group)
    for peer in (b, c, a):
        peer.end()


def both_ways(kit, a, b, group):
    for one, other in ((a, b), (b, a)):
        mine, theirs = one('alloc', LEN), other('alloc', LEN)
        one('pattern', mine, LEN, 5)
        handler = one.number('handler', group, other.domain)
        kit.equal(one.number('copy', 'self', mine, handler, theirs, LEN), 0, 'a copy')
        other('expect', theirs, LEN, 5)


def logged(kit, peer, *parts):
    text = peer.log_text()
    for part in parts:
        kit.check(part in text, f"{peer.name} does not say '{part}': {text}")


def table_full(kit):
    """Each window takes an entry of the table, and a change needs one more for a moment, unless it
    only takes rights back.
    """
    k.Model(kit, '--idpt-entries', '4')
    a, b = k.Peer(kit), k.Peer(kit)
    groups = []
    while len(groups) < 8:
        try:
            groups.append(kit.group(a)[0])
        except k.PeerError as error:
            kit.equal(error.code, errno.ENOSPC, 'errno of one group too many')
            break
    kit.check(0 < len(groups) < 5, f'{len(groups)} groups fit into a table of 4 entries')
    logged(kit, a, 'IDXD_WIN_CREATE', 'dsa0', 'no free entry')
    kit.error(errno.ENOSPC, a, 'windows', groups[0], '0x1000:4096:1')
    a('destroy', groups.pop())
    a('windows', groups[0], '0x1000:4096:1')
    for peer in (b, a):
        peer.end()


def full_by_others(kit):
    """Whatever others have of the table, rights can be taken back."""
    model = k.Model(kit, '--idpt-entries', '4')
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(a, b)
    kit.group(c)
    far, near, own = a('alloc', LEN), a('alloc', LEN), b('alloc', LEN)
    kit.error(errno.ENOSPC, a, 'windows', group, '0x1000:4096:1')
    handler = b.number('handler', group, a.domain)
    kit.equal(b.number('copy', 'self', own, handler, far, LEN), 0, 'the old set stays')

    kit.say('less memory, and less to do with it')
    for window in f'{far}:{2 * LEN}:3', f'{far}:{LEN}:3', f'{far}:{LEN}:1':
        a('windows', group, window)
        b.wait_event('handler', a.domain)
    handler = b.number('handler', group, a.domain)
    kit.equal(b.number('copy', handler, far, 'self', own, LEN), 0, 'what is left')
    for wrong in ('self', own, handler, far), (handler, near, 'self', own):
        kit.check(b.number('copy', *wrong, LEN) != 0, f'{wrong} is permitted still')

    kit.say('somebody takes the entry before it is used again')
    for nth in 1, 2:
        model.ctl('ioctl-error', 'create', 'ENOSPC', nth)
    kit.error(errno.ENOSPC, a, 'windows', group, f'{far}:{LEN // 2}:1')
    logged(kit, a, 'nobody can reach this process any more')
    unreachable(kit, b, a, group, handler, far, own)
    model.ctl('ioctl-error', 'create', 'ENOSPC', 1)
    kit.error(errno.ENOSPC, a, 'windows', group, f'{near}:{LEN}:3')
    kit.check(b.number('copy', handler, far, 'self', own, LEN) != 0, 'it can be read')
    a('windows', group, f'{far}:{LEN}:1')
    b.wait_event('handler', a.domain)
    handler = b.number('handler', group, a.domain)
    kit.equal(b.number('copy', handler, far, 'self', own, LEN), 0, 'set again')

    kit.say('nothing at all needs no entry')
    for nth in 1, 2:
        model.ctl('ioctl-error', 'create', 'ENOSPC', nth)
    a('windows', group)
    unreachable(kit, b, a, group, handler, far, own)
    for peer in (c, b, a):
        peer.end()


def unreachable(kit, peer, owner, group, handler, far, own):
    """The table says so, once the peer was told, and the device at once."""
    kit.check(peer.number('copy', handler, far, 'self', own, LEN) != 0, 'it can be read')
    peer.wait_event('windows', owner.domain)
    entry = [e for e in peer('table', group).split() if e.startswith(owner.domain)][0]
    kit.equal(entry.split(':')[2], '0', 'what one may do there')


# What the kernel may say to IDXD_WIN_CREATE, what the API makes of it, and what the log advises.
CREATE_ERRORS = [
    ('ENOTTY', errno.ENOTSUP, 'this kernel does not know it'),
    ('EOPNOTSUPP', errno.ENOTSUP, 'use a DSA 2.0 device'),
    ('ENOSPC', errno.ENOSPC, 'leave groups that are not needed'),
    ('EINVAL', errno.EINVAL, 'set another window'),
    ('ENOMEM', errno.ENOMEM, 'no memory left'),
    ('EPERM', errno.EIO, "check owner and mode of the work queue's device node"),
    ('EACCES', errno.EIO, "check owner and mode of the work queue's device node"),
    ('EMFILE', errno.EIO, 'raise the limit'),
    ('ENODEV', errno.EIO, 'enable it again'),
    ('EFAULT', errno.EIO, 'mistake of the driver'),
    ('ELOOP', errno.EIO, "see the kernel's log"),
]
ATTACH_ERRORS = [
    ('ENOTTY', 'this kernel does not know it'),
    ('EMFILE', 'raise the limit'),
    ('ENODEV', 'enable it again'),
    ('EBUSY', 'leave the group and join again'),
    ('EINVAL', 'the window is closed, or none of this device'),
]


def said(kit, peer, request, name, advice):
    """One line has it all."""
    text = os.strerror(getattr(errno, name))
    lines = [line for line in peer.log_text().splitlines()
             if request in line and 'dsa0' in line and text in line and advice in line]
    kit.check(lines, f"{peer.name} does not say '{request}', 'dsa0', '{text}', '{advice}' in one "
              f'line: {peer.log_text()}')


def fail_attach(model, name):
    """The next window that somebody is attached to is refused; who has one asks after it first."""
    for nth in 1, 2:
        model.ctl('ioctl-error', 'attach', name, nth)


def errors(kit):
    model = k.Model(kit)
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b)
    for name, expected, advice in CREATE_ERRORS:
        model.ctl('ioctl-error', 'create', name, 1)
        kit.error(expected, b, 'windows', group, '0x1000:4096:1')
        both_ways(kit, a, b, group)
        model.ctl('ioctl-error', 'create', name, 1)
        kit.error(expected, c, 'join', c.domain, token, group)
        model.ctl('ioctl-error', 'create', name, 1)
        kit.error(expected, c, 'create', c.domain, token)
        kit.equal(a.number('size', group), 2, 'members')
        said(kit, b, 'IDXD_WIN_CREATE', name, advice)

    kit.say('who attaches first is the creator: it keeps the newcomer out')
    for name, advice in ATTACH_ERRORS:
        fail_attach(model, name)
        kit.error(errno.EIO, c, 'join', c.domain, token, group)
        said(kit, a, 'IDXD_WIN_ATTACH', name, advice)
        kit.equal(a.number('size', group), 2, 'members')
    c('join', c.domain, token, group)
    both_ways(kit, a, c, group)
    both_ways(kit, b, c, group)
    c('leave', group)
    for peer, other in ((a, b), (b, a)):
        peer.wait_event('left', c.domain)
        peer.wait_event('handler', other.domain)

    kit.say('a member whose new window cannot be attached to stays, and has another chance')
    fail_attach(model, 'EMFILE')
    b('windows', group, f'0:{(1 << 64) - 1}:3')
    a.wait_event('windows', b.domain)
    entry = [e for e in a('table', group).split() if e.startswith(b.domain)][0]
    kit.equal(entry.split(':')[2], '0', 'what one may do there')
    b('windows', group, f'0:{(1 << 64) - 1}:3')
    a.wait_event('handler', b.domain)
    both_ways(kit, a, b, group)
    for peer in (c, b, a):
        peer.end()


def special_handles(kit):
    """0 and 65535 are no handlers, and so no windows of the driver, though the kernel gives them."""
    for switches in (['--first-handle', '65530', '--idpt-entries', '65536'],
                     ['--idpt-entries', '6']):
        model = k.Model(kit, *switches)
        a = k.Peer(kit)
        groups = 0
        try:
            while groups < 8:
                kit.group(a)
                groups += 1
        except k.PeerError as error:
            kit.equal(error.code, errno.ENOSPC, 'errno')
        kit.equal(groups, 5, 'groups that the table has room for')
        handles = {word for line in model.ctl('table').splitlines() for word in line.split()
                   if word.startswith('handle=')}
        kit.equal(len(handles), 5, 'windows')
        kit.check(not handles & {'handle=0', 'handle=65535'}, f'windows {handles}')
        a.end()
        model.kill()


def lost_renewal(kit):
    """A member whose window cannot be made anew cannot be reached, rather than by who left."""
    model = k.Model(kit)
    a, b, c = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(a, b, c)
    # Each of the two tries twice.
    for nth in 1, 2, 3, 4:
        model.ctl('ioctl-error', 'create', 'ENOMEM', nth)
    c('leave', group)
    for peer, other in ((a, b), (b, a)):
        peer.wait_event('left', c.domain)
        peer.wait_event('windows', other.domain)
        entry = [e for e in peer('table', group).split() if e.startswith(other.domain)][0]
        kit.equal(entry.split(':')[2], '0', f'what {peer.name} may do')
        logged(kit, peer, 'nobody can reach this process any more')
    kit.say('newcomers come in all the same, and new windows mend it')
    c('join', c.domain, token, group)
    for peer in (a, b):
        peer('windows', group, f'0:{(1 << 64) - 1}:3')
    for peer, other in ((a, b), (b, a), (c, a), (c, b)):
        peer.wait_event('handler', other.domain)
    both_ways(kit, a, b, group)
    both_ways(kit, a, c, group)
    both_ways(kit, b, c, group)
    for peer in (c, b, a):
        peer.end()


def outside(kit):
    """A window where the owner has no memory: that operation fails, and only that."""
    k.Model(kit)
    a, b = k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(a, b)
    b('windows', group, '0x10000:4096:3')
    a.wait_event('handler', b.domain)
    handler = a.number('handler', group, b.domain)
    mine, more = a('alloc', LEN), a('alloc', LEN)
    kit.equal(a.number('copy', 'self', mine, handler, '0x10000', LEN), k.STATUS_PAGE_FAULT,
              'status')
    a('pattern', mine, LEN, 3)
    kit.equal(a.number('copy', 'self', mine, 'self', more, LEN), 0, 'the next one')
    a('expect', more, LEN, 3)
    for peer in (b, a):
        peer.end()


def queued(kit):
    """Operations that wait in the device when the right is taken back all get a status, and when
    the call has returned no byte moves any more.
    """
    model = k.Model(kit)
    owner, writer = k.Peer(kit), k.Peer(kit)
    group, _ = kit.group(writer, owner)
    far, own = owner('alloc', LEN), writer('alloc', LEN)
    handler = writer.number('handler', group, owner.domain)
    model.ctl('pause')
    writer('stream', 'self', own, handler, far, LEN, 32)
    command = owner.send('leave', group)
    model.ctl('resume')
    owner.answer(command)
    kit.check(owner.number('steady', far, LEN, 200) > 0, 'the memory was not looked at')
    writer.wait_event('left', owner.domain)
    outstanding = writer('stream-stop', 3000).split()
    kit.equal(outstanding[0], '0', 'operations without a status')
    kit.check(any(word.startswith(f'{k.STATUS_UNKNOWN}:') for word in outstanding[1:]),
              f'nothing was refused: {outstanding}')
    for peer in (owner, writer):
        peer.end()


def stop_while_busy(kit):
    """A device is not stopped while it may still move memory; that is said in time, and is no
    matter of the others.
    """
    model = k.Model(kit)
    owner, writer, late = k.Peer(kit), k.Peer(kit), k.Peer(kit)
    group, token = kit.group(owner, writer)
    far, own = owner('alloc', LEN), writer('alloc', LEN)
    owner('fill', far, LEN, 1)
    writer('pattern', own, LEN, 4)
    handler = writer.number('handler', group, owner.domain)
    model.ctl('pause')
    writer('stream', 'self', own, handler, far, LEN, 32)
    outstanding = writer('stream-stop', 10)
    kit.equal(outstanding, '32', 'operations under way, and their statuses')
    # The driver waits for 2 s.
    kit.timed(1.9, 6, 'a stop of a busy device', kit.error, errno.EBUSY, writer, 'device-stop')
    logged(kit, writer, 'wq0.1 has not completed in 2000 ms', 'try again later')

    kit.say('groups go on meanwhile')
    late('join', late.domain, token, group)
    for peer in (owner, writer):
        peer.wait_event('joined', late.domain)
        kit.equal(peer.number('size', group), 3, f'members that {peer.name} sees')
    model.ctl('resume')
    both_ways(kit, owner, late, group)
    kit.wait('the device has done everything', lambda: model.stats()['queued'] == 0)
    kit.timed(0, 1, 'a stop of an idle device', writer, 'device-stop')
    owner('expect', far, LEN, 4)
    both_ways(kit, late, owner, group)
    for peer in (late, writer, owner):
        peer.end()


def test(kit):
    for what in (features, op_cap, controllers, single_submitter, table_full, full_by_others,
                 errors, special_handles, lost_renewal, outside, queued, stop_while_busy):
        kit.say(what.__name__)
        what(kit)
        stats = kit.model.stats() if kit.model.alive() else {}
        for name in stats:
            if 'overflow' in name or 'privileged' in name:
                kit.equal(stats[name], 0, f'{what.__name__}: {name}')
        for process in kit.processes:
            process.kill()


k.run(test, 150)
