# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Whatever ends the tool or one of its processes, no process, no group and no file is left."""

import os
import re
import signal
import time

from perf_kit import run

PEERS = 3
CONFIG = """[GLOBAL]
eal_args={eal}
test_seconds={seconds}
[case1]
type=CPU_MEM_COPY
mem_size=2
buf_size=64
lcore=1
test_seconds=0.05
[case2]
type={kind}
mem_size=2
buf_size=64
{text}
"""


def children(kit, pid):
    found = []
    for process in kit.processes():
        try:
            with open(f'/proc/{process}/stat', encoding='ascii') as stat:
                if int(stat.read().rpartition(')')[2].split()[1]) == pid:
                    found.append(process)
        except OSError:
            pass
    return found


def first_case_is_over(kit):
    try:
        with open(kit.path('test.csv'), encoding='ascii') as file:
            return 'Summary' in file.read()
    except FileNotFoundError:
        return False


def start(kit, kind, text, nb_children):
    """Until the second case measures; returns the pid of its process and those of its children."""
    tool = kit.start(CONFIG.format(eal=kit.eal_args(), seconds=60, kind=kind, text=text))

    def grandchildren():
        # A driver that starts a controller has a child, too, for a moment.
        if not first_case_is_over(kit):
            return []
        return [child for case in children(kit, tool.pid) for child in children(kit, case)]
    kit.wait('the processes of the case are there', lambda: len(grandchildren()) == nb_children)
    # Until it is copying, and not only about to.
    time.sleep(0.3)
    return children(kit, tool.pid)[0], grandchildren()


def end_by_signal(kit, number, kind, text, nb_children):
    start(kit, kind, text, nb_children)
    kit.popen.send_signal(number)
    result = kit.finish()
    kit.nothing_left()
    if number == signal.SIGKILL:
        kit.equal(result.status, -number, 'exit status')
        return
    kit.equal(result.status, 1, 'exit status')
    kit.check(f'ended by signal {int(number)}' in result.err, f'saw {result.err}')
    # What was measured before is not lost.
    kit.equal([row['case'] for row in result.rows], [1], 'rows')


def end_early(kit, number, kind, text, nb_children):
    """While EAL is tried, before anything is measured."""
    tool = kit.start(CONFIG.format(eal=kit.eal_args(), seconds=60, kind=kind, text=text))
    kit.wait('a process is there', lambda: children(kit, tool.pid))
    tool.send_signal(number)
    result = kit.finish()
    kit.nothing_left()
    kit.equal(result.status, 1, 'exit status')
    kit.check(f'ended by signal {int(number)}' in result.err, f'saw {result.err}')
    kit.equal(result.rows, [], 'rows')


def test_dying_parts(kit, inter):
    case, _ = start(kit, *inter)
    os.kill(case, signal.SIGKILL)
    result = kit.finish()
    kit.equal(result.status, 1, 'exit status when a case is killed')
    kit.check('case2: its process was killed by signal 9' in result.err, f'saw {result.err}')
    kit.wait('all processes have ended', lambda: not kit.processes())
    # What a killed process cannot remove is the socket of its group, which the next one replaces.
    kit.runs_well(CONFIG.format(eal=kit.eal_args(), seconds=0.05, kind=inter[0], text=inter[1]))
    kit.nothing_left()


def test_dying_peer(kit, inter):
    """Its memory is gone, so operations fail, and the case with them."""
    kit.start(CONFIG.format(eal=kit.eal_args(), seconds=3, kind=inter[0], text=inter[1]))
    tool = kit.popen.pid

    def peers():
        if not first_case_is_over(kit):
            return []
        return [child for case in children(kit, tool) for child in children(kit, case)]
    kit.wait('the peers are there', lambda: len(peers()) == PEERS)
    time.sleep(1)
    os.kill(peers()[0], signal.SIGKILL)
    result = kit.finish()
    kit.equal(result.status, 1, 'exit status when a peer is killed')
    kit.check(re.search('case2: device dma_sw0, channel [0-9]: operation .* ended with status '
                        '.*RTE_DMA_STATUS_(INVALID_HANDLER|ACCESS_DENIED|INVALID_DST_ADDR)',
                        result.err), f'saw {result.err}')
    kit.nothing_left()


def test(kit):
    kit.need_cpus(2)
    dma = 'dma_ring_size=256\nkick_batch=16\nlcore_dma0=lcore=1,dev=dma_sw0'
    inter = ('DMA_INTER_DOMAIN_COPY', f'{dma}\npeers={PEERS}', PEERS)
    shm = ('SHM_COPY', f'lcore=1\npeer_core={kit.cpus[1]}', 1)
    cma = ('CMA_COPY', 'lcore=1', 1)
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        end_by_signal(kit, number, *inter)
    for parts in (shm, cma):
        end_by_signal(kit, signal.SIGKILL, *parts)
    end_by_signal(kit, signal.SIGINT, *shm)
    for number in (signal.SIGINT, signal.SIGTERM):
        end_early(kit, number, *inter)
    test_dying_parts(kit, inter)
    test_dying_peer(kit, inter)


run(test, 150)
