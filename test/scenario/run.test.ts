import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allKinds } from '../../src/cluster/apiserver/kinds/index.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { parseDuration } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'
import { Expectations } from '../../src/scenario/expectations.ts'
import { vocabularyOf } from '../../src/scenario/inspect.ts'
import { Player } from '../../src/scenario/player.ts'
import { kindCalled, readScenario } from '../../src/scenario/read.ts'
import { type Scenario, writeScenario } from '../../src/scenario/scenario.ts'
import { clusterSpecOf } from '../../src/scenario/spec.ts'
import { stageOf } from '../../src/scenario/stage.ts'
import { simulate } from '../../src/simulate.ts'
import { printMistake } from '../../src/text/mistake.ts'

const scenarios = new URL('../../scenarios/', import.meta.url)

/** Plays a scenario to its duration. */
function play(text: string, files: Record<string, string> = {}) {
  const { scenario, mistakes } = readScenario(text, {
    name: 'a.yaml',
    read: (path) => files[path] ?? readFileSync(new URL(path, scenarios), 'utf8'),
  })
  if (scenario === undefined) throw new Error(mistakes.map(printMistake).join('\n'))
  const engine = new Engine({ seed: scenario.seed })
  const cluster = new Cluster(clusterSpecOf(scenario), engine)
  const stage = stageOf(cluster)
  const words = vocabularyOf(scenario, { kindCalled, kindNames: allKinds.map((kind) => kind.singular) })
  const expectations = new Expectations(scenario.expect, stage, words)
  const player = new Player(scenario, stage, words)
  player.start()
  engine.run(parseDuration(scenario.duration) ?? 0)
  const entries = Array.from({ length: engine.journal.length }, (_, i) => engine.journal.at(i + 1)).map((entry) => ({
    ...entry,
    at: entry.time / 1e6,
  }))
  return {
    engine,
    cluster,
    player,
    rows: player.rows.map(({ at, ended, line, exit }) => [at / 1e6, ended === undefined ? null : ended / 1e6, exit, line]),
    verdicts: expectations.end().map(({ name, held, message }) => [name, held, message]),
    faults: entries
      .filter((entry) => entry.what.startsWith('fault-'))
      .map((entry) => [entry.at, entry.what, (entry.detail as { fault: string }).fault, entry.about]),
  }
}

const head = 'apiVersion: stsim/v1\nkind: Scenario\ncluster: {profile: reference, nodes: [{count: 3, zones: [a, b]}]}\n'
const settings = (name: string) => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {app: web}}, data: {color: red}}`

describe('steps', () => {
  it('happen at their time, after the one above, and as soon as a condition holds', () => {
    const { rows, player } = play(`${head}duration: 2m
steps:
- {kubectl: label node node-1 a=b}
- {after: 10s, kubectl: [label node node-2 a=b, kubectl label node node-3 a=b]}
- {at: 5s, apply: ${settings('early')}}
- {when: "exists(get('configmap', 'late'))", within: 1m, kubectl: label node node-1 c=d}
- {at: 30s, apply: [${settings('late')}, ${settings('later')}]}
`)
    expect(rows).toEqual([
      [0, 0, 0, 'label node node-1 a=b'],
      [5, 5, 0, 'apply ConfigMap/early'],
      [10, 10, 0, 'label node node-2 a=b'],
      [10, 10, 0, 'kubectl label node node-3 a=b'],
      [30, 30, 0, 'apply ConfigMap/late, ConfigMap/later'],
      [30, 30, 0, 'label node node-1 c=d'],
    ])
    expect(player.failures).toEqual([])
    expect(player.pending).toBe(false)
  })

  it('that block let time and the other steps go on', () => {
    const { rows } = play(`${head}duration: 2m
steps:
- {at: 1s, kubectl: wait --for=create configmap/late --timeout=60s}
- {at: 20s, apply: ${settings('late')}}
`)
    expect(rows).toEqual([
      [1, 20, 0, 'wait --for=create configmap/late --timeout=60s'],
      [20, 20, 0, 'apply ConfigMap/late'],
    ])
  })

  it('fail the run when a command fails, unless they say so, and when a condition does not come true in time', () => {
    const { player } = play(`${head}duration: 2m
steps:
- {at: 1s, kubectl: get pod gone}
- {at: 2s, kubectl: get pod gone, fails: true}
- {when: "exists(pod('gone'))", within: 10s, kubectl: get pods}
- {after: 5s, kubectl: get pods}
`)
    expect(player.failures.map(({ at, message }) => [at / 1e6, message])).toEqual([
      [1, 'step 1 at 1s: "get pod gone" ended with exit code 1: Error from server (NotFound): pods "gone" not found'],
      [12, `step 3: "exists(pod('gone'))" did not come true within 10s`],
    ])
    expect(player.rows.at(-1)).toMatchObject({ at: 17_000_000, line: 'get pods' })
  })

  it('are done for each node, one after the other, in the order of their numbers', () => {
    const { rows } = play(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: as a scenario writes it
      'apiVersion: stsim/v1\nkind: Scenario\nduration: 1m\ncluster: {profile: reference, nodes: [{count: 11}]}\nsteps: [{at: 1s, each: {node: "node-1*"}, kubectl: "cordon ${node}"}]\n',
    )
    expect(rows.map((row) => row[3])).toEqual(['cordon node-1', 'cordon node-10', 'cordon node-11'])
  })

  it('read their files from the scenario, folders too', () => {
    const { player } = play(`${head}duration: 1m\nsteps: [{kubectl: apply -f ./cm.yaml}]\n`, { './cm.yaml': settings('one') })
    expect(player.rows[0]).toMatchObject({ exit: 0, stdout: 'configmap/one created\n' })
  })
})

describe('faults', () => {
  it('hit what they are aimed at, for as long as they say', () => {
    const { faults, cluster } = play(`${head}duration: 1m
