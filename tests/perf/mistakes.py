# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The DPDK DMA access authors

"""Each kind of mistake in a configuration is reported with its place, before anything starts."""

import os

from perf_kit import run

GLOBAL = """[GLOBAL]
eal_args=--lcores=0@CPU0,1@CPU0,3@CPU0 --no-huge -m 24 --no-pci --vdev=dma_sw0
test_seconds=0.05
"""
CPU = """[case1]
type=CPU_MEM_COPY
mem_size=8
buf_size=64
lcore=1
"""
DMA = """[case1]
type=DMA_MEM_COPY
mem_size=8
buf_size=64
dma_ring_size=1024
kick_batch=32
lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem
"""
INTER = DMA.replace('DMA_MEM_COPY', 'DMA_INTER_DOMAIN_COPY')
SHM = CPU.replace('CPU_MEM_COPY', 'SHM_COPY') + 'peer_core=CPU1\n'
SKELETON = GLOBAL.replace('dma_sw0', 'dma_skeleton')
CMA = CPU.replace('CPU_MEM_COPY', 'CMA_COPY')

# What is replaced, by what, and what the message says. The line that it names is that of the '>'
# in the replacement, which is taken out.
MISTAKES = [
    # The file.
    (GLOBAL + CPU, 'mem_size=8', '>mem_size', "'mem_size' is no line of a configuration"),
    (GLOBAL + CPU, '[case1]', '>[case1', "'[case1': a section's name ends with ']'"),
    (GLOBAL + CPU, '[GLOBAL]\n', '>foo=1\n[GLOBAL]\n',
     "'foo=1' stands before the first section"),
    (GLOBAL + CPU, '[case1]', '>[other]', '[other] unknown section; allowed: [GLOBAL], [case1]'),
    (GLOBAL + CPU, '[case1]', '>[case0]', '[case0] unknown section'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>[case1]',
     '[case1] the section is there already, in line 4'),
    # Keys.
    (GLOBAL + CPU, 'buf_size', '>foo=1\nbuf_size',
     '[case1] foo=1: unknown key; allowed: type, mem_size'),
    (GLOBAL + CPU, 'test_seconds=0.05', 'test_seconds=0.05\n>foo=1',
     '[GLOBAL] foo=1: unknown key; allowed: cache_flush, test_seconds, eal_args'),
    (GLOBAL + CPU, 'test_seconds=0.05', 'test_seconds=0.05\n>mem_size=8',
     '[GLOBAL] mem_size=8: no key of this section; allowed: cache_flush'),
    (GLOBAL + CPU, 'buf_size', '>peers=2\nbuf_size',
     '[case1] peers=2: no key of type CPU_MEM_COPY; allowed: type'),
    (GLOBAL + CMA, 'buf_size', '>lcore_dma0=lcore=1,dev=dma_sw0\nbuf_size',
     'no key of type CMA_COPY'),
    (GLOBAL + CMA, 'buf_size', '>kick_batch=32\nbuf_size', 'no key of type CMA_COPY'),
    # Bytes that are no text.
    (GLOBAL + CPU, 'mem_size=8', '>m\udce4\x1b[31m\x7f',
     "'m\\xe4\\x1b[31m\\x7f' is no line of a configuration"),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=\udcff\x018', '[case1] mem_size=\\xff\\x018: allowed'),
    (GLOBAL + CPU, '[case1]', '>[\udc80]', '[\\x80] unknown section'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=8\0', 'a byte 0 is in this line; allowed: text'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>mem_size=9',
     '[case1] mem_size=9: the key is there already, in line 6'),
    (GLOBAL + CPU, '[case1]\ntype=CPU_MEM_COPY', '>[case1]',
     "[case1] the key 'type' is missing; allowed: DMA_MEM_COPY, CPU_MEM_COPY"),
    (GLOBAL + CPU, '[case1]\ntype=CPU_MEM_COPY\nmem_size=8', '>[case1]\ntype=CPU_MEM_COPY',
     "[case1] the key 'mem_size' is missing; type CPU_MEM_COPY needs it"),
    (GLOBAL + DMA, '[case1]\ntype=DMA_MEM_COPY\nmem_size=8\nbuf_size=64\ndma_ring_size=1024',
     '>[case1]\ntype=DMA_MEM_COPY\nmem_size=8\nbuf_size=64', "the key 'dma_ring_size' is missing"),
    (CPU, '[case1]', '>[case1]\ntest_seconds=1',
     "[case1] the key 'eal_args' is missing, here and in [GLOBAL]"),
    (GLOBAL + DMA.replace('lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem\n', ''), '[case1]',
     '>[case1]', "the key 'lcore_dma0' is missing; type DMA_MEM_COPY needs it"),
    (GLOBAL + SHM.replace('peer_core=CPU1\n', ''), '[case1]', '>[case1]',
     "the key 'peer_core' is missing"),
    # Values.
    (GLOBAL + CPU, 'type=CPU_MEM_COPY', '>type=MEM_COPY',
     '[case1] type=MEM_COPY: allowed: DMA_MEM_COPY, CPU_MEM_COPY, DMA_INTER_DOMAIN_COPY'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=eight',
     'mem_size=eight: allowed: a number from 1 to 1048576, or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=-1', 'allowed: a number from 1'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=8x', 'allowed: a number from 1'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=99999999999999999999999', 'allowed: a number from 1'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=0', 'buf_size=0: allowed: a number from 1'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=4294967296', 'allowed: a number from 1'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=64,128', 'or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=64,128,2,SUB', 'or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=64,128,2,MUL,3', 'or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=64,,2,MUL', 'or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=', 'or first,last,increment,ADD|MUL'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=128,64,2,MUL', 'the last value is less than'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=64,128,1,MUL', 'an increment of 2 or more'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=1,1001,1,ADD', 'allowed: up to 1000 values'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=8388608',
     'mem_size=8 is too small for buf_size=8388608'),
    (GLOBAL + CPU, 'buf_size=64', '>buf_size=4194304,8388608,2,MUL',
     'mem_size=8 is too small for buf_size=8388608'),
    (GLOBAL + DMA, 'dma_ring_size=1024\nkick_batch=32', 'dma_ring_size=32,64,2,MUL\n'
     '>kick_batch=1,2,1,ADD', 'two values run, here and in line 8; allowed in a case: one'),
    (GLOBAL + DMA, 'dma_ring_size=1024', '>dma_ring_size=1000',
     'dma_ring_size=1000: allowed: powers of two from 32 to 32768'),
    (GLOBAL + DMA, 'kick_batch=32', '>kick_batch=1025', 'kick_batch=1025: allowed: up to dma_ring'),
    (GLOBAL + DMA, 'kick_batch=32', 'kick_batch=32\n>dma_src_sge=2',
     "the key 'dma_dst_sge' is missing beside 'dma_src_sge'"),
    (GLOBAL + DMA, 'kick_batch=32', 'kick_batch=32\n>dma_src_sge=17\ndma_dst_sge=1',
     'dma_src_sge=17: allowed: a number from 1 to 16'),
    (GLOBAL + DMA, 'kick_batch=32', 'kick_batch=32\n>use_enq_deq_ops=1',
     'this DPDK has no enqueue and dequeue operations; allowed: 0'),
    (GLOBAL + CPU, 'test_seconds=0.05', '>test_seconds=0',
     '[GLOBAL] test_seconds=0: allowed: seconds from 0.01 to 86400'),
    (GLOBAL + CPU, 'test_seconds=0.05', '>test_seconds=nan', 'allowed: seconds from'),
    (GLOBAL + CPU, 'test_seconds=0.05', '>test_seconds=1s', 'allowed: seconds from'),
    (GLOBAL + CPU, 'test_seconds=0.05', 'test_seconds=1\n>cache_flush=2',
     'cache_flush=2: allowed: a number from 0 to 1'),
    (GLOBAL + CPU, 'test_seconds=0.05', 'test_seconds=1\n>interleave=maybe',
     'interleave=maybe: allowed: no, yes'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>repeat=0', 'repeat=0: allowed: a number from 1 to 1000'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>skip=yes', 'skip=yes: allowed: a number from 0 to 1'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>mode=idle',
     'allowed for CPU_MEM_COPY: throughput, latency'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>mode=fast', 'allowed: throughput, latency, idle'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>src_numa_node=x', 'src_numa_node=x: allowed: a number'),
    (GLOBAL + CPU, 'lcore=1', 'lcore=1\n>name=a,b', 'name=a,b: allowed: 1 to 63 letters'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>direction=up',
     'direction=up: allowed: push, pull, third'),
    (GLOBAL + CMA, 'lcore=1', 'lcore=1\n>direction=third', 'direction=third: allowed: push, pull'),
    (GLOBAL + DMA, 'kick_batch=32', 'kick_batch=32\n>direction=push',
     'allowed for DMA_MEM_COPY: mem2mem, mem2dev, dev2mem'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>handler=x', 'allowed: vchan, op'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>windows=x', 'allowed: whole, narrow'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>peers=64',
     'peers=64: allowed: a number from 1 to 63'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>peers=1\ndirection=third',
     'peers=1: allowed with direction=third: 2 to 63'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>engine_pid=0', 'engine_pid=0: allowed: a'),
    (GLOBAL + CMA, 'lcore=1', 'lcore=1\n>batch=1025', 'batch=1025: allowed: a number from 1 to'),
    # Lcores and devices.
    (GLOBAL + CPU, 'lcore=1', '>lcore=2', 'no such lcore: 2; by eal_args there are: 0-1,3'),
    (GLOBAL + CPU, 'lcore=1', '>lcore=0', "lcore 0 is EAL's main lcore"),
    (GLOBAL + CPU, 'lcore=1', '>lcore=1, 1', 'lcore 1 is there twice'),
    (GLOBAL + CPU, 'lcore=1', '>lcore=1, x', "'x' is no lcore; allowed: numbers from 0"),
    (GLOBAL + CMA, 'lcore=1', '>lcore=1, 3', 'allowed for CMA_COPY: one lcore'),
    (GLOBAL + DMA, 'lcore=1,dev', '>lcore=2,dev', 'no such lcore: 2'),
    (GLOBAL + DMA, ',dir=mem2mem', ',dir=mem2mem\n>lcore_dma1=lcore=3,dev=dma_sw0',
     'device dma_sw0 is there twice'),
    (GLOBAL + DMA, 'lcore_dma0=', '>lcore_dma0=foo=1,', "'foo=1' is wrong; allowed: lcore=N,dev="),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem', '>lcore_dma0=lcore=1',
     "'dev' is missing; allowed: lcore=N,dev=DEVICE"),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem', '>lcore_dma0=dev=dma_sw0',
     "'lcore' is missing"),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem', '>lcore_dma0=dma_sw0',
     'allowed: lcore=N,dev=DEVICE'),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem', '>lcore_dma=1@dma_sw0',
     "'1' is wrong; allowed: lcore1@DEVICE"),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     '>lcore_dma0=lcore=1,dev=dma_sw0,dir=up', "'dir=up' is wrong"),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     '>lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2dev', 'needs raddr=HEX'),
    (GLOBAL + INTER, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     '>lcore_dma0=lcore=1,dev=dma_sw1', 'eal_args has no --vdev=dma_sw1'),
    (GLOBAL + INTER, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     '>lcore_dma0=lcore=1,dev=wq0.0', 'or peer_dev with a device for each peer'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\npeers=2\n>peer_dev=dma_sw0',
     'peer_dev=dma_sw0: devices: 1, peers: 2; allowed: one device for each'),
    (GLOBAL + INTER, 'kick_batch=32', 'kick_batch=32\n>peer_dev=wq0.1,',
     'peer_dev=wq0.1,: allowed: up to 63 devices, as in wq0.1, wq0.2'),
    (GLOBAL + INTER + 'peer_dev=wq0.1\n', 'eal_args=', '>eal_args=',
     'this process would take wq0.1, too, which is for peer 0; allowed: -a with the devices'),
    (GLOBAL.replace('--no-pci', '--no-pci -a wq0.0') + INTER, 'kick_batch=32',
     'kick_batch=32\npeers=2\n>peer_dev=wq0.1, wq0.1', 'device wq0.1 is there twice'),
    (GLOBAL.replace('--no-pci', '--no-pci -a wq0.0') + INTER.replace('dma_sw0', 'wq0.0'),
     'kick_batch=32', 'kick_batch=32\n>peer_dev=wq0.0', 'device wq0.0 is there twice'),
    (GLOBAL + CMA, 'buf_size', '>peer_dev=dma_sw0\nbuf_size', 'no key of type CMA_COPY'),
    (GLOBAL + SHM, 'peer_core=CPU1', '>peer_core=CPU0',
     'peer_core=CPU0: lcore 1 works on this CPU'),
    (GLOBAL + SHM, 'peer_core=CPU1', '>peer_core=1000', 'peer_core=1000: no such CPU'),
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0', '>lcore_dma0=lcore=1,dev=dma_sw1',
     'there is no DMA device dma_sw1; by eal_args there are: dma_sw0'),
    # What a device cannot do.
    (GLOBAL + DMA, 'lcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     '>lcore_dma0=lcore=1,dev=dma_sw0,dir=dev2mem,raddr=0x1000',
     'dir=dev2mem: device dma_sw0 cannot do it; allowed: mem2mem'),
    (GLOBAL + DMA, 'kick_batch=32\nlcore_dma0=lcore=1,dev=dma_sw0,dir=mem2mem',
     'kick_batch=32\n>direction=mem2dev\nvchan_dev=raddr=0x1000\nlcore_dma=lcore1@dma_sw0',
     'direction=mem2dev: device dma_sw0 cannot do it; allowed: mem2mem'),
    (SKELETON + DMA.replace('dma_sw0', 'dma_skeleton'), 'dma_ring_size=1024',
     '>dma_ring_size=8192,16384,2,MUL',
     'dma_ring_size=16384: allowed for device dma_skeleton: 32 to 8192'),
    (SKELETON + DMA.replace('dma_sw0', 'dma_skeleton'), 'kick_batch=32',
     'kick_batch=32\ndma_src_sge=1\n>dma_dst_sge=2',
     'dma_dst_sge=2: device dma_skeleton knows no lists'),
    (SKELETON + INTER.replace('dma_sw0', 'dma_skeleton'), 'lcore_dma0', '>lcore_dma0',
     'device dma_skeleton cannot reach other domains'),
    (GLOBAL + DMA, 'kick_batch=32', 'kick_batch=32\n>engine_pid=4194304',
     'engine_pid=4194304: there is no such process'),
    # Memory, also of a later scenario.
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=200',
     'mem_size=200: EAL has not 200 MiB for it; allowed: less, or more behind -m in eal_args'),
    (GLOBAL + CPU, 'mem_size=8', '>mem_size=8,128,2,MUL', 'mem_size=128: EAL has not 128 MiB'),
    (GLOBAL + CMA, 'mem_size=8', '>mem_size=200', 'mem_size=200: EAL has not 100 MiB'),
    # What EAL does not take; it says why.
    (GLOBAL + CPU, 'eal_args=', '>eal_args=--nonsense ', "unrecognized option '--nonsense'; EAL: "
     "Invalid 'command line' arguments; allowed: what EAL takes"),
    (GLOBAL + CPU, 'eal_args=', '>eal_args=--help ', 'it ends without a word'),
    (GLOBAL + CPU, 'eal_args=--lcores=0@CPU0,1@CPU0,3@CPU0', '>eal_args=-l 0-x',
     'EAL does not start with it: EAL: invalid core list syntax'),
    (GLOBAL + CPU, 'eal_args=--lcores=0@CPU0,1@CPU0,3@CPU0',
     '>eal_args=--lcores=0@CPU0,1@1000', 'EAL: core 1000 unavailable'),
    (GLOBAL + CPU, 'lcore=1\n', 'lcore=1\n>eal_args=--lcores=0@CPU0,1@1000\n',
     '[case1] eal_args=--lcores=0@CPU0,1@1000: EAL does not start with it'),
    # What is right in the first case is not measured, either.
    (GLOBAL + CPU, 'lcore=1\n', 'lcore=1\n' + DMA.replace('[case1]', '[case2]').replace(
        'lcore_dma0=lcore=1,dev=dma_sw0', '>lcore_dma0=lcore=1,dev=dma_sw1'),
     '[case2] lcore_dma0=lcore=1,dev=dma_sw1,dir=mem2mem: there is no DMA device dma_sw1'),
]


