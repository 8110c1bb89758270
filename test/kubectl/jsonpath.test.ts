import { describe, expect, test } from 'vitest'
import { customColumns } from '../../src/cluster/kubectl/columns.ts'
import { executeGoTemplate, parseGoTemplate } from '../../src/cluster/kubectl/go-template.ts'
import { executeJsonPath, JsonPathError, parseJsonPath } from '../../src/cluster/kubectl/jsonpath.ts'

const pods = {
  kind: 'List',
  items: [
    { metadata: { name: 'web-0', labels: { 'app.kubernetes.io/name': 'web' } }, status: { phase: 'Running', restarts: 3, ready: true } },
    { metadata: { name: 'web-1' }, status: { phase: 'Pending', restarts: 0 } },
    { metadata: { name: 'web-2' }, status: { phase: 'Running', restarts: 1 } },
  ],
}
const path = (text: string): string => executeJsonPath(parseJsonPath(text), pods)

describe('JSONPath as kubectl reads it', () => {
  test.each([
    ['{.kind}', 'List'],
    ['{$.kind}', 'List'],
    ['name: {.items[0].metadata.name}!', 'name: web-0!'],
    ['{.items[*].metadata.name}', 'web-0 web-1 web-2'],
    ['{.items[-1].metadata.name}', 'web-2'],
    ['{.items[0:2].metadata.name}', 'web-0 web-1'],
    ['{.items[::2].metadata.name}', 'web-0 web-2'],
    ['{.items[0,2].metadata.name}', 'web-0 web-2'],
    ['{..name}', 'web-0 web-1 web-2'],
    [
      "{.items[0]['metadata','status']}",
      '{"labels":{"app.kubernetes.io/name":"web"},"name":"web-0"} {"phase":"Running","ready":true,"restarts":3}',
    ],
    ['{.items[0].metadata.labels.app\\.kubernetes\\.io/name}', 'web'],
    ['{.items[?(@.status.phase=="Running")].metadata.name}', 'web-0 web-2'],
    ['{.items[?(@.status.restarts>0)].metadata.name}', 'web-0 web-2'],
    ['{.items[?(@.metadata.labels)].metadata.name}', 'web-0'],
    ['{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}', 'web-0\tRunning\nweb-1\tPending\nweb-2\tRunning\n'],
    ['{.items[0].status.ready}', 'true'],
    ['{.items[0].metadata}', '{"labels":{"app.kubernetes.io/name":"web"},"name":"web-0"}'],
  ])('%s', (text, printed) => {
    expect(path(text)).toBe(printed)
  })

  test('what is not there prints nothing', () => {
    expect(path('<{.nope}>')).toBe('<>')
  })

  test('an index outside of a list is an error', () => {
    expect(() => path('{.items[5].metadata.name}')).toThrow('array index out of bounds: index 5, length 3')
  })

  test.each(['{.a', '{.a[}'])('%s cannot be read', (text) => {
    expect(() => path(text)).toThrow(JsonPathError)
  })
})

test('custom columns show <none> for what is not there', () => {
  expect(customColumns('NAME:.metadata.name,APP:.metadata.labels.app\\.kubernetes\\.io/name', true)(pods)).toBe(
    'NAME    APP\nweb-0   web\nweb-1   <none>\nweb-2   <none>\n',
  )
})

test.each([
  ['{{.kind}}', 'List'],
  ['{{range .items}}{{.metadata.name}} {{end}}', 'web-0 web-1 web-2 '],
  ['{{range $i, $pod := .items}}{{if $i}},{{end}}{{$pod.status.phase}}{{end}}', 'Running,Pending,Running'],
  ['{{len .items}} {{printf "%s-%d" .kind 7}}', '3 List-7'],
  ['{{with (index .items 0)}}{{.metadata.name | printf "%q"}}{{end}}', '"web-0"'],
  ['{{range .items}}{{if eq .status.phase "Pending"}}{{.metadata.name}}{{else}}-{{end}}{{end}}', '-web-1-'],
  ['{{.nope}}', '<no value>'],
])('the Go template %s', (text, printed) => {
  expect(executeGoTemplate(parseGoTemplate(text), pods)).toBe(printed)
})
