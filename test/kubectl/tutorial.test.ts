import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { playTranscript } from './session.ts'

// The tutorial "StatefulSet Basics" of the Kubernetes documentation, its commands in their order.
test('the tutorial of the documentation can be typed from its beginning to its end', () => {
  const { log, failed } = playTranscript(readFileSync(new URL('tutorial.txt', import.meta.url), 'utf8'), 'tutorial.txt')
  expect(failed).toEqual([])
  const answers = (command: string): readonly string[] =>
    log
      .split(/^(?:\[[^\]]*\] )?\$ /m)
      .filter((part) => part.startsWith(command))
      .map((part) => part.slice(part.indexOf('\n') + 1).trim())
  expect(answers('for i in 0 1; do kubectl exec -i -t')).toEqual(['web-0\nweb-1'])
  // What was written into a volume outlives its pod, and the set.
  expect(answers('kubectl exec -i -t web-0 -- curl http://localhost/')).toEqual(['web-0', 'web-0', 'web-0'])
  expect(answers('kubectl exec web-1 -- curl -s http://web-0.nginx/')).toEqual(['web-0'])
  expect(answers('kubectl get pod web-0 --template')).toEqual(['registry.k8s.io/nginx-slim:0.24'])
  expect(answers('kubectl delete statefulset web --cascade=orphan')).toEqual(['statefulset.apps "web" deleted from default namespace'])
})