def with_cpus(kit, text):
    return text.replace('CPU0', str(kit.cpus[0])).replace('CPU1', str(kit.cpus[1]))


def expect_mistake(kit, config, text):
    before = config[:config.index('>')] if '>' in config else ''
    line = before.count('\n') + 1
    result = kit.run(config.replace('>', '', 1))
    kit.equal(result.status, 1, f'exit status for {text!r}: {result.err}')
    place = f'{kit.path("test.ini")}:{line}:'
    kit.check(any(found.startswith(place) and text in found for found in result.err.splitlines()),
              f'no message with {place} and {text!r}, but: {result.err}')
    kit.equal(result.out, '', f'output with {text!r}')
    kit.check('% done' not in result.err, f'something was measured: {result.err}')
    kit.check(not os.path.exists(kit.path('test.csv')), f'there are results with {text!r}')


def check_reason(kit):
    """What a driver says about its device's arguments is shown, once."""
    result = kit.run(with_cpus(kit, GLOBAL + DMA).replace('dma_sw0\n', 'dma_sw0,foo=1\n', 1))
    kit.equal(result.status, 1, 'exit status with a wrong argument of a device')
    kit.check('there is no DMA device dma_sw0; by eal_args there are: none' in result.err and
              result.err.count('cannot understand "foo=1"') == 1, f'saw {result.err}')
    kit.check('Usage:' not in result.err, f'saw {result.err}')


