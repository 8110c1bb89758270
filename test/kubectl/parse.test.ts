import { describe, expect, test } from 'vitest'
import { Failure, printFailure, refused } from '../../src/cluster/kubectl/failure.ts'
import { type FlagText, findCommand, parseFlags } from '../../src/cluster/kubectl/parse.ts'

const texts: readonly FlagText[] = [
  'output,o string',
  'all-namespaces,A bool',
  'stdin,i bool',
  'tty,t bool',
  'timeout duration',
  'replicas int',
  'filename,f strings',
  'dry-run string=unchanged',
  'env,e array',
]

const parsed = (line: string) => parseFlags(line.split(' '), texts, 'get')

const refusal = (line: string): string => {
  try {
    parsed(line)
  } catch (thrown) {
    if (thrown instanceof Failure) return printFailure(thrown)
    throw thrown
  }
  return 'taken'
}

describe('flags', () => {
  test.each([
    ['behind the arguments', 'pods web-0 -o yaml'],
    ['before the arguments', '-o yaml pods web-0'],
    ['between them, with =', 'pods --output=yaml web-0'],
    ['short with =', 'pods web-0 -o=yaml'],
    ['short, joined to its value', 'pods web-0 -oyaml'],
    ['the last of a doubled one', 'pods -o json web-0 -o yaml'],
  ])('%s', (_, line) => {
    const { flags, args } = parsed(line)
    expect(flags.text('output')).toBe('yaml')
    expect(args).toEqual(['pods', 'web-0'])
  })

  test('short ones are bundled, the last takes the value', () => {
    const { flags, args } = parsed('-itA -Aojson web-0')
    expect([flags.is('stdin'), flags.is('tty'), flags.is('all-namespaces'), flags.text('output')]).toEqual([true, true, true, 'json'])
    expect(args).toEqual(['web-0'])
  })

  test('a bool never takes the next word, and can be set to false', () => {
    expect(parsed('-A false').args).toEqual(['false'])
    expect(parsed('--all-namespaces=false').flags.is('all-namespaces', true)).toBe(false)
  })

  test('a flag that may stand alone does not take the next word', () => {
    const { flags, args } = parsed('--dry-run client')
    expect([flags.text('dry-run'), args]).toEqual(['unchanged', ['client']])
  })

  test('lists are split at commas, arrays are not', () => {
    const { flags } = parsed('-f a.yaml,b.yaml -f c.yaml -e A=1,2 -e B=3')
    expect(flags.list('filename')).toEqual(['a.yaml', 'b.yaml', 'c.yaml'])
    expect(flags.list('env')).toEqual(['A=1,2', 'B=3'])
  })

  test('behind -- nothing is a flag, and its place is known', () => {
    expect(parsed('web-0 -i -- ls -l')).toMatchObject({ args: ['web-0', 'ls', '-l'], dash: 1 })
  })

  test('a lone dash is an argument', () => {
    expect(parsed('-f - -').args).toEqual(['-'])
  })

  test('durations are those of Go, in microseconds', () => {
    expect(parsed('--timeout=1m30s').flags.duration('timeout', 0)).toBe(90_000_000)
    expect(parsed('--timeout=-1s').flags.duration('timeout', 0)).toBe(-1_000_000)
    expect(parsed('--timeout=0').flags.duration('timeout', 5)).toBe(0)
  })
})

describe('flags that are refused', () => {
  test.each([
    ['--nope', 'unknown flag: --nope'],
    ['-z', "unknown shorthand flag: 'z' in -z"],
    ['-Az', "unknown shorthand flag: 'z' in -z"],
    ['pods -o', "flag needs an argument: 'o' in -o"],
    ['pods --output', 'flag needs an argument: --output'],
    ['--replicas=two', 'invalid argument "two" for "--replicas" flag: strconv.ParseInt: parsing "two": invalid syntax'],
    ['-A=perhaps', 'invalid argument "perhaps" for "-A, --all-namespaces" flag: strconv.ParseBool: parsing "perhaps": invalid syntax'],
    ['--timeout=5', 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    ['---a', 'bad flag syntax: ---a'],
  ])('%s', (line, text) => {
    expect(refusal(line)).toBe(`error: ${text}\nSee 'kubectl get --help' for usage.\n`)
  })
})

describe('the command of a line', () => {
  test.each([
    ['get pods', 0],
    ['-n kube-system get pods', 2],
    ['--namespace=kube-system get pods', 1],
    ['--v=6', -1],
  ])('%s', (line, place) => {
    expect(findCommand(line.split(' '))).toBe(place)
  })
})

describe('a server that does not answer', () => {
  test.each([
    [
      'dial tcp 10.0.0.1:443: connect: connection refused',
      'The connection to the server 10.0.0.1:443 was refused - did you specify the right host or port?\n',
    ],
    ['dial tcp: i/o timeout', 'Unable to connect to the server: dial tcp: i/o timeout\n'],
  ])('%s', (message, said) => expect(printFailure(refused({ code: 0, reason: 'Unreachable', message }))).toBe(said))
})
