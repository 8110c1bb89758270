/** `stsim schema`: the format of scenario files as a JSON Schema, for editors and other programs. */
import { jsonSchema } from '../scenario/published.ts'

export function schema(): void {
  process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`)
}
