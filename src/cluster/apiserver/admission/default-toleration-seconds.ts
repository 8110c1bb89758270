import { type AdmissionPlugin, admitted } from './plugin.ts'

/** The taints, and the flags that say for how long they are tolerated. Source: node-and-storage.md B6. */
const flags = [
  ['node.kubernetes.io/not-ready', 'default-not-ready-toleration-seconds'],
  ['node.kubernetes.io/unreachable', 'default-unreachable-toleration-seconds'],
] as const
const byDefault = 300

type Toleration = { readonly key?: string; readonly operator?: string; readonly effect?: string; readonly tolerationSeconds?: number }

const toleration = (key: string, tolerationSeconds: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds,
})
/** One value for all pods where no flag says otherwise. */
const defaults = flags.map(([key]) => Object.freeze(toleration(key, byDefault)))

/** Whether a toleration already speaks of that taint with effect NoExecute. */
const covers = (toleration: Toleration, key: string): boolean =>
  (toleration.key === key || toleration.key === undefined || toleration.key === '') &&
  (toleration.effect === 'NoExecute' || toleration.effect === undefined || toleration.effect === '')

/** Every pod that says nothing of a lost node tolerates it for 300 s. Source: node-and-storage.md B6. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  kinds: ['Pod'],
  create: (pod, context) => {
    const tolerations = (pod['spec'].tolerations ?? []) as readonly Toleration[]
    const wantedAll = flags.map(([key, flag], at) => {
      const seconds = context.option(flag)
      return seconds === undefined ? (defaults[at] as Toleration) : toleration(key, Number(seconds))
    })
    const missing = wantedAll.filter((wanted) => !tolerations.some((each) => covers(each, wanted.key as string)))
    return admitted(missing.length === 0 ? pod : { ...pod, spec: { ...pod['spec'], tolerations: [...tolerations, ...missing] } })
  },
}
