# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""The arithmetic of devtools/bench.sh, on rows that were recorded and on rows that are made up."""

import csv
import os
import re
import shutil
import subprocess
import sys

from bench_metrics import METRICS
from perf_kit import run

HERE = os.path.dirname(os.path.abspath(__file__))
DEVTOOLS = os.path.join(HERE, '..', '..', 'devtools')
MACHINE = 'AMD EPYC, 2 CPUs of a machine that was recorded'


class Rows:
    """The recorded rows, to be changed and reported."""

    def __init__(self, kit):
        self.kit = kit
        self.dir = kit.path('report')
        with open(os.path.join(HERE, 'recorded.csv'), encoding='ascii', newline='') as file:
            self.rows = list(csv.DictReader(file))

    def set(self, name, size, field, *values):
        """A value for each round, from the first one."""
        found = [row for row in self.rows
                 if row['name'] == name and (size is None or int(row['buf_size']) == size)]
        self.kit.equal(len(found), len(values), f'recorded rows of {name}, {size}')
        for row, value in zip(found, values):
            row[field] = str(value)

    def drop(self, name, rounds):
        self.rows = [row for row in self.rows
                     if row['name'] != name or int(row['repetition']) not in rounds]

    def report(self, *arguments):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        with open(os.path.join(self.dir, 'results.csv'), 'w', encoding='ascii') as file:
            writer = csv.DictWriter(file, self.rows[0].keys(), lineterminator='\n')
            writer.writeheader()
            writer.writerows(self.rows)
        with open(os.path.join(self.dir, 'machine.txt'), 'w', encoding='ascii') as file:
            file.write(MACHINE + '\n')
        return subprocess.run(
            [sys.executable, '-B', os.path.join(DEVTOOLS, 'bench_report.py'), self.dir, *arguments],
            capture_output=True, text=True, check=False)

    def values(self, *arguments):
        """What summary.csv has, and the text on the screen."""
        result = self.report(*arguments)
        self.kit.equal((result.returncode, result.stderr), (0, ''), 'status, standard error')
        with open(os.path.join(self.dir, 'summary.csv'), encoding='ascii') as file:
            lines = [line.split(',') for line in file.read().splitlines()]
        self.kit.equal([line[0] for line in lines], ['metric', *METRICS], 'metrics of summary.csv')
        return {name: float(value) for name, value in lines[1:]}, result.stdout


def met(kit, text, metric):
    """The last column of a metric's line."""
    line = re.search(rf'^{metric} .*?(-|(?:yes|NO|machine busy)(?:, [0-9.]+ x)?)$', text, re.M)
    kit.check(line is not None, f'no line of {metric} in {text}')
    return line.group(1)


def check_medians_of_ratios(kit):
    rows = Rows(kit)
    # The ratios are 5, 20 and 20. That of the medians would be 10.
    rows.set('inter', 64, 'mops', 10, 20, 60)
    rows.set('cma', 64, 'mops', 2, 1, 3)
    # Times, so the other way round: 0.5, 1.5, 0.5.
    rows.set('local', 64, 'mops', 5, 30, 30)
    values, text = rows.values()
    kit.equal(values['ratio_64B_vs_cma'], 20, 'median of three ratios')
    kit.equal(values['inter_over_local_64B'], 0.5, 'median of three ratios of times')
    kit.equal(met(kit, text, 'ratio_64B_vs_cma'), 'NO', '20 where 25 is the goal')
    kit.equal(met(kit, text, 'inter_over_local_64B'), 'yes', '0.5 where 1.02 is the goal')
    # Without the second round there are 5 and 20.
    rows.drop('cma', {2})
    values, _ = rows.values()
    kit.equal(values['ratio_64B_vs_cma'], 12.5, 'median without a round that only one row has')


def check_goals(kit):
    rows = Rows(kit)
    rows.set('inter', 64, 'submit_ns_per_op', 19.9, 19.9, 40)
    rows.set('idle', 64, 'engine_cpu_percent', 1)
    rows.set('inter', 4096, 'mops', 3, 3, 3)
    rows.set('memcpy', 4096, 'mops', 3, 3, 3)
    # By the medians 300 would be less than 3 times 200. By rounds it is 3, 6 and 1.
    rows.set('latency', 64, 'latency_p50_ns', 300, 600, 200)
    rows.set('cacheline', None, 'latency_p50_ns', 100, 100, 200)
    rows.set('peers_1', 64, 'mops', 50, 50, 50)
    rows.set('peers_63', 64, 'mops', 40, 45, 10)
    values, text = rows.values()
    kit.equal(values['submit_ns_per_op'], 19.9, 'median of a field')
    for metric, expected in (('submit_ns_per_op', 'yes'), ('idle_engine_cpu_percent', 'NO'),
                             ('ratio_4KiB_vs_memcpy', 'yes'), ('ratio_64B_vs_shm', '-'),
                             ('latency_64B_p50_ns', 'NO, 3.000 x'),
                             ('rate_peers_63', 'yes, 0.800 x')):
        kit.equal(met(kit, text, metric), expected, f'goal of {metric}')
    count = len(re.findall(r' yes(, [0-9.]+ x)?$', text, re.M))
    kit.check(f'\n{count} of 12 goals are met.\n' in text, f'not {count} of 12: {text}')


