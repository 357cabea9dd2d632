# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Every type in every mode runs, and its table, CSV and JSON say things that can be."""

import os

from perf_kit import run

DMA_KEYS = 'dma_ring_size=256\nkick_batch=16\nlcore_dma0=lcore=1,dev=dma_sw0\n'
LATENCIES = ['latency_min_ns', 'latency_p50_ns', 'latency_p99_ns', 'latency_p999_ns',
             'latency_max_ns']
OWN_COLUMNS = 11  # of DPDK's tool


def case(kind, text, mode='throughput'):
    sizes = '' if kind == 'PING_PONG' else 'mem_size=2\nbuf_size=256\n'
    return f'type={kind}\nmode={mode}\n{sizes}{text}'


def cases(kit):
    peer_core = f'lcore=1\npeer_core={kit.cpus[1]}\n'
    inter = 'DMA_INTER_DOMAIN_COPY'
    yield case('DMA_MEM_COPY', DMA_KEYS)
    yield case('DMA_MEM_COPY', DMA_KEYS + 'dma_src_sge=3\ndma_dst_sge=2\n')
    yield case('DMA_MEM_COPY', DMA_KEYS.replace('dma_sw0', 'dma_skeleton')
               + f'eal_args={kit.eal_args(vdev=None)} --vdev=dma_skeleton\n')
    yield case('CPU_MEM_COPY', 'lcore=1\ncache_flush=1\n')
    for direction in ('push', 'pull', 'third'):
        for handler in ('vchan', 'op'):
            for windows in ('whole', 'narrow'):
                peers = 3 if direction == 'third' else 2
                yield case(inter, DMA_KEYS + f'direction={direction}\nhandler={handler}\n'
                           f'windows={windows}\npeers={peers}\n')
    # Peers with another device than the process of the case.
    yield case(inter, DMA_KEYS + 'peers=2\npeer_dev=dma_sw1,dma_sw1\n'
               f'eal_args={kit.eal_args()} --vdev=dma_sw1,controller={kit.access_dir}\n')
    yield case(inter, DMA_KEYS + 'dma_src_sge=1\ndma_dst_sge=4\ncache_flush=1\n')
    yield case('CMA_COPY', 'lcore=1\n')
    yield case('CMA_COPY', 'lcore=1\nbatch=32\ndirection=pull\n')
    yield case('SHM_COPY', peer_core)
    yield case('SHM_COPY', peer_core + 'kick_batch=4\ndma_ring_size=32\n').replace('256', '100000')
    yield case('PING_PONG', peer_core)
    for kind, text in (('DMA_MEM_COPY', DMA_KEYS), ('CPU_MEM_COPY', 'lcore=1\n'),
                       (inter, DMA_KEYS + 'peers=2\n'), ('CMA_COPY', 'lcore=1\n'),
                       ('SHM_COPY', peer_core), ('PING_PONG', peer_core)):
        yield case(kind, text, 'latency')
    yield case('DMA_MEM_COPY', DMA_KEYS, 'idle')
    yield case(inter, DMA_KEYS, 'idle')
    # Any process will do; the one of this test waits, too.
    yield case('DMA_MEM_COPY', DMA_KEYS + f'engine_pid={os.getpid()}\n', 'idle')


def check_throughput(kit, row, what):
    kit.check(row['mops'] > 0, f'{what}: {row["mops"]} Mops')
    rate = row['nr_ops'] / row['seconds'] / 1e6
    kit.check(0.99 < row['mops'] / rate < 1.01, f'{what}: {row["mops"]} Mops, but {rate} by ops')
    # Longer only if nothing at all was done by then, on a busy machine.
    kit.check(0.05 <= row['seconds'] < 25, f'{what}: {row["seconds"]} s, expected 0.05')
    cycles = row['tsc_ghz'] * 1e3 / row['mops']
    kit.check(0.99 < row['cycles_per_op'] / cycles < 1.01, f'{what}: {row["cycles_per_op"]} cycles')
    if row['type'] == 'PING_PONG':
        kit.equal(row['gbps'], None, f'{what}: GB/s')
    else:
        rate = row['mops'] * row['buf_size'] / 1e3
        kit.check(0.99 < row['gbps'] / rate < 1.01, f'{what}: {row["gbps"]} GB/s, but {rate}')
    if row['type'].startswith('DMA'):
        kit.check(0 < row['submit_ns_per_op'] < 1e6, f'{what}: submit {row["submit_ns_per_op"]} ns')