def check_command_line(kit):
    for arguments, text in ((['--nonsense'], 'nonsense'), (['stray'], "unknown argument 'stray'"),
                            (['--config', '/nonexistent/file'], 'cannot read /nonexistent/file')):
        result = kit.run(with_cpus(kit, GLOBAL + CPU), *arguments)
        kit.equal(result.status, 1, f'exit status with {arguments}')
        kit.check(text in result.err, f'no {text!r} with {arguments}, but: {result.err}')
    result = kit.run(with_cpus(kit, GLOBAL + CPU), '--help')
    kit.equal(result.status, 0, 'exit status with --help')
    kit.check('--config FILE' in result.out, f'--help says {result.out}')
    result = kit.run(with_cpus(kit, GLOBAL + CPU), '--result', '/nonexistent/file')
    kit.equal(result.status, 1, 'exit status without a place for results')
    kit.check('cannot write /nonexistent/file' in result.err, f'saw {result.err}')


def test(kit):
    kit.need_cpus(2)
    for config, old, new, text in MISTAKES:
        kit.equal(config.count(old), 1, f'places of {old!r}')
        expect_mistake(kit, with_cpus(kit, config.replace(old, new)), with_cpus(kit, text))
    result = kit.run('; nothing\n')
    kit.equal(result.status, 1, 'exit status of an empty file')
    kit.check('there is no case; the first one is [case1]' in result.err, f'saw {result.err}')
    # All mistakes of a file are told at once.
    result = kit.run(with_cpus(kit, GLOBAL + CPU).replace('=64', '=x').replace('=8', '=y'))
    kit.equal(result.err.count(kit.path('test.ini')), 2, f'number of messages in {result.err}')
    check_reason(kit)
    check_command_line(kit)
    kit.nothing_left()


run(test, 100)
