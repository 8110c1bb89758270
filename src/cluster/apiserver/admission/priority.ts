import type { KubernetesObject } from '../../objects/metadata.ts'
import { type AdmissionPlugin, admitted, forbiddenBy } from './plugin.ts'

/** Gives a pod the number of its PriorityClass; a pod may only say what that gives. Source: plugin/pkg/admission/priority; scheduler.md 7.18. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  kinds: ['Pod'],
  create: (pod, context) => {
    const asked = pod['spec'].priorityClassName as string | undefined
    const classes = context.store.of('PriorityClass')
    const chosen = asked === undefined || asked === '' ? defaultOf(classes.values()) : classes.get(undefined, asked)
    if (chosen === undefined && asked !== undefined && asked !== '') {
      return forbiddenBy('pods', pod.metadata.name, `no PriorityClass with name ${asked} was found`)
    }
    const computed = {
      priority: (chosen?.['value'] as number | undefined) ?? 0,
      preemptionPolicy: (chosen?.['preemptionPolicy'] as string | undefined) ?? 'PreemptLowerPriority',
    }
    const given = pod['spec'] as Partial<typeof computed>
    if ((given.priority ?? computed.priority) !== computed.priority)
      return mustNotSay(pod, `integer value of priority (${given.priority})`, computed.priority)
    if ((given.preemptionPolicy ?? computed.preemptionPolicy) !== computed.preemptionPolicy)
      return mustNotSay(pod, `string value of PreemptionPolicy (${given.preemptionPolicy})`, computed.preemptionPolicy)
    const spec = { ...pod['spec'], ...(chosen === undefined ? {} : { priorityClassName: chosen.metadata.name }), ...computed }
    return admitted({ ...pod, spec })
  },
}

const mustNotSay = (pod: KubernetesObject, what: string, computed: number | string): ReturnType<typeof forbiddenBy> =>
  forbiddenBy(
    'pods',
    pod.metadata.name,
    `the ${what} must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`,
  )

/** The class that says `globalDefault`; of several the one with the lowest value. */
const defaultOf = (classes: Iterable<KubernetesObject>): KubernetesObject | undefined => {
  let found: KubernetesObject | undefined
  for (const each of classes) if (each['globalDefault'] === true && (found === undefined || each['value'] < found['value'])) found = each
  return found
}
