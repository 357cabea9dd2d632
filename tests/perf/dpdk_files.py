# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Files in the formats of DPDK's tool run as they are, but for devices and lcores of this machine;
so do ranges, repetitions and what is skipped. How far it is is told."""

import os
import re

from perf_kit import run

# As of DPDK 24.11 to 26.07.
NEW = """
; a comment
[GLOBAL]
eal_args={eal},9@{cpu},10@{cpu} --no-huge -m 64 --no-pci --vdev=dma_sw0 --vdev=dma_sw1
cache_flush=0
test_seconds=0.05

[case1]
type=DMA_MEM_COPY
mem_size=10
buf_size=64,8192,2,MUL
dma_ring_size=1024
kick_batch=32
src_numa_node=0
dst_numa_node=0
lcore_dma0=lcore=9,dev=dma_sw0,dir=mem2mem
lcore_dma1=lcore=10,dev=dma_sw1,dir=mem2mem

[case2]
type=DMA_MEM_COPY
mem_size=10
buf_size=4096
dma_ring_size=1024
dma_src_sge=4
dma_dst_sge=1
use_enq_deq_ops=0
kick_batch=8,24,8,ADD
src_numa_node=0
dst_numa_node=0
lcore_dma0=lcore=9,dev=dma_sw0,dir=mem2mem   ; two lines of one name are two workers
lcore_dma0=lcore=10,dev=dma_sw1,dir=mem2mem

[case3]
skip=1
type=DMA_MEM_COPY
lcore_dma0=lcore=12,dev=0000:00:04.3,dir=mem2dev,raddr=0x300000000,coreid=3,pfid=2,vfid=1

[case4]
type=CPU_MEM_COPY
mem_size=10
buf_size=64
src_numa_node=0
dst_numa_node=1
dma_ring_size=1024  ; what DPDK's tool does not read of such a case may be anything
kick_batch=many
lcore_dma0=lcore=11,dev=none,dir=mem2mem
lcore = 9, 10
"""

# As of DPDK 23.07 to 24.07.
OLD = """
[case1]
type=DMA_MEM_COPY
direction=mem2mem
mem_size=10
buf_size=64
dma_ring_size=64,256,2,MUL
kick_batch=32
src_numa_node=0
dst_numa_node=0
cache_flush=1
test_seconds=0.05
lcore_dma=lcore9@dma_sw0, lcore10@dma_sw1
eal_args={eal},9@{cpu},10@{cpu} --no-huge -m 64 --no-pci --vdev=dma_sw0 --vdev=dma_sw1

