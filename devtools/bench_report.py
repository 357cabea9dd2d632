#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""The arithmetic of devtools/bench.sh: from rows that were measured to the figures that count.

results.csv has all rows, with the columns of dpdk-test-dma-perf's JSON. A ratio is that of two rows
of the same round; the median of all rounds counts. From results.csv alone everything else can be
made once more: bench_report.py DIR.
"""

import argparse
import csv
import json
import os
import statistics
import sys

CONFIGS = ('ratios', 'curves', 'peers')
# Beyond these the figures are worth little: how much the rounds differ, and how much of the CPUs
# others had before it began; both in percent.
MAX_SPREAD = 10
MAX_BUSY = 5


class BenchError(Exception):
    """Something is missing; the text says what."""


class Results:
    """Rows of results.csv: values of a field by round."""

    def __init__(self, rows):
        self.rows = rows

    def by_round(self, config, name, size, field):
        values = {}
        for row in self.rows:
            if (row['config'], row['name']) == (config, name) and \
                    (size is None or int(row['buf_size']) == size) and row[field] != '':
                values[int(row['repetition'])] = float(row[field])
        if not values:
            raise BenchError(f'no row of {config}.ini has name={name}'
                             f'{"" if size is None else f", buf_size={size}"} and a {field}')
        return values


def single(config, name, size, field):
    """A metric that is a field of one row. Like all metrics, a value for each round."""
    def values(results):
        return results.by_round(config, name, size, field)
    return values


def group(name, field):
    """The same of a group of processes: a sample is a start of it, with a time to join of its own.

    What was measured several times after one start is one sample, their median.
    """
    def values(results):
        join = results.by_round('peers', name, 64, 'join_us')
        starts = {}
        for number, value in results.by_round('peers', name, 64, field).items():
            starts.setdefault(join.get(number), {})[number] = value
        return {min(start): statistics.median(start.values()) for start in starts.values()}
    return values


def divide(above, below, what):
    rounds = sorted(above.keys() & below.keys())
    if not rounds:
        raise BenchError(f'no round has both {what}')
    return {r: above[r] / below[r] for r in rounds}


def ratio(over, under):
    """How many times as many operations row 'over' does as row 'under': rows are (name, size)."""
    def values(results):
        return divide(results.by_round('ratios', *over, 'mops'),
                      results.by_round('ratios', *under, 'mops'),
                      f'{over[0]} and {under[0]} of {over[1]} bytes')
    return values


class Goal:
    """At least or at most so much; or so many times another metric of the same round.

    Below 'least' nothing can be: what was measured says something about the machine alone.
    """

    def __init__(self, sign, bound, of=None, least=0):
        self.sign = sign
        self.bound = bound
        self.of = of
        self.least = least

    def judge(self, value):
        if value < self.least:
            return 'machine busy'
        return 'yes' if self.met(value) else 'NO'

    def met(self, value):
        return {'>=': value >= self.bound, '<=': value <= self.bound,
                '<': value < self.bound}[self.sign]

    def __str__(self):
        return f'{self.sign} {self.bound}' + (f' x {self.of}' if self.of else '')


INTER = {size: ('inter', size) for size in (64, 4096, 65536)}

METRICS = (
    ('ratio_64B_vs_cma', ratio(INTER[64], ('cma', 64)), Goal('>=', 25)),
    ('ratio_64B_vs_cma_batch32', ratio(INTER[64], ('cma32', 64)), Goal('>=', 8)),
    ('ratio_64B_vs_skeleton', ratio(INTER[64], ('skeleton', 64)), Goal('>=', 6)),
    ('ratio_64B_vs_shm', ratio(INTER[64], ('shm', 64)), None),
    ('ratio_4KiB_vs_memcpy', ratio(INTER[4096], ('memcpy', 4096)), Goal('>=', 1)),
    ('ratio_64KiB_vs_memcpy', ratio(INTER[65536], ('memcpy', 65536)), None),
    ('ratio_1MiB_cold_vs_memcpy', ratio(('inter_cold', 1048576), ('memcpy_cold', 1048576)),
     Goal('>=', 1.25)),
    ('ratio_4KiB_vs_cma', ratio(INTER[4096], ('cma', 4096)), None),
    # Ratios of times: what the left side takes longer.
    ('inter_over_local_64B', ratio(('local', 64), INTER[64]), Goal('<=', 1.02)),
    ('inter_over_local_4KiB', ratio(('local', 4096), INTER[4096]), Goal('<=', 1.02)),
    ('op_handler_over_vchan_handler_64B', ratio(INTER[64], ('inter_op', 64)), Goal('<=', 1.02)),
    ('latency_64B_p50_ns', single('ratios', 'latency', 64, 'latency_p50_ns'),
     Goal('<', 3, 'cacheline_rtt_ns', least=1)),
    ('latency_64B_p99_ns', single('ratios', 'latency', 64, 'latency_p99_ns'), None),
    ('cacheline_rtt_ns', single('ratios', 'cacheline', None, 'latency_p50_ns'), None),
    ('join_us_2', group('peers_1', 'join_us'), None),
    ('join_us_16', group('peers_15', 'join_us'), None),
    ('join_us_64', group('peers_63', 'join_us'), None),
    ('idle_engine_cpu_percent', group('idle', 'engine_cpu_percent'), Goal('<', 1)),
    ('submit_ns_per_op', single('ratios', 'inter', 64, 'submit_ns_per_op'), Goal('<', 20)),
    ('rate_peers_1', group('peers_1', 'mops'), None),
    ('rate_peers_16', group('peers_16', 'mops'), None),
    ('rate_peers_63', group('peers_63', 'mops'), Goal('>=', 0.8, 'rate_peers_1')),
)


class Figure:
    """A metric that was measured."""

    def __init__(self, name, values, goal):
        self.name = name
        self.values = values
        self.value = statistics.median(values.values())
        self.spread = spread(values.values())
        self.goal = goal
        self.met = '-'

    def judge(self, all_values):
        if self.goal is None:
            return
        value, of = self.value, self.goal.of
        if of:
            value = statistics.median(divide(self.values, all_values[of],
                                             f'{self.name} and {of}').values())
        self.met = self.goal.judge(value)
        if of:
            self.met += f', {number(value)} x'

    def row(self):
        return (self.name, str(self.goal or '-'), number(self.value),
                '-' if self.spread is None else f'{self.spread:.0f} %', self.met)


def number(value):
    """Four digits that count, as short as they get."""
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    return f'{value:.{digits}f}'


def spread(values):
    """The middle half of the values lies within so many percent of the median; None: too few."""
    median = statistics.median(values)
    if len(values) < 3 or median == 0:
        return None
    low, _, high = statistics.quantiles(values, method='inclusive')
    return 100 * (high - low) / median


def figures(results):
    found = [Figure(name, values(results), goal) for name, values, goal in METRICS]
    all_values = {figure.name: figure.values for figure in found}
    for figure in found:
        figure.judge(all_values)
    return found


def noise(results):
    """How much rounds differ: the median, over all rows of ratios.ini, of each row's spread."""
    rates = {}
    for row in results.rows:
        if row['config'] == 'ratios' and row['mops'] != '':
            rates.setdefault((row['name'], row['mode'], row['buf_size']), []).append(
                float(row['mops']))
    spreads = [s for s in map(spread, rates.values()) if s is not None]
    return statistics.median(spreads) if spreads else None


