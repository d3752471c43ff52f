/** What pages have to load, and what the package holds. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const MOST_BYTES = 1_700

test('the script is small', () => {
  const bytes = gzipSync(readFileSync('../src/footfall/static/tracker/f.js'), { level: 9 }).length
  console.log(`${bytes} bytes, packed`)
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
})

test('the package has a module and its types, and does nothing on a server', () => {
  execFileSync('npm', ['run', '--silent', 'package'])
  const said = execFileSync('node', ['--input-type=module', '-e', consumer], { encoding: 'utf8' })
  expect(said.trim()).toBe('function function function')
  expect(readFileSync('dist/index.d.ts', 'utf8')).toContain('export declare function init(options: Options): void')
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' }))
  expect(packed.files.map((file: { path: string }) => file.path)).toContain('dist/index.js')
}, 60_000)

const consumer = `
import { init, optOut, track } from './dist/index.js'
init({ api: 'https://stats.example.com/v1/track', site: 'example.com' })
track('Nobody hears this')
console.log(typeof init, typeof track, typeof optOut)
`