steps:
- {at: 10s, fault: node-power-loss, target: zone/a, for: 20s}
- {at: 15s, fault: kubelet-stop, target: "topology.kubernetes.io/zone=b", mode: all}
`)
    expect(faults).toEqual([
      [10, 'fault-began', 'node-power-loss', 'Node//node-1'],
      [10, 'fault-began', 'node-power-loss', 'Node//node-3'],
      [15, 'fault-began', 'kubelet-stop', 'Node//node-2'],
      [30, 'fault-healed', 'node-power-loss', 'Node//node-1'],
      [30, 'fault-healed', 'node-power-loss', 'Node//node-3'],
    ])
    expect([...cluster.world.machines.values()].map((machine) => [machine.state, machine.runsKubelet])).toEqual([
      ['on', true],
      ['on', false],
      ['on', true],
    ])
  })

  it('of one kind on one target are one fault until the last of them ends', () => {
    const { faults, engine } = play(`${head}duration: 1m
steps:
- {at: 10s, fault: node-partition, target: node/node-1, for: 20s}
- {at: 20s, fault: node-partition, target: node/node-1, for: 20s}
`)
    expect(faults.filter((fault) => fault[1] === 'fault-healed')).toEqual([[40, 'fault-healed', 'node-partition', 'Node//node-1']])
    expect(engine.now).toBe(60_000_000)
  })

  it('come before everything else of their instant', () => {
    const { engine } = play(`${head}duration: 1m
steps:
- {at: 10s, kubectl: label node node-1 a=b}
- {at: 10s, fault: node-freeze, target: node/node-2}
`)
    const at10 = Array.from({ length: engine.journal.length }, (_, i) => engine.journal.at(i + 1)).filter(
      (entry) => entry.time === 10_000_000,
    )
    expect(at10.findIndex((entry) => entry.what === 'fault-began')).toBeLessThan(at10.findIndex((entry) => entry.what === 'write'))
  })

  it('take the first by name in profile reference when they hit one of several', () => {
    const { faults } = play(
      `${head}duration: 1m\nsteps: [{at: 1s, fault: node-power-loss, target: kubernetes.io/os=linux, mode: fixed, value: 2}]\n`,
    )
    expect(faults.map((fault) => fault[3])).toEqual(['Node//node-1', 'Node//node-2'])
  })
})

describe('expectations', () => {
  it('are judged after every single change, with when they broke', () => {
    const { verdicts } = play(`${head}duration: 1m
steps:
- {at: 10s, kubectl: [label node node-1 state=odd, label node node-1 state-]}
expect:
- {name: never odd, never: "has(node('node-1').metadata.labels.state)"}
- {name: always there, always: "exists(node('node-1'))"}
- {name: once odd, eventually: "has(node('node-1').metadata.labels.state)", from: 5s, within: 10s}
- {name: too late, eventually: "has(node('node-1').metadata.labels.state)", from: 20s, within: 10s}
- {name: at ten, that: "!has(node('node-1').metadata.labels.state)", at: 10s}
- {name: in the end, finally: "has(node('node-1').metadata.labels.state)"}
- {name: how many, measure: "size(list('nodes'))", below: 3}
- {name: before, never: "has(node('node-1').metadata.labels.state)", to: 9s}
`)
    expect(verdicts).toEqual([
      ['never odd', false, "has(node('node-1').metadata.labels.state) held at 10s"],
      ['always there', true, ''],
      ['once odd', true, ''],
      ['too late', false, "has(node('node-1').metadata.labels.state) never held from 20s to 30s"],
      ['at ten', true, ''],
      ['in the end', false, "has(node('node-1').metadata.labels.state) does not hold at the end (1m0s)"],
      ['how many', false, "size(list('nodes')) is 3, not below 3"],
      ['before', true, ''],
    ])
  })
})

describe('the course', () => {
  it.each(readdirSync(scenarios).filter((file) => /^\d+-.*\.yaml$/.test(file)))('%s: everything it expects holds', (file) => {
    const { verdicts, player } = play(readFileSync(new URL(file, scenarios), 'utf8'))
    expect(player.failures).toEqual([])
    expect(verdicts.filter(([, held]) => !held)).toEqual([])
  })
})

describe('the scenario.yaml of a run', () => {
  it.each(['30-scale-up-and-down.yaml', '90-broken-rollout.yaml'])('%s: gives the same digest', (file) => {
    const { scenario } = readScenario(readFileSync(new URL(file, scenarios), 'utf8'), {
      name: file,
      read: (path) => readFileSync(new URL(path, scenarios), 'utf8'),
    })
    const again = readScenario(writeScenario(scenario as Scenario), { name: 'scenario.yaml' })
    expect(simulate(again.scenario as Scenario).digest).toBe(simulate(scenario as Scenario).digest)
  })
})
