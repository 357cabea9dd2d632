# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""Promise: telemetry and rte_dma_dump() tell of a process' groups what the API tells, of three
processes in a group and of each change; no question harms the process; and no token is ever in what
a process says, logs or traces. On DSA, rte_dma_dump() also tells of windows and handlers.
"""

import errno
import os
import re
import uuid

import kit as k

LEN = 4096
READ, WRITE = 1, 2
SELF, CREATOR = 1, 2
CAPABILITIES = {'mem2mem': 1 << 0, 'sva': 1 << 4, 'handles_errors': 1 << 6,
                'inter_process_domain': 1 << 9, 'inter_os_domain': 1 << 10, 'copy': 1 << 32,
                'copy_sg': 1 << 33, 'fill': 1 << 34, 'ops_handler': 1 << 36}
# What the events of a peer are called in telemetry.
REASONS = {'joined': 'joined', 'left': 'left', 'destroyed': 'destroyed',
           'windows': 'windows_changed', 'handler': 'handler_changed', 'lost': 'controller_lost'}
# Of each peer: its own device 0, one of the same controller, and one that has no groups.
OTHER, LOCAL = 1, 2


class Watched(k.Peer):
    """A peer that says all it can: to telemetry, in traces, and in its log."""

    def __init__(self, kit):
        trace = os.path.join(kit.dir, kit.unique('trace'))
        os.mkdir(trace)
        other = [] if kit.dsa_program else \
            [f'--vdev=dma_sw1,controller={kit.controller_dir},spawn=0']
        super().__init__(kit, telemetry=True, queues=2, options=[
            *other, '--vdev=dma_skeleton',
            '--log-level=lib.*:debug', '--log-level=pmd.dma.*:debug',
            '--trace=lib.dmadev.*', f'--trace-dir={trace}'])
        self.ask = self.telemetry()

    def group(self, group):
        return self.ask('/dmadev/access_group', 0, group)


def check_info(kit, peer):
    words = dict(word.split('=') for word in peer('info').split())
    info = peer.ask('/dmadev/info', 0)
    kit.check(info['name'] in (peer.queues or ['dma_sw0']), f"name of device 0: {info['name']}")
    kit.equal(info['controller_id'], int(words['controller']), 'controller_id')
    kit.equal(info['max_access_windows'], int(words['windows']), 'max_access_windows')
    kit.check(info['controller_id'] >= 0 and info['max_access_windows'] > 0,
              f'device 0 has no controller or no windows: {info}')
    capa = int(words['capa'], 0)
    seen = {name for name, there in info['capabilities'].items() if there}
    kit.equal({name for name, bit in CAPABILITIES.items() if capa & bit}, seen, 'capabilities')
    kit.check({'inter_process_domain', 'ops_handler'} <= seen, f'device 0 has only {seen}')

    other = peer.ask('/dmadev/info', OTHER)
    kit.equal(other['controller_id'], info['controller_id'], 'another device of the controller')
    local = peer.ask('/dmadev/info', LOCAL)
    kit.equal((local['name'], local['controller_id'], local['max_access_windows']),
              ('dma_skeleton', -1, 0), 'a device that knows no groups')
    for name in 'inter_process_domain', 'inter_os_domain', 'ops_handler':
        kit.equal(local['capabilities'][name], 0, f'dma_skeleton: {name}')


def check_group(kit, peer, group, state='active'):
    """Telemetry says what the API says."""
    table = [] if state == 'ended' else [entry.split(':') for entry in peer('table', group).split()]
    expected = {
        f'member_{i}': {
            'domain_id': domain, 'handler': int(handler), 'read': int(bool(int(prot) & READ)),
            'write': int(bool(int(prot) & WRITE)), 'self': int(bool(int(flags) & SELF)),
            'creator': int(bool(int(flags) & CREATOR)),
        } for i, (domain, handler, prot, flags) in enumerate(table)}
    shown = peer.group(group)
    kit.equal(set(shown), {'group_id', 'state', 'size', 'members', 'events'}, 'what is shown')
    kit.equal((shown['group_id'], shown['state'], shown['size']), (group, state, len(table)),
              f'{peer.name}: group, state, size')
    kit.equal(shown['members'], expected, f'{peer.name}: members')
    if state == 'active':
        kit.equal(shown['size'], peer.number('size', group), f'{peer.name}: size')
    kit.wait(f"{peer.name} is told of the events that are counted: {shown['events']}",
             lambda: shown['events'] == {name: peer.seen[reason, str(group)]
                                         for reason, name in REASONS.items()})
    return shown


def check_dump(kit, peer, lines, device=0):
    dump = peer.ask('/dmadev/dump', device)
    for line in lines:
        kit.check(re.search(f'^  {line}$', dump, re.MULTILINE), f'no line "{line}" in:\n{dump}')
    return dump


def check_groups(kit, peer, groups):
    kit.equal(peer.ask('/dmadev/access_groups', 0), groups, f'{peer.name}: groups')
    for device in OTHER, LOCAL:
        kit.equal(peer.ask('/dmadev/access_groups', device), [], f'groups of device {device}')


def check_windows(kit, group, *peers):
    """On DSA the dump of each names its window and those behind its handlers as the device does."""
    if not kit.dsa_program:
        return
    windows = [dict(word.split('=') for word in line.split())
               for line in kit.model.ctl('table').splitlines()]
    window_of = {peer: window for window in windows for peer in peers
                 if window['owner_pid'] == str(peer.pid)}
    kit.equal(len(windows), len(peers), f'windows ({windows})')
    for peer in peers:
        own = window_of[peer]
        prot = ('r' if own['read'] == '1' else '-') + ('w' if own['write'] == '1' else '-')
        lines = [f"  window {own['handle']}: base {own['base']}, size {own['size']}, {prot}"]
        for other in peers:
            if other is not peer:
                handler = peer.number('handler', group, other.domain)
                lines.append(f"  handler {handler}: window {window_of[other]['handle']} of another "
                             'process')
        dump = check_dump(kit, peer, ['Access groups: windows of many submitters', *lines])
        shown = re.findall('^    (?:window|handler) .*', dump, re.MULTILINE)
        kit.equal(sorted(shown), sorted('  ' + line for line in lines),
                  f'what the dump of {peer.name} tells')


def changes(kit, group, a, b, c):
    kit.say('windows change')
    counted = REASONS[kit.windows_event]
    b('windows', group, f"{b('alloc', LEN)}:{LEN}:{READ}")
    for peer in (a, c):
        peer.wait_event(kit.windows_event, b.domain)
        shown = check_group(kit, peer, group)
        member, = (m for m in shown['members'].values() if m['domain_id'] == b.domain)
        kit.equal((member['read'], member['write']), (1, 0), "b's memory")
    b('windows', group)
    for peer in (a, c):
        peer.wait_event(kit.windows_event, b.domain)
        shown = check_group(kit, peer, group)
        member, = (m for m in shown['members'].values() if m['domain_id'] == b.domain)
        kit.equal((member['read'], member['write']), (0, 0), "b's memory")
        kit.equal(shown['events'][counted], 2, 'changes of windows')
    kit.equal(check_group(kit, b, group)['events'][counted], 0, "b's own changes")
    check_windows(kit, group, a, b, c)

    kit.say('one leaves')
    c('leave', group)
    for peer, other in ((a, b), (b, a)):
        peer.wait_event('left', c.domain)
        if kit.dsa_program:
            # All who stay have another window then.
            peer.wait_event('handler', other.domain)
        kit.equal(check_group(kit, peer, group)['events']['left'], 1, 'members that left')
    check_windows(kit, group, a, b)
    check_groups(kit, c, [])
    kit.equal(c.group(group), None, 'a group that was left')
    kit.check('access_group' not in check_dump(kit, c, []), 'a group that was left is in the dump')


def several(kit, a, b, first):
    kit.say('several groups')
    more = []
    for _ in range(2):
        group, token = kit.group(a, b)
        more.append((group, token))
        # The peers count the events of all groups.
        a.wait_event('joined', b.domain)
        kit.equal(a.group(group)['events']['joined'], 1, 'who joined this group')
    groups = [first] + [group for group, _ in more]
    for peer in (a, b):
        check_groups(kit, peer, groups)
        check_dump(kit, peer, [f'access_group: {group}, members: 2' for group in groups])
    for group, _ in more:
        b('leave', group)
        a('destroy', group)
    check_groups(kit, a, [first])
    return [token for _, token in more]


def ends(kit, engine, group, a, b):
    kit.say('a creator dies, then the controller, if there is one')
    creator = k.Peer(kit)
    short, token = kit.group(creator, b)
    creator.kill()
    b.wait_event('destroyed', creator.domain)
    kit.equal(check_group(kit, b, short, 'ended')['events']['destroyed'], 1, 'ends of the group')
    check_dump(kit, b, [f'access_group: {group}, members: 2', f'access_group: {short}, ended'])
    b('leave', short)
    check_groups(kit, b, [group])
    if kit.dsa_program:
        return [token]
    engine.kill()
    for peer in (a, b):
        peer.wait_event('lost')
        shown = check_group(kit, peer, group, 'ended')
        kit.equal(shown['events']['controller_lost'], 1, 'losses of the controller')
        check_groups(kit, peer, [group])
        check_dump(kit, peer, [f'access_group: {group}, ended', 'controller: .*, lost'])
    return [token]


def bad_questions(kit, peer, group):
    """What dmadev's other commands answer with null or take with a warning, so do these."""
    kit.say('bad questions')
    one, many = '/dmadev/access_groups', '/dmadev/access_group'
    devices = ['', 'x', ' 0', '-1', '+0', ',', '3', '63', '64', '32767', '32768', '65536',
               str(1 << 32), str(1 << 64), '9' * 900, 'x' * 900, '%s%n', '\x01\x7f', '\\"']
    for device in devices:
        question = (device,) if device else ()
        kit.equal(peer.ask(one, *question), None, f'{one} of {device!r}')
        kit.equal(peer.ask(many, *question), None, f'{many} of {device!r}')
        kit.equal(peer.ask(many, device, group), None, f'{many} of {device!r}, {group}')
        if not device.isdigit() or 3 <= int(device) < 32768:
            kit.equal(peer.ask('/dmadev/info', *question), None, f'/dmadev/info of {device!r}')
    for other in ['', ' ', 'x', '-1', f'-{group}', f' {group}', group + 1, 32767, 32768,
                  group + 65536, group + (1 << 32), 1 << 64, '9' * 900, ',', f',{group}']:
        kit.equal(peer.ask(many, 0, other), None, f'group {other!r}')
    kit.equal(peer.ask(many, 0), None, 'no group')
    for device in OTHER, LOCAL:
        kit.equal(peer.ask(many, device, group), None, f"device 0's group, of device {device}")

    for extra in ('x', '0', ''):
        kit.equal(peer.ask('/dmadev/info', 0, extra), peer.ask('/dmadev/info', 0), 'info')
        kit.equal(peer.ask(one, 0, extra), [group], f'groups, and {extra!r}')
        kit.equal(peer.ask(many, 0, group, extra), peer.group(group), f'group, and {extra!r}')
    kit.equal(peer.ask(one, '0x0'), [group], 'groups of device 0x0')
    kit.equal(peer.ask(many, '0x0', hex(group)), peer.group(group), f'group {hex(group)}')
    kit.check('Extra parameters passed' in peer.log_text(), 'no warning of extra parameters')


