# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Wrong data is found, whoever moves it: while a case runs, somebody changes a byte of its source.

The source is found in the memory of the tool's processes by the pattern that is written there,
which app/test-dma-perf/memory.c defines.
"""

import struct
import time

from perf_kit import Failure, run

MASK = (1 << 64) - 1
# Of the first repetition of the first scenario.
SEED = ((1 << 32 | 1) * 0xd6e8feb86659fd93) & MASK
BAD_OFFSET = 4096 + 8
SECONDS = 1


def pattern(offset, length):
    words = range(offset // 8, (offset + length) // 8)
    return b''.join(struct.pack('<Q', (word + 1) * 0x9e3779b97f4a7c15 & MASK ^ SEED)
                    for word in words)


def shared_ranges(pid):
    try:
        with open(f'/proc/{pid}/maps', encoding='ascii') as maps:
            for line in maps:
                words = line.split()
                if words[1] == 'rw-s':
                    yield tuple(int(word, 16) for word in words[0].split('-'))
    except (FileNotFoundError, ProcessLookupError):
        pass


def spoil(kit):
    """Change the byte wherever it is; says how often."""
    wanted = pattern(BAD_OFFSET & ~7, 64)
    count = 0
    for pid in kit.processes():
        for low, high in shared_ranges(pid):
            try:
                with open(f'/proc/{pid}/mem', 'r+b', buffering=0) as mem:
                    mem.seek(low)
                    data = mem.read(high - low)
                    at = data.find(wanted)
                    while at >= 0:
                        mem.seek(low + at)
                        mem.write(bytes([data[at] ^ 1]))
                        count += 1
                        at = data.find(wanted, at + 1)
            except OSError:
                pass
    return count


def expect_wrong(kit, kind, text):
    sizes = 'mem_size=2\nbuf_size=512\n'
    kit.start(f'[GLOBAL]\neal_args={kit.eal_args()}\ntest_seconds={SECONDS}\n'
              f'[case1]\ntype={kind}\n{sizes}{text}')
    start = time.monotonic()
    while spoil(kit) == 0:
        if kit.popen.poll() is not None or time.monotonic() - start > 20:
            raise Failure(f'{kind}: no source was found: {kit.finish().err}')
    # A source that was filled after the look at it can have been copied before the look at the
    # destination: then only that was changed, and the next copy mends it.
    spoil(kit)
    result = kit.finish()
    what = f'{kind} {text.split()}'
    kit.equal(result.status, 1, f'{what}: exit status, {result.err}')
    kit.check('WRONG DATA' in result.err and f'first at offset {BAD_OFFSET} ' in result.err,
              f'{what}: saw {result.err!r}')
    kit.equal(result.rows, [], f'{what}: results')


def test(kit):
    kit.need_cpus(2)
    dma = 'dma_ring_size=256\nkick_batch=16\nlcore_dma0=lcore=1,dev=dma_sw0\n'
    expect_wrong(kit, 'CPU_MEM_COPY', 'lcore=1\n')
    expect_wrong(kit, 'DMA_MEM_COPY', dma)
    for direction in ('push', 'pull'):
        expect_wrong(kit, 'DMA_INTER_DOMAIN_COPY', f'{dma}direction={direction}\n')
    expect_wrong(kit, 'DMA_INTER_DOMAIN_COPY', f'{dma}direction=third\npeers=2\n')
    expect_wrong(kit, 'CMA_COPY', 'lcore=1\n')
    expect_wrong(kit, 'SHM_COPY', f'lcore=1\npeer_core={kit.cpus[1]}\n')
    kit.nothing_left()


run(test, 100)
