# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""What the tests of dpdk-test-dma-perf share: a directory, runs of the tool, its results.

Each test file has a function test(kit) and ends with run(test, deadline). Controllers, groups and
EAL keep their files in the test's directory, so that what is left over can be found.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

SKIP = 77
RUN_TIMEOUT_S = 120


class Failure(Exception):
    pass


class Skipped(Exception):
    pass


class Result:
    """What a run of the tool left: exit status, both outputs, JSON rows, lines of the CSV file."""

    def __init__(self, status, out, err, rows, lines):
        self.status = status
        self.out = out
        self.err = err
        self.rows = rows
        self.lines = lines


class Kit:
    def __init__(self, program):
        self.program = program
        self.dir = tempfile.mkdtemp(prefix='dma-perf-test.', dir='/tmp')
        self.access_dir = os.path.join(self.dir, 'access')
        self.runtime_dir = os.path.join(self.dir, 'run')
        os.mkdir(self.access_dir, 0o700)
        os.mkdir(self.runtime_dir, 0o700)
        self.env = dict(os.environ, RTE_DMA_ACCESS_DIR=self.access_dir,
                        RUNTIME_DIRECTORY=self.runtime_dir)
        self.checks = 0
        self.cpus = sorted(os.sched_getaffinity(0))
        self.popen = None

    def need_cpus(self, number):
        if len(self.cpus) < number:
            raise Skipped(f'{number} CPUs are needed, there are {len(self.cpus)}')

    def eal_args(self, memory=24, vdev='dma_sw0'):
        """Lcore 1 works on the first CPU, and so does nothing else of the tool.

        The directory in it makes each of the tool's processes known by its command line.
        """
        cpu = self.cpus[0]
        vdev = f' --vdev={vdev},controller={self.access_dir}' if vdev else ''
        return f'--lcores=0@{cpu},1@{cpu} --no-huge -m {memory} --no-pci{vdev}'

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, config, *arguments):
        # Surrogates are bytes that are no text.
        with open(self.path('test.ini'), 'w', encoding='utf-8', errors='surrogateescape') as file:
            file.write(config)
        for name in ('test.csv', 'test.json'):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.popen = subprocess.Popen(
            [self.program, '--config', self.path('test.ini'), '--result', self.path('test.csv'),
             '--json', self.path('test.json'), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.env, cwd=self.dir)
        return self.popen

    def finish(self):
        try:
            out, err = self.popen.communicate(timeout=RUN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise Failure(f'the tool did not end in {RUN_TIMEOUT_S} s') from None
        rows, lines = None, None
        if os.path.exists(self.path('test.json')) and self.popen.returncode >= 0:
            with open(self.path('test.json'), encoding='ascii') as file:
                rows = json.load(file)
        if os.path.exists(self.path('test.csv')):
            with open(self.path('test.csv'), encoding='ascii', newline='') as file:
                lines = list(csv.reader(file))
        return Result(self.popen.returncode, out, err, rows, lines)

    def run(self, config, *arguments):
        self.start(config, *arguments)
        return self.finish()

    def call(self, *arguments):
        """Run the tool with these arguments and nothing else."""
        return subprocess.run([self.program, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.env, cwd=self.dir, timeout=RUN_TIMEOUT_S, check=False)

    def on_terminal(self, config):
        """What a run says on standard error if that is a terminal."""
        with open(self.path('test.ini'), 'w', encoding='ascii') as file:
            file.write(config)
        ours, its = os.openpty()
        with subprocess.Popen(
                [self.program, '--config', self.path('test.ini'), '--result',
                 self.path('test.csv')], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=its, env=self.env, cwd=self.dir) as tool:
            os.close(its)
            text = b''
            while True:
                try:
                    text += os.read(ours, 4096)
                except OSError:  # the other end is closed
                    break
            self.equal(tool.wait(RUN_TIMEOUT_S), 0, 'exit status on a terminal')
        os.close(ours)
        return text.decode()

    def check(self, condition, text):
        self.checks += 1
        if not condition:
            raise Failure(text)

    def equal(self, seen, expected, what):
        self.check(seen == expected, f'{what}: saw {seen!r}, expected {expected!r}')

    def runs_well(self, config):
        result = self.run(config)
        self.check(result.status == 0, f'exit status {result.status}, expected 0: {result.err}')
        return result

    def wait(self, what, condition, timeout=30):
        start = time.monotonic()
        while not condition():
            if time.monotonic() - start > timeout:
                raise Failure(f'{what}: not in {timeout} s')
            time.sleep(0.01)
        self.checks += 1

    def processes(self):
        """Pids whose command line names the test's directory: tool, cases, peers, controller."""
        found = []
        for name in os.listdir('/proc'):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f'/proc/{name}/cmdline', 'rb') as file:
                    if self.dir.encode() in file.read():
                        found.append(int(name))
            except OSError:
                pass
        return found

    def nothing_left(self):
        """No process, no group and no file of EAL's. A controller leaves its lock and its log."""
        self.wait('all processes have ended', lambda: not self.processes())
        left = [name for _, dirs, files in os.walk(self.runtime_dir) for name in dirs + files
                if name != 'dpdk']
        left += [name for name in os.listdir(self.access_dir)
                 if name != 'lock' and not name.startswith('dma_sw.')]
        self.equal(left, [], 'files that are left')

    def clean_up(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)


def run(test, deadline):
    """main() of a test file: PROGRAM."""
    def too_late(number, frame):
        raise Failure(f'the test did not end in {deadline} s')

    def ended(number, frame):
        raise Failure('the test was told to end')
    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, ended)
    signal.alarm(deadline)
    kit = Kit(os.path.abspath(sys.argv[1]))
    code = 0
    try:
        test(kit)
        kit.check(kit.checks > 0, 'nothing was checked')
        print(f'{kit.checks} checks')
    except Skipped as skipped:
        print(f'SKIP: {skipped}')
        code = SKIP
    except Exception as failure:  # what is left has to be cleaned up in any case
        traceback.print_exc(file=sys.stdout)
        print(f'FAIL: {failure}')
        code = 1
    finally:
        signal.alarm(60)
        kit.clean_up()
    sys.exit(code)
