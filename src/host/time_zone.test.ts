import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { zoneByRules } from './posix_tz.ts'
import { localZone, parseTzif } from './time_zone.ts'

const at = (text: string) => Date.parse(text) / 1000

describe('rules of POSIX', () => {
  test.each([
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2026-03-29T00:59:59Z', 'CET', 3600],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2026-03-29T01:00:00Z', 'CEST', 7200],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2026-10-25T00:59:59Z', 'CEST', 7200],
    ['CET-1CEST,M3.5.0,M10.5.0/3', '2026-10-25T01:00:00Z', 'CET', 3600],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2027-01-01T00:00:00Z', 'AEDT', 39600],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2027-07-01T00:00:00Z', 'AEST', 36000],
    ['UTC0', '2026-07-01T00:00:00Z', 'UTC', 0],
    ['<-03>3', '2026-07-01T00:00:00Z', '-03', -10800],
    ['<+0330>-3:30', '2026-07-01T00:00:00Z', '+0330', 12600],
    ['IST-2IDT,M3.4.4/26,M10.5.0', '2026-03-27T00:00:00Z', 'IDT', 10800],
    ['EST5EDT,J60/0,J300/0', '2028-03-01T04:59:59Z', 'EST', -18000],
    ['EST5EDT,J60/0,J300/0', '2028-03-01T05:00:00Z', 'EDT', -14400],
    ['EST5EDT,59/0,300/0', '2028-02-29T05:00:00Z', 'EDT', -14400],
  ])('%s at %s is %s', (rules, time, name, offset) => {
    expect(zoneByRules(rules, at(time))).toEqual({ name, offset })
  })

  test('what is no TZ string is none', () => {
    expect(['', 'Europe/Berlin', 'CET', '1CET'].map(text => zoneByRules(text, 0))).toEqual(Array(4).fill(undefined))
  })
})

test('an empty TZ, UTC and a zone that nobody has are UTC', () => {
  for (const tz of ['', 'UTC', ':UTC', 'No/Such_Zone', '/no/such/file'])
    expect(localZone(tz)(at('2026-07-01T00:00:00Z'))).toEqual({ name: 'UTC', offset: 0 })
})

test('refuses a file that is no compiled time zone', () => {
  expect(() => parseTzif(Buffer.from('not a zone'))).toThrow('no TZif file')
})

const zones = [
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
]
const times = [
  '1955-06-01T00:00:00Z',
  '1999-12-31T23:59:59Z',
  '2026-01-15T12:00:00Z',
  '2026-07-15T12:00:00Z',
  '2090-07-15T12:00:00Z',
]

describe.skipIf(!existsSync('/usr/share/zoneinfo/Europe/Berlin'))('compiled zones', () => {
  test.each(zones)('%s is what date(1) says, long ago and far ahead', tz => {
    const zone = localZone(tz)
    for (const time of times) {
      const said = execFileSync('date', ['-d', time, '+%Z %::z'], { env: { TZ: tz }, encoding: 'utf8' }).trim()
      const { name, offset } = zone(at(time))
      const size = new Date(Math.abs(offset) * 1000).toISOString().slice(11, 19)
      expect(`${name} ${offset < 0 ? '-' : '+'}${size}`, time).toBe(said)
    }
  })
})
