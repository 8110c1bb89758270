/**
 * Commands about files, texts and the shell itself. Texts are those of busybox.
 */
import { type Micros, minutes, seconds } from '../../engine/clock.ts'
import { type Story, sleep } from '../client/story.ts'
import { baseName, type Command, Exit, flagsOf, pathOf, type State, unescaped } from './inside.ts'

const echo: Command = (_, args, { out }) => {
  const options = /^-[neE]+$/
  let i = 0
  while (i < args.length && options.test(args[i] as string)) i += 1
  const flags = args.slice(0, i).join('')
  const text = args.slice(i).join(' ')
  out(`${flags.includes('e') ? unescaped(text) : text}${flags.includes('n') ? '' : '\n'}`)
  return 0
}

const printf: Command = (_, args, { out }) => {
  const [format = '', ...values] = args
  let i = 0
  const once = (): string =>
    unescaped(format).replace(/%(?:s|d|%)/g, (sign) => (sign === '%%' ? '%' : (values[i++] ?? (sign === '%d' ? '0' : ''))))
  let text = once()
  while (i > 0 && i < values.length) text += once()
  out(text)
  return 0
}

const cat: Command = (state, args, { stdin, out, err }) => {
  const { rest } = flagsOf(args)
  if (rest.length === 0) {
    out(stdin)
    return 0
  }
  let status = 0
  for (const name of rest) {
    const path = pathOf(state, name)
    const text = name === '-' ? stdin : state.inside.files.read(path)
    if (text !== undefined) out(text)
    else {
      err(
        state.inside.files.list(path) === undefined
          ? `cat: can't open '${name}': No such file or directory\n`
          : 'cat: read error: Is a directory\n',
      )
      status = 1
    }
  }
  return status
}

