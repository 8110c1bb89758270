/** The fields of each type of the API, out of the table. Read when it is first asked for. */
import { fieldTable } from './table.ts'

/** Fields of a type with the text of their types. */
export type FieldTypes = ReadonlyMap<string, string>

let parsed: ReadonlyMap<string, FieldTypes> | undefined

const parse = (): ReadonlyMap<string, FieldTypes> =>
  new Map(
    fieldTable
      .trim()
      .split('\n')
      .map((line) => {
        const [name, ...fields] = line.split(' ')
        const types = fields.map((field) => {
          const colon = field.lastIndexOf(':')
          return [field.slice(0, colon), field.slice(colon + 1)] as const
        })
        return [name as string, new Map(types)] as const
      }),
  )

/** The fields of a type; undefined for a name that is no type of the table. */
export const fieldsOfType = (name: string): FieldTypes | undefined => {
  parsed ??= parse()
  return parsed.get(name)
}

/** Kinds whose type has another name. */
const renamed: ReadonlyMap<string, string> = new Map([['Event', 'CoreEvent']])

/** The type of a Kind. */
export const typeOfKind = (kind: string): string => renamed.get(kind) ?? kind
