/** Cells that several kinds show. Source: pkg/printers/internalversion/printers.go (1.36); kubectl.md 3.4. */
import type { KubernetesObject } from '../../objects/metadata.ts'
import { printSelector } from '../../objects/selector.ts'
import type { Column } from '../kind.ts'

/** A value as Go prints it in a cell; what is absent is `none`. */
export const shown = (value: unknown, none = ''): string => (value === undefined || value === null || value === '' ? none : String(value))

/** A count; absent is 0. */
export const count = (value: number | undefined): string => String(value ?? 0)

/** Texts joined by commas; none: `<none>`. */
export const joined = (texts: readonly string[], none = '<none>'): string => (texts.length === 0 ? none : texts.join(','))

/** The first three, and how many more. */
export const firstThree = (texts: readonly string[], none: string): string =>
  texts.length === 0 ? none : texts.length > 3 ? `${texts.slice(0, 3).join(',')} + ${texts.length - 3} more...` : texts.join(',')

type Container = { readonly name: string; readonly image?: string }

const templateContainers = (object: KubernetesObject): readonly Container[] =>
  (object['spec']?.jobTemplate?.spec ?? object['spec'])?.template?.spec?.containers ?? []

/** CONTAINERS and IMAGES of a template, shown wide. */
export const templateColumns: readonly Column[] = [
  {
    name: 'CONTAINERS',
    wide: true,
    cell: (object) =>
      templateContainers(object)
        .map((container) => container.name)
        .join(','),
  },
  {
    name: 'IMAGES',
    wide: true,
    cell: (object) =>
      templateContainers(object)
        .map((container) => container.image ?? '')
        .join(','),
  },
]

/** SELECTOR of a workload, shown wide. */
export const selectorColumn: Column = { name: 'SELECTOR', wide: true, cell: (object) => printSelector(object['spec']?.selector) }

/** A map of labels as `k=v,…`, by key. */
export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  joined(
    Object.keys(labels ?? {})
      .sort()
      .map((key) => `${key}=${labels?.[key]}`),
  )

/** Access modes in their short form, in the order of the API: `RWO,RWX`. */
export const accessModesText = (modes: readonly string[] | undefined): string =>
  (
    [
      ['ReadWriteOnce', 'RWO'],
      ['ReadOnlyMany', 'ROX'],
      ['ReadWriteMany', 'RWX'],
      ['ReadWriteOncePod', 'RWOP'],
    ] as const
  )
    .filter(([mode]) => (modes ?? []).includes(mode))
    .map(([, short]) => short)
    .join(',')
