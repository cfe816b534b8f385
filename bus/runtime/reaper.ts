import { type ChildProcess, spawn } from "node:child_process";

/**
 * A small shell process in a session of its own. It holds the list of our process groups and one end of a pipe; when the
 * other end closes, because `up` ended in whatever way, it ends the groups that are still there: SIGTERM, and SIGKILL
 * three seconds later. Guards make direct children die with `up`; this also reaches what those have started.
 * The text is fixed and only numbers are fed to it.
 */
const SCRIPT = `
trap '' HUP INT QUIT TERM
groups=
while read -r verb group; do
  case $verb in
    add) groups="$groups $group" ;;
    del) rest=; for g in $groups; do [ "$g" = "$group" ] || rest="$rest $g"; done; groups=$rest ;;
  esac
done
for g in $groups; do kill -s TERM -- "-$g" 2>/dev/null; done
n=0
while [ -n "$groups" ] && [ $n -lt 30 ]; do
  rest=; for g in $groups; do kill -s 0 -- "-$g" 2>/dev/null && rest="$rest $g"; done; groups=$rest
  [ -n "$groups" ] && sleep 0.1
  n=$((n + 1))
done
for g in $groups; do kill -s KILL -- "-$g" 2>/dev/null; done
`;

export class Reaper {
  #shell: ChildProcess | undefined;

  add(group: number): void {
    this.#shell ??= start();
    this.#write(`add ${group}\n`);
  }

  /** Call when nothing of the group is left: its number may be given to others. */
  remove(group: number): void {
    this.#write(`del ${group}\n`);
  }

  /** Ends the shell, which ends what is left. */
  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #write(line: string): void {
    this.#shell?.stdin?.write(line);
  }
}

function start(): ChildProcess {
  const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" });
  shell.on("error", () => {}); // no shell: the guards of the children remain
  shell.stdin?.on("error", () => {});
  shell.unref();
  (shell.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return shell;
}
