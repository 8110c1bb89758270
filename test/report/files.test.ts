import { describe, expect, test } from 'vitest'
import { seconds } from '../../src/engine/clock.ts'
import { Recording, type RunFacts } from '../../src/observe/recording.ts'
import { filesOf, summary } from '../../src/report/index.ts'
import { readScenario } from '../../src/scenario/read.ts'
import { pod, Story, set } from '../observe/story.ts'

const scenario = readScenario('apiVersion: stsim/v1\nkind: Scenario\nname: web\n', { name: 'web.yaml' }).scenario!

const recordingOf = (story: Story, facts: Partial<RunFacts> = {}): Recording =>
  new Recording(story.journal, {
    scenario,
    seed: '7',
    ended: seconds(600),
    endedBy: 'settled',
    quiet: true,
    repeating: [],
    steps: [],
    failures: [],
    expectations: [],
    invariants: [],
    events: 0,
    ...facts,
  })

const fileOf = (recording: Recording, name: string): string =>
  [
    ...(filesOf(recording, { objects: true })
      .find((file) => file.name === name)
      ?.pieces() ?? []),
  ].join('')

describe('the files of a run', () => {
  test('are all there, run.json last, objects.jsonl only on demand', () => {
    const names = filesOf(recordingOf(new Story())).map((file) => file.name)
    expect(names).toContain('rollouts.csv')
    expect(names).not.toContain('objects.jsonl')
    expect(names.at(-1)).toBe('run.json')
    expect(filesOf(recordingOf(new Story()), { objects: true }).map((file) => file.name)).toContain('objects.jsonl')
  })

  test('CSV quotes what needs it and writes times with six decimals', () => {
    const story = new Story()
    const event = { type: 'Warning', reason: 'Failed', message: 'a "b", c\nd', count: 1, object: { metadata: {} } }
    story.tell(1.5, 'kubelet', 'event', 'Pod/default/web-0', event)
    const text = fileOf(recordingOf(story), 'events.csv')
    expect(text).toBe(
      'entry,cause,at_s,source,type,reason,kind,namespace,name,count,message\n1,0,1.500000,kubelet,Warning,Failed,Pod,default,web-0,1,"a ""b"", c\nd"\n',
    )
  })

  test('a long table comes in pieces', () => {
    const story = new Story()
    for (let n = 0; n < 3_000; n++) story.tell(n, 'coredns', 'dns', `n${n}`, { addresses: [] })
    const file = filesOf(recordingOf(story)).find((one) => one.name === 'dns.csv')
    expect([...(file?.pieces() ?? [])].length).toBeGreaterThan(2)
    expect(fileOf(recordingOf(story), 'dns.csv').split('\n')).toHaveLength(3_002)
  })

  test('run.json says how the run ended, and scenario.yaml has its seed', () => {
    const story = new Story()
    story.write(0, 'kubectl', set())
    const steps = [{ at: seconds(1), ended: undefined, line: 'wait …', exit: undefined, stdout: '', stderr: '', printed: '' }]
    const broken = { name: 'never', held: false, at: seconds(9), message: 'it did' }
    const recording = recordingOf(story, { steps, expectations: [broken], endedBy: 'duration' })
    const run = JSON.parse(fileOf(recording, 'run.json'))
    expect(run).toMatchObject({
      name: 'web',
      seed: '7',
      ended_s: 600,
      ended: 'duration',
      entries: 1,
      release: '1.36',
      profile: 'kind-local',
    })
    expect(run.steps).toEqual([{ at_s: 1, ended_s: null, line: 'wait …', exit: null, stdout: '', stderr: '' }])
    expect(run.expectations).toEqual([{ name: 'never', held: false, at_s: 9, message: 'it did' }])
    expect(run.digest).toMatch(/^[0-9a-f]{64}$/)
    const again = readScenario(fileOf(recording, 'scenario.yaml'), { name: 'scenario.yaml' })
    expect(again.scenario?.seed).toBe(7)
  })

  test('objects.jsonl has each version with who asked and how', () => {
    const story = new Story()
    story.write(1, 'statefulset-controller', pod('web-0'))
    story.write(2, 'kube-scheduler', pod('web-0', { node: 'n' }), { verb: 'bind', subresource: 'binding' })
    story.remove(3, 'kubelet/n', 'Pod', 'web-0')
    const lines = fileOf(recordingOf(story), 'objects.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ entry, at_s, verb, by, call }) => [entry, at_s, verb, by, call])).toEqual([
      [1, 1, 'ADDED', 'statefulset-controller', 'create'],
      [2, 2, 'MODIFIED', 'kube-scheduler', 'create binding'],
      [3, 3, 'DELETED', 'kubelet/n', 'delete'],
    ])
    expect(lines[1].object.spec.nodeName).toBe('n')
  })

  test('session.txt has commands and their output unchanged', () => {
    const rows = [
      {
        at: seconds(60),
        ended: seconds(60),
        line: 'scale sts web --replicas=5',
        exit: 0,
        stdout: 'scaled\n',
        stderr: '',
        printed: 'scaled\n',
      },
      { at: seconds(70), ended: seconds(75), line: 'kubectl delete pod x', exit: 1, stdout: '', stderr: 'no\n', printed: 'no\n' },
    ]
    expect(fileOf(recordingOf(new Story(), { steps: rows }), 'session.txt')).toBe(
      '# at 60.000s\n$ kubectl scale sts web --replicas=5\nscaled\n\n# at 70.000s\n$ kubectl delete pod x\nno\n# exit code 1 at 75.000s\n',
    )
  })

  test('junit.xml escapes what XML does not take', () => {
    const verdict = { name: 'a < b && "c"', held: false, at: 0, message: "d > 'e'" }
    const text = fileOf(recordingOf(new Story(), { expectations: [verdict] }), 'junit.xml')
    expect(text).toContain('name="a &lt; b &amp;&amp; &quot;c&quot;"')
    expect(text).toContain('tests="1" failures="1"')
  })
})

