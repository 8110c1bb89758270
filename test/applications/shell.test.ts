import { describe, expect, test } from 'vitest'
import { runWords } from '../../src/cluster/applications/commands.ts'
import type { Files, Inside, Page } from '../../src/cluster/applications/inside.ts'

/** A container of web-0 with files in memory, two names and one page. */
class Container {
  readonly contents = new Map<string, string>([['/etc/hostname', 'web-0\n']])
  readonly pages = new Map<string, Page>()
  slept = 0

  readonly files: Files = {
    read: (path) => this.contents.get(path),
    write: (path, text) => {
      if (path.startsWith('/sealed/')) return 'Read-only file system'
      this.contents.set(path, text)
      return undefined
    },
    remove: (path) => this.contents.delete(path),
    makeFolder: () => undefined,
    list: (path) => {
      const within = path === '/' ? '/' : `${path}/`
      const names = [...this.contents.keys()]
        .filter((each) => each.startsWith(within))
        .map((each) => each.slice(within.length).split('/')[0] ?? '')
      return names.length === 0 ? undefined : [...new Set(names)].sort()
    },
  }

  readonly inside: Inside = {
    hostname: 'web-0',
    fullName: 'web-0.nginx.default.svc.cluster.local',
    address: '10.244.1.5',
    environment: new Map([['HOME', '/root']]),
    files: this.files,
    workingFolder: '/',
    nameserver: { address: '10.96.0.10', answers: () => true },
    search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    lookup: (name) => (name === 'web-1.nginx.default.svc.cluster.local' ? ['10.244.2.7'] : undefined),
    fetch: (address, port, path) => this.pages.get(`${address}:${port}${path}`) ?? 'refused',
    time: () => '2026-01-01T00:00:00Z',
  }

  run(...words: readonly string[]): { out: string; err: string; exit: number | undefined } {
    const ran = { out: '', err: '', exit: undefined as number | undefined }
    const story = runWords(words, this.inside, {
      stdin: '',
      out: (text) => {
        ran.out += text
      },
      err: (text) => {
        ran.err += text
      },
    })
    for (;;) {
      const step = story.next()
      if (step.done) return { ...ran, exit: step.value }
      if (step.value.effect === 'sleep') this.slept += step.value.for
    }
  }

  sh(script: string) {
    return this.run('sh', '-c', script)
  }
}

describe('the shell in containers', () => {
  test.each([
    ['words and quotes', `echo a  'b  c' "d  e"`, 'a b  c d  e\n'],
    ['variables', `A=1; B="x $A"; echo "$B" '$B' \${C:-none}`, 'x 1 $B none\n'],
    ['$(…) inside of a word', 'echo host=$(hostname)!', 'host=web-0!\n'],
    ['&& and ||', 'true && echo a || echo b; false && echo c || echo d', 'a\nd\n'],
    ['the status of the last command', 'false; echo $?', '1\n'],
    ['a pipe', 'printf "b\\na\\n" | grep a', 'a\n'],
    ['for', 'for i in 0 1 2; do echo web-$i; done', 'web-0\nweb-1\nweb-2\n'],
    ['if', 'if [ -f /etc/hostname ]; then echo is; else echo not; fi', 'is\n'],
    ['exit ends it', 'echo a; exit 3; echo b', 'a\n'],
  ])('%s', (_, script, out) => {
    expect(new Container().sh(script).out).toBe(out)
  })

  test('its exit code is that of the last command or of exit', () => {
    expect(new Container().sh('exit 3').exit).toBe(3)
    expect(new Container().sh('false').exit).toBe(1)
    expect(new Container().sh('nope')).toEqual({ out: '', err: 'sh: nope: not found\n', exit: 127 })
  })

  test('> writes a file, >> adds to it', () => {
    const container = new Container()
    container.sh('echo one > /data/a; echo two >> /data/a')
    expect(container.contents.get('/data/a')).toBe('one\ntwo\n')
    expect(container.run('cat', '/data/a').out).toBe('one\ntwo\n')
    expect(container.run('ls', '/data').out).toBe('a\n')
    expect(container.run('chmod', '755', '/data', '/data/a')).toEqual({ out: '', err: '', exit: 0 })
    expect(container.run('chmod', '-R', 'u+rwX,go-w', '/data/b')).toMatchObject({
      err: 'chmod: /data/b: No such file or directory\n',
      exit: 1,
    })
    expect(container.run('chmod', 'rw', '/data')).toMatchObject({ err: "chmod: invalid mode 'rw'\n", exit: 1 })
  })

  test('a file system that cannot be written says so', () => {
    expect(new Container().sh('echo x > /sealed/a')).toMatchObject({ err: "sh: can't create /sealed/a: Read-only file system\n", exit: 1 })
  })

  test('without a shell > is a word, and a missing program is not run', () => {
    expect(new Container().run('echo', 'x', '>', '/a').out).toBe('x > /a\n')
    expect(new Container().run('nope').exit).toBeUndefined()
  })

  test('sleep lets virtual time pass', () => {
    const container = new Container()
    container.sh('sleep 90; sleep 1m')
    expect(container.slept).toBe(150_000_000)
  })
})

describe('names and pages', () => {
  test('nslookup answers in the form of busybox', () => {
    expect(new Container().run('nslookup', 'web-1.nginx.default.svc.cluster.local')).toMatchObject({
      out: expect.stringMatching(
        /^Server:\s+10\.96\.0\.10\n[\s\S]*Name:\s+web-1\.nginx\.default\.svc\.cluster\.local\n[\s\S]*10\.244\.2\.7/,
      ),
      exit: 0,
    })
    expect(new Container().run('nslookup', 'web-9.nginx').exit).toBe(1)
  })

  test('getent tries the search list', () => {
    expect(new Container().run('getent', 'hosts', 'web-1.nginx').out).toMatch(/^10\.244\.2\.7\s+web-1\.nginx\.default\.svc\.cluster\.local/)
    expect(new Container().run('getent', 'hosts', 'web-9.nginx')).toEqual({ out: '', err: '', exit: 2 })
  })

  test('curl and wget fetch a page by name', () => {
    const container = new Container()
    container.pages.set('10.244.2.7:80/', { status: 200, text: 'web-1\n' })
    expect(container.run('curl', '-s', 'http://web-1.nginx/')).toEqual({ out: 'web-1\n', err: '', exit: 0 })
    expect(container.run('wget', '-qO-', 'web-1.nginx')).toEqual({ out: 'web-1\n', err: '', exit: 0 })
    expect(container.run('curl', '-s', 'http://web-1.nginx:81/').exit).toBe(7)
    expect(container.run('curl', '-s', 'http://web-9.nginx/').exit).toBe(6)
  })
})