def token_forms(token):
    """Any way in which a token may be written, and parts of it that no chance writes."""
    number = uuid.UUID(token)
    parts = {number.bytes[:8], number.bytes[8:], number.bytes_le[:8]}
    texts = {token[:18].encode(), token[19:].encode(),
             number.hex[:16].encode(), number.hex[16:].encode(),
             b':'.join(b'%02x' % byte for byte in number.bytes),
             b' '.join(b'%02x' % byte for byte in number.bytes)}
    return parts | texts | {part[::-1] for part in parts}


def no_token(kit, tokens, peers):
    """After the end of all processes: traces are written then."""
    kit.say('nobody told a token')
    said = {f'telemetry of {peer.name}': peer.ask.said for peer in peers}
    for directory, _, names in os.walk(kit.dir):
        for path in (os.path.join(directory, name) for name in names):
            if os.path.isfile(path):
                with open(path, 'rb') as file:
                    said[path] = file.read()
    kit.check(sum('channel' in name for name in said) >= len(peers), f'no traces among {set(said)}')
    logs = [process.log for process in kit.processes]
    kit.check(set(logs) <= set(said), f'a log of {logs} is missing')
    for name, text in said.items():
        for token in tokens:
            for form in token_forms(token):
                kit.check(form not in text and form not in text.lower(),
                          f'{name} has a token, as {form!r}')
    # The search finds what is there: the ids of domains may be told.
    told = said[f'telemetry of {peers[0].name}']
    kit.check(any(form in told for form in token_forms(peers[0].domain)),
              'a domain that was told is not found')


