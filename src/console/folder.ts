/**
 * The folder of a run: written beside its place and renamed when it is whole, so that nobody ever sees half of one. Source: contract 2.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { RunFile } from '../report/index.ts'
import { Refusal } from './voice.ts'

/** `reports/<name>/seed-<seed>`, whatever name and seed hold. */
export const defaultFolder = (name: string, seed: string): string => join('reports', safe(name), `seed-${safe(seed)}`)

const safe = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '') || 'run'

/** Why the folder may not be written, in words; undefined: it may. */
export function refusal(folder: string): string | undefined {
  if (folder === '') return '--out needs the name of a folder, or none'
  const there = nearestThere(resolve(folder))
  if (!statSync(there).isDirectory()) return there === resolve(folder) ? `--out ${folder} is a file` : `--out ${folder}: ${there} is a file`
  if (!mayWriteIn(there === resolve(folder) ? dirname(there) : there))
    return `--out ${folder} may not be written; name another folder, or none`
  if (there !== resolve(folder)) return undefined
  if (readdirSync(folder).length === 0 || isRun(folder)) return undefined
  return `--out ${folder} holds files that are not of a run: it is left alone; name another folder`
}

function mayWriteIn(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

function nearestThere(path: string): string {
  let at = path
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return at
}

/** Whether the folder holds a run of ours. */
function isRun(folder: string): boolean {
  try {
    const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as Record<string, unknown>
    return typeof run['digest'] === 'string' && typeof run['scenario_sha256'] === 'string' && typeof run['version'] === 'string'
  } catch {
    return false
  }
}

const partialName = (folder: string, pid: number | string): string => join(dirname(folder), `.${basename(folder)}.partial-${pid}`)

/** Writes all files, or none. Refusal: the file system does not want them. */
export function writeFolder(folder: string, files: readonly RunFile[]): void {
  try {
    writeWhole(folder, files)
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new Refusal(`--out ${folder} cannot be written: ${error.message}`, 'nothing was written; name another folder, or none')
  }
}

function writeWhole(folder: string, files: readonly RunFile[]): void {
  const place = resolve(folder)
  mkdirSync(dirname(place), { recursive: true })
  sweep(place)
  const partial = partialName(place, process.pid)
  const undo = (): void => rmSync(partial, { recursive: true, force: true })
  const interrupted = (signal: NodeJS.Signals): void => {
    undo()
    process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    undo()
    mkdirSync(partial)
    for (const file of files) writeFile(join(partial, file.name), file.pieces())
    if (existsSync(place)) {
      const old = partialName(place, `${process.pid}-old`)
      renameSync(place, old)
      renameSync(partial, place)
      rmSync(old, { recursive: true, force: true })
    } else renameSync(partial, place)
  } catch (error) {
    undo()
    throw error
  } finally {
    process.removeListener('SIGINT', interrupted)
    process.removeListener('SIGTERM', interrupted)
  }
}

/** What runs that were killed while they wrote have left. */
function sweep(place: string): void {
  const prefix = `.${basename(place)}.partial-`
  for (const name of readdirSync(dirname(place))) {
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : Number.NaN)
    if (Number.isInteger(pid) && pid !== process.pid && !isAlive(pid)) rmSync(join(dirname(place), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** How much text is gathered before it is written. */
const batch = 65_536

function writeFile(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, 'wx')
  try {
    let gathered = ''
    const flush = (): void => {
      const bytes = Buffer.from(gathered, 'utf8')
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      gathered = ''
    }
    for (const piece of pieces) {
      gathered += piece
      if (gathered.length >= batch) flush()
    }
    flush()
  } finally {
    closeSync(file)
  }
}
