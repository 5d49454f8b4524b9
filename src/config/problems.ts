import type { ConfigPath, Problem } from './model.ts'

/** A place in a config file; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly col: number
}

/** A problem and the place that has it. Without a path it concerns the file as text. */
export interface LocatedProblem extends Problem {
  readonly place: Place
}

/** `config.yaml:12:5`. */
export function formatPlace({ file, line, col }: Place): string {
  return `${file}:${line}:${col}`
}

/** `service.pipelines.logs.receivers[0]`. */
export function formatPath(path: ConfigPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}

/** `config.yaml:12:5 exporters.loki.endpont: unknown key, did you mean "endpoint"?` */
export function formatProblem({ place, path, message }: LocatedProblem): string {
  const where = path.length > 0 ? ` ${formatPath(path)}` : ''
  return `${formatPlace(place)}${where}: ${message}`
}

/** In the order of the files given, then from top to bottom; each problem once. */
export function sortProblems(problems: readonly LocatedProblem[], files: readonly string[]): LocatedProblem[] {
  const order = new Map(files.map((file, i) => [file, i]))
  const rank = (file: string) => order.get(file) ?? files.length
  const once = new Map(problems.map(problem => [formatProblem(problem), problem]))
  return [...once.values()].sort(
    ({ place: a }, { place: b }) => rank(a.file) - rank(b.file) || a.line - b.line || a.col - b.col,
  )
}