def check_spread(kit):
    """What was measured several times after one start is one sample."""
    def spread(text, metric):
        return re.search(rf'^{metric} .* ([0-9]+ %|-)  (?:-|yes|NO)', text, re.M).group(1)
    rows = Rows(kit)
    rows.set('peers_63', 64, 'mops', 10, 20, 30)
    values, text = rows.values()
    for metric in ('join_us_2', 'join_us_64', 'rate_peers_1', 'rate_peers_63',
                   'idle_engine_cpu_percent'):
        kit.equal(spread(text, metric), '-', f'spread of one start, {metric}')
    kit.equal(values['rate_peers_63'], 20, 'median of one start')
    kit.check(spread(text, 'submit_ns_per_op') != '-', f'no spread of rounds: {text}')
    rows.set('peers_63', 64, 'join_us', 1000, 1500, 2000)
    values, text = rows.values()
    kit.equal((spread(text, 'join_us_64'), spread(text, 'rate_peers_63')), ('33 %', '50 %'),
              'spread of three starts')
    kit.equal(values['join_us_64'], 1500, 'median of three starts')


def check_impossible(kit):
    """Two transfers of a cache line are part of a copy: it is no success to take less time."""
    rows = Rows(kit)
    rows.set('latency', 64, 'latency_p50_ns', 90, 99, 300)
    rows.set('cacheline', None, 'latency_p50_ns', 100, 100, 100)
    _, before = rows.values()
    kit.equal(met(kit, before, 'latency_64B_p50_ns'), 'machine busy, 0.990 x', 'less than a trip')
    rows.set('latency', 64, 'latency_p50_ns', 90, 100, 300)
    _, text = rows.values()
    kit.equal(met(kit, text, 'latency_64B_p50_ns'), 'yes, 1.000 x', 'a trip')

    def count(text):
        return int(re.search(r'^(\d+) of 12 goals', text, re.M).group(1))
    kit.equal(count(text), count(before) + 1, 'goals that are met')


def check_missing(kit):
    rows = Rows(kit)
    rows.drop('shm', {1, 2, 3})
    result = rows.report()
    kit.equal((result.returncode, result.stderr),
              (1, 'bench_report.py: error: no row of ratios.ini has name=shm, buf_size=64 and a '
                  'mops\n'), 'status and message without a row')
    kit.check(not os.path.exists(os.path.join(rows.dir, 'summary.csv')),
              'there is a summary although a row is missing')
    rows = Rows(kit)
    rows.set('idle', 64, 'engine_cpu_percent', '')
    kit.check('name=idle, buf_size=64 and a engine_cpu_percent' in rows.report().stderr,
              'nothing is said of a field that was not measured')
    rows = Rows(kit)
    rows.drop('skeleton', {1, 2})
    rows.drop('inter', {3})
    kit.check('no round has both inter and skeleton of 64 bytes' in rows.report().stderr,
              'nothing is said of rows that have no round in common')


def check_busy(kit):
    rows = Rows(kit)
    for row in rows.rows:
        row['mops'] = '5'
    _, text = rows.values('--busy', '0.5')
    kit.check('worth little' not in text and 'a try' not in text,
              f'a quiet machine is called a busy one: {text}')
    _, text = rows.values('--busy', '30')
    kit.check('Others used 30 % of the two CPUs' in text, f'nothing is said of others: {text}')
    for row in rows.rows:
        row['mops'] = row['repetition']
    _, text = rows.values()
    kit.check('The machine was busy' in text and 'differs by 50 %' in text,
              f'nothing is said of rounds that differ: {text}')
    for name in {row['name'] for row in rows.rows}:
        rows.drop(name, {2, 3})
    _, text = rows.values()
    kit.check('With fewer than three rounds' in text, f'one round is taken for many: {text}')


def check_markdown(kit):
    rows = Rows(kit)
    _, text = rows.values()
    with open(os.path.join(rows.dir, 'summary.md'), encoding='ascii') as file:
        lines = file.read().splitlines()
    kit.equal(lines[0], MACHINE, 'first line of summary.md')
    table = [[cell.strip(' `') for cell in line.strip('|').split('|')] for line in lines[4:26]]
    kit.equal([row[0] for row in table], METRICS, 'metrics of summary.md')
    for row in table:
        kit.equal(row[4], met(kit, text, row[0]), f'last column of {row[0]}, beside the screen')


def test(kit):
    check_medians_of_ratios(kit)
    check_goals(kit)
    check_spread(kit)
    check_impossible(kit)
    check_missing(kit)
    check_busy(kit)
    check_markdown(kit)


run(test, 60)
