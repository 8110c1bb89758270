import { describe, expect, it } from 'vitest'
import { phaseOf } from '../../src/cluster/kubelet/status.ts'
import { statusPatch } from '../../src/cluster/kubelet/status-writer.ts'
import type { ContainerStatus, Pod, PodStatus } from '../../src/cluster/objects/pod.ts'

type State = 'waiting' | 'running' | 'well' | 'badly' | 'back-off'

const ended = (exitCode: number) => ({ terminated: { exitCode } })
const status = (name: string, state: State): ContainerStatus => ({
  name,
  ready: state === 'running',
  restartCount: 0,
  started: state === 'running',
  state: state === 'running' ? { running: {} } : state === 'well' ? ended(0) : state === 'badly' ? ended(1) : { waiting: {} },
  lastState: state === 'back-off' ? ended(1) : {},
})

const pod = (restartPolicy: 'Always' | 'OnFailure' | 'Never', init: readonly (string | undefined)[], app: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-0' },
  spec: {
    restartPolicy,
    initContainers: init.map((policy, at) => ({ name: `i${at}`, ...(policy === undefined ? {} : { restartPolicy: 'Always' as const }) })),
    containers: Array.from({ length: app }, (_, at) => ({ name: `c${at}` })),
  },
})

/** Source: node-and-storage.md A4. */
describe('the phase', () => {
  const rows: readonly [
    string,
    'Always' | 'OnFailure' | 'Never',
    readonly (State | `sidecar ${State}`)[],
    readonly State[],
    boolean,
    string,
  ][] = [
    ['nothing has started', 'Always', [], ['waiting'], false, 'Pending'],
    ['all run', 'Always', [], ['running', 'running'], false, 'Running'],
    ['one of two has never started', 'Always', [], ['running', 'waiting'], false, 'Pending'],
    ['a crash loop', 'Always', [], ['back-off'], false, 'Running'],
    ['an end that is followed by a start', 'Always', [], ['badly'], false, 'Running'],
    ['all ended well, and nothing follows', 'Never', [], ['well', 'well'], false, 'Succeeded'],
    ['one ended badly, and nothing follows', 'Never', [], ['well', 'badly'], false, 'Failed'],
    ['one ended badly and is started again', 'OnFailure', [], ['well', 'badly'], false, 'Running'],
    ['all ended well under OnFailure', 'OnFailure', [], ['well'], false, 'Succeeded'],
    ['stopped, all well', 'Always', [], ['well'], true, 'Succeeded'],
    ['stopped, one badly', 'Always', [], ['well', 'badly'], true, 'Failed'],
    ['an init container runs', 'Always', ['running'], ['waiting'], false, 'Pending'],
    ['an init container crash-loops', 'Always', ['back-off'], ['waiting'], false, 'Pending'],
    ['an init container failed for good', 'Never', ['badly'], ['waiting'], false, 'Failed'],
    ['an init container is done', 'Always', ['well'], ['running'], false, 'Running'],
    ['a sidecar has not started', 'Always', ['sidecar waiting'], ['waiting'], false, 'Pending'],
    ['a sidecar was lost while the pod ran', 'Always', ['sidecar badly'], ['running'], false, 'Running'],
  ]
  for (const [name, policy, init, app, stopped, phase] of rows) {
    it(`${name}: ${phase}`, () => {
      const kinds = init.map((each) => (each.startsWith('sidecar ') ? 'Always' : undefined))
      const inits = init.map((each, at) => status(`i${at}`, each.replace('sidecar ', '') as State))
      const apps = app.map((each, at) => status(`c${at}`, each))
      expect(phaseOf(pod(policy, kinds, app.length), inits, apps, stopped)).toBe(phase)
    })
  }
})

describe('what is written of a status', () => {
  const old: PodStatus = {
    phase: 'Pending',
    conditions: [
      { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'm', lastTransitionTime: 'then' },
      { type: 'DisruptionTarget', status: 'True' },
    ],
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    nominatedNodeName: 'node-2',
  }

  it('is nothing when nothing differs but what others own', () => {
    const { nominatedNodeName: _, ...mine } = old
    expect(statusPatch(old, { ...mine, conditions: mine.conditions?.slice(0, 1) ?? [] })).toBeUndefined()
  })

  it('is what differs: conditions by type, fields that are gone as null, an address that is gone as a deletion', () => {
    expect(
      statusPatch(old, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'now' }],
        podIP: '10.0.0.2',
        podIPs: [{ ip: '10.0.0.2' }],
      }),
    ).toEqual({
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', reason: null, message: null, lastTransitionTime: 'now' }],
      podIP: '10.0.0.2',
      podIPs: [{ ip: '10.0.0.2' }, { $patch: 'delete', ip: '10.0.0.1' }],
    })
  })
})
