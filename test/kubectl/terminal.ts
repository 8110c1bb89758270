/** A terminal on an API server without controllers, for tests of kubectl's own behaviour: time passes only where a command waits. */
import type { Request } from '../../src/cluster/apiserver/request.ts'
import { ApiServer } from '../../src/cluster/apiserver/server.ts'
import { Client } from '../../src/cluster/client/client.ts'
import { watchAll } from '../../src/cluster/client/component.ts'
import { kubectl } from '../../src/cluster/kubectl/index.ts'
import type { Connect } from '../../src/cluster/kubectl/terminal.ts'
import type { KubernetesObject } from '../../src/cluster/objects/metadata.ts'
import { gatesOf } from '../../src/cluster/objects/release.ts'
import { Calendar } from '../../src/cluster/objects/time.ts'
import { seconds } from '../../src/engine/clock.ts'
import { Engine } from '../../src/engine/engine.ts'
import { splitWords } from '../../src/text/words.ts'

/** What a command did. `ended` is in seconds; undefined: it still runs. */
export type Ran = { out: string; err: string; exit: number | undefined; ended: number | undefined }

export class Desk {
  readonly engine = new Engine({ seed: 1 })
  readonly calendar = new Calendar('2026-01-01T00:00:00Z')
  readonly gates = gatesOf({ minor: 36, patch: 99 })
  readonly server: ApiServer
  readonly files = new Map<string, string>()
  connect: Connect | undefined

  constructor(objects: readonly object[] = []) {
    this.server = new ApiServer({
      engine: this.engine,
      gates: this.gates,
      time: () => this.calendar.textOf(this.engine.now),
      plus: (time, n) => this.calendar.plus(time, n),
    })
    for (const name of ['default', 'kube-system', 'kube-node-lease']) {
      this.put({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      })
    }
    this.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
    for (const object of objects) this.put(object)
  }

  /** Creates an object as somebody else. */
  put(object: object): KubernetesObject {
    return this.ask({ verb: 'create', object: object as KubernetesObject })
  }

  /** Asks the server as somebody else. */
  ask(request: Request): KubernetesObject {
    const answer = this.server.handle('somebody', request)
    if (!answer.ok) throw new Error(answer.status.message)
    return answer.object
  }

  /** Sets the status of an object. */
  status(kind: string, name: string, status: object, namespace: string | undefined = 'default'): void {
    const object = this.ask({ verb: 'get', kind, namespace, name })
    this.ask({ verb: 'update', object: { ...object, status: { ...object['status'], ...status } }, subresource: 'status' })
  }

  /** Does something at a moment, in seconds. */
  at(second: number, act: () => void): void {
    this.engine.process('somebody', 3).at(seconds(second), 'act', act)
  }

  /** Types a line at a moment (default: now) and runs the engine on until nothing is pending, or `until`. */
  type(line: string, options: { at?: number; until?: number; stdin?: string } = {}): Ran {
    const ran = this.start(line, options)
    if (options.until !== undefined) this.engine.run(seconds(options.until))
    else while (this.engine.step()) if (ran.exit !== undefined) break
    return ran
  }

  /** Types a line without running on. */
  start(line: string, options: { at?: number; stdin?: string } = {}): Ran {
    const ran: Ran = { out: '', err: '', exit: undefined, ended: undefined }
    const split = splitWords(line)
    if (split.refusal !== undefined) throw new Error(split.refusal.found)
    const words = split.words.map((word) => word.text)
    const process = this.engine.process('kubectl', 1)
    const { engine, server } = this
    const client = new Client({
      actor: 'kubectl',
      process,
      handle: (actor, request) => server.handle(actor, request),
      delay: () => 0,
      announce: () => undefined,
      watch: (kinds, changed) => watchAll(server.store, process, kinds, changed),
    })
    const story = kubectl(words, {
      files: (path) => this.files.get(path),
      folder: (path) => {
        const inside = [...this.files.keys()].filter((name) => name.startsWith(`${path}/`)).map((name) => name.slice(path.length + 1))
        return inside.length === 0 ? undefined : inside.sort()
      },
      stdin: options.stdin,
      namespace: 'default',
      see: server.store,
      now: () => engine.now,
      time: () => this.calendar.textOf(engine.now),
      release: this.gates.release,
      out: (text) => {
        ran.out += text
      },
      err: (text) => {
        ran.err += text
      },
      connect: this.connect,
    })
    const begin = (): void =>
      client.play(story, (exit) => {
        ran.exit = exit
        ran.ended = engine.now / 1_000_000
      })
    if (options.at === undefined) begin()
    else process.at(seconds(options.at), 'types', begin)
    return ran
  }
}