def test(kit):
    engine = kit.engine()
    a, b, c = peers = [Watched(kit) for _ in range(3)]
    tokens = []
    for peer in peers:
        check_info(kit, peer)
        check_groups(kit, peer, [])
        info = peer.ask('/dmadev/info', 0)
        dump = check_dump(kit, peer, [f"controller_id: {info['controller_id']}",
                                      f"max_access_windows: {info['max_access_windows']}",
                                      'dev_capa: .* inter_process_domain .*ops_handler'])
        kit.check('access_group' not in dump, f'a group that is not there:\n{dump}')
        check_dump(kit, peer, ['controller_id: -1', 'max_access_windows: 0'], LOCAL)

    group, token = kit.group(a, b)
    tokens += [token, c('token')]
    kit.error(errno.EACCES, c, 'join', c.domain, tokens[-1], group)
    check_groups(kit, c, [])
    kit.equal(c.group(group), None, 'a group that did not let one in')
    a.wait_event('joined', b.domain)
    c('join', c.domain, token, group)
    for peer in (a, b):
        peer.wait_event('joined', c.domain)
    for peer, joined in ((a, 2), (b, 1), (c, 0)):
        check_groups(kit, peer, [group])
        kit.equal(check_group(kit, peer, group)['events']['joined'], joined, 'who joined')
        check_dump(kit, peer, [f'access_group: {group}, members: 3'])
    check_windows(kit, group, a, b, c)
    changes(kit, group, a, b, c)
    tokens += several(kit, a, b, group)
    bad_questions(kit, a, group)
    check_group(kit, a, group)
    tokens += ends(kit, engine, group, a, b)
    for peer in peers:
        peer.end()
    no_token(kit, tokens, peers)


k.run(test, 100)
