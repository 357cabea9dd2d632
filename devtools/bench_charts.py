#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Draws the charts of devtools/bench.sh: bench_charts.py DIR, where results.csv is.

charts.gnuplot holds data and drawing together, so that a chart can be changed and drawn once more
with gnuplot alone. Points are medians over all rounds.
"""

import os
import statistics
import subprocess
import sys

from bench_report import BenchError, read

# What is drawn, with a colour for each that people with any eyesight can tell from the others.
CURVES = (
    ('inter', 'dma_sw, to another process', '#0072B2'),
    ('local', 'dma_sw, within a process', '#56B4E9'),
    ('skeleton', 'dma_skeleton, within a process', '#E69F00'),
    ('memcpy', 'memcpy, within a process', '#000000'),
    ('cma', 'process_vm_writev', '#D55E00'),
    ('cma32', 'process_vm_writev, 32 at once', '#CC79A7'),
    ('shm', 'copy in, copy out, by shared memory', '#009E73'),
)
LATENCIES = ('inter', 'memcpy', 'cma', 'shm')

START = """set terminal svg size 900,560 dynamic font "DejaVu Sans,Helvetica,Arial,sans-serif,13" \\
	background rgb "white"
set grid xtics ytics linecolor rgb "#dddddd"
set border 3
set tics nomirror out
set key Left reverse noenhanced
set encoding utf8
set logscale xy
set style data linespoints
"""

THROUGHPUT = """set output "throughput.svg"
set title "Throughput by the size of an operation\\n{{/*0.8 {machine}; 8 MiB go round}}"
set xlabel "Size of an operation"
set ylabel "Data copied (GB/s)"
set format y "%g"
set xtics ({sizes})
set xrange [45:1500000]
set key bottom right
plot {curves}
"""

LATENCY = """set output "latency.svg"
set title "Time of one operation, from submission to completion\\n{{/*0.8 {machine}}}"
set ylabel "Time"
set ytics ("100 ns" 100, "1 µs" 1e3, "10 µs" 1e4, "100 µs" 1e5, "1 ms" 1e6)
set yrange [50:*]
set key top left
plot {curves}, \\
	{line} with lines linecolor rgb "#888888" dashtype 3 title "cache line, there and back"
"""

PEERS = """set output "peers.svg"
set title "Copies of 64 bytes to several processes in turn\\n{{/*0.8 {machine}}}"
set xlabel "Other processes"
set ylabel "Operations (millions a second)"
set xtics (1, 2, 4, 8, 16, 32, 63)
set xrange [0.9:70]
unset logscale y
set yrange [0:*]
set ytics autofreq
unset key
plot $peers using 1:2 linewidth 2 pointtype 7 linecolor rgb "#0072B2"
"""


def points(results, config, name, field, mode='throughput'):
    """Medians by size; none of what was not measured."""
    values = {}
    for row in results.rows:
        if (row['config'], row['name'], row['mode']) == (config, name, mode) and row[field] != '':
            values.setdefault(int(row['buf_size']), []).append(float(row[field]))
    return [(size, statistics.median(values[size])) for size in sorted(values)]


def peer_points(results):
    numbers = {int(row['peers']) for row in results.rows if row['name'].startswith('peers_')}
    # A group of 16, beside the one of 17.
    numbers.discard(15)
    return [(n, statistics.median(results.by_round('peers', f'peers_{n}', 64, 'mops').values()))
            for n in sorted(numbers)]


def block(name, data):
    if not data:
        raise BenchError(f'no row for the curve {name}')
    return '\n'.join([f'${name} << END', *(f'{x} {y:g}' for x, y in data), 'END', ''])


def curve(name, title, colour, style=''):
    return f'${name} using 1:2 linewidth 2 pointtype 7 linecolor rgb "{colour}" {style} ' \
           f'title "{title}"'


def size_label(size):
    for unit, name in ((1 << 20, 'MiB'), (1 << 10, 'KiB')):
        if size >= unit:
            return f'"{size // unit} {name}" {size}'
    return f'"{size} B" {size}'


def script(results, machine):
    data, rates, times = [], [], []
    for name, title, colour in CURVES:
        data.append(block(name, points(results, 'curves', name, 'gbps')))
        rates.append(curve(name, title, colour))
        if name not in LATENCIES:
            continue
        for field, style in (('p50', ''), ('p99', 'dashtype 2')):
            if field == 'p99' and name != 'inter':
                continue
            data.append(block(f'{name}_{field}', points(results, 'curves', name,
                                                        f'latency_{field}_ns', 'latency')))
            times.append(curve(f'{name}_{field}', f'{title}, {field}', colour, style))
    data.append(block('peers', peer_points(results)))
    sizes = [size for size, _ in points(results, 'curves', 'memcpy', 'gbps')]
    line = statistics.median(results.by_round('ratios', 'cacheline', None,
                                              'latency_p50_ns').values())
    machine = machine.replace('_', '\\_').replace('@', '\\\\@')
    join = ', \\\n\t'.join
    return ''.join([
        START, *data,
        THROUGHPUT.format(machine=machine, sizes=', '.join(map(size_label, sizes)),
                          curves=join(rates)),
        LATENCY.format(machine=machine, curves=join(times), line=f'{line:g}'),
        PEERS.format(machine=machine)])


def main():
    out, = sys.argv[1:]
    with open(os.path.join(out, 'machine.txt'), encoding='utf-8') as file:
        machine = file.readline().strip()
    with open(os.path.join(out, 'charts.gnuplot'), 'w', encoding='utf-8') as file:
        file.write(script(read(out), machine))
    subprocess.run(['gnuplot', 'charts.gnuplot'], cwd=out, stdin=subprocess.DEVNULL, check=True)


if __name__ == '__main__':
    try:
        main()
    except (BenchError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f'bench_charts.py: error: {error}')
