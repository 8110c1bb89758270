import { describe, expect, it } from 'vitest'
import { kindCalled, readScenario } from '../../src/scenario/read.ts'
import { readFaultLine, readTranscript, Session } from '../../src/scenario/transcript.ts'
import { start } from '../../src/simulate.ts'

const notes = `Some prose, and a file web.yaml:

apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: others
$ kubectl create -f web.yaml
configmap "settings" created

# what is there
$ kubectl get configmap settings -o name
old output
# fails
$ kubectl get pod nobody
$ kubectl run -i --tty --image busybox dns-test --restart=Never --rm /bin/sh
/ # nslookup web-0.nginx
Server:    10.0.0.10
/ # hostname
/ # exit
$ fault node-power-loss node/node-2 for=1m
`

describe('a transcript', () => {
  const { commands, mistakes } = readTranscript(notes, 'notes.txt')
  it('holds commands, what is typed into containers, files, and what is expected to fail', () => {
    expect(mistakes).toEqual([])
    expect(commands.map(({ line, at, fails, typed }) => [at, line, fails, typed])).toEqual([
      [12, 'kubectl create -f web.yaml', false, []],
      [16, 'kubectl get configmap settings -o name', false, []],
      [19, 'kubectl get pod nobody', true, []],
      [20, 'kubectl run -i --tty --image busybox dns-test --restart=Never --rm /bin/sh', false, ['nslookup web-0.nginx', 'hostname']],
      [25, 'fault node-power-loss node/node-2 for=1m', false, []],
    ])
    expect(Object.keys(commands[0]?.files ?? {})).toEqual(['web.yaml'])
    expect(commands[0]?.files['web.yaml']?.split('\n')).toHaveLength(10)
  })
  it('without commands is a mistake, as is a file that nothing reads', () => {
    expect(readTranscript('prose\n', 'a').mistakes.map((one) => one.found)).toEqual(['there is no command in it'])
    expect(readTranscript('apiVersion: v1\n$ kubectl get pods\n', 'a').mistakes.map((one) => [one.line, one.found])).toEqual([
      [1, 'a YAML document that no command reads'],
    ])
  })
})

describe('a session', () => {
  const session = () => {
    const { scenario } = readScenario('apiVersion: stsim/v1\nkind: Scenario\nduration: 1000h\ncluster: {profile: reference}\n', {
      name: 'shell',
    })
    const simulation = start(scenario as NonNullable<typeof scenario>)
    let log = ''
    const made = new Session(simulation.stage, {
      explain: (what) => ({ text: `why ${what}`, exit: 0 }),
      kindCalled,
      random: false,
      settle: (until, stop) => simulation.settle(until, stop),
      print: (text) => {
        log += text
      },
      pace: 30_000_000,
    })
    return { made, simulation, log: () => log }
  }

  it('prints each command as typed with its answer, and remembers what failed', () => {
    const { made, log } = session()
    made.play(
      readTranscript(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n$ kubectl create -f s.yaml\n$ kubectl get pod nobody\n# fails\n$ kubectl get pod nobody\n$ now\n$ frobnicate\n$ exit\n$ kubectl get nodes\n',
        'a',
      ),
    )
    expect(log()).toBe(
      [
        '$ kubectl create -f s.yaml',
        'configmap/settings created',
        '$ kubectl get pod nobody',
        'Error from server (NotFound): pods "nobody" not found',
        '$ kubectl get pod nobody',
        'Error from server (NotFound): pods "nobody" not found',
        '$ now',
        '1m30s (2026-01-01T00:01:30Z)',
        '$ frobnicate',
        'frobnicate: there is no such command here; there are: kubectl, sleep, settle, now, fault, explain, exit, help',
        '$ exit',
        '',
      ].join('\n'),
    )
    expect(made.failures.map(({ line, exit }) => [line, exit])).toEqual([
      ['kubectl get pod nobody', 1],
      ['frobnicate', 127],
    ])
  })

  it('lets time pass when a command blocks, and until it is asked to', () => {
    const { made, simulation, log } = session()
    expect(made.run('sleep 90s')).toBe(0)
    expect(simulation.engine.now).toBe(90_000_000)
    expect(made.run('kubectl wait --for=delete node/node-1 --timeout=20s')).toBe(1)
    expect(simulation.engine.now).toBe(110_000_000)
    expect(log()).toContain('timed out waiting for the condition')
    expect(made.run('sleep soon')).toBe(2)
  })

  it('runs several commands of a line, and loops', () => {
    const { made, log } = session()
    expect(made.run('for name in alpha beta; do kubectl create namespace "$name-x"; done; kubectl get pod nobody && now')).toBe(1)
    expect(log()).toBe('namespace/alpha-x created\nnamespace/beta-x created\nError from server (NotFound): pods "nobody" not found\n')
  })

  it('explains', () => {
    const { made, log } = session()
    expect(made.run('explain pod/web-0 ready')).toBe(0)
    expect(log()).toBe('why pod/web-0 ready\n')
  })

  it('begins faults', () => {
    const { made, simulation, log } = session()
    expect(made.run('fault node-power-loss node/node-2 for=1m')).toBe(0)
    expect(simulation.cluster.world.machines.get('node-2')?.state).toBe('off')
    expect(made.pending).toBe(true)
    made.run('sleep 2m')
    expect(simulation.cluster.world.machines.get('node-2')?.state).toBe('on')
    expect(made.run('fault node-power-loss node/node-9')).toBe(2)
    expect(log()).toContain('there is no node "node-9"')
  })
})

describe('a fault on one line', () => {
  it('is read with its parameters', () => {
    expect(readFaultLine(['container-crash', 'pod/web-0', 'code=3'])).toEqual({ fault: 'container-crash', target: 'pod/web-0', code: 3 })
    expect(readFaultLine(['node-power-loss', 'disk=ssd', 'mode=one', 'for=10m'])).toEqual({
      fault: 'node-power-loss',
      target: 'disk=ssd',
      mode: 'one',
      for: '10m',
    })
    expect(readFaultLine(['api-error', 'verb=create', 'kind=pods', 'count=2'])).toEqual({
      fault: 'api-error',
      verb: 'create',
      kind: 'pods',
      count: 2,
    })
  })
  it.each([
    [['node-power-los', 'node/a'], 'there is no fault "node-power-los"; did you mean "node-power-loss"?'],
    [['node-power-loss'], 'fault node-power-loss needs a target: node/NAME'],
    [['node-power-loss', 'node/a', 'for=10'], '10 has no unit; say 10s for seconds, 10m for minutes'],
    [['node-power-loss', 'node/a', 'code=3'], '"code=3" is not a parameter of fault node-power-loss; it takes for=…'],
  ])('%j', (words, wanted) => expect(readFaultLine(words)).toBe(wanted))
})
