# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""With huge pages: all types that have a second process, and peers that find too few pages."""

import os
import sys

from perf_kit import Skipped, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'system'))
import kit as system_kit  # noqa: E402


def global_section(kit):
    cpu = kit.cpus[0]
    return (f'[GLOBAL]\neal_args=--lcores=0@{cpu},1@{cpu} --in-memory --no-pci '
            f'--vdev=dma_sw0,controller={kit.access_dir}\ntest_seconds=0.05\n')


def check_types(kit):
    dma = 'dma_ring_size=256\nkick_batch=16\nlcore_dma0=lcore=1,dev=dma_sw0\n'
    peer_core = f'peer_core={kit.cpus[1]}\n'
    texts = [
        f'type=DMA_MEM_COPY\n{dma}',
        f'type=DMA_INTER_DOMAIN_COPY\n{dma}peers=2\nwindows=narrow\n',
        f'type=DMA_INTER_DOMAIN_COPY\n{dma}peers=3\nhandler=op\ndirection=third\n',
        'type=CMA_COPY\nlcore=1\ndirection=pull\n',
        f'type=SHM_COPY\nlcore=1\n{peer_core}',
    ]
    config = global_section(kit)
    for number, text in enumerate(texts, 1):
        config += f'[case{number}]\nmem_size=8\nbuf_size=4096\n{text}'
    result = kit.runs_well(config)
    kit.equal([row['case'] for row in result.rows], list(range(1, len(texts) + 1)), 'cases')


def check_too_few(kit):
    free = system_kit.memory_info('HugePages_Free')
    # Half of the footprint is in the peers.
    mem_size = free * 2 * 2 + 2
    result = kit.run(global_section(kit) + '[case1]\ntype=DMA_INTER_DOMAIN_COPY\ndirection=third\n'
                     f'peers=2\nmem_size={mem_size}\nbuf_size=64\ndma_ring_size=256\n'
                     'kick_batch=16\nlcore_dma0=lcore=1,dev=dma_sw0\n')
    kit.equal(result.status, 1, 'exit status with too few huge pages')
    kit.check('2 peers need' in result.err and 'free huge pages of 2 MiB; there are' in result.err,
              f'saw {result.err}')


def test(kit):
    kit.need_cpus(2)
    pages = None
    try:
        pages = system_kit.HugePages()
        check_types(kit)
        check_too_few(kit)
    except system_kit.Skipped as skipped:
        raise Skipped(str(skipped)) from None
    finally:
        if pages is not None:
            pages.restore()
    kit.nothing_left()


run(test, 100)
