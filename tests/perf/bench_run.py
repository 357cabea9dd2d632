# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""devtools/bench.sh as a whole: what it writes and refuses, and that it leaves nothing behind."""

import csv
import fcntl
import math
import os
import signal
import subprocess
import xml.etree.ElementTree

from bench_metrics import METRICS
from perf_kit import Failure, run

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, '..', '..', 'devtools', 'bench.sh')
PAGES = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
# Beyond these a figure is wrong on any machine: percent, ns, us, millions a second, ratios.
SANE = {
    'idle_engine_cpu_percent': (0, 100),
    'latency_64B_p50_ns': (20, 1e6),
    'latency_64B_p99_ns': (20, 1e9),
    'cacheline_rtt_ns': (5, 1e6),
    'join_us_2': (50, 5e6),
    'join_us_16': (50, 5e6),
    'join_us_64': (50, 5e6),
    'submit_ns_per_op': (0.5, 1e5),
    'rate_peers_1': (1e-3, 1e4),
    'rate_peers_16': (1e-3, 1e4),
    'rate_peers_63': (1e-3, 1e4),
}
RATIO = (1e-3, 1e4)


def huge_pages():
    """Their number, while nobody else has changed it for a while."""
    if not os.path.exists(PAGES):
        return None
    with open(PAGES, encoding='ascii') as file:
        if os.geteuid() == 0:
            fcntl.flock(file, fcntl.LOCK_EX)
        return int(file.read())


def start(kit, *arguments, before=()):
    # Whatever is started has kit.dir in its arguments, by way of TMPDIR.
    kit.popen = subprocess.Popen(
        [*before, BENCH, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env=dict(os.environ, TMPDIR=kit.dir), cwd='/')
    return kit.popen


def finish(kit):
    try:
        out, _ = kit.popen.communicate(timeout=100)
    except subprocess.TimeoutExpired:
        kit.popen.kill()
        raise Failure('bench.sh did not end in 100 s') from None
    return kit.popen.returncode, out


def refuses(kit, text, *arguments, before=()):
    start(kit, *arguments, before=before)
    status, out = finish(kit)
    kit.check(status == 1 and text in out,
              f'{arguments}: saw status {status} and {out!r}, expected 1 and {text!r}')


def nothing_left(kit, pages):
    kit.wait('all processes have ended', lambda: not kit.processes())
    kit.wait('its directory is gone', lambda: not [name for name in os.listdir(kit.dir)
                                                   if name.startswith('dma-bench.')])
    kit.equal(huge_pages(), pages, 'number of huge pages')


def check_files(kit, out):
    with open(os.path.join(out, 'summary.csv'), encoding='ascii', newline='') as file:
        rows = list(csv.reader(file))
    kit.equal([row[0] for row in rows], ['metric', *METRICS], 'metrics of summary.csv')
    for name, text in rows[1:]:
        low, high = SANE.get(name, RATIO)
        value = float(text)
        kit.check(math.isfinite(value) and low <= value <= high,
                  f'{name} is {text}, expected {low} to {high}')
    with open(os.path.join(out, 'results.csv'), encoding='ascii', newline='') as file:
        configs = {row['config'] for row in csv.DictReader(file)}
    kit.equal(configs, {'ratios', 'curves', 'peers'}, 'configurations of results.csv')
    for chart, curves in (('throughput', 7), ('latency', 6), ('peers', 1)):
        root = xml.etree.ElementTree.parse(os.path.join(out, f'{chart}.svg')).getroot()
        # gnuplot makes a group of each curve.
        plots = [g for g in root.iter('{http://www.w3.org/2000/svg}g')
                 if g.get('id', '').startswith('gnuplot_plot_')]
        kit.equal(len(plots), curves, f'curves of {chart}.svg')
    for name in ('ratios.ini', 'curves.ini', 'peers.ini', 'machine.txt', 'summary.md',
                 'charts.gnuplot'):
        kit.check(os.path.getsize(os.path.join(out, name)) > 50, f'{name} is nearly empty')


def check_whole(kit, pages):
    out = kit.path('out')
    start(kit, '--rounds', '1', '--seconds', '0.01', '--out', out)
    status, text = finish(kit)
    kit.equal(status, 0, f'exit status of bench.sh, which said {text}')
    kit.check('of 12 goals are met.' in text, f'no table: {text}')
    check_files(kit, out)
    nothing_left(kit, pages)


def is_tool(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read().startswith(b'dpdk-test-dma-perf')
    except OSError:
        return False


def check_signal(kit, pages, number, expected):
    bench = start(kit, '--quick', '--seconds', '20', '--out', kit.path('cut'))
    # The tool, and the case that it has forked.
    kit.wait('it measures', lambda: sum(map(is_tool, kit.processes())) >= 2)
    bench.send_signal(number)
    status, _ = finish(kit)
    kit.equal(status, expected, f'exit status after signal {number}')
    nothing_left(kit, pages)


def test(kit):
    refuses(kit, 'unknown argument', '--nonsense')
    refuses(kit, '--rounds 0: allowed: 1 to 999', '--rounds', '0')
    refuses(kit, '--seconds fast: allowed: 0.01 to 99.99', '--seconds', 'fast')
    refuses(kit, '--out needs a value', '--out')
    refuses(kit, f'only CPU {kit.cpus[0]} may be used',
            before=('taskset', '-c', str(kit.cpus[0])))
    kit.need_cpus(2)
    pages = huge_pages()
    check_whole(kit, pages)
    check_signal(kit, pages, signal.SIGTERM, 143)
    check_signal(kit, pages, signal.SIGKILL, -signal.SIGKILL)


run(test, 200)
