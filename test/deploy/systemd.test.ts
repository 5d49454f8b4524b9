import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findProgram } from '../../scripts/servers.ts'
import { describeWith } from '../support/servers/requires.ts'

const unit = readFileSync(new URL('../../deploy/systemd/millrace.service', import.meta.url), 'utf8')
const settings = unit.split('\n').filter(line => line && !/^[#[]/.test(line))
const value = (key: string) => settings.find(line => line.startsWith(`${key}=`))?.slice(key.length + 1)

describe('the systemd unit', () => {
  test('sets nothing twice and has no line that is not a setting', () => {
    const keys = settings.map(line => line.split('=')[0])
    expect(settings.filter(line => !/^[A-Z]\w+=/.test(line))).toEqual([])
    expect(keys).toEqual([...new Set(keys)])
  })

  test('gives up on a refused configuration and reloads by SIGHUP', () => {
    expect(value('RestartPreventExitStatus')).toBe('2')
    expect(value('ExecReload')).toBe('/bin/kill -HUP $MAINPID')
  })

  test('waits longer than the agent drains', () => {
    expect(Number(value('TimeoutStopSec'))).toBeGreaterThan(4)
  })

  test('leaves the host visible', () => {
    const hiding = ['ProtectProc', 'ProcSubset', 'PrivateUsers', 'PrivateNetwork', 'PrivateDevices', 'ProtectClock']
    expect(hiding.filter(key => value(key) !== undefined)).toEqual([])
    expect(value('SystemCallFilter')).toContain('adjtimex')
  })

  test('shares the mount table of the host, which the filesystem metrics show', () => {
    const own =
      /^(DynamicUser|ProtectSystem|ProtectHome|PrivateTmp|ProtectKernel\w+|ProtectControlGroups|\w+Paths|\w*BindPaths)=/
    expect(settings.filter(line => own.test(line))).toEqual([])
  })

  test('needs no privilege', () => {
    expect(value('NoNewPrivileges')).toBe('yes')
    expect(value('CapabilityBoundingSet')).toBe('')
    expect(value('User')).toBe('millrace')
  })
})

describeWith(['systemd-analyze'], 'systemd', () => {
  test('takes the unit without a warning', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-unit-'))
    const file = join(folder, 'millrace.service')
    const program = findProgram('systemd-analyze')
    writeFileSync(file, unit.replace('ExecStart=/usr/lib/millrace/node', 'ExecStart=/bin/true'))
    try {
      const { status, stderr } = spawnSync(program?.path ?? '', ['verify', file], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
