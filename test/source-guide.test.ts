/** The examples of src/README.md, run. Each stands here as it stands there: the last test holds the two against each other. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { playAtOnce } from '../src/cluster/client/at-once.ts'
import { announce, call, failed, type Look, waits } from '../src/cluster/client/story.ts'
import type { Pod } from '../src/cluster/objects/pod.ts'
import type { StatefulSet } from '../src/cluster/objects/statefulset.ts'
import { schedulerWith } from '../src/cluster/scheduler/index.ts'
import { always, type Plugin, unresolvable } from '../src/cluster/scheduler/plugin.ts'

const newPod = (set: StatefulSet, ordinal: number): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${set.metadata.name}-${ordinal}` }, spec: { containers: [] } }) as unknown as Pod

// example 1
function* look(set: StatefulSet): Look {
  const answer = yield* call({ verb: 'create', object: newPod(set, 0) })
  if (!answer.ok) return failed(answer.status.message)
  yield* announce(set, 'Normal', 'SuccessfulCreate', 'Create Pod web-0 in StatefulSet web successful')
  return waits('web-0 is being created')
}
// end

// example 2
// Nodes without a rack are refused; racks that hold little else are liked best.
const rackAware: Plugin = {
  name: 'RackAware',
  weight: 2,
  filter: (_cycle, node) => (node.labels['rack'] === undefined ? unresolvable('node(s) had no rack') : undefined),
  score: (_cycle, node) => 100 - Math.min(100, node.pods.size),
  retryOn: { 'Node/Add': always, 'Node/UpdateLabel': always },
}
const ours = schedulerWith({ plugins: [rackAware] })
// end

const web = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'web' }, spec: {} } as unknown as StatefulSet

test('a look is played at once by a table of answers', () => {
  const asked: string[] = []
  const outcome = playAtOnce(look(web), {
    call: (request) => {
      if (request.verb !== 'create') throw new Error(`not expected: ${request.verb}`)
      asked.push(request.object.metadata.name)
      return { ok: true, object: request.object }
    },
  })
  expect(asked).toEqual(['web-0'])
  expect(outcome).toEqual({ waits: 'web-0 is being created', error: null, wakesAfter: null })
})

test('a refusal ends the look with the words of the API server', () => {
  const refusal = { code: 403, reason: 'Forbidden', message: 'exceeded quota' }
  expect(playAtOnce(look(web), { call: () => ({ ok: false, status: refusal }) }).error).toBe('exceeded quota')
})

test('the plugin makes a scheduler', () => {
  expect(typeof ours).toBe('function')
})

test('the guide shows what is run here', () => {
  const here = readFileSync('test/source-guide.test.ts', 'utf8')
  const examples = [...here.matchAll(/\/\/ example \d\n([\s\S]*?)\/\/ end\n/g)].map(([, code]) => code as string)
  const shown = [...readFileSync('src/README.md', 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string)
  expect(shown).toEqual(examples)
})
