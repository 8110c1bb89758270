/**
 * kubectl describe. Source: kubectl.md 1, 7; kubectl pkg/cmd/describe/describe.go, 1.36.
 */
import type { Kind } from '../apiserver/kind.ts'
import { call, type Story } from '../client/story.ts'
import { isControlledBy, type KubernetesObject } from '../objects/metadata.ts'
import { printRequirements, requirementsOf } from '../objects/selector.ts'
import type { Command } from './command.ts'
import { describeClaim } from './describe/claim.ts'
import { describeNode } from './describe/node.ts'
import { describeAnything, describeNamespace, otherDescribers } from './describe/others.ts'
import { describePod } from './describe/pod.ts'
import { describeService } from './describe/service.ts'
import { describeStatefulSet } from './describe/statefulset.ts'
import { describeVolume } from './describe/volume.ts'
import type { Scene } from './describe/writer.ts'
import { Failure, type Fault, faultsOf, isMissing, refusal } from './failure.ts'
import { fileFlags, selectorFlag } from './parse.ts'
import { kindMeant, type Session, servedKind } from './session.ts'
import { collect, listObjects, planOf, type Wanted } from './targets.ts'

export const describe: Command = {
  flags: [...fileFlags, selectorFlag, 'all-namespaces,A bool', 'show-events bool', 'chunk-size int'],
  run: describeObjects,
}

function* describeObjects(session: Session): Story<void> {
  const { flags, terminal, args } = session
  if (args.length === 0 && !flags.has('filename') && !flags.has('kustomize')) {
    throw refusal(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.\n',
    )
  }
  const wanted: Wanted = {
    args,
    selector: flags.text('selector'),
    allNamespaces: flags.is('all-namespaces'),
    kindMeansAll: true,
    files: true,
    fetch: 'latest',
  }
  const plan = planOf(session, wanted)
  const collected = yield* collect(session, plan, wanted)
  const { found } = collected
  const faults: Fault[] = [...collected.faults]
  // 1.36: several objects, or a prefix, are shown without their events unless those are asked for.
  const one = faults.length === 0 && found.length <= 1
  const showEvents = flags.has('show-events') ? flags.is('show-events') : one || terminal.release.minor < 36
  const [kindWord, prefix] = args
  const [only] = faults
  if (only !== undefined && faults.length === 1 && isMissing(only) && args.length === 2 && kindWord !== undefined && prefix !== undefined) {
    return yield* describePrefix(session, kindWord, prefix, showEvents, faults)
  }
  for (const [i, { kind, object }] of found.entries()) {
    try {
      const text = yield* describeOne(session, kind, object, showEvents)
      terminal.out(i === 0 ? text : `\n\n${text}`)
    } catch (thrown) {
      faults.push(...faultsOf(thrown))
    }
  }
  if (found.length === 0 && faults.length === 0) {
    terminal.err(flags.is('all-namespaces') ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`)
  }
  if (faults.length > 0) throw new Failure(faults)
}

/** A name that is not there may be the beginning of names that are. */
function* describePrefix(session: Session, kindWord: string, prefix: string, showEvents: boolean, faults: readonly Fault[]): Story<void> {
  const kind = kindMeant(kindWord)
  const objects = yield* listObjects(session, kind, session.namespace)
  const fitting = objects.filter((object) => object.metadata.name.startsWith(prefix))
  if (fitting.length === 0) throw new Failure(faults)
  for (const object of fitting) session.terminal.out(`${yield* describeOne(session, kind, object, showEvents)}\n`)
}

function* describeOne(session: Session, kind: Kind, object: KubernetesObject, showEvents: boolean): Story<string> {
  const scene: Scene = { now: session.terminal.time(), events: showEvents ? yield* eventsOf(session, kind, object) : undefined }
  const { namespace, name } = object.metadata
  switch (kind.kind) {
    case 'Pod':
      return describePod(object, scene)
    case 'StatefulSet': {
      const selector = requirementsOf(object['spec']?.selector ?? {}) ?? []
      const pods = yield* listObjects(session, servedKind('Pod'), namespace, printRequirements(selector))
      return describeStatefulSet(
        object,
        pods.filter((pod) => isControlledBy(pod, object)),
        scene,
      )
    }
    case 'PersistentVolumeClaim':
      return describeClaim(object, yield* listObjects(session, servedKind('Pod'), namespace), scene)
    case 'PersistentVolume':
      return describeVolume(object, scene)
    case 'Service':
      return describeService(
        object,
        yield* listObjects(session, servedKind('EndpointSlice'), namespace, `kubernetes.io/service-name=${name}`),
        scene,
      )
    case 'Node': {
      const pods = yield* listObjects(
        session,
        servedKind('Pod'),
        undefined,
        '',
        `spec.nodeName=${name},status.phase!=Succeeded,status.phase!=Failed`,
      )
      const lease = yield* call({ verb: 'get', kind: 'Lease', namespace: 'kube-node-lease', name })
      return describeNode(object, pods, lease.ok ? lease.object : lease.status.message, scene)
    }
    case 'Namespace':
      return describeNamespace(object, yield* listObjects(session, servedKind('ResourceQuota'), name))
    default:
      return (otherDescribers.get(kind.kind) ?? describeAnything)(object, scene)
  }
}

/** The events about an object; a kubelet's about its node carry the name as uid. */
function* eventsOf(session: Session, kind: Kind, object: KubernetesObject): Story<readonly KubernetesObject[]> {
  const { name, namespace, uid } = object.metadata
  const fields = [
    `involvedObject.name=${name}`,
    ...(kind.namespaced ? [`involvedObject.namespace=${namespace}`] : [`involvedObject.kind=${kind.kind}`]),
  ]
  const found = yield* listObjects(session, servedKind('Event'), kind.namespaced ? namespace : undefined, '', fields.join(','))
  return found.filter((event) => {
    const about = event['involvedObject']?.uid as string | undefined
    return about === undefined || about === uid || (kind.kind === 'Node' && about === name)
  })
}
