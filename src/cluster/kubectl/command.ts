/** What a verb of kubectl is: its flags, and its story. */
import type { Story } from '../client/story.ts'
import type { FlagText } from './parse.ts'
import type { Session } from './session.ts'

/** One command. `commands` are its subcommands (`rollout status`). */
export type Command =
  | {
      readonly flags: readonly FlagText[]
      /** Flags that must be there. */
      readonly required?: readonly string[]
      /** Any flag is taken: the command is refused anyway. */
      readonly lenient?: boolean
      readonly run: (session: Session) => Story<void> | undefined
      readonly commands?: undefined
    }
  | { readonly commands: ReadonlyMap<string, Command>; readonly run?: undefined }
