import { describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { Desk } from './terminal.ts'

const set = (name: string, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace: 'default', ...more },
  spec: {
    serviceName: name,
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx:1.27' }] } },
  },
})
const pod = (name: string, more: { labels?: object; spec?: object } = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: more.labels ?? { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1.27' }], ...more.spec },
})
const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } })
const manifest = (replicas: number, image: string, labels = 'app: web') => `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: web
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {${labels}}}
    spec:
      containers:
      - {name: c, image: "${image}"}
`
const inDefault = (desk: Desk, kind: string, name: string): KubernetesObject => desk.ask({ verb: 'get', kind, namespace: 'default', name })

describe('what cannot be understood', () => {
  test.each([
    ['gett pods', 'error: unknown command "gett" for "kubectl"\n\nDid you mean this?\n\tset\n\tget\n', 1],
    ['get pods --nope', "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.\n", 1],
    ['get pdos', 'error: the server doesn\'t have a resource type "pdos"\n', 1],
    ['get pods nope', 'Error from server (NotFound): pods "nope" not found\n', 1],
    [
      'get pods/a b',
      'error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form',
      1,
    ],
    ['delete pods', 'error: resource(s) were provided, but no name was specified\n', 1],
    ['get -f nowhere.yaml', 'error: the path "nowhere.yaml" does not exist\n', 1],
    ['create', 'error: must specify one of -f and -k\n', 1],
  ])('%s', (line, text, exit) => {
    const ran = new Desk().type(line)
    expect(ran.err.slice(0, text.length)).toBe(text)
    expect(ran.out).toBe('')
    expect(ran.exit).toBe(exit)
  })

  test('what kubectl has and this one has not is refused in plain words', () => {
    const ran = new Desk().type('port-forward web-0 8080:80')
    expect(ran.err).toContain('port-forward')
    expect(ran.exit).toBe(1)
  })
})

describe('get', () => {
  test('one object that is missing is silent with --ignore-not-found, in every form', () => {
    expect(new Desk().type('get pod nope --ignore-not-found -o json')).toMatchObject({ out: '', err: '', exit: 0 })
  })

  test('several objects as JSON are a List', () => {
    const ran = new Desk([pod('a'), pod('b')]).type('get pods -o json')
    expect(JSON.parse(ran.out)).toMatchObject({ kind: 'List', items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] })
  })

  test('names of several kinds', () => {
    expect(new Desk([pod('a'), set('web')]).type('get sts,pods -o name').out).toBe('statefulset.apps/web\npod/a\n')
  })

  test('no objects: a line on the other stream, and it is well', () => {
    expect(new Desk().type('get pods')).toMatchObject({ out: '', err: 'No resources found in default namespace.\n', exit: 0 })
  })

  test('of what is deprecated warns, once a command', () => {
    const warning = 'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n'
    expect(new Desk().type('get endpoints').err).toBe(`${warning}No resources found in default namespace.\n`)
    expect(new Desk().type('get endpoints nginx,web').err.split(warning)).toHaveLength(1)
  })

  test('a watch prints changes as they come, until it is left', () => {
    const desk = new Desk([pod('a')])
    desk.at(5, () => desk.put(pod('b')))
    const ran = desk.type('get pods -w --no-headers', { until: 10 })
    expect(ran.exit).toBeUndefined()
    expect(ran.out.split('\n').map((line) => line.split(' ')[0])).toEqual(['a', 'b', ''])
  })
})

describe('create', () => {
  test.each([
    ['priority: 5', 'integer value of priority (5)', '0'],
    ['preemptionPolicy: Never', 'string value of PreemptionPolicy (Never)', 'PreemptLowerPriority'],
  ])('a pod may not say %s without a class that gives it', (line, what, computed) => {
    const desk = new Desk()
    desk.files.set('p.yaml', `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  ${line}\n  containers: [{name: c, image: a}]\n`)
    expect(desk.type('create -f p.yaml').err).toBe(
      `Error from server (Forbidden): error when creating "p.yaml": pods "p" is forbidden: the ${what} must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name\n`,
    )
  })

  test.each(['priority: 0', 'preemptionPolicy: PreemptLowerPriority'])('a pod may say %s', (line) => {
    const desk = new Desk()
    desk.files.set('p.yaml', `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  ${line}\n  containers: [{name: c, image: a}]\n`)
    expect(desk.type('create -f p.yaml').out).toBe('pod/p created\n')
  })
})

