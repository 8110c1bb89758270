/** nodes.csv: one change of a node a row, by a write to the node or by a pod or volume that came or went. Heartbeats make no row. */
import { requestsOf } from '../../cluster/objects/fit.ts'
import { conditionOf, type KubernetesObject } from '../../cluster/objects/metadata.ts'
import { isCordoned, taintsOf, topologyLabels } from '../../cluster/objects/node.ts'
import { aboutOf, eachEntry, secondsOf, type Write } from '../entries.ts'
import type { Cell, Row, Table } from '../table.ts'

type Asked = { readonly node: string; readonly cpu: number; readonly memory: number }

type NodeState = {
  object: KubernetesObject | undefined
  pods: number
  cpu: number
  memory: number
  readonly volumes: Set<string>
  last: string
}

export const nodes: Table = {
  name: 'nodes',
  columns: [
    'at_s',
    'node',
    'zone',
    'ready',
    'taints',
    'schedulable',
    'pods',
    'cpu_requested_m',
    'memory_requested_bytes',
    'volumes_attached',
  ],
  rows: ({ journal }) => {
    const rows: Row[] = []
    const states = new Map<string, NodeState>()
    const pods = new Map<string, Asked>()
    const stateOf = (name: string): NodeState => {
      const known = states.get(name)
      if (known !== undefined) return known
      const made = { object: undefined, pods: 0, cpu: 0, memory: 0, volumes: new Set<string>(), last: '' }
      states.set(name, made)
      return made
    }
    const show = (entry: number, name: string): void => {
      const state = stateOf(name)
      if (state.object === undefined) return
      const cells: Cell[] = [
        name,
        state.object.metadata.labels?.[topologyLabels.zone],
        conditionOf(state.object, 'Ready')?.status ?? 'Unknown',
        taintsOf(state.object)
          .map(({ key, value, effect }) => `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`)
          .join(';'),
        !isCordoned(state.object),
        state.pods,
        state.cpu,
        state.memory,
        state.volumes.size,
      ]
      const text = JSON.stringify(cells)
      if (text === state.last) return
      state.last = text
      rows.push([secondsOf(journal.time(entry)), ...cells])
    }
    const place = (entry: number, write: Write): void => {
      const uid = write.object.metadata.uid ?? ''
      const before = pods.get(uid)
      const finished = ['Succeeded', 'Failed'].includes(write.object['status']?.phase)
      const node = write.type === 'DELETED' || finished ? undefined : (write.object['spec']?.nodeName as string | undefined)
      if ((before?.node ?? '') === (node ?? '')) return
      if (before !== undefined) {
        count(stateOf(before.node), before, -1)
        pods.delete(uid)
        show(entry, before.node)
      }
      if (node !== undefined && node !== '') {
        const { cpu, memory } = requestsOf(write.object)
        const asked = { node, cpu, memory }
        pods.set(uid, asked)
        count(stateOf(node), asked, 1)
        show(entry, node)
      }
    }
    eachEntry(journal, ['write', 'attached', 'detached'], (entry, what) => {
      if (what === 'write') {
        const write = journal.detail(entry) as Write
        if (write.object.kind === 'Pod') place(entry, write)
        else if (write.object.kind === 'Node') {
          const { name } = write.object.metadata
          stateOf(name).object = write.type === 'DELETED' ? undefined : write.object
          if (write.type !== 'DELETED') show(entry, name)
        }
        return
      }
      const { node } = journal.detail(entry) as { node: string }
      const volume = aboutOf(journal.about(entry)).name
      if (what === 'attached') stateOf(node).volumes.add(volume)
      else stateOf(node).volumes.delete(volume)
      show(entry, node)
    })
    return rows
  },
}

function count(state: NodeState, asked: Asked, times: 1 | -1): void {
  state.pods += times
  state.cpu += times * asked.cpu
  state.memory += times * asked.memory
}
