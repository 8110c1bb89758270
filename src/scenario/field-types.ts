/** The fields of Kubernetes' objects, as conditions ask for them. */
import { fieldsOfType, typeOfKind } from '../cluster/apiserver/fields/lookup.ts'
import type { FieldTypes } from './conditions.ts'

/** The fields of release 1.36. */
export const kubernetesFields: FieldTypes = {
  field: (type, name) => {
    if (type.startsWith('{}')) return type.slice(2)
    const fields = fieldsOfType(typeOfKind(type))
    if (fields !== undefined) return fields.get(name)
    // A text or a number has no fields; a list has none either. What the table does not know may have any.
    return /^(\[\]|string$|int|bool$|double$|quantity$|time$|microtime$|bytes$)/.test(type) ? undefined : 'any'
  },
  names: (type) => [...(fieldsOfType(typeOfKind(type))?.keys() ?? [])],
}
