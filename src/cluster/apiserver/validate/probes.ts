/** Rules about probes and hooks. Source: pkg/apis/core/validation/validation.go (1.36). */
import { headerName, portName, portNumber } from '../../objects/names.ts'
import type { Fields } from '../defaults/share.ts'
import { type Errors, forbiddenField, invalidValue, notSupported, positive, required, wantsNotNegative } from './field-error.ts'
import { checked } from './metadata.ts'

/** What a handler's rules look at beside the handler. */
export type HandlerFacts = { readonly gracePeriod: number | undefined; readonly os: string | undefined }

/** A port of a probe, hook or target: a number or a name. */
export const portRule = (port: unknown, field: string): Errors =>
  typeof port === 'string'
    ? checked(field, port, portName)
    : portNumber((port as number | undefined) ?? 0).map((text) => invalidValue(field, port ?? 0, text))

const httpRules = (action: Fields, field: string): Errors => [
  ...((action['path'] ?? '') === '' ? [required(`${field}.path`)] : []),
  ...portRule(action['port'], `${field}.port`),
  ...(['HTTP', 'HTTPS'].includes(action['scheme']) ? [] : [notSupported(`${field}.scheme`, action['scheme'] ?? '', ['HTTP', 'HTTPS'])]),
  ...((action['httpHeaders'] ?? []) as readonly Fields[]).flatMap((header) =>
    checked(`${field}.httpHeaders`, header['name'] ?? '', headerName),
  ),
]

const sleepRules = (action: Fields, facts: HandlerFacts, field: string): Errors => {
  const seconds: number = action['seconds'] ?? 0
  if (facts.gracePeriod === undefined || (seconds >= 0 && seconds <= facts.gracePeriod)) return []
  return [invalidValue(field, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${facts.gracePeriod})`)]
}

const handlerRules = (handler: Fields, kinds: readonly string[], facts: HandlerFacts, field: string): Errors => {
  const named = kinds.filter((kind) => handler[kind] !== undefined && handler[kind] !== null)
  const [first, ...others] = named
  if (first === undefined) return [required(field, 'must specify a handler type')]
  const action: Fields = handler[first]
  const here = `${field}.${first}`
  const errors: Errors = []
  if (first === 'exec') {
    if ((action['command'] ?? []).length === 0) errors.push(required(`${here}.command`))
  } else if (first === 'httpGet') errors.push(...httpRules(action, here))
  else if (first === 'sleep') errors.push(...sleepRules(action, facts, here))
  else errors.push(...portRule(action['port'], `${here}.port`))
  return [...errors, ...others.map((kind) => forbiddenField(`${field}.${kind}`, 'may not specify more than 1 handler type'))]
}

const probeHandlers = ['exec', 'httpGet', 'tcpSocket', 'grpc']
const hookHandlers = ['exec', 'httpGet', 'tcpSocket', 'sleep']

const probeRules = (probe: Fields, facts: HandlerFacts, field: string): Errors => {
  const errors = handlerRules(probe, probeHandlers, facts, field)
  for (const part of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    errors.push(...wantsNotNegative(`${field}.${part}`, probe[part]))
  }
  const grace = probe['terminationGracePeriodSeconds']
  if (grace !== undefined && grace <= 0) errors.push(invalidValue(`${field}.terminationGracePeriodSeconds`, grace, positive))
  return errors
}

/** The three probes of a container. */
export const allProbeRules = (container: Fields, facts: HandlerFacts, field: string): Errors => {
  const errors: Errors = []
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe: Fields | undefined = container[name]
    if (probe === undefined || probe === null) continue
    const here = `${field}.${name}`
    errors.push(...probeRules(probe, facts, here))
    if (name !== 'readinessProbe' && probe['successThreshold'] !== 1) {
      errors.push(invalidValue(`${here}.successThreshold`, probe['successThreshold'] ?? 0, 'must be 1'))
    }
    if (name === 'readinessProbe' && probe['terminationGracePeriodSeconds'] !== undefined) {
      errors.push(
        invalidValue(
          `${here}.terminationGracePeriodSeconds`,
          probe['terminationGracePeriodSeconds'],
          'must not be set for readinessProbes',
        ),
      )
    }
  }
  return errors
}

/** `lifecycle` */
export const lifecycleRules = (lifecycle: Fields | undefined, facts: HandlerFacts, field: string): Errors => {
  if (lifecycle === undefined) return []
  const errors = (['postStart', 'preStop'] as const).flatMap((hook) =>
    lifecycle[hook] === undefined ? [] : handlerRules(lifecycle[hook], hookHandlers, facts, `${field}.${hook}`),
  )
  if (lifecycle['stopSignal'] !== undefined && facts.os === undefined) {
    errors.push(forbiddenField(`${field}.stopSignal`, 'may not be set for containers with empty `spec.os.name`'))
  }
  return errors
}
