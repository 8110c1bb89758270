/**
 * kubectl cordon and uncordon, and the first half of drain. Source: kubectl.md 1, 6.1; kubectl pkg/cmd/drain/drain.go, 1.36.
 */
import type { Story } from '../client/story.ts'
import type { KubernetesObject } from '../objects/metadata.ts'
import type { Command } from './command.ts'
import { faultsOf, refusal, textOf, usageRefusal } from './failure.ts'
import { dryRunFlag, selectorFlag } from './parse.ts'
import { ask, type DryRun, dryRunOf, dryRunSuffix, type Session } from './session.ts'
import { collectAll, planOf, type Wanted } from './targets.ts'

export const cordon: Command = { flags: [selectorFlag, dryRunFlag], run: (session) => cordonCommand(session, true) }
export const uncordon: Command = { flags: [selectorFlag, dryRunFlag], run: (session) => cordonCommand(session, false) }

function* cordonCommand(session: Session, desired: boolean): Story<void> {
  const dryRun = dryRunOf(session)
  const nodes = yield* nodesMeant(session, `${session.command} NODE`)
  yield* cordonNodes(session, nodes, desired, dryRun)
}

/** The nodes that the line names. */
export function* nodesMeant(session: Session, usage: string): Story<readonly KubernetesObject[]> {
  const { args, flags } = session
  const selector = flags.text('selector')
  if (args.length === 0 && selector === undefined) throw usageRefusal(`USAGE: ${usage} [flags]`, session.command)
  if (args.length > 0 && (selector ?? '') !== '')
    throw usageRefusal('error: cannot specify both a node name and a --selector option', session.command)
  const slashed = args.some((arg) => arg.includes('/'))
  const words = args.length === 0 ? ['nodes'] : slashed ? args.map((arg) => (arg.includes('/') ? arg : `nodes/${arg}`)) : ['nodes', ...args]
  const wanted: Wanted = { args: words, selector, kindMeansAll: args.length === 0, fetch: 'lazy', oneKind: true }
  const plan = planOf(session, wanted)
  const nodes: KubernetesObject[] = []
  // Without "continue on error" the first node that is not there ends the command.
  for (const source of plan.sources) {
    for (const { kind, object } of yield* collectAll(session, { ...plan, sources: [source] }, wanted)) {
      if (kind.kind !== 'Node') throw refusal(`error: expected resource of type node, got ${JSON.stringify(kind.plural)}`)
      nodes.push(object)
    }
  }
  return nodes
}

/** Sets or clears spec.unschedulable of each node, and says so. */
export function* cordonNodes(session: Session, nodes: readonly KubernetesObject[], desired: boolean, dryRun: DryRun): Story<void> {
  const { terminal } = session
  for (const node of nodes) {
    const { name } = node.metadata
    const word = desired ? 'cordoned' : 'uncordoned'
    if ((node['spec']?.unschedulable === true) === desired) {
      terminal.out(`node/${name} already ${word}${dryRunSuffix(dryRun)}\n`)
      continue
    }
    if (dryRun !== 'client') {
      try {
        const patch = { spec: { unschedulable: desired ? true : null } }
        yield* ask(session, {
          verb: 'patch',
          kind: 'Node',
          name,
          type: 'strategic',
          patch,
          ...(dryRun === 'server' ? { dryRun: true } : {}),
        })
      } catch (thrown) {
        for (const fault of faultsOf(thrown)) {
          terminal.err(
            `error: unable to ${desired ? 'cordon' : 'uncordon'} node ${JSON.stringify(name)}: ${'status' in fault ? fault.status.message : textOf(fault)}\n`,
          )
        }
        continue
      }
    }
    terminal.out(`node/${name} ${word}${dryRunSuffix(dryRun)}\n`)
  }
}
