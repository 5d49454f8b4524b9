import { Command, CommanderError } from 'commander'
import { hint } from '../config/nearest.ts'
import { EXIT } from '../exit_codes.ts'
import { version } from '../version.ts'
import type { Terminal } from './terminal.ts'

export interface Hooks {
  /** Everything that a start needs has been loaded and runs. */
  onReady?: () => void
}
interface ConfigOptions {
  config?: string[]
}
interface RunOptions extends ConfigOptions {
  watch: boolean
}

/** Runs the command that `argv` (without program and script) asks for. Resolves with the exit code. */
export async function runCommand(argv: readonly string[], terminal: Terminal, hooks: Hooks): Promise<number> {
  let code: number = EXIT.ok
  const program = describeProgram(
    terminal,
    async running => {
      code = await running
    },
    hooks,
  )
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? EXIT.ok : EXIT.refused
  }
  return code
}

type Finish = (running: Promise<number>) => Promise<void>

/** Each command's code is loaded when it runs, so that none waits for what the others need. */
export function describeProgram(terminal: Terminal, finish: Finish, hooks: Hooks): Command {
  const program = new Command('millrace')
    .description('One telemetry agent: receivers → processors → exporters, wired by a YAML file.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print the commands, or what one of them takes')
    .helpCommand('help [command]', 'print the commands, or what one of them takes')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: inOurName })

  const command = (name: string, description: string): Command =>
    program
      .command(name, { isDefault: name === 'run' })
      .description(description)
      .allowExcessArguments(name === 'run')

  withConfig(command('run', 'run the agent until a signal ends it (this is what happens without a command)'))
    .option('-w, --watch', 'reload when a config file changes', false)
    .action((options: RunOptions, { args }: Command) => {
      if (args.length > 0) refuseCommand(program, args[0])
      return finish(import('./run.ts').then(({ run }) => run(options.config ?? [], options.watch, terminal, hooks)))
    })
  withConfig(command('validate', 'check a config, open nothing, and show what it wires')).action(
    (options: ConfigOptions) =>
      finish(import('./validate.ts').then(({ validate }) => validate(options.config ?? [], terminal))),
  )
  command('components', 'list the components of this build')
    .option('--json', 'as JSON', false)
    .action(({ json }: { json: boolean }) =>
      finish(import('./components.ts').then(({ listComponents }) => listComponents(json, terminal))),
    )
  command('schema', 'print the JSON Schema of config files, for editors').action(() =>
    finish(import('./schema.ts').then(({ printSchema }) => printSchema(terminal))),
  )
  command('docs', 'print the settings of a component, or those of the section service')
    .argument(
      '[component]',
      'its type, such as node, or kind/type where two kinds share one, such as exporter/prometheus',
    )
    .action((component: string | undefined) =>
      finish(import('./docs.ts').then(({ printDocs }) => printDocs(component, terminal))),
    )
  command('version', 'print the version').action(() => terminal.out(`${version}\n`))
  return program
}

function withConfig(command: Command): Command {
  const description = 'config file; of several, later ones are laid over earlier ones (default: watch this host)'
  const collect = (file: string, files: string[] = []) => [...files, file]
  return command.option('-c, --config <file>', description, collect)
}

function refuseCommand(program: Command, word: string): never {
  const names = [...program.commands.map(command => command.name()), 'help']
  const why = names.includes(word)
    ? `the command comes first: millrace ${word} …`
    : `unknown command "${word}"${hint(word, names)}`
  return program.error(`error: ${why}`)
}

function inOurName(message: string, write: (text: string) => void): void {
  write(message.replace(/^error: /, 'millrace: '))
}
