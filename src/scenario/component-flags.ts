/**
 * What is wrong with `cluster.components` beside kube-scheduler (scheduler-rules.ts): flags that are no flags, values that the real component
 * does not start with. Only flags that the simulator reads are known; others are real ones as likely as not, so that they are told and left.
 * Source: the texts of spf13/pflag, Go's time and strconv, encoding/json.
 */
import { parseDuration } from '../engine/clock.ts'
import { distance } from '../text/mistake.ts'
import type { Finding } from './judge.ts'
import type { ClusterSection } from './schema.ts'

type Kind = 'duration' | 'int' | 'float' | 'bool'

/** The flags (of the kubelet: the fields of KubeletConfiguration) that the simulator reads. */
const read: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  'kube-apiserver': { 'default-not-ready-toleration-seconds': 'int', 'default-unreachable-toleration-seconds': 'int' },
  'kube-controller-manager': {
    'node-monitor-period': 'duration',
    'node-monitor-grace-period': 'duration',
    'node-startup-grace-period': 'duration',
    'node-eviction-rate': 'float',
    'secondary-node-eviction-rate': 'float',
    'unhealthy-zone-threshold': 'float',
    'large-cluster-size-threshold': 'int',
    'disable-force-detach-on-timeout': 'bool',
    'pvclaimbinder-sync-period': 'duration',
    'max-endpoints-per-slice': 'int',
    'concurrent-statefulset-syncs': 'int',
    'terminated-pod-gc-threshold': 'int',
  },
  'cloud-controller-manager': { 'node-monitor-period': 'duration' },
  kubelet: {
    serializeImagePulls: 'bool',
    maxParallelImagePulls: 'int',
    shutdownGracePeriod: 'duration',
    shutdownGracePeriodCriticalPods: 'duration',
    'crashLoopBackOff.maxContainerRestartPeriod': 'duration',
  },
}

/** What was found: the mistakes, and one line for each component with flags that change nothing. */
type Flags = { readonly mistakes: readonly Finding[]; readonly notes: readonly string[] }

/** Inspects the flags of all components; the paths begin at `components`. */
export function inspectFlags(components: NonNullable<ClusterSection['components']>): Flags {
  const mistakes: Finding[] = []
  const notes: string[] = []
  for (const [component, flags] of Object.entries(components)) {
    if (component === 'kube-scheduler') continue
    const known = read[component] ?? {}
    const idle: string[] = []
    for (const { path, name, value } of entriesOf(component, flags ?? {})) {
      const kind = known[name]
      const meant = kind === undefined ? misspelled(name, Object.keys(known)) : undefined
      if (kind !== undefined) {
        const why = complaint(component, name, kind, value)
        if (why !== undefined) mistakes.push({ path: [component, ...path], of: 'value', ...why })
      } else if (meant === undefined) idle.push(name)
      else
        mistakes.push({
          path: [component, ...path],
          of: 'key',
          found: `"${name}" is not a ${component === 'kubelet' ? 'field of KubeletConfiguration' : `flag of ${component}`}`,
          hint: `did you mean "${meant}"?`,
        })
    }
    if (idle.length > 0) notes.push(`not modelled, so that it changes nothing: ${idle.map((name) => `${name} of ${component}`).join(', ')}`)
  }
  return { mistakes, notes }
}

type Entry = { readonly path: readonly string[]; readonly name: string; readonly value: unknown }

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The flags; of the kubelet's one nested field that is read, what is in it, by its dotted name. */
const entriesOf = (component: string, flags: Readonly<Record<string, unknown>>): readonly Entry[] =>
  Object.entries(flags).flatMap(([name, value]): readonly Entry[] =>
    component === 'kubelet' && name === 'crashLoopBackOff' && isMap(value)
      ? Object.entries(value).map(([key, inner]) => ({ path: [name, key], name: `${name}.${key}`, value: inner }))
      : [{ path: [name], name, value }],
  )

const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, '')

/** The known name that was meant: another spelling of it, or at most two letters away. Real flags lie further apart. */
const misspelled = (name: string, known: readonly string[]): string | undefined =>
  known.find((one) => distance(plain(one), plain(name)) <= 2)

/** Why the component would not start with that value. */
function complaint(component: string, name: string, kind: Kind, value: unknown): Pick<Finding, 'found' | 'hint'> | undefined {
  if (value === null) return { found: `"${name}" has no value`, hint: 'give it one, or leave it out' }
  const hint = hints[kind](typeof value === 'number' || typeof value === 'string' ? String(value) : '')
  if (component === 'kubelet' && kind === 'duration' && typeof value === 'number')
    return { found: 'json: cannot unmarshal number into Go value of type string', hint }
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const why = unreadable(kind, text)
  if (why === undefined) return undefined
  return { found: component === 'kubelet' ? why : `invalid argument ${JSON.stringify(text)} for "--${name}" flag: ${why}`, hint }
}

const hints: Readonly<Record<Kind, (text: string) => string>> = {
  duration: (text) =>
    /^\d+(\.\d+)?$/.test(text) ? `say ${text}s for seconds, ${text}m for minutes` : 'write it with its unit: 90s, 1h2m, 250ms',
  int: () => 'write a whole number',
  float: () => 'write a number: 0.1',
  bool: () => 'write true or false',
}

/** Why Go cannot read a text as a value of a kind. */
function unreadable(kind: Kind, text: string): string | undefined {
  const shown = JSON.stringify(text)
  switch (kind) {
    case 'duration':
      if (parseDuration(text) !== undefined) return undefined
      return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(text) ? `time: missing unit in duration ${shown}` : `time: invalid duration ${shown}`
    case 'int':
      return /^[-+]?\d+$/.test(text) ? undefined : `strconv.ParseInt: parsing ${shown}: invalid syntax`
    case 'float':
      return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? undefined : `strconv.ParseFloat: parsing ${shown}: invalid syntax`
    case 'bool':
      return /^(1|t|T|true|TRUE|True|0|f|F|false|FALSE|False)$/.test(text)
        ? undefined
        : `strconv.ParseBool: parsing ${shown}: invalid syntax`
  }
}
