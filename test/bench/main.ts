/** `npm run bench [NAME…]`: each benchmark prints ratios of things run side by side. Without names all of them run. */
import { cluster } from './cluster.ts'
import { hold } from './hold.ts'
import { schedule } from './schedule.ts'
import { start } from './start.ts'

const benches: Readonly<Record<string, () => void>> = { hold, start, schedule, cluster }
const wanted = process.argv.slice(2)
for (const name of wanted) {
  if (benches[name] === undefined) {
    console.error(`there is no benchmark "${name}"; there are ${Object.keys(benches).join(', ')}`)
    process.exit(2)
  }
}
for (const [name, run] of Object.entries(benches)) if (wanted.length === 0 || wanted.includes(name)) run()