describe('patch', () => {
  test('of JSON wants a list', () => {
    expect(new Desk([set('web')]).type(`patch sts web --type=json -p '{"a":1}'`).err).toBe(
      'Error from server (BadRequest): json: cannot unmarshal object into Go value of type jsonpatch.Patch\n',
    )
  })
})

describe('describe', () => {
  test('a namespace shows its quotas', () => {
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'default' },
      spec: { hard: { pods: '10' } },
    }
    const desk = new Desk([quota])
    const status = { hard: { pods: '10' }, used: { pods: '1' } }
    const named = { kind: 'ResourceQuota', namespace: 'default', name: 'q' }
    desk.ask({ verb: 'patch', ...named, subresource: 'status', type: 'merge', patch: { status } })
    expect(desk.type('describe ns default').out).toContain(
      'Resource Quotas\n  Name:     q\n  Resource  Used  Hard\n  --------  ---   ---\n  pods      1     10\n\nNo LimitRange resource.\n',
    )
    expect(desk.type('describe quota q').out).toBe(
      'Name:       q\nNamespace:  default\nResource    Used  Hard\n--------    ----  ----\npods        1     10\n',
    )
  })
})

describe('apply', () => {
  const desk = () => {
    const made = new Desk()
    made.files.set('web.yaml', manifest(3, 'nginx:1.27'))
    return made
  }

  test('creates, then changes nothing, then configures', () => {
    const at = desk()
    expect(at.type('apply -f web.yaml').out).toBe('statefulset.apps/web created\n')
    expect(at.type('apply -f web.yaml').out).toBe('statefulset.apps/web unchanged\n')
    at.files.set('web.yaml', manifest(4, 'nginx:1.27'))
    expect(at.type('apply -f web.yaml').out).toBe('statefulset.apps/web configured\n')
    expect(inDefault(at, 'StatefulSet', 'web')['spec'].replicas).toBe(4)
  })

  test('what left the manifest leaves the object; what others set stays', () => {
    const at = desk()
    at.files.set('web.yaml', manifest(3, 'nginx:1.27', 'app: web, tier: front'))
    at.type('apply -f web.yaml')
    at.type('label sts web owner=me')
    at.files.set('web.yaml', manifest(3, 'nginx:1.28'))
    at.type('apply -f web.yaml')
    const after = inDefault(at, 'StatefulSet', 'web')
    expect(after['spec'].template.metadata.labels).toEqual({ app: 'web' })
    expect(after['spec'].template.spec.containers[0].image).toBe('nginx:1.28')
    expect(after.metadata.labels).toEqual({ owner: 'me' })
  })

  test('of something made by create: a warning, and the annotation from then on', () => {
    const at = desk()
    at.type('create -f web.yaml')
    const ran = at.type('apply -f web.yaml')
    expect(ran.err).toMatch(
      /^Warning: resource statefulsets\/web is missing the kubectl\.kubernetes\.io\/last-applied-configuration annotation/,
    )
    expect(ran.out).toBe('statefulset.apps/web configured\n')
    expect(inDefault(at, 'StatefulSet', 'web').metadata.annotations).toHaveProperty(['kubectl.kubernetes.io/last-applied-configuration'])
  })

  test('a dry run on either side leaves nothing behind', () => {
    const at = desk()
    expect(at.type('apply -f web.yaml --dry-run=client').out).toBe('statefulset.apps/web created (dry run)\n')
    expect(at.type('apply -f web.yaml --dry-run=server').out).toBe('statefulset.apps/web created (server dry run)\n')
    expect(at.type('get sts').out).toBe('')
  })
})

