/**
 * Commands of kubectl that are not here, each refused in one clear line; and what kubectl itself refuses for a set.
 * Source: kubectl.md 6.2; issue 5 ("what is not there yet is refused clearly").
 */
import type { Story } from '../client/story.ts'
import type { Command } from './command.ts'
import { oneObject } from './exec.ts'
import { refusal, usageRefusal } from './failure.ts'
import { type FlagText, fileFlags, printFlags, quietFlags, selectorFlag } from './parse.ts'
import { kindMeant, type Session } from './session.ts'

/** A command that takes any flags and is refused; `instead` says what would do. */
const absent = (name: string, instead: string): readonly [string, Command] => [
  name,
  {
    flags: [],
    lenient: true,
    run: (): undefined => {
      throw refusal(`${name} is not supported by stsim: ${instead}`)
    },
  },
]

/** Commands that are not here. */
export const absentCommands: readonly (readonly [string, Command])[] = [
  absent('edit', 'nobody is there to edit; use patch, apply or set'),
  absent('diff', 'apply --dry-run=server shows whether a file would change something'),
  absent('top', 'nothing measures what containers use'),
  absent('port-forward', 'a command inside a pod reaches other pods: kubectl exec POD -- wget -qO- SERVICE'),
  absent('proxy', 'there is no API to reach from outside'),
  absent('auth', 'everything is allowed here'),
  absent('certificate', 'there are no certificates'),
  absent('debug', 'kubectl exec runs commands in the containers that are there'),
  absent('autoscale', 'no autoscaler runs here; scale the set in a step'),
  absent('kustomize', 'build with kustomize and apply the result'),
  absent('config', 'there is one cluster and one user'),
  absent('plugin', 'there are no plugins'),
  absent('completion', 'there is no shell to complete in'),
  absent('alpha', 'there are no commands in alpha'),
]

const exposeFlags: readonly FlagText[] = [
  ...fileFlags,
  ...printFlags,
  ...quietFlags,
  selectorFlag,
  'port string',
  'target-port string',
  'name string',
  'type string',
  'protocol string',
  'external-ip string',
  'load-balancer-ip string',
  'session-affinity string',
  'cluster-ip string',
  'dry-run string=unchanged',
  'labels,l string',
  'overrides string',
  'generator string',
  'save-config bool',
]

/** kubectl refuses to expose a set; the rest is not here. */
export const expose: Command = {
  flags: exposeFlags,
  run: function* (session: Session): Story<void> {
    const [first] = session.args
    if (first === undefined) throw usageRefusal('You must provide one or more resources by argument or filename.', 'expose')
    const kind = kindMeant(first.split('/')[0] as string)
    if (session.args.length > 1 || first.includes('/')) yield* oneObject(session, session.args)
    if (!['Pod', 'Service', 'ReplicationController', 'Deployment', 'ReplicaSet'].includes(kind.kind)) {
      throw refusal(`cannot expose a ${kind.kind}${kind.group === '' ? '' : `.${kind.group}`}`)
    }
    throw refusal('expose is not supported by stsim yet: write the Service and apply it')
  },
}

/** kubectl cp: what it refuses itself, and the rest. */
export const cp: Command = {
  flags: ['container,c string', 'no-preserve bool', 'retries int'],
  run: function* (session: Session): Story<void> {
    const [from, to, ...more] = session.args
    if (from === undefined || to === undefined || more.length > 0) throw refusal('source and destination are required')
    const isRemote = (text: string): boolean => /^[^/.][^:]*:/.test(text)
    if (!isRemote(from) && !isRemote(to)) throw refusal('one of src or dest must be a remote file specification')
    if (isRemote(from) && isRemote(to)) throw refusal('src and dest both remote are not supported')
    throw refusal("cp is not supported by stsim yet: kubectl exec POD -- sh -c 'echo … > FILE' writes a file, cat reads it")
  },
}
