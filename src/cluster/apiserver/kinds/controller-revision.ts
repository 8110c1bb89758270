/** Revisions of sets. Source: statefulset.md 2.6; pkg/apis/apps/validation. */
import { controllerOf, type KubernetesObject } from '../../objects/metadata.ts'
import type { FieldError, Kind } from '../kind.ts'
import { required, wantsNotNegative, wantsUnchanged } from '../validate/field-error.ts'
import { count } from './cells.ts'
import { ageColumn, defineKind, nameColumn } from './define.ts'

const revisionRule = (object: KubernetesObject): FieldError[] => wantsNotNegative('revision', object['revision'])

const dataRule = (object: KubernetesObject): FieldError[] => {
  const data: unknown = object['data']
  if (data === undefined || data === null) return [required('data', 'data is mandatory')]
  return typeof data === 'object' && !Array.isArray(data) ? [] : [required('data', 'data must be a valid JSON object')]
}

/** `statefulset.apps/web` */
const controllerCell = (object: KubernetesObject): string => {
  const owner = controllerOf(object)
  if (owner === undefined) return '<none>'
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.slice(0, owner.apiVersion.indexOf('/'))}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

export const controllerRevision: Kind = defineKind({
  kind: 'ControllerRevision',
  apiVersion: 'apps/v1',
  plural: 'controllerrevisions',
  runs: true,
  rules: (object) => [...revisionRule(object), ...dataRule(object)],
  updateRules: (object, old) => [...revisionRule(object), ...wantsUnchanged('data', object['data'], old['data'])],
  columns: [
    nameColumn,
    { name: 'CONTROLLER', cell: controllerCell },
    { name: 'REVISION', cell: (object) => count(object['revision']) },
    ageColumn,
  ],
})
