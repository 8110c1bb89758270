/**
 * Commands about names and addresses. Texts are those of busybox (nslookup, wget), glibc (getent) and curl.
 * Source: node-and-storage.md D; the notes' answers of nslookup.
 */
import { type Micros, seconds } from '../../engine/clock.ts'
import { type Story, sleep } from '../client/story.ts'
import { baseName, type Command, flagsOf, type Inside, pathOf, unescaped } from './inside.ts'

const hostname: Command = ({ inside }, args, { out }) => {
  const { flags } = flagsOf(args)
  out(
    `${flags.includes('f') ? inside.fullName : flags.includes('i') ? inside.address : flags.includes('d') ? inside.fullName.slice(inside.hostname.length + 1) : inside.hostname}\n`,
  )
  return 0
}

const isAddress = (text: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)

/** Addresses of a name as a resolver finds them: with fewer than five dots the search list comes first. */
function resolve(inside: Inside, name: string): { readonly name: string; readonly addresses: readonly string[] } | undefined {
  if (isAddress(name)) return { name, addresses: [name] }
  if (name === 'localhost') return { name, addresses: ['127.0.0.1'] }
  if (name === inside.hostname) return { name, addresses: [inside.address] }
  if (!inside.nameserver.answers()) return undefined
  const whole = name.endsWith('.') ? name.slice(0, -1) : undefined
  const dots = name.split('.').length - 1
  const searched = inside.search.map((domain) => `${name}.${domain}`)
  const tries = whole !== undefined ? [whole] : dots >= 5 ? [name, ...searched] : [...searched, name]
  for (const each of tries) {
    const addresses = inside.lookup(each)
    if (addresses !== undefined) return { name: each, addresses }
  }
  return undefined
}

/** A resolver asks twice and waits five seconds each time. */
const resolverPatience = seconds(10)

const nslookup: Command = function* ({ inside }, args, { out, err }): Story<number> {
  const [name] = flagsOf(args).rest
  if (name === undefined) {
    err('Usage: nslookup [HOST] [SERVER]\n')
    return 1
  }
  const server = inside.nameserver.address
  out(`Server:    ${server}\nAddress 1: ${server} kube-dns.kube-system.svc.cluster.local\n\n`)
  if (!inside.nameserver.answers()) yield* sleep(resolverPatience)
  const found = resolve(inside, name)
  if (found === undefined) {
    err(`nslookup: can't resolve '${name}'\n`)
    return 1
  }
  out(`Name:      ${name}\n`)
  for (const [i, address] of found.addresses.entries()) out(`Address ${i + 1}: ${address}\n`)
  return 0
}

const getent: Command = function* ({ inside }, args, { out, err }): Story<number> {
  const [base, ...names] = args
  if (base !== 'hosts' && base !== 'ahosts' && base !== 'ahostsv4') {
    err(`getent: Unknown database: ${base ?? ''}\n`)
    return 1
  }
  let status = 0
  for (const name of names) {
    if (!inside.nameserver.answers() && !isAddress(name)) yield* sleep(resolverPatience)
    const found = resolve(inside, name)
    if (found === undefined) status = 2
    else for (const address of found.addresses) out(`${address.padEnd(15)} ${found.name}${found.name === name ? '' : `  ${name}`}\n`)
  }
  return status
}

type Url = { readonly host: string; readonly port: number; readonly path: string }

function urlOf(text: string): Url | undefined {
  const match = /^(?:(https?):\/\/)?([^/:]+)(?::(\d+))?(\/.*)?$/.exec(text)
  if (match === null) return undefined
  return { host: match[2] as string, port: Number(match[3] ?? (match[1] === 'https' ? 443 : 80)), path: match[4] ?? '/' }
}

/** How long a connection that nobody answers is waited for (Linux, six SYN retries). */
const connectPatience = seconds(127)

type Reached =
  | { readonly kind: 'page'; readonly page: { readonly status: number; readonly text: string }; readonly address: string }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused' | 'timeout'; readonly address: string }

function* reach(inside: Inside, url: Url, limit: Micros | undefined): Story<Reached> {
  const answers = inside.nameserver.answers()
  if (!answers && !isAddress(url.host)) yield* sleep(limit === undefined ? resolverPatience : Math.min(limit, resolverPatience))
  const found = resolve(inside, url.host)
  const address = found?.addresses[0]
  if (address === undefined) return { kind: 'unknown' }
  const page = inside.fetch(address === '127.0.0.1' ? inside.address : address, url.port, url.path)
  if (page === 'refused') return { kind: 'refused', address }
  if (page === 'silence') {
    yield* sleep(limit === undefined ? connectPatience : Math.min(limit, connectPatience))
    return { kind: 'timeout', address }
  }
  return { kind: 'page', page, address }
}

const reasons: Readonly<Record<number, string>> = { 200: 'OK', 403: 'Forbidden', 404: 'Not Found' }

/** Options of curl and wget that have a value. */
const valued = [
  '-o',
  '-O',
  '-m',
  '--max-time',
  '--connect-timeout',
  '-T',
  '--timeout',
  '-H',
  '--header',
  '-X',
  '-d',
  '--data',
  '-w',
  '-A',
  '-U',
  '-u',
  '--retry',
  '-t',
  '--tries',
]

