/**
 * Keeps the status of quotas: what is allowed, and what is used. Admission counts up what is created; this counts anew when a quota
 * changes or something goes.
 *
 * Source: pkg/controller/resourcequota/resource_quota_controller.go (1.36); the recordings.
 * Differs from Kubernetes: no full count every five minutes; scopes are not read.
 */
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { call, done, failed, type Look } from '../client/story.ts'
import { type KubernetesObject, namespacedName } from '../objects/metadata.ts'
import { isFinishedPod } from '../objects/pod.ts'
import { totalOf, type Usage } from '../objects/quota.ts'

/** Kinds that a quota can count. */
const countable = ['Pod', 'PersistentVolumeClaim', 'Service', 'Secret', 'ConfigMap', 'StatefulSet', 'Deployment', 'ReplicaSet'] as const

const same = (a: Usage | undefined, b: Usage): boolean => {
  const keys = Object.keys(b)
  return a !== undefined && Object.keys(a).length === keys.length && keys.every((key) => a[key] === b[key])
}

export const resourceQuota: ControllerFactory = (component: Component): Controller => {
  const quotas = component.see.of('ResourceQuota')
  return {
    name: component.name,
    kinds: ['ResourceQuota', ...countable],
    workers: 5,
    changed({ type, object, old }, queue) {
      if (object.kind === 'ResourceQuota') {
        const stale = !same(object['status']?.hard as Usage | undefined, (object['spec']?.hard ?? {}) as Usage)
        if (type !== 'DELETED' && (old === undefined || stale)) queue.add(namespacedName(object))
        return
      }
      if (quotas.size === 0) return
      const ended = object.kind === 'Pod' && old !== undefined && isFinishedPod(object) && !isFinishedPod(old)
      if (type !== 'DELETED' && !ended) return
      for (const quota of quotas.list(object.metadata.namespace)) queue.add(namespacedName(quota))
    },
    *look(key): Look {
      const [namespace, name = ''] = key.split('/')
      const quota = quotas.get(namespace, name)
      if (quota === undefined) return done
      const hard = (quota['spec']?.hard ?? {}) as Usage
      const objects: KubernetesObject[] = countable.flatMap((kind) => component.see.of(kind).list(namespace))
      const used = totalOf(objects, Object.keys(hard))
      const status = (quota['status'] ?? {}) as { readonly hard?: Usage; readonly used?: Usage }
      if (same(status.hard, hard) && same(status.used, used)) return done
      const answer = yield* call({ verb: 'update', object: { ...quota, status: { hard, used } }, subresource: 'status' })
      return answer.ok ? done : failed(answer.status.message)
    },
  }
}