def warnings(results, busy):
    """Why the figures may be worth little: a sentence each."""
    differ = noise(results)
    if differ is None:
        yield ('With fewer than three rounds nobody can tell how busy the machine was: take the '
               'figures as a try.')
    elif differ > MAX_SPREAD:
        yield (f'The machine was busy, or its host moved its CPUs about: the middle half of the '
               f'rounds differs by {differ:.0f} % ({MAX_SPREAD} % would be fine). The figures are '
               'worth little.')
    if busy is not None and busy > MAX_BUSY:
        yield (f'Others used {busy:.0f} % of the two CPUs before it began ({MAX_BUSY} % would be '
               'fine). The figures are worth little.')


def collect(work, out):
    """Puts the JSON files of all configurations together to results.csv."""
    rows = []
    for config in CONFIGS:
        with open(os.path.join(work, f'{config}.json'), encoding='utf-8') as file:
            rows += [{'config': config, **row} for row in json.load(file)]
    with open(os.path.join(out, 'results.csv'), 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator='\n')
        writer.writeheader()
        # What was not measured is null there and empty here.
        writer.writerows(rows)


def read(out):
    with open(os.path.join(out, 'results.csv'), encoding='utf-8', newline='') as file:
        return Results(list(csv.DictReader(file)))


def write_summary(out, found):
    with open(os.path.join(out, 'summary.csv'), 'w', encoding='utf-8') as file:
        file.write('metric,value\n')
        file.writelines(f'{figure.name},{figure.value:.6g}\n' for figure in found)


HEAD = ('metric', 'goal', 'measured', 'spread', 'met')


def write_markdown(out, found, machine, notes):
    with open(os.path.join(out, 'summary.md'), 'w', encoding='utf-8') as file:
        file.write(f'{machine}\n\n')
        file.write(f'| {" | ".join(HEAD)} |\n|---|---|---:|---:|---|\n')
        for figure in found:
            name, *rest = figure.row()
            file.write(f'| `{name}` | {" | ".join(rest)} |\n')
        file.writelines(f'\n{note}\n' for note in notes)


def show(found, machine, notes):
    rows = [HEAD] + [figure.row() for figure in found]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    print(machine)
    for name, goal, value, differ, met in rows:
        print(f'{name:<{widths[0]}}  {goal:<{widths[1]}}  {value:>{widths[2]}}  '
              f'{differ:>{widths[3]}}  {met}')
    goals = [figure for figure in found if figure.goal is not None]
    print(f'{sum(figure.met.startswith("yes") for figure in goals)} of {len(goals)} goals are met.')
    for note in notes:
        print(note)


def main():
    parser = argparse.ArgumentParser(description='Makes summaries of results.csv.')
    parser.add_argument('out', metavar='DIR', help='where results.csv and machine.txt are')
    parser.add_argument('--collect', metavar='WORK', help='make results.csv of JSON files first')
    parser.add_argument('--busy', type=float, metavar='PERCENT',
                        help='of the CPUs, by others, before it began')
    args = parser.parse_args()
    if args.collect:
        collect(args.collect, args.out)
    results = read(args.out)
    with open(os.path.join(args.out, 'machine.txt'), encoding='utf-8') as file:
        machine = file.readline().strip()
    found = figures(results)
    notes = list(warnings(results, args.busy))
    write_summary(args.out, found)
    write_markdown(args.out, found, machine, notes)
    show(found, machine, notes)


if __name__ == '__main__':
    try:
        main()
    except (BenchError, OSError) as error:
        sys.exit(f'bench_report.py: error: {error}')