describe('changes', () => {
  test('scale refuses when the size is not as it should be', () => {
    const desk = new Desk([set('web')])
    expect(desk.type('scale sts web --current-replicas=2 --replicas=5')).toMatchObject({
      err: 'error: Expected replicas to be 2, was 3\n',
      exit: 1,
    })
    expect(desk.type('scale sts web --replicas=5').out).toBe('statefulset.apps/web scaled\n')
  })

  test('scale --timeout waits in virtual time, and gives up', () => {
    const ran = new Desk([set('web')]).type('scale sts web --replicas=5 --timeout=20s')
    expect(ran.exit).toBe(1)
    expect(ran.ended).toBe(20)
  })

  test.each([
    ['strategic', `'{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"x"}]}}}}'`],
    ['merge', `'{"spec":{"template":{"spec":{"containers":[{"name":"c","image":"x"}]}}}}'`],
    ['json', `'[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"x"}]'`],
  ])('patch --type=%s', (type, patch) => {
    const desk = new Desk([set('web')])
    expect(desk.type(`patch sts web --type=${type} -p ${patch}`).out).toBe('statefulset.apps/web patched\n')
    expect(desk.type(`patch sts web --type=${type} -p ${patch}`).out).toBe('statefulset.apps/web patched (no change)\n')
    expect(inDefault(desk, 'StatefulSet', 'web')['spec'].template.spec.containers[0].image).toBe('x')
  })

  test('set image of a container that is not there', () => {
    expect(new Desk([set('web')]).type('set image sts/web d=x')).toMatchObject({
      err: 'error: unable to find container named "d"\n',
      exit: 1,
    })
  })

  test('labels are not overwritten by accident', () => {
    const desk = new Desk([pod('a')])
    expect(desk.type('label pod a app=db')).toMatchObject({
      err: "error: 'app' already has a value (web), and --overwrite is false\n",
      exit: 1,
    })
    expect(desk.type('label pod a app=db --overwrite').out).toBe('pod/a labeled\n')
    expect(desk.type('label pod a app-').out).toBe('pod/a unlabeled\n')
  })

  test('a taint and its removal', () => {
    const desk = new Desk([node('n1')])
    expect(desk.type('taint nodes n1 k=v:NoSchedule').out).toBe('node/n1 tainted\n')
    expect(desk.type('taint nodes n1 k:NoSchedule-').out).toBe('node/n1 untainted\n')
    expect(desk.type('taint nodes n1 k:NoSchedule-')).toMatchObject({ err: 'error: taint "k:NoSchedule" not found\n', exit: 1 })
  })

  test('cordon twice', () => {
    const desk = new Desk([node('n1')])
    expect(desk.type('cordon n1').out).toBe('node/n1 cordoned\n')
    expect(desk.type('cordon n1').out).toBe('node/n1 already cordoned\n')
  })
})

describe('commands that wait', () => {
  test('delete waits until the object is gone', () => {
    const desk = new Desk([pod('a', { spec: { nodeName: 'n1' } })])
    desk.at(12, () => desk.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'a', gracePeriodSeconds: 0 }))
    const ran = desk.type('delete pod a')
    expect(ran).toMatchObject({ out: 'pod "a" deleted from default namespace\n', exit: 0, ended: 12 })
  })

  test('delete --force does not wait for the kubelet', () => {
    const ran = new Desk([pod('a', { spec: { nodeName: 'n1' } })]).type('delete pod a --force --grace-period=0')
    expect(ran).toMatchObject({ exit: 0, ended: 0 })
    expect(ran.err).toMatch(/^Warning: Immediate deletion does not wait/)
    expect(ran.out).toBe('pod "a" force deleted from default namespace\n')
  })

  test('wait for a condition: met at its moment, or the time runs out', () => {
    const desk = new Desk([pod('a')])
    desk.at(7, () => desk.status('Pod', 'a', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }))
    expect(desk.type('wait pod/a --for=condition=Ready')).toMatchObject({ out: 'pod/a condition met\n', exit: 0, ended: 7 })
    expect(desk.type('wait pod/a --for=condition=Other --timeout=3s')).toMatchObject({
      err: 'error: timed out waiting for the condition on pods/a\n',
      exit: 1,
      ended: 10,
    })
  })

  test('wait --for=delete of what is not there is over at once', () => {
    expect(new Desk().type('wait pod/a --for=delete')).toMatchObject({ exit: 0, ended: 0 })
  })

  test('a drain that a budget forbids asks again every five seconds', () => {
    const desk = new Desk([node('n1'), pod('a', { spec: { nodeName: 'n1' } })])
    desk.put({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'p', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    })
    desk.status('Pod', 'a', { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] })
    desk.at(8, () => desk.ask({ verb: 'delete', kind: 'PodDisruptionBudget', namespace: 'default', name: 'p' }))
    desk.at(11, () => desk.ask({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'a', gracePeriodSeconds: 0 }))
    const ran = desk.type('drain n1 --force')
    expect(ran.err.match(/will retry after 5s/g)).toHaveLength(2)
    expect(ran.out).toBe(
      'node/n1 cordoned\nevicting pod default/a\nevicting pod default/a\nevicting pod default/a\npod/a evicted\nnode/n1 drained\n',
    )
    expect(ran.ended).toBeLessThan(13)
  })
})
