/** Writes the tables of the reference into scenarios/README.md: npx tsx test/scenario/write-reference.ts */
import { readFileSync, writeFileSync } from 'node:fs'
import { faultTable, fieldTables } from '../../src/scenario/reference.ts'

const file = new URL('../../scenarios/README.md', import.meta.url)
const put = (text: string, name: string, table: string): string =>
  text.replace(
    new RegExp(`(<!-- ${name}:.*-->\n)[\\s\\S]*(\n<!-- end of ${name} -->)`),
    (_, head: string, tail: string) => `${head}\n${table}\n${tail}`,
  )

writeFileSync(file, put(put(readFileSync(file, 'utf8'), 'faults', faultTable()), 'fields', fieldTables()))
