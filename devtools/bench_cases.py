#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""The cases of devtools/bench.sh, as configurations of dpdk-test-dma-perf.

ratios.ini has the rows that are compared with each other, next to each other, so that what happens
on the machine meanwhile happens to both. curves.ini has all sizes, for the charts; peers.ini groups
of all sizes. Rows of the same size have the same footprint, source and destination together.
"""

import argparse
import os

# MiB. The first one is in reach of the caches, the second one is not.
WARM = 8
COLD = 256
SMALL_SIZES = '64,16384,4,MUL'
LARGE_SIZES = '65536,1048576,4,MUL'
ALL_SIZES = '64,1048576,4,MUL'
PEERS = (1, 2, 4, 8, 15, 16, 32, 63)
# Enough for summary.csv; 15 peers are a group of 16.
FEW_PEERS = (1, 4, 15, 16, 63)

INTRODUCTION = """; {title}
;
; Written by devtools/bench.sh. The controller is gone; to measure once more, start another one,
;     dpdk-dma-controller --dir DIR --cores {engine}
; and put DIR in the place of {dir}.
"""


class Config:
    """Collects cases, and writes them down."""

    def __init__(self, args, title, repeat, interleave=True):
        self.args = args
        self.title = title
        self.repeat = repeat
        self.interleave = interleave
        self.cases = []

    def eal_args(self, mib, lcores='', vdev=None):
        first = self.args.submitter
        pages = '--in-memory' if self.args.huge else f'--no-huge -m {mib + 32}'
        vdev = vdev or f'dma_sw0,controller={self.args.controller},spawn=0'
        return (f'--lcores=0@{first},1@{first}{lcores} {pages} --no-pci --vdev={vdev} '
                '--log-level=lib.eal:error --log-level=pmd.dma.skeleton:error')

    def case(self, name, kind, lines, mib=WARM, size=None, **keys):
        text = [f'name={name}', f'type={kind}']
        if size is not None:
            text += [f'mem_size={mib}', f'buf_size={size}']
        if mib != WARM:
            text.append(f'eal_args={self.eal_args(mib)}')
        text += lines + [f'{key}={value}' for key, value in keys.items()]
        self.cases.append(text)

    def dma(self, name, kind, size, ring=1024, batch=32, **keys):
        self.case(name, kind, [f'dma_ring_size={ring}', f'kick_batch={batch}',
                               'lcore_dma0=lcore=1,dev=dma_sw0'], size=size, **keys)

    def inter(self, name, size, **keys):
        self.dma(name, 'DMA_INTER_DOMAIN_COPY', size, **keys)

    def local(self, name, size, **keys):
        self.dma(name, 'DMA_MEM_COPY', size, **keys)

    def skeleton(self, name, size, ring=1024, batch=32):
        """Its thread copies on the engine's CPU."""
        eal_args = self.eal_args(WARM, f',2@{self.args.engine}', 'dma_skeleton,lcore=2')
        self.case(name, 'DMA_MEM_COPY', [f'dma_ring_size={ring}', f'kick_batch={batch}',
                                         'lcore_dma0=lcore=1,dev=dma_skeleton',
                                         f'eal_args={eal_args}'], size=size)

    def cpu(self, name, kind, size=None, **keys):
        self.case(name, kind, ['lcore=1'], size=size, **keys)

    def two_cpus(self, name, kind, size=None, **keys):
        self.cpu(name, kind, size, peer_core=self.args.engine, **keys)

    def write(self, name):
        path = os.path.join(self.args.out, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(INTRODUCTION.format(title=self.title, engine=self.args.engine,
                                           dir=self.args.controller))
            file.write(f'\n[GLOBAL]\neal_args={self.eal_args(WARM)}\n'
                       f'test_seconds={self.args.seconds}\nrepeat={self.repeat}\n'
                       f'interleave={"yes" if self.interleave else "no"}\n')
            for number, text in enumerate(self.cases, 1):
                file.write('\n'.join([f'\n[case{number}]', *text, '']))


def ratios(args):
    config = Config(args, 'Rows that are compared with each other.', args.rounds)
    config.skeleton('skeleton', 64)
    config.two_cpus('shm', 'SHM_COPY', 64)
    config.cpu('cma', 'CMA_COPY', 64)
    config.cpu('cma32', 'CMA_COPY', 64, batch=32)
    config.local('local', 64)
    config.inter('inter', 64)
    config.inter('inter_op', 64, handler='op')
    config.cpu('cma', 'CMA_COPY', 4096)
    config.local('local', 4096)
    config.inter('inter', 4096)
    config.cpu('memcpy', 'CPU_MEM_COPY', 4096)
    config.inter('inter', 65536, ring=256, batch=8)
    config.cpu('memcpy', 'CPU_MEM_COPY', 65536)
    config.inter('inter_cold', 1048576, mib=COLD, ring=64, batch=4)
    config.cpu('memcpy_cold', 'CPU_MEM_COPY', 1048576, mib=COLD)
    config.inter('latency', 64, batch=1, mode='latency')
    config.two_cpus('cacheline', 'PING_PONG')
    return config


def curves(args):
    config = Config(args, 'All sizes, for the charts.', args.chart_rounds)
    for put, name in ((config.inter, 'inter'), (config.local, 'local'),
                      (config.skeleton, 'skeleton')):
        put(name, SMALL_SIZES)
        put(name, LARGE_SIZES, ring=64, batch=4)
    config.cpu('memcpy', 'CPU_MEM_COPY', ALL_SIZES)
    config.cpu('cma', 'CMA_COPY', ALL_SIZES)
    config.cpu('cma32', 'CMA_COPY', ALL_SIZES, batch=32)
    config.two_cpus('shm', 'SHM_COPY', ALL_SIZES)
    config.inter('inter', ALL_SIZES, batch=1, mode='latency')
    config.cpu('memcpy', 'CPU_MEM_COPY', ALL_SIZES, mode='latency')
    config.cpu('cma', 'CMA_COPY', ALL_SIZES, mode='latency')
    config.two_cpus('shm', 'SHM_COPY', ALL_SIZES, mode='latency', kick_batch=1)
    return config


def peers(args):
    """To start a large group takes longer than to measure it: with little time, only once."""
    config = Config(args, 'Groups of several sizes, and an engine that has nothing to do.',
                    args.peer_rounds or 3, interleave=args.peer_rounds != 0)
    config.inter('idle', 64, mode='idle', test_seconds=args.idle_seconds, repeat=1)
    for number in PEERS if args.peer_rounds > 1 else FEW_PEERS:
        config.inter(f'peers_{number}', 64, handler='op', peers=number)
    return config


def main():
    parser = argparse.ArgumentParser(description='Writes the configurations of bench.sh.')
    parser.add_argument('--out', required=True)
    parser.add_argument('--controller', required=True, help='its directory')
    parser.add_argument('--submitter', type=int, required=True, help='CPU')
    parser.add_argument('--engine', type=int, required=True, help='CPU')
    parser.add_argument('--huge', action='store_true', help='there are huge pages')
    parser.add_argument('--seconds', type=float, required=True, help='of a measurement')
    parser.add_argument('--idle-seconds', type=float, required=True)
    parser.add_argument('--rounds', type=int, required=True)
    parser.add_argument('--chart-rounds', type=int, required=True)
    parser.add_argument('--peer-rounds', type=int, required=True,
                        help='0: each group is started once and measured three times')
    args = parser.parse_args()
    for make in (ratios, curves, peers):
        make(args).write(f'{make.__name__}.ini')


main()
