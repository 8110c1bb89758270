import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { claim, pod, web } from '../controllers/statefulset/builders.ts'

const main = resolve('src/cli/main.ts')
const loader = resolve('node_modules/tsx/dist/loader.mjs')

/** `stsim next -f -` on a dump, given as text or as objects. */
function next(dump: string | readonly unknown[], ...more: string[]) {
  const input = typeof dump === 'string' ? dump : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: dump }, null, 2)
  const run = spawnSync(process.execPath, ['--import', loader, main, 'next', '-f', '-', ...more], { input, encoding: 'utf8' })
  return { exit: run.status, out: run.stdout, err: run.stderr }
}

/** A set as a server of a newer release would print it, and what it stored beside it. */
const set = {
  ...web(),
  metadata: { ...web().metadata, resourceVersion: '10', managedFields: [{ manager: 'kubectl', operation: 'Update' }] },
}
const without = (object: object, field: string) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== field))

describe('stsim next', { timeout: 120_000 }, () => {
  test('refuses values of wrong types and what is missing in the words of the API server, each with its place', () => {
    const { exit, out, err } = next(`apiVersion: v1
kind: List
items:
- kind: Pod
  metadata: {name: x}
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s}, spec: {replicas: two}}
`)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain('standard input:4:3: spec.containers: Required value\n4 | - kind: Pod\n  |   ^')
    const text = 'json: cannot unmarshal string into Go struct field StatefulSetSpec.spec.replicas of type int32'
    expect(err).toMatch(new RegExp(`standard input:6:82: ${text}\n6 \\| .*\n {2}\\| +\\^\\^\\^\n`))
  })

  test('refuses a stored set without a template, and values that no server stores', () => {
    const bare = next([{ ...set, spec: without(set.spec, 'template') }])
    expect([bare.exit, bare.out]).toEqual([2, ''])
    expect(bare.err).toMatch(/^standard input:\d+:\d+: spec\.template\.spec\.containers: Required value$/m)
    const odd = next([
      { ...set, spec: { ...set.spec, replicas: -1 } },
      { ...claim(0), spec: { accessModes: 'ReadWriteOnce' } },
    ])
    expect(odd.exit).toBe(2)
    expect(odd.err).toContain('spec.replicas: Invalid value: -1: must be greater than or equal to 0')
    expect(odd.err).toContain('cannot unmarshal string into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type []v1.Pers')
  })

  test('refuses a status of wrong types in a pod that is on a node', () => {
    const { exit, err } = next([
      set,
      { ...pod(0), status: { phase: 'Running', containerStatuses: [{ name: 'app', restartCount: 'many' }] } },
    ])
    expect(exit).toBe(2)
    expect(err).toContain(
      'cannot unmarshal string into Go struct field ContainerStatus.status.containerStatuses.restartCount of type int32',
    )
  })

  test('takes what another release stored: fields that are not known, volumes of kinds that came later, null and empty ones', () => {
    const template = {
      metadata: { ...set.spec.template.metadata, creationTimestamp: null },
      spec: { ...set.spec.template.spec, volumes: [{ name: 'new', quantumVolume: { entangled: true } }], securityContext: {} },
    }
    const container = template.spec.containers[0]
    const containers = [{ ...container, resources: {}, volumeMounts: [{ name: 'new', mountPath: '/new' }] }]
    const dump = [
      { ...set, spec: { ...set.spec, shape: 'round', template: { ...template, spec: { ...template.spec, containers } } } },
      { ...pod(0), spec: { ...pod(0).spec, shape: 'round' } },
      { ...pod(1), spec: { ...pod(1).spec, shape: 'round' } },
    ]
    const { exit, err, out } = next(dump)
    expect(exit).toBe(0)
    expect(out).toContain('StatefulSet default/web')
    expect(err).toBe(
      'note: fields that are not known here are not looked at: StatefulSet spec.shape, StatefulSet spec.template.spec.volumes[].quantumVolume, Pod spec.shape (2 times)\n',
    )
  })

  test('takes what an older server let through: it is held against nobody that stored it', () => {
    const spec = { ...set.spec, serviceName: 'Not_A_Name' }
    expect(next([{ ...set, spec }]).exit).toBe(0)
    const fresh = next([{ ...set, metadata: without(set.metadata, 'uid'), spec }])
    expect(fresh.exit).toBe(2)
    expect(fresh.err).toContain('spec.serviceName: Invalid value: "Not_A_Name"')
  })

  test('says which kinds it does not look at, also those that only share the name', () => {
    const dump = [
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } },
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'k' } },
      { apiVersion: 'foo/v1', kind: 'Foo', metadata: { name: 'j' } },
      { apiVersion: 'apps.kruise.io/v1beta1', kind: 'StatefulSet', metadata: { name: 'other' }, spec: { replicas: 'two' } },
      set,
    ]
    const { exit, out, err } = next(dump, '-o', 'json')
    expect(exit).toBe(0)
    expect(JSON.parse(out).map((decision: { object: { name: string } }) => decision.object.name)).toEqual(['web'])
    expect(err).toBe(
      'note: not looked at, because neither the statefulset-controller nor the scheduler reads them: 2 Job (batch/v1), 1 Foo (foo/v1), 1 StatefulSet (apps.kruise.io/v1beta1)\n',
    )
  })

  test('takes the items of a PodList and of a JSON list without their kinds', () => {
    const bare = without(without(pod(0), 'kind'), 'apiVersion')
    const { exit, err } = next(JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items: [bare] }))
    expect([exit, err]).toEqual([0, ''])
  })

  test('takes null for what is not there', () => {
    const { exit, err } = next([set, { ...pod(0), metadata: { ...pod(0).metadata, labels: null, annotations: null } }])
    expect([exit, err]).toEqual([0, ''])
  })

  test('a release that is not modelled is a mistake on the command line', () => {
    const { exit, err } = next([set], '--release', '1.2')
    expect(exit).toBe(2)
    expect(err).toBe('stsim: release 1.2 is not one of 1.33 to 1.37\n')
  })

  const pending = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
    status: { phase: 'Pending' },
  })
  const machine = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } },
  }

  test('says what a dump lacks on which the answer about a pending pod depends', () => {
    const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }]
    const { out } = next([pending('p', { volumes })])
    expect(out).toContain('note: no Node is among the objects, so no pod can be placed; add nodes to the dump\n')
    expect(out).toContain(
      'note: no PersistentVolumeClaim is among the objects, so the claims of pending pods are not found; add pvc to the dump\n',
    )
    const claimed = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { storageClassName: 'x', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    }
    expect(next([machine, claimed, pending('p', { volumes })]).out).toContain('note: no StorageClass is among the objects')
  })

  test('a pod of a scheduler that nobody plays is told as such, and is placed by a configuration that has it', () => {
    const dump = [machine, pending('p', { schedulerName: 'mine' })]
    expect(next(dump).out).toContain('waits: the pod asks for the scheduler "mine", which is none of those here')
    const folder = mkdtempSync(join(tmpdir(), 'stsim-next-'))
    const file = join(folder, 'scheduler.yaml')
    const configuration = (plugin: string) => `apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
profiles:
- schedulerName: mine
  plugins: {score: {disabled: [{name: ${plugin}}]}}
`
    writeFileSync(file, configuration('ImageLocality'))
    expect(next(dump, '--scheduler-config', file).out).toContain('goes to n1')
    writeFileSync(file, configuration('ImageLocalty'))
    const { exit, out, err } = next(dump, '--scheduler-config', file)
    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain(`${file}:5:39: "ImageLocalty" is not a scheduler plugin\n`)
    expect(err).toContain('did you mean "ImageLocality"?')
    expect(next(dump, '--scheduler-config', join(folder, 'none.yaml')).err).toContain('none.yaml: it cannot be read (ENOENT)')
    rmSync(folder, { recursive: true })
  })

  test('a feature gate that no rule depends on is named', () => {
    const { exit, err } = next([set], '--feature-gates', 'SchedulerPopFromBackofQ=false')
    expect([exit, err]).toEqual([
      0,
      'note: feature gates that no rule here depends on: SchedulerPopFromBackofQ (did you mean "SchedulerPopFromBackoffQ"?)\n',
    ])
  })
})
