/** Rules about paths inside volumes. Source: pkg/apis/core/validation/validation.go (1.36). */
import { type Errors, invalidValue } from './field-error.ts'

/** No part of it is `..`. */
export const noBacksteps = (path: string, field: string): Errors =>
  path.split('/').includes('..') ? [invalidValue(field, path, "must not contain '..'")] : []

/** A path that goes down from where it begins. */
export const descendingPath = (path: string, field: string): Errors => [
  ...(path.startsWith('/') ? [invalidValue(field, path, 'must be a relative path')] : []),
  ...noBacksteps(path, field),
]

/** A path of a file that is put into a volume; names that begin with `..` are the kubelet's own. */
export const unreservedPath = (path: string, field: string): Errors => [
  ...descendingPath(path, field),
  ...(path.startsWith('..') && !path.startsWith('../') ? [invalidValue(field, path, "must not start with '..'")] : []),
]