const ls: Command = (state, args, { out, err }) => {
  const { flags, rest } = flagsOf(args)
  const names = rest.length === 0 ? ['.'] : rest
  let status = 0
  const line = (path: string, name: string): string => {
    if (!flags.includes('l')) return `${name}\n`
    const isFolder = state.inside.files.list(path) !== undefined
    const size = isFolder ? 4096 : (state.inside.files.read(path) ?? '').length
    return `${isFolder ? 'drwxr-xr-x    2' : '-rw-r--r--    1'} root     root     ${String(size).padStart(9)} ${dateText(state.inside.time())} ${name}\n`
  }
  for (const [i, name] of names.entries()) {
    const path = pathOf(state, name)
    const inFolder = state.inside.files.list(path)
    if (inFolder !== undefined && !flags.includes('d')) {
      if (names.length > 1) out(`${i === 0 ? '' : '\n'}${name}:\n`)
      const all = flags.includes('a') ? ['.', '..', ...inFolder] : inFolder.filter((each) => !each.startsWith('.'))
      if (flags.includes('l')) out(`total ${all.length * 4}\n`)
      for (const each of all) out(line(`${path === '/' ? '' : path}/${each}`, each))
    } else if (inFolder !== undefined || state.inside.files.read(path) !== undefined) out(line(path, name))
    else {
      err(`ls: ${name}: No such file or directory\n`)
      status = 1
    }
  }
  return status
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** `Jan  1 00:01`, as `ls -l` has it. */
const dateText = (time: string): string =>
  `${months[Number(time.slice(5, 7)) - 1]} ${String(Number(time.slice(8, 10))).padStart(2)} ${time.slice(11, 16)}`

const touch: Command = (state, args, { err }) => {
  let status = 0
  for (const name of flagsOf(args).rest) {
    const path = pathOf(state, name)
    const wrong = state.inside.files.read(path) === undefined ? state.inside.files.write(path, '') : undefined
    if (wrong !== undefined) {
      err(`touch: ${name}: ${wrong}\n`)
      status = 1
    }
  }
  return status
}

const rm: Command = (state, args, { err }) => {
  const { flags, rest } = flagsOf(args)
  let status = 0
  const removeAll = (path: string): boolean => {
    const names = state.inside.files.list(path)
    for (const name of names ?? []) removeAll(`${path === '/' ? '' : path}/${name}`)
    return state.inside.files.remove(path) || names !== undefined
  }
  for (const name of rest) {
    const path = pathOf(state, name)
    const isFolder = state.inside.files.list(path) !== undefined
    if (isFolder && !/[rR]/.test(flags)) {
      err(`rm: '${name}' is a directory\n`)
      status = 1
    } else if (!removeAll(path) && !flags.includes('f')) {
      err(`rm: can't remove '${name}': No such file or directory\n`)
      status = 1
    }
  }
  return status
}

const mkdir: Command = (state, args, { err }) => {
  const { flags, rest } = flagsOf(args)
  let status = 0
  for (const name of rest) {
    const path = pathOf(state, name)
    const there = state.inside.files.list(path) !== undefined
    const wrong = there ? (flags.includes('p') ? undefined : 'File exists') : state.inside.files.makeFolder(path)
    if (wrong !== undefined) {
      err(`mkdir: can't create directory '${name}': ${wrong}\n`)
      status = 1
    }
  }
  return status
}

/** Everybody may do everything here: the mode is looked at, and changes nothing. */
const chmod: Command = (state, args, { err }) => {
  const [mode, ...names] = flagsOf(args).rest
  if (mode === undefined || names.length === 0) {
    err('chmod: missing operand\n')
    return 1
  }
  if (!/^([0-7]{1,4}|[ugoa]*[-+=][rwxXst]*(,[ugoa]*[-+=][rwxXst]*)*)$/.test(mode)) {
    err(`chmod: invalid mode '${mode}'\n`)
    return 1
  }
  let status = 0
  for (const name of names) {
    const path = pathOf(state, name)
    if (state.inside.files.list(path) !== undefined || state.inside.files.read(path) !== undefined) continue
    err(`chmod: ${name}: No such file or directory\n`)
    status = 1
  }
  return status
}

const copy =
  (moves: boolean): Command =>
  (state, args, { err }) => {
    const word = moves ? 'mv' : 'cp'
    const { rest } = flagsOf(args)
    const to = rest.at(-1)
    if (to === undefined || rest.length < 2) {
      err(`${word}: missing file operand\n`)
      return 1
    }
    let status = 0
    for (const name of rest.slice(0, -1)) {
      const from = pathOf(state, name)
      const text = state.inside.files.read(from)
      const target = pathOf(state, to)
      const full = state.inside.files.list(target) === undefined ? target : `${target === '/' ? '' : target}/${baseName(from)}`
      const wrong = text === undefined ? 'No such file or directory' : state.inside.files.write(full, text)
      if (wrong !== undefined) {
        err(`${word}: can't ${moves ? 'rename' : 'stat'} '${name}': ${wrong}\n`)
        status = 1
      } else if (moves) state.inside.files.remove(from)
    }
    return status
  }

const cd: Command = (state, args, { err }) => {
  const name = args[0] ?? state.variables.get('HOME') ?? '/'
  const path = pathOf(state, name)
  if (state.inside.files.list(path) === undefined) {
    err(`sh: cd: can't cd to ${name}: No such file or directory\n`)
    return 2
  }
  state.folder = path
  return 0
}

const printenv: Command = (state, args, { out }) => {
  const [name] = args
  if (name === undefined) {
    for (const [each, value] of state.variables) if (/^[A-Za-z_]/.test(each)) out(`${each}=${value}\n`)
    return 0
  }
  const value = state.variables.get(name)
  if (value !== undefined) out(`${value}\n`)
  return value === undefined ? 1 : 0
}

const exporting: Command = (state, args) => {
  for (const arg of args) {
    const equals = arg.indexOf('=')
    if (equals > 0) state.variables.set(arg.slice(0, equals), arg.slice(equals + 1))
  }
  return 0
}

const sleeping: Command = function* (_, args, { err }): Story<number> {
  let total: Micros = 0
  for (const arg of args) {
    const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(arg)
    if (arg === 'infinity') total += minutes(60 * 24 * 365)
    else if (match === null) {
      err(`sleep: invalid number '${arg}'\n`)
      return 1
    } else
      total += Math.round(
        Number(match[1]) * seconds(({ s: 1, m: 60, h: 3600, d: 86_400 } as Readonly<Record<string, number>>)[match[2] || 's'] as number),
      )
  }
  if (args.length === 0) {
    err('sleep: missing operand\n')
    return 1
  }
  yield* sleep(total)
  return 0
}

const leaving: Command = (state, args) => {
  throw new Exit(args[0] === undefined ? state.status : Number.parseInt(args[0], 10) & 255)
}

const test: Command = (state, args, { err }) => {
  const words = args.at(-1) === ']' ? args.slice(0, -1) : args
  const [a = '', b = '', c = ''] = words
  const { files } = state.inside
  const isThere = (name: string): boolean => files.read(pathOf(state, name)) !== undefined || files.list(pathOf(state, name)) !== undefined
  const verdict = ((): boolean | undefined => {
    if (words.length <= 1) return a !== ''
    if (words.length === 2) {
      if (a === '!') return b === ''
      if (a === '-n') return b !== ''
      if (a === '-z') return b === ''
      if (a === '-e') return isThere(b)
      if (a === '-f') return files.read(pathOf(state, b)) !== undefined
      if (a === '-d') return files.list(pathOf(state, b)) !== undefined
      if (a === '-s') return (files.read(pathOf(state, b)) ?? '') !== ''
    }
    if (b === '=' || b === '==') return a === c
    if (b === '!=') return a !== c
    const x = Number(a)
    const y = Number(c)
    if (b === '-eq') return x === y
    if (b === '-ne') return x !== y
    if (b === '-lt') return x < y
    if (b === '-le') return x <= y
    if (b === '-gt') return x > y
    if (b === '-ge') return x >= y
    return undefined
  })()
  if (verdict === undefined) {
    err(`sh: ${b}: unknown operand\n`)
    return 2
  }
  return verdict ? 0 : 1
}

const grep: Command = (state, args, { stdin, out, err }) => {
  const { flags, rest } = flagsOf(args)
  const [pattern = '', ...names] = rest
  let expression: RegExp
  try {
    expression = new RegExp(flags.includes('F') ? pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : pattern, flags.includes('i') ? 'i' : '')
  } catch {
    err(`grep: bad regex '${pattern}'\n`)
    return 2
  }
  let count = 0
  for (const name of names.length === 0 ? ['-'] : names) {
    const text = name === '-' ? stdin : state.inside.files.read(pathOf(state, name))
    if (text === undefined) {
      err(`grep: ${name}: No such file or directory\n`)
      continue
    }
    for (const line of text.replace(/\n$/, '').split('\n')) {
      if (expression.test(line) === flags.includes('v')) continue
      count += 1
      if (!/[qc]/.test(flags)) out(`${names.length > 1 ? `${name}:` : ''}${line}\n`)
    }
  }
  if (flags.includes('c')) out(`${count}\n`)
  return count > 0 ? 0 : 1
}

/** head and tail. */
const part =
  (last: boolean): Command =>
  (state, args, { stdin, out, err }) => {
    const at0 = args.findIndex((arg) => /^-n?\d*$/.test(arg))
    const flag = at0 < 0 ? undefined : (args[at0] as string)
    const count = Number(flag === undefined ? 10 : flag === '-n' ? args[at0 + 1] : flag.replace(/^-n?/, ''))
    const names = args.filter((arg, i) => !arg.startsWith('-') && !(flag === '-n' && i === at0 + 1))
    const text = names[0] === undefined ? stdin : state.inside.files.read(pathOf(state, names[0]))
    if (text === undefined) {
      err(`${last ? 'tail' : 'head'}: ${names[0]}: No such file or directory\n`)
      return 1
    }
    const lines = text.replace(/\n$/, '').split('\n')
    const kept = last ? lines.slice(Math.max(0, lines.length - count)) : lines.slice(0, count)
    if (text !== '') out(`${kept.join('\n')}\n`)
    return 0
  }

const wc: Command = (state, args, { stdin, out, err }) => {
  const { flags, rest } = flagsOf(args)
  const [name] = rest
  const text = name === undefined ? stdin : state.inside.files.read(pathOf(state, name))
  if (text === undefined) {
    err(`wc: ${name}: No such file or directory\n`)
    return 1
  }
  const counts = [
    ...(flags === '' || flags.includes('l') ? [text.split('\n').length - 1] : []),
    ...(flags === '' || flags.includes('w') ? [text.split(/\s+/).filter((word) => word !== '').length] : []),
    ...(flags === '' || flags.includes('c') ? [text.length] : []),
  ]
  out(`${counts.join(' ')}${name === undefined ? '' : ` ${name}`}\n`)
  return 0
}

const weekdays = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed']

const date: Command = ({ inside }, _, { out }) => {
  const time = inside.time()
  const [year, month, day] = [time.slice(0, 4), time.slice(5, 7), time.slice(8, 10)].map(Number) as [number, number, number]
  // Zeller's rule, with 0 for Thursday
  const m = month < 3 ? month + 12 : month
  const y = month < 3 ? year - 1 : year
  const sunday = (day + Math.floor((13 * (m + 1)) / 5) + y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + 6) % 7
  out(`${weekdays[(sunday + 3) % 7]} ${months[month - 1]} ${String(day).padStart(2)} ${time.slice(11, 19)} UTC ${year}\n`)
  return 0
}

/** A command that prints one line. */
const saying =
  (text: (state: State, flags: string) => string): Command =>
  (state, args, { out }) => {
    out(`${text(state, flagsOf(args).flags)}\n`)
    return 0
  }

/** By name. */
export const fileCommands: readonly (readonly [string, Command])[] = [
  ['echo', echo],
  ['printf', printf],
  ['cat', cat],
  ['ls', ls],
  ['touch', touch],
  ['rm', rm],
  ['mkdir', mkdir],
  ['cp', copy(false)],
  ['mv', copy(true)],
  ['chmod', chmod],
  ['cd', cd],
  ['pwd', saying((state) => state.folder)],
  ['printenv', printenv],
  ['export', exporting],
  ['sleep', sleeping],
  ['exit', leaving],
  ['true', () => 0],
  [':', () => 0],
  ['false', () => 1],
  ['test', test],
  ['[', test],
  ['grep', grep],
  ['head', part(false)],
  ['tail', part(true)],
  ['wc', wc],
  ['date', date],
  ['id', saying(() => 'uid=0(root) gid=0(root) groups=0(root)')],
  ['whoami', saying(() => 'root')],
  [
    'uname',
    saying(({ inside }, flags) =>
      flags.includes('a') ? `Linux ${inside.hostname} 6.1.0-sim #1 SMP x86_64 GNU/Linux` : flags.includes('n') ? inside.hostname : 'Linux',
    ),
  ],
  ['sync', () => 0],
]