describe('the summary', () => {
  const story = new Story()
  story.write(0, 'kubectl', set({ replicas: 1 }))
  story.write(0.5, 'statefulset-controller', pod('web-0'))
  story.write(1, 'kube-scheduler', pod('web-0', { node: 'n' }))
  story.tell(2.6, 'kubelet/n', 'volume-mounted', 'Pod/default/web-0', { uid: 'uid-web-0', volume: 'data' })
  story.tell(3, 'kubelet/n', 'sandbox-made', 'Pod/default/web-0', { uid: 'uid-web-0', ip: '10.0.0.1' })
  story.tell(5, 'kubelet/n', 'container-started', 'Pod/default/web-0', { uid: 'uid-web-0', container: 'app', init: false, restarts: 0 })
  story.write(9.6, 'kubelet/n', pod('web-0', { node: 'n', phase: 'Running', ready: true }))
  story.write(9.6, 'statefulset-controller', set({ replicas: 1, counts: [1, 1] }))

  test('says what became of each set and pod, and where the time went', () => {
    const recording = recordingOf(story, { ended: seconds(9.6), assumed: ['containers answer at once'] })
    const { digest } = recording
    expect(summary(recording, { again: 'npx stsim run web.yaml --seed 7', files: 'reports/web/seed-7/', notes: ['namespace made'] })).toBe(
      [
        'web · held                                            kind-local, 1.36, seed 7',
        'statefulset/web   1 of 1 Ready after 9.6s (created at 0s, one after the other)',
        '  web-0    0.5s → 9.6s   node 0.5s · volume 1.6s · sandbox 0.4s · start 2.0s · ready 4.6s',
        'assumed    containers answer at once',
        'notes      namespace made',
        `settled at 9.6s · 5 changes · digest ${digest.slice(0, 4)}…${digest.slice(-2)}`,
        'again      npx stsim run web.yaml --seed 7',
        'files      reports/web/seed-7/',
        '',
      ].join('\n'),
    )
  })

  test('begins with what broke', () => {
    const broken = { name: 'two answer', held: false, at: seconds(5), message: 'only one did' }
    const failure = { at: seconds(7), message: 'step 1 failed' }
    const text = summary(recordingOf(story, { expectations: [broken], failures: [failure] }))
    expect(text.split('\n').slice(0, 3)).toEqual([
      'web · broke                                           kind-local, 1.36, seed 7',
      'broke      two answer (at 5.0s): only one did',
      'failed     at 7.0s: step 1 failed',
    ])
  })
})
