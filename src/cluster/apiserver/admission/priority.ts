import type { KubernetesObject } from '../../objects/metadata.ts'
import { type AdmissionPlugin, admitted, forbiddenBy } from './plugin.ts'

/** Gives a pod the number of its PriorityClass. Source: plugin/pkg/admission/priority; scheduler.md, "priority". */
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
    const spec = {
      ...pod['spec'],
      ...(chosen === undefined ? {} : { priorityClassName: chosen.metadata.name }),
      priority: (chosen?.['value'] as number | undefined) ?? 0,
      preemptionPolicy: pod['spec'].preemptionPolicy ?? chosen?.['preemptionPolicy'] ?? 'PreemptLowerPriority',
    }
    return admitted({ ...pod, spec })
  },
}

/** The class that says `globalDefault`; of several the one with the lowest value. */
const defaultOf = (classes: Iterable<KubernetesObject>): KubernetesObject | undefined => {
  let found: KubernetesObject | undefined
  for (const each of classes) if (each['globalDefault'] === true && (found === undefined || each['value'] < found['value'])) found = each
  return found
}
