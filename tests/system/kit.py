# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors
"""What system tests share: checks, a directory of their own, controllers and peers.

A test is a function that takes a Kit; run() calls it, and afterwards, however it ended, kills every
process that the kit started and removes every file. A test fails if it checked nothing.
"""

import collections
import ctypes
import fcntl
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid

SKIP = 77
PEER_MIB = 64
CONTROLLER_UID = 61001
FIRST_UID = 61002
SECOND_UID = 61003

RTE_DMA_HANDLER_SELF = 0xFFFF
STATUS_OK = 0
STATUS_PAGE_FAULT = 14
STATUS_BAD_HANDLER = 0x80
STATUS_DENIED = 0x81
STATUS_UNKNOWN = 0x100


class Failure(Exception):
    """What was seen is not what was expected."""


class Skipped(Exception):
    """The test cannot be done here."""


class PeerError(Exception):
    """A peer's answer to a command was an error."""

    def __init__(self, command, code, text):
        super().__init__(f"'{command}': error {code} {text}")
        self.code = code


def become(uid):
    """For a child process: die with the parent, as another user if told so."""
    def prepare():
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        # prctl(PR_SET_PDEATHSIG, SIGKILL), which a change of user would undo
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    return prepare


class Process:
    """A child process with its standard error in a file."""

    def __init__(self, kit, name, arguments, uid=None, environment=None):
        self.kit = kit
        self.name = name
        self.log = os.path.join(kit.dir, f'{name}.log')
        with open(self.log, 'ab') as log:
            self.popen = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env={**os.environ, **(environment or {})}, preexec_fn=become(uid), cwd='/')
        self.pid = self.popen.pid
        kit.processes.append(self)

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """Kill it as it stands and see it gone."""
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait(10)

    def alive(self):
        return self.popen.poll() is None

    def log_text(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def memory_kib(self, name):
        with open(f'/proc/{self.pid}/status', encoding='ascii') as status:
            for line in status:
                if line.startswith(name + ':'):
                    return int(line.split()[1])
        raise Failure(f'no {name} in /proc/{self.pid}/status')


class Controller(Process):
    """A dpdk-dma-controller in the directory kit.controller_dir."""

    def __init__(self, kit, uid=None, directory=None):
        self.dir = directory or kit.controller_dir
        super().__init__(kit, kit.unique('controller'),
                         [kit.controller_program, '--dir', self.dir], uid)
        kit.wait('the controller comes up', self._serves, 10)

    def _serves(self):
        if not self.alive():
            raise Failure(f'the controller ended: {self.log_text()}')
        return 'serving' in self.log_text()

    def status(self):
        out = subprocess.run([self.kit.controller_program, '--dir', self.dir, '--status', '--json'],
                             capture_output=True, timeout=10, check=True)
        return json.loads(out.stdout)


class Model(Process):
    """A model of DSA devices and of the kernel's driver for them."""

    DEVICES = 2

    def __init__(self, kit, *switches, queues=8):
        self.queues = queues
        self.dir = os.path.join(kit.dir, kit.unique('dsa'))
        os.mkdir(self.dir)
        super().__init__(kit, kit.unique('model'), [
            kit.dsa_program, '--dir', self.dir, '--devices', str(self.DEVICES),
            '--queues', str(queues), '--movdir64b', kit.movdir64b, *switches])
        self.environment = {}
        threading.Thread(target=self._read, daemon=True).start()
        kit.wait('the model comes up', lambda: 'DSA_DEV_PATH' in self.environment, 10)
        self.environment['DSA_MODEL_DIR'] = self.dir
        kit.model = self

    def _read(self):
        for line in self.popen.stdout:
            name, _, value = line.decode().strip().removeprefix('export ').partition('=')
            self.environment[name] = value.strip('\'"')

    def ctl(self, *words):
        """A command to the running model, and its answer."""
        out = subprocess.run([self.kit.dsa_program, '--dir', self.dir, '--ctl',
                              *(str(word) for word in words)],
                             capture_output=True, timeout=15, text=True)
        if out.returncode != 0:
            raise Failure(f'model: {words}: {out.stdout} {out.stderr}')
        return out.stdout

    def stats(self):
        return {name: int(value) for name, value in
                (line.split()[:2] for line in self.ctl('stats').splitlines() if line)}

    def free_queues(self, device, count):
        """Work queues of the device that no living peer has."""
        taken = {name for process in self.kit.processes
                 if isinstance(process, Peer) and process.alive() for name in process.queues}
        free = [name for name in (f'wq{device}.{number}' for number in range(self.queues))
                if name not in taken]
        if len(free) < count:
            raise Failure(f'dsa{device} has no {count} free queues')
        return free[:count]

    def node(self, name):
        """The device node of a work queue."""
        return os.path.join(self.dir, 'dev', name)


class Peer(Process):
    """A tests/peer process. Commands are methods' arguments, joined by blanks.

    Of several devices (more --vdev among the options) it uses the first. With DSA it has so many
    work queues of the model that was started last, of the first device if 'device' is no other
    number, and of them uses the one that DPDK finds first.
    """

    def __init__(self, kit, uid=None, device='', memory=PEER_MIB, wait=True, telemetry=False,
                 options=(), queues=1):
        self.prefix = kit.unique(f'dma{os.getpid()}_')
        self.domain = str(uuid.uuid4())
        self.lines = queue.Queue()
        self.events = []
        # How many events there were, by (reason, group).
        self.seen = collections.Counter()
        self.changed = threading.Condition()
        self.queues = kit.model.free_queues(device or 0, queues) if kit.dsa_program else []
        if self.queues:
            own = [word for name in self.queues for word in ('-a', name)]
        else:
            own = [f'--vdev=dma_sw0,controller={kit.controller_dir},spawn=0' +
                   (f',{device}' if device else '')]
        cores = '0@(' + ','.join(str(c) for c in sorted(os.sched_getaffinity(0))) + ')'
        # Only root can use the mounted huge pages of the machine; anybody those of memfd_create().
        mounted = uid is None and os.path.ismount('/dev/hugepages')
        pages = '--huge-unlink=always' if mounted else '--in-memory'
        run = os.path.join(kit.dir, self.prefix)
        self.telemetry_path = os.path.join(run, 'dpdk', self.prefix, 'dpdk_telemetry.v2')
        os.mkdir(run, 0o700)
        if uid is not None:
            os.chown(run, uid, uid)
        super().__init__(
            kit, kit.unique('peer'),
            [kit.peer_program, pages if kit.huge else '--no-huge', '-m', str(memory), '--no-pci',
             f'--file-prefix={self.prefix}', f'--lcores={cores}', *own,
             *(() if telemetry else ('--no-telemetry',)), *options],
            uid, {'RTE_DMA_ACCESS_DIR': kit.access_dir, 'RUNTIME_DIRECTORY': run,
                  **({'LD_PRELOAD': kit.preload} if kit.preload else {}),
                  **(kit.model.environment if self.queues else {})})
        threading.Thread(target=self._read, daemon=True).start()
        if wait:
            self.ready()

    def _read(self):
        for line in self.popen.stdout:
            line = line.decode().strip()
            if line.startswith('event '):
                with self.changed:
                    self.events.append(tuple(line.split()[1:]))
                    self.seen[self.events[-1][:2]] += 1
                    self.changed.notify_all()
            else:
                self.lines.put(line)
        self.lines.put('error 5 the peer ended')

    def ready(self, timeout=30):
        try:
            self.answer('start', timeout)
        except PeerError as error:
            raise Failure(f'{self.name} did not start: {error}: {self.log_text()}') from error

    def send(self, *words):
        command = ' '.join(str(word) for word in words)
        try:
            self.popen.stdin.write(command.encode() + b'\n')
            self.popen.stdin.flush()
        except BrokenPipeError:
            pass
        return command

    def answer(self, command, timeout=10):
        try:
            line = self.lines.get(timeout=timeout)
        except queue.Empty:
            raise Failure(f"{self.name}: no answer to '{command}' in {timeout} s") from None
        words = line.split(None, 2)
        if words[0] == 'ok':
            return line[3:]
        raise PeerError(command, int(words[1]), words[2] if len(words) > 2 else '')

    def __call__(self, *words, timeout=10):
        return self.answer(self.send(*words), timeout)

    def number(self, *words, timeout=10):
        return int(self(*words, timeout=timeout), 0)

    def wait_event(self, reason, domain=None, timeout=5):
        """Wait for an event; all events up to it are forgotten."""
        def found():
            for i, event in enumerate(self.events):
                if event[0] == reason and domain in (None, event[2]):
                    return i
            return None
        with self.changed:
            if not self.changed.wait_for(lambda: found() is not None, timeout):
                raise Failure(f'{self.name}: no event {reason} of {domain} in {timeout} s, '
                              f'but {self.events}')
            del self.events[:found() + 1]
        self.kit.checks += 1

    def telemetry(self):
        """A connection to its telemetry; it needs telemetry=True."""
        return Telemetry(self.telemetry_path)

    def end(self):
        """Let it end by itself."""
        self.send('exit')
        try:
            code = self.popen.wait(15)
        except subprocess.TimeoutExpired:
            raise Failure(f'{self.name} does not end') from None
        self.kit.check(code == 0, f'{self.name} ended with {code}: {self.log_text()}')


class Telemetry:
    """Asks a process for what telemetry tells of it: call it with a command and its parameters."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.room = json.loads(self.socket.recv(1024))['max_output_len']
        # Every byte that it ever said.
        self.said = b''

    def __call__(self, command, *parameters):
        request = ','.join([command, *(str(p) for p in parameters)])
        self.socket.send(request.encode())
        answer = self.socket.recv(self.room)
        self.said += answer
        try:
            return json.loads(answer)[command]
        except (ValueError, KeyError):
            raise Failure(f"'{request}' is answered by {answer!r}") from None


class Kit:
    def __init__(self, peer_program, controller_program, dsa_program, movdir64b, huge, preload):
        self.peer_program = peer_program
        self.controller_program = controller_program
        self.dsa_program = dsa_program
        self.movdir64b = movdir64b
        self.model = None
        # What is particular about DSA: the device does not tell why it refuses, and new windows
        # have a new handler.
        self.bad_handler = STATUS_UNKNOWN if dsa_program else STATUS_BAD_HANDLER
        self.denied = STATUS_UNKNOWN if dsa_program else STATUS_DENIED
        self.windows_event = 'handler' if dsa_program else 'windows'
        self.huge = huge
        self.preload = preload
        self.dir = tempfile.mkdtemp(prefix='dma-system.', dir='/tmp')
        os.chmod(self.dir, 0o755)
        self.controller_dir = os.path.join(self.dir, 'c')
        self.access_dir = os.path.join(self.dir, 'g')
        os.mkdir(self.controller_dir)
        os.mkdir(self.access_dir, 0o700)
        self.processes = []
        self.checks = 0
        self.names = 0

    def engine(self, uid=None, **model):
        """Start what moves the memory; a model as root, for it is the kernel, too."""
        return Model(self, **model) if self.dsa_program else Controller(self, uid)

    def unique(self, name):
        self.names += 1
        return f'{name}{self.names}'

    def say(self, text):
        print(f'{time.monotonic() - START:6.2f} {text}', flush=True)

    def check(self, condition, text):
        self.checks += 1
        if not condition:
            raise Failure(text)

    def equal(self, seen, expected, what):
        self.check(seen == expected, f'{what}: saw {seen!r}, expected {expected!r}')

    def wait(self, what, condition, timeout=5):
        """Wait until a condition holds; returns how long that took."""
        start = time.monotonic()
        while not condition():
            if time.monotonic() - start > timeout:
                raise Failure(f'{what}: not in {timeout} s')
            time.sleep(0.005)
        self.checks += 1
        return time.monotonic() - start

    def error(self, code, peer, *words, timeout=10):
        """A command must end with this error."""
        command = ' '.join(str(word) for word in words)
        try:
            result = peer(*words, timeout=timeout)
        except PeerError as error:
            self.equal(error.code, code, f"errno of '{command}'")
            return
        raise Failure(f"'{command}': saw 'ok {result}', expected errno {code}")

    def timed(self, low, high, what, function, *arguments, **named):
        """Call it and check how long that takes, in seconds."""
        start = time.monotonic()
        try:
            return function(*arguments, **named)
        finally:
            took = time.monotonic() - start
            self.say(f'{what} took {took:.3f} s')
            self.check(low <= took <= high, f'{what} took {took:.3f} s, expected {low} to {high} s')

    def group(self, creator, *joiners):
        """Make a group of peers: (its id, its token)."""
        token = creator('token')
        group = creator.number('create', creator.domain, token)
        for joiner in joiners:
            joiner('join', joiner.domain, token, group)
        return group, token

    def clean_up(self):
        for process in self.processes:
            try:
                process.kill()
            except subprocess.TimeoutExpired:
                print(f'{process.name} (pid {process.pid}) cannot be killed')
            for pipe in (process.popen.stdin, process.popen.stdout):
                try:
                    pipe.close()
                except OSError:
                    pass
        shutil.rmtree(self.dir, ignore_errors=True)

    def logs(self):
        for process in self.processes:
            text = process.log_text()
            if text:
                print(f'--- {process.name} (pid {process.pid}):\n{text[-2000:]}')


START = time.monotonic()


def need_root():
    if os.geteuid() != 0:
        raise Skipped('needs root, to act as several users')


def need_open_path(path, uid):
    """Whether another user can run what is there."""
    try:
        subprocess.run(['test', '-x', path], check=True, preexec_fn=become(uid))
    except subprocess.CalledProcessError:
        raise Skipped(f'user {uid} cannot reach {path}') from None


def memory_info(name):
    with open('/proc/meminfo', encoding='ascii') as info:
        for line in info:
            if line.startswith(name + ':'):
                return int(line.split()[1])
    return 0


class HugePages:
    """Sees to it that enough huge pages are free; gives back what it took.

    Who changes their number holds a lock on the file that says it, as unit/autotest.sh does.
    """

    NEEDED = 256
    COUNT = '/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'

    def __init__(self):
        self.before = self.lock = None
        if memory_info('HugePages_Free') >= self.NEEDED:
            return
        if os.geteuid() == 0 and os.path.exists(self.COUNT):
            self.lock = open(self.COUNT, encoding='ascii')
            fcntl.flock(self.lock, fcntl.LOCK_EX)
            self.before = int(self.lock.read())
            with open(self.COUNT, 'w', encoding='ascii') as count:
                count.write(str(self.before + self.NEEDED))
        if memory_info('HugePages_Free') < self.NEEDED:
            self.restore()
            raise Skipped(f"{memory_info('HugePages_Free')} huge pages are free, "
                          f'{self.NEEDED} are needed')

    def restore(self):
        if self.before is not None:
            with open(self.COUNT, 'w', encoding='ascii') as count:
                count.write(str(self.before))
        if self.lock is not None:
            self.lock.close()
        self.before = self.lock = None


def run(test, deadline):
    """main() of a test file: PEER CONTROLLER [dsa=MODEL] [movdir64b=HOW] [huge] [LIBRARY.so].

    With dsa=MODEL the peers have work queues of that model of DSA, and there is no controller;
    HOW is how it sees descriptors. A library is for peers to preload.
    """
    peer_program, controller_program = (os.path.abspath(path) for path in sys.argv[1:3])
    huge = 'huge' in sys.argv[3:]
    preload = next((os.path.abspath(name) for name in sys.argv[3:] if name.endswith('.so')), None)

    named = dict(word.split('=', 1) for word in sys.argv[3:] if '=' in word)
    dsa_program = os.path.abspath(named['dsa']) if 'dsa' in named else None

    def too_late(number, frame):
        raise Failure(f'the test did not end in {deadline} s')

    def ended(number, frame):
        raise Failure('the test was told to end')
    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, ended)
    signal.alarm(deadline)
    kit = Kit(peer_program, controller_program, dsa_program, named.get('movdir64b', 'native'),
              huge, preload)
    pages = None
    code = 0
    try:
        if huge:
            pages = HugePages()
        test(kit)
        kit.check(kit.checks > 0, 'nothing was checked')
        kit.say(f'{kit.checks} checks')
    except Skipped as skipped:
        print(f'SKIP: {skipped}')
        code = SKIP
    except Exception as failure:  # what is left has to be cleaned up in any case
        traceback.print_exc(file=sys.stdout)
        print(f'FAIL: {failure}')
        kit.logs()
        code = 1
    finally:
        signal.alarm(60)
        kit.clean_up()
        if pages is not None:
            pages.restore()
    sys.stdout.flush()
    os._exit(code)
