/**
 * kubectl version, cluster-info. Source: kubectl.md 1; kubectl pkg/cmd/version, pkg/cmd/clusterinfo, 1.36.
 */
import type { Story } from '../client/story.ts'
import { versionText } from '../objects/release.ts'
import type { Command } from './command.ts'
import { refusal } from './failure.ts'
import { printYaml } from './print.ts'
import { type Session, servedKind } from './session.ts'
import { listObjects } from './targets.ts'

export const version: Command = { flags: ['client bool', 'output,o string'], run: versionCommand }

/** The kustomize that kubectl of these releases carries. */
const kustomize = 'v5.7.1'

function versionCommand(session: Session): undefined {
  const { flags, terminal, args } = session
  const output = flags.text('output') ?? ''
  const clientOnly = flags.is('client')
  if (!clientOnly && args.length > 0) throw refusal(`extra arguments: [${args.join(' ')}]`)
  if (output !== '' && output !== 'yaml' && output !== 'json') throw refusal("--output must be 'yaml' or 'json'")
  const text = versionText(terminal.release)
  const info = {
    major: '1',
    minor: String(terminal.release.minor),
    gitVersion: text,
    gitCommit: 'stsim',
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: 'go1.25.0',
    compiler: 'gc',
    platform: 'linux/amd64',
  }
  const all = { clientVersion: info, kustomizeVersion: kustomize, ...(clientOnly ? {} : { serverVersion: info }) }
  if (output === '')
    terminal.out(`Client Version: ${text}\nKustomize Version: ${kustomize}\n${clientOnly ? '' : `Server Version: ${text}\n`}`)
  else if (output === 'json') terminal.out(`${JSON.stringify(all, null, 2)}\n`)
  else terminal.out(`${printYaml(all)}\n`)
}

/** Where a simulated API server says it is. */
const address = 'https://stsim.invalid:6443'

export const clusterInfo: Command = { flags: [], run: clusterInfoCommand }

function* clusterInfoCommand(session: Session): Story<void> {
  const { terminal, args } = session
  if (args[0] === 'dump') throw refusal('cluster-info dump is not supported by stsim: kubectl get all -A -o yaml shows the objects')
  terminal.out(`Kubernetes control plane is running at ${address}\n`)
  const namespace = session.enforced ? session.namespace : 'kube-system'
  for (const service of yield* listObjects(session, servedKind('Service'), namespace, 'kubernetes.io/cluster-service=true')) {
    const { name, labels } = service.metadata
    const port = service['spec']?.ports?.[0]
    const scheme = port?.name === 'https' || port?.port === 443 ? 'https:' : ''
    const link = `${address}/api/v1/namespaces/${namespace}/services/${scheme}${name}${port === undefined ? '' : `:${port.name ?? ''}`}/proxy`
    terminal.out(`${labels?.['kubernetes.io/name'] ?? name} is running at ${link}\n`)
  }
  terminal.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n")
}
