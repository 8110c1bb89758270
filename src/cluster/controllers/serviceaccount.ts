/**
 * Each namespace has a service account `default` and the certificate that pods trust.
 * Source: pkg/controller/serviceaccount/serviceaccounts_controller.go, pkg/controller/certificates/rootcacertpublisher (1.36).
 */
import type { Component, Controller, ControllerFactory } from '../client/controller.ts'
import { call, done, failed, type Look, type Story } from '../client/story.ts'
import { isTerminating, type KubernetesObject } from '../objects/metadata.ts'

/** The ConfigMap of the certificate. */
const rootConfigMap = 'kube-root-ca.crt'

/** One object in each namespace that is made again when it is missing. */
const inEachNamespace =
  (kind: string, name: string, make: (namespace: string) => KubernetesObject): ControllerFactory =>
  (component: Component): Controller => {
    const namespaces = component.see.of('Namespace')
    const objects = component.see.of(kind)
    return {
      name: component.name,
      kinds: ['Namespace', kind],
      workers: 1,
      changed({ type, object }, queue) {
        if (object.kind === 'Namespace') {
          if (type !== 'DELETED' && objects.get(object.metadata.name, name) === undefined) queue.add(object.metadata.name)
        } else if (type === 'DELETED' && object.metadata.name === name) queue.add(object.metadata.namespace as string)
      },
      *look(namespace): Look {
        const space = namespaces.get(undefined, namespace)
        if (space === undefined || isTerminating(space) || objects.get(namespace, name) !== undefined) return done
        return yield* created(make(namespace))
      },
    }
  }

function* created(object: KubernetesObject): Story<typeof done> {
  const answer = yield* call({ verb: 'create', object })
  if (answer.ok || answer.status.reason === 'AlreadyExists' || answer.status.reason === 'NotFound') return done
  // A namespace that began to go in the meantime refuses: it needs none any more.
  return answer.status.reason === 'Forbidden' ? done : failed(answer.status.message)
}

/** The account `default`. */
export const serviceAccount: ControllerFactory = inEachNamespace('ServiceAccount', 'default', (namespace) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace },
}))

/** The certificate that tokens are used with. */
export const rootCertificate: ControllerFactory = inEachNamespace('ConfigMap', rootConfigMap, (namespace) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: rootConfigMap,
    namespace,
    annotations: {
      'kubernetes.io/description':
        'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
    },
  },
  data: { 'ca.crt': '-----BEGIN CERTIFICATE-----\n(simulated)\n-----END CERTIFICATE-----\n' },
}))