function optionsOf(
  args: readonly string[],
  flagless: readonly string[] = [],
): { readonly values: ReadonlyMap<string, string>; readonly flags: readonly string[]; readonly rest: readonly string[] } {
  const values = new Map<string, string>()
  const flags: string[] = []
  const rest: string[] = []
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] as string
    const [name = '', value] =
      arg.startsWith('--') && arg.includes('=') ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg]
    if (value !== undefined) values.set(name, value)
    else if (valued.includes(arg) && !flagless.includes(arg)) {
      values.set(arg, args[i + 1] ?? '')
      i += 1
    } else if (/^-[a-zA-Z]+$/.test(arg)) {
      // bundled: -sSo FILE, -qO-
      const letters = arg.slice(1)
      const at0 = [...letters].findIndex((letter) => valued.includes(`-${letter}`) && !flagless.includes(`-${letter}`))
      for (const letter of at0 < 0 ? letters : letters.slice(0, at0)) flags.push(letter)
      if (at0 >= 0) {
        const inline = letters.slice(at0 + 1)
        values.set(`-${letters[at0]}`, inline === '' ? (args[i + 1] ?? '') : inline)
        if (inline === '') i += 1
      }
    } else if (/^-[a-zA-Z]+-$/.test(arg)) {
      const letters = arg.slice(1, -1)
      for (const letter of letters.slice(0, -1)) flags.push(letter)
      values.set(`-${letters.at(-1)}`, '-')
    } else if (arg.startsWith('--')) flags.push(arg)
    else rest.push(arg)
  }
  return { values, flags, rest }
}

const secondsOf = (text: string | undefined): Micros | undefined =>
  text === undefined || !/^\d+(\.\d+)?$/.test(text) ? undefined : Math.round(Number(text) * 1_000_000)

const curl: Command = function* (state, args, { out, err }): Story<number> {
  const { values, flags, rest } = optionsOf(args, ['-O', '-t', '-T'])
  const silent = flags.includes('s') || flags.includes('--silent')
  const complain = (code: number, text: string): number => {
    if (!silent || flags.includes('S') || flags.includes('--show-error')) err(`curl: (${code}) ${text}\n`)
    return code
  }
  const target = rest[0]
  const url = target === undefined ? undefined : urlOf(target)
  if (target === undefined) {
    err("curl: try 'curl --help' or 'curl --manual' for more information\n")
    return 2
  }
  if (url === undefined) return complain(3, 'URL using bad/illegal format or missing URL')
  const limit = secondsOf(values.get('-m') ?? values.get('--max-time') ?? values.get('--connect-timeout'))
  const reached = yield* reach(state.inside, url, limit)
  if (reached.kind === 'unknown') return complain(6, `Could not resolve host: ${url.host}`)
  if (reached.kind === 'refused') return complain(7, `Failed to connect to ${url.host} port ${url.port}: Connection refused`)
  if (reached.kind === 'timeout') return complain(28, `Failed to connect to ${url.host} port ${url.port}: Connection timed out`)
  const { page } = reached as Extract<Reached, { kind: 'page' }>
  if ((flags.includes('f') || flags.includes('--fail')) && page.status >= 400)
    return complain(22, `The requested URL returned error: ${page.status}`)
  const head = `HTTP/1.1 ${page.status} ${reasons[page.status] ?? ''}\r\nContent-Length: ${page.text.length}\r\n\r\n`
  const text = flags.includes('I') ? head : flags.includes('i') ? head + page.text : page.text
  const file = values.get('-o') ?? (flags.includes('O') ? baseName(url.path) || 'index.html' : undefined)
  if (file === undefined || file === '-') out(text)
  else if (pathOf(state, file) !== '/dev/null') {
    const wrong = state.inside.files.write(pathOf(state, file), text)
    if (wrong !== undefined) return complain(23, `Failed writing body`)
  }
  const format = values.get('-w')
  if (format !== undefined)
    out(unescaped(format.replaceAll('%{http_code}', String(page.status)).replaceAll('%{remote_ip}', reached.address)))
  return 0
}

const wget: Command = function* (state, args, { out, err }): Story<number> {
  const { values, flags, rest } = optionsOf(args)
  const quiet = flags.includes('q') || flags.includes('--quiet')
  const target = rest[0]
  const url = target === undefined ? undefined : urlOf(target)
  if (target === undefined || url === undefined) {
    err(
      target === undefined
        ? 'BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-qO FILE] [-T SEC] URL...\n'
        : `wget: bad address '${target}'\n`,
    )
    return 1
  }
  const reached = yield* reach(state.inside, url, secondsOf(values.get('-T') ?? values.get('--timeout')))
  if (reached.kind === 'unknown') {
    err(`wget: bad address '${url.host}'\n`)
    return 1
  }
  const where = `${url.host} (${reached.address}:${url.port})`
  if (!quiet) err(`Connecting to ${where}\n`)
  if (reached.kind === 'refused') {
    err(`wget: can't connect to remote host (${reached.address}): Connection refused\n`)
    return 1
  }
  if (reached.kind === 'timeout') {
    err('wget: download timed out\n')
    return 1
  }
  const { page } = reached as Extract<Reached, { kind: 'page' }>
  if (page.status >= 400) {
    err(`wget: server returned error: HTTP/1.1 ${page.status} ${reasons[page.status] ?? ''}\n`)
    return 1
  }
  const file = values.get('-O') ?? (baseName(url.path) || 'index.html')
  if (file === '-') {
    out(page.text)
    return 0
  }
  if (pathOf(state, file) === '/dev/null') return 0
  if (!quiet) err(`saving to '${file}'\n`)
  const wrong = state.inside.files.write(pathOf(state, file), page.text)
  if (wrong !== undefined) {
    err(`wget: can't open '${file}': ${wrong}\n`)
    return 1
  }
  if (!quiet) err(`'${file}' saved\n`)
  return 0
}

/** By name. */
export const networkCommands: readonly (readonly [string, Command])[] = [
  ['hostname', hostname],
  ['nslookup', nslookup],
  ['getent', getent],
  ['curl', curl],
  ['wget', wget],
]
