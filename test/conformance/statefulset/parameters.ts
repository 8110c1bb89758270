/** One case for each combination of its parameters. Source: the README of the cases, "Parameters". */
import { isMap, type Loose, listOf } from './compare.ts'

const replaced = (value: Loose, named: Record<string, Loose>): Loose => {
  if (Array.isArray(value)) return value.map((each) => replaced(each, named))
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, part]) => [replaced(key, named), replaced(part, named)]))
  if (typeof value !== 'string') return value
  const whole = /^\$(\w+)$/.exec(value)?.[1]
  if (whole !== undefined && whole in named) return structuredClone(named[whole])
  return value.replace(/\$\{(\w+)\}/g, (text, name) => (name in named ? String(named[name] ?? '-') : text))
}

const idOf = (kase: Loose, chosen: Record<string, Loose>): string =>
  `${kase.id}[${Object.values(chosen)
    .map((value) => (value === null ? '-' : isMap(value) ? (value['name'] ?? JSON.stringify(value)) : String(value)))
    .join(',')}]`

export const combinations = (kase: Loose, fixtures: Loose): Loose[] => {
  if (kase.for === undefined) return [kase]
  let all: Record<string, Loose>[] = [{}]
  for (const [name, given] of Object.entries<Loose>(kase.for)) {
    const values = typeof given === 'string' ? (fixtures.lists[given] ?? [given]) : given
    all = all.flatMap((chosen) => values.map((value: Loose) => ({ ...chosen, [name]: value })))
  }
  return all.map((chosen) => {
    const named: Record<string, Loose> = { ...chosen }
    for (const [name, cases] of Object.entries<Loose>(kase.let ?? {})) {
      const value = Object.values(chosen)
        .map(String)
        .find((each) => each in cases)
      named[name] = value === undefined ? cases.otherwise : cases[value]
    }
    const { for: _, let: __, ...rest } = kase
    const traits = [chosen['mode'], chosen['policy']].filter((trait) => trait !== undefined)
    return { ...replaced(rest, named), id: idOf(kase, chosen), traits }
  })
}

/** Rounds that stand for several, written out. */
export const unrolled = (rounds: Loose): Loose[] =>
  listOf<Loose>(rounds).flatMap((round) => {
    if (round.over === undefined) return [round]
    const [[name, values]] = Object.entries<Loose>(round.over) as [[string, Loose[]]]
    return values.flatMap((value) => unrolled(replaced(round.rounds, { [name]: value })))
  })
