# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""The tool on work queues of Intel DSA, as the model of the device has them: every byte arrives,
and nobody can take the figures for those of hardware.

Arguments: the tool, the model.
"""

import re
import shlex
import subprocess
import sys

from perf_kit import run

WARNING = ('paths of the dsa bus are moved: a model or a test set-up; figures of its devices are '
           'not those of hardware')
# Of the model's statistics, what is 0 when all has gone well and is over.
NEVER = ('faults', 'overflows', 'privileged', 'unknown', 'windows_live', 'clients_live')
QUEUE = ('mem_size=2\nbuf_size=1024\ndma_ring_size=256\nkick_batch=16\n'
         'lcore_dma0=lcore=1,dev=wq0.0\n')
INTER = f'type=DMA_INTER_DOMAIN_COPY\n{QUEUE}'
SOFTWARE = f'type=DMA_MEM_COPY\n{QUEUE.replace("wq0.0", "dma_skeleton")}'

CASES = [
    f'type=DMA_MEM_COPY\n{QUEUE}',
    f'{INTER}direction=push\npeer_dev=wq0.1\n',
    f'{INTER}direction=pull\nwindows=narrow\npeer_dev=wq0.2\n',
    f'{INTER}direction=push\nhandler=op\npeers=3\npeer_dev=wq0.1, wq0.2, wq0.3\n',
    f'{INTER}direction=third\nhandler=op\nwindows=narrow\npeers=3\npeer_dev=wq0.3,wq0.2,wq0.1\n',
    f'{INTER}mode=latency\npeer_dev=wq0.1\n',
]


class Model:
    """The device, for as long as a with statement lasts; programs of the kit find it."""

    def __init__(self, kit, path, *switches):
        self.kit = kit
        self.path = path
        self.switches = switches

    def __enter__(self):
        self.process = subprocess.Popen([self.path, '--dir', self.kit.path('dsa'), *self.switches],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        name = ''
        while name != 'LD_PRELOAD':
            words = shlex.split(self.process.stdout.readline())
            self.kit.check(words[:1] == ['export'], f'the model says {words}, expected a variable')
            name, _, value = words[1].partition('=')
            self.kit.env[name] = value
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def ask(self, *words):
        return subprocess.run([self.path, '--dir', self.kit.path('dsa'), '--ctl', *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              timeout=30, check=True).stdout

    def stats(self):
        return {name: int(value) for name, value in
                (line.split() for line in self.ask('stats').splitlines())}


def config(kit, cases, device='-a wq0.0'):
    text = f'[GLOBAL]\neal_args={kit.eal_args(vdev=None)} {device}\ntest_seconds=0.05\n'
    for number, case in enumerate(cases, 1):
        text += f'[case{number}]\n{case}'
    return text


def software(kit):
    """A case whose device is none of the model's."""
    return f'{SOFTWARE}eal_args={kit.eal_args(vdev=None)} --vdev=dma_skeleton -b wq0.0\n'


def check_marks(kit, result, moved):
    """In all three forms of the results: which rows are said not to be of hardware."""
    kit.check(result.out.startswith(WARNING), f'the first words are {result.out[:200]!r}')
    table = result.out.splitlines()[2:]
    kit.equal([line.endswith('  not hardware') for line in table], moved, 'marks in the table')
    kit.equal([row['dsa_paths_moved'] for row in result.rows], moved, 'marks in JSON')
    kit.equal(sum(line[:1] == ['DMA devices'] and WARNING in ','.join(line)
                  for line in result.lines), moved.count(True), 'words in the CSV file')
    header = [line for line in result.lines if line and line[0].startswith('Case ')][0]
    column = header.index('dsa paths')
    seen = [line[column] for line in result.lines if line and line[0].endswith(' Summary')]
    kit.equal(seen, ['moved' if mark else 'NA' for mark in moved], 'marks in the CSV file')


def check_copies(kit, model):
    result = kit.runs_well(config(kit, CASES + [software(kit)]))
    kit.equal([row['case'] for row in result.rows], list(range(1, len(CASES) + 2)), 'cases')
    for row in result.rows:
        kit.check(row['nr_ops'] > 0, f'{row["name"]}: {row["nr_ops"]} operations')
    check_marks(kit, result, [True] * len(CASES) + [False])
    stats = model.stats()
    kit.check(stats['memmove'] > 0 and stats['inter_copy'] > 0, f'the device has seen {stats}')
    wrong = {name: number for name, number in stats.items() if number != 0 and
             (name.startswith('refused_') or name in NEVER)}
    kit.equal(wrong, {}, 'what the device should not have seen')


def check_failure(kit, model, status, name):
    model.ask('fail', '100', status)
    result = kit.run(config(kit, CASES[1:2]))
    kit.equal(result.status, 1, f'exit status when an operation ends with {status}')
    kit.check(re.search(f'device wq0.0, channel 0: operation .* ended with status .*'
                        f'RTE_DMA_STATUS_{name}', result.err), f'saw {result.err}')


def check_limits(kit):
    """What one channel, and one process on a work queue, come to."""
    result = kit.run(config(kit, [f'{INTER}peers=2\npeer_dev=wq0.1,wq0.2\n']))
    kit.equal(result.status, 1, 'exit status with two channels')
    kit.check('2 channels are needed; allowed for device wq0.0: up to 1, or handler=op'
              in result.err, f'saw {result.err}')
    result = kit.run(config(kit, [f'{INTER}peer_dev=wq0.9\n']))
    kit.equal(result.status, 1, 'exit status with a peer that has no device')
    kit.check('peer 0 cannot set up its device and its buffer: No such device' in result.err,
              f'saw {result.err}')


def test(kit):
    kit.need_cpus(2)
    program = sys.argv[2]
    with Model(kit, program, '--queues', '4') as model:
        check_copies(kit, model)
        check_failure(kit, model, '0x03', 'PAGE_FAULT')
        check_failure(kit, model, '0x70', 'ERROR_UNKNOWN')
        check_limits(kit)
        result = kit.runs_well(config(kit, [software(kit)], ''))
        kit.check('moved' not in result.out, f'without a work queue: {result.out}')
    with Model(kit, program, '--queue-size', '4', '--single-submitter') as model:
        kit.runs_well(config(kit, CASES[:2]))
        kit.equal(model.stats()['overflows'], 0, 'overflows of a work queue of 4 descriptors')
    kit.nothing_left()


run(test, 150)
