/**
 * What the API server would say to the manifests of a scenario, before anything runs: a dry run of each create on the cluster as it is at
 * 0 s. Fields that it refuses are mistakes of the file, each with its place.
 */

import { typeOfKind } from '../cluster/apiserver/fields/lookup.ts'
import { readFields } from '../cluster/apiserver/fields/read.ts'
import type { KubernetesObject } from '../cluster/objects/metadata.ts'
import type { ScenarioReading } from '../scenario/read.ts'
import { start } from '../simulate.ts'
import { type Mistake, mistakeOfFile } from '../text/mistake.ts'

/** All mistakes in the manifests of a scenario that was read without mistakes. */
export function mistakesInManifests(reading: ScenarioReading): readonly Mistake[] {
  const { scenario, mistakeAt } = reading
  if (scenario === undefined || scenario.manifests.length === 0) return []
  const placed = (object: KubernetesObject, field: string, of: 'key' | 'value', found: string, hint: string): Mistake =>
    mistakeAt(object, field, of, found, hint) ?? mistakeOfFile(`${object.kind}/${object.metadata.name}`, found, hint)
  const { server } = start({ ...scenario, steps: [], expect: [] }).cluster
  return scenario.manifests.flatMap((object) => {
    const decoding = readFields(typeOfKind(object.kind), object).mistakes.map((mistake) => {
      const hint = mistake.nearest === undefined ? '' : `did you mean "${mistake.nearest}"?`
      return placed(object, fieldOf(mistake.path), mistake.kind === 'unknown' ? 'key' : 'value', mistake.text, hint)
    })
    if (decoding.length > 0) return decoding
    const answer = server.handle('kubectl', { verb: 'create', object, dryRun: true, fieldValidation: 'Ignore' })
    if (answer.ok || answer.status.reason !== 'Invalid') return []
    const causes = answer.status.details?.causes ?? []
    if (causes.length === 0) return [placed(object, '', 'value', answer.status.message, '')]
    return causes.map(({ field, message }) => placed(object, field ?? '', 'value', `${field}: ${message}`, ''))
  })
}

const fieldOf = (path: readonly (string | number)[]): string =>
  path.map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`)).join('')