def check_latency(kit, row, what):
    times = [row[name] for name in LATENCIES]
    kit.check(None not in times and times == sorted(times) and times[0] > 0,
              f'{what}: latencies {times}')
    kit.check(times[0] <= row['latency_mean_ns'] <= times[-1], f'{what}: mean outside of {times}')


def check_row(kit, row, what):
    if row['mode'] == 'idle':
        for name in ('engine_cpu_percent', 'submitter_cpu_percent'):
            kit.check(row[name] is not None and 0 <= row[name] < 100, f'{what}: {name} {row[name]}')
        kit.equal(row['mops'], None, f'{what}: Mops')
    else:
        check_throughput(kit, row, what) if row['mode'] == 'throughput' else \
            check_latency(kit, row, what)
        kit.equal(row['engine_cpu_percent'], None, f'{what}: engine CPU')
    if row['mode'] == 'throughput' and row['type'] == 'PING_PONG':
        # Of short batches; their mean cannot be less than the shortest one.
        check_latency(kit, row, what)
        kit.check(row['latency_min_ns'] <= row['ns_per_op'] * 1.02,
                  f'{what}: mean {row["ns_per_op"]} ns, shortest {row["latency_min_ns"]} ns')
    elif row['mode'] != 'latency':
        kit.equal([row[name] for name in LATENCIES], [None] * 5, f'{what}: latencies')
    if row['type'] == 'DMA_INTER_DOMAIN_COPY':
        kit.check(0 < row['join_us'] < 2e6, f'{what}: join took {row["join_us"]} us')
        kit.equal(row['members'], row['peers'] + 1, f'{what}: members')
    else:
        kit.equal((row['join_us'], row['members']), (None, 0), f'{what}: join, members')


def check_csv(kit, lines, rows):
    headers = [line for line in lines if line and line[0].startswith('Case ')]
    kit.equal(len(headers), len(rows), 'headers of cases in the CSV file')
    kit.equal(headers[0][:OWN_COLUMNS],
              ['Case 1 : DMA_MEM_COPY', 'lcore', 'DMA', 'DMA ring size', 'kick batch size',
               'buffer size(B)', 'number of buffers', 'memory(MB)', 'average cycle',
               'bandwidth(Gbps)', 'MOps'], "columns of DPDK's tool")
    summaries = [line for line in lines if line and line[0] == 'Scenario 1 Summary']
    workers = [line for line in lines if line and line[0] == 'Scenario 1']
    kit.equal((len(summaries), len(workers)), (len(rows), len(rows)), 'lines of results')
    for header, worker, summary, row in zip(headers, workers, summaries, rows):
        what = f'CSV of {row["name"]}'
        kit.equal((len(worker), len(summary)), (len(header), len(header)), f'{what}: columns')
        seen = dict(zip(header, worker))
        kit.equal(seen['lcore'], '1', f'{what}: lcore')
        kit.equal(seen['DMA'], row['device'] or 'NA', f'{what}: device')
        kit.equal(seen['mode'], row['mode'], f'{what}: mode')
        if row['mode'] != 'idle':
            for name, value in (('MOps', row['mops']),
                                ('bandwidth(Gbps)', (row['gbps'] or 0) * 8)):
                kit.check(abs(float(seen[name]) - value) <= 0.001 + value * 0.001,
                          f'{what}: {name} {seen[name]}, in JSON {value}')


def test(kit):
    kit.need_cpus(2)
    texts = list(cases(kit))
    config = f'[GLOBAL]\neal_args={kit.eal_args()}\ntest_seconds=0.05\n'
    for number, text in enumerate(texts, 1):
        config += f'[case{number}]\n{text}'
    result = kit.runs_well(config)
    kit.equal([row['case'] for row in result.rows], list(range(1, len(texts) + 1)), 'cases in JSON')
    for text, row in zip(texts, result.rows):
        check_row(kit, row, f'{row["name"]} ({text.splitlines()})')
        kit.equal(row['type'], text[5:text.index('\n')], 'type')
    check_csv(kit, result.lines, result.rows)
    table = [line.split()[0] for line in result.out.splitlines()]
    kit.equal(table, ['case'] + [row['name'] for row in result.rows], 'lines of the table')
    result = kit.run(config[:config.index('[case1]')] + '[case1]\n' +
                     case('DMA_MEM_COPY', DMA_KEYS + 'engine_pid=4194304\n', 'idle'))
    kit.equal(result.status, 1, 'exit status without such a process')
    kit.check('engine_pid=4194304: there is no such process' in result.err, f'saw {result.err}')
    kit.nothing_left()


run(test, 200)