[case2]
type=DMA_MEM_COPY
direction=dev2mem
vchan_dev=raddr=0x200000000,coreid=1,pfid=2,vfid=3
mem_size=10
buf_size=64
dma_ring_size=1024
kick_batch=32
src_numa_node=0
dst_numa_node=0
cache_flush=0
test_seconds=0.05
lcore_dma=lcore9@dma_sw0
eal_args={eal},9@{cpu} --no-huge -m 64 --no-pci --vdev=dma_sw0
"""

REPEATED = """
[GLOBAL]
eal_args={eal},9@{cpu} --no-huge -m 24 --no-pci
test_seconds=0.02
interleave={interleave}
repeat=2
[case1]
name=first
type=CPU_MEM_COPY
mem_size=2
buf_size=64,128,2,MUL
lcore=9
[case7]
type=CPU_MEM_COPY
mem_size=1,3,1,ADD
buf_size=64
lcore=9
repeat=1
"""


def fill(kit, text, **values):
    return text.format(eal=f'--lcores=0@{kit.cpus[0]}', cpu=kit.cpus[0], **values)


def check_new(kit):
    # With the mark that some editors put before text.
    result = kit.runs_well('\ufeff' + fill(kit, NEW).lstrip())
    warnings = re.findall(r'test.ini:\d+: \[case4\] (\w+)=.*: warning: CPU_MEM_COPY does not use '
                          'this key', result.err)
    kit.equal(warnings, ['dma_ring_size', 'kick_batch', 'lcore_dma0'], f'warnings in {result.err}')
    sizes = [(row['case'], row['buf_size'], row['kick_batch']) for row in result.rows]
    kit.equal(sizes, [(1, 64 << i, 32) for i in range(8)] + [(2, 4096, i) for i in (8, 16, 24)] +
              [(4, 64, 0)], 'scenarios')
    for row in result.rows:
        kit.equal(row['workers'], 2, f'workers of case {row["case"]}')
        # The footprint is that of both sides together, and each operation of a list takes four.
        per_worker = 10 * 1024 * 1024 // (row['buf_size'] * 2) // 2
        kit.equal(row['nr_buf'], per_worker // max(row['src_sge'], 1) * max(row['src_sge'], 1) * 2,
                  'buffers')
    kit.check(['Skip the test-case 3'] in result.lines, 'the CSV file does not say what it skipped')
    lcores = [line[1] for line in result.lines if line and line[0] == 'Scenario 1']
    kit.equal(lcores, ['9', '10'] * 3, 'lcores in the CSV file')
    kit.check('there is no NUMA node 1' in result.err or os.path.exists(
        '/sys/devices/system/node/node1'), 'no word about node 1')


def check_old(kit):
    text = fill(kit, OLD)
    result = kit.run(text)
    # dma_sw has no memory of its own.
    kit.equal(result.status, 1, 'exit status with a direction that dma_sw0 does not know')
    line = text[:text.index('direction=dev2mem')].count('\n') + 1
    kit.check(f':{line}: [case2] direction=dev2mem: device dma_sw0 cannot do it' in result.err,
              f'saw {result.err}')
    kit.equal(result.rows, None, 'rows although a case is wrong')
    result = kit.runs_well(text.replace('[case2]\n', '[case2]\nskip=1\n'))
    kit.equal([(row['case'], row['ring']) for row in result.rows], [(1, 64), (1, 128), (1, 256)],
              'scenarios')


def check_repeated(kit):
    def order(rows):
        return [(row['name'], row['repetition'], row['scenario']) for row in rows]
    result = kit.runs_well(fill(kit, REPEATED, interleave='no'))
    kit.equal(order(result.rows), [('first', 1, 1), ('first', 1, 2), ('first', 2, 1),
                                   ('first', 2, 2), ('case7', 1, 1), ('case7', 1, 2),
                                   ('case7', 1, 3)], 'order of rows')
    result = kit.runs_well(fill(kit, REPEATED, interleave='yes'))
    kit.equal(order(result.rows), [('first', 1, 1), ('first', 1, 2), ('case7', 1, 1),
                                   ('case7', 1, 2), ('case7', 1, 3), ('first', 2, 1),
                                   ('first', 2, 2)], 'order of rows')


def check_default_result(kit):
    """Named after the file up to its first dot, in the current directory."""
    config = kit.path('my.own.ini')
    with open(config, 'w', encoding='ascii') as file:
        file.write(fill(kit, REPEATED, interleave='no'))
    result = kit.call('--config', config)
    kit.equal(result.returncode, 0, 'exit status without --result')
    kit.check(os.path.exists(kit.path('my_result.csv')), f'files: {os.listdir(kit.dir)}')


def check_progress(kit):
    """On a terminal a line that changes, otherwise a line for each case."""
    text = fill(kit, REPEATED, interleave='no')
    err = kit.runs_well(text).err
    lines = re.findall(r'^ *(\d+) % done, \d+ s left: (\w+), CPU_MEM_COPY$', err, re.M)
    kit.equal([name for _, name in lines], ['first', 'case7'], f'cases in {err!r}')
    kit.equal(lines[0][0], '0', 'percent at the beginning')
    kit.check(0 < int(lines[1][0]) < 100, f'percent in between: {lines[1][0]}')
    shown = kit.on_terminal(text)
    kit.check(re.search(r'\r\x1b\[K *\d+ % done, \d+ s left: first, CPU_MEM_COPY', shown),
              f'on a terminal: {shown!r}')
    kit.check(shown.endswith('\r\x1b[K'), f'the line on the terminal is not taken away: {shown!r}')


def test(kit):
    check_progress(kit)
    check_new(kit)
    check_old(kit)
    check_repeated(kit)
    check_default_result(kit)
    kit.nothing_left()


run(test, 100)
